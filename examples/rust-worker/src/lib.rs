//! A Cloudflare Worker in Rust: `GET /orders?limit=5` lists the newest orders of the location.
//!
//! `GHL_TOKEN` is a secret of the Worker, `GHL_LOCATION` and `GHL_BASE_URL` (HighLevel's own address when left out) are
//! variables.

use ghl_payments::core::{Config, Error};
use ghl_payments::endpoint::{ListOrders, ListOrdersParams};
use ghl_payments::transport::{FetchTransport, TokenSource};
use ghl_payments::Client;
use serde_json::json;
use worker::{event, Context, Env, Request, Response, Result};

#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
    let limit = request.url()?.query_pairs().find_map(|(name, value)| (name == "limit").then(|| value.parse().ok())?);
    match orders(&env, limit).await? {
        Ok(orders) => Response::from_json(&orders),
        // The error holds no secret; which status the caller sees is the Worker's own business.
        Err(error) => {
            Ok(Response::from_json(&json!({ "code": error.code(), "message": error.message }))?.with_status(502))
        }
    }
}

async fn orders(env: &Env, limit: Option<u32>) -> Result<std::result::Result<serde_json::Value, Error>> {
    let mut config = Config { location_id: Some(env.var("GHL_LOCATION")?.to_string()), ..Config::default() };
    if let Ok(url) = env.var("GHL_BASE_URL") {
        config.base_url = url.to_string();
    }
    let token = env.secret("GHL_TOKEN")?.to_string();
    Ok(async {
        let client = Client::new(FetchTransport::new(TokenSource::text(token)?), config)?;
        let page = client.send(&ListOrders { params: ListOrdersParams { limit, ..Default::default() } }).await?;
        let orders: Vec<_> = page.data.iter().map(|order| json!({ "id": order.id, "amount": order.amount })).collect();
        Ok(json!({ "total": page.total_count, "orders": orders }))
    }
    .await)
}
