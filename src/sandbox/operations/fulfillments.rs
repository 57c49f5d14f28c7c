//! Deliveries of the items of orders.

use crate::json::joined;
use crate::model::FulfillmentTracking;
use crate::sandbox::account::catalog::PRICES;
use crate::sandbox::account::rows::FulfillmentRow;
use crate::sandbox::account::state::Account;
use crate::sandbox::http::check::{may, must, Rule, Spec, ALT_TYPE};
use crate::sandbox::http::refusal::{Outcome, Refusal, Reply};
use crate::sandbox::json::Members;
use crate::sandbox::operations::call::{Call, Handler};
use crate::sandbox::operations::orders;
use crate::sandbox::text::digits;
use serde_json::Value;

/// The operations that are done here.
pub const HANDLERS: &[Handler] =
    &[("create-order-fulfillment", &CREATE, create), ("list-order-fulfillment", &orders::PARTS, list)];

/// `POST /payments/orders/{orderId}/fulfillments`
pub static CREATE: Spec = Spec {
    query: &[],
    body: &[
        must("altId", Rule::Text),
        must("altType", ALT_TYPE),
        must(
            "trackings",
            Rule::Records(&[
                may("trackingNumber", Rule::AnyText),
                may("shippingCarrier", Rule::AnyText),
                may("trackingUrl", Rule::AnyText),
            ]),
        ),
        must("items", Rule::Records(&[must("priceId", Rule::Text), must("qty", Rule::Whole(1))])),
        must("notifyCustomer", Rule::Flag),
    ],
};

/// Reports a delivery: it counts against the pieces that were ordered.
pub fn create(call: &mut Call<'_>) -> Outcome {
    let index = orders::find(call.account, &call.id)?;
    let pieces = pieces(call.account, index, call.body.get("items"))?;
    let trackings = call.body.get("trackings").and_then(Value::as_array);
    let trackings = trackings.into_iter().flatten().map(|tracking| {
        let text = |name: &str| tracking.get(name).and_then(Value::as_str).map(str::to_owned);
        FulfillmentTracking {
            tracking_number: text("trackingNumber"),
            shipping_carrier: text("shippingCarrier"),
            tracking_url: text("trackingUrl"),
        }
    });
    let row = FulfillmentRow { created: call.now, order: index as u32, pieces, trackings: trackings.collect() };
    let order = &mut call.account.orders[index];
    for (line, piece) in order.lines.iter_mut().zip(pieces) {
        line.fulfilled += piece;
    }
    order.updated = call.now;
    call.account.fulfillments.push(row);
    let last = call.account.fulfillments.len() - 1;
    Ok(Reply::object(&|out| {
        out.flag("status", true);
        let mut data = out.object("data");
        fulfillment(call.account, last, &mut data);
        data.end();
    }))
}

/// For each line of an order how many pieces a delivery holds.
fn pieces(account: &Account, index: usize, items: Option<&Value>) -> Result<[u8; 3], Refusal> {
    let order = &account.orders[index];
    let items = items.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if items.is_empty() {
        return Err(Refusal::parameter("items should not be empty"));
    }
    let mut pieces = [0_u8; 3];
    let mut issues = Vec::new();
    for (i, item) in items.iter().enumerate() {
        let id = item.get("priceId").and_then(Value::as_str).unwrap_or_default();
        let qty = item.get("qty").and_then(Value::as_f64).unwrap_or_default();
        let lines = order.lines.iter().zip(&mut pieces).filter(|(line, _)| line.qty > 0);
        let line = lines.into_iter().find(|(line, _)| account.price_id(line.price, order.currency) == id);
        let Some((line, piece)) = line else {
            issues.push(joined(&["items.", &digits(i as u64, 1), ".priceId is not a price of this order"]));
            continue;
        };
        let left = line.qty - line.fulfilled - *piece;
        if qty > f64::from(left) {
            let (i, left) = (digits(i as u64, 1), digits(left.into(), 1));
            let parts = ["items.", &i, ".qty must not be greater than the quantity left to fulfill (", &left, ")"];
            issues.push(joined(&parts));
        } else {
            *piece += qty as u8;
        }
    }
    if issues.is_empty() {
        Ok(pieces)
    } else {
        Err(Refusal::parameters(issues))
    }
}

/// Lists the deliveries of an order.
pub fn list(call: &mut Call<'_>) -> Outcome {
    let index = orders::find(call.account, &call.id)?;
    let rows = call.account.fulfillments.iter().enumerate().rev();
    let rows: Vec<usize> = rows.filter(|(_, row)| row.order as usize == index).map(|(at, _)| at).collect();
    Ok(Reply::object(&|out| {
        out.flag("status", true);
        out.list("data", rows.len(), &|at, out| fulfillment(call.account, rows[at], out));
    }))
}

/// Adds the record of a delivery.
pub fn fulfillment(account: &Account, index: usize, out: &mut Members<'_>) {
    let row = &account.fulfillments[index];
    let order = &account.orders[row.order as usize];
    account.owned(out);
    out.list("trackings", row.trackings.len(), &|at, out| {
        let tracking = &row.trackings[at];
        out.maybe("trackingNumber", tracking.tracking_number.as_deref());
        out.maybe("shippingCarrier", tracking.shipping_carrier.as_deref());
        out.maybe("trackingUrl", tracking.tracking_url.as_deref());
    });
    out.text("_id", &account.ids().fulfillments.id(row.created, index));
    let lines: Vec<usize> = (0..3).filter(|line| row.pieces[*line] > 0).collect();
    out.list("items", lines.len(), &|at, out| {
        let price = order.lines[lines[at]].price;
        out.text("_id", &account.price_id(price, order.currency));
        out.text("name", &PRICES[usize::from(price)].title());
        account.article(out, price, order.currency);
        out.number("qty", row.pieces[lines[at]].into());
    });
    out.time("createdAt", row.created);
    out.time("updatedAt", row.created);
}
