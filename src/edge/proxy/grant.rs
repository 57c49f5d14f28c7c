//! What somebody who asks may do.

use super::refusal::{Reason, Refusal};
use super::writes::writes;
use crate::core::{report, MAX_ID_LENGTH};
use crate::endpoint::{Operation, ALL, GET_ORDER, GET_TRANSACTION, LIST_TRANSACTIONS, RECORD_PAYMENT};
use crate::json::{field, items, joined, json_text, text_field};
use crate::shape::{is_id, Issue, NO_ID};

/// The operation of a name.
#[inline(never)]
pub(crate) fn named_so(name: &str) -> Option<&'static Operation> {
    ALL.iter().copied().find(|operation| operation.name == name)
}

/// What the client's method of several requests sends.
const RECORD_PAYMENT_ONCE: [&Operation; 4] = [&RECORD_PAYMENT, &GET_ORDER, &LIST_TRANSACTIONS, &GET_TRANSACTION];

/// The operations of a grant.
#[derive(Clone)]
pub enum Granted {
    /// All that change nothing; keys of payment providers are masked in their answers.
    Read,
    /// These.
    Named(Vec<&'static Operation>),
}

impl std::fmt::Debug for Granted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Read => f.write_str("Read"),
            Self::Named(named) => f.debug_list().entries(named.iter().map(|operation| operation.name)).finish(),
        }
    }
}

/// A location, and what may be done in it.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The location: every request is about it, whatever its caller writes.
    pub location_id: String,
    /// The operations.
    pub operations: Granted,
}

impl Grant {
    /// Reads `{"locationId": ..., "operations": "read" | ["orders.get", ...]}`; `"read"` when left out. An operation that there
    /// is not is an issue, as is anything else that cannot be understood: nothing is granted then. `orders.recordPaymentOnce`
    /// stands for the operations of which it is made.
    pub fn read(json: &str) -> Result<Self, Vec<Issue>> {
        let json = json.as_bytes();
        let mut issues = Vec::new();
        let location_id = text_field(json, "locationId");
        let problem = if is_id(&location_id) && location_id.len() <= MAX_ID_LENGTH { "" } else { NO_ID };
        report(&mut issues, "locationId", problem);
        let given = field(json, "operations");
        let operations = if matches!(given, b"" | b"\"read\"") {
            Granted::Read
        } else {
            if given.first() != Some(&b'[') {
                report(&mut issues, "operations", "must be \"read\" or a list of operations, such as [\"orders.get\"]");
            }
            let mut named = Vec::new();
            for (_, item) in items(given) {
                let name = json_text(item).unwrap_or_default();
                match named_so(&name) {
                    Some(operation) => named.push(operation),
                    None if name == "orders.recordPaymentOnce" => named.extend(RECORD_PAYMENT_ONCE),
                    None => issues.push(Issue::new("operations", &joined(&["names no operation: \"", &name, "\""]))),
                }
            }
            Granted::Named(named)
        };
        if issues.is_empty() {
            Ok(Self { location_id, operations })
        } else {
            Err(issues)
        }
    }

    /// Whether answers show the keys of payment providers: who may read need not learn by which HighLevel knows the provider.
    pub fn shows_keys(&self) -> bool {
        matches!(self.operations, Granted::Named(_))
    }

    /// Refuses an operation that it does not hold.
    pub fn permits(&self, operation: &'static Operation) -> Result<(), Refusal> {
        let permitted = match &self.operations {
            Granted::Read => !writes(operation),
            Granted::Named(named) => named.iter().any(|one| std::ptr::eq(*one, operation)),
        };
        if permitted {
            Ok(())
        } else {
            Err(Reason::NotGranted.into())
        }
    }
}
