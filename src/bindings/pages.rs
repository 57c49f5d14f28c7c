//! The state of one reading of a list.

use super::values::{read_count, read_text};
use crate::call::{hash, PageLoop, Place, Taken};
use crate::json::{field, items, Object};
use crate::shape::Issue;
use wasm_bindgen::prelude::*;

/// A list that is being read: a [`PageLoop`].
#[wasm_bindgen]
pub struct Pages(PageLoop);

#[wasm_bindgen]
impl Pages {
    /// A list of this scope, which every answer of a list comes with, from its start; 0 stands for what is not given.
    pub fn open(scope: &str, offset: f64, limit: f64) -> Pages {
        Self(PageLoop::new(scope.into(), offset as u32, limit as u32))
    }

    /// The list as it stood when it gave this cursor; nothing if it did not.
    pub fn reopen(scope: &str, cursor: &str) -> Option<Pages> {
        PageLoop::resume(scope.into(), cursor, None, 0).ok().map(Self)
    }

    /// What is to be read next: `{offset?, limit?, background}` as JSON text; nothing after the last page.
    pub fn next(&self) -> JsValue {
        let Some(Place { offset, limit, background }) = self.0.next() else { return JsValue::UNDEFINED };
        let mut out = Object::new();
        out.number("offset", offset.map(f64::from));
        out.number("limit", limit.map(f64::from));
        out.truth("background", background);
        out.finish().into()
    }

    /// Takes the page that was asked for by its ids, a list as JSON text, and its total, NaN if the server names none.
    ///
    /// Gives `{fresh, totalCount, cursor?, incomplete}` as JSON text; nothing if there is nothing new in it and the next one is to be
    /// read for it.
    pub fn take(&mut self, ids: &str, total: f64) -> JsValue {
        let mut hashes = Vec::new();
        for (_, id) in items(ids.as_bytes()) {
            hashes.push(hash(read_text(id).as_bytes()));
        }
        let Some(Taken { fresh, total_count, cursor, incomplete }) =
            self.0.take(&hashes, (!total.is_nan()).then_some(total))
        else {
            return JsValue::UNDEFINED;
        };
        let mut out = Object::new();
        out.open("fresh", '[');
        for index in &fresh {
            out.index(*index);
        }
        out.close(']');
        out.number("totalCount", Some(total_count));
        out.optional_text("cursor", cursor.as_deref());
        out.truth("incomplete", incomplete);
        out.finish().into()
    }
}

impl Pages {
    /// Goes on behind a cursor that a caller gives. `params` is JSON text: what the list is called with beside it.
    pub fn resume(scope: String, params: &str, cursor: &JsValue) -> Result<Self, Issue> {
        let given = |name| Some(field(params.as_bytes(), name)).filter(|value| !value.is_empty());
        let (offset, limit) = (given("offset").map(read_count), given("limit").map_or(0, read_count));
        PageLoop::resume(scope, &cursor.as_string().unwrap_or_default(), offset, limit).map(Self)
    }
}
