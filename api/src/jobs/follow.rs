//! Reading one job's log from some seq on, as far as it goes and then as it grows.
//!
//! A reader that is close behind takes whole batches from the shared ring, any other reads the database page by page;
//! either way it goes by its own seq alone, so there is no gap and no duplicate, and it holds up nobody.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use l4d2_contract::{JobId, StreamSkipped};
use sea_orm::DbErr;
use tokio::sync::watch;

use super::log::{JobLog, LogHub};
use crate::db::{Db, job_logs};
use crate::stream::{LineTimes, frame};

/// What a page should come to: a reader that does not read holds a few of them in its connection.
const PAGE_BYTES: u64 = 16 * 1024;
const FIRST_PAGE_LINES: u64 = 64;

/// Reads one job's log as frames of events.
#[derive(Debug)]
pub(crate) struct LogReader {
    db: Db,
    log: Arc<JobLog>,
    committed: watch::Receiver<i64>,
    /// As far as lines are known to be stored.
    known: i64,
    /// The last seq that was given out.
    position: i64,
    page_limit: u64,
    page_lines: u64,
    times: LineTimes,
}

impl LogReader {
    /// A reader that stands at the end of what it knows: nothing. Lines stored from now on are not missed.
    pub(crate) fn attach(hub: &LogHub, job: JobId, page_limit: u64, times: LineTimes) -> Self {
        let log = hub.log(job);
        Self {
            db: hub.db().clone(),
            committed: log.subscribe(),
            log,
            known: 0,
            position: 0,
            page_limit: page_limit.max(1),
            page_lines: FIRST_PAGE_LINES.min(page_limit).max(1),
            times,
        }
    }

    /// Tells it that lines up to `last` are stored, and to go on behind `position`.
    pub(crate) fn go_on_behind(&mut self, position: i64, last: i64) {
        self.position = position;
        self.known = self.known.max(last);
    }

    /// The last seq that was given out.
    pub(crate) fn position(&self) -> i64 {
        self.position
    }

    /// The next lines; waits while there are none. A wait that is given up loses nothing.
    pub(crate) async fn next(&mut self) -> Result<Bytes, DbErr> {
        loop {
            self.known = self.known.max(*self.committed.borrow_and_update());
            if self.known > self.position {
                let recent = self.log.recent().behind(self.position, &mut self.times);
                if let Some((frames, last)) = recent {
                    self.position = last;
                    return Ok(frames);
                }
                return self.next_page().await;
            }
            if self.committed.changed().await.is_err() {
                // The sender is part of the log that this reader holds.
                std::future::pending::<()>().await;
            }
        }
    }

    async fn next_page(&mut self) -> Result<Bytes, DbErr> {
        let rows = job_logs::page(self.db.read(), self.log.job(), self.position, self.page_lines).await?;
        let mut frames = BytesMut::new();
        // What is stored and yet not there was pruned.
        let first = rows.first().map_or(self.known + 1, |row| row.seq);
        if first > self.position + 1 {
            frame::json_event(&mut frames, "skipped", &skipped(first - self.position - 1));
        }
        for row in &rows {
            self.times.tell(&mut frames, row.created_at);
            frame::event_with_id(&mut frames, row.seq, &row.stream, &row.line);
        }
        self.position = rows.last().map_or(self.known, |row| row.seq);
        self.adapt(frames.len(), rows.len());
        Ok(frames.freeze())
    }

    /// Pages get as many lines as make a page's bytes, judging by the last one.
    fn adapt(&mut self, bytes: usize, lines: usize) {
        let line_bytes = (bytes / lines.max(1)).max(1) as u64;
        self.page_lines = (PAGE_BYTES / line_bytes).clamp(1, self.page_limit);
    }
}

/// So many lines were left out.
pub(crate) fn skipped(lines: i64) -> StreamSkipped {
    StreamSkipped { lines: u64::try_from(lines).ok() }
}
