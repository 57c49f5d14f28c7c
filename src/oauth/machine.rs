//! The token state machine: what is stored first, and what is done then.
//!
//! A row is worked on by one caller at a time, who is told here what to do, step by step. Whoever is cut off anywhere, by a
//! crash or because a Worker's request ends, leaves a row from which the next one goes on:
//!
//! - an [intent](Status::Refreshing) is stored before the endpoint is asked. Who finds one asks again with the same refresh
//!   token: either it was never used, or HighLevel's grace of some 30 s lets it count once more;
//! - once the endpoint has said that the refresh token is dead, and not before, `POST /oauth/reconnect` gives a new code;
//! - once that is refused as well, the app has to be installed again, and the endpoint is left alone for a minute.
//!
//! What a webhook has told of, and no callback has brought tokens for, begins with the reconnect.
//!
//! A location can have the app in two ways, by itself and by its company, and webhooks do not say which it is. So whichever way
//! is refused, the other one is tried before the app counts as not installed there.
//!
//! A wrong client secret, a firewall or an endpoint that is down proves nothing about a refresh token, and loses none.

use super::answer::{authorization_code, holds, judge, tokens, Failure, FailureCode, Verdict};
use super::app::App;
use super::installed::Installation;
use super::owner::Owner;
use super::post::Post;
use super::row::{put_line, Lines, State, Status};
use super::secret::Secret;
use crate::core::Response;
use crate::json::{joined, push_decimal};

/// How often an endpoint that fails is asked at the most, before the caller is told.
const MAX_ATTEMPTS: u32 = 3;

/// How long a caller is kept waiting for attempts, in milliseconds.
const MAX_TIME_MS: f64 = 20_000.0;

/// As long as 429 is all that happens to a company's requests, which many locations share.
const MAX_QUEUED_MS: f64 = 60_000.0;

/// The first backoff, in milliseconds; each further one doubles.
const BACKOFF_MS: f64 = 250.0;

/// The first one behind a 429 that names no time.
const CLOSED_MS: f64 = 1000.0;

/// For how many milliseconds an endpoint that failed is left alone while the access token is still good.
const REST_MS: f64 = 15_000.0;

/// How far another clock may be ahead, in milliseconds: of HighLevel, or of who wrote a row.
const AHEAD_MS: f64 = 300_000.0;

/// For how many milliseconds nobody asks again who was refused to reconnect.
const REFUSED_MS: f64 = 60_000.0;

/// What an endpoint is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Purpose {
    /// `POST /oauth/token` with a code.
    #[default]
    Exchange,
    /// `POST /oauth/token` with a refresh token.
    Refresh,
    /// `POST /oauth/reconnect`.
    Reconnect,
    /// `POST /oauth/locationToken` with a company's token.
    LocationToken,
}

/// How far one caller has come. It is not stored: whoever is cut off begins anew, from the row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Progress {
    /// When it began, in milliseconds since 1970.
    began: f64,
    /// How often the endpoint was asked.
    attempts: u32,
    purpose: Purpose,
    /// The caller asked for a reconnect: a refusal of it says nothing about tokens that may be good.
    asked: bool,
    /// It is an installation: the code is all there is.
    installs: bool,
    /// The company's token was refused, and a fresh one was asked for.
    renewed: bool,
    /// What was sent: a refresh token, a code, a company's token.
    sent: Secret,
    /// The token that the caller was refused with.
    refused: Secret,
    /// The company that a location belongs to, where the caller says so and no row does.
    company_id: String,
}

impl Progress {
    /// As text, with secrets in it.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let purpose = match self.purpose {
            Purpose::Exchange => 0,
            Purpose::Refresh => 1,
            Purpose::Reconnect => 2,
            Purpose::LocationToken => 3,
        };
        let flags = purpose + u64::from(self.asked) * 4 + u64::from(self.installs) * 8 + u64::from(self.renewed) * 16;
        for number in [self.began as u64, self.attempts.into(), flags] {
            push_decimal(&mut out, number);
            put_line(&mut out, "");
        }
        for text in [self.sent.expose(), self.refused.expose(), &self.company_id] {
            put_line(&mut out, text);
        }
        out
    }

    /// Reads what [`Self::text`] wrote; an empty text is a beginning.
    pub fn read(text: &str) -> Self {
        let mut lines = Lines(text);
        let (began, attempts, flags) = (lines.number(), lines.number() as u32, lines.number() as u32);
        Self {
            began,
            attempts,
            purpose: match flags % 4 {
                0 => Purpose::Exchange,
                1 => Purpose::Refresh,
                2 => Purpose::Reconnect,
                _ => Purpose::LocationToken,
            },
            asked: flags & 4 > 0,
            installs: flags & 8 > 0,
            renewed: flags & 16 > 0,
            sent: Secret::new(lines.text()),
            refused: Secret::new(lines.text()),
            company_id: lines.text().into(),
        }
    }
}

/// What has happened.
#[derive(Clone, Copy)]
pub enum Event<'e> {
    /// A caller wants a token.
    Ask {
        /// The one that was answered with 401: another one is wanted. Empty where none was.
        refused: &'e str,
        /// The company that the caller takes a location of which nothing is known to belong to; empty where it says none. Of a
        /// company: its own id, where a location of it is known to have the app.
        company_id: &'e str,
    },
    /// Somebody wants the app to be reconnected, whatever is known.
    Reconnect,
    /// A callback has brought a code.
    Code(&'e str),
    /// A webhook says that the app was installed there, at this time; a location belongs to this company, if the webhook names it.
    Installed(&'e str, f64),
    /// A webhook says that the app was removed there, at this time; 0 where it tells none, and what is known is forgotten anyway.
    Uninstalled(f64),
    /// Nothing: the caller wants to know where the account stands.
    Look,
    /// The company's token that was asked for; empty where the app is not installed there.
    CompanyToken(&'e str),
    /// The endpoint has answered.
    Answer(&'e Response),
    /// No answer came: the connection failed, or the time was over. The request may have arrived.
    Lost,
    /// The wait is over.
    Awake,
    /// The answer to a request with this refresh token, which came after its caller had lost the row to another one.
    Late(&'e str, &'e Response),
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Then {
    /// Send this, and tell how it was answered.
    Post(Box<Post>),
    /// Wait so many milliseconds.
    Wait(f64),
    /// Let go of the row, get the token of the company that [`State::company_id`] names, another one than this (which is empty
    /// if none was refused), and come back with it.
    CompanyToken(Secret),
    /// Give the token of the row to the caller.
    Give,
    /// The code was exchanged: the row to store belongs to whom this names.
    Installed(Box<Installation>),
    /// Nothing more.
    Done,
    /// Tell the caller why there is no token.
    Fail(Box<Failure>),
}

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What is known of the account now.
    pub state: State,
    /// Whether it has to be stored before anything else is done.
    pub write: bool,
    /// How far the caller has come.
    pub progress: Progress,
    /// What is to be done then.
    pub then: Then,
}

/// The next step. `owner`: whose row it is, unless a code is exchanged, which will tell. `chance`: from 0 to below 1.
pub fn step(
    app: &App,
    owner: Option<&Owner>,
    state: State,
    progress: Progress,
    event: Event<'_>,
    now: f64,
    chance: f64,
) -> Step {
    let mut run = Run { app, owner, state, write: false, progress, now, chance };
    run.look();
    run.believe();
    let then = run.on(event);
    Step { state: run.state, write: run.write, progress: run.progress, then }
}

fn not_installed() -> Then {
    Then::Fail(Failure::new(
        FailureCode::NeedsInstall,
        "the app is not installed there: send its user to authorizeUrl(), or hand the webhook INSTALL to onInstall()",
    ))
}

struct Run<'r> {
    app: &'r App,
    owner: Option<&'r Owner>,
    state: State,
    write: bool,
    progress: Progress,
    now: f64,
    chance: f64,
}

impl Run<'_> {
    /// Times further ahead than clocks differ were written by one that has been set back since, or is wrong.
    fn look(&mut self) {
        let latest = self.now + AHEAD_MS;
        if self.state.came_at > latest {
            // The token ends earlier than the row says. Where no other one is to be had, it may still be good.
            self.state.refresh_at = 0.0;
        }
        if self.state.since > latest {
            // It was installed some day: whatever a webhook says is newer.
            self.state.since = 1.0;
        }
        // Else a wait whose end is counted from there would not end.
        self.progress.began = self.progress.began.min(self.now);
    }

    /// Takes a location of which nothing is known for one of the company that the caller names, and that company for one that
    /// has the app.
    fn believe(&mut self) {
        if self.state.status == Status::None && !self.progress.company_id.is_empty() {
            let is_company = matches!(self.owner, Some(Owner::Company(_)));
            let status = if is_company { Status::NeedsReconnect } else { Status::UnderCompany };
            let company_id = std::mem::take(&mut self.progress.company_id);
            self.begin_anew(status, &company_id);
            self.progress.company_id = company_id;
        }
    }

    fn on(&mut self, event: Event<'_>) -> Then {
        match event {
            Event::Ask { refused, company_id } => {
                self.start();
                self.progress.refused = Secret::new(refused);
                self.progress.company_id = company_id.into();
                self.believe();
                self.ask()
            }
            Event::Reconnect => {
                self.start();
                self.progress.asked = true;
                if self.state.status == Status::UnderCompany {
                    self.progress.refused = self.state.access.clone();
                    return Then::CompanyToken(Secret::default());
                }
                self.begin(Purpose::Reconnect, Secret::default())
            }
            Event::Code(code) => {
                self.start();
                self.progress.installs = true;
                self.begin(Purpose::Exchange, Secret::new(code))
            }
            Event::Installed(company_id, at) => {
                self.installed(company_id, at);
                Then::Done
            }
            Event::Uninstalled(at) => {
                // HighLevel sends for an hour what was not taken, and meanwhile it may have been installed again.
                if at <= 0.0 || at >= self.state.since {
                    self.begin_anew(Status::None, "");
                    self.write = true;
                }
                Then::Done
            }
            Event::Look => Then::Done,
            Event::CompanyToken(token) => {
                let is_good = self.is_good_until(self.state.refresh_at);
                match self.state.status {
                    Status::UnderCompany if !is_good => {}
                    Status::NeedsInstall => {}
                    // Meanwhile somebody else may have been faster, or the location may have got tokens of its own.
                    _ => return self.ask(),
                }
                self.progress.began = self.now;
                if !token.is_empty() {
                    return self.begin(Purpose::LocationToken, Secret::new(token));
                }
                self.by_itself().unwrap_or_else(not_installed)
            }
            Event::Awake => self.post(),
            Event::Lost => {
                let message = joined(&[self.what(), ": no answer came"]);
                self.judged(Verdict::Unsure, Failure::new(FailureCode::NetworkError, &message), None)
            }
            Event::Answer(response) => {
                let secrets = [&self.progress.sent, &self.progress.refused, &self.state.access, &self.state.refresh];
                let mut shown = vec![self.app.client_secret()];
                // As a client has them, so that they share a mask.
                shown.extend(secrets.iter().map(|secret| secret.expose().into()));
                shown.retain(|secret| !secret.is_empty());
                let (verdict, failure) = judge(response, self.what(), &shown, self.now);
                self.judged(verdict, failure, Some(response))
            }
            Event::Late(refresh, response) => {
                self.late(refresh, response);
                Then::Done
            }
        }
    }

    fn start(&mut self) {
        self.progress = Progress { began: self.now, ..Progress::default() };
    }

    /// Forgets all that was known.
    #[inline(never)]
    fn begin_anew(&mut self, status: Status, company_id: &str) {
        self.state = State { status, company_id: company_id.into(), ..State::default() };
    }

    /// Notes that the app is installed.
    fn installed(&mut self, company_id: &str, at: f64) {
        let State { status, since, .. } = self.state;
        match status {
            // Tokens that are younger than the installation count.
            Status::UnderCompany if at <= since && (company_id.is_empty() || self.state.company_id == company_id) => {
                return
            }
            Status::UnderCompany if company_id.is_empty() => {}
            Status::None | Status::NeedsInstall | Status::UnderCompany => {
                let status = if company_id.is_empty() { Status::NeedsReconnect } else { Status::UnderCompany };
                self.begin_anew(status, company_id);
            }
            // Tokens of its own are worth more.
            _ if at <= since => return,
            _ if company_id.is_empty() => {}
            // Those of its own are dead, and may belong to what was removed before.
            Status::NeedsReconnect => self.begin_anew(Status::UnderCompany, company_id),
            _ => self.state.company_id = company_id.into(),
        }
        self.state.since = since.max(at);
        self.store(self.state.status, 0.0);
    }

    /// A caller wants a token.
    fn ask(&mut self) -> Then {
        match self.state.status {
            Status::None => not_installed(),
            Status::NeedsInstall if self.has_company() => Then::CompanyToken(Secret::default()),
            Status::NeedsInstall if self.rests() => Then::Fail(Failure::new(
                FailureCode::NeedsInstall,
                "HighLevel refuses to refresh and to reconnect: the app has to be installed again",
            )),
            Status::NeedsReconnect | Status::NeedsInstall => self.begin(Purpose::Reconnect, Secret::default()),
            Status::UnderCompany | Status::Active if self.is_good_until(self.state.refresh_at) => Then::Give,
            Status::UnderCompany => Then::CompanyToken(Secret::default()),
            // An intent that nobody has settled is settled at once, while the grace lasts.
            Status::Refreshing if self.rests() && self.is_good_until(self.state.expires_at) => Then::Give,
            Status::Active | Status::Refreshing if self.state.refresh == Secret::default() => {
                self.store(Status::NeedsReconnect, 0.0);
                self.begin(Purpose::Reconnect, Secret::default())
            }
            Status::Active | Status::Refreshing => {
                self.store(Status::Refreshing, 0.0);
                self.begin(Purpose::Refresh, self.state.refresh.clone())
            }
        }
    }

    /// Whether the endpoint is to be left alone. A row says so for a minute at the most: a later time was written by a clock that has
    /// been set back since, or is another one.
    fn rests(&self) -> bool {
        self.now < self.state.retry_at && self.state.retry_at <= self.now + REFUSED_MS
    }

    /// Whether it is a location of which a company is known.
    fn has_company(&self) -> bool {
        matches!(self.owner, Some(Owner::Location(_))) && !self.state.company_id.is_empty()
    }

    /// A location whose company cannot help may have the app by itself: a reconnect shows it, unless one was refused within the
    /// last minute, or nobody has ever told of an installation.
    fn by_itself(&mut self) -> Option<Then> {
        let told = self.state.since > 0.0 && !self.rests();
        (self.progress.asked || told).then(|| {
            self.progress.attempts = 0;
            self.begin(Purpose::Reconnect, Secret::default())
        })
    }

    /// Whether the token of the row can be given before that time: there is one, and the caller was not refused with it.
    fn is_good_until(&self, end: f64) -> bool {
        self.now < end && self.state.access != self.progress.refused
    }

    fn store(&mut self, status: Status, retry_at: f64) {
        self.state.status = status;
        self.state.retry_at = retry_at;
        self.write = true;
    }

    /// Turns to an endpoint.
    fn begin(&mut self, purpose: Purpose, sent: Secret) -> Then {
        self.progress.purpose = purpose;
        self.progress.sent = sent;
        self.post()
    }

    fn post(&mut self) -> Then {
        self.progress.attempts += 1;
        let sent = &self.progress.sent;
        let post = match (self.progress.purpose, self.owner) {
            (Purpose::Reconnect, Some(owner)) => Post::reconnect(self.app, owner),
            (Purpose::LocationToken, Some(owner)) => {
                Post::location_token(self.app, &self.state.company_id, owner.id(), sent)
            }
            (purpose, Some(owner)) => Post::token(self.app, sent, owner.user_type(), purpose == Purpose::Exchange),
            (_, None) => Post::token(self.app, sent, &self.app.user_type(), true),
        };
        Then::Post(Box::new(post))
    }

    /// What was asked, for messages.
    fn what(&self) -> &'static str {
        match self.progress.purpose {
            Purpose::Refresh => "refreshing the token",
            Purpose::Reconnect => "reconnecting",
            Purpose::LocationToken => "asking for the location's token",
            Purpose::Exchange => "exchanging the code",
        }
    }

    fn judged(&mut self, verdict: Verdict, mut failure: Box<Failure>, response: Option<&Response>) -> Then {
        let purpose = self.progress.purpose;
        if let (Verdict::Fine, Some(response)) = (verdict, response) {
            if purpose == Purpose::Reconnect {
                return match authorization_code(response) {
                    Some(code) => self.begin(Purpose::Exchange, code),
                    None => self.again(failure),
                };
            }
            let (verdict, wrong) = match self.take(response) {
                Ok(then) => return then,
                Err(wrong) => wrong,
            };
            failure.message = joined(&[self.what(), ": the answer is not what HighLevel promises: ", wrong]);
            return self.judged(verdict, failure, None);
        }
        match (purpose, verdict) {
            (Purpose::Refresh, Verdict::Dead) => {
                self.store(Status::NeedsReconnect, 0.0);
                self.progress.attempts = 0;
                return self.begin(Purpose::Reconnect, Secret::default());
            }
            (Purpose::Reconnect, Verdict::Dead | Verdict::No) => {
                // Who asked for it may have tokens that are good.
                let retry_at = self.now + REFUSED_MS;
                match self.state.status {
                    Status::NeedsReconnect | Status::NeedsInstall => self.store(Status::NeedsInstall, retry_at),
                    Status::UnderCompany => self.store(Status::UnderCompany, retry_at),
                    _ => {}
                }
                failure.code = FailureCode::NeedsInstall;
            }
            (Purpose::Exchange, Verdict::Dead | Verdict::Unsure) if !self.progress.installs => {
                // This code is gone; a reconnect gives another one.
                let then = self.again(failure);
                if let Then::Wait(_) = then {
                    self.progress.purpose = Purpose::Reconnect;
                }
                return then;
            }
            (Purpose::Exchange, Verdict::Dead | Verdict::No) => failure.code = FailureCode::CodeRejected,
            // It may have been used, and may be used only once.
            (Purpose::Exchange, Verdict::Unsure) => failure.retryable = false,
            (Purpose::LocationToken, Verdict::Dead | Verdict::Client) if failure.status == Some(401) => {
                // A fresh one would lack the same scope.
                let lacks_scope = holds(&failure.message, "scope");
                if !std::mem::replace(&mut self.progress.renewed, true) && !lacks_scope {
                    return Then::CompanyToken(self.progress.sent.clone());
                }
                failure.code = FailureCode::CompanyTokenRefused;
            }
            (Purpose::LocationToken, Verdict::Dead | Verdict::Client | Verdict::No) => {
                if let Some(then) = self.by_itself() {
                    return then;
                }
                failure.code = FailureCode::NeedsInstall;
            }
            (_, Verdict::Later | Verdict::Unsure) => return self.again(failure),
            _ => return self.give_up(failure),
        }
        Then::Fail(failure)
    }

    /// Waits to ask once more, if there is time for it.
    fn again(&mut self, failure: Box<Failure>) -> Then {
        let later = failure.code == FailureCode::RateLimited;
        let doubled = f64::from(1_u32 << self.progress.attempts.saturating_sub(1).min(8));
        let backoff = if later { CLOSED_MS } else { BACKOFF_MS } * doubled * (0.5 + self.chance / 2.0);
        let wait = backoff.max(failure.retry_after_ms.unwrap_or_default()).ceil();
        let queues = later && self.progress.purpose == Purpose::LocationToken;
        let most = if queues { MAX_QUEUED_MS } else { MAX_TIME_MS };
        let left = queues || self.progress.attempts < MAX_ATTEMPTS;
        if left && self.now + wait - self.progress.began <= most {
            return Then::Wait(wait);
        }
        self.give_up(failure)
    }

    /// The endpoint cannot help at present: while the token is good, nobody need know.
    fn give_up(&mut self, failure: Box<Failure>) -> Then {
        if self.progress.installs || self.progress.asked || !self.is_good_until(self.state.expires_at) {
            return Then::Fail(failure);
        }
        if self.state.status == Status::Refreshing {
            self.store(Status::Refreshing, self.now + REST_MS);
        }
        Then::Give
    }

    /// Takes the tokens of an answer, if they are those of whom they were asked for; says what is wrong otherwise.
    fn take(&mut self, response: &Response) -> Result<Then, (Verdict, &'static str)> {
        let (mut found, mut about) = (State::default(), Installation::default());
        let wrong = tokens(response, self.now, &mut found, &mut about);
        if !wrong.is_empty() {
            // It may have been meant as a success, and used up what was sent.
            return Err((Verdict::Unsure, wrong));
        }
        let of_company = self.owner.map_or(about.of_company, |owner| matches!(owner, Owner::Company(_)));
        let wanted = self.owner.map_or("", Owner::id);
        let came = if of_company { &about.company_id } else { &about.location_id };
        if wanted.is_empty() && came.is_empty() {
            return Err((Verdict::Odd, "it names no locationId, or no companyId for a company's tokens"));
        }
        let is_another = !wanted.is_empty() && !came.is_empty() && wanted != came;
        // A location's token that says whose company it is, but not whose location, is the company's own.
        let is_companys = !wanted.is_empty() && !of_company && about.of_company && !about.company_id.is_empty();
        let is_under_another = self.progress.purpose == Purpose::LocationToken
            && !about.company_id.is_empty()
            && about.company_id != self.state.company_id;
        if is_another || is_companys || is_under_another {
            return Err((Verdict::Odd, "these are the tokens of another account"));
        }
        self.state.access = found.access;
        self.state.refresh_at = found.refresh_at;
        self.state.expires_at = found.expires_at;
        self.state.came_at = self.now;
        // A refresh is no installation. What was removed since the endpoint was asked is older than that.
        if self.progress.purpose != Purpose::Refresh {
            self.state.since = self.progress.began;
        }
        if self.progress.purpose == Purpose::LocationToken {
            self.store(Status::UnderCompany, 0.0);
            return Ok(Then::Give);
        }
        // A server that does not rotate its refresh tokens names none.
        if !found.refresh.expose().is_empty() || self.progress.purpose != Purpose::Refresh {
            self.state.refresh = found.refresh;
        }
        if !about.company_id.is_empty() {
            self.state.company_id.clone_from(&about.company_id);
        }
        self.store(Status::Active, 0.0);
        Ok(if self.progress.installs { Then::Installed(Box::new(about)) } else { Then::Give })
    }

    /// Tokens that came too late are stored, unless there are newer ones, or the account was forgotten.
    fn late(&mut self, refresh: &str, response: &Response) {
        let wanted = match self.state.status {
            Status::Refreshing => self.state.refresh.expose() == refresh,
            Status::NeedsReconnect | Status::NeedsInstall => true,
            Status::None | Status::Active | Status::UnderCompany => false,
        };
        let is_fine = (200..300).contains(&response.status);
        if wanted && is_fine {
            self.progress.purpose = Purpose::Refresh;
            // What cannot be read is as if it had not come.
            let _ = self.take(response);
        }
    }
}
