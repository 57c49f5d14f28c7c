//! What HighLevel's side remembers: checkouts, and queries that are on their way.

use crate::sandbox::checkout::fault::{Fault, Quirks};
use crate::sandbox::checkout::judge::Meaning;
use serde_json::{Map, Value};

/// Where a checkout stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The frame is there and has not said ready.
    Open,
    /// It has.
    Ready,
    /// It has said success, the provider's server is asked.
    Verifying,
    /// Paid, or the payment method is saved.
    Succeeded,
    /// The provider does not know yet, or has not answered.
    Pending,
    /// It did not work.
    Failed,
    /// The payer has left.
    Closed,
}

impl State {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Ready => "ready",
            Self::Verifying => "verifying",
            Self::Succeeded => "succeeded",
            Self::Pending => "pending",
            Self::Failed => "failed",
            Self::Closed => "closed",
        }
    }
}

/// A checkout.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// Index of its location.
    pub location: usize,
    /// Live money.
    pub live: bool,
    /// Index of its contact.
    pub contact: u32,
    /// Index of the order; none where a payment method is saved.
    pub order: Option<u32>,
    /// The id of the invoice that is paid instead of an order.
    pub invoice: Option<String>,
    /// Index of the pending transaction.
    pub transaction: Option<u32>,
    /// Index of the subscription that begins.
    pub subscription: Option<u32>,
    /// Where it stands.
    pub state: State,
    /// Until when it keeps payments of the order from being recorded by hand.
    pub lock: Option<i64>,
    /// How HighLevel behaves.
    pub quirks: Quirks,
    /// What is still to go wrong.
    pub faults: Vec<Fault>,
    /// The page.
    pub url: String,
    /// What the frame is to get.
    pub props: Map<String, Value>,
    /// The charge that the frame has named.
    pub charge: Option<String>,
    /// Whether the frame has said success.
    pub said: bool,
    /// How many ready messages came.
    pub readies: u32,
    /// How many verify calls are not answered yet.
    pub asked: u32,
    /// What the latest verify call said.
    pub heard: Option<Meaning>,
}

impl Session {
    /// Whether a payment method is saved.
    pub fn setup(&self) -> bool {
        self.order.is_none()
    }
}

/// What a query is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A charge of a checkout; early is before the frame has said success.
    Verify {
        /// Before the frame has said success.
        early: bool,
    },
    /// The payment methods of a contact.
    Methods,
    /// The same, after a checkout has saved one.
    Saved,
    /// A charge of a saved payment method: the transaction.
    Charge(u32),
    /// A subscription with a saved payment method: itself and its first transaction.
    Create(u32, u32),
    /// The end of a subscription.
    Cancel(u32),
    /// A transaction is paid back: minor units.
    Refund(u32, u32),
}

/// A query that is not answered yet.
#[derive(Debug, Clone)]
pub struct Query {
    /// Its number.
    pub number: u64,
    /// Index of the location.
    pub location: usize,
    /// What it is for.
    pub purpose: Purpose,
    /// Its body, without the key.
    pub body: Map<String, Value>,
    /// What goes wrong with it.
    pub fault: Option<Fault>,
    /// Whether its key is one with which the sandbox begins.
    pub seeded: bool,
    /// The checkout that it belongs to.
    pub checkout: Option<String>,
}
