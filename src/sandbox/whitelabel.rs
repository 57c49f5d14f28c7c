//! White-label integrations.

use super::calendar::iso;
use super::check::{may, must, Rule, Spec, ALT_TYPE};
use super::http::{Outcome, Refusal, Reply};
use super::json::{Json, Members, Text};
use super::Call;
use crate::model::{WhitelabelList, WhitelabelProvider};
use serde_json::Value;

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

/// The list with a single integration.
struct Single(WhitelabelProvider);

impl Json for Single {
    fn write(&self, out: &mut Text) {
        let mut members = Members::new(out);
        members.add("providers", &self.0);
        members.end();
    }
}

/// Creates an integration.
pub fn create(call: &mut Call<'_>) -> Outcome {
    let text = |name: &str| call.body.get(name).and_then(Value::as_str).map(str::to_owned);
    let route = text("uniqueName");
    if call.account.whitelabel.iter().any(|other| other.route == route) {
        return Err(Refusal::parameter("uniqueName is already used by another integration"));
    }
    let (title, provider, description, image_url) =
        (text("title"), text("provider"), text("description"), text("imageUrl"));
    let number = call.account.next_made();
    let record = WhitelabelProvider {
        id: call.account.ids().others.id(call.now, number),
        alt_id: Some(call.account.location.clone()),
        alt_type: Some("location".into()),
        title,
        route,
        provider,
        description,
        image_url,
        created_at: Some(iso(call.now)),
        updated_at: Some(iso(call.now)),
    };
    let answer = Reply::ok(&record);
    call.account.whitelabel.push(record);
    Ok(answer)
}

/// Lists integrations: a single one comes as an object, as the documentation draws it, several come as a list.
pub fn list(call: &mut Call<'_>) -> Outcome {
    let all = &call.account.whitelabel;
    let page = super::page::page(all.len(), &call.query, usize::MAX, None);
    let mut providers: Vec<WhitelabelProvider> = page.rows.into_iter().map(|row| all[row].clone()).collect();
    Ok(match providers.pop() {
        Some(only) if providers.is_empty() => Reply::ok(&Single(only)),
        last => {
            providers.extend(last);
            Reply::ok(&WhitelabelList { providers })
        }
    })
}
