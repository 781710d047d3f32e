//! Queries on the catalog.

use std::collections::HashSet;

use l4d2_contract::{OverlayId, ServerId, UserId};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::entity::overlays::{ActiveModel, Column, Entity, Model};
use super::entity::{blueprint_overlays, blueprints, servers};
use crate::clock;

/// Overlays in the order of their making, behind `after`.
pub async fn list(db: &impl ConnectionTrait, after: Option<i64>, rows: u64) -> Result<Vec<Model>, DbErr> {
    let mut query = Entity::find().order_by_asc(Column::Id).limit(rows);
    if let Some(after) = after {
        query = query.filter(Column::Id.gt(after));
    }
    query.all(db).await
}

/// One overlay.
pub async fn find(db: &impl ConnectionTrait, id: OverlayId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id.0).one(db).await
}

/// Which of these are in the catalog.
pub async fn existing(db: &impl ConnectionTrait, ids: &[OverlayId]) -> Result<HashSet<i64>, DbErr> {
    let found: Vec<i64> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Id.is_in(ids.iter().map(|id| id.0)))
        .into_tuple()
        .all(db)
        .await?;
    Ok(found.into_iter().collect())
}

/// Adds an overlay.
pub async fn insert(db: &impl ConnectionTrait, name: String, path: String) -> Result<Model, DbErr> {
    let now = clock::now();
    let row = ActiveModel { id: NotSet, name: Set(name), path: Set(path), created_at: Set(now), updated_at: Set(now) };
    Entity::insert(row).exec_with_returning(db).await
}

/// Changes an overlay; none when it is gone.
pub async fn update(
    db: &impl ConnectionTrait,
    id: OverlayId,
    name: Option<String>,
    path: Option<String>,
) -> Result<Option<Model>, DbErr> {
    let row = ActiveModel {
        name: name.map_or(NotSet, Set),
        path: path.map_or(NotSet, Set),
        updated_at: Set(clock::now()),
        ..ActiveModel::default()
    };
    let rows = Entity::update_many().set(row).filter(Column::Id.eq(id.0)).exec_with_returning(db).await?;
    Ok(rows.into_iter().next())
}

/// Removes an overlay; false when there was none. The database refuses it while a blueprint uses it.
pub async fn delete(db: &impl ConnectionTrait, id: OverlayId) -> Result<bool, DbErr> {
    Ok(Entity::delete_by_id(id.0).exec(db).await?.rows_affected == 1)
}

/// The names of a user's blueprints that use it.
pub async fn blueprints_with(db: &impl ConnectionTrait, id: OverlayId, user: UserId) -> Result<Vec<String>, DbErr> {
    let links =
        blueprint_overlays::Entity::find().filter(blueprint_overlays::Column::OverlayId.eq(id.0)).all(db).await?;
    let mut names = Vec::new();
    // Far below the number of parameters that a statement may have.
    for chunk in links.chunks(1000) {
        let rows = blueprints::Entity::find()
            .filter(blueprints::Column::Id.is_in(chunk.iter().map(|one| one.blueprint_id)))
            .filter(blueprints::Column::UserId.eq(user.0))
            .order_by_asc(blueprints::Column::Name)
            .all(db)
            .await?;
        names.extend(rows.into_iter().map(|row| row.name));
    }
    Ok(names)
}

/// How many blueprints use it.
pub async fn count_blueprints(db: &impl ConnectionTrait, id: OverlayId) -> Result<u64, DbErr> {
    blueprint_overlays::Entity::find().filter(blueprint_overlays::Column::OverlayId.eq(id.0)).count(db).await
}

/// The servers whose blueprint uses it.
pub async fn servers_with(db: &impl ConnectionTrait, id: OverlayId) -> Result<Vec<ServerId>, DbErr> {
    let using = blueprint_overlays::Entity::find()
        .select_only()
        .column(blueprint_overlays::Column::BlueprintId)
        .filter(blueprint_overlays::Column::OverlayId.eq(id.0));
    let ids: Vec<i64> = servers::Entity::find()
        .select_only()
        .column(servers::Column::Id)
        .filter(servers::Column::BlueprintId.in_subquery(sea_orm::QueryTrait::into_query(using)))
        .into_tuple()
        .all(db)
        .await?;
    Ok(ids.into_iter().map(ServerId).collect())
}
