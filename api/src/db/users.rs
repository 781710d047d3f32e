//! Queries on users. Names are looked up by their lower case.

use l4d2_contract::UserId;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, NotSet, QueryFilter, QueryOrder, QuerySelect,
    Set,
};

use super::entity::users;

/// What a new user is made of.
#[derive(Clone)]
pub struct NewUser {
    pub username: String,
    pub password_digest: String,
    pub created_at: i64,
}

impl std::fmt::Debug for NewUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewUser").field("username", &self.username).finish_non_exhaustive()
    }
}

/// A user by its id.
pub async fn find(connection: &impl ConnectionTrait, id: UserId) -> Result<Option<users::Model>, DbErr> {
    users::Entity::find_by_id(id.0).one(connection).await
}

/// A user by its name, without regard to case.
pub async fn find_by_name(connection: &impl ConnectionTrait, name: &str) -> Result<Option<users::Model>, DbErr> {
    users::Entity::find().filter(users::Column::UsernameKey.eq(key(name))).one(connection).await
}

/// A user by its id, kept as it is until the transaction ends. (SQLite's transactions keep everything as it is.)
pub async fn find_locked(connection: &impl ConnectionTrait, id: UserId) -> Result<Option<users::Model>, DbErr> {
    users::Entity::find_by_id(id.0).lock_exclusive().one(connection).await
}

/// The ids of all admins who can sign in, kept as they are until the transaction ends.
pub async fn lock_enabled_admins(connection: &impl ConnectionTrait) -> Result<Vec<UserId>, DbErr> {
    // Ordered, so that two transactions lock them in the same order.
    let admins = users::Entity::find()
        .filter(users::Column::Admin.eq(true))
        .filter(users::Column::Disabled.eq(false))
        .order_by_asc(users::Column::Id)
        .lock_exclusive()
        .all(connection)
        .await?;
    Ok(admins.into_iter().map(|admin| UserId(admin.id)).collect())
}

/// Adds a user; its name must be new without regard to case.
pub async fn insert(connection: &impl ConnectionTrait, new: NewUser) -> Result<users::Model, DbErr> {
    let row = users::ActiveModel {
        id: NotSet,
        username_key: Set(key(&new.username)),
        username: Set(new.username),
        password_digest: Set(new.password_digest),
        admin: Set(false),
        disabled: Set(false),
        created_at: Set(new.created_at),
    };
    row.insert(connection).await
}

/// Users behind `after`, by id.
pub async fn list(connection: &impl ConnectionTrait, after: i64, limit: u64) -> Result<Vec<users::Model>, DbErr> {
    users::Entity::find()
        .filter(users::Column::Id.gt(after))
        .order_by_asc(users::Column::Id)
        .limit(limit)
        .all(connection)
        .await
}

/// Sets what an admin may set.
pub async fn set_rights(
    connection: &impl ConnectionTrait,
    id: UserId,
    admin: bool,
    disabled: bool,
) -> Result<(), DbErr> {
    users::Entity::update_many()
        .col_expr(users::Column::Admin, Expr::value(admin))
        .col_expr(users::Column::Disabled, Expr::value(disabled))
        .filter(users::Column::Id.eq(id.0))
        .exec(connection)
        .await?;
    Ok(())
}

/// Replaces the password's digest, unless somebody else replaced it meanwhile: false.
pub async fn replace_digest(
    connection: &impl ConnectionTrait,
    id: UserId,
    old: &str,
    new: String,
) -> Result<bool, DbErr> {
    let update = users::Entity::update_many()
        .col_expr(users::Column::PasswordDigest, Expr::value(new))
        .filter(users::Column::Id.eq(id.0))
        .filter(users::Column::PasswordDigest.eq(old));
    Ok(update.exec(connection).await?.rows_affected > 0)
}

/// Names are ASCII, see the rules on them.
fn key(name: &str) -> String {
    name.to_ascii_lowercase()
}
