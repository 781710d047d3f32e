//! What the panel knows of a server's state, and writes as it finds out.

use l4d2_contract::{ActualState, DesiredState, ServerId};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::entity::servers::{Column, Entity, Model};
use crate::clock;
use crate::status::Look;

/// Every server.
pub async fn all(db: &impl ConnectionTrait) -> Result<Vec<Model>, DbErr> {
    Entity::find().order_by_asc(Column::Id).all(db).await
}

/// The names of the servers that were last found running.
pub async fn names_running(db: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    let rows = Entity::find()
        .filter(Column::ActualState.eq(ActualState::Running.as_str()))
        .order_by_asc(Column::Name)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|server| server.name).collect())
}

/// One server by its name.
pub async fn find_by_name(db: &impl ConnectionTrait, name: &str) -> Result<Option<Model>, DbErr> {
    Entity::find().filter(Column::Name.eq(name)).one(db).await
}

/// One server, locked until the transaction ends, so that requests about it come one after the other.
pub async fn find_locked(db: &impl ConnectionTrait, id: ServerId) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id.0).lock_exclusive().one(db).await
}

/// Notes that some servers were looked at and are as known.
pub async fn touch_actual_state(db: &impl ConnectionTrait, servers: &[ServerId]) -> Result<(), DbErr> {
    // Far below the number of parameters that a statement may have.
    for chunk in servers.chunks(1000) {
        Entity::update_many()
            .col_expr(Column::ActualStateUpdatedAt, Expr::value(clock::now()))
            .filter(Column::Id.is_in(chunk.iter().map(|id| id.0)))
            .exec(db)
            .await?;
    }
    Ok(())
}

/// Writes what a look found, unless something else was written since `seen` was read. True when it was written.
pub async fn replace_actual_state(db: &impl ConnectionTrait, seen: &Model, look: &Look) -> Result<bool, DbErr> {
    let mut update = Entity::update_many()
        .col_expr(Column::ActualState, Expr::value(look.state.as_str()))
        .col_expr(Column::ActualStateUpdatedAt, Expr::value(clock::now()))
        .filter(Column::Id.eq(seen.id))
        .filter(Column::ActualState.eq(seen.actual_state.as_str()));
    update = match seen.actual_state_updated_at {
        Some(moment) => update.filter(Column::ActualStateUpdatedAt.eq(moment)),
        None => update.filter(Column::ActualStateUpdatedAt.is_null()),
    };
    if let Some(since) = look.since_moment(&seen.actual_state) {
        update = update.col_expr(Column::ActualStateSince, Expr::value(since));
    }
    if !look.reason.is_empty() {
        update = update.col_expr(Column::LastError, Expr::value(look.reason.as_str()));
    }
    Ok(update.exec(db).await?.rows_affected == 1)
}

/// Writes what was found when a job ended, and the job's error: empty after a success.
pub async fn set_after_job(
    db: &impl ConnectionTrait,
    id: ServerId,
    was: &str,
    look: &Look,
    last_error: Option<&str>,
) -> Result<(), DbErr> {
    let mut update = Entity::update_many()
        .col_expr(Column::ActualState, Expr::value(look.state.as_str()))
        .col_expr(Column::ActualStateUpdatedAt, Expr::value(clock::now()))
        .filter(Column::Id.eq(id.0));
    if let Some(since) = look.since_moment(was) {
        update = update.col_expr(Column::ActualStateSince, Expr::value(since));
    }
    if let Some(error) = last_error {
        update = update.col_expr(Column::LastError, Expr::value(error));
    }
    update.exec(db).await.map(drop)
}

/// Writes what state a server should have.
pub async fn set_desired_state(db: &impl ConnectionTrait, id: ServerId, desired: DesiredState) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::DesiredState, Expr::value(desired.as_str()))
        .col_expr(Column::UpdatedAt, Expr::value(clock::now()))
        .filter(Column::Id.eq(id.0))
        .exec(db)
        .await
        .map(drop)
}

/// Writes which specification was applied.
pub async fn set_applied_digest(db: &impl ConnectionTrait, id: ServerId, digest: &str) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::AppliedDigest, Expr::value(digest))
        .filter(Column::Id.eq(id.0))
        .exec(db)
        .await
        .map(drop)
}

/// Removes a server; its jobs stay with their server's name.
pub async fn delete(db: &impl ConnectionTrait, id: ServerId) -> Result<(), DbErr> {
    Entity::delete_by_id(id.0).exec(db).await.map(drop)
}

/// Writes a server's last error.
pub async fn set_last_error(db: &impl ConnectionTrait, id: ServerId, error: &str) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::LastError, Expr::value(error))
        .filter(Column::Id.eq(id.0))
        .exec(db)
        .await
        .map(drop)
}
