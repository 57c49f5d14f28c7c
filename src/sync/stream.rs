//! The lists that a sync reads.

/// A list of a location. Each is one operation of the ledger, newest records first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// `GET /payments/orders`
    Orders,
    /// `GET /payments/transactions`
    Transactions,
    /// `GET /payments/subscriptions`
    Subscriptions,
    /// `GET /payments/coupon/list`
    Coupons,
}

impl Stream {
    /// All of them, in the order in which they are read where nobody names another one.
    pub const ALL: [Self; 4] = [Self::Orders, Self::Transactions, Self::Subscriptions, Self::Coupons];

    /// The names of [`Self::ALL`].
    const NAMES: [&'static str; 4] = ["orders", "transactions", "subscriptions", "coupons"];

    /// Its place in [`Self::ALL`].
    pub(super) const fn index(self) -> usize {
        self as usize
    }

    /// Its name: that of the client's resource, of the table and of the folder of its files.
    pub const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// The list of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stream| stream.name() == name)
    }

    /// Whether its list takes `startAt`; one that does not is always read whole.
    pub const fn takes_start(self) -> bool {
        !matches!(self, Self::Coupons)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::ALL;

    #[test]
    fn the_ledger_says_which_lists_take_a_first_day() {
        for stream in Stream::ALL {
            let name = [stream.name(), ".list"].concat();
            let operation = ALL.iter().find(|operation| operation.name == name).expect("an operation");
            let takes =
                operation.query.is_some_and(|record| record.fields().into_iter().any(|field| field.name == "startAt"));
            assert_eq!(stream.takes_start(), takes, "{name}");
            assert_eq!(Stream::of(stream.name()), Some(stream));
        }
        assert_eq!(Stream::of("notes"), None);
    }
}
