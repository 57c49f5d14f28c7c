//! Products and prices as orders and fulfillments embed them.

use super::Json;
use ghl_payments_derive::model;

/// A value of a variant, such as the size `XL`.
///
/// HighLevel's schema name: `ProductVariantOptionDto`.
#[model]
pub struct ProductVariantOption {
    /// Id of the option; a price names it in `variantOptionIds`.
    pub id: Option<String>,
    /// Name of the option.
    pub name: Option<String>,
}

/// A property in which a product varies, such as its size.
///
/// HighLevel's schema name: `ProductVariantDto`.
#[model]
pub struct ProductVariant {
    /// Id of the variant.
    pub id: Option<String>,
    /// Name of the variant.
    pub name: Option<String>,
    /// The values to choose from.
    pub options: Option<Vec<ProductVariantOption>>,
}

/// A badge that a shop shows on a product for some time.
///
/// HighLevel's schema name: `ProductLabelDto`.
#[model]
pub struct ProductLabel {
    /// Text of the badge.
    pub title: Option<String>,
    /// When the badge appears.
    #[shape(timestamp)]
    pub start_date: Option<String>,
    /// When the badge disappears.
    #[shape(timestamp)]
    pub end_date: Option<String>,
}

/// A product. Inside an order it may be a snapshot without `_id`.
///
/// HighLevel's schema name: `DefaultProductResponseDto`.
#[model]
pub struct Product {
    /// Id of the product: 24 hexadecimal characters.
    #[serde(rename = "_id")]
    pub id: Option<String>,
    /// Description of the product.
    pub description: Option<String>,
    /// The properties in which the product varies.
    pub variants: Option<Vec<ProductVariant>>,
    /// The location that sells the product.
    pub location_id: Option<String>,
    /// Name of the product.
    pub name: Option<String>,
    /// What kind of good it is.
    #[shape(known("PHYSICAL", "DIGITAL", "SERVICE"))]
    pub product_type: Option<String>,
    /// Whether the online store shows it.
    pub available_in_store: Option<bool>,
    /// When the product was created.
    #[shape(timestamp)]
    pub created_at: Option<String>,
    /// When the product was last changed.
    #[shape(timestamp)]
    pub updated_at: Option<String>,
    /// Text that stands on the customer's card statement.
    pub statement_descriptor: Option<String>,
    /// URL of its picture.
    pub image: Option<String>,
    /// Ids of the collections that hold it.
    pub collection_ids: Option<Vec<String>>,
    /// Whether taxes are charged on it.
    pub is_taxes_enabled: Option<bool>,
    /// Its taxes: ids, or whole tax records (order webhooks carry these).
    pub taxes: Option<Vec<Json>>,
    /// Category by which taxes are worked out automatically.
    pub automatic_tax_category_id: Option<String>,
    /// Its badge.
    pub label: Option<ProductLabel>,
    /// Its name in URLs.
    pub slug: Option<String>,
}

/// A membership that comes with a price.
///
/// HighLevel's schema name: `MembershipOfferDto`.
#[model]
pub struct MembershipOffer {
    /// Name of the offer.
    pub label: Option<String>,
    /// Value of the offer.
    pub value: Option<String>,
    /// Id of the offer.
    #[serde(rename = "_id")]
    pub id: Option<String>,
}

/// How often a recurring price is charged.
///
/// HighLevel's schema name: `RecurringDto`.
#[model]
pub struct Recurring {
    /// Unit of the interval.
    #[shape(known("day", "week", "month", "year"))]
    pub interval: Option<String>,
    /// How many units lie between two charges.
    pub interval_count: Option<f64>,
}

/// A price of a product. Inside an order it may be a snapshot without any field.
///
/// HighLevel's schema name: `DefaultPriceResponseDto`.
#[model]
pub struct Price {
    /// Id of the price: 24 hexadecimal characters.
    #[serde(rename = "_id")]
    pub id: Option<String>,
    /// The memberships that come with it.
    pub membership_offers: Option<Vec<MembershipOffer>>,
    /// The variant options it is for.
    pub variant_option_ids: Option<Vec<String>>,
    /// The location that sells the product.
    pub location_id: Option<String>,
    /// Id of its product.
    pub product: Option<String>,
    /// The user who created it.
    pub user_id: Option<String>,
    /// Name of the price, often the variant options (`Red / S`).
    pub name: Option<String>,
    /// Whether it is charged once or repeatedly.
    #[serde(rename = "type")]
    #[shape(known("one_time", "recurring"))]
    pub kind: Option<String>,
    /// Currency of the amounts, three letters; compare without regard to case.
    pub currency: Option<String>,
    /// The price, in major units in order webhooks; HighLevel does not say the unit in fulfillments.
    pub amount: Option<f64>,
    /// How often it is charged.
    pub recurring: Option<Recurring>,
    /// When the price was created.
    #[shape(timestamp)]
    pub created_at: Option<String>,
    /// When the price was last changed.
    #[shape(timestamp)]
    pub updated_at: Option<String>,
    /// The former price that is shown beside it, in the unit of `amount`.
    pub compare_at_price: Option<f64>,
    /// Whether the stock is counted.
    pub track_inventory: Option<bool>,
    /// How many pieces are in stock.
    pub available_quantity: Option<f64>,
    /// Whether it is sold when the stock is empty.
    pub allow_out_of_stock_purchases: Option<bool>,
}
