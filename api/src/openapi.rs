//! The frame of the OpenAPI document, and the document as it is published.
//!
//! Handlers say what is particular to them. What holds for all of them (401 of everything that needs a sign-in, 429 of
//! the limits, 413 and 415 of everything with a body, examples composed from the schemas) is added here, so that it can't
//! be forgotten in one place.

mod complete;
mod example;

use std::sync::LazyLock;

use utoipa::Modify;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};

use crate::router;

/// The security scheme of browsers.
pub const SESSION_COOKIE: &str = "session_cookie";
/// What browsers send besides with unsafe methods.
pub const CSRF_TOKEN: &str = "csrf_token";
/// The security scheme of scripts.
pub const BEARER: &str = "bearer";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "L4D2 panel",
        description = "Runs Left 4 Dead 2 dedicated servers from blueprints.\n\n\
            Sign in with `POST /api/v1/auth/login` and send the token as `Authorization: Bearer`, or make an API token for \
            a script. Errors are `application/problem+json`; their `code` is stable. Lists answer `items` and `next`: give \
            `next` back as the list's cursor for the next page. Fields that are not in a schema are refused.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    components(schemas(l4d2_contract::Problem)),
    tags(
        (name = "auth", description = "Signing up and in, sessions, API tokens."),
        (name = "overlays", description = "The catalog of overlays. Admins write it."),
        (name = "blueprints", description = "What servers run; private to their user."),
        (name = "servers", description = "Servers and their game."),
        (name = "jobs", description = "Everything slow, with its log."),
        (name = "events", description = "Changes as they happen."),
        (name = "host", description = "The machine. Admins only."),
        (name = "users", description = "Accounts. Admins only."),
        (name = "docs", description = "This document."),
        (name = "operating", description = "For whoever watches over the panel."),
    ),
    modifiers(&SecuritySchemes),
)]
struct Frame;

struct SecuritySchemes;

impl Modify for SecuritySchemes {
    fn modify(&self, openapi: &mut OpenApi) {
        let components = openapi.components.get_or_insert_default();
        let cookie = ApiKeyValue::with_description("l4d2_session", "The browser's session.");
        components.add_security_scheme(SESSION_COOKIE, SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
        let csrf = ApiKeyValue::with_description(
            "X-CSRF-Token",
            "Goes with the cookie when something is to change: the `csrf_token` of `GET /api/v1/auth/me`.",
        );
        components.add_security_scheme(CSRF_TOKEN, SecurityScheme::ApiKey(ApiKey::Header(csrf)));
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("The token of a session, or an API token."))
            .build();
        components.add_security_scheme(BEARER, SecurityScheme::Http(bearer));
    }
}

/// The document without any route.
pub fn frame() -> OpenApi {
    <Frame as utoipa::OpenApi>::openapi()
}

/// The whole document.
pub fn document() -> OpenApi {
    let mut document = router::document();
    complete::complete(&mut document);
    document
}

/// The whole document as it is published: indented, with a newline at its end.
pub fn document_json() -> &'static str {
    static JSON: LazyLock<String> = LazyLock::new(|| {
        let mut json = document().to_pretty_json().unwrap_or_default();
        json.push('\n');
        json
    });
    &JSON
}
