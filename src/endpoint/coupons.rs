//! Coupons.

use super::operation::{endpoint, operations, record, Method, Operation, Safety};
use crate::model::{
    AltType, Coupon, CouponList, CouponStatus, CreateCouponBody, DeleteCouponBody, DeleteCouponResult, UpdateCouponBody,
};
use crate::shape::Shape;
use ghl_payments_derive::model;

operations! { ListCoupons, GetCoupon, CreateCoupon, UpdateCoupon, DeleteCoupon }

/// `GET /payments/coupon/list`
pub static LIST_COUPONS: Operation = Operation {
    id: "list-coupons",
    name: "coupons.list",
    method: Method::Get,
    path: "/payments/coupon/list",
    scope: Some("payments/coupons.readonly"),
    safety: Safety::Read,
    query: record(ListCouponsParams::KIND),
    body: None,
    answer: CouponList::KIND,
};

/// Filters of the coupon list.
#[model(request, default)]
pub struct ListCouponsParams {
    /// The location; the client's `locationId` when left out.
    #[shape(id)]
    pub alt_id: Option<String>,
    /// What `altId` names; `"location"` when left out.
    pub alt_type: Option<AltType>,
    /// How many coupons a page holds; HighLevel's default is 100.
    pub limit: Option<u32>,
    /// How many coupons to skip.
    pub offset: Option<u32>,
    /// Only coupons in this state.
    pub status: Option<CouponStatus>,
    /// Text to look for in names and codes.
    pub search: Option<String>,
}

endpoint! {
    /// Lists coupons.
    ListCoupons { params: ListCouponsParams } LIST_COUPONS -> CouponList
}

/// `GET /payments/coupon`
///
/// HighLevel documents `id` and `code` as required; either finds a coupon.
pub static GET_COUPON: Operation = Operation {
    id: "get-coupon",
    name: "coupons.get",
    method: Method::Get,
    path: "/payments/coupon",
    scope: Some("payments/coupons.readonly"),
    safety: Safety::Read,
    query: record(GetCouponParams::KIND),
    body: None,
    answer: Coupon::KIND,
};

/// The coupon to read: by its id, its code, or both.
#[model(request, default)]
#[shape(one_of("id", "code"))]
pub struct GetCouponParams {
    /// The location; the client's `locationId` when left out.
    #[shape(id)]
    pub alt_id: Option<String>,
    /// What `altId` names; `"location"` when left out.
    pub alt_type: Option<AltType>,
    /// Id of the coupon.
    #[shape(id)]
    pub id: Option<String>,
    /// What a customer types to redeem it.
    #[shape(id)]
    pub code: Option<String>,
}

endpoint! {
    /// Reads one coupon.
    GetCoupon { params: GetCouponParams } GET_COUPON -> Coupon
}

/// `POST /payments/coupon`
pub static CREATE_COUPON: Operation = Operation {
    id: "create-coupon",
    name: "coupons.create",
    method: Method::Post,
    path: "/payments/coupon",
    scope: Some("payments/coupons.write"),
    safety: Safety::NonIdempotentWrite,
    query: None,
    body: record(CreateCouponBody::KIND),
    answer: Coupon::KIND,
};

endpoint! {
    /// Creates a coupon.
    CreateCoupon { body: CreateCouponBody } CREATE_COUPON -> Coupon
}

/// `PUT /payments/coupon`
pub static UPDATE_COUPON: Operation = Operation {
    id: "update-coupon",
    name: "coupons.update",
    method: Method::Put,
    path: "/payments/coupon",
    scope: Some("payments/coupons.write"),
    safety: Safety::IdempotentWrite,
    query: None,
    body: record(UpdateCouponBody::KIND),
    answer: Coupon::KIND,
};

endpoint! {
    /// Changes a coupon; the body holds all its values.
    UpdateCoupon { body: UpdateCouponBody } UPDATE_COUPON -> Coupon
}

/// `DELETE /payments/coupon`
///
/// The coupon is named in the body, not in the path.
pub static DELETE_COUPON: Operation = Operation {
    id: "delete-coupon",
    name: "coupons.delete",
    method: Method::Delete,
    path: "/payments/coupon",
    scope: Some("payments/coupons.write"),
    safety: Safety::IdempotentWrite,
    query: None,
    body: record(DeleteCouponBody::KIND),
    answer: DeleteCouponResult::KIND,
};

endpoint! {
    /// Deletes a coupon.
    DeleteCoupon { body: DeleteCouponBody } DELETE_COUPON -> DeleteCouponResult
}
