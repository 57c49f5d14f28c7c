//! The state of one iteration over a list.

use crate::core::{hash, Pager};
use wasm_bindgen::prelude::*;

/// Where an iteration stands.
#[wasm_bindgen]
pub struct Pages(Pager);

#[wasm_bindgen]
impl Pages {
    /// Starts at `offset` with pages of `limit` records (0: the server's default).
    #[wasm_bindgen(constructor)]
    pub fn new(offset: u32, limit: u32) -> Self {
        Self(Pager::new(offset, limit))
    }

    /// Goes on from a cursor of the same scope; nothing if it is none.
    pub fn resume(scope: &str, cursor: &str, limit: u32) -> Option<Pages> {
        Pager::resume(scope, cursor, limit).map(Self)
    }

    /// Text from which a later iteration goes on.
    pub fn cursor(&self, scope: &str) -> String {
        self.0.cursor(scope)
    }

    /// Takes a page by its ids, each ended by a line break. Gives the indexes of what is to be delivered.
    pub fn take(&mut self, ids: &str, total: Option<f64>) -> Vec<u32> {
        let mut hashes = Vec::new();
        let mut rest = ids.as_bytes();
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            hashes.push(hash(rest.get(..end).unwrap_or_default()));
            rest = rest.get(end + 1..).unwrap_or_default();
        }
        self.0.take(&hashes, total)
    }

    /// Where the next page starts; -1 after the last one.
    pub fn offset(&self) -> f64 {
        self.0.position().map_or(-1.0, |(offset, _)| f64::from(offset))
    }

    /// How many records the next page is to hold; 0: the server's default.
    pub fn limit(&self) -> u32 {
        self.0.position().and_then(|(_, limit)| limit).unwrap_or(0)
    }
}
