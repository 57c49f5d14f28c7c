//! A page in Rust that lists orders; the account stands in its query.

use ghl_payments::core::{Config, Error};
use ghl_payments::endpoint::{ListOrders, ListOrdersParams};
use ghl_payments::transport::{FetchTransport, TokenSource};
use ghl_payments::Client;
use wasm_bindgen_futures::spawn_local;
use web_sys::{console, window, UrlSearchParams};
use yew::prelude::*;

#[component]
fn Orders() -> Html {
    let ids = use_state(Vec::new);
    let found = ids.clone();
    use_effect_with((), move |()| {
        spawn_local(async move {
            match order_ids().await {
                Ok(ids) => found.set(ids),
                Err(error) => console::error_1(&error.message.as_str().into()),
            }
        });
    });
    html! {
        <ol id="orders">{ for ids.iter().map(|id| html! { <li key={id.clone()}>{ id }</li> }) }</ol>
    }
}

async fn order_ids() -> Result<Vec<String>, Error> {
    let query = window().and_then(|window| window.location().search().ok()).unwrap_or_default();
    let account = UrlSearchParams::new_with_str(&query).ok();
    let setting = |name: &str| account.as_ref().and_then(|account| account.get(name)).unwrap_or_default();
    let config = Config { base_url: setting("baseUrl"), location_id: Some(setting("locationId")), ..Config::default() };
    let token = TokenSource::text(setting("token"))?;
    let client = Client::new(FetchTransport::new(token), config)?;
    let params = ListOrdersParams { limit: Some(5), ..Default::default() };
    let page = client.send(&ListOrders { params }).await?;
    Ok(page.data.into_iter().map(|order| order.id).collect())
}

fn main() {
    yew::Renderer::<Orders>::new().render();
}
