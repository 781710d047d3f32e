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

use self::export::Entry;
pub(super) use self::feed::Feeds;
use self::lines::Assembler;
use self::program::Program;
use self::viewer::{Spot, Viewer};
use crate::error::HostError;
use crate::layout::InstanceLayout;
use crate::log_mark::LogMark;
use crate::supervisor::{LogCursor, LogEvent, LogLine, LogStart};

/// A very long line lies in many entries: so many more are read, so that the first line wanted is whole.
const PIECES: usize = 64;
/// More entries than this are asked for as "all".
const MOST_ENTRIES: usize = 1_000_000;

/// One instance's part of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Journal {
    pub(super) unit: String,
    pub(super) own: Own,
    pub(super) line_max_chars: usize,
}

/// Which of the unit's entries are the instance's own: a deleted one of the same name may have left others.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Own {
    /// Those with its mark.
    Marked(LogMark),
    /// Those that are younger than it. It was made without a mark.
    Since(SystemTime),
}

impl Own {
    pub(super) fn of(instance: &InstanceLayout) -> Self {
        LogMark::of(instance)
            .map_or_else(|| Self::Since(birth(instance, SystemTime::now()).unwrap_or(UNIX_EPOCH)), Self::Marked)
    }

    fn holds(&self, entry: &Entry) -> bool {
        match self {
            // No others are asked for.
            Self::Marked(_) => true,
            Self::Since(birth) => entry.time >= *birth,
        }
    }
}

/// When an instance was made, as far as that can be told: by a clock that was ahead then it is nothing to go by.
fn birth(instance: &InstanceLayout, now: SystemTime) -> Option<SystemTime> {
    let birth = std::fs::metadata(instance.dir()).and_then(|metadata| metadata.created());
    birth.ok().filter(|birth| *birth <= now)
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
            let own = entries.into_iter().filter(|entry| self.own.holds(entry));
            found.extend(own.filter_map(|entry| assembler.push(entry)));
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
        let spot = Spot::now(&feeds, &self);
        // Also who wants none of them has to know where the journal ends.
        let mut first = self.last(lines.max(1)).await?;
        let last = first.last().map(|line| line.cursor.clone());
        first.truncate(lines);
        let first = futures::stream::iter(first.into_iter().map(|line| Ok(LogEvent::Line(line))));
        Ok(first.chain(Viewer::at_the_end(self, feeds, last, spot, ended).into_stream()).boxed())
    }

    fn arguments(&self, place: &Place, follow: bool) -> Vec<String> {
        let mut arguments = vec![
            "--output=export".to_owned(),
            "--output-fields=MESSAGE,_LINE_BREAK".to_owned(),
            "--all".to_owned(),
            "--quiet".to_owned(),
        ];
        if follow {
            // By itself `--follow` means the present boot alone, whose lines are no others' successors: the one to go on behind
            // may be of an earlier boot. Nor is it told by a unit that sees another boot's id, as in some containers.
            arguments.extend(["--follow".to_owned(), "--merge".to_owned()]);
        }
        match place {
            // Without a time: with one, systemd 252 counts from there and gives the first entries instead of the last.
            Place::Newest(entries) if *entries <= MOST_ENTRIES => arguments.push(format!("--lines={entries}")),
            Place::At(cursor) => arguments.extend(["--no-tail".to_owned(), format!("--cursor={}", cursor.0)]),
            Place::Oldest | Place::Newest(_) => {
                arguments.push("--no-tail".to_owned());
                if let Own::Since(birth) = &self.own {
                    let since = birth.duration_since(UNIX_EPOCH).unwrap_or_default();
                    arguments.push(format!("--since=@{}.{:06}", since.as_secs(), since.subsec_micros()));
                }
            }
        }
        if let Own::Marked(mark) = &self.own {
            arguments.push(format!("SYSLOG_IDENTIFIER={}", mark.as_str()));
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
    use crate::layout::Layout;
    use crate::name::InstanceName;

    #[test]
    fn a_time_is_given_for_all_entries_only() {
        let birth = UNIX_EPOCH + Duration::from_micros(1_700_000_000_000_042);
        let journal = Journal { unit: "l4d2-server@one.service".into(), own: Own::Since(birth), line_max_chars: 10 };
        let at = journal.arguments(&Place::At(LogCursor("s=1;i=2".into())), true);
        assert!(at.contains(&"--cursor=s=1;i=2".to_owned()) && at.contains(&"--follow".to_owned()));
        assert!(at.contains(&"--merge".to_owned()), "the line to go on behind may be of an earlier boot");
        assert!(!at.iter().any(|argument| argument.starts_with("--since")));
        let newest = journal.arguments(&Place::Newest(5), false);
        assert!(newest.contains(&"--lines=5".to_owned()));
        assert!(!newest.iter().any(|argument| argument.starts_with("--since")));
        for place in [Place::Oldest, Place::Newest(MOST_ENTRIES + 1)] {
            assert!(journal.arguments(&place, false).contains(&"--since=@1700000000.000042".to_owned()));
        }
        assert_eq!(newest.last().expect("a match"), "_SYSTEMD_UNIT=l4d2-server@one.service");
    }

    #[test]
    fn where_there_is_a_mark_no_time_matters() {
        let mark = LogMark::new();
        let matched = format!("SYSLOG_IDENTIFIER={}", mark.as_str());
        let own = Own::Marked(mark);
        assert!(own.holds(&entry_of(UNIX_EPOCH)));
        let journal = Journal { unit: "l4d2-server@one.service".into(), own, line_max_chars: 10 };
        for place in
            [Place::Oldest, Place::Newest(5), Place::Newest(MOST_ENTRIES + 1), Place::At(LogCursor("s".into()))]
        {
            let arguments = journal.arguments(&place, true);
            assert!(!arguments.iter().any(|argument| argument.starts_with("--since")), "{arguments:?}");
            assert!(arguments.contains(&matched), "{arguments:?}");
        }
    }

    #[test]
    fn without_a_mark_what_is_older_than_the_instance_is_not_its_own_unless_the_clock_was_put_back() {
        let directory = tempfile::tempdir().expect("a directory");
        let instance =
            Layout::new(directory.path(), directory.path()).instance(&InstanceName::parse("one").expect("a name"));
        std::fs::create_dir_all(instance.dir()).expect("an instance");
        let now = SystemTime::now();
        let Own::Since(made) = Own::of(&instance) else { panic!("it has no mark") };
        assert!(made > UNIX_EPOCH && made <= now, "{made:?}");
        assert!(Own::Since(made).holds(&entry_of(now)) && !Own::Since(made).holds(&entry_of(UNIX_EPOCH)));
        assert_eq!(birth(&instance, made), Some(made));
        assert_eq!(birth(&instance, made - Duration::from_secs(1)), None);
    }

    fn entry_of(time: SystemTime) -> Entry {
        Entry { cursor: LogCursor("s".into()), time, message: Vec::new(), line_break: None }
    }
}
