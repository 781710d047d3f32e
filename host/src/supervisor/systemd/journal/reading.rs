//! One run of `journalctl` from a place on, as lines: to the end of what is there, or following what comes.

use super::export::Entry;
use super::lines::Assembler;
use super::program::Program;
use super::{Journal, Place};
use crate::error::HostError;
use crate::supervisor::{LogCursor, LogEvent};

/// How far a run goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// To the end of what is there.
    ToTheEnd,
    /// On and on.
    Following,
}

/// A run that goes on.
#[derive(Debug)]
pub(super) struct Reading {
    journal: Journal,
    extent: Extent,
    /// The entry that was seen already and is to come first, unless it is gone.
    known: Option<LogCursor>,
    program: Program,
    assembler: Assembler,
}

impl Reading {
    /// Begins behind a line, or with the oldest one.
    pub(super) fn behind(journal: Journal, last: Option<LogCursor>, extent: Extent) -> Result<Self, HostError> {
        let place = last.clone().map_or(Place::Oldest, Place::At);
        let program = Program::begin(&journal.arguments(&place, extent == Extent::Following))?;
        let assembler = Assembler::new(journal.line_max_chars);
        Ok(Self { journal, extent, known: last, program, assembler })
    }

    /// Whether the line that it was to begin behind has not been found.
    pub(super) fn misses_its_place(&self) -> bool {
        self.known.is_some()
    }

    /// The next lines, of which there may be none yet; nothing at the end. May be dropped while it waits.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<LogEvent>>, HostError> {
        match self.program.next().await {
            Ok(Some(entries)) => Ok(Some(entries.into_iter().flat_map(|entry| self.take(entry)).collect())),
            Ok(None) => Ok(None),
            // What is no cursor, or one of another machine, leads nowhere.
            Err(HostError::Supervisor(_)) if self.known.is_some() => {
                *self = Self::behind(self.journal.clone(), None, self.extent)?;
                Ok(Some(vec![LogEvent::Skipped { lines: None }]))
            }
            Err(error) => Err(error),
        }
    }

    fn take(&mut self, entry: Entry) -> Vec<LogEvent> {
        let mut events = Vec::new();
        if let Some(known) = self.known.take() {
            // One of an earlier instance is no line of this log.
            if known == entry.cursor && self.journal.own.holds(&entry) {
                return events;
            }
            events.push(LogEvent::Skipped { lines: None });
        }
        if self.journal.own.holds(&entry) {
            events.extend(self.assembler.push(entry).map(LogEvent::Line));
        }
        events
    }
}
