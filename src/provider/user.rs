//! Who looks at a custom page, as HighLevel tells the page: encrypted with the app's shared secret.
//!
//! The text is what CryptoJS makes of a passphrase, which is OpenSSL's old form: base64 of `Salted__`, eight bytes of salt and
//! AES-256-CBC, with key and vector from EVP_BytesToKey (MD5, one round). Nothing in it proves that it was not changed. Source:
//! HighLevel's page [User Context in Marketplace Apps](https://marketplace.gohighlevel.com/docs/other/user-context-marketplace-apps).

use crate::shape::{check, Shape};
use ghl_payments_derive::model;

/// Who looks at a custom page of the app, and where.
#[model]
pub struct UserContext {
    /// The user: 20 characters.
    pub user_id: String,
    /// The company (agency): 20 characters.
    pub company_id: String,
    /// The user's role.
    #[shape(known("admin", "user"))]
    pub role: String,
    /// Whether the page is open in an agency or in a location.
    #[serde(rename = "type")]
    #[shape(known("agency", "location"))]
    pub kind: String,
    /// The location, where the page is open in one.
    pub active_location: Option<String>,
    /// The user's name.
    pub user_name: Option<String>,
    /// The user's e-mail address.
    pub email: Option<String>,
    /// Whether the agency is the user's own.
    pub is_agency_owner: Option<bool>,
}

/// The bytes of salt.
pub const SALT: usize = 8;

/// The 32 bytes of the key and the 16 of the vector that a secret gives with a salt.
pub fn key_and_vector(secret: &[u8], salt: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(48);
    let mut before: &[u8] = &[];
    let mut digest;
    while out.len() < 48 {
        let mut block = before.to_vec();
        block.extend_from_slice(secret);
        block.extend_from_slice(salt);
        digest = md5(&block);
        before = &digest;
        out.extend_from_slice(before);
    }
    out
}

/// The JSON text of a user, repaired where that is certain; nothing where the bytes are no user.
pub fn read(bytes: &[u8]) -> Option<String> {
    let mut json = bytes.to_vec();
    let checked = check(&mut json, &UserContext::KIND).ok()?;
    if checked.unrepaired().is_some() || checked.lone_surrogate {
        return None;
    }
    String::from_utf8(json).ok()
}

/// How far each step of a round turns, four steps repeated.
const TURNS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

/// MD5 (RFC 1321), which WebCrypto does not have. It protects nothing here: the old form prescribes it.
fn md5(text: &[u8]) -> [u8; 16] {
    let mut padded = text.to_vec();
    padded.push(0x80);
    while padded.len() % 64 != 56 {
        padded.push(0);
    }
    padded.extend_from_slice(&(text.len() as u64 * 8).to_le_bytes());
    let mut state = [0x6745_2301_u32, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    for block in padded.chunks_exact(64) {
        let mut words = [0_u32; 16];
        for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
            *word = bytes.iter().rev().fold(0, |sum, byte| sum << 8 | u32::from(*byte));
        }
        let [mut a, mut b, mut c, mut d] = state;
        for step in 0..64_usize {
            let (mixed, word) = match step / 16 {
                0 => (b & c | !b & d, step),
                1 => (d & b | !d & c, 5 * step + 1),
                2 => (b ^ c ^ d, 3 * step + 5),
                _ => (c ^ (b | !d), 7 * step),
            };
            let sum = a.wrapping_add(mixed).wrapping_add(SINES[step]).wrapping_add(words[word % 16]);
            (a, d, c) = (d, c, b);
            b = b.wrapping_add(sum.rotate_left(TURNS[step / 16][step % 4]));
        }
        for (part, more) in state.iter_mut().zip([a, b, c, d]) {
            *part = part.wrapping_add(more);
        }
    }
    let mut out = [0; 16];
    for (bytes, part) in out.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&part.to_le_bytes());
    }
    out
}

/// The whole part of 2^32 * |sin(n)|, n from 1.
static SINES: [u32; 64] = [
    0xd76a_a478,
    0xe8c7_b756,
    0x2420_70db,
    0xc1bd_ceee,
    0xf57c_0faf,
    0x4787_c62a,
    0xa830_4613,
    0xfd46_9501,
    0x6980_98d8,
    0x8b44_f7af,
    0xffff_5bb1,
    0x895c_d7be,
    0x6b90_1122,
    0xfd98_7193,
    0xa679_438e,
    0x49b4_0821,
    0xf61e_2562,
    0xc040_b340,
    0x265e_5a51,
    0xe9b6_c7aa,
    0xd62f_105d,
    0x0244_1453,
    0xd8a1_e681,
    0xe7d3_fbc8,
    0x21e1_cde6,
    0xc337_07d6,
    0xf4d5_0d87,
    0x455a_14ed,
    0xa9e3_e905,
    0xfcef_a3f8,
    0x676f_02d9,
    0x8d2a_4c8a,
    0xfffa_3942,
    0x8771_f681,
    0x6d9d_6122,
    0xfde5_380c,
    0xa4be_ea44,
    0x4bde_cfa9,
    0xf6bb_4b60,
    0xbebf_bc70,
    0x289b_7ec6,
    0xeaa1_27fa,
    0xd4ef_3085,
    0x0488_1d05,
    0xd9d4_d039,
    0xe6db_99e5,
    0x1fa2_7cf8,
    0xc4ac_5665,
    0xf429_2244,
    0x432a_ff97,
    0xab94_23a7,
    0xfc93_a039,
    0x655b_59c3,
    0x8f0c_cc92,
    0xffef_f47d,
    0x8584_5dd1,
    0x6fa8_7e4f,
    0xfe2c_e6e0,
    0xa301_4314,
    0x4e08_11a1,
    0xf753_7e82,
    0xbd3a_f235,
    0x2ad7_d2bb,
    0xeb86_d391,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn md5_gives_the_digests_of_its_rfc() {
        for (text, expected) in [
            ("", "d41d8cd98f00b204e9800998ecf8427e"),
            ("a", "0cc175b9c0f1b6a831c399e269772661"),
            ("abc", "900150983cd24fb0d6963f7d28e17f72"),
            ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
            ("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
            (
                "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
                "57edf4a22be3c955ac49da2e2107b67a",
            ),
        ] {
            assert_eq!(hex(&md5(text.as_bytes())), expected, "{text}");
        }
    }

    #[test]
    fn a_key_is_that_of_openssl() {
        // openssl enc -aes-256-cbc -md md5 -k secret -S 0001020304050607 -P
        let made = key_and_vector(b"secret", &[0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(
            hex(&made),
            "035fb8145b73cf111570dc936112be9c375a5d3d8b915bc213bdbef9dbfb78511d112c3c48b1d30dbceeaff080816be4"
        );
    }

    #[test]
    fn only_a_user_is_one() {
        let user = r#"{"userId":"u","companyId":"c","role":"admin","type":"location","activeLocation":"l","new":[1]}"#;
        assert_eq!(read(user.as_bytes()).as_deref(), Some(user));
        let repaired = read(br#"{"userId":1,"companyId":"c","role":"admin","type":"agency","isAgencyOwner":"true"}"#);
        assert_eq!(
            repaired.as_deref(),
            Some(r#"{"userId":"1","companyId":"c","role":"admin","type":"agency","isAgencyOwner": true }"#)
        );
        for bytes in [
            &b""[..],
            b"{}",
            b"[]",
            b"\"text\"",
            br#"{"userId":null,"companyId":"c","role":"admin","type":"agency"}"#,
            br#"{"userId":{},"companyId":"c","role":"admin","type":"agency"}"#,
            br#"{"userId":"u","companyId":"c","role":"admin"}"#,
            b"{\"userId\":\"\xff\",\"companyId\":\"c\",\"role\":\"admin\",\"type\":\"agency\"}",
        ] {
            assert_eq!(read(bytes), None, "{}", String::from_utf8_lossy(bytes));
        }
    }
}
