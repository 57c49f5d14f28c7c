//! Calls of more than one request, told by hand what comes of what they ask for.

use super::run::tests::{answer, asked, config, lost, token, Around, NOW};
use super::*;
use crate::endpoint::{CONNECT_PROVIDER, LIST_ORDERS, RECORD_PAYMENT};

const BODY: &str = r#"{"altId":"there","altType":"location","mode":"cash","amount":5}"#;
/// The transactions of the order, which are looked through for the payment.
const LIST: &str = "GET transactions?altId=there&limit=100&entityId=o1&locationId=there&altType=location";
const NONE: &str = r#"{"data":[],"totalCount":0}"#;

fn payment(config: Config, options: OnceOptions, queue: &OnceQueue, now: f64) -> Call {
    let once = Some((options, queue.clone()));
    let config = Shared::new(config);
    Call::new(&RECORD_PAYMENT, once, Some("o1"), Some(BODY), &config, None, now).expect("a call")
}

/// Carries it from a token to where it sends, and gives what it sends where.
fn sent(call: &mut Call, around: &Around, told: Told) -> String {
    assert_eq!(asked(call.next(around, told)), "token");
    assert_eq!(asked(call.next(around, token("tok"))), "turn");
    let ask = asked(call.next(around, Told::Turn(Turn::Go)));
    assert!(ask.starts_with("send "), "{ask}");
    let request = &call.run.request;
    let (_, path) = request.url.split_once("/payments/").expect("a path");
    format!("{} {path}", request.method.as_str())
}

#[test]
fn a_call_whose_request_was_made_elsewhere_has_its_deadline_and_quotes_no_secret() {
    let around = Around::new();
    let once = Shared::new(Config { deadline_ms: Some(1000), max_retries: 0, ..config() });
    let body = r#"{"live":{"apiKey":"live-api-key","publishableKey":"live-pub-key"}}"#;
    let request = || build(&CONNECT_PROVIDER, None, Some(body), &once).expect("a request");
    let mut call = Call::of(&CONNECT_PROVIDER, request(), "hidden-secret".into(), &once, None, NOW);
    sent(&mut call, &around, Told::Nothing);
    assert_eq!(call.run.deadline, NOW + 1000.0);
    let ask = call.next(&around, answer(400, r#"{"message":"no hidden-secret"}"#));
    let Ask::Done(Err(error)) = ask else { panic!("an error") };
    assert!(!format!("{} {:?} {:?}", error.message, error.messages, error.body).contains("hidden-secret"));
    let endless = Shared::new(config());
    let call = Call::of(&CONNECT_PROVIDER, request(), String::new(), &endless, None, NOW);
    assert_eq!(call.run.deadline, f64::INFINITY);
}

#[test]
fn a_clock_that_is_set_takes_the_deadline_along_and_a_wait_that_was_late_does_not() {
    const HOUR: f64 = 3_600_000.0;
    let params = r#"{"altId":"there","altType":"location"}"#;
    let brief = Shared::new(Config { deadline_ms: Some(10_000), ..config() });
    // While it waits for a token or an answer nobody knows how much of that is real; a wait has its length.
    for (set, real) in [(-HOUR, 0.0), (-1.0, 0.0), (HOUR, 0.0), (90_001.0, 0.0), (90_000.0, 90_000.0), (5.0, 5.0)] {
        let mut around = Around::new();
        let mut call = Call::new(&LIST_ORDERS, None, None, Some(params), &brief, None, NOW).expect("a call");
        assert_eq!(asked(call.next(&around, Told::Nothing)), "token");
        around.now += set;
        call.next(&around, token("tok"));
        assert_eq!(call.run.deadline - around.now, 10_000.0 - real, "{set}");
    }
    for (set, real) in
        [(-HOUR, 375.0), (HOUR, 375.0), (60_376.0, 375.0), (60_375.0, 60_375.0), (374.0, 375.0), (0.0, 375.0)]
    {
        let mut around = Around::new();
        let mut call = Call::new(&LIST_ORDERS, None, None, Some(params), &brief, None, NOW).expect("a call");
        sent(&mut call, &around, Told::Nothing);
        around.now += 100.0;
        let wait = asked(call.next(&around, lost()));
        assert_eq!(wait, "wait 375", "half of the delay, and half of that by chance");
        around.now += set;
        call.next(&around, Told::Awake(true));
        assert_eq!(call.run.deadline - around.now, 9_900.0 - real, "{set}");
    }
}

#[test]
fn a_payment_whose_answer_is_lost_is_looked_for_before_it_is_sent_again() {
    let around = Around::new();
    let queue = OnceQueue::default();
    let mut call = payment(config(), OnceOptions::default(), &queue, NOW);
    assert_eq!(sent(&mut call, &around, Told::Nothing), LIST);
    assert_eq!(sent(&mut call, &around, answer(200, NONE)), "POST orders/o1/record-payment");
    let mut told = lost();
    for wait in ["wait 500", "wait 1000", "wait 2000"] {
        assert_eq!(asked(call.next(&around, told)), wait);
        assert_eq!(sent(&mut call, &around, Told::Awake(true)), LIST);
        told = answer(200, NONE);
    }
    assert_eq!(sent(&mut call, &around, told), "GET orders/o1?altId=there&altType=location&locationId=there");
    let due = answer(200, r#"{"paymentStatus":"unpaid"}"#);
    assert_eq!(sent(&mut call, &around, due), "POST orders/o1/record-payment");
    let Ask::Done(Ok(done)) = call.next(&around, answer(200, r#"{"success":true}"#)) else { panic!("recorded") };
    let body = String::from_utf8(done.answer.body).expect("text");
    let start = r#"{"recorded":true,"matchedBy":"answer","attempts":2,"reference":""#;
    assert!(body.starts_with(start) && done.attempts == 2, "{body}");
}

#[test]
fn a_payment_in_doubt_ends_before_its_deadline_and_says_what_is_not_known() {
    let around = Around::new();
    let queue = OnceQueue::default();
    let in_doubt = |deadline_ms: u32| {
        let config = Config { deadline_ms: Some(deadline_ms), ..config() };
        let mut call = payment(config, OnceOptions::default(), &queue, NOW);
        sent(&mut call, &around, Told::Nothing);
        sent(&mut call, &around, answer(200, NONE));
        let ask = asked(call.next(&around, lost()));
        (call, ask)
    };
    // A look that began at the deadline would come too late.
    let (_, ask) = in_doubt(500);
    assert!(ask.starts_with("timeout Unknown 1 false: orders.recordPaymentOnce ran out of time"), "{ask}");
    let (mut call, ask) = in_doubt(501);
    assert_eq!(ask, "wait 500");
    let ask = asked(call.next(&around, Told::Awake(false)));
    assert!(ask.starts_with("aborted Unknown 1 false: orders.recordPaymentOnce was aborted while"), "{ask}");
}

#[test]
fn of_two_calls_with_one_reference_the_second_waits_for_the_first() {
    let mut around = Around::new();
    let queue = OnceQueue::default();
    let options = job();
    let brief = || Config { deadline_ms: Some(100_000), timeout_ms: 5000, ..config() };
    let mut first = payment(brief(), options.clone(), &queue, NOW);
    sent(&mut first, &around, Told::Nothing);
    let mut second = payment(brief(), options.clone(), &queue, NOW);
    assert_eq!(asked(second.next(&around, Told::Nothing)), "wait 100");
    // Whoever sends is waited for as long as its attempt may take, and a second more.
    around.now = NOW + 5999.0;
    assert_eq!(asked(second.next(&around, Told::Awake(true))), "wait 100");
    let mut hurried = payment(Config { deadline_ms: Some(100), ..config() }, options, &queue, around.now);
    let ask = asked(hurried.next(&around, Told::Nothing));
    assert!(ask.starts_with("timeout Unknown 0 false: orders.recordPaymentOnce ran out of time"), "{ask}");
    around.now += 1.0;
    assert_eq!(sent(&mut second, &around, Told::Awake(true)), LIST);
}

#[test]
fn a_clock_that_is_set_ahead_gives_no_turn_away() {
    let mut around = Around::new();
    let queue = OnceQueue::default();
    let first = sent_payment(&around, &queue);
    for set in [0.0, 3_600_000.0] {
        (around.now, around.set) = (NOW + set, set);
        let mut second = payment(config(), job(), &queue, around.now);
        assert_eq!(asked(second.next(&around, Told::Nothing)), "wait 100");
        assert_eq!(asked(second.next(&around, Told::Awake(true))), "wait 100");
    }
    drop(first);
}

#[test]
fn a_payment_is_not_sent_while_the_server_counts_transactions_that_it_does_not_show() {
    let around = Around::new();
    for (list, total) in [("", 1), ("", 7), (r#"{"_id":"t1","entityId":"o1","amount":9}"#, 2)] {
        let mut call = payment(config(), job(), &OnceQueue::default(), NOW);
        let mut path = sent(&mut call, &around, Told::Nothing);
        let body = format!(r#"{{"data":[{list}],"totalCount":{total}}}"#);
        let ask = loop {
            assert!(path.starts_with("GET transactions"), "{path}");
            let single = path.contains("transactions/t1");
            let ask = call.next(&around, answer(200, if single { r#"{"_id":"t1"}"# } else { &body }));
            let Ask::Token = ask else { break asked(ask) };
            assert_eq!(asked(call.next(&around, token("tok"))), "turn");
            asked(call.next(&around, Told::Turn(Turn::Go)));
            path = format!("GET {}", call.run.request.url.split_once("/payments/").expect("a path").1);
        };
        assert!(ask.starts_with("ambiguous_payment Unknown 0 false") && ask.contains("counts more"), "{ask}");
    }
}

#[test]
fn transactions_that_are_deleted_while_the_pages_are_read_hide_no_other_one() {
    let around = Around::new();
    let page = |ids: std::ops::Range<u32>, total: u32| {
        let of = |id: u32| format!(r#"{{"_id":"t{id}","entityId":"o1","status":"failed"}}"#);
        answer(200, &format!(r#"{{"data":[{}],"totalCount":{total}}}"#, ids.map(of).collect::<Vec<_>>().join(",")))
    };
    let mut call = payment(config(), job(), &OnceQueue::default(), NOW);
    assert_eq!(sent(&mut call, &around, Told::Nothing), LIST);
    // The first one goes, and the last one comes to stand where the page was to begin.
    let second = LIST.replace("entityId", "offset=99&entityId");
    assert_eq!(sent(&mut call, &around, page(0..100, 101)), second);
    assert_eq!(sent(&mut call, &around, page(100..101, 100)), LIST);
    assert_eq!(sent(&mut call, &around, page(1..101, 100)), "POST orders/o1/record-payment");
    // So it is where the page says that there is nothing at all.
    let mut call = payment(config(), job(), &OnceQueue::default(), NOW);
    assert_eq!(sent(&mut call, &around, Told::Nothing), LIST);
    assert_eq!(sent(&mut call, &around, page(0..100, 101)), second);
    assert_eq!(sent(&mut call, &around, answer(200, NONE)), LIST);
    // What stands behind the place where it was noticed is read, too.
    let mut call = payment(config(), job(), &OnceQueue::default(), NOW);
    assert_eq!(sent(&mut call, &around, Told::Nothing), LIST);
    assert_eq!(sent(&mut call, &around, page(0..100, 250)), second);
    assert_eq!(sent(&mut call, &around, page(100..200, 249)), LIST);
    assert_eq!(sent(&mut call, &around, page(1..101, 249)), second);
    let third = LIST.replace("entityId", "offset=198&entityId");
    assert_eq!(sent(&mut call, &around, page(100..200, 249)), third);
    assert_eq!(sent(&mut call, &around, page(199..250, 249)), "POST orders/o1/record-payment");
}

#[test]
fn what_was_seen_before_the_last_page_of_a_look_stays_known() {
    let around = Around::new();
    let of = |id: u32| format!(r#"{{"_id":"t{id}","entityId":"o1","status":"failed"}}"#);
    let page = |ids: std::ops::Range<u32>| {
        answer(200, &format!(r#"{{"data":[{}],"totalCount":5000}}"#, ids.map(of).collect::<Vec<_>>().join(",")))
    };
    let mut call = payment(config(), OnceOptions::default(), &OnceQueue::default(), NOW);
    sent(&mut call, &around, Told::Nothing);
    for at in 0..9 {
        sent(&mut call, &around, page(99 * at..99 * at + 100));
    }
    assert_eq!(sent(&mut call, &around, page(2000..2100)), "POST orders/o1/record-payment");
    assert_eq!(call.once.map(|once| once.seen_before()), Some(9 * 99 + 1 + 100));
}

#[test]
fn a_transaction_that_comes_in_while_the_pages_are_read_is_counted_and_not_seen() {
    let around = Around::new();
    let of = |id: u32| format!(r#"{{"_id":"t{id}","entityId":"o1","status":"failed"}}"#);
    let page = |ids: &[u32], total: u32| {
        let records: Vec<_> = ids.iter().map(|id| of(*id)).collect();
        answer(200, &format!(r#"{{"data":[{}],"totalCount":{total}}}"#, records.join(",")))
    };
    let ids = |range: std::ops::Range<u32>| range.collect::<Vec<_>>();
    for pages in [vec![page(&ids(0..100), 120), page(&ids(98..120), 121)], vec![page(&[1, 1], 2)]] {
        let mut call = payment(config(), job(), &OnceQueue::default(), NOW);
        let mut told = Told::Nothing;
        for next in pages {
            sent(&mut call, &around, told);
            told = next;
        }
        let ask = asked(call.next(&around, told));
        assert!(ask.starts_with("ambiguous_payment Unknown 0 false") && ask.contains("counts more"), "{ask}");
    }
}

#[test]
fn a_list_whose_pages_repeat_hides_what_the_server_counts_more() {
    let around = Around::new();
    let of = |id: u32| format!(r#"{{"_id":"t{id}","entityId":"o1","status":"failed"}}"#);
    let page =
        || answer(200, &format!(r#"{{"data":[{}],"totalCount":150}}"#, (0..100).map(of).collect::<Vec<_>>().join(",")));
    let mut call = payment(config(), job(), &OnceQueue::default(), NOW);
    assert_eq!(sent(&mut call, &around, Told::Nothing), LIST);
    sent(&mut call, &around, page());
    let ask = asked(call.next(&around, page()));
    assert!(ask.starts_with("ambiguous_payment Unknown 0 false"), "{ask}");
}

fn job() -> OnceOptions {
    OnceOptions { reference: Some("job-1".into()), ..OnceOptions::default() }
}

/// A payment with a reference, carried to where it is sent.
fn sent_payment(around: &Around, queue: &OnceQueue) -> Call {
    let mut call = payment(config(), job(), queue, around.now);
    assert_eq!(sent(&mut call, around, Told::Nothing), LIST);
    assert_eq!(sent(&mut call, around, answer(200, NONE)), "POST orders/o1/record-payment");
    call
}

#[test]
fn behind_a_payment_that_was_refused_the_next_one_begins_at_once_and_behind_one_that_was_recorded_once_it_can_be_seen()
{
    for (status, body, ms) in [(200, r#"{"success":true}"#, 3500), (422, r#"{"message":"no"}"#, 0)] {
        let mut around = Around::new();
        let queue = OnceQueue::default();
        let mut first = sent_payment(&around, &queue);
        around.now += 200.0;
        let ask = first.next(&around, answer(status, body));
        assert!(matches!(ask, Ask::Done(_)), "{status}");
        // Not only once it is dropped: JavaScript may keep it.
        let mut second = payment(config(), job(), &queue, around.now);
        let mut told = Told::Nothing;
        if ms > 0 {
            assert_eq!(asked(second.next(&around, told)), "wait 100");
            around.now += f64::from(ms) - 1.0;
            assert_eq!(asked(second.next(&around, Told::Awake(true))), "wait 100", "{status}");
            around.now += 1.0;
            told = Told::Awake(true);
        }
        assert_eq!(sent(&mut second, &around, told), LIST, "{status}");
    }
}

#[test]
fn behind_a_payment_whose_answer_was_lost_the_next_one_waits_until_it_can_be_seen_from_then_on() {
    let aborted =
        || Told::Answer(Err(Interrupted { how: Interruption::Aborted, sent: true, status: None, message: "aborted" }));
    for how in ["aborted", "dropped", "not heard of again"] {
        let mut around = Around::new();
        let queue = OnceQueue::default();
        let mut first = sent_payment(&around, &queue);
        around.now += 10_000.0;
        if how == "dropped" {
            first.leave(&around);
        } else {
            assert_eq!(asked(first.next(&around, aborted())), "wait 500");
        }
        if how == "aborted" {
            assert!(asked(first.next(&around, Told::Awake(false))).starts_with("aborted Unknown 1 "));
        }
        let mut second = payment(config(), job(), &queue, around.now);
        assert_eq!(asked(second.next(&around, Told::Nothing)), "wait 100");
        around.now += 3499.0;
        assert_eq!(asked(second.next(&around, Told::Awake(true))), "wait 100", "{how}");
        around.now += 1.0;
        assert_eq!(sent(&mut second, &around, Told::Awake(true)), LIST, "{how}");
    }
}

#[test]
fn a_payment_that_was_not_sent_yet_keeps_nobody_waiting() {
    let around = Around::new();
    let queue = OnceQueue::default();
    let mut first = payment(config(), job(), &queue, NOW);
    sent(&mut first, &around, Told::Nothing);
    assert_eq!(asked(first.next(&around, answer(200, NONE))), "token");
    drop(first);
    let mut second = payment(config(), job(), &queue, NOW);
    assert_eq!(sent(&mut second, &around, Told::Nothing), LIST);
}

#[test]
fn by_a_clock_that_stands_who_queues_comes_to_its_deadline_and_otherwise_to_its_turn() {
    let around = Around::new();
    let queue = OnceQueue::default();
    let _first = sent_payment(&around, &queue);
    let queued = |config: Config| {
        let mut call = payment(config, job(), &queue, NOW);
        let (mut waits, mut told) = (0, Told::Nothing);
        loop {
            let ask = asked(call.next(&around, told));
            if ask != "wait 100" || waits > 999 {
                return (waits, ask);
            }
            (waits, told) = (waits + 1, Told::Awake(true));
        }
    };
    let (waits, ask) = queued(Config { deadline_ms: Some(5000), ..config() });
    assert!(
        waits == 49 && ask.starts_with("timeout Unknown 0 false: orders.recordPaymentOnce ran out"),
        "{waits} {ask}"
    );
    // As long as the attempt may take, and then until the payment can be seen.
    assert_eq!(queued(config()), (335, "token".into()));
}

#[test]
fn what_the_server_counts_and_does_not_show_is_said_to_be_that() {
    let around = Around::new();
    let mut call = sent_payment(&around, &OnceQueue::default());
    let mut told = lost();
    for _ in 0..3 {
        call.next(&around, told);
        sent(&mut call, &around, Told::Awake(true));
        told = answer(200, r#"{"data":[],"totalCount":1}"#);
    }
    let ask = asked(call.next(&around, told));
    assert!(ask.contains(": HighLevel counts more transactions of the order than it shows; it was sent"), "{ask}");
}

#[test]
fn without_a_total_a_page_that_brings_nothing_new_is_the_last() {
    let around = Around::new();
    let mut call = payment(config(), OnceOptions::default(), &OnceQueue::default(), NOW);
    sent(&mut call, &around, Told::Nothing);
    let page = || answer(200, &format!(r#"{{"data":[{}]}}"#, alike("t1", "")));
    // From the last transaction of the page before, which was the only one.
    assert_eq!(sent(&mut call, &around, page()), LIST);
    assert_eq!(sent(&mut call, &around, page()), "POST orders/o1/record-payment");
}

#[test]
fn the_transactions_of_an_order_are_read_page_by_page() {
    let around = Around::new();
    let queue = OnceQueue::default();
    let page = |from: usize, count: usize, total: usize| {
        let records: Vec<_> = (from..from + count).map(|i| format!(r#"{{"_id":"t{i}","entityId":"o1"}}"#)).collect();
        answer(200, &format!(r#"{{"data":[{}],"totalCount":{total}}}"#, records.join(",")))
    };
    let mut call = payment(config(), OnceOptions::default(), &queue, NOW);
    sent(&mut call, &around, Told::Nothing);
    let behind = |offset: usize| {
        format!("GET transactions?altId=there&limit=100&offset={offset}&entityId=o1&locationId=there&altType=location")
    };
    // Each page begins with the last transaction of the one before.
    assert_eq!(sent(&mut call, &around, page(0, 100, 200)), behind(99));
    assert_eq!(sent(&mut call, &around, page(99, 100, 200)), behind(198));
    assert_eq!(sent(&mut call, &around, page(198, 2, 200)), "POST orders/o1/record-payment");
    // A page that brings nothing new is the last one, and ten are.
    let mut call = payment(config(), OnceOptions::default(), &queue, NOW);
    sent(&mut call, &around, Told::Nothing);
    assert_eq!(sent(&mut call, &around, page(0, 100, 999)), behind(99));
    assert_eq!(sent(&mut call, &around, page(0, 100, 999)), "POST orders/o1/record-payment");
    let mut call = payment(config(), OnceOptions::default(), &queue, NOW);
    sent(&mut call, &around, Told::Nothing);
    for at in 1..10 {
        assert_eq!(sent(&mut call, &around, page((at - 1) * 99, 100, 5000)), behind(at * 99));
    }
    assert_eq!(sent(&mut call, &around, page(891, 100, 5000)), "POST orders/o1/record-payment");
}

/// A payment like the one of [`BODY`], as the list shows it.
fn alike(id: &str, more: &str) -> String {
    let plain = r#""entityId":"o1","status":"succeeded","amount":5,"chargeSnapshot":{"mode":"cash"}"#;
    format!(r#"{{"_id":"{id}",{plain}{more}}}"#)
}

fn list_of(records: &[String]) -> Told {
    answer(200, &format!(r#"{{"data":[{}],"totalCount":{}}}"#, records.join(","), records.len()))
}

#[test]
fn notes_that_are_the_reference_alone_make_a_new_transaction_the_payment() {
    let around = Around::new();
    let mut call = payment(config(), job(), &OnceQueue::default(), NOW);
    sent(&mut call, &around, Told::Nothing);
    assert_eq!(sent(&mut call, &around, answer(200, NONE)), "POST orders/o1/record-payment");
    assert_eq!(asked(call.next(&around, lost())), "wait 500");
    sent(&mut call, &around, Told::Awake(true));
    let single = sent(&mut call, &around, list_of(&[alike("t1", "")]));
    assert!(single.starts_with("GET transactions/t1?"), "{single}");
    let ask = call.next(&around, answer(200, &alike("t1", r#","notes":"job-1""#)));
    let Ask::Done(Ok(done)) = ask else { panic!("recorded") };
    let body = String::from_utf8(done.answer.body).expect("text");
    assert!(body.contains(r#""matchedBy":"reference","attempts":1,"reference":"job-1""#), "{body}");
}

#[test]
fn of_what_was_there_before_the_job_ten_are_read_for_its_reference() {
    let around = Around::new();
    let since = Some("2026-11-01T12:00:00.000Z".into());
    let options = OnceOptions { since, ..job() };
    let mut call = payment(config(), options, &OnceQueue::default(), NOW);
    sent(&mut call, &around, Told::Nothing);
    let old = |index: u32| alike(&format!("t{index}"), r#","createdAt":"2026-10-01T12:00:00.000Z""#);
    let mut told = list_of(&(0..20).map(old).collect::<Vec<_>>());
    for index in 0..10 {
        let single = sent(&mut call, &around, told);
        assert!(single.starts_with(&format!("GET transactions/t{index}?")), "{single}");
        told = answer(200, &old(index));
    }
    assert_eq!(sent(&mut call, &around, told), "POST orders/o1/record-payment");
}
