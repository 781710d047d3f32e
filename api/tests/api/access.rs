//! Who may do what: every route, asked by nobody, another user, the owner and an admin.
//!
//! The routes come from the published document, so one without a row here fails the test, as does a row without a route.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use l4d2_api::openapi;
use l4d2_contract::{ApiToken, Blueprint, CreatedApiToken, Job, JobId, Overlay, Page, Problem, Server, Session};
use l4d2_host::InstanceName;
use l4d2_host::supervisor::fake::FakeStep;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::openapi::operations;
use crate::support::{Admin, PASSWORD, SignedIn, TestApp};

/// The statuses for nobody, another user, the owner, an admin.
type Statuses = [u16; 4];

const ROLES: [&str; 4] = ["nobody", "another user", "the owner", "an admin"];

/// Anything that is somebody's is the owner's: `{id}` is of a thing made by the owner for this one request.
const TABLE: &[(&str, &str, Statuses)] = &[
    ("post", "/api/v1/auth/signup", [201, 201, 201, 201]),
    ("post", "/api/v1/auth/login", [200, 200, 200, 200]),
    ("post", "/api/v1/auth/logout", [401, 204, 204, 204]),
    ("get", "/api/v1/auth/me", [401, 200, 200, 200]),
    ("post", "/api/v1/auth/password", [401, 204, 204, 204]),
    ("get", "/api/v1/auth/sessions", [401, 200, 200, 200]),
    ("delete", "/api/v1/auth/sessions/{id}", [401, 404, 204, 404]),
    ("get", "/api/v1/auth/tokens", [401, 200, 200, 200]),
    ("post", "/api/v1/auth/tokens", [401, 201, 201, 201]),
    ("delete", "/api/v1/auth/tokens/{id}", [401, 404, 204, 404]),
    ("get", "/api/v1/overlays", [401, 200, 200, 200]),
    ("post", "/api/v1/overlays", [401, 403, 403, 201]),
    ("get", "/api/v1/overlays/{id}", [401, 200, 200, 200]),
    ("patch", "/api/v1/overlays/{id}", [401, 403, 403, 200]),
    ("delete", "/api/v1/overlays/{id}", [401, 403, 403, 204]),
    ("get", "/api/v1/blueprints", [401, 200, 200, 200]),
    ("post", "/api/v1/blueprints", [401, 201, 201, 201]),
    ("post", "/api/v1/blueprints/preview", [401, 200, 200, 200]),
    ("get", "/api/v1/blueprints/{id}", [401, 403, 200, 403]),
    ("patch", "/api/v1/blueprints/{id}", [401, 403, 200, 403]),
    ("delete", "/api/v1/blueprints/{id}", [401, 403, 204, 403]),
    ("get", "/api/v1/servers", [401, 200, 200, 200]),
    ("get", "/api/v1/servers?all=true", [401, 403, 403, 200]),
    ("post", "/api/v1/servers", [401, 403, 201, 403]),
    ("get", "/api/v1/servers/{id}", [401, 403, 200, 200]),
    ("patch", "/api/v1/servers/{id}", [401, 403, 200, 200]),
    ("delete", "/api/v1/servers/{id}", [401, 403, 202, 202]),
    ("get", "/api/v1/servers/{id}/usage", [401, 403, 200, 200]),
    ("post", "/api/v1/servers/{id}/jobs", [401, 403, 202, 202]),
    ("post", "/api/v1/servers/{id}/console", [401, 403, 202, 202]),
    ("get", "/api/v1/jobs", [401, 200, 200, 200]),
    ("get", "/api/v1/jobs?server_id={server}", [401, 403, 200, 200]),
    ("post", "/api/v1/jobs", [401, 403, 403, 202]),
    ("get", "/api/v1/jobs/{id}", [401, 403, 200, 200]),
    ("post", "/api/v1/jobs/{id}/cancel", [401, 403, 202, 202]),
    ("get", "/api/v1/jobs/{id}/logs", [401, 403, 200, 200]),
    ("get", "/api/v1/jobs/{id}/log.txt", [401, 403, 200, 200]),
    ("get", "/api/v1/jobs/{id}/stream", [401, 403, 200, 200]),
    ("get", "/api/v1/servers/{id}/logs", [401, 403, 200, 200]),
    ("get", "/api/v1/servers/{id}/logs/stream", [401, 403, 200, 200]),
    ("get", "/api/v1/events", [401, 200, 200, 200]),
    ("get", "/api/v1/host", [401, 403, 403, 200]),
    ("get", "/api/v1/users", [401, 403, 403, 200]),
    ("patch", "/api/v1/users/{id}", [401, 403, 403, 200]),
    ("get", "/api/v1/openapi.json", [200, 200, 200, 200]),
    ("get", "/api/v1/docs", [200, 200, 200, 200]),
    // Outside the document.
    ("get", "/api/v1/docs/page.js", [200, 200, 200, 200]),
    ("get", "/health", [200, 200, 200, 200]),
    ("get", "/metrics", [200, 200, 200, 200]),
    ("get", "/index.html", [200, 200, 200, 200]),
];

/// Rows at the end of the table that the document does not know.
const OUTSIDE_THE_DOCUMENT: usize = 4;

#[test]
fn every_route_has_a_row_and_every_row_a_route() {
    let document: Value = serde_json::from_str(openapi::document_json()).expect("JSON");
    let routes: BTreeSet<(&str, &str)> = operations(&document).map(|(method, path, _)| (method, path)).collect();
    let rows = &TABLE[..TABLE.len() - OUTSIDE_THE_DOCUMENT];
    let rows: BTreeSet<(&str, &str)> =
        rows.iter().map(|(method, path, _)| (*method, path.split('?').next().unwrap_or(path))).collect();
    let without_row: Vec<_> = routes.difference(&rows).collect();
    let without_route: Vec<_> = rows.difference(&routes).collect();
    assert!(without_row.is_empty(), "routes without a row: {without_row:?}");
    assert!(without_route.is_empty(), "rows without a route: {without_route:?}");
}

#[tokio::test]
async fn every_route_answers_each_role_as_the_table_says() {
    let world = World::new().await;
    let mut wrong = Vec::new();
    for (method, path, expected) in TABLE {
        for (role, expected) in expected.iter().enumerate() {
            let things = world.make_things(path).await;
            let status = world.ask(role, method, path, &things).await;
            if status.as_u16() != *expected {
                wrong.push(format!("{method} {path} by {}: {status}, not {expected}", ROLES[role]));
            }
            world.clear_away(&things).await;
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn an_install_is_the_admins_and_not_of_whoever_filed_it() {
    let app = TestApp::start_with(|settings| settings.steamcmd = Some("/bin/false".into())).await;
    let (filer, admin) = (app.admin("filer").await, app.admin("root").await);
    let mut events = app.state.events.subscribe();
    let job: Job = filer.post("/jobs", json!({"operation": "install"})).await.expect_status(202).json();
    filer.ended(&app, job.id).await;
    while let Ok(event) = events.try_recv() {
        assert!(event.name != "job" || !event.audience.includes(filer.opened.user.id, false), "{event:?}");
    }
    l4d2_api::admin::set_admin(&app.state.db, "filer", false).await.expect("demoted");
    for path in ["", "/logs", "/log.txt", "/stream"] {
        filer.get(&format!("/jobs/{}{path}", job.id)).await.problem(403, "forbidden");
    }
    let cancel = format!("/jobs/{}/cancel", job.id);
    filer.post(&cancel, json!({})).await.problem(403, "forbidden");
    admin.post(&cancel, json!({})).await.problem(409, "job_finished");
    let (seen, all): (Page<Job>, Page<Job>) = (filer.get("/jobs").await.json(), admin.get("/jobs").await.json());
    assert_eq!((seen.items.len(), all.items.len()), (0, 1));
}

#[tokio::test]
async fn what_does_not_exist_is_404_for_those_who_may_ask() {
    let world = World::new().await;
    for (method, path, statuses) in TABLE.iter().filter(|(_, path, _)| path.contains("{id}")) {
        let path = path.replace("{id}", "999999");
        for (role, client) in [(2, &world.owner), (3, &world.admin.0)] {
            let allowed = statuses[role] < 400 || statuses[role] == 404 || path.contains("/blueprints/");
            let request =
                request(method, &path, Some(&client.opened.token), body_of(method, &path, &Things::default()));
            let answer = client.send(request).await;
            assert_eq!(answer.status.as_u16(), if allowed { 404 } else { 403 }, "{method} {path} by {}", ROLES[role]);
        }
    }
}

/// The people, and a panel for them.
struct World {
    app: TestApp,
    other: SignedIn,
    owner: SignedIn,
    admin: Admin,
    _dist: tempfile::TempDir,
}

/// Things of the owner, made for one request.
#[derive(Default)]
struct Things {
    number: u16,
    overlay: i64,
    blueprint: i64,
    server: i64,
    job: i64,
    session: i64,
    token: i64,
    user: i64,
    /// Someone of each role, signed in for this request alone: it may end the session or change the password.
    tokens: [Option<String>; 4],
}

impl World {
    async fn new() -> Self {
        let dist = tempfile::tempdir().expect("a temporary directory");
        std::fs::write(dist.path().join("index.html"), "<title>panel</title>").expect("written");
        let frontend = dist.path().to_owned();
        let app = TestApp::start_with(|settings| {
            settings.frontend_dist = Some(frontend);
            settings.steamcmd = Some("/bin/false".into());
            settings.streams_per_user = Some(1000);
        })
        .await;
        let (other, owner, admin) = (app.user("other").await, app.user("owner").await, app.admin("root").await);
        Self { app, other, owner, admin, _dist: dist }
    }

    /// Only what the path needs beside the cheap things.
    async fn make_things(&self, path: &str) -> Things {
        static NUMBER: std::sync::atomic::AtomicU16 = std::sync::atomic::AtomicU16::new(2000);
        let number = NUMBER.fetch_add(2, std::sync::atomic::Ordering::Relaxed);
        let overlay = json!({"name": format!("overlay {number}"), "path": format!("o{number}")});
        let overlay: Overlay = self.admin.post("/overlays", overlay).await.expect_status(201).json();
        let blueprint: Blueprint = self.owner.blueprint(&format!("blueprint {number}")).await;
        let server: Server = self.owner.server(&format!("server{number}"), number).await;
        let mut things = Things {
            number,
            overlay: overlay.id.0,
            blueprint: blueprint.id.0,
            server: server.id.0,
            user: self.owner.opened.user.id.0,
            ..Things::default()
        };
        for (role, client) in [(1, &self.other), (2, &self.owner), (3, &self.admin.0)] {
            things.tokens[role] = Some(client.opened.token.clone());
        }
        if path.ends_with("/auth/password") {
            // It ends all other sessions of its user, so these are users of their own.
            for role in 1..=3 {
                let name = format!("role{role}.{number}");
                let user = if role == 3 { self.app.admin(&name).await.0 } else { self.app.user(&name).await };
                things.tokens[role] = Some(user.opened.token.clone());
            }
        } else if path.contains("/auth/") {
            self.make_credentials(&mut things).await;
        }
        if path.contains("/console") {
            self.owner.operate_to_the_end(&self.app, &server, "start").await;
        }
        if path.contains("/jobs/{id}") {
            self.app.supervisor.on_start(&instance(number), FakeStep::Hold);
            things.job = self.owner.operate(&server, "start").await.id.0;
        }
        things
    }

    async fn make_credentials(&self, things: &mut Things) {
        for (role, name) in [(1, "other"), (2, "owner"), (3, "root")] {
            things.tokens[role] = Some(self.app.login(name).await.opened.token);
        }
        let sessions: Page<Session> = self.owner.get("/auth/sessions?limit=200").await.expect_status(200).json();
        things.session = sessions.items.iter().find(|session| !session.current).expect("the new one").id.0;
        let body = json!({"name": format!("token {}", things.number)});
        let token: CreatedApiToken = self.owner.post("/auth/tokens", body).await.expect_status(201).json();
        let ApiToken { id, .. } = token.api_token;
        things.token = id.0;
    }

    async fn ask(&self, role: usize, method: &str, path: &str, things: &Things) -> StatusCode {
        let id = match path {
            path if path.contains("/overlays/") => things.overlay,
            path if path.contains("/blueprints/") => things.blueprint,
            path if path.contains("/servers/") => things.server,
            path if path.contains("/jobs/") => things.job,
            path if path.contains("/sessions/") => things.session,
            path if path.contains("/tokens/") => things.token,
            _ => things.user,
        };
        let real = path.replace("{id}", &id.to_string()).replace("{server}", &things.server.to_string());
        let request = request(method, &real, things.tokens[role].as_deref(), body_of(method, path, things));
        // Only the head is waited for: a stream has no end.
        let response = self.app.router().oneshot(request).await.expect("the router never fails");
        if path == "/api/v1/jobs" && response.status() == StatusCode::ACCEPTED {
            let body = http_body_util::BodyExt::collect(response.into_body()).await.expect("a body").to_bytes();
            let job: Job = serde_json::from_slice(&body).expect("a job");
            // Nothing else starts before it has ended.
            self.admin.ended(&self.app, job.id).await;
            return StatusCode::ACCEPTED;
        }
        let status = response.status();
        if status.is_client_error() {
            let body = http_body_util::BodyExt::collect(response.into_body()).await.expect("a body").to_bytes();
            let problem: Problem = serde_json::from_slice(&body).expect("a problem");
            assert_named(method, path, status, &problem.code);
        }
        status
    }

    /// Nothing may be at work or running when the next request is made: an install waits for it, or is refused.
    async fn clear_away(&self, things: &Things) {
        self.app.supervisor.on_start(&instance(things.number), FakeStep::Succeed);
        self.app.supervisor.release(&instance(things.number));
        let server = format!("/servers/{}", things.server);
        let answer = self.owner.delete(&server).await;
        if answer.status != 404 {
            let job: Job = answer.expect_status(202).json();
            self.owner.ended(&self.app, job.id).await;
        }
        if things.job != 0 {
            self.owner.ended(&self.app, JobId(things.job)).await;
        }
    }
}

/// The document says of each refusal which codes it can have.
fn assert_named(method: &str, path: &str, status: StatusCode, code: &str) {
    static DOCUMENT: LazyLock<Value> =
        LazyLock::new(|| serde_json::from_str(openapi::document_json()).expect("the document is JSON"));
    let path = path.split('?').next().unwrap_or_default();
    let described = &DOCUMENT["paths"][path][method]["responses"][status.as_str()]["description"];
    let is_named = described.as_str().is_some_and(|text| text.contains(&format!("`{code}`")));
    assert!(is_named, "{method} {path} answers {status} `{code}`; the document says {described}");
}

fn instance(number: u16) -> InstanceName {
    InstanceName::parse(&format!("server{number}")).expect("a name")
}

fn request(method: &str, path: &str, token: Option<&str>, body: Option<Value>) -> Request<Body> {
    let mut request = Request::builder().method(method.to_uppercase().as_str()).uri(path);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let request = match body {
        Some(body) => request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string())),
        None => request.body(Body::empty()),
    };
    request.expect("a request")
}

/// A body that is fine, so that only the right to send it decides.
fn body_of(method: &str, path: &str, things: &Things) -> Option<Value> {
    let number = things.number;
    // Parallel to the owner's things, so that nothing clashes.
    let free_port = number + 1;
    let body = match (method, path.trim_start_matches("/api/v1")) {
        ("post", "/auth/signup") => json!({"username": format!("new{}", rand::random::<u64>()), "password": PASSWORD}),
        ("post", "/auth/login") => json!({"username": "owner", "password": PASSWORD}),
        ("post", "/auth/password") => json!({"current_password": PASSWORD, "new_password": PASSWORD}),
        ("post", "/auth/tokens") => json!({"name": format!("another {}", rand::random::<u64>())}),
        ("post", "/overlays") => json!({"name": format!("another {number}"), "path": format!("a{number}")}),
        ("post", "/blueprints") => json!({"name": format!("another {number}")}),
        ("post", "/blueprints/preview") => json!({"arguments": [], "config": []}),
        ("post", "/servers") => {
            json!({"name": format!("another{number}"), "port": free_port, "blueprint_id": things.blueprint})
        }
        ("post", "/jobs") => json!({"operation": "install"}),
        ("post", path) if path.ends_with("/jobs") => json!({"operation": "initialize"}),
        ("post", path) if path.ends_with("/console") => json!({"command": "status"}),
        ("patch", path) if path.starts_with("/users") => json!({"disabled": false}),
        ("patch", path) if path.starts_with("/servers") => json!({"port": free_port}),
        ("patch", _) => json!({"name": format!("renamed {number}")}),
        _ => return None,
    };
    Some(body)
}
