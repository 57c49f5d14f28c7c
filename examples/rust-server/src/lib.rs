//! A server between a shop and HighLevel: it holds the token, lists orders and records payments.

mod transport;

pub use transport::Reqwest;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use ghl_payments::core::{CallOptions, Config, Error, ErrorKind};
use ghl_payments::endpoint::{ListOrders, ListOrdersParams, RecordPayment};
use ghl_payments::model::{OrderSummary, PaymentMode, RecordPaymentBody};
use ghl_payments::{Client, OnceOptions};
use serde::Deserialize;
use serde_json::{json, Value};
use std::sync::Arc;

/// One client for all requests: they share its connections and its rate limit.
type Payments = Arc<Client<Reqwest>>;

/// The routes. The error says what is wrong with the configuration.
pub fn app(token: String, config: Config) -> Result<Router, Box<dyn std::error::Error + Send + Sync>> {
    let payments: Payments = Arc::new(Client::new(Reqwest::new(token)?, config)?);
    Ok(Router::new().route("/orders", get(orders)).route("/orders/{id}/payments", post(pay)).with_state(payments))
}

/// The newest orders.
async fn orders(State(payments): State<Payments>) -> Result<Json<Value>, Failure> {
    let list = ListOrders { params: ListOrdersParams { limit: Some(20), ..Default::default() } };
    let page = payments.send(&list).await?;
    let line = |order: &OrderSummary| json!({ "id": order.id, "amount": order.amount, "status": order.payment_status });
    Ok(Json(page.data.iter().map(line).collect()))
}

/// A payment that was made elsewhere.
#[derive(Deserialize)]
struct Paid {
    /// In major units; what is due where there is none.
    amount: Option<f64>,
    notes: Option<String>,
}

/// Records a payment. Where the answer is lost, the client looks at the order's transactions before it would send it again.
async fn pay(
    State(payments): State<Payments>,
    Path(order_id): Path<String>,
    Json(paid): Json<Paid>,
) -> Result<Json<Value>, Failure> {
    let body = RecordPaymentBody {
        mode: PaymentMode::Cash,
        amount: paid.amount,
        notes: paid.notes,
        alt_id: None,
        alt_type: None,
        card: None,
        cheque: None,
        meta: None,
        is_partial_payment: paid.amount.map(|_| true),
    };
    let payment = RecordPayment { order_id, body };
    let recorded = payments.record_payment_once(&payment, &OnceOptions::default(), &CallOptions::default()).await?;
    Ok(Json(json!({ "recorded": recorded.recorded, "attempts": recorded.attempts })))
}

/// An error as an answer: what it is, and whether the operation may have been carried out.
struct Failure(Error);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Self(error) = self;
        let status = match error.kind {
            ErrorKind::Validation | ErrorKind::InvalidRequest => StatusCode::UNPROCESSABLE_ENTITY,
            ErrorKind::NotFound => StatusCode::NOT_FOUND,
            ErrorKind::Conflict => StatusCode::CONFLICT,
            ErrorKind::Timeout => StatusCode::GATEWAY_TIMEOUT,
            ErrorKind::RateLimit => StatusCode::SERVICE_UNAVAILABLE,
            // The token is this server's business, not its caller's.
            _ => StatusCode::BAD_GATEWAY,
        };
        let body = json!({ "error": error.code(), "outcome": error.outcome, "traceId": error.trace_id });
        (status, Json(body)).into_response()
    }
}
