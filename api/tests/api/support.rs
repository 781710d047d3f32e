//! A whole panel on a fake supervisor, and clients for each role.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use l4d2_api::app::{AppState, host_config};
use l4d2_api::auth::Auth;
use l4d2_api::config::{Config, Settings};
use l4d2_api::connections::Connections;
use l4d2_api::db::Db;
use l4d2_api::{admin, listen, router, serve};
use l4d2_contract::{Blueprint, Job, JobId, Page, Problem, Server, SessionOpened};
use l4d2_host::Host;
use l4d2_host::supervisor::fake::FakeSupervisor;
use sea_orm::ConnectionTrait;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::DropGuard;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// Far longer than anything here takes: a test that waits this long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
/// The password of every user that tests make.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A panel of its own.
pub(crate) struct TestApp {
    pub(crate) state: AppState,
    pub(crate) supervisor: Arc<FakeSupervisor>,
    pub(crate) directory: TempDir,
    router: Router,
    tasks: TaskTracker,
    /// Ends the background with the test.
    _shutdown: DropGuard,
}

impl TestApp {
    /// With the default settings.
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// With some settings changed.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut settings = Settings {
            data_dir: Some(directory.path().join("data")),
            l4d2_root: Some(directory.path().join("l4d2")),
            bind: Some("127.0.0.1:0".to_owned()),
            // Tests file from one address; those of the limits set their own.
            login_rate_burst: Some(10_000),
            api_rate_burst: Some(100_000),
            ..Settings::default()
        };
        settings.database_url = own_database().await;
        change(&mut settings);
        Self::start_in(directory, &settings).await
    }

    async fn start_in(directory: TempDir, settings: &Settings) -> Self {
        let config = Config::load(settings, None).expect("the test's settings are valid");
        l4d2_api::data_dir::prepare(&config.data_dir).expect("a data directory");
        let db = serve::open_database(&config).await.expect("a database");
        pretend_installed(&config.l4d2_root);
        let supervisor = Arc::new(FakeSupervisor::new());
        let host = Host::with_supervisor(host_config(&config), supervisor.clone());
        let auth = Auth::load(&config).expect("keys");
        l4d2_api::metrics::recorder().expect("a recorder");
        let state = AppState::new(config, db, host, auth);
        let tasks = state.start_background().await.expect("the background starts");
        let router = router::build(state.clone());
        let shutdown = state.shutdown.clone().drop_guard();
        Self { state, supervisor, directory, router, tasks, _shutdown: shutdown }
    }

    /// Ends this panel's tasks as a crash would leave the database, and starts another on the same data.
    pub(crate) async fn restart(self, settings: &Settings) -> Self {
        let Self { state, directory, tasks, .. } = self;
        state.shutdown.cancel();
        tasks.wait().await;
        Self::start_in(directory, settings).await
    }

    /// The router itself.
    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    /// Somebody without a token.
    pub(crate) fn anonymous(&self) -> Anonymous {
        Anonymous(Client { router: self.router.clone(), token: None })
    }

    /// Signs a new user up.
    pub(crate) async fn user(&self, name: &str) -> SignedIn {
        let body = json!({"username": name, "password": PASSWORD});
        let opened: SessionOpened = self.anonymous().0.post("/auth/signup", body).await.expect_status(201).json();
        let client = Client { router: self.router.clone(), token: Some(opened.token.clone()) };
        SignedIn { client, opened }
    }

    /// Signs a user in that an earlier panel on the same data signed up.
    pub(crate) async fn login(&self, name: &str) -> SignedIn {
        let body = json!({"username": name, "password": PASSWORD});
        let opened: SessionOpened = self.anonymous().0.post("/auth/login", body).await.expect_status(200).json();
        let client = Client { router: self.router.clone(), token: Some(opened.token.clone()) };
        SignedIn { client, opened }
    }

    /// Signs a new user up and promotes it.
    pub(crate) async fn admin(&self, name: &str) -> Admin {
        let user = self.user(name).await;
        admin::set_admin(&self.state.db, name, true).await.expect("promoted");
        Admin(user)
    }

    /// Serves on a free port of loopback, for what needs a socket; ends with the panel.
    pub(crate) async fn listen(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let connections = Connections::new(1024, Vec::new());
        tokio::spawn(listen::serve(listener, self.router.clone(), connections, self.state.shutdown.clone()));
        format!("http://{address}")
    }
}

/// What the host takes for a whole installation.
pub(crate) fn pretend_installed(root: &Path) {
    let apps = root.join("installation/steamapps");
    std::fs::create_dir_all(&apps).expect("made");
    std::fs::create_dir_all(root.join("installation/left4dead2/cfg")).expect("made");
    std::fs::write(root.join("installation/srcds_run"), "#!/bin/sh\n").expect("written");
    let manifest = "\"AppState\"\n{\n\t\"appid\"\t\t\"222860\"\n\t\"StateFlags\"\t\t\"4\"\n\t\"buildid\"\t\t\"1\"\n}\n";
    std::fs::write(apps.join("appmanifest_222860.acf"), manifest).expect("written");
}

/// On PostgreSQL: a schema of its own; none means SQLite in the data directory.
async fn own_database() -> Option<String> {
    let url = std::env::var("TEST_DATABASE_URL").ok()?;
    let schema = format!("test_{:032x}", rand::random::<u128>());
    let db = Db::connect(&url).await.expect("the test database answers");
    db.write().execute_unprepared(&format!("CREATE SCHEMA {schema}")).await.expect("a schema");
    db.close().await.expect("closed");
    let separator = if url.contains('?') { '&' } else { '?' };
    Some(format!("{url}{separator}options=-c%20search_path%3D{schema}"))
}

/// A caller of the API.
#[derive(Clone)]
pub(crate) struct Client {
    router: Router,
    token: Option<String>,
}

/// Without a token.
pub(crate) struct Anonymous(pub(crate) Client);
/// An ordinary user.
pub(crate) struct SignedIn {
    pub(crate) client: Client,
    pub(crate) opened: SessionOpened,
}
/// A user with the admin right.
pub(crate) struct Admin(pub(crate) SignedIn);

impl std::ops::Deref for Anonymous {
    type Target = Client;
    fn deref(&self) -> &Client {
        &self.0
    }
}

impl std::ops::Deref for SignedIn {
    type Target = Client;
    fn deref(&self) -> &Client {
        &self.client
    }
}

impl std::ops::Deref for Admin {
    type Target = SignedIn;
    fn deref(&self) -> &SignedIn {
        &self.0
    }
}

impl Client {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, None).await
    }

    /// A call below `/api/v1`, or of a path at the root when it begins with `//`.
    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let uri =
            path.strip_prefix('/').filter(|rest| rest.starts_with('/')).map_or(format!("/api/v1{path}"), str::to_owned);
        let mut request = Request::builder().method(method).uri(uri);
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = match body {
            Some(body) => request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        };
        self.send(request.expect("a request")).await
    }

    /// Any request as it is.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let what = format!("{} {}", request.method(), request.uri());
        let response = self.router.clone().oneshot(request).await.expect("the router never fails");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a whole body").to_bytes();
        Answer { what, status: parts.status, headers: parts.headers, body: body.to_vec() }
    }

    /// Makes a blueprint.
    pub(crate) async fn blueprint(&self, name: &str) -> Blueprint {
        let body =
            json!({"name": name, "arguments": ["+map c1m1_hotel"], "config": ["sv_cheats 0"], "overlay_ids": []});
        self.post("/blueprints", body).await.expect_status(201).json()
    }

    /// Makes a server with a blueprint of its own.
    pub(crate) async fn server(&self, name: &str, port: u16) -> Server {
        let blueprint = self.blueprint(&format!("{name}'s")).await;
        let body = json!({"name": name, "port": port, "blueprint_id": blueprint.id});
        self.post("/servers", body).await.expect_status(201).json()
    }

    /// Files a job for a server.
    pub(crate) async fn operate(&self, server: &Server, operation: &str) -> Job {
        let path = format!("/servers/{}/jobs", server.id);
        self.post(&path, json!({"operation": operation})).await.expect_status(202).json()
    }

    /// Waits until a job has ended.
    pub(crate) async fn ended(&self, app: &TestApp, id: JobId) -> Job {
        let mut events = app.state.events.subscribe();
        let wait = async {
            loop {
                let job: Job = self.get(&format!("/jobs/{id}")).await.expect_status(200).json();
                if job.state.is_final() {
                    return job;
                }
                // Any event will do: the job is looked at again.
                let _ = events.recv().await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("the job ends")
    }

    /// Files a job and waits until it has ended.
    pub(crate) async fn operate_to_the_end(&self, app: &TestApp, server: &Server, operation: &str) -> Job {
        let job = self.operate(server, operation).await;
        self.ended(app, job.id).await
    }

    /// The lines of a job's log.
    pub(crate) async fn log(&self, id: JobId) -> Vec<String> {
        let page: Page<l4d2_contract::JobLogLine> =
            self.get(&format!("/jobs/{id}/logs")).await.expect_status(200).json();
        page.items.into_iter().map(|line| line.line).collect()
    }
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    what: String,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    #[track_caller]
    pub(crate) fn expect_status(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}: {}", self.what, self.text());
        self
    }

    #[track_caller]
    pub(crate) fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{}: {error}: {}", self.what, self.text()))
    }

    /// The problem, after checking that it is one.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) -> Problem {
        let problem: Problem = self.json();
        assert_eq!(
            self.headers.get(header::CONTENT_TYPE).map(axum::http::HeaderValue::as_bytes),
            Some(&b"application/problem+json"[..])
        );
        assert_eq!(
            (self.status.as_u16(), problem.status, problem.code.as_str()),
            (status, status, code),
            "{problem:?}"
        );
        let is_listed = l4d2_api::error::CODES.contains(&(status, code));
        assert!(is_listed, "{status} {code} is missing in the list of codes that the document shows");
        problem
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
