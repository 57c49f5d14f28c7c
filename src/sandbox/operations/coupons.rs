//! Coupons.

use crate::sandbox::account::rows::CouponRow;
use crate::sandbox::account::state::Account;
use crate::sandbox::amount::is_money;
use crate::sandbox::calendar;
use crate::sandbox::http::check::{may, must, Param, Rule, Spec, ALT_TYPE};
use crate::sandbox::http::refusal::{Outcome, Refusal, Reply};
use crate::sandbox::json::Members;
use crate::sandbox::operations::call::{Call, Handler};
use crate::sandbox::operations::page::page;
use crate::sandbox::text::holds;
use serde_json::{Map, Value};

/// The operations that are done here.
pub const HANDLERS: &[Handler] = &[
    ("list-coupons", &LIST, list),
    ("get-coupon", &GET, get),
    ("create-coupon", &CREATE, create),
    ("update-coupon", &UPDATE, update),
    ("delete-coupon", &DELETE, delete),
];

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
    must("discountValue", Rule::Positive),
    must("startDate", Rule::Date),
    may("endDate", Rule::Date),
    may("usageLimit", Rule::Whole(0)),
    may("productIds", Rule::Ids),
    may("priceIds", Rule::Ids),
    may("variantIds", Rule::Ids),
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
    let keep = |index: usize| {
        let row = &account.coupons[index];
        status.is_none_or(|wanted| wanted == row.status(call.now))
            && needle.as_ref().is_none_or(|needle| holds(&row.name, needle) || holds(&row.code, needle))
    };
    let page = page(account.coupons.len(), query, 100, Some(&keep));
    Ok(Reply::object(&|out| {
        out.list("data", page.rows.len(), &|at, out| record(account, &account.coupons[page.rows[at]], call.now, out));
        out.number("totalCount", page.total as f64);
        out.text("traceId", &call.trace);
    }))
}

/// The answer with one coupon.
fn single(call: &Call<'_>, row: &CouponRow) -> Reply {
    Reply::object(&|out| {
        record(call.account, row, call.now, out);
        out.text("traceId", &call.trace);
    })
}

/// Reads one coupon, by its id or its code.
pub fn get(call: &mut Call<'_>) -> Outcome {
    let (id, code) = (call.query.get("id"), call.query.get("code"));
    if id.is_none() && code.is_none() {
        return Err(Refusal::parameters(vec!["id must be a string".into(), "code must be a string".into()]));
    }
    let found =
        call.account.coupons.iter().find(|row| {
            id.is_none_or(|id| row.id == id) && code.is_none_or(|code| row.code.eq_ignore_ascii_case(code))
        });
    let row = found.ok_or_else(|| Refusal::new(404, "Coupon not found"))?;
    Ok(single(call, row))
}

/// Creates a coupon.
pub fn create(call: &mut Call<'_>) -> Outcome {
    let number = call.account.next_made();
    let id = call.account.ids().coupons.id(call.now, number);
    let row = read(call, id, call.now, 0)?;
    let answer = Reply { status: 201, ..single(call, &row) };
    call.account.coupons.push(row);
    Ok(answer)
}

/// Changes a coupon; the body holds all its values.
pub fn update(call: &mut Call<'_>) -> Outcome {
    let at = find(call)?;
    let old = &call.account.coupons[at];
    let row = read(call, old.id.clone(), old.created, old.used)?;
    let answer = single(call, &row);
    call.account.coupons[at] = row;
    Ok(answer)
}

/// Deletes a coupon.
pub fn delete(call: &mut Call<'_>) -> Outcome {
    let at = find(call)?;
    call.account.coupons.remove(at);
    Ok(Reply::object(&|out| {
        out.flag("success", true);
        out.text("traceId", &call.trace);
    }))
}

/// The coupon with the id in the body.
fn find(call: &Call<'_>) -> Result<usize, Refusal> {
    let id = text(&call.body, "id").unwrap_or_default();
    let found = call.account.coupons.iter().position(|row| row.id == id);
    found.ok_or_else(|| Refusal::new(404, "Coupon not found"))
}

fn text(body: &Map<String, Value>, name: &str) -> Option<String> {
    body.get(name).and_then(Value::as_str).map(str::to_owned)
}

/// The coupon that a body describes.
fn read(call: &Call<'_>, id: String, created: i64, used: u32) -> Result<CouponRow, Refusal> {
    let body = &call.body;
    let code = text(body, "code").unwrap_or_default();
    let taken = call.account.coupons.iter().any(|row| row.id != id && row.code.eq_ignore_ascii_case(&code));
    let time = |name: &str| body.get(name).and_then(Value::as_str).and_then(calendar::parse).map(|(at, _)| at);
    let (start, end) = (time("startDate").unwrap_or(call.now), time("endDate"));
    let value = body.get("discountValue").and_then(Value::as_f64).unwrap_or_default();
    let percentage = text(body, "discountType").as_deref() == Some("percentage");
    let config = body.get("applyToFuturePaymentsConfig").and_then(Value::as_object);
    let fixed = config.is_some_and(|config| text(config, "type").as_deref() == Some("fixed"));
    let lacks = |name: &str| fixed && !config.is_some_and(|config| config.contains_key(name));
    let issues: Vec<String> = [
        (taken, "code is already used by another coupon"),
        (end.is_some_and(|end| end <= start), "endDate must be after startDate"),
        (percentage && value > 100.0, "discountValue must not be greater than 100"),
        (!percentage && !is_money(value), "discountValue must be a number with at most 4 decimal places"),
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
    let months = config.filter(|_| fixed).and_then(|config| config.get("duration")).and_then(Value::as_f64);
    Ok(CouponRow {
        id,
        name: text(body, "name").unwrap_or_default(),
        code,
        percentage,
        value,
        used,
        once: flag("limitPerCustomer", false),
        future: flag("applyToFuturePayments", true),
        months,
        only: ONLY.map(|name| body.get(name).cloned()),
        created,
        updated: call.now,
        start,
        end,
    })
}

/// The fields that narrow a coupon down.
const ONLY: [&str; 3] = ["productIds", "priceIds", "variantIds"];

/// Adds the coupon as it stands now.
pub fn record(account: &Account, row: &CouponRow, now: i64, out: &mut Members<'_>) {
    out.text("_id", &row.id);
    account.owned(out);
    out.number("usageCount", row.used.into());
    // A request says whether there is a limit, an answer how high it is.
    out.number("limitPerCustomer", u8::from(row.once).into());
    out.text("name", &row.name);
    out.text("code", &row.code);
    out.text("discountType", if row.percentage { "percentage" } else { "amount" });
    out.number("discountValue", row.value);
    out.text("status", row.status(now));
    out.time("startDate", row.start);
    if let Some(end) = row.end {
        out.time("endDate", end);
    }
    out.flag("applyToFuturePayments", row.future);
    let mut config = out.object("applyToFuturePaymentsConfig");
    config.text("type", if row.months.is_some() { "fixed" } else { "forever" });
    if let Some(months) = row.months {
        config.number("duration", months);
        config.text("durationType", "months");
    }
    config.end();
    for (name, only) in ONLY.into_iter().zip(&row.only) {
        if let Some(only) = only {
            out.add(name, only);
        }
    }
    out.text("userId", &account.user());
    out.time("createdAt", row.created);
    out.time("updatedAt", row.updated);
}
