//! The calls that the pages make, typed by the contract.
//!
//! Every failure is an [`ApiError`] that can be shown to a person as it is. A call that changes something carries the
//! session's CSRF token; an answer of 401 ends the session here too, whichever call it came from.

use std::fmt;

use gloo_net::http::{Method, Request, RequestBuilder, Response};
use l4d2_contract::{
    Blueprint, CreateServerJob, Credentials, FieldError, Job, JobId, Me, Page, Problem, Server, ServerId,
    ServerOperation, SessionOpened,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::session::Session;
use crate::text::sentence;

const BASE: &str = "/api/v1";

/// The most that the API gives out in one page of a list.
const PAGE_LIMIT: u32 = 200;

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

    fn is_stale_csrf(&self) -> bool {
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

/// The API, as the session's user.
#[derive(Debug, Clone, Copy)]
pub struct Api {
    session: Session,
}

impl Api {
    pub fn new(session: Session) -> Self {
        Self { session }
    }

    pub async fn sign_up(self, credentials: &Credentials) -> Result<SessionOpened, ApiError> {
        call(Method::POST, "/auth/signup", None, Some(credentials)).await
    }

    pub async fn sign_in(self, credentials: &Credentials) -> Result<SessionOpened, ApiError> {
        call(Method::POST, "/auth/login", None, Some(credentials)).await
    }

    pub async fn sign_out(self) -> Result<(), ApiError> {
        self.change(Method::POST, "/auth/logout", None::<&()>).await
    }

    pub async fn me(self) -> Result<Me, ApiError> {
        call(Method::GET, "/auth/me", None, None::<&()>).await
    }

    /// All servers that are the user's own.
    pub async fn list_servers(self) -> Result<Vec<Server>, ApiError> {
        self.list("/servers").await
    }

    /// All blueprints of the user.
    pub async fn list_blueprints(self) -> Result<Vec<Blueprint>, ApiError> {
        self.list("/blueprints").await
    }

    pub async fn create_server_job(self, server: ServerId, operation: ServerOperation) -> Result<Job, ApiError> {
        self.change(Method::POST, &format!("/servers/{server}/jobs"), Some(&CreateServerJob { operation })).await
    }

    pub async fn cancel_job(self, job: JobId) -> Result<Job, ApiError> {
        self.change(Method::POST, &format!("/jobs/{job}/cancel"), None::<&()>).await
    }

    async fn list<T: DeserializeOwned>(self, path: &str) -> Result<Vec<T>, ApiError> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let mut url = format!("{path}?limit={PAGE_LIMIT}");
            if let Some(cursor) = &cursor {
                url.push_str("&after=");
                url.push_str(cursor);
            }
            let page: Page<T> = self.read(&url).await?;
            items.extend(page.items);
            // A cursor that repeats would otherwise ask for ever.
            if page.next.is_none() || page.next == cursor {
                return Ok(items);
            }
            cursor = page.next;
        }
    }

    async fn read<T: DeserializeOwned>(self, path: &str) -> Result<T, ApiError> {
        self.note_end(call(Method::GET, path, None, None::<&()>).await)
    }

    /// A call that changes something. When the cookie is of a newer session than this page knows (signed in again in
    /// another tab), its token is fetched and the call made once more.
    async fn change<B: Serialize, T: DeserializeOwned>(
        self,
        method: Method,
        path: &str,
        body: Option<&B>,
    ) -> Result<T, ApiError> {
        let first = call(method.clone(), path, self.session.csrf_token(), body).await;
        let answer = match first {
            Err(error) if error.is_stale_csrf() => match self.me().await {
                Ok(me) => {
                    let token = me.csrf_token.clone();
                    self.session.set_me(me);
                    call(method, path, token, body).await
                }
                Err(error) => Err(error),
            },
            other => other,
        };
        self.note_end(answer)
    }

    fn note_end<T>(self, answer: Result<T, ApiError>) -> Result<T, ApiError> {
        if answer.as_ref().is_err_and(ApiError::is_unauthorized) {
            self.session.set_signed_out();
        }
        answer
    }
}

async fn call<B: Serialize, T: DeserializeOwned>(
    method: Method,
    path: &str,
    csrf_token: Option<String>,
    body: Option<&B>,
) -> Result<T, ApiError> {
    let mut request: RequestBuilder = Request::get(&format!("{BASE}{path}")).method(method);
    if let Some(token) = csrf_token {
        request = request.header("X-CSRF-Token", &token);
    }
    let request = match body {
        Some(body) => request.json(body),
        None => request.build(),
    };
    let response = match request {
        Ok(request) => request.send().await,
        Err(error) => Err(error),
    };
    decode(response.map_err(|_| ApiError::Unreachable)?).await
}

async fn decode<T: DeserializeOwned>(response: Response) -> Result<T, ApiError> {
    let status = response.status();
    // An answer without content is read as JSON's null, which is the unit type.
    let text = response.text().await.map_err(|_| ApiError::Unreachable)?;
    let text = if text.is_empty() { "null" } else { &text };
    let unreadable = |_| ApiError::Unreadable { status };
    if response.ok() {
        serde_json::from_str(text).map_err(unreadable)
    } else {
        Err(serde_json::from_str(text).map_or_else(unreadable, |problem| ApiError::Problem(Box::new(problem))))
    }
}
