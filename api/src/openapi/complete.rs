//! What holds for all operations: the errors that their security, parameters and body bring with them, every error's
//! codes and content, and an example of everything that is sent.

use axum::http::StatusCode;
use serde_json::Value;
use utoipa::openapi::content::Content;
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{OpenApi, Ref, RefOr, Response};

use super::{CSRF_TOKEN, SESSION_COOKIE, example};
use crate::error::{self, CODES};
use crate::router::API_ROOT;

const PROBLEM: &str = "application/problem+json";

/// Completes every operation of the document.
pub(super) fn complete(document: &mut OpenApi) {
    let schemas = document.components.as_ref().map(|components| &components.schemas);
    let schemas = serde_json::to_value(schemas).unwrap_or_default();
    for (path, item) in &mut document.paths.paths {
        let limited = path.starts_with(API_ROOT);
        for (unsafe_method, operation) in operations(item) {
            for (status, description) in implied_errors(operation, unsafe_method, limited) {
                let responses = &mut operation.responses.responses;
                responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(Response::new(description)));
            }
            name_codes(operation, limited);
            if unsafe_method {
                operation.security.iter_mut().flatten().for_each(add_csrf_token);
            }
            complete_contents(operation, &schemas);
        }
    }
    document.info.description.get_or_insert_default().push_str(&list_of_codes());
}

/// All codes by status, as Markdown.
fn list_of_codes() -> String {
    let by_status = CODES.chunk_by(|one, next| one.0 == next.0).map(|codes| {
        let names: Vec<String> = codes.iter().map(|(_, code)| format!("`{code}`")).collect();
        format!("- {}: {}", codes[0].0, names.join(", "))
    });
    let lines: Vec<String> = by_status.collect();
    format!("\n\n## Codes of errors\n\n{}", lines.join("\n"))
}

/// The operations of a path, each with whether it changes something.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (bool, &mut Operation)> {
    [
        (false, &mut item.get),
        (false, &mut item.head),
        (true, &mut item.post),
        (true, &mut item.put),
        (true, &mut item.patch),
        (true, &mut item.delete),
    ]
    .into_iter()
    .filter_map(|(unsafe_method, operation)| operation.as_mut().map(|operation| (unsafe_method, operation)))
}

fn implied_errors(
    operation: &Operation,
    unsafe_method: bool,
    limited: bool,
) -> impl Iterator<Item = (&'static str, String)> + use<> {
    let signed_in = needs_sign_in(operation);
    let body = operation.request_body.is_some();
    let (in_query, in_path) =
        (has_parameter(operation, &ParameterIn::Query), has_parameter(operation, &ParameterIn::Path));
    let csrf = signed_in && unsafe_method;
    let errors = [
        (signed_in, "401", "nobody is signed in"),
        (in_path, "404", "it does not exist"),
        (body, "413", "the body is larger than 256 KiB"),
        (body, "415", "the body is not sent as application/json"),
        (limited, "429", "too many requests (`rate_limited`): try again after `Retry-After` seconds"),
        (true, "500", "something failed inside the panel, whose own log says what"),
    ];
    let errors = errors.into_iter().filter(|(applies, ..)| *applies);
    let errors = errors.map(|(_, status, description)| (status, description.to_owned()));
    errors.chain(bad_input(body, in_query, csrf).map(|description| ("400", description)))
}

fn bad_input(body: bool, in_query: bool, csrf: bool) -> Option<String> {
    let what = match (body || in_query, csrf) {
        (true, true) => "the input is wrong, or a cookie came without its CSRF token",
        (true, false) => "the input is wrong",
        (false, true) => "a cookie came without its CSRF token",
        (false, false) => return None,
    };
    let codes = [
        (body || in_query, "`invalid_input`"),
        (body, "`invalid_json`"),
        (body, "`unreadable_body`"),
        (in_query, "`invalid_query`"),
        (csrf, "`csrf_failed`"),
    ];
    let codes: Vec<&str> = codes.into_iter().filter_map(|(applies, code)| applies.then_some(code)).collect();
    Some(format!("{what} ({})", codes.join(", ")))
}

/// Adds the codes that handlers need not name: a status's only or plain one, and that of the limit on all requests.
fn name_codes(operation: &mut Operation, limited: bool) {
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(Response { description, .. }) = response else { continue };
        if limited && status == "429" && !description.contains("`rate_limited`") {
            description.push_str(", or too many requests came (`rate_limited`)");
        }
        let has_plain_code = matches!(status.as_str(), "400" | "401" | "403" | "404" | "413" | "415" | "500");
        if has_plain_code
            && code_in(status, description).is_none()
            && let Some((_, code)) = CODES.iter().find(|(of, _)| of.to_string() == *status)
        {
            *description = format!("{description} (`{code}`)");
        }
    }
}

/// The first code of this status that a description names.
fn code_in<'a>(status: &str, description: &'a str) -> Option<&'a str> {
    let mut words = description.split('`').skip(1).step_by(2);
    words.find(|word| CODES.iter().any(|(of, code)| code == word && of.to_string() == status))
}

/// Whether no caller without a sign-in is let through.
fn needs_sign_in(operation: &Operation) -> bool {
    let open = |requirement| serde_json::to_value(requirement).is_ok_and(|value| value == serde_json::json!({}));
    operation.security.as_ref().is_some_and(|requirements| !requirements.iter().any(open))
}

/// A cookie alone changes nothing.
fn add_csrf_token(requirement: &mut SecurityRequirement) {
    let schemes = serde_json::to_value(&*requirement).unwrap_or_default();
    if schemes.get(SESSION_COOKIE).is_some() && schemes.get(CSRF_TOKEN).is_none() {
        *requirement = std::mem::take(requirement).add(CSRF_TOKEN, [""; 0]);
    }
}

fn has_parameter(operation: &Operation, place: &ParameterIn) -> bool {
    operation.parameters.iter().flatten().any(|parameter| match parameter {
        RefOr::T(parameter) => parameter.parameter_in == *place,
        RefOr::Ref(_) => false,
    })
}

fn complete_contents(operation: &mut Operation, schemas: &Value) {
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        body.content.values_mut().for_each(|content| add_example(content, schemas));
    }
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        if status.starts_with(['4', '5']) {
            complete_problem(status, response);
        }
        response.content.values_mut().for_each(|content| add_example(content, schemas));
    }
}

/// Every error is a problem, whether its handler says so or not.
fn complete_problem(status: &str, response: &mut Response) {
    let content = response
        .content
        .entry(PROBLEM.to_owned())
        .or_insert_with(|| RefOr::T(Content::new(Some(Ref::from_schema_name("Problem")))));
    if let RefOr::T(content) = content
        && content.example.is_none()
    {
        content.example = problem_example(status, &response.description);
    }
}

/// As `error.rs` would answer the first of its codes.
fn problem_example(status: &str, description: &str) -> Option<Value> {
    let code = code_in(status, description)?;
    let detail = description.split_once(&format!(" (`{code}`")).map_or(description, |(detail, _)| detail);
    let status = StatusCode::from_bytes(status.as_bytes()).ok()?;
    serde_json::to_value(error::problem(status, code, detail.to_owned(), Vec::new())).ok()
}

fn add_example(content: &mut RefOr<Content>, schemas: &Value) {
    let RefOr::T(content) = content else { return };
    if content.example.is_none() && content.examples.is_empty() {
        let schema = serde_json::to_value(&content.schema).unwrap_or_default();
        content.example = Some(example::compose(&schema, schemas)).filter(|example| !example.is_null());
    }
}
