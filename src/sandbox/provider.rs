//! The custom payment provider of the sandbox's app.

use super::account::{Keys, ProviderRow};
use super::calendar::iso;
use super::check::{may, must, Param, Rule, Spec};
use super::http::{Outcome, Refusal, Reply};
use super::object::{object, set};
use super::Call;
use crate::model::{CustomProviderConfig, ProviderResult};
use serde_json::{Map, Value};

const LOCATION: &[Param] = &[must("locationId", Rule::Text)];

/// `POST /payments/custom-provider/provider`
pub static CREATE: Spec = Spec {
    query: LOCATION,
    body: &[
        must("name", Rule::Text),
        must("description", Rule::AnyText),
        must("paymentsUrl", Rule::Url),
        must("queryUrl", Rule::Url),
        must("imageUrl", Rule::Url),
        must("supportsSubscriptionSchedule", Rule::Flag),
    ],
};

/// `DELETE /payments/custom-provider/provider`, `GET /payments/custom-provider/connect`
pub static BARE: Spec = Spec { query: LOCATION, body: &[] };

const KEYS: Rule = Rule::Record(&[must("apiKey", Rule::Text), must("publishableKey", Rule::Text)]);

/// `POST /payments/custom-provider/connect`
pub static CONNECT: Spec = Spec { query: LOCATION, body: &[may("live", KEYS), may("test", KEYS)] };

/// `POST /payments/custom-provider/disconnect`
pub static DISCONNECT: Spec = Spec { query: LOCATION, body: &[must("liveMode", Rule::Flag)] };

/// `PUT /payments/custom-provider/capabilities`
pub static CAPABILITIES: Spec = Spec {
    query: &[],
    body: &[
        must("supportsSubscriptionSchedules", Rule::Flag),
        may("companyId", Rule::Text),
        may("locationId", Rule::Text),
    ],
};

const DONE: ProviderResult = ProviderResult { success: Some(true) };

/// Creates the provider, or gives the one that is there new values.
pub fn create(call: &mut Call<'_>) -> Outcome {
    let field = |name: &str| Some(text(&call.body, name));
    let (name, description) = (field("name"), field("description"));
    let (payments_url, query_url, image_url) = (field("paymentsUrl"), field("queryUrl"), field("imageUrl"));
    let schedules = call.body.get("supportsSubscriptionSchedule").and_then(Value::as_bool).unwrap_or_default();
    let number = call.account.next_made();
    let now = Some(iso(call.now));
    let old = call.account.provider.take();
    let (id, created_at, live, test) = match old {
        Some(old) => (old.record.id, old.record.created_at, old.live, old.test),
        None => (Some(call.account.ids().others.id(call.now, number)), now.clone(), None, None),
    };
    let record = CustomProviderConfig {
        name,
        description,
        payments_url,
        query_url,
        image_url,
        id,
        location_id: Some(call.account.location.clone()),
        deleted: Some(false),
        created_at,
        updated_at: now,
        ..CustomProviderConfig::default()
    };
    call.account.provider = Some(ProviderRow { record, live, test, schedules });
    config(call)
}

/// Removes the provider.
pub fn delete(call: &mut Call<'_>) -> Outcome {
    match call.account.provider.take() {
        Some(_) => Ok(Reply::ok(&DONE)),
        None => Err(absent()),
    }
}

/// Reads the provider, keys included.
pub fn config(call: &mut Call<'_>) -> Outcome {
    let row = call.account.provider.as_ref().ok_or_else(absent)?;
    let record = record(row, call.app);
    Ok(Reply::ok(&CustomProviderConfig { trace_id: Some(call.trace.clone()), ..record }))
}

/// Stores keys.
pub fn connect(call: &mut Call<'_>) -> Outcome {
    let keys = |mode: &str| {
        let fields = call.body.get(mode).and_then(Value::as_object)?;
        Some(Keys { api_key: text(fields, "apiKey"), publishable_key: text(fields, "publishableKey") })
    };
    let (live, test) = (keys("live"), keys("test"));
    if live.is_none() && test.is_none() {
        return Err(Refusal::parameters(vec!["live must be an object".into(), "test must be an object".into()]));
    }
    let Some(row) = call.account.provider.as_mut() else {
        return Err(Refusal::new(422, "The custom provider must be created before it is connected"));
    };
    row.live = live.or(row.live.take());
    row.test = test.or(row.test.take());
    row.record.updated_at = Some(iso(call.now));
    config(call)
}

/// Forgets the keys of one mode.
pub fn disconnect(call: &mut Call<'_>) -> Outcome {
    let live = call.body.get("liveMode").and_then(Value::as_bool).unwrap_or_default();
    let row = call.account.provider.as_mut().ok_or_else(absent)?;
    *(if live { &mut row.live } else { &mut row.test }) = None;
    row.record.updated_at = Some(iso(call.now));
    Ok(Reply::ok(&DONE))
}

/// Says what the provider can do.
pub fn capabilities(call: &mut Call<'_>) -> Outcome {
    if !call.body.contains_key("companyId") && !call.body.contains_key("locationId") {
        return Err(Refusal::parameters(vec![
            "companyId is required without locationId".into(),
            "locationId is required without companyId".into(),
        ]));
    }
    let schedules = call.body.get("supportsSubscriptionSchedules").and_then(Value::as_bool).unwrap_or_default();
    let row = call.account.provider.as_mut().ok_or_else(absent)?;
    row.schedules = schedules;
    row.record.updated_at = Some(iso(call.now));
    Ok(Reply::ok(&DONE))
}

fn text(fields: &Map<String, Value>, name: &str) -> String {
    fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn absent() -> Refusal {
    Refusal::new(400, "There is no config for this locationId and marketplaceAppId")
}

/// The provider of an app, keys included.
pub fn record(row: &ProviderRow, app: &str) -> CustomProviderConfig {
    let mode = |live: bool, keys: &Option<Keys>| {
        let mut out = object! { "liveMode": live };
        if let Some(keys) = keys {
            set(&mut out, "apiKey", keys.api_key.as_str().into());
            set(&mut out, "publishableKey", keys.publishable_key.as_str().into());
        }
        out
    };
    CustomProviderConfig {
        marketplace_app_id: Some(app.into()),
        payment_provider: Some(object! {
            "live": mode(true, &row.live),
            "test": mode(false, &row.test),
            "supportsSubscriptionSchedule": row.schedules,
        }),
        ..row.record.clone()
    }
}
