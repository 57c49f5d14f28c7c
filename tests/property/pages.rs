//! An iteration over a list that changes between its pages: every record that was there all the time comes exactly once.

use crate::cases;
use ghl_payments::call::{hash, Pager};
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};

/// What happens to the list between two pages.
#[derive(Debug, Clone)]
enum Change {
    /// So many new records at its front.
    Insert(usize),
    /// The record at this share of its length.
    Delete(prop::sample::Index),
    /// So many records from this share on.
    DeleteRun(prop::sample::Index, usize),
    /// So many of the records that were delivered last.
    DeleteDelivered(usize),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        3 => (0usize..30).prop_map(Change::Insert),
        3 => any::<prop::sample::Index>().prop_map(Change::Delete),
        1 => (any::<prop::sample::Index>(), 0usize..25).prop_map(|(at, n)| Change::DeleteRun(at, n)),
        2 => (1usize..40).prop_map(Change::DeleteDelivered),
    ]
}

#[derive(Debug, Clone)]
struct Case {
    records: usize,
    limit: u32,
    /// Whether the caller names the limit; the server's default is the same.
    told: bool,
    /// How many more records than are in the list the server counts, where it names totals.
    totals: Option<usize>,
    /// The most that the server gives.
    cap: usize,
    /// Each so-manyth page is shorter than that, for no reason; 0: none.
    short: usize,
    /// Whether each page is read by an iteration that was resumed from a cursor.
    resumed: bool,
    changes: Vec<Vec<Change>>,
}

fn case() -> impl Strategy<Value = Case> {
    let changes = prop::collection::vec(prop::collection::vec(change(), 0..4), 0..60);
    (
        0usize..400,
        1u32..40,
        any::<bool>(),
        prop_oneof![3 => Just(None), 3 => Just(Some(0)), 1 => (1usize..900).prop_map(Some)],
        prop_oneof![Just(100usize), 3usize..20],
        prop_oneof![Just(0usize), 2usize..6],
        any::<bool>(),
        changes,
    )
        .prop_map(|(records, limit, told, totals, cap, short, resumed, changes)| Case {
            records,
            limit,
            told,
            totals,
            cap,
            short,
            resumed,
            changes,
        })
}

/// Reads the list; gives how often each record was delivered, and the records that were there all the time.
fn iterate(case: &Case) -> (HashMap<u64, usize>, HashSet<u64>, usize) {
    let mut list: Vec<u64> = (0..case.records as u64).rev().collect();
    let mut stable: HashSet<u64> = list.iter().copied().collect();
    let mut fresh_id = case.records as u64;
    let mut delivered = HashMap::new();
    let mut order: Vec<u64> = Vec::new();
    let told = if case.told { case.limit } else { 0 };
    let mut pager = Pager::new(0, told);
    let mut changes = case.changes.iter();
    let mut pages = 0;
    let mut spared = None;
    while let Some((offset, limit)) = pager.position() {
        pages += 1;
        assert!(pages < 5000, "the iteration does not end");
        let limit = limit.map_or(case.limit as usize, |limit| limit as usize).min(case.cap);
        let is_short = case.short > 0 && pages % case.short == 0;
        // A page with less than the repeated record and a new one would be the end.
        let limit = if is_short { limit.min(3) } else { limit };
        let page: Vec<u64> = list.iter().copied().skip(offset as usize).take(limit).collect();
        let ids: Vec<u64> = page.iter().map(|id| hash(id.to_string().as_bytes())).collect();
        let total = case.totals.map(|more| (list.len() + more) as f64);
        let fresh = pager.take(&ids, total);
        let delivers = !fresh.is_empty();
        for index in fresh {
            let id = page[index as usize];
            *delivered.entry(id).or_insert(0) += 1;
            order.push(id);
        }
        // The promise of a cursor holds while one of the 24 records that it carries is left: the oldest is the hardest
        // to find.
        let carried = order[order.len().saturating_sub(24)..].iter().find(|id| list.contains(id)).copied();
        if case.resumed && delivers && carried.is_some() && pager.position().is_some() {
            pager = Pager::resume("scope", &pager.cursor("scope"), told).expect("a cursor");
            spared = carried;
        }
        for change in changes.next().into_iter().flatten() {
            let mut gone = Vec::new();
            match change {
                Change::Insert(count) => {
                    for _ in 0..*count {
                        list.insert(0, fresh_id);
                        fresh_id += 1;
                    }
                }
                Change::Delete(at) if !list.is_empty() => gone.push(list[at.index(list.len())]),
                Change::DeleteRun(at, count) if !list.is_empty() => {
                    let at = at.index(list.len());
                    gone.extend(list.iter().skip(at).take(*count));
                }
                Change::DeleteDelivered(count) => {
                    gone.extend(order.iter().rev().take(*count));
                }
                _ => {}
            }
            gone.retain(|id| Some(*id) != spared);
            list.retain(|id| !gone.contains(id));
            gone.iter().for_each(|id| {
                stable.remove(id);
            });
        }
    }
    (delivered, stable, pages)
}

/// A list that stands still.
fn still(records: usize, limit: u32, totals: Option<usize>) -> Case {
    Case { records, limit, told: true, totals, cap: 100, short: 0, resumed: false, changes: Vec::new() }
}

/// How many requests plain paging makes of it.
fn plain(records: usize, limit: u32) -> usize {
    records.div_ceil(limit as usize).max(1)
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn every_record_that_was_there_all_the_time_is_delivered_exactly_once(case in case()) {
        let (delivered, stable, _) = iterate(&case);
        for id in &stable {
            prop_assert_eq!(delivered.get(id), Some(&1), "record {}", id);
        }
        for (id, times) in &delivered {
            prop_assert_eq!(*times, 1, "record {}", id);
        }
    }

    #[test]
    fn a_list_that_stands_still_costs_no_more_requests_than_plain_paging(records in 0usize..900, limit in 1u32..100) {
        let (delivered, _, pages) = iterate(&still(records, limit, Some(0)));
        prop_assert_eq!(delivered.len(), records);
        prop_assert_eq!(pages, plain(records, limit));
    }

    #[test]
    fn without_a_total_it_costs_one_request_more_behind_the_last_record(records in 0usize..900, limit in 1u32..100) {
        let (delivered, _, pages) = iterate(&still(records, limit, None));
        prop_assert_eq!(delivered.len(), records);
        prop_assert_eq!(pages, plain(records, limit) + usize::from(records > 0));
    }
}
