//! The one way that lines get into job logs: numbers them, stores them in batches, then tells readers.
//!
//! Seqs begin at 1 and have no gap and no duplicate. That holds because a batch is stored together with the job's last
//! seq, in one transaction and only if the log ends where the batch begins; the lock on a job's tail keeps writers of
//! this process apart, and the database itself would refuse any other. Readers hear of a line only after the commit.
//! Memory is bounded: a writer that is faster than the database waits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use l4d2_contract::{JobId, LogStream};
use l4d2_host::lines::CUT_MARK;
use sea_orm::{DatabaseTransaction, DbErr};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout_at};

use super::recent::Recent;
use crate::clock;
use crate::db::Db;
use crate::db::job_logs::{self, Appended, Inserter, NewLine};
use crate::error::{ApiError, ApiResult};

/// A batch is stored once it has so many lines,
const BATCH_LINES: usize = 512;
/// or so many bytes,
const BATCH_BYTES: usize = 512 * 1024;
/// or at once, if the last one is this long ago: a single line is not held up, a flood is not stored line by line.
const BATCH_PAUSE: Duration = Duration::from_millis(8);
/// Lines that wait while a batch is stored, and the bytes they may come to at the longest line there can be.
const WAITING_LINES: usize = 512;
const WAITING_BYTES: usize = 8 * 1024 * 1024;
/// How long storing is tried again before the log counts as broken, for instance while the disk is full.
const GIVE_UP: Duration = Duration::from_secs(30);
const FIRST_RETRY: Duration = Duration::from_millis(50);
const LAST_RETRY: Duration = Duration::from_secs(2);

/// Why a line could not be stored.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The database refused for too long.
    #[error("the database took no log lines for {} seconds", tried.as_secs())]
    Store {
        /// How long it was tried.
        tried: Duration,
        /// The last refusal.
        #[source]
        source: DbErr,
    },
    /// The job's row is not there.
    #[error("there is no job {0}")]
    NoJob(JobId),
    /// Somebody else wrote to a log that should have been at rest.
    #[error("the log of job {0} is being written by somebody else")]
    Busy(JobId),
    /// The writer failed before; that error was told then.
    #[error("the log was closed after an error")]
    Closed,
}

impl From<LogError> for ApiError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::NoJob(id) => Self::not_found("job", id),
            other => Self::internal(other),
        }
    }
}

/// The logs of all jobs; cheap to clone.
#[derive(Debug, Clone)]
pub struct LogHub {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    db: Db,
    inserter: Inserter,
    line_max_chars: usize,
    give_up: Duration,
    /// The logs that somebody writes or reads just now; each takes itself out when the last one lets go.
    logs: Mutex<HashMap<JobId, Weak<JobLog>>>,
}

impl Inner {
    fn logs(&self) -> MutexGuard<'_, HashMap<JobId, Weak<JobLog>>> {
        // The map is whole after every statement, so a panic elsewhere can't have left it broken.
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LogHub {
    /// A hub over a database; lines beyond `line_max_chars` characters are cut.
    pub fn new(db: Db, line_max_chars: usize) -> Self {
        Self::with_patience(db, line_max_chars, GIVE_UP)
    }

    /// The same, with another time after which a log that can't be stored counts as broken.
    pub fn with_patience(db: Db, line_max_chars: usize, give_up: Duration) -> Self {
        let inserter = Inserter::new(db.backend());
        Self { inner: Arc::new(Inner { db, inserter, line_max_chars, give_up, logs: Mutex::default() }) }
    }

    /// Opens a job's log for writing. Several writers of one job don't harm each other.
    pub async fn open(&self, job: JobId) -> ApiResult<LogWriter> {
        let log = self.log(job);
        let end = job_logs::last_seq(self.inner.db.read(), job).await?.ok_or(LogError::NoJob(job))?;
        log.tail.lock().await.get_or_insert(end);
        let longest = self.inner.line_max_chars.saturating_mul(4).max(1);
        let (sender, lines) = mpsc::channel((WAITING_BYTES / longest).clamp(1, WAITING_LINES));
        let task = tokio::spawn(store_all(log, lines));
        Ok(LogWriter { sender: Some(sender), task: Some(task), line_max_chars: self.inner.line_max_chars })
    }

    /// Adds a line to the log of a job that nobody writes to, as part of the transaction that files or ends the job: no
    /// reader sees one without the other. Readers are told once the caller has committed, by [`LineWithin::tell`].
    pub async fn append_within(&self, tx: &DatabaseTransaction, job: JobId, line: &str) -> ApiResult<LineWithin> {
        let line = new_line(LogStream::System, line, self.inner.line_max_chars);
        let end = job_logs::last_seq(tx, job).await?.ok_or(LogError::NoJob(job))?;
        match self.inner.inserter.append_within(tx, job, end, &[line]).await? {
            Appended::Stored(seq) => Ok(LineWithin { log: self.log(job), seq }),
            Appended::EndsAt(_) | Appended::NoJob => Err(ApiError::internal(LogError::Busy(job))),
        }
    }

    /// The log of a job as writers and readers share it.
    pub(crate) fn log(&self, job: JobId) -> Arc<JobLog> {
        let mut logs = self.inner.logs();
        if let Some(log) = logs.get(&job).and_then(Weak::upgrade) {
            return log;
        }
        let log = Arc::new(JobLog {
            job,
            hub: Arc::clone(&self.inner),
            tail: tokio::sync::Mutex::new(None),
            recent: Mutex::default(),
            committed: watch::Sender::new(0),
        });
        logs.insert(job, Arc::downgrade(&log));
        log
    }

    /// The database the logs are in.
    pub(crate) fn db(&self) -> &Db {
        &self.inner.db
    }

    /// How many logs are written or read just now.
    pub fn open_logs(&self) -> usize {
        self.inner.logs().len()
    }
}

/// A line that is stored once its transaction is.
#[derive(Debug)]
#[must_use = "readers wait to be told"]
pub struct LineWithin {
    log: Arc<JobLog>,
    seq: i64,
}

impl LineWithin {
    /// Tells the readers. For after the commit.
    pub fn tell(self) {
        metrics::counter!("l4d2_job_log_lines_total").increment(1);
        // The ring is not told: readers find the line in the database.
        self.log.committed.send_replace(self.seq);
    }
}

/// Writes one job's lines.
#[derive(Debug)]
pub struct LogWriter {
    /// None once the log is broken.
    sender: Option<mpsc::Sender<NewLine>>,
    task: Option<JoinHandle<Result<i64, LogError>>>,
    line_max_chars: usize,
}

impl LogWriter {
    /// Adds a line; waits while the database is behind. Fails once lines could not be stored for too long.
    pub async fn append(&mut self, stream: LogStream, line: &str) -> Result<(), LogError> {
        let line = new_line(stream, line, self.line_max_chars);
        let Some(sender) = &self.sender else {
            return Err(LogError::Closed);
        };
        if sender.send(line).await.is_ok() {
            return Ok(());
        }
        Err(self.end().await.err().unwrap_or(LogError::Closed))
    }

    /// Returns when every line is stored, with the last seq.
    pub async fn finish(mut self) -> Result<i64, LogError> {
        self.end().await
    }

    async fn end(&mut self) -> Result<i64, LogError> {
        // Without a sender the task stores what it has and ends.
        self.sender = None;
        let task = self.task.take().ok_or(LogError::Closed)?;
        task.await.unwrap_or_else(|error| {
            tracing::error!(%error, "a log writer ended unexpectedly");
            Err(LogError::Closed)
        })
    }
}

/// Cuts as the host does, so a line that the host has cut already stays as it is. PostgreSQL can't store NUL.
fn new_line(stream: LogStream, text: &str, max_chars: usize) -> NewLine {
    // A line has at most as many characters as bytes, so most need no counting.
    let cut = if text.len() <= max_chars { None } else { text.char_indices().nth(max_chars) };
    let mut line = match cut {
        Some((end, _)) => [&text[..end], CUT_MARK].concat(),
        None => text.to_owned(),
    };
    if line.contains('\0') {
        line = line.replace('\0', "\u{FFFD}");
    }
    NewLine { stream, line, created_at: clock::now() }
}

async fn store_all(log: Arc<JobLog>, mut lines: mpsc::Receiver<NewLine>) -> Result<i64, LogError> {
    let mut batch = Vec::with_capacity(BATCH_LINES);
    let mut not_before = Instant::now();
    while gather(&mut lines, &mut batch, not_before).await {
        not_before = Instant::now() + BATCH_PAUSE;
        log.store(&batch).await?;
        batch.clear();
    }
    log.last_seq().await
}

/// Fills an empty batch; false when there is nothing more to come.
async fn gather(lines: &mut mpsc::Receiver<NewLine>, batch: &mut Vec<NewLine>, not_before: Instant) -> bool {
    let Some(first) = lines.recv().await else {
        return false;
    };
    let mut bytes = first.line.len();
    batch.push(first);
    while batch.len() < BATCH_LINES && bytes < BATCH_BYTES {
        let Ok(Some(line)) = timeout_at(not_before, lines.recv()).await else { break };
        bytes += line.line.len();
        batch.push(line);
    }
    true
}

/// One job's log while somebody writes or reads it.
#[derive(Debug)]
pub(crate) struct JobLog {
    job: JobId,
    hub: Arc<Inner>,
    /// The last seq in the database, once known. Held while a batch is stored, so batches follow one another.
    tail: tokio::sync::Mutex<Option<i64>>,
    recent: Mutex<Recent>,
    /// The last seq that was stored since this was made; 0 before.
    committed: watch::Sender<i64>,
}

impl JobLog {
    /// The job.
    pub(crate) fn job(&self) -> JobId {
        self.job
    }

    /// Hears the last stored seq whenever it moves.
    pub(crate) fn subscribe(&self) -> watch::Receiver<i64> {
        self.committed.subscribe()
    }

    /// The ring of recent lines.
    pub(crate) fn recent(&self) -> MutexGuard<'_, Recent> {
        // The ring is only a cache, cleared when its batches don't fit together.
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn last_seq(&self) -> Result<i64, LogError> {
        self.tail.lock().await.ok_or(LogError::Closed)
    }

    /// Stores a batch and tells the readers; tries again while the database refuses.
    async fn store(&self, lines: &[NewLine]) -> Result<i64, LogError> {
        let mut tail = self.tail.lock().await;
        let begun = Instant::now();
        let mut pause = FIRST_RETRY;
        // Whether the answer to an attempt may have been lost after the commit.
        let mut doubtful = false;
        let length = i64::try_from(lines.len()).unwrap_or(i64::MAX);
        let last = loop {
            // What is not known yet is answered by the attempt itself.
            let after = tail.unwrap_or(0);
            match self.hub.inserter.append(&self.hub.db, self.job, after, lines).await {
                Ok(Appended::Stored(last)) => break last,
                Ok(Appended::EndsAt(end)) if doubtful && end == after + length => break end,
                Ok(Appended::EndsAt(end)) => {
                    *tail = Some(end);
                    doubtful = false;
                }
                Ok(Appended::NoJob) => return Err(LogError::NoJob(self.job)),
                Err(source) if begun.elapsed() >= self.hub.give_up => {
                    return Err(LogError::Store { tried: self.hub.give_up, source });
                }
                Err(error) => {
                    tracing::warn!(job = self.job.0, %error, "could not store log lines; trying again");
                    doubtful = true;
                    sleep(pause).await;
                    pause = (pause * 2).min(LAST_RETRY);
                }
            }
        };
        *tail = Some(last);
        self.publish(last - length, lines, last);
        Ok(last)
    }

    fn publish(&self, after: i64, lines: &[NewLine], last: i64) {
        metrics::counter!("l4d2_job_log_lines_total").increment(lines.len() as u64);
        if self.committed.receiver_count() == 0 {
            // Nobody reads along; whoever comes later finds the lines in the database.
            self.recent().clear();
        } else {
            self.recent().push(after, lines);
        }
        self.committed.send_replace(last);
    }
}

impl Drop for JobLog {
    fn drop(&mut self) {
        let mut logs = self.hub.logs();
        // Another one may have been made since the last holder let go of this one.
        if logs.get(&self.job).is_some_and(|log| log.strong_count() == 0) {
            logs.remove(&self.job);
        }
    }
}
