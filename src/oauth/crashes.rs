//! Many callers, crashes and failures in any order: what the machine keeps and what it may lose.

use super::app::options;
use super::*;
use crate::chance::Chance;
use crate::core::Response;

/// An authorization server that rotates its refresh tokens.
struct Server {
    /// For how many milliseconds the refresh token before the last counts once more; 0 is strict.
    grace: f64,
    reconnects: bool,
    live: String,
    /// The one before, and when it was used.
    before: Option<(String, f64)>,
    code: Option<String>,
    count: u32,
}

impl Server {
    fn rotate(&mut self, now: f64) -> Response {
        self.count += 1;
        self.before = Some((std::mem::replace(&mut self.live, format!("r{}", self.count)), now));
        let body = format!(
            r#"{{"access_token":"a{0}","refresh_token":"r{0}","expires_in":86399,"userType":"Location","locationId":"l"}}"#,
            self.count
        );
        Response { status: 200, body: body.into(), ..Response::default() }
    }

    fn answer(&mut self, post: &Post, now: f64) -> Response {
        let refuse = |body: &str| Response { status: 400, body: body.into(), ..Response::default() };
        let sent = |name: &str| post.body.split('&').find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
        if post.url.ends_with("/reconnect") {
            if !self.reconnects {
                return refuse(r#"{"message":"not installed"}"#);
            }
            self.count += 1;
            let code = format!("code-{}", self.count);
            let body = format!(r#"{{"authorizationCode":"{code}"}}"#);
            self.code = Some(code);
            return Response { status: 200, body: body.into(), ..Response::default() };
        }
        if let Some(code) = sent("code") {
            if self.code.take().as_deref() != Some(code) {
                return refuse(r#"{"error":"invalid_grant"}"#);
            }
            return self.rotate(now);
        }
        let refresh = sent("refresh_token").unwrap_or_default();
        let in_grace = |(before, at): &(String, f64)| before == refresh && now - at < self.grace;
        if refresh == self.live || self.before.as_ref().is_some_and(in_grace) {
            return self.rotate(now);
        }
        refuse(r#"{"error":"invalid_grant"}"#)
    }
}

struct History {
    server: Server,
    row: State,
    now: f64,
    chance: Chance,
    /// The endpoint has used up the refresh token of the row, and nobody was told the next one.
    answer_lost: bool,
}

/// How one caller ended.
#[derive(Debug, PartialEq)]
enum End {
    Given,
    Failed(FailureCode),
    Crashed,
}

impl History {
    fn stored(&self) -> &str {
        self.row.refresh.expose()
    }

    /// One caller at work on the row, cut off wherever `crash` says, in a world in which `failing` of ten requests fail.
    fn call(&mut self, refused: &str, mut crash: u64, failing: u64) -> End {
        let app = App::check(&options("")).expect("options");
        let owner = Owner::Location("l".into());
        let mut crashes = move || {
            crash = crash.wrapping_sub(1);
            crash == u64::MAX
        };
        let mut progress = Progress::default();
        let mut answer: Option<Response> = None;
        let mut event = 0;
        loop {
            let happened = match event {
                0 => Event::Ask { refused, company_id: "" },
                1 => answer.as_ref().map_or(Event::Lost, Event::Answer),
                _ => Event::Awake,
            };
            let chance = self.chance.fraction();
            let step = step(&app, Some(&owner), self.row.clone(), progress, happened, self.now, chance);
            if crashes() {
                self.answer_lost |= matches!(&answer, Some(response) if response.status == 200);
                return End::Crashed;
            }
            if step.write {
                let before = self.stored().to_owned();
                self.row = step.state;
                // The promise: a refresh token that the server would still take is not replaced by another one.
                if before == self.server.live {
                    assert_eq!(self.stored(), self.server.live, "the live refresh token is lost");
                }
                match self.row.status {
                    Status::NeedsReconnect | Status::NeedsInstall => {
                        assert!(self.answer_lost, "a token was given up that nobody has used");
                    }
                    Status::Active => {
                        assert_eq!(self.stored(), self.server.live, "a dead token is stored");
                        self.answer_lost = false;
                    }
                    _ => {}
                }
            }
            if crashes() {
                return End::Crashed;
            }
            progress = step.progress;
            match step.then {
                Then::Post(post) => {
                    event = 1;
                    self.now += 50.0;
                    answer = match self.chance.below(10) {
                        // Lost on its way there.
                        0 if failing > 0 => None,
                        1 if failing > 1 => Some(Response { status: 503, ..Response::default() }),
                        // Lost on its way back, or made unreadable.
                        lost @ 2..=3 if failing > lost => {
                            self.answer_lost |= self.server.answer(&post, self.now).status == 200;
                            (lost == 3).then(|| Response { status: 200, body: b"<html>".into(), ..Response::default() })
                        }
                        _ => Some(self.server.answer(&post, self.now)),
                    };
                    if crashes() {
                        self.answer_lost |= matches!(&answer, Some(response) if response.status == 200);
                        return End::Crashed;
                    }
                }
                Then::Wait(ms) => {
                    event = 2;
                    self.now += ms;
                }
                Then::Give => {
                    assert_ne!(self.row.access.expose(), refused, "the refused token came back");
                    return End::Given;
                }
                Then::Fail(failure) => return End::Failed(failure.code),
                other => panic!("{other:?}"),
            }
        }
    }
}

fn history(seed: u64, grace: f64, reconnects: bool) -> History {
    let (access, refresh) = (Secret::new("a0"), Secret::new("r0"));
    let server = Server { grace, reconnects, live: "r0".into(), before: None, code: None, count: 0 };
    let row = State { status: Status::Active, access, refresh, refresh_at: 1e9, expires_at: 1e9, ..State::default() };
    History { server, row, now: 0.0, chance: Chance(seed), answer_lost: false }
}

#[test]
fn no_interleaving_loses_a_refresh_token_that_nobody_has_used() {
    for seed in 0..20_000 {
        let grace = [0.0, 30_000.0][usize::from(seed % 2 == 0)];
        let mut history = history(seed, grace, seed % 3 > 0);
        for _ in 0..8 {
            let refused = history.row.access.expose().to_owned();
            let crash = history.chance.below(12);
            history.call(&refused, if crash > 9 { u64::MAX - 1 } else { crash }, seed % 5);
            history.now += history.chance.below(20_000) as f64;
        }
        // Once nothing fails any more, there is a token; without grace and reconnect only if no answer was lost.
        let lost = history.answer_lost || history.row.status == Status::NeedsInstall;
        let refused = history.row.access.expose().to_owned();
        let end = history.call(&refused, u64::MAX - 1, 0);
        if history.server.reconnects || !lost {
            assert_eq!(end, End::Given, "history {seed}: {:?}", history.row);
        } else {
            assert!(matches!(end, End::Given | End::Failed(FailureCode::NeedsInstall)), "history {seed}: {end:?}");
        }
    }
}

#[test]
fn a_crash_between_any_two_steps_of_a_refresh_loses_nothing() {
    for (grace, reconnects) in [(0.0, true), (30_000.0, true), (30_000.0, false)] {
        for crash in 0..4 {
            let mut history = history(1, grace, reconnects);
            assert_eq!(history.call("a0", crash, 0), End::Crashed, "{crash}");
            let calls = history.server.count;
            history.now += 1000.0;
            assert_eq!(history.call("a0", u64::MAX - 1, 0), End::Given, "grace {grace}, crash {crash}");
            assert!(history.server.count > calls, "nobody asked again");
        }
    }
}

#[test]
fn callers_one_after_the_other_make_one_request() {
    let mut history = history(1, 0.0, false);
    for _ in 0..8 {
        assert_eq!(history.call("a0", u64::MAX - 1, 0), End::Given);
    }
    assert_eq!(history.server.count, 1);
}
