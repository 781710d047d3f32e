//! Queries on blueprints.

use std::collections::HashMap;

use l4d2_contract::{BlueprintId, OverlayId, ServerId, UserId};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::entity::blueprints::{ActiveModel, Column, Entity, Model};
use super::entity::{blueprint_overlays, servers};
use crate::clock;

/// What is written to a blueprint's row; none leaves a column as it is.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    /// The name.
    pub name: Option<String>,
    /// The arguments as JSON.
    pub arguments: Option<String>,
    /// The config lines as JSON.
    pub config: Option<String>,
}

/// A user's blueprints in the order of their making, behind `after`.
pub async fn list(db: &impl ConnectionTrait, user: UserId, after: Option<i64>, rows: u64) -> Result<Vec<Model>, DbErr> {
    let mut query = Entity::find().filter(Column::UserId.eq(user.0)).order_by_asc(Column::Id).limit(rows);
    if let Some(after) = after {
        query = query.filter(Column::Id.gt(after));
    }
    query.all(db).await
}

/// One blueprint.
pub async fn find(db: &impl ConnectionTrait, id: BlueprintId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id.0).one(db).await
}

/// Adds a blueprint. All of `columns` must be there.
pub async fn insert(db: &impl ConnectionTrait, user: UserId, columns: Columns) -> Result<Model, DbErr> {
    let now = clock::now();
    let row = ActiveModel { user_id: Set(user.0), created_at: Set(now), updated_at: Set(now), ..active(columns) };
    Entity::insert(row).exec_with_returning(db).await
}

/// Changes a blueprint's row, which other changes then wait for; none when it is gone.
pub async fn update(db: &impl ConnectionTrait, id: BlueprintId, columns: Columns) -> Result<Option<Model>, DbErr> {
    let row = ActiveModel { updated_at: Set(clock::now()), ..active(columns) };
    let rows = Entity::update_many().set(row).filter(Column::Id.eq(id.0)).exec_with_returning(db).await?;
    Ok(rows.into_iter().next())
}

fn active(columns: Columns) -> ActiveModel {
    ActiveModel {
        name: columns.name.map_or(NotSet, Set),
        arguments: columns.arguments.map_or(NotSet, Set),
        config: columns.config.map_or(NotSet, Set),
        ..ActiveModel::default()
    }
}

/// Puts these overlays in place of those there are; the first lies on top.
pub async fn replace_overlays(db: &impl ConnectionTrait, id: BlueprintId, overlays: &[OverlayId]) -> Result<(), DbErr> {
    use blueprint_overlays::{ActiveModel, Column, Entity};

    Entity::delete_many().filter(Column::BlueprintId.eq(id.0)).exec(db).await?;
    let rows: Vec<ActiveModel> = (0..)
        .zip(overlays)
        .map(|(position, overlay)| ActiveModel {
            blueprint_id: Set(id.0),
            position: Set(position),
            overlay_id: Set(overlay.0),
        })
        .collect();
    if !rows.is_empty() {
        Entity::insert_many(rows).exec_without_returning(db).await?;
    }
    Ok(())
}

/// Removes a blueprint; false when there was none. The database refuses it while a server is linked to it.
pub async fn delete(db: &impl ConnectionTrait, id: BlueprintId) -> Result<bool, DbErr> {
    Ok(Entity::delete_by_id(id.0).exec(db).await?.rows_affected == 1)
}

/// The overlays of many blueprints, each list in its order.
pub async fn overlays_of(db: &impl ConnectionTrait, ids: &[i64]) -> Result<HashMap<i64, Vec<OverlayId>>, DbErr> {
    use blueprint_overlays::{Column, Entity};

    let rows = Entity::find()
        .filter(Column::BlueprintId.is_in(ids.iter().copied()))
        .order_by_asc(Column::BlueprintId)
        .order_by_asc(Column::Position)
        .all(db)
        .await?;
    let mut overlays: HashMap<i64, Vec<OverlayId>> = HashMap::new();
    for row in rows {
        overlays.entry(row.blueprint_id).or_default().push(OverlayId(row.overlay_id));
    }
    Ok(overlays)
}

/// The servers linked to many blueprints, in the order of their making: id and name.
pub async fn servers_of(
    db: &impl ConnectionTrait,
    ids: &[i64],
) -> Result<HashMap<i64, Vec<(ServerId, String)>>, DbErr> {
    use servers::{Column, Entity};

    let rows: Vec<(i64, i64, String)> = Entity::find()
        .select_only()
        .columns([Column::BlueprintId, Column::Id, Column::Name])
        .filter(Column::BlueprintId.is_in(ids.iter().copied()))
        .order_by_asc(Column::Id)
        .into_tuple()
        .all(db)
        .await?;
    let mut servers: HashMap<i64, Vec<(ServerId, String)>> = HashMap::new();
    for (blueprint, id, name) in rows {
        servers.entry(blueprint).or_default().push((ServerId(id), name));
    }
    Ok(servers)
}
