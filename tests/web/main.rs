//! The crate's Rust surface in a real browser: the fetch transport against a stand-in for the page's `fetch`.
#![cfg(target_arch = "wasm32")]

use ghl_payments::core::{CallOptions, Config, Error, ErrorKind, Outcome};
use ghl_payments::endpoint::{GetOrder, ListOrders, ListOrdersParams, RecordPayment};
use ghl_payments::model::{PaymentMode, RecordPaymentBody};
use ghl_payments::transport::{FetchTransport, TokenSource};
use ghl_payments::Client;
use js_sys::{Array, Function, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const TOKEN: &str = "pit-8f6a7c1e-secret";
const LOCATION: &str = "3SwdhCu3svxI8AKsPJt6";

/// The page's `fetch`, replaced until this is dropped. Keeps the requests that it got.
struct Fetch {
    original: JsValue,
    requests: Array,
}

impl Fetch {
    /// `answer` is the body of a JavaScript function of the `Request` and the number of requests before it.
    fn answers(answer: &str) -> Self {
        let requests = Array::new();
        let keep = "return async (url, init) => {
            const request = new Request(url, init);
            requests.push(request.clone());
            return answer(request, requests.length - 1);
        }";
        let answer = Function::new_with_args("request, before", answer);
        let fetch = Function::new_with_args("requests, answer", keep).call2(&JsValue::UNDEFINED, &requests, &answer);
        let global = js_sys::global();
        let original = Reflect::get(&global, &"fetch".into()).expect("a fetch");
        Reflect::set(&global, &"fetch".into(), &fetch.expect("a function")).expect("replaced");
        Self { original, requests }
    }

    /// Always this status and body.
    fn answers_with(status: u16, body: &str) -> Self {
        let body = js_sys::JSON::stringify(&body.into()).expect("text");
        Self::answers(&format!("return new Response({}, {{ status: {status} }})", String::from(body)))
    }

    fn count(&self) -> u32 {
        self.requests.length()
    }

    fn request(&self, index: u32) -> web_sys::Request {
        self.requests.get(index).unchecked_into()
    }
}

impl Drop for Fetch {
    fn drop(&mut self) {
        Reflect::set(&js_sys::global(), &"fetch".into(), &self.original).expect("put back");
    }
}

fn client() -> Client<FetchTransport> {
    client_with(Config::default())
}

fn client_with(config: Config) -> Client<FetchTransport> {
    let config = Config { location_id: Some(LOCATION.into()), retry_delay_ms: 1, ..config };
    let token = TokenSource::text(TOKEN.into()).expect("a token");
    Client::new(FetchTransport::new(token), config).expect("a configuration")
}

fn order(id: &str) -> GetOrder {
    GetOrder { order_id: id.into() }
}

fn payment() -> RecordPayment {
    let body = RecordPaymentBody {
        alt_id: None,
        alt_type: None,
        mode: PaymentMode::Cash,
        card: None,
        cheque: None,
        notes: None,
        amount: Some(59.5),
        meta: None,
        is_partial_payment: None,
    };
    RecordPayment { order_id: "653f6ba4d84bcc7b3d5bb8a1".into(), body }
}

fn header(request: &web_sys::Request, name: &str) -> Option<String> {
    request.headers().get(name).expect("readable")
}

#[wasm_bindgen_test]
async fn a_list_arrives_as_typed_records() {
    let fetch = Fetch::answers_with(
        200,
        r#"{"data":[{"_id":"a","amount":59.5,"liveMode":true,"currency":null,"new":{"x":1}},{"_id":"b"}],"totalCount":2}"#,
    );
    let params = ListOrdersParams { limit: Some(2), search: Some("a&b=\u{e9}".into()), ..Default::default() };
    let page = client().send(&ListOrders { params }).await.expect("a page");
    assert_eq!(page.total_count, 2.0);
    let first = &page.data[0];
    assert_eq!((first.id.as_str(), first.amount, first.live_mode), ("a", Some(59.5), Some(true)));
    assert_eq!((page.data[1].id.as_str(), page.data[1].amount), ("b", None));
    assert_eq!(fetch.count(), 1);
}

#[wasm_bindgen_test]
async fn a_request_carries_url_headers_and_no_body_where_there_is_none() {
    let fetch = Fetch::answers_with(200, r#"{"_id":"a/b"}"#);
    client().send(&order("a/b")).await.expect("an order");
    let request = fetch.request(0);
    assert_eq!(
        request.url(),
        format!("https://services.leadconnectorhq.com/payments/orders/a%2Fb?altId={LOCATION}&altType=location&locationId={LOCATION}"),
    );
    assert_eq!(request.method(), "GET");
    assert_eq!(header(&request, "authorization").as_deref(), Some("Bearer pit-8f6a7c1e-secret"));
    assert_eq!(header(&request, "version").as_deref(), Some("2021-07-28"));
    assert_eq!(header(&request, "accept").as_deref(), Some("application/json"));
    assert_eq!(header(&request, "content-type"), None);
    assert_eq!(request.redirect(), web_sys::RequestRedirect::Manual);
}

#[wasm_bindgen_test]
async fn a_body_goes_out_as_json_with_the_account_filled_in() {
    let fetch = Fetch::answers_with(200, r#"{"success":true}"#);
    let done = client().send(&payment()).await.expect("recorded");
    assert_eq!(done.success, Some(true));
    let request = fetch.request(0);
    assert_eq!(request.method(), "POST");
    assert_eq!(header(&request, "content-type").as_deref(), Some("application/json"));
    let body = wasm_bindgen_futures::JsFuture::from(request.text().expect("a body")).await.expect("readable");
    assert_eq!(
        body.as_string().as_deref(),
        Some(r#"{"altId":"3SwdhCu3svxI8AKsPJt6","altType":"location","mode":"cash","amount":59.5}"#),
    );
}

#[wasm_bindgen_test]
async fn numbers_that_came_as_text_are_numbers() {
    let _fetch = Fetch::answers_with(200, r#"{"_id":7,"amount":"59.5","liveMode":"true","items":{"qty":"2"}}"#);
    let order = client().send(&order("7")).await.expect("an order");
    assert_eq!((order.id.as_str(), order.amount, order.live_mode), ("7", Some(59.5), Some(true)));
    assert_eq!(order.items.expect("one line")[0].qty, Some(2.0));
}

#[wasm_bindgen_test]
async fn a_refusal_has_the_kind_of_its_status() {
    for (status, kind) in [
        (401, ErrorKind::Authentication),
        (403, ErrorKind::Permission),
        (404, ErrorKind::NotFound),
        (422, ErrorKind::InvalidRequest),
    ] {
        let fetch = Fetch::answers_with(status, r#"{"statusCode":1,"message":"no","traceId":"t-1"}"#);
        let error = client().send(&order("a")).await.expect_err("refused");
        assert_eq!((error.kind, error.status, error.outcome), (kind, Some(status), Outcome::Rejected));
        assert_eq!((error.messages.join(""), error.trace_id.as_deref()), ("no".to_owned(), Some("t-1")));
        assert_eq!((error.attempts, fetch.count()), (1, 1));
    }
}

#[wasm_bindgen_test]
async fn an_html_page_with_status_200_is_an_error_and_nobody_knows_about_the_payment() {
    let fetch = Fetch::answers_with(200, "<!doctype html><title>Sign in</title>");
    let error = client().send(&payment()).await.expect_err("no answer");
    assert_eq!((error.kind, error.outcome), (ErrorKind::Decode, Outcome::Unknown));
    assert_eq!(error.body.as_deref(), Some("<!doctype html><title>Sign in</title>"));
    assert_eq!(fetch.count(), 1);
}

#[wasm_bindgen_test]
async fn a_difference_that_no_type_can_hold_is_a_decode_error_with_its_path() {
    let _fetch = Fetch::answers_with(200, r#"{"_id":"a","amount":{"value":5}}"#);
    for strict in [false, true] {
        let options = CallOptions { strict: Some(strict), ..CallOptions::default() };
        let error = client().send_with(&order("a"), &options).await.expect_err("no number");
        assert_eq!((error.kind, error.outcome, error.attempts), (ErrorKind::Decode, Outcome::Applied, 1));
        assert!(error.message.starts_with("orders.get: "), "{}", error.message);
        if strict {
            assert_eq!(error.drift.as_ref().map(|drift| drift.path.as_str()), Some("amount"));
        }
    }
}

#[wasm_bindgen_test]
async fn no_answer_in_time_is_a_timeout_and_stops_the_request() {
    let fetch = Fetch::answers("return new Promise(() => {})");
    let client = client_with(Config { timeout_ms: 5, max_retries: 0, ..Config::default() });
    let error = client.send(&order("a")).await.expect_err("too late");
    assert_eq!((error.kind, error.outcome, error.attempts), (ErrorKind::Timeout, Outcome::Unknown, 1));
    assert!(fetch.request(0).signal().aborted());
}

#[wasm_bindgen_test]
async fn a_body_that_does_not_come_in_time_is_a_timeout() {
    let _fetch = Fetch::answers("return new Response(new ReadableStream({ pull: () => new Promise(() => {}) }))");
    let client = client_with(Config { timeout_ms: 5, max_retries: 0, ..Config::default() });
    let error = client.send(&payment()).await.expect_err("too late");
    assert_eq!((error.kind, error.status, error.outcome), (ErrorKind::Timeout, Some(200), Outcome::Applied));
}

#[wasm_bindgen_test]
async fn a_read_is_sent_again_after_a_failure_that_may_pass() {
    let fetch = Fetch::answers(
        "if (before === 0) return new Response('', { status: 500 });
         if (before === 1) throw new TypeError('connection lost');
         return new Response('{\"_id\":\"a\"}')",
    );
    let order = client().send(&order("a")).await.expect("the third time");
    assert_eq!((order.id.as_str(), fetch.count()), ("a", 3));
}

#[wasm_bindgen_test]
async fn a_payment_is_not_sent_again_after_a_failure_that_may_have_recorded_it() {
    for answer in ["return new Response('', { status: 500 })", "throw new TypeError('connection lost')"] {
        let fetch = Fetch::answers(answer);
        let error = client().send(&payment()).await.expect_err("failed");
        assert_eq!((error.outcome, error.retryable, fetch.count()), (Outcome::Unknown, false, 1));
    }
}

#[wasm_bindgen_test]
async fn a_payment_is_sent_again_after_a_429() {
    let fetch = Fetch::answers("return new Response('{\"success\":true}', { status: before ? 200 : 429 })");
    client().send(&payment()).await.expect("the second time");
    assert_eq!(fetch.count(), 2);
}

#[wasm_bindgen_test]
async fn a_wrong_input_is_listed_and_nothing_is_sent() {
    let fetch = Fetch::answers_with(200, "{}");
    let mut input = payment();
    input.order_id = "..".into();
    input.body.amount = Some(-1.0);
    let error = client().send(&input).await.expect_err("invalid");
    assert_eq!((error.kind, error.outcome, fetch.count()), (ErrorKind::Validation, Outcome::NotSent, 0));
    let paths: Vec<&str> = error.issues.iter().map(|issue| issue.path.as_str()).collect();
    assert_eq!(paths, ["orderId", "amount"]);
}

#[wasm_bindgen_test]
async fn a_token_function_is_asked_once_and_once_more_after_a_401() {
    let fetch = Fetch::answers(
        "const known = request.headers.get('authorization') === 'Bearer token-2';
         return new Response('{\"_id\":\"a\"}', { status: known ? 200 : 401 })",
    );
    let asked = Array::new();
    let give = "return () => { asked.push(0); return Promise.resolve('token-' + asked.length) }";
    let give = Function::new_with_args("asked", give).call1(&JsValue::UNDEFINED, &asked).expect("a function");
    let transport = FetchTransport::new(TokenSource::function(give.unchecked_into()));
    let config = Config { location_id: Some(LOCATION.into()), ..Config::default() };
    let client = Client::new(transport, config).expect("a configuration");
    for _ in 0..2 {
        client.send(&order("a")).await.expect("with the new token");
    }
    assert_eq!((asked.length(), fetch.count()), (2, 3));
}

#[wasm_bindgen_test]
async fn no_error_shows_the_token() {
    for (status, body) in [
        (401, format!(r#"{{"message":"Bearer {TOKEN} is not known"}}"#)),
        (200, format!("<html>{TOKEN}")),
        (200, format!(r#"{{"_id":"a","amount":{{"t":"{TOKEN}"}}}}"#)),
    ] {
        let _fetch = Fetch::answers_with(status, &body);
        let error = client().send(&order("a")).await.expect_err("failed");
        for text in texts(&error) {
            assert!(!text.contains(TOKEN), "{status}: {text}");
        }
    }
}

/// Everything in an error that people may read.
fn texts(error: &Error) -> Vec<String> {
    let mut texts = vec![error.to_string(), format!("{error:?}"), error.body.clone().expect("the body is kept")];
    texts.extend(error.messages.clone());
    texts
}

#[wasm_bindgen_test]
async fn an_error_reaches_javascript_as_an_object_without_the_token() {
    let _fetch = Fetch::answers_with(
        404,
        r#"{"status":404,"message":"Order not found","name":"HttpException","traceId":"t-1"}"#,
    );
    let error = client().send(&GetOrder { order_id: "653f5e0cde5a1314e62a837c".into() }).await.expect_err("not found");
    let thrown = JsValue::from(error);
    let text = |name: &str| Reflect::get(&thrown, &name.into()).ok().and_then(|value| value.as_string());
    assert_eq!(text("name").as_deref(), Some("NotFoundError"));
    assert_eq!(text("outcome").as_deref(), Some("rejected"));
    assert_eq!(text("traceId").as_deref(), Some("t-1"));
    let whole = String::from(js_sys::JSON::stringify(&thrown).expect("JSON"));
    assert!(whole.contains(r#""operation":{"id":"get-order-by-id","method":"GET","name":"orders.get","#), "{whole}");
    assert!(whole.contains(r#""messages":["Order not found"]"#), "{whole}");
    assert!(!whole.contains(TOKEN), "{whole}");
}
