//! Queries that find and delete the logs of finished jobs.
//!
//! A job whose log was pruned keeps its row and its last seq; its `log_bytes` are 0.

use l4d2_contract::{JobId, JobState};
use sea_orm::sea_query::{Expr, Func, SimpleExpr};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Select,
};

use super::entity::{job_logs, jobs};

/// A finished job that has a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromQueryResult)]
pub struct StoredLog {
    /// The job.
    pub id: i64,
    /// What its log takes, about.
    pub log_bytes: i64,
}

/// The finished jobs that have a log, the longest finished first, at most `limit`.
pub async fn oldest(db: &impl ConnectionTrait, limit: u64) -> Result<Vec<StoredLog>, DbErr> {
    columns(stored()).limit(limit).into_model().all(db).await
}

/// The same, of those that finished before a moment.
pub async fn finished_before(db: &impl ConnectionTrait, moment: i64, limit: u64) -> Result<Vec<StoredLog>, DbErr> {
    let old = stored().filter(jobs::Column::FinishedAt.lt(moment));
    columns(old).limit(limit).into_model().all(db).await
}

/// What the logs of all finished jobs take together.
pub async fn total_bytes(db: &impl ConnectionTrait) -> Result<i64, DbErr> {
    // PostgreSQL sums up to NUMERIC.
    let sum = Func::cast_as(jobs::Column::LogBytes.sum(), "BIGINT");
    let total: Option<Option<i64>> =
        jobs::Entity::find().select_only().expr(sum).filter(is_finished()).into_tuple().one(db).await?;
    Ok(total.flatten().unwrap_or(0))
}

/// The first line that is left of a log.
pub async fn first_seq(db: &impl ConnectionTrait, job: JobId) -> Result<Option<i64>, DbErr> {
    job_logs::Entity::find()
        .select_only()
        .column(job_logs::Column::Seq)
        .filter(job_logs::Column::JobId.eq(job.0))
        .order_by_asc(job_logs::Column::Seq)
        .limit(1)
        .into_tuple()
        .one(db)
        .await
}

/// Deletes lines up to a seq, and tells how many there were.
pub async fn delete_up_to(db: &impl ConnectionTrait, job: JobId, seq: i64) -> Result<u64, DbErr> {
    let lines = job_logs::Entity::delete_many()
        .filter(job_logs::Column::JobId.eq(job.0))
        .filter(job_logs::Column::Seq.lte(seq));
    Ok(lines.exec(db).await?.rows_affected)
}

/// Notes that a log is gone.
pub async fn note_empty(db: &impl ConnectionTrait, job: JobId) -> Result<(), DbErr> {
    jobs::Entity::update_many()
        .col_expr(jobs::Column::LogBytes, Expr::value(0_i64))
        .filter(jobs::Column::Id.eq(job.0))
        .exec(db)
        .await?;
    Ok(())
}

fn stored() -> Select<jobs::Entity> {
    jobs::Entity::find().filter(is_finished()).filter(jobs::Column::LogBytes.gt(0))
}

fn columns(jobs: Select<jobs::Entity>) -> Select<jobs::Entity> {
    // The id as well, so that the order is the same on both databases when the moments are.
    jobs.select_only()
        .columns([jobs::Column::Id, jobs::Column::LogBytes])
        .order_by_asc(jobs::Column::FinishedAt)
        .order_by_asc(jobs::Column::Id)
}

fn is_finished() -> SimpleExpr {
    let finished = JobState::ALL.iter().filter(|state| state.is_final()).map(|state| state.as_str());
    jobs::Column::State.is_in(finished)
}
