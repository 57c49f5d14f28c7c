//! A HighLevel payments account that lives in a process: all 23 operations with a state that holds together.
//!
//! The sandbox does no input or output and asks no clock: a [`Request`] and the time go in, a [`Response`] comes out.
//! The same seed and the same calls give the same bytes. What an operation takes is judged by the sandbox's own tables
//! (`check`), not by the shape tables of the client, so that neither is the other's only judge.

#![allow(clippy::unnecessary_wraps, reason = "the operations share one signature")]
#![allow(clippy::cast_possible_wrap, reason = "no count here comes near 2^63")]

mod account;
mod amount;
mod calendar;
mod echo;
mod http;
mod json;
mod object;
mod operations;
mod rng;
mod text;

pub use echo::Echo;
pub use http::limits::Limits;
pub use http::log::Logged;
pub use http::message::{End, Request, Response};
#[cfg(all(feature = "npm-sandbox", target_arch = "wasm32"))]
pub(crate) use json::parse;

use crate::json::joined;
use account::seed;
use account::state::Account;
use http::auth;
use http::check;
use http::fault::{self, Fault, Plan, Planned};
use http::limits::Usage;
use http::log;
use http::message;
use http::refusal::{Outcome, Refusal, Shape};
use operations::call::Call;
use operations::payments;
use operations::routes::{self, Route};
use operations::snapshot;
use rng::{key, Rng};
use serde_json::Map;
use text::separated;

/// How a sandbox begins.
#[derive(Debug, Clone)]
pub struct Options {
    /// From what all its data follow.
    pub seed: u64,
    /// The time at which it begins, in milliseconds since 1970: its data are those of the 13 months before.
    pub now_ms: f64,
    /// How many orders each location has; 300 unless told.
    pub size: Option<usize>,
    /// The ids of its locations; one that follows from the seed where there is none.
    pub locations: Vec<String>,
    /// How many requests a location may make.
    pub limits: Limits,
    /// Whether the records' times count the calls instead of following the clock that is handed in, so that answers
    /// depend on the calls alone. The rate limits follow the clock in any case.
    pub steady: bool,
    /// Where recorded payments show what was sent along with them.
    pub echo: Echo,
}

impl Options {
    /// The options of a sandbox that begins at this time.
    pub fn new(seed: u64, now_ms: f64) -> Self {
        Self {
            seed,
            now_ms,
            size: None,
            locations: Vec::new(),
            limits: Limits::default(),
            steady: false,
            echo: Echo::default(),
        }
    }
}

/// What a token may do.
#[derive(Debug, Clone, Default)]
pub struct TokenOptions {
    /// The location that it opens; the first one unless told.
    pub location: Option<String>,
    /// Its scopes; all of them unless told.
    pub scopes: Option<Vec<String>>,
}

/// A request that is carried out after its caller has lost the connection.
#[derive(Debug)]
struct Late {
    due: f64,
    request: Request,
    echo: Echo,
}

/// A simulated payments backend.
#[derive(Debug)]
pub struct Sandbox {
    options: Options,
    company: String,
    app: String,
    accounts: Vec<Account>,
    tokens: auth::Tokens,
    usage: Vec<(String, Usage)>,
    plan: Plan,
    /// What `late` has put off, and until when.
    late: Vec<Late>,
    log: log::Log,
    /// What [`Sandbox::advance`] has added to the clock.
    ahead: i64,
    /// The latest time that any request has seen: the clock does not go back.
    latest: i64,
    requests: u64,
}

impl Sandbox {
    /// A sandbox with its data.
    pub fn new(options: Options) -> Self {
        let mut rng = Rng::new(key(options.seed, "sandbox"), 0);
        let mut options = options;
        let home = rng.text(20);
        if options.locations.is_empty() {
            options.locations.push(home);
        }
        let (company, app) = (rng.text(20), rng.hex(24));
        let mut sandbox = Self {
            options,
            company,
            app,
            accounts: Vec::new(),
            tokens: auth::Tokens::default(),
            usage: Vec::new(),
            plan: Plan::default(),
            late: Vec::new(),
            log: log::Log::default(),
            ahead: 0,
            latest: 0,
            requests: 0,
        };
        sandbox.reset();
        let _ = sandbox.token(&TokenOptions::default());
        sandbox
    }

    /// Puts everything back as it was at the beginning; tokens that were handed out stay valid.
    pub fn reset(&mut self) {
        let options = &self.options;
        let now = options.now_ms as i64;
        let size = options.size.unwrap_or(seed::ORDERS);
        self.accounts =
            options.locations.iter().map(|location| seed::account(options.seed, location, size, now)).collect();
        self.usage.clear();
        self.plan.clear();
        self.late.clear();
        self.log.clear();
        self.ahead = 0;
        self.latest = now;
        self.requests = 0;
    }

    /// The first location.
    pub fn location(&self) -> &str {
        &self.options.locations[0]
    }

    /// The company (agency) that the locations belong to.
    pub fn company(&self) -> &str {
        &self.company
    }

    /// A ready token; the same options give the same one. The error names what there is not.
    pub fn token(&mut self, options: &TokenOptions) -> Result<String, String> {
        let location = options.location.as_deref().unwrap_or(&self.options.locations[0]).to_owned();
        if !self.options.locations.contains(&location) {
            return Err(joined(&["the sandbox has no location \"", &location, "\""]));
        }
        let known = auth::scopes();
        if let Some(scope) = options.scopes.iter().flatten().find(|scope| !known.contains(&scope.as_str())) {
            let known = separated(&mut known.iter().copied(), ", ");
            return Err(joined(&["\"", scope, "\" is no scope of the Payments API; it has ", &known]));
        }
        Ok(self.tokens.issue(self.options.seed, &location, options.scopes.as_deref()))
    }

    /// Moves the clock forward.
    pub fn advance(&mut self, ms: f64) {
        if ms.is_finite() && ms > 0.0 {
            self.ahead += ms as i64;
        }
    }

    /// Lays out a fault for the next `times` requests, to one operation (`orders.list`) or to any.
    pub fn plan_fault(&mut self, fault: &str, operation: Option<String>, times: u32) -> Result<(), String> {
        if let Some(name) = &operation {
            if !crate::endpoint::ALL.iter().any(|op| op.name == name || op.id == name) {
                return Err(joined(&["the Payments API has no operation \"", name, "\""]));
            }
        }
        let fault = Fault::parse(fault)?;
        self.plan.add(Planned { fault, operation, times: times.max(1) });
        Ok(())
    }

    /// Forgets the faults that were laid out.
    pub fn clear_faults(&mut self) {
        self.plan.clear();
    }

    /// The requests so far, secrets left out, the latest 1000 at most.
    pub fn requests(&self) -> &[Logged] {
        self.log.entries()
    }

    /// The requests so far as JSON.
    pub fn requests_json(&self) -> String {
        self.log.json()
    }

    /// Everything that the locations hold, as JSON.
    pub fn state_json(&self) -> String {
        snapshot::json(&self.accounts, self.records_now(), &self.app)
    }

    /// The time of the last request by the sandbox's clock, in milliseconds since 1970.
    pub fn now_ms(&self) -> f64 {
        self.records_now() as f64
    }

    /// The time that the records see.
    fn records_now(&self) -> i64 {
        if self.options.steady {
            // A millisecond for each request keeps the order of events visible.
            self.options.now_ms as i64 + self.ahead + self.requests as i64
        } else {
            self.latest
        }
    }

    /// Answers a request at a time, in milliseconds since 1970.
    pub fn handle(&mut self, request: &Request, now_ms: f64) -> Response {
        let clock = now_ms + self.ahead as f64;
        self.latest = self.latest.max(clock as i64);
        for Late { request, echo, .. } in self.late.extract_if(.., |late| late.due <= clock).collect::<Vec<_>>() {
            let (path, query) = request.target();
            let (now, trace) = self.begin();
            // Nobody waits for the answer.
            let _ = self.run(&request, path, &query, routes::find(&request.method, path).as_ref(), (now, echo), &trace);
        }
        let (now, trace) = self.begin();
        let (path, query) = request.target();
        let route = routes::find(&request.method, path);
        let mut response = self.answer(request, path, &query, route.as_ref(), (clock, now), &trace);
        if let Ok((token, _)) = self.identify(request) {
            self.limit_headers(&token.location, &mut response);
        } else {
            self.limit_headers("", &mut response);
        }
        let operation = route.map(|route| route.operation.name);
        self.log.add(Logged::new(request, path, query, operation, response.status, now));
        response
    }

    /// Counts a request; gives the time that its records see and its trace id.
    fn begin(&mut self) -> (i64, String) {
        self.requests += 1;
        (self.records_now(), Rng::new(key(self.options.seed, "traces"), self.requests).uuid())
    }

    /// Who calls, with which version of the API.
    fn identify(&self, request: &Request) -> Result<(auth::Token, bool), Refusal> {
        let token = self.tokens.of(request)?;
        Ok((token, request.header("version") == Some("v3")))
    }

    fn answer(
        &mut self,
        request: &Request,
        path: &str,
        query: &[(String, String)],
        route: Option<&Route>,
        (clock, now): (f64, i64),
        trace: &str,
    ) -> Response {
        let names = route.map_or(["", ""], |route| [route.operation.name, route.operation.id]);
        let fault = match request.header(fault::HEADER) {
            Some(text) => Fault::parse(text),
            None => Ok(self.plan.take(names).unwrap_or_default()),
        };
        let fault = match fault {
            Ok(fault) => fault,
            Err(text) => return Refusal::gateway(400, &text).answer(false, trace),
        };
        let location = self.identify(request).map(|(token, _)| token.location).unwrap_or_default();
        if let Some(route) = route.filter(|route| route.operation.name == "orders.recordPayment") {
            self.rivals(&fault, &location, route, request, now);
        }
        if fault.short_cut() {
            return fault.deliver(fault.shortcut(trace));
        }
        if !self.take(&location, clock) {
            let refusal = Refusal { shape: Shape::Message, ..Refusal::gateway(429, "Too many requests") };
            return fault.deliver(refusal.answer(false, trace));
        }
        if let (true, Some(route)) = (fault.checkout, route) {
            self.open_checkout(&location, &route.id, now);
        }
        let echo = fault.echo.unwrap_or(self.options.echo);
        if let Some(ms) = fault.late_ms {
            self.late.push(Late { due: clock + f64::from(ms), request: request.clone(), echo });
            return Response { end: message::End::Drop, ..Response::default() };
        }
        let (v3, outcome) = self.run(request, path, query, route, (now, echo), trace);
        let applied = outcome.is_ok();
        let mut response = match outcome {
            Ok(reply) => Response::new(reply.status, reply.body, false),
            Err(refusal) => refusal.answer(v3, trace),
        };
        if applied {
            if let Some(status) = fault.applied_then {
                response = fault.error(status, trace);
            }
            if fault.applied_html {
                response = Response::new(200, message::html(200), true);
            }
            if let Some(end) = fault.applied_end {
                response.end = end;
                response.delay_ms = fault.delay_ms;
                return response;
            }
            if let Some(drift) = fault.drift {
                response.body = drift.bend(response.body);
            }
        }
        if fault.truncated {
            response.body.truncate(response.body.len() / 2);
        }
        if let Some(after) = &fault.retry_after {
            response.headers.push(("retry-after", after.clone()));
        }
        fault.deliver(response)
    }

    /// Judges a request and does what it asks; the flag is whether errors have the shape of version 3.
    fn run(
        &mut self,
        request: &Request,
        path: &str,
        query: &[(String, String)],
        route: Option<&Route>,
        now: (i64, Echo),
        trace: &str,
    ) -> (bool, Outcome) {
        let Some(route) = route else {
            let text = joined(&["Cannot ", &request.method, " ", path]);
            return (false, Err(Refusal::gateway(404, &text)));
        };
        let (token, v3) = match self.identify(request) {
            Ok(found) => found,
            Err(refusal) => return (false, Err(refusal)),
        };
        (v3, self.judge(request, query, route, &token, now, trace))
    }

    fn judge(
        &mut self,
        request: &Request,
        query: &[(String, String)],
        route: &Route,
        token: &auth::Token,
        (now, echo): (i64, Echo),
        trace: &str,
    ) -> Outcome {
        auth::version(request)?;
        auth::scope(token, route.operation)?;
        let body = if route.spec.body.is_empty() { Map::new() } else { check::body(request)? };
        auth::account(token, &self.company, query, &body)?;
        let query = check::check(route.spec, query.to_vec(), &body)?;
        let account = self.accounts.iter_mut().find(|account| account.location == token.location);
        let account = account.ok_or_else(|| Refusal::new(400, "Location not found"))?;
        account.settle(now);
        let mut call =
            Call { account, app: &self.app, now, echo, trace: trace.into(), id: route.id.clone(), query, body };
        (route.run)(&mut call)
    }

    /// Does what others do with the order that a payment is recorded on.
    fn rivals(&mut self, fault: &Fault, location: &str, route: &Route, request: &Request, now: i64) {
        let account = self.accounts.iter_mut().find(|account| account.location == location);
        if let (Some(account), Ok(body)) = (account, check::body(request)) {
            for rival in &fault.rivals {
                payments::rival(account, &route.id, &body, now, *rival);
            }
        }
    }

    /// Opens a checkout of an order, as a payer does who comes to the payment page.
    fn open_checkout(&mut self, location: &str, order: &str, now: i64) {
        if let Some(account) = self.accounts.iter_mut().find(|account| account.location == location) {
            account.checkouts.push((order.into(), now + 5 * calendar::MINUTE));
        }
    }

    fn usage(&mut self, location: &str) -> &mut Usage {
        let at = self.usage.iter().position(|(own, _)| own == location).unwrap_or_else(|| {
            self.usage.push((location.into(), Usage::default()));
            self.usage.len() - 1
        });
        &mut self.usage[at].1
    }

    fn take(&mut self, location: &str, clock: f64) -> bool {
        let limits = self.options.limits;
        self.usage(location).take(limits, clock)
    }

    fn limit_headers(&mut self, location: &str, response: &mut Response) {
        let limits = self.options.limits;
        let headers = self.usage(location).headers(limits);
        response.headers.extend(headers);
    }
}
