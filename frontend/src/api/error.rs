//! Why a call failed, in a form that can be shown to a person as it is.

use std::fmt;

use l4d2_contract::{FieldError, Problem};

use crate::text::sentence;

/// Why a call failed.
#[derive(Debug, Clone, PartialEq)]
pub enum ApiError {
    /// The panel said why.
    Problem(Box<Problem>),
    /// The panel could not be reached.
    Unreachable,
    /// It answered, but not in its own language: something between here and there did, or the versions differ.
    Unreadable {
        /// The HTTP status.
        status: u16,
    },
}

impl ApiError {
    pub fn is_unauthorized(&self) -> bool {
        matches!(self, Self::Problem(problem) if problem.status == 401)
    }

    pub(super) fn is_stale_csrf(&self) -> bool {
        matches!(self, Self::Problem(problem) if problem.code == "csrf_failed")
    }

    /// What is wrong with the field, where the panel named it.
    pub fn field(&self, name: &str) -> Option<String> {
        self.fields().iter().find(|error| error.field == name).map(|error| sentence(&error.message))
    }

    /// Whether every part of the error is shown beside one of these fields.
    pub fn is_only_about(&self, names: &[&str]) -> bool {
        let fields = self.fields();
        !fields.is_empty() && fields.iter().all(|error| names.contains(&error.field.as_str()))
    }

    fn fields(&self) -> &[FieldError] {
        match self {
            Self::Problem(problem) => &problem.errors,
            Self::Unreachable | Self::Unreadable { .. } => &[],
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Problem(problem) => {
                let text = if problem.detail.is_empty() { &problem.title } else { &problem.detail };
                f.write_str(&sentence(text))
            }
            Self::Unreachable => f.write_str("The panel could not be reached. Check the connection, then try again."),
            Self::Unreadable { status } => {
                write!(f, "The panel gave an answer that this page can't read (status {status}). Reload the page.")
            }
        }
    }
}

impl std::error::Error for ApiError {}
