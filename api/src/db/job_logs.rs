//! Queries on the lines of job logs.

use l4d2_contract::{JobId, JobLogLine, LogStream};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseBackend, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use sea_orm::{Statement, Value};

use super::Db;
use super::entity::{job_logs, jobs};
use crate::clock;

/// What a stored line takes beside its text, about; pruning counts it, so that empty lines are not free.
pub const ROW_BYTES: i64 = 32;

/// A line that is to be stored; its seq is given at storing.
#[derive(Debug, Clone)]
pub struct NewLine {
    /// Where it came from.
    pub stream: LogStream,
    /// The text, without NUL.
    pub line: String,
    /// When it was read.
    pub created_at: i64,
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// It is stored; the last seq is told.
    Stored(i64),
    /// Nothing was stored: the log does not end where the caller thought, but at this seq.
    EndsAt(i64),
    /// Nothing was stored: there is no such job.
    NoJob,
}

/// Rows in one statement, in falling order. Few sizes, so that every statement is prepared once a connection; the
/// largest has 1,280 bound parameters, and SQLite takes 32,766.
const CHUNK_ROWS: [usize; 5] = [256, 64, 16, 4, 1];
const COLUMNS: usize = 5;

/// Writes batches of lines by statements whose texts are made once.
#[derive(Debug)]
pub struct Inserter {
    statements: [String; CHUNK_ROWS.len()],
}

impl Inserter {
    /// Makes the texts.
    pub fn new(backend: DatabaseBackend) -> Self {
        Self { statements: CHUNK_ROWS.map(|rows| insert_statement(backend, rows)) }
    }

    /// Stores lines behind the seq `after`, all or none, if the log ends there.
    pub async fn append(&self, db: &Db, job: JobId, after: i64, lines: &[NewLine]) -> Result<Appended, DbErr> {
        let transaction = db.begin().await?;
        let appended = self.append_within(&transaction, job, after, lines).await?;
        transaction.commit().await?;
        Ok(appended)
    }

    /// The same as part of a transaction, which is the caller's to commit.
    pub async fn append_within(
        &self,
        transaction: &DatabaseTransaction,
        job: JobId,
        after: i64,
        lines: &[NewLine],
    ) -> Result<Appended, DbErr> {
        let last = after + count(lines.len());
        // First of all, so that the row is locked against any other writer.
        if !advance(transaction, job, after, last, lines).await? {
            let end = last_seq(transaction, job).await?;
            return Ok(end.map_or(Appended::NoJob, Appended::EndsAt));
        }
        let backend = transaction.get_database_backend();
        let mut seq = after;
        let mut rest = lines;
        for (rows, sql) in CHUNK_ROWS.iter().zip(&self.statements) {
            while rest.len() >= *rows {
                let (chunk, others) = rest.split_at(*rows);
                let values = parameters(job, seq, chunk);
                transaction.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
                seq += count(chunk.len());
                rest = others;
            }
        }
        Ok(Appended::Stored(last))
    }
}

fn insert_statement(backend: DatabaseBackend, rows: usize) -> String {
    let mut sql = String::from("INSERT INTO job_logs (job_id, seq, stream, line, created_at) VALUES ");
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..COLUMNS {
            if column > 0 {
                sql.push_str(", ");
            }
            // SQLite binds numbered parameters by looking each one up by its name, which is slow for many.
            if backend == DatabaseBackend::Sqlite {
                sql.push('?');
            } else {
                sql.push('$');
                sql.push_str(&(row * COLUMNS + column + 1).to_string());
            }
        }
        sql.push(')');
    }
    sql
}

fn parameters(job: JobId, after: i64, lines: &[NewLine]) -> Vec<Value> {
    let mut values = Vec::with_capacity(lines.len() * COLUMNS);
    for (seq, line) in (after + 1..).zip(lines) {
        values.push(job.0.into());
        values.push(seq.into());
        values.push(line.stream.as_str().into());
        values.push(line.line.as_str().into());
        values.push(line.created_at.into());
    }
    values
}

async fn advance(
    db: &impl ConnectionTrait,
    job: JobId,
    after: i64,
    last: i64,
    lines: &[NewLine],
) -> Result<bool, DbErr> {
    let bytes: i64 = lines.iter().map(|line| count(line.line.len()) + ROW_BYTES).sum();
    let backend = db.get_database_backend();
    let sql = match backend {
        DatabaseBackend::Sqlite => {
            "UPDATE jobs SET log_lines = ?, log_bytes = log_bytes + ? WHERE id = ? AND log_lines = ?"
        }
        _ => "UPDATE jobs SET log_lines = $1, log_bytes = log_bytes + $2 WHERE id = $3 AND log_lines = $4",
    };
    let values = [last.into(), bytes.into(), job.0.into(), after.into()];
    let result = db.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
    Ok(result.rows_affected() == 1)
}

/// The last seq of a job's log; none when there is no such job.
pub async fn last_seq(db: &impl ConnectionTrait, job: JobId) -> Result<Option<i64>, DbErr> {
    jobs::Entity::find_by_id(job.0).select_only().column(jobs::Column::LogLines).into_tuple().one(db).await
}

/// The lines behind a seq, at most `limit`. Lines that were pruned are not among them.
pub async fn page(
    db: &impl ConnectionTrait,
    job: JobId,
    after: i64,
    limit: u64,
) -> Result<Vec<job_logs::Model>, DbErr> {
    job_logs::Entity::find()
        .filter(job_logs::Column::JobId.eq(job.0))
        .filter(job_logs::Column::Seq.gt(after))
        .order_by_asc(job_logs::Column::Seq)
        .limit(limit)
        .all(db)
        .await
}

/// The row's stream. The database's own check keeps it to known texts.
pub fn stream(row: &job_logs::Model) -> LogStream {
    LogStream::from_text(&row.stream).unwrap_or(LogStream::System)
}

/// The row as it goes over the wire.
pub fn to_contract(row: job_logs::Model) -> JobLogLine {
    JobLogLine { seq: row.seq, stream: stream(&row), line: row.line, created_at: clock::timestamp(row.created_at) }
}

/// A length as the database counts. No length in memory is beyond it.
fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}
