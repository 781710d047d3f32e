//! Signing in: accounts, sessions, tokens, CSRF, limits and the admin right.

mod accounts;
mod cookie;
mod jwt;
mod limits;
mod sessions;
mod tokens;
mod users;

use axum::body::Body;
use axum::http::{HeaderName, Method, Request, header};
use l4d2_contract::SessionOpened;
use serde_json::{Value, json};

use crate::support::{Answer, TestApp};

const CSRF: HeaderName = HeaderName::from_static("x-csrf-token");

/// A request with just the headers given.
fn request(method: Method, path: &str, headers: &[(HeaderName, &str)], body: Option<Value>) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(format!("/api/v1{path}"));
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    let request = match body {
        Some(body) => request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string())),
        None => request.body(Body::empty()),
    };
    request.expect("a request")
}

/// `GET /auth/me` by somebody who shows a token as a script does.
async fn me_by_bearer(app: &TestApp, token: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    app.anonymous().send(request(Method::GET, "/auth/me", &[(header::AUTHORIZATION, &bearer)], None)).await
}

/// `GET /auth/me` by somebody who shows a token as a browser does.
async fn me_by_cookie(app: &TestApp, token: &str) -> Answer {
    let cookie = format!("l4d2_session={token}");
    app.anonymous().send(request(Method::GET, "/auth/me", &[(header::COOKIE, &cookie)], None)).await
}

async fn try_login(app: &TestApp, username: &str, password: &str) -> Answer {
    app.anonymous().post("/auth/login", json!({"username": username, "password": password})).await
}

async fn another_session(app: &TestApp, username: &str) -> SessionOpened {
    app.login(username).await.opened
}
