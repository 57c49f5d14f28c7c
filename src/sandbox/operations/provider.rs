//! The custom payment provider of the sandbox's app.

use crate::sandbox::account::rows::{Keys, ProviderRow};
use crate::sandbox::account::state::Account;
use crate::sandbox::http::check::{may, must, Param, Rule, Spec};
use crate::sandbox::http::refusal::{Outcome, Refusal, Reply};
use crate::sandbox::json::Members;
use crate::sandbox::operations::call::{Call, Handler};
use serde_json::{Map, Value};

/// The operations that are done here.
pub const HANDLERS: &[Handler] = &[
    ("create-integration", &CREATE, create),
    ("delete-integration", &BARE, delete),
    ("fetch-config", &BARE, config),
    ("create-config", &CONNECT, connect),
    ("disconnect-config", &DISCONNECT, disconnect),
    ("custom-provider-marketplace-app-update-capabilities", &CAPABILITIES, capabilities),
];

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

/// The answer to what is done.
fn done() -> Outcome {
    Ok(Reply::object(&|out| out.flag("success", true)))
}

/// What an app says of its provider.
pub const TEXTS: [&str; 5] = ["name", "description", "paymentsUrl", "queryUrl", "imageUrl"];

/// Creates the provider, or gives the one that is there new values.
pub fn create(call: &mut Call<'_>) -> Outcome {
    let texts = TEXTS.map(|name| text(&call.body, name));
    let schedules = call.body.get("supportsSubscriptionSchedule").and_then(Value::as_bool).unwrap_or_default();
    let number = call.account.next_made();
    let (id, created, live, test) = match call.account.provider.take() {
        Some(old) => (old.id, old.created, old.live, old.test),
        None => (call.account.ids().others.id(call.now, number), call.now, None, None),
    };
    call.account.provider = Some(ProviderRow { id, texts, created, updated: call.now, live, test, schedules });
    config(call)
}

/// Removes the provider.
pub fn delete(call: &mut Call<'_>) -> Outcome {
    match call.account.provider.take() {
        Some(_) => done(),
        None => Err(absent()),
    }
}

/// Reads the provider, keys included.
pub fn config(call: &mut Call<'_>) -> Outcome {
    let row = call.account.provider.as_ref().ok_or_else(absent)?;
    Ok(Reply::object(&|out| {
        record(call.account, row, call.app, out);
        out.text("traceId", &call.trace);
    }))
}

/// Stores keys.
pub fn connect(call: &mut Call<'_>) -> Outcome {
    let keys = |mode: &str| {
        let fields = call.body.get(mode).and_then(Value::as_object)?;
        Some(Keys { api_key: text(fields, "apiKey"), publishable_key: text(fields, "publishableKey"), given: true })
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
    row.updated = call.now;
    config(call)
}

/// Forgets the keys of one mode.
pub fn disconnect(call: &mut Call<'_>) -> Outcome {
    let live = call.body.get("liveMode").and_then(Value::as_bool).unwrap_or_default();
    let row = call.account.provider.as_mut().ok_or_else(absent)?;
    *(if live { &mut row.live } else { &mut row.test }) = None;
    row.updated = call.now;
    done()
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
    row.updated = call.now;
    done()
}

fn text(fields: &Map<String, Value>, name: &str) -> String {
    fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn absent() -> Refusal {
    Refusal::new(400, "There is no config for this locationId and marketplaceAppId")
}

/// Adds the record of a provider.
pub fn record(account: &Account, row: &ProviderRow, app: &str, out: &mut Members<'_>) {
    for (name, text) in TEXTS.into_iter().zip(&row.texts) {
        out.text(name, text);
    }
    out.text("_id", &row.id);
    out.text("locationId", &account.location);
    out.text("marketplaceAppId", app);
    out.flag("deleted", false);
    out.time("createdAt", row.created);
    out.time("updatedAt", row.updated);
    let mut modes = out.object("paymentProvider");
    for (name, keys) in [("live", &row.live), ("test", &row.test)] {
        let mut mode = modes.object(name);
        mode.flag("liveMode", name == "live");
        if let Some(keys) = keys {
            mode.text("apiKey", &keys.api_key);
            mode.text("publishableKey", &keys.publishable_key);
        }
        mode.end();
    }
    modes.flag("supportsSubscriptionSchedule", row.schedules);
    modes.end();
}
