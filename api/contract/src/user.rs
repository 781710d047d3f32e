//! Users.

use serde::{Deserialize, Serialize};

use crate::{Timestamp, UserId};

/// A user of the panel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// Its name, as it was written at sign-up; unique without regard to case.
    #[cfg_attr(feature = "openapi", schema(example = "alice", min_length = 1, max_length = 64))]
    pub username: String,
    /// May write the catalog, install, and see all servers.
    pub admin: bool,
    /// May not sign in.
    pub disabled: bool,
    /// When it signed up.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "2026-11-24T03:01:04.250Z", format = "date-time"))]
    pub created_at: Timestamp,
}

/// Changes a user; what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(example = json!({"disabled": true})))]
#[serde(deny_unknown_fields)]
pub struct UpdateUser {
    /// Gives or takes the admin right. The last admin keeps it.
    #[serde(default, deserialize_with = "crate::patch::sent", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub admin: Option<bool>,
    /// Closes or opens the account. Closing it ends its sessions and tokens at once.
    #[serde(default, deserialize_with = "crate::patch::sent", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub disabled: Option<bool>,
}
