//! The reading of a list page by page: what is asked for next, and what an answer brings.
//!
//! This is the only page loop. Rust's streams and JavaScript's iterations carry out what it asks for, and tell it the ids
//! and the total of each answer.

use super::pager::{hash, push, Pager};
use crate::core::{parted, Request};
use crate::shape::{Drift, Issue};

/// The page that is to be read next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The parameter `offset`; left out where the list is read from its start.
    pub offset: Option<u32>,
    /// The parameter `limit`; left out where the server's default is wanted.
    pub limit: Option<u32>,
    /// Whether other calls go first where the rate limit makes it wait: so it is from the second page on.
    pub background: bool,
}

/// What a page brought.
#[derive(Debug, Clone, PartialEq)]
pub struct Taken {
    /// The indexes of the records that no page before delivered, in order.
    pub fresh: Vec<u32>,
    /// How many records match in all; where the server names no total, how many are known so far.
    pub total_count: f64,
    /// Text from which a later reading goes on behind this page; `None` after the last page.
    pub cursor: Option<String>,
    /// Whether this is the last page although the server counts more records.
    pub incomplete: bool,
}

/// What is told of a list that ended before the records that the server counts.
pub(crate) fn ended_early() -> Drift {
    Drift { path: "data".into(), expected: "as many records as HighLevel counts", found: "fewer", repaired: false }
}

/// A list that is being read.
#[derive(Debug, Clone)]
pub struct PageLoop {
    pager: Pager,
    /// What its cursors are good for: a [`cursor_scope`].
    scope: String,
    /// Whether a page was taken.
    began: bool,
}

impl PageLoop {
    /// Starts at `offset` with pages of `limit` records (0: the server's default).
    pub fn new(scope: String, offset: u32, limit: u32) -> Self {
        Self { pager: Pager::new(offset, limit), scope, began: false }
    }

    /// Goes on behind a page of the same scope that gave this cursor, with pages of `limit` records (0: as before). An
    /// `offset` beside it would contradict it.
    pub fn resume(scope: String, cursor: &str, offset: Option<u32>, limit: u32) -> Result<Self, Issue> {
        let pager = if offset.is_none() { Pager::resume(&scope, cursor, limit) } else { None };
        let refused = "is not the cursor of a page of this list with the same filters, location and base URL, \
                       or stands beside an offset";
        let pager = pager.ok_or_else(|| Issue::new("cursor", refused))?;
        Ok(Self { pager, scope, began: false })
    }

    /// Whether a page was taken.
    pub(crate) fn began(&self) -> bool {
        self.began
    }

    /// What is to be read next; `None` after the last page.
    pub fn next(&self) -> Option<Place> {
        let (offset, limit) = self.pager.position()?;
        Some(Place { offset: (offset > 0).then_some(offset), limit, background: self.began })
    }

    /// Takes the page that [`Self::next`] asked for: the [`hash`](super::hash)es of its ids in order, and how many records
    /// match in all, if the server says so. `None`: it brought nothing new, and the list goes on; the next one has to be
    /// read for it.
    pub fn take(&mut self, ids: &[u64], total: Option<f64>) -> Option<Taken> {
        self.began = true;
        let fresh = self.pager.take(ids, total);
        let more = self.pager.position().is_some();
        if fresh.is_empty() && more {
            return None;
        }
        let cursor = more.then(|| self.pager.cursor(&self.scope));
        Some(Taken {
            fresh,
            total_count: total.unwrap_or(self.pager.delivered().into()),
            cursor,
            incomplete: self.pager.is_incomplete(),
        })
    }
}

/// Names what a cursor is good for: the base URL, the list, the account and the filters.
///
/// It is taken from the request itself, so that it does not matter how they were given: by the client, by the call's
/// options or as parameters, in which order, as number or as text.
pub fn cursor_scope(request: &Request) -> String {
    let (address, mut query) = parted(&request.url, b'?');
    let mut sum = hash(address.as_bytes());
    while !query.is_empty() {
        let (parameter, rest) = parted(query, b'&');
        query = rest;
        // Where a page starts and how long it is differs from page to page.
        if !parameter.starts_with("offset=") && !parameter.starts_with("limit=") {
            // A sum, since the order of the parameters means nothing.
            sum = sum.wrapping_add(scattered(hash(parameter.as_bytes())));
        }
    }
    let mut scope = String::new();
    push(&mut scope, sum);
    scope
}

/// The last steps of MurmurHash3. Without them hashes of texts that end alike would cancel each other out in a sum: `search=a`
/// and `sourceId=b` would be the same as `search=b` and `sourceId=a`.
fn scattered(hash: u64) -> u64 {
    let once = (hash ^ hash >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let twice = (once ^ once >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    twice ^ twice >> 33
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{build, Config};
    use crate::endpoint::{Operation, LIST_COUPONS, LIST_ORDERS};

    fn config() -> Config {
        Config { location_id: Some("here".into()), ..Config::default() }
    }

    fn scope_of(operation: &'static Operation, params: &str, config: &Config) -> String {
        cursor_scope(&build(operation, None, Some(params), config).expect("a request"))
    }

    #[test]
    fn a_scope_is_the_same_however_the_same_request_is_written() {
        let plain = scope_of(&LIST_ORDERS, r#"{"status":"completed","search":"a b","limit":5}"#, &config());
        for params in [
            r#"{"search":"a b","status":"completed"}"#,
            r#"{"status":"\u0063ompleted","search":"a b","offset":40,"limit":100}"#,
            r#"{"altId":"here","altType":"location","locationId":"here","search":"a b","status":"completed"}"#,
        ] {
            assert_eq!(scope_of(&LIST_ORDERS, params, &config()), plain, "{params}");
        }
        let slashes = Config { base_url: "https://services.leadconnectorhq.com//".into(), ..config() };
        let params = r#"{"search":"a b","status":"completed"}"#;
        assert_eq!(scope_of(&LIST_ORDERS, params, &slashes.check(false).expect("a configuration")), plain);
        let other = Config { timeout_ms: 1, api_version: "v3".into(), background: true, ..config() };
        assert_eq!(scope_of(&LIST_ORDERS, params, &other), plain);
        let list = |products: &str| scope_of(&LIST_ORDERS, &format!("{{\"funnelProductIds\":{products}}}"), &config());
        assert_eq!(list(r#"["a","b"]"#), list(r#""a,b""#));
    }

    #[test]
    fn list_filters_account_and_base_url_make_another_scope() {
        let there = Config { location_id: Some("there".into()), ..config() };
        let proxy = Config { base_url: "https://pay.example".into(), ..config() };
        let path = Config { base_url: "https://services.leadconnectorhq.com/v1".into(), ..config() };
        let mut all = vec![
            scope_of(&LIST_ORDERS, "{}", &config()),
            scope_of(&LIST_COUPONS, "{}", &config()),
            scope_of(&LIST_ORDERS, "{}", &there),
            scope_of(&LIST_ORDERS, "{}", &proxy),
            scope_of(&LIST_ORDERS, "{}", &path),
        ];
        for params in [
            r#"{"status":"completed"}"#,
            r#"{"status":"pending"}"#,
            r#"{"search":"completed"}"#,
            r#"{"search":"limit=5"}"#,
            r#"{"search":"a","sourceId":"b"}"#,
            r#"{"search":"b","sourceId":"a"}"#,
            r#"{"search":"a","contactId":"b","sourceId":"c"}"#,
            r#"{"search":"c","contactId":"a","sourceId":"b"}"#,
            r#"{"search":"b","contactId":"a","sourceId":"c"}"#,
        ] {
            all.push(scope_of(&LIST_ORDERS, params, &config()));
        }
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    fn hashes(ids: &[&str]) -> Vec<u64> {
        ids.iter().map(|id| hash(id.as_bytes())).collect()
    }

    #[test]
    fn the_first_page_goes_before_others_and_the_further_ones_do_not() {
        let mut list = PageLoop::new("s".into(), 0, 2);
        assert_eq!(list.next(), Some(Place { offset: None, limit: Some(2), background: false }));
        let taken = list.take(&hashes(&["a", "b"]), Some(3.0)).expect("a page");
        assert_eq!((taken.fresh, taken.total_count), (vec![0, 1], 3.0));
        assert_eq!(list.next(), Some(Place { offset: Some(1), limit: Some(3), background: true }));
        let cursor = taken.cursor.expect("a cursor");
        let resumed = PageLoop::resume("s".into(), &cursor, None, 0).expect("a cursor of this list");
        assert_eq!(resumed.next(), Some(Place { offset: Some(1), limit: Some(3), background: false }));
        let last = list.take(&hashes(&["b", "c"]), Some(3.0)).expect("a page");
        assert_eq!(last, Taken { fresh: vec![1], total_count: 3.0, cursor: None, incomplete: false });
        assert_eq!(list.next(), None);
    }

    #[test]
    fn a_page_that_brings_nothing_new_is_no_page_while_the_list_goes_on() {
        let mut list = PageLoop::new("s".into(), 0, 2);
        list.take(&hashes(&["a", "b"]), Some(9.0));
        assert_eq!(list.take(&hashes(&["x", "y", "z"]), Some(8.0)), None, "what was delivered is looked for");
        assert!(list.next().is_some_and(|place| place.background));
    }

    #[test]
    fn without_a_total_the_records_known_so_far_are_counted() {
        let mut list = PageLoop::new("s".into(), 40, 2);
        let first = list.take(&hashes(&["a", "b"]), None).expect("a page");
        assert_eq!(first.total_count, 42.0);
        assert_eq!(list.take(&hashes(&["b", "c"]), None).map(|taken| taken.total_count), Some(43.0));
    }

    #[test]
    fn an_offset_beside_a_cursor_is_refused_whatever_it_is() {
        let mut list = PageLoop::new("s".into(), 0, 2);
        let cursor = list.take(&hashes(&["a", "b"]), Some(3.0)).and_then(|taken| taken.cursor).expect("a cursor");
        for (scope, offset) in [("s", Some(0)), ("s", Some(2)), ("t", None)] {
            let issue = PageLoop::resume(scope.into(), &cursor, offset, 0).expect_err("refused");
            assert_eq!(issue.path, "cursor");
        }
        assert!(PageLoop::resume("s".into(), &cursor, None, 0).is_ok());
        // As the package wrote them until the scope named the base URL.
        let old = cursor.replacen('2', "1", 1);
        assert!(PageLoop::resume("s".into(), &old, None, 0).is_err());
    }
}
