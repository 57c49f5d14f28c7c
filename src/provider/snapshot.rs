//! What a provider says of a charge and of a subscription, in its answers to the queryUrl and in its pushes.

use ghl_payments_derive::model;

/// Up to it are the times of this protocol, in seconds; milliseconds are above it since 1973.
pub const LATEST_SECONDS: u64 = 100_000_000_000;

/// A charge as it is at the gateway.
///
/// All times are unix seconds. HighLevel prints `id` in answers to the queryUrl and leaves it out of pushes.
#[model(request)]
pub struct ChargeSnapshot {
    /// The gateway's id of the charge; in answers, where HighLevel prints it beside `chargeId`.
    #[shape(id)]
    pub id: Option<String>,
    /// State of the charge; `processing` is documented for the answer to `charge_payment` alone.
    #[shape(id, known("succeeded", "failed", "pending", "processing"))]
    pub status: String,
    /// What was charged, above 0. HighLevel's texts disagree about the unit: its examples show minor units for `verify` and
    /// for pushes, major units for `charge_payment` and `create_subscription`.
    #[shape(amount)]
    pub amount: f64,
    /// The gateway's id of the charge, as it was given to the checkout.
    #[shape(id)]
    pub charge_id: String,
    /// When it was charged, in unix seconds.
    #[shape(whole)]
    pub charged_at: f64,
    /// Currency, three letters. HighLevel's example of the answer to `create_subscription` has it, no other one.
    #[shape(id)]
    pub currency: Option<String>,
    /// When it was created, in unix seconds; as `currency`.
    #[shape(whole)]
    pub created_at: Option<f64>,
}

/// A subscription as it is at the gateway.
///
/// All times are unix seconds.
#[model(request)]
pub struct SubscriptionSnapshot {
    /// The gateway's id of the subscription.
    #[shape(id)]
    pub id: String,
    /// State of the subscription; `scheduled` and `incomplete` are documented for the answer to `create_subscription` alone,
    /// `pending` for all others.
    #[shape(id, known("trialing", "active", "expired", "canceled", "unpaid", "pending", "scheduled", "incomplete"))]
    pub status: String,
    /// When the trial ends, in unix seconds; 0 without a trial.
    #[shape(whole)]
    pub trial_end: Option<f64>,
    /// When it was created, in unix seconds.
    #[shape(whole)]
    pub created_at: Option<f64>,
    /// When it is charged next, in unix seconds; left out when it is charged no more.
    #[shape(whole)]
    pub next_charge: Option<f64>,
}
