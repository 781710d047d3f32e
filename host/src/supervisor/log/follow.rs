//! A log as an endless stream.

use std::io;
use std::path::PathBuf;

use futures::stream::{self, BoxStream, StreamExt};
use tokio::sync::watch;

use super::LogReader;
use super::reader::Batch;
use crate::error::HostError;
use crate::supervisor::{LogEvent, LogStart};

/// Follows the log of `directory`. `changed` ticks whenever there may be more; the stream gives what is there and ends
/// once its sender is gone. Each follower reads by itself, so a slow one lags alone and holds one batch of lines.
///
/// The place to start at is that of the call, however late the stream is asked for its first line.
pub async fn follow(
    directory: PathBuf,
    start: LogStart,
    changed: watch::Receiver<u64>,
) -> BoxStream<'static, Result<LogEvent, HostError>> {
    let mut state = State { directory, start: Some(start), reader: None, begun: None, changed, ended: false };
    state.begun = Some(state.read().await);
    stream::unfold(state, |mut state| async move { state.next().await.map(|batch| (batch, state)) })
        .flat_map(stream::iter)
        .boxed()
}

struct State {
    directory: PathBuf,
    start: Option<LogStart>,
    reader: Option<LogReader>,
    /// What was there when it began.
    begun: Option<io::Result<Batch>>,
    changed: watch::Receiver<u64>,
    ended: bool,
}

impl State {
    async fn next(&mut self) -> Option<Vec<Result<LogEvent, HostError>>> {
        loop {
            let read = match self.begun.take() {
                Some(begun) => begun,
                None => self.read().await,
            };
            match read {
                Ok(batch) if !batch.events.is_empty() => return Some(batch.events.into_iter().map(Ok).collect()),
                Ok(_) | Err(_) if self.ended => return None,
                // Once more after the end, for what was written until then.
                Ok(_) => self.ended = self.changed.changed().await.is_err(),
                Err(error) => {
                    self.ended = true;
                    return Some(vec![Err(HostError::io("read the game's log", error))]);
                }
            }
        }
    }

    /// Reads off the async threads: a log may lie on a slow disk.
    async fn read(&mut self) -> io::Result<Batch> {
        // Marked as seen before reading, so that a change during the read is not missed.
        self.changed.borrow_and_update();
        let reader = self.reader.take();
        let start = self.start.take();
        let directory = self.directory.clone();
        let task = tokio::task::spawn_blocking(move || {
            let mut reader = match (reader, start) {
                (Some(reader), _) => reader,
                (None, Some(LogStart::After(cursor))) => LogReader::after(&directory, &cursor)?,
                (None, Some(LogStart::Last(count))) => LogReader::last(&directory, count)?,
                (None, None) => LogReader::last(&directory, 0)?,
            };
            let batch = reader.read()?;
            Ok::<_, io::Error>((reader, batch))
        });
        let (reader, batch) = task.await.map_err(io::Error::other)??;
        self.reader = Some(reader);
        Ok(batch)
    }
}

#[cfg(test)]
mod tests;
