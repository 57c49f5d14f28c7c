//! Coupons.

use super::account::CouponRow;
use super::calendar::{self, iso};
use super::check::{may, must, Param, Rule, Spec, ALT_TYPE};
use super::http::{Outcome, Refusal, Reply};
use super::page::holds;
use super::Call;
use crate::model::{Coupon, CouponList, DeleteCouponResult, FuturePayments};
use serde_json::{Map, Value};

/// `GET /payments/coupon/list`
pub static LIST: Spec = Spec {
    query: &[
        must("altId", Rule::Text),
        must("altType", ALT_TYPE),
        may("limit", Rule::Whole(0)),
        may("offset", Rule::Whole(0)),
        may("status", Rule::Choice(&["scheduled", "active", "expired"])),
        may("search", Rule::AnyText),
    ],
    body: &[],
};

/// `GET /payments/coupon`
pub static GET: Spec = Spec {
    query: &[must("altId", Rule::Text), must("altType", ALT_TYPE), may("id", Rule::Text), may("code", Rule::Text)],
    body: &[],
};

const FUTURE: Rule = Rule::Record(&[
    must("type", Rule::Choice(&["forever", "fixed"])),
    may("duration", Rule::Whole(1)),
    may("durationType", Rule::Choice(&["months"])),
]);

const CREATED: [Param; 15] = [
    must("altId", Rule::Text),
    must("altType", ALT_TYPE),
    must("name", Rule::Text),
    must("code", Rule::Text),
    must("discountType", Rule::Choice(&["percentage", "amount"])),
    must("discountValue", Rule::Amount),
    must("startDate", Rule::Date),
    may("endDate", Rule::Date),
    may("usageLimit", Rule::Whole(0)),
    may("productIds", Rule::Texts),
    may("priceIds", Rule::Texts),
    may("variantIds", Rule::Texts),
    may("applyToFuturePayments", Rule::Flag),
    may("applyToFuturePaymentsConfig", FUTURE),
    may("limitPerCustomer", Rule::Flag),
];

/// `POST /payments/coupon`
pub static CREATE: Spec = Spec { query: &[], body: &CREATED };

const UPDATED: [Param; 16] = {
    let mut all = [must("id", Rule::Text); 16];
    let mut i = 0;
    while i < CREATED.len() {
        all[i + 1] = CREATED[i];
        i += 1;
    }
    all
};

/// `PUT /payments/coupon`
pub static UPDATE: Spec = Spec { query: &[], body: &UPDATED };

/// `DELETE /payments/coupon`
pub static DELETE: Spec =
    Spec { query: &[], body: &[must("altId", Rule::Text), must("altType", ALT_TYPE), must("id", Rule::Text)] };

/// Lists coupons.
pub fn list(call: &mut Call<'_>) -> Outcome {
    let account = &*call.account;
    let query = &call.query;
    let status = query.get("status");
    let needle = query.get("search").map(|text| text.trim().to_owned());
    let has = |text: &Option<String>, needle: &str| text.as_deref().is_some_and(|text| holds(text, needle));
    let keep = |index: usize| {
        let row = &account.coupons[index];
        status.is_none_or(|wanted| wanted == row.status(call.now))
            && needle.as_ref().is_none_or(|needle| has(&row.record.name, needle) || has(&row.record.code, needle))
    };
    let page = super::page::page(account.coupons.len(), query, 100, Some(&keep));
    Ok(Reply::ok(&CouponList {
        data: page.rows.into_iter().map(|row| record(&account.coupons[row], call.now)).collect(),
        total_count: page.total as f64,
        trace_id: Some(call.trace.clone()),
    }))
}

/// Reads one coupon, by its id or its code.
pub fn get(call: &mut Call<'_>) -> Outcome {
    let (id, code) = (call.query.get("id"), call.query.get("code"));
    if id.is_none() && code.is_none() {
        return Err(Refusal::parameters(vec!["id must be a string".into(), "code must be a string".into()]));
    }
    let found = call.account.coupons.iter().find(|row| {
        id.is_none_or(|id| row.record.id == id)
            && code.is_none_or(|code| row.record.code.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(code)))
    });
    let row = found.ok_or_else(|| Refusal::new(404, "Coupon not found"))?;
    Ok(Reply::ok(&Coupon { trace_id: Some(call.trace.clone()), ..record(row, call.now) }))
}

/// Creates a coupon.
pub fn create(call: &mut Call<'_>) -> Outcome {
    let number = call.account.next_made();
    let id = call.account.ids().coupons.id(call.now, number);
    let user = call.account.rng("users", 0).text(20);
    let kept = Coupon {
        id,
        usage_count: Some(0.0),
        user_id: Some(user),
        created_at: Some(iso(call.now)),
        ..Coupon::default()
    };
    let row = read(call, kept, call.now)?;
    let answer = Coupon { trace_id: Some(call.trace.clone()), ..record(&row, call.now) };
    call.account.coupons.push(row);
    Ok(Reply::created(&answer))
}

/// Changes a coupon; the body holds all its values.
pub fn update(call: &mut Call<'_>) -> Outcome {
    let at = find(call)?;
    let CouponRow { record: old, created, .. } = &call.account.coupons[at];
    let created = *created;
    let kept = Coupon {
        id: old.id.clone(),
        usage_count: old.usage_count,
        user_id: old.user_id.clone(),
        created_at: old.created_at.clone(),
        ..Coupon::default()
    };
    let row = read(call, kept, created)?;
    let answer = Coupon { trace_id: Some(call.trace.clone()), ..record(&row, call.now) };
    call.account.coupons[at] = row;
    Ok(Reply::ok(&answer))
}

/// Deletes a coupon.
pub fn delete(call: &mut Call<'_>) -> Outcome {
    let at = find(call)?;
    call.account.coupons.remove(at);
    Ok(Reply::ok(&DeleteCouponResult { success: Some(true), trace_id: Some(call.trace.clone()) }))
}

/// The coupon with the id in the body.
fn find(call: &Call<'_>) -> Result<usize, Refusal> {
    let id = text(&call.body, "id").unwrap_or_default();
    let found = call.account.coupons.iter().position(|row| row.record.id == id);
    found.ok_or_else(|| Refusal::new(404, "Coupon not found"))
}

fn text(body: &Map<String, Value>, name: &str) -> Option<String> {
    body.get(name).and_then(Value::as_str).map(str::to_owned)
}

/// The coupon that a body describes, on top of what it keeps.
fn read(call: &Call<'_>, kept: Coupon, created: i64) -> Result<CouponRow, Refusal> {
    let body = &call.body;
    let code = text(body, "code").unwrap_or_default();
    let taken = call.account.coupons.iter().any(|row| {
        row.record.id != kept.id && row.record.code.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(&code))
    });
    let time = |name: &str| body.get(name).and_then(Value::as_str).and_then(calendar::parse).map(|(at, _)| at);
    let (start, end) = (time("startDate").unwrap_or(call.now), time("endDate"));
    let value = body.get("discountValue").and_then(Value::as_f64);
    let config = body.get("applyToFuturePaymentsConfig").and_then(Value::as_object);
    let fixed = config.is_some_and(|config| text(config, "type").as_deref() == Some("fixed"));
    let lacks = |name: &str| fixed && !config.is_some_and(|config| config.contains_key(name));
    let issues: Vec<String> = [
        (taken, "code is already used by another coupon"),
        (end.is_some_and(|end| end <= start), "endDate must be after startDate"),
        (
            text(body, "discountType").as_deref() == Some("percentage") && value > Some(100.0),
            "discountValue must not be greater than 100",
        ),
        (lacks("duration"), "applyToFuturePaymentsConfig.duration must be a whole number not less than 1"),
        (lacks("durationType"), "applyToFuturePaymentsConfig.durationType must be one of the following values: months"),
    ]
    .into_iter()
    .filter(|(wrong, _)| *wrong)
    .map(|(_, text)| text.to_owned())
    .collect();
    if !issues.is_empty() {
        return Err(Refusal::parameters(issues));
    }
    let flag = |name: &str, otherwise: bool| body.get(name).and_then(Value::as_bool).unwrap_or(otherwise);
    let texts = |name: &str| {
        let list = body.get(name).and_then(Value::as_array)?;
        Some(list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    };
    let record = Coupon {
        // A request says whether there is a limit, an answer how high it is.
        limit_per_customer: Some(f64::from(u8::from(flag("limitPerCustomer", false)))),
        alt_id: Some(call.account.location.clone()),
        alt_type: Some("location".into()),
        name: text(body, "name"),
        code: Some(code),
        discount_type: text(body, "discountType"),
        discount_value: value,
        start_date: Some(iso(start)),
        end_date: end.map(iso),
        apply_to_future_payments: Some(flag("applyToFuturePayments", true)),
        apply_to_future_payments_config: Some(FuturePayments {
            kind: Some(if fixed { "fixed" } else { "forever" }.into()),
            duration: config.filter(|_| fixed).and_then(|config| config.get("duration")).and_then(Value::as_f64),
            duration_type: config.filter(|_| fixed).and_then(|config| text(config, "durationType")),
        }),
        product_ids: texts("productIds"),
        price_ids: texts("priceIds"),
        variant_ids: texts("variantIds"),
        updated_at: Some(iso(call.now)),
        ..kept
    };
    Ok(CouponRow { record, created, start, end })
}

/// The coupon as it stands now.
pub fn record(row: &CouponRow, now: i64) -> Coupon {
    Coupon { status: Some(row.status(now).into()), ..row.record.clone() }
}
