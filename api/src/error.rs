//! `ApiError` and the only place where errors become `application/problem+json`.
//!
//! What a client reads is in the variant; what only the log may hold (the chain of causes) stays in the source.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use l4d2_contract::{FieldError, Problem};
use sea_orm::DbErr;

/// Everything that a request can fail with.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// 400: one or more fields are wrong.
    #[error("the request has invalid fields")]
    Invalid(Vec<FieldError>),
    /// 400 of another kind, with its own code.
    #[error("{detail}")]
    BadRequest {
        /// Stable, snake_case.
        code: &'static str,
        /// For a person.
        detail: String,
    },
    /// 401.
    #[error("{0}")]
    Unauthorized(&'static str),
    /// 403.
    #[error("{detail}")]
    Forbidden {
        /// Stable, snake_case.
        code: &'static str,
        /// For a person.
        detail: String,
    },
    /// 404.
    #[error("{0}")]
    NotFound(String),
    /// 405.
    #[error("this path does not take that method")]
    MethodNotAllowed,
    /// 409.
    #[error("{detail}")]
    Conflict {
        /// Stable, snake_case.
        code: &'static str,
        /// For a person.
        detail: String,
        /// The fields that clash, where they are such.
        errors: Vec<FieldError>,
    },
    /// 413.
    #[error("the body is larger than {limit_bytes} bytes")]
    TooLarge {
        /// The limit.
        limit_bytes: usize,
    },
    /// 415.
    #[error("send the body as application/json")]
    UnsupportedMediaType,
    /// 429.
    #[error("{detail}")]
    TooMany {
        /// Stable, snake_case.
        code: &'static str,
        /// For a person.
        detail: String,
        /// Seconds until it makes sense to try again.
        retry_after_seconds: u64,
    },
    /// 503.
    #[error("{detail}")]
    Unavailable {
        /// Stable, snake_case.
        code: &'static str,
        /// For a person.
        detail: String,
    },
    /// 500: the database failed.
    #[error("the database failed")]
    Database(#[from] DbErr),
    /// 500: something else failed inside.
    #[error("something failed inside the panel")]
    Internal(#[source] anyhow::Error),
}

/// Every code that an error can have, with its status; within a status the plain one first.
pub const CODES: &[(u16, &str)] = &[
    (400, "invalid_input"),
    (400, "invalid_json"),
    (400, "invalid_query"),
    (400, "unreadable_body"),
    (400, "csrf_failed"),
    (400, "no_session"),
    (401, "unauthorized"),
    (403, "forbidden"),
    (403, "admin_required"),
    (403, "session_required"),
    (403, "signup_disabled"),
    (403, "account_disabled"),
    (404, "not_found"),
    (405, "method_not_allowed"),
    (409, "name_taken"),
    (409, "port_taken"),
    (409, "username_taken"),
    (409, "token_name_taken"),
    (409, "too_many_servers"),
    (409, "blueprint_in_use"),
    (409, "overlay_in_use"),
    (409, "server_deleting"),
    (409, "servers_running"),
    (409, "not_running"),
    (409, "console_stuck"),
    (409, "job_finished"),
    (409, "last_admin"),
    (413, "too_large"),
    (415, "unsupported_media_type"),
    (429, "rate_limited"),
    (429, "too_many_streams"),
    (500, "internal"),
    (503, "busy"),
    (503, "database_unavailable"),
];

/// Short for results of everything behind a handler.
pub type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    /// Bad input in one field.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError { field: field.into(), message: message.into() }])
    }

    /// There is no such thing: `not_found("server", 7)`.
    pub fn not_found(what: &str, id: impl std::fmt::Display) -> Self {
        Self::NotFound(format!("there is no {what} {id}"))
    }

    /// The caller may not touch it.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::Forbidden { code: "forbidden", detail: detail.into() }
    }

    /// A conflict that is no single field's.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Conflict { code, detail: detail.into(), errors: Vec::new() }
    }

    /// Something is taken already.
    pub fn taken(code: &'static str, field: &'static str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let errors = vec![FieldError { field: field.to_owned(), message: detail.clone() }];
        Self::Conflict { code, detail, errors }
    }

    /// A failure inside that the client can do nothing about.
    pub fn internal(error: impl Into<anyhow::Error>) -> Self {
        Self::Internal(error.into())
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Invalid(_) | Self::BadRequest { .. } => StatusCode::BAD_REQUEST,
            Self::Unauthorized(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden { .. } => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict { .. } => StatusCode::CONFLICT,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Database(_) | Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid_input",
            Self::Unauthorized(_) => "unauthorized",
            Self::NotFound(_) => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::TooLarge { .. } => "too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::Database(_) | Self::Internal(_) => "internal",
            Self::BadRequest { code, .. }
            | Self::Forbidden { code, .. }
            | Self::Conflict { code, .. }
            | Self::TooMany { code, .. }
            | Self::Unavailable { code, .. } => code,
        }
    }

    fn problem(&self) -> Problem {
        let status = self.status();
        let code = self.code();
        let errors = match self {
            Self::Invalid(errors) | Self::Conflict { errors, .. } => errors.clone(),
            _ => Vec::new(),
        };
        let detail = match errors.as_slice() {
            [only] if matches!(self, Self::Invalid(_)) => format!("{}: {}", only.field, only.message),
            _ => self.to_string(),
        };
        problem(status, code, detail, errors)
    }
}

/// What an error answers, and what the document shows of it.
pub(crate) fn problem(status: StatusCode, code: &str, detail: String, errors: Vec<FieldError>) -> Problem {
    Problem {
        kind: format!("/api/v1/docs#{code}"),
        title: title(code, status),
        status: status.as_u16(),
        detail,
        code: code.to_owned(),
        errors,
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if self.status().is_server_error() {
            tracing::error!(code = self.code(), error = %chain(&self), "request failed");
        }
        let mut response = (self.status(), Json(self.problem())).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if matches!(self, Self::Unauthorized(_)) {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Self::TooMany { retry_after_seconds, .. } = self {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(retry_after_seconds.max(1)));
        }
        response
    }
}

/// The code as a sentence; what has a better standard text uses that.
fn title(code: &str, status: StatusCode) -> String {
    if code == "internal" {
        return status.canonical_reason().unwrap_or("Error").to_owned();
    }
    let mut words = code.replace('_', " ");
    if let Some(first) = words.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    words
}

/// An error with all its causes on one line, for the log.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
