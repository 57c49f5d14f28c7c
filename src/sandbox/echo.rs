//! Where a sandbox shows what the caller of `orders.recordPayment` sent along.

/// Where the `meta` and the `notes` of a recorded payment can be read again. Of HighLevel only the notes are known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Echo {
    /// `meta` in the single transaction, the notes in its `chargeSnapshot`.
    #[default]
    Meta,
    /// Both in `chargeSnapshot`, which lists show too.
    Snapshot,
    /// The notes in `chargeSnapshot`; `meta` nowhere.
    Notes,
    /// Neither.
    None,
}

impl Echo {
    /// The echo of this name.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "meta" => Some(Self::Meta),
            "snapshot" => Some(Self::Snapshot),
            "notes" => Some(Self::Notes),
            "none" => Some(Self::None),
            _ => None,
        }
    }
}
