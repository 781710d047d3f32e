//! Every route and every layer on one screen.

use std::time::Duration;

use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, Method, Request, header};
use axum::middleware::from_fn;
use axum::{Extension, Router};
use tower::ServiceBuilder;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::timeout::{RequestBodyTimeoutLayer, TimeoutBody};
use tower_http::trace::TraceLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::app::AppState;
use crate::auth::limits::RateLimits;
use crate::config::Config;
use crate::http::extract::BODY_LIMIT_BYTES;
use crate::http::{auth, blueprints, docs, host, jobs, layers, ops, overlays, servers, spa, streams, users};
use crate::openapi;

/// A client that stops so long in the middle of a body is taken for gone.
const BODY_SILENCE: Duration = Duration::from_secs(20);

/// Where the API lives.
pub const API_ROOT: &str = "/api/v1";

/// The whole panel as a service.
pub fn build(state: AppState) -> Router {
    let spa = spa::Spa::new(state.config.frontend_dist.clone());
    let layers = ServiceBuilder::new()
        .layer(from_fn(layers::request_id))
        .layer(TraceLayer::new_for_http().make_span_with(layers::span).on_response(layers::log_response).on_failure(()))
        .layer(from_fn(layers::measure))
        .layer(from_fn(layers::security_headers))
        // Fast rather than small: answers are made anew each time. Streams are left alone by the default predicate.
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(from_fn(layers::to_the_end))
        .layer(CatchPanicLayer::custom(layers::panicked))
        .option_layer(cors(&state.config))
        .layer(RequestBodyTimeoutLayer::new(BODY_SILENCE))
        .map_request(|request: Request<TimeoutBody<Body>>| request.map(Body::new))
        .layer(from_fn(layers::limit_body))
        .layer(DefaultBodyLimit::max(BODY_LIMIT_BYTES))
        .layer(Extension(spa));
    let (router, _) = routes(Some(&state.auth.limits)).split_for_parts();
    router
        .merge(ops::routes(state.config.metrics_bind.is_none()))
        .fallback(spa::fallback)
        .method_not_allowed_fallback(layers::method_not_allowed)
        .layer(layers)
        .with_state(state)
}

/// The document of all routes.
pub fn document() -> OpenApi {
    routes(None).split_for_parts().1
}

/// The document needs no limits, and the limits need a panel.
fn routes(limits: Option<&RateLimits>) -> OpenApiRouter<AppState> {
    let login = auth::login_routes();
    let signup = auth::signup_routes();
    let password = auth::password_routes();
    let rest = OpenApiRouter::new()
        .merge(auth::routes())
        .merge(users::routes())
        .merge(overlays::routes())
        .merge(blueprints::routes())
        .merge(servers::routes())
        .merge(jobs::routes())
        .merge(host::routes())
        .merge(streams::routes())
        .merge(docs::routes());
    let api = match limits {
        None => rest.merge(login).merge(signup).merge(password),
        Some(limits) => rest
            .merge(login.layer(limits.login_layer()))
            .merge(signup.layer(limits.signup_layer()))
            .merge(password.layer(limits.password_layer()))
            .layer(limits.general_layer()),
    };
    OpenApiRouter::with_openapi(openapi::frame()).nest(API_ROOT, api)
}

/// Closed unless a setting names origins. Cookies are never taken from another origin: scripts there use a bearer token.
fn cors(config: &Config) -> Option<CorsLayer> {
    if config.cors_origins.is_empty() {
        return None;
    }
    let layer = CorsLayer::new()
        .allow_origin(AllowOrigin::list(config.cors_origins.iter().cloned()))
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, HeaderName::from_static("last-event-id")])
        .expose_headers([header::LOCATION, header::RETRY_AFTER, layers::REQUEST_ID]);
    Some(layer)
}
