//! What every operation is handed.

use crate::sandbox::account::state::Account;
use crate::sandbox::echo::Echo;
use crate::sandbox::http::check::{Query, Spec};
use crate::sandbox::http::refusal::Outcome;
use serde_json::{Map, Value};

/// One request on its way through an operation.
pub struct Call<'a> {
    /// The location that the token opens.
    pub account: &'a mut Account,
    /// The marketplace app that calls.
    pub app: &'a str,
    /// The time that its records see.
    pub now: i64,
    /// Where a payment that it records shows what was sent along.
    pub echo: Echo,
    /// Its trace id.
    pub trace: String,
    /// The id in the path.
    pub id: String,
    /// Its query, judged.
    pub query: Query,
    /// Its body, judged; empty where the operation takes none.
    pub body: Map<String, Value>,
}

/// Carries out an operation.
pub type Run = fn(&mut Call<'_>) -> Outcome;

/// An operation: the id that it has in the ledger, its parameters, and what carries it out.
pub type Handler = (&'static str, &'static Spec, Run);
