//! Amounts of money: major units, as HighLevel sends them, and minor units, as gateways count.
//!
//! Nothing is computed in floating point: an amount is read digit by digit from the text of its number, so that 19.99 is 1999
//! cents and never 1998. How many digits a currency has says ISO 4217.

use crate::json::{
    amount, field, is_whole, is_zero, json_text, push_amount, push_decimal, put, rounded_up, text_field, NoAmount,
};
use crate::shape::{is_unquoted, Kind};

/// The currencies whose minor unit is not a hundredth, by how many decimals they have instead (ISO 4217). The page's copy in
/// `ghl-payments/checkout` is made from this one.
pub const DECIMALS: [(u8, &[&str]); 3] = [
    (
        0,
        &[
            "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF",
            "XOF", "XPF",
        ],
    ),
    (3, &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]),
    (4, &["CLF", "UYW"]),
];

/// How many decimals amounts of a currency have: 2 for USD, 0 for JPY. `currency` is its code in upper or lower case; a code
/// that ISO 4217 does not know has 2.
pub fn decimals(currency: &str) -> u8 {
    let listed = |(_, codes): &&(u8, &[&str])| codes.iter().any(|code| code.eq_ignore_ascii_case(currency));
    DECIMALS.iter().find(listed).map_or(2, |(decimals, _)| *decimals)
}

/// The largest number of minor units: the last whole number behind which a double still tells each from the next.
pub const LARGEST_MINOR: u64 = 9_007_199_254_740_991;

/// Why something is no amount of a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoneyError {
    /// The currency is not three letters.
    Currency,
    /// It is no decimal number: not finite, not a number, or text that JSON does not take for one.
    Number,
    /// It is below 0.
    Negative,
    /// It is above 1e12 major units, or above [`LARGEST_MINOR`] minor units.
    TooLarge,
    /// It has more digits behind the point than the currency, which has so many.
    Decimals(u8),
    /// It is given in minor units, of which there are no parts.
    Minor,
    /// Major and minor units are both given and are not the same amount.
    Contradiction,
}

impl MoneyError {
    /// The same of an amount whose currency is known: that says how many digits there may be.
    pub(super) fn of(self, currency: Currency) -> Self {
        if let Self::Decimals(_) = self {
            return Self::Decimals(currency.decimals());
        }
        self
    }

    /// What is wrong and what to give instead, as the rest of a sentence behind the field's name.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Currency => "must be a currency of three letters, such as USD",
            Self::Number => "must be a decimal number, such as 10.5, or the same as text",
            Self::Negative => "must not be below 0",
            Self::TooLarge => "must not be above 1000000000000",
            Self::Decimals(0) => "must be a whole number: its currency has no digits behind the point",
            Self::Decimals(3) => "must have at most three digits behind the point, as its currency",
            Self::Decimals(4) => "must have at most four digits behind the point, as its currency",
            Self::Decimals(_) => "must have at most two digits behind the point, as its currency",
            Self::Minor => "must be a whole number of minor units, such as 1050 for 10.50 USD; or give major",
            Self::Contradiction => "must be the same in major and in minor units; give one of them",
        }
    }
}

impl std::fmt::Display for MoneyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.message())
    }
}

impl std::error::Error for MoneyError {}

/// A currency: three letters, upper case whatever case they came in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Reads a currency; HighLevel writes `usd` in the props of the checkout and `USD` elsewhere.
    pub fn read(text: &str) -> Result<Self, MoneyError> {
        match *text.as_bytes() {
            [a, b, c] if [a, b, c].iter().all(u8::is_ascii_alphabetic) => {
                Ok(Self([a.to_ascii_uppercase(), b.to_ascii_uppercase(), c.to_ascii_uppercase()]))
            }
            _ => Err(MoneyError::Currency),
        }
    }

    /// Its three letters, upper case.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// How many decimals its amounts have: 0, 2, 3 or 4.
    pub fn decimals(&self) -> u8 {
        decimals(self.as_str())
    }

    /// How many ten-thousandths of a major unit a minor unit is.
    fn minor(self) -> u64 {
        match self.decimals() {
            0 => 10_000,
            2 => 100,
            3 => 10,
            _ => 1,
        }
    }
}

impl std::fmt::Debug for Currency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// In which unit an amount stands where HighLevel's texts disagree, so that whoever writes it says which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// 10.50 is `10.5`.
    Major,
    /// 10.50 is `1050`.
    Minor,
}

/// An amount of money from 0, exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    /// In minor units: cents of a dollar, whole yen; at most [`LARGEST_MINOR`].
    pub minor: u64,
    /// Its currency.
    pub currency: Currency,
}

impl Amount {
    /// An amount of minor units.
    pub fn of_minor(minor: u64, currency: Currency) -> Result<Self, MoneyError> {
        if minor > LARGEST_MINOR || minor > LARGEST / currency.minor() {
            return Err(MoneyError::TooLarge);
        }
        Ok(Self { minor, currency })
    }

    /// An amount of major units, as a decimal number in JSON is written: `10.5`, `80.00`, `1e3`.
    ///
    /// The noise of binary fractions is taken off, as everywhere in this crate: 0.30000000000000004, which is what 0.1 + 0.2
    /// gives in JavaScript, is 0.3. What is less than 1e-9 of the number away from four decimals is meant as those.
    pub fn of_major(number: &str, currency: Currency) -> Result<Self, MoneyError> {
        let parts = ten_thousandths(number).map_err(|error| error.of(currency))?;
        let unit = currency.minor();
        if parts % unit != 0 {
            return Err(MoneyError::Decimals(currency.decimals()));
        }
        Self::of_minor(parts / unit, currency)
    }

    /// The amount in major units, as a plain decimal number with as many digits as it needs: `10.5` for 1050 cents.
    pub fn major(&self) -> String {
        let mut out = String::new();
        push_amount(&mut out, self.minor * self.currency.minor());
        out
    }

    /// What `{"major": 10.5, "currency": "USD"}`, `{"minor": 1050, "currency": "USD"}` or both together say; `major` is a number, or
    /// the same as text. `amount` is JSON that was checked before.
    ///
    /// # Errors
    /// Which field is wrong (`.major`, `.minor`, `.currency`, or the whole), and how.
    pub fn read(amount: &[u8]) -> Result<Self, (&'static str, MoneyError)> {
        let currency = Currency::read(&text_field(amount, "currency")).map_err(|error| (".currency", error))?;
        let (major, minor) = (field(amount, "major"), field(amount, "minor"));
        let text = json_text(major);
        let major = text.as_deref().or_else(|| core::str::from_utf8(major).ok()).unwrap_or_default();
        if minor.is_empty() {
            return Self::of_major(major, currency).map_err(|error| (".major", error));
        }
        let number = if is_unquoted(&Kind::Number, minor) { Ok(()) } else { Err(MoneyError::Number) };
        let whole = number.and_then(|()| match minor.first() {
            Some(b'-') if !is_zero(minor) => Err(MoneyError::Negative),
            _ if !is_whole(minor) => Err(MoneyError::Minor),
            _ => Self::of_minor(rounded_up(minor), currency),
        });
        let amount = whole.map_err(|error| (".minor", error))?;
        if !major.is_empty() && Self::of_major(major, currency).map_err(|error| (".major", error))? != amount {
            return Err(("", MoneyError::Contradiction));
        }
        Ok(amount)
    }

    /// The number that stands for it in a unit.
    pub fn in_unit(&self, unit: Unit) -> String {
        if unit == Unit::Major {
            return self.major();
        }
        let mut out = String::new();
        push_decimal(&mut out, self.minor);
        out
    }

    /// `{"major":10.5,"minor":1050,"currency":"USD"}`.
    pub fn json(&self) -> String {
        let mut out = String::from("{\"major\":");
        put(&mut out, &self.major());
        put(&mut out, ",\"minor\":");
        push_decimal(&mut out, self.minor);
        put(&mut out, ",\"currency\":\"");
        put(&mut out, self.currency.as_str());
        put(&mut out, "\"}");
        out
    }
}

/// The largest amount, 1e12 major units, in ten-thousandths.
const LARGEST: u64 = 10_000_000_000_000_000;

/// A decimal number in ten-thousandths, which all currencies have: what does not need to know the currency counts in them.
pub(super) fn ten_thousandths(number: &str) -> Result<u64, MoneyError> {
    let bytes = number.as_bytes();
    if !is_unquoted(&Kind::Number, bytes) {
        return Err(MoneyError::Number);
    }
    if is_zero(bytes) {
        return Ok(0);
    }
    if bytes.first() == Some(&b'-') {
        return Err(MoneyError::Negative);
    }
    amount(bytes).map_err(|no| match no {
        NoAmount::Range => MoneyError::TooLarge,
        NoAmount::Decimals => MoneyError::Decimals(4),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;

    fn minor(number: &str, currency: &str) -> Result<u64, MoneyError> {
        Amount::of_major(number, Currency::read(currency)?).map(|amount| amount.minor)
    }

    #[test]
    fn major_units_become_minor_ones_by_the_currencys_own_digits() {
        for (number, currency, expected) in [
            ("10.5", "USD", 1050),
            ("19.99", "usd", 1999),
            ("80.00", "EUR", 8000),
            ("1", "Usd", 100),
            ("0", "USD", 0),
            ("-0.00", "USD", 0),
            ("0e9", "USD", 0),
            ("0.30000000000000004", "USD", 30),
            ("1e3", "JPY", 1000),
            ("1050", "jpy", 1050),
            ("10.5", "KWD", 10_500),
            ("10.505", "TND", 10_505),
            ("1.2345", "CLF", 12_345),
            ("4.35", "USD", 435),
            ("1.005", "BHD", 1005),
            ("999999999999.99", "USD", 99_999_999_999_999),
            ("1000000000000", "USD", 100_000_000_000_000),
            ("12.34", "XXZ", 1234),
        ] {
            assert_eq!(minor(number, currency), Ok(expected), "{number} {currency}");
        }
    }

    #[test]
    fn what_is_no_amount_of_the_currency_says_why() {
        for (number, currency, error) in [
            ("10.505", "USD", MoneyError::Decimals(2)),
            ("10.5", "JPY", MoneyError::Decimals(0)),
            ("1.0001", "KWD", MoneyError::Decimals(3)),
            ("1.00001", "CLF", MoneyError::Decimals(4)),
            ("1.00001", "USD", MoneyError::Decimals(2)),
            ("1e-7", "USD", MoneyError::Decimals(2)),
            ("1e-7", "JPY", MoneyError::Decimals(0)),
            ("0.00001", "KWD", MoneyError::Decimals(3)),
            ("1e-7", "UYW", MoneyError::Decimals(4)),
            ("-1", "USD", MoneyError::Negative),
            ("-1e400", "USD", MoneyError::Number),
            ("1e400", "USD", MoneyError::Number),
            ("NaN", "USD", MoneyError::Number),
            ("Infinity", "USD", MoneyError::Number),
            ("", "USD", MoneyError::Number),
            (" 1", "USD", MoneyError::Number),
            ("1 ", "USD", MoneyError::Number),
            ("1,000.00", "USD", MoneyError::Number),
            ("1.", "USD", MoneyError::Number),
            (".5", "USD", MoneyError::Number),
            ("+1", "USD", MoneyError::Number),
            ("0x10", "USD", MoneyError::Number),
            ("1000000000000.01", "USD", MoneyError::TooLarge),
            ("1000000000000", "CLF", MoneyError::TooLarge),
            ("1", "US", MoneyError::Currency),
            ("1", "US1", MoneyError::Currency),
            ("1", "\u{20ac}", MoneyError::Currency),
            ("1", "", MoneyError::Currency),
        ] {
            assert_eq!(minor(number, currency), Err(error), "{number} {currency}");
        }
    }

    #[test]
    fn minor_units_and_back_are_the_same_amount() {
        for (currency, unit) in [("USD", 100.0), ("JPY", 1.0), ("OMR", 1000.0), ("UYW", 10_000.0)] {
            let currency = Currency::read(currency).unwrap();
            let mut chance = Chance(1);
            for round in 0..20_000 {
                let largest = (LARGEST / currency.minor()).min(LARGEST_MINOR);
                let minor = if round < 2000 { round } else { chance.below(largest) };
                let amount = Amount::of_minor(minor, currency).unwrap();
                assert_eq!(Amount::of_major(&amount.major(), currency), Ok(amount), "{}", amount.major());
                if minor < 1 << 40 {
                    // As a double writes it, which is what JSON.stringify does with a provider's number.
                    let written = format!("{}", minor as f64 / unit);
                    assert_eq!(Amount::of_major(&written, currency), Ok(amount), "{written}");
                    assert_eq!(written, amount.major());
                }
            }
        }
        let dollar = Currency::read("USD").unwrap();
        assert_eq!(Amount::of_minor(LARGEST_MINOR, dollar), Err(MoneyError::TooLarge));
        assert_eq!(Amount::of_minor(u64::MAX, dollar), Err(MoneyError::TooLarge));
        assert_eq!(Amount::of_minor(5, dollar).unwrap().major(), "0.05");
    }

    #[test]
    fn an_amount_may_be_given_in_either_unit() {
        let read = |json: &str| Amount::read(json.as_bytes()).map(|amount| amount.json());
        let ten = r#"{"major":10.5,"minor":1050,"currency":"USD"}"#;
        for given in [
            ten,
            r#"{"minor":1050,"currency":"usd"}"#,
            r#"{"major":10.5,"currency":"USD"}"#,
            r#"{"major":"10.50","currency":"USD"}"#,
            r#"{"currency":"USD","minor":1.05e3}"#,
        ] {
            assert_eq!(read(given).as_deref(), Ok(ten), "{given}");
        }
        for (given, error) in [
            (r#"{"minor":1050}"#, (".currency", MoneyError::Currency)),
            (r#"{"currency":"USD"}"#, (".major", MoneyError::Number)),
            (r#"{"minor":10.5,"currency":"USD"}"#, (".minor", MoneyError::Minor)),
            (r#"{"minor":10.5,"currency":"KWD"}"#, (".minor", MoneyError::Minor)),
            (r#"{"minor":-1,"currency":"USD"}"#, (".minor", MoneyError::Negative)),
            (r#"{"minor":"1050","currency":"USD"}"#, (".minor", MoneyError::Number)),
            (r#"{"minor":null,"currency":"USD"}"#, (".minor", MoneyError::Number)),
            (r#"{"minor":1e30,"currency":"USD"}"#, (".minor", MoneyError::TooLarge)),
            (r#"{"major":10.505,"currency":"USD"}"#, (".major", MoneyError::Decimals(2))),
            (r#"{"major":null,"currency":"USD"}"#, (".major", MoneyError::Number)),
            (r#"{"major":{},"currency":"USD"}"#, (".major", MoneyError::Number)),
            (r#"{"major":10.5,"minor":1051,"currency":"USD"}"#, ("", MoneyError::Contradiction)),
            ("5", (".currency", MoneyError::Currency)),
            ("[]", (".currency", MoneyError::Currency)),
        ] {
            assert_eq!(read(given), Err(error), "{given}");
        }
    }

    #[test]
    fn the_table_of_currencies_names_each_once() {
        let mut all: Vec<_> = DECIMALS.iter().flat_map(|(_, currencies)| currencies.iter()).collect();
        assert!(all.iter().all(|currency| Currency::read(currency).unwrap().as_str() == **currency));
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 26);
        for (currency, decimals) in [("USD", 2), ("EUR", 2), ("HUF", 2), ("MGA", 2), ("IQD", 3), ("KRW", 0)] {
            assert_eq!(Currency::read(currency).unwrap().decimals(), decimals, "{currency}");
        }
    }
}
