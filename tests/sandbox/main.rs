//! The promises of the sandbox.
#![cfg(not(target_arch = "wasm32"))]

mod events;
mod faults;
mod judging;
mod ledger;
mod oauth;
mod provider_side;
mod reading;
mod seeding;
mod support;
mod writing;
