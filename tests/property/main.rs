//! Promises of the byte checker, held against generated documents.
//!
//! The documents are made by walking the shape tables of all 23 operations, so a new field is covered the day it is
//! declared. [`oracle`] says in its own, slow way what has to come out.
#![cfg(not(target_arch = "wasm32"))]

mod answers;
mod document;
mod oracle;
mod pages;
mod requests;
mod tables;

use proptest::test_runner::Config;

/// Seconds matter more than a file of old seeds: what once failed becomes a case of its own.
fn cases(count: u32) -> Config {
    Config { cases: count, failure_persistence: None, ..Config::default() }
}
