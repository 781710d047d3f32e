//! Jobs; `log_lines` is the last seq of the log.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "jobs")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub user_id: i64,
    pub owner_id: i64,
    pub server_id: Option<i64>,
    pub server_name: Option<String>,
    pub operation: String,
    pub state: String,
    pub progress: Option<f64>,
    pub exit_code: Option<i32>,
    pub error: String,
    pub log_lines: i64,
    pub log_bytes: i64,
    pub created_at: i64,
    pub started_at: Option<i64>,
    pub finished_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
