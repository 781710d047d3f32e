//! Extractors whose rejections are problems like every other error.

use axum::body::{Body, Bytes};
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path as AxumPath, Query as AxumQuery, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::shape::Shape;
use crate::error::ApiError;

/// Bodies are at most this long.
pub const BODY_LIMIT_BYTES: usize = 256 * 1024;

/// A JSON body, which is an object. Wrong syntax, types, unknown, missing and repeated fields are 400.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

impl<S, T> FromRequest<S> for Json<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let (parts, body) = request.into_parts();
        let bytes = Bytes::from_request(Request::from_parts(parts.clone(), body), state).await;
        let bytes = bytes.map_err(|rejection| json_problem(rejection.into()))?;
        let request = Request::from_parts(parts, Body::from(bytes.clone()));
        match axum::Json::<Shape>::from_request(request, state).await {
            Ok(axum::Json(Shape::Object)) => {}
            Ok(axum::Json(Shape::Other)) => {
                let detail = "the body must be a JSON object".to_owned();
                return Err(ApiError::BadRequest { code: "invalid_input", detail });
            }
            Err(rejection) => return Err(json_problem(rejection)),
        }
        axum::Json::<T>::from_bytes(&bytes).map(|axum::Json(value)| Self(value)).map_err(json_problem)
    }
}

fn json_problem(rejection: JsonRejection) -> ApiError {
    match rejection {
        JsonRejection::JsonDataError(error) => wrong_field(&innermost(&error), "invalid_input"),
        JsonRejection::JsonSyntaxError(error) => {
            ApiError::BadRequest { code: "invalid_json", detail: format!("the body is no JSON: {}", innermost(&error)) }
        }
        JsonRejection::MissingJsonContentType(_) => ApiError::UnsupportedMediaType,
        other if other.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE => {
            ApiError::TooLarge { limit_bytes: BODY_LIMIT_BYTES }
        }
        other => ApiError::BadRequest { code: "unreadable_body", detail: other.body_text() },
    }
}

/// The problem that a complaint of serde's makes: of the field that it names, else of the whole.
fn wrong_field(text: &str, code: &'static str) -> ApiError {
    match field_of(text) {
        Some(field) => {
            let message =
                plain(text.strip_prefix(field.as_str()).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(text));
            ApiError::field(field, message)
        }
        None => ApiError::BadRequest { code, detail: plain(text) },
    }
}

/// A complaint of serde's in words for a person: without places in the text and names of Rust's types. Bounds are the
/// field's own to tell, so none of the type's are named.
fn plain(text: &str) -> String {
    const TYPES: [&str; 5] = ["u16", "u32", "u64", "usize", "i64"];
    const WHOLE: &str = "must be a whole number, in digits alone";
    // What the standard library says of a text in a query.
    const TEXTS: [(&str, &str); 5] = [
        ("invalid digit found in string", WHOLE),
        ("cannot parse integer from empty string", WHOLE),
        ("number too large to fit in target type", "is too large"),
        ("number too small to fit in target type", "is too small"),
        ("provided string was not `true` or `false`", "must be true or false"),
    ];
    let text = text.split_once(" at line ").map_or(text, |(text, _)| text);
    if let Some((_, words)) = TEXTS.into_iter().find(|(other, _)| *other == text) {
        return words.to_owned();
    }
    let start = TYPES.into_iter().find_map(|name| text.strip_suffix(name)).filter(|start| start.ends_with("expected "));
    start.map_or_else(|| text.to_owned(), |start| format!("{start}a whole number"))
}

/// The field that serde complains about: as a path before a colon, or in backquotes where there is no path.
fn field_of(text: &str) -> Option<String> {
    let is_path =
        |path: &str| !path.is_empty() && path.chars().all(|c| c.is_ascii_alphanumeric() || "_.[]".contains(c));
    if let Some((path, _)) = text.split_once(": ").filter(|(path, _)| is_path(path)) {
        return Some(path.to_owned());
    }
    let named =
        ["unknown field `", "missing field `", "duplicate field `"].iter().find_map(|start| text.split_once(start))?;
    named.1.split_once('`').map(|(field, _)| field.to_owned())
}

/// The last cause: what was wrong, without what was tried.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// Path parameters. What does not parse is not there: 404.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<S, T> FromRequestParts<S> for Path<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Send,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        AxumPath::from_request_parts(parts, state)
            .await
            .map(|AxumPath(value)| Self(value))
            .map_err(|_: PathRejection| ApiError::NotFound("there is nothing at this path".to_owned()))
    }
}

/// Query parameters. Wrong and unknown ones are 400.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<S, T> FromRequestParts<S> for Query<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        AxumQuery::from_request_parts(parts, state)
            .await
            .map(|AxumQuery(value)| Self(value))
            .map_err(|rejection: QueryRejection| wrong_field(&innermost(&rejection), "invalid_query"))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header;
    use l4d2_contract::{CreateServer, FieldError, UpdateBlueprint};

    use super::*;

    async fn errors<T: DeserializeOwned + std::fmt::Debug>(body: &'static str) -> Vec<FieldError> {
        let request = Request::builder().header(header::CONTENT_TYPE, "application/json").body(Body::from(body));
        match Json::<T>::from_request(request.expect("a request"), &()).await.expect_err("the body is wrong") {
            ApiError::Invalid(errors) => errors,
            other => panic!("{other:?} names no field"),
        }
    }

    async fn fields<T: DeserializeOwned + std::fmt::Debug>(body: &'static str) -> Vec<String> {
        errors::<T>(body).await.into_iter().map(|error| error.field).collect()
    }

    #[tokio::test]
    async fn what_is_wrong_is_said_once_and_in_plain_words() {
        for (body, message) in [
            (
                r#"{"name": "a", "port": 70000, "blueprint_id": 1}"#,
                "invalid value: integer `70000`, expected a whole number from 1024 to 65535",
            ),
            (
                r#"{"name": "a", "port": 27015, "blueprint_id": 1.5}"#,
                "invalid type: floating point `1.5`, expected a whole number",
            ),
            (r#"{"name": "a", "port": 27015}"#, "missing field `blueprint_id`"),
        ] {
            let messages: Vec<String> =
                errors::<CreateServer>(body).await.into_iter().map(|error| error.message).collect();
            assert_eq!(messages, [message], "{body}");
        }
    }

    #[tokio::test]
    async fn a_wrong_body_names_its_field() {
        let body = r#"{"name": "a", "port": 70000, "blueprint_id": 1}"#;
        assert_eq!(fields::<CreateServer>(body).await, ["port"]);
        assert_eq!(fields::<CreateServer>(r#"{"name": "a", "port": 27015}"#).await, ["blueprint_id"]);
        let body = r#"{"name": "a", "port": 27015, "blueprint_id": 1, "overlays": []}"#;
        assert_eq!(fields::<CreateServer>(body).await, ["overlays"]);
        assert_eq!(fields::<UpdateBlueprint>(r#"{"config": ["a", 7]}"#).await, ["config[1]"]);
        assert_eq!(fields::<UpdateBlueprint>(r#"{"name": null}"#).await, ["name"]);
    }
}
