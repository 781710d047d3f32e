//! A game's output in systemd's journal, read by `journalctl` in its export format.
//!
//! The program is there wherever the journal is and knows all its files' formats; the library behind it would bring C into
//! a build that has none. A cursor is the journal's own. Resuming reads from the cursor's entry on, that entry
//! included, so that it is seen whether it is still there; `--after-cursor` can't tell and is reported to lose entries.
//!
//! However many look at an instance's log, one program follows the journal for them (`feed`). What a viewer has to read
//! before it can join the others (`viewer`), it reads by a program of its own, which ends with what is there.

mod export;
mod feed;
mod lines;
mod program;
mod reading;
mod ring;
mod viewer;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use futures::StreamExt;
use futures::stream::BoxStream;
use tokio_util::sync::CancellationToken;

pub(super) use self::feed::Feeds;
use self::lines::Assembler;
use self::program::Program;
use self::viewer::Viewer;
use crate::error::HostError;
use crate::supervisor::{LogCursor, LogEvent, LogLine, LogStart};

/// A very long line lies in many entries: so many more are read, so that the first line wanted is whole.
const PIECES: usize = 64;
/// More entries than this are asked for as "all".
const MOST_ENTRIES: usize = 1_000_000;

/// One instance's part of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Journal {
    pub(super) unit: String,
    /// Older entries are those of an earlier instance of this name.
    pub(super) birth: SystemTime,
    pub(super) line_max_chars: usize,
}

/// Where reading begins.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// With the oldest entry.
    Oldest,
    /// With so many of the newest entries.
    Newest(usize),
    /// With the entry of a cursor.
    At(LogCursor),
}

impl Journal {
    /// The last `lines` lines.
    pub(super) async fn last(&self, lines: usize) -> Result<Vec<LogLine>, HostError> {
        if lines == 0 {
            return Ok(Vec::new());
        }
        let mut program = Program::begin(&self.arguments(&Place::Newest(lines.saturating_add(PIECES)), false))?;
        let mut assembler = Assembler::new(self.line_max_chars);
        let mut found = Vec::new();
        while let Some(entries) = program.next().await? {
            for entry in entries {
                found.extend(assembler.push(entry));
            }
        }
        let surplus = found.len().saturating_sub(lines);
        Ok(found.split_off(surplus))
    }

    /// Follows from `start` on, together with whoever else does, until `ended` and all that came until then is read.
    pub(super) async fn follow(
        self,
        feeds: &Arc<Feeds>,
        start: LogStart,
        ended: CancellationToken,
    ) -> Result<BoxStream<'static, Result<LogEvent, HostError>>, HostError> {
        let feeds = Arc::clone(feeds);
        let lines = match start {
            LogStart::After(cursor) => return Ok(Viewer::behind(self, feeds, cursor, ended)?.into_stream()),
            LogStart::Last(lines) => lines,
        };
        // Also who wants none of them has to know where the journal ends.
        let mut first = self.last(lines.max(1)).await?;
        let last = first.last().map(|line| line.cursor.clone());
        first.truncate(lines);
        let first = futures::stream::iter(first.into_iter().map(|line| Ok(LogEvent::Line(line))));
        Ok(first.chain(Viewer::at_the_end(self, feeds, last, ended).into_stream()).boxed())
    }

    fn arguments(&self, place: &Place, follow: bool) -> Vec<String> {
        let mut arguments = vec![
            "--output=export".to_owned(),
            "--output-fields=MESSAGE,_LINE_BREAK".to_owned(),
            "--all".to_owned(),
            "--quiet".to_owned(),
        ];
        if follow {
            arguments.push("--follow".to_owned());
        }
        let since = self.birth.duration_since(UNIX_EPOCH).unwrap_or_default();
        let since = format!("--since=@{}.{:06}", since.as_secs(), since.subsec_micros());
        match place {
            Place::Oldest => arguments.extend(["--no-tail".to_owned(), since]),
            Place::Newest(entries) if *entries > MOST_ENTRIES => arguments.extend(["--no-tail".to_owned(), since]),
            Place::Newest(entries) => arguments.extend([format!("--lines={entries}"), since]),
            Place::At(cursor) => arguments.extend(["--no-tail".to_owned(), format!("--cursor={}", cursor.0)]),
        }
        // What the unit itself printed; systemd's own words about it have another field.
        arguments.push(format!("_SYSTEMD_UNIT={}", self.unit));
        arguments
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_cursor_and_a_time_are_never_given_together() {
        let birth = UNIX_EPOCH + Duration::from_micros(1_700_000_000_000_042);
        let journal = Journal { unit: "l4d2-server@one.service".into(), birth, line_max_chars: 10 };
        let at = journal.arguments(&Place::At(LogCursor("s=1;i=2".into())), true);
        assert!(at.contains(&"--cursor=s=1;i=2".to_owned()) && at.contains(&"--follow".to_owned()));
        assert!(!at.iter().any(|argument| argument.starts_with("--since")));
        let newest = journal.arguments(&Place::Newest(5), false);
        assert!(newest.contains(&"--lines=5".to_owned()));
        assert!(newest.contains(&"--since=@1700000000.000042".to_owned()));
        assert_eq!(newest.last().expect("a match"), "_SYSTEMD_UNIT=l4d2-server@one.service");
    }
}
