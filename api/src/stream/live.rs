//! One open stream: what its source gives, as long as the caller may have it.
//!
//! Nothing is made before the client's side of the connection has room for it, so a slow reader holds one piece at
//! most and lags alone. Before each piece it is asked whether the panel shuts down and whether the rights are due to be
//! read again, so no piece goes out more than [`RECHECK`] after the right to it was lost, not even to a reader that
//! comes back after an hour.

use std::future::Future;
use std::io;
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures::{StreamExt, stream};
use l4d2_contract::{StreamEnd, StreamEndReason};
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;

use super::{StreamPermit, frame};
use crate::app::AppState;
use crate::auth::{self, Caller};
use crate::db::Db;
use crate::error::{ApiError, ApiResult, chain};

/// How often rights are read again when nobody says that they changed. Streams must end within 5 s of losing them.
pub const RECHECK: Duration = Duration::from_millis(2500);
/// How often a comment goes out.
const COMMENT: Duration = Duration::from_secs(15);

/// What a source gives.
#[derive(Debug)]
pub(super) enum Piece {
    /// Bytes to send.
    Send(Bytes),
    /// It is over.
    End(StreamEndReason),
}

/// Where a stream's bytes come from.
pub(super) trait Source: Send + 'static {
    /// The next piece; waits while there is none. A wait that is given up loses nothing.
    fn next(&mut self) -> impl Future<Output = ApiResult<Piece>> + Send;

    /// Called with the caller's rights whenever they were read again: why the stream must end, if it must.
    fn recheck(&mut self, caller: &Caller) -> impl Future<Output = ApiResult<Option<StreamEndReason>>> + Send;
}

/// What goes over the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Events, with comments between and `end` as the last one.
    Events,
    /// The bytes of a file: one that ends early must look broken.
    File,
}

/// One open stream.
pub(super) struct Live<S> {
    source: S,
    format: Format,
    caller: Caller,
    db: Db,
    auth_changed: watch::Receiver<u64>,
    shutdown: CancellationToken,
    recheck: Interval,
    /// Apart from the rechecks: each of those that comes late puts off all that follow.
    comment: Interval,
    _permit: StreamPermit,
}

enum Wake {
    Shutdown,
    AuthChanged,
    Recheck,
    Comment,
    Source(ApiResult<Piece>),
}

impl<S: Source> Live<S> {
    pub(super) fn new(state: &AppState, caller: Caller, permit: StreamPermit, format: Format, source: S) -> Self {
        let every = |period| {
            let mut interval = interval_at(Instant::now() + period, period);
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            interval
        };
        Self {
            source,
            format,
            caller,
            db: state.db.clone(),
            auth_changed: state.auth_changed.subscribe(),
            shutdown: state.shutdown.clone(),
            recheck: every(RECHECK),
            comment: every(COMMENT),
            _permit: permit,
        }
    }

    /// The body of the answer.
    pub(super) fn into_body(self) -> Body {
        let pieces = stream::unfold(Some(self), |live| async {
            let mut live = live?;
            let (bytes, goes_on) = live.step().await?;
            Some((bytes, goes_on.then_some(live)))
        });
        // What compresses a file asks once more after its end.
        Body::from_stream(pieces.fuse())
    }

    /// The next bytes, and whether more may follow.
    async fn step(&mut self) -> Option<(io::Result<Bytes>, bool)> {
        loop {
            let wake = tokio::select! {
                biased;
                () = self.shutdown.cancelled() => Wake::Shutdown,
                // The sender lives in the application's state; without it nothing changes any more.
                Ok(()) = self.auth_changed.changed() => Wake::AuthChanged,
                _ = self.recheck.tick() => Wake::Recheck,
                _ = self.comment.tick(), if self.format == Format::Events => Wake::Comment,
                piece = self.source.next() => Wake::Source(piece),
            };
            match wake {
                Wake::Shutdown => return self.end(StreamEndReason::Shutdown),
                Wake::Source(Ok(Piece::Send(bytes))) => return Some((Ok(bytes), true)),
                Wake::Source(Ok(Piece::End(reason))) => return self.end(reason),
                Wake::Source(Err(error)) => return Some(failed(&error)),
                Wake::Comment => return Some((Ok(Bytes::from_static(frame::KEEP_ALIVE)), true)),
                Wake::AuthChanged | Wake::Recheck => match self.reason_to_end().await {
                    Ok(Some(reason)) => return self.end(reason),
                    Ok(None) => {}
                    // Rights that can't be read are no rights. The client connects again and gets the error.
                    Err(error) => return Some(failed(&error)),
                },
            }
        }
    }

    async fn reason_to_end(&mut self) -> ApiResult<Option<StreamEndReason>> {
        let Some(caller) = auth::still_valid(&self.db, &self.caller).await? else {
            return Ok(Some(StreamEndReason::AccessRevoked));
        };
        self.caller = caller;
        self.source.recheck(&self.caller).await
    }

    fn end(&self, reason: StreamEndReason) -> Option<(io::Result<Bytes>, bool)> {
        match (self.format, reason) {
            (Format::Events, _) => Some((Ok(end_event(reason)), false)),
            (Format::File, StreamEndReason::JobFinished) => None,
            (Format::File, _) => Some((Err(io::Error::other("the download was ended early")), false)),
        }
    }
}

fn failed(error: &ApiError) -> (io::Result<Bytes>, bool) {
    tracing::warn!(error = %chain(error), "a stream failed");
    (Err(io::Error::other("the stream failed")), false)
}

fn end_event(reason: StreamEndReason) -> Bytes {
    let mut frames = BytesMut::new();
    frame::json_event(&mut frames, "end", &StreamEnd { reason });
    frames.freeze()
}
