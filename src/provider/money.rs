//! Amounts of money: major units, as HighLevel sends them, and minor units, as gateways count.
