//! The state of one iteration over a list.

use super::values::{text, Object};
use crate::call::{hash, Pager};
use crate::json::items;
use wasm_bindgen::prelude::*;

/// Where an iteration stands.
#[wasm_bindgen]
pub struct Pages {
    pager: Pager,
    /// Names the list and its filters.
    scope: String,
}

#[wasm_bindgen]
impl Pages {
    /// Goes on from a cursor of the same scope; nothing if it is none. Without a cursor (empty) starts at `offset`. Pages have
    /// `limit` records (0: as before, or the server's default).
    pub fn open(scope: &str, cursor: &str, offset: u32, limit: u32) -> Option<Pages> {
        let mut pager = Pager::new(offset, limit);
        if !cursor.is_empty() && !pager.go_on(scope, cursor) {
            return None;
        }
        Some(Self { pager, scope: scope.into() })
    }

    /// Takes a page by its ids, as JSON text, and its total, if the server names one; no text: only looks.
    ///
    /// Gives `{fresh, offset, limit?, cursor}` as JSON text: the indexes of what is to be delivered, where the next page
    /// starts, how many records it is to hold and the text from which a later iteration goes on. After the last page there
    /// is only `fresh`.
    pub fn turn(&mut self, ids: &str, total: f64) -> JsValue {
        let mut out = Object::new();
        out.open("fresh", '[');
        if !ids.is_empty() {
            let mut hashes = Vec::new();
            for (_, id) in items(ids.as_bytes()) {
                hashes.push(hash(text(id).as_bytes()));
            }
            for index in &self.pager.take(&hashes, (!total.is_nan()).then_some(total)) {
                out.index(*index);
            }
        }
        out.close(']');
        if let Some((offset, limit)) = self.pager.position() {
            out.number("offset", Some(f64::from(offset)));
            out.number("limit", limit.map(f64::from));
            out.text("cursor", &self.pager.cursor(&self.scope));
        }
        out.finish().into()
    }
}
