//! A payment is recorded once, whatever happens on the way, and the answer says how it stands.

use crate::world::{random, Acted, Trouble, World};
use ghl_payments::core::{CallOptions, Config, ErrorKind, Outcome};
use ghl_payments::endpoint::RecordPayment;
use ghl_payments::sandbox::Request;
use serde_json::{json, Value};
use std::rc::Rc;

const RUNS: u64 = 10_000;

/// What can go wrong with any step, and twice as often nothing.
const TROUBLES: [Option<Trouble>; 27] = [
    Some(Trouble::Sandbox("status=400")),
    Some(Trouble::Sandbox("status=404")),
    Some(Trouble::Sandbox("status=409")),
    Some(Trouble::Sandbox("status=429")),
    Some(Trouble::Sandbox("status=500")),
    Some(Trouble::Sandbox("status=502")),
    Some(Trouble::Sandbox("applied-then=500")),
    Some(Trouble::Sandbox("applied-then=504")),
    Some(Trouble::Sandbox("applied-then=drop")),
    Some(Trouble::Sandbox("applied-then=hang")),
    Some(Trouble::Sandbox("late=100")),
    Some(Trouble::Sandbox("late=700")),
    Some(Trouble::Sandbox("late=1300")),
    Some(Trouble::Sandbox("drop")),
    Some(Trouble::Sandbox("hang")),
    Some(Trouble::Sandbox("truncated")),
    Some(Trouble::Sandbox("html=200")),
    Some(Trouble::Sandbox("html=403")),
    Some(Trouble::Refused),
    Some(Trouble::BodyLost),
    None,
    None,
    None,
    None,
    None,
    None,
    None,
];

/// An order on which something is due, how much, and how many transactions it has.
fn unpaid(world: &Rc<World>) -> (String, f64, usize) {
    let state: Value = serde_json::from_str(&world.sandbox.borrow().state_json()).expect("JSON");
    let location = &state["locations"][0];
    let orders = location["orders"].as_array().expect("orders");
    let order = orders.iter().find(|order| order["paymentStatus"] == "unpaid").expect("an unpaid order");
    let id = order["_id"].as_str().expect("id").to_owned();
    let count = payments(world, &id);
    (id, order["amount"].as_f64().expect("amount"), count)
}

fn payments(world: &Rc<World>, order: &str) -> usize {
    let mut sandbox = world.sandbox.borrow_mut();
    let url = format!("/payments/transactions?altId={}&altType=location&limit=1&entityId={order}", sandbox.location());
    let headers = vec![
        ("Authorization".into(), format!("Bearer {}", world.token)),
        ("Version".into(), "2021-07-28".into()),
        ("x-sandbox-fault".into(), String::new()),
    ];
    let request = Request { method: "GET".into(), url, headers, body: Vec::new() };
    let answer: Value = serde_json::from_slice(&sandbox.handle(&request, world.now.get()).body).expect("JSON");
    answer["totalCount"].as_f64().expect("totalCount") as usize
}

fn payment(order: &str, amount: f64) -> RecordPayment {
    let body = serde_json::from_value(json!({ "mode": "cash", "amount": amount, "isPartialPayment": true }));
    RecordPayment { order_id: order.into(), body: body.expect("a body") }
}

#[test]
fn a_payment_is_never_recorded_twice_and_the_answer_matches_what_the_sandbox_holds() {
    let (mut recorded, mut not, mut refused, mut unknown, mut more, mut wrong) = (0, 0, 0, 0, 0, 0);
    // One sandbox has several runs: a fresh one takes longer than a run.
    for block in 0..RUNS / 50 {
        let mut seed = (block + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let world = World::small(block);
        let max_retries = (block % 3) as u32;
        let config = Config { retry_delay_ms: 200, max_retries, ..Config::default() };
        let client = world.client(config).with_limiter(None);
        let (order, due, mut before) = unpaid(&world);
        // A part of it each time, so that a second payment would fit.
        let part = payment(&order, (due / 120.0 * 100.0).floor() / 100.0);
        for _ in 0..50 {
            let mut troubles = world.troubles.borrow_mut();
            troubles.clear();
            for _ in 0..random(&mut seed) % 12 {
                troubles.push_back(TROUBLES[random(&mut seed) as usize % TROUBLES.len()]);
            }
            if random(&mut seed).is_multiple_of(8) {
                let acted = if random(&mut seed).is_multiple_of(2) { Acted::Yes } else { Acted::No };
                troubles.push_back(Some(Trouble::Abort(acted)));
            }
            drop(troubles);
            world.abort_at.set(f64::INFINITY);
            let result = world.block(client.record_payment_once(&part, &CallOptions::default()));
            // Until what is late has been done too.
            world.now.set(world.now.get() + 1500.0);
            let after = payments(&world, &order);
            more += usize::from(after > before + 1);
            let (count, right) = match &result {
                Ok(done) if done.recorded => (&mut recorded, after == before + 1),
                Ok(_) => (&mut not, after == before),
                // Sent again by its caller, it would take this payment for one that was there before.
                Err(error) if error.outcome == Outcome::Unknown => (&mut unknown, !error.retryable),
                Err(_) => (&mut refused, after == before),
            };
            *count += 1;
            if !right {
                wrong += 1;
                println!("{result:?}: {before} payments before, {after} after");
            }
            before = after;
        }
    }
    println!(
        "figure: {RUNS} runs of recordPaymentOnce with random faults: {more} with more than one payment, {wrong} wrong answers; \
         {recorded} recorded, {not} not recorded, {refused} refused or not sent, {unknown} unknown"
    );
    assert_eq!((more, wrong), (0, 0));
    // Each kind of end is met.
    assert!(recorded > RUNS / 4 && not > 0 && refused > 0 && unknown > 0, "too little happened");
}

#[test]
fn a_payment_that_took_although_the_answer_was_lost_is_found_with_its_transaction() {
    for fault in ["applied-then=500", "applied-then=drop", "applied-then=hang"] {
        let world = World::small(7);
        let client = world.client(Config::default());
        let (order, due, before) = unpaid(&world);
        world.troubles.borrow_mut().extend([None, Some(Trouble::Sandbox(fault))]);
        let done = world.block(client.record_payment_once(&payment(&order, due), &CallOptions::default()));
        let done = done.expect("an answer");
        let transaction = done.transaction.expect("its transaction");
        assert_eq!((done.recorded, done.attempts, payments(&world, &order)), (true, 1, before + 1), "{fault}");
        assert_eq!((transaction.entity_id.as_deref(), transaction.amount), (Some(&*order), Some(due)));
    }
}

#[test]
fn a_payment_that_did_not_take_is_sent_again() {
    for fault in ["status=500", "drop", "hang", "html=200"] {
        let world = World::small(7);
        let client = world.client(Config::default());
        let (order, due, before) = unpaid(&world);
        world.troubles.borrow_mut().extend([None, Some(Trouble::Sandbox(fault))]);
        let done = world.block(client.record_payment_once(&payment(&order, due), &CallOptions::default()));
        let done = done.expect("an answer");
        assert_eq!((done.recorded, done.attempts, payments(&world, &order)), (true, 2, before + 1), "{fault}");
    }
}

#[test]
fn what_the_server_does_late_is_found_up_to_the_last_look_and_only_then_sent_again() {
    for (late, max_retries, recorded, attempts, payments_made) in [
        ("late=3400", 2, true, 1, 1),
        // Nobody can know of this one in time: it is the limit that the documentation names.
        ("late=5000", 2, true, 2, 2),
        ("late=5000", 0, false, 1, 1),
    ] {
        let world = World::small(7);
        let client = world.client(Config { max_retries, ..Config::default() });
        let (order, due, before) = unpaid(&world);
        world.troubles.borrow_mut().extend([None, Some(Trouble::Sandbox(late))]);
        let part = payment(&order, (due / 4.0).floor());
        let done = world.block(client.record_payment_once(&part, &CallOptions::default())).expect("an answer");
        world.now.set(world.now.get() + 10_000.0);
        let made = payments(&world, &order) - before;
        assert_eq!((done.recorded, done.attempts, made), (recorded, attempts, payments_made), "{late}");
    }
}

#[test]
fn without_troubles_it_takes_one_read_and_one_write() {
    let world = World::small(7);
    let client = world.client(Config::default());
    let (order, due, before) = unpaid(&world);
    let payment = payment(&order, due);
    let done = world.block(client.record_payment_once(&payment, &CallOptions::default())).expect("an answer");
    assert_eq!((done.recorded, done.attempts, world.reached.get()), (true, 1, 2));
    assert_eq!(payments(&world, &order), before + 1);
    // Nothing is due any more.
    let error = world.block(client.record_payment_once(&payment, &CallOptions::default())).expect_err("refused");
    assert_eq!((error.kind, error.outcome), (ErrorKind::InvalidRequest, Outcome::Rejected));
    assert_eq!(payments(&world, &order), before + 1);
}

#[test]
fn where_nobody_can_say_the_error_does() {
    let world = World::small(7);
    let client = world.client(Config::default());
    let (order, due, before) = unpaid(&world);
    world.troubles.borrow_mut().extend([None, Some(Trouble::Sandbox("applied-then=drop"))]);
    world.always.set(Some(Trouble::Sandbox("status=503")));
    let error = world.block(client.record_payment_once(&payment(&order, due), &CallOptions::default()));
    assert_eq!(error.expect_err("unknown").outcome, Outcome::Unknown);
    assert_eq!(payments(&world, &order), before + 1);
    // Where the transactions cannot even be read before, nothing is sent.
    let reached = world.reached.get();
    let error = world.block(client.record_payment_once(&payment(&order, due), &CallOptions::default()));
    assert_eq!(error.expect_err("not sent").outcome, Outcome::NotSent);
    assert_eq!(world.reached.get() - reached, 3);
}
