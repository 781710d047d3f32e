//! The calls that the pages make, typed by the contract.
//!
//! Every failure is an [`ApiError`] that can be shown to a person as it is. A call that changes something carries the
//! session's CSRF token; an answer of 401 ends the session here too, whichever call it came from. Each resource's calls
//! are in a file of their own.

mod account;
mod auth;
mod blueprints;
mod error;
mod host;
mod jobs;
mod overlays;
mod servers;
mod users;

use gloo_net::http::{Method, Request, RequestBuilder, Response};
use l4d2_contract::Page;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use self::error::ApiError;
pub use self::jobs::JobFilter;
use crate::session::Session;

const BASE: &str = "/api/v1";

/// The most that the API gives out in one page of a list.
const PAGE_LIMIT: u32 = 200;

/// The API, as the session's user.
#[derive(Debug, Clone, Copy)]
pub struct Api {
    session: Session,
}

impl Api {
    pub fn new(session: Session) -> Self {
        Self { session }
    }

    /// All pages of a list.
    async fn list<T: DeserializeOwned>(self, path: &str) -> Result<Vec<T>, ApiError> {
        let mut items = Vec::new();
        let separator = if path.contains('?') { '&' } else { '?' };
        let mut cursor: Option<String> = None;
        loop {
            let mut url = format!("{path}{separator}limit={PAGE_LIMIT}");
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
