//! What operators' tools ask: health and metrics, outside the API's prefix.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;

use crate::app::AppState;
use crate::error::{ApiError, ApiResult, chain};
use crate::metrics;

/// `/health`, and `/metrics` unless that has an address of its own.
pub fn routes(metrics_here: bool) -> Router<AppState> {
    let router = Router::new().route("/health", get(health));
    if metrics_here { router.merge(metrics_routes()) } else { router }
}

/// `/metrics` alone.
pub fn metrics_routes() -> Router<AppState> {
    Router::new().route("/metrics", get(get_metrics))
}

async fn health(State(state): State<AppState>) -> Response {
    match state.db.ping().await {
        Ok(()) => axum::Json(json!({"status": "ok"})).into_response(),
        Err(error) => {
            tracing::error!(error = %chain(&error), "the database does not answer");
            ApiError::Unavailable { code: "database_unavailable", detail: "the database does not answer".to_owned() }
                .into_response()
        }
    }
}

async fn get_metrics(State(state): State<AppState>) -> ApiResult<Response> {
    let recorder = metrics::recorder().map_err(|error| ApiError::Internal(anyhow::anyhow!(error)))?;
    metrics::count(&state.db).await?;
    let headers = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Ok((StatusCode::OK, headers, recorder.render()).into_response())
}
