//! `GET /oauth/installedLocations`, `GET /oauth/installed-locations`: where the app is installed.

use crate::json::joined;
use crate::sandbox::account::catalog::PLACES;
use crate::sandbox::http::auth::{Resource, Tokens};
use crate::sandbox::http::check::{check, may, must, Query, Rule, Spec};
use crate::sandbox::http::refusal::{Outcome, Refusal, Reply};
use crate::sandbox::json::Members;
use crate::sandbox::oauth::grants::Grants;
use crate::sandbox::oauth::visit::Visit;
use crate::sandbox::text::{digits, holds};
use serde_json::Map;

static QUERY: Spec = Spec {
    query: &[
        must("companyId", Rule::Text),
        must("appId", Rule::Text),
        may("query", Rule::AnyText),
        may("isInstalled", Rule::Flag),
        may("versionId", Rule::Text),
        may("onTrial", Rule::Flag),
        may("planId", Rule::Text),
        may("locationId", Rule::Text),
        // There is one person, who sees every location.
        may("restrictToUserLocations", Rule::Flag),
        may("skip", Rule::Whole(0)),
        may("limit", Rule::Whole(1)),
        // In version 3, instead of the two before.
        may("pageSize", Rule::Whole(1)),
        may("pageToken", Rule::Text),
    ],
    body: &[],
};

/// What a page token begins with; the place where the page begins follows.
const MARK: &str = "page-";

/// Lists the locations of the company that match.
pub fn list(grants: &Grants, visit: &Visit<'_>, tokens: &Tokens) -> Outcome {
    let v3 = visit.agency(tokens, "oauth.readonly")?;
    let query = check(&QUERY, visit.query.to_vec(), &Map::new())?;
    if query.get("companyId") != Some(visit.company) {
        return Err(Refusal::gateway(403, "The token does not have access to this company."));
    }
    if query.get("appId") != Some(&visit.app.id) {
        return Err(Refusal::new(404, "App not found"));
    }
    let rows: Vec<usize> = (0..visit.locations.len()).filter(|at| keeps(grants, visit, &query, *at)).collect();
    let (start, size) = if v3 {
        let start = match query.get("pageToken") {
            None => 0,
            Some(text) => text
                .strip_prefix(MARK)
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| Refusal::parameter("pageToken is invalid"))?,
        };
        (start, query.count("pageSize").unwrap_or(20).min(100))
    } else {
        (query.count("skip").unwrap_or(0), query.count("limit").unwrap_or(10))
    };
    let page: Vec<usize> = rows.iter().copied().skip(start).take(size).collect();
    let future = grants.install(&Resource::Company).is_some_and(|install| install.all);
    Ok(Reply::object(&|out| {
        out.list(if v3 { "items" } else { "locations" }, page.len(), &|at, out| {
            location(grants, visit, page[at], out);
        });
        if v3 {
            let mut pages = out.object("pagination");
            let next = start + page.len();
            pages.number("totalRecords", rows.len() as f64);
            pages.flag("hasNextPage", next < rows.len());
            pages.flag("hasPrevPage", start > 0);
            if next < rows.len() {
                pages.text("nextPageToken", &joined(&[MARK, &digits(next as u64, 1)]));
            }
            if start > 0 {
                pages.text("prevPageToken", &joined(&[MARK, &digits(start.saturating_sub(size) as u64, 1)]));
            }
            pages.number("currentPageSize", page.len() as f64);
            pages.end();
        } else {
            out.number("count", rows.len() as f64);
        }
        out.flag("installToFutureLocations", future);
    }))
}

fn name(at: usize) -> String {
    joined(&["Location ", &digits(at as u64 + 1, 1)])
}

fn keeps(grants: &Grants, visit: &Visit<'_>, query: &Query, at: usize) -> bool {
    let id = &visit.locations[at];
    let installed = grants.covering(id).is_some();
    let same = |name: &str, own: &str| query.get(name).is_none_or(|wanted| wanted == own);
    query.get("query").is_none_or(|text| holds(&name(at), text.trim()))
        && query.get("isInstalled").is_none_or(|wanted| (wanted == "true") == installed)
        && query.get("onTrial") != Some("true")
        && same("locationId", id)
        && same("versionId", &visit.app.id)
        && same("planId", &visit.app.plan)
}

fn location(grants: &Grants, visit: &Visit<'_>, at: usize, out: &mut Members<'_>) {
    let id = &visit.locations[at];
    let (city, state, postal_code, country) = PLACES[at % PLACES.len()];
    out.text("_id", id);
    out.text("name", &name(at));
    out.text("address", &joined(&["1 Example Street, ", city, ", ", state, " ", postal_code, ", ", country]));
    let install = grants.covering(id);
    out.flag("isInstalled", install.is_some());
    if let Some(install) = install {
        out.text("versionId", &visit.app.id);
        out.time("installedAt", install.at);
    }
}
