//! The stream of changes: every event that the caller may see.

use bytes::BytesMut;
use l4d2_contract::{StreamEndReason, UserId};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use super::frame;
use super::live::{Piece, Source};
use crate::app::AppState;
use crate::auth::Caller;
use crate::error::ApiResult;
use crate::events::Event;

/// Events go out together up to about so many bytes.
const PIECE_BYTES: usize = 16 * 1024;

pub(super) struct ChangesSource {
    events: broadcast::Receiver<Event>,
    user: UserId,
    admin: bool,
    /// An event of the stream's own that goes out first.
    own: Option<&'static str>,
}

impl ChangesSource {
    /// Hears everything from now on.
    pub(super) fn open(state: &AppState, caller: &Caller) -> Self {
        let events = state.events.subscribe();
        Self { events, user: caller.user_id, admin: caller.admin, own: Some("ready") }
    }

    fn add(&self, frames: &mut BytesMut, event: Result<Event, u64>) {
        match event {
            Ok(event) if event.audience.includes(self.user, self.admin) => {
                frame::event(frames, event.name, &event.data);
            }
            Ok(_) => {}
            Err(_lost) => frame::event(frames, "resync", "{}"),
        }
    }
}

impl Source for ChangesSource {
    async fn next(&mut self) -> ApiResult<Piece> {
        let mut frames = BytesMut::new();
        if let Some(name) = self.own.take() {
            frame::event(&mut frames, name, "{}");
        }
        while frames.is_empty() {
            match self.events.recv().await {
                Ok(event) => self.add(&mut frames, Ok(event)),
                Err(RecvError::Lagged(lost)) => self.add(&mut frames, Err(lost)),
                Err(RecvError::Closed) => return Ok(Piece::End(StreamEndReason::Shutdown)),
            }
        }
        while frames.len() < PIECE_BYTES {
            match self.events.try_recv() {
                Ok(event) => self.add(&mut frames, Ok(event)),
                Err(TryRecvError::Lagged(lost)) => self.add(&mut frames, Err(lost)),
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        Ok(Piece::Send(frames.freeze()))
    }

    async fn recheck(&mut self, caller: &Caller) -> ApiResult<Option<StreamEndReason>> {
        if self.admin != caller.admin {
            self.admin = caller.admin;
            // What the caller may see has changed as a whole: the lists must be fetched again.
            self.own.get_or_insert("resync");
        }
        Ok(None)
    }
}
