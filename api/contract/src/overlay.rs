//! The catalog of overlays.

use serde::{Deserialize, Serialize};

use crate::{OverlayId, Timestamp};

/// A directory whose files lie over the installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Overlay {
    /// Its id.
    pub id: OverlayId,
    /// Its name.
    #[cfg_attr(feature = "openapi", schema(example = "Competitive rework", min_length = 1, max_length = 128))]
    pub name: String,
    /// Whether its directory is there on disk and below the overlay root.
    pub present: bool,
    /// The directory, relative to the overlay root. Only admins see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(example = "comp-rework", max_length = 512))]
    pub path: Option<String>,
    /// When it was made.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "2026-11-24T03:01:04.250Z", format = "date-time"))]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "2026-11-24T03:01:04.250Z", format = "date-time"))]
    pub updated_at: Timestamp,
}

/// Adds an overlay to the catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({"name": "Competitive rework", "path": "comp-rework"})))]
#[serde(deny_unknown_fields)]
pub struct CreateOverlay {
    /// 1 to 128 characters, unique.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 128))]
    pub name: String,
    /// A path below the overlay root, at most 512 characters; it need not be there yet.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 512))]
    pub path: String,
}

/// Changes an overlay; what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({"path": "comp-rework-2"})))]
#[serde(deny_unknown_fields)]
pub struct UpdateOverlay {
    /// 1 to 128 characters, unique.
    #[serde(default, deserialize_with = "crate::patch::sent", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, min_length = 1, max_length = 128))]
    pub name: Option<String>,
    /// A path below the overlay root, at most 512 characters.
    #[serde(default, deserialize_with = "crate::patch::sent", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, min_length = 1, max_length = 512))]
    pub path: Option<String>,
}
