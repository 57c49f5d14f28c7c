//! Notes on orders.

use super::Json;

/// The notes of an order, delivered as they came: HighLevel publishes no schema for them.
pub type OrderNote = Json;
