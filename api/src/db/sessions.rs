//! Queries on sessions. Only rows neither revoked nor expired count; others wait to be pruned.

use l4d2_contract::{SessionId, UserId};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, JoinType, NotSet,
    QueryFilter, QueryOrder, QuerySelect, RelationDef, Select, Set,
};

use super::entity::{sessions, users};

/// A good session, with its user as it is now.
#[derive(Debug, Clone, FromQueryResult)]
pub struct SessionHolder {
    pub user_id: i64,
    pub username: String,
    pub admin: bool,
    pub created_at: i64,
}

/// What a new session is made of.
#[derive(Debug, Clone)]
pub struct NewSession {
    pub user_id: UserId,
    pub user_agent: String,
    pub address: String,
    pub created_at: i64,
    pub expires_at: i64,
}

/// The holder of a session that is good at `now`.
pub async fn holder(
    connection: &impl ConnectionTrait,
    id: SessionId,
    now: i64,
) -> Result<Option<SessionHolder>, DbErr> {
    sessions::Entity::find_by_id(id.0)
        .filter(good(now))
        .filter(users::Column::Disabled.eq(false))
        .join(JoinType::InnerJoin, user())
        .select_only()
        .column_as(users::Column::Id, "user_id")
        .column(users::Column::Username)
        .column(users::Column::Admin)
        .column(sessions::Column::CreatedAt)
        .into_model()
        .one(connection)
        .await
}

/// Opens a session.
pub async fn insert(connection: &impl ConnectionTrait, new: NewSession) -> Result<sessions::Model, DbErr> {
    let row = sessions::ActiveModel {
        id: NotSet,
        user_id: Set(new.user_id.0),
        user_agent: Set(new.user_agent),
        address: Set(new.address),
        created_at: Set(new.created_at),
        expires_at: Set(new.expires_at),
        revoked_at: Set(None),
    };
    row.insert(connection).await
}

/// A user's good sessions behind `after`, by id.
pub async fn list(
    connection: &impl ConnectionTrait,
    user: UserId,
    now: i64,
    after: i64,
    limit: u64,
) -> Result<Vec<sessions::Model>, DbErr> {
    of_user(user)
        .filter(good(now))
        .filter(sessions::Column::Id.gt(after))
        .order_by_asc(sessions::Column::Id)
        .limit(limit)
        .all(connection)
        .await
}

/// Revokes a good session of a user; false when there is none.
pub async fn revoke(connection: &impl ConnectionTrait, user: UserId, id: SessionId, now: i64) -> Result<bool, DbErr> {
    let only = Condition::all().add(good(now)).add(sessions::Column::Id.eq(id.0));
    Ok(revoke_where(connection, user, only, now).await? > 0)
}

/// Revokes all sessions of a user, but for one.
pub async fn revoke_all_but(
    connection: &impl ConnectionTrait,
    user: UserId,
    kept: Option<SessionId>,
    now: i64,
) -> Result<u64, DbErr> {
    let others = Condition::all()
        .add(sessions::Column::RevokedAt.is_null())
        .add_option(kept.map(|kept| sessions::Column::Id.ne(kept.0)));
    revoke_where(connection, user, others, now).await
}

/// Deletes what is over.
pub async fn prune(connection: &impl ConnectionTrait, now: i64) -> Result<u64, DbErr> {
    let over = good(now).not();
    Ok(sessions::Entity::delete_many().filter(over).exec(connection).await?.rows_affected)
}

async fn revoke_where(
    connection: &impl ConnectionTrait,
    user: UserId,
    which: Condition,
    now: i64,
) -> Result<u64, DbErr> {
    let update = sessions::Entity::update_many()
        .col_expr(sessions::Column::RevokedAt, Expr::value(now))
        .filter(sessions::Column::UserId.eq(user.0))
        .filter(which);
    Ok(update.exec(connection).await?.rows_affected)
}

fn good(now: i64) -> Condition {
    Condition::all().add(sessions::Column::RevokedAt.is_null()).add(sessions::Column::ExpiresAt.gt(now))
}

fn of_user(user: UserId) -> Select<sessions::Entity> {
    sessions::Entity::find().filter(sessions::Column::UserId.eq(user.0))
}

fn user() -> RelationDef {
    sessions::Entity::belongs_to(users::Entity).from(sessions::Column::UserId).to(users::Column::Id).into()
}
