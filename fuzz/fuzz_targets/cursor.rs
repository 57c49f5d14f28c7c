//! Any text as a cursor, any pages behind it: refused, or an iteration that delivers no index twice and comes to an end.
//!
//! The input is text in lines: scope, cursor, then the pages, a character for each record.
#![no_main]

use ghl_payments::call::Pager;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let mut lines = input.split('\n');
    let (scope, cursor) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let mut pager = match Pager::resume(scope, cursor, 0) {
        Some(pager) => {
            assert_eq!(pager.cursor(scope), cursor, "a cursor is taken as it is or not at all");
            pager
        }
        None => Pager::new(cursor.len() as u32, 3),
    };
    for page in lines {
        let ids: Vec<u64> = page.chars().map(|c| u64::from(c as u32 % 64)).collect();
        let total =
            page.chars().last().and_then(|c| [Some(0.0), None, Some(-1.0), Some(f64::INFINITY)][c as usize % 4]);
        let before = pager.position();
        let delivered = pager.take(&ids, total);
        assert!(delivered.windows(2).all(|pair| pair[0] < pair[1]), "{delivered:?}");
        assert!(delivered.iter().all(|index| (*index as usize) < ids.len()), "{delivered:?}");
        if before.is_none() {
            return;
        }
        let stored = pager.cursor(scope);
        assert_eq!(Pager::resume(scope, &stored, 0).map(|pager| pager.cursor(scope)), Some(stored));
    }
});
