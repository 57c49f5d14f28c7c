//! The state of an iteration over an offset-paged list.

/// How many of the last delivered records are remembered: as many may be added between two pages without a record being
/// delivered twice.
const WINDOW: usize = 1000;

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
}

/// What a page means for the iteration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The records of the page that were not delivered before, by index.
    pub fresh: Vec<u32>,
    /// Where the next page starts; `None` after the last one.
    pub next_offset: Option<u32>,
}

impl Pager {
    /// Starts at `offset` with pages of `limit` records (`None`: the server's default).
    pub fn new(offset: u32, limit: Option<u32>) -> Self {
        Self { offset, limit, seen: Vec::new(), next: 0 }
    }

    /// Takes the page at the current offset: the records' ids (empty where a record has none) and the total that the
    /// server named, if any.
    pub fn accept<'a>(&mut self, ids: impl ExactSizeIterator<Item = &'a str>, total: Option<f64>) -> Step {
        let count = ids.len() as u32;
        let mut fresh = Vec::new();
        for (index, id) in (0..).zip(ids) {
            if id.is_empty() || self.deliver(hash(id)) {
                fresh.push(index);
            }
        }
        self.offset = self.offset.saturating_add(count);
        let more = match (total, self.limit) {
            (Some(total), _) => f64::from(self.offset) < total,
            (None, Some(limit)) => count >= limit,
            (None, None) => true,
        };
        // An empty page ends the iteration whatever the total says: it would never advance.
        Step { fresh, next_offset: (count > 0 && more).then_some(self.offset) }
    }

    /// Remembers a record; `false` if it was delivered already.
    fn deliver(&mut self, id: u64) -> bool {
        if self.seen.contains(&id) {
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
        let step = pager.accept(ids.iter().copied(), total);
        (step.fresh, step.next_offset)
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
    fn records_without_an_id_are_all_delivered() {
        assert_eq!(step(&mut Pager::new(0, None), &["", ""], Some(2.0)), (vec![0, 1], None));
    }
}
