//! Browsers: the cookie's attributes, and the CSRF token that calls by cookie need.

use axum::body::Body;
use axum::http::{HeaderName, Method, Request, header};
use l4d2_contract::{Me, SessionOpened};
use serde_json::json;

use super::{CSRF, another_session, me_by_cookie, request};
use crate::support::{Answer, PASSWORD, TestApp};

/// The attributes of the session's cookie, without its value.
fn attributes(answer: &Answer) -> Vec<String> {
    let cookie = answer.headers[header::SET_COOKIE].to_str().expect("text");
    assert!(cookie.starts_with("l4d2_session="), "{cookie}");
    let mut attributes: Vec<String> = cookie.split("; ").skip(1).map(str::to_owned).collect();
    attributes.sort();
    attributes
}

#[tokio::test]
async fn the_cookie_is_for_this_site_and_no_script() {
    let app = TestApp::start().await;
    let credentials = json!({"username": "alice", "password": PASSWORD});
    let expected = ["HttpOnly", "Max-Age=2592000", "Path=/", "SameSite=Lax", "Secure"];
    let signup = app.anonymous().post("/auth/signup", credentials.clone()).await.expect_status(201);
    assert_eq!(attributes(&signup), expected);
    let login = app.anonymous().post("/auth/login", credentials).await.expect_status(200);
    assert_eq!(attributes(&login), expected);

    let opened: SessionOpened = login.json();
    let cookie = login.headers[header::SET_COOKIE].to_str().expect("text");
    assert!(cookie.starts_with(&format!("l4d2_session={};", opened.token)), "{cookie}");
    me_by_cookie(&app, &opened.token).await.expect_status(200);
}

#[tokio::test]
async fn over_plain_http_the_cookie_is_not_secure_when_a_setting_says_so() {
    let app = TestApp::start_with(|settings| {
        settings.insecure_cookies = Some(true);
        settings.session_days = Some(2);
    })
    .await;
    let credentials = json!({"username": "alice", "password": PASSWORD});
    let signup = app.anonymous().post("/auth/signup", credentials).await.expect_status(201);
    assert_eq!(attributes(&signup), ["HttpOnly", "Max-Age=172800", "Path=/", "SameSite=Lax"]);
}

#[tokio::test]
async fn signing_out_revokes_the_session_and_takes_the_cookie_away() {
    let app = TestApp::start().await;
    let opened = app.user("alice").await.opened;
    let other = another_session(&app, "alice").await;
    let cookie = format!("l4d2_session={}", opened.token);
    let headers = [(header::COOKIE, cookie.as_str()), (CSRF, opened.csrf_token.as_str())];
    let logout = app.anonymous().send(request(Method::POST, "/auth/logout", &headers, None)).await.expect_status(204);
    let taken_away = logout.headers[header::SET_COOKIE].to_str().expect("text");
    assert!(taken_away.starts_with("l4d2_session=;"), "{taken_away}");
    assert_eq!(attributes(&logout), ["HttpOnly", "Max-Age=0", "Path=/", "SameSite=Lax", "Secure"]);
    me_by_cookie(&app, &opened.token).await.problem(401, "unauthorized");
    super::me_by_bearer(&app, &opened.token).await.problem(401, "unauthorized");
    me_by_cookie(&app, &other.token).await.expect_status(200);
}

#[tokio::test]
async fn unsafe_calls_by_cookie_need_the_sessions_own_csrf_token() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await.opened;
    let other_session = another_session(&app, "alice").await;
    let cookie = format!("l4d2_session={}", alice.token);
    let me: Me = me_by_cookie(&app, &alice.token).await.expect_status(200).json();
    assert_eq!(me.csrf_token.as_deref(), Some(alice.csrf_token.as_str()));
    assert_ne!(alice.csrf_token, other_session.csrf_token);

    let call = async |method: Method, path: &str, token: Option<&str>| {
        let mut headers = vec![(header::COOKIE, cookie.as_str())];
        headers.extend(token.map(|token| (CSRF, token)));
        let body = json!({"name": "a script"});
        app.anonymous().send(request(method, path, &headers, Some(body))).await
    };
    let cut = &alice.csrf_token[..alice.csrf_token.len() - 1];
    let jwt_signature = alice.token.rsplit('.').next();
    for wrong in [None, Some(""), Some("x"), Some(cut), Some(&other_session.csrf_token), jwt_signature] {
        call(Method::POST, "/auth/tokens", wrong).await.problem(400, "csrf_failed");
        call(Method::POST, "/auth/logout", wrong).await.problem(400, "csrf_failed");
        call(Method::DELETE, "/auth/sessions/1", wrong).await.problem(400, "csrf_failed");
        call(Method::PATCH, "/users/1", wrong).await.problem(400, "csrf_failed");
    }
    me_by_cookie(&app, &alice.token).await.expect_status(200);
    call(Method::POST, "/auth/tokens", Some(&alice.csrf_token)).await.expect_status(201);
}

#[tokio::test]
async fn calls_by_header_need_no_csrf_token_and_win_over_the_cookie() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let bob = app.user("bob").await;
    alice.post("/auth/tokens", json!({"name": "a script"})).await.expect_status(201);

    let cookie = format!("l4d2_session={}", alice.opened.token);
    let bearer = format!("bearer {}", bob.opened.token);
    let both = [(header::COOKIE, cookie.as_str()), (header::AUTHORIZATION, bearer.as_str())];
    let me: Me = app.anonymous().send(request(Method::GET, "/auth/me", &both, None)).await.expect_status(200).json();
    assert_eq!(me.user.username, "bob");
    for wrong in ["Bearer nonsense", "Bearer", "Basic YWxpY2U6eA==", ""] {
        let both = [(header::COOKIE, cookie.as_str()), (header::AUTHORIZATION, wrong)];
        app.anonymous().send(request(Method::GET, "/auth/me", &both, None)).await.problem(401, "unauthorized");
    }
}

#[tokio::test]
async fn a_token_is_never_taken_from_the_query() {
    let app = TestApp::start().await;
    let token = app.user("alice").await.opened.token;
    for name in ["token", "access_token", "l4d2_session", "jwt"] {
        app.anonymous().get(&format!("/auth/me?{name}={token}")).await.problem(401, "unauthorized");
    }
}

/// A form of another site can send text, but not JSON, without the browser asking first, which CORS answers with no.
#[tokio::test]
async fn another_site_can_sign_nobody_in() {
    let app = TestApp::start().await;
    app.user("alice").await;
    let credentials = json!({"username": "alice", "password": PASSWORD}).to_string();
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let request = Request::post("/api/v1/auth/login")
            .header(header::CONTENT_TYPE, kind)
            .header(header::ORIGIN, "https://evil.example")
            .body(Body::from(credentials.clone()))
            .expect("a request");
        app.anonymous().send(request).await.problem(415, "unsupported_media_type");
    }
    let asks = Request::builder()
        .method(Method::OPTIONS)
        .uri("/api/v1/auth/login")
        .header(header::ORIGIN, "https://evil.example")
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
        .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "content-type")
        .body(Body::empty())
        .expect("a request");
    let answer = app.anonymous().send(asks).await;
    let allowed: Option<&HeaderName> = answer.headers.keys().find(|name| **name == header::ACCESS_CONTROL_ALLOW_ORIGIN);
    assert_eq!(allowed, None);
}
