//! The filters and the paging that the lists have in common.

use crate::sandbox::account::catalog::{PRICES, PRODUCTS, SOURCES};
use crate::sandbox::account::deleted::Stream;
use crate::sandbox::account::state::{invoice_name, Account};
use crate::sandbox::calendar;
use crate::sandbox::calendar::DAY;
use crate::sandbox::http::check::Query;
use crate::sandbox::http::refusal::Reply;
use crate::sandbox::json::Members;
use crate::sandbox::text::holds;

/// The rows of one page, newest first, and how many rows match in all.
pub struct Page {
    /// Indexes of the rows.
    pub rows: Vec<usize>,
    /// Rows that match.
    pub total: usize,
}

impl Page {
    /// The answer with the page.
    pub fn reply(&self, write: &dyn Fn(usize, &mut Members<'_>)) -> Reply {
        Reply::object(&|out| {
            out.list("data", self.rows.len(), &|at, out| write(self.rows[at], out));
            out.number("totalCount", self.total as f64);
        })
    }
}

/// Takes the page that a query asks for out of `len` rows, which are kept oldest first. Without a filter no row is
/// looked at, so the page takes the same time anywhere in a long list.
pub fn page(len: usize, query: &Query, default: usize, keep: Option<&dyn Fn(usize) -> bool>) -> Page {
    let offset = query.count("offset").unwrap_or(0);
    let limit = query.count("limit").filter(|limit| *limit > 0).unwrap_or(default);
    let Some(keep) = keep else {
        return Page { rows: (0..len).rev().skip(offset).take(limit).collect(), total: len };
    };
    let mut rows = Vec::new();
    let mut total = 0;
    for row in (0..len).rev().filter(|row| keep(*row)) {
        if total >= offset && rows.len() < limit {
            rows.push(row);
        }
        total += 1;
    }
    Page { rows, total }
}

impl Account {
    /// The page of a stream that a query asks for, without what was deleted.
    pub fn page(&self, stream: Stream, query: &Query, keep: Option<&dyn Fn(usize) -> bool>) -> Page {
        let there = |index: usize| !self.deleted.has(stream, index) && keep.is_none_or(|keep| keep(index));
        let keep = if self.deleted.any(stream) { Some(&there as &dyn Fn(usize) -> bool) } else { keep };
        page(stream.len(self), query, 10, keep)
    }
}

/// The filters `startAt`, `endAt` and `paymentMode`.
#[derive(Debug, Default)]
pub struct Common {
    start: Option<i64>,
    end: Option<i64>,
    mode: Option<Mode>,
}

#[derive(Debug)]
enum Mode {
    Live(bool),
    /// A text that is neither `live` nor `test`: nothing has it.
    Neither,
}

impl Common {
    /// Reads them.
    pub fn of(query: &Query) -> Self {
        let time = |name| query.get(name).and_then(calendar::parse);
        Self {
            start: time("startAt").map(|(at, _)| at),
            // The last day counts as a whole.
            end: time("endAt").map(|(at, date_only)| if date_only { at + DAY - 1 } else { at }),
            mode: query.get("paymentMode").map(|text| match text {
                "live" => Mode::Live(true),
                "test" => Mode::Live(false),
                _ => Mode::Neither,
            }),
        }
    }

    /// Whether a row matches.
    pub fn keeps(&self, created: i64, live: bool) -> bool {
        self.start.is_none_or(|start| created >= start)
            && self.end.is_none_or(|end| created <= end)
            && match self.mode {
                None => true,
                Some(Mode::Live(wanted)) => live == wanted,
                Some(Mode::Neither) => false,
            }
    }
}

/// What a filter by id asks for.
#[derive(Debug)]
pub enum Wanted<T> {
    /// Anything: the filter is not set.
    Any,
    /// A record that there is not.
    Nothing,
    /// This record.
    Only(T),
}

impl<T: PartialEq> Wanted<T> {
    /// Reads the filter and finds the record that it names.
    pub fn of(text: Option<&str>, find: impl FnOnce(&str) -> Option<T>) -> Self {
        match text.map(find) {
            None => Self::Any,
            Some(None) => Self::Nothing,
            Some(Some(record)) => Self::Only(record),
        }
    }

    /// Whether a row of this record matches.
    pub fn keeps(&self, own: Option<&T>) -> bool {
        match self {
            Self::Any => true,
            Self::Nothing => false,
            Self::Only(wanted) => own == Some(wanted),
        }
    }
}

/// The filter `search`: a text that is looked for in contacts, sources and products. What of these it
/// is part of is found out once, before the rows are looked at.
#[derive(Debug)]
pub struct Search {
    text: String,
    contacts: Vec<bool>,
    sources: Vec<bool>,
    prices: Vec<bool>,
}

impl Search {
    /// Reads it.
    pub fn of(account: &Account, query: &Query) -> Option<Self> {
        let text = query.get("search")?.trim().to_owned();
        let finds = |name: &str| holds(name, &text);
        Some(Self {
            contacts: account.contacts.iter().map(|contact| contact.matches(&text)).collect(),
            sources: SOURCES.iter().map(|source| source.kind != "invoice" && finds(source.name)).collect(),
            prices: PRICES.iter().map(|price| finds(PRODUCTS[price.product].name)).collect(),
            text,
        })
    }

    /// Whether it is part of a contact's name or address.
    pub fn finds_contact(&self, contact: u32) -> bool {
        self.contacts[contact as usize]
    }

    /// Whether it is part of the name of a source, or of the number of the invoice that is the source.
    pub fn finds_source(&self, source: u8, invoice: usize) -> bool {
        self.sources[usize::from(source)]
            || (SOURCES[usize::from(source)].kind == "invoice" && holds(&invoice_name(invoice), &self.text))
    }

    /// Whether it is part of the name of the product with this price.
    pub fn finds_product(&self, price: u8) -> bool {
        self.prices[usize::from(price)]
    }

    /// How many bytes it has.
    pub fn length(&self) -> usize {
        self.text.len()
    }

    /// Whether it is this id, which has so many characters.
    pub fn is(&self, length: usize, id: impl FnOnce() -> String) -> bool {
        self.text.len() == length && id().eq_ignore_ascii_case(&self.text)
    }
}

/// Whether a query holds any filter at all.
pub fn filters(query: &Query, names: &[&str]) -> bool {
    names.iter().any(|name| query.get(name).is_some())
}
