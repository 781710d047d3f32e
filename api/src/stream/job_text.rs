//! A job's log as a text file: the lines there are at the beginning of the download, page by page.

use bytes::{BufMut, BytesMut};
use l4d2_contract::{JobId, StreamEndReason};

use super::live::{Piece, Source};
use crate::app::AppState;
use crate::auth::Caller;
use crate::db::{Db, job_logs};
use crate::domain::access;
use crate::error::ApiResult;
use crate::events::Audience;

const PAGE_LINES: u64 = 256;

pub(super) struct JobTextSource {
    db: Db,
    job: JobId,
    audience: Audience,
    position: i64,
    last: i64,
}

impl JobTextSource {
    /// Checks the right to it.
    pub(super) async fn open(state: &AppState, caller: &Caller, job: JobId) -> ApiResult<Self> {
        let row = access::visible_job(state.db.read(), caller, job).await?;
        Ok(Self {
            db: state.db.clone(),
            job,
            audience: access::audience_of_job(&row),
            position: 0,
            last: row.log_lines,
        })
    }
}

impl Source for JobTextSource {
    async fn next(&mut self) -> ApiResult<Piece> {
        let rows = job_logs::page(self.db.read(), self.job, self.position, PAGE_LINES).await?;
        let mut text = BytesMut::new();
        for row in rows.iter().take_while(|row| row.seq <= self.last) {
            text.put_slice(row.line.as_bytes());
            text.put_u8(b'\n');
            self.position = row.seq;
        }
        if text.is_empty() {
            return Ok(Piece::End(StreamEndReason::JobFinished));
        }
        Ok(Piece::Send(text.freeze()))
    }

    async fn recheck(&mut self, caller: &Caller) -> ApiResult<Option<StreamEndReason>> {
        Ok((!self.audience.includes(caller.user_id, caller.admin)).then_some(StreamEndReason::AccessRevoked))
    }
}
