//! Amounts of money, compared as such.

use crate::json::{amount, rounded_up, Scanner};

/// How far a transaction is like the payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// It differs in a way that the payment cannot.
    Other,
    /// It cannot be told.
    Unsure,
    /// It is the same in all that counts.
    Same,
}

/// The number that a value is, or that it holds as text.
pub fn number(value: &[u8]) -> Option<&[u8]> {
    let value = match value {
        [b'"', inner @ .., b'"'] => inner.trim_ascii(),
        number => number,
    };
    let mut scan = Scanner::new(value);
    let number = scan.number().ok()?;
    (number.len() == value.len()).then_some(number)
}

/// An amount in ten-thousandths; `None` for what is no amount, or has more than four decimals.
pub fn amount_of(value: &[u8]) -> Option<u64> {
    let number = number(value)?;
    if rounded_up(number) == 0 {
        return Some(0);
    }
    amount(number).ok()
}

/// Whether two amounts are the same. What cannot be read may be, and so may what a server has rounded to two decimals.
pub fn compare(ours: Option<u64>, theirs: Option<u64>) -> Likeness {
    let (Some(ours), Some(theirs)) = (ours, theirs) else { return Likeness::Unsure };
    match ours.abs_diff(theirs) {
        0 => Likeness::Same,
        1..=50 => Likeness::Unsure,
        _ => Likeness::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_money() {
        for (text, expected) in [
            ("59.5", Some(595_000)),
            ("\"59.50\"", Some(595_000)),
            ("\" 59.50 \"", Some(595_000)),
            ("0.30000000000000004", Some(3000)),
            ("0.29999999999999998", Some(3000)),
            ("1e2", Some(1_000_000)),
            ("0", Some(0)),
            ("0.00", Some(0)),
            ("1000000000000", Some(10_000_000_000_000_000)),
            ("59.555555", None),
            ("1e99", None),
            ("-5", None),
            ("\"1,000.00\"", None),
            ("\"\"", None),
            ("\"$5\"", None),
            ("1.2.3", None),
            ("1e", None),
            ("null", None),
            ("{}", None),
            ("", None),
        ] {
            assert_eq!(amount_of(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn amounts_are_compared_as_money() {
        for (ours, theirs, expected) in [
            ("0.30000000000000004", "0.3", Likeness::Same),
            ("59.5", "\"59.50\"", Likeness::Same),
            ("59.5", "59.51", Likeness::Other),
            ("59.5", "59", Likeness::Other),
            ("59.5", "0", Likeness::Other),
            ("59.555", "59.56", Likeness::Unsure),
            ("59.555", "59.55", Likeness::Unsure),
            ("59.5", "\"1,000.00\"", Likeness::Unsure),
            ("59.5", "null", Likeness::Unsure),
            ("", "59.5", Likeness::Unsure),
        ] {
            assert_eq!(compare(amount_of(ours.as_bytes()), amount_of(theirs.as_bytes())), expected, "{ours} {theirs}");
        }
    }
}
