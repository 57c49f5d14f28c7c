//! A Cloudflare Worker in Rust: `GET /orders?limit=5` lists the newest orders of the location, `GET /revenue` adds up all of
//! its completed ones, page by page.
//!
//! `GHL_TOKEN` is a secret of the Worker, `GHL_LOCATION` and `GHL_BASE_URL` (HighLevel's own address when left out) are
//! variables.

use ghl_payments::core::{Config, Error};
use ghl_payments::endpoint::{ListOrders, ListOrdersParams};
use ghl_payments::transport::{FetchTransport, TokenSource};
use ghl_payments::Client;
use serde_json::{json, Value};
use worker::{event, Context, Env, Request, Response, Result};

#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
    let url = request.url()?;
    let client = match client(&env)? {
        Ok(client) => client,
        Err(error) => return failed(&error),
    };
    let answer = match url.path() {
        "/orders" => {
            let limit = url.query_pairs().find_map(|(name, value)| (name == "limit").then(|| value.parse().ok())?);
            orders(&client, limit).await
        }
        "/revenue" => revenue(&client).await,
        _ => return Response::error("not found", 404),
    };
    match answer {
        Ok(answer) => Response::from_json(&answer),
        Err(error) => failed(&error),
    }
}

/// The error holds no secret; which status the caller sees is the Worker's own business.
fn failed(error: &Error) -> Result<Response> {
    Ok(Response::from_json(&json!({ "code": error.code(), "message": error.message }))?.with_status(502))
}

fn client(env: &Env) -> Result<std::result::Result<Client<FetchTransport>, Error>> {
    let mut config = Config { location_id: Some(env.var("GHL_LOCATION")?.to_string()), ..Config::default() };
    if let Ok(url) = env.var("GHL_BASE_URL") {
        config.base_url = url.to_string();
    }
    let token = env.secret("GHL_TOKEN")?.to_string();
    Ok(TokenSource::text(token).and_then(|token| Client::new(FetchTransport::new(token), config)))
}

async fn orders(client: &Client<FetchTransport>, limit: Option<u32>) -> std::result::Result<Value, Error> {
    let page = client.send(&ListOrders { params: ListOrdersParams { limit, ..Default::default() } }).await?;
    let orders: Vec<_> = page.data.iter().map(|order| json!({ "id": order.id, "amount": order.amount })).collect();
    Ok(json!({ "total": page.total_count, "orders": orders }))
}

async fn revenue(client: &Client<FetchTransport>) -> std::result::Result<Value, Error> {
    let params = ListOrdersParams { status: Some("completed".into()), limit: Some(100), ..Default::default() };
    let mut orders = client.pages(ListOrders { params }).records();
    let (mut count, mut sum) = (0, 0.0);
    while let Some(order) = orders.next().await.transpose()? {
        count += 1;
        sum += order.amount.unwrap_or(0.0);
    }
    Ok(json!({ "orders": count, "amount": sum }))
}
