//! Deletes old job logs: by age, then by their total size.
//!
//! Only finished jobs lose their lines; the job itself stays, with its last seq, so seqs never lie. Lines go in chunks,
//! each in a short transaction of its own, so that jobs at work are not held up. A pruning that is interrupted is
//! finished by the next one.

use std::sync::Arc;
use std::time::Duration;

use l4d2_contract::JobId;
use sea_orm::DbErr;

use crate::app::AppState;
use crate::clock;
use crate::db::Db;
use crate::db::log_pruning::{self as queries, StoredLog};
use crate::error::chain;

const PERIOD: Duration = Duration::from_hours(1);
/// Lines deleted in one transaction.
const CHUNK_LINES: i64 = 2000;
const PAGE_JOBS: u64 = 100;

/// How much may stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Logs of jobs that finished longer ago go.
    pub keep: Duration,
    /// When all logs together take more, the oldest go.
    pub keep_bytes: u64,
}

/// What a pruning did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Logs that are gone.
    pub jobs: u64,
    /// Their lines.
    pub lines: u64,
}

/// Prunes at start and then every hour, until the panel shuts down.
pub async fn run(state: Arc<AppState>) {
    let limits = Limits { keep: state.config.job_log_keep, keep_bytes: state.config.job_log_keep_bytes };
    let forever = async {
        loop {
            match prune(&state.db, limits, clock::now()).await {
                Ok(Pruned { jobs: 0, .. }) => {}
                Ok(pruned) => tracing::info!(jobs = pruned.jobs, lines = pruned.lines, "pruned old job logs"),
                Err(error) => tracing::warn!(error = %chain(&error), "could not prune job logs; trying again later"),
            }
            tokio::time::sleep(PERIOD).await;
        }
    };
    state.shutdown.run_until_cancelled(forever).await;
}

/// Prunes once, as of `now`.
pub async fn prune(db: &Db, limits: Limits, now: i64) -> Result<Pruned, DbErr> {
    let mut pruned = Pruned::default();
    let before = now.saturating_sub(i64::try_from(limits.keep.as_millis()).unwrap_or(i64::MAX));
    loop {
        let page = queries::finished_before(db.read(), before, PAGE_JOBS).await?;
        if page.is_empty() {
            break;
        }
        for log in page {
            delete(db, log, &mut pruned).await?;
        }
    }
    let keep_bytes = i64::try_from(limits.keep_bytes).unwrap_or(i64::MAX);
    let mut total = queries::total_bytes(db.read()).await?;
    while total > keep_bytes {
        let page = queries::oldest(db.read(), PAGE_JOBS).await?;
        if page.is_empty() {
            break;
        }
        for log in page {
            if total <= keep_bytes {
                break;
            }
            total -= log.log_bytes;
            delete(db, log, &mut pruned).await?;
        }
    }
    Ok(pruned)
}

async fn delete(db: &Db, log: StoredLog, pruned: &mut Pruned) -> Result<(), DbErr> {
    let job = JobId(log.id);
    while let Some(first) = queries::first_seq(db.read(), job).await? {
        pruned.lines += queries::delete_up_to(db.write(), job, first + CHUNK_LINES - 1).await?;
    }
    queries::note_empty(db.write(), job).await?;
    pruned.jobs += 1;
    Ok(())
}
