//! Every cell of the state machine: what is stored and what is done, for each state and each event.

use super::app::options;
use super::*;
use crate::core::{Response, RetryAfter};

const NOW: f64 = 10_000_000.0;
const HOUR: f64 = 3_600_000.0;

const STATES: [&str; 13] = [
    "none",
    "active",
    "active stale",
    "active expired",
    "active without refresh",
    "refreshing",
    "refreshing at rest",
    "needs_reconnect",
    "needs_install",
    "needs_install under c",
    "under_company",
    "under_company with token",
    "under_company stale",
];

fn state(name: &str) -> State {
    let (status, refresh_at, expires_at) = match name {
        "none" => return State::default(),
        "needs_install" => {
            return State { status: Status::NeedsInstall, retry_at: NOW + 1.0, since: NOW, ..State::default() }
        }
        "needs_install under c" => {
            return State {
                status: Status::NeedsInstall,
                retry_at: NOW + 1.0,
                since: NOW,
                company_id: "c".into(),
                ..State::default()
            }
        }
        "needs_install, long ago" => return State { status: Status::NeedsInstall, retry_at: NOW, ..State::default() },
        "under_company" => return State { since: NOW, ..State::under_company("c") },
        "under_company, refused" => {
            return State { since: NOW, retry_at: NOW + 1.0, ..State::under_company("c") };
        }
        "active" => (Status::Active, NOW + HOUR, NOW + 2.0 * HOUR),
        "active stale" | "active without refresh" => (Status::Active, NOW, NOW + HOUR),
        "active expired" => (Status::Active, NOW - HOUR, NOW),
        "refreshing" | "refreshing at rest" => (Status::Refreshing, NOW, NOW + HOUR),
        "needs_reconnect" => (Status::NeedsReconnect, NOW, NOW + HOUR),
        "needs_reconnect expired" => (Status::NeedsReconnect, NOW - HOUR, NOW),
        "under_company with token" => (Status::UnderCompany, NOW + HOUR, NOW + 2.0 * HOUR),
        "under_company stale" => (Status::UnderCompany, NOW, NOW + HOUR),
        _ => panic!("no state {name}"),
    };
    let has_refresh = status != Status::UnderCompany && name != "active without refresh";
    State {
        status,
        access: Secret::new("a1"),
        refresh: Secret::new(if has_refresh { "r1" } else { "" }),
        company_id: "c".into(),
        refresh_at,
        expires_at,
        retry_at: if name == "refreshing at rest" { NOW + 1.0 } else { 0.0 },
        since: NOW,
        came_at: NOW,
    }
}

fn app() -> App {
    App::check(&options("")).expect("options")
}

fn location() -> Owner {
    Owner::Location("l".into())
}

/// `what is stored / what is done`.
fn shown(step: &Step) -> String {
    let State { status, access, refresh, retry_at, company_id, .. } = &step.state;
    let (access, refresh) = (access.expose(), refresh.expose());
    let written = match status {
        _ if !step.write => "-".to_owned(),
        Status::Refreshing if *retry_at > 0.0 => "refreshing at rest".to_owned(),
        Status::Active => format!("active {access} {}", if refresh.is_empty() { "without refresh" } else { refresh }),
        Status::UnderCompany if !access.is_empty() => format!("under_company {access}"),
        status => status.name().to_owned(),
    };
    let done = match &step.then {
        Then::Post(post) => {
            let path = post.url.trim_start_matches("https://services.leadconnectorhq.com/oauth/");
            let kind = post.body.split('&').find_map(|field| field.strip_prefix("grant_type=")).unwrap_or_default();
            format!("{path} {kind}").trim_end().to_owned()
        }
        Then::Wait(ms) => format!("wait {ms}"),
        Then::CompanyToken(refused) => {
            format!("token of {company_id}{}", if refused.expose().is_empty() { "" } else { ", another one" })
        }
        Then::Give => format!("give {access}"),
        Then::Installed(about) => format!("installed {}", about.owner().id()),
        Then::Done => "done".to_owned(),
        Then::Fail(failure) => format!("{}{}", failure.code.code(), if failure.retryable { ", retryable" } else { "" }),
    };
    format!("{written} / {done}")
}

fn first(state_name: &str, event: Event<'_>) -> Step {
    step(&app(), Some(&location()), state(state_name), Progress::default(), event, NOW, 0.0)
}

#[test]
#[allow(clippy::too_many_lines, reason = "it is a table")]
fn every_event_in_every_state() {
    let ask = Event::Ask { refused: "", company_id: "" };
    let refused = Event::Ask { refused: "a1", company_id: "" };
    let older = Event::Ask { refused: "a0", company_id: "" };
    let named = Event::Ask { refused: "", company_id: "c2" };
    let refresh = "refreshing / token refresh_token";
    let install = "- / needs_install";
    let events: [(&str, Event<'_>, [&str; 13]); 10] = [
        (
            "ask",
            ask,
            [
                install,
                "- / give a1",
                refresh,
                refresh,
                "needs_reconnect / reconnect",
                refresh,
                "- / give a1",
                "- / reconnect",
                install,
                "- / token of c",
                "- / token of c",
                "- / give a1",
                "- / token of c",
            ],
        ),
        (
            "ask, a1 was refused",
            refused,
            [
                install,
                refresh,
                refresh,
                refresh,
                "needs_reconnect / reconnect",
                refresh,
                refresh,
                "- / reconnect",
                install,
                "- / token of c",
                "- / token of c",
                "- / token of c",
                "- / token of c",
            ],
        ),
        (
            "ask, another one was refused",
            older,
            [
                install,
                "- / give a1",
                refresh,
                refresh,
                "needs_reconnect / reconnect",
                refresh,
                "- / give a1",
                "- / reconnect",
                install,
                "- / token of c",
                "- / token of c",
                "- / give a1",
                "- / token of c",
            ],
        ),
        (
            "ask, of a company that the caller names",
            named,
            [
                "- / token of c2",
                "- / give a1",
                refresh,
                refresh,
                "needs_reconnect / reconnect",
                refresh,
                "- / give a1",
                "- / reconnect",
                install,
                "- / token of c",
                "- / token of c",
                "- / give a1",
                "- / token of c",
            ],
        ),
        (
            "reconnect",
            Event::Reconnect,
            [
                "- / reconnect",
                "- / reconnect",
                "- / reconnect",
                "- / reconnect",
                "- / reconnect",
                "- / reconnect",
                "- / reconnect",
                "- / reconnect",
                "- / reconnect",
                "- / reconnect",
                "- / token of c",
                "- / token of c",
                "- / token of c",
            ],
        ),
        ("code", Event::Code("code-1"), ["- / token authorization_code"; 13]),
        (
            "INSTALL",
            Event::Installed("c", NOW),
            [
                "under_company / done",
                "- / done",
                "- / done",
                "- / done",
                "- / done",
                "- / done",
                "- / done",
                "- / done",
                "under_company / done",
                "under_company / done",
                "- / done",
                "- / done",
                "- / done",
            ],
        ),
        (
            "a newer INSTALL",
            Event::Installed("c", NOW + 1.0),
            [
                "under_company / done",
                "active a1 r1 / done",
                "active a1 r1 / done",
                "active a1 r1 / done",
                "active a1 without refresh / done",
                "refreshing / done",
                "refreshing / done",
                // It may have the app by its company alone.
                "under_company / done",
                "under_company / done",
                "under_company / done",
                "under_company / done",
                "under_company / done",
                "under_company / done",
            ],
        ),
        (
            "the company's token",
            Event::CompanyToken("company-1"),
            [
                install,
                "- / give a1",
                refresh,
                refresh,
                "needs_reconnect / reconnect",
                refresh,
                "- / give a1",
                "- / reconnect",
                // Nobody asks for it there; it is as well as a location's under c.
                "- / locationToken",
                "- / locationToken",
                "- / locationToken",
                "- / give a1",
                "- / locationToken",
            ],
        ),
        (
            "no company's token",
            Event::CompanyToken(""),
            [
                install,
                "- / give a1",
                refresh,
                refresh,
                "needs_reconnect / reconnect",
                refresh,
                "- / give a1",
                "- / reconnect",
                install,
                install,
                "- / reconnect",
                "- / give a1",
                "- / reconnect",
            ],
        ),
    ];
    for (name, event, expected) in events {
        for (state, expected) in STATES.into_iter().zip(expected) {
            assert_eq!(shown(&first(state, event)), expected, "{state}: {name}");
        }
    }
}

const TOKENS: &str = r#"{"access_token":"a2","refresh_token":"r2","expires_in":86399,"userType":"Location","locationId":"l","companyId":"c"}"#;

/// The answers that an endpoint can give: each by a name.
fn answer(name: &str) -> Option<Response> {
    let (status, body) = match name {
        "tokens" => (200, TOKENS),
        "tokens, no new refresh" => (201, r#"{"access_token":"a2","locationId":"l"}"#),
        "tokens of another" => (200, r#"{"access_token":"a2","refresh_token":"r2","locationId":"l2"}"#),
        "tokens of its company" => {
            (200, r#"{"access_token":"a2","refresh_token":"r2","userType":"Company","companyId":"c"}"#)
        }
        "tokens under another" => {
            (200, r#"{"access_token":"a2","userType":"Location","locationId":"l","companyId":"c9"}"#)
        }
        "tokens of nobody" => (200, r#"{"access_token":"a2","refresh_token":"r2"}"#),
        "code" => (200, r#"{"authorizationCode":"code-2","expiresAt":"2026-11-29T23:00:00Z","traceId":"t"}"#),
        "page" => (200, "<html>maintenance</html>"),
        "dead" => (400, r#"{"error":"invalid_grant","error_description":"This refresh token is invalid"}"#),
        "client" => (401, r#"{"error":"invalid_client"}"#),
        "401" => (401, r#"{"message":"Invalid token: access token is invalid"}"#),
        "401, scope" => (401, r#"{"message":"The token is not authorized for this scope."}"#),
        "no" => (400, r#"{"message":"Location not found"}"#),
        "firewall" => (403, "<html>error code: 1010</html>"),
        "redirect" => (302, ""),
        "429" | "429 for a minute" => (429, "{}"),
        "503" => (503, ""),
        "lost" => return None,
        _ => panic!("no answer {name}"),
    };
    let retry_after = (name == "429 for a minute").then_some(RetryAfter::In(60_000.0));
    Some(Response { status, body: body.into(), retry_after, ..Response::default() })
}

/// Goes from a beginning, over answers, to what follows the last of them. Waits are over at once.
fn play(from: &str, event: Event<'_>, answers: &[&str]) -> Step {
    let (app, owner) = (app(), location());
    let mut stored = state(from);
    let mut step = step(&app, Some(&owner), stored.clone(), Progress::default(), event, NOW, 0.0);
    for name in answers {
        loop {
            if step.write {
                // What crosses a boundary meanwhile comes out the same.
                stored = State::read(&step.state.text()).expect("a row");
                assert_eq!(stored, step.state);
            }
            let progress = Progress::read(&step.progress.text());
            assert_eq!(progress, step.progress);
            let event = match &step.then {
                Then::Wait(_) => Event::Awake,
                Then::CompanyToken(_) => Event::CompanyToken("company-1"),
                _ => break,
            };
            step = super::step(&app, Some(&owner), stored.clone(), progress, event, NOW, 0.0);
        }
        assert!(matches!(step.then, Then::Post(_)), "{from}: {name}: {step:?}");
        let response = answer(name);
        let event = response.as_ref().map_or(Event::Lost, Event::Answer);
        step = super::step(&app, Some(&owner), stored.clone(), step.progress, event, NOW, 0.0);
    }
    step
}

#[test]
fn every_answer_to_a_refresh() {
    for (answers, while_good, expired) in [
        (&["tokens"][..], "active a2 r2 / give a2", "active a2 r2 / give a2"),
        (&["tokens, no new refresh"], "active a2 r1 / give a2", "active a2 r1 / give a2"),
        (&["dead"], "needs_reconnect / reconnect", "needs_reconnect / reconnect"),
        (&["401"], "needs_reconnect / reconnect", "needs_reconnect / reconnect"),
        (&["client"], "refreshing at rest / give a1", "- / client_rejected"),
        (&["no"], "refreshing at rest / give a1", "- / unexpected_answer"),
        (&["firewall"], "refreshing at rest / give a1", "- / unexpected_answer"),
        (&["redirect"], "refreshing at rest / give a1", "- / unexpected_answer"),
        (&["tokens of another"], "refreshing at rest / give a1", "- / unexpected_answer"),
        (&["tokens of its company"], "refreshing at rest / give a1", "- / unexpected_answer"),
        (&["429 for a minute"], "refreshing at rest / give a1", "- / rate_limited, retryable"),
        (&["429"], "- / wait 500", "- / wait 500"),
        (&["429", "429"], "- / wait 1000", "- / wait 1000"),
        (&["503"], "- / wait 125", "- / wait 125"),
        (&["lost"], "- / wait 125", "- / wait 125"),
        (&["page"], "- / wait 125", "- / wait 125"),
        (&["lost", "503"], "- / wait 250", "- / wait 250"),
        // Within the grace the old one counts once more; without a grace it is dead by then.
        (&["lost", "tokens"], "active a2 r2 / give a2", "active a2 r2 / give a2"),
        (&["page", "dead"], "needs_reconnect / reconnect", "needs_reconnect / reconnect"),
        (&["503", "503", "503"], "refreshing at rest / give a1", "- / endpoint_failed, retryable"),
        (&["503", "503", "lost"], "refreshing at rest / give a1", "- / network_error, retryable"),
        (&["page", "page", "page"], "refreshing at rest / give a1", "- / unexpected_answer"),
        (&["dead", "code"], "- / token authorization_code", "- / token authorization_code"),
        (&["dead", "code", "tokens"], "active a2 r2 / give a2", "active a2 r2 / give a2"),
    ] {
        let ask = Event::Ask { refused: "", company_id: "" };
        for (from, expected) in [("active stale", while_good), ("active expired", expired), ("refreshing", while_good)]
        {
            assert_eq!(shown(&play(from, ask, answers)), expected, "{from}: {answers:?}");
        }
    }
}

#[test]
fn every_answer_to_a_reconnect() {
    for (answers, while_good, expired) in [
        (&["code"][..], "- / token authorization_code", "- / token authorization_code"),
        (&["no"], "needs_install / needs_install", "needs_install / needs_install"),
        (&["401"], "needs_install / needs_install", "needs_install / needs_install"),
        (&["client"], "- / give a1", "- / client_rejected"),
        (&["firewall"], "- / give a1", "- / unexpected_answer"),
        (&["503"], "- / wait 125", "- / wait 125"),
        (&["page"], "- / wait 125", "- / wait 125"),
        (&["503", "lost", "503"], "- / give a1", "- / endpoint_failed, retryable"),
        (&["429 for a minute"], "- / give a1", "- / rate_limited, retryable"),
        (&["code", "tokens"], "active a2 r2 / give a2", "active a2 r2 / give a2"),
        // A code that may be used up is not asked with again: the next one comes from another reconnect.
        (&["code", "lost"], "- / wait 250", "- / wait 250"),
        (&["code", "dead"], "- / wait 250", "- / wait 250"),
        (&["code", "lost", "code"], "- / token authorization_code", "- / token authorization_code"),
        (&["code", "lost", "code", "tokens"], "active a2 r2 / give a2", "active a2 r2 / give a2"),
        (&["code", "lost", "code", "lost"], "- / give a1", "- / network_error, retryable"),
        (&["code", "client"], "- / give a1", "- / client_rejected"),
        (&["code", "tokens of another"], "- / give a1", "- / unexpected_answer"),
        (&["code", "tokens of its company"], "- / give a1", "- / unexpected_answer"),
    ] {
        let ask = Event::Ask { refused: "", company_id: "" };
        for (from, expected) in [("needs_reconnect", while_good), ("needs_reconnect expired", expired)] {
            assert_eq!(shown(&play(from, ask, answers)), expected, "{from}: {answers:?}");
        }
    }
    // Who asks for it loses nothing by a refusal, and is told of every other failure.
    for (from, answers, expected) in [
        ("active", &["no"][..], "- / needs_install"),
        ("refreshing", &["no"], "- / needs_install"),
        ("none", &["no"], "- / needs_install"),
        ("needs_install", &["no"], "needs_install / needs_install"),
        ("needs_reconnect", &["no"], "needs_install / needs_install"),
        ("active", &["client"], "- / client_rejected"),
        ("active", &["503", "503", "503"], "- / endpoint_failed, retryable"),
        ("none", &["code", "tokens"], "active a2 r2 / give a2"),
        ("active", &["code", "tokens"], "active a2 r2 / give a2"),
        ("needs_install", &["code", "tokens"], "active a2 r2 / give a2"),
        ("under_company with token", &["tokens"], "under_company a2 / give a2"),
    ] {
        assert_eq!(shown(&play(from, Event::Reconnect, answers)), expected, "{from}: {answers:?}");
    }
}

#[test]
fn every_answer_to_the_code_of_a_callback() {
    for (answers, expected) in [
        (&["tokens"][..], "active a2 r2 / installed l"),
        (&["dead"], "- / code_rejected"),
        (&["401"], "- / code_rejected"),
        (&["no"], "- / code_rejected"),
        (&["client"], "- / client_rejected"),
        (&["firewall"], "- / unexpected_answer"),
        (&["tokens of nobody"], "- / unexpected_answer"),
        // Exactly once: what may have been used is not sent again.
        (&["lost"], "- / network_error"),
        (&["503"], "- / endpoint_failed"),
        (&["page"], "- / unexpected_answer"),
        (&["429"], "- / wait 500"),
        (&["429", "tokens"], "active a2 r2 / installed l"),
        (&["429 for a minute"], "- / rate_limited, retryable"),
    ] {
        let (app, event) = (app(), Event::Code("code-1"));
        let mut step = super::step(&app, None, State::default(), Progress::default(), event, NOW, 0.0);
        for name in answers {
            if let Then::Wait(_) = step.then {
                step = super::step(&app, None, State::default(), step.progress, Event::Awake, NOW, 0.0);
            }
            let response = answer(name);
            let event = response.as_ref().map_or(Event::Lost, Event::Answer);
            step = super::step(&app, None, State::default(), step.progress, event, NOW, 0.0);
        }
        assert_eq!(shown(&step), expected, "{answers:?}");
    }
}

#[test]
fn every_answer_to_a_companys_request() {
    for (answers, while_good, without) in [
        (&["tokens"][..], "under_company a2 / give a2", "under_company a2 / give a2"),
        (&["tokens of another"], "- / give a1", "- / unexpected_answer"),
        (&["tokens of its company"], "- / give a1", "- / unexpected_answer"),
        (&["tokens under another"], "- / give a1", "- / unexpected_answer"),
        (&["tokens of nobody"], "under_company a2 / give a2", "under_company a2 / give a2"),
        (&["401"], "- / token of c, another one", "- / token of c, another one"),
        (&["client"], "- / token of c, another one", "- / token of c, another one"),
        (&["401", "tokens"], "under_company a2 / give a2", "under_company a2 / give a2"),
        (&["401", "401"], "- / company_token_refused", "- / company_token_refused"),
        (&["401, scope"], "- / company_token_refused", "- / company_token_refused"),
        // The location may have the app by itself.
        (&["no"], "- / reconnect", "- / reconnect"),
        (&["no", "code"], "- / token authorization_code", "- / token authorization_code"),
        (&["no", "code", "tokens"], "active a2 r2 / give a2", "active a2 r2 / give a2"),
        (&["no", "code", "dead"], "- / wait 250", "- / wait 250"),
        (&["no", "no"], "under_company a1 / needs_install", "under_company / needs_install"),
        (&["no", "client"], "- / give a1", "- / client_rejected"),
        (&["no", "lost"], "- / wait 125", "- / wait 125"),
        (&["no", "503", "503", "503"], "- / give a1", "- / endpoint_failed, retryable"),
        (&["503", "503", "no", "503", "503", "code"], "- / token authorization_code", "- / token authorization_code"),
        (&["401", "no"], "- / reconnect", "- / reconnect"),
        (&["401", "no", "no"], "under_company a1 / needs_install", "under_company / needs_install"),
        (&["firewall"], "- / give a1", "- / unexpected_answer"),
        (&["503"], "- / wait 125", "- / wait 125"),
        (&["503", "lost", "503"], "- / give a1", "- / endpoint_failed, retryable"),
        (&["429"], "- / wait 500", "- / wait 500"),
        (&["429", "429", "429", "429"], "- / wait 4000", "- / wait 4000"),
        (&["429 for a minute"], "- / wait 60000", "- / wait 60000"),
    ] {
        let ask = Event::Ask { refused: "", company_id: "" };
        for (from, expected) in [("under_company stale", while_good), ("under_company", without)] {
            assert_eq!(shown(&play(from, ask, answers)), expected, "{from}: {answers:?}");
        }
    }
    // A caller may know the company of a location of which nothing else is known.
    let named = Event::Ask { refused: "", company_id: "c2" };
    assert_eq!(shown(&play("none", named, &["tokens of nobody"])), "under_company a2 / give a2");
    assert_eq!(shown(&play("none", named, &["tokens"])), "- / unexpected_answer", "another company's");
    assert_eq!(shown(&play("none", named, &["no"])), "- / needs_install");
}

#[test]
fn an_endpoint_is_left_alone_for_a_minute_at_the_most_whatever_clock_wrote_the_row() {
    let ask = Event::Ask { refused: "", company_id: "" };
    for (from, resting, back) in [
        ("needs_install", "- / needs_install", "- / reconnect"),
        ("refreshing at rest", "- / give a1", "refreshing / token refresh_token"),
    ] {
        for (later, expected) in [(60_000.0, resting), (60_001.0, back), (24.0 * HOUR, back)] {
            let state = State { retry_at: NOW + later, ..state(from) };
            let step = step(&app(), Some(&location()), state, Progress::default(), ask, NOW, 0.0);
            assert_eq!(shown(&step), expected, "{from}, {later}");
        }
    }
    let state = State { retry_at: NOW + HOUR, ..state("under_company") };
    let step = step(&app(), Some(&location()), state, Progress::default(), Event::CompanyToken(""), NOW, 0.0);
    assert_eq!(shown(&step), "- / reconnect");
}

#[test]
fn a_token_that_came_by_a_clock_far_ahead_is_not_taken_for_good_as_long_as_that_said() {
    let ask = Event::Ask { refused: "", company_id: "" };
    let ahead = |later: f64, from: &str| {
        let state =
            State { came_at: NOW + later, refresh_at: NOW + 30.0 * HOUR, expires_at: NOW + 31.0 * HOUR, ..state(from) };
        step(&app(), Some(&location()), state, Progress::default(), ask, NOW, 0.0)
    };
    for (from, renewed) in
        [("active", "refreshing / token refresh_token"), ("under_company with token", "- / token of c")]
    {
        for later in [-HOUR, 0.0, 300_000.0] {
            assert_eq!(shown(&ahead(later, from)), "- / give a1", "{from}, {later}");
        }
        for later in [300_001.0, HOUR, 24.0 * HOUR] {
            assert_eq!(shown(&ahead(later, from)), renewed, "{from}, {later}");
        }
    }
    // What comes instead is told of by the right clock.
    assert_eq!(play("active stale", ask, &["tokens"]).state.came_at, NOW);
}

#[test]
fn an_installation_far_ahead_is_older_than_what_a_webhook_says() {
    let told = |since: f64, event| {
        step(&app(), Some(&location()), State { since, ..state("active") }, Progress::default(), event, NOW, 0.0)
    };
    for (since, status) in
        [(NOW + 300_000.0, Status::Active), (NOW + 300_001.0, Status::None), (NOW + 24.0 * HOUR, Status::None)]
    {
        assert_eq!(told(since, Event::Uninstalled(NOW - 1000.0)).state.status, status, "{since}");
    }
    let installed = told(NOW + 24.0 * HOUR, Event::Installed("c2", NOW));
    assert_eq!((installed.state.since, installed.state.company_id.as_str()), (NOW, "c2"));
}

#[test]
fn a_clock_that_is_set_back_in_the_middle_makes_no_queue_longer_than_a_minute() {
    let ask = Event::CompanyToken("t");
    let first = step(&app(), Some(&location()), state("under_company"), Progress::default(), ask, NOW, 0.0);
    let refused = Response { status: 429, ..Response::default() };
    let (mut state, mut progress, mut now, mut waited) = (first.state, first.progress, NOW - HOUR, 0.0);
    loop {
        let answered = step(&app(), Some(&location()), state, progress, Event::Answer(&refused), now, 0.0);
        let Then::Wait(ms) = answered.then else { break };
        waited += ms;
        now += ms;
        assert!(waited <= 60_000.0, "{waited}");
        let awake = step(&app(), Some(&location()), answered.state, answered.progress, Event::Awake, now, 0.0);
        (state, progress) = (awake.state, awake.progress);
    }
    assert!(waited > 0.0);
}

#[test]
fn a_location_that_is_refused_one_way_is_asked_for_the_other_way_and_neither_goes_round() {
    let ask = Event::Ask { refused: "", company_id: "" };
    for (from, answers, expected) in [
        // Refused by itself within the last minute: what its company says is the last word.
        ("under_company, refused", &["no"][..], "- / needs_install"),
        ("under_company, refused", &["tokens"], "under_company a2 / give a2"),
        ("needs_install under c", &["no"], "- / needs_install"),
        ("needs_install under c", &["401", "no"], "- / needs_install"),
        ("needs_install under c", &["tokens"], "under_company a2 / give a2"),
        ("needs_install under c", &["503", "503", "503"], "- / endpoint_failed, retryable"),
    ] {
        assert_eq!(shown(&play(from, ask, answers)), expected, "{from}: {answers:?}");
    }
    // By hand it is asked for at once.
    for (from, answers, expected) in [
        ("under_company, refused", &["no"][..], "- / reconnect"),
        ("under_company, refused", &["no", "no"], "under_company / needs_install"),
        ("under_company, refused", &["no", "code", "tokens"], "active a2 r2 / give a2"),
        ("needs_install under c", &["no"], "needs_install / needs_install"),
    ] {
        assert_eq!(shown(&play(from, Event::Reconnect, answers)), expected, "{from}: {answers:?}");
    }
    // Once both are refused, a caller within the minute costs one request, and it is the company's.
    let refused = play("under_company", ask, &["no", "no"]);
    assert_eq!((refused.state.retry_at, refused.state.status), (NOW + 60_000.0, Status::UnderCompany));
    let told = play("none", Event::Installed("c", NOW), &[]);
    assert_eq!(told.state.since, NOW);
    // Its own tokens, when they come, are those that count from then on.
    let own = play("under_company", ask, &["no", "code", "tokens"]).state;
    assert_eq!((own.status, own.refresh.expose(), own.since), (Status::Active, "r2", NOW));
    // A company that is refused its reconnect has no other way.
    let (company, event) = (Owner::Company("c".into()), Event::Ask { refused: "", company_id: "" });
    let alone = step(&app(), Some(&company), state("needs_install under c"), Progress::default(), event, NOW, 0.0);
    assert_eq!(shown(&alone), "- / needs_install");
}

#[test]
fn tokens_that_come_too_late_are_kept_unless_there_are_newer_ones() {
    let response = answer("tokens").expect("an answer");
    for (from, refresh, expected) in [
        ("refreshing", "r1", "active a2 r2 / done"),
        ("refreshing", "r0", "- / done"),
        ("needs_reconnect", "r1", "active a2 r2 / done"),
        ("needs_install", "r1", "active a2 r2 / done"),
        ("active", "r1", "- / done"),
        ("none", "r1", "- / done"),
        ("under_company", "r1", "- / done"),
    ] {
        assert_eq!(shown(&first(from, Event::Late(refresh, &response))), expected, "{from} {refresh}");
    }
    let dead = answer("dead").expect("an answer");
    assert_eq!(shown(&first("refreshing", Event::Late("r1", &dead))), "- / done");
}

#[test]
fn nothing_that_is_shown_holds_a_secret() {
    let echo = r#"{"error":"invalid_grant","message":"r1 a1 client-secret-1 company-1 code-1"}"#;
    let response = Response { status: 400, body: echo.into(), ..Response::default() };
    for (from, event) in [
        ("active expired", Event::Ask { refused: "", company_id: "" }),
        ("active", Event::Ask { refused: "a1", company_id: "" }),
        ("needs_reconnect expired", Event::Ask { refused: "", company_id: "" }),
        ("under_company", Event::CompanyToken("company-1")),
        ("none", Event::Code("code-1")),
    ] {
        let step = first(from, event);
        let owner = location();
        let next = super::step(
            &app(),
            Some(&owner),
            step.state.clone(),
            step.progress.clone(),
            Event::Answer(&response),
            NOW,
            0.0,
        );
        let failed = match &next.then {
            Then::Fail(failure) => failure.json(),
            _ => String::new(),
        };
        let shown = format!("{step:?} {next:?} {failed}");
        let sent = match from {
            "under_company" => "company-1",
            "none" => "code-1",
            _ => "r1",
        };
        for secret in ["client-secret-1", sent] {
            assert!(!shown.contains(secret), "{from}: {secret}: {shown}");
        }
    }
}

#[test]
fn what_webhooks_tell() {
    for (from, event, expected) in [
        // Without a company, or of a company, the app has been installed, and its tokens are to be asked for.
        ("none", Event::Installed("", NOW), "needs_reconnect / done"),
        ("needs_install", Event::Installed("", NOW), "needs_reconnect / done"),
        ("active", Event::Installed("", NOW), "- / done"),
        ("active", Event::Installed("", NOW + 1.0), "active a1 r1 / done"),
        // The tokens of an earlier installation are dead.
        ("under_company with token", Event::Installed("c", NOW), "- / done"),
        ("under_company with token", Event::Installed("c", NOW + 1.0), "under_company / done"),
        ("under_company with token", Event::Installed("c2", NOW), "under_company / done"),
        // It stays its company's, though this event does not say so.
        ("under_company", Event::Installed("", NOW + 1.0), "under_company / done"),
        ("active", Event::Uninstalled(NOW), "none / done"),
        ("active", Event::Uninstalled(NOW - 1.0), "- / done"),
        ("active", Event::Uninstalled(0.0), "none / done"),
        ("none", Event::Uninstalled(1.0), "none / done"),
        ("active", Event::Look, "- / done"),
    ] {
        assert_eq!(shown(&first(from, event)), expected, "{from}");
    }
    let installed = first("none", Event::Installed("c", NOW)).state;
    assert_eq!((installed.since, installed.retry_at), (NOW, 0.0));
    // A newer installation is not forgotten for an older event, whatever comes between.
    assert_eq!(first("active", Event::Installed("c", NOW + 5.0)).state.since, NOW + 5.0);
    assert_eq!(first("active", Event::Installed("c", NOW - 5.0)).state.since, NOW);
}

#[test]
fn what_was_installed_and_has_no_tokens_is_reconnected_once_a_minute() {
    let ask = Event::Ask { refused: "", company_id: "" };
    assert_eq!(shown(&play("needs_install, long ago", ask, &[])), "- / reconnect");
    assert_eq!(shown(&play("needs_install, long ago", ask, &["code", "tokens"])), "active a2 r2 / give a2");
    assert_eq!(play("needs_install, long ago", ask, &["code", "tokens"]).state.since, NOW);
    let refused = play("needs_install, long ago", ask, &["no"]);
    assert_eq!(shown(&refused), "needs_install / needs_install");
    assert_eq!(refused.state.retry_at, NOW + 60_000.0);
    // A location whose company has no token.
    let nothing = |from: &str| {
        let asked = first(from, ask);
        step(&app(), Some(&location()), state(from), asked.progress, Event::CompanyToken(""), NOW, 0.0)
    };
    assert_eq!(shown(&nothing("under_company")), "- / reconnect");
    assert_eq!(shown(&nothing("under_company, refused")), "- / needs_install");
    let asked = nothing("under_company");
    let no = answer("no").expect("an answer");
    let refused = step(&app(), Some(&location()), state("under_company"), asked.progress, Event::Answer(&no), NOW, 0.0);
    assert_eq!(shown(&refused), "under_company / needs_install");
    assert_eq!(refused.state.retry_at, NOW + 60_000.0);
    // By hand it is asked for at once.
    let by_hand = first("under_company, refused", Event::Reconnect).progress;
    let again = step(&app(), Some(&location()), state("under_company"), by_hand, Event::CompanyToken(""), NOW, 0.0);
    assert_eq!(shown(&again), "- / reconnect");
    // A caller who merely names a company has told of no installation.
    let named = first("none", Event::Ask { refused: "", company_id: "c" }).progress;
    let unknown = step(&app(), Some(&location()), State::default(), named, Event::CompanyToken(""), NOW, 0.0);
    assert_eq!(shown(&unknown), "- / needs_install");
    // A company of whose location somebody has told.
    let (company, event) = (Owner::Company("c".into()), Event::Ask { refused: "", company_id: "c" });
    let told = step(&app(), Some(&company), State::default(), Progress::default(), event, NOW, 0.0);
    assert_eq!(shown(&told), "- / reconnect");
    let refused = step(&app(), Some(&company), State::default(), told.progress, Event::Answer(&no), NOW, 0.0);
    assert_eq!(shown(&refused), "needs_install / needs_install");
}
