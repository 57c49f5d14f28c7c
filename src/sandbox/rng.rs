//! Numbers that look random and depend on the seed alone.

/// Spreads the bits of a number (the finisher of splitmix64).
fn spread(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// One number from a key and a text, such as the key of an account and `"orders"`.
pub fn key(base: u64, text: &str) -> u64 {
    text.bytes().fold(spread(base ^ 0x9e37_79b9_7f4a_7c15), |sum, byte| spread(sum ^ u64::from(byte)))
}

/// A sequence of numbers.
#[derive(Debug, Clone)]
pub struct Rng(u64);

impl Rng {
    /// The sequence of the `index`th record under a key.
    pub fn new(key: u64, index: u64) -> Self {
        Self(spread(key ^ spread(index.wrapping_add(0x632b_e59b_d9b4_e019))))
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        spread(self.0)
    }

    /// A number below `limit`; 0 where `limit` is 0.
    pub fn below(&mut self, limit: usize) -> usize {
        // 32 bits of randomness are plenty here, and the product cannot overflow for any real list.
        (((self.next() >> 32) * limit as u64) >> 32) as usize
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1).max(1) as usize) as i64
    }

    /// `true` in `percent` of 100 cases.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of a list that is not empty.
    pub fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    /// Letters and digits.
    pub fn text(&mut self, length: usize) -> String {
        const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        ascii(length, &mut |_| LETTERS[self.below(LETTERS.len())])
    }

    /// Lower-case hexadecimal digits.
    pub fn hex(&mut self, length: usize) -> String {
        ascii(length, &mut |_| hex_digit(self.next() >> 60))
    }

    /// A UUID of version 4.
    pub fn uuid(&mut self) -> String {
        ascii(36, &mut |i| match i {
            8 | 13 | 18 | 23 => b'-',
            14 => b'4',
            19 => hex_digit(8 | (self.next() >> 60 & 3)),
            _ => hex_digit(self.next() >> 60),
        })
    }
}

/// One hexadecimal digit, of the lowest four bits.
fn hex_digit(value: u64) -> u8 {
    b"0123456789abcdef"[(value & 15) as usize]
}

/// Text of ASCII characters, filled in place: a text that grows by one character at a time takes most of the time that
/// a list takes.
pub fn ascii(length: usize, character: &mut dyn FnMut(usize) -> u8) -> String {
    let mut out = vec![0; length];
    for (i, byte) in out.iter_mut().enumerate() {
        *byte = character(i);
    }
    String::from_utf8(out).unwrap_or_default()
}

/// Ids of 24 hexadecimal characters for one kind of record of one account.
///
/// As in a database's own ids, the first 8 digits are the second of creation and the last 6 a counter, so an id leads
/// back to its record without an index.
#[derive(Debug, Clone, Copy)]
pub struct Ids(u64);

impl Ids {
    /// The ids of one kind of record of the account with this key.
    pub fn new(account: u64, kind: &str) -> Self {
        Self(key(account, kind))
    }

    /// The id of the `index`th record.
    pub fn id(self, created: i64, index: usize) -> String {
        let seconds = (created / 1000) as u64 & 0xffff_ffff;
        let counter = (index as u64).wrapping_add(self.0 >> 40) & 0xff_ffff;
        ascii(24, &mut |i| match i {
            0..=7 => hex_digit(seconds >> (28 - 4 * i)),
            8..=17 => hex_digit(self.0 >> (4 * (17 - i))),
            _ => hex_digit(counter >> (4 * (23 - i))),
        })
    }

    /// The index that an id claims; whether the record there has this id is for the caller to compare.
    pub fn index(self, id: &str) -> Option<usize> {
        let digits = id.get(18..24)?;
        if id.len() != 24 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let counter = u64::from_str_radix(digits, 16).ok()?;
        Some((counter.wrapping_sub(self.0 >> 40) & 0xff_ffff) as usize)
    }
}
