//! Amounts of money, compared as such.

use super::sight::Likeness;

/// A JSON number, or text that holds one, in millionths, rounded; `None` for anything else and for what is negative or has
/// more than 13 digits before the point.
pub fn millionths(amount: &[u8]) -> Option<u64> {
    let amount = match amount {
        [b'"', inner @ .., b'"'] => inner.trim_ascii(),
        number => number,
    };
    amount.first().filter(|b| b.is_ascii_digit())?;
    let (mut number, mut power, mut fraction) = (0_u64, 6_i32, false);
    let mut bytes = amount.iter();
    for byte in bytes.by_ref() {
        match byte {
            b'0'..=b'9' => {
                // Digits beyond the seventeenth are noise.
                let room = number < 10_u64.pow(17);
                power += i32::from(!room) - i32::from(fraction);
                number = if room { number * 10 + u64::from(byte - b'0') } else { number };
            }
            b'.' if !fraction => fraction = true,
            b'e' | b'E' => {
                power += exponent(bytes.as_slice())?;
                break;
            }
            _ => return None,
        }
    }
    while power > 0 && number > 0 {
        number = number.checked_mul(10)?;
        power -= 1;
    }
    while power < 0 && number > 0 {
        number = (number + if power == -1 { 5 } else { 0 }) / 10;
        power += 1;
    }
    (number < 10_u64.pow(19)).then_some(number)
}

fn exponent(text: &[u8]) -> Option<i32> {
    let (sign, digits) = match text {
        [b'-', digits @ ..] => (-1, digits),
        [b'+', digits @ ..] | digits => (1, digits),
    };
    digits.first()?;
    let mut number = 0;
    for byte in digits {
        let digit = byte.is_ascii_digit().then(|| i32::from(byte - b'0'))?;
        number = i32::min(number * 10 + digit, 10_000);
    }
    Some(sign * number)
}

/// Whether two amounts are the same. What cannot be read may be, and so may what a server has rounded to two decimals.
pub fn compare(ours: Option<u64>, theirs: Option<u64>) -> Likeness {
    let (Some(ours), Some(theirs)) = (ours, theirs) else { return Likeness::Unsure };
    match ours.abs_diff(theirs) {
        // Four decimals count; a double has some 15 digits.
        0..50 => Likeness::Same,
        noise if noise < ours >> 50 => Likeness::Same,
        50..=5000 => Likeness::Unsure,
        _ => Likeness::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_money() {
        for (text, expected) in [
            ("59.5", Some(59_500_000)),
            ("\"59.50\"", Some(59_500_000)),
            ("\" 59.50 \"", Some(59_500_000)),
            ("0.30000000000000004", Some(300_000)),
            ("0.29999999999999998", Some(300_000)),
            ("1e2", Some(100_000_000)),
            ("1.5E+1", Some(15_000_000)),
            ("25e-2", Some(250_000)),
            ("1e-9999", Some(0)),
            ("0e9999", Some(0)),
            ("1000000000000", Some(1_000_000_000_000_000_000)),
            ("1e99", None),
            ("1e99999999999", None),
            ("-5", None),
            ("\"1,000.00\"", None),
            ("\"\"", None),
            ("\"$5\"", None),
            ("1.2.3", None),
            ("1e", None),
            ("null", None),
            ("", None),
        ] {
            assert_eq!(millionths(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn amounts_are_compared_as_money() {
        for (ours, theirs, expected) in [
            ("0.30000000000000004", "0.3", Likeness::Same),
            ("59.5", "\"59.50\"", Likeness::Same),
            ("59.5", "59.51", Likeness::Other),
            ("59.5", "59", Likeness::Other),
            ("59.555", "59.56", Likeness::Unsure),
            ("59.555", "59.55", Likeness::Unsure),
            ("59.5", "\"1,000.00\"", Likeness::Unsure),
            ("59.5", "null", Likeness::Unsure),
            ("", "59.5", Likeness::Unsure),
            ("1000000000000", "1000000000000.0001", Likeness::Same),
            ("1000000000000", "1000000000001", Likeness::Other),
        ] {
            assert_eq!(
                compare(millionths(ours.as_bytes()), millionths(theirs.as_bytes())),
                expected,
                "{ours} {theirs}"
            );
        }
    }
}
