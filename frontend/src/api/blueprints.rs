//! Blueprints.

use gloo_net::http::Method;
use l4d2_contract::{Blueprint, BlueprintId, BlueprintPreview, CreateBlueprint, PreviewBlueprint, UpdateBlueprint};

use super::{Api, ApiError};

impl Api {
    /// All blueprints of the user.
    pub async fn list_blueprints(self) -> Result<Vec<Blueprint>, ApiError> {
        self.list("/blueprints").await
    }

    pub async fn create_blueprint(self, blueprint: &CreateBlueprint) -> Result<Blueprint, ApiError> {
        self.change(Method::POST, "/blueprints", Some(blueprint)).await
    }

    pub async fn update_blueprint(self, id: BlueprintId, change: &UpdateBlueprint) -> Result<Blueprint, ApiError> {
        self.change(Method::PATCH, &format!("/blueprints/{id}"), Some(change)).await
    }

    pub async fn delete_blueprint(self, id: BlueprintId) -> Result<(), ApiError> {
        self.change(Method::DELETE, &format!("/blueprints/{id}"), None::<&()>).await
    }

    /// What a server would be given; nothing is saved.
    pub async fn preview_blueprint(self, input: &PreviewBlueprint) -> Result<BlueprintPreview, ApiError> {
        self.change(Method::POST, "/blueprints/preview", Some(input)).await
    }
}
