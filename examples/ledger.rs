//! Prints the ledger of operations as JSON: `cargo run --example ledger`.

use ghl_payments::endpoint::{Safety, ALL};
use serde_json::{json, Value};

fn main() {
    let ledger: Vec<Value> = ALL
        .iter()
        .map(|operation| {
            json!({
                "id": operation.id,
                "name": operation.name,
                "method": operation.method.as_str(),
                "path": operation.path,
                "scope": operation.scope,
                "safety": match operation.safety {
                    Safety::Read => "read",
                    Safety::IdempotentWrite => "idempotent write",
                    Safety::NonIdempotentWrite => "non-idempotent write",
                },
                "docs": operation.docs(),
            })
        })
        .collect();
    println!("{}", Value::Array(ledger));
}
