//! What a provider tells HighLevel of its own accord.
//!
//! `POST https://backend.leadconnectorhq.com/payments/custom-provider/webhook`, which knows the sender by `apiKey` and
//! `locationId` in the body: no signature, no token. HighLevel's changelog speaks of further events that are documented
//! nowhere, so an event of any name may be pushed; of those in [`EVENTS`] it is known what they must carry.

use super::snapshot::{ChargeSnapshot, SubscriptionSnapshot};
use ghl_payments_derive::model;

/// Where pushes go.
pub const BASE_URL: &str = "https://backend.leadconnectorhq.com";

/// The path of the webhook below [`BASE_URL`].
pub const PATH: &str = "/payments/custom-provider/webhook";

/// A push, as it is sent.
///
/// Source: HighLevel's article "How to build a custom payments integration on the platform", section 11.
#[model(request)]
pub struct Push {
    /// What has happened: one of [`EVENTS`], or another name.
    #[shape(
        id,
        known(
            "payment.captured",
            "subscription.charged",
            "subscription.trialing",
            "subscription.active",
            "subscription.updated"
        )
    )]
    pub event: String,
    /// The location that the payment belongs to: 20 characters.
    #[shape(id)]
    pub location_id: String,
    /// The secret by which HighLevel knows the provider: that which was connected for the mode of the payment.
    #[shape(id, secret)]
    pub api_key: String,
    /// The gateway's id of the charge, as it was given to the checkout; of a trial without a charge, the id that was given there.
    #[shape(id)]
    pub charge_id: Option<String>,
    /// HighLevel's id of the transaction, as it came with the props or with `verify`.
    #[shape(id)]
    pub ghl_transaction_id: Option<String>,
    /// HighLevel's id of the subscription, as it came with the props, with `verify` or with `create_subscription`.
    #[shape(id)]
    pub ghl_subscription_id: Option<String>,
    /// Id of the marketplace app that is the provider.
    #[shape(id)]
    pub marketplace_app_id: Option<String>,
    /// The charge, by default with its amount in minor units.
    pub charge_snapshot: Option<ChargeSnapshot>,
    /// The subscription.
    pub subscription_snapshot: Option<SubscriptionSnapshot>,
}

/// An event whose fields are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PushEvent {
    /// Its name on the wire.
    pub name: &'static str,
    /// When it is sent.
    pub when: &'static str,
    /// What it must carry beside `event`, `locationId` and `apiKey`.
    pub mandatory: &'static [&'static str],
}

/// Declares the events, each once.
macro_rules! events {
    ($(#[doc = $doc:literal] $name:literal: $($field:literal)*;)*) => {
        /// The events whose fields are known.
        pub static EVENTS: &[PushEvent] = &[$(PushEvent {
            name: $name,
            when: $doc,
            mandatory: &[$($field),*],
        },)*];

        /// For `models.d.ts`: what each event must carry.
        #[cfg(all(feature = "npm", target_arch = "wasm32"))]
        #[allow(dead_code, reason = "what wasm-bindgen makes of it is not counted as a use")]
        pub(crate) const TYPESCRIPT: &str = concat!(
            "/** What a push of each event must carry, beside `event`, `locationId` and `apiKey`. */\n",
            "export interface PushFields {\n",
            $("    /**", $doc, " */\n    \"", $name, "\": never", $(" | \"", $field, "\"",)* ";\n",)*
            "}\n"
        );
    };
}

events! {
    /// A payment that `verify` left pending is final.
    "payment.captured": "chargeId" "ghlTransactionId" "chargeSnapshot";
    /// A subscription was charged: after every recurring charge, and after the first one too for a full history.
    "subscription.charged": "chargeId" "ghlSubscriptionId" "subscriptionSnapshot" "chargeSnapshot";
    /// A trial has begun without a charge.
    "subscription.trialing": "chargeId" "ghlTransactionId" "ghlSubscriptionId" "marketplaceAppId";
    /// The first charge of a subscription has succeeded.
    "subscription.active": "chargeId" "ghlTransactionId" "ghlSubscriptionId" "marketplaceAppId";
    /// The state of a subscription changed, also by its end (`canceled`, `expired`) or for want of money (`unpaid`).
    "subscription.updated": "ghlSubscriptionId" "subscriptionSnapshot";
}
