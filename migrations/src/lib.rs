//! The database schema, the same on SQLite and PostgreSQL.
//!
//! Uniqueness, ownership and "one queued job of a kind" are promises of the schema, so that no race between requests can
//! break them. Moments are milliseconds since 1970 in UTC: both databases sort and compare them alike.

pub use sea_orm_migration::MigratorTrait;

mod m0001_initial;
mod m0002_job_indices;

/// All migrations, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn sea_orm_migration::MigrationTrait>> {
        vec![Box::new(m0001_initial::Migration), Box::new(m0002_job_indices::Migration)]
    }
}
