//! Amounts: minor units inside, major units at the API.

use crate::json::joined;
use crate::sandbox::text::digits;

/// Minor units as text: `59.50`.
pub fn decimal(minor: u32) -> String {
    joined(&[&digits((minor / 100).into(), 1), ".", &digits((minor % 100).into(), 2)])
}

/// Minor units as the API writes amounts.
pub fn major(minor: u32) -> f64 {
    f64::from(minor) / 100.0
}

/// Whether a number is money: above 0, up to 1e12, with at most four decimals.
pub fn is_money(major: f64) -> bool {
    major > 0.0 && major <= 1e12 && (major * 1e4).round() / 1e4 == major
}

/// An amount of the API in minor units.
pub fn minor(major: f64) -> f64 {
    (major * 100.0).round()
}
