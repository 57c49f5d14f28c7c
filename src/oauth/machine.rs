//! The token state machine: what is stored first, and what is done then.
//!
//! A row is worked on by one caller at a time, who is told here what to do, step by step. Whoever is cut off anywhere, by a
//! crash or because a Worker's request ends, leaves a row from which the next one goes on:
//!
//! - an [intent](State::Refreshing) is stored before the endpoint is asked. Who finds one asks again with the same refresh
//!   token: either it was never used, or HighLevel's grace of some 30 s lets it count once more;
//! - once the endpoint has said that the refresh token is dead, and not before, `POST /oauth/reconnect` gives a new code;
//! - once that is refused as well, the app has to be installed again.
//!
//! A wrong client secret, a firewall or an endpoint that is down proves nothing about a refresh token, and loses none.

use super::answer::{authorization_code, judge, tokens, Failure, FailureCode, Tokens, Verdict};
use super::app::App;
use super::grant::{Access, Grant};
use super::installed::Installation;
use super::owner::Owner;
use super::post::Post;
use super::row::State;
use super::secret::Secret;
use crate::core::Response;
use crate::json::{field, joined, rounded_up, text_field, Object};

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

/// Which endpoint was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// `POST /oauth/token` with a refresh token.
    Refresh,
    /// `POST /oauth/reconnect`.
    Reconnect,
    /// `POST /oauth/token` with a code.
    Exchange,
    /// `POST /oauth/locationToken` with a company's token.
    LocationToken,
}

const CALLS: [(Call, &str); 4] = [
    (Call::Refresh, "refresh"),
    (Call::Reconnect, "reconnect"),
    (Call::Exchange, "exchange"),
    (Call::LocationToken, "location_token"),
];

/// How far one caller has come. It is not stored: whoever is cut off begins anew, from the row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Progress {
    /// When it began, in milliseconds since 1970.
    began: f64,
    /// How often the endpoint was asked.
    attempts: u32,
    call: Option<Call>,
    /// What was sent: a refresh token, a code, a company's token.
    sent: Secret,
    /// The token that the caller was refused with.
    refused: Secret,
    /// The caller asked for a reconnect: a refusal of it says nothing about tokens that may be good.
    asked: bool,
    /// It is an installation: the code is all there is.
    installs: bool,
    /// The company's token was refused, and a fresh one was asked for.
    renewed: bool,
    /// The company that a location belongs to, where the caller says so and no row does.
    company_id: String,
}

impl Progress {
    /// As JSON text, with secrets in it.
    pub fn json(&self) -> String {
        let mut out = Object::new();
        out.number("began", Some(self.began));
        out.number("attempts", Some(f64::from(self.attempts)));
        let name = CALLS.iter().find(|(call, _)| Some(*call) == self.call).map(|(_, name)| *name);
        out.optional_text("call", name);
        out.text("sent", self.sent.expose());
        out.text("refused", self.refused.expose());
        out.truth("asked", self.asked);
        out.truth("installs", self.installs);
        out.truth("renewed", self.renewed);
        out.text("companyId", &self.company_id);
        out.finish()
    }

    /// Reads what [`Self::json`] wrote; anything else is a beginning.
    pub fn read(json: &str) -> Self {
        let json = json.as_bytes();
        let secret = |name: &str| Secret::new(text_field(json, name));
        let truth = |name: &str| field(json, name) == b"true";
        let call = text_field(json, "call");
        Self {
            began: rounded_up(field(json, "began")) as f64,
            attempts: rounded_up(field(json, "attempts")) as u32,
            call: CALLS.iter().find(|(_, name)| *name == call).map(|(call, _)| *call),
            sent: secret("sent"),
            refused: secret("refused"),
            asked: truth("asked"),
            installs: truth("installs"),
            renewed: truth("renewed"),
            company_id: text_field(json, "companyId"),
        }
    }
}

/// What has happened.
#[derive(Clone, Copy)]
pub enum Event<'e> {
    /// A caller wants a token.
    Ask {
        /// The one that was answered with 401: another one is wanted.
        refused: Option<&'e str>,
        /// The company that the caller takes a location of which nothing is known to belong to.
        company_id: Option<&'e str>,
    },
    /// Somebody wants the app to be reconnected, whatever is known.
    Reconnect,
    /// A callback has brought a code.
    Code(&'e str),
    /// A webhook says that the app was installed in this location, which belongs to this company.
    Installed(&'e str),
    /// The company's token that was asked for.
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
    Post(Post),
    /// Wait so many milliseconds.
    Wait(f64),
    /// Let go of the row, get the token of this company, and come back with it.
    CompanyToken {
        /// The company.
        company_id: String,
        /// The token that was refused, if one was.
        refused: Option<Secret>,
    },
    /// Give this token to the caller. It may be kept until then, in milliseconds since 1970.
    Give(Secret, f64),
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
    /// What has to be stored before anything else is done.
    pub write: Option<State>,
    /// How far the caller has come.
    pub progress: Progress,
    /// What is to be done then.
    pub then: Then,
}

/// The next step. `owner`: whose row it is, unless a code is exchanged, which will tell. `chance`: from 0 to below 1.
pub fn step(
    app: &App,
    owner: Option<&Owner>,
    state: &State,
    progress: Progress,
    event: Event<'_>,
    now: f64,
    chance: f64,
) -> Step {
    let mut run = Run { app, owner, state: state.clone(), write: None, progress, now, chance };
    run.believe();
    let then = run.on(event);
    Step { write: run.write, progress: run.progress, then }
}

struct Run<'r> {
    app: &'r App,
    owner: Option<&'r Owner>,
    state: State,
    write: Option<State>,
    progress: Progress,
    now: f64,
    chance: f64,
}

impl Run<'_> {
    /// Takes a location of which nothing is known for one of the company that the caller names.
    fn believe(&mut self) {
        let company_id = self.progress.company_id.clone();
        if self.state == State::None && !company_id.is_empty() {
            self.state = State::UnderCompany { company_id, access: None };
        }
    }

    fn on(&mut self, event: Event<'_>) -> Then {
        match event {
            Event::Ask { refused, company_id } => {
                let refused = Secret::new(refused.unwrap_or_default());
                let company_id = company_id.unwrap_or_default().into();
                self.progress = Progress { began: self.now, refused, company_id, ..Progress::default() };
                self.believe();
                self.ask()
            }
            Event::Reconnect => {
                self.progress = Progress { began: self.now, asked: true, ..Progress::default() };
                match &self.state {
                    State::UnderCompany { company_id, access } => {
                        self.progress.refused = access.as_ref().map(|a| a.token.clone()).unwrap_or_default();
                        Then::CompanyToken { company_id: company_id.clone(), refused: None }
                    }
                    _ => self.begin(Call::Reconnect, Secret::default()),
                }
            }
            Event::Code(code) => {
                self.progress = Progress { began: self.now, installs: true, ..Progress::default() };
                self.begin(Call::Exchange, Secret::new(code))
            }
            Event::Installed(company_id) => {
                // Tokens of its own are worth more, and a company that has none yet cannot help.
                if matches!(self.state, State::None | State::NeedsInstall) {
                    self.store(State::UnderCompany { company_id: company_id.into(), access: None });
                }
                Then::Done
            }
            Event::CompanyToken(token) => {
                // Meanwhile somebody else may have been faster, or the location may have got tokens of its own.
                match &self.state {
                    State::UnderCompany { .. } => match self.usable() {
                        Some(given) => given,
                        None => {
                            self.progress.began = self.now;
                            self.begin(Call::LocationToken, Secret::new(token))
                        }
                    },
                    _ => self.ask(),
                }
            }
            Event::Awake => self.post(),
            Event::Lost => {
                let message = joined(&[self.what(), ": no answer came"]);
                self.judged(Verdict::Unsure, Failure::new(FailureCode::NetworkError, &message), None)
            }
            Event::Answer(response) => self.answered(response),
            Event::Late(refresh, response) => self.late(refresh, response),
        }
    }

    /// A caller wants a token.
    fn ask(&mut self) -> Then {
        let grant = match &self.state {
            State::None => {
                return needs_install("the app is not installed there: send its user to authorizeUrl(), or hand the webhook INSTALL to onInstall()");
            }
            State::NeedsInstall => {
                return needs_install(
                    "HighLevel refuses to refresh and to reconnect: the app has to be installed again",
                );
            }
            State::UnderCompany { company_id, .. } => {
                let company_id = company_id.clone();
                return self.usable().unwrap_or(Then::CompanyToken { company_id, refused: None });
            }
            State::NeedsReconnect(_) => return self.begin(Call::Reconnect, Secret::default()),
            State::Active(grant) => {
                if let Some(given) = self.usable() {
                    return given;
                }
                grant.clone()
            }
            State::Refreshing { grant, retry_at } => {
                // An intent that nobody has settled is settled at once, while the grace lasts.
                if self.now < *retry_at {
                    if let Some(given) = self.still_good() {
                        return given;
                    }
                }
                grant.clone()
            }
        };
        let Some(refresh) = grant.refresh.clone() else {
            self.store(State::NeedsReconnect(grant));
            return self.begin(Call::Reconnect, Secret::default());
        };
        self.store(State::Refreshing { grant, retry_at: 0.0 });
        self.begin(Call::Refresh, refresh)
    }

    /// The token of the row, if it need not be refreshed and is not the one that was refused.
    fn usable(&self) -> Option<Then> {
        let access = self.state.access().filter(|access| self.now < access.refresh_at)?;
        self.unrefused(access)
    }

    /// The token of the row, if it may still work.
    fn still_good(&self) -> Option<Then> {
        let access = self.state.access().filter(|access| self.now < access.expires_at)?;
        self.unrefused(access)
    }

    fn unrefused(&self, access: &Access) -> Option<Then> {
        (access.token != self.progress.refused).then(|| give(access))
    }

    fn store(&mut self, state: State) {
        self.state = state.clone();
        self.write = Some(state);
    }

    /// Turns to an endpoint.
    fn begin(&mut self, call: Call, sent: Secret) -> Then {
        self.progress = Progress { call: Some(call), sent, ..std::mem::take(&mut self.progress) };
        self.post()
    }

    fn post(&mut self) -> Then {
        self.progress.attempts += 1;
        let user_type = match self.owner {
            Some(owner) => owner.user_type(),
            None => self.app.user_type.as_deref().unwrap_or_default(),
        };
        let sent = &self.progress.sent;
        let post = match (self.progress.call, self.owner) {
            (Some(Call::Refresh), _) => Post::refresh(self.app, sent, user_type),
            (Some(Call::Exchange), _) => Post::exchange(self.app, sent.expose(), user_type),
            (Some(Call::Reconnect), Some(owner)) => Post::reconnect(self.app, owner),
            (Some(Call::LocationToken), Some(owner)) => {
                let State::UnderCompany { company_id, .. } = &self.state else { return Then::Done };
                Post::location_token(self.app, company_id, owner.id(), sent)
            }
            _ => return Then::Done,
        };
        Then::Post(post)
    }

    /// What was asked, for messages.
    fn what(&self) -> &'static str {
        match self.progress.call {
            Some(Call::Refresh) => "refreshing the token",
            Some(Call::Reconnect) => "reconnecting",
            Some(Call::LocationToken) => "asking for the location's token",
            Some(Call::Exchange) | None => "exchanging the code",
        }
    }

    fn answered(&mut self, response: &Response) -> Then {
        let secrets = [
            self.app.client_secret.expose(),
            self.progress.sent.expose(),
            self.progress.refused.expose(),
            self.state.access().map_or("", |access| access.token.expose()),
            self.state.grant().and_then(|grant| grant.refresh.as_ref()).map_or("", Secret::expose),
        ];
        let secrets: Vec<&str> = secrets.into_iter().filter(|secret| !secret.is_empty()).collect();
        let (verdict, failure) = judge(response, self.what(), &secrets, self.now);
        self.judged(verdict, failure, Some(response))
    }

    fn judged(&mut self, verdict: Verdict, failure: Failure, response: Option<&Response>) -> Then {
        match (self.progress.call, verdict, response) {
            (Some(Call::Reconnect), Verdict::Fine, Some(response)) => match authorization_code(response) {
                Some(code) => self.begin(Call::Exchange, code),
                None => self.again(Failure { message: joined(&[&failure.message, " without a code"]), ..failure }),
            },
            (Some(_), Verdict::Fine, Some(response)) => match self.tokens(response) {
                Ok(found) => self.settle(found),
                Err((verdict, failure)) => self.judged(verdict, failure, None),
            },
            (Some(Call::Refresh), Verdict::Dead, _) => {
                if let Some(grant) = self.state.grant().cloned() {
                    self.store(State::NeedsReconnect(grant));
                }
                self.progress.attempts = 0;
                self.begin(Call::Reconnect, Secret::default())
            }
            (Some(Call::Reconnect), Verdict::Dead | Verdict::No, _) => {
                // Who asked for it may have tokens that are good.
                if matches!(self.state, State::NeedsReconnect(_)) {
                    self.store(State::NeedsInstall);
                }
                Then::Fail(Box::new(Failure { code: FailureCode::NeedsInstall, retryable: false, ..failure }))
            }
            (Some(Call::Exchange), Verdict::Dead | Verdict::Unsure, _) if !self.progress.installs => {
                // This code is gone; a reconnect gives another one.
                match self.again(failure) {
                    Then::Wait(ms) => {
                        self.progress.call = Some(Call::Reconnect);
                        Then::Wait(ms)
                    }
                    other => other,
                }
            }
            (Some(Call::Exchange), Verdict::Dead | Verdict::No, _) => {
                Then::Fail(Box::new(Failure { code: FailureCode::CodeRejected, ..failure }))
            }
            // It may have been used, and may be used only once.
            (Some(Call::Exchange), Verdict::Unsure, _) => Then::Fail(Box::new(Failure { retryable: false, ..failure })),
            (Some(Call::LocationToken), Verdict::Dead | Verdict::Client, _) if failure.status == Some(401) => {
                if self.progress.renewed {
                    return Then::Fail(Box::new(Failure { code: FailureCode::CompanyTokenRefused, ..failure }));
                }
                self.progress.renewed = true;
                let company_id = self.company_id();
                Then::CompanyToken { company_id, refused: Some(self.progress.sent.clone()) }
            }
            (Some(Call::LocationToken), Verdict::Dead | Verdict::Client | Verdict::No, _) => {
                Then::Fail(Box::new(Failure { code: FailureCode::NeedsInstall, ..failure }))
            }
            (_, Verdict::Later | Verdict::Unsure, _) => self.again(failure),
            _ => self.give_up(failure),
        }
    }

    fn company_id(&self) -> String {
        match &self.state {
            State::UnderCompany { company_id, .. } => company_id.clone(),
            _ => String::new(),
        }
    }

    /// Waits to ask once more, if there is time for it.
    fn again(&mut self, failure: Failure) -> Then {
        let later = failure.code == FailureCode::RateLimited;
        let doubled = f64::from(1_u32 << self.progress.attempts.saturating_sub(1).min(8));
        let backoff = if later { CLOSED_MS } else { BACKOFF_MS } * doubled * (0.5 + self.chance / 2.0);
        let wait = backoff.max(failure.retry_after_ms.unwrap_or_default()).ceil();
        let queues = later && self.progress.call == Some(Call::LocationToken);
        let most = if queues { MAX_QUEUED_MS } else { MAX_TIME_MS };
        let left = queues || self.progress.attempts < MAX_ATTEMPTS;
        if left && self.now + wait - self.progress.began <= most {
            return Then::Wait(wait);
        }
        self.give_up(failure)
    }

    /// The endpoint cannot help at present: while the token is good, nobody need know.
    fn give_up(&mut self, failure: Failure) -> Then {
        let Some(given) = self.still_good().filter(|_| !self.progress.installs && !self.progress.asked) else {
            return Then::Fail(Box::new(failure));
        };
        if let State::Refreshing { grant, .. } = &self.state {
            let grant = grant.clone();
            self.store(State::Refreshing { grant, retry_at: self.now + REST_MS });
        }
        given
    }

    /// The tokens of an answer, if they are those of whom they were asked for.
    fn tokens(&self, response: &Response) -> Result<Tokens, (Verdict, Failure)> {
        // What cannot be read may have been meant as a success, and used up what was sent.
        let found = tokens(response, self.now).map_err(|failure| (Verdict::Unsure, failure))?;
        let about = &found.about;
        let (wanted, came) = match self.owner {
            Some(Owner::Location(id)) => (Some(id), &about.location_id),
            Some(Owner::Company(id)) => (Some(id), &about.company_id),
            None => (None, &None),
        };
        let message = match (wanted, came) {
            (Some(wanted), Some(came)) if wanted != came => "the endpoint gave the tokens of another account",
            (None, _) if about.owner.is_none() => {
                "the answer names no locationId, or no companyId for a company's tokens"
            }
            _ => return Ok(found),
        };
        let mut failure = Failure::new(FailureCode::UnexpectedAnswer, message);
        failure.status = Some(response.status);
        Err((Verdict::Odd, failure))
    }

    /// There are new tokens.
    fn settle(&mut self, Tokens { grant, about }: Tokens) -> Then {
        let given = give(&grant.access);
        if self.progress.call == Some(Call::LocationToken) {
            let company_id = self.company_id();
            self.store(State::UnderCompany { company_id, access: Some(grant.access) });
            return given;
        }
        // A server that does not rotate its refresh tokens names none.
        let before = if self.progress.call == Some(Call::Refresh) { self.state.grant() } else { None };
        let refresh = grant.refresh.or_else(|| before?.refresh.clone());
        let company_id = grant.company_id.or_else(|| self.state.grant()?.company_id.clone());
        self.store(State::Active(Grant { access: grant.access, refresh, company_id }));
        if self.progress.installs {
            return Then::Installed(Box::new(about));
        }
        given
    }

    /// Tokens that came too late are stored, unless there are newer ones, or the account was forgotten.
    fn late(&mut self, refresh: &str, response: &Response) -> Then {
        let wanted = match &self.state {
            State::Refreshing { grant, .. } => grant.refresh.as_ref().is_some_and(|known| known.expose() == refresh),
            State::NeedsReconnect(_) | State::NeedsInstall => true,
            State::None | State::Active(_) | State::UnderCompany { .. } => false,
        };
        let (verdict, _) = judge(response, "", &[], self.now);
        if wanted && verdict == Verdict::Fine {
            if let Ok(found) = self.tokens(response) {
                self.progress = Progress { call: Some(Call::Refresh), ..Progress::default() };
                self.settle(found);
            }
        }
        Then::Done
    }
}

fn needs_install(message: &str) -> Then {
    Then::Fail(Box::new(Failure::new(FailureCode::NeedsInstall, message)))
}

fn give(access: &Access) -> Then {
    Then::Give(access.token.clone(), access.refresh_at)
}
