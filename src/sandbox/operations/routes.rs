//! From a request to its operation: the ledger says where an operation lives, this table who does it.

use crate::endpoint::{Operation, ALL};
use crate::sandbox::http::check::Spec;
use crate::sandbox::http::message::decode;
use crate::sandbox::operations::call::{Handler, Run};
use crate::sandbox::operations::{
    coupons, fulfillments, orders, payments, provider, subscriptions, transactions, whitelabel,
};

/// A request's operation.
pub struct Route {
    /// Its entry of the ledger.
    pub operation: &'static Operation,
    /// Its parameters.
    pub spec: &'static Spec,
    /// What does it.
    pub run: Run,
    /// The id in the path.
    pub id: String,
}

const HANDLERS: [&[Handler]; 8] = [
    whitelabel::HANDLERS,
    orders::HANDLERS,
    payments::HANDLERS,
    fulfillments::HANDLERS,
    transactions::HANDLERS,
    subscriptions::HANDLERS,
    coupons::HANDLERS,
    provider::HANDLERS,
];

fn handler(id: &str) -> Option<(&'static Spec, Run)> {
    let mut all = HANDLERS.iter().copied().flatten();
    all.find(|(own, ..)| *own == id).map(|(_, spec, run)| (*spec, *run))
}

/// The operation of a request.
pub fn find(method: &str, path: &str) -> Option<Route> {
    let fits = |operation: &'static Operation| {
        let id = placeholder(operation.path, path)?;
        let (spec, run) = handler(operation.id)?;
        Some(Route { operation, spec, run, id })
    };
    ALL.iter().filter(|operation| operation.method.as_str() == method).find_map(|operation| fits(operation))
}

/// The decoded text at the placeholder of a template, empty where it has none; `None` where the path does not fit.
fn placeholder(template: &str, path: &str) -> Option<String> {
    let mut id = String::new();
    let mut segments = path.split('/');
    for part in template.split('/') {
        let segment = segments.next()?;
        if part.starts_with('{') {
            if segment.is_empty() {
                return None;
            }
            id = decode(segment, false);
        } else if part != segment {
            return None;
        }
    }
    segments.next().is_none().then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_of_the_ledger_is_done() {
        for operation in ALL {
            assert!(handler(operation.id).is_some(), "{}", operation.id);
        }
    }

    #[test]
    fn the_judged_parameters_are_those_of_the_ledger() {
        for operation in ALL {
            let Some((spec, _)) = handler(operation.id) else { continue };
            for (own, ledger) in [(spec.query, operation.query), (spec.body, operation.body)] {
                let mut own: Vec<&str> = own.iter().map(|param| param.name).collect();
                let mut ledger: Vec<&str> =
                    ledger.map(|record| record.fields().map(|field| field.name).collect()).unwrap_or_default();
                own.sort_unstable();
                ledger.sort_unstable();
                assert_eq!(own, ledger, "{}", operation.id);
            }
        }
    }
}
