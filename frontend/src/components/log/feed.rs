//! From a stream of the panel into the buffer of a log view: where to begin, where to go on, what to say in between.

use l4d2_contract::{Job, JobId, ServerId, StreamEnd, StreamEndReason, StreamSkipped};
use leptos::prelude::*;

use super::buffer::{Kind, LogBuffer, MOST_LINES};
use super::times::Second;
use crate::sse::{self, Connection, Flow, Message};
use crate::store::Store;

const EVENTS: &[&str] = &["time", "stdout", "stderr", "system", "state", "skipped", "end"];
/// Lines of a game that are asked for at the beginning.
const GAME_LINES: usize = 1_000;

/// Whose log it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogSource {
    Job(JobId),
    /// The output of a server's game.
    Server(ServerId),
}

/// A log as it comes in.
#[derive(Debug, Clone, Copy)]
pub struct Feed {
    source: LogSource,
    store: Store,
    pub buffer: RwSignal<LogBuffer>,
    pub connection: RwSignal<Connection>,
    /// Lines before those shown that could be fetched.
    pub earlier: RwSignal<u64>,
    /// Where to begin the next time, instead of with the last lines.
    begin_behind: RwSignal<Option<u64>>,
    /// The id of the last line.
    cursor: StoredValue<Option<String>>,
    /// When the lines that come now were written.
    second: StoredValue<Option<Second>>,
    /// Readers will be told of new lines before the next frame is drawn.
    drawing: StoredValue<bool>,
}

impl Feed {
    /// Follows the log until the present owner is cleaned up.
    pub fn follow(source: LogSource) -> Self {
        let feed = Self {
            source,
            store: Store::expect(),
            buffer: RwSignal::default(),
            connection: RwSignal::new(Connection::Connecting),
            earlier: RwSignal::new(0),
            begin_behind: RwSignal::new(None),
            cursor: StoredValue::new(None),
            second: StoredValue::new(None),
            drawing: StoredValue::new(false),
        };
        Effect::new(move |_| {
            let begin = feed.begin_behind.get();
            feed.cursor.set_value(begin.map(|seq| seq.to_string()));
            feed.earlier.set(begin.unwrap_or(0));
            feed.buffer.update(|buffer| {
                buffer.clear();
                // The panel says what it left out only where it chose itself where to begin.
                if let Some(lines) = begin.filter(|lines| *lines > 0) {
                    buffer.mark(&not_shown(lines));
                }
            });
            // That the session may have ended is found out by the store, whose stream then breaks, too.
            sse::follow(move || feed.url(), EVENTS, feed.connection, move |messages| feed.hear(&messages), || {});
        });
        feed
    }

    /// Reads the log again with as many earlier lines as are kept.
    pub fn load_earlier(self) {
        let (first, shown) = self.buffer.with_untracked(|buffer| (buffer.first_number(), buffer.keys().len()));
        let first = first.and_then(|first| u64::try_from(first).ok()).unwrap_or(1);
        self.begin_behind.set(Some(earlier_beginning(first, shown)));
    }

    /// Adds words of this page, which are no part of the log, below what there is.
    pub fn mark(self, words: &str) {
        self.buffer.update(|buffer| buffer.mark(words));
    }

    /// Whether there are earlier lines, and room for some of them.
    pub fn can_load_earlier(self) -> bool {
        self.earlier.get() > 0 && !self.buffer.with(LogBuffer::is_full)
    }

    /// Where to go on, or to begin. The query wins over what the browser would send by itself.
    fn url(self) -> String {
        let cursor = self.cursor.try_get_value().flatten();
        match (self.source, cursor) {
            (LogSource::Job(job), None) => format!("/api/v1/jobs/{job}/stream?times=true"),
            (LogSource::Job(job), Some(seq)) => format!("/api/v1/jobs/{job}/stream?times=true&last_seq={seq}"),
            (LogSource::Server(server), None) => {
                format!("/api/v1/servers/{server}/logs/stream?times=true&lines={GAME_LINES}")
            }
            (LogSource::Server(server), Some(cursor)) => {
                let cursor = js_sys::encode_uri_component(&cursor);
                format!("/api/v1/servers/{server}/logs/stream?times=true&cursor={cursor}")
            }
        }
    }

    fn hear(self, messages: &[Message]) -> Flow {
        let mut flow = Flow::GoOn;
        // Readers are told once a frame, however many lines come; a page in the background is told when it is seen again.
        self.buffer.try_update_untracked(|buffer| {
            for message in messages {
                match message.event {
                    // It comes whether times are shown or not: they can be at any moment.
                    "time" => self.second.set_value(Second::parse(&message.data)),
                    "stdout" => self.push(buffer, Kind::Stdout, message),
                    "stderr" => self.push(buffer, Kind::Stderr, message),
                    "system" => self.push(buffer, Kind::System, message),
                    "skipped" => self.note_skipped(buffer, &message.data),
                    "end" if self.is_over(&message.data) => flow = Flow::Stop,
                    _ => {}
                }
            }
        });
        for message in messages.iter().filter(|message| message.event == "state") {
            if let Ok(job) = serde_json::from_str::<Job>(&message.data) {
                self.store.accept_job(&job);
            }
        }
        self.draw();
        flow
    }

    fn push(self, buffer: &mut LogBuffer, kind: Kind, message: &Message) {
        // Only the numbers of a job's log are for people; a game's cursors are not.
        let number = match self.source {
            LogSource::Job(_) => message.id.parse().ok(),
            LogSource::Server(_) => None,
        };
        buffer.push(kind, number, self.second.get_value(), &message.data);
        self.cursor.set_value(Some(message.id.clone()));
    }

    fn note_skipped(self, buffer: &mut LogBuffer, data: &str) {
        let lines = serde_json::from_str::<StreamSkipped>(data).ok().and_then(|skipped| skipped.lines);
        let at_the_beginning = buffer.is_empty();
        let mark = match (lines, at_the_beginning) {
            (Some(lines), true) => not_shown(lines),
            (Some(lines), false) => format!("{lines} lines are missing here"),
            (None, _) => "Lines are missing here".to_owned(),
        };
        buffer.mark(&mark);
        if at_the_beginning && matches!(self.source, LogSource::Job(_)) {
            self.earlier.set(lines.unwrap_or(0));
        }
    }

    fn is_over(self, data: &str) -> bool {
        match serde_json::from_str::<StreamEnd>(data).map(|end| end.reason) {
            Ok(StreamEndReason::JobFinished | StreamEndReason::Deleted) => true,
            Ok(StreamEndReason::AccessRevoked) => {
                self.store.ask_who();
                true
            }
            // It comes back.
            Ok(StreamEndReason::Shutdown) | Err(_) => false,
        }
    }

    fn draw(self) {
        if self.drawing.try_get_value() != Some(false) {
            return;
        }
        self.drawing.set_value(true);
        request_animation_frame(move || {
            // The page may have been left since.
            if self.drawing.try_set_value(false).is_none() {
                self.buffer.notify();
            }
        });
    }
}

/// What stands above the first line shown.
fn not_shown(lines: u64) -> String {
    match lines {
        1 => "1 earlier line is not shown".to_owned(),
        lines => format!("{lines} earlier lines are not shown"),
    }
}

/// How many lines to leave out when as many as are kept are read: `first` is the number of the first line shown, `shown`
/// how many lines there are now, with the words above them.
fn earlier_beginning(first: u64, shown: usize) -> u64 {
    let more = MOST_LINES.saturating_sub(shown) as u64;
    first.saturating_sub(1).saturating_sub(more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_lines_as_are_kept_are_read_again_with_the_words_above_them() {
        // Of 2,500 lines the last 2,000 and the words above them.
        assert_eq!(earlier_beginning(501, 2_001), 0);
        let beginning = earlier_beginning(98_001, 2_001);
        assert_eq!(usize::try_from(100_000 - beginning).ok(), Some(MOST_LINES - 1));
    }
}
