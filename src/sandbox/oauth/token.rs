//! The endpoints that give tokens and codes.

use crate::json::joined;
use crate::sandbox::calendar::iso;
use crate::sandbox::http::auth::{self, Resource, Tokens};
use crate::sandbox::http::check;
use crate::sandbox::http::refusal::{Outcome, Refusal, Reply};
use crate::sandbox::oauth::fields::{named, Fields};
use crate::sandbox::oauth::grants::{Grants, Pair, EXPIRES_IN};
use crate::sandbox::oauth::visit::Visit;
use crate::sandbox::text::separated;
use serde_json::Value;

/// `POST /oauth/token`
pub fn token(grants: &mut Grants, visit: &Visit<'_>, tokens: &mut Tokens) -> Outcome {
    // The header may be left out, but not be wrong.
    let v3 = visit.request.header("version").is_some() && auth::version(visit.request)?;
    let fields = Fields::read(visit.request, v3, v3);
    let (id, secret) = (fields.must("client_id")?, fields.must("client_secret")?);
    let kind = fields.must("grant_type")?;
    if id != visit.app.client_id || secret != visit.app.client_secret() {
        return Err(fields.denied(401, "UnAuthorized!", "Invalid client credentials!"));
    }
    if fields.get("user_type")?.is_some_and(|text| !matches!(text, "Company" | "Location")) {
        return Err(fields.invalid("user_type"));
    }
    let pair = match kind {
        "authorization_code" => {
            let (code, redirect_uri) = (fields.must("code")?, fields.get("redirect_uri")?);
            let used = grants.exchange(code, redirect_uri, tokens, visit.now);
            let used = used.map_err(|()| fields.invalid("redirect_uri"))?;
            used.ok_or_else(|| fields.denied(401, "UnAuthorized!", "Authorization code not found"))?
        }
        "refresh_token" => {
            let used = grants.refresh(fields.must("refresh_token")?, tokens, visit.now);
            used.ok_or_else(|| fields.denied(400, "invalid_grant", "Invalid grant: refresh token is invalid"))?
        }
        // It stands in the list of the documentation, and nowhere is said what it gives.
        _ => return Err(fields.invalid("grant_type")),
    };
    Ok(answer(grants, visit, &pair, v3))
}

/// `POST /oauth/locationToken`, `POST /oauth/location-token`
pub fn location_token(grants: &mut Grants, visit: &Visit<'_>, tokens: &mut Tokens) -> Outcome {
    let v3 = visit.agency(tokens, "oauth.write")?;
    let fields = Fields::read(visit.request, false, true);
    let mut missing = Vec::new();
    for name in ["companyId", "locationId"] {
        if !matches!(fields.get(name), Ok(Some(_))) {
            missing.push(joined(&[name, " must be a string"]));
        }
    }
    let (Ok(Some(company)), Ok(Some(location))) = (fields.get("companyId"), fields.get("locationId")) else {
        return Err(Refusal::parameters(missing));
    };
    if company != visit.company {
        return Err(Refusal::gateway(403, "The token does not have access to this company."));
    }
    let pair = match grants.install(&Resource::Company) {
        Some(install) if install.covers(location) && visit.locations.iter().any(|own| own == location) => {
            grants.mint(location, tokens, visit.now)
        }
        _ => None,
    };
    let pair = pair.ok_or_else(|| Refusal::new(400, "Location not found"))?;
    Ok(Reply { status: 201, ..answer(grants, visit, &pair, v3) })
}

/// `POST /oauth/reconnect`: a new code for an installation whose tokens were lost.
pub fn reconnect(grants: &mut Grants, visit: &Visit<'_>) -> Outcome {
    let body = check::body(visit.request)?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let missing = ["clientKey", "clientSecret"].into_iter().filter(|name| text(name).is_none());
    let mut missing: Vec<String> = missing.map(|name| joined(&[name, " must be a string"])).collect();
    if text("locationId").is_none() && text("companyId").is_none() {
        missing.push("locationId must be a string".into());
    }
    if !missing.is_empty() {
        return Err(Refusal::parameters(missing));
    }
    if text("clientKey") != Some(&visit.app.client_id) || text("clientSecret") != Some(visit.app.client_secret()) {
        return Err(Refusal::gateway(401, "Invalid client credentials!"));
    }
    let (resource, what) = match text("locationId") {
        Some(location) => (Resource::Location(location.into()), "Location"),
        None => (Resource::Company, "Company"),
    };
    let known = resource != Resource::Company || text("companyId") == Some(visit.company);
    if !known || grants.install(&resource).is_none() {
        return Err(Refusal::new(400, &joined(&[what, " not found"])));
    }
    let (code, until) = grants.code(&resource, None, visit.now);
    Ok(Reply::object(&|out| {
        out.text("authorizationCode", &code);
        out.text("expiresAt", &iso(until));
        out.text("traceId", visit.trace);
    }))
}

/// The answer with a pair of tokens.
fn answer(grants: &Grants, visit: &Visit<'_>, pair: &Pair, v3: bool) -> Reply {
    let own = grants.install(&pair.resource);
    let install = own.or_else(|| grants.install(&Resource::Company));
    let scopes = install.map(|install| install.scopes.as_slice()).unwrap_or_default();
    let scopes = separated(&mut scopes.iter().map(String::as_str), " ");
    let bulk = grants.install(&Resource::Company);
    Reply::object(&|out| {
        out.text(&named("access_token", v3), &pair.access.0);
        out.text(&named("token_type", v3), "Bearer");
        out.number(&named("expires_in", v3), EXPIRES_IN as f64);
        out.text(&named("refresh_token", v3), &pair.refresh.0);
        out.text("refreshTokenId", &pair.refresh_id);
        out.text("scope", &scopes);
        out.text("companyId", visit.company);
        match &pair.resource {
            Resource::Location(location) => {
                out.text("userType", "Location");
                out.text("locationId", location);
                out.flag("isBulkInstallation", own.is_none());
            }
            Resource::Company => {
                out.text("userType", "Company");
                out.flag("isBulkInstallation", true);
                let approved = bulk.map(|install| install.approved.clone()).unwrap_or_default();
                out.add("approvedLocations", &approved);
                let all = bulk.is_some_and(|install| install.all);
                out.flag("approveAllLocations", all);
                out.flag("installToFutureLocations", all);
            }
        }
        out.text("userId", &visit.app.user);
        out.text("planId", &visit.app.plan);
        out.text("appId", &visit.app.id);
        out.text("versionId", &visit.app.id);
        out.text("traceId", visit.trace);
    })
}
