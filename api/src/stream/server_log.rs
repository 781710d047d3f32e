//! The stream of a game's output: the last lines, then live, over restarts of the game and of the panel.

use std::time::Duration;

use bytes::BytesMut;
use futures::StreamExt;
use futures::stream::{BoxStream, ReadyChunks};
use l4d2_contract::{ServerId, StreamEndReason, StreamSkipped};
use l4d2_host::supervisor::{LogEvent, LogStart};
use l4d2_host::{Host, HostError, InstanceName};
use tokio::time::{Instant, sleep_until};

use super::live::{Piece, Source};
use super::{LineTimes, frame};
use crate::app::AppState;
use crate::auth::Caller;
use crate::clock;
use crate::db::Db;
use crate::domain::access;
use crate::error::{ApiError, ApiResult, chain};

/// Lines that go out together when so many are there.
const PIECE_LINES: usize = 64;
/// Until the host is asked again for a log that is not there yet, or ended.
const PAUSE: Duration = Duration::from_secs(1);

type Lines = ReadyChunks<BoxStream<'static, Result<LogEvent, HostError>>>;

pub(super) struct ServerLogSource {
    db: Db,
    host: Host,
    server: ServerId,
    name: InstanceName,
    /// Where to go on.
    start: LogStart,
    times: LineTimes,
    lines: Option<Lines>,
    try_at: Instant,
    opened: bool,
}

impl ServerLogSource {
    /// Checks the right to it and begins to follow: what is printed once the request is answered is not missed.
    pub(super) async fn open(
        state: &AppState,
        caller: &Caller,
        server: ServerId,
        start: LogStart,
        times: LineTimes,
    ) -> ApiResult<Self> {
        let row = access::visible_server(state.db.read(), caller, server).await?;
        let name = InstanceName::parse(&row.name).map_err(ApiError::internal)?;
        let mut source = Self {
            db: state.db.clone(),
            host: state.host.clone(),
            server,
            name,
            start,
            times,
            lines: None,
            try_at: Instant::now(),
            opened: false,
        };
        source.follow().await;
        Ok(source)
    }

    /// Frames of what came; remembers how far it went.
    fn frames(&mut self, events: Vec<Result<LogEvent, HostError>>) -> BytesMut {
        let mut frames = BytesMut::new();
        for event in events {
            match event {
                Ok(LogEvent::Line(line)) => {
                    self.times.tell(&mut frames, clock::millis(line.time));
                    frame::event_with_id(&mut frames, &line.cursor.0, "stdout", &line.text);
                    self.start = LogStart::After(line.cursor);
                }
                Ok(LogEvent::Skipped { lines }) => {
                    frame::json_event(&mut frames, "skipped", &StreamSkipped { lines });
                }
                Err(error) => {
                    self.note(&error);
                    self.lines = None;
                    break;
                }
            }
        }
        frames
    }

    /// An instance that was never initialized has no log: that is no failure.
    fn note(&self, error: &HostError) {
        if !matches!(error, HostError::NoInstance(_)) {
            tracing::warn!(server = %self.name, error = %chain(error), "could not read a game's log");
        }
    }

    async fn follow(&mut self) {
        sleep_until(self.try_at).await;
        match self.host.follow(&self.name, self.start.clone()).await {
            Ok(lines) => self.lines = Some(lines.ready_chunks(PIECE_LINES)),
            Err(error) => {
                self.note(&error);
                if matches!((&error, &self.start), (HostError::NoInstance(_), LogStart::Last(_))) {
                    // Nothing was printed yet, so whatever will be there is new.
                    self.start = LogStart::Last(usize::MAX);
                }
            }
        }
        self.try_at = Instant::now() + PAUSE;
    }
}

impl Source for ServerLogSource {
    async fn next(&mut self) -> ApiResult<Piece> {
        if !self.opened {
            // Something at once, so that the client knows that the stream stands even while the game is silent.
            self.opened = true;
            return Ok(Piece::Send(frame::COMMENT.into()));
        }
        loop {
            let Some(lines) = &mut self.lines else {
                self.follow().await;
                continue;
            };
            match lines.next().await {
                Some(events) => {
                    let frames = self.frames(events);
                    if !frames.is_empty() {
                        return Ok(Piece::Send(frames.freeze()));
                    }
                }
                // The instance was deleted. Whether the server was too is seen at the next recheck.
                None => self.lines = None,
            }
        }
    }

    async fn recheck(&mut self, caller: &Caller) -> ApiResult<Option<StreamEndReason>> {
        match access::visible_server(self.db.read(), caller, self.server).await {
            Ok(_) => Ok(None),
            Err(ApiError::NotFound(_)) => Ok(Some(StreamEndReason::Deleted)),
            Err(ApiError::Forbidden { .. }) => Ok(Some(StreamEndReason::AccessRevoked)),
            Err(error) => Err(error),
        }
    }
}
