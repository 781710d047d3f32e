//! The journal as an endless stream.

use futures::stream::{self, BoxStream, StreamExt};
use tokio_util::sync::CancellationToken;

use super::lines::Assembler;
use super::program::Program;
use super::{Journal, Place};
use crate::error::HostError;
use crate::supervisor::{LogCursor, LogEvent};

type Event = Result<LogEvent, HostError>;

/// One follower, which lags alone when it is slow.
#[derive(Debug)]
pub(super) struct Follower {
    journal: Journal,
    place: Place,
    /// The entry that was seen already and is to come first, unless it is gone.
    known: Option<LogCursor>,
    program: Program,
    assembler: Assembler,
    /// Nothing more comes after this, apart from what is there.
    ended: CancellationToken,
    /// The program reads what is there and ends, rather than to wait for more.
    is_last: bool,
    is_over: bool,
}

impl Follower {
    pub(super) fn begin(
        journal: Journal,
        place: Place,
        known: Option<LogCursor>,
        ended: CancellationToken,
    ) -> Result<Self, HostError> {
        let program = Program::begin(&journal.arguments(&place, true))?;
        let assembler = Assembler::new(journal.line_max_chars);
        Ok(Self { journal, place, known, program, assembler, ended, is_last: false, is_over: false })
    }

    pub(super) fn into_stream(self) -> BoxStream<'static, Event> {
        stream::unfold(self, |mut follower| async move { follower.next().await.map(|events| (events, follower)) })
            .flat_map(stream::iter)
            .boxed()
    }

    async fn next(&mut self) -> Option<Vec<Event>> {
        while !self.is_over {
            match self.read().await {
                Ok(events) if events.is_empty() => {}
                Ok(events) => return Some(events.into_iter().map(Ok).collect()),
                Err(error) => {
                    self.is_over = true;
                    return Some(vec![Err(error)]);
                }
            }
        }
        None
    }

    async fn read(&mut self) -> Result<Vec<LogEvent>, HostError> {
        let entries = if self.is_last {
            self.program.next().await
        } else {
            let (program, ended) = (&mut self.program, &self.ended);
            let Some(entries) = ended.run_until_cancelled(program.next()).await else {
                self.is_last = true;
                self.begin_again()?;
                return Ok(Vec::new());
            };
            entries
        };
        match entries {
            Ok(Some(entries)) => Ok(entries.into_iter().flat_map(|entry| self.take(entry)).collect()),
            Ok(None) => {
                self.is_over = true;
                Ok(Vec::new())
            }
            // What is no cursor, or one of another machine, leads nowhere.
            Err(HostError::Supervisor(_)) if matches!(self.place, Place::At(_)) => {
                self.place = Place::Oldest;
                self.known = None;
                self.begin_again()?;
                Ok(vec![LogEvent::Skipped { lines: None }])
            }
            Err(error) => Err(error),
        }
    }

    /// Goes on behind the last line that was given.
    fn begin_again(&mut self) -> Result<(), HostError> {
        if let Place::At(cursor) = &self.place {
            self.known = Some(cursor.clone());
        }
        self.program = Program::begin(&self.journal.arguments(&self.place, !self.is_last))?;
        self.assembler = Assembler::new(self.journal.line_max_chars);
        Ok(())
    }

    fn take(&mut self, entry: super::export::Entry) -> Vec<LogEvent> {
        let mut events = Vec::new();
        if let Some(known) = self.known.take() {
            if known == entry.cursor {
                return events;
            }
            events.push(LogEvent::Skipped { lines: None });
        }
        if entry.time < self.journal.birth {
            return events;
        }
        if let Some(line) = self.assembler.push(entry) {
            self.place = Place::At(line.cursor.clone());
            events.push(LogEvent::Line(line));
        }
        events
    }
}
