//! Shapes of requests and answers that several resources share.

use std::fmt::Display;

use axum::Json;
use axum::http::{HeaderName, StatusCode, header};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::domain::paging::PageRequest;
use crate::domain::validate;
use crate::error::ApiResult;
use crate::router::API_ROOT;

/// Where a list goes on.
#[derive(Debug, Clone, Copy, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// The `next` of the page before.
    #[param(example = 50)]
    pub(crate) after: Option<i64>,
    /// Items at most, 1 to 200; left out: 50.
    #[param(minimum = 1, maximum = 200, example = 50)]
    pub(crate) limit: Option<u64>,
}

impl ListQuery {
    /// The page that is asked for.
    pub(crate) fn page(self) -> ApiResult<PageRequest> {
        Ok(PageRequest { after: self.after, limit: validate::page_limit(self.limit)? })
    }
}

/// An answer that names where its subject lives.
pub(crate) type Located<T> = (StatusCode, [(HeaderName, String); 1], Json<T>);

/// 201: it was made.
pub(crate) fn created<T>(collection: &str, id: impl Display, body: T) -> Located<T> {
    (StatusCode::CREATED, [(header::LOCATION, format!("{API_ROOT}/{collection}/{id}"))], Json(body))
}
