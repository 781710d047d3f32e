//! The calls that the pages make, typed by the contract.
//!
//! Every failure is an [`ApiError`] that can be shown to a person as it is. A call that changes something carries the
//! session's CSRF token; an answer of 401 ends the session here too, whichever of its calls it came from. Each resource's
//! calls are in a file of their own.

mod account;
mod auth;
mod blueprints;
mod error;
mod host;
mod jobs;
mod overlays;
mod servers;
mod users;

use futures::future::LocalBoxFuture;
use gloo_net::http::{Method, Request, RequestBuilder};
use l4d2_contract::Page;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use self::error::ApiError;
pub use self::jobs::JobFilter;
use crate::session::{Asked, Session};

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
        let asked = self.session.asking();
        let answer = exchange(Method::GET, path, None, None).await;
        self.note_end(&asked, &answer);
        parse(&answer?)
    }

    /// A call that changes something.
    async fn change<B: Serialize, T: DeserializeOwned>(
        self,
        method: Method,
        path: &str,
        body: Option<&B>,
    ) -> Result<T, ApiError> {
        let asked = self.session.asking();
        let answer = self.exchange_with_token(method, path.to_owned(), body.map(json)).await;
        self.note_end(&asked, &answer);
        parse(&answer?)
    }

    /// When the cookie is of a newer session than this page knows (signed in again in another tab), its token is fetched
    /// and the call made once more; but not in the name of somebody else, who never asked for it.
    fn exchange_with_token(
        self,
        method: Method,
        path: String,
        body: Option<String>,
    ) -> LocalBoxFuture<'static, Result<Answer, ApiError>> {
        Box::pin(async move {
            let first = exchange(method.clone(), &path, self.session.csrf_token(), body.clone()).await;
            if !first.as_ref().is_err_and(ApiError::is_stale_csrf) {
                return first;
            }
            let asked = self.session.asking();
            let me = self.me().await?;
            let token = me.csrf_token.clone();
            self.session.resolve(&asked, Ok(me));
            if !self.session.goes_on(&asked) {
                return Err(ApiError::OtherUser);
            }
            exchange(method, &path, token, body).await
        })
    }

    fn note_end(self, asked: &Asked, answer: &Result<Answer, ApiError>) {
        if answer.as_ref().is_err_and(ApiError::is_unauthorized) {
            self.session.end(asked);
        }
    }
}

/// What the panel answered to a call that it carried out.
struct Answer {
    status: u16,
    text: String,
}

/// A call outside of any session.
async fn call<B: Serialize, T: DeserializeOwned>(method: Method, path: &str, body: Option<&B>) -> Result<T, ApiError> {
    parse(&exchange(method, path, None, body.map(json)).await?)
}

/// The types of the contract are plain data: they have no keys but texts, and nothing in them fails to be written.
fn json(body: &impl Serialize) -> String {
    serde_json::to_string(body).unwrap_or_default()
}

fn parse<T: DeserializeOwned>(answer: &Answer) -> Result<T, ApiError> {
    // An answer without content is read as JSON's null, which is the unit type.
    let text = if answer.text.is_empty() { "null" } else { &answer.text };
    serde_json::from_str(text).map_err(|_| ApiError::Unreadable { status: answer.status })
}

/// One request and its answer, the same for all types: it is in the download once, and not once for each call.
fn exchange(
    method: Method,
    path: &str,
    csrf_token: Option<String>,
    body: Option<String>,
) -> LocalBoxFuture<'static, Result<Answer, ApiError>> {
    let mut request: RequestBuilder = Request::get(&format!("{BASE}{path}")).method(method);
    if let Some(token) = csrf_token {
        request = request.header("X-CSRF-Token", &token);
    }
    let request = match body {
        Some(body) => request.header("Content-Type", "application/json").body(body),
        None => request.build(),
    };
    Box::pin(async move {
        let response = match request {
            Ok(request) => request.send().await,
            Err(error) => Err(error),
        };
        let response = response.map_err(|_| ApiError::Unreachable)?;
        let status = response.status();
        let text = response.text().await.map_err(|_| ApiError::Unreachable)?;
        if response.ok() {
            return Ok(Answer { status, text });
        }
        let problem = serde_json::from_str(&text).map_err(|_| ApiError::Unreadable { status })?;
        Err(ApiError::Problem(Box::new(problem)))
    })
}
