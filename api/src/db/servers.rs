//! Queries on servers as their users make and change them; their state is in `server_state`.

use std::collections::HashMap;

use l4d2_contract::{ActualState, BlueprintId, DesiredState, JobId, JobState, Operation, ServerId, UserId};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::entity::jobs;
use super::entity::servers::{ActiveModel, Column, Entity, Model};
use crate::clock;

/// What a server is made with.
#[derive(Debug, Clone)]
pub struct NewServer {
    /// Whose it is.
    pub user: UserId,
    /// One of the user's blueprints.
    pub blueprint: BlueprintId,
    /// Its name.
    pub name: String,
    /// Its port.
    pub port: u16,
}

/// Servers in the order of their making, behind `after`: of one user, or of all.
pub async fn list(
    db: &impl ConnectionTrait,
    user: Option<UserId>,
    after: Option<i64>,
    rows: u64,
) -> Result<Vec<Model>, DbErr> {
    let mut query = Entity::find().order_by_asc(Column::Id).limit(rows);
    if let Some(user) = user {
        query = query.filter(Column::UserId.eq(user.0));
    }
    if let Some(after) = after {
        query = query.filter(Column::Id.gt(after));
    }
    query.all(db).await
}

/// How many servers a user has.
pub async fn count_of_user(db: &impl ConnectionTrait, user: UserId) -> Result<u64, DbErr> {
    Entity::find().filter(Column::UserId.eq(user.0)).count(db).await
}

/// The server that has a port.
pub async fn find_by_port(db: &impl ConnectionTrait, port: u16) -> Result<Option<Model>, DbErr> {
    Entity::find().filter(Column::Port.eq(i32::from(port))).one(db).await
}

/// Some servers, in the order of their making; those that are gone are left out.
pub async fn find_many(db: &impl ConnectionTrait, ids: &[ServerId]) -> Result<Vec<Model>, DbErr> {
    let mut rows = Vec::with_capacity(ids.len());
    // Far below the number of parameters that a statement may have.
    for chunk in ids.chunks(1000) {
        let wanted = Column::Id.is_in(chunk.iter().map(|id| id.0));
        rows.extend(Entity::find().filter(wanted).order_by_asc(Column::Id).all(db).await?);
    }
    Ok(rows)
}

/// Adds a server, which nobody has looked at yet.
pub async fn insert(db: &impl ConnectionTrait, server: NewServer) -> Result<Model, DbErr> {
    let now = clock::now();
    let row = ActiveModel {
        id: NotSet,
        user_id: Set(server.user.0),
        blueprint_id: Set(server.blueprint.0),
        name: Set(server.name),
        port: Set(server.port.into()),
        desired_state: Set(DesiredState::Stopped.as_str().to_owned()),
        actual_state: Set(ActualState::Stopped.as_str().to_owned()),
        actual_state_updated_at: Set(None),
        actual_state_since: Set(None),
        last_error: Set(String::new()),
        applied_digest: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
    };
    Entity::insert(row).exec_with_returning(db).await
}

/// Changes a server; none when it is gone.
pub async fn update(
    db: &impl ConnectionTrait,
    id: ServerId,
    blueprint: Option<BlueprintId>,
    port: Option<u16>,
) -> Result<Option<Model>, DbErr> {
    let row = ActiveModel {
        blueprint_id: blueprint.map_or(NotSet, |blueprint| Set(blueprint.0)),
        port: port.map_or(NotSet, |port| Set(port.into())),
        updated_at: Set(clock::now()),
        ..ActiveModel::default()
    };
    let rows = Entity::update_many().set(row).filter(Column::Id.eq(id.0)).exec_with_returning(db).await?;
    Ok(rows.into_iter().next())
}

/// The active job of every server that has one: the one at work, or else the next in line.
///
/// Of all servers rather than of some: few jobs are active at a time, and the statement is the same each time.
pub async fn active_jobs(db: &impl ConnectionTrait) -> Result<HashMap<i64, (JobId, Operation)>, DbErr> {
    use jobs::{Column, Entity};

    let rows: Vec<(i64, Option<i64>, String, String)> = Entity::find()
        .select_only()
        .columns([Column::Id, Column::ServerId, Column::Operation, Column::State])
        .filter(super::jobs::is_active())
        .order_by_asc(Column::Id)
        .into_tuple()
        .all(db)
        .await?;
    let mut active: HashMap<i64, (JobId, Operation)> = HashMap::new();
    for (id, server, operation, state) in rows {
        let Some((server, operation)) = server.zip(Operation::from_text(&operation)) else { continue };
        let job = (JobId(id), operation);
        if state == JobState::Running.as_str() {
            active.insert(server, job);
        } else {
            active.entry(server).or_insert(job);
        }
    }
    Ok(active)
}
