//! No call is ever answered with 429 because of the client's own haste.

use crate::world::{World, NOW};
use ghl_payments::core::{CallOptions, Config, ErrorKind, Outcome};
use ghl_payments::endpoint::{GetOrder, ListOrders, ListOrdersParams};
use ghl_payments::sandbox::Options;
use std::future::Future;
use std::pin::Pin;

type Task<'a, R> = Pin<Box<dyn Future<Output = R> + 'a>>;

fn list() -> ListOrders {
    ListOrders { params: ListOrdersParams { limit: Some(1), ..Default::default() } }
}

#[test]
fn a_thousand_parallel_calls_finish_without_a_429_and_hardly_later_than_they_must() {
    let world = World::new(Options::new(7, NOW));
    let client = world.client(Config { max_retries: 0, ..Config::default() });
    let endpoint = list();
    let calls: Vec<Task<'_, _>> = (0..1000).map(|_| Box::pin(client.send(&endpoint)) as Task<'_, _>).collect();
    let results = world.run(calls);
    assert!(results.iter().all(Result::is_ok));
    let took = world.now.get() - NOW;
    println!(
        "figure: limiter: 1000 parallel calls: {} answers of 429, {:.1} s of at least 90.0 s",
        world.limited.get(),
        took / 1000.0
    );
    assert_eq!(world.limited.get(), 0);
    assert!(took < 90_000.0 * 1.1, "{took} ms");
}

#[test]
fn two_clients_that_share_a_limiter_keep_to_the_limits_together() {
    let world = World::new(Options::new(7, NOW));
    let one = world.client(Config { max_retries: 0, ..Config::default() });
    let two = world.client(Config { max_retries: 0, ..Config::default() }).with_limiter(one.limiter().cloned());
    let endpoint = list();
    let calls: Vec<Task<'_, _>> =
        (0..300).map(|i| Box::pin(if i % 2 == 0 { &one } else { &two }.send(&endpoint)) as Task<'_, _>).collect();
    assert!(world.run(calls).iter().all(Result::is_ok));
    assert_eq!(world.limited.get(), 0);
    // Without a limiter, or with one each, they would not.
    let world = World::new(Options::new(7, NOW));
    let config = || Config { max_retries: 0, ..Config::default() };
    let hasty = world.client(config()).with_limiter(None);
    let calls: Vec<Task<'_, _>> = (0..300).map(|_| Box::pin(hasty.send(&endpoint)) as Task<'_, _>).collect();
    world.run(calls);
    assert_eq!(world.limited.get(), 200);
}

#[test]
fn one_interactive_call_does_not_wait_for_an_iteration() {
    let world = World::new(Options::new(7, NOW));
    let client = world.client(Config { max_retries: 0, ..Config::default() });
    let endpoint = list();
    let bulk = CallOptions { background: Some(true), ..CallOptions::default() };
    let mut calls: Vec<Task<'_, f64>> = Vec::new();
    for _ in 0..1000 {
        calls.push(Box::pin(async {
            client.send_with(&endpoint, &bulk).await.expect("an answer");
            0.0
        }));
    }
    for second in [3.0, 17.0, 44.0] {
        let (client, endpoint, world) = (&client, &endpoint, &world);
        calls.push(Box::pin(async move {
            ghl_payments::transport::Transport::sleep(client.transport(), second * 1000.0).await;
            let began = world.now.get();
            client.send(endpoint).await.expect("an answer");
            world.now.get() - began
        }));
    }
    let waits = world.run(calls).split_off(1000);
    println!("interactive calls during 1000 background ones took {waits:.0?} ms");
    assert!(waits.iter().all(|wait| *wait < 200.0), "{waits:?}");
    assert_eq!(world.limited.get(), 0);
}

#[test]
fn a_call_that_gives_up_waiting_was_not_sent_and_leaves_its_turn_to_others() {
    let world = World::new(Options::new(7, NOW));
    let client = world.client(Config { max_retries: 0, ..Config::default() });
    let endpoint = list();
    let calls: Vec<Task<'_, _>> = (0..100).map(|_| Box::pin(client.send(&endpoint)) as Task<'_, _>).collect();
    world.run(calls);
    let reached = world.reached.get();
    let order = GetOrder { order_id: "653f5e0cde5a1314e62a837c".into() };
    let soon = CallOptions { deadline_ms: Some(500), ..CallOptions::default() };
    let error = world.block(client.send_with(&order, &soon)).expect_err("too late");
    assert_eq!((error.kind, error.outcome, error.attempts), (ErrorKind::Timeout, Outcome::NotSent, 0));
    world.abort_at.set(world.now.get() + 1000.0);
    let error = world.block(client.send(&endpoint)).expect_err("aborted");
    assert_eq!((error.kind, error.outcome, error.attempts), (ErrorKind::Aborted, Outcome::NotSent, 0));
    assert_eq!(world.reached.get(), reached);
    world.abort_at.set(f64::INFINITY);
    let calls: Vec<Task<'_, _>> = (0..100).map(|_| Box::pin(client.send(&endpoint)) as Task<'_, _>).collect();
    assert!(world.run(calls).iter().all(Result::is_ok));
    assert!(world.now.get() - NOW < 12_000.0, "nobody waits for who has left");
}
