//! Why a delivery, or a key, is refused.

/// The class of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalCode {
    /// No signature, or "N/A" in its place.
    Unsigned,
    /// Only the legacy RSA signature, which was not allowed.
    LegacySignature,
    /// What stands in the header is no signature.
    MalformedSignature,
    /// The time of the delivery is to be checked, and it names none.
    MissingTimestamp,
    /// The delivery is older than allowed, or from the future.
    StaleTimestamp,
    /// The body is no JSON object.
    Unreadable,
    /// A public key that cannot be trusted or read.
    InvalidKey,
}

impl RefusalCode {
    /// The stable code, in snake case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unsigned => "unsigned",
            Self::LegacySignature => "legacy_signature",
            Self::MalformedSignature => "malformed_signature",
            Self::MissingTimestamp => "missing_timestamp",
            Self::StaleTimestamp => "stale_timestamp",
            Self::Unreadable => "unreadable",
            Self::InvalidKey => "invalid_key",
        }
    }
}

/// Why something is refused. It quotes neither body nor signature nor key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The class.
    pub code: RefusalCode,
    /// What is wrong and what to do, for people.
    pub message: &'static str,
}

impl Refusal {
    pub(super) const fn new(code: RefusalCode, message: &'static str) -> Self {
        Self { code, message }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.message)
    }
}

impl std::error::Error for Refusal {}
