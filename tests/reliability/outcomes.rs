//! After every failure the client says what became of the operation: every operation, everything that can go wrong with
//! it, and what the sandbox really did.

use crate::operations::{Reference, OPERATIONS};
use crate::world::{Acted, Trouble, Wire, World};
use ghl_payments::core::{CallOptions, Config, Error, ErrorKind, Outcome};
use ghl_payments::endpoint::{self, Endpoint, Input, Operation, Safety, Visitor};
use ghl_payments::{Client, Reply};
use serde_json::Value;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;

/// The id in the path and the parameters.
type Arguments = (Option<String>, Option<Value>);

/// An endpoint whose parameters and answer are any JSON.
struct Loose<E>(Arguments, PhantomData<E>);

impl<E: Endpoint> Endpoint for Loose<E> {
    const OPERATION: &'static Operation = E::OPERATION;
    type Params = Value;
    type Answer = Value;

    fn input(&self) -> Input<'_, Value> {
        let Self((id, params), _) = self;
        Input { id: id.as_deref(), params: params.as_ref() }
    }
}

type Sent<'a> = Pin<Box<dyn Future<Output = Result<Reply<Value>, Error>> + 'a>>;
type Send = for<'a> fn(&'a Client<Wire>, Arguments, &'a CallOptions) -> Sent<'a>;

/// Looks for the endpoint of an operation.
struct Finder(&'static Operation, Option<Send>);

impl Visitor for Finder {
    fn visit<E: Endpoint>(&mut self) {
        if self.0.id == E::OPERATION.id {
            self.1 = Some(|client, arguments, options| {
                Box::pin(async move { client.send_with(&Loose(arguments, PhantomData::<E>), options).await })
            });
        }
    }
}

/// Sends one call to the operation.
async fn send(
    client: &Client<Wire>,
    operation: &'static Operation,
    arguments: Arguments,
    options: &CallOptions,
) -> Result<Reply<Value>, Error> {
    let mut finder = Finder(operation, None);
    endpoint::visit(&mut finder);
    finder.1.expect("an endpoint")(client, arguments, options).await
}

/// Everything that can go wrong, and whether a caller who sees it can know that the server did not act.
const TROUBLES: [Trouble; 30] = [
    Trouble::Sandbox("status=400"),
    Trouble::Sandbox("status=401"),
    Trouble::Sandbox("status=403"),
    Trouble::Sandbox("status=404"),
    Trouble::Sandbox("status=408"),
    Trouble::Sandbox("status=409"),
    Trouble::Sandbox("status=422"),
    Trouble::Sandbox("status=429"),
    Trouble::Sandbox("status=429; retry-after=1"),
    Trouble::Sandbox("status=500"),
    Trouble::Sandbox("status=502"),
    Trouble::Sandbox("status=503"),
    Trouble::Sandbox("status=504"),
    Trouble::Sandbox("html=403"),
    Trouble::Sandbox("html=200"),
    Trouble::Sandbox("hang"),
    Trouble::Sandbox("drop"),
    Trouble::Sandbox("applied-then=408"),
    Trouble::Sandbox("applied-then=500"),
    Trouble::Sandbox("applied-then=502"),
    Trouble::Sandbox("applied-then=503"),
    Trouble::Sandbox("applied-then=504"),
    Trouble::Sandbox("applied-then=hang"),
    Trouble::Sandbox("applied-then=html"),
    Trouble::Sandbox("applied-then=drop"),
    Trouble::Sandbox("truncated"),
    Trouble::BodyLost,
    Trouble::Refused,
    Trouble::Abort(Acted::No),
    Trouble::Abort(Acted::Yes),
];

/// Whether what the caller sees is the same whether the server acted or not.
fn hides(trouble: Trouble) -> bool {
    match trouble {
        Trouble::Sandbox(fault) => ["hang", "drop", "applied", "status=408", "status=5", "html=200"]
            .iter()
            .any(|start| fault.starts_with(start)),
        Trouble::Abort(_) => true,
        Trouble::Refused | Trouble::BodyLost => false,
    }
}

/// How often it goes wrong, and when the caller gives up.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    Once,
    Always,
    /// The caller aborts while the call waits to be sent again.
    AbortWhileWaiting,
}

const WAYS: [Way; 3] = [Way::Once, Way::Always, Way::AbortWhileWaiting];

fn state(world: &World) -> Value {
    serde_json::from_str::<Value>(&world.sandbox.borrow().state_json()).expect("JSON")["locations"][0].take()
}

/// A world in which the operation can be carried out, and its arguments.
fn scene(operation: &'static Operation) -> (Rc<World>, Client<Wire>, Arguments) {
    let world = World::small(7);
    let client = world.client(Config { max_retries: 2, retry_delay_ms: 100, ..Config::default() }).with_limiter(None);
    let held = state(&world);
    let described = OPERATIONS.iter().find(|one| one.name == operation.name).expect("described");
    let arguments = described.arguments(&|Reference { list, wanted, field }| {
        // The details of an order that has not been delivered; lists hold less of it.
        let (list, wanted, detailed) = match list {
            "order" => ("orders", Some(("fulfillmentStatus", "unfulfilled")), true),
            list => (list, wanted, false),
        };
        let records = held[list].as_array().expect("records");
        let found = records.iter().find(|record| wanted.is_none_or(|(key, value)| record[key] == value));
        let mut record = found.unwrap_or_else(|| panic!("no {wanted:?} in {list}")).clone();
        if detailed {
            let order = (record["_id"].as_str().map(str::to_owned), None);
            let options = CallOptions::default();
            record = world.block(send(&client, &endpoint::GET_ORDER, order, &options)).expect("an order").data;
        }
        record.pointer(&format!("/{}", field.replace('.', "/"))).expect("a field").clone()
    });
    world.watch();
    (world, client, arguments)
}

#[test]
fn the_outcome_is_what_the_sandbox_really_did() {
    let (mut cells, mut wrong, mut unknown) = (0, Vec::new(), 0);
    for operation in endpoint::ALL {
        // Without troubles every write changes something and no read does: else nothing would be compared.
        let (world, client, arguments) = scene(operation);
        let result = world.block(send(&client, operation, arguments, &CallOptions::default()));
        assert!(result.is_ok(), "{}: {result:?}", operation.name);
        assert_eq!(world.applied.get(), u32::from(operation.safety != Safety::Read), "{}", operation.name);

        for trouble in TROUBLES {
            for way in WAYS {
                let (world, client, arguments) = scene(operation);
                match way {
                    Way::Once => world.troubles.borrow_mut().push_back(Some(trouble)),
                    _ => world.always.set(Some(trouble)),
                }
                let options = CallOptions { timeout_ms: Some(1000), ..CallOptions::default() };
                if way == Way::AbortWhileWaiting {
                    // The first attempt fails within 1 s or by its timeout; the next begins at least 50 ms later.
                    let hangs = matches!(trouble, Trouble::Sandbox(fault) if fault.ends_with("hang"));
                    let failed = if hangs { 1000.0 } else { 0.0 };
                    let wait = if trouble == Trouble::Refused { 10.0 } else { 125.0 };
                    world.abort_at.set(world.now.get() + failed + if hangs { 10.0 } else { wait });
                }
                cells += 1;
                let result = world.block(send(&client, operation, arguments, &options));
                let (reached, applied) = (world.reached.get(), world.applied.get());
                let right = match &result {
                    Ok(_) => operation.safety == Safety::Read || applied > 0,
                    Err(error) => match error.outcome {
                        Outcome::NotSent => reached == 0,
                        Outcome::Rejected => applied == 0,
                        Outcome::Applied => applied > 0 || operation.safety == Safety::Read,
                        Outcome::Unknown => {
                            unknown += 1;
                            hides(trouble) || way == Way::AbortWhileWaiting && error.kind == ErrorKind::Aborted
                        }
                    },
                };
                let once = operation.safety != Safety::NonIdempotentWrite || applied <= 1;
                if !right || !once {
                    let said = result.as_ref().map(|_| ()).map_err(|error| (error.kind, error.outcome));
                    wrong.push(format!(
                        "{} {trouble:?} {way:?}: {said:?}, {reached} requests, {applied} applied",
                        operation.name
                    ));
                }
            }
        }
    }
    println!("figure: matrix: {cells} cases in Rust, {} wrong; {unknown} times nobody could know", wrong.len());
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    // Else something was left out, or everything.
    assert_eq!(cells, OPERATIONS.len() * TROUBLES.len() * WAYS.len());
    assert_ne!(cells, 0);
}

#[test]
fn an_abort_before_the_call_sends_nothing() {
    for operation in endpoint::ALL {
        let (world, client, arguments) = scene(operation);
        world.abort_at.set(world.now.get());
        let error = world.block(send(&client, operation, arguments, &CallOptions::default())).expect_err("aborted");
        assert_eq!((error.kind, error.outcome, world.reached.get()), (ErrorKind::Aborted, Outcome::NotSent, 0));
    }
}

#[test]
fn a_deadline_holds_over_all_attempts_and_waits() {
    for (trouble, deadline, kind, least) in [
        ("hang", 2500, ErrorKind::Timeout, 2),
        ("status=503", 400, ErrorKind::Server, 2),
        ("status=429; retry-after=30", 5000, ErrorKind::RateLimit, 1),
    ] {
        let (world, client, arguments) = scene(&endpoint::LIST_ORDERS);
        world.always.set(Some(Trouble::Sandbox(trouble)));
        let began = world.now.get();
        let options = CallOptions {
            timeout_ms: Some(1000),
            deadline_ms: Some(deadline),
            max_retries: Some(50),
            ..CallOptions::default()
        };
        let error = world.block(send(&client, &endpoint::LIST_ORDERS, arguments, &options)).expect_err("late");
        let took = world.now.get() - began;
        assert!(took <= f64::from(deadline) + 1.0, "{trouble}: {took} ms");
        // The last attempt may be cut short by the deadline.
        assert!(error.kind == kind || error.kind == ErrorKind::Timeout, "{trouble}: {:?}", error.kind);
        assert!(error.attempts >= least, "{trouble}: {} attempts", error.attempts);
    }
}

#[test]
fn a_retry_waits_as_long_as_the_server_asks_but_not_absurdly_long() {
    // Now is 2026-11-01T12:00:00Z, a Sunday.
    for (asked, least, most, attempts) in [
        ("2", 2000.0, 2600.0, 2),
        ("Sun, 01 Nov 2026 12:00:05 GMT", 4800.0, 5600.0, 2),
        ("Sun, 01 Nov 2026 11:00:00 GMT", 50.0, 400.0, 2),
        ("-5", 50.0, 10_400.0, 2),
        ("soon", 50.0, 10_400.0, 2),
        ("86400", 0.0, 200.0, 1),
        ("Mon, 01 Nov 2027 12:00:00 GMT", 0.0, 200.0, 1),
    ] {
        let (world, client, arguments) = scene(&endpoint::LIST_ORDERS);
        let fault = Box::leak(format!("status=429; retry-after={asked}").into_boxed_str());
        world.troubles.borrow_mut().push_back(Some(Trouble::Sandbox(fault)));
        let began = world.now.get();
        let result = world.block(send(&client, &endpoint::LIST_ORDERS, arguments, &CallOptions::default()));
        let took = world.now.get() - began;
        assert!((least..=most).contains(&took), "{asked}: {took} ms");
        assert_eq!(world.reached.get(), attempts, "{asked}");
        assert_eq!(result.is_ok(), attempts == 2, "{asked}");
    }
}
