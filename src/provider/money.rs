//! Amounts of money: major units, as HighLevel sends them, and minor units, as gateways count.

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

#[cfg(test)]
mod tests {
    use super::decimals;

    #[test]
    fn a_currency_has_its_own_decimals_however_it_is_written() {
        for (currency, expected) in
            [("USD", 2), ("usd", 2), ("JPY", 0), ("jpy", 0), ("Kwd", 3), ("CLF", 4), ("XYZ", 2), ("", 2)]
        {
            assert_eq!(decimals(currency), expected, "{currency}");
        }
    }
}
