//! What HighLevel's server asks of a provider's queryUrl, and what a provider answers.
//!
//! HighLevel sends a `POST` with a JSON object whose `type` names the [`Action`] and whose `apiKey` is the secret that was
//! connected for one mode of one location: nothing else says who asks. Amounts in requests are **major units** (`10.5` is
//! 10.50); times in snapshots are **unix seconds**. Source: HighLevel's article "How to build a custom payments integration on
//! the platform" (155000002620), sections 8 to 10; where its editions differ, both forms are read.

mod answer;
mod ledger;
mod read;
mod refusal;

pub use answer::{
    answer, not_supported, unit_of, Answer, ChargeDetails, Ended, PaymentDetails, RefundDetails, SubscriptionDetails,
};
pub use ledger::{begin, end, find, pointer, row_id, set, transaction_row, After, Begin, End, Found};
pub use read::Query;
pub use refusal::{Refusal, RefusalCode};

use super::snapshot::{ChargeSnapshot, SubscriptionSnapshot};
use crate::shape::{Kind, Shape};
use ghl_payments_derive::model;

/// What HighLevel may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Whether a charge that the checkout reported is paid.
    Verify,
    /// Which payment methods a contact has saved.
    ListPaymentMethods,
    /// To charge a saved payment method.
    ChargePayment,
    /// To start a subscription with a saved payment method.
    CreateSubscription,
    /// To end a subscription.
    CancelSubscription,
    /// To give back a charge, or a part of it.
    Refund,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Verify,
        Self::ListPaymentMethods,
        Self::ChargePayment,
        Self::CreateSubscription,
        Self::CancelSubscription,
        Self::Refund,
    ];

    /// The `type` of its request. `verify_payment`, `charge_payment_method` and `refund_payment`, which third-party guides
    /// name, do not exist.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::ListPaymentMethods => "list_payment_methods",
            Self::ChargePayment => "charge_payment",
            Self::CreateSubscription => "create_subscription",
            Self::CancelSubscription => "cancel_subscription",
            Self::Refund => "refund",
        }
    }

    /// The action that a `type` names.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }

    /// The shape of its request.
    pub fn request(self) -> &'static Kind {
        match self {
            Self::Verify => &VerifyRequest::KIND,
            Self::ListPaymentMethods => &ListPaymentMethodsRequest::KIND,
            Self::ChargePayment => &ChargePaymentRequest::KIND,
            Self::CreateSubscription => &CreateSubscriptionRequest::KIND,
            Self::CancelSubscription => &CancelSubscriptionRequest::KIND,
            Self::Refund => &RefundRequest::KIND,
        }
    }

    /// The shape of its answer.
    pub fn response(self) -> &'static Kind {
        match self {
            Self::Verify => &VerifyResponse::KIND,
            Self::ListPaymentMethods => &<Vec<PaymentMethod>>::KIND,
            Self::ChargePayment => &ChargePaymentResponse::KIND,
            Self::CreateSubscription => &CreateSubscriptionResponse::KIND,
            Self::CancelSubscription => &CancelSubscriptionResponse::KIND,
            Self::Refund => &RefundResponse::KIND,
        }
    }
}

/// The checkout has reported a charge, or a trial: is it true? Asked more than once.
#[model]
pub struct VerifyRequest {
    /// `verify`.
    #[serde(rename = "type")]
    #[shape(ts("\"verify\""))]
    pub kind: String,
    /// The secret that was connected for the mode of the payment.
    #[shape(secret)]
    pub api_key: String,
    /// HighLevel's transaction. After a retry it may be another one than the page knew: look up by `chargeId` first.
    pub transaction_id: String,
    /// What the page reported: the gateway's id of the charge.
    pub charge_id: String,
    /// HighLevel's subscription; absent or empty where this is none.
    pub subscription_id: Option<String>,
}

/// Which payment methods has a contact saved?
#[model]
pub struct ListPaymentMethodsRequest {
    /// `list_payment_methods`.
    #[serde(rename = "type")]
    #[shape(ts("\"list_payment_methods\""))]
    pub kind: String,
    /// The secret that was connected for the mode.
    #[shape(secret)]
    pub api_key: String,
    /// The location: 20 characters.
    pub location_id: String,
    /// The contact: 20 characters.
    pub contact_id: String,
}

/// Charge a saved payment method, the payer being absent.
#[model]
pub struct ChargePaymentRequest {
    /// `charge_payment`.
    #[serde(rename = "type")]
    #[shape(ts("\"charge_payment\""))]
    pub kind: String,
    /// The secret that was connected for the mode.
    #[shape(secret)]
    pub api_key: String,
    /// One of those that `list_payment_methods` gave.
    #[shape(secret)]
    pub payment_method_id: String,
    /// The contact: 20 characters.
    pub contact_id: String,
    /// HighLevel's transaction.
    pub transaction_id: String,
    /// What is to be charged, in major units: `10.5` is 10.50.
    pub amount: f64,
    /// Currency, three letters; compare without regard to case.
    pub currency: String,
    /// What the charge is for, such as `Invoice - 1`.
    pub charge_description: Option<String>,
}

/// How often a price is charged.
#[model]
pub struct SubscriptionInterval {
    /// Unit of the interval.
    #[shape(known("day", "week", "month", "year"))]
    pub interval: Option<String>,
    /// How many units lie between two charges.
    pub interval_count: Option<f64>,
}

/// A price of a product that is subscribed to, its amounts in major units.
#[model]
pub struct SubscriptionPrice {
    /// Id of the price.
    #[serde(rename = "_id")]
    pub id: Option<String>,
    /// Name of the price.
    pub name: Option<String>,
    /// Whether it is paid once or again and again.
    #[serde(rename = "type")]
    #[shape(known("recurring", "onetime", "one_time", "monthly"))]
    pub kind: Option<String>,
    /// Currency, three letters; compare without regard to case.
    pub currency: Option<String>,
    /// What one piece costs, in major units.
    pub amount: Option<f64>,
    /// What it cost before, in major units.
    pub compare_at_price: Option<f64>,
    /// What the start costs, in major units.
    pub setup_fee: Option<f64>,
    /// How often it is charged.
    pub recurring: Option<SubscriptionInterval>,
    /// How many days it is free at first.
    pub trial_period: Option<f64>,
    /// After how many charges it ends; absent or 0 where it does not.
    pub total_cycles: Option<f64>,
}

/// A product that is subscribed to. In practice it comes without recurring data, or as `{}`.
#[model]
pub struct SubscriptionProduct {
    /// Id of the line.
    #[serde(rename = "_id")]
    pub id: Option<String>,
    /// Name of the product.
    pub name: Option<String>,
    /// How many pieces.
    pub qty: Option<f64>,
    /// The product.
    pub product_id: Option<String>,
    /// The price.
    pub price_id: Option<String>,
    /// Its prices.
    pub prices: Option<Vec<SubscriptionPrice>>,
}

/// Start a subscription with a saved payment method. There is no verify afterwards: the answer decides.
#[model]
pub struct CreateSubscriptionRequest {
    /// `create_subscription`.
    #[serde(rename = "type")]
    #[shape(ts("\"create_subscription\""))]
    pub kind: String,
    /// The secret that was connected for the mode.
    #[shape(secret)]
    pub api_key: String,
    /// The location: 20 characters.
    pub location_id: String,
    /// The contact: 20 characters.
    pub contact_id: String,
    /// One of those that `list_payment_methods` gave.
    #[shape(secret)]
    pub payment_method_id: String,
    /// HighLevel's subscription.
    pub subscription_id: String,
    /// HighLevel's transaction.
    pub transaction_id: String,
    /// When it begins, `YYYY-MM-DD`.
    #[shape(date)]
    pub start_date: String,
    /// Currency, three letters; compare without regard to case.
    pub currency: String,
    /// What is due at the start, in major units; 0 where nothing is.
    pub amount: f64,
    /// What is due each time, in major units: a number, or text such as `80.00`.
    pub recurring_amount: f64,
    /// Whether it begins later than today. Since December 2025.
    pub is_schedule: Option<bool>,
    /// What is subscribed to.
    #[shape(one_or_list)]
    pub product_details: Option<Vec<SubscriptionProduct>>,
}

/// End a subscription. Since December 2025.
#[model]
pub struct CancelSubscriptionRequest {
    /// `cancel_subscription`.
    #[serde(rename = "type")]
    #[shape(ts("\"cancel_subscription\""))]
    pub kind: String,
    /// The secret that was connected for the mode.
    #[shape(secret)]
    pub api_key: String,
    /// HighLevel's subscription.
    pub subscription_id: String,
}

/// Give back a charge, or a part of it; more than once, up to what was charged.
#[model]
pub struct RefundRequest {
    /// `refund`.
    #[serde(rename = "type")]
    #[shape(ts("\"refund\""))]
    pub kind: String,
    /// The secret that was connected for the mode. The edition of August 2025 has none.
    #[shape(secret)]
    pub api_key: Option<String>,
    /// HighLevel's transaction.
    pub transaction_id: String,
    /// The gateway's id of the charge. The edition of August 2025 has none.
    pub charge_id: Option<String>,
    /// What is to be given back, in major units. Its currency is that of the charge.
    pub amount: f64,
}

/// Whether a charge is paid: `success: true` is paid, `failed: true` is not, neither is pending until `payment.captured` is
/// pushed. Of a subscription the two fields about it are needed, otherwise it stays incomplete.
#[model(request, default)]
pub struct VerifyResponse {
    /// Whether it is paid, or a trial has begun.
    pub success: Option<bool>,
    /// Whether it has failed for good; never together with `success`.
    pub failed: Option<bool>,
    /// For people.
    pub message: Option<String>,
    /// The charge, by default with its amount in minor units; absent where a trial begins without one.
    pub charge_snapshot: Option<ChargeSnapshot>,
    /// State of the subscription.
    #[shape(known("active", "trialing"))]
    pub subscription_status: Option<String>,
    /// The subscription.
    pub subscription_snapshot: Option<SubscriptionSnapshot>,
}

/// A saved payment method, as a merchant sees it.
#[model(request)]
pub struct PaymentMethod {
    /// Its id, which comes back to be charged.
    #[shape(id)]
    pub id: String,
    /// What it is.
    #[serde(rename = "type")]
    #[shape(id, known("card", "us_bank_account"))]
    pub kind: String,
    /// What it is called, such as `Visa`: at most 20 characters.
    #[shape(id)]
    pub title: String,
    /// Which one it is, such as `**** **** **** 1111`.
    pub sub_title: String,
    /// When it expires, `MM/YY`; left out of what does not.
    pub expiry: Option<String>,
    /// The gateway's id of the payer.
    pub customer_id: Option<String>,
    /// Picture, an https URL that anyone can open.
    #[shape(https)]
    pub image_url: Option<String>,
}

/// What became of a charge.
#[model(request)]
pub struct ChargePaymentResponse {
    /// Whether it is paid.
    pub success: bool,
    /// Whether it has failed for good; with neither it is pending.
    pub failed: bool,
    /// The gateway's id of the charge.
    #[shape(id)]
    pub charge_id: Option<String>,
    /// For people.
    pub message: Option<String>,
    /// The charge, by default with its amount in major units.
    pub charge_snapshot: Option<ChargeSnapshot>,
}

/// What was charged when a subscription began.
#[model(request)]
pub struct SubscriptionTransaction {
    /// The gateway's id of the charge.
    #[shape(id)]
    pub charge_id: String,
    /// The charge, by default with its amount in major units.
    pub charge_snapshot: ChargeSnapshot,
}

/// A subscription that has begun.
#[model(request)]
pub struct StartedSubscription {
    /// The gateway's id of the subscription.
    #[shape(id)]
    pub subscription_id: String,
    /// The subscription.
    pub subscription_snapshot: SubscriptionSnapshot,
}

/// What became of a subscription.
#[model(request)]
pub struct CreateSubscriptionResponse {
    /// Whether it has begun, or will at its start date.
    pub success: bool,
    /// Whether it has failed for good.
    pub failed: bool,
    /// For people.
    pub message: Option<String>,
    /// What was charged at once; left out where nothing was.
    pub transaction: Option<SubscriptionTransaction>,
    /// The subscription.
    pub subscription: Option<StartedSubscription>,
}

/// A subscription has ended. How a failure is answered is not documented: only this text with a status of 2xx says that it has.
#[model(request)]
pub struct CancelSubscriptionResponse {
    /// `canceled`.
    #[shape(ts("\"canceled\""))]
    pub status: String,
}

/// What became of a refund.
#[model(request)]
pub struct RefundResponse {
    /// Whether it was made.
    pub success: bool,
    /// For people.
    pub message: Option<String>,
    /// The gateway's id of the refund.
    #[shape(id)]
    pub id: Option<String>,
    /// What was given back, in major units.
    #[shape(amount)]
    pub amount: Option<f64>,
    /// Its currency.
    #[shape(id)]
    pub currency: Option<String>,
}
