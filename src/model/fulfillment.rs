//! Fulfillments: deliveries of the items of an order.

use super::{AltType, Price, Product};
use ghl_payments_derive::model;

/// How a delivery can be followed.
///
/// HighLevel's schema name: `FulfillmentTracking`, in answers.
#[model]
pub struct FulfillmentTracking {
    /// Number that the carrier gave to the parcel.
    pub tracking_number: Option<String>,
    /// Name of the carrier.
    pub shipping_carrier: Option<String>,
    /// Page on which the parcel can be followed.
    pub tracking_url: Option<String>,
}

/// An item that was delivered.
///
/// HighLevel's schema name: `FulfilledItem`.
#[model]
pub struct FulfilledItem {
    /// Id of the price that was delivered.
    #[serde(rename = "_id")]
    pub id: String,
    /// Name of the item.
    pub name: Option<String>,
    /// The product.
    pub product: Option<Product>,
    /// The price.
    pub price: Option<Price>,
    /// How many pieces this fulfillment delivers.
    pub qty: Option<f64>,
}

/// A delivery of some or all items of an order.
///
/// HighLevel's schema name: `FulfillmentSchema`.
#[model]
pub struct Fulfillment {
    /// The location that the order belongs to.
    pub alt_id: Option<String>,
    /// What `altId` names.
    #[shape(known("location"))]
    pub alt_type: Option<String>,
    /// How the delivery can be followed.
    pub trackings: Option<Vec<FulfillmentTracking>>,
    /// Id of the fulfillment: 24 hexadecimal characters.
    #[serde(rename = "_id")]
    pub id: String,
    /// What was delivered.
    pub items: Option<Vec<FulfilledItem>>,
    /// When the fulfillment was created.
    #[shape(timestamp)]
    pub created_at: Option<String>,
    /// When the fulfillment was last changed.
    #[shape(timestamp)]
    pub updated_at: Option<String>,
}

/// The fulfillments of an order.
///
/// HighLevel's schema name: `ListFulfillmentResponseDto`.
#[model]
pub struct FulfillmentList {
    /// `true` when the call succeeded.
    pub status: Option<bool>,
    /// The fulfillments.
    pub data: Vec<Fulfillment>,
}

/// The fulfillment that was created.
///
/// HighLevel's schema name: `CreateFulfillmentResponseDto`.
#[model]
pub struct FulfillmentCreated {
    /// `true` when the call succeeded.
    pub status: Option<bool>,
    /// The new fulfillment.
    pub data: Option<Fulfillment>,
}

/// How a delivery that is being reported can be followed.
///
/// HighLevel's schema name: `FulfillmentTracking`, in requests.
#[model(request, default)]
pub struct FulfillmentTrackingBody {
    /// Number that the carrier gave to the parcel.
    pub tracking_number: Option<String>,
    /// Name of the carrier.
    pub shipping_carrier: Option<String>,
    /// Page on which the parcel can be followed.
    pub tracking_url: Option<String>,
}

/// An item that is being delivered.
///
/// HighLevel's schema name: `FulfillmentItems`.
#[model(request)]
pub struct FulfillmentItemBody {
    /// Id of the price in the order's items.
    #[shape(id)]
    pub price_id: String,
    /// How many pieces are delivered: a whole number.
    pub qty: u32,
}

/// A delivery to report on an order.
///
/// HighLevel's schema name: `CreateFulfillmentDto`.
#[model(request)]
pub struct CreateFulfillmentBody {
    /// The location; the client's `locationId` when left out.
    #[shape(id)]
    pub alt_id: Option<String>,
    /// What `altId` names; `"location"` when left out.
    pub alt_type: Option<AltType>,
    /// How the delivery can be followed; an empty list when it cannot.
    pub trackings: Vec<FulfillmentTrackingBody>,
    /// What is delivered: at least one item.
    #[shape(filled)]
    pub items: Vec<FulfillmentItemBody>,
    /// Whether HighLevel tells the customer.
    pub notify_customer: bool,
}
