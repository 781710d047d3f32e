//! The newest lines of a followed journal, and where in them a viewer goes on. Pure.
//!
//! Lines are numbered as they are pushed. A viewer that has read the journal by itself up to some line finds that line's
//! cursor here and goes on behind it; what it knows of the numbers tells whether a cursor that is not here is yet to come or
//! gone already. So lines are neither lost nor given twice, without comparing cursors, which only the journal can.

use std::collections::VecDeque;

use crate::supervisor::{LogCursor, LogEvent};

/// A viewer's place among the numbered lines: the number of the line that it is to get next.
pub(super) type Number = u64;

/// What a viewer was given last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Last {
    /// Nothing at all: whatever comes is new to it.
    Nothing,
    Line(LogCursor),
    /// That lines are missing. What it was given before is gone from the journal, though a feed that lags may still have it.
    Gone,
}

impl Last {
    pub(super) fn of(event: &LogEvent) -> Self {
        match event {
            LogEvent::Line(line) => Self::Line(line.cursor.clone()),
            LogEvent::Skipped { .. } => Self::Gone,
        }
    }

    /// The line to read the journal behind; from the oldest on without one.
    pub(super) fn cursor(&self) -> Option<&LogCursor> {
        match self {
            Self::Line(cursor) => Some(cursor),
            Self::Nothing | Self::Gone => None,
        }
    }
}

impl From<Option<LogCursor>> for Last {
    fn from(line: Option<LogCursor>) -> Self {
        line.map_or(Self::Nothing, Self::Line)
    }
}

/// Where a viewer goes on that has read the journal by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Join {
    /// Here.
    At(Number),
    /// The line that it has read last is still to be pushed: the viewer is ahead.
    Wait,
    /// Nothing came since it looked, and it cannot tell whether what comes next is new: it looks again once something does.
    Idle,
    /// Lines between may be gone from here: it has to read the journal once more from its last line on.
    Read,
}

/// Lines from a place on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// These come next; there are none yet when it is empty. Then it goes on at the number.
    Lines(Vec<LogEvent>, Number),
    /// The next line is gone from here.
    Gone,
}

/// The newest lines, bounded by what they weigh.
#[derive(Debug)]
pub(super) struct Ring {
    events: VecDeque<LogEvent>,
    /// The number of the first event that is kept.
    first: Number,
    /// The cursor of the line before the first one; none where there is no line before it at all.
    before: Option<LogCursor>,
    bytes: usize,
    most_bytes: usize,
}

impl Ring {
    /// A ring behind the line of a cursor, or at the very beginning.
    pub(super) fn behind(before: Option<LogCursor>, most_bytes: usize) -> Self {
        Self { events: VecDeque::new(), first: 0, before, bytes: 0, most_bytes }
    }

    /// The number that the next line will have.
    pub(super) fn next_number(&self) -> Number {
        self.first + self.events.len() as Number
    }

    pub(super) fn push(&mut self, event: LogEvent) {
        self.bytes += weight(&event);
        self.events.push_back(event);
        // The newest stays, whatever it weighs.
        while self.bytes > self.most_bytes && self.events.len() > 1 {
            let Some(event) = self.events.pop_front() else { return };
            self.bytes -= weight(&event);
            self.first += 1;
            if let LogEvent::Line(line) = event {
                self.before = Some(line.cursor);
            }
        }
    }

    /// The place behind what a viewer was given last, if it is known here.
    pub(super) fn find(&self, last: &Last) -> Option<Number> {
        // What is gone has no place: this may have lines of before it and of after it.
        if *last == Last::Gone {
            return None;
        }
        let last = last.cursor();
        let is_last = |event: &LogEvent| matches!(event, LogEvent::Line(line) if Some(&line.cursor) == last);
        // A viewer that joins has read to the end, so that its line is one of the newest.
        if let Some(index) = self.events.iter().rposition(is_last) {
            return Some(self.first + index as Number + 1);
        }
        (self.before.as_ref() == last).then_some(self.first)
    }

    /// Where a viewer goes on that began to read the journal when the next number here was `mark` and has read it to its
    /// end.
    pub(super) fn join(&self, last: &Last, mark: Number) -> Join {
        match (last, self.find(last)) {
            // The journal was empty when it looked. What had been pushed by the mark is gone from it, the rest is new.
            (Last::Nothing, _) if self.first <= mark => Join::At(mark),
            // It was empty as well, but the rest may be what this viewer was given before. All of that is gone from the
            // journal, so that whatever is in there later on is new.
            (Last::Gone, _) if self.next_number() == mark => Join::Idle,
            (_, Some(number)) => Join::At(number),
            // What had been pushed by then it has read too, so its last line is the one before the mark or a later one. All
            // of these that were pushed are still here, and its own is none of them.
            (Last::Line(_), None) if self.first <= mark => Join::Wait,
            (_, None) => Join::Read,
        }
    }

    /// At most `most` lines from a place on.
    pub(super) fn take(&self, next: Number, most: usize) -> Taken {
        let Some(skip) = next.checked_sub(self.first).and_then(|skip| usize::try_from(skip).ok()) else {
            return Taken::Gone;
        };
        let events: Vec<LogEvent> = self.events.iter().skip(skip).take(most).cloned().collect();
        let next = next + events.len() as Number;
        Taken::Lines(events, next)
    }
}

/// What an event takes in memory, about.
fn weight(event: &LogEvent) -> usize {
    size_of::<LogEvent>()
        + match event {
            LogEvent::Line(line) => line.cursor.0.len() + line.text.len(),
            LogEvent::Skipped { .. } => 0,
        }
}

#[cfg(test)]
mod tests;
