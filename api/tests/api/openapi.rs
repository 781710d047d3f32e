//! The published document: as checked in, complete, and true.

use std::collections::BTreeSet;
use std::path::Path;

use l4d2_api::error::CODES;
use l4d2_api::openapi;
use serde_json::Value;

use crate::support::TestApp;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

fn document() -> Value {
    serde_json::from_str(openapi::document_json()).expect("the document is JSON")
}

/// Every operation: its method, its path and what is said of it.
pub(crate) fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    document["paths"].as_object().into_iter().flatten().flat_map(|(path, item)| {
        METHODS.iter().filter_map(move |method| Some((*method, path.as_str(), item.get(method)?)))
    })
}

#[test]
fn the_checked_in_document_is_this_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi.json");
    let checked_in = std::fs::read_to_string(path).unwrap_or_default();
    // Not assert_eq: the difference of two long texts helps nobody.
    assert!(checked_in == openapi::document_json(), "write it anew: cargo run -p l4d2-api -- openapi > openapi.json");
}

#[test]
fn operation_ids_are_unique_names_of_verb_and_resource() {
    let document = document();
    let mut ids = BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap_or_default();
        assert!(!id.is_empty() && id.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{method} {path}: {id:?}");
        assert!(ids.insert(id), "{id} is there twice");
    }
    assert!(!ids.is_empty());
}

#[test]
fn every_operation_says_what_it_does_and_who_may_do_it() {
    let document = document();
    let tags: BTreeSet<&str> = list(&document["tags"]).filter_map(|tag| tag["name"].as_str()).collect();
    let schemes = &document["components"]["securitySchemes"];
    for (method, path, operation) in operations(&document) {
        let what = format!("{method} {path}");
        assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{what} has no summary");
        assert!(list(&operation["tags"]).filter_map(Value::as_str).any(|tag| tags.contains(tag)), "{what} has no tag");
        assert!(operation["security"].is_array(), "{what} says nothing about security");
        for name in list(&operation["security"]).filter_map(Value::as_object).flat_map(|scheme| scheme.keys()) {
            assert!(schemes[name].is_object(), "{what} names the unknown scheme {name}");
        }
    }
}

#[test]
fn every_operation_names_the_errors_it_can_answer() {
    let document = document();
    for (method, path, operation) in operations(&document) {
        let what = format!("{method} {path}");
        let has = |status: &str| operation["responses"].get(status).is_some();
        let open = list(&operation["security"]).any(|scheme| scheme == &serde_json::json!({}));
        let body = operation.get("requestBody").is_some();
        let has_query = list(&operation["parameters"]).any(|parameter| parameter["in"] == "query");
        assert!(open || has("401"), "{what}: 401");
        let bad_input = operation["responses"]["400"]["description"].as_str().unwrap_or_default();
        assert!(open || method == "get" || bad_input.contains("`csrf_failed`"), "{what}: 400 for the CSRF token");
        assert!(!body || (has("400") && has("413") && has("415")), "{what}: 400, 413 and 415 for the body");
        assert!(!has_query || has("400"), "{what}: 400 for the query");
        assert!(!path.contains('{') || has("404"), "{what}: 404");
        assert!(!path.starts_with("/api/") || has("429"), "{what}: 429");
        assert!(has("500"), "{what}: 500");
        let responses = operation["responses"].as_object().into_iter().flatten();
        for (status, response) in responses.filter(|(status, _)| status.as_str() >= "400") {
            let content = &response["content"]["application/problem+json"];
            assert_eq!(content["schema"]["$ref"], "#/components/schemas/Problem", "{what}: {status} is no problem");
            assert_eq!(content["example"]["status"].to_string(), *status, "{what}: the example of {status}");
        }
    }
}

#[test]
fn every_error_names_its_codes_and_shows_one_of_them() {
    let document = document();
    for (method, path, operation) in operations(&document) {
        let responses = operation["responses"].as_object().into_iter().flatten();
        for (status, response) in responses.filter(|(status, _)| status.as_str() >= "400") {
            let what = format!("{method} {path}: {status}");
            let number: u16 = status.parse().expect("a status");
            let words = response["description"].as_str().unwrap_or_default().split('`').skip(1).step_by(2);
            let named: Vec<&str> = words.filter(|word| CODES.contains(&(number, word))).collect();
            assert!(!named.is_empty(), "{what} names no code");
            let example = &response["content"]["application/problem+json"]["example"];
            let code = example["code"].as_str().unwrap_or_default();
            assert!(named.contains(&code), "{what} shows {code:?}, which is none of {named:?}");
            assert_eq!(example["type"], format!("/api/v1/docs#{code}"), "{what}");
        }
    }
    let description = document["info"]["description"].as_str().unwrap_or_default();
    for (status, code) in CODES {
        assert!(description.contains(&format!("`{code}`")), "{status} {code} is not in the list of codes");
    }
}

#[test]
fn everything_that_is_sent_has_an_example() {
    let document = document();
    for (method, path, operation) in operations(&document) {
        let what = format!("{method} {path}");
        for parameter in list(&operation["parameters"]) {
            let given = [&parameter["example"], &parameter["schema"]["example"], &parameter["schema"]["default"]];
            let by_name = parameter["schema"]["$ref"].is_string();
            assert!(by_name || given.iter().any(|example| !example.is_null()), "{what}: {}", parameter["name"]);
        }
        let success =
            operation["responses"].as_object().into_iter().flatten().filter(|(status, _)| status.starts_with('2'));
        let contents = success.map(|(_, response)| &response["content"]).chain([&operation["requestBody"]["content"]]);
        for (kind, content) in contents.filter_map(Value::as_object).flatten() {
            let has_example = !content["example"].is_null() || content["examples"].is_object();
            assert!(has_example, "{what}: {kind} has no example");
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut references = Vec::new();
    collect_references(&document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let pointer = reference.strip_prefix('#').expect("nothing outside the document");
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[tokio::test]
async fn the_document_is_served_to_everybody() {
    let app = TestApp::start().await;
    let answer = app.anonymous().get("/openapi.json").await.expect_status(200);
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.text(), openapi::document_json());
}

#[tokio::test]
async fn the_page_brings_everything_along_and_runs_nothing_inline() {
    let app = TestApp::start().await;
    let anonymous = app.anonymous();
    let page = anonymous.get("/docs").await.expect_status(200);
    let policy = page.headers["content-security-policy"].to_str().expect("text").to_owned();
    assert!(!policy.contains("unsafe"), "{policy}");
    let html = page.text();
    assert!(!html.contains("//"), "no other host: {html}");
    let files: Vec<&str> = html.split('"').filter(|text| text.starts_with("/api/v1/docs/")).collect();
    assert_eq!(files.len(), 4, "{files:?}");
    for file in files {
        let answer = anonymous.get(&format!("/{file}")).await.expect_status(200);
        assert!(!answer.body.is_empty(), "{file}");
    }
    // What else the library has would run inline scripts and ask a foreign host.
    anonymous.get("/docs/index.html").await.problem(404, "not_found");
    anonymous.get("/docs/..%2f..%2fetc%2fpasswd").await.problem(404, "not_found");
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn collect_references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            found.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
            map.values().for_each(|value| collect_references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| collect_references(value, found)),
        _ => {}
    }
}
