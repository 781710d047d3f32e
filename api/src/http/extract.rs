//! Extractors whose rejections are problems like every other error.

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path as AxumPath, Query as AxumQuery, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// Bodies are at most this long.
pub const BODY_LIMIT_BYTES: usize = 256 * 1024;

/// A JSON body. Wrong syntax, types, unknown and missing fields are 400.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

impl<S, T> FromRequest<S> for Json<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        match axum::Json::<T>::from_request(request, state).await {
            Ok(axum::Json(value)) => Ok(Self(value)),
            Err(rejection) => Err(json_problem(rejection)),
        }
    }
}

fn json_problem(rejection: JsonRejection) -> ApiError {
    match rejection {
        JsonRejection::JsonDataError(error) => {
            let text = innermost(&error);
            match field_of(&text) {
                Some(field) => ApiError::field(field, text),
                None => ApiError::BadRequest { code: "invalid_input", detail: text },
            }
        }
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

/// The field that serde complains about: as a path before a colon, or in backquotes where there is no path.
fn field_of(text: &str) -> Option<String> {
    let is_path =
        |path: &str| !path.is_empty() && path.chars().all(|c| c.is_ascii_alphanumeric() || "_.[]".contains(c));
    if let Some((path, _)) = text.split_once(": ").filter(|(path, _)| is_path(path)) {
        return Some(path.to_owned());
    }
    let named = ["unknown field `", "missing field `"].iter().find_map(|start| text.split_once(start))?;
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
        AxumQuery::from_request_parts(parts, state).await.map(|AxumQuery(value)| Self(value)).map_err(
            |rejection: QueryRejection| {
                let text = innermost(&rejection);
                match field_of(&text) {
                    Some(field) => ApiError::field(field, text),
                    None => ApiError::BadRequest { code: "invalid_query", detail: text },
                }
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::header;
    use l4d2_contract::{CreateServer, UpdateBlueprint};

    use super::*;

    async fn fields<T: DeserializeOwned + std::fmt::Debug>(body: &'static str) -> Vec<String> {
        let request = Request::builder().header(header::CONTENT_TYPE, "application/json").body(Body::from(body));
        match Json::<T>::from_request(request.expect("a request"), &()).await.expect_err("the body is wrong") {
            ApiError::Invalid(errors) => errors.into_iter().map(|error| error.field).collect(),
            other => panic!("{other:?} names no field"),
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
