//! What an operation does.

use crate::endpoint::{Operation, Safety};

/// Whether it changes something.
pub(super) fn writes(operation: &Operation) -> bool {
    operation.safety != Safety::Read
}
