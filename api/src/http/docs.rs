//! The OpenAPI document, and a page to read and try it. Everything on the page comes from this binary.

use axum::extract::Path;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::AppState;
use crate::error::ApiError;
use crate::openapi;

/// The page's own rules: nothing inline, nothing from elsewhere. Its icons are data.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

type Headers = [(HeaderName, &'static str); 2];

/// The routes of this file.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_openapi))
        .routes(routes!(get_docs))
        // The page's own parts, no calls of the API.
        .route("/docs/{file}", axum::routing::get(get_docs_file))
}

/// Get this document
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "docs",
    security(()),
    responses((status = 200, description = "the OpenAPI document", body = Object, example = json!({"openapi": "3.1.0"}))),
)]
async fn get_openapi() -> (Headers, &'static str) {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")];
    (headers, openapi::document_json())
}

/// Read and try the API in a browser
#[utoipa::path(
    get,
    path = "/docs",
    tag = "docs",
    security(()),
    responses((status = 200, description = "the page", body = String, content_type = "text/html", example = "<!DOCTYPE html>")),
)]
async fn get_docs() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    (headers, include_str!("docs/page.html"))
}

async fn get_docs_file(Path(file): Path<String>) -> Result<Response, ApiError> {
    let type_and_caching = |content_type| {
        [(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "public, max-age=3600".to_owned())]
    };
    if file == "page.js" {
        let headers = type_and_caching("text/javascript".to_owned());
        return Ok((headers, include_str!("docs/page.js")).into_response());
    }
    let missing = || ApiError::NotFound(format!("there is no file {file}"));
    // Only what the page uses: the library's own pages would bring inline scripts and a foreign example.
    if !["swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"].contains(&file.as_str()) {
        return Err(missing());
    }
    let config = std::sync::Arc::new(utoipa_swagger_ui::Config::default());
    let part = utoipa_swagger_ui::serve(&file, config)
        .map_err(|error| ApiError::internal(anyhow::anyhow!("the documentation's {file}: {error}")))?
        .ok_or_else(missing)?;
    Ok((type_and_caching(part.content_type), part.bytes.into_owned()).into_response())
}
