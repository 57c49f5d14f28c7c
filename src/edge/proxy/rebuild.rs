//! From a request to a call of the client: operation, id and parameters, and nothing else.

use super::enter::Route;
use super::findings::Findings;
use super::grant::Grant;
use super::refusal::{Reason, Refusal};
use super::writes::writes;
use super::{body, query};
use crate::endpoint::{Method, Operation, ALL};
use crate::json::{put, quote, text_field};
use crate::shape::validate;
/// A call as [`build`](crate::core::build) takes it, with the grant's location as the configured one.
#[derive(Clone)]
pub struct Rebuilt {
    /// The operation.
    pub operation: &'static Operation,
    /// The id for its path.
    pub id: Option<String>,
    /// Its parameters as JSON text, without those that name the account.
    pub params: String,
    /// The record that it would change, or whose parts it reads. It is to be read first: [`is_own`](super::is_own) says whether it
    /// is the grant's.
    pub check: Option<Check>,
}

impl std::fmt::Debug for Rebuilt {
    /// Without the parameters, which may hold the keys of a payment provider.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { operation, id, check, .. } = self;
        let mut shown = f.debug_struct("Rebuilt");
        shown.field("operation", &operation.name).field("id", id).field("check", check).finish_non_exhaustive()
    }
}

/// A read that comes before the call.
#[derive(Clone)]
pub struct Check {
    /// The id that its answer has to have.
    pub record: String,
    /// Whether a write follows.
    pub before_write: bool,
    /// The operation.
    pub operation: &'static Operation,
    /// The id for its path.
    pub id: Option<String>,
    /// Its parameters as JSON text.
    pub params: String,
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { operation, record, before_write, .. } = self;
        let mut shown = f.debug_struct("Check");
        shown.field("operation", &operation.name).field("record", record).field("before_write", before_write).finish()
    }
}

/// Takes query and body of a request apart and checks them closed. Everything that is wrong is listed.
///
/// `query` is that of the URL as the URL parser gives it, without its question mark. Unless `trust_ids`, a write that names a
/// record, and a read of a record's parts, which name no location, come with the read that has to precede them.
pub fn rebuild(route: &Route, query: &str, body: &[u8], grant: &Grant, trust_ids: bool) -> Result<Rebuilt, Refusal> {
    let Route { operation, id } = route;
    grant.permits(operation)?;
    let mut found = Findings::new(grant);
    let mut params = query::read(operation, query, &mut found);
    put(&mut params, "}");
    let mut whole = true;
    if operation.body.is_some() {
        let written = body::written(operation, body, &mut found);
        whole = written.is_some();
        params = written.unwrap_or_default();
    } else if !body.is_empty() {
        found.add("", "must be in the query: this operation takes no body");
    }
    let Findings { mut issues, foreign, .. } = found;
    if let (true, Some(record)) = (whole, operation.body.or(operation.query)) {
        if let Err(mut others) = validate(&params, record, true) {
            issues.append(&mut others);
        }
    }
    if !issues.is_empty() {
        let reason = if foreign { Reason::OtherLocation } else { Reason::Parameters };
        return Err(Refusal { reason, issues, before_write: writes(operation) });
    }
    let check = if trust_ids { None } else { check(operation, id.as_deref(), &params) };
    Ok(Rebuilt { operation, id: id.clone(), params, check })
}

/// The read of the record that a call names: in its path, or a write as `id` in its body.
fn check(operation: &'static Operation, id: Option<&str>, params: &str) -> Option<Check> {
    let before_write = writes(operation);
    let named = if before_write { text_field(params.as_bytes(), "id") } else { String::new() };
    for other in ALL {
        let in_path = id.is_some() && other.path.as_bytes().ends_with(b"}") && operation.path.starts_with(other.path);
        let by_id = other.query.is_some_and(|query| query.index("id").is_some());
        let in_body = !named.is_empty() && other.path == operation.path && by_id;
        // What reads the record itself says whose it is.
        let another = before_write || other.path != operation.path;
        if other.method == Method::Get && another && (in_path || in_body) {
            let mut params = String::from("{");
            if !named.is_empty() {
                put(&mut params, "\"id\":");
                quote(&mut params, &named);
            }
            put(&mut params, "}");
            let record = id.map_or(named, String::from);
            return Some(Check { operation: other, id: id.map(String::from), params, record, before_write });
        }
    }
    None
}
