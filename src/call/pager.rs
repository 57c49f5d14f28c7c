//! The state of an iteration over an offset-paged list.

use super::recent::{Recent, WINDOW};

/// How many of them a cursor carries.
const CARRIED: usize = 24;

/// How many pages in a row may repeat what is known before the server is taken for one that ignores the offset.
const MAX_STALLED: u32 = 4;

/// How many records in a row may be known ones where the server names no total: twice as many as are remembered.
const MAX_REPEATED: u32 = 2 * WINDOW as u32;

/// How often the first page may be the start of a search: a list may grow faster than it is read, but not for ever.
const MAX_SEARCHES: u32 = 64;

/// The largest page that HighLevel's lists are known to give.
const MAX_PAGE: u32 = 100;

/// The largest page that a cursor can carry.
const MAX_SIZE: u32 = (1 << 18) - 1;

/// What a cursor begins with; in the format "1" its scope did not name the base URL.
const VERSION: &str = "2";

/// The number of bits of an id's hash: ten digits of a cursor.
const BITS: u32 = 50;
const DIGITS: usize = 10;

/// Where an iteration stands.
///
/// The lists are newest first. While they are read they grow at their front, which shifts records to later offsets, and
/// records are deleted from them, which shifts the ones behind to earlier offsets. Each page therefore starts with the
/// record that the one before ended with: where that is missing, an earlier page is asked for, until one holds a record
/// that was delivered. What follows it was not yet.
#[derive(Debug, Clone)]
pub struct Pager {
    /// Where the next page starts.
    offset: u32,
    /// How many records it is to hold; 0: the server's default.
    limit: u32,
    /// Whether there is a next page.
    more: bool,
    /// How many records a page holds without the one that it repeats: what the caller asked for, else what came first.
    size: u32,
    /// Hashes of the ids delivered last: while one of as many is still in the list, nothing is delivered twice and nothing is
    /// passed over.
    seen: Recent,
    /// While pages are searched from the first one on: the last record of the last page. 0 otherwise.
    edge: u64,
    /// How many times such a search has begun, or the reading went back from a page that held something known, since a page
    /// brought something.
    searches: u32,
    /// Whether the last page held something known.
    met: bool,
    /// How many records were delivered, with those in front of where it started.
    delivered: u32,
    /// The lowest total so far; `None` behind a cursor, since records may have been added while nobody read on.
    promised: Option<u32>,
    /// The last total.
    total: Option<u32>,
    /// The last record and the total of the last page that was not empty.
    last: (u64, Option<u32>),
    /// How many pages in a row came with the last record and the total of the one before, and brought nothing.
    stalled: u32,
    /// How many records stood on the pages since one brought something.
    repeated: u32,
    /// Whether it ended although the server promised more.
    incomplete: bool,
}

impl Pager {
    /// Starts at `offset` with pages of `limit` records (0: the server's default).
    pub fn new(offset: u32, limit: u32) -> Self {
        let (seen, last) = (Recent::default(), (0, None));
        Self {
            offset,
            limit,
            more: true,
            size: limit,
            seen,
            edge: 0,
            searches: 0,
            met: false,
            delivered: offset,
            promised: Some(u32::MAX),
            total: None,
            last,
            stalled: 0,
            repeated: 0,
            incomplete: false,
        }
    }

    /// Goes on from a [`Self::cursor`] of the same `scope` with pages of `limit` records (0: as before); `None` for any
    /// other text.
    pub fn resume(scope: &str, cursor: &str, limit: u32) -> Option<Self> {
        let mut pager = Self::new(0, limit);
        pager.go_on(scope, cursor).then_some(pager)
    }

    /// As [`Self::resume`], in place of a new one, which is of no use any more if this gives `false`.
    fn go_on(&mut self, scope: &str, cursor: &str) -> bool {
        let limit = self.size;
        let (mut number, mut before) = (0, None);
        for (at, digit) in cursor.bytes().enumerate() {
            number = number << 5 | u64::from(value(digit));
            match at {
                0 => {}
                DIGITS => (self.offset, self.size) = (number as u32, (number >> 32) as u32),
                // The last one is the sum.
                _ if at % DIGITS == 0 => before.replace(number).into_iter().for_each(|id| self.seen.remember(id)),
                _ => continue,
            }
            number = 0;
        }
        // What is damaged, too long or of another list would be written differently.
        if self.cursor(scope) != cursor {
            return false;
        }
        if limit > 0 {
            self.size = limit;
        }
        self.delivered = self.offset.saturating_add(u32::from(!self.seen.is_empty()));
        self.promised = None;
        self.last.0 = self.seen.latest(1).unwrap_or_default();
        self.grow();
        true
    }

    /// Text from which a later iteration over the same list goes on behind the records taken so far. `scope` names
    /// what it is good for; see [`cursor_scope`](super::cursor_scope).
    pub fn cursor(&self, scope: &str) -> String {
        let mut out = String::from(VERSION);
        push(&mut out, u64::from(self.offset) | u64::from(self.size.min(MAX_SIZE)) << 32);
        let carried = self.seen.len().min(CARRIED);
        for back in (1..=carried).rev() {
            // From the oldest to the latest.
            push(&mut out, self.seen.latest(back).unwrap_or_default());
        }
        let sum = mixed(mixed(SEED, out.as_bytes()), scope.as_bytes());
        push(&mut out, mask(sum));
        out
    }

    /// Where the next page starts, and how many records it is to hold; `None` after the last page.
    pub fn position(&self) -> Option<(u32, Option<u32>)> {
        self.more.then_some((self.offset, (self.limit > 0).then_some(self.limit)))
    }

    /// Whether the last page was reached before the records that the server counts. A total that is too high looks the same,
    /// and so may one that records left and joined between two pages.
    pub fn is_incomplete(&self) -> bool {
        self.incomplete
    }

    /// How many records are known to match.
    pub fn delivered(&self) -> u32 {
        self.delivered
    }

    /// Takes a page: the [`hash`]es of its ids in order, and how many records match in all, if the server says so.
    /// Gives the indexes of the records that are to be delivered.
    pub fn take(&mut self, ids: &[u64], total: Option<f64>) -> Vec<u32> {
        let count = ids.len() as u32;
        let total = total.map(|total| total as u32);
        let before = std::mem::replace(&mut self.total, total);
        let mut fresh = Vec::new();
        // Records without an id can neither be found again nor be told apart.
        let blind = ids.iter().any(|id| *id == 0);
        let known = ids.iter().position(|id| self.knows(*id));
        let end = self.offset.saturating_add(count);
        // An empty page is the last one whatever the total says, or nothing would ever advance. A total that is smaller than what
        // comes with it is none.
        let listed = total.filter(|total| count == 0 || *total >= end).map(|total| count > 0 && end < total);
        let ends_with = ids.last().copied().unwrap_or(self.last.0);
        if known.is_none() && !self.seen.is_empty() && !blind {
            if self.offset > 0 && !ids.iter().any(|id| *id == self.edge) {
                // Records before this page were deleted: what it starts with may not be what comes next. By as many as the
                // list is shorter they are further in front, or else by nearly a page.
                let shorter = before.zip(total).map_or(0, |(before, now)| before.saturating_sub(now));
                let back = if shorter > 0 { shorter } else { self.size.max(2) - 1 };
                self.offset = self.offset.saturating_sub(back).min(total.unwrap_or(u32::MAX).saturating_sub(1));
                if total != before {
                    self.stalled = 0;
                }
                // Pages that are ordered otherwise each time, or backwards, would be gone through for ever.
                self.searches += u32::from(std::mem::take(&mut self.met));
                if self.searches >= MAX_SEARCHES {
                    self.more = false;
                    self.incomplete = total.is_some_and(|total| total > self.delivered);
                }
                return fresh;
            }
            // No page from the first to this one holds a record that is remembered: so many were added that they come
            // further on, or, where none comes, all of them were deleted.
            self.searches += u32::from(self.offset == 0);
            let repeats = self.offset > 0 && ends_with == self.edge && total == before;
            self.stalled = if repeats { self.stalled + 1 } else { 0 };
            if listed.unwrap_or(count > 1) && self.stalled < MAX_STALLED && self.searches < MAX_SEARCHES {
                self.edge = ends_with;
                self.offset = end - 1;
            } else {
                self.seen = Recent::default();
                (self.offset, self.delivered) = (0, 0);
            }
            return fresh;
        }
        self.edge = 0;
        self.met = true;
        // Later pages may be short for once; the first one tells the server's default, or its maximum.
        let tells = self.seen.is_empty();
        let first = known.unwrap_or(0);
        for (index, id) in ids.iter().enumerate() {
            if index >= first && !self.knows(*id) {
                if *id != 0 {
                    self.seen.remember(*id);
                }
                fresh.push(index as u32);
            }
        }
        if !fresh.is_empty() {
            self.searches = 0;
        }
        self.delivered = self.delivered.saturating_add(fresh.len() as u32);
        if let (Some(_), Some(total)) = (listed, total) {
            self.promised = self.promised.map(|promised| promised.min(total));
        }
        let this = (ends_with, total);
        self.stalled = if fresh.is_empty() && this == self.last { self.stalled + 1 } else { 0 };
        self.repeated = if fresh.is_empty() { self.repeated.saturating_add(count) } else { 0 };
        // Without a total the last page holds nothing but the record that the one before ended with. How short it is says
        // nothing: the server may give less than it was asked for, or new records may have pushed known ones there.
        let ended = count == 0 || (count == 1 && fresh.is_empty() && ends_with == self.last.0);
        self.last = this;
        self.more = match listed {
            Some(listed) => listed && self.stalled < MAX_STALLED,
            // What cannot be told apart may be the same page again: there a short one is the last.
            None if blind => count >= self.limit,
            None => !ended && self.stalled < MAX_STALLED && self.repeated < MAX_REPEATED,
        };
        // A server that takes no notice of the offset repeats more than the record that the page before ended with, and `end` says
        // nothing.
        let repeats = count > 1 && (self.stalled >= MAX_STALLED || self.repeated >= MAX_REPEATED);
        let missed = self.promised.is_some_and(|promised| promised < u32::MAX && promised > self.delivered);
        self.incomplete =
            !self.more && (missed || total.is_some_and(|total| total > if repeats { count } else { end }));
        if self.size == 0 || (self.more && tells && count < self.size) {
            self.size = count;
        }
        self.offset = if blind { end } else { end.saturating_sub(1) };
        self.grow();
        fresh
    }

    /// Makes room for the record that the next page repeats.
    fn grow(&mut self) {
        let repeats = self.size > 0 && self.size < MAX_PAGE && !self.seen.is_empty();
        self.limit = self.size + u32::from(repeats);
    }

    fn knows(&self, id: u64) -> bool {
        id != 0 && self.seen.knows(id)
    }
}

const SEED: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a, 64 bits: the hash of what went before with these bytes.
fn mixed(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The upper bits: the better mixed ones.
fn mask(hash: u64) -> u64 {
    hash >> (64 - BITS)
}

/// The hash of a record's id; 0 for a record without one.
pub fn hash(id: &[u8]) -> u64 {
    if id.is_empty() {
        return 0;
    }
    mask(mixed(SEED, id)).max(1)
}

/// Ten digits of five bits: the lower 50.
pub(super) fn push(out: &mut String, number: u64) {
    for digit in (0..DIGITS).rev() {
        let value = (number >> (5 * digit)) as u8 & 31;
        out.push(char::from(if value < 10 { b'0' + value } else { b'a' - 10 + value }));
    }
}

/// What such a digit stands for; of any other byte something is made as well.
fn value(digit: u8) -> u8 {
    if digit.is_ascii_digit() {
        digit - b'0'
    } else {
        digit.wrapping_sub(b'a' - 10) & 31
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(pager: &mut Pager, ids: &[&str], total: Option<f64>) -> (Vec<u32>, Option<(u32, Option<u32>)>) {
        let ids: Vec<u64> = ids.iter().map(|id| hash(id.as_bytes())).collect();
        (pager.take(&ids, total), pager.position())
    }

    #[test]
    fn each_page_repeats_the_last_record_and_holds_as_many_new_ones_as_the_caller_asked_for() {
        let mut pager = Pager::new(0, 2);
        assert_eq!(pager.position(), Some((0, Some(2))));
        assert_eq!(step(&mut pager, &["a", "b"], Some(4.0)), (vec![0, 1], Some((1, Some(3)))));
        assert_eq!(step(&mut pager, &["b", "c", "d"], Some(4.0)), (vec![1, 2], None));
    }

    #[test]
    fn the_servers_page_size_is_learned_and_the_largest_page_stays_as_it_is() {
        let mut pager = Pager::new(0, 0);
        assert_eq!(step(&mut pager, &["a", "b"], Some(5.0)).1, Some((1, Some(3))));
        let mut pager = Pager::new(0, 100);
        let ids: Vec<String> = (0..100).map(|i| i.to_string()).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        assert_eq!(step(&mut pager, &ids, Some(500.0)).1, Some((99, Some(100))));
        let mut pager = Pager::new(0, 250);
        assert_eq!(step(&mut pager, &ids, Some(500.0)).1, Some((99, Some(100))), "a server that gives less");
    }

    #[test]
    fn a_record_that_shifts_to_the_next_page_is_delivered_once() {
        let mut pager = Pager::new(0, 2);
        step(&mut pager, &["a", "b"], Some(4.0));
        assert_eq!(step(&mut pager, &["a", "b", "c"], Some(5.0)), (vec![2], Some((3, Some(3)))));
    }

    #[test]
    fn where_the_repeated_record_is_missing_an_earlier_page_is_asked_for() {
        let mut pager = Pager::new(0, 3);
        step(&mut pager, &["a", "b", "c"], Some(9.0));
        assert_eq!(step(&mut pager, &["c", "d", "e", "f"], Some(9.0)).1, Some((5, Some(4))));
        // "a", "c" and "d" were deleted: what stands at offset 5 now does not say that it comes next.
        assert_eq!(step(&mut pager, &["i"], Some(6.0)), (vec![], Some((2, Some(4)))));
        assert_eq!(step(&mut pager, &["f", "g", "h", "i"], Some(6.0)), (vec![1, 2, 3], None));
    }

    #[test]
    fn a_list_that_shrinks_below_the_offset_is_followed() {
        let mut pager = Pager::new(0, 2);
        step(&mut pager, &["a", "b"], Some(9.0));
        step(&mut pager, &["b", "c", "d"], Some(9.0));
        assert_eq!(step(&mut pager, &[], Some(2.0)), (vec![], Some((0, Some(3)))));
        assert_eq!(step(&mut pager, &["d", "e"], Some(2.0)), (vec![1], None));
    }

    #[test]
    fn where_all_that_was_delivered_is_gone_the_list_starts_with_what_was_not() {
        let mut pager = Pager::new(0, 2);
        step(&mut pager, &["a", "b"], Some(4.0));
        assert_eq!(step(&mut pager, &["d"], Some(2.0)), (vec![], Some((0, Some(3)))));
        assert_eq!(step(&mut pager, &["c", "d"], Some(2.0)).0, vec![] as Vec<u32>, "they may come further on");
        assert_eq!(step(&mut pager, &["c", "d"], Some(2.0)), (vec![0, 1], None));
    }

    #[test]
    fn memory_does_not_grow_with_the_list() {
        let mut pager = Pager::new(0, 1);
        step(&mut pager, &["0"], Some(9999.0));
        for i in 1..5000 {
            step(&mut pager, &[&(i - 1).to_string(), &i.to_string()], Some(9999.0));
        }
        assert_eq!(pager.seen.len(), 1024);
        assert_eq!(step(&mut pager, &["4000", "4999", "new"], Some(9999.0)).0, vec![2]);
    }

    #[test]
    fn an_empty_page_ends_the_iteration_whatever_the_total_says() {
        assert_eq!(step(&mut Pager::new(0, 0), &[], Some(100.0)), (vec![], None));
        assert_eq!(step(&mut Pager::new(40, 5), &[], Some(100.0)), (vec![], None));
    }

    #[test]
    fn without_a_total_the_last_page_is_the_one_behind_which_nothing_new_stands() {
        assert_eq!(step(&mut Pager::new(0, 0), &[], None), (vec![], None));
        for (offset, limit) in [(0, 2), (0, 1), (4, 0)] {
            let mut pager = Pager::new(offset, limit);
            assert_eq!(step(&mut pager, &["a"], None), (vec![0], Some((offset, Some(2)))));
            assert_eq!(step(&mut pager, &["a"], None), (vec![], None));
        }
    }

    #[test]
    fn without_a_total_a_short_page_in_the_middle_ends_nothing_and_the_next_ones_are_as_long_as_before() {
        let mut pager = Pager::new(0, 3);
        step(&mut pager, &["a", "b", "c"], None);
        assert_eq!(step(&mut pager, &["c", "d"], None), (vec![1], Some((3, Some(4)))));
        assert_eq!(step(&mut pager, &["d", "e", "f", "g"], None), (vec![1, 2, 3], Some((6, Some(4)))));
        assert_eq!(step(&mut pager, &["g"], None), (vec![], None));
    }

    #[test]
    fn without_a_total_pages_of_known_records_that_new_ones_pushed_back_end_nothing() {
        let mut pager = Pager::new(0, 2);
        step(&mut pager, &["a", "b"], None);
        step(&mut pager, &["b", "c", "d"], None);
        assert_eq!(step(&mut pager, &["a", "b", "c"], None), (vec![], Some((5, Some(3)))));
        assert_eq!(step(&mut pager, &["b", "c"], None), (vec![], Some((6, Some(3)))), "one more was added");
        assert_eq!(step(&mut pager, &["c", "d"], None), (vec![], Some((7, Some(3)))));
        assert_eq!(step(&mut pager, &["d", "e"], None), (vec![1], Some((8, Some(3)))));
        assert_eq!(step(&mut pager, &["e"], None), (vec![], None));
    }

    #[test]
    fn without_a_total_a_search_ends_where_nothing_follows() {
        for repeated in [vec!["x", "y"], vec!["y"]] {
            let mut pager = Pager::new(0, 3);
            step(&mut pager, &["a", "b"], None);
            // All that was delivered is gone.
            assert_eq!(step(&mut pager, &[], None).1.map(|(offset, _)| offset), Some(0));
            assert_eq!(step(&mut pager, &["x", "y"], None).1.map(|(offset, _)| offset), Some(1));
            let pages =
                (0..99).take_while(|_| step(&mut pager, &repeated, None).1.is_some_and(|(offset, _)| offset > 0));
            assert!(pages.count() < MAX_STALLED as usize, "{repeated:?}");
            assert_eq!(step(&mut pager, &["x", "y"], None).0, vec![0, 1]);
        }
    }

    #[test]
    fn without_a_total_a_server_that_gives_no_more_than_the_caller_asked_for_is_read_to_the_end() {
        let list = ["a", "b", "c", "d", "e", "f", "g"];
        for most in 2..9 {
            let mut pager = Pager::new(0, most);
            let (mut got, mut pages) = (Vec::new(), 0);
            while let Some((offset, limit)) = pager.position() {
                let end = (offset + limit.unwrap_or(most).min(most)).min(7) as usize;
                let page = &list[(offset as usize).min(end)..end];
                got.extend(step(&mut pager, page, None).0.iter().map(|at| page[*at as usize]));
                pages += 1;
            }
            assert_eq!(got, list, "{most}");
            assert!(pages <= 7, "{most}: {pages}");
        }
    }

    #[test]
    fn a_list_that_passes_records_over_since_its_pages_change_their_order_is_incomplete() {
        let mut pager = Pager::new(0, 3);
        step(&mut pager, &["a", "b", "c"], Some(6.0));
        // "d" stands in front of "c" now, as new records do.
        assert_eq!(step(&mut pager, &["d", "c", "e", "f"], Some(6.0)), (vec![2, 3], None));
        assert!(pager.is_incomplete());
        // New ones are none of those that were promised.
        let mut pager = Pager::new(0, 3);
        step(&mut pager, &["a", "b", "c"], Some(4.0));
        assert_eq!(step(&mut pager, &["b", "c", "d"], Some(5.0)), (vec![2], None));
        assert!(!pager.is_incomplete());
        // Nor are those that were deleted.
        let mut pager = Pager::new(0, 3);
        step(&mut pager, &["a", "b", "c"], Some(6.0));
        assert_eq!(step(&mut pager, &["c", "d"], Some(4.0)), (vec![1], None));
        assert!(!pager.is_incomplete());
    }

    #[test]
    fn a_list_whose_pages_are_the_wrong_way_round_ends() {
        for (records, limit) in [(60u32, 3u32), (5000, 10)] {
            let mut pager = Pager::new(0, limit);
            let (mut pages, mut got) = (0, 0);
            while let Some((offset, limit)) = pager.position() {
                let end = (offset + limit.unwrap_or_default()).min(records);
                let ids: Vec<u64> = (offset..end).rev().map(|id| hash(&id.to_le_bytes())).collect();
                got += pager.take(&ids, Some(f64::from(records))).len();
                pages += 1;
                assert!(pages < 5000, "{records}");
            }
            assert_eq!(pager.is_incomplete(), got < records as usize, "{records}: {got}");
        }
    }

    #[test]
    fn a_search_in_a_list_that_shrinks_meanwhile_is_not_given_up() {
        let mut pager = Pager::new(0, 1);
        step(&mut pager, &["a"], Some(29.0));
        step(&mut pager, &["x", "y"], Some(29.0));
        for _ in 1..MAX_STALLED {
            step(&mut pager, &["q", "y"], Some(29.0));
        }
        step(&mut pager, &["k", "l"], Some(27.0));
        let (_, next) = step(&mut pager, &["m", "y"], Some(27.0));
        assert!(next.is_some_and(|(offset, _)| offset > 0), "{next:?}");
    }

    #[test]
    fn a_list_that_ends_before_what_the_server_counts_is_incomplete() {
        // What each page is asked for, and what comes.
        let ended = |pager: &mut Pager, page: &[&str], total: Option<f64>| {
            while pager.position().is_some() {
                step(pager, page, total);
            }
            pager.is_incomplete()
        };
        let all: Vec<String> = (0..100).map(|i| i.to_string()).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        // The same page again and again.
        assert!(ended(&mut Pager::new(0, 100), &all, Some(730.0)));
        assert!(ended(&mut Pager::new(0, 100), &all, Some(250.0)));
        assert!(!ended(&mut Pager::new(0, 100), &all, None), "nothing was counted");
        assert!(!ended(&mut Pager::new(0, 100), &all, Some(100.0)));
        // Nothing behind an offset.
        let mut pager = Pager::new(0, 2);
        step(&mut pager, &["a", "b"], Some(9.0));
        step(&mut pager, &["b", "c", "d"], Some(9.0));
        assert!(ended(&mut pager, &["d"], Some(9.0)));
        assert!(ended(&mut Pager::new(40, 5), &[], Some(100.0)));
        assert!(!ended(&mut Pager::new(100, 5), &[], Some(100.0)));
        assert!(!ended(&mut Pager::new(0, 2), &["a"], Some(0.0)), "a total that is too low");
        assert!(!ended(&mut Pager::new(0, 2), &["a", "b"], Some(2.0)));
    }

    #[test]
    fn a_total_that_what_comes_with_it_proves_wrong_ends_nothing() {
        let list = ["a", "b", "c", "d", "e", "f", "g"];
        for total in [-1.0, 0.0, 1.0, 3.0, 6.0] {
            let mut pager = Pager::new(0, 2);
            let mut got = Vec::new();
            while let Some((offset, limit)) = pager.position() {
                let end = (offset + limit.unwrap_or(2)).min(7) as usize;
                let page = &list[(offset as usize).min(end)..end];
                got.extend(step(&mut pager, page, Some(total)).0.iter().map(|at| page[*at as usize]));
            }
            // Where it is right for once, that is the end.
            assert!(got == list || got.len() as f64 == total, "{total}: {got:?}");
        }
    }

    #[test]
    fn a_server_that_ignores_the_offset_does_not_loop() {
        let mut pager = Pager::new(0, 0);
        assert_eq!(step(&mut pager, &["a", "b"], None).0, vec![0, 1]);
        let pages = (0..99).take_while(|_| step(&mut pager, &["a", "b"], None).1.is_some()).count();
        assert!(pages < MAX_STALLED as usize, "{pages}");
        let mut pager = Pager::new(0, 0);
        let pages = (0..99).take_while(|_| step(&mut pager, &["a", "b"], Some(1000.0)).1.is_some()).count();
        assert_eq!(pages, MAX_STALLED as usize);
        // Nor where it gives them in another order each time.
        let mut pager = Pager::new(0, 0);
        let orders = [["a", "b"], ["b", "a"]];
        let pages = (0..9999).take_while(|page| step(&mut pager, &orders[page % 2], None).1.is_some()).count();
        assert!(pages <= MAX_REPEATED as usize / 2, "{pages}");
    }

    #[test]
    fn a_search_ends_also_where_the_total_counts_more_than_the_list_shows() {
        let mut pager = Pager::new(0, 2);
        step(&mut pager, &["a", "b"], Some(9.0));
        // All that was delivered is gone.
        let list = ["c", "d"];
        let (mut got, mut pages) = (Vec::new(), 0);
        while let (Some((offset, limit)), true) = (pager.position(), pages < 99) {
            let end = (offset + limit.unwrap_or(2)).min(2) as usize;
            let page = &list[(offset as usize).min(end)..end];
            got.extend(step(&mut pager, page, Some(9.0)).0.iter().map(|at| page[*at as usize]));
            pages += 1;
        }
        assert_eq!(got, list);
        assert!(pages <= 2 * MAX_STALLED + 4, "{pages}");
    }

    #[test]
    fn a_server_that_knows_no_offset_but_0_does_not_loop() {
        let mut pager = Pager::new(0, 2);
        let mut pages = 0;
        while let Some((offset, _)) = pager.position() {
            step(&mut pager, if offset == 0 { &["a", "b"] } else { &[] }, Some(1000.0));
            pages += 1;
        }
        assert!(pages <= 2 * MAX_STALLED + 1, "{pages}");
    }

    #[test]
    fn a_server_that_makes_up_records_is_not_asked_for_ever() {
        let mut pager = Pager::new(0, 5);
        let (mut name, mut delivered, mut pages) = (0, 0, 0);
        while delivered < 10 {
            let ids: Vec<String> = (name..name + 5).map(|i: u32| i.to_string()).collect();
            name += 5;
            delivered += step(&mut pager, &ids.iter().map(String::as_str).collect::<Vec<_>>(), Some(1e6)).0.len();
            pages += 1;
        }
        assert!(pages < 2 * MAX_SEARCHES + 9, "{pages}");
    }

    #[test]
    fn records_without_an_id_are_all_delivered() {
        let mut pager = Pager::new(0, 2);
        assert_eq!(step(&mut pager, &["", ""], Some(4.0)).0, vec![0, 1]);
        assert_eq!(pager.position().map(|(offset, _)| offset), Some(2));
        assert_eq!(step(&mut pager, &["", ""], Some(4.0)), (vec![0, 1], None));
        // Without a total a short page of them is the last: they may be the same ones again.
        let mut pager = Pager::new(0, 2);
        assert_eq!(step(&mut pager, &["", ""], None), (vec![0, 1], Some((2, Some(2)))));
        assert_eq!(step(&mut pager, &[""], None), (vec![0], None));
    }

    #[test]
    fn a_cursor_goes_on_where_it_was_taken() {
        let mut pager = Pager::new(0, 3);
        step(&mut pager, &["a", "b", "c"], Some(9.0));
        step(&mut pager, &["c", "d", "e", "f"], Some(9.0));
        let cursor = pager.cursor("orders.list");
        assert_eq!(cursor.len(), 1 + 8 * DIGITS);
        let mut resumed = Pager::resume("orders.list", &cursor, 3).expect("a cursor");
        assert_eq!(resumed.position(), pager.position());
        assert_eq!(resumed.cursor("orders.list"), cursor);
        // Meanwhile three records were added and one was deleted.
        assert_eq!(step(&mut resumed, &["d", "e", "g", "h"], Some(11.0)).0, vec![2, 3]);
    }

    #[test]
    fn a_cursor_stays_small_and_carries_the_latest_records() {
        let mut pager = Pager::new(0, 1);
        for i in 0..3000u32 {
            let ids = [i.saturating_sub(1).to_string(), i.to_string()];
            step(&mut pager, &[&ids[0], &ids[1]], Some(9999.0));
        }
        let cursor = pager.cursor("");
        assert_eq!(cursor.len(), 1 + (CARRIED + 2) * DIGITS);
        let mut resumed = Pager::resume("", &cursor, 1).expect("a cursor");
        assert_eq!(step(&mut resumed, &["2976", "x"], Some(9999.0)).0, vec![1]);
        let mut resumed = Pager::resume("", &cursor, 1).expect("a cursor");
        assert_eq!(step(&mut resumed, &["2975", "x"], Some(9999.0)).0, vec![] as Vec<u32>, "not carried");
        let mut resumed = Pager::resume("", &cursor, 100).expect("a cursor");
        while resumed.position().is_some_and(|(offset, _)| offset > 0) {
            assert_eq!(step(&mut resumed, &["y", "z"], Some(9999.0)).0, vec![] as Vec<u32>);
        }
        assert_eq!(
            step(&mut resumed, &["y", "z"], Some(9999.0)),
            (vec![], Some((1, Some(100)))),
            "it goes on to search"
        );
        assert_eq!(step(&mut resumed, &["z", "2999", "3000"], Some(4.0)), (vec![2], None));
    }

    #[test]
    fn what_is_no_cursor_of_this_list_is_refused() {
        let mut pager = Pager::new(0, 3);
        step(&mut pager, &["a", "b", "c"], Some(9.0));
        let cursor = pager.cursor("orders.list");
        assert!(Pager::resume("coupons.list", &cursor, 3).is_none());
        for (i, _) in cursor.char_indices() {
            assert!(Pager::resume("orders.list", &cursor[..i], 3).is_none(), "{i}");
            let mut bent = cursor.clone().into_bytes();
            bent[i] = if bent[i] == b'2' { b'3' } else { b'2' };
            assert!(Pager::resume("orders.list", &String::from_utf8(bent).unwrap(), 3).is_none(), "{i}");
        }
        let upper = cursor.to_ascii_uppercase();
        for text in ["", "1", "10", "1é", &upper, &[&*cursor, "0"].concat(), &"1".repeat(1 << 20)] {
            assert!(Pager::resume("orders.list", text, 3).is_none(), "{text:.20}");
        }
    }
}
