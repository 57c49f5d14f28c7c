//! Orders, payments recorded on them, fulfillments and notes.

use super::operation::{endpoint, operations, record, AltQuery, Method, Operation, RecordQuery, Safety};
use crate::model::{
    AltType, CreateFulfillmentBody, FulfillmentCreated, FulfillmentList, Order, OrderList, OrderNote,
    OrderPaymentStatus, RecordPaymentBody, RecordPaymentResult,
};
use crate::shape::Shape;
use ghl_payments_derive::model;

operations! { ListOrders, GetOrder, RecordPayment, CreateFulfillment, ListFulfillments, ListNotes }

/// `GET /payments/orders`
pub static LIST_ORDERS: Operation = Operation {
    id: "list-orders",
    name: "orders.list",
    method: Method::Get,
    path: "/payments/orders",
    scope: Some("payments/orders.readonly"),
    safety: Safety::Read,
    query: record(ListOrdersParams::KIND),
    body: None,
    answer: OrderList::KIND,
};

/// Filters of the order list. Newest orders come first.
#[model(request, default)]
pub struct ListOrdersParams {
    /// The location; the client's `locationId` when left out.
    #[shape(id)]
    pub location_id: Option<String>,
    /// The location; the client's `locationId` when left out.
    #[shape(id)]
    pub alt_id: Option<String>,
    /// What `altId` names; `"location"` when left out.
    pub alt_type: Option<AltType>,
    /// State of the order, such as `completed` or `pending`.
    #[shape(known("completed", "pending"))]
    pub status: Option<String>,
    /// Whether the order is paid.
    pub payment_status: Option<OrderPaymentStatus>,
    /// Live money or test mode.
    #[shape(known("live", "test"))]
    pub payment_mode: Option<String>,
    /// First day, `YYYY-MM-DD`.
    #[shape(date)]
    pub start_at: Option<String>,
    /// Last day, `YYYY-MM-DD`.
    #[shape(date)]
    pub end_at: Option<String>,
    /// Text to look for in the name of the order.
    pub search: Option<String>,
    /// Only orders of this contact.
    #[shape(id)]
    pub contact_id: Option<String>,
    /// Only orders with one of these funnel products: a list, or ids separated by commas.
    #[shape(text_or_list)]
    pub funnel_product_ids: Option<String>,
    /// Only orders from this funnel, website, invoice ...
    #[shape(id)]
    pub source_id: Option<String>,
    /// How many orders a page holds; HighLevel's default is 10, 100 is the most that is known to work.
    pub limit: Option<u32>,
    /// How many orders to skip.
    pub offset: Option<u32>,
}

endpoint! {
    /// Lists orders, newest first.
    ListOrders { params: ListOrdersParams } LIST_ORDERS -> OrderList
}

/// `GET /payments/orders/{orderId}`
///
/// HighLevel documents no `altType` here and answers 422 without it.
pub static GET_ORDER: Operation = Operation {
    id: "get-order-by-id",
    name: "orders.get",
    method: Method::Get,
    path: "/payments/orders/{orderId}",
    scope: Some("payments/orders.readonly"),
    safety: Safety::Read,
    query: record(RecordQuery::KIND),
    body: None,
    answer: Order::KIND,
};

endpoint! {
    /// Reads one order with its items.
    GetOrder { order_id } GET_ORDER -> Order
}

/// `POST /payments/orders/{orderId}/record-payment`
pub static RECORD_PAYMENT: Operation = Operation {
    id: "record-order-payment",
    name: "orders.recordPayment",
    method: Method::Post,
    path: "/payments/orders/{orderId}/record-payment",
    scope: Some("payments/orders.collectPayment"),
    safety: Safety::NonIdempotentWrite,
    query: None,
    body: record(RecordPaymentBody::KIND),
    answer: RecordPaymentResult::KIND,
};

endpoint! {
    /// Records a payment that was made outside HighLevel.
    RecordPayment { order_id, body: RecordPaymentBody } RECORD_PAYMENT -> RecordPaymentResult
}

/// `POST /payments/orders/{orderId}/fulfillments`
pub static CREATE_FULFILLMENT: Operation = Operation {
    id: "create-order-fulfillment",
    name: "orders.createFulfillment",
    method: Method::Post,
    path: "/payments/orders/{orderId}/fulfillments",
    scope: Some("payments/orders.write"),
    safety: Safety::NonIdempotentWrite,
    query: None,
    body: record(CreateFulfillmentBody::KIND),
    answer: FulfillmentCreated::KIND,
};

endpoint! {
    /// Reports a delivery of items of an order.
    CreateFulfillment { order_id, body: CreateFulfillmentBody } CREATE_FULFILLMENT -> FulfillmentCreated
}

/// `GET /payments/orders/{orderId}/fulfillments`
pub static LIST_FULFILLMENTS: Operation = Operation {
    id: "list-order-fulfillment",
    name: "orders.listFulfillments",
    method: Method::Get,
    path: "/payments/orders/{orderId}/fulfillments",
    scope: Some("payments/orders.readonly"),
    safety: Safety::Read,
    query: record(AltQuery::KIND),
    body: None,
    answer: FulfillmentList::KIND,
};

endpoint! {
    /// Lists the deliveries of an order, all of them at once.
    ListFulfillments { order_id } LIST_FULFILLMENTS -> FulfillmentList
}

/// `GET /payments/orders/{orderId}/notes`
///
/// HighLevel names no scope and publishes no schema of the answer.
pub static LIST_NOTES: Operation = Operation {
    id: "list-order-notes",
    name: "orders.listNotes",
    method: Method::Get,
    path: "/payments/orders/{orderId}/notes",
    scope: None,
    safety: Safety::Read,
    query: record(AltQuery::KIND),
    body: None,
    answer: OrderNote::KIND,
};

endpoint! {
    /// Reads the notes of an order as they came.
    ListNotes { order_id } LIST_NOTES -> OrderNote
}
