//! The database: connecting, transactions, entities and the queries on them.
//!
//! SQLite has one writer at a time. All writing goes through a pool of a single connection, so that writers of this
//! process queue up in memory instead of failing as busy, and begins immediately, so that another process (the command
//! line) makes it wait and never makes it fail half-way. Readers have a pool of their own and never wait for a writer.

use std::time::Duration;

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseBackend, DatabaseConnection, DatabaseTransaction, DbErr, SqlErr,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

use crate::error::ApiError;

pub mod api_tokens;
pub mod blueprints;
pub mod entity;
pub mod job_logs;
pub mod jobs;
pub mod log_pruning;
pub mod overlays;
mod ownership;
pub mod server_state;
pub mod servers;
pub mod sessions;
pub mod specification;
pub mod users;

/// Both ways into the database; cheap to clone.
#[derive(Debug, Clone)]
pub struct Db {
    read: DatabaseConnection,
    write: DatabaseConnection,
}

const READERS: u32 = 8;
const POSTGRES_CONNECTIONS: u32 = 16;
const PING_LIMIT: Duration = Duration::from_secs(2);
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

impl Db {
    /// Connects to `sqlite:` or `postgres:` URLs, without migrating.
    pub async fn connect(url: &str) -> Result<Self, DbErr> {
        if !url.starts_with("sqlite:") {
            let mut options = ConnectOptions::new(url);
            options.max_connections(POSTGRES_CONNECTIONS).sqlx_logging(false);
            let pool = Database::connect(options).await?;
            return Ok(Self { read: pool.clone(), write: pool });
        }
        // The writer comes first: it makes the file and turns the journal to WAL.
        let write = Database::connect(sqlite_options(url, 1)).await?;
        let read = Database::connect(sqlite_options(url, READERS)).await?;
        Ok(Self { read, write })
    }

    /// For queries that change nothing.
    pub fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// For single statements that change something.
    pub fn write(&self) -> &DatabaseConnection {
        &self.write
    }

    /// Begins a transaction that may write.
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        match self.backend() {
            DatabaseBackend::Sqlite => self.write.begin_with_options(options).await,
            _ => self.write.begin().await,
        }
    }

    /// Which database it is.
    pub fn backend(&self) -> DatabaseBackend {
        self.write.get_database_backend()
    }

    /// Answers once the database does, within a short time.
    pub async fn ping(&self) -> Result<(), DbErr> {
        let answer = tokio::time::timeout(PING_LIMIT, self.read.execute_unprepared("SELECT 1")).await;
        answer.map_err(|_| DbErr::Custom("no answer in time".to_owned()))?.map(drop)
    }

    /// Closes both pools.
    pub async fn close(self) -> Result<(), DbErr> {
        self.read.close().await?;
        self.write.close().await
    }
}

fn sqlite_options(url: &str, connections: u32) -> ConnectOptions {
    use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};

    let mut options = ConnectOptions::new(url);
    options.max_connections(connections).min_connections(1).sqlx_logging(false);
    options.map_sqlx_sqlite_opts(|options| {
        options
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // In WAL mode this keeps the database whole through a crash of the machine; only the last moments may go.
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(true)
    });
    options
}

/// Turns a violated unique constraint into the problem that `conflict` makes, other errors into a 500.
pub fn unique_or(error: DbErr, conflict: impl FnOnce() -> ApiError) -> ApiError {
    if is_unique_violation(&error) { conflict() } else { ApiError::Database(error) }
}

/// Whether a statement failed because something is there already.
pub fn is_unique_violation(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}
