//! A world of virtual time: the sandbox, a network that fails on demand, and clients that call through it.

use ghl_payments::core::{Config, Error, Request, Response};
use ghl_payments::sandbox::{self, Echo, End, Options, Sandbox};
use ghl_payments::transport::{Interrupted, Interruption, TokenRequest, Transport};
use ghl_payments::Client;
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// 2026-11-01T12:00:00.000Z
pub const NOW: f64 = 1_793_534_400_000.0;

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Trouble {
    /// A fault that the sandbox knows.
    Sandbox(&'static str),
    /// No connection is made.
    Refused,
    /// The server acts, the head of its answer comes, its body does not.
    BodyLost,
    /// The caller aborts while the request is under way: before the server acts, or after.
    Abort(Acted),
}

/// Somebody else who pays an order at the moment when a payment of the client arrives there.
#[derive(Debug, Clone)]
pub struct Rival {
    /// What they send.
    pub body: Value,
    /// What goes wrong with that.
    pub fault: &'static str,
    /// Whether they are first.
    pub first: bool,
}

/// Whether the server has acted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Acted {
    No,
    Yes,
}

/// The next random number.
pub fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

pub struct World {
    pub sandbox: RefCell<Sandbox>,
    pub token: String,
    pub now: Cell<f64>,
    timers: RefCell<Vec<(f64, Waker)>>,
    /// What goes wrong with the requests to come; nothing when it is empty.
    pub troubles: RefCell<VecDeque<Option<Trouble>>>,
    /// What goes wrong with every other request.
    pub always: Cell<Option<Trouble>>,
    /// Who pays at the same time as the client's next payment.
    pub rival: RefCell<Option<Rival>>,
    /// The ids of the transactions that rivals have made.
    pub rivals: RefCell<Vec<String>>,
    /// Whether a request still arrives whose sender died while it was under way.
    pub outlives: Cell<bool>,
    /// When the caller aborts.
    pub abort_at: Cell<f64>,
    /// How many requests the sandbox has got, how many of them changed what it holds, and how many were answered with 429.
    pub reached: Cell<u32>,
    pub applied: Cell<u32>,
    pub limited: Cell<u32>,
    /// Whether what the sandbox holds is compared after each request.
    pub watched: Cell<bool>,
    state: RefCell<String>,
    random: Cell<u64>,
}

impl World {
    pub fn new(options: Options) -> Rc<Self> {
        let mut sandbox = Sandbox::new(options);
        let token = sandbox.token(&sandbox::TokenOptions::default()).expect("token");
        Rc::new(Self {
            sandbox: RefCell::new(sandbox),
            token,
            now: Cell::new(NOW),
            timers: RefCell::default(),
            troubles: RefCell::default(),
            always: Cell::new(None),
            rival: RefCell::default(),
            rivals: RefCell::default(),
            outlives: Cell::new(false),
            abort_at: Cell::new(f64::INFINITY),
            reached: Cell::new(0),
            applied: Cell::new(0),
            limited: Cell::new(0),
            watched: Cell::new(false),
            state: RefCell::default(),
            random: Cell::new(0x9e37_79b9_7f4a_7c15),
        })
    }

    /// A sandbox with few records and without limits.
    pub fn small(seed: u64) -> Rc<Self> {
        Self::echoing(seed, Echo::default())
    }

    /// A small one whose payments show there what was sent along with them.
    pub fn echoing(seed: u64, echo: Echo) -> Rc<Self> {
        let mut options = Options { echo, ..Options::new(seed, NOW) };
        options.size = Some(60);
        options.limits.max = u32::MAX;
        Self::new(options)
    }

    pub fn client(self: &Rc<Self>, config: Config) -> Client<Wire> {
        let location_id = Some(self.sandbox.borrow().location().to_owned());
        Client::new(Wire(self.clone()), Config { location_id, ..config }).expect("a client")
    }

    /// From here on it is counted how many requests change what the sandbox holds.
    pub fn watch(&self) {
        self.watched.set(true);
        *self.state.borrow_mut() = self.holds();
        self.applied.set(0);
        self.reached.set(0);
    }

    /// What the sandbox holds, without its clock.
    pub fn holds(&self) -> String {
        let state = self.sandbox.borrow().state_json();
        let (_, rest) = state.split_once("\"locations\"").expect("locations");
        rest.to_owned()
    }

    fn sleep_until(self: &Rc<Self>, at: f64) -> Sleep {
        Sleep { world: self.clone(), at }
    }

    fn chance(&self) -> f64 {
        let mut state = self.random.get();
        let x = random(&mut state);
        self.random.set(state);
        (x >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Runs all of these to their ends; time passes only while all of them wait.
    pub fn run<'a, R: 'a>(self: &Rc<Self>, futures: Vec<Pin<Box<dyn Future<Output = R> + 'a>>>) -> Vec<R> {
        let ready = Arc::new(Mutex::new((0..futures.len()).collect::<VecDeque<_>>()));
        let mut tasks: Vec<Option<Pin<Box<dyn Future<Output = R> + 'a>>>> = futures.into_iter().map(Some).collect();
        let wakers: Vec<Waker> =
            (0..tasks.len()).map(|task| Waker::from(Arc::new(Ready { task, ready: ready.clone() }))).collect();
        let mut results: Vec<Option<R>> = tasks.iter().map(|_| None).collect();
        let mut left = tasks.len();
        while left > 0 {
            let next = ready.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            if let Some(index) = next {
                let Some(task) = &mut tasks[index] else { continue };
                if let Poll::Ready(result) = task.as_mut().poll(&mut Context::from_waker(&wakers[index])) {
                    results[index] = Some(result);
                    tasks[index] = None;
                    left -= 1;
                }
                continue;
            }
            let mut timers = self.timers.borrow_mut();
            let first = timers.iter().map(|(at, _)| *at).fold(f64::INFINITY, f64::min);
            assert!(first.is_finite(), "all tasks wait for something that never comes");
            self.now.set(first.max(self.now.get()));
            let (due, rest) = std::mem::take(&mut *timers).into_iter().partition::<Vec<_>, _>(|(at, _)| *at <= first);
            *timers = rest;
            drop(timers);
            due.into_iter().for_each(|(_, waker)| waker.wake());
        }
        results.into_iter().flatten().collect()
    }

    /// Runs one call.
    pub fn block<R>(self: &Rc<Self>, future: impl Future<Output = R>) -> R {
        self.run(vec![Box::pin(future)]).remove(0)
    }

    /// The newest transactions of an order, and how many it has.
    pub fn transactions(&self, order: &str, limit: usize) -> (Vec<Value>, usize) {
        let mut sandbox = self.sandbox.borrow_mut();
        let location = sandbox.location().to_owned();
        let url = format!("/payments/transactions?altId={location}&altType=location&limit={limit}&entityId={order}");
        let request = sandbox::Request { method: "GET".into(), url, headers: self.headers(""), body: Vec::new() };
        let answer = sandbox.handle(&request, self.now.get()).body;
        let answer: Value = serde_json::from_slice(&answer).expect("JSON");
        let count = answer["totalCount"].as_f64().expect("totalCount") as usize;
        (answer["data"].as_array().expect("data").clone(), count)
    }

    /// Somebody else records a payment; gives the id of its transaction, if there is one.
    pub fn pay(&self, order: &str, body: &Value, fault: &str) -> Option<String> {
        let before = self.transactions(order, 1).1;
        let mut body = body.clone();
        body["altId"] = self.sandbox.borrow().location().into();
        body["altType"] = "location".into();
        let url = format!("/payments/orders/{order}/record-payment");
        let mut headers = self.headers(fault);
        headers.push(("Content-Type".into(), "application/json".into()));
        let request = sandbox::Request { method: "POST".into(), url, headers, body: body.to_string().into_bytes() };
        self.sandbox.borrow_mut().handle(&request, self.now.get());
        let (newest, after) = self.transactions(order, 1);
        (after > before).then(|| newest[0]["_id"].as_str().expect("id").to_owned())
    }

    fn headers(&self, fault: &str) -> Vec<(String, String)> {
        vec![
            ("Authorization".into(), format!("Bearer {}", self.token)),
            ("Version".into(), "2021-07-28".into()),
            ("x-sandbox-fault".into(), fault.into()),
        ]
    }

    /// A request arrives, and a rival's just before or after a payment.
    fn arrive(&self, request: &Request, token: Option<&str>, fault: Option<&str>) -> sandbox::Response {
        let order = request.url.split_once("/orders/").and_then(|(_, path)| path.strip_suffix("/record-payment"));
        let rival = order.and_then(|_| self.rival.borrow_mut().take());
        let rival_pays = |first: bool| {
            if let (Some(rival), Some(order)) = (rival.as_ref().filter(|rival| rival.first == first), order) {
                self.rivals.borrow_mut().extend(self.pay(order, &rival.body, rival.fault));
            }
        };
        rival_pays(true);
        let answer = self.handle(request, token, fault);
        rival_pays(false);
        answer
    }

    fn handle(&self, request: &Request, token: Option<&str>, fault: Option<&str>) -> sandbox::Response {
        let mut headers = request.headers.clone();
        if let Some(token) = token {
            headers.push(("Authorization".into(), ["Bearer ", token].concat()));
        }
        if let Some(fault) = fault {
            headers.push(("x-sandbox-fault".into(), fault.into()));
        }
        let body = request.body.clone().unwrap_or_default().into_bytes();
        let (method, url) = (request.method.as_str().to_owned(), request.url.clone());
        let request = sandbox::Request { method, url, headers, body };
        let response = self.sandbox.borrow_mut().handle(&request, self.now.get());
        self.reached.set(self.reached.get() + 1);
        self.limited.set(self.limited.get() + u32::from(response.status == 429));
        if self.watched.get() {
            let state = self.holds();
            if *self.state.borrow() != state {
                self.applied.set(self.applied.get() + 1);
                *self.state.borrow_mut() = state;
            }
        }
        response
    }
}

struct Ready {
    task: usize,
    ready: Arc<Mutex<VecDeque<usize>>>,
}

impl Wake for Ready {
    fn wake(self: Arc<Self>) {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner).push_back(self.task);
    }
}

struct Sleep {
    world: Rc<World>,
    at: f64,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.world.now.get() >= self.at {
            return Poll::Ready(());
        }
        self.world.timers.borrow_mut().push((self.at, context.waker().clone()));
        Poll::Pending
    }
}

/// A connection between a client and the sandbox; each way takes 20 to 60 ms.
pub struct Wire(pub Rc<World>);

impl Wire {
    /// Waits until `at`, or until the caller aborts or the time is over.
    async fn pass(&self, at: f64, late: f64) -> Option<Interruption> {
        let abort = self.0.abort_at.get();
        self.0.sleep_until(at.min(late).min(abort)).await;
        let now = self.0.now.get();
        match () {
            () if now >= abort => Some(Interruption::Aborted),
            () if at > late => Some(Interruption::Timeout),
            () => None,
        }
    }
}

/// A request under way, which its sender may not live to see arrive.
struct Flight<'a> {
    world: &'a World,
    request: &'a Request,
    token: Option<&'a str>,
    fault: Option<&'a str>,
    under_way: bool,
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        if self.under_way && self.world.outlives.get() {
            self.world.arrive(self.request, self.token, self.fault);
        }
    }
}

impl Transport for Wire {
    async fn send(&self, request: &Request, token: Option<&str>, timeout_ms: u32) -> Result<Response, Interrupted> {
        let world = &self.0;
        let trouble = world.troubles.borrow_mut().pop_front().unwrap_or(world.always.get());
        let interrupted = |how, sent, status| Err(Interrupted { how, sent, status, message: "on demand" });
        let now = world.now.get();
        if now >= world.abort_at.get() {
            return interrupted(Interruption::Aborted, false, None);
        }
        let late = now + f64::from(timeout_ms);
        let way = || 20.0 + 40.0 * world.chance();
        if trouble == Some(Trouble::Refused) {
            return interrupted(Interruption::Network, false, None);
        }
        if trouble == Some(Trouble::Abort(Acted::No)) {
            world.abort_at.set(now + 10.0);
        }
        let fault = if let Some(Trouble::Sandbox(fault)) = trouble { Some(fault) } else { None };
        let mut flight = Flight { world, request, token, fault, under_way: true };
        let interruption = self.pass(now + way(), late).await;
        flight.under_way = false;
        if let Some(how) = interruption {
            return interrupted(how, true, None);
        }
        let answer = world.arrive(request, token, fault);
        if trouble == Some(Trouble::Abort(Acted::Yes)) {
            world.abort_at.set(world.now.get() + 5.0);
        }
        let way = match answer.end {
            End::Hang => f64::INFINITY,
            _ => f64::from(answer.delay_ms) + way(),
        };
        if let Some(how) = self.pass(world.now.get() + way, late).await {
            return interrupted(how, true, None);
        }
        if answer.end == End::Drop {
            return interrupted(Interruption::Network, true, None);
        }
        if trouble == Some(Trouble::BodyLost) {
            return interrupted(Interruption::Network, true, Some(answer.status));
        }
        let header = |name: &str| answer.header(name).map(str::to_owned);
        Ok(Response::read(answer.status, &header, answer.body.clone()))
    }

    async fn sleep(&self, ms: f64) -> bool {
        self.pass(self.0.now.get() + ms, f64::INFINITY).await.is_none()
    }

    fn now_ms(&self) -> f64 {
        self.0.now.get()
    }

    fn random(&self) -> f64 {
        self.0.chance()
    }

    async fn token(&self, wanted: TokenRequest<'_>) -> Result<Option<String>, Error> {
        Ok(wanted.refused.is_none().then(|| self.0.token.clone()))
    }
}
