//! Lists that change while they are read: each record that is there all the time comes exactly once.

use crate::world::{random, World};
use ghl_payments::core::{CallOptions, Config, Error, ErrorKind, Outcome, Request, Response};
use ghl_payments::endpoint::{
    CreateCoupon, DeleteCoupon, ListCoupons, ListCouponsParams, ListOrders, ListOrdersParams, ListSubscriptions,
    ListSubscriptionsParams, ListTransactions, ListTransactionsParams, ListWhitelabel, ListWhitelabelParams, Operation,
};
use ghl_payments::transport::{Event, Interrupted, TokenRequest, Transport};
use ghl_payments::{Client, Paged};
use serde::de::DeserializeOwned;
use serde::Deserialize;
use serde_json::{json, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

const RUNS: u64 = 40;

fn coupons(limit: u32) -> ListCoupons {
    ListCoupons { params: ListCouponsParams { limit: Some(limit), ..Default::default() } }
}

/// Adds coupons; gives their ids.
async fn add<T: ghl_payments::transport::Transport>(client: &Client<T>, codes: std::ops::Range<u64>) -> Vec<String> {
    let mut ids = Vec::new();
    for code in codes {
        let body = json!({ "name": "Spring", "code": format!("SPRING-{code}"), "discountType": "amount", "discountValue": 5,
            "startDate": "2026-11-02T00:00:00.000Z" });
        let body = serde_json::from_value(body).expect("a body");
        ids.push(client.send(&CreateCoupon { body }).await.expect("a coupon").id);
    }
    ids
}

async fn delete<T: ghl_payments::transport::Transport>(client: &Client<T>, id: &str) {
    let body = serde_json::from_value(json!({ "id": id })).expect("a body");
    client.send(&DeleteCoupon { body }).await.expect("deleted");
}

#[test]
fn while_records_are_added_and_deleted_each_that_stays_comes_exactly_once() {
    let (mut missed, mut twice, mut changes) = (0, 0, 0);
    for run in 0..RUNS {
        let world = World::small(run);
        let client = world.client(Config::default());
        let mut state = run + 1;
        world.block(async {
            let mut code = 30;
            add(&client, 0..code).await;
            let all = client.send(&coupons(100)).await.expect("coupons").data;
            let mut there: Vec<String> = all.into_iter().map(|coupon| coupon.id).collect();
            let mut stable: BTreeSet<String> = there.iter().cloned().collect();
            let mut delivered: BTreeMap<String, u32> = BTreeMap::new();
            let list = coupons(1 + random(&mut state) as u32 % 9);
            let mut pages = client.pages(list.clone());
            while let Some(page) = pages.next().await {
                let page = page.expect("a page");
                page.data.iter().for_each(|coupon| *delivered.entry(coupon.id.clone()).or_default() += 1);
                for _ in 0..random(&mut state) % 4 {
                    changes += 1;
                    if random(&mut state).is_multiple_of(2) && there.len() > 1 {
                        let id = there.remove(random(&mut state) as usize % there.len());
                        delete(&client, &id).await;
                        stable.remove(&id);
                    } else if code < 60 {
                        there.extend(add(&client, code..code + 1).await);
                        code += 1;
                    }
                }
                // Every third run goes on as another process would.
                if let (0, Some(cursor)) = (run % 3, &page.cursor) {
                    pages = client.pages(list.clone()).after(cursor).expect("a cursor");
                }
            }
            missed += stable.iter().filter(|id| !delivered.contains_key(*id)).count();
            twice += delivered.values().filter(|count| **count > 1).count();
        });
    }
    println!(
        "figure: pages: {RUNS} lists read during {changes} changes, {missed} records missed, {twice} delivered twice"
    );
    assert!(changes > RUNS);
    assert_eq!((missed, twice), (0, 0));
}

/// Reads all records of a list by threes; gives their ids, and how many the server has.
fn all<E: Paged>(world: &Rc<World>, mut list: E) -> (Vec<String>, Option<f64>) {
    let client = world.client(Config::default());
    let total = E::records(world.block(client.send(&list)).expect("a page")).1;
    *list.place()[1] = Some(3);
    let mut ids = Vec::new();
    world.block(async {
        let mut records = client.pages(list).records();
        while let Some(record) = records.next().await {
            ids.push(E::id(&record.expect("a record")).to_owned());
        }
    });
    (ids, total)
}

#[test]
fn all_five_lists_are_read_to_their_ends() {
    let world = World::small(3);
    let lists = [
        all(&world, ListOrders { params: ListOrdersParams::default() }),
        all(&world, ListTransactions { params: ListTransactionsParams::default() }),
        all(&world, ListSubscriptions { params: ListSubscriptionsParams::default() }),
        all(&world, ListCoupons { params: ListCouponsParams::default() }),
        all(&world, ListWhitelabel { params: ListWhitelabelParams::default() }),
    ];
    for (at, (ids, total)) in lists.iter().enumerate() {
        let once: BTreeSet<_> = ids.iter().collect();
        assert_eq!(once.len(), ids.len(), "list {at}");
        assert!(!ids.is_empty(), "list {at}");
        assert!(total.is_none_or(|total| total == ids.len() as f64), "list {at}: {} of {total:?}", ids.len());
    }
    assert_eq!(lists.iter().filter(|(_, total)| total.is_none()).count(), 1);
}

#[test]
fn an_offset_and_a_page_size_are_kept_to() {
    let world = World::small(3);
    let client = world.client(Config::default());
    world.block(async {
        let first = client.send(&coupons(100)).await.expect("coupons").data;
        let offset = first.len() as u32 - 3;
        let params = ListCouponsParams { limit: Some(2), offset: Some(offset), ..Default::default() };
        let mut pages = client.pages(ListCoupons { params });
        let mut sizes = Vec::new();
        while let Some(page) = pages.next().await.transpose().expect("a page") {
            assert_eq!(page.total_count, first.len() as f64);
            sizes.push((page.data.len(), page.cursor.is_some()));
        }
        assert_eq!(sizes, [(2, true), (1, false)]);
    });
}

#[test]
fn a_cursor_is_good_for_its_own_list_filters_and_location_only() {
    let world = World::small(3);
    let client = world.client(Config::default());
    let orders = |params| ListOrders { params };
    let limit = Some(2);
    let page =
        world.block(async { client.pages(orders(ListOrdersParams { limit, ..Default::default() })).next().await });
    let cursor = page.expect("a page").expect("a page").cursor.expect("a cursor");
    let there = CallOptions { location_id: Some("anotherLocation".into()), ..CallOptions::default() };
    assert!(client.pages(orders(ListOrdersParams::default())).after(&cursor).is_ok());
    let offset = ListOrdersParams { offset: Some(2), ..Default::default() };
    let filtered = ListOrdersParams { status: Some("completed".into()), ..Default::default() };
    let wrong = [
        client.pages_with(orders(ListOrdersParams::default()), &there).after(&cursor).err(),
        client.pages(orders(ListOrdersParams::default())).after("1").err(),
        client.pages(orders(offset)).after(&cursor).err(),
        client.pages(orders(filtered)).after(&cursor).err(),
        client.pages(ListTransactions { params: ListTransactionsParams::default() }).after(&cursor).err(),
    ];
    for (at, error) in wrong.into_iter().enumerate() {
        let error = error.unwrap_or_else(|| panic!("case {at} was taken"));
        assert_eq!((error.kind, error.outcome), (ErrorKind::Validation, Outcome::NotSent));
    }
}

/// `tests/js/lists/cursors.test.mjs` reads them as well: a cursor of one face is taken by the other.
const CURSORS: &str = include_str!("../fixtures/cursors.json");

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    list: String,
    base_url: Option<String>,
    location_id: Option<String>,
    params: Value,
    ids: Vec<String>,
    total: Option<u32>,
    cursor: String,
}

impl Kept {
    /// The cursor of the first page, which is taken again.
    fn check<E: Paged>(&self, list: impl Fn(E::Params) -> E)
    where
        E::Params: DeserializeOwned,
    {
        let records: Vec<Value> = self.ids.iter().map(|id| json!({ "_id": id })).collect();
        let answer = match self.total {
            Some(total) => json!({ "data": records, "totalCount": total }),
            None => json!({ "providers": records }),
        };
        let mut config = Config { location_id: self.location_id.clone(), ..Config::default() };
        config.base_url = self.base_url.clone().unwrap_or(config.base_url);
        let client = Client::new(Canned(answer.to_string(), Arc::default()), config).expect("a client");
        let list = || list(serde_json::from_value(self.params.clone()).expect("parameters"));
        let page = at_once(client.pages(list()).next()).expect("a page").expect("a page");
        assert_eq!(page.cursor.as_deref(), Some(&*self.cursor), "{}", self.list);
        let mut behind = list();
        behind.place()[0].take();
        assert!(client.pages(behind).after(&self.cursor).is_ok(), "{}", self.list);
    }
}

#[test]
fn a_cursor_is_the_same_text_in_rust_and_in_javascript() {
    let cursors: Vec<Kept> = serde_json::from_str(CURSORS).expect("cursors");
    for kept in &cursors {
        match kept.list.as_str() {
            "orders.list" => kept.check(|params| ListOrders { params }),
            "transactions.list" => kept.check(|params| ListTransactions { params }),
            "subscriptions.list" => kept.check(|params| ListSubscriptions { params }),
            "coupons.list" => kept.check(|params| ListCoupons { params }),
            _ => kept.check(|params| ListWhitelabel { params }),
        }
    }
    assert!(cursors.len() > 5);
}

#[test]
fn a_cursor_is_bound_to_the_account_however_it_was_named_and_to_the_base_url() {
    let world = World::small(3);
    let client = world.client(Config::default());
    let here = world.sandbox.borrow().location().to_owned();
    let orders = |params| ListOrders { params };
    let limit = Some(2);
    let page =
        world.block(async { client.pages(orders(ListOrdersParams { limit, ..Default::default() })).next().await });
    let cursor = page.expect("a page").expect("a page").cursor.expect("a cursor");
    let named = ListOrdersParams { alt_id: Some(here), ..Default::default() };
    let other = ListOrdersParams { alt_id: Some("another".into()), ..Default::default() };
    assert!(client.pages(orders(named)).after(&cursor).is_ok());
    assert!(client.pages(orders(other)).after(&cursor).is_err());
    let proxy = world.client(Config { base_url: "https://pay.example".into(), ..Config::default() });
    assert!(proxy.pages(orders(ListOrdersParams::default())).after(&cursor).is_err());
    let wrong = ListOrdersParams { start_at: Some("yesterday".into()), ..Default::default() };
    let error = client.pages(orders(wrong)).after(&cursor).err().expect("a wrong parameter");
    assert_eq!(error.issues[0].path, "startAt");
    world.block(async {
        let mut begun = client.pages(orders(ListOrdersParams { limit, ..Default::default() }));
        begun.next().await.expect("a page").expect("a page");
        assert!(begun.after(&cursor).is_err(), "a page was asked for");
    });
}

#[test]
fn a_stream_that_is_dropped_gives_its_slot_back() {
    let world = World::small(3);
    let client = world.client(Config::default());
    for _ in 0..250 {
        let mut pages = client.pages(coupons(2));
        let mut next = Box::pin(pages.next());
        assert!(next.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    let began = world.now.get();
    world.block(client.send(&coupons(2))).expect("coupons");
    // A hundred were sent and hold their slots for one interval; the others waited and are gone.
    assert!(world.now.get() - began < 11_000.0, "{} ms", world.now.get() - began);
}

#[test]
fn after_an_error_the_list_has_ended() {
    let world = World::small(3);
    let client = world.client(Config { max_retries: 0, ..Config::default() });
    world.block(async {
        let mut records = client.pages(coupons(2)).records();
        for _ in 0..2 {
            records.next().await.expect("a record").expect("a record");
        }
        world.always.set(Some(crate::world::Trouble::Sandbox("status=500")));
        assert_eq!(records.next().await.expect("an error").expect_err("an error").kind, ErrorKind::Server);
        world.always.set(None);
        assert!(records.next().await.is_none());
    });
}

#[test]
fn a_page_that_nobody_waits_for_any_longer_is_not_lost() {
    let world = World::small(3);
    let client = world.client(Config::default());
    let mut pages = client.pages(coupons(2));
    let mut next = Box::pin(pages.next());
    assert!(next.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    drop(next);
    let page = world.block(pages.next()).expect("a page").expect("a page");
    let first = world.block(client.send(&coupons(2))).expect("coupons").data;
    assert_eq!(page.data.iter().map(|coupon| &coupon.id).collect::<Vec<_>>(), [&first[0].id, &first[1].id]);
    assert_eq!(world.reached.get(), 2);
}

#[test]
fn a_list_that_ends_before_what_is_counted_says_so() {
    for (total, expected) in [(9, true), (1, false)] {
        let (answer, told) = (json!({ "data": [{ "_id": "a" }], "totalCount": total }), Arc::default());
        let config = Config { location_id: Some("location-1".into()), ..Config::default() };
        let client = Client::new(Canned(answer.to_string(), Arc::clone(&told)), config).expect("a client");
        let mut pages = client.pages(ListOrders { params: ListOrdersParams::default() });
        let mut last = None;
        while let Some(page) = at_once(pages.next()) {
            last = Some(page.expect("a page").incomplete);
        }
        assert_eq!((last, told.load(Ordering::Relaxed)), (Some(expected), u32::from(expected)), "{total}");
    }
}

/// Compiles only if the pages can be read on another thread wherever the calls can.
#[allow(dead_code)]
fn pages_go_where_the_calls_of_their_transport_go(client: &Client<Canned>) {
    fn goes<S: futures_core::Stream + Send + Unpin>(_: S) {}
    goes(client.pages(coupons(1)));
    goes(client.pages(coupons(1)).records());
}

/// A transport that gives the same answer always and at once, and counts the drifts that it is told; its futures are `Send`.
struct Canned(String, Arc<AtomicU32>);

impl Transport for Canned {
    async fn send(&self, _: &Request, _: Option<&str>, _: u32) -> Result<Response, Interrupted> {
        Ok(Response { status: 200, body: self.0.clone().into_bytes(), ..Response::default() })
    }

    async fn sleep(&self, _: f64) -> bool {
        true
    }

    fn now_ms(&self) -> f64 {
        0.0
    }

    fn random(&self) -> f64 {
        0.0
    }

    async fn token(&self, _: TokenRequest<'_>) -> Result<Option<String>, Error> {
        Ok(None)
    }

    fn event(&self, _: &'static Operation, event: Event<'_>) {
        if matches!(event, Event::Drift(drift) if drift.path == "data") {
            self.1.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The output of a future that waits for nothing.
fn at_once<F: Future>(future: F) -> F::Output {
    match Box::pin(future).as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}
