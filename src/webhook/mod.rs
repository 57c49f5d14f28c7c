//! Webhooks: what HighLevel sends to an app, and whether it is from HighLevel.
//!
//! Nothing here does I/O, reads a clock or verifies: [`signature`] says which signature of a request counts, [`Key`] which
//! public keys may be trusted, [`Delivery`] what the body says. The signature itself is checked by the caller, with the
//! runtime's own cryptography, over the raw bytes of the body and before [`Delivery::read`] is asked.
//!
//! Sources: HighLevel's [webhook guide](https://marketplace.gohighlevel.com/docs/webhook/WebhookIntegrationGuide) and the
//! examples of its documentation of each event; where real deliveries differ from them, both are taken.

mod base64;
mod delivery;
mod event;
mod key;
mod nearest;
mod refusal;
mod signature;

pub use delivery::Delivery;
pub use event::{
    AppTrial, ContactSnapshot, Event, InstallEvent, InvoiceAddress, InvoiceBusiness, InvoiceContact, InvoiceDiscount,
    InvoiceEmail, InvoiceEvent, InvoiceItem, InvoiceTotals, OrderEvent, OrderEventItem, PlanChangeEvent, PriceEvent,
    ProductEvent, ProductMedia, TaxSummary, UninstallEvent, WebhookDelivery, WhitelabelDetails,
};
pub use key::{Key, HIGHLEVEL_ED25519, HIGHLEVEL_RSA};
pub use nearest::nearest;
pub use refusal::{Refusal, RefusalCode};
pub use signature::{signature, Algorithm, Signature};
