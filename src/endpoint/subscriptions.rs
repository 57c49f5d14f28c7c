//! Subscriptions.

use super::operation::{endpoint, operations, record, AltQuery, Method, Operation, Safety};
use crate::model::{AltType, SourceType, Subscription, SubscriptionList};
use crate::shape::Shape;
use ghl_payments_derive::model;

operations! { ListSubscriptions, GetSubscription }

/// `GET /payments/subscriptions`
pub static LIST_SUBSCRIPTIONS: Operation = Operation {
    id: "list-subscriptions",
    name: "subscriptions.list",
    method: Method::Get,
    path: "/payments/subscriptions",
    scope: Some("payments/subscriptions.readonly"),
    safety: Safety::Read,
    query: record(ListSubscriptionsParams::KIND),
    body: None,
    answer: SubscriptionList::KIND,
};

/// Filters of the subscription list.
#[model(request, default)]
pub struct ListSubscriptionsParams {
    /// The location; the client's `locationId` when left out.
    #[shape(id)]
    pub alt_id: Option<String>,
    /// What `altId` names; `"location"` when left out.
    pub alt_type: Option<AltType>,
    /// Only subscriptions of this order or invoice.
    #[shape(id)]
    pub entity_id: Option<String>,
    /// Live money or test mode.
    #[shape(known("live", "test"))]
    pub payment_mode: Option<String>,
    /// First day, `YYYY-MM-DD`.
    #[shape(date)]
    pub start_at: Option<String>,
    /// Last day, `YYYY-MM-DD`.
    #[shape(date)]
    pub end_at: Option<String>,
    /// Only subscriptions from this kind of source.
    pub entity_source_type: Option<SourceType>,
    /// Text to look for in the name of the subscription.
    pub search: Option<String>,
    /// Only subscriptions of this contact.
    #[shape(id)]
    pub contact_id: Option<String>,
    /// Only the subscription with this id.
    #[shape(id)]
    pub id: Option<String>,
    /// How many subscriptions a page holds; HighLevel's default is 10, 100 is the most that is known to work.
    pub limit: Option<u32>,
    /// How many subscriptions to skip.
    pub offset: Option<u32>,
    /// Whether HighLevel counts the payments that each subscription has brought in.
    pub get_payments_collected_count: Option<bool>,
}

endpoint! {
    /// Lists subscriptions.
    ListSubscriptions { params: ListSubscriptionsParams } LIST_SUBSCRIPTIONS -> SubscriptionList
}

/// `GET /payments/subscriptions/{subscriptionId}`
pub static GET_SUBSCRIPTION: Operation = Operation {
    id: "get-subscription-by-id",
    name: "subscriptions.get",
    method: Method::Get,
    path: "/payments/subscriptions/{subscriptionId}",
    scope: Some("payments/subscriptions.readonly"),
    safety: Safety::Read,
    query: record(AltQuery::KIND),
    body: None,
    answer: Subscription::KIND,
};

endpoint! {
    /// Reads one subscription by HighLevel's id (`_id`), not the payment provider's.
    GetSubscription { subscription_id } GET_SUBSCRIPTION -> Subscription
}
