//! The OAuth endpoints: approval, codes, tokens, their rotation and their end.

use crate::support::{read, text, NOW};
use ghl_payments::sandbox::{AppOptions, InstallOptions, Options, Request, Response, Rotation, Sandbox, TokenOptions};
use serde_json::{json, Value};

const DAY: f64 = 86_400_000.0;
const HOME: &str = "http://127.0.0.1:8788/oauth/callback";

struct World {
    sandbox: Sandbox,
    id: String,
    secret: String,
    v3: bool,
}

impl World {
    fn new(change: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options::new(7, NOW);
        options.steady = true;
        options.size = Some(5);
        options.locations = (1..=3).map(|at| format!("location{at}")).collect();
        change(&mut options);
        let sandbox = Sandbox::new(options);
        let app = sandbox.app();
        let (id, secret) = (app.client_id.clone(), app.client_secret().to_owned());
        Self { sandbox, id, secret, v3: false }
    }

    fn send(&mut self, request: &Request) -> Response {
        self.sandbox.handle(request, NOW)
    }

    fn approve_url(&self, more: &str) -> String {
        format!(
            "https://marketplace.gohighlevel.com/oauth/chooselocation?response_type=code&client_id={}&redirect_uri={}\
             &scope=payments/orders.readonly+oauth.write+oauth.readonly&{more}",
            self.id, HOME
        )
    }

    fn get(&mut self, url: &str, headers: &[(&str, &str)]) -> Response {
        let headers = headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        self.send(&Request { method: "GET".into(), url: url.into(), headers, body: Vec::new() })
    }

    /// The code of an approval.
    fn code(&mut self, more: &str) -> String {
        let answer = self.get(&self.approve_url(more), &[]);
        assert_eq!(answer.status, 302, "{}", String::from_utf8_lossy(&answer.body));
        let to = answer.header("location").expect("location").to_owned();
        let code = to.strip_prefix(&format!("{HOME}?code=")).unwrap_or_else(|| panic!("{to}"));
        code.split('&').next().expect("code").to_owned()
    }

    fn form(&mut self, path: &str, token: Option<&str>, fields: &[(&str, &str)]) -> (u16, Value) {
        let body = fields.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
        let mut headers = vec![("Content-Type".into(), "application/x-www-form-urlencoded".into())];
        if let Some(token) = token {
            headers.push(("Authorization".into(), format!("Bearer {token}")));
        }
        if token.is_some() || self.v3 {
            headers.push(("Version".to_owned(), if self.v3 { "v3" } else { "2021-07-28" }.to_owned()));
        }
        read(&self.send(&Request { method: "POST".into(), url: path.into(), headers, body: body.into() }))
    }

    fn exchange(&mut self, code: &str) -> (u16, Value) {
        let (id, secret) = (self.id.clone(), self.secret.clone());
        let fields = [
            ("client_id", id.as_str()),
            ("client_secret", &secret),
            ("grant_type", "authorization_code"),
            ("code", code),
        ];
        self.form("/oauth/token", None, &fields)
    }

    fn refresh(&mut self, token: &str) -> (u16, Value) {
        let (id, secret) = (self.id.clone(), self.secret.clone());
        let fields = [
            ("client_id", id.as_str()),
            ("client_secret", &secret),
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
        ];
        self.form("/oauth/token", None, &fields)
    }

    fn tokens(&mut self, more: &str) -> Value {
        let code = self.code(more);
        let (status, body) = self.exchange(&code);
        assert_eq!(status, 200, "{body}");
        body
    }

    fn location_token(&mut self, company: &str, location: &str) -> (u16, Value) {
        let id = self.sandbox.company().to_owned();
        self.form("/oauth/locationToken", Some(company), &[("companyId", &id), ("locationId", location)])
    }

    fn reconnect(&mut self, body: &Value) -> (u16, Value) {
        let headers = vec![("Content-Type".into(), "application/json".into())];
        let body = body.to_string().into_bytes();
        read(&self.send(&Request { method: "POST".into(), url: "/oauth/reconnect".into(), headers, body }))
    }

    /// The status of reading the orders of a location with a token.
    fn orders(&mut self, token: &str, location: &str) -> u16 {
        let url = format!("/payments/orders?altId={location}&altType=location");
        self.get(&url, &[("Authorization", &format!("Bearer {token}")), ("Version", "2021-07-28")]).status
    }

    fn company(&self) -> String {
        format!("company_id={}", self.sandbox.company())
    }
}

#[test]
fn an_approval_sends_the_browser_back_with_a_code_and_the_state() {
    let mut world = World::new(|_| {});
    let url = world.approve_url("state=a%26b%3D%20c&location_id=location2");
    let answer = world.get(&url, &[("accept", "text/html")]);
    assert_eq!(answer.status, 302);
    let to = answer.header("location").expect("location");
    assert!(to.starts_with(HOME) && to.ends_with("&state=a%26b%3D%20c"), "{to}");
    let body = world.tokens("location_id=location2");
    assert_eq!(text(&body, "locationId"), "location2");
    let v2 = world.approve_url("").replace("/oauth/", "/v2/oauth/");
    assert_eq!(world.get(&v2, &[]).status, 302);
}

#[test]
fn a_browser_is_shown_the_choice_and_its_links_approve() {
    let mut world = World::new(|_| {});
    let answer = world.get(&world.approve_url("state=%22%3E%3Cscript%3E"), &[("accept", "text/html,*/*")]);
    let page = String::from_utf8(answer.body.clone()).expect("text");
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(!page.contains("<script>"), "{page}");
    let links: Vec<&str> = page.split("<a href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(links.len(), 4);
    for link in links {
        let url = format!("/oauth/chooselocation{}", link.replace("&amp;", "&"));
        let answer = world.get(&url, &[("accept", "text/html")]);
        assert_eq!(answer.status, 302);
        assert!(answer.header("location").expect("location").ends_with("&state=%22%3E%3Cscript%3E"));
    }
}

#[test]
fn a_browser_is_never_sent_to_an_address_that_is_not_the_apps() {
    let mut world = World::new(|_| {});
    let fine = world.approve_url("");
    for (from, to) in [
        (HOME, "http://evil.example/cb"),
        (HOME, ""),
        ("response_type=code", "response_type=token"),
        ("response_type=code", "response_type=code&response_type=code"),
        ("scope=", "scop="),
        ("client_id=", "client_id=x"),
        ("&scope", "&location_id=elsewhere&scope"),
        ("&scope", "&company_id=elsewhere&scope"),
    ] {
        let answer = world.get(&fine.replace(from, to), &[]);
        assert_eq!((answer.status, answer.header("location")), (400, None), "{to}");
    }
}

#[test]
fn a_code_is_used_once_and_for_minutes() {
    let mut world = World::new(|_| {});
    let code = world.code("");
    let (status, body) = world.exchange(&code);
    assert_eq!(status, 200);
    for (name, value) in
        [("token_type", json!("Bearer")), ("expires_in", json!(86399)), ("userType", json!("Location"))]
    {
        assert_eq!(body[name], value);
    }
    assert_eq!(text(&body, "scope"), "payments/orders.readonly oauth.write oauth.readonly");
    for name in ["access_token", "refresh_token", "refreshTokenId", "companyId", "userId", "planId"] {
        assert!(!text(&body, name).is_empty(), "{name}");
    }
    let gone = json!({"error": "UnAuthorized!", "error_description": "Authorization code not found"});
    assert_eq!(world.exchange(&code), (401, gone.clone()));
    assert_eq!(world.exchange("0123456789"), (401, gone.clone()));
    let code = world.code("");
    world.sandbox.advance(10.0 * 60_000.0);
    assert_eq!(world.exchange(&code), (401, gone));
}

#[test]
fn a_code_belongs_to_its_redirect_uri() {
    let mut world = World::new(|_| {});
    let code = world.code("");
    let (id, secret) = (world.id.clone(), world.secret.clone());
    let mut fields = vec![
        ("client_id", id.as_str()),
        ("client_secret", &secret),
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", "https://other.example/cb"),
    ];
    let (status, body) = world.form("/oauth/token", None, &fields);
    assert_eq!((status, text(&body, "error_description")), (400, "Invalid parameter: redirect_uri"));
    fields[4].1 = HOME;
    assert_eq!(world.form("/oauth/token", None, &fields).0, 200);
}

#[test]
fn what_is_wrong_with_a_token_request_is_named() {
    let mut world = World::new(|_| {});
    let (id, secret) = (world.id.clone(), world.secret.clone());
    let fine = [
        ("client_id", id.as_str()),
        ("client_secret", secret.as_str()),
        ("grant_type", "refresh_token"),
        ("refresh_token", "x"),
    ];
    for at in 0..4 {
        let mut fields = fine.to_vec();
        let (name, _) = fields.remove(at);
        let (status, body) = world.form("/oauth/token", None, &fields);
        assert_eq!(status, 400);
        assert_eq!(body["error_description"], format!("Missing parameter: {name}"));
        fields.insert(0, fine[at]);
        fields.insert(0, fine[at]);
        let (status, body) = world.form("/oauth/token", None, &fields);
        assert_eq!((status, body["error_description"].clone()), (400, json!(format!("Invalid parameter: {name}"))));
    }
    for (at, value, expected) in [
        (0, "other", (401, "Invalid client credentials!")),
        (1, "other", (401, "Invalid client credentials!")),
        (2, "client_credentials", (400, "Invalid parameter: grant_type")),
        (3, "other", (400, "Invalid grant: refresh token is invalid")),
    ] {
        let mut fields = fine.to_vec();
        fields[at].1 = value;
        let (status, body) = world.form("/oauth/token", None, &fields);
        assert_eq!((status, text(&body, "error_description")), expected);
        assert!(!body.to_string().contains(&secret));
    }
}

#[test]
fn version_3_speaks_camel_case_and_takes_json() {
    let mut world = World::new(|_| {});
    let code = world.code("");
    let body =
        json!({"clientId": world.id, "clientSecret": world.secret, "grantType": "authorization_code", "code": code});
    let mut request = Request {
        method: "POST".into(),
        url: "/oauth/token".into(),
        headers: vec![("content-type".into(), "application/json".into()), ("version".into(), "v3".into())],
        body: body.to_string().into_bytes(),
    };
    let (status, answer) = read(&world.send(&request));
    assert_eq!(status, 200, "{answer}");
    assert!(answer.get("access_token").is_none());
    assert_eq!(answer["expiresIn"], 86399);
    let refresh = text(&answer, "refreshToken").to_owned();
    // Without the version neither the names nor JSON are understood.
    request.headers.pop();
    assert_eq!(read(&world.send(&request)).1["error_description"], "Missing parameter: client_id");
    world.v3 = true;
    let (id, secret) = (world.id.clone(), world.secret.clone());
    let mut fields = vec![
        ("clientId", id.as_str()),
        ("clientSecret", &secret),
        ("grantType", "refresh_token"),
        ("refreshToken", "x"),
    ];
    let (status, answer) = world.form("/oauth/token", None, &fields);
    let wanted =
        json!({"statusCode": 400, "message": "Invalid grant: refresh token is invalid", "error": "Bad Request"});
    assert_eq!((status, answer), (400, wanted));
    fields[3].1 = &refresh;
    assert_eq!(world.form("/oauth/token", None, &fields).0, 200);
}

#[test]
fn a_token_opens_its_location_and_its_scopes_for_a_day() {
    let mut world = World::new(|_| {});
    let body = world.tokens("location_id=location2");
    let token = text(&body, "access_token").to_owned();
    assert_eq!(world.orders(&token, "location2"), 200);
    assert_eq!(world.orders(&token, "location1"), 403);
    let url = "/payments/transactions?altId=location2&altType=location";
    let headers = [("Authorization", format!("Bearer {token}")), ("Version", "2021-07-28".into())];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(world.get(url, &headers).status, 401, "a scope that was not approved");
    world.sandbox.advance(DAY - 2000.0);
    assert_eq!(world.orders(&token, "location2"), 200);
    world.sandbox.advance(2000.0);
    assert_eq!(world.orders(&token, "location2"), 401);
    let (status, body) = world.refresh(text(&body, "refresh_token"));
    assert_eq!(status, 200);
    assert_eq!(world.orders(text(&body, "access_token"), "location2"), 200);
}

#[test]
fn a_refresh_token_counts_once_and_with_grace_a_little_longer() {
    for (rotation, again) in [(Rotation::Strict, 400), (Rotation::Grace(30_000), 200)] {
        let mut world = World::new(|options| options.rotation = rotation);
        let first = text(&world.tokens(""), "refresh_token").to_owned();
        let (_, body) = world.refresh(&first);
        let second = text(&body, "refresh_token").to_owned();
        let (status, body) = world.refresh(&first);
        assert_eq!(status, again, "{rotation:?}");
        if again == 200 {
            // The younger pair takes the place of the one before, which dies with the grace.
            let third = text(&body, "refresh_token").to_owned();
            world.sandbox.advance(30_001.0);
            assert_eq!(world.refresh(&first).0, 400);
            assert_eq!(world.refresh(&second).0, 400);
            assert_eq!(world.refresh(&third).0, 200);
        } else {
            assert_eq!(body["error"], "invalid_grant");
            assert_eq!(world.refresh(&second).0, 200, "the one that was given instead still counts");
        }
    }
}

#[test]
fn a_refresh_token_that_is_not_used_counts_for_a_year() {
    let mut world = World::new(|_| {});
    let body = world.tokens("");
    world.sandbox.advance(364.0 * DAY);
    let (status, body) = world.refresh(text(&body, "refresh_token"));
    assert_eq!(status, 200);
    world.sandbox.advance(366.0 * DAY);
    assert_eq!(world.refresh(text(&body, "refresh_token")).0, 400);
}

#[test]
fn a_rotation_whose_answer_is_lost_has_happened() {
    let mut world = World::new(|options| options.rotation = Rotation::Strict);
    let first = text(&world.tokens(""), "refresh_token").to_owned();
    world.sandbox.plan_fault("applied-then=drop", Some("oauth.token".into()), 1).expect("fault");
    world.refresh(&first);
    assert_eq!(world.refresh(&first).0, 400);
    // What helps is a new code.
    let body = json!({"clientKey": world.id, "clientSecret": world.secret, "locationId": "location1"});
    let (status, body) = world.reconnect(&body);
    assert_eq!(status, 200);
    assert!(text(&body, "expiresAt").ends_with('Z') && !text(&body, "traceId").is_empty());
    assert_eq!(world.exchange(text(&body, "authorizationCode")).0, 200);
}

#[test]
fn faults_strike_the_endpoint_that_they_name() {
    let mut world = World::new(|_| {});
    world.sandbox.plan_fault("status=429; retry-after=2", Some("oauth.token".into()), 1).expect("fault");
    world.sandbox.plan_fault("delay=200", Some("oauth.locationToken".into()), 1).expect("fault");
    assert!(world.sandbox.plan_fault("drop", Some("oauth.elsewhere".into()), 1).is_err());
    let code = world.code("");
    assert_eq!(world.exchange(&code).0, 429);
    assert_eq!(world.exchange(&code).0, 200, "nothing had happened to the code");
    let company = format!("Bearer {}", text(&world.tokens(&world.company()), "access_token"));
    let request = Request {
        method: "POST".into(),
        url: "/oauth/locationToken".into(),
        headers: vec![("Authorization".into(), company)],
        body: Vec::new(),
    };
    assert_eq!(world.send(&request).delay_ms, 200);
}

#[test]
fn a_company_gets_tokens_for_the_locations_that_were_approved() {
    let mut world = World::new(|_| {});
    let body = world.tokens(&format!("{}&location_id=location1&location_id=location3", world.company()));
    assert_eq!((text(&body, "userType"), &body["isBulkInstallation"]), ("Company", &json!(true)));
    assert_eq!(body["approvedLocations"], json!(["location1", "location3"]));
    assert!(body.get("locationId").is_none());
    let company = text(&body, "access_token").to_owned();
    assert_eq!(world.orders(&company, "location1"), 401, "a company's token opens no location");
    let (status, body) = world.location_token(&company, "location3");
    assert_eq!((status, text(&body, "locationId"), text(&body, "userType")), (201, "location3", "Location"));
    assert_eq!(world.orders(text(&body, "access_token"), "location3"), 200);
    assert_eq!(world.refresh(text(&body, "refresh_token")).1["locationId"], "location3");
    for location in ["location2", "elsewhere"] {
        let (status, body) = world.location_token(&company, location);
        assert_eq!((status, text(&body, "message")), (400, "Location not found"));
        assert_eq!(body["error"], "Bad Request");
    }
    let token = text(&world.tokens(""), "access_token").to_owned();
    let (status, body) = world.location_token(&token, "location1");
    assert_eq!(status, 401);
    assert!(text(&body, "message").starts_with("This authClass type"));
    let (status, body) = world.form("/oauth/locationToken", Some(&company), &[("companyId", "x"), ("locationId", "y")]);
    assert_eq!(status, 403, "{body}");
    assert_eq!(world.form("/oauth/locationToken", Some(&company), &[]).0, 422);
}

#[test]
fn the_path_with_a_hyphen_is_there_in_version_3_alone() {
    let mut world = World::new(|_| {});
    let token = text(&world.tokens(&world.company()), "access_token").to_owned();
    let id = world.sandbox.company().to_owned();
    let fields = [("companyId", id.as_str()), ("locationId", "location1")];
    assert_eq!(world.form("/oauth/location-token", Some(&token), &fields).0, 404);
    world.v3 = true;
    let (status, body) = world.form("/oauth/location-token", Some(&token), &fields);
    assert_eq!(status, 201);
    assert!(body.get("accessToken").is_some() && body.get("access_token").is_none());
}

#[test]
fn the_installed_locations_are_listed_in_pages() {
    let mut world = World::new(|_| {});
    let token = text(&world.tokens(&format!("{}&location_id=location2", world.company())), "access_token").to_owned();
    let bearer = format!("Bearer {token}");
    let app = world.sandbox.app().id.clone();
    let query = format!("companyId={}&appId={app}", world.sandbox.company());
    let old = format!("/oauth/installedLocations?{query}&limit=2");
    let headers = [("authorization", bearer.as_str()), ("version", "2021-07-28")];
    let (status, body) = read(&world.get(&old, &headers));
    assert_eq!((status, &body["count"]), (200, &json!(3)), "{body}");
    assert_eq!(body["locations"].as_array().map(Vec::len), Some(2));
    let (_, body) = read(&world.get(&format!("{old}&isInstalled=true"), &headers));
    assert_eq!(body["locations"][0]["_id"], "location2");
    let v3 = [("authorization", bearer.as_str()), ("version", "v3")];
    let (mut seen, mut next) = (Vec::new(), String::new());
    loop {
        let url = format!("/oauth/installed-locations?{query}&pageSize=2{next}");
        let (status, body) = read(&world.get(&url, &v3));
        assert_eq!(status, 200, "{body}");
        seen.extend(body["items"].as_array().expect("items").iter().map(|item| text(item, "_id").to_owned()));
        if body["pagination"]["hasNextPage"] == json!(false) {
            break;
        }
        next = format!("&pageToken={}", text(&body["pagination"], "nextPageToken"));
    }
    assert_eq!(seen, ["location1", "location2", "location3"]);
    let wrong = format!("/oauth/installed-locations?{query}&pageToken=x");
    assert_eq!(world.get(&wrong, &v3).status, 422);
    assert_eq!(world.get(&old.replace(&app, "x"), &headers).status, 404);
}

#[test]
fn an_app_that_is_removed_has_lost_its_tokens() {
    let mut world = World::new(|_| {});
    let body = world.tokens("location_id=location1");
    world.sandbox.uninstall(Some("location1")).expect("installed");
    assert!(world.sandbox.uninstall(Some("location1")).is_err());
    assert_eq!(world.orders(text(&body, "access_token"), "location1"), 401);
    assert_eq!(world.refresh(text(&body, "refresh_token")).0, 400);
    let lost = json!({"clientKey": world.id, "clientSecret": world.secret, "locationId": "location1"});
    assert_eq!(world.reconnect(&lost).0, 400);
    // One location of an agency's installation.
    let company = text(&world.tokens(&world.company()), "access_token").to_owned();
    let (_, minted) = world.location_token(&company, "location2");
    world.sandbox.uninstall(Some("location2")).expect("installed");
    assert_eq!(world.orders(text(&minted, "access_token"), "location2"), 401);
    assert_eq!(world.location_token(&company, "location2").0, 400);
    let (_, minted) = world.location_token(&company, "location3");
    // The whole of it; a location's own installation stays.
    let own = world.tokens("location_id=location1");
    world.sandbox.uninstall(None).expect("installed");
    assert_eq!(world.location_token(&company, "location3").0, 401);
    assert_eq!(world.orders(text(&minted, "access_token"), "location3"), 401);
    assert_eq!(world.orders(text(&own, "access_token"), "location1"), 200);
}

#[test]
fn an_app_can_be_installed_without_a_browser() {
    let mut world = World::new(|_| {});
    world.sandbox.install(&InstallOptions { company: true, ..InstallOptions::default() }).expect("locations");
    let body = json!({"clientKey": world.id, "clientSecret": world.secret, "companyId": world.sandbox.company()});
    let (_, body) = world.reconnect(&body);
    let (status, body) = world.exchange(text(&body, "authorizationCode"));
    assert_eq!(status, 200);
    let company = text(&body, "access_token").to_owned();
    assert_eq!(world.location_token(&company, "location2").0, 201);
    let unknown = InstallOptions { locations: vec!["elsewhere".into()], ..InstallOptions::default() };
    assert!(world.sandbox.install(&unknown).is_err());
}

#[test]
fn an_agency_that_installs_the_app_again_adds_locations() {
    let mut world = World::new(|_| {});
    let mut install = |locations: &[&str]| {
        let locations = locations.iter().map(|id| (*id).to_owned()).collect();
        world.sandbox.install(&InstallOptions { company: true, locations, scopes: None }).expect("locations");
    };
    install(&["location1"]);
    install(&["location2", "location1"]);
    let body = world.tokens(&format!("{}&location_id=location2", world.company()));
    assert_eq!(body["approvedLocations"], json!(["location1", "location2"]));
    world.sandbox.uninstall(Some("location1")).expect("it is still installed there");
    let company = text(&body, "access_token").to_owned();
    assert_eq!(world.location_token(&company, "location1").0, 400);
    assert_eq!(world.location_token(&company, "location2").0, 201);
}

#[test]
fn the_endpoints_have_the_limits_of_their_location_or_company() {
    let mut world = World::new(|options| options.limits.max = 3);
    let company = text(&world.tokens(&world.company()), "access_token").to_owned();
    assert_eq!(world.location_token(&company, "location1").0, 201);
    assert_eq!(world.location_token(&company, "location2").0, 201);
    assert_eq!(world.location_token(&company, "location3").0, 429);
    // Another resource has a limit of its own.
    world.tokens("location_id=location1");
}

#[test]
fn the_list_of_requests_holds_no_secret() {
    let mut world = World::new(|_| {});
    let code = world.code("");
    let (_, body) = world.exchange(&code);
    world.refresh(text(&body, "refresh_token"));
    let reconnect = json!({"clientKey": world.id, "clientSecret": world.secret, "locationId": "location1"});
    world.reconnect(&reconnect);
    let log = world.sandbox.requests_json();
    for secret in [&world.secret, &code, text(&body, "refresh_token"), text(&body, "access_token")] {
        assert!(!log.contains(secret), "{secret}");
        assert!(!format!("{:?}", world.sandbox).contains(secret), "{secret}");
    }
    let entries: Value = serde_json::from_str(&log).expect("JSON");
    let names: Vec<&str> = entries.as_array().expect("list").iter().map(|entry| text(entry, "operation")).collect();
    assert_eq!(names, ["oauth.chooseLocation", "oauth.token", "oauth.token", "oauth.reconnect"]);
    assert_eq!(entries[2]["body"]["grant_type"], "refresh_token");
}

#[test]
fn the_app_is_called_as_the_options_say() {
    let app = AppOptions {
        client_id: Some("6a5f00000000000000000001-mb5eg18b".into()),
        client_secret: Some("s3cret".into()),
        redirect_uris: vec!["https://a.example/cb".into()],
    };
    let mut world = World::new(|options| options.app = app);
    assert_eq!((world.sandbox.app().id.as_str(), world.secret.as_str()), ("6a5f00000000000000000001", "s3cret"));
    assert_eq!(world.get(&world.approve_url(""), &[]).status, 400);
    let url = world.approve_url("").replace(HOME, "https://a.example/cb");
    assert_eq!(world.get(&url, &[]).status, 302);
}

#[test]
fn private_tokens_are_no_tokens_of_the_app() {
    let mut world = World::new(|_| {});
    let token = world.sandbox.token(&TokenOptions::default()).expect("token");
    assert_eq!(world.location_token(&token, "location1").0, 401);
    world.tokens("");
    world.sandbox.uninstall(Some("location1")).expect("installed");
    assert_eq!(world.orders(&token, "location1"), 200);
}
