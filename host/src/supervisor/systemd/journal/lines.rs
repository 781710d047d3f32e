//! Puts the lines together again that the journal has split into several entries. Pure.

use super::export::Entry;
use crate::lines::LineDecoder;
use crate::supervisor::LogLine;

/// Makes lines of entries. A line's cursor is that of its last entry, so that following from it gives the next line.
#[derive(Debug)]
pub(super) struct Assembler {
    decoder: LineDecoder,
    /// The line that is not at its end but already longer than what is kept of it.
    cut: Option<String>,
}

impl Assembler {
    pub(super) fn new(line_max_chars: usize) -> Self {
        Self { decoder: LineDecoder::new(line_max_chars), cut: None }
    }

    /// Takes the next entry; gives the line that it completes.
    pub(super) fn push(&mut self, entry: Entry) -> Option<LogLine> {
        let mut lines = Vec::new();
        self.decoder.push(&entry.message, &mut lines);
        // By a newline, a zero byte, or because nothing more came. Though the journal drops what is empty, the end of a line
        // that was split is an entry: the launcher leaves no empty one.
        let ends = entry.line_break.as_deref() != Some("line-max");
        if ends {
            self.decoder.push(b"\n", &mut lines);
        }
        // A message of the game's own holds no newline, so that this is one line at most.
        if let Some(line) = lines.pop() {
            self.cut = Some(line);
        }
        let text = ends.then(|| self.cut.take()).flatten()?;
        Some(LogLine { cursor: entry.cursor, time: entry.time, text })
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::supervisor::LogCursor;

    fn lines(entries: &[(&str, Option<&str>)]) -> Vec<(String, String)> {
        let mut assembler = Assembler::new(10);
        let numbered = entries.iter().enumerate().map(|(number, (message, line_break))| Entry {
            cursor: LogCursor(number.to_string()),
            time: UNIX_EPOCH,
            message: message.as_bytes().to_vec(),
            line_break: line_break.map(str::to_owned),
        });
        numbered.filter_map(|entry| assembler.push(entry)).map(|line| (line.cursor.0, line.text)).collect()
    }

    #[test]
    fn split_lines_are_one_again_and_end_at_their_last_entry() {
        let found = lines(&[("abc", Some("line-max")), ("def", None), ("next", Some("eof")), ("last", None)]);
        let expected = [("1", "abcdef"), ("2", "next"), ("3", "last")];
        assert_eq!(found, expected.map(|(cursor, text)| (cursor.to_owned(), text.to_owned())));
    }

    #[test]
    fn a_line_ends_though_the_journal_drops_what_is_left_of_it() {
        let found = lines(&[("a", Some("nul")), ("b", Some("nul")), ("end", None)]);
        assert_eq!(found, [("0", "a"), ("1", "b"), ("2", "end")].map(|(cursor, text)| (cursor.into(), text.into())));
        let found = lines(&[("0123456789abc", Some("line-max")), ("\r", None), ("next", None)]);
        let cut = format!("0123456789{}", crate::lines::CUT_MARK);
        assert_eq!(found, [("1", cut.as_str()), ("2", "next")].map(|(cursor, text)| (cursor.into(), text.into())));
    }

    #[test]
    fn a_line_beyond_the_limit_is_cut_once() {
        let found =
            lines(&[("0123456789", Some("line-max")), ("abc", Some("line-max")), ("def", None), ("next", None)]);
        assert_eq!(found[0], ("2".to_owned(), format!("0123456789{}", crate::lines::CUT_MARK)));
        assert_eq!(found[1], ("3".to_owned(), "next".to_owned()));
        assert_eq!(found.len(), 2);
    }
}
