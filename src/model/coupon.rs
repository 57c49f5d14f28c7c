//! Coupons.

use super::AltType;
use ghl_payments_derive::{choices, model};

/// For how many payments of a subscription a coupon counts.
///
/// HighLevel's schema name: `ApplyToFuturePaymentsConfigDto`.
#[model]
pub struct FuturePayments {
    /// Without end, or for a time.
    #[serde(rename = "type")]
    #[shape(known("forever", "fixed"))]
    pub kind: Option<String>,
    /// How long, in units of `durationType`, with `type: "fixed"`.
    pub duration: Option<f64>,
    /// Unit of `duration`.
    #[shape(known("months"))]
    pub duration_type: Option<String>,
}

/// A coupon.
///
/// HighLevel's schema names: `CouponDto` in lists, `CreateCouponResponseDto` for one coupon.
#[model]
pub struct Coupon {
    /// Id of the coupon: 24 hexadecimal characters.
    #[serde(rename = "_id")]
    pub id: String,
    /// How often it was redeemed.
    pub usage_count: Option<f64>,
    /// How often one customer may redeem it; 0 means any number of times. A request takes `true` or `false` instead.
    pub limit_per_customer: Option<f64>,
    /// The location that the coupon belongs to.
    pub alt_id: Option<String>,
    /// What `altId` names.
    #[shape(known("location"))]
    pub alt_type: Option<String>,
    /// Name of the coupon.
    pub name: Option<String>,
    /// What a customer types to redeem it.
    pub code: Option<String>,
    /// How `discountValue` is meant.
    #[shape(known("percentage", "amount"))]
    pub discount_type: Option<String>,
    /// The discount: percent, or money in major units.
    pub discount_value: Option<f64>,
    /// State of the coupon.
    #[shape(known("scheduled", "active", "expired"))]
    pub status: Option<String>,
    /// When it begins to count.
    #[shape(timestamp)]
    pub start_date: Option<String>,
    /// When it ceases to count.
    #[shape(timestamp)]
    pub end_date: Option<String>,
    /// Whether later payments of a subscription are reduced too.
    pub apply_to_future_payments: Option<bool>,
    /// For how many of these payments.
    pub apply_to_future_payments_config: Option<FuturePayments>,
    /// The products it is limited to. In HighLevel's schema from version `v3` on.
    pub product_ids: Option<Vec<String>>,
    /// The prices it is limited to. In HighLevel's schema from version `v3` on.
    pub price_ids: Option<Vec<String>>,
    /// The variants it is limited to. In HighLevel's schema from version `v3` on.
    pub variant_ids: Option<Vec<String>>,
    /// The user who created it.
    pub user_id: Option<String>,
    /// When the coupon was created.
    #[shape(timestamp)]
    pub created_at: Option<String>,
    /// When the coupon was last changed.
    #[shape(timestamp)]
    pub updated_at: Option<String>,
    /// HighLevel's trace id, for questions to its support. Not in lists.
    pub trace_id: Option<String>,
}

/// One page of coupons.
///
/// HighLevel's schema name: `ListCouponsResponseDto`.
#[model]
pub struct CouponList {
    /// The coupons of this page.
    pub data: Vec<Coupon>,
    /// How many coupons match in all.
    pub total_count: f64,
    /// HighLevel's trace id, for questions to its support.
    pub trace_id: Option<String>,
}

/// State of a coupon, as a filter of the coupon list.
#[choices]
pub enum CouponStatus {
    /// Its start lies ahead.
    Scheduled,
    /// It can be redeemed.
    Active,
    /// Its end has passed.
    Expired,
}

/// How the discount of a coupon is meant.
#[choices]
pub enum DiscountType {
    /// Percent of the price.
    Percentage,
    /// Money, in major units.
    Amount,
}

/// Whether a coupon reduces the payments of a subscription without end.
#[choices]
pub enum FuturePaymentsType {
    /// Every payment.
    Forever,
    /// The payments of a given time.
    Fixed,
}

/// Unit of the time for which a coupon counts.
#[choices]
pub enum DurationType {
    /// Months.
    Months,
}

/// For how many payments of a subscription a new coupon counts.
///
/// HighLevel's schema name: `ApplyToFuturePaymentsConfig`. It requires `duration` and `durationType` always, its
/// example leaves them out of `forever`.
#[model(request)]
#[shape(needs("duration", "type" = "fixed"), needs("durationType", "type" = "fixed"))]
pub struct FuturePaymentsBody {
    /// Without end, or for a time.
    #[serde(rename = "type")]
    pub kind: FuturePaymentsType,
    /// How many months: a whole number; required with `type: "fixed"`.
    pub duration: Option<u32>,
    /// Unit of `duration`; required with `type: "fixed"`.
    pub duration_type: Option<DurationType>,
}

/// A coupon to create.
///
/// HighLevel's schema name: `CreateCouponParams`.
#[model(request)]
#[shape(percent("discountValue", "discountType" = "percentage"))]
pub struct CreateCouponBody {
    /// The location; the client's `locationId` when left out.
    #[shape(id)]
    pub alt_id: Option<String>,
    /// What `altId` names; `"location"` when left out.
    pub alt_type: Option<AltType>,
    /// Name of the coupon.
    #[shape(id)]
    pub name: String,
    /// What a customer types to redeem it.
    #[shape(id)]
    pub code: String,
    /// How `discountValue` is meant.
    pub discount_type: DiscountType,
    /// The discount: percent, or money in major units with at most four decimals. Binary noise is taken off.
    #[shape(amount)]
    pub discount_value: f64,
    /// When it begins to count: `2024-06-01T00:00:00Z`.
    #[shape(timestamp)]
    pub start_date: String,
    /// When it ceases to count: `2024-06-30T23:59:59Z`; never when left out.
    #[shape(timestamp)]
    pub end_date: Option<String>,
    /// How often it can be redeemed in all; any number of times when left out.
    pub usage_limit: Option<u32>,
    /// The products it is limited to; not limited when left out.
    #[shape(filled, id)]
    pub product_ids: Option<Vec<String>>,
    /// The prices it is limited to; not limited when left out. In HighLevel's schema from version `v3` on.
    #[shape(filled, id)]
    pub price_ids: Option<Vec<String>>,
    /// The variants it is limited to; not limited when left out. In HighLevel's schema from version `v3` on.
    #[shape(filled, id)]
    pub variant_ids: Option<Vec<String>>,
    /// Whether later payments of a subscription are reduced too; `true` when left out.
    pub apply_to_future_payments: Option<bool>,
    /// For how many of these payments; all of them when left out.
    pub apply_to_future_payments_config: Option<FuturePaymentsBody>,
    /// Whether one customer may redeem it only once; `false` when left out.
    pub limit_per_customer: Option<bool>,
}

/// A coupon with all its new values: what is left out is not kept.
///
/// HighLevel's schema name: `UpdateCouponParams`.
#[model(request)]
#[shape(percent("discountValue", "discountType" = "percentage"))]
pub struct UpdateCouponBody {
    /// The location; the client's `locationId` when left out.
    #[shape(id)]
    pub alt_id: Option<String>,
    /// What `altId` names; `"location"` when left out.
    pub alt_type: Option<AltType>,
    /// Id of the coupon to change.
    #[shape(id)]
    pub id: String,
    /// Name of the coupon.
    #[shape(id)]
    pub name: String,
    /// What a customer types to redeem it.
    #[shape(id)]
    pub code: String,
    /// How `discountValue` is meant.
    pub discount_type: DiscountType,
    /// The discount: percent, or money in major units with at most four decimals. Binary noise is taken off.
    #[shape(amount)]
    pub discount_value: f64,
    /// When it begins to count: `2024-06-01T00:00:00Z`.
    #[shape(timestamp)]
    pub start_date: String,
    /// When it ceases to count: `2024-06-30T23:59:59Z`; never when left out.
    #[shape(timestamp)]
    pub end_date: Option<String>,
    /// How often it can be redeemed in all; any number of times when left out.
    pub usage_limit: Option<u32>,
    /// The products it is limited to; not limited when left out.
    #[shape(filled, id)]
    pub product_ids: Option<Vec<String>>,
    /// The prices it is limited to; not limited when left out. In HighLevel's schema from version `v3` on.
    #[shape(filled, id)]
    pub price_ids: Option<Vec<String>>,
    /// The variants it is limited to; not limited when left out. In HighLevel's schema from version `v3` on.
    #[shape(filled, id)]
    pub variant_ids: Option<Vec<String>>,
    /// Whether later payments of a subscription are reduced too; `true` when left out.
    pub apply_to_future_payments: Option<bool>,
    /// For how many of these payments; all of them when left out.
    pub apply_to_future_payments_config: Option<FuturePaymentsBody>,
    /// Whether one customer may redeem it only once; `false` when left out.
    pub limit_per_customer: Option<bool>,
}

/// The coupon to delete.
///
/// HighLevel's schema name: `DeleteCouponParams`.
#[model(request)]
pub struct DeleteCouponBody {
    /// The location; the client's `locationId` when left out.
    #[shape(id)]
    pub alt_id: Option<String>,
    /// What `altId` names; `"location"` when left out.
    pub alt_type: Option<AltType>,
    /// Id of the coupon to delete.
    #[shape(id)]
    pub id: String,
}

/// Whether the coupon was deleted.
///
/// HighLevel's schema name: `DeleteCouponResponseDto`.
#[model]
pub struct DeleteCouponResult {
    /// `true` when the coupon was deleted.
    pub success: Option<bool>,
    /// HighLevel's trace id, for questions to its support.
    pub trace_id: Option<String>,
}
