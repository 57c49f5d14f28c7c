//! Of the payments that a client is to record under one reference, one is under way at a time: two that look at the same
//! time both see nothing, and both send.

use crate::call::pager::hash;
use crate::call::shared::Common;

/// How often a call asks whether it is its turn, in milliseconds.
const ASKS_MS: f64 = 100.0;

/// How much later than announced a call may be heard of, in milliseconds: timers are late, and machines busy.
const GRACE_MS: f64 = 1000.0;

/// The payments with a reference of the caller's that a client is recording.
#[derive(Debug, Clone, Default)]
pub struct OnceQueue {
    places: Common<Vec<Place>>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    /// Of the order and the reference.
    payment: u64,
    /// When it is free. Whoever is not heard of until then never will be: the request of a Worker can end at any wait.
    until: f64,
}

/// A call's turn; dropping it lets the next one in.
pub(super) struct Turn {
    queue: OnceQueue,
    /// As it was last seen.
    place: Place,
    index: Option<usize>,
}

impl Turn {
    pub fn new(queue: OnceQueue, order: &str, reference: &str) -> Self {
        let payment = hash(order.as_bytes()).rotate_left(1) ^ hash(reference.as_bytes());
        Self { queue, place: Place { payment, until: 0.0 }, index: None }
    }

    /// Milliseconds to wait before asking again; nothing where it is this call's turn, from now on.
    pub fn wait(&mut self, now: f64) -> Option<f64> {
        if self.index.is_some() {
            return None;
        }
        let mut places = self.queue.places.lock();
        let mut index = places.len();
        for (at, place) in places.iter().enumerate() {
            if place.until <= now {
                index = at;
            } else if place.payment == self.place.payment {
                return Some(ASKS_MS);
            }
        }
        self.place.until = now + GRACE_MS;
        match places.get_mut(index) {
            Some(place) => *place = self.place,
            None => places.push(self.place),
        }
        self.index = Some(index);
        None
    }

    /// The call waits for something that is over in so many milliseconds.
    pub fn waits(&mut self, now: f64, ms: f64) {
        self.keep(now + ms + GRACE_MS);
    }

    fn keep(&mut self, until: f64) {
        let mut places = self.queue.places.lock();
        // Another call may have it since.
        if let Some(place) = self.index.and_then(|index| places.get_mut(index)) {
            if place.payment == self.place.payment && place.until == self.place.until {
                place.until = until;
                self.place.until = until;
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.keep(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_each_payment_is_under_way() {
        let queue = OnceQueue::default();
        let turn = |order, reference| Turn::new(queue.clone(), order, reference);
        let [mut first, mut second] = [turn("a", "1"), turn("a", "1")];
        assert_eq!(first.wait(0.0), None);
        assert_eq!(turn("a", "2").wait(0.0), None);
        assert_eq!(turn("b", "1").wait(0.0), None);
        assert_eq!(second.wait(0.0), Some(ASKS_MS));
        drop(turn("a", "1"));
        assert_eq!(second.wait(0.0), Some(ASKS_MS), "who never had the turn does not give it away");
        drop(first);
        assert_eq!(second.wait(0.0), None);
        assert_eq!(second.wait(1e9), None);
    }

    #[test]
    fn whoever_is_not_heard_of_is_not_waited_for() {
        let queue = OnceQueue::default();
        let turn = || Turn::new(queue.clone(), "a", "1");
        let [mut dead, mut other] = [turn(), turn()];
        assert_eq!(dead.wait(0.0), None);
        dead.waits(0.0, 30_000.0);
        assert_eq!(other.wait(30_999.0), Some(ASKS_MS));
        assert_eq!(other.wait(31_001.0), None);
        drop(dead);
        assert_eq!(turn().wait(31_002.0), Some(ASKS_MS), "whoever comes back does not take the turn from another");
    }
}
