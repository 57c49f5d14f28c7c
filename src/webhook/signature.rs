//! Which signature of a request counts.

use super::base64::decode;
use super::refusal::{Refusal, RefusalCode};

/// How a delivery is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519, in the header `X-GHL-Signature`.
    Ed25519,
    /// RSA, PKCS#1 v1.5 with SHA-256, in the header `X-WH-Signature`: legacy, its end was announced for 2026.
    Rsa,
}

/// The signature that decides about a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// How it was made.
    pub algorithm: Algorithm,
    /// Its bytes: 64 of Ed25519, as many as the key's modulus has of RSA.
    pub bytes: Vec<u8>,
}

/// The order of Ed25519's group, little endian: the second half of a signature is below it, or it could be written twice.
const GROUP_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// The signature that counts, of the values of `X-GHL-Signature` (`current`) and `X-WH-Signature` (`legacy`).
///
/// The current one decides alone wherever it is present, also when it says "N/A" or is malformed: whoever strips or breaks it
/// must not get the older check instead. The legacy one counts only where `allow_legacy` says so.
pub fn signature(current: Option<&str>, legacy: Option<&str>, allow_legacy: bool) -> Result<Signature, Refusal> {
    let (value, algorithm) = match (current, legacy) {
        (Some(value), _) => (value, Algorithm::Ed25519),
        (None, Some(value)) => (value, Algorithm::Rsa),
        (None, None) => return Err(UNSIGNED),
    };
    let mut value = value.as_bytes();
    // As every HTTP library does it: the space around a header's value is no part of it.
    while let [b' ' | b'\t', inside @ ..] | [inside @ .., b' ' | b'\t'] = value {
        value = inside;
    }
    if matches!(value, [] | [b'N' | b'n', b'/', b'A' | b'a']) {
        return Err(UNSIGNED);
    }
    if algorithm == Algorithm::Rsa && !allow_legacy {
        return Err(Refusal::new(
            RefusalCode::LegacySignature,
            "the request has only the legacy RSA signature X-WH-Signature, which legacyRsa: true would allow",
        ));
    }
    let bytes = decode(value).filter(|bytes| match algorithm {
        Algorithm::Ed25519 => bytes.len() == 64 && bytes.get(32..).is_some_and(|half| is_below(half, &GROUP_ORDER)),
        Algorithm::Rsa => (256..=1024).contains(&bytes.len()),
    });
    let bytes = bytes.ok_or(Refusal::new(
        RefusalCode::MalformedSignature,
        "the signature header holds no signature: base64 of 64 bytes (X-GHL-Signature) or of 512 (X-WH-Signature), once",
    ))?;
    Ok(Signature { algorithm, bytes })
}

/// Whether a number is below another one of the same length; both little endian.
#[inline(never)]
pub(super) fn is_below(number: &[u8], limit: &[u8; 32]) -> bool {
    let mut below = false;
    // The highest digit in which they differ comes last.
    for (digit, limit) in number.iter().zip(limit) {
        if digit != limit {
            below = digit < limit;
        }
    }
    below
}

const UNSIGNED: Refusal = Refusal::new(
    RefusalCode::Unsigned,
    "the request has no signature: HighLevel signs its webhooks in the header X-GHL-Signature",
);

#[cfg(test)]
mod tests {
    use super::*;

    /// Base64 of as many zeros.
    fn zeros(count: usize) -> String {
        let digits = "A".repeat((count * 8).div_ceil(6));
        let padding = (4 - digits.len() % 4) % 4;
        digits + &"=".repeat(padding)
    }

    fn code(current: Option<&str>, legacy: Option<&str>, allow: bool) -> Result<Algorithm, RefusalCode> {
        signature(current, legacy, allow).map(|signature| signature.algorithm).map_err(|refusal| refusal.code)
    }

    #[test]
    fn the_current_header_decides_alone_where_it_is_present() {
        use RefusalCode::{LegacySignature, MalformedSignature, Unsigned};
        let (ed, rsa) = (zeros(64), zeros(512));
        let (ed, rsa) = (Some(&*ed), Some(&*rsa));
        for (current, legacy, allow, expected) in [
            (ed, None, false, Ok(Algorithm::Ed25519)),
            (ed, rsa, true, Ok(Algorithm::Ed25519)),
            (Some("N/A"), rsa, true, Err(Unsigned)),
            (Some("n/a"), rsa, true, Err(Unsigned)),
            (Some(""), rsa, true, Err(Unsigned)),
            (Some(" \t"), rsa, true, Err(Unsigned)),
            (Some("x"), rsa, true, Err(MalformedSignature)),
            (rsa, None, true, Err(MalformedSignature)),
            (None, rsa, true, Ok(Algorithm::Rsa)),
            (None, rsa, false, Err(LegacySignature)),
            (None, Some("N/A"), true, Err(Unsigned)),
            (None, Some("N/A"), false, Err(Unsigned)),
            (None, ed, true, Err(MalformedSignature)),
            (None, None, true, Err(Unsigned)),
        ] {
            assert_eq!(code(current, legacy, allow), expected, "{current:?} {legacy:?} {allow}");
        }
    }

    #[test]
    fn a_signature_is_base64_of_its_length_and_nothing_else() {
        let good = zeros(64);
        assert_eq!(code(Some(&format!(" {good}\t")), None, false), Ok(Algorithm::Ed25519));
        let twice = format!("{good}, {good}");
        let unused = good.replace("A==", "B==");
        for wrong in [&zeros(63), &zeros(65), &twice, &unused, &good.replace('=', ""), &format!("{good}\n"), "\u{e9}"] {
            assert_eq!(code(Some(wrong), None, false), Err(RefusalCode::MalformedSignature), "{wrong}");
        }
    }

    #[test]
    fn the_second_half_is_below_the_order_of_the_group() {
        let with = |half: [u8; 32]| {
            // 32 zeros are 42 digits and a third of one: another zero in front makes them 44.
            let mut bytes = vec![0; 32];
            bytes.extend(half);
            signature(Some(&encoded(&bytes)), None, false).map(|s| s.bytes)
        };
        let mut below = GROUP_ORDER;
        below[0] -= 1;
        let mut above = GROUP_ORDER;
        above[31] = 0x11;
        assert!(with(below).is_ok() && with(GROUP_ORDER).is_err() && with(above).is_err() && with([0xff; 32]).is_err());
    }

    fn encoded(bytes: &[u8]) -> String {
        let digit =
            |n: u32| char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[n as usize & 63]);
        let mut out = String::new();
        for chunk in bytes.chunks(3) {
            let word = (0..3).fold(0, |word, i| word << 8 | u32::from(chunk.get(i).copied().unwrap_or(0)));
            let written: String =
                [18, 12, 6, 0].map(|shift| digit(word >> shift)).into_iter().take(chunk.len() + 1).collect();
            out += &format!("{written:=<4}");
        }
        out
    }
}
