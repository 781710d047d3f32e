//! The SPA's files: those of a directory, or those built into the binary.
//!
//! Whatever is no file and no call is the SPA's own to route, so it gets `index.html`. A name that could lead out of the
//! directory is no file name here, whatever it is made of.

mod files;
mod policy;

use std::path::PathBuf;

use axum::Extension;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

use self::files::{Encoding, Source};
use crate::error::ApiError;
use crate::http::layers::nothing_here;

const INDEX: &str = "index.html";
const NO_SPA: &str = "This panel was built without its web page.\n\
    Set FRONTEND_DIST to the page's files, or use the API: it is described at /api/v1/docs.\n";

/// Where the SPA comes from; cheap to clone.
#[derive(Debug, Clone)]
pub struct Spa {
    source: Source,
}

impl Spa {
    /// The files of `directory`, or those built in.
    pub fn new(directory: Option<PathBuf>) -> Self {
        Self { source: directory.map_or(Source::BuiltIn, |directory| Source::Directory(directory.into())) }
    }

    async fn answer(&self, path: &str, headers: &HeaderMap) -> Response {
        let name = files::name_of(path);
        if let Some(name) = name.filter(|name| *name != INDEX) {
            if let Some(response) = self.asset(name, headers).await {
                return response;
            }
            // A missing file must not turn into a page that a browser then reads as a script.
            if files::has_extension(name) {
                return nothing_here(&Method::GET, path).into_response();
            }
        }
        self.index(headers).await
    }

    async fn asset(&self, name: &str, headers: &HeaderMap) -> Option<Response> {
        let mut found = None;
        for encoding in files::accepted_encodings(headers) {
            if let Some(contents) = self.source.read(&format!("{name}{}", encoding.suffix())).await {
                found = Some((encoding, contents));
                break;
            }
        }
        let (encoding, contents) = found?;
        let caching =
            if files::is_hashed(name) { "public, max-age=31536000, immutable" } else { "public, max-age=3600" };
        let mut response = Response::new(Body::from(contents));
        let answer = response.headers_mut();
        answer.insert(header::CONTENT_TYPE, files::content_type(name));
        answer.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
        answer.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if encoding != Encoding::Identity {
            answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding.name()));
        }
        Some(response)
    }

    async fn index(&self, headers: &HeaderMap) -> Response {
        let Some(html) = self.source.read(INDEX).await else {
            return (StatusCode::NOT_FOUND, NO_SPA).into_response();
        };
        let tag = policy::entity_tag(&html);
        let unchanged = headers.get(header::IF_NONE_MATCH).is_some_and(|given| given == tag);
        let mut response = Response::new(Body::empty());
        let answer = response.headers_mut();
        answer.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        answer.insert(header::CONTENT_SECURITY_POLICY, policy::content_security_policy(&html));
        answer.insert(header::ETAG, tag);
        if unchanged {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else {
            *response.body_mut() = Body::from(Bytes::from(html));
        }
        response
    }
}

/// Answers what no route does: the SPA, or a problem for what lies below `/api`.
pub(crate) async fn fallback(Extension(spa): Extension<Spa>, request: Request) -> Response {
    let path = request.uri().path();
    if path == "/api" || path.starts_with("/api/") {
        return nothing_here(request.method(), path).into_response();
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return ([(header::ALLOW, "GET,HEAD")], ApiError::MethodNotAllowed).into_response();
    }
    spa.answer(path, request.headers()).await
}
