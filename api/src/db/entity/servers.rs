//! Servers.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "servers")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub user_id: i64,
    pub blueprint_id: i64,
    pub name: String,
    pub port: i32,
    pub desired_state: String,
    pub actual_state: String,
    pub actual_state_updated_at: Option<i64>,
    pub actual_state_since: Option<i64>,
    pub last_error: String,
    pub applied_digest: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
