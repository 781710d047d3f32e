//! The catalog of overlays.

use gloo_net::http::Method;
use l4d2_contract::{CreateOverlay, Overlay, OverlayId, UpdateOverlay};

use super::{Api, ApiError};

impl Api {
    /// The whole catalog.
    pub async fn list_overlays(self) -> Result<Vec<Overlay>, ApiError> {
        self.list("/overlays").await
    }

    pub async fn create_overlay(self, overlay: &CreateOverlay) -> Result<Overlay, ApiError> {
        self.change(Method::POST, "/overlays", Some(overlay)).await
    }

    pub async fn update_overlay(self, id: OverlayId, change: &UpdateOverlay) -> Result<Overlay, ApiError> {
        self.change(Method::PATCH, &format!("/overlays/{id}"), Some(change)).await
    }

    pub async fn delete_overlay(self, id: OverlayId) -> Result<(), ApiError> {
        self.change(Method::DELETE, &format!("/overlays/{id}"), None::<&()>).await
    }
}
