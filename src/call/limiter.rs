//! When a request may go out, so that the server never has to answer 429.
//!
//! HighLevel allows 100 requests in 10 s for an app and a location (protocol: burst limit). It does not say when an
//! interval begins, so each request holds a slot until one interval after its answer: whatever interval the server
//! counts, it never sees more than it allows.

use crate::core::RateLimit;

/// Requests and milliseconds that HighLevel documents; an answer that names others replaces them.
const LIMIT: usize = 100;
const INTERVAL_MS: u64 = 10_000;

/// The most slots that are kept: a higher limit is taken for none.
const MAX_LIMIT: usize = 1000;

/// For how many locations slots are kept while none of them is held.
const MAX_IDLE: usize = 32;

/// How often is looked before anything is known about the limits.
const POLL_MS: u64 = 50;

/// The longest wait that a server may ask for.
const MAX_WAIT_MS: u64 = 60_000;

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

/// One caller that waits for its turn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ticket {
    /// The location whose limit counts, as [`hash`](super::hash) of its id.
    pub location: u64,
    /// Whether interactive calls go first: the pages of an iteration, exports.
    pub background: bool,
    /// Its place among those that wait, from 1; 0 before it waits.
    place: u64,
}

impl Ticket {
    /// A ticket of one call.
    pub fn new(location: u64, background: bool) -> Self {
        Self { location, background, place: 0 }
    }
}

/// The limits of all locations that a client, or clients that share it, call.
#[derive(Debug, Default)]
pub struct Limiter {
    locations: Vec<Slots>,
}

impl Limiter {
    /// Asks for a turn at `now`, in milliseconds since 1970.
    #[inline(always)]
    pub fn ask(&mut self, ticket: &mut Ticket, now: u64) -> Turn {
        self.slots(ticket.location, now).ask(ticket, now)
    }

    /// Gives up a ticket that waits.
    pub fn leave(&mut self, ticket: &Ticket, now: u64) {
        self.slots(ticket.location, now).leave(ticket);
    }

    /// A request that had its turn has ended. `named` is what its answer says of the limits; `None` where that proves
    /// nothing: no answer, or an error of something in front. `refused`: it was answered with 429, and for so many
    /// milliseconds the server wants no other request.
    #[inline(always)]
    pub fn done(&mut self, ticket: &Ticket, now: u64, named: Option<&RateLimit>, refused: Option<u64>) {
        self.slots(ticket.location, now).done(now, named, refused);
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

/// Like `Vec::retain`, which is several times the code. Neither may an index panic: nothing else in the client brings in
/// the text of that.
fn keep(list: &mut Vec<u64>, wanted: impl Fn(u64) -> bool) {
    let mut kept = 0;
    for at in 0..list.len() {
        let item = list.get(at).copied().unwrap_or_default();
        if let (Some(place), true) = (list.get_mut(kept), wanted(item)) {
            *place = item;
            kept += 1;
        }
    }
    list.truncate(kept);
}

/// The slots of one location.
#[derive(Debug, Default)]
struct Slots {
    location: u64,
    /// 0: the server names none.
    limit: usize,
    interval_ms: u64,
    /// Whether an answer has come: before, nobody knows whether there is a limit.
    known: bool,
    /// When the slots of requests that have ended are free again, the earliest first.
    held: Vec<u64>,
    /// How many requests are under way. Each holds a slot for at least an interval from now.
    flying: usize,
    /// The places of those that wait, first come first: interactive, background.
    waiting: [Vec<u64>; 2],
    /// The last place that was given.
    places: u64,
    /// Nothing goes out before: the server has said 429.
    closed_until: u64,
}

impl Slots {
    #[inline(always)]
    fn ask(&mut self, ticket: &mut Ticket, now: u64) -> Turn {
        self.free(now);
        let limit = if self.limit == 0 { usize::MAX } else { self.limit };
        let reserved = if ticket.background { limit / RESERVE + 1 } else { 0 };
        let usable = limit.saturating_sub(reserved).max(1);
        let before = self.held.len() + self.flying + self.ahead(ticket);
        if before < usable && now >= self.closed_until {
            self.leave(ticket);
            self.flying += 1;
            return Turn::Go;
        }
        if ticket.place == 0 {
            self.places += 1;
            ticket.place = self.places;
            self.waiting[usize::from(ticket.background)].push(ticket.place);
        }
        // So many more slots than the first one have to become free, those of requests under way last of all.
        let at = if before < usable {
            self.closed_until
        } else {
            let more = before - usable;
            let held = self.held.get(more % limit).copied();
            let soonest = if self.known { self.interval_ms } else { POLL_MS };
            held.unwrap_or(now + soonest) + (more / limit) as u64 * soonest
        };
        Turn::Wait(at.max(self.closed_until).saturating_sub(now).clamp(1, MAX_WAIT_MS) as u32)
    }

    fn idle(&mut self, now: u64) -> bool {
        self.free(now);
        self.held.len() + self.flying + self.waiting[0].len() + self.waiting[1].len() == 0
    }

    /// Takes the slots that are free again out of those that are held.
    fn free(&mut self, now: u64) {
        // A clock that was set back would hold them for ever.
        let latest = now + self.interval_ms;
        keep(&mut self.held, |until| until > now && until <= latest);
        if self.closed_until > now + MAX_WAIT_MS {
            self.closed_until = 0;
        }
    }

    /// How many of those that wait go before.
    fn ahead(&self, ticket: &Ticket) -> usize {
        let [interactive, background] = &self.waiting;
        let before = |places: &[u64]| places.iter().filter(|place| ticket.place == 0 || **place < ticket.place).count();
        if ticket.background {
            interactive.len() + before(background)
        } else {
            before(interactive)
        }
    }

    fn leave(&mut self, ticket: &Ticket) {
        keep(&mut self.waiting[usize::from(ticket.background)], |place| place != ticket.place);
    }

    #[inline(always)]
    fn done(&mut self, now: u64, named: Option<&RateLimit>, refused: Option<u64>) {
        self.flying = self.flying.saturating_sub(1);
        let limit = named.and_then(|named| named.limit).map(|limit| limit as usize);
        self.limit = match limit {
            Some(limit) if limit <= MAX_LIMIT => limit.max(1),
            Some(_) => 0,
            None if refused.is_some() && self.limit == 0 => LIMIT,
            None if self.known || named.is_none() => self.limit,
            // A server that names no limit has none, until it says otherwise.
            None => 0,
        };
        self.known |= named.is_some();
        if let Some(interval) = named.and_then(|named| named.interval_ms) {
            self.interval_ms = (interval as u64).clamp(1, MAX_WAIT_MS);
        }
        if let Some(wait) = refused {
            self.closed_until = now + wait.min(MAX_WAIT_MS);
        }
        self.free(now);
        if self.limit == 0 {
            return;
        }
        let mut taken = self.held.len() + 1;
        if let Some(remaining) = named.and_then(|named| named.remaining) {
            // Others use the same limit: what they took is not there either.
            let all = self.limit.saturating_sub(remaining as usize);
            taken = taken.max(all.saturating_sub(self.flying));
        }
        let until = now + self.interval_ms;
        while self.held.len() < taken {
            self.held.push(until);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMED: RateLimit = RateLimit {
        limit: Some(100.0),
        remaining: None,
        interval_ms: Some(10_000.0),
        daily_limit: None,
        daily_remaining: None,
    };

    /// A server that counts its interval from wherever `offset` puts it.
    struct Server {
        offset: u64,
        seen: Vec<u64>,
        refused: u32,
    }

    impl Server {
        fn take(&mut self, now: u64) {
            let interval = |at: u64| (at + self.offset) / INTERVAL_MS;
            if self.seen.iter().filter(|at| interval(**at) == interval(now)).count() >= LIMIT {
                self.refused += 1;
            }
            self.seen.push(now);
        }
    }

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
            assert!(steps < 100_000, "the calls do not end");
            if next.sent {
                limiter.done(&next.ticket, now, Some(&NAMED), None);
                next.ended = Some(now);
            } else {
                match limiter.ask(&mut next.ticket, now) {
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
            let mut server = Server { offset, seen: Vec::new(), refused: 0 };
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
        play(&mut Limiter::default(), &mut calls, &mut Server { offset: 0, seen: Vec::new(), refused: 0 });
        let ends: Vec<u64> = calls.iter().filter_map(|call| call.ended).collect();
        assert!(ends.is_sorted());
    }

    #[test]
    fn an_interactive_call_does_not_wait_for_background_ones() {
        let mut calls: Vec<Call> = (0..1000).map(|_| call(true, 0, 100)).collect();
        calls.push(call(false, 5_000, 100));
        calls.push(call(false, 25_000, 100));
        let mut server = Server { offset: 0, seen: Vec::new(), refused: 0 };
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
            assert_eq!(limiter.ask(&mut Ticket::new(1, false), i), Turn::Go);
        }
        assert!(matches!(limiter.ask(&mut Ticket::new(1, false), 100), Turn::Wait(_)));
        assert_eq!(limiter.ask(&mut Ticket::new(2, false), 100), Turn::Go);
        for location in 3..1000 {
            let mut ticket = Ticket::new(location, false);
            assert_eq!(limiter.ask(&mut ticket, 20_000 * location), Turn::Go);
            limiter.done(&ticket, 20_000 * location + 1, Some(&NAMED), None);
        }
        assert!(limiter.locations.len() <= MAX_IDLE + 1);
    }

    #[test]
    fn what_answers_say_goes_before_what_is_documented() {
        let mut limiter = Limiter::default();
        let mut ticket = Ticket::new(1, false);
        assert_eq!(limiter.ask(&mut ticket, 0), Turn::Go);
        let named =
            RateLimit { limit: Some(5.0), interval_ms: Some(2000.0), remaining: Some(2.0), ..RateLimit::default() };
        limiter.done(&ticket, 10, Some(&named), None);
        // Somebody else has taken two of the five.
        assert_eq!(limiter.ask(&mut Ticket::new(1, false), 20), Turn::Go);
        assert_eq!(limiter.ask(&mut Ticket::new(1, false), 20), Turn::Go);
        assert_eq!(limiter.ask(&mut Ticket::new(1, false), 20), Turn::Wait(1990));
    }

    #[test]
    fn a_server_that_names_no_limit_is_not_waited_for() {
        let mut limiter = Limiter::default();
        let mut first = Ticket::new(1, false);
        assert_eq!(limiter.ask(&mut first, 0), Turn::Go);
        for _ in 1..LIMIT {
            assert_eq!(limiter.ask(&mut Ticket::new(1, false), 0), Turn::Go);
        }
        assert_eq!(limiter.ask(&mut Ticket::new(1, false), 0), Turn::Wait(POLL_MS as u32), "nothing is known yet");
        limiter.done(&first, 10, None, None);
        assert!(matches!(limiter.ask(&mut Ticket::new(1, false), 10), Turn::Wait(_)), "a lost answer says nothing");
        limiter.done(&first, 10, None, None);
        assert!(matches!(limiter.ask(&mut Ticket::new(1, false), 10), Turn::Wait(_)), "an error says nothing either");
        limiter.done(&first, 10, Some(&RateLimit::default()), None);
        for _ in 0..1000 {
            assert_eq!(limiter.ask(&mut Ticket::new(1, false), 20), Turn::Go);
        }
        assert!(limiter.locations[0].held.len() <= 2);
        limiter.done(&first, 30, None, Some(500));
        assert!(matches!(limiter.ask(&mut Ticket::new(1, false), 30), Turn::Wait(_)), "until it says 429");
        assert_eq!(limiter.locations[0].limit, LIMIT);
    }

    #[test]
    fn after_a_429_nothing_goes_out_until_the_server_wants_it() {
        let mut limiter = Limiter::default();
        let mut ticket = Ticket::new(1, false);
        limiter.ask(&mut ticket, 0);
        limiter.done(&ticket, 0, None, Some(3000));
        assert_eq!(limiter.ask(&mut Ticket::new(1, false), 1000), Turn::Wait(2000));
        assert_eq!(limiter.ask(&mut Ticket::new(1, false), 3000), Turn::Go);
    }

    #[test]
    fn who_gives_up_leaves_no_gap() {
        let mut limiter = Limiter::default();
        let mut flying: Vec<Ticket> = (0..100).map(|_| Ticket::new(1, false)).collect();
        flying.iter_mut().for_each(|ticket| assert_eq!(limiter.ask(ticket, 0), Turn::Go));
        let mut quits: Vec<Ticket> = (0..500).map(|_| Ticket::new(1, false)).collect();
        quits.iter_mut().for_each(|ticket| assert!(matches!(limiter.ask(ticket, 1), Turn::Wait(_))));
        quits.iter().for_each(|ticket| limiter.leave(ticket, 2));
        flying.iter().for_each(|ticket| limiter.done(ticket, 100, Some(&NAMED), None));
        assert_eq!(limiter.ask(&mut Ticket::new(1, false), 200), Turn::Wait(9_900));
        assert_eq!(limiter.ask(&mut Ticket::new(1, false), 10_100), Turn::Go);
    }

    #[test]
    fn a_clock_that_is_set_back_holds_nothing_for_ever() {
        let mut limiter = Limiter::default();
        for _ in 0..100 {
            let mut ticket = Ticket::new(1, false);
            limiter.ask(&mut ticket, 1_000_000_000);
            limiter.done(&ticket, 1_000_000_000, None, Some(60_000));
        }
        assert_eq!(limiter.ask(&mut Ticket::new(1, false), 5), Turn::Go);
    }
}
