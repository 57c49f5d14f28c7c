//! Public keys: which may be trusted.

use super::base64::decode;
use super::refusal::{Refusal, RefusalCode};
use super::signature::{is_below, Algorithm};

/// HighLevel's key of `X-GHL-Signature`, as its webhook guide prints it.
pub const HIGHLEVEL_ED25519: &str = "\
-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg=
-----END PUBLIC KEY-----
";

/// HighLevel's key of `X-WH-Signature`, as its documentation of webhook authentication prints it.
pub const HIGHLEVEL_RSA: &str = "\
-----BEGIN PUBLIC KEY-----
MIICIjANBgkqhkiG9w0BAQEFAAOCAg8AMIICCgKCAgEAokvo/r9tVgcfZ5DysOSC
Frm602qYV0MaAiNnX9O8KxMbiyRKWeL9JpCpVpt4XHIcBOK4u3cLSqJGOLaPuXw6
dO0t6Q/ZVdAV5Phz+ZtzPL16iCGeK9po6D6JHBpbi989mmzMryUnQJezlYJ3DVfB
csedpinheNnyYeFXolrJvcsjDtfAeRx5ByHQmTnSdFUzuAnC9/GepgLT9SM4nCpv
uxmZMxrJt5Rw+VUaQ9B8JSvbMPpez4peKaJPZHBbU3OdeCVx5klVXXZQGNHOs8gF
3kvoV5rTnXV0IknLBXlcKKAQLZcY/Q9rG6Ifi9c+5vqlvHPCUJFT5XUGG5RKgOKU
J062fRtN+rLYZUV+BjafxQauvC8wSWeYja63VSUruvmNj8xkx2zE/Juc+yjLjTXp
IocmaiFeAO6fUtNjDeFVkhf5LNb59vECyrHD2SQIrhgXpO4Q3dVNA5rw576PwTzN
h/AMfHKIjE4xQA1SZuYJmNnmVZLIZBlQAF9Ntd03rfadZ+yDiOXCCs9FkHibELhC
HULgCsnuDJHcrGNd5/Ddm5hxGQ0ASitgHeMZ0kcIOwKDOzOU53lDza6/Y09T7sYJ
PQe7z0cvj7aE4B+Ax1ZoZGPzpJlZtGXCsu9aTEGEnKzmsFqwcSsnw3JB31IGKAyk
T1hhTiaCeIY/OwwwNUY2yvcCAwEAAQ==
-----END PUBLIC KEY-----
";

/// What the runtime imports of HighLevel's keys. Worked out by the compiler: as text they would be half as long again.
const ED25519: [u8; 44] = decoded(HIGHLEVEL_ED25519);
const RSA: [u8; 550] = decoded(HIGHLEVEL_RSA);

/// A public key that may be trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// What it verifies.
    pub algorithm: Algorithm,
    /// What the runtime imports: the 32 bytes of an Ed25519 key ("raw"), the DER of an RSA key ("spki").
    pub bytes: Vec<u8>,
}

/// What stands in front of the 32 bytes in the DER of an Ed25519 key (RFC 8410).
const ED25519_HEADER: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// The algorithm of an RSA key, `rsaEncryption` with its empty parameters (RFC 8017).
const RSA_ALGORITHM: &[u8] =
    &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

impl Key {
    /// HighLevel's published key of an algorithm.
    pub fn highlevel(algorithm: Algorithm) -> Self {
        let bytes = match algorithm {
            Algorithm::Ed25519 => ED25519.get(ED25519_HEADER.len()..).unwrap_or_default(),
            Algorithm::Rsa => &RSA,
        };
        Self { algorithm, bytes: bytes.to_vec() }
    }

    /// Reads a key from text: PEM (`BEGIN PUBLIC KEY`, with real or escaped line breaks), or base64 of the same DER or of the
    /// 32 bytes of an Ed25519 key.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let mut text = text.as_bytes().trim_ascii();
        // A variable of the environment often holds a line break as two characters.
        while let [inside @ .., b'\\', b'n'] = text {
            text = inside;
        }
        let mut body = text;
        if text.starts_with(b"-----") {
            if text.windows(PRIVATE.len()).any(|part| part == PRIVATE) {
                return Err(refuse("is a private key: give the public one, which begins with BEGIN PUBLIC KEY"));
            }
            let inside = text.strip_prefix(BEGIN).and_then(|text| text.strip_suffix(END));
            let other = "is PEM of another kind: it must begin with BEGIN PUBLIC KEY and end with END PUBLIC KEY";
            body = inside.ok_or(refuse(other))?;
        }
        let mut digits = Vec::with_capacity(body.len());
        while let [first, rest @ ..] = body {
            body = rest;
            match (first, rest) {
                (b'\n' | b'\r' | b' ' | b'\t', _) => {}
                (b'\\', [b'n', rest @ ..]) => body = rest,
                _ => digits.push(*first),
            }
        }
        let bytes = decode(&digits).ok_or(refuse(UNREADABLE))?;
        Self::from_bytes(&bytes)
    }

    /// Reads a key from bytes: DER (SPKI), or the 32 bytes of an Ed25519 key.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Refusal> {
        let point = bytes.strip_prefix(ED25519_HEADER).unwrap_or(bytes);
        if let Ok(point) = <&[u8; 32]>::try_from(point) {
            return Self::ed25519(point);
        }
        let Some((key, b"")) = element(0x30, bytes) else { return Err(refuse(UNREADABLE)) };
        let Some(key) = key.strip_prefix(RSA_ALGORITHM) else {
            return Err(refuse("is a key of another algorithm: only Ed25519 and RSA keys sign webhooks"));
        };
        let numbers = element(0x03, key).and_then(|(bits, rest)| {
            let (sequence, after) = element(0x30, bits.strip_prefix(b"\0")?)?;
            let (modulus, exponent) = element(0x02, sequence)?;
            let (exponent, behind) = element(0x02, exponent)?;
            (rest.is_empty() && after.is_empty() && behind.is_empty()).then_some((modulus, exponent))
        });
        let Some((modulus, exponent)) = numbers else { return Err(refuse(UNREADABLE)) };
        // A positive number whose first bit is set has a zero in front.
        let modulus = match modulus {
            [0, rest @ ..] if matches!(rest, [0x80..=0xff, .., last] if last % 2 == 1) => rest,
            _ => return Err(refuse("has a modulus that no RSA key has: a whole number of bytes, odd")),
        };
        if !(256..=1024).contains(&modulus.len()) {
            return Err(refuse("must have between 2048 and 8192 bits"));
        }
        // With the exponent 1 everybody can sign.
        if !matches!(exponent, [1..=0x7f, _, last] | [1..=0x7f, _, _, last] if last % 2 == 1) {
            return Err(refuse("must have an odd public exponent of 65537 or more"));
        }
        Ok(Self { algorithm: Algorithm::Rsa, bytes: bytes.to_vec() })
    }

    /// An Ed25519 key, unless anybody can sign for it.
    fn ed25519(point: &[u8; 32]) -> Result<Self, Refusal> {
        let mut y = *point;
        // The highest bit is the sign of the other coordinate.
        y[31] &= 0x7f;
        if !is_below(&y, &PRIME) {
            return Err(refuse("is no canonical Ed25519 key: its number is not below 2^255 - 19"));
        }
        let mut two = [0; 32];
        two[0] = 2;
        if is_below(&y, &two) || y == ONE_LESS_THAN_PRIME || ORDER_EIGHT.contains(&y) {
            return Err(refuse("is an Ed25519 point of small order, for which anybody can sign"));
        }
        Ok(Self { algorithm: Algorithm::Ed25519, bytes: point.to_vec() })
    }
}

const BEGIN: &[u8] = b"-----BEGIN PUBLIC KEY-----";
const END: &[u8] = b"-----END PUBLIC KEY-----";
const PRIVATE: &[u8] = b"PRIVATE KEY-----";

const UNREADABLE: &str = "is no public key: give PEM or base64 of SPKI, or the 32 bytes of an Ed25519 key";

const fn refuse(message: &'static str) -> Refusal {
    Refusal::new(RefusalCode::InvalidKey, message)
}

/// 2^255 - 19, little endian.
const PRIME: [u8; 32] = with_first(0xed);
const ONE_LESS_THAN_PRIME: [u8; 32] = with_first(0xec);

const fn with_first(first: u8) -> [u8; 32] {
    let mut number = [0xff; 32];
    number[0] = first;
    number[31] = 0x7f;
    number
}

/// The numbers of the four points of order eight; those of the order one, two and four are 1, -1 and 0.
const ORDER_EIGHT: [[u8; 32]; 2] = [
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];

/// The DER of a PEM that is known to be right: a mistake in it does not compile.
const fn decoded<const N: usize>(pem: &str) -> [u8; N] {
    let (text, mut out) = (pem.as_bytes(), [0; N]);
    let (mut at, mut place, mut bits, mut count) = (BEGIN.len(), 0, 0_u32, 0);
    while place < N {
        let value = match text[at] {
            digit @ b'A'..=b'Z' => digit - b'A',
            digit @ b'a'..=b'z' => digit - b'a' + 26,
            digit @ b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => 64,
        };
        at += 1;
        if value < 64 {
            bits = bits << 6 | value as u32;
            count += 6;
        }
        if count >= 8 {
            count -= 8;
            out[place] = (bits >> count) as u8;
            place += 1;
        }
    }
    out
}

/// The content of a DER element of this tag, and what stands behind it; `None` where its length is not written as DER wants it.
fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = match *der.strip_prefix(&[tag])? {
        [length @ 0..=0x7f, ref rest @ ..] => (usize::from(length), rest),
        [0x81, length @ 0x80..=0xff, ref rest @ ..] => (usize::from(length), rest),
        [0x82, high @ 1..=0xff, low, ref rest @ ..] => (usize::from(high) << 8 | usize::from(low), rest),
        _ => return None,
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(bytes: &[u8]) -> &'static str {
        Key::from_bytes(bytes).map_or_else(|refusal| refusal.message, |_| "")
    }

    fn ed25519_der() -> Vec<u8> {
        let body: String = HIGHLEVEL_ED25519.lines().filter(|line| !line.starts_with('-')).collect();
        decode(body.as_bytes()).expect("base64")
    }

    fn rsa_der() -> Vec<u8> {
        Key::parse(HIGHLEVEL_RSA).expect("a key").bytes
    }

    #[test]
    fn highlevels_keys_are_keys() {
        let key = Key::parse(HIGHLEVEL_ED25519).expect("a key");
        assert_eq!(key, Key::highlevel(Algorithm::Ed25519));
        let hex: String = key.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "8b61d1d6cacbe28d7c3bc0516bb815258ec6edbba96cddc7f40c09ac708388e8");
        assert_eq!(key.algorithm, Algorithm::Ed25519);
        let rsa = Key::parse(HIGHLEVEL_RSA).expect("a key");
        assert_eq!((rsa.algorithm, rsa.bytes.len()), (Algorithm::Rsa, 550));
        assert_eq!(rsa, Key::highlevel(Algorithm::Rsa));
    }

    #[test]
    fn a_key_may_be_written_in_many_ways() {
        let der = ed25519_der();
        let key = Key::from_bytes(&der).expect("DER");
        assert_eq!(Key::from_bytes(&der[12..]).as_ref(), Ok(&key));
        for text in [
            HIGHLEVEL_ED25519,
            &HIGHLEVEL_ED25519.replace('\n', "\r\n"),
            &HIGHLEVEL_ED25519.replace('\n', "\\n"),
            "MCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg=",
            "i2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg=",
        ] {
            assert_eq!(Key::parse(text).as_ref(), Ok(&key), "{text}");
        }
        for text in [
            "",
            "x",
            "{}",
            &HIGHLEVEL_ED25519.replace("PUBLIC", "PRIVATE"),
            &HIGHLEVEL_ED25519.replace("PUBLIC", "RSA PUBLIC"),
            &HIGHLEVEL_ED25519[..80],
            &HIGHLEVEL_ED25519[27..],
        ] {
            assert_eq!(Key::parse(text).map_err(|refusal| refusal.code), Err(RefusalCode::InvalidKey), "{text}");
        }
    }

    #[test]
    fn a_point_of_small_order_is_no_key_however_it_is_written() {
        let mut points = vec![[0; 32], ONE_LESS_THAN_PRIME, ORDER_EIGHT[0], ORDER_EIGHT[1]];
        let mut one = [0; 32];
        one[0] = 1;
        points.push(one);
        // The numbers that are not below the prime stand for 0 to 18 a second time.
        points.extend((0xed..=0xff).map(with_first));
        for point in points {
            for sign in [0, 0x80] {
                let mut point = point;
                point[31] |= sign;
                assert!(Key::from_bytes(&point).is_err(), "{point:x?}");
                assert!(Key::from_bytes(&[ED25519_HEADER, &point].concat()).is_err(), "{point:x?}");
            }
        }
        assert!(message(&one).contains("small order") && message(&with_first(0xee)).contains("canonical"));
    }

    #[test]
    fn another_algorithm_or_length_is_no_key() {
        let mut x25519 = ed25519_der();
        x25519[8] = 0x6e;
        assert!(message(&x25519).contains("another algorithm"));
        let der = ed25519_der();
        for wrong in [&der[..43], &[&der[..], &[0]].concat()[..], &der[12..43], &[], &[0; 33]] {
            assert!(!message(wrong).is_empty(), "{wrong:x?}");
        }
    }

    #[test]
    fn no_bit_of_a_key_may_be_another_without_being_another_key_or_none() {
        for der in [ed25519_der(), rsa_der()] {
            let own = Key::from_bytes(&der).expect("a key");
            for bit in 0..der.len() * 8 {
                let mut other = der.clone();
                other[bit / 8] ^= 1 << (bit % 8);
                assert_ne!(Key::from_bytes(&other).as_ref(), Ok(&own), "bit {bit}");
            }
        }
    }

    #[test]
    fn an_rsa_key_for_which_anybody_can_sign_is_none() {
        let der = rsa_der();
        let exponent = der.len() - 3;
        for (at, byte, words) in [
            (exponent, 0, "exponent"),
            (exponent + 2, 2, "exponent"),
            (exponent - 3, 0xf6, "modulus"),
            (33, 0x01, "modulus"),
            (7, 0x87, "another algorithm"),
            (5, 0x0a, "another algorithm"),
            (2, 0x03, "is no public key"),
        ] {
            let mut wrong = der.clone();
            wrong[at] = byte;
            assert!(message(&wrong).contains(words), "{at}: {}", message(&wrong));
        }
        assert!(message(&der[..549]).contains("is no public key"));
        assert!(message(&[&der[..], b"x"].concat()).contains("is no public key"));
    }

    #[test]
    fn der_writes_a_length_in_one_way() {
        assert_eq!(element(0x30, b"\x30\x01ab"), Some((&b"a"[..], &b"b"[..])));
        for wrong in [&b"\x30\x81\x01a"[..], b"\x30\x82\x00\x81", b"\x30\x02a", b"\x31\x01a", b"", b"\x30", b"\x30\x80"]
        {
            assert_eq!(element(0x30, wrong), None, "{wrong:x?}");
        }
    }
}
