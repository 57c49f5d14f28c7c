//! Subscriptions: payments that come again.

use super::{Json, OrderSource, SourceType};
use ghl_payments_derive::model;

/// A subscription as the subscription list delivers it.
///
/// HighLevel's schema name: `SubscriptionResponseSchema`.
#[model]
pub struct SubscriptionSummary {
    /// Id of the subscription at HighLevel: 24 hexadecimal characters.
    #[serde(rename = "_id")]
    pub id: String,
    /// The location that the subscription belongs to.
    pub alt_id: Option<String>,
    /// What `altId` names.
    #[shape(known("location"))]
    pub alt_type: Option<String>,
    /// The contact who subscribed: 20 characters.
    pub contact_id: Option<String>,
    /// Name of the contact.
    pub contact_name: Option<String>,
    /// E-mail address of the contact.
    pub contact_email: Option<String>,
    /// Currency of the amount, three letters (`USD`); compare without regard to case.
    pub currency: Option<String>,
    /// Amount of each payment, in major units.
    pub amount: Option<f64>,
    /// State of the subscription; HighLevel's schema says object, it is a text.
    #[shape(known("active", "trialing", "past_due", "unpaid", "incomplete", "incomplete_expired", "canceled"))]
    pub status: Option<String>,
    /// `true` for live money, `false` for the test mode.
    pub live_mode: Option<bool>,
    /// What was subscribed with.
    #[shape(known("order", "invoice"))]
    pub entity_type: Option<String>,
    /// Id of the order or invoice that was subscribed with.
    pub entity_id: Option<String>,
    /// Where that order or invoice came from.
    pub entity_source_type: Option<SourceType>,
    /// Name of the funnel, number of the invoice ...
    pub entity_source_name: Option<String>,
    /// Id of the funnel, invoice ...
    pub entity_source_id: Option<String>,
    /// Page and step of the source. Published without a schema.
    pub entity_source_meta: Option<Json>,
    /// The payment provider's id of the subscription.
    pub subscription_id: Option<String>,
    /// What the payment provider sent about the subscription, in the provider's own units and times. Published
    /// without a schema.
    #[shape(secret)]
    pub subscription_snapshot: Option<Json>,
    /// The payment provider.
    #[shape(known("stripe", "paypal", "nmi", "authorize-net", "manual"))]
    pub payment_provider_type: Option<String>,
    /// Id of the connected account at the payment provider.
    pub payment_provider_connected_account: Option<String>,
    /// IP address of the subscriber.
    #[shape(secret)]
    pub ip_address: Option<String>,
    /// When the subscription was created.
    #[shape(timestamp)]
    pub created_at: Option<String>,
    /// When the subscription was last changed.
    #[shape(timestamp)]
    pub updated_at: Option<String>,
    /// The user who created the subscription.
    pub created_by: Option<String>,
}

/// One page of subscriptions.
///
/// HighLevel's schema name: `ListSubscriptionResponseDto`.
#[model]
pub struct SubscriptionList {
    /// The subscriptions of this page.
    pub data: Vec<SubscriptionSummary>,
    /// How many subscriptions match in all.
    pub total_count: f64,
}

/// The rule by which a schedule repeats, after the recurrence rules of calendars.
///
/// HighLevel's schema name: `CustomRRuleOptionsDto`.
#[model]
pub struct RecurrenceRule {
    /// Unit of the interval.
    #[shape(known("yearly", "monthly", "weekly", "daily", "hourly", "minutely", "secondly"))]
    pub interval_type: Option<String>,
    /// How many units lie between two runs.
    pub interval: Option<f64>,
    /// First day, `YYYY-MM-DD`.
    pub start_date: Option<String>,
    /// Time of the first run, `HH:mm:ss`.
    pub start_time: Option<String>,
    /// Last day, `YYYY-MM-DD`.
    pub end_date: Option<String>,
    /// Time after which nothing runs on the last day, `HH:mm:ss`.
    pub end_time: Option<String>,
    /// Day of the month, 1 to 28; -1 is the last day.
    pub day_of_month: Option<f64>,
    /// Day of the week.
    #[shape(known("mo", "tu", "we", "th", "fr", "sa", "su"))]
    pub day_of_week: Option<String>,
    /// Which week of the month, 1 to 4; -1 is the last one.
    pub num_of_week: Option<f64>,
    /// Month of the year.
    #[shape(known("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"))]
    pub month_of_year: Option<String>,
    /// How often it runs at most.
    pub count: Option<f64>,
    /// How many days before the date it runs.
    pub days_before: Option<f64>,
}

/// When a subscription is charged.
///
/// HighLevel's schema name: `ScheduleOptionsDto`.
#[model]
pub struct Schedule {
    /// The one time at which it runs.
    #[shape(timestamp)]
    pub execute_at: Option<String>,
    /// The rule by which it repeats.
    pub rrule: Option<RecurrenceRule>,
}

/// A subscription.
///
/// HighLevel's schema name: `GetSubscriptionResponseSchema`.
#[model]
pub struct Subscription {
    /// Id of the subscription at HighLevel: 24 hexadecimal characters.
    #[serde(rename = "_id")]
    pub id: String,
    /// What `altId` names; HighLevel's schema says object, it is a text.
    #[shape(known("location"))]
    pub alt_type: Option<String>,
    /// The location that the subscription belongs to.
    pub alt_id: Option<String>,
    /// The contact who subscribed: 20 characters.
    pub contact_id: Option<String>,
    /// The contact as it was when the subscription began. Published without a schema.
    pub contact_snapshot: Option<Json>,
    /// The coupon of the subscription. Published without a schema; the fields of `Coupon` are known.
    pub coupon: Option<Json>,
    /// Currency of the amount, three letters (`USD`); compare without regard to case.
    pub currency: Option<String>,
    /// Amount of each payment, in major units.
    pub amount: Option<f64>,
    /// State of the subscription; HighLevel's schema says object, it is a text.
    #[shape(known("active", "trialing", "past_due", "unpaid", "incomplete", "incomplete_expired", "canceled"))]
    pub status: Option<String>,
    /// `true` for live money, `false` for the test mode.
    pub live_mode: Option<bool>,
    /// What was subscribed with.
    #[shape(known("order", "invoice"))]
    pub entity_type: Option<String>,
    /// Id of the order or invoice that was subscribed with.
    pub entity_id: Option<String>,
    /// Where that order or invoice came from.
    pub entity_source: Option<OrderSource>,
    /// The payment provider's id of the subscription.
    pub subscription_id: Option<String>,
    /// What the payment provider sent about the subscription, in the provider's own units and times. Published
    /// without a schema.
    #[shape(secret)]
    pub subscription_snapshot: Option<Json>,
    /// The payment provider and its connected account. Published without a schema.
    #[shape(secret)]
    pub payment_provider: Option<Json>,
    /// IP address of the subscriber.
    #[shape(secret)]
    pub ip_address: Option<String>,
    /// When the subscription was created.
    #[shape(timestamp)]
    pub created_at: Option<String>,
    /// When the subscription was last changed.
    #[shape(timestamp)]
    pub updated_at: Option<String>,
    /// Further data of the subscription. Published without a schema.
    pub meta: Option<Json>,
    /// `true` for a subscription that was marked as a test.
    pub mark_as_test: Option<bool>,
    /// When it is charged.
    pub schedule: Option<Schedule>,
    /// Customer and means of payment that are charged automatically. Published without a schema.
    #[shape(secret)]
    pub auto_payment: Option<Json>,
    /// The product that is charged repeatedly. Published without a schema; its `product._id` can differ from
    /// `productId` in `lineItemDetails`.
    pub recurring_product: Option<Json>,
    /// The line that the subscription stands on. Not in HighLevel's schema, seen in real answers.
    pub line_item_details: Option<Json>,
    /// When it was canceled.
    #[shape(timestamp)]
    pub canceled_at: Option<String>,
    /// The user who canceled it.
    pub canceled_by: Option<String>,
    /// HighLevel's trace id, for questions to its support.
    pub trace_id: Option<String>,
    /// The user who created the subscription.
    pub created_by: Option<String>,
}
