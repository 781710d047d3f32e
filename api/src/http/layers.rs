//! What happens around every request: its id, its log line, the headers of its answer, and problems for what no
//! handler answers.

use std::any::Any;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response as HttpResponse, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use tracing::{Instrument, Span};

use crate::error::ApiError;
use crate::http::extract::BODY_LIMIT_BYTES;
use crate::metrics;

/// Names a request in the log and in its answer.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const MAX_REQUEST_ID_BYTES: usize = 64;
/// A body that is refused for its size is read, and thrown away, up to this size and so long: a client that still sends
/// when its connection is closed sees a broken connection and not the reason.
const MOST_READ_BYTES: u64 = 16 * 1024 * 1024;
const READ_LIMIT: Duration = Duration::from_secs(10);

/// Takes over the id that a proxy gave the request, or makes one.
pub(crate) async fn request_id(mut request: Request, next: Next) -> Response {
    let given = request.headers().get(REQUEST_ID).filter(|id| is_sound(id.as_bytes()));
    let id = given.cloned().unwrap_or_else(new_id);
    request.headers_mut().insert(REQUEST_ID, id.clone());
    let mut response = next.run(request).await;
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// A foreign id is text in the log: short, and nothing that could pass for another field or line.
fn is_sound(id: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    (1..=MAX_REQUEST_ID_BYTES).contains(&id.len()) && id.iter().all(plain)
}

fn new_id() -> HeaderValue {
    let id = format!("{:032x}", rand::random::<u128>());
    HeaderValue::from_str(&id).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
}

/// The span that everything logged for a request belongs to. The query is left out: nothing there is worth keeping.
pub(crate) fn span<B>(request: &axum::http::Request<B>) -> Span {
    let id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
    tracing::info_span!("request", id, method = %request.method(), path = request.uri().path())
}

/// One line a request; a success that changed nothing is only worth a debug line. Failures inside have lines of their own.
pub(crate) fn log_response<B>(response: &HttpResponse<B>, latency: Duration, _: &Span) {
    let (status, latency_ms) = (response.status().as_u16(), latency.as_millis());
    if response.status().is_success() || response.status().is_redirection() {
        tracing::debug!(status, latency_ms, "answered");
    } else {
        tracing::info!(status, latency_ms, "refused");
    }
}

/// Counts and times every request by its route's pattern; what no route answers is counted together.
pub(crate) async fn measure(route: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    let response = next.run(request).await;
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    metrics::request_answered(metric_method(&method), route, response.status().as_u16(), begun.elapsed());
    response
}

/// A method is free text on the wire; the number of series must not be the client's to choose.
fn metric_method(method: &Method) -> &str {
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PATCH, Method::DELETE, Method::PUT, Method::OPTIONS];
    if known.contains(method) { method.as_str() } else { "other" }
}

/// Headers of every answer, where a handler has not set its own.
pub(crate) async fn security_headers(request: Request, next: Next) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    set_default(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set_default(headers, header::REFERRER_POLICY, "same-origin");
    set_default(headers, header::X_FRAME_OPTIONS, "DENY");
    // Pages bring their own; what else is answered may load and do nothing, should a browser ever show it.
    set_default(headers, header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
    if is_api {
        set_default(headers, header::CACHE_CONTROL, "no-store");
    }
    response
}

fn set_default(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.entry(name).or_insert(HeaderValue::from_static(value));
}

/// Refuses a body that says beforehand that it is too large; the extractors refuse those that turn out to be.
pub(crate) async fn limit_body(request: Request, next: Next) -> Response {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let length = length.and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    if length <= BODY_LIMIT_BYTES as u64 {
        return next.run(request).await;
    }
    // Who asks first whether to send it waits for the answer; others read none before they have sent it.
    if length <= MOST_READ_BYTES && !request.headers().contains_key(header::EXPECT) {
        let mut body = request.into_body().into_data_stream();
        let sent = async { while let Some(Ok(_)) = body.next().await {} };
        // The answer is the same.
        let _ = tokio::time::timeout(READ_LIMIT, sent).await;
    }
    ApiError::TooLarge { limit_bytes: BODY_LIMIT_BYTES }.into_response()
}

/// Lets a request that may change something go on to its end when its client goes away: what is committed must also be
/// told, to the jobs it ends and to everyone who listens.
pub(crate) async fn to_the_end(request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    let handled = tokio::spawn(next.run(request).instrument(Span::current())).await;
    handled.unwrap_or_else(|error| ApiError::internal(error).into_response())
}

/// A handler that panicked: the panic's text goes to the log, never to the client.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands over the box")]
pub(crate) fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    ApiError::internal(anyhow::anyhow!("a handler panicked: {}", text.unwrap_or("no text"))).into_response()
}

/// A known path with a method that it has not; the router adds `Allow`.
pub(crate) async fn method_not_allowed() -> ApiError {
    ApiError::MethodNotAllowed
}

/// A path that leads nowhere.
pub(crate) fn nothing_here(method: &Method, path: &str) -> ApiError {
    ApiError::NotFound(format!("there is nothing to {method} at {path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_request_ids_are_short_and_plain() {
        assert!(is_sound(b"9f2c-1024_a.B"));
        let long = [b'a'; MAX_REQUEST_ID_BYTES + 1];
        for id in [&b""[..], b"a b", b"a=b", b"a\"b", "\u{e4}".as_bytes(), &long] {
            assert!(!is_sound(id), "{id:?}");
        }
    }

    #[tokio::test]
    async fn a_panic_is_a_problem_that_keeps_its_text_to_itself() {
        let response = panicked(Box::new("the secret is 42".to_owned()));
        assert_eq!(response.status(), 500);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        let body = axum::body::to_bytes(response.into_body(), 4096).await.expect("a short body");
        assert!(!String::from_utf8_lossy(&body).contains("42"));
    }

    #[test]
    fn made_request_ids_are_sound_and_differ() {
        let (one, two) = (new_id(), new_id());
        assert!(is_sound(one.as_bytes()));
        assert_ne!(one, two);
    }
}
