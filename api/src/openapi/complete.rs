//! What holds for all operations: the errors that their security, parameters and body bring with them, every error's
//! content, and an example of everything that is sent.

use l4d2_contract::Problem;
use serde_json::Value;
use utoipa::openapi::content::Content;
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{OpenApi, Ref, RefOr, Response};

use super::{CSRF_TOKEN, SESSION_COOKIE, example};
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
            if unsafe_method {
                operation.security.iter_mut().flatten().for_each(add_csrf_token);
            }
            complete_contents(operation, &schemas);
        }
    }
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
) -> impl Iterator<Item = (&'static str, &'static str)> + use<> {
    let signed_in = needs_sign_in(operation);
    let body = operation.request_body.is_some();
    let (in_query, in_path) =
        (has_parameter(operation, &ParameterIn::Query), has_parameter(operation, &ParameterIn::Path));
    let csrf = signed_in && unsafe_method;
    [
        (body || in_query || csrf, "400", "the input is wrong, or a cookie came without its CSRF token"),
        (signed_in, "401", "nobody is signed in"),
        (in_path, "404", "it does not exist"),
        (body, "413", "the body is larger than 256 KiB"),
        (body, "415", "the body is not sent as application/json"),
        (limited, "429", "too many requests: try again after `Retry-After` seconds"),
    ]
    .into_iter()
    .filter_map(|(applies, status, description)| applies.then_some((status, description)))
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
        content.example = Some(problem_example(status, &response.description));
    }
}

fn problem_example(status: &str, description: &str) -> Value {
    let (code, title) = match status {
        "400" => ("invalid_input", "Invalid input"),
        "401" => ("unauthorized", "Unauthorized"),
        "403" => ("forbidden", "Forbidden"),
        "404" => ("not_found", "Not found"),
        "409" => ("conflict", "Conflict"),
        "413" => ("too_large", "Too large"),
        "415" => ("unsupported_media_type", "Unsupported media type"),
        "429" => ("too_many_requests", "Too many requests"),
        "503" => ("unavailable", "Unavailable"),
        _ => ("internal", "Internal Server Error"),
    };
    let problem = Problem {
        kind: format!("{API_ROOT}/docs#{code}"),
        title: title.to_owned(),
        status: status.parse().unwrap_or_default(),
        detail: description.to_owned(),
        code: code.to_owned(),
        errors: Vec::new(),
    };
    serde_json::to_value(problem).unwrap_or_default()
}

fn add_example(content: &mut RefOr<Content>, schemas: &Value) {
    let RefOr::T(content) = content else { return };
    if content.example.is_none() && content.examples.is_empty() {
        let schema = serde_json::to_value(&content.schema).unwrap_or_default();
        content.example = Some(example::compose(&schema, schemas)).filter(|example| !example.is_null());
    }
}
