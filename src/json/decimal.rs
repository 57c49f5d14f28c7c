//! Numbers as text.

/// Whether a JSON number is surely below infinity as a double: `1e400` is not. The largest double is 1.79e308; from
/// 1e308 on a number counts as too large.
pub(crate) fn number_is_finite(number: &[u8]) -> bool {
    let (mut significant, mut fraction) = (false, false);
    // The power of ten of the first digit that is not 0.
    let mut scale = 0;
    let mut bytes = number.iter();
    for byte in bytes.by_ref() {
        match byte {
            b'-' => {}
            b'.' => fraction = true,
            b'e' | b'E' => break,
            digit => {
                scale += i64::from(significant) - i64::from(fraction);
                significant |= *digit != b'0';
            }
        }
    }
    let negative = bytes.as_slice().first() == Some(&b'-');
    let mut power = 0;
    for digit in bytes.filter(|b| b.is_ascii_digit()) {
        // Beyond any length of a number it is the same how large it is.
        power = i64::min(power * 10 + i64::from(digit - b'0'), 1 << 40);
    }
    !significant || scale + if negative { -power } else { power } < 308
}
