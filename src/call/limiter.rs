//! When a request may go out, so that the server never has to answer 429.
//!
//! HighLevel allows 100 requests in 10 s for an app and a location (protocol: burst limit). It does not say when an
//! interval begins, so each request holds a slot until one interval after its answer: whatever interval the server
//! counts, it never sees more than it allows.
//!
//! Whoever holds something may be gone without a word: a Worker's request can end while its call waits, and then nothing
//! of it runs any more. So everything that is held is held for a time, and whoever asks next judges whether it is over.

use crate::core::RateLimit;
#[cfg(feature = "edge")]
use crate::json::{field, push_decimal, rounded_up, whole_numbers, Object};

/// Requests and milliseconds that HighLevel documents. They hold until an answer names others.
const LIMIT: usize = 100;
const INTERVAL_MS: u64 = 10_000;

/// The most slots that are kept: a higher limit is taken for none.
const MAX_LIMIT: usize = 1000;

/// For how many locations slots are kept while none of them is held.
const MAX_IDLE: usize = 32;

/// The longest time in milliseconds for which a server may close the way, and the longest interval that is kept to.
const MAX_CLOSED_MS: u64 = 60_000;

/// The longest time in milliseconds that an attempt may take and still hold its slot.
const MAX_FLIGHT_MS: u64 = 600_000;

/// Who waits asks again within so many milliseconds, which shows that it is still there.
const RENEW_MS: u64 = 500;

/// Who has not asked again so many milliseconds after it should have is passed by. It keeps its place for when it comes.
const GRACE_MS: u64 = 500;

/// How many holds of a list are read of a text.
#[cfg(feature = "edge")]
const MAX_KEPT: usize = 4096;

/// One slot in so many is left to interactive calls.
const RESERVE: usize = 10;

/// What a request asks and is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It may go out now. [`Limiter::done`] has to follow.
    Go,
    /// It is to ask again after so many milliseconds.
    Wait(u32),
}

/// One caller that wants a turn, and later one more for each further attempt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ticket {
    /// The location whose limit counts, as [`hash`](super::hash) of its id.
    pub location: u64,
    /// Whether interactive calls go first: the pages of an iteration, exports.
    pub background: bool,
    /// From 1, in the order of the first questions; 0 before that.
    number: u64,
}

impl Ticket {
    /// A ticket of one call.
    pub fn new(location: u64, background: bool) -> Self {
        Self { location, background, number: 0 }
    }

    /// The ticket of one call that has asked before, with the number that it got then.
    #[cfg(feature = "edge")]
    pub fn numbered(location: u64, background: bool, number: u64) -> Self {
        Self { location, background, number }
    }

    /// From 1, in the order of the first questions; 0 before that.
    #[cfg(feature = "edge")]
    pub fn number(&self) -> u64 {
        self.number
    }
}

/// The limits of all locations that a client, or clients that share it, call.
#[derive(Debug, Default)]
pub struct Limiter {
    locations: Vec<Slots>,
    /// The last number that a ticket got. It is not counted per location: what is known of one that rests is forgotten,
    /// and a number must not come twice.
    numbers: u64,
}

impl Limiter {
    /// Asks for a turn at `now`, in milliseconds since 1970, for an attempt that takes `timeout_ms` at the most.
    #[inline(always)]
    pub fn ask(&mut self, ticket: &mut Ticket, now: u64, timeout_ms: u64) -> Turn {
        if ticket.number == 0 {
            self.numbers += 1;
            ticket.number = self.numbers;
        }
        self.slots(ticket.location, now).ask(*ticket, now, timeout_ms)
    }

    /// Gives up a ticket that waits.
    pub fn leave(&mut self, ticket: &Ticket, now: u64) {
        self.slots(ticket.location, now).leave(*ticket, now);
    }

    /// A request that had its turn has ended. `named` is what its answer says of the limits, if it says anything.
    /// `refused`: it was answered with 429, and for so many milliseconds the server wants no other request.
    #[inline(always)]
    pub fn done(&mut self, ticket: &Ticket, now: u64, named: Option<&RateLimit>, refused: Option<u64>) {
        self.slots(ticket.location, now).done(*ticket, now, named, refused);
    }

    /// What is known of one location, as text: whoever keeps it knows after a restart what was sent.
    #[cfg(feature = "edge")]
    pub fn snapshot(&self, location: u64) -> String {
        let mut out = Object::new();
        out.number("numbers", Some(self.numbers as f64));
        if let Some(slots) = self.locations.iter().find(|slots| slots.location == location) {
            slots.put(&mut out);
        }
        out.finish()
    }

    /// Reads what [`Self::snapshot`] wrote of a location; of any other text comes a limiter that knows nothing.
    #[cfg(feature = "edge")]
    pub fn restored(location: u64, text: &str) -> Self {
        let json = text.as_bytes();
        let numbers = rounded_up(field(json, "numbers"));
        Self { locations: Slots::read(location, json).into_iter().collect(), numbers }
    }

    /// Whoever sent or waited is gone, and so are its connections: what is under way was seen by the server until now, or
    /// never will be, so that it holds its slot for one interval from now on at the most. Gives how many those are.
    #[cfg(feature = "edge")]
    pub fn restarted(&mut self, location: u64, now: u64) -> usize {
        self.slots(location, now).restarted(now)
    }

    /// A turn that was given at the same time is not used: nothing was sent.
    #[cfg(feature = "edge")]
    pub fn give_back(&mut self, ticket: &Ticket, now: u64) {
        release(&mut self.slots(ticket.location, now).flying, now, ticket.number);
    }

    /// How many requests of a location are under way.
    #[cfg(feature = "edge")]
    pub fn under_way(&mut self, location: u64, now: u64) -> usize {
        let slots = self.slots(location, now);
        slots.expire(now);
        slots.flying.len()
    }

    /// Whether it would do as one that knows nothing.
    pub fn rests(&mut self, now: u64) -> bool {
        let documented = |slots: &Slots| slots.limit == LIMIT && slots.interval_ms == INTERVAL_MS;
        self.locations.iter_mut().all(|slots| slots.idle(now) && documented(slots))
    }

    fn slots(&mut self, location: u64, now: u64) -> &mut Slots {
        let known = self.locations.iter().position(|slots| slots.location == location);
        let at = known.unwrap_or_else(|| {
            if self.locations.len() >= MAX_IDLE {
                if let Some(idle) = self.locations.iter_mut().position(|slots| slots.idle(now)) {
                    self.locations.swap_remove(idle);
                }
            }
            self.locations.push(Slots { location, limit: LIMIT, interval_ms: INTERVAL_MS, ..Slots::default() });
            self.locations.len() - 1
        });
        &mut self.locations[at]
    }
}

/// Something that is held for a time.
#[derive(Debug, Clone, Copy, Default)]
struct Hold {
    /// The ticket's number; 0 where it is nobody's any more.
    number: u64,
    /// In milliseconds since 1970.
    since: u64,
    /// In milliseconds.
    span: u64,
}

impl Hold {
    /// Milliseconds until it is over; 0 when it is. After the clock was set back it begins anew: by the time that it
    /// began with, it could last for hours.
    fn left(&mut self, now: u64) -> u64 {
        self.since = self.since.min(now);
        self.span.saturating_sub(now - self.since)
    }
}

/// Takes out what is over, and what belongs to the ticket of this number, which says whether there was any.
fn release(list: &mut Vec<Hold>, now: u64, number: u64) -> bool {
    let mut found = false;
    list.retain_mut(|hold| {
        let wanted = hold.left(now) > 0;
        let own = wanted && number != 0 && hold.number == number;
        found |= own;
        wanted && !own
    });
    found
}

/// The slots of one location.
#[derive(Debug, Default)]
struct Slots {
    location: u64,
    /// 0: more than are kept count of.
    limit: usize,
    interval_ms: u64,
    /// The slots of requests that have ended, the one that is free first at first.
    held: Vec<Hold>,
    /// The slots of requests under way: until an interval after the time by which they have ended, answered or not.
    flying: Vec<Hold>,
    /// Those that wait: interactive, background. Each until it should have asked again.
    waiting: [Vec<Hold>; 2],
    /// Nothing goes out meanwhile: the server has said 429.
    closed: Hold,
}

#[cfg(feature = "edge")]
impl Slots {
    /// Writes them as members of an object; times count from the earliest one, which keeps the text short.
    fn put(&self, out: &mut Object) {
        let lists = [&self.held, &self.flying, &self.waiting[0], &self.waiting[1]];
        let base = lists.iter().flat_map(|list| list.iter()).fold(self.closed.since, |base, hold| {
            if base == 0 {
                hold.since
            } else {
                base.min(hold.since)
            }
        });
        out.number("limit", Some(self.limit as f64));
        out.number("interval", Some(self.interval_ms as f64));
        out.number("base", Some(base as f64));
        for (name, list) in LISTS.iter().zip(lists) {
            put_holds(out, name, list, base);
        }
        put_holds(out, "closed", &[self.closed], base);
    }

    fn read(location: u64, json: &[u8]) -> Option<Self> {
        let number = |name: &str| rounded_up(field(json, name));
        let interval_ms = number("interval");
        if interval_ms == 0 || interval_ms > MAX_CLOSED_MS {
            return None;
        }
        let base = number("base");
        let [held, flying, interactive, background] = LISTS.map(|name| holds(field(json, name), base));
        let closed = holds(field(json, "closed"), base).first().copied().unwrap_or_default();
        let limit = (number("limit") as usize).min(MAX_LIMIT);
        Some(Self { location, limit, interval_ms, held, flying, waiting: [interactive, background], closed })
    }

    fn restarted(&mut self, now: u64) -> usize {
        self.expire(now);
        self.waiting = Default::default();
        let flown = self.flying.len();
        for mut hold in self.flying.drain(..) {
            let span = hold.left(now).min(self.interval_ms);
            let later = |other: &Hold| other.since + other.span > now + span;
            let at = self.held.iter().position(later).unwrap_or(self.held.len());
            self.held.insert(at, Hold { number: 0, since: now, span });
        }
        flown
    }
}

/// The names of the lists of holds in a snapshot.
#[cfg(feature = "edge")]
const LISTS: [&str; 4] = ["held", "flying", "interactive", "background"];

/// Writes holds as numbers, three for each: in one text, which a reader of other members passes at once.
#[cfg(feature = "edge")]
fn put_holds(out: &mut Object, name: &str, list: &[Hold], base: u64) {
    if list.iter().all(|hold| hold.span == 0) {
        return;
    }
    let mut text = String::from("\"");
    for hold in list {
        for number in [hold.number, hold.since.saturating_sub(base), hold.span] {
            if text.len() > 1 {
                text.push(',');
            }
            push_decimal(&mut text, number);
        }
    }
    text.push('"');
    out.json(name, &text);
}

/// Reads them.
#[cfg(feature = "edge")]
fn holds(json: &[u8], base: u64) -> Vec<Hold> {
    let mut found = Vec::new();
    let mut parts = whole_numbers(json);
    while let (Some(number), Some(since), Some(span)) = (parts.next(), parts.next(), parts.next()) {
        if found.len() < MAX_KEPT {
            let span = span.min(MAX_FLIGHT_MS + MAX_CLOSED_MS);
            found.push(Hold { number, since: base.saturating_add(since), span });
        }
    }
    found
}

impl Slots {
    #[inline(always)]
    fn ask(&mut self, ticket: Ticket, now: u64, timeout_ms: u64) -> Turn {
        self.leave(ticket, now);
        let limit = if self.limit == 0 { usize::MAX } else { self.limit };
        let reserved = if ticket.background { limit / RESERVE + 1 } else { 0 };
        let usable = limit.saturating_sub(reserved).max(1);
        let before = self.held.len() + self.flying.len() + self.ahead(ticket);
        let (number, since) = (ticket.number, now);
        let closed = self.closed.left(now);
        if before < usable && closed == 0 {
            let span = timeout_ms.min(MAX_FLIGHT_MS) + self.interval_ms;
            self.flying.push(Hold { number, since, span });
            return Turn::Go;
        }
        // So many more slots than the first one have to become free. When those of requests under way will be, nobody knows.
        let free = before
            .checked_sub(usable)
            .map_or(0, |more| self.held.get_mut(more).map_or(RENEW_MS, |hold| hold.left(now)));
        let wait = free.max(closed).clamp(1, RENEW_MS.min(self.interval_ms));
        self.waiting[usize::from(ticket.background)].push(Hold { number, since, span: wait + GRACE_MS });
        Turn::Wait(wait as u32)
    }

    fn idle(&mut self, now: u64) -> bool {
        self.expire(now);
        let holds = self.held.len() + self.flying.len() + self.waiting[0].len() + self.waiting[1].len();
        holds == 0 && self.closed.left(now) == 0
    }

    fn expire(&mut self, now: u64) {
        let [interactive, background] = &mut self.waiting;
        for list in [&mut self.held, &mut self.flying, interactive, background] {
            release(list, now, 0);
        }
    }

    /// How many of those that wait go before.
    fn ahead(&self, ticket: Ticket) -> usize {
        let [interactive, background] = &self.waiting;
        let before = |list: &[Hold]| list.iter().filter(|hold| hold.number < ticket.number).count();
        if ticket.background {
            interactive.len() + before(background)
        } else {
            before(interactive)
        }
    }

    fn leave(&mut self, ticket: Ticket, now: u64) {
        self.expire(now);
        release(&mut self.waiting[usize::from(ticket.background)], now, ticket.number);
    }

    #[inline(always)]
    fn done(&mut self, ticket: Ticket, now: u64, named: Option<&RateLimit>, refused: Option<u64>) {
        self.expire(now);
        // One that answers after its time holds nothing any more: its slot is somebody else's by now.
        let flew = release(&mut self.flying, now, ticket.number);
        if let Some(limit) = named.and_then(|named| named.limit) {
            let limit = limit as usize;
            self.limit = if limit > MAX_LIMIT { 0 } else { limit.max(1) };
        } else if refused.is_some() && self.limit == 0 {
            self.limit = LIMIT;
        }
        if let Some(interval) = named.and_then(|named| named.interval_ms) {
            self.interval_ms = (interval as u64).clamp(1, MAX_CLOSED_MS);
        }
        if let Some(wait) = refused {
            let span = wait.min(MAX_CLOSED_MS).max(self.closed.left(now));
            self.closed = Hold { number: 0, since: now, span };
        }
        if self.limit == 0 {
            return;
        }
        let mut taken = self.held.len() + usize::from(flew);
        if let Some(remaining) = named.and_then(|named| named.remaining) {
            // Others use the same limit: what they took is not there either.
            let all = self.limit.saturating_sub(remaining as usize);
            taken = taken.max(all.saturating_sub(self.flying.len()));
        }
        while self.held.len() < taken {
            self.held.push(Hold { number: 0, since: now, span: self.interval_ms });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::counting_server::CountingServer as Server;

    const NAMED: RateLimit = RateLimit {
        limit: Some(100.0),
        remaining: None,
        interval_ms: Some(10_000.0),
        daily_limit: None,
        daily_remaining: None,
    };

    const TIMEOUT: u64 = 30_000;

    struct Call {
        ticket: Ticket,
        /// When it asks again, or its answer comes.
        at: u64,
        sent: bool,
        latency: u64,
        ended: Option<u64>,
    }

    fn call(background: bool, at: u64, latency: u64) -> Call {
        Call { ticket: Ticket::new(1, background), at, sent: false, latency, ended: None }
    }

    /// Runs calls to their ends, in virtual time.
    fn play(limiter: &mut Limiter, calls: &mut [Call], server: &mut Server) -> u64 {
        let mut steps = 0;
        while let Some(next) = calls.iter_mut().filter(|call| call.ended.is_none()).min_by_key(|call| call.at) {
            let now = next.at;
            steps += 1;
            assert!(steps < 1_000_000, "the calls do not end");
            if next.sent {
                limiter.done(&next.ticket, now, Some(&NAMED), None);
                next.ended = Some(now);
            } else {
                match limiter.ask(&mut next.ticket, now, TIMEOUT) {
                    Turn::Go => {
                        // The server sees it somewhere on its way.
                        server.take(now + next.latency / 3);
                        next.sent = true;
                        next.at = now + next.latency;
                    }
                    Turn::Wait(ms) => next.at = now + u64::from(ms),
                }
            }
        }
        calls.iter().filter_map(|call| call.ended).max().unwrap_or_default()
    }

    #[test]
    fn a_thousand_calls_at_once_are_never_one_too_many_and_take_hardly_longer_than_they_must() {
        for offset in [0, 1, 2500, 9999] {
            let mut server = Server::new(offset);
            let mut calls: Vec<Call> = (0..1000).map(|i| call(false, 0, 80 + i * 37 % 300)).collect();
            let ended = play(&mut Limiter::default(), &mut calls, &mut server);
            assert_eq!(server.refused, 0);
            // Nine intervals between ten times a hundred.
            assert!((90_000..99_000).contains(&ended), "{ended} ms");
        }
    }

    #[test]
    fn calls_keep_their_order() {
        let mut calls: Vec<Call> = (0..300).map(|_| call(false, 0, 50)).collect();
        play(&mut Limiter::default(), &mut calls, &mut Server::new(0));
        let ends: Vec<u64> = calls.iter().filter_map(|call| call.ended).collect();
        assert!(ends.is_sorted());
    }

    #[test]
    fn an_interactive_call_does_not_wait_for_background_ones() {
        let mut calls: Vec<Call> = (0..1000).map(|_| call(true, 0, 100)).collect();
        calls.push(call(false, 5_000, 100));
        calls.push(call(false, 25_000, 100));
        let mut server = Server::new(0);
        play(&mut Limiter::default(), &mut calls, &mut server);
        assert_eq!((calls[1000].ended, calls[1001].ended, server.refused), (Some(5_100), Some(25_100), 0));
        // More of them than are kept free still go before.
        let mut calls: Vec<Call> = (0..500).map(|_| call(true, 0, 100)).collect();
        calls.extend((0..40).map(|_| call(false, 5_000, 100)));
        play(&mut Limiter::default(), &mut calls, &mut server);
        let last = calls[500..].iter().filter_map(|call| call.ended).max();
        assert!(last.is_some_and(|at| at < 10_500), "{last:?}");
    }

    #[test]
    fn locations_do_not_wait_for_each_other_and_are_forgotten_when_they_rest() {
        let mut limiter = Limiter::default();
        for i in 0..100 {
            assert_eq!(limiter.ask(&mut Ticket::new(1, false), i, TIMEOUT), Turn::Go);
        }
        assert!(matches!(limiter.ask(&mut Ticket::new(1, false), 100, TIMEOUT), Turn::Wait(_)));
        assert_eq!(limiter.ask(&mut Ticket::new(2, false), 100, TIMEOUT), Turn::Go);
        for location in 3..1000 {
            let mut ticket = Ticket::new(location, false);
            assert_eq!(limiter.ask(&mut ticket, 20_000 * location, TIMEOUT), Turn::Go);
            limiter.done(&ticket, 20_000 * location + 1, Some(&NAMED), None);
        }
        assert!(limiter.locations.len() <= MAX_IDLE + 1);
    }

    #[test]
    fn a_limiter_rests_when_it_holds_nothing_and_knows_no_other_limits() {
        let mut limiter = Limiter::default();
        assert!(limiter.rests(0));
        let mut ticket = Ticket::new(1, false);
        assert_eq!(limiter.ask(&mut ticket, 0, TIMEOUT), Turn::Go);
        assert!(!limiter.rests(1));
        limiter.done(&ticket, 100, Some(&NAMED), None);
        assert!(!limiter.rests(10_099) && limiter.rests(10_100));
        limiter.done(&Ticket::new(2, false), 20_000, None, Some(60_000));
        assert!(!limiter.rests(79_999) && limiter.rests(80_000));
        limiter.done(&Ticket::new(3, false), 80_000, Some(&RateLimit { limit: Some(25.0), ..NAMED }), None);
        assert!(!limiter.rests(200_000));
    }

    #[test]
    fn what_answers_say_goes_before_what_is_documented() {
        let mut limiter = Limiter::default();
        let mut ticket = Ticket::new(1, false);
        assert_eq!(limiter.ask(&mut ticket, 0, TIMEOUT), Turn::Go);
        let named =
            RateLimit { limit: Some(5.0), interval_ms: Some(2000.0), remaining: Some(2.0), ..RateLimit::default() };
        limiter.done(&ticket, 10, Some(&named), None);
        // Somebody else has taken two of the five.
        assert_eq!(limiter.ask(&mut Ticket::new(1, false), 20, TIMEOUT), Turn::Go);
        assert_eq!(limiter.ask(&mut Ticket::new(1, false), 20, TIMEOUT), Turn::Go);
        assert_eq!(limiter.ask(&mut Ticket::new(1, false), 20, TIMEOUT), Turn::Wait(RENEW_MS as u32));
    }

    /// Takes all slots for attempts that begin at `now`.
    fn fill(limiter: &mut Limiter, now: u64) -> Vec<Ticket> {
        let mut tickets: Vec<Ticket> = (0..LIMIT).map(|_| Ticket::new(1, false)).collect();
        tickets.iter_mut().for_each(|ticket| assert_eq!(limiter.ask(ticket, now, TIMEOUT), Turn::Go));
        tickets
    }

    fn goes(limiter: &mut Limiter, now: u64) -> bool {
        limiter.ask(&mut Ticket::new(1, false), now, TIMEOUT) == Turn::Go
    }

    #[test]
    fn the_documented_limit_holds_until_an_answer_names_another() {
        let mut limiter = Limiter::default();
        let tickets = fill(&mut limiter, 0);
        // Answers without the headers, which browsers hide across origins; with one that names the daily limit only.
        let daily = RateLimit { daily_limit: Some(200_000.0), ..RateLimit::default() };
        for named in [None, Some(&RateLimit::default()), Some(&daily)] {
            limiter.done(&tickets[0], 10, named, None);
            assert!(!goes(&mut limiter, 20));
        }
        let named = RateLimit { limit: Some(300.0), ..RateLimit::default() };
        limiter.done(&tickets[1], 30, Some(&named), None);
        for _ in 0..200 {
            assert!(goes(&mut limiter, 2000));
        }
        assert!(!goes(&mut limiter, 2000));
        limiter.done(&tickets[2], 3000, Some(&RateLimit { limit: Some(1e15), ..RateLimit::default() }), None);
        for _ in 0..1000 {
            assert!(goes(&mut limiter, 3001), "more than is kept count of");
        }
        limiter.done(&tickets[3], 3002, None, Some(500));
        assert!(!goes(&mut limiter, 4000), "until it says 429");
    }

    #[test]
    fn slots_of_calls_that_are_gone_are_free_again_an_interval_after_their_timeout() {
        let mut limiter = Limiter::default();
        let lifetime = TIMEOUT + INTERVAL_MS;
        for now in [0, lifetime, 2 * lifetime, 9 * lifetime] {
            fill(&mut limiter, now);
            // Whoever asks here and never again is forgotten by the time that the slots are free.
            assert!(!goes(&mut limiter, now + lifetime - RENEW_MS - GRACE_MS));
        }
        fill(&mut limiter, 20 * lifetime);
        assert!(!goes(&mut limiter, 21 * lifetime - 1));
        assert!(goes(&mut limiter, 21 * lifetime));
        let mut limiter = Limiter::default();
        (0..LIMIT).for_each(|_| assert_eq!(limiter.ask(&mut Ticket::new(1, false), 0, u64::MAX), Turn::Go));
        assert!(!goes(&mut limiter, MAX_FLIGHT_MS));
        assert!(goes(&mut limiter, MAX_FLIGHT_MS + INTERVAL_MS), "an attempt without a timeout");
    }

    #[test]
    fn a_call_that_is_gone_while_it_waits_blocks_nobody_and_one_that_is_late_keeps_its_place() {
        let mut limiter = Limiter::default();
        fill(&mut limiter, 0).iter().for_each(|ticket| limiter.done(ticket, 0, Some(&NAMED), None));
        let mut waiting: Vec<Ticket> = (0..250).map(|_| Ticket::new(1, false)).collect();
        let free = INTERVAL_MS;
        for ticket in &mut waiting {
            assert!(matches!(limiter.ask(ticket, free - 2 * RENEW_MS, TIMEOUT), Turn::Wait(_)));
        }
        // Slots are free, but those that wait may still come for them.
        let mut healthy = Ticket::new(1, false);
        assert!(matches!(limiter.ask(&mut healthy, free - RENEW_MS, TIMEOUT), Turn::Wait(_)));
        assert_eq!(limiter.ask(&mut healthy, free, TIMEOUT), Turn::Go, "nobody before it has come");
        assert_eq!(limiter.locations[0].waiting[0].len(), 0);
    }

    #[test]
    fn a_call_that_asks_late_keeps_its_place() {
        let mut limiter = Limiter::default();
        fill(&mut limiter, 0).iter().for_each(|ticket| limiter.done(ticket, 0, Some(&NAMED), None));
        let [mut late, mut second, mut third] = [Ticket::new(1, false); 3];
        for ticket in [&mut late, &mut second, &mut third] {
            assert!(matches!(limiter.ask(ticket, 5_000, TIMEOUT), Turn::Wait(_)));
        }
        (1..LIMIT).for_each(|_| assert!(goes(&mut limiter, INTERVAL_MS), "all of them are late"));
        assert_eq!(limiter.ask(&mut third, INTERVAL_MS, TIMEOUT), Turn::Go, "it comes first");
        limiter.done(&third, INTERVAL_MS, None, None);
        for ticket in [&mut second, &mut late] {
            assert!(matches!(limiter.ask(ticket, 2 * INTERVAL_MS - 100, TIMEOUT), Turn::Wait(_)));
        }
        assert!(matches!(limiter.ask(&mut second, 2 * INTERVAL_MS, TIMEOUT), Turn::Wait(_)));
        assert_eq!(limiter.ask(&mut late, 2 * INTERVAL_MS, TIMEOUT), Turn::Go);
    }

    #[test]
    fn an_answer_that_comes_after_its_slot_has_expired_frees_no_other() {
        let mut limiter = Limiter::default();
        let gone = fill(&mut limiter, 0);
        let later = TIMEOUT + INTERVAL_MS;
        let alive = fill(&mut limiter, later);
        gone.iter().for_each(|ticket| limiter.done(ticket, later, Some(&NAMED), None));
        assert!(!goes(&mut limiter, later + 1));
        assert_eq!(limiter.locations[0].flying.len(), LIMIT);
        alive.iter().for_each(|ticket| limiter.done(ticket, later + 10, Some(&NAMED), None));
        alive.iter().for_each(|ticket| limiter.done(ticket, later + 10, Some(&NAMED), None));
        assert_eq!(limiter.locations[0].held.len(), LIMIT, "once each");
        fill(&mut limiter, later + 10 + INTERVAL_MS);
    }

    #[test]
    fn after_a_429_nothing_goes_out_until_the_server_wants_it() {
        let mut limiter = Limiter::default();
        let mut ticket = Ticket::new(1, false);
        limiter.ask(&mut ticket, 0, TIMEOUT);
        limiter.done(&ticket, 0, None, Some(3000));
        assert_eq!(limiter.ask(&mut Ticket::new(1, false), 2_501, TIMEOUT), Turn::Wait(499));
        assert_eq!(limiter.ask(&mut Ticket::new(1, false), 3000, TIMEOUT), Turn::Go);
    }

    #[test]
    fn who_gives_up_leaves_no_gap() {
        let mut limiter = Limiter::default();
        let mut flying: Vec<Ticket> = (0..100).map(|_| Ticket::new(1, false)).collect();
        flying.iter_mut().for_each(|ticket| assert_eq!(limiter.ask(ticket, 0, TIMEOUT), Turn::Go));
        let mut quits: Vec<Ticket> = (0..500).map(|_| Ticket::new(1, false)).collect();
        quits.iter_mut().for_each(|ticket| assert!(matches!(limiter.ask(ticket, 1, TIMEOUT), Turn::Wait(_))));
        quits.iter().for_each(|ticket| limiter.leave(ticket, 2));
        flying.iter().for_each(|ticket| limiter.done(ticket, 100, Some(&NAMED), None));
        assert_eq!(limiter.ask(&mut Ticket::new(1, false), 200, TIMEOUT), Turn::Wait(RENEW_MS as u32));
        assert_eq!(limiter.ask(&mut Ticket::new(1, false), 10_100, TIMEOUT), Turn::Go);
    }

    #[test]
    fn a_429_that_names_a_shorter_wait_or_none_opens_nothing() {
        let mut limiter = Limiter::default();
        let tickets = fill(&mut limiter, 0);
        limiter.done(&tickets[0], 0, None, Some(30_000));
        limiter.done(&tickets[1], 10, None, Some(0));
        limiter.done(&tickets[2], 20, None, Some(u64::MAX));
        tickets.iter().for_each(|ticket| limiter.done(ticket, 30, None, None));
        assert!(!goes(&mut limiter, 20 + MAX_CLOSED_MS - 1));
        assert!(goes(&mut limiter, 20 + MAX_CLOSED_MS));
    }

    /// Some time, hours before and after which a clock can be set.
    const NOON: u64 = 1_000_000_000;

    #[test]
    fn a_clock_that_is_set_back_or_forward_holds_nothing_for_ever() {
        for (clock, wait) in
            [(5, MAX_CLOSED_MS.max(TIMEOUT + INTERVAL_MS)), (NOON - 3, TIMEOUT + INTERVAL_MS + MAX_CLOSED_MS)]
        {
            let mut limiter = Limiter::default();
            let tickets = fill(&mut limiter, NOON);
            assert!(!goes(&mut limiter, NOON));
            tickets[50..].iter().for_each(|ticket| limiter.done(ticket, NOON, None, Some(60_000)));
            assert!(!goes(&mut limiter, clock), "slots of a moment ago are still taken");
            assert!(!goes(&mut limiter, clock + 3));
            fill(&mut limiter, clock + wait);
        }
        let mut limiter = Limiter::default();
        let tickets = fill(&mut limiter, NOON);
        limiter.done(&tickets[0], NOON, None, Some(60_000));
        fill(&mut limiter, NOON + 3 * 3_600_000);
    }
}
