//! A call, told by hand what comes of what it asks for.

use super::*;
use crate::core::{build, RetryAfter};
use crate::endpoint::{CONNECT_PROVIDER, LIST_ORDERS, RECORD_PAYMENT};
use std::cell::RefCell;

pub(in crate::call) const NOW: f64 = 1_793_534_400_000.0;

/// A wall clock that stands still until it goes on, by how much of that it was set, and what was told.
pub(in crate::call) struct Around {
    pub now: f64,
    pub set: f64,
    events: RefCell<Vec<String>>,
}

impl Surroundings for Around {
    fn now_ms(&self) -> f64 {
        self.now
    }

    fn steady_ms(&self) -> f64 {
        self.now - self.set
    }

    fn server_time_ms(&self) -> Option<f64> {
        None
    }

    fn random(&self) -> f64 {
        0.5
    }

    fn event(&self, operation: &'static Operation, event: Event<'_>) {
        self.events.borrow_mut().push(match event {
            Event::Request { attempt } => format!("{} {attempt}", operation.name),
            Event::Response { attempt, status, duration_ms } => format!("{attempt}: {status} after {duration_ms}"),
            Event::RateLimit(limits) => format!("{:?} left", limits.remaining),
            Event::Retry { attempt, delay_ms, reason } => format!("{attempt}: {} waits {delay_ms}", reason.code()),
            Event::Drift(drift) => drift.path.clone(),
        });
    }
}

impl Around {
    pub fn new() -> Self {
        Self { now: NOW, set: 0.0, events: RefCell::default() }
    }

    fn told(&self) -> Vec<String> {
        std::mem::take(&mut self.events.borrow_mut())
    }
}

pub(in crate::call) fn config() -> Config {
    Config { location_id: Some("here".into()), ..Config::default() }
}

fn run_of(operation: &'static Operation, params: &str, config: Config, deadline: f64) -> Run {
    let request = build(operation, operation.path.contains('{').then_some("o1"), Some(params), &config);
    Run::new(operation, request.expect("a request"), Shared::new(config), None, deadline)
}

pub(in crate::call) fn answer(status: u16, body: &str) -> Told {
    Told::Answer(Ok(Response { status, body: body.into(), ..Response::default() }))
}

pub(in crate::call) fn lost() -> Told {
    Told::Answer(Err(Interrupted { how: Interruption::Network, sent: true, status: None, message: "lost" }))
}

pub(in crate::call) fn token(token: &str) -> Told {
    Told::Token(Ok(Some(token.into())))
}

fn next(run: &mut Run, around: &Around, told: Told) -> String {
    asked(run.next(around, told))
}

/// What is asked for, as text.
pub(in crate::call) fn asked(ask: Ask) -> String {
    match ask {
        Ask::Token => "token".into(),
        Ask::Turn => "turn".into(),
        Ask::Wait(ms) => format!("wait {ms}"),
        Ask::Send(ms) => format!("send {ms}"),
        Ask::Done(Ok(done)) => format!("done {}", done.attempts),
        Ask::Done(Err(error)) => {
            format!("{} {:?} {} {}: {}", error.code(), error.outcome, error.attempts, error.retryable, error.message)
        }
    }
}

/// Carries it to the point where it sends.
fn sent(run: &mut Run, around: &Around, told: Told) -> String {
    let asked = next(run, around, told);
    assert_eq!(asked, "token");
    assert_eq!(next(run, around, token("tok-1-of-the-call")), "turn");
    next(run, around, Told::Turn(Turn::Go))
}

#[test]
fn a_call_asks_for_a_token_then_a_turn_then_sends_and_tells_what_happens() {
    let mut around = Around::new();
    let mut run = run_of(&LIST_ORDERS, "{}", config(), f64::INFINITY);
    assert_eq!(run.token_wanted(NOW).refused, None);
    assert_eq!(run.token_wanted(NOW).location_id, Some("here"));
    assert_eq!(run.token_wanted(NOW).timeout_ms, 30_000.0);
    assert_eq!(sent(&mut run, &around, Told::Nothing), "send 30000");
    assert_eq!(around.told(), ["orders.list 1"]);
    around.now += 120.0;
    let rate_limit = Some(RateLimit { remaining: Some(99.0), ..RateLimit::default() });
    let body = br#"{"data":[{"altId":"here"}],"totalCount":1}"#.to_vec();
    let told = Told::Answer(Ok(Response { status: 200, rate_limit, body, ..Response::default() }));
    assert_eq!(next(&mut run, &around, told), "done 1");
    assert_eq!(around.told(), ["1: 200 after 120", "Some(99.0) left", "data[0]._id"]);
}

#[test]
fn a_token_is_replaced_once_and_not_where_it_lacks_the_scope() {
    let around = Around::new();
    let mut run = run_of(&LIST_ORDERS, "{}", config(), f64::INFINITY);
    sent(&mut run, &around, Told::Nothing);
    assert_eq!(next(&mut run, &around, answer(401, "{}")), "token");
    assert_eq!(run.token_wanted(NOW).refused, Some("tok-1-of-the-call"));
    assert_eq!(next(&mut run, &around, token("tok-2-of-the-call")), "turn");
    next(&mut run, &around, Told::Turn(Turn::Go));
    assert_eq!(run.tokens(), ["tok-1-of-the-call", "tok-2-of-the-call"]);
    let asked = next(&mut run, &around, answer(401, r#"{"message":"tok-1-of-the-call and tok-2-of-the-call"}"#));
    assert!(asked.starts_with("authentication_failed Rejected 2 false: "), "{asked}");
    assert!(!asked.contains("of-the-call"), "{asked}");

    let mut run = run_of(&LIST_ORDERS, "{}", config(), f64::INFINITY);
    sent(&mut run, &around, Told::Nothing);
    let asked = next(&mut run, &around, answer(401, r#"{"message":"The token is not authorized for this scope."}"#));
    assert!(asked.starts_with("authentication_failed Rejected 1 false: "), "{asked}");
}

#[test]
fn without_another_token_what_was_refused_has_failed() {
    let around = Around::new();
    let no_token = |kind| Told::Token(Err(Error::new(kind, None, Outcome::NotSent, "no token".into())));
    for (told, expected) in [
        (Told::Token(Ok(None)), "authentication_failed Rejected 1 false: "),
        (no_token(ErrorKind::Other), "authentication_failed Rejected 1 false: "),
        (no_token(ErrorKind::Aborted), "aborted Rejected 1 false: orders.list was aborted"),
        (no_token(ErrorKind::Timeout), "timeout Rejected 1 true: orders.list could not be sent in ten minutes"),
    ] {
        let mut run = run_of(&LIST_ORDERS, "{}", config(), f64::INFINITY);
        sent(&mut run, &around, Told::Nothing);
        next(&mut run, &around, answer(401, "{}"));
        let asked = next(&mut run, &around, told);
        assert!(asked.starts_with(expected), "{asked}");
    }
    // Before anything was sent the error of the token is that of the call.
    let mut run = run_of(&LIST_ORDERS, "{}", config(), f64::INFINITY);
    next(&mut run, &around, Told::Nothing);
    assert_eq!(next(&mut run, &around, no_token(ErrorKind::Other)), "unexpected_answer NotSent 0 false: no token");
    // And a call without a token is sent without one.
    let mut run = run_of(&LIST_ORDERS, "{}", config(), f64::INFINITY);
    next(&mut run, &around, Told::Nothing);
    assert_eq!(next(&mut run, &around, Told::Token(Ok(None))), "turn");
}

#[test]
fn what_failed_is_sent_again_as_often_as_it_may_and_only_before_the_deadline() {
    let mut around = Around::new();
    let mut run = run_of(&LIST_ORDERS, "{}", config(), f64::INFINITY);
    sent(&mut run, &around, Told::Nothing);
    assert_eq!(next(&mut run, &around, lost()), "wait 375");
    assert_eq!(around.told(), ["orders.list 1", "1: network_error waits 375"]);
    assert_eq!(next(&mut run, &around, Told::Awake(true)), "turn");
    assert_eq!(next(&mut run, &around, Told::Turn(Turn::Go)), "send 30000");
    assert_eq!(next(&mut run, &around, answer(503, "")), "wait 750");
    assert_eq!(around.told(), ["orders.list 2", "2: 503 after 0", "2: server_error waits 750"]);
    next(&mut run, &around, Told::Awake(true));
    next(&mut run, &around, Told::Turn(Turn::Go));
    let asked = next(&mut run, &around, lost());
    assert!(asked.starts_with("network_error Unknown 3 true: "), "{asked}");

    // A wait that ends at the deadline would be for nothing.
    for (left, expected) in [(375.0, "network_error Unknown 1 true: "), (376.0, "wait 375")] {
        let mut run = run_of(&LIST_ORDERS, "{}", config(), NOW + left);
        around.now = NOW;
        assert_eq!(sent(&mut run, &around, Told::Nothing), format!("send {left}"));
        let asked = next(&mut run, &around, lost());
        assert!(asked.starts_with(expected), "{asked}");
    }
}

#[test]
fn whoever_gives_up_is_told_what_it_waited_for() {
    let around = Around::new();
    let mut run = run_of(&LIST_ORDERS, "{}", config(), f64::INFINITY);
    next(&mut run, &around, Told::Nothing);
    let asked = next(&mut run, &around, Told::Awake(false));
    assert_eq!(asked, "aborted NotSent 0 false: orders.list was aborted while it waited to be sent");
    let mut run = run_of(&LIST_ORDERS, "{}", config(), f64::INFINITY);
    sent(&mut run, &around, Told::Nothing);
    next(&mut run, &around, lost());
    let asked = next(&mut run, &around, Told::Awake(false));
    let expected = "aborted Unknown 1 false: orders.list was aborted while it waited to be sent again after: ";
    assert!(asked.starts_with(expected), "{asked}");
}

#[test]
fn a_doubt_stays_whatever_comes_after_it_unless_it_was_applied() {
    let around = Around::new();
    for (last, outcome) in [(answer(404, "{}"), "not_found Unknown"), (answer(200, "?"), "decode_failed Applied")] {
        let mut run = run_of(&LIST_ORDERS, "{}", config(), f64::INFINITY);
        sent(&mut run, &around, Told::Nothing);
        next(&mut run, &around, lost());
        next(&mut run, &around, Told::Awake(true));
        next(&mut run, &around, Told::Turn(Turn::Go));
        let asked = next(&mut run, &around, last);
        assert!(asked.starts_with(outcome), "{asked}");
    }
}

#[test]
fn waiting_for_a_turn_ends_with_the_deadline_or_after_ten_minutes() {
    let mut around = Around::new();
    let mut run = run_of(&LIST_ORDERS, "{}", config(), NOW + 1000.5);
    next(&mut run, &around, Told::Nothing);
    assert_eq!(run.token_wanted(NOW).timeout_ms, 1000.5);
    next(&mut run, &around, token("tok"));
    assert_eq!(next(&mut run, &around, Told::Turn(Turn::Wait(400))), "wait 400");
    around.now += 400.0;
    assert_eq!(next(&mut run, &around, Told::Awake(true)), "turn");
    assert_eq!(next(&mut run, &around, Told::Turn(Turn::Wait(5000))), "wait 601");
    around.now += 600.5;
    next(&mut run, &around, Told::Awake(true));
    let asked = next(&mut run, &around, Told::Turn(Turn::Go));
    assert_eq!(asked, "timeout NotSent 0 true: orders.list could not be sent in time (deadlineMs)");

    // Under a clock that stands still what it was told to wait counts, against the deadline as well.
    let mut run = run_of(&LIST_ORDERS, "{}", config(), around.now + 1000.0);
    next(&mut run, &around, Told::Nothing);
    next(&mut run, &around, token("tok"));
    for _ in 0..2 {
        assert_eq!(next(&mut run, &around, Told::Turn(Turn::Wait(500))), "wait 500");
        next(&mut run, &around, Told::Awake(true));
    }
    let asked = next(&mut run, &around, Told::Turn(Turn::Go));
    assert_eq!(asked, "timeout NotSent 0 true: orders.list could not be sent in time (deadlineMs)");
    let mut run = run_of(&LIST_ORDERS, "{}", config(), f64::INFINITY);
    next(&mut run, &around, Told::Nothing);
    next(&mut run, &around, token("tok"));
    for _ in 0..10 {
        assert_eq!(next(&mut run, &around, Told::Turn(Turn::Wait(59_999))), "wait 59999");
        next(&mut run, &around, Told::Awake(true));
    }
    assert_eq!(next(&mut run, &around, Told::Turn(Turn::Wait(10))), "wait 10");
    next(&mut run, &around, Told::Awake(true));
    let asked = next(&mut run, &around, Told::Turn(Turn::Go));
    assert!(asked.starts_with("timeout NotSent 0 true: orders.list could not be sent in ten minutes"), "{asked}");

    // The time that a machine slept was no waiting beyond the minute that it may have been late.
    let mut run = run_of(&LIST_ORDERS, "{}", config(), f64::INFINITY);
    next(&mut run, &around, Told::Nothing);
    next(&mut run, &around, token("tok"));
    for _ in 0..9 {
        next(&mut run, &around, Told::Turn(Turn::Wait(0)));
        around.now += 3_600_000.0;
        next(&mut run, &around, Told::Awake(true));
    }
    assert_eq!(next(&mut run, &around, Told::Turn(Turn::Wait(0))), "wait 0");
    around.now += 60_000.0;
    next(&mut run, &around, Told::Awake(true));
    assert!(next(&mut run, &around, Told::Turn(Turn::Go)).starts_with("timeout NotSent 0 true: "));
}

#[test]
fn a_call_that_is_followed_by_another_leaves_it_what_is_left_of_its_waiting() {
    let around = Around::new();
    let mut run = run_of(&LIST_ORDERS, "{}", config(), f64::INFINITY);
    next(&mut run, &around, Told::Nothing);
    next(&mut run, &around, token("tok"));
    next(&mut run, &around, Told::Turn(Turn::Wait(599_999)));
    next(&mut run, &around, Told::Awake(true));
    next(&mut run, &around, Told::Turn(Turn::Go));
    let mut run = run.followed_by(&LIST_ORDERS, run.request.clone());
    next(&mut run, &around, Told::Nothing);
    next(&mut run, &around, token("tok"));
    assert_eq!(next(&mut run, &around, Told::Turn(Turn::Wait(1))), "wait 1");
    next(&mut run, &around, Told::Awake(true));
    assert!(next(&mut run, &around, Told::Turn(Turn::Go)).starts_with("timeout NotSent 0 true: "));
}

#[test]
fn what_a_call_waited_for_its_first_request_is_held_against_the_time_that_it_had_then() {
    let mut around = Around::new();
    let mut run = run_of(&LIST_ORDERS, "{}", config(), NOW + 1000.0);
    next(&mut run, &around, Told::Nothing);
    next(&mut run, &around, token("tok"));
    assert_eq!(next(&mut run, &around, Told::Turn(Turn::Wait(400))), "wait 400");
    around.now += 400.0;
    next(&mut run, &around, Told::Awake(true));
    assert_eq!(next(&mut run, &around, Told::Turn(Turn::Go)), "send 600");
    around.now += 300.0;
    let mut run = run.followed_by(&LIST_ORDERS, run.request.clone());
    next(&mut run, &around, Told::Nothing);
    next(&mut run, &around, token("tok"));
    assert_eq!(next(&mut run, &around, Told::Turn(Turn::Go)), "send 300");
}

#[test]
fn a_429_closes_the_way_for_others_for_as_long_as_it_says_and_a_turn_is_given_back_once() {
    let mut around = Around::new();
    let limiter = RateLimiter::new();
    let call = |limiter: &RateLimiter| {
        let mut run = run_of(&LIST_ORDERS, "{}", Config { max_retries: 0, ..config() }, f64::INFINITY);
        run.limiter = Some(limiter.clone());
        run
    };
    for (status, seconds, closed) in
        [(429, Some(7.0), Turn::Wait(500)), (429, None, Turn::Go), (503, Some(7.0), Turn::Go)]
    {
        let mut run = call(&limiter);
        next(&mut run, &around, Told::Nothing);
        next(&mut run, &around, token("tok"));
        let turn = run.turn(around.now);
        assert_eq!(turn, Turn::Go);
        next(&mut run, &around, Told::Turn(turn));
        let retry_after = seconds.map(|seconds| RetryAfter::In(seconds * 1000.0));
        next(&mut run, &around, Told::Answer(Ok(Response { status, retry_after, ..Response::default() })));
        let mut other = call(&limiter);
        assert_eq!(other.turn(around.now), closed, "{status} {seconds:?}");
        other.leave(around.now);
        around.now += 100_000.0;
    }
    assert!(limiter.rests(around.now));
}

#[test]
fn no_error_quotes_the_keys_of_a_provider_that_its_body_held() {
    let around = Around::new();
    let body = r#"{"live":{"apiKey":"live-api-key","publishableKey":"live-pub-key"},"test":{"apiKey":"test-api-key","publishableKey":"short"}}"#;
    let mut run = run_of(&CONNECT_PROVIDER, body, config(), f64::INFINITY);
    run.hide("hidden-secret".into());
    sent(&mut run, &around, Told::Nothing);
    assert_eq!(run.tokens(), ["hidden-secret", "tok-1-of-the-call"]);
    let quoted = r#"{"message":"live-api-key live-pub-key test-api-key hidden-secret tok-1-of-the-call short"}"#;
    let Ask::Done(Err(error)) = run.next(&around, answer(400, quoted)) else { panic!("an error") };
    let all = format!("{} {:?} {:?}", error.message, error.messages, error.body);
    assert!(!all.contains("key") && !all.contains("secret") && !all.contains("tok-1"), "{all}");
    // What is that short stands in any text by chance.
    assert!(all.contains("short"), "{all}");
}

#[test]
fn how_an_attempt_ended_decides_class_outcome_and_whether_it_is_sent_again() {
    let around = Around::new();
    let once = Config { max_retries: 0, ..config() };
    for (how, sent_out, status, expected) in [
        (Interruption::Network, true, None, "network_error Unknown 1 false"),
        (Interruption::Network, false, None, "network_error NotSent 1 true"),
        (Interruption::Network, true, Some(200), "network_error Applied 1 false"),
        (Interruption::Network, true, Some(299), "network_error Applied 1 false"),
        (Interruption::Network, true, Some(300), "network_error Unknown 1 false"),
        (Interruption::Network, true, Some(429), "network_error Rejected 1 true"),
        (Interruption::Timeout, true, None, "timeout Unknown 1 false"),
        (Interruption::Timeout, true, Some(429), "timeout Rejected 1 true"),
        (Interruption::Aborted, true, None, "aborted Unknown 1 false"),
        (Interruption::Aborted, false, None, "aborted NotSent 1 false"),
        (Interruption::Aborted, true, Some(429), "aborted Rejected 1 false"),
        (Interruption::Refused, false, None, "network_error NotSent 1 false"),
    ] {
        let body = r#"{"mode":"cash","amount":5}"#;
        let mut run = run_of(&RECORD_PAYMENT, body, once.clone(), f64::INFINITY);
        sent(&mut run, &around, Told::Nothing);
        let interrupted = Interrupted { how, sent: sent_out, status, message: "the connection was lost" };
        let asked = next(&mut run, &around, Told::Answer(Err(interrupted)));
        assert_eq!(asked, format!("{expected}: orders.recordPayment: the connection was lost"), "{how:?} {status:?}");
    }
}
