//! Blueprints.

use l4d2_contract::Blueprint;

use super::{Api, ApiError};

impl Api {
    /// All blueprints of the user.
    pub async fn list_blueprints(self) -> Result<Vec<Blueprint>, ApiError> {
        self.list("/blueprints").await
    }
}
