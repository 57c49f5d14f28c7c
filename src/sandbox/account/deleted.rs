//! Which records were deleted.

/// The kinds of records that have a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Orders.
    Orders,
    /// Transactions.
    Transactions,
    /// Subscriptions.
    Subscriptions,
    /// Coupons.
    Coupons,
}

/// The indexes of what was deleted. The rows stay, because ids and other rows lead to them by their place.
#[derive(Debug, Clone, Default)]
pub struct Deleted([Vec<usize>; 3]);

impl Deleted {
    fn of(&self, stream: Stream) -> &[usize] {
        self.0.get(stream as usize).map_or(&[], Vec::as_slice)
    }

    /// Whether a record was deleted.
    pub fn has(&self, stream: Stream, index: usize) -> bool {
        self.of(stream).binary_search(&index).is_ok()
    }

    /// Whether any record of a stream was deleted.
    pub fn any(&self, stream: Stream) -> bool {
        !self.of(stream).is_empty()
    }

    /// Notes a record as deleted.
    pub fn add(&mut self, stream: Stream, index: usize) {
        if let Some(list) = self.0.get_mut(stream as usize) {
            let at = list.partition_point(|other| *other < index);
            list.insert(at, index);
        }
    }
}
