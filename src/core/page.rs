//! The state of an iteration over an offset-paged list.

/// How many of the last delivered records are remembered: as many may be added between two pages without a record being
/// delivered twice.
const WINDOW: usize = 1024;

/// How many pages in a row may bring nothing new before the server is taken for one that ignores the offset.
const MAX_STALLED: u32 = 10;

/// Where an iteration stands.
///
/// The lists are newest first and grow at their front while they are read, which shifts records to later offsets: a page
/// may start with records that the one before ended with. Every record is delivered once, by its id.
#[derive(Debug, Clone)]
pub struct Pager {
    offset: u32,
    limit: Option<u32>,
    /// Hashes of the ids delivered last, a ring.
    seen: Vec<u64>,
    next: usize,
    /// Whether the page so far brought a record that was not delivered before.
    progress: bool,
    /// How many pages in a row brought none.
    stalled: u32,
}

impl Pager {
    /// Starts at `offset` with pages of `limit` records (`None`: the server's default).
    pub fn new(offset: u32, limit: Option<u32>) -> Self {
        Self { offset, limit, seen: Vec::new(), next: 0, progress: false, stalled: 0 }
    }

    /// Takes the next record of a page by its id (empty where it has none): whether it is to be delivered.
    pub fn deliver(&mut self, id: &str) -> bool {
        let fresh = self.remember(id);
        self.progress |= fresh;
        fresh
    }

    /// Ends a page of `count` records; `total` is what the server named, if it did. Gives where the next page starts,
    /// `None` after the last one.
    pub fn advance(&mut self, count: u32, total: Option<f64>) -> Option<u32> {
        let progress = std::mem::take(&mut self.progress);
        self.offset = self.offset.saturating_add(count);
        self.stalled = if progress { 0 } else { self.stalled + 1 };
        let more = match (total, self.limit) {
            // Pages without a new record come where many are added at once, but not for ever.
            (Some(total), _) => f64::from(self.offset) < total && self.stalled < MAX_STALLED,
            // Without a total, a page that brings nothing new is the sign of a server that knows no offset.
            (None, Some(limit)) => progress && count >= limit,
            (None, None) => progress,
        };
        // An empty page ends the iteration whatever the total says: it would never advance.
        (count > 0 && more).then_some(self.offset)
    }

    /// Notes that a record was delivered; `false` if it was before. Says nothing about the page it came with.
    pub fn remember(&mut self, id: &str) -> bool {
        if id.is_empty() {
            return true;
        }
        let id = hash(id);
        if self.seen.iter().any(|known| *known == id) {
            return false;
        }
        match self.seen.get_mut(self.next) {
            Some(oldest) => *oldest = id,
            None => self.seen.push(id),
        }
        self.next = (self.next + 1) % WINDOW;
        true
    }
}

/// FNV-1a, 64 bits.
fn hash(id: &str) -> u64 {
    id.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(pager: &mut Pager, ids: &[&str], total: Option<f64>) -> (Vec<u32>, Option<u32>) {
        let fresh = (0..).zip(ids).filter(|(_, id)| pager.deliver(id)).map(|(i, _)| i).collect();
        (fresh, pager.advance(ids.len() as u32, total))
    }

    #[test]
    fn pages_follow_each_other_until_the_total_is_reached() {
        let mut pager = Pager::new(0, Some(2));
        assert_eq!(step(&mut pager, &["a", "b"], Some(3.0)), (vec![0, 1], Some(2)));
        assert_eq!(step(&mut pager, &["c"], Some(3.0)), (vec![0], None));
    }

    #[test]
    fn a_record_that_shifts_to_the_next_page_is_delivered_once() {
        let mut pager = Pager::new(0, Some(2));
        step(&mut pager, &["a", "b"], Some(4.0));
        assert_eq!(step(&mut pager, &["b", "c"], Some(5.0)), (vec![1], Some(4)));
    }

    #[test]
    fn memory_does_not_grow_with_the_list() {
        let mut pager = Pager::new(0, None);
        for i in 0..5000 {
            step(&mut pager, &[&i.to_string()], Some(9999.0));
        }
        assert_eq!(pager.seen.len(), WINDOW);
        assert_eq!(step(&mut pager, &["4999", "4000", "new"], Some(9999.0)).0, vec![2]);
    }

    #[test]
    fn an_empty_page_ends_the_iteration_whatever_the_total_says() {
        assert_eq!(step(&mut Pager::new(0, None), &[], Some(100.0)), (vec![], None));
    }

    #[test]
    fn without_a_total_a_short_page_is_the_last() {
        assert_eq!(step(&mut Pager::new(0, Some(2)), &["a"], None), (vec![0], None));
        assert_eq!(step(&mut Pager::new(0, Some(1)), &["a"], None), (vec![0], Some(1)));
        assert_eq!(step(&mut Pager::new(4, None), &["a"], None), (vec![0], Some(5)));
    }

    #[test]
    fn a_server_that_ignores_the_offset_does_not_loop() {
        let mut pager = Pager::new(0, None);
        assert_eq!(step(&mut pager, &["a", "b"], None), (vec![0, 1], Some(2)));
        assert_eq!(step(&mut pager, &["a", "b"], None), (vec![], None));
        let mut pager = Pager::new(0, None);
        let pages = (0..99).take_while(|_| step(&mut pager, &["a", "b"], Some(1000.0)).1.is_some()).count();
        assert_eq!(pages, MAX_STALLED as usize);
    }

    #[test]
    fn records_without_an_id_are_all_delivered() {
        assert_eq!(step(&mut Pager::new(0, None), &["", ""], Some(2.0)), (vec![0, 1], None));
    }
}
