//! The server on a multi-threaded tokio, against the sandbox over HTTP.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::Router;
use ghl_payments::core::Config;
use ghl_payments::sandbox::{Options, Request, Sandbox, TokenOptions};
use serde_json::{json, Value};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

type Shared = Arc<Mutex<Sandbox>>;

fn now_ms() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64() * 1000.0
}

/// HighLevel, as far as the example can tell.
async fn highlevel(
    State(sandbox): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let named = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
        (name.to_string(), value.to_str().unwrap_or_default().to_owned())
    };
    let request = Request {
        method: method.to_string(),
        url: uri.to_string(),
        headers: headers.iter().map(named).collect(),
        body: body.to_vec(),
    };
    let answer = sandbox.lock().unwrap().handle(&request, now_ms());
    let mut response = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(answer.body)).unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

/// Serves on a free port of this machine; gives its address.
async fn serve(app: Router) -> String {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    address
}

/// A sandbox, and the example in front of it.
async fn start(token: Option<&str>) -> (Shared, String) {
    let mut sandbox = Sandbox::new(Options::new(7, now_ms()));
    let token = token.map_or_else(|| sandbox.token(&TokenOptions::default()).unwrap(), str::to_owned);
    let location_id = Some(sandbox.location().to_owned());
    let sandbox = Arc::new(Mutex::new(sandbox));
    let base_url = serve(Router::new().fallback(highlevel).with_state(Arc::clone(&sandbox))).await;
    let config = Config { base_url, location_id, retry_delay_ms: 1, ..Config::default() };
    let address = serve(rust_server::app(token, config).unwrap()).await;
    (sandbox, address)
}

/// Asks the example; gives the status and what it answered.
async fn ask(method: Method, url: String, body: Option<Value>) -> (u16, Value) {
    let mut request = reqwest::Client::new().request(method, url);
    if let Some(body) = body {
        request = request.header("content-type", "application/json").body(body.to_string());
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap())
}

fn state(sandbox: &Shared) -> Value {
    let state: Value = serde_json::from_str(&sandbox.lock().unwrap().state_json()).unwrap();
    state["locations"][0].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_callers_share_one_client() {
    let (sandbox, address) = start(None).await;
    let calls: Vec<_> = (0..24).map(|_| tokio::spawn(ask(Method::GET, format!("{address}/orders"), None))).collect();
    for call in calls {
        let (status, orders) = call.await.unwrap();
        assert_eq!((status, orders.as_array().unwrap().len()), (200, 20));
        assert!(orders[0]["amount"].is_number());
    }
    assert_eq!(sandbox.lock().unwrap().requests().len(), 24);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_payment_whose_answer_is_lost_is_recorded_once() {
    let (sandbox, address) = start(None).await;
    let before = state(&sandbox);
    let orders = before["orders"].as_array().unwrap();
    let order = orders.iter().find(|order| order["paymentStatus"] == "unpaid").unwrap();
    sandbox.lock().unwrap().plan_fault("applied-then=500", Some("orders.recordPayment".into()), 1).unwrap();
    let url = format!("{address}/orders/{}/payments", order["_id"].as_str().unwrap());
    let (status, answer) = ask(Method::POST, url, Some(json!({ "notes": "at the counter" }))).await;
    assert_eq!((status, &answer["recorded"]), (200, &json!(true)), "{answer}");
    let transactions = |state: &Value| state["transactions"].as_array().unwrap().len();
    assert_eq!(transactions(&state(&sandbox)), transactions(&before) + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_failure_says_its_outcome_and_nothing_of_the_token() {
    let (_, address) = start(None).await;
    let url = format!("{address}/orders/{}/payments", "0".repeat(24));
    let (status, answer) = ask(Method::POST, url, Some(json!({}))).await;
    assert_eq!((status, &answer["outcome"]), (404, &json!("rejected")), "{answer}");
    let (_, address) = start(Some("a-token-that-opens-nothing")).await;
    let (status, answer) = ask(Method::GET, format!("{address}/orders"), None).await;
    assert_eq!((status, &answer["error"]), (502, &json!("authentication_failed")), "{answer}");
    assert!(!answer.to_string().contains("a-token-that-opens-nothing"));
}
