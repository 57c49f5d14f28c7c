//! The records that were delivered last.

/// How many are remembered.
pub(super) const WINDOW: usize = 1024;

/// How many places an index has for each record of the window when it is made, and at least.
const ROOM: usize = 4;
const MIN_PLACES: usize = 64;

/// Hashes of the ids that were remembered last, with an index: a page of a hundred records is looked up in some microseconds,
/// as it is at the start of the list.
#[derive(Debug, Clone, Default)]
pub(super) struct Recent {
    /// A ring.
    ring: Vec<u64>,
    /// Where the ring's next hash goes.
    next: usize,
    /// One more than a place in the ring, or 0: a table with open addressing. What the ring no longer holds stays in it until
    /// it is made anew; it points to another hash, and so is no match.
    places: Vec<u16>,
    /// How many of them are taken.
    taken: usize,
}

impl Recent {
    pub fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }

    pub fn len(&self) -> usize {
        self.ring.len()
    }

    /// The one that was remembered `back` ones ago; 1 is the last one.
    pub fn latest(&self, back: usize) -> Option<u64> {
        // Also where the ring has turned.
        let at = self.next.checked_sub(back).unwrap_or((self.next + self.ring.len()).wrapping_sub(back));
        self.ring.get(at).copied()
    }

    pub fn knows(&self, id: u64) -> bool {
        self.place(id).is_some_and(|(_, known)| known)
    }

    pub fn remember(&mut self, id: u64) {
        if 2 * self.taken >= self.places.len() {
            self.index();
        }
        let at = self.next;
        match self.ring.get_mut(at) {
            Some(oldest) => *oldest = id,
            None => self.ring.push(id),
        }
        self.next = (at + 1) % WINDOW;
        self.enter(id, at);
    }

    /// Makes the index anew.
    fn index(&mut self) {
        let size = (ROOM * self.ring.len()).next_power_of_two().max(MIN_PLACES);
        self.places.clear();
        self.places.resize(size, 0);
        self.taken = 0;
        for at in 0..self.ring.len() {
            self.enter(self.ring.get(at).copied().unwrap_or_default(), at);
        }
    }

    fn enter(&mut self, id: u64, at: usize) {
        if let Some((slot, false)) = self.place(id) {
            if let Some(place) = self.places.get_mut(slot) {
                *place = at as u16 + 1;
                self.taken += 1;
            }
        }
    }

    /// Where a hash is in the index, or where it would be, and which of the two; `None` without an index.
    fn place(&self, id: u64) -> Option<(usize, bool)> {
        let last = self.places.len().checked_sub(1)?;
        let mut slot = id as usize & last;
        loop {
            // At least half of them are free.
            let place = self.places.get(slot).copied().filter(|place| *place > 0);
            let Some(place) = place else { return Some((slot, false)) };
            if self.ring.get(usize::from(place) - 1) == Some(&id) {
                return Some((slot, true));
            }
            slot = (slot + 1) & last;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Recent, ROOM, WINDOW};
    use crate::chance::Chance;
    use std::collections::VecDeque;

    #[test]
    fn the_last_ones_are_known_and_no_others_however_many_there_were() {
        let mut recent = Recent::default();
        let mut model = VecDeque::new();
        let mut chance = Chance(1);
        for round in 0..20_000 {
            // Of few numbers, many of which begin their search at the same place.
            let id = 1 + chance.below(1500) * 16;
            assert_eq!(recent.knows(id), model.contains(&id), "round {round}");
            if !model.contains(&id) {
                recent.remember(id);
                model.push_back(id);
                if model.len() > WINDOW {
                    model.pop_front();
                }
            }
            assert_eq!((recent.len(), recent.is_empty()), (model.len(), false));
            assert_eq!(recent.latest(1), model.back().copied());
            assert_eq!(recent.latest(model.len()), model.front().copied());
            // However often the index is made anew, and always with free places: else a search would not end.
            assert!(recent.places.len() <= ROOM * WINDOW && recent.taken < recent.places.len(), "round {round}");
        }
        assert_eq!(model.len(), WINDOW);
        assert_eq!(Recent::default().latest(1), None);
        assert!(!Recent::default().knows(1));
    }
}
