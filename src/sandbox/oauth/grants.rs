//! What was approved and handed out: installations, codes, refresh tokens.

use crate::json::joined;
use crate::sandbox::calendar::{DAY, MINUTE};
use crate::sandbox::http::auth::{Resource, Tokens};
use crate::sandbox::http::secret::Secret;
use crate::sandbox::rng::{key, Rng};

/// How long an access token counts, in seconds.
pub const EXPIRES_IN: i64 = 86_399;
/// How long a code counts.
const CODE: i64 = 10 * MINUTE;
/// How long a refresh token counts that is not used.
const REFRESH: i64 = 365 * DAY;

/// An installation of the app.
#[derive(Debug, Clone)]
pub struct Install {
    /// In which location, or in the company as a whole.
    pub resource: Resource,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Of a company's: the locations that were approved.
    pub approved: Vec<String>,
    /// Of a company's: whether every location was approved, those to come as well.
    pub all: bool,
    /// When.
    pub at: i64,
}

impl Install {
    /// Whether it covers a location of its company.
    pub fn covers(&self, location: &str) -> bool {
        match &self.resource {
            Resource::Company => self.all || self.approved.iter().any(|own| own == location),
            Resource::Location(own) => own == location,
        }
    }
}

/// What tokens are given for, once.
#[derive(Debug)]
struct Ticket {
    text: Secret,
    kind: Kind,
    resource: Resource,
    until: i64,
    /// When it was used, or when a younger one took its place.
    superseded: Option<i64>,
    /// Of a code: where it was sent; nowhere if the app asked for it itself.
    redirect_uri: Option<String>,
    /// Of refresh tokens: those that follow from one another, of which the youngest counts.
    chain: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Code,
    /// A refresh token of an installation.
    Own,
    /// A refresh token that came with a location token of the company.
    Minted,
}

/// An access token and the refresh token beside it.
#[derive(Debug)]
pub struct Pair {
    /// The access token.
    pub access: Secret,
    /// The refresh token.
    pub refresh: Secret,
    /// The id of the refresh token.
    pub refresh_id: String,
    /// Whose data they open.
    pub resource: Resource,
}

/// Everything that was approved and handed out.
#[derive(Debug, Default)]
pub struct Grants {
    seed: u64,
    /// For how many milliseconds a refresh token counts after its use.
    grace_ms: i64,
    /// How many texts were made so far: numbers them.
    made: u64,
    installs: Vec<Install>,
    /// What was installed and not told of yet.
    new: Vec<Resource>,
    tickets: Vec<Ticket>,
}

impl Grants {
    /// Nothing yet.
    pub fn new(seed: u64, grace_ms: u32) -> Self {
        Self { seed: key(seed, "oauth"), grace_ms: grace_ms.into(), ..Self::default() }
    }

    fn rng(&mut self) -> Rng {
        self.made += 1;
        Rng::new(self.seed, self.made)
    }

    /// The installation in a location or in the company.
    pub fn install(&self, resource: &Resource) -> Option<&Install> {
        self.installs.iter().find(|install| install.resource == *resource)
    }

    /// The installation that lets the app into a location: its own, or the company's.
    pub fn covering(&self, location: &str) -> Option<&Install> {
        self.installs.iter().find(|install| install.covers(location))
    }

    /// Installs the app, or gives an installation new scopes and further locations: what a company has approved before stays
    /// approved until it is removed.
    pub fn add(&mut self, mut install: Install) {
        self.new.push(install.resource.clone());
        self.new.extend(install.approved.iter().cloned().map(Resource::Location));
        if let Some(at) = self.installs.iter().position(|own| own.resource == install.resource) {
            let mut before = self.installs.swap_remove(at);
            for id in std::mem::take(&mut install.approved) {
                if !before.approved.contains(&id) {
                    before.approved.push(id);
                }
            }
            install.approved = before.approved;
            install.all |= before.all;
        }
        self.installs.push(install);
    }

    /// Where the app was installed since the last time.
    pub fn take_new(&mut self) -> Vec<Resource> {
        std::mem::take(&mut self.new)
    }

    /// Removes the app from a location, or from the company with all its locations. `false` if it is not there.
    pub fn remove(&mut self, resource: &Resource, locations: &[String], tokens: &mut Tokens) -> bool {
        let here = match resource {
            Resource::Company => self.install(resource).is_some(),
            Resource::Location(location) => self.covering(location).is_some(),
        };
        // What the company's installation gave its locations goes with it; what a location has of its own stays.
        let own: Vec<Resource> = self.installs.iter().map(|install| install.resource.clone()).collect();
        let gone = |other: &Resource| other == resource || (*resource == Resource::Company && !own.contains(other));
        self.installs.retain(|install| install.resource != *resource);
        if let Resource::Location(location) = resource {
            for install in self.installs.iter_mut().filter(|install| install.covers(location)) {
                if std::mem::take(&mut install.all) {
                    install.approved = locations.to_vec();
                }
                install.approved.retain(|own| own != location);
            }
        }
        self.tickets.retain(|ticket| !gone(&ticket.resource));
        tokens.revoke(&gone);
        here
    }

    /// A code for an installation, and until when it counts.
    pub fn code(&mut self, resource: &Resource, redirect_uri: Option<&str>, now: i64) -> (String, i64) {
        let (text, until) = (self.rng().hex(40), now + CODE);
        self.tickets.push(Ticket {
            text: Secret(text.clone()),
            kind: Kind::Code,
            resource: resource.clone(),
            until,
            superseded: None,
            redirect_uri: redirect_uri.map(str::to_owned),
            chain: 0,
        });
        (text, until)
    }

    /// Whose data a code or a refresh token opens, without using it.
    pub fn owner(&self, text: &str) -> Option<&Resource> {
        self.tickets.iter().find(|ticket| ticket.text.0 == text).map(|ticket| &ticket.resource)
    }

    /// The code, or the refresh token, of this text that counts. Those that count no more are forgotten.
    fn find(&mut self, text: &str, code: bool, now: i64) -> Option<usize> {
        let grace = self.grace_ms;
        self.tickets.retain(|ticket| now < ticket.until && ticket.superseded.is_none_or(|at| now - at < grace));
        self.tickets.iter().position(|ticket| ticket.text.0 == text && (ticket.kind == Kind::Code) == code)
    }

    /// Uses a code: tokens for it, or `None` where it does not count. The error is a redirect URI that is another one.
    pub fn exchange(
        &mut self,
        text: &str,
        redirect_uri: Option<&str>,
        tokens: &mut Tokens,
        now: i64,
    ) -> Result<Option<Pair>, ()> {
        let Some(at) = self.find(text, true, now) else { return Ok(None) };
        if let (Some(uri), Some(sent)) = (redirect_uri, self.tickets[at].redirect_uri.as_deref()) {
            if uri != sent {
                return Err(());
            }
        }
        let resource = self.tickets.swap_remove(at).resource;
        // One connection for each installation: a new one takes the place of the old one.
        for old in self.tickets.iter_mut().filter(|old| old.kind == Kind::Own && old.resource == resource) {
            old.superseded.get_or_insert(now);
        }
        let chain = self.made;
        Ok(self.issue(&resource, (chain, Kind::Own), tokens, now))
    }

    /// Uses a refresh token: new tokens for it, or `None` where it does not count.
    pub fn refresh(&mut self, text: &str, tokens: &mut Tokens, now: i64) -> Option<Pair> {
        let at = self.find(text, false, now)?;
        let found = &self.tickets[at];
        let (chain, kind, resource) = (found.chain, found.kind, found.resource.clone());
        for old in self.tickets.iter_mut().filter(|old| old.kind != Kind::Code && old.chain == chain) {
            old.superseded.get_or_insert(now);
        }
        self.issue(&resource, (chain, kind), tokens, now)
    }

    /// Tokens for a location that the company's installation covers.
    pub fn mint(&mut self, location: &str, tokens: &mut Tokens, now: i64) -> Option<Pair> {
        let chain = self.made;
        self.issue(&Resource::Location(location.into()), (chain, Kind::Minted), tokens, now)
    }

    fn issue(
        &mut self,
        resource: &Resource,
        (chain, kind): (u64, Kind),
        tokens: &mut Tokens,
        now: i64,
    ) -> Option<Pair> {
        let mut rng = self.rng();
        let from = if kind == Kind::Minted { &Resource::Company } else { resource };
        let install = self.installs.iter().find(|install| install.resource == *from)?;
        let mut text = || Secret(joined(&[&rng.text(36), ".", &rng.text(120), ".", &rng.text(43)]));
        let (access, refresh) = (text(), text());
        tokens.add(&access.0, resource, &install.scopes, (now, now + EXPIRES_IN * 1000));
        self.tickets.push(Ticket {
            text: refresh.clone(),
            kind,
            resource: resource.clone(),
            until: now + REFRESH,
            superseded: None,
            redirect_uri: None,
            chain,
        });
        Some(Pair { access, refresh, refresh_id: rng.hex(24), resource: resource.clone() })
    }
}
