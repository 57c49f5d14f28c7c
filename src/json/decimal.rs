//! Numbers as they are written: what a JSON number is worth, digit by digit. Floating point would bring in the reading and
//! writing of doubles, and could not tell what the caller wrote from what a double makes of it.

use super::write::{push_decimal, put};

/// A JSON number, from its first digit that is not 0 on.
struct Digits<'a> {
    negative: bool,
    /// The digits that are left, a point perhaps among them.
    left: &'a [u8],
    /// The power of ten that the first of them counts.
    power: i64,
}

impl<'a> Digits<'a> {
    /// `number` is one that the scanner has passed.
    fn of(number: &'a [u8]) -> Self {
        let place = |wanted: fn(&u8) -> bool| number.iter().position(wanted).unwrap_or(number.len());
        let end = place(|b| matches!(b, b'e' | b'E'));
        let point = place(|b| matches!(b, b'.' | b'e' | b'E'));
        let first = place(|b| matches!(b, b'1'..=b'9' | b'e' | b'E'));
        let exponent = number.get(end + 1..).unwrap_or_default();
        let mut power = 0;
        for digit in exponent.iter().filter(|b| b.is_ascii_digit()) {
            // Beyond any length of a number it is the same how large it is.
            power = i64::min(power * 10 + i64::from(digit - b'0'), 1 << 40);
        }
        if exponent.first() == Some(&b'-') {
            power = -power;
        }
        power += point as i64 - first as i64 - i64::from(first < point);
        Self { negative: number.first() == Some(&b'-'), left: number.get(first..end).unwrap_or_default(), power }
    }

    fn is_zero(&self) -> bool {
        self.left.is_empty()
    }

    /// Takes the digits down to a power of ten: what they are worth in units of that power. They must be at most 19.
    fn down_to(&mut self, power: i64) -> u64 {
        let mut number = 0;
        while self.power >= power {
            number = number * 10 + u64::from(self.next().unwrap_or(0));
            self.power -= 1;
        }
        number
    }
}

impl Iterator for Digits<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let (mut first, mut rest) = self.left.split_first()?;
        if *first == b'.' {
            (first, rest) = rest.split_first()?;
        }
        self.left = rest;
        Some(first - b'0')
    }
}

/// Half way between the largest double and the next power of two: from here on `JSON.parse` gives infinity.
const INFINITE: &[u8] = b"1797693134862315807937289714053034150799341327100378269361737789804449682927647509466490179775872\
    07096330286416692887910946555547851940402630657488671505820681908902000708383676273854845817711531764475730270069855\
    571366959622842914819860834936475292719074168444365510704342711559699508093042880177904174497792";

/// Whether `JSON.parse` makes a finite double of a JSON number.
pub(crate) fn number_is_finite(number: &[u8]) -> bool {
    let digits = Digits::of(number);
    digits.is_zero() || digits.power < 308 || digits.power == 308 && digits.lt(INFINITE.iter().map(|b| b - b'0'))
}

/// Whether a JSON number has no fraction, however it is written.
pub(crate) fn is_whole(number: &[u8]) -> bool {
    let digits = Digits::of(number);
    let behind_point = usize::try_from(digits.power + 1).unwrap_or(0);
    digits.skip(behind_point).all(|digit| digit == 0)
}

/// Whether a JSON number is 0, however it is written.
#[cfg(feature = "provider")]
pub(crate) fn is_zero(number: &[u8]) -> bool {
    Digits::of(number).is_zero()
}

/// A JSON number from 0, rounded up; what is too large for it is as large as can be.
pub(crate) fn rounded_up(number: &[u8]) -> u64 {
    let mut digits = Digits::of(number);
    if digits.power > 18 {
        return u64::MAX;
    }
    let whole = digits.down_to(0);
    whole + u64::from(digits.any(|digit| digit != 0))
}

/// The largest amount, 1e12, in ten-thousandths.
const LARGEST_AMOUNT: u64 = 10_000_000_000_000_000;

/// Why a number is no amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoAmount {
    /// It is not above 0, or above 1e12.
    Range,
    /// It has more than four decimals.
    Decimals,
}

/// A JSON number as an amount of money, in ten-thousandths.
///
/// The noise of binary fractions is taken off: what is less than 1e-9 of the number away from four decimals, such as the
/// sum 0.30000000000000004 of 0.1 and 0.2, is meant as those.
pub(crate) fn amount(number: &[u8]) -> Result<u64, NoAmount> {
    let mut digits = Digits::of(number);
    if digits.is_zero() || digits.negative || digits.power > 12 {
        return Err(NoAmount::Range);
    }
    let whole = digits.down_to(-4);
    // In units of 1e-16; what comes behind is less than any noise.
    let rest = digits.down_to(-16);
    let up = rest >= 500_000_000_000;
    let noise = if up { 1_000_000_000_000 - rest } else { rest };
    let amount = whole + u64::from(up);
    if amount > LARGEST_AMOUNT {
        return Err(NoAmount::Range);
    }
    if amount == 0 || noise > 0 && noise >= whole * 1000 + rest / 1_000_000_000 {
        return Err(NoAmount::Decimals);
    }
    Ok(amount)
}

/// Appends an amount that is given in ten-thousandths, with as many decimals as it needs.
pub(crate) fn push_amount(out: &mut String, amount: u64) {
    push_decimal(out, amount / 10_000);
    let mut rest = amount % 10_000;
    put(out, if rest > 0 { "." } else { "" });
    let mut unit = 1_000;
    while rest > 0 {
        push_decimal(out, rest / unit);
        rest %= unit;
        unit /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(number: &str) -> Result<String, NoAmount> {
        amount(number.as_bytes()).map(|amount| {
            let mut out = String::new();
            push_amount(&mut out, amount);
            out
        })
    }

    #[test]
    fn amounts_leave_as_the_plain_decimals_that_are_meant() {
        for (number, expected) in [
            ("1", "1"),
            ("59.5", "59.5"),
            ("59.50", "59.5"),
            ("0.0001", "0.0001"),
            ("0.30000000000000004", "0.3"),
            ("100.49999999999999", "100.5"),
            ("59.96999999999999", "59.97"),
            ("0.00009999999999999999", "0.0001"),
            ("1e3", "1000"),
            ("1.5E+2", "150"),
            ("5e-3", "0.005"),
            ("0.0010e1", "0.01"),
            ("12345.6789", "12345.6789"),
            ("999999999999.9999", "999999999999.9999"),
            ("1000000000000", "1000000000000"),
            ("1e12", "1000000000000"),
            ("1000000000000.0000001", "1000000000000"),
        ] {
            assert_eq!(written(number).as_deref(), Ok(expected), "{number}");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for number in ["0", "-0", "0.000", "0e5", "-1", "-0.5", "1e21", "1e13", "1000000000001", "1e400", "1e12000"] {
            assert_eq!(written(number), Err(NoAmount::Range), "{number}");
        }
        for number in
            ["0.00001", "0.00005", "1e-7", "1e-20", "1e-400", "19.99999", "0.33333333333", "59.50001", "1.00000001"]
        {
            assert_eq!(written(number), Err(NoAmount::Decimals), "{number}");
        }
    }

    #[test]
    fn the_noise_that_is_taken_off_is_below_a_billionth() {
        for (number, expected) in [
            ("10.00000000999", Ok("10")),
            ("10.00000001", Err(NoAmount::Decimals)),
            ("9.99999999001", Ok("10")),
            ("9.99999998", Err(NoAmount::Decimals)),
            ("0.000100000000099", Ok("0.0001")),
            ("0.0001000000002", Err(NoAmount::Decimals)),
        ] {
            assert_eq!(written(number).as_deref(), expected.as_ref().map(|text| &**text), "{number}");
        }
    }

    #[test]
    fn a_number_is_finite_as_long_as_a_double_can_hold_it() {
        let most = std::str::from_utf8(INFINITE).unwrap();
        let below = format!("{}1", &most[..most.len() - 1]);
        let fraction = format!("{}.{}9e300", &below[..9], &below[9..]);
        for number in ["0", "0e999", "1e308", "1.5e308", "1.7976931348623157e308", "-1.7976931348623158e308", "9e307"]
            .into_iter()
            .chain(["1.797693134862315807e308", "0.00000000017976931348623158E+318", &below, &fraction])
        {
            assert!(number_is_finite(number.as_bytes()) && number.parse::<f64>().unwrap().is_finite(), "{number}");
        }
        for number in
            ["1e309", "1.797693134862315808e308", "-1.7976931348623159e308", "2e308", most, "1e99999999999999"]
        {
            assert!(!number_is_finite(number.as_bytes()) && number.parse::<f64>().unwrap().is_infinite(), "{number}");
        }
    }

    #[test]
    fn what_is_too_large_is_as_large_as_can_be() {
        for (number, expected) in [
            ("0", 0),
            ("0.5", 1),
            ("5", 5),
            ("1e3", 1000),
            ("1.0001e3", 1001),
            ("4294967295", 4_294_967_295),
            ("4294967296", 4_294_967_296),
            ("9007199254740993", 9_007_199_254_740_993),
            ("1e-400", 1),
            ("1e21", u64::MAX),
            ("1.7976931348623157e+308", u64::MAX),
        ] {
            assert_eq!(rounded_up(number.as_bytes()), expected, "{number}");
        }
    }

    #[test]
    fn a_number_is_whole_however_it_is_written() {
        for number in ["0", "-0", "7", "1.0", "1.5e1", "1e21", "1.7976931348623157e+308", "0.0e-5", "100e-2"] {
            assert!(is_whole(number.as_bytes()), "{number}");
        }
        for number in ["0.5", "1.5", "1e-1", "12.50e0", "1e-400"] {
            assert!(!is_whole(number.as_bytes()), "{number}");
        }
    }
}
