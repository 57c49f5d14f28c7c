//! The events that touch payments: what each of them carries.
//!
//! HighLevel documents them by examples only, so no field is sure but the id of the record that the event is about. Amounts are
//! major units (`150.1` is 150.10), times ISO 8601 texts with milliseconds and `Z`.

use crate::model::{AmountSummary, Json, MembershipOffer, OrderSource, Price, Product, ProductVariant, Recurring};
use crate::shape::{decode, Checked, Kind, Shape};
use ghl_payments_derive::model;

/// What HighLevel writes beside an event's own fields.
#[model]
pub struct WebhookDelivery {
    /// Id of the delivery, the same each time that it is tried: a UUID. Newer deliveries carry it.
    pub webhook_id: Option<String>,
    /// Another name of that id, which some deliveries use.
    pub delivery_id: Option<String>,
    /// When HighLevel sent it. Newer deliveries carry it.
    #[shape(timestamp)]
    pub timestamp: Option<String>,
}

/// A tax and what it comes to for an order.
#[model]
pub struct TaxSummary {
    /// Id of the tax.
    #[serde(rename = "_id")]
    pub id: Option<String>,
    /// Name of the tax.
    pub name: Option<String>,
    /// Whether prices contain it.
    #[shape(known("exclusive", "inclusive"))]
    pub calculation: Option<String>,
    /// Its rate, in percent.
    pub rate: Option<f64>,
    /// What it comes to, in major units.
    pub amount: Option<f64>,
}

/// A contact as it was when the event happened.
#[model]
pub struct ContactSnapshot {
    /// Id of the contact: 20 characters.
    pub id: Option<String>,
    /// The location that it belongs to.
    pub location_id: Option<String>,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Whole name.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Phone number.
    pub phone: Option<String>,
    /// Whether it wants no messages.
    pub dnd: Option<bool>,
    /// Where the contact came from.
    pub source: Option<String>,
    /// Street and number.
    pub address1: Option<String>,
    /// City.
    pub city: Option<String>,
    /// State or province.
    pub state: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Country, mostly two letters.
    pub country: Option<String>,
    /// Name of the company.
    pub company_name: Option<String>,
    /// Web site.
    pub website: Option<String>,
    /// Tags.
    pub tags: Option<Vec<String>>,
    /// When it was added.
    #[shape(timestamp)]
    pub date_added: Option<String>,
    /// Date of birth.
    #[shape(timestamp)]
    pub date_of_birth: Option<String>,
    /// Files. Published without a schema.
    pub attachments: Option<Vec<Json>>,
    /// The user it is assigned to.
    pub assigned_to: Option<String>,
}

/// A line of an order.
#[model]
pub struct OrderEventItem {
    /// What was ordered: product and price in one name.
    pub name: Option<String>,
    /// How many pieces.
    pub qty: Option<f64>,
    /// The product. Its taxes are ids or whole records.
    pub product: Option<Product>,
    /// The price, in major units.
    pub price: Option<Price>,
}

/// An order was created, or its status changed.
///
/// HighLevel: [OrderCreate](https://marketplace.gohighlevel.com/docs/webhook/OrderCreate),
/// [OrderStatusUpdate](https://marketplace.gohighlevel.com/docs/webhook/OrderStatusUpdate).
#[model]
pub struct OrderEvent {
    /// Id of the order: 24 hexadecimal characters.
    #[serde(rename = "_id")]
    pub id: String,
    /// The location.
    pub location_id: Option<String>,
    /// The location that the order belongs to.
    pub alt_id: Option<String>,
    /// What `altId` names.
    #[shape(known("location"))]
    pub alt_type: Option<String>,
    /// State of the order.
    #[shape(known("completed", "pending"))]
    pub status: Option<String>,
    /// Whether it is paid.
    #[shape(known("paid", "unpaid", "partially_paid", "refunded"))]
    pub payment_status: Option<String>,
    /// Whether the items were delivered.
    #[shape(known("unfulfilled", "partially_fulfilled", "fulfilled"))]
    pub fulfillment_status: Option<String>,
    /// The contact who ordered: 20 characters.
    pub contact_id: Option<String>,
    /// Currency of all amounts, three letters; compare without regard to case.
    pub currency: Option<String>,
    /// Total of the order, in major units.
    pub amount: Option<f64>,
    /// `true` for live money, `false` for the test mode.
    pub live_mode: Option<bool>,
    /// Totals of the order, in major units.
    pub amount_summary: Option<AmountSummary>,
    /// The taxes of the order.
    pub tax_summary: Option<Vec<TaxSummary>>,
    /// Where the order came from.
    pub source: Option<OrderSource>,
    /// When the order was created.
    #[shape(timestamp)]
    pub created_at: Option<String>,
    /// When the order was last changed.
    #[shape(timestamp)]
    pub updated_at: Option<String>,
    /// The contact as it was at the time of the order.
    pub contact_snapshot: Option<ContactSnapshot>,
    /// The lines of the order.
    pub items: Option<Vec<OrderEventItem>>,
}

/// Who sends an invoice.
#[model]
pub struct InvoiceBusiness {
    /// Name of the business.
    pub name: Option<String>,
    /// Its address: text, or an object without a schema.
    pub address: Option<Json>,
    /// Its phone number.
    pub phone_no: Option<String>,
    /// Its web site.
    pub website: Option<String>,
    /// URL of its logo.
    pub logo_url: Option<String>,
    /// Values of its own.
    pub custom_values: Option<Vec<Json>>,
}

/// The address of who gets an invoice.
#[model]
pub struct InvoiceAddress {
    /// Country, two letters.
    pub country_code: Option<String>,
    /// Street and number.
    pub address_line1: Option<String>,
    /// Second line.
    pub address_line2: Option<String>,
    /// City.
    pub city: Option<String>,
    /// State or province.
    pub state: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
}

/// Another address that gets an invoice.
#[model]
pub struct InvoiceEmail {
    /// E-mail address.
    pub email: Option<String>,
}

/// Who gets an invoice.
#[model]
pub struct InvoiceContact {
    /// Id of the contact: 20 characters.
    pub id: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Phone number.
    pub phone_no: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Values of its own.
    pub custom_fields: Option<Vec<Json>>,
    /// Address.
    pub address: Option<InvoiceAddress>,
    /// Who else gets it.
    pub additional_emails: Option<Vec<InvoiceEmail>>,
    /// Name of the company.
    pub company_name: Option<String>,
}

/// A discount on an invoice.
#[model]
pub struct InvoiceDiscount {
    /// What `value` is.
    #[serde(rename = "type")]
    #[shape(known("percentage", "fixed"))]
    pub kind: Option<String>,
    /// Percent, or an amount in major units.
    pub value: Option<f64>,
}

/// A line of an invoice.
#[model]
pub struct InvoiceItem {
    /// Id of the line.
    #[serde(rename = "_id")]
    pub id: Option<String>,
    /// The product.
    pub product_id: Option<String>,
    /// The price.
    pub price_id: Option<String>,
    /// Name of the line.
    pub name: Option<String>,
    /// Currency, three letters.
    pub currency: Option<String>,
    /// How many pieces.
    pub qty: Option<f64>,
    /// Price of a piece, in major units.
    pub amount: Option<f64>,
    /// Its taxes: ids or whole records.
    pub taxes: Option<Vec<Json>>,
}

/// Totals of an invoice, in major units.
#[model]
pub struct InvoiceTotals {
    /// Total before discount and tax.
    pub sub_total: Option<f64>,
    /// Discount.
    pub discount: Option<f64>,
}

/// Something happened to an invoice. It names no transaction: list the transactions whose `entityId` is the invoice.
///
/// HighLevel's examples hold neither the event's type nor `locationId`; `altId` is the location.
///
/// HighLevel: [InvoicePaid](https://marketplace.gohighlevel.com/docs/webhook/InvoicePaid) and its siblings.
#[model]
pub struct InvoiceEvent {
    /// Id of the invoice.
    #[serde(rename = "_id")]
    pub id: String,
    /// The location, where it is there.
    pub location_id: Option<String>,
    /// The location that the invoice belongs to.
    pub alt_id: Option<String>,
    /// What `altId` names.
    #[shape(known("location"))]
    pub alt_type: Option<String>,
    /// State of the invoice.
    #[shape(known("draft", "sent", "payment_processing", "paid", "partially_paid", "void"))]
    pub status: Option<String>,
    /// `true` for live money, `false` for the test mode.
    pub live_mode: Option<bool>,
    /// What was paid, in major units.
    pub amount_paid: Option<f64>,
    /// What is still due, in major units.
    pub amount_due: Option<f64>,
    /// Total of the invoice, in major units.
    pub total: Option<f64>,
    /// Name of the invoice.
    pub name: Option<String>,
    /// Heading of the invoice.
    pub title: Option<String>,
    /// Number of the invoice.
    pub invoice_number: Option<String>,
    /// Currency of all amounts, three letters; compare without regard to case.
    pub currency: Option<String>,
    /// Who sends it.
    pub business_details: Option<InvoiceBusiness>,
    /// Who gets it.
    pub contact_details: Option<InvoiceContact>,
    /// Date of issue, `YYYY-MM-DD`.
    pub issue_date: Option<String>,
    /// Date until which it is to be paid, `YYYY-MM-DD`.
    pub due_date: Option<String>,
    /// Discount on the invoice.
    pub discount: Option<InvoiceDiscount>,
    /// The lines of the invoice.
    pub invoice_items: Option<Vec<InvoiceItem>>,
    /// Totals of the invoice, in major units.
    pub total_summary: Option<InvoiceTotals>,
    /// When it was created.
    #[shape(timestamp)]
    pub created_at: Option<String>,
    /// When it was last changed.
    #[shape(timestamp)]
    pub updated_at: Option<String>,
}

/// A picture or film of a product.
#[model]
pub struct ProductMedia {
    /// Id of the file.
    pub id: Option<String>,
    /// Title.
    pub title: Option<String>,
    /// URL.
    pub url: Option<String>,
    /// Kind of file.
    #[serde(rename = "type")]
    #[shape(known("image", "video"))]
    pub kind: Option<String>,
    /// Whether it is shown first.
    pub is_featured: Option<bool>,
}

/// A product was created, changed or deleted.
///
/// HighLevel: [ProductCreate](https://marketplace.gohighlevel.com/docs/webhook/ProductCreate) and its siblings.
#[model]
pub struct ProductEvent {
    /// Id of the product: 24 hexadecimal characters.
    #[serde(rename = "_id")]
    pub id: String,
    /// The location that sells it.
    pub location_id: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// What kind of good it is.
    #[shape(known("PHYSICAL", "DIGITAL", "SERVICE"))]
    pub product_type: Option<String>,
    /// Whether the online store shows it.
    pub available_in_store: Option<bool>,
    /// URL of its picture.
    pub image: Option<String>,
    /// Its pictures and films.
    pub medias: Option<Vec<ProductMedia>>,
    /// The properties in which it varies.
    pub variants: Option<Vec<ProductVariant>>,
    /// Text that stands on the customer's card statement.
    pub statement_descriptor: Option<String>,
    /// The user who created it.
    pub user_id: Option<String>,
    /// When it was created.
    #[shape(timestamp)]
    pub created_at: Option<String>,
    /// When it was last changed.
    #[shape(timestamp)]
    pub updated_at: Option<String>,
}

/// A price of a product was created, changed or deleted.
///
/// HighLevel: [PriceCreate](https://marketplace.gohighlevel.com/docs/webhook/PriceCreate) and its siblings.
#[model]
pub struct PriceEvent {
    /// Id of the price: 24 hexadecimal characters.
    #[serde(rename = "_id")]
    pub id: String,
    /// Id of its product.
    pub product: Option<String>,
    /// The location that sells the product.
    pub location_id: Option<String>,
    /// The user who created it.
    pub user_id: Option<String>,
    /// Name of the price, often the variant options (`Red / S`).
    pub name: Option<String>,
    /// Whether it is charged once or repeatedly. HighLevel also writes it as `type`, which here is always the type of the event.
    #[shape(known("one_time", "recurring"))]
    pub price_type: Option<String>,
    /// Currency of the amounts, three letters; compare without regard to case.
    pub currency: Option<String>,
    /// The price. HighLevel does not say the unit.
    pub amount: Option<f64>,
    /// How often it is charged.
    pub recurring: Option<Recurring>,
    /// The memberships that come with it.
    pub membership_offers: Option<Vec<MembershipOffer>>,
    /// The variant options it is for.
    pub variant_option_ids: Option<Vec<String>>,
    /// The former price that is shown beside it, in the unit of `amount`.
    pub compare_at_price: Option<f64>,
    /// Whether the stock is counted.
    pub track_inventory: Option<bool>,
    /// How many pieces are in stock.
    pub available_quantity: Option<f64>,
    /// Whether it is sold when the stock is empty.
    pub allow_out_of_stock_purchases: Option<bool>,
    /// When it was created.
    #[shape(timestamp)]
    pub created_at: Option<String>,
    /// When it was last changed.
    #[shape(timestamp)]
    pub updated_at: Option<String>,
}

/// A trial of the app. Empty where there is none.
#[model]
pub struct AppTrial {
    /// Whether a trial runs.
    pub on_trial: Option<bool>,
    /// How long it is, in days.
    pub trial_duration: Option<f64>,
    /// When it began.
    #[shape(timestamp)]
    pub trial_start_date: Option<String>,
}

/// The agency's own brand. Its texts are empty where there is none.
#[model]
pub struct WhitelabelDetails {
    /// The agency's domain.
    pub domain: Option<String>,
    /// URL of the agency's logo.
    pub logo_url: Option<String>,
}

/// The app was installed, in a location or in an agency. Of an installation in bulk one comes for each location, also before
/// there is a token for it.
///
/// HighLevel: [AppInstall](https://marketplace.gohighlevel.com/docs/webhook/AppInstall).
#[model]
pub struct InstallEvent {
    /// Id of the app.
    pub app_id: String,
    /// Id of the app's version.
    pub version_id: Option<String>,
    /// Where it was installed.
    #[shape(known("Location", "Company"))]
    pub install_type: Option<String>,
    /// The location, if it was installed in one.
    pub location_id: Option<String>,
    /// The agency.
    pub company_id: Option<String>,
    /// The user who installed it.
    pub user_id: Option<String>,
    /// The plan that was chosen.
    pub plan_id: Option<String>,
    /// The trial; empty where there is none.
    pub trial: Option<AppTrial>,
    /// Whether the agency has a brand of its own.
    pub is_whitelabel_company: Option<bool>,
    /// The agency's own brand.
    pub whitelabel_details: Option<WhitelabelDetails>,
    /// Name of the agency.
    pub company_name: Option<String>,
}

/// The app was removed, from a location or from an agency.
///
/// HighLevel: [AppUninstall](https://marketplace.gohighlevel.com/docs/webhook/AppUninstall).
#[model]
pub struct UninstallEvent {
    /// Id of the app.
    pub app_id: String,
    /// The location, if it was removed from one.
    pub location_id: Option<String>,
    /// The agency.
    pub company_id: Option<String>,
}

/// Another plan of the app was chosen.
///
/// HighLevel: [PlanChange](https://marketplace.gohighlevel.com/docs/webhook/PlanChange).
#[model]
pub struct PlanChangeEvent {
    /// Id of the app.
    pub app_id: String,
    /// The location, if the plan is that of one.
    pub location_id: Option<String>,
    /// The agency.
    pub company_id: Option<String>,
    /// The user who chose it.
    pub user_id: Option<String>,
    /// The plan until now.
    pub current_plan_id: Option<String>,
    /// The plan from now on.
    pub new_plan_id: Option<String>,
}

/// Declares which events there are, each once.
macro_rules! events {
    ($($(#[doc = $doc:literal])* $variant:ident $name:literal: $model:ident,)*) => {
        /// An event, typed, for Rust callers.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Event {
            $($(#[doc = $doc])* $variant($model),)*
            /// One of another type, as it came.
            Other(Json),
        }

        /// What an event of each type carries.
        static EVENTS: &[(&str, Kind)] = &[$(($name, $model::KIND),)*];

        impl Event {
            /// The types of the events that are known.
            pub const TYPES: &[&str] = &[$($name,)*];

            /// For `models.d.ts`: the fields of each type.
            #[cfg(all(feature = "npm", target_arch = "wasm32"))]
            #[allow(dead_code, reason = "what wasm-bindgen makes of it is not counted as a use")]
            pub(crate) const TYPESCRIPT: &str = concat!(
                "/** The events that touch payments: the fields of each type. */\nexport interface WebhookEvents {\n",
                $("    /**", $($doc,)* " */\n    ", $name, ": ", stringify!($model), ";\n",)*
                "}\n"
            );

            /// The event of this type that checked bytes are.
            pub(super) fn decode(name: &str, json: &[u8], checked: &Checked) -> Result<Self, serde_json::Error> {
                match name {
                    $($name => decode(json, checked).map(Self::$variant),)*
                    _ => decode(json, checked).map(Self::Other),
                }
            }
        }
    };
}

events! {
    /// An order was created.
    OrderCreate "OrderCreate": OrderEvent,
    /// The status of an order changed.
    OrderStatusUpdate "OrderStatusUpdate": OrderEvent,
    /// An invoice was created.
    InvoiceCreate "InvoiceCreate": InvoiceEvent,
    /// An invoice was changed.
    InvoiceUpdate "InvoiceUpdate": InvoiceEvent,
    /// An invoice was sent to its contact.
    InvoiceSent "InvoiceSent": InvoiceEvent,
    /// An invoice was paid.
    InvoicePaid "InvoicePaid": InvoiceEvent,
    /// A part of an invoice was paid.
    InvoicePartiallyPaid "InvoicePartiallyPaid": InvoiceEvent,
    /// An invoice was declared void.
    InvoiceVoid "InvoiceVoid": InvoiceEvent,
    /// An invoice was deleted.
    InvoiceDelete "InvoiceDelete": InvoiceEvent,
    /// A product was created.
    ProductCreate "ProductCreate": ProductEvent,
    /// A product was changed.
    ProductUpdate "ProductUpdate": ProductEvent,
    /// A product was deleted.
    ProductDelete "ProductDelete": ProductEvent,
    /// A price was created.
    PriceCreate "PriceCreate": PriceEvent,
    /// A price was changed.
    PriceUpdate "PriceUpdate": PriceEvent,
    /// A price was deleted.
    PriceDelete "PriceDelete": PriceEvent,
    /// The app was installed.
    Install "INSTALL": InstallEvent,
    /// The app was removed.
    Uninstall "UNINSTALL": UninstallEvent,
    /// Another plan of the app was chosen.
    PlanChange "PLAN_CHANGE": PlanChangeEvent,
}

/// What an event of this type carries, if it is known.
pub(super) fn kind(name: &str) -> Option<&'static Kind> {
    EVENTS.iter().find(|(known, _)| *known == name).map(|(_, kind)| kind)
}
