//! Errors as `application/problem+json` (RFC 9457).

use serde::{Deserialize, Serialize};

/// What every error answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// A URI reference that names the kind of problem.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", schema(example = "/api/v1/docs#not_found"))]
    pub kind: String,
    /// The kind in words, the same every time.
    #[cfg_attr(feature = "openapi", schema(example = "Not found"))]
    pub title: String,
    /// The HTTP status.
    #[cfg_attr(feature = "openapi", schema(example = 404, minimum = 400, maximum = 599))]
    pub status: u16,
    /// What happened this time, and how to mend it.
    #[cfg_attr(feature = "openapi", schema(example = "there is no server 7"))]
    pub detail: String,
    /// The kind for programs: stable, snake_case.
    #[cfg_attr(feature = "openapi", schema(example = "not_found"))]
    pub code: String,
    /// For bad input: what is wrong with which field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The field as a path, such as `config[3]`.
    #[cfg_attr(feature = "openapi", schema(example = "port"))]
    pub field: String,
    /// What is wrong and how to mend it.
    #[cfg_attr(feature = "openapi", schema(example = "must be between 1024 and 65535"))]
    pub message: String,
}
