//! The catalog of overlays.

use l4d2_contract::Overlay;

use super::{Api, ApiError};

impl Api {
    /// The whole catalog.
    pub async fn list_overlays(self) -> Result<Vec<Overlay>, ApiError> {
        self.list("/overlays").await
    }
}
