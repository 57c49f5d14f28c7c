//! Promises of the byte checker, held against generated documents.
//!
//! The documents are made by walking the shape tables of all operations, so a new field is covered the day it is
//! declared. [`oracle`] says in its own, slow way what has to come out.
#![cfg(not(target_arch = "wasm32"))]

mod amounts;
mod answers;
mod document;
mod oracle;
mod pages;
mod requests;
mod tables;

use proptest::test_runner::{Config, FileFailurePersistence, RngSeed};

/// Always the same cases, so that no run fails by chance; with `GHL_FRESH_SEEDS`, as in `cargo xtask test --all`, new ones
/// each time. The seed of every case that failed is kept in `seeds.txt`, which each run begins with: commit it together
/// with the fix.
fn cases(count: u32) -> Config {
    let fresh = std::env::var_os("GHL_FRESH_SEEDS").is_some_and(|set| !set.is_empty());
    let rng_seed = if fresh { RngSeed::Random } else { RngSeed::Fixed(20_261_129) };
    let kept = FileFailurePersistence::Direct("tests/property/seeds.txt");
    Config { cases: count, rng_seed, failure_persistence: Some(Box::new(kept)), ..Config::default() }
}
