//! Deliveries of the items of orders.

use super::account::{Account, FulfillmentRow};
use super::calendar::iso;
use super::catalog::PRICES;
use super::check::{may, must, Rule, Spec, ALT_TYPE};
use super::http::{Outcome, Refusal, Reply};
use super::json::digits;
use super::{orders, Call};
use crate::model::{FulfilledItem, Fulfillment, FulfillmentCreated, FulfillmentList, FulfillmentTracking};
use crate::shape::joined;
use serde_json::Value;

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
    let data = Some(fulfillment(call.account, last));
    Ok(Reply::ok(&FulfillmentCreated { status: Some(true), data }))
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
    let data = rows.filter(|(_, row)| row.order as usize == index).map(|(at, _)| fulfillment(call.account, at));
    Ok(Reply::ok(&FulfillmentList { status: Some(true), data: data.collect() }))
}

/// The record of a delivery.
pub fn fulfillment(account: &Account, index: usize) -> Fulfillment {
    let row = &account.fulfillments[index];
    let order = &account.orders[row.order as usize];
    let lines = order.lines.iter().zip(row.pieces).filter(|(_, piece)| *piece > 0);
    let items = lines.map(|(line, piece)| {
        let price = &PRICES[usize::from(line.price)];
        FulfilledItem {
            id: account.price_id(line.price, order.currency),
            name: Some(price.title()),
            product: Some(account.product(price.product)),
            price: Some(account.price(line.price, order.currency)),
            qty: Some(f64::from(piece)),
        }
    });
    Fulfillment {
        alt_id: Some(account.location.clone()),
        alt_type: Some("location".into()),
        trackings: Some(row.trackings.clone()),
        id: account.ids().fulfillments.id(row.created, index),
        items: Some(items.collect()),
        created_at: Some(iso(row.created)),
        updated_at: Some(iso(row.created)),
    }
}
