//! One serving process a database.
//!
//! Two panels on the same rows would each take the other's jobs for abandoned. SQLite's file lies in the data directory,
//! whose own lock is enough; of PostgreSQL a panel holds an advisory lock, on a connection of its own and for as long as
//! that lasts: the server lets go of it even after a crash.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use sea_orm::sqlx::postgres::{PgConnection, PgPool};
use sea_orm::sqlx::{Connection, query_scalar};
use sea_orm::{DatabaseBackend, DbErr};
use tokio_util::sync::CancellationToken;

use super::Db;

/// Names the lock among others that an administrator may use; what the letters say is "l4d2".
const LOCK: i32 = 0x6c34_6432;
/// How long a start waits for the panel before it to be gone: the server notices the end of a process in a moment.
const PATIENCE: Duration = Duration::from_secs(5);
const AGAIN: Duration = Duration::from_millis(250);
/// How often it is asked whether the connection lasts.
const LOOK: Duration = Duration::from_secs(15);

/// The database, held for this process; nothing needs to be held with SQLite.
#[derive(Debug)]
pub struct Ownership {
    held: Option<(PgPool, PgConnection)>,
}

impl Db {
    /// Takes the database for this process, or says that another panel has it.
    pub async fn own(&self) -> Result<Ownership> {
        if self.backend() != DatabaseBackend::Postgres {
            return Ok(Ownership { held: None });
        }
        let pool = self.write().get_postgres_connection_pool().clone();
        let begun = tokio::time::Instant::now();
        loop {
            if let Some(connection) = lock(&pool).await.context("could not take the database for this panel")? {
                return Ok(Ownership { held: Some((pool, connection)) });
            }
            if begun.elapsed() >= PATIENCE {
                bail!(
                    "another l4d2-web serves from the database of DATABASE_URL: stop it, or give this one a database of its own"
                );
            }
            tokio::time::sleep(AGAIN).await;
        }
    }
}

impl Ownership {
    /// Keeps hold of it until the shutdown, and hands it back for as long as that takes. Where another panel took it while the
    /// connection was lost, this one must end.
    pub async fn keep(mut self, shutdown: CancellationToken) -> Self {
        let Some((pool, connection)) = &mut self.held else { return self };
        while shutdown.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
            if connection.ping().await.is_ok() {
                continue;
            }
            match lock(pool).await {
                Ok(Some(anew)) => *connection = anew,
                Ok(None) => {
                    tracing::error!("another l4d2-web has taken the database of DATABASE_URL: this one ends");
                    shutdown.cancel();
                }
                // Nobody else can reach it either, or it is tried again.
                Err(error) => tracing::warn!(%error, "the database does not answer"),
            }
        }
        self
    }
}

/// A connection that holds the lock; none where another one does. Panels in schemas of their own don't meet.
async fn lock(pool: &PgPool) -> Result<Option<PgConnection>, DbErr> {
    let failed = |error| DbErr::Conn(sea_orm::RuntimeErr::SqlxError(std::sync::Arc::new(error)));
    let mut connection = pool.acquire().await.map_err(failed)?.detach();
    let locked: bool = query_scalar("SELECT pg_try_advisory_lock($1, hashtext(coalesce(current_schema(), '')))")
        .bind(LOCK)
        .fetch_one(&mut connection)
        .await
        .map_err(failed)?;
    Ok(locked.then_some(connection))
}
