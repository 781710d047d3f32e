//! What a server would be given at this moment, read in one go.

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

use super::entity::{blueprint_overlays, blueprints, overlays, servers};

/// A server with everything that its specification is made of.
#[derive(Debug, Clone)]
pub struct SpecificationSource {
    /// The server.
    pub server: servers::Model,
    /// Its blueprint.
    pub blueprint: blueprints::Model,
    /// The blueprint's overlays, in order.
    pub overlays: Vec<overlays::Model>,
}

/// Reads the sources of many servers with a fixed number of queries, in the order of `servers`.
pub async fn load_sources(
    db: &impl ConnectionTrait,
    servers: Vec<servers::Model>,
) -> Result<Vec<SpecificationSource>, DbErr> {
    let ids: HashSet<i64> = servers.iter().map(|server| server.blueprint_id).collect();
    let blueprints: HashMap<i64, blueprints::Model> = blueprints::Entity::find()
        .filter(blueprints::Column::Id.is_in(ids.iter().copied()))
        .all(db)
        .await?
        .into_iter()
        .map(|blueprint| (blueprint.id, blueprint))
        .collect();
    let mut layered: HashMap<i64, Vec<overlays::Model>> = HashMap::new();
    let layers = blueprint_overlays::Entity::find()
        .filter(blueprint_overlays::Column::BlueprintId.is_in(ids))
        .order_by_asc(blueprint_overlays::Column::BlueprintId)
        .order_by_asc(blueprint_overlays::Column::Position)
        .all(db)
        .await?;
    let used: HashSet<i64> = layers.iter().map(|layer| layer.overlay_id).collect();
    let catalog: HashMap<i64, overlays::Model> = overlays::Entity::find()
        .filter(overlays::Column::Id.is_in(used))
        .all(db)
        .await?
        .into_iter()
        .map(|overlay| (overlay.id, overlay))
        .collect();
    for layer in layers {
        if let Some(overlay) = catalog.get(&layer.overlay_id) {
            layered.entry(layer.blueprint_id).or_default().push(overlay.clone());
        }
    }
    Ok(servers
        .into_iter()
        .filter_map(|server| {
            let blueprint = blueprints.get(&server.blueprint_id)?.clone();
            let overlays = layered.get(&server.blueprint_id).cloned().unwrap_or_default();
            Some(SpecificationSource { server, blueprint, overlays })
        })
        .collect())
}

/// Reads the source of one server.
pub async fn load_source(
    db: &impl ConnectionTrait,
    server: servers::Model,
) -> Result<Option<SpecificationSource>, DbErr> {
    Ok(load_sources(db, vec![server]).await?.pop())
}
