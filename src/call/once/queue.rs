//! Of the payments that are to be recorded under one reference, one is under way at a time: two that look at the same time
//! both see nothing, and both send.

use crate::call::pager::hash;
use crate::call::shared::Common;

/// How often a call asks whether it is its turn, in milliseconds.
const ASKS_MS: f64 = 100.0;

/// How much later than announced a call may be heard of, in milliseconds: timers are late, and machines busy.
const GRACE_MS: f64 = 1000.0;

/// The payments with a reference of the caller's that are being recorded: by a client and its clones in Rust, and by all
/// clients of a module instance in JavaScript, where they have one clock.
#[derive(Debug, Clone, Default)]
pub struct OnceQueue {
    places: Common<Places>,
}

#[derive(Debug, Default)]
struct Places {
    list: Vec<Place>,
    /// How many turns were given.
    given: u32,
}

#[derive(Debug)]
struct Place {
    /// Of the order and the reference.
    payment: u64,
    /// The turn that it was given to.
    turn: u32,
    /// How often that was heard of.
    beats: u32,
    /// When it last was.
    heard: f64,
    /// When it is free. Whoever is not heard of until then never will be: the request of a Worker can end at any wait.
    until: f64,
}

impl OnceQueue {
    /// Whether nobody has to wait for a payment of another one.
    #[cfg(any(test, all(feature = "npm", target_arch = "wasm32")))]
    pub fn rests(&self, now: f64) -> bool {
        self.places.lock().list.iter_mut().all(|place| place.is_free(now))
    }
}

impl Place {
    /// Whether the time of its turn is over.
    fn is_free(&mut self, now: f64) -> bool {
        if now < self.heard {
            // The clock was set back: by the new time it may take as long as it could by the old one, not until then.
            self.until -= self.heard - now;
            self.heard = now;
        }
        self.until <= now
    }
}

/// A call's turn; its end lets the next one in, but for a payment of which nobody knows yet what became of it: that one may
/// still be on its way, and whoever looked at once would not see it.
pub(super) struct Turn {
    queue: OnceQueue,
    payment: u64,
    /// Its number and the index of its place, while it has one.
    given: Option<(u32, usize)>,
    /// The turn that it waits behind, how often that was heard of, and for how many milliseconds it was not since.
    behind: (u32, u32, f64),
    /// When the payment may have been on its way last, while it is not known what became of it.
    sent: Option<f64>,
    /// How many milliseconds behind that it can be seen.
    shows_ms: f64,
}

impl Turn {
    /// A payment that was sent can be seen `shows_ms` milliseconds later.
    pub fn new(queue: OnceQueue, order: &str, reference: &str, shows_ms: f64) -> Self {
        let payment = hash(order.as_bytes()).rotate_left(1) ^ hash(reference.as_bytes());
        Self { queue, payment, given: None, behind: (0, 0, 0.0), sent: None, shows_ms }
    }

    /// Milliseconds to wait before asking again; nothing where it is this call's turn, from now on.
    pub fn wait(&mut self, now: f64) -> Option<f64> {
        if self.given.is_some() {
            return None;
        }
        let mut places = self.queue.places.lock();
        let mut index = places.list.len();
        for (at, place) in places.list.iter_mut().enumerate() {
            if !place.is_free(now) {
                if place.payment != self.payment {
                    continue;
                }
                if (self.behind.0, self.behind.1) != (place.turn, place.beats) {
                    self.behind = (place.turn, place.beats, 0.0);
                }
                // Also by what it waited itself: by a clock that stands, as in a test that sets `Date`, none is ever free.
                if self.behind.2 < place.until - place.heard {
                    self.behind.2 += ASKS_MS;
                    return Some(ASKS_MS);
                }
                // It takes this very place: in two of them the payment would be twice under way.
                index = at;
                break;
            }
            index = at;
        }
        places.given = places.given.wrapping_add(1);
        let turn = places.given;
        let taken = Place { payment: self.payment, turn, beats: 0, heard: now, until: now + GRACE_MS };
        match places.list.get_mut(index) {
            Some(place) => *place = taken,
            None => places.list.push(taken),
        }
        self.given = Some((turn, index));
        None
    }

    /// The call waits for something that is over in so many milliseconds. Where it is not heard of any more a payment whose
    /// answer was lost has to be seen all the same.
    pub fn waits(&mut self, now: f64, ms: f64) {
        // By a clock that was set back since it was sent later than now.
        let seen = self.sent.map_or(0.0, |sent| sent.min(now) + self.shows_ms);
        self.keep(now, seen.max(now + ms + GRACE_MS));
    }

    /// The payment is about to be sent, which is over in so many milliseconds. Where nothing is heard of it until then it may
    /// still arrive.
    pub fn sends(&mut self, now: f64, ms: f64) {
        self.sent = Some(now);
        self.keep(now, now + ms + self.shows_ms.max(GRACE_MS));
    }

    /// The sending has ended. Unless it [is known](Self::knows) what became of the payment it may still arrive.
    pub fn hears(&mut self, now: f64) {
        self.sent = self.sent.map(|_| now);
    }

    /// It is known what became of the payment.
    pub fn knows(&mut self) {
        self.sent = None;
    }

    /// The call has ended: the next one may begin, or as soon as the payment can be seen.
    pub fn ends(&mut self) {
        let (heard, until) = self.sent.map_or((0.0, 0.0), |sent| (sent, sent + self.shows_ms));
        self.keep(heard, until);
        self.given = None;
    }

    fn keep(&self, heard: f64, until: f64) {
        let Some((turn, index)) = self.given else { return };
        let mut places = self.queue.places.lock();
        // Another call may have it since.
        if let Some(place) = places.list.get_mut(index).filter(|place| place.turn == turn) {
            place.beats = place.beats.wrapping_add(1);
            (place.heard, place.until) = (heard, until);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // Who ends without a word while it sends, as the request of a Worker, is one that is not heard of: its place says how long
        // it is waited for.
        if self.sent.is_none() {
            self.ends();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A turn of a payment that can be seen 3.5 s after it was sent.
    fn turn(queue: &OnceQueue) -> Turn {
        Turn::new(queue.clone(), "a", "1", 3500.0)
    }

    /// Two of them, of which the first one is under way from `now` on.
    fn two(now: f64) -> (OnceQueue, Turn, Turn) {
        let queue = OnceQueue::default();
        let [mut first, second] = [turn(&queue), turn(&queue)];
        assert_eq!(first.wait(now), None);
        (queue, first, second)
    }

    /// Gets its turn at that time, and not a millisecond before.
    fn gets_it_at(turn: &mut Turn, now: f64) {
        assert_eq!(turn.wait(now - 1.0), Some(ASKS_MS));
        assert_eq!(turn.wait(now), None);
    }

    #[test]
    fn one_of_each_payment_is_under_way() {
        let queue = OnceQueue::default();
        let of = |order, reference| Turn::new(queue.clone(), order, reference, 3500.0);
        let [mut first, mut second] = [turn(&queue), turn(&queue)];
        assert_eq!(first.wait(0.0), None);
        assert_eq!(of("a", "2").wait(0.0), None);
        assert_eq!(of("b", "1").wait(0.0), None);
        assert_eq!(second.wait(0.0), Some(ASKS_MS));
        drop(turn(&queue));
        assert_eq!(second.wait(0.0), Some(ASKS_MS), "who never had the turn does not give it away");
        assert!(!queue.rests(0.0));
        drop(first);
        assert_eq!(second.wait(0.0), None);
        assert_eq!(second.wait(1e9), None);
        assert!(queue.rests(1e9));
    }

    #[test]
    fn whoever_is_not_heard_of_is_not_waited_for() {
        let (queue, mut dead, mut other) = two(0.0);
        dead.waits(0.0, 30_000.0);
        gets_it_at(&mut other, 31_000.0);
        drop(dead);
        assert_eq!(
            turn(&queue).wait(31_001.0),
            Some(ASKS_MS),
            "whoever comes back does not take the turn from another"
        );
    }

    #[test]
    fn who_ends_without_knowing_keeps_the_next_one_waiting_until_the_payment_can_be_seen() {
        for known in [false, true] {
            let (_, mut first, mut second) = two(1000.0);
            first.sends(1000.0, 30_000.0);
            first.hears(11_000.0);
            first.waits(11_000.0, 500.0);
            if known {
                first.knows();
            }
            first.ends();
            for now in [11_100.0, 14_499.0] {
                assert_eq!(second.wait(now), (!known).then_some(ASKS_MS), "{now}");
            }
            assert_eq!(second.wait(14_500.0), None);
        }
    }

    #[test]
    fn who_is_dropped_while_it_sends_is_waited_for_like_one_that_is_not_heard_of() {
        let (_, mut first, mut second) = two(1000.0);
        first.sends(1000.0, 30_000.0);
        drop(first);
        // It may have been sent until 31,000.
        gets_it_at(&mut second, 34_500.0);
    }

    #[test]
    fn by_a_clock_that_stands_who_waits_counts_its_own_waits_since_the_other_was_heard_of() {
        let (queue, mut first, mut second) = two(0.0);
        for _ in 0..9 {
            first.waits(0.0, 1000.0);
            for _ in 0..20 {
                assert_eq!(second.wait(0.0), Some(ASKS_MS), "the first is heard of again and again");
            }
        }
        assert_eq!(second.wait(0.0), None);
        assert_eq!(turn(&queue).wait(0.0), Some(ASKS_MS), "the second has the turn");
    }

    #[test]
    fn where_the_clock_is_set_back_behind_a_lost_payment_the_next_one_waits_no_longer_for_it() {
        let (_, mut first, mut second) = two(1e12);
        first.sends(1e12, 30_000.0);
        first.hears(1e12);
        first.waits(5000.0, 30_000.0);
        gets_it_at(&mut second, 36_000.0);
    }

    #[test]
    fn a_payment_has_one_place_also_by_a_clock_that_stands() {
        let queue = OnceQueue::default();
        let turns = |turn: &mut Turn| (0..99).take_while(|_| turn.wait(0.0).is_some()).count();
        let mut other = Turn::new(queue.clone(), "b", "1", 3500.0);
        let [mut dead, mut second, mut third] = [turn(&queue), turn(&queue), turn(&queue)];
        assert_eq!((dead.wait(0.0), other.wait(0.0)), (None, None));
        other.ends();
        assert_eq!(turns(&mut second), 10);
        assert_eq!(turns(&mut third), 10, "neither of them is heard of again");
    }

    #[test]
    fn where_the_clock_is_set_back_nobody_is_waited_for_any_longer_than_before_it() {
        let (_, mut first, mut second) = two(1e12);
        first.waits(1e12, 30_000.0);
        assert_eq!(second.wait(5000.0), Some(ASKS_MS));
        assert_eq!(second.wait(35_999.0), Some(ASKS_MS));
        first.waits(35_999.0, 30_000.0);
        // Who is heard of keeps the turn.
        gets_it_at(&mut second, 66_999.0);
    }
}
