//! White-label integrations.

use crate::sandbox::account::rows::WhitelabelRow;
use crate::sandbox::account::state::Account;
use crate::sandbox::http::check::{may, must, Rule, Spec, ALT_TYPE};
use crate::sandbox::http::refusal::{Outcome, Refusal, Reply};
use crate::sandbox::json::Members;
use crate::sandbox::operations::call::{Call, Handler};
use crate::sandbox::operations::page::page;
use serde_json::Value;

/// The operations that are done here.
pub const HANDLERS: &[Handler] =
    &[("create-integration provider", &CREATE, create), ("list-integration-providers", &LIST, list)];

/// `POST /payments/integrations/provider/whitelabel`
pub static CREATE: Spec = Spec {
    query: &[],
    body: &[
        must("altId", Rule::Text),
        must("altType", ALT_TYPE),
        must("uniqueName", Rule::Slug),
        must("title", Rule::Text),
        must("provider", Rule::Choice(&["authorize-net", "nmi"])),
        must("description", Rule::AnyText),
        must("imageUrl", Rule::Url),
    ],
};

/// `GET /payments/integrations/provider/whitelabel`
pub static LIST: Spec = Spec {
    query: &[
        must("altId", Rule::Text),
        must("altType", ALT_TYPE),
        may("limit", Rule::Whole(0)),
        may("offset", Rule::Whole(0)),
    ],
    body: &[],
};

/// What an integration is called, as answers name it.
pub const TEXTS: [&str; 5] = ["route", "title", "provider", "description", "imageUrl"];

/// Creates an integration.
pub fn create(call: &mut Call<'_>) -> Outcome {
    let texts = TEXTS.map(|name| {
        let name = if name == "route" { "uniqueName" } else { name };
        call.body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    });
    if call.account.whitelabel.iter().any(|other| other.texts[0] == texts[0]) {
        return Err(Refusal::parameter("uniqueName is already used by another integration"));
    }
    let number = call.account.next_made();
    let row = WhitelabelRow { id: call.account.ids().others.id(call.now, number), created: call.now, texts };
    let answer = Reply::object(&|out| record(call.account, &row, out));
    call.account.whitelabel.push(row);
    Ok(answer)
}

/// Lists integrations: a single one comes as an object, as the documentation draws it, several come as a list.
pub fn list(call: &mut Call<'_>) -> Outcome {
    let account = &*call.account;
    let all = &account.whitelabel;
    let rows = page(all.len(), &call.query, usize::MAX, None).rows;
    Ok(Reply::object(&|out| match rows.as_slice() {
        [only] => {
            let mut providers = out.object("providers");
            record(account, &all[*only], &mut providers);
            providers.end();
        }
        rows => out.list("providers", rows.len(), &|at, out| record(account, &all[rows[at]], out)),
    }))
}

/// Adds the record of an integration.
pub fn record(account: &Account, row: &WhitelabelRow, out: &mut Members<'_>) {
    out.text("_id", &row.id);
    account.owned(out);
    for (name, text) in TEXTS.into_iter().zip(&row.texts) {
        out.text(name, text);
    }
    out.time("createdAt", row.created);
    out.time("updatedAt", row.created);
}
