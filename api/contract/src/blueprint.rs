//! Blueprints.

use serde::{Deserialize, Serialize};

use crate::{BlueprintId, OverlayId, ServerId, Timestamp, UserId};

/// What servers run: ordered overlays, launch arguments and lines of server.cfg.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Blueprint {
    /// Its id.
    pub id: BlueprintId,
    /// Whose it is; nobody else sees it.
    pub user_id: UserId,
    /// Its name, unique among the user's.
    #[cfg_attr(feature = "openapi", schema(example = "comp"))]
    pub name: String,
    /// Launch arguments, in order.
    #[cfg_attr(feature = "openapi", schema(example = json!(["+map c1m1_hotel", "-tickrate 60"])))]
    pub arguments: Vec<String>,
    /// Lines of server.cfg, in order.
    #[cfg_attr(feature = "openapi", schema(example = json!(["hostname \"Alpha\"", "sv_cheats 0"])))]
    pub config: Vec<String>,
    /// The overlays, in order: the first lies on top.
    pub overlay_ids: Vec<OverlayId>,
    /// The servers linked to it.
    pub server_ids: Vec<ServerId>,
    /// When it was made.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "2026-11-24T03:01:04.250Z", format = "date-time"))]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "2026-11-24T03:01:04.250Z", format = "date-time"))]
    pub updated_at: Timestamp,
}

/// Makes a blueprint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({
    "name": "comp", "arguments": ["+map c1m1_hotel"], "config": ["hostname \"Alpha\""], "overlay_ids": [1]
})))]
#[serde(deny_unknown_fields)]
pub struct CreateBlueprint {
    /// 1 to 128 characters, unique among the user's.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 128))]
    pub name: String,
    /// At most 128, each at most 1,024 characters. Each entry is split like a shell word list, without expansion.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_items = 128))]
    pub arguments: Vec<String>,
    /// At most 1,024 lines of at most 1,024 ASCII characters each.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_items = 1024))]
    pub config: Vec<String>,
    /// At most 64, none twice. The first lies on top.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_items = 64))]
    pub overlay_ids: Vec<OverlayId>,
}

/// Changes a blueprint; what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({"config": ["hostname \"Bravo\""]})))]
#[serde(deny_unknown_fields)]
pub struct UpdateBlueprint {
    /// As in `CreateBlueprint`.
    #[serde(default, deserialize_with = "crate::patch::sent", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, min_length = 1, max_length = 128))]
    pub name: Option<String>,
    /// As in `CreateBlueprint`; replaces the whole list.
    #[serde(default, deserialize_with = "crate::patch::sent", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, max_items = 128))]
    pub arguments: Option<Vec<String>>,
    /// As in `CreateBlueprint`; replaces the whole list.
    #[serde(default, deserialize_with = "crate::patch::sent", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, max_items = 1024))]
    pub config: Option<Vec<String>>,
    /// As in `CreateBlueprint`; replaces the whole list.
    #[serde(default, deserialize_with = "crate::patch::sent", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false, max_items = 64))]
    pub overlay_ids: Option<Vec<OverlayId>>,
}

/// Asks what a server would be given, without saving anything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({"arguments": ["+map c1m1_hotel"], "config": ["sv_cheats 0"], "port": 27015, "name": "alpha"})))]
#[serde(deny_unknown_fields)]
pub struct PreviewBlueprint {
    /// As in `CreateBlueprint`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_items = 128))]
    pub arguments: Vec<String>,
    /// As in `CreateBlueprint`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_items = 1024))]
    pub config: Vec<String>,
    /// The port to show; left out: 27015.
    #[serde(default, deserialize_with = "crate::number::port_or_null", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1024, maximum = 65535))]
    pub port: Option<u16>,
    /// The name of the server to show it for; left out: `preview`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 63, pattern = "^[a-z0-9][a-z0-9_-]{0,62}$"))]
    pub name: Option<String>,
}

/// What a server would be given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BlueprintPreview {
    /// The command line as a vector, the program first.
    #[cfg_attr(feature = "openapi", schema(example = json!(["./srcds_run", "-game", "left4dead2"])))]
    pub command: Vec<String>,
    /// The whole text of server.cfg.
    #[cfg_attr(feature = "openapi", schema(example = "hostname \"Alpha\"\n"))]
    pub server_cfg: String,
}
