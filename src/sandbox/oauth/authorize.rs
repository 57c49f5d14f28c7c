//! `GET /oauth/chooselocation`: where a person approves the app. The sandbox approves at once.

use crate::json::{encode_component, joined, put};
use crate::sandbox::http::auth::Resource;
use crate::sandbox::http::refusal::{Head, Outcome, Refusal, Reply};
use crate::sandbox::oauth::grants::{Grants, Install};
use crate::sandbox::oauth::visit::Visit;
use crate::sandbox::text::holds;

/// Approves the app and sends the browser back with a code; shows a choice first where a browser asks that names none.
///
/// Beside HighLevel's own parameters it takes `location_id`, once or several times, and `company_id`: what the person
/// would choose. With `company_id` the agency installs the app, in these locations or in all.
pub fn choose(grants: &mut Grants, visit: &Visit<'_>) -> Outcome {
    let redirect_uri = judge(visit)?;
    let chosen: Vec<String> = visit.all("location_id").map(str::to_owned).collect();
    let company = visit.one("company_id");
    if chosen.is_empty() && company.is_none() && holds(visit.request.header("accept").unwrap_or_default(), "text/html")
    {
        return Ok(Reply { status: 200, body: page(visit).into_bytes(), head: Head::Html });
    }
    if let Some(unknown) = chosen.iter().find(|id| !visit.locations.contains(id)) {
        return Err(Refusal::gateway(400, &joined(&["Location not found: ", unknown])));
    }
    if company.is_some_and(|id| id != visit.company) {
        return Err(Refusal::gateway(400, "Company not found"));
    }
    let resource = match (company, chosen.first().or(visit.locations.first())) {
        (None, Some(location)) => Resource::Location(location.clone()),
        _ => Resource::Company,
    };
    let scopes = visit.one("scope").unwrap_or_default().split_ascii_whitespace().map(str::to_owned).collect();
    let all = chosen.is_empty();
    let approved = match resource {
        Resource::Company if all => visit.locations.to_vec(),
        Resource::Company => chosen,
        Resource::Location(_) => Vec::new(),
    };
    grants.add(Install { resource: resource.clone(), scopes, approved, all, at: visit.now });
    let (code, _) = grants.code(&resource, Some(redirect_uri), visit.now);
    let mut to = redirect_uri.to_owned();
    put(&mut to, if redirect_uri.contains('?') { "&code=" } else { "?code=" });
    put(&mut to, &code);
    if let Some(state) = visit.one("state") {
        put(&mut to, "&state=");
        encode_component(state, &mut to);
    }
    Ok(Reply { status: 302, body: Vec::new(), head: Head::Redirect(to) })
}

/// What is wrong is shown to the person; a browser is never sent to an address that is not the app's.
fn judge<'a>(visit: &'a Visit<'_>) -> Result<&'a str, Refusal> {
    for name in ["response_type", "client_id", "redirect_uri", "scope"] {
        if visit.one(name).is_none_or(|text| text.trim().is_empty()) {
            return Err(Refusal::gateway(400, &joined(&["Missing parameter: ", name])));
        }
    }
    let fine = |name: &str| match (name, visit.one(name).unwrap_or_default()) {
        ("response_type", text) => text == "code",
        ("client_id", text) => text == visit.app.client_id,
        (_, text) => visit.app.redirects_to(text),
    };
    match ["response_type", "client_id", "redirect_uri"].into_iter().find(|name| !fine(name)) {
        Some(name) => Err(Refusal::gateway(400, &joined(&["Invalid parameter: ", name]))),
        None => Ok(visit.one("redirect_uri").unwrap_or_default()),
    }
}

/// A page with a link for each choice.
fn page(visit: &Visit<'_>) -> String {
    let mut query = String::from("?");
    for (name, value) in visit.query {
        encode_component(name, &mut query);
        put(&mut query, "=");
        encode_component(value, &mut query);
        put(&mut query, "&amp;");
    }
    let mut out = String::from(
        "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><link rel=\"icon\" href=\"data:,\"><title>Sandbox: install the app</title>\
         <style>body{font:16px system-ui;max-width:40rem;margin:3rem auto;padding:0 1rem}li{margin:.5rem 0}</style>\
         <h1>Install the app</h1><p>This is the sandbox, not HighLevel. Where is the app to be installed?</p><ul>",
    );
    let mut link = |name: &str, id: &str, text: &str| {
        let mut value = String::new();
        encode_component(id, &mut value);
        for part in ["<li><a href=\"", &query, name, "=", &value, "\">", text, "<code>", &value, "</code></a></li>"] {
            put(&mut out, part);
        }
    };
    for location in visit.locations {
        link("location_id", location, "Location ");
    }
    link("company_id", visit.company, "All locations of the agency ");
    put(&mut out, "</ul></html>");
    out
}
