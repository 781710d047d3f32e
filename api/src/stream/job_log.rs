//! The stream of a job: its lines, its state whenever it changes, and its end.

use bytes::{Bytes, BytesMut};
use l4d2_contract::{JobId, ResourceKind, StreamEndReason};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::live::{Piece, Source};
use super::{LineTimes, frame};
use crate::app::AppState;
use crate::auth::Caller;
use crate::db::entity::jobs::Model;
use crate::db::{Db, jobs};
use crate::domain::access;
use crate::error::{ApiError, ApiResult};
use crate::events::{Audience, Event};
use crate::jobs::follow::{LogReader, skipped};

/// Where a job's stream begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobLogStart {
    /// With the last lines, as many as the settings say.
    Recent,
    /// Behind a seq. One beyond the end waits until the log gets there.
    Behind(i64),
}

pub(super) struct JobLogSource {
    db: Db,
    job: JobId,
    audience: Audience,
    events: broadcast::Receiver<Event>,
    reader: LogReader,
    /// Goes out before anything else.
    waiting: Option<Bytes>,
    /// The state that was sent last.
    shown: String,
    /// The job may have changed since it was read.
    stale: bool,
    /// The last seq of a job that is over.
    ends_at: Option<i64>,
}

impl JobLogSource {
    /// Checks the right to it and finds the beginning.
    pub(super) async fn open(
        state: &AppState,
        caller: &Caller,
        job: JobId,
        start: JobLogStart,
        times: LineTimes,
    ) -> ApiResult<Self> {
        let limit = state.config.job_log_replay_limit;
        // Both listen before the row is read: what comes after the reading is heard.
        let events = state.events.subscribe();
        let mut reader = LogReader::attach(&state.job_logs, job, limit, times);
        let row = access::visible_job(state.db.read(), caller, job).await?;
        let mut frames = BytesMut::new();
        let position = match start {
            JobLogStart::Behind(seq) => seq,
            JobLogStart::Recent => row.log_lines.saturating_sub_unsigned(limit).max(0),
        };
        reader.go_on_behind(position, row.log_lines);
        let mut source = Self {
            db: state.db.clone(),
            job,
            audience: access::audience_of_job(&row),
            events,
            reader,
            waiting: None,
            shown: String::new(),
            stale: false,
            ends_at: None,
        };
        source.show(&row, &mut frames)?;
        if start == JobLogStart::Recent && position > 0 {
            frame::json_event(&mut frames, "skipped", &skipped(position));
        }
        source.waiting = Some(frames.freeze());
        Ok(source)
    }

    /// Appends the state if it is another than the one sent last.
    fn show(&mut self, row: &Model, frames: &mut BytesMut) -> ApiResult<()> {
        let now = serde_json::to_string(&jobs::to_contract(row)).map_err(ApiError::internal)?;
        if now != self.shown {
            frame::event(frames, "state", &now);
            self.shown = now;
        }
        // Lines that were stored with the end itself may not have been told.
        self.reader.go_on_behind(self.reader.position(), row.log_lines);
        self.ends_at = jobs::state(row).is_final().then_some(row.log_lines);
        Ok(())
    }

    async fn look_again(&mut self) -> ApiResult<()> {
        let row = jobs::find(self.db.read(), self.job).await?;
        let row = row.ok_or_else(|| ApiError::not_found("job", self.job))?;
        let mut frames = BytesMut::new();
        self.show(&row, &mut frames)?;
        self.stale = false;
        self.waiting = (!frames.is_empty()).then(|| frames.freeze());
        Ok(())
    }

    fn concerns_this_job(&self, event: Result<Event, RecvError>) -> bool {
        match event {
            Ok(event) => event.about == (ResourceKind::Job, self.job.0),
            Err(RecvError::Lagged(_)) => true,
            Err(RecvError::Closed) => false,
        }
    }
}

impl Source for JobLogSource {
    async fn next(&mut self) -> ApiResult<Piece> {
        loop {
            if let Some(frames) = self.waiting.take() {
                return Ok(Piece::Send(frames));
            }
            if self.stale {
                self.look_again().await?;
                continue;
            }
            if self.ends_at.is_some_and(|last| self.reader.position() >= last) {
                return Ok(Piece::End(StreamEndReason::JobFinished));
            }
            tokio::select! {
                biased;
                event = self.events.recv() => self.stale = self.concerns_this_job(event),
                frames = self.reader.next() => return Ok(Piece::Send(frames?)),
            }
        }
    }

    async fn recheck(&mut self, caller: &Caller) -> ApiResult<Option<StreamEndReason>> {
        // Should an event have been lost, the state is not late by more than this.
        self.stale = true;
        Ok((!self.audience.includes(caller.user_id, caller.admin)).then_some(StreamEndReason::AccessRevoked))
    }
}
