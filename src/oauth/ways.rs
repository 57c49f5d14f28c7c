//! A location that has the app by itself, by its company, by both or not at all, told of by webhooks in any order: whenever it has
//! the app, it ends with a token, and when it has not, HighLevel is asked a few times and then left alone.

use super::app::options;
use super::*;
use crate::chance::Chance;
use crate::core::Response;
use std::collections::HashSet;

/// What HighLevel says of one location and its company.
#[derive(Default)]
struct HighLevel {
    /// The location has the app by itself: the refresh token that counts, empty before the first.
    own: Option<String>,
    /// The company has the app, with this location or without it.
    company: Option<bool>,
    code: Option<String>,
    accepted: HashSet<String>,
    count: u32,
    posts: u32,
}

impl HighLevel {
    fn tokens(&mut self, own: bool) -> Response {
        self.count += 1;
        let (access, refresh) =
            (format!("{}{}", if own { "own" } else { "under" }, self.count), format!("r{}", self.count));
        self.accepted.insert(access.clone());
        let mut body =
            format!(r#"{{"access_token":"{access}","expires_in":600,"userType":"Location","locationId":"l""#);
        if self.count.is_multiple_of(2) {
            // Not every answer names the company.
            body.push_str(r#","companyId":"c""#);
        }
        if own {
            body.push_str(&format!(r#","refresh_token":"{refresh}""#));
            self.own = Some(refresh);
        }
        body.push('}');
        Response { status: 200, body: body.into(), ..Response::default() }
    }

    fn answer(&mut self, post: &Post) -> Response {
        self.posts += 1;
        let refuse = |body: &str| Response { status: 400, body: body.into(), ..Response::default() };
        let sent = |name: &str| post.body.split('&').find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
        if post.url.ends_with("/reconnect") {
            if self.own.is_none() {
                return refuse(r#"{"message":"Location not found"}"#);
            }
            self.count += 1;
            let code = format!("code-{}", self.count);
            let body = format!(r#"{{"authorizationCode":"{code}"}}"#);
            self.code = Some(code);
            return Response { status: 200, body: body.into(), ..Response::default() };
        }
        if post.url.ends_with("/locationToken") {
            return match self.company {
                Some(true) => self.tokens(false),
                Some(false) => refuse(r#"{"message":"Location not found"}"#),
                None => Response { status: 401, body: r#"{"message":"Invalid token"}"#.into(), ..Response::default() },
            };
        }
        let is_code = sent("code").is_some() && self.code.take().as_deref() == sent("code") && self.own.is_some();
        if is_code || self.own.is_some() && sent("refresh_token") == self.own.as_deref() {
            return self.tokens(true);
        }
        refuse(r#"{"error":"invalid_grant"}"#)
    }

    /// The app goes from the location, or from the company.
    fn remove(&mut self, of_location: bool) {
        let (own, under) = (of_location, true);
        if of_location {
            self.own = None;
            self.company = self.company.map(|_| false);
        } else {
            self.company = None;
        }
        self.accepted.retain(|token| !(own && token.starts_with("own") || under && token.starts_with("under")));
    }
}

struct History {
    highlevel: HighLevel,
    row: State,
    now: f64,
    chance: Chance,
    /// What webhooks are still to tell: whether the app was installed, and when.
    webhooks: Vec<(bool, f64)>,
}

impl History {
    fn step(&mut self, progress: Progress, event: Event<'_>) -> (Progress, Then) {
        let app = App::check(&options("")).expect("options");
        let owner = Owner::Location("l".into());
        let chance = self.chance.fraction();
        let step = super::step(&app, Some(&owner), self.row.clone(), progress, event, self.now, chance);
        if step.write {
            self.row = step.state;
        }
        (step.progress, step.then)
    }

    /// A token that HighLevel accepts, or `None`; a caller who is refused with one asks for another one.
    fn call(&mut self) -> Option<String> {
        let mut refused = String::new();
        for _ in 0..3 {
            let token = self.token(&refused)?;
            if self.highlevel.accepted.contains(&token) {
                return Some(token);
            }
            refused = token;
        }
        panic!("it is given dead tokens: {:?}", self.row);
    }

    fn token(&mut self, refused: &str) -> Option<String> {
        let (mut progress, mut then) = self.step(Progress::default(), Event::Ask { refused, company_id: "" });
        for _ in 0..20 {
            let response = match &then {
                Then::Post(post) => Some(self.highlevel.answer(post)),
                _ => None,
            };
            let company = if self.highlevel.company.is_some() { "company-1" } else { "" };
            let event = match then {
                Then::Post(_) => response.as_ref().map_or(Event::Lost, Event::Answer),
                Then::CompanyToken(_) => Event::CompanyToken(company),
                Then::Wait(ms) => {
                    self.now += ms;
                    Event::Awake
                }
                Then::Give => return Some(self.row.access.expose().to_owned()),
                Then::Fail(failure) => {
                    assert_eq!(failure.code, FailureCode::NeedsInstall);
                    return None;
                }
                other => panic!("{other:?}"),
            };
            (progress, then) = self.step(progress, event);
        }
        panic!("it goes round: {:?}", self.row);
    }

    /// Something happens, or is told, or somebody asks.
    fn happen(&mut self) {
        self.now += 1000.0 + self.chance.below(100_000) as f64;
        match self.chance.below(10) {
            0 => {
                self.highlevel.company = Some(true);
                self.webhooks.push((true, self.now));
            }
            1 => {
                self.highlevel.own.get_or_insert_default();
                self.webhooks.push((true, self.now));
            }
            2 if self.highlevel.own.is_some() || self.highlevel.company == Some(true) => {
                self.highlevel.remove(true);
                self.webhooks.push((false, self.now));
            }
            // A company's removal is not told to its locations.
            3 => self.highlevel.remove(false),
            4..=6 if !self.webhooks.is_empty() => {
                let at = self.chance.below(self.webhooks.len() as u64) as usize;
                // Some come twice.
                let told = if self.chance.below(4) == 0 { self.webhooks[at] } else { self.webhooks.swap_remove(at) };
                self.tell(told);
            }
            _ => drop(self.call()),
        }
    }

    fn tell(&mut self, (installed, at): (bool, f64)) {
        let event = if installed { Event::Installed("c", at) } else { Event::Uninstalled(at) };
        assert_eq!(self.step(Progress::default(), event).1, Then::Done);
    }
}

#[test]
fn whichever_way_a_location_has_the_app_it_ends_with_a_token() {
    let (mut both, mut none) = (0, 0);
    for seed in 0..20_000 {
        let mut history = History {
            highlevel: HighLevel::default(),
            row: State::default(),
            now: 1e9,
            chance: Chance(seed),
            webhooks: Vec::new(),
        };
        for _ in 0..25 {
            history.happen();
        }
        while !history.webhooks.is_empty() {
            let at = history.chance.below(history.webhooks.len() as u64) as usize;
            let told = history.webhooks.swap_remove(at);
            history.now += 1000.0;
            history.tell(told);
        }
        let has = history.highlevel.own.is_some() || history.highlevel.company == Some(true);
        history.now += 3_600_000.0;
        // The first one may find that its tokens are dead, and a reconnect may have been refused a moment ago.
        let first = history.call();
        history.now += 61_000.0;
        let token = history.call();
        assert!(first.is_none() || token.is_some(), "history {seed}: {:?}", history.row);
        assert_eq!(token.is_some(), has, "history {seed}: {:?}", history.row);
        if has {
            both += 1;
            continue;
        }
        none += 1;
        // Nobody is asked for nothing: within the minute by nobody but the company.
        let before = history.highlevel.posts;
        for _ in 0..5 {
            history.now += 1000.0;
            assert_eq!(history.call(), None);
        }
        assert!(history.highlevel.posts - before <= 10, "history {seed}: {}", history.highlevel.posts - before);
    }
    assert!(both > 5000 && none > 2000, "{both} {none}");
}
