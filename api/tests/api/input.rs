//! What is sent is held to its form, and what is wrong with it is told with its field, in words for a person.

use axum::body::Body;
use axum::http::{Method, Request, header};
use l4d2_contract::{FieldError, Page, Problem, Server};
use serde_json::{Value, json};

use crate::support::{Answer, SignedIn, TestApp};

async fn send(user: &SignedIn, method: Method, path: &str, body: &str) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(format!("/api/v1{path}"))
        .header(header::AUTHORIZATION, format!("Bearer {}", user.opened.token))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_owned()));
    user.send(request.expect("a request")).await
}

/// The field and what is said of it; it must be one.
fn only(problem: &Problem) -> (&str, &str) {
    let [FieldError { field, message }] = problem.errors.as_slice() else { panic!("{problem:?}") };
    (field, message)
}

#[tokio::test]
async fn a_body_is_an_object_with_each_field_once() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let alpha: Server = alice.server("alpha", 27015).await;
    let blueprint = format!("/blueprints/{}", alpha.blueprint_id);
    let jobs = format!("/servers/{}/jobs", alpha.id);
    for (method, path, body) in [
        (Method::POST, "/auth/signup", r#"["abc", "secret12"]"#),
        (Method::POST, "/auth/signup", "null"),
        (Method::POST, "/servers", r#"["bravo", 27016, 1]"#),
        (Method::PATCH, &blueprint, "[]"),
        (Method::PATCH, &blueprint, "7"),
        (Method::POST, &jobs, r#"["start"]"#),
        (Method::POST, &jobs, r#""start""#),
    ] {
        let problem = send(&alice, method, path, body).await.problem(400, "invalid_input");
        assert_eq!(problem.detail, "the body must be a JSON object", "{path} {body}");
    }
    for (method, path, body, wrong) in [
        (Method::POST, jobs.as_str(), r#"{"operation": {"start": null}}"#, "operation"),
        (Method::PATCH, &blueprint, r#"{"name": "a", "name": "b"}"#, "name"),
        (Method::PATCH, &blueprint, r#"{"name": "a", "na\u006de": "b"}"#, "name"),
        (Method::PATCH, &blueprint, r#"{"config": [{"a": 1, "a": 2}]}"#, "config[0]"),
    ] {
        let problem = send(&alice, method, path, body).await.problem(400, "invalid_input");
        assert_eq!(only(&problem).0, wrong, "{body}");
    }
    let deep = format!(r#"{{"name": {}{}}}"#, "[".repeat(50_000), "]".repeat(50_000));
    send(&alice, Method::PATCH, &blueprint, &deep).await.problem(400, "invalid_json");
    send(&alice, Method::PATCH, &blueprint, r#"{"name": "#).await.problem(400, "invalid_json");
    assert!(alice.get("/jobs").await.json::<Page<Value>>().items.is_empty(), "nothing was filed");
}

#[tokio::test]
async fn a_wrong_value_is_told_with_its_field_and_the_bounds_of_it() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let alpha: Server = alice.server("alpha", 27015).await;
    let (of_alpha, jobs) = (format!("/servers/{}", alpha.id), format!("/servers/{}/jobs", alpha.id));
    let server = |port: Value| json!({"name": "bravo", "port": port, "blueprint_id": alpha.blueprint_id});
    let port = "expected a whole number from 1024 to 65535";
    let days = "expected a whole number from 1 to 3650";
    for (method, path, body, field, message) in [
        (Method::POST, jobs.as_str(), json!({"operation": null}), "operation", "invalid type: null, expected a string"),
        (Method::POST, &jobs, json!({"operation": 5}), "operation", "invalid type: integer `5`, expected a string"),
        (
            Method::POST,
            &jobs,
            json!({"operation": true}),
            "operation",
            "invalid type: boolean `true`, expected a string",
        ),
        (Method::POST, "/servers", server(json!(null)), "port", &format!("invalid type: null, {port}")),
        (Method::POST, "/servers", server(json!("27116")), "port", &format!("invalid type: string \"27116\", {port}")),
        (Method::POST, "/servers", server(json!(70000)), "port", &format!("invalid value: integer `70000`, {port}")),
        (Method::POST, "/servers", server(json!(-1)), "port", &format!("invalid value: integer `-1`, {port}")),
        (Method::PATCH, &of_alpha, json!({"port": null}), "port", &format!("invalid type: null, {port}")),
        (
            Method::POST,
            "/blueprints/preview",
            json!({"port": 1.5}),
            "port",
            &format!("invalid type: floating point `1.5`, {port}"),
        ),
        (
            Method::POST,
            "/auth/tokens",
            json!({"name": "a", "expires_in_days": -1}),
            "expires_in_days",
            &format!("invalid value: integer `-1`, {days}"),
        ),
        (
            Method::PATCH,
            &of_alpha,
            json!({"blueprint_id": "1"}),
            "blueprint_id",
            "invalid type: string \"1\", expected a whole number",
        ),
    ] {
        let problem = alice.call(method, path, Some(body)).await.problem(400, "invalid_input");
        assert_eq!(only(&problem), (field, message), "{path}");
    }
    // What is left out, and null where a field may be left out that way.
    alice.post("/blueprints/preview", json!({"arguments": [], "config": [], "port": null})).await.expect_status(200);
    alice.post("/auth/tokens", json!({"name": "for ever", "expires_in_days": null})).await.expect_status(201);
    alice.patch(&of_alpha, json!({"port": 27016})).await.expect_status(200);
}

#[tokio::test]
async fn a_wrong_query_is_told_in_words() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let alpha: Server = alice.server("alpha", 27015).await;
    let whole = "must be a whole number, in digits alone";
    for (path, field, message) in [
        ("/blueprints?limit=-1", "limit", whole),
        ("/blueprints?limit=", "limit", whole),
        ("/blueprints?after=x", "after", whole),
        ("/blueprints?limit=99999999999999999999999", "limit", "is too large"),
        ("/blueprints?after=-99999999999999999999999", "after", "is too small"),
        ("/blueprints?limit=1&limit=2", "limit", "duplicate field `limit`"),
        ("/jobs?before=x", "before", whole),
        ("/servers?all=maybe", "all", "must be true or false"),
        (&format!("/servers/{}/logs?lines=", alpha.id), "lines", whole),
    ] {
        let problem = alice.get(path).await.problem(400, "invalid_input");
        assert_eq!(only(&problem), (field, message), "{path}");
    }
}
