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
    /// The browser's session is somebody else's by now; nothing was done in their name.
    OtherUser,
}

impl ApiError {
    pub fn is_unauthorized(&self) -> bool {
        matches!(self, Self::Problem(problem) if problem.status == 401)
    }

    pub(super) fn is_stale_csrf(&self) -> bool {
        matches!(self, Self::Problem(problem) if problem.code == "csrf_failed")
    }

    /// The person has no right to it.
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::Problem(problem) if problem.status == 403)
    }

    /// There is no such thing.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Problem(problem) if problem.status == 404)
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

    /// What is wrong with entries of a list, such as `config[3]`, by their places.
    pub fn entries(&self, list: &str) -> Vec<(usize, String)> {
        let place =
            |error: &FieldError| error.field.strip_prefix(list)?.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
        self.fields().iter().filter_map(|error| Some((place(error)?, sentence(&error.message)))).collect()
    }

    /// Whether every part of the error is shown beside one of these fields or one of their entries.
    pub fn is_only_about_entries(&self, lists: &[&str]) -> bool {
        let list = |error: &FieldError| error.field.split('[').next().is_some_and(|name| lists.contains(&name));
        !self.fields().is_empty() && self.fields().iter().all(list)
    }

    fn fields(&self) -> &[FieldError] {
        match self {
            Self::Problem(problem) => &problem.errors,
            Self::Unreachable | Self::Unreadable { .. } | Self::OtherUser => &[],
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
            Self::OtherUser => f.write_str("Somebody else is signed in by now. Nothing was done."),
        }
    }
}

impl std::error::Error for ApiError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn invalid(fields: &[&str]) -> ApiError {
        let error = |field: &&str| FieldError { field: (*field).to_owned(), message: "is wrong".to_owned() };
        ApiError::Problem(Box::new(Problem {
            kind: String::new(),
            title: String::new(),
            status: 400,
            detail: String::new(),
            code: "invalid_input".to_owned(),
            errors: fields.iter().map(error).collect(),
        }))
    }

    #[test]
    fn entries_of_a_list_are_found_by_their_places() {
        let error = invalid(&["config[3]", "arguments[0]", "config", "configuration[1]"]);
        assert_eq!(error.entries("config"), [(3, "Is wrong.".to_owned())]);
        assert_eq!(error.entries("overlay_ids"), []);
    }

    #[test]
    fn what_is_shown_at_its_place_needs_no_notice() {
        assert!(invalid(&["config[3]", "name"]).is_only_about_entries(&["config", "name"]));
        assert!(!invalid(&["config[3]", "port"]).is_only_about_entries(&["config", "name"]));
        assert!(!ApiError::Unreachable.is_only_about_entries(&["config"]));
    }
}
