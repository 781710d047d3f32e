//! How often one address may call.

use std::net::SocketAddr;
use std::time::Instant;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, header};
use l4d2_api::config::Settings;
use serde_json::json;

use super::request;
use crate::support::{Answer, TestApp};

/// What the limits are unless a test says otherwise.
fn as_shipped(settings: &mut Settings) {
    settings.login_rate_burst = None;
    settings.api_rate_burst = None;
}

fn from(peer: &str, forwarded: Option<&str>, mut request: Request<Body>) -> Request<Body> {
    let peer: SocketAddr = peer.parse().expect("an address with a port");
    request.extensions_mut().insert(ConnectInfo(peer));
    if let Some(forwarded) = forwarded {
        request.headers_mut().insert("x-forwarded-for", forwarded.parse().expect("a header"));
    }
    request
}

async fn login(app: &TestApp, peer: &str, forwarded: Option<&str>) -> Answer {
    // No password, no hash: what is counted is the request.
    let request = request(Method::POST, "/auth/login", &[], Some(json!({})));
    app.anonymous().send(from(peer, forwarded, request)).await
}

async fn signup(app: &TestApp, peer: &str) -> Answer {
    app.anonymous().send(from(peer, None, request(Method::POST, "/auth/signup", &[], Some(json!({}))))).await
}

/// Uses up an address' sign-ins.
async fn exhaust(app: &TestApp, peer: &str, forwarded: Option<&str>) {
    for attempt in 1..=20 {
        let answer = login(app, peer, forwarded).await;
        assert_eq!(answer.status, 400, "attempt {attempt}: {}", answer.text());
    }
    login(app, peer, forwarded).await.problem(429, "rate_limited");
}

#[tokio::test]
async fn twenty_quick_sign_ins_pass_and_the_next_is_told_when_to_come_back() {
    let app = TestApp::start_with(as_shipped).await;
    for attempt in 1..=20 {
        let answer = super::try_login(&app, "alice", "wrong password").await;
        assert_eq!(answer.status, 401, "attempt {attempt}: {}", answer.text());
    }
    let refused = super::try_login(&app, "alice", "wrong password").await;
    refused.problem(429, "rate_limited");
    let seconds: u64 = refused.headers[header::RETRY_AFTER].to_str().expect("text").parse().expect("a number");
    assert!((1..=15).contains(&seconds), "{seconds}");
    assert!(app.state.auth.passwords.computed() >= 20);
}

#[tokio::test]
async fn signing_up_is_limited_too_and_apart() {
    let app = TestApp::start_with(as_shipped).await;
    for attempt in 1..=20 {
        assert_eq!(signup(&app, "192.0.2.1:1000").await.status, 400, "attempt {attempt}");
    }
    signup(&app, "192.0.2.1:1000").await.problem(429, "rate_limited");
    exhaust(&app, "192.0.2.1:1000", None).await;
}

#[tokio::test]
async fn changing_the_password_is_limited_too_and_apart() {
    let app = TestApp::start_with(as_shipped).await;
    let alice = app.user("alice").await;
    let bearer = format!("Bearer {}", alice.opened.token);
    let change = async || {
        let headers = [(header::AUTHORIZATION, bearer.as_str())];
        let body = json!({"current_password": "a guess", "new_password": "another one"});
        let request = request(Method::POST, "/auth/password", &headers, Some(body));
        app.anonymous().send(from("192.0.2.1:1000", None, request)).await
    };
    for _ in 1..=20 {
        change().await.problem(400, "invalid_input");
    }
    let hashes = app.state.auth.passwords.computed();
    change().await.problem(429, "rate_limited");
    assert_eq!(app.state.auth.passwords.computed(), hashes, "what is refused costs no hash");
    exhaust(&app, "192.0.2.1:1000", None).await;
}

#[tokio::test]
async fn the_limit_is_the_addresss_and_not_everybodys() {
    let app = TestApp::start_with(as_shipped).await;
    exhaust(&app, "192.0.2.1:1000", None).await;
    login(&app, "192.0.2.1:2000", None).await.problem(429, "rate_limited");
    login(&app, "[::ffff:192.0.2.1]:2000", None).await.problem(429, "rate_limited");
    login(&app, "192.0.2.2:1000", None).await.expect_status(400);

    exhaust(&app, "[2001:db8:1:2::1]:1000", None).await;
    login(&app, "[2001:db8:1:2:ffff::9]:1000", None).await.problem(429, "rate_limited");
    login(&app, "[2001:db8:1:3::1]:1000", None).await.expect_status(400);
}

#[tokio::test]
async fn an_untrusted_peer_gains_nothing_and_harms_nobody_with_x_forwarded_for() {
    let app = TestApp::start_with(|settings| {
        as_shipped(settings);
        settings.trusted_proxies = Some("10.0.0.0/8".to_owned());
    })
    .await;
    exhaust(&app, "192.0.2.1:1000", Some("198.51.100.1")).await;
    for forwarded in ["198.51.100.2", "10.0.0.1", "127.0.0.1", "::1"] {
        login(&app, "192.0.2.1:1000", Some(forwarded)).await.problem(429, "rate_limited");
    }
    login(&app, "198.51.100.1:1000", None).await.expect_status(400);
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_clients_count_apart() {
    let app = TestApp::start_with(|settings| {
        as_shipped(settings);
        settings.trusted_proxies = Some("10.0.0.0/8".to_owned());
    })
    .await;
    exhaust(&app, "10.0.0.1:1000", Some("198.51.100.1")).await;
    login(&app, "10.0.0.2:1000", Some("203.0.113.9, 198.51.100.1, 10.1.1.1")).await.problem(429, "rate_limited");
    login(&app, "10.0.0.1:1000", Some("198.51.100.1, 198.51.100.2")).await.expect_status(400);
}

#[tokio::test]
async fn the_api_has_a_wider_limit_that_leaves_the_rest_of_the_panel_alone() {
    let app = TestApp::start_with(|settings| {
        settings.api_rate_per_second = Some(1);
        settings.api_rate_burst = Some(30);
    })
    .await;
    let me = || from("192.0.2.1:1000", None, request(Method::GET, "/auth/me", &[], None));
    let began = Instant::now();
    let mut answered = 0;
    let refused = loop {
        let answer = app.anonymous().send(me()).await;
        if answer.status == 429 {
            break answer;
        }
        answer.problem(401, "unauthorized");
        answered += 1;
        // One more for each second that it took.
        let most = 30 + began.elapsed().as_secs() + 1;
        assert!(answered <= most, "{answered} of at most {most}");
    };
    assert!(answered >= 30, "only {answered} of 30");
    refused.problem(429, "rate_limited");
    assert!(refused.headers.contains_key(header::RETRY_AFTER));
    // Signing in counts among them. Where a second has passed meanwhile, one more is let through.
    let mut refused = login(&app, "192.0.2.1:1000", None).await;
    if refused.status != 429 {
        refused = login(&app, "192.0.2.1:1000", None).await;
    }
    refused.problem(429, "rate_limited");

    let page = Request::get("/").body(Body::empty()).expect("a request");
    assert_ne!(app.anonymous().send(from("192.0.2.1:1000", None, page)).await.status, 429);
    let health = Request::get("/health").body(Body::empty()).expect("a request");
    app.anonymous().send(from("192.0.2.1:1000", None, health)).await.expect_status(200);
}

/// 1,000 a second is a request each millisecond; taken for 1,000 seconds, nothing more would come for a quarter of an hour.
#[tokio::test]
async fn the_wider_limit_refills_by_the_second() {
    let app = TestApp::start_with(|settings| {
        settings.api_rate_per_second = Some(1000);
        settings.api_rate_burst = Some(1);
    })
    .await;
    let until_answered = async {
        while app.anonymous().get("/auth/me").await.status == 429 {
            tokio::task::yield_now().await;
        }
    };
    app.anonymous().get("/auth/me").await.problem(401, "unauthorized");
    tokio::time::timeout(crate::support::PATIENCE, until_answered).await.expect("the bucket fills up again");
}
