//! A HighLevel payments account that lives in a process: all operations with a state that holds together.
//!
//! The sandbox does no input or output and asks no clock: a [`Request`] and the time go in, a [`Response`] comes out.
//! The same seed and the same calls give the same bytes. What an operation takes is judged by the sandbox's own tables
//! (`check`), not by the shape tables of the client, so that neither is the other's only judge.

#![allow(clippy::unnecessary_wraps, reason = "the operations share one signature")]
#![allow(clippy::cast_possible_wrap, reason = "no count here comes near 2^63")]

mod account;
mod amount;
mod calendar;
mod checkout;
mod echo;
mod events;
mod http;
mod json;
mod oauth;
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
pub use oauth::app::{App, AppOptions};
pub use oauth::Rotation;

use crate::json::joined;
use account::deleted::Stream;
use account::seed;
use account::state::Account;
use checkout::push;
use checkout::{Side, World};
use http::auth;
use http::check;
use http::fault::{self, Fault, Plan, Planned};
use http::limits::Usage;
use http::log;
use http::message;
use http::refusal::{Outcome, Refusal, Shape};
use json::text_of;
use oauth::grants::{Grants, Install};
use oauth::{Endpoint, Visit};
use operations::call::Call;
use operations::orders;
use operations::payments;
use operations::records;
use operations::routes::{self, Route};
use operations::snapshot;
use rng::{key, Rng};
use serde_json::{Map, Value};
pub(crate) use text::separated;

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
    /// The marketplace app that can be installed.
    pub app: AppOptions,
    /// How a refresh token dies that was used.
    pub rotation: Rotation,
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
            app: AppOptions::default(),
            rotation: Rotation::default(),
        }
    }
}

/// What a request is for.
enum Target {
    /// An operation of the Payments API.
    Operation(Route),
    /// An endpoint of OAuth.
    OAuth(Endpoint),
    /// Where custom providers push to.
    Push,
}

impl Target {
    fn find(request: &Request, path: &str) -> Option<Self> {
        if request.method == "POST" && path == push::PATH {
            return Some(Self::Push);
        }
        let operation = || routes::find(&request.method, path).map(Self::Operation);
        Endpoint::find(request, path).map(Self::OAuth).or_else(operation)
    }

    /// The names by which faults know it.
    fn names(&self) -> [&'static str; 2] {
        match self {
            Self::Operation(route) => [route.operation.name, route.operation.id],
            Self::OAuth(endpoint) => [endpoint.name(), ""],
            Self::Push => [push::NAME, ""],
        }
    }

    /// The id of the order on which a payment is to be recorded.
    fn paid_order(&self) -> Option<&Route> {
        match self {
            Self::Operation(route) if route.operation.name == "orders.recordPayment" => Some(route),
            _ => None,
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

/// Where the app is to be installed, without a browser.
#[derive(Debug, Clone, Default)]
pub struct InstallOptions {
    /// By the agency: in these locations, or in all if there are none. Otherwise in each location by itself, the first
    /// one unless told.
    pub company: bool,
    /// The ids of the locations.
    pub locations: Vec<String>,
    /// What it may do; everything unless told.
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
    app: App,
    accounts: Vec<Account>,
    tokens: auth::Tokens,
    grants: Grants,
    usage: Vec<(String, Usage)>,
    plan: Plan,
    /// What `late` has put off, and until when.
    late: Vec<Late>,
    log: log::Log,
    /// What HighLevel's side of the custom provider protocol remembers.
    side: Side,
    /// What [`Sandbox::advance`] has added to the clock.
    ahead: i64,
    /// The latest time that any request has seen: the clock does not go back.
    latest: i64,
    requests: u64,
    /// The bodies of the webhooks that nobody has fetched yet; `None` while nobody wants any.
    events: Option<Vec<String>>,
    /// How many ids of webhooks were given out.
    webhooks: u64,
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
        let (company, id) = (rng.text(20), rng.hex(24));
        let app = App::new(&options.app, &id, &mut rng);
        let mut sandbox = Self {
            grants: Grants::new(options.seed, options.rotation.grace_ms()),
            options,
            company,
            app,
            accounts: Vec::new(),
            tokens: auth::Tokens::default(),
            usage: Vec::new(),
            plan: Plan::default(),
            late: Vec::new(),
            log: log::Log::default(),
            side: Side::default(),
            ahead: 0,
            latest: 0,
            requests: 0,
            events: None,
            webhooks: 0,
        };
        sandbox.reset();
        let _ = sandbox.token(&TokenOptions::default());
        sandbox
    }

    /// Puts everything back as it was at the beginning; tokens that were handed out stay valid, and the app stays
    /// installed.
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
        self.side = Side::default();
        self.ahead = 0;
        self.latest = now;
        self.requests = 0;
        self.events.iter_mut().for_each(Vec::clear);
    }

    /// The first location.
    pub fn location(&self) -> &str {
        &self.options.locations[0]
    }

    /// The company (agency) that the locations belong to.
    pub fn company(&self) -> &str {
        &self.company
    }

    /// The marketplace app that can be installed.
    pub fn app(&self) -> &App {
        &self.app
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

    /// Installs the app as a person does who has approved it elsewhere, such as an agency that installs it in many
    /// locations at once. The error names what there is not.
    pub fn install(&mut self, options: &InstallOptions) -> Result<(), String> {
        let own = &self.options.locations;
        if let Some(unknown) = options.locations.iter().find(|id| !own.contains(id)) {
            return Err(joined(&["the sandbox has no location \"", unknown, "\""]));
        }
        let all = options.locations.is_empty();
        let scopes = options.scopes.clone().unwrap_or_else(|| {
            let known = auth::scopes().into_iter().chain(oauth::SCOPES);
            known.map(str::to_owned).collect()
        });
        let mut chosen = options.locations.clone();
        if all {
            chosen = if options.company { own.clone() } else { own[..1].to_vec() };
        }
        let at = self.records_now();
        if options.company {
            let resource = auth::Resource::Company;
            self.grants.add(Install { resource, scopes, approved: chosen, all, at });
        } else {
            for location in chosen {
                let (resource, scopes) = (auth::Resource::Location(location), scopes.clone());
                self.grants.add(Install { resource, scopes, approved: Vec::new(), all: false, at });
            }
        }
        self.tell_of_installs();
        Ok(())
    }

    /// Removes the app from a location, or from the company with all that it has installed: its tokens and codes there
    /// count no more.
    pub fn uninstall(&mut self, location: Option<&str>) -> Result<(), String> {
        let resource = location.map_or(auth::Resource::Company, |id| auth::Resource::Location(id.into()));
        if self.grants.remove(&resource, &self.options.locations, &mut self.tokens) {
            self.tell_of_app(&resource, "UNINSTALL");
            return Ok(());
        }
        Err(joined(&["the app is not installed in ", location.unwrap_or("the company")]))
    }

    /// A customer orders something in a location, the first one unless told, and pays for it if told. Gives the order as
    /// lists have it, as JSON.
    pub fn create_order(&mut self, location: Option<&str>, paid: bool) -> Result<String, String> {
        let now = self.records_now();
        let account = self.account_of(location)?;
        let index = orders::create(account, now, paid);
        let (event, text) =
            (events::order(account, index, "OrderCreate"), text_of(&|out| orders::summary(account, index, out)));
        self.tell(event);
        Ok(text)
    }

    /// All records of a stream (`orders`, `transactions`, `subscriptions`, `coupons`) of a location, the first one unless told,
    /// as lists have them, as `{ data }` in JSON, newest first. It counts against no limit. The error names what there is not.
    pub fn records(&mut self, stream: &str, location: Option<&str>) -> Result<String, String> {
        let now = self.records_now();
        let stream = Stream::parse(stream)?;
        let account = self.account_of(location)?;
        account.settle(now);
        Ok(records::list(account, stream, now))
    }

    /// Something becomes of a record, the latest one unless told, without a request: an order is paid, one that is paid is
    /// refunded; a transaction is refunded; a subscription is canceled; a coupon is redeemed. Gives it as lists have it, as
    /// JSON. The error names what there is not.
    pub fn change_record(&mut self, stream: &str, location: Option<&str>, id: Option<&str>) -> Result<String, String> {
        let (stream, now) = (Stream::parse(stream)?, self.moment());
        let account = self.account_of(location)?;
        let index = stream.find(account, id)?;
        let status = |account: &Account| (stream == Stream::Orders).then(|| account.orders[index].status());
        let before = status(account);
        records::change(account, stream, index, now);
        let event = (status(account) != before).then(|| events::order(account, index, "OrderStatusUpdate"));
        let text = stream.text(account, index, now);
        event.into_iter().for_each(|event| self.tell(event));
        Ok(text)
    }

    /// Somebody deletes a record, the latest one unless told, without a request. Gives it as lists had it, as JSON. The error
    /// names what there is not.
    pub fn delete_record(&mut self, stream: &str, location: Option<&str>, id: Option<&str>) -> Result<String, String> {
        let (stream, now) = (Stream::parse(stream)?, self.moment());
        let account = self.account_of(location)?;
        let index = stream.find(account, id)?;
        let text = stream.text(account, index, now);
        records::delete(account, stream, index);
        Ok(text)
    }

    /// A moment of its own, as a request has.
    fn moment(&mut self) -> i64 {
        self.requests += 1;
        self.records_now()
    }

    fn account_of(&mut self, location: Option<&str>) -> Result<&mut Account, String> {
        let location = location.unwrap_or(&self.options.locations[0]);
        let found = self.accounts.iter_mut().find(|account| account.location == location);
        found.ok_or_else(|| joined(&["the sandbox has no location \"", location, "\""]))
    }

    /// The body of a webhook of this type, as JSON text without `timestamp` and `webhookId`: about the record of the
    /// location with this id, or about the latest one that fits. The error says what there is not.
    pub fn webhook(&mut self, kind: &str, location: Option<&str>, id: Option<&str>) -> Result<String, String> {
        if matches!(kind, "INSTALL" | "UNINSTALL" | "PLAN_CHANGE") {
            // The agency's own are those about its id.
            let resource = match id {
                Some(id) if id == self.company => auth::Resource::Company,
                _ => auth::Resource::Location(self.account_of(location)?.location.clone()),
            };
            return Ok(events::app(&self.app, &self.company, &resource, kind));
        }
        let account = self.account_of(location)?;
        events::record(account, kind, id)
            .ok_or_else(|| joined(&["the location has no record ", id.unwrap_or_default(), " for ", kind]))
    }

    /// Whether what happens is kept for [`Sandbox::take_events`].
    pub fn listen(&mut self, wanted: bool) {
        self.events = wanted.then(|| self.events.take().unwrap_or_default());
    }

    /// The bodies of the webhooks about what has happened since the last time, in order: orders that were made or whose
    /// status has changed, installations and removals of the app.
    pub fn take_events(&mut self) -> Vec<String> {
        self.events.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Plays HighLevel's side of the custom provider protocol: `what` is asked with its options, the answer is JSON text.
    /// `checkout` opens a payment page, `receive` takes what its frame has posted, `charge`, `subscribe`, `cancel`,
    /// `refund` and `methods` ask the provider's server; whatever is to be asked of that comes back in `queries`, and its
    /// answer goes in with `answered`. The error says what is wrong with the options.
    pub fn high_level(&mut self, what: &str, options: &Map<String, Value>) -> Result<String, String> {
        if !matches!(what, "timeline" | "session") {
            // A moment of its own, as a request has.
            self.requests += 1;
        }
        let now = self.records_now();
        let answer = self.world(now).run(what, options);
        self.tell_of_orders();
        answer
    }

    /// What is wrong with what a provider says, as JSON text: of a `message` of its frame (`{ text? | data?, setup? }`), of
    /// an `answer` of its queryUrl (`{ query, status?, text?, failure?, amount? }`) or of a `push` (`{ push }`).
    pub fn check_provider(what: &str, options: &Map<String, Value>) -> String {
        match what {
            "message" => checkout::check_message(options),
            "answer" => checkout::check_answer(options),
            _ => checkout::check_push(options),
        }
    }

    fn world(&mut self, now: i64) -> World<'_> {
        World {
            side: &mut self.side,
            accounts: &mut self.accounts,
            now,
            app: &self.app.id,
            seed: self.options.seed,
            faults: Vec::new(),
        }
    }

    /// Tells of the orders that HighLevel's side has made or changed.
    fn tell_of_orders(&mut self) {
        for (location, order, kind) in std::mem::take(&mut self.side.events) {
            if self.events.is_some() {
                self.tell(events::order(&self.accounts[location], order, kind));
            }
        }
    }

    /// Keeps an event for whoever wants it.
    fn tell(&mut self, event: String) {
        if let Some(events) = &mut self.events {
            events.push(event);
        }
    }

    /// Tells of the installations that are new: an agency's is one event for itself and one for each location.
    fn tell_of_installs(&mut self) {
        for resource in self.grants.take_new() {
            self.tell_of_app(&resource, "INSTALL");
        }
    }

    /// Tells of an installation or a removal.
    fn tell_of_app(&mut self, resource: &auth::Resource, kind: &str) {
        self.tell(events::app(&self.app, &self.company, resource, kind));
    }

    /// Moves the clock forward.
    pub fn advance(&mut self, ms: f64) {
        if ms.is_finite() && ms > 0.0 {
            self.ahead += ms as i64;
        }
    }

    /// Lays out a fault for the next `times` requests, to one operation (`orders.list`) or to any.
    pub fn plan_fault(&mut self, fault: &str, operation: Option<String>, times: u32) -> Result<(), String> {
        self.plan_fault_in(None, fault, operation, times)
    }

    /// The same for the requests of one location, or of any.
    pub fn plan_fault_in(
        &mut self,
        location: Option<String>,
        fault: &str,
        operation: Option<String>,
        times: u32,
    ) -> Result<(), String> {
        if let Some(name) = &operation {
            let operation = crate::endpoint::ALL.iter().any(|op| op.name == name || op.id == name);
            if !operation && !Endpoint::is_named(name) && name != push::NAME {
                return Err(joined(&["the Payments API has no operation \"", name, "\""]));
            }
        }
        if let Some(location) = &location {
            self.account_of(Some(location))?;
        }
        let fault = Fault::parse(fault)?;
        self.plan.add(Planned { fault, operation, location, times: times.max(1) });
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
        snapshot::json(&self.accounts, self.records_now(), &self.app.id)
    }

    /// The time of the last request by the sandbox's clock, in milliseconds since 1970.
    pub fn now_ms(&self) -> f64 {
        self.records_now() as f64
    }

    /// Tells the sandbox the time at which it is asked for something, in milliseconds since 1970: what `late` has put off until then
    /// is done.
    pub fn tick(&mut self, now_ms: f64) {
        let clock = now_ms + self.ahead as f64;
        self.latest = self.latest.max(clock as i64);
        for Late { request, echo, .. } in self.late.extract_if(.., |late| late.due <= clock).collect::<Vec<_>>() {
            let (path, query) = request.target();
            let (now, trace) = self.begin();
            let target = Target::find(&request, path);
            let before = self.watched(target.as_ref(), &request, now);
            // Nobody waits for the answer.
            let _ = self.run(&request, path, &query, target.as_ref(), (now, echo), &trace);
            self.tell_of_change(before);
        }
    }

    /// An id for a webhook, another one each time. `salt` is what it follows from beside the seed: two sandboxes of one seed
    /// whose webhooks reach the same app need another one each, or the app takes what the second sends for what it has seen.
    pub fn webhook_id(&mut self, salt: u64) -> String {
        self.webhooks += 1;
        Rng::new(key(self.options.seed ^ salt, "webhooks"), self.webhooks).uuid()
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
        self.tick(now_ms);
        let clock = now_ms + self.ahead as f64;
        let (now, trace) = self.begin();
        let (path, query) = request.target();
        let target = Target::find(request, path);
        // Before the answer: afterwards the code or the token of the request may have been used up.
        let limited = self.limited(request, target.as_ref(), now);
        let before = self.watched(target.as_ref(), request, now);
        let mut response =
            self.answer(request, path, &query, target.as_ref(), (clock, now), (&trace, limited.as_deref()));
        self.tell_of_change(before);
        if let Some(resource) = limited {
            self.limit_headers(&resource, &mut response);
        }
        let operation = target.map(|target| target.names()[0]);
        self.log.add(Logged::new(request, path, query, operation, response.status, now));
        response
    }

    /// The order whose status a request may change: location, index and the status that it has now.
    fn watched(&self, target: Option<&Target>, request: &Request, now: i64) -> Option<(usize, usize, &'static str)> {
        self.events.as_ref()?;
        let route = target.and_then(Target::paid_order)?;
        let (token, _) = self.identify(request, now).ok()?;
        let at = self.accounts.iter().position(|account| account.location == token.location())?;
        let account = &self.accounts[at];
        let index = orders::find(account, &route.id).ok()?;
        Some((at, index, account.orders[index].status()))
    }

    /// Tells of an order whose status is another one now.
    fn tell_of_change(&mut self, before: Option<(usize, usize, &'static str)>) {
        if let Some((at, index, status)) = before {
            let account = &self.accounts[at];
            if account.orders[index].status() != status {
                self.tell(events::order(account, index, "OrderStatusUpdate"));
            }
        }
    }

    /// Counts a request; gives the time that its records see and its trace id.
    fn begin(&mut self) -> (i64, String) {
        self.requests += 1;
        (self.records_now(), Rng::new(key(self.options.seed, "traces"), self.requests).uuid())
    }

    /// Who calls, with which version of the API.
    fn identify(&self, request: &Request, now: i64) -> Result<(auth::Token, bool), Refusal> {
        let token = self.tokens.of(request, now)?;
        Ok((token, request.header("version") == Some("v3")))
    }

    /// Whose limit a request counts against: the id of a location or of the company, empty where nobody knows; `None`
    /// is no call of the API.
    fn limited(&self, request: &Request, target: Option<&Target>, now: i64) -> Option<String> {
        let resource = match target {
            Some(Target::OAuth(Endpoint::ChooseLocation) | Target::Push) => return None,
            Some(Target::OAuth(endpoint)) => oauth::resource(*endpoint, &self.grants, request, &self.tokens, now),
            _ => self.identify(request, now).ok().map(|(token, _)| token.resource),
        };
        Some(match resource {
            Some(auth::Resource::Location(location)) => location,
            Some(auth::Resource::Company) => self.company.clone(),
            None => String::new(),
        })
    }

    fn answer(
        &mut self,
        request: &Request,
        path: &str,
        query: &[(String, String)],
        target: Option<&Target>,
        (clock, now): (f64, i64),
        (trace, limited): (&str, Option<&str>),
    ) -> Response {
        let names = target.map_or(["", ""], Target::names);
        let location = self.identify(request, now).map(|(token, _)| token.location().to_owned()).unwrap_or_default();
        let fault = match request.header(fault::HEADER) {
            Some(text) => Fault::parse(text),
            None => Ok(self.plan.take(names, &location).unwrap_or_default()),
        };
        let fault = match fault {
            Ok(fault) => fault,
            Err(text) => return Refusal::gateway(400, &text).answer(false, trace),
        };
        if let Some(route) = target.and_then(Target::paid_order) {
            self.rivals(&fault, &location, route, request, now);
        }
        if fault.short_cut() {
            return fault.deliver(fault.shortcut(trace));
        }
        if limited.is_some_and(|resource| !self.take(resource, clock)) {
            let refusal = Refusal { shape: Shape::Message, ..Refusal::gateway(429, "Too many requests") };
            return fault.deliver(refusal.answer(false, trace));
        }
        if let (true, Some(Target::Operation(route))) = (fault.checkout, target) {
            self.open_checkout(&location, &route.id, now);
        }
        let echo = fault.echo.unwrap_or(self.options.echo);
        if let Some(ms) = fault.late_ms {
            self.late.push(Late { due: clock + f64::from(ms), request: request.clone(), echo });
            return Response { end: message::End::Drop, ..Response::default() };
        }
        let first: Vec<(String, String)>;
        let query = if fault.endless {
            first = query.iter().filter(|(name, _)| name != "offset").cloned().collect();
            &first
        } else {
            query
        };
        let (v3, outcome) = self.run(request, path, query, target, (now, echo), trace);
        let applied = outcome.is_ok();
        let mut response = match outcome {
            Ok(reply) => reply.answer(),
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
            if fault.endless {
                response.body = fault::endless(response.body);
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
        target: Option<&Target>,
        now: (i64, Echo),
        trace: &str,
    ) -> (bool, Outcome) {
        let route = match target {
            Some(Target::Operation(route)) => route,
            Some(Target::OAuth(endpoint)) => return self.oauth(*endpoint, request, query, now.0, trace),
            Some(Target::Push) => {
                let outcome = self.world(now.0).push(request);
                self.tell_of_orders();
                return (false, outcome);
            }
            None => {
                let text = joined(&["Cannot ", &request.method, " ", path]);
                return (false, Err(Refusal::gateway(404, &text)));
            }
        };
        let (token, v3) = match self.identify(request, now.0) {
            Ok(found) => found,
            Err(refusal) => return (false, Err(refusal)),
        };
        (v3, self.judge(request, query, route, &token, now, trace))
    }

    /// Does what an endpoint of OAuth is asked.
    fn oauth(
        &mut self,
        endpoint: Endpoint,
        request: &Request,
        query: &[(String, String)],
        now: i64,
        trace: &str,
    ) -> (bool, Outcome) {
        let (app, company, locations) = (&self.app, self.company.as_str(), self.options.locations.as_slice());
        let visit = Visit { request, query, app, locations, company, now, trace };
        let outcome = oauth::run(endpoint, &mut self.grants, &visit, &mut self.tokens);
        self.tell_of_installs();
        outcome
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
        let account = self.accounts.iter_mut().find(|account| account.location == token.location());
        let account = account.ok_or_else(|| Refusal::new(400, "Location not found"))?;
        account.settle(now);
        let mut call =
            Call { account, app: &self.app.id, now, echo, trace: trace.into(), id: route.id.clone(), query, body };
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
