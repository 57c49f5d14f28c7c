//! A payment is recorded once, whatever happens on the way, and the answer says how it stands.

use crate::world::{random, Acted, Rival, Trouble, World, NOW};
use ghl_payments::core::{CallOptions, Config, Error, ErrorKind, Outcome};
use ghl_payments::endpoint::{ListOrders, ListOrdersParams, RecordPayment};
use ghl_payments::model::OrderPaymentStatus;
use ghl_payments::sandbox::{Echo, Limits, Options};
use ghl_payments::{MatchedBy, OnceOptions, PaymentRecorded};
use serde_json::{json, Value};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

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
    world.transactions(order, 1).1
}

fn payment(order: &str, amount: f64) -> RecordPayment {
    let body = serde_json::from_value(json!({ "mode": "cash", "amount": amount, "isPartialPayment": true }));
    RecordPayment { order_id: order.into(), body: body.expect("a body") }
}

/// A part of what is due, so that further payments fit.
fn part(due: f64) -> f64 {
    (due / 240.0 * 100.0).floor() / 100.0
}

fn any() -> OnceOptions {
    OnceOptions::default()
}

fn named(reference: &str) -> OnceOptions {
    OnceOptions { reference: Some(reference.into()), ..any() }
}

/// The time of the world as the API writes it; its days are those of November 2026.
fn time(world: &World) -> String {
    let ms = (world.now.get() - NOW) as u64 + 12 * 3_600_000;
    let (day, rest) = (ms / 86_400_000 + 1, ms % 86_400_000);
    assert!(day <= 30, "the run is longer than a month");
    let (hours, minutes, seconds) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60);
    format!("2026-11-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{:03}Z", rest % 1000)
}

/// Who else pays the order.
#[derive(Debug, Clone, Copy)]
enum Other {
    /// Somebody at the counter, with a note.
    Counter,
    /// Another process, with a reference of its own.
    Job,
    /// Somebody who pays another amount, in another way, or in vain.
    Amount,
    Mode,
    Failed,
    /// Somebody whose payment differs in nothing but its id.
    Twin,
}

fn rival(other: Other, amount: f64, number: u64, first: bool) -> Rival {
    let mut body = json!({ "mode": "cash", "amount": amount, "isPartialPayment": true });
    match other {
        Other::Counter => body["notes"] = "taken at the counter".into(),
        Other::Job => body["meta"] = json!({ "reference": format!("other-{number}") }),
        Other::Amount => body["amount"] = json!((amount * 200.0).round() / 100.0),
        Other::Mode => body["mode"] = "other".into(),
        Other::Failed | Other::Twin => {}
    }
    Rival { body, fault: if matches!(other, Other::Failed) { "failed-payment; drop" } else { "" }, first }
}

/// What was met in many runs.
#[derive(Debug, Default)]
struct Tally {
    recorded: usize,
    by_reference: usize,
    by_amount: usize,
    not: usize,
    refused: usize,
    unknown: usize,
    ambiguous: usize,
    /// Ambiguities that the error does not name with their transactions.
    unreported: usize,
    twice: usize,
    mistaken: usize,
    wrong: usize,
}

impl Tally {
    /// `ours` are the transactions of the payment, `others` those that somebody else made meanwhile.
    fn count(&mut self, result: &Result<PaymentRecorded, Error>, ours: &[String], others: &[String]) {
        self.twice += usize::from(ours.len() > 1);
        let right = match result {
            Ok(done) if done.recorded => {
                self.recorded += 1;
                self.by_reference += usize::from(done.matched_by == Some(MatchedBy::Reference));
                self.by_amount += usize::from(done.matched_by == Some(MatchedBy::Amount));
                let shown = done.transaction.as_ref().map(|transaction| transaction.id.as_str());
                let mistaken = ours.is_empty() || shown.is_some_and(|id| !ours.iter().any(|own| own == id));
                self.mistaken += usize::from(mistaken);
                !mistaken && (done.matched_by == Some(MatchedBy::Answer)) == shown.is_none()
            }
            Ok(_) => {
                self.not += 1;
                ours.is_empty()
            }
            Err(error) if error.outcome == Outcome::Unknown => {
                self.unknown += 1;
                if error.kind == ErrorKind::Ambiguous {
                    self.ambiguous += 1;
                    let known = |id: &String| ours.contains(id) || others.contains(id);
                    let named = |id: &String| error.candidates.contains(id);
                    // Paid in full, and nobody can see by what.
                    let paid = error.candidates.is_empty() && error.message.contains("is to be found");
                    let reported = paid || (error.candidates.iter().all(known) && ours.iter().all(named));
                    self.unreported += usize::from(!reported);
                }
                // Where it could not even look, nothing was sent, and the same call may be made again.
                !error.retryable || error.attempts == 0
            }
            Err(_) => {
                self.refused += 1;
                ours.is_empty()
            }
        };
        if !right || ours.len() > 1 {
            self.wrong += usize::from(!right);
            println!("{result:?}: ours {ours:?}, others {others:?}");
        }
    }
}

/// Milliseconds between two jobs: further than clocks may be apart, so that `since` tells their payments from each other.
const JOBS_APART: f64 = 301_000.0;

/// Many payments with random faults, one in ten with a server that is late, one in ten with somebody else who pays too.
fn many(runs: u64, echo: Echo, others: &[Other], salt: u64) -> Tally {
    let mut tally = Tally::default();
    // One sandbox has several runs: a fresh one takes longer than a run.
    for block in 0..runs / 50 {
        let mut seed = (block + 1 + salt).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let world = World::echoing(block, echo);
        let config = Config { retry_delay_ms: 200, max_retries: (block % 3) as u32, ..Config::default() };
        let client = world.client(config).with_limiter(None);
        let (order, due, mut before) = unpaid(&world);
        let amount = part(due);
        for run in 0..50 {
            let mut troubles = world.troubles.borrow_mut();
            troubles.clear();
            for _ in 0..random(&mut seed) % 12 {
                troubles.push_back(TROUBLES[random(&mut seed) as usize % TROUBLES.len()]);
            }
            if random(&mut seed).is_multiple_of(8) {
                let acted = if random(&mut seed).is_multiple_of(2) { Acted::Yes } else { Acted::No };
                troubles.push_back(Some(Trouble::Abort(acted)));
            }
            if random(&mut seed).is_multiple_of(10) {
                troubles.clear();
                troubles.push_back(None);
                troubles.push_back(Some(LATE[random(&mut seed) as usize % LATE.len()]));
            }
            drop(troubles);
            world.rivals.borrow_mut().clear();
            *world.rival.borrow_mut() = random(&mut seed).is_multiple_of(10).then(|| {
                let other = others[random(&mut seed) as usize % others.len()];
                rival(other, amount, block * 50 + run, random(&mut seed).is_multiple_of(2))
            });
            world.abort_at.set(f64::INFINITY);
            let once = match run % 3 {
                0 => any(),
                1 => OnceOptions { since: Some(time(&world)), ..named(&format!("job-{block}-{run}")) },
                _ => OnceOptions { reference_in_notes: true, ..any() },
            };
            let result =
                world.block(client.record_payment_once(&payment(&order, amount), &once, &CallOptions::default()));
            // Until what is late has been done too.
            world.now.set(world.now.get() + 1500.0);
            let (newest, after) = world.transactions(&order, 20);
            let new = newest[..after - before].iter().map(|record| record["_id"].as_str().expect("id").to_owned());
            let others = world.rivals.borrow();
            let ours: Vec<String> = new.filter(|id| !others.contains(id)).collect();
            tally.count(&result, &ours, &others);
            before = after;
            world.now.set(world.now.get() + JOBS_APART);
        }
    }
    tally
}

const LATE: [Trouble; 3] = [Trouble::Sandbox("late=100"), Trouble::Sandbox("late=700"), Trouble::Sandbox("late=1300")];

/// Prints a figure and holds it against the promise.
fn report(what: &str, runs: u64, tally: &Tally) {
    let Tally { recorded, by_reference, by_amount, not, refused, unknown, ambiguous, .. } = tally;
    println!(
        "figure: {runs} runs of recordPaymentOnce {what}: {} sent twice, {} taken for ours that are not, {} ambiguities not \
         reported, {} wrong answers; {recorded} recorded (of these {by_reference} known by the reference, {by_amount} by the \
         amount), {not} not recorded, {refused} refused or not sent, {unknown} unknown (of these {ambiguous} with candidates)",
        tally.twice, tally.mistaken, tally.unreported, tally.wrong
    );
    assert_eq!((tally.twice, tally.mistaken, tally.unreported, tally.wrong), (0, 0, 0, 0));
    // Each kind of end is met.
    let met = [*not, *refused, *unknown].iter().all(|count| *count > 0);
    assert!(*recorded > runs as usize / 4 && met, "too little happened: {tally:?}");
}

#[test]
fn where_references_are_shown_a_payment_is_recorded_once_and_taken_for_no_other() {
    let others = [Other::Counter, Other::Job, Other::Amount, Other::Mode, Other::Failed];
    let tally = many(RUNS, Echo::Meta, &others, 0);
    report("with echo, random faults, a second payer and a late server in one of ten each", RUNS, &tally);
    assert!(tally.by_reference > 500 && tally.by_amount == 0, "{tally:?}");
}

#[test]
fn where_no_reference_is_shown_a_payment_is_recorded_once_and_doubts_are_said() {
    let others = [Other::Counter, Other::Amount, Other::Mode, Other::Failed];
    let tally = many(RUNS, Echo::Notes, &others, 1_000_000);
    report("without echo of meta, random faults, a second payer and a late server in one of ten each", RUNS, &tally);
    assert!(
        tally.by_amount > 300 && tally.by_reference > 300 && tally.ambiguous > 0,
        "by the amount, and in notes by the reference: {tally:?}"
    );
}

/// A limit of what can be known, which the documentation names.
#[test]
fn a_payment_that_differs_in_nothing_is_taken_by_its_amount_and_the_result_says_so() {
    let tally = many(1000, Echo::None, &[Other::Twin], 2_000_000);
    println!(
        "figure: 1000 runs of recordPaymentOnce without any echo and with a second payment that differs in nothing in one of \
         ten: {} sent twice; {} recorded, {} of them known by the amount only, and {} of these were the other payment",
        tally.twice, tally.recorded, tally.by_amount, tally.mistaken
    );
    assert!(tally.twice == 0 && tally.wrong == tally.mistaken && tally.mistaken <= tally.by_amount, "{tally:?}");
}

/// Drops a future after it has been polled so often, as the end of a process does.
struct Killed<F> {
    future: Option<Pin<Box<F>>>,
    polls: u64,
}

impl<F: Future> Future for Killed<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(future) = &mut self.future else { return Poll::Ready(None) };
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        self.polls -= 1;
        if self.polls == 0 {
            self.future = None;
            return Poll::Ready(None);
        }
        Poll::Pending
    }
}

/// Payments whose process is killed at a random step and started again with the same reference until it says what is.
fn killed(runs: u64, echo: Echo) -> (usize, usize, usize, usize) {
    let (mut once, mut twice, mut unknown, mut wrong) = (0, 0, 0, 0);
    for block in 0..runs / 50 {
        let mut seed = (block + 7).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let world = World::echoing(block, echo);
        world.outlives.set(true);
        let client = world.client(Config { retry_delay_ms: 200, ..Config::default() }).with_limiter(None);
        let (order, due, mut before) = unpaid(&world);
        let payment = payment(&order, part(due));
        for run in 0..50 {
            let options = OnceOptions { since: Some(time(&world)), ..named(&format!("job-{block}-{run}")) };
            let mut end = None;
            for life in 0..4 {
                let mut troubles = world.troubles.borrow_mut();
                troubles.clear();
                for _ in 0..random(&mut seed) % 6 {
                    troubles.push_back(TROUBLES[random(&mut seed) as usize % TROUBLES.len()]);
                }
                if life == 3 {
                    troubles.clear();
                }
                drop(troubles);
                let polls = if life < 2 { 1 + random(&mut seed) % 10 } else { u64::MAX };
                let call = CallOptions::default();
                let future = client.record_payment_once(&payment, &options, &call);
                end = world.block(Killed { future: Some(Box::pin(future)), polls });
                // Whoever starts a job again waits until a server has done what it was asked for.
                world.now.set(world.now.get() + 1500.0);
                if matches!(&end, Some(Ok(done)) if done.recorded) {
                    break;
                }
            }
            let (newest, after) = world.transactions(&order, 5);
            let right = match &end {
                Some(Ok(done)) => done.recorded && after == before + 1,
                Some(Err(error)) => {
                    unknown += 1;
                    let id = newest[0]["_id"].as_str().expect("id");
                    echo == Echo::Notes && error.outcome == Outcome::Unknown && error.candidates == [id]
                }
                None => false,
            };
            once += usize::from(after == before + 1);
            twice += usize::from(after > before + 1);
            if !right {
                wrong += 1;
                println!("run {block}/{run}: {end:?}, {} payments", after - before);
            }
            before = after;
            world.now.set(world.now.get() + JOBS_APART);
        }
    }
    (once, twice, unknown, wrong)
}

#[test]
fn a_job_that_was_killed_at_any_step_can_be_run_again_with_the_same_reference() {
    for (echo, what) in
        [(Echo::Meta, "with echo"), (Echo::Snapshot, "with echo in lists"), (Echo::Notes, "without echo")]
    {
        let (once, twice, unknown, wrong) = killed(1000, echo);
        println!(
            "figure: 1000 runs of recordPaymentOnce {what}, killed at a random step and run again with the same reference: \
             {once} with exactly one payment, {twice} with more, {wrong} wrong answers, {unknown} unknown with its candidate"
        );
        assert_eq!((twice, wrong), (0, 0));
        assert!(once == 1000 && (unknown > 0) == (echo == Echo::Notes));
    }
}

#[test]
fn a_payment_that_took_although_the_answer_was_lost_is_found_with_its_transaction() {
    for fault in ["applied-then=500", "applied-then=drop", "applied-then=hang"] {
        let world = World::small(7);
        let client = world.client(Config::default());
        let (order, due, before) = unpaid(&world);
        world.troubles.borrow_mut().extend([None, Some(Trouble::Sandbox(fault))]);
        let done = world.block(client.record_payment_once(&payment(&order, due), &any(), &CallOptions::default()));
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
        let done = world.block(client.record_payment_once(&payment(&order, due), &any(), &CallOptions::default()));
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
        let done = world.block(client.record_payment_once(&part, &any(), &CallOptions::default())).expect("an answer");
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
    let done = world.block(client.record_payment_once(&payment, &any(), &CallOptions::default())).expect("an answer");
    assert_eq!((done.recorded, done.attempts, world.reached.get()), (true, 1, 2));
    assert_eq!(payments(&world, &order), before + 1);
    // Nothing is due any more.
    let error =
        world.block(client.record_payment_once(&payment, &any(), &CallOptions::default())).expect_err("refused");
    assert_eq!((error.kind, error.outcome), (ErrorKind::InvalidRequest, Outcome::Rejected));
    assert_eq!(error.record_id.as_deref(), Some(&*order));
    assert_eq!(payments(&world, &order), before + 1);
}

#[test]
fn where_nobody_can_say_the_error_does() {
    let world = World::small(7);
    let client = world.client(Config::default());
    let (order, due, before) = unpaid(&world);
    world.troubles.borrow_mut().extend([None, Some(Trouble::Sandbox("applied-then=drop"))]);
    world.always.set(Some(Trouble::Sandbox("status=503")));
    let error = world.block(client.record_payment_once(&payment(&order, due), &any(), &CallOptions::default()));
    assert_eq!(error.expect_err("unknown").outcome, Outcome::Unknown);
    assert_eq!(payments(&world, &order), before + 1);
    // Where the transactions cannot even be read before, nothing is sent.
    let reached = world.reached.get();
    let error = world.block(client.record_payment_once(&payment(&order, due), &any(), &CallOptions::default()));
    assert_eq!(error.expect_err("not sent").outcome, Outcome::NotSent);
    assert_eq!(world.reached.get() - reached, 3);
}

/// How often payments were sent, as the sandbox has logged it.
fn sent(world: &World) -> usize {
    let sandbox = world.sandbox.borrow();
    sandbox.requests().iter().filter(|entry| entry.operation == Some("orders.recordPayment")).count()
}

#[test]
fn a_call_with_the_same_reference_finds_the_payment_and_sends_nothing() {
    for (echo, in_notes) in [(Echo::Meta, false), (Echo::Snapshot, false), (Echo::Notes, true)] {
        let world = World::echoing(7, echo);
        let client = world.client(Config::default());
        let (order, due, before) = unpaid(&world);
        let payment = payment(&order, part(due));
        let once = OnceOptions { reference_in_notes: in_notes, ..named("job-1") };
        let record = |once: OnceOptions| {
            let call = CallOptions::default();
            let (client, payment) = (&client, &payment);
            world.block(async move { client.record_payment_once(payment, &once, &call).await }).expect("an answer")
        };
        let first = record(once.clone());
        assert_eq!((first.matched_by, first.attempts, &*first.reference), (Some(MatchedBy::Answer), 1, "job-1"));
        let again = record(once.clone());
        assert_eq!(
            (again.recorded, again.matched_by, again.attempts),
            (true, Some(MatchedBy::Reference), 0),
            "{echo:?}"
        );
        assert_eq!(again.transaction.map(|transaction| transaction.amount), Some(payment.body.amount));
        // One reference begins like the other; one more payment of the same amount is another one.
        let other = record(OnceOptions { reference_in_notes: in_notes, ..named("job-12") });
        assert_eq!((other.matched_by, other.attempts), (Some(MatchedBy::Answer), 1), "{echo:?}");
        assert_eq!((sent(&world), payments(&world, &order)), (2, before + 2), "{echo:?}");
        // One that shows no reference is no obstacle where others do.
        world.pay(&order, &json!({ "mode": "cash", "amount": payment.body.amount, "isPartialPayment": true }), "");
        let third = record(OnceOptions { reference_in_notes: in_notes, ..named("job-3") });
        assert_eq!((third.matched_by, third.attempts), (Some(MatchedBy::Answer), 1), "{echo:?}");
    }
}

#[test]
fn where_no_reference_is_shown_a_call_with_a_reference_of_the_callers_sends_nothing_if_it_may_be_there() {
    let world = World::echoing(7, Echo::Notes);
    let client = world.client(Config::default());
    let (order, due, _) = unpaid(&world);
    let record = |once: OnceOptions, amount: f64| {
        let (client, payment) = (&client, payment(&order, amount));
        world.block(async move { client.record_payment_once(&payment, &once, &CallOptions::default()).await })
    };
    let amount = part(due);
    assert_eq!(record(named("job-1"), amount).expect("an answer").matched_by, Some(MatchedBy::Answer));
    let error = record(named("job-1"), amount).expect_err("unknown");
    let newest = world.transactions(&order, 1).0.remove(0);
    assert_eq!((error.kind, error.outcome, error.retryable), (ErrorKind::Ambiguous, Outcome::Unknown, false));
    assert_eq!(
        (error.candidates.as_slice(), error.attempts, error.code()),
        (&[id(&newest)][..], 0, "ambiguous_payment")
    );
    // The same goes for any other job with such a payment, unless that was made before it began or of another amount.
    assert_eq!(record(named("job-2"), amount).expect_err("unknown").candidates, [id(&newest)]);
    assert_eq!(sent(&world), 1);
    world.now.set(world.now.get() + JOBS_APART);
    let since = OnceOptions { since: Some(time(&world)), ..named("job-2") };
    assert_eq!(record(since, amount).expect("an answer").attempts, 1);
    assert_eq!(record(named("job-3"), amount + 1.0).expect("an answer").attempts, 1);
    // Nobody else knows a reference that the call itself has made.
    assert_eq!(record(any(), amount).expect("an answer").attempts, 1);
}

/// Records with `job-1` what `first` says, and then again what `then` does, with `since` where that is given.
fn again(
    world: &Rc<World>,
    order: &str,
    first: (f64, &str),
    then: (Option<f64>, &str),
    since: bool,
) -> Result<PaymentRecorded, Error> {
    let client = world.client(Config::default());
    let record = |amount: Option<f64>, mode: &str, once: OnceOptions| {
        let mut body = json!({ "mode": mode, "isPartialPayment": true });
        if let Some(amount) = amount {
            body["amount"] = amount.into();
        }
        let payment = RecordPayment { order_id: order.into(), body: serde_json::from_value(body).expect("a body") };
        let client = &client;
        world.block(async move { client.record_payment_once(&payment, &once, &CallOptions::default()).await })
    };
    assert_eq!(record(Some(first.0), first.1, named("job-1")).expect("an answer").attempts, 1);
    // Somebody else's, of yet another amount: it shows no reference.
    world.pay(order, &json!({ "mode": "cash", "amount": 0.01, "isPartialPayment": true }), "");
    if since {
        world.now.set(world.now.get() + JOBS_APART);
    }
    record(then.0, then.1, OnceOptions { since: since.then(|| time(world)), ..named("job-1") })
}

#[test]
fn a_reference_that_was_used_for_another_payment_sends_nothing_wherever_it_is_shown() {
    for echo in [Echo::Meta, Echo::Snapshot] {
        for since in [false, true] {
            for (first, then, code) in [
                ((5.0, "cash"), (Some(6.0), "cash"), "ambiguous_payment"),
                ((5.0, "cash"), (Some(5.01), "cash"), "ambiguous_payment"),
                ((5.0, "cash"), (Some(5.0), "other"), "ambiguous_payment"),
                ((5.0, "other"), (Some(7.0), "cash"), "ambiguous_payment"),
                ((5.0, "other"), (None, "cash"), "ambiguous_payment"),
                // Twins and payments of all that is due are not of another amount.
                ((5.0, "cash"), (Some(5.0), "cash"), ""),
                ((5.0, "cash"), (None, "cash"), ""),
            ] {
                let world = World::echoing(7, echo);
                let (order, _, before) = unpaid(&world);
                let said = again(&world, &order, first, then, since);
                let what = format!("{echo:?} {since} {first:?} {then:?}: {said:?}");
                assert_eq!((sent(&world), payments(&world, &order)), (2, before + 2), "{what}");
                match said {
                    Ok(done) => assert_eq!((code, done.matched_by), ("", Some(MatchedBy::Reference)), "{what}"),
                    Err(error) => {
                        assert_eq!(
                            (error.code(), error.outcome, error.attempts),
                            (code, Outcome::Unknown, 0),
                            "{what}"
                        );
                        assert_eq!(error.candidates.len(), 1, "{what}");
                        assert!(
                            error.message.contains("shows the reference, but has another amount or mode"),
                            "{what}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn where_not_every_transaction_can_be_read_on_its_own_nothing_is_sent_unless_since_rules_it_out() {
    let small = json!({ "mode": "cash", "amount": 0.01, "isPartialPayment": true });
    // Thirty are read; what is beyond may hold the reference.
    for (others, trouble, attempts) in
        [(30, None, Some(1)), (31, None, None), (1, Some(Trouble::Sandbox("status=404")), None)]
    {
        let world = World::small(7);
        let client = world.client(Config::default());
        let (order, _, before) = unpaid(&world);
        let failed = world.transactions(&order, 2).0.iter().all(|record| record["status"] == "failed");
        assert!(failed, "what is there is not read");
        (0..others).for_each(|_| assert!(world.pay(&order, &small, "").is_some()));
        let record = |once: OnceOptions| {
            let (client, payment) = (&client, payment(&order, 5.0));
            world.block(async move { client.record_payment_once(&payment, &once, &CallOptions::default()).await })
        };
        world.troubles.borrow_mut().extend([None, trouble]);
        let reached = world.reached.get();
        let said = record(named("job-1"));
        assert!(world.reached.get() - reached <= 32, "{others}");
        assert_eq!(said.as_ref().ok().map(|done| done.attempts), attempts, "{others}: {said:?}");
        if let Err(error) = said {
            assert_eq!(
                (error.code(), error.attempts, payments(&world, &order)),
                ("ambiguous_payment", 0, before + others)
            );
            assert!(error.message.contains("since says how far back to look"), "{error}");
            world.now.set(world.now.get() + JOBS_APART);
            let since = OnceOptions { since: Some(time(&world)), ..named("job-1") };
            let reached = world.reached.get();
            assert_eq!(record(since).expect("an answer").attempts, 1);
            assert_eq!(world.reached.get() - reached, 2 + others.min(10) as u32, "of the older ones ten are read");
        }
        // What is lost after thirty reads is still known by its reference.
        if attempts.is_some() {
            world.now.set(world.now.get() + JOBS_APART);
            let since = OnceOptions { since: Some(time(&world)), ..named("job-2") };
            let mut troubles = world.troubles.borrow_mut();
            troubles.extend([None; 11]);
            troubles.push_back(Some(Trouble::Sandbox("applied-then=drop")));
            drop(troubles);
            assert_eq!(record(since).expect("an answer").matched_by, Some(MatchedBy::Reference));
        }
    }
}

fn id(record: &Value) -> String {
    record["_id"].as_str().expect("id").to_owned()
}

#[test]
fn among_several_candidates_nothing_is_taken_and_nothing_sent_again() {
    for (fault, added) in [("second-payer=alike; applied-then=drop", 2), ("second-payer; drop", 1)] {
        let world = World::echoing(7, Echo::Notes);
        let client = world.client(Config::default());
        let (order, due, before) = unpaid(&world);
        world.troubles.borrow_mut().extend([None, Some(Trouble::Sandbox(fault))]);
        let result =
            world.block(client.record_payment_once(&payment(&order, part(due)), &any(), &CallOptions::default()));
        let error = result.expect_err("unknown");
        let (newest, after) = world.transactions(&order, 2);
        let new: Vec<_> = newest[..added].iter().map(id).collect();
        assert_eq!((error.outcome, &error.candidates, error.attempts), (Outcome::Unknown, &new, 1), "{fault}");
        assert_eq!((sent(&world), after), (1, before + added), "{fault}");
        assert!(error.message.contains("see candidates") && error.message.contains("on demand"), "{error}");
    }
}

#[test]
fn what_failed_or_is_of_another_amount_is_not_taken_for_the_payment() {
    for (fault, other) in [("failed-payment; drop", None), ("drop", Some(1.0)), ("drop", Some(2.0))] {
        let world = World::echoing(7, Echo::None);
        let client = world.client(Config::default());
        let (order, due, before) = unpaid(&world);
        let amount = part(due);
        world.troubles.borrow_mut().extend([None, Some(Trouble::Sandbox(fault))]);
        if let Some(more) = other {
            let body = json!({ "mode": "cash", "amount": amount + more, "isPartialPayment": true });
            *world.rival.borrow_mut() = Some(Rival { body, fault: "", first: true });
        }
        let done = world.block(client.record_payment_once(&payment(&order, amount), &any(), &CallOptions::default()));
        let done = done.expect("an answer");
        assert_eq!((done.recorded, done.matched_by, done.attempts), (true, Some(MatchedBy::Answer), 2), "{fault}");
        assert_eq!(payments(&world, &order), before + 2);
    }
}

#[test]
fn a_payment_that_names_no_amount_is_of_what_was_due() {
    let body = serde_json::from_value(json!({ "mode": "cash" })).expect("a body");
    let world = World::echoing(7, Echo::None);
    let client = world.client(Config::default());
    let (order, due, _) = unpaid(&world);
    let payment = RecordPayment { order_id: order.clone(), body };
    world.troubles.borrow_mut().extend([None, Some(Trouble::Sandbox("applied-then=drop"))]);
    let call = CallOptions::default();
    let done = world.block(client.record_payment_once(&payment, &named("job-1"), &call)).expect("an answer");
    assert_eq!((done.matched_by, done.attempts), (Some(MatchedBy::Amount), 1));
    assert_eq!(done.transaction.and_then(|transaction| transaction.amount), Some(due));
    // Whether the order was paid by this job's payment nobody can see.
    let error = world.block(client.record_payment_once(&payment, &named("job-1"), &call)).expect_err("unknown");
    assert_eq!((error.outcome, error.candidates.len(), sent(&world)), (Outcome::Unknown, 1, 1));

    // As long as something is due, this job's payment was not made.
    let world = World::echoing(8, Echo::None);
    let client = world.client(Config::default());
    let (order, due, before) = unpaid(&world);
    world.pay(&order, &json!({ "mode": "cash", "amount": part(due), "isPartialPayment": true }), "");
    let payment = RecordPayment { order_id: order.clone(), ..payment };
    let done = world.block(client.record_payment_once(&payment, &named("job-1"), &call)).expect("an answer");
    assert_eq!((done.matched_by, payments(&world, &order)), (Some(MatchedBy::Answer), before + 2));
}

#[test]
fn an_order_with_more_transactions_than_a_page_is_looked_through() {
    for echo in [Echo::Meta, Echo::None] {
        let world = World::echoing(7, echo);
        let client = world.client(Config::default());
        let (order, due, before) = unpaid(&world);
        let (call, amount) = (CallOptions::default(), (due / 4.0).floor());
        let first = payment(&order, amount);
        let done = world.block(client.record_payment_once(&first, &named("job-1"), &call));
        assert_eq!(done.expect("an answer").attempts, 1);
        let small = json!({ "mode": "cash", "amount": 0.01, "isPartialPayment": true });
        (0..250).for_each(|_| assert!(world.pay(&order, &small, "").is_some()));
        let again = world.block(client.record_payment_once(&first, &named("job-1"), &call));
        match echo {
            Echo::Meta => assert_eq!(again.expect("an answer").matched_by, Some(MatchedBy::Reference)),
            _ => assert_eq!(again.expect_err("unknown").candidates.len(), 1),
        }
        assert_eq!(payments(&world, &order), before + 251);
        // What was there before is known on all pages.
        world.troubles.borrow_mut().extend([None, None, None, Some(Trouble::Sandbox("applied-then=drop"))]);
        let done = world.block(client.record_payment_once(&payment(&order, 0.01), &any(), &call)).expect("an answer");
        let expected = if echo == Echo::Meta { MatchedBy::Reference } else { MatchedBy::Amount };
        assert_eq!((done.matched_by, done.attempts), (Some(expected), 1));
        assert_eq!(payments(&world, &order), before + 252);
    }
}

#[test]
fn the_ten_minutes_of_waiting_for_the_rate_limit_are_those_of_all_its_requests() {
    // Each request waits for a minute: the third attempt, behind three looks and a read of the order each, is the twelfth.
    let limits = Limits { max: 1, interval_ms: 60_000, daily: 1000 };
    for (deadline_ms, found) in [(None, false), (Some(3_600_000), true)] {
        let world = World::new(Options { limits, ..Options::new(7, NOW) });
        let client = world.client(Config::default());
        let params =
            ListOrdersParams { limit: Some(1), payment_status: Some(OrderPaymentStatus::Unpaid), ..Default::default() };
        let orders = world.block(client.send(&ListOrders { params })).expect("an answer");
        let payment = payment(&orders.data[0].id, 1.0);
        let lost = Some(Trouble::Sandbox("drop"));
        world.troubles.borrow_mut().extend([None, lost, None, None, None, None, lost]);
        let options = CallOptions { deadline_ms, ..CallOptions::default() };
        match world.block(client.record_payment_once(&payment, &any(), &options)) {
            Ok(done) => assert!(found && done.recorded),
            Err(error) => {
                assert_eq!((error.kind, error.outcome), (ErrorKind::Timeout, Outcome::Unknown));
                assert_eq!((found, error.attempts), (false, 2));
            }
        }
    }
}
