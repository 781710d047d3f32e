//! What happens around every request, and where no route is.

use axum::body::Body;
use axum::http::{Method, Request, header};
use serde_json::json;

use crate::support::TestApp;

const UNKNOWN: &str = "/api/v1/nothing/here";

fn request(method: &str, uri: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(uri)
}

#[tokio::test]
async fn unknown_paths_of_the_api_are_problems() {
    let app = TestApp::start().await;
    for path in [UNKNOWN, "/api", "/api/", "/api/v1", "/api/v1/", "/api/v2/servers", "/api/v1/servers/"] {
        for method in ["GET", "POST", "DELETE"] {
            let request = request(method, path).body(Body::empty()).expect("a request");
            app.anonymous().send(request).await.problem(404, "not_found");
        }
    }
}

#[tokio::test]
async fn wrong_methods_are_problems_that_name_the_right_ones() {
    let app = TestApp::start().await;
    let cases = [
        (Method::PUT, "/servers", "GET,HEAD,POST"),
        (Method::POST, "/servers/1", "GET,HEAD,PATCH,DELETE"),
        (Method::DELETE, "/openapi.json", "GET,HEAD"),
        (Method::POST, "//health", "GET,HEAD"),
        (Method::POST, "//some/page", "GET,HEAD"),
    ];
    for (method, path, allowed) in cases {
        let answer = app.anonymous().call(method, path, None).await;
        answer.problem(405, "method_not_allowed");
        assert_eq!(answer.headers[header::ALLOW], allowed, "{path}");
    }
}

#[tokio::test]
async fn bodies_that_are_too_large_are_refused_with_and_without_a_length() {
    let app = TestApp::start().await;
    let large = format!("{{\"username\": \"{}\"}}", "a".repeat(256 * 1024));
    let said = request("POST", "/api/v1/auth/login")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONTENT_LENGTH, large.len())
        .body(Body::from(large.clone()));
    app.anonymous().send(said.expect("a request")).await.problem(413, "too_large");
    let chunks = futures::stream::iter([Ok::<_, std::io::Error>(large)]);
    let unsaid = request("POST", "/api/v1/auth/login")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from_stream(chunks));
    app.anonymous().send(unsaid.expect("a request")).await.problem(413, "too_large");
}

#[tokio::test]
async fn bodies_must_be_json_and_say_so() {
    let app = TestApp::start().await;
    let plain = request("POST", "/api/v1/auth/login").body(Body::from("{}")).expect("a request");
    app.anonymous().send(plain).await.problem(415, "unsupported_media_type");
    let broken = request("POST", "/api/v1/auth/login")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from("{"))
        .expect("a request");
    app.anonymous().send(broken).await.problem(400, "invalid_json");
    let body = json!({"username": "alice", "password": "long enough", "admin": true});
    let problem = app.anonymous().post("/auth/login", body).await.problem(400, "invalid_input");
    assert_eq!(problem.errors[0].field, "admin");
}

#[tokio::test]
async fn requests_keep_a_sound_id_and_are_given_one_otherwise() {
    let app = TestApp::start().await;
    let send = async |id: Option<&str>| {
        let mut request = request("GET", UNKNOWN);
        if let Some(id) = id {
            request = request.header("x-request-id", id);
        }
        let answer = app.anonymous().send(request.body(Body::empty()).expect("a request")).await;
        answer.headers["x-request-id"].to_str().expect("text").to_owned()
    };
    assert_eq!(send(Some("edge-7f.3_A")).await, "edge-7f.3_A");
    for id in [None, Some(""), Some("a b"), Some("x\"} level=error")] {
        let given = send(id).await;
        assert!(given.len() == 32 && given.bytes().all(|b| b.is_ascii_hexdigit()), "{id:?}: {given}");
    }
}

#[tokio::test]
async fn every_answer_closes_what_a_browser_need_not_do() {
    let app = TestApp::start().await;
    for path in ["/nothing", "/openapi.json", "/docs", "//health", "//", "//metrics"] {
        let headers = app.anonymous().get(path).await.headers;
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["x-frame-options"], "DENY", "{path}");
        assert_eq!(headers["referrer-policy"], "same-origin", "{path}");
        let policy = headers["content-security-policy"].to_str().expect("text");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe-inline"), "{path}: {policy}");
    }
    assert_eq!(app.anonymous().get("/nothing").await.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn other_origins_are_let_in_by_the_setting_alone() {
    let preflight = |origin: &str| {
        request("OPTIONS", "/api/v1/servers")
            .header(header::ORIGIN, origin)
            .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
            .body(Body::empty())
            .expect("a request")
    };
    let closed = TestApp::start().await;
    let answer = closed.anonymous().send(preflight("https://friend.example")).await;
    assert!(!answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));

    let open = TestApp::start_with(|settings| settings.cors_origins = Some("https://friend.example".to_owned())).await;
    let answer = open.anonymous().send(preflight("https://friend.example")).await;
    assert_eq!(answer.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "https://friend.example");
    assert!(!answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS), "never with cookies");
    let answer = open.anonymous().send(preflight("https://stranger.example")).await;
    assert!(!answer.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
}
