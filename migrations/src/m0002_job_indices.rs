//! Indices for lists of jobs by state and for the active jobs of one server.
//!
//! Rows of jobs are never removed, so nothing that is asked often may look at all jobs of a server or of an owner.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName, Debug)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for statement in STATEMENTS {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for index in INDICES {
            manager.get_connection().execute_unprepared(&format!("DROP INDEX {index}")).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const INDICES: &[&str] = &["jobs_server_state", "jobs_owner_state", "jobs_active"];

const STATEMENTS: &[&str] = &[
    "CREATE INDEX jobs_server_state ON jobs (server_id, state, id)",
    "CREATE INDEX jobs_owner_state ON jobs (owner_id, state, id)",
    // As few rows as there are active jobs. A query must name the states as they stand here, not as parameters.
    "CREATE INDEX jobs_active ON jobs (server_id, id) WHERE state IN ('queued', 'running')",
];
