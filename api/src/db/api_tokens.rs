//! Queries on API tokens. They are found by the digest of their secret; expired ones don't count.

use l4d2_contract::{ApiTokenId, UserId};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, JoinType, NotSet,
    QueryFilter, QueryOrder, QuerySelect, RelationDef, Select, Set,
};

use super::entity::{api_tokens, users};

/// A good token, with its user as it is now.
#[derive(Debug, Clone, FromQueryResult)]
pub struct TokenHolder {
    pub id: i64,
    pub last_used_at: Option<i64>,
    pub user_id: i64,
    pub username: String,
    pub admin: bool,
}

/// What a new token is made of.
#[derive(Debug, Clone)]
pub struct NewApiToken {
    pub user_id: UserId,
    pub name: String,
    pub digest: String,
    pub created_at: i64,
    pub expires_at: Option<i64>,
}

/// The holder of a token that is good at `now`.
pub async fn holder(connection: &impl ConnectionTrait, id: ApiTokenId, now: i64) -> Result<Option<TokenHolder>, DbErr> {
    with_user(api_tokens::Entity::find_by_id(id.0), now).into_model().one(connection).await
}

/// The same, by the digest of the secret.
pub async fn holder_of_digest(
    connection: &impl ConnectionTrait,
    digest: &str,
    now: i64,
) -> Result<Option<TokenHolder>, DbErr> {
    let found = api_tokens::Entity::find().filter(api_tokens::Column::Digest.eq(digest));
    with_user(found, now).into_model().one(connection).await
}

/// Notes that a token was used.
pub async fn set_last_used(connection: &impl ConnectionTrait, id: ApiTokenId, now: i64) -> Result<(), DbErr> {
    api_tokens::Entity::update_many()
        .col_expr(api_tokens::Column::LastUsedAt, Expr::value(now))
        .filter(api_tokens::Column::Id.eq(id.0))
        .exec(connection)
        .await?;
    Ok(())
}

/// Adds a token; its name must be new among its user's.
pub async fn insert(connection: &impl ConnectionTrait, new: NewApiToken) -> Result<api_tokens::Model, DbErr> {
    let row = api_tokens::ActiveModel {
        id: NotSet,
        user_id: Set(new.user_id.0),
        name: Set(new.name),
        digest: Set(new.digest),
        created_at: Set(new.created_at),
        expires_at: Set(new.expires_at),
        last_used_at: Set(None),
    };
    row.insert(connection).await
}

/// A user's tokens behind `after`, by id; expired ones too.
pub async fn list(
    connection: &impl ConnectionTrait,
    user: UserId,
    after: i64,
    limit: u64,
) -> Result<Vec<api_tokens::Model>, DbErr> {
    api_tokens::Entity::find()
        .filter(api_tokens::Column::UserId.eq(user.0))
        .filter(api_tokens::Column::Id.gt(after))
        .order_by_asc(api_tokens::Column::Id)
        .limit(limit)
        .all(connection)
        .await
}

/// Deletes a token of a user; false when there is none.
pub async fn delete(connection: &impl ConnectionTrait, user: UserId, id: ApiTokenId) -> Result<bool, DbErr> {
    let deleted = api_tokens::Entity::delete_many()
        .filter(api_tokens::Column::UserId.eq(user.0))
        .filter(api_tokens::Column::Id.eq(id.0))
        .exec(connection)
        .await?;
    Ok(deleted.rows_affected > 0)
}

/// Deletes all tokens of a user.
pub async fn delete_all(connection: &impl ConnectionTrait, user: UserId) -> Result<u64, DbErr> {
    let all = api_tokens::Entity::delete_many().filter(api_tokens::Column::UserId.eq(user.0));
    Ok(all.exec(connection).await?.rows_affected)
}

/// Deletes tokens that expired before a moment.
pub async fn prune(connection: &impl ConnectionTrait, expired_before: i64) -> Result<u64, DbErr> {
    let over = api_tokens::Entity::delete_many().filter(api_tokens::Column::ExpiresAt.lt(expired_before));
    Ok(over.exec(connection).await?.rows_affected)
}

fn with_user(tokens: Select<api_tokens::Entity>, now: i64) -> Select<api_tokens::Entity> {
    let unexpired =
        Condition::any().add(api_tokens::Column::ExpiresAt.is_null()).add(api_tokens::Column::ExpiresAt.gt(now));
    tokens
        .filter(unexpired)
        .filter(users::Column::Disabled.eq(false))
        .join(JoinType::InnerJoin, user())
        .select_only()
        .column(api_tokens::Column::Id)
        .column(api_tokens::Column::LastUsedAt)
        .column_as(users::Column::Id, "user_id")
        .column(users::Column::Username)
        .column(users::Column::Admin)
}

fn user() -> RelationDef {
    api_tokens::Entity::belongs_to(users::Entity).from(api_tokens::Column::UserId).to(users::Column::Id).into()
}
