//! Orders and payments recorded on them.

use super::{AltType, Json, JsonObject, Price, Product};
use ghl_payments_derive::{choices, known, model};

/// Kind of source of an order, transaction or subscription.
#[known(
    "funnel",
    "website",
    "invoice",
    "calendar",
    "text2Pay",
    "document_contracts",
    "membership",
    "mobile_app",
    "communities",
    "point_of_sale",
    "manual",
    "form",
    "survey",
    "payment_link",
    "external"
)]
pub type SourceType = String;

/// Kind of form or page within a source.
#[known(
    "one_step_order_form",
    "two_step_order_form",
    "upsell",
    "tap_to_pay",
    "card_payment",
    "store",
    "contact_view",
    "email_campaign",
    "payments_dashboard",
    "shopify",
    "subscription_view",
    "store_upsell",
    "woocommerce",
    "service",
    "meeting",
    "imported_csv",
    "qr_code",
    "saas_one_time",
    "saas_subscription"
)]
pub type SourceSubType = String;

/// An order as the order list delivers it: no line items, see [`Order`] for those.
///
/// HighLevel's schema name: `OrderResponseSchema`.
#[model]
pub struct OrderSummary {
    /// Id of the order: 24 hexadecimal characters.
    #[serde(rename = "_id")]
    pub id: String,
    /// The location that the order belongs to.
    pub alt_id: Option<String>,
    /// What `altId` names.
    #[shape(known("location"))]
    pub alt_type: Option<String>,
    /// The contact who ordered: 20 characters.
    pub contact_id: Option<String>,
    /// Name of the contact.
    pub contact_name: Option<String>,
    /// E-mail address of the contact.
    pub contact_email: Option<String>,
    /// Currency of all amounts of the order, three letters (`USD`); compare without regard to case.
    pub currency: Option<String>,
    /// Total of the order, in major units.
    pub amount: Option<f64>,
    /// Total before discount and tax, in major units.
    pub subtotal: Option<f64>,
    /// Discount on the order, in major units.
    pub discount: Option<f64>,
    /// State of the order.
    #[shape(known("completed", "pending"))]
    pub status: Option<String>,
    /// Whether the order is paid. Not in HighLevel's schema, seen in real answers.
    #[shape(known("paid", "unpaid", "partially_paid", "refunded"))]
    pub payment_status: Option<String>,
    /// `true` for live money, `false` for the test mode.
    pub live_mode: Option<bool>,
    /// How many products the order holds.
    pub total_products: Option<f64>,
    /// Where the order came from.
    pub source_type: Option<SourceType>,
    /// Name of the funnel, website, invoice ... the order came from.
    pub source_name: Option<String>,
    /// Id of the funnel, website, invoice ... the order came from.
    pub source_id: Option<String>,
    /// Page, step and domain of the source. Published without a schema.
    pub source_meta: Option<Json>,
    /// Coupon code that was redeemed.
    pub coupon_code: Option<String>,
    /// When the order was created.
    #[shape(timestamp)]
    pub created_at: Option<String>,
    /// When the order was last changed.
    #[shape(timestamp)]
    pub updated_at: Option<String>,
    /// Kind of form or page within the source.
    pub source_sub_type: Option<SourceSubType>,
    /// Whether the items were delivered.
    #[shape(known("unfulfilled", "partially_fulfilled", "fulfilled"))]
    pub fulfillment_status: Option<String>,
    /// How many products are paid once.
    pub onetime_products: Option<f64>,
    /// How many products are paid repeatedly.
    pub recurring_products: Option<f64>,
    /// The user who created the order.
    pub created_by: Option<String>,
}

/// One page of orders, newest first.
///
/// HighLevel's schema name: `ListOrdersResponseDto`.
#[model]
pub struct OrderList {
    /// The orders of this page.
    pub data: Vec<OrderSummary>,
    /// How many orders match in all.
    pub total_count: f64,
}

/// Totals of an order, in major units.
///
/// HighLevel's schema name: `AmountSummary`.
#[model]
pub struct AmountSummary {
    /// Total before discount and tax.
    pub subtotal: Option<f64>,
    /// Discount on the order.
    pub discount: Option<f64>,
    /// Tax on the order. Not in HighLevel's schema; order webhooks carry it.
    pub tax: Option<f64>,
    /// Shipping cost. Not in HighLevel's schema; order webhooks carry it.
    pub shipping: Option<f64>,
}

/// Where an order, transaction or subscription came from.
///
/// HighLevel's schema name: `OrderSource`.
#[model]
pub struct OrderSource {
    /// Kind of source.
    #[serde(rename = "type")]
    pub kind: Option<SourceType>,
    /// Kind of form or page within the source.
    pub sub_type: Option<SourceSubType>,
    /// Id of the funnel, website, invoice ...
    pub id: Option<String>,
    /// Name of the funnel, website, invoice ...
    pub name: Option<String>,
    /// Page, step and domain of the source. Published without a schema.
    pub meta: Option<Json>,
}

/// A line of an order.
///
/// HighLevel publishes these lines as texts and sends objects; the fields are those of its example and of the order
/// webhooks, which repeat the order. That is why even `_id` may be absent.
#[model]
pub struct OrderItem {
    /// Id of the line.
    #[serde(rename = "_id")]
    pub id: Option<String>,
    /// What was ordered: product and price in one name.
    pub name: Option<String>,
    /// How many pieces.
    pub qty: Option<f64>,
    /// The product as it was when it was ordered; may lack its `_id`.
    pub product: Option<Product>,
    /// The price as it was when it was ordered; may be empty.
    pub price: Option<Price>,
    /// Amount that was authorized and not yet captured, in major units.
    pub authorize_amount: Option<f64>,
    /// The location that sells the product.
    pub location_id: Option<String>,
}

/// An order with its items.
///
/// HighLevel's schema name: `GetOrderResponseSchema`.
#[model]
pub struct Order {
    /// Id of the order: 24 hexadecimal characters.
    #[serde(rename = "_id")]
    pub id: String,
    /// The location that the order belongs to.
    pub alt_id: Option<String>,
    /// What `altId` names.
    #[shape(known("location"))]
    pub alt_type: Option<String>,
    /// The contact who ordered: 20 characters.
    pub contact_id: Option<String>,
    /// Currency of all amounts of the order, three letters (`USD`); compare without regard to case.
    pub currency: Option<String>,
    /// Total of the order, in major units.
    pub amount: Option<f64>,
    /// State of the order.
    #[shape(known("completed", "pending"))]
    pub status: Option<String>,
    /// Whether the order is paid. Not in HighLevel's schema, seen in real answers.
    #[shape(known("paid", "unpaid", "partially_paid", "refunded"))]
    pub payment_status: Option<String>,
    /// `true` for live money, `false` for the test mode.
    pub live_mode: Option<bool>,
    /// When the order was created.
    #[shape(timestamp)]
    pub created_at: Option<String>,
    /// When the order was last changed.
    #[shape(timestamp)]
    pub updated_at: Option<String>,
    /// Whether the items were delivered.
    #[shape(known("unfulfilled", "partially_fulfilled", "fulfilled"))]
    pub fulfillment_status: Option<String>,
    /// The contact as it was at the time of the order. Published without a schema.
    pub contact_snapshot: Option<Json>,
    /// Totals of the order, in major units.
    pub amount_summary: Option<AmountSummary>,
    /// Where the order came from.
    pub source: Option<OrderSource>,
    /// The lines of the order.
    pub items: Option<Vec<OrderItem>>,
    /// The coupon that was redeemed. Published without a schema; `code` and `_id` are known.
    pub coupon: Option<Json>,
    /// HighLevel's tracking id.
    pub tracking_id: Option<String>,
    /// HighLevel's fingerprint of the visitor.
    pub fingerprint: Option<String>,
    /// Further data of the order. Published without a schema.
    pub meta: Option<Json>,
    /// `true` for an order that was marked as a test.
    pub mark_as_test: Option<bool>,
    /// HighLevel's trace id, for questions to its support.
    pub trace_id: Option<String>,
    /// Whether the taxes were worked out automatically.
    pub automatic_taxes_calculated: Option<bool>,
    /// Who worked the taxes out, such as `taxjar`. HighLevel's schema says object, its example is a text.
    pub tax_calculation_provider: Option<Json>,
    /// The user who created the order.
    pub created_by: Option<String>,
}

/// Whether an order is paid, as a filter of the order list.
#[choices]
pub enum OrderPaymentStatus {
    /// The whole amount is paid.
    Paid,
    /// Nothing is paid, also after a card that failed or was abandoned.
    Unpaid,
    /// The money went back.
    Refunded,
    /// A part of the amount is paid.
    PartiallyPaid,
}

/// How a payment was made outside HighLevel.
#[choices]
pub enum PaymentMode {
    /// Cash.
    Cash,
    /// A card that was charged elsewhere.
    Card,
    /// A cheque.
    Cheque,
    /// A bank transfer.
    BankTransfer,
    /// Anything else.
    Other,
}

/// Brand of a card that was charged elsewhere.
#[choices]
pub enum CardBrand {
    /// Visa.
    Visa,
    /// Mastercard.
    Mastercard,
    /// Any other brand.
    Other,
}

/// The card of a recorded payment.
///
/// HighLevel's schema name: `CardDto`.
#[model(request)]
pub struct CardDetails {
    /// Brand of the card.
    #[serde(rename = "type")]
    pub brand: CardBrand,
    /// Last four digits of the card number.
    #[shape(id)]
    pub last4: String,
}

/// The cheque of a recorded payment.
///
/// HighLevel's schema name: `ChequeDto`.
#[model(request)]
pub struct ChequeDetails {
    /// Number printed on the cheque.
    #[shape(id)]
    pub number: String,
}

/// A payment made outside HighLevel that is to be recorded on an order.
///
/// HighLevel's schema name: `PostRecordOrderPaymentBody`. In TypeScript a union by `mode` stands in front of it.
#[model(request)]
#[cfg_attr(all(feature = "npm", target_arch = "wasm32"), tsify(rename = "RecordPaymentFields"))]
#[shape(only("card", "mode" = "card"), only("cheque", "mode" = "cheque"))]
pub struct RecordPaymentBody {
    /// The location; the client's `locationId` when left out.
    #[shape(id)]
    pub alt_id: Option<String>,
    /// What `altId` names; `"location"` when left out.
    pub alt_type: Option<AltType>,
    /// How the money was paid.
    pub mode: PaymentMode,
    /// The card, with `mode: "card"` only.
    pub card: Option<CardDetails>,
    /// The cheque, with `mode: "cheque"` only.
    pub cheque: Option<ChequeDetails>,
    /// A note that is kept with the transaction.
    pub notes: Option<String>,
    /// Amount paid, in major units with at most four decimals; the whole amount due when left out. Binary noise is taken
    /// off: `0.1 + 0.2` goes out as `0.3`.
    #[shape(amount)]
    pub amount: Option<f64>,
    /// Data of your own that is kept with the transaction.
    pub meta: Option<JsonObject>,
    /// `true` when `amount` is less than what is due on purpose.
    pub is_partial_payment: Option<bool>,
}

/// Whether the payment was recorded.
///
/// HighLevel's schema name: `PostRecordOrderPaymentResponse`.
#[model]
pub struct RecordPaymentResult {
    /// `true` when the payment was recorded.
    pub success: Option<bool>,
}
