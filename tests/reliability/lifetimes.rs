//! Calls that never end, tokens that never come, clocks that are set: nothing of it is for ever.

use crate::world::{World, NOW};
use ghl_payments::core::{CallOptions, Config, Error, ErrorKind, Outcome, Request, Response};
use ghl_payments::endpoint::{GetOrder, ListOrders, ListOrdersParams};
use ghl_payments::sandbox::{Limits, Options};
use ghl_payments::transport::{Event, Interrupted, TokenRequest, Transport};
use ghl_payments::Client;
use std::cell::{Cell, RefCell};
use std::future::{pending, Future};
use std::pin::{pin, Pin};
use std::task::{Context, Poll, Waker};

fn list() -> ListOrders {
    ListOrders { params: ListOrdersParams { limit: Some(1), ..Default::default() } }
}

/// Begins a call of whose owner nothing is ever heard again, not even that it is gone.
fn abandon(call: impl Future) {
    let mut call = Box::pin(call);
    assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    std::mem::forget(call);
}

#[test]
fn calls_that_never_end_hold_their_slots_until_an_interval_after_their_timeout_and_no_longer() {
    let world =
        World::new(Options { limits: Limits { max: 5, interval_ms: 500, daily: 1000 }, ..Options::new(7, NOW) });
    let client = world.client(Config { max_retries: 0, timeout_ms: 1000, ..Config::default() });
    let endpoint = list();
    world.block(client.send(&endpoint)).expect("an answer, which names the limits");
    for _ in 0..3 {
        let began = world.now.get();
        (0..250).for_each(|_| abandon(client.send(&endpoint)));
        world.block(client.send(&endpoint)).expect("an answer");
        let waited = world.now.get() - began;
        assert!((1000.0..2600.0).contains(&waited), "{waited} ms");
    }
}

#[test]
fn a_call_that_gets_no_turn_in_ten_minutes_was_not_sent() {
    let limits = Limits { max: 5, interval_ms: 60_000, daily: 1000 };
    let world = World::new(Options { limits, ..Options::new(7, NOW) });
    let client = world.client(Config { max_retries: 0, ..Config::default() });
    let endpoint = list();
    world.block(client.send(&endpoint)).expect("an answer, which names the limits");
    let hours = CallOptions { deadline_ms: Some(3_600_000), ..CallOptions::default() };
    let calls: Vec<Pin<Box<dyn Future<Output = Option<Error>>>>> = (0..60)
        .map(|i| {
            let (client, endpoint, none) = (&client, &endpoint, CallOptions::default());
            let options = if i == 59 { hours.clone() } else { none };
            Box::pin(async move { client.send_with(endpoint, &options).await.err() })
                as Pin<Box<dyn Future<Output = _>>>
        })
        .collect();
    let mut errors = world.run(calls);
    assert!(errors.pop().is_some_and(|last| last.is_none()), "its deadline is another one");
    let sent = errors.iter().filter(|error| error.is_none()).count();
    assert!((45..=55).contains(&sent), "{sent}");
    for error in errors.into_iter().flatten() {
        assert_eq!((error.kind, error.outcome, error.attempts), (ErrorKind::Timeout, Outcome::NotSent, 0));
        assert!(error.retryable && error.message.contains("ten minutes"), "{}", error.message);
    }
    assert_eq!(world.limited.get(), 0);
}

/// Answers with one status after the other; time passes only while somebody sleeps, and nothing else takes any.
#[derive(Default)]
struct Script {
    now: Cell<f64>,
    /// By how much the clock is set during each sleep.
    set: Cell<f64>,
    statuses: RefCell<Vec<u16>>,
    /// Which of the questions for a token is never answered, counted from 0.
    silent: Cell<Option<u32>>,
    tokens: Cell<u32>,
    events: Cell<u32>,
    locations: RefCell<Vec<Option<String>>>,
}

impl Transport for &Script {
    async fn send(&self, _: &Request, _: Option<&str>, _: u32) -> Result<Response, Interrupted> {
        let status = self.statuses.borrow_mut().remove(0);
        Ok(Response { status, body: br#"{"_id":"a","data":[],"totalCount":0}"#.to_vec(), ..Response::default() })
    }

    async fn sleep(&self, ms: f64) -> bool {
        self.now.set(self.now.get() + ms + self.set.get());
        true
    }

    fn now_ms(&self) -> f64 {
        NOW + self.now.get()
    }

    fn random(&self) -> f64 {
        0.5
    }

    async fn token(&self, wanted: TokenRequest<'_>) -> Result<Option<String>, Error> {
        let asked = self.tokens.replace(self.tokens.get() + 1);
        self.locations.borrow_mut().push(wanted.location_id.map(str::to_owned));
        if self.silent.get() == Some(asked) {
            return pending().await;
        }
        assert_eq!(wanted.refused.is_some(), asked > 0, "{wanted:?}");
        Ok(Some(["token-", &asked.to_string()].concat()))
    }

    fn event(&self, _: &'static ghl_payments::endpoint::Operation, _: Event<'_>) {
        self.events.set(self.events.get() + 1);
    }
}

impl Script {
    fn of(statuses: &[u16]) -> Self {
        Self { statuses: RefCell::new(statuses.to_vec()), ..Self::default() }
    }

    /// How often the call was sent, or what became of it.
    fn get(&self, config: Config) -> Result<u32, Error> {
        let config = Config { location_id: Some("location-1".into()), ..config };
        let client = Client::new(self, config).expect("a configuration");
        let (order, options) = (GetOrder { order_id: "653f5e0cde5a1314e62a837c".into() }, CallOptions::default());
        let mut call = pin!(client.send_with(&order, &options));
        match call.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(reply) => reply.map(|reply| reply.attempts),
            Poll::Pending => panic!("nothing here waits"),
        }
    }
}

#[test]
fn a_fresh_token_is_no_retry() {
    for (statuses, max_retries, expected) in [
        (&[401, 503, 200][..], 1, Ok(3)),
        (&[503, 401, 200], 1, Ok(3)),
        (&[401, 200], 0, Ok(2)),
        (&[429, 401, 503, 200], 2, Ok(4)),
        (&[503, 503, 401, 200], 2, Ok(4)),
        (&[401, 503, 503], 1, Err((503, 3))),
        (&[503, 401, 503], 1, Err((503, 3))),
        (&[401, 503], 0, Err((503, 2))),
        (&[401, 401], 5, Err((401, 2))),
        (&[401, 503, 401], 5, Err((401, 3))),
    ] {
        let script = Script::of(statuses);
        let result = script.get(Config { max_retries, ..Config::default() });
        let result = result.map_err(|error| (error.status.unwrap_or_default(), error.attempts));
        assert_eq!(result, expected, "{statuses:?} with {max_retries}");
        assert_eq!(script.statuses.borrow().len(), 0);
        assert!(script.locations.borrow().iter().all(|location| location.as_deref() == Some("location-1")));
    }
}

#[test]
fn a_token_that_never_comes_is_waited_for_no_longer_than_the_call_may_take() {
    for (silent, statuses, outcome) in [(0, &[][..], Outcome::NotSent), (1, &[401], Outcome::Rejected)] {
        for (deadline_ms, timeout_ms, expected) in
            [(Some(100), 30_000, 100.0), (Some(60_000), 300, 300.0), (None, 300, 300.0)]
        {
            let script = Script::of(statuses);
            script.silent.set(Some(silent));
            let error = script.get(Config { deadline_ms, timeout_ms, ..Config::default() }).expect_err("no token");
            assert_eq!((error.kind, error.outcome), (ErrorKind::Timeout, outcome), "{error:?}");
            assert_eq!((script.now.get(), error.operation.is_some()), (expected, true));
        }
    }
}

#[test]
fn a_clock_that_is_set_during_a_wait_leaves_the_deadline_where_it_was() {
    // Back or ahead by an hour with each wait: by the clock it would never be over, or at once.
    for set in [0.0, -3_600_000.0, 3_600_000.0] {
        let config = Config { deadline_ms: Some(2000), max_retries: 20, retry_delay_ms: 500, ..Config::default() };
        let script = Script { set: Cell::new(set), ..Script::of(&[503; 9]) };
        let error = script.get(config.clone()).expect_err("too late");
        assert_eq!((error.status, error.attempts), (Some(503), 3), "{set}");
        let script = Script { set: Cell::new(set), ..Script::of(&[503, 503, 200]) };
        assert_eq!(script.get(config).expect("an answer"), 3, "{set}");
        let script = Script { set: Cell::new(set), ..Script::of(&[503, 503, 200]) };
        assert_eq!(script.get(Config::default()).expect("an answer"), 3, "{set}");
    }
}
