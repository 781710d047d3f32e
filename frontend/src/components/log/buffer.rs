//! The lines of a log that the page keeps: the last ones, up to a bound, and where each lies on the pane. Pure.
//!
//! Lines have keys that grow by one; a line that was dropped never comes back. Rows are counted from the very first line,
//! so that dropping lines moves nothing: the first row kept is subtracted where a row becomes a place on the page.

use std::collections::VecDeque;
use std::ops::Range;

use super::ansi::{self, Text};
use super::columns::columns;
use super::search;
use super::times::Second;

/// Lines kept at most.
pub const MOST_LINES: usize = 50_000;
/// Bytes of text kept at most, so that very long lines are bounded, too.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// Where a line comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Stdout,
    Stderr,
    /// The panel's own words in the log.
    System,
    /// This page's own words, which are no part of the log.
    Mark,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub kind: Kind,
    /// Its number in the log, where the log has numbers.
    pub number: Option<i64>,
    /// When it was written, where that is known.
    pub second: Option<Second>,
    pub text: Text,
    columns: usize,
    first_row: usize,
}

/// The lines kept.
#[derive(Debug, Clone, Default)]
pub struct LogBuffer {
    lines: VecDeque<Line>,
    /// The key of the first line kept.
    first_key: usize,
    bytes: usize,
    /// The columns that a row has; `None` where long lines are not wrapped.
    wrap_at: Option<usize>,
    /// The greatest number of columns of any line so far.
    widest: usize,
    query: String,
    /// The keys of the lines that hold the query.
    matches: VecDeque<usize>,
}

impl LogBuffer {
    /// Adds a line at the end; the oldest go when there are too many.
    pub fn push(&mut self, kind: Kind, number: Option<i64>, second: Option<Second>, raw: &str) {
        let text = ansi::parse(raw);
        let columns = columns(&text.plain);
        let first_row = self.end_row();
        if kind != Kind::Mark && search::contains(&text.plain, &self.query) {
            self.matches.push_back(self.end_key());
        }
        self.bytes += text.plain.len();
        self.widest = self.widest.max(columns);
        self.lines.push_back(Line { kind, number, second, text, columns, first_row });
        while self.lines.len() > MOST_LINES || self.bytes > MOST_BYTES {
            self.drop_first();
        }
    }

    /// Adds words of the page's own at the end.
    pub fn mark(&mut self, words: &str) {
        self.push(Kind::Mark, None, None, words);
    }

    fn drop_first(&mut self) {
        let Some(line) = self.lines.pop_front() else { return };
        self.bytes -= line.text.plain.len();
        self.first_key += 1;
        while self.matches.front().is_some_and(|key| *key < self.first_key) {
            self.matches.pop_front();
        }
    }

    /// Forgets all lines; keys go on, so that what is drawn is drawn anew.
    pub fn clear(&mut self) {
        self.first_key = self.end_key();
        self.lines.clear();
        self.matches.clear();
        self.bytes = 0;
        self.widest = 0;
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    pub fn get(&self, key: usize) -> Option<&Line> {
        self.lines.get(key.checked_sub(self.first_key)?)
    }

    /// The number of the first line that has one.
    pub fn first_number(&self) -> Option<i64> {
        self.lines.iter().find_map(|line| line.number)
    }

    /// When the first line and the last one were written.
    pub fn ends(&self) -> [Option<Second>; 2] {
        let is_of_the_log = |line: &&Line| line.kind != Kind::Mark;
        [self.lines.iter().find(is_of_the_log), self.lines.iter().rfind(is_of_the_log)]
            .map(|line| line.and_then(|line| line.second))
    }

    /// Whether older lines go when new ones come, or nearly so: this page's own words count, too.
    pub fn is_full(&self) -> bool {
        self.lines.len() + 1 >= MOST_LINES
    }

    fn end_key(&self) -> usize {
        self.first_key + self.lines.len()
    }

    /// All keys.
    pub fn keys(&self) -> Range<usize> {
        self.first_key..self.end_key()
    }

    /// The lines as a file would hold them.
    pub fn to_text(&self) -> String {
        let mut text = String::with_capacity(self.bytes + self.lines.len());
        for line in self.lines.iter().filter(|line| line.kind != Kind::Mark) {
            text.push_str(&line.text.plain);
            text.push('\n');
        }
        text
    }

    // Places.

    /// Says how many columns a row has; `None` doesn't wrap.
    pub fn wrap_at(&mut self, columns: Option<usize>) {
        let columns = columns.map(|columns| columns.max(1));
        if columns == self.wrap_at {
            return;
        }
        self.wrap_at = columns;
        let mut row = 0;
        for line in &mut self.lines {
            line.first_row = row;
            row += rows(line.columns, columns);
        }
    }

    /// The columns of the widest line.
    pub fn widest(&self) -> usize {
        self.widest
    }

    /// The row where the first line kept begins.
    pub fn first_row(&self) -> usize {
        self.lines.front().map_or(0, |line| line.first_row)
    }

    fn end_row(&self) -> usize {
        self.lines.back().map_or(0, |line| line.first_row + rows(line.columns, self.wrap_at))
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.end_row() - self.first_row()
    }

    /// Where a line begins, in rows from the first one kept.
    pub fn row_of(&self, key: usize) -> Option<usize> {
        Some(self.get(key)?.first_row - self.first_row())
    }

    /// The lines that have a part of themselves within rows counted from the first one kept.
    pub fn keys_within(&self, rows: Range<usize>) -> Range<usize> {
        let base = self.first_row();
        let (start, end) = (base + rows.start, base + rows.end);
        let behind_start = self.lines.partition_point(|line| line.first_row <= start);
        let behind_end = self.lines.partition_point(|line| line.first_row < end);
        let first = behind_start.saturating_sub(1);
        self.first_key + first..self.first_key + behind_end.max(first)
    }

    // Searching.

    /// Says what is searched for; nothing when it is empty.
    pub fn search(&mut self, query: &str) {
        query.clone_into(&mut self.query);
        let keys = self.first_key..;
        let is_of_the_log = |(line, _): &(&Line, usize)| line.kind != Kind::Mark;
        let lines = self.lines.iter().zip(keys).filter(is_of_the_log);
        let hits = lines.filter(|(line, _)| search::contains(&line.text.plain, query));
        self.matches = hits.map(|(_, key)| key).collect();
    }

    /// How many lines hold what is searched for.
    pub fn match_count(&self) -> usize {
        self.matches.len()
    }

    /// Which of those lines `key` is, counted from 1.
    pub fn match_position(&self, key: usize) -> Option<usize> {
        self.matches.binary_search(&key).ok().map(|position| position + 1)
    }

    /// The next such line behind `key`, from the top again at the end.
    pub fn next_match(&self, key: Option<usize>) -> Option<usize> {
        let position = key.map_or(0, |key| self.matches.partition_point(|hit| *hit <= key));
        self.matches.get(position).or_else(|| self.matches.front()).copied()
    }

    /// The last such line before `key`, from the end again at the top.
    pub fn previous_match(&self, key: Option<usize>) -> Option<usize> {
        let position = key.map_or(0, |key| self.matches.partition_point(|hit| *hit < key));
        position.checked_sub(1).and_then(|position| self.matches.get(position)).or_else(|| self.matches.back()).copied()
    }
}

/// How many rows a line takes; an empty one takes one, too.
fn rows(columns: usize, wrap_at: Option<usize>) -> usize {
    wrap_at.map_or(1, |width| columns.div_ceil(width).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buffer(lines: &[&str]) -> LogBuffer {
        let mut buffer = LogBuffer::default();
        for line in lines {
            buffer.push(Kind::Stdout, None, None, line);
        }
        buffer
    }

    #[test]
    fn the_last_lines_are_kept() {
        let mut buffer = LogBuffer::default();
        for number in 1..=60_000 {
            buffer.push(Kind::Stdout, Some(number), None, "x");
        }
        assert_eq!(buffer.keys(), 10_000..60_000);
        assert_eq!(buffer.get(9_999), None);
        assert_eq!(buffer.get(10_000).and_then(|line| line.number), Some(10_001));
        assert_eq!(buffer.rows(), MOST_LINES);
        assert_eq!(buffer.row_of(10_000), Some(0));
    }

    #[test]
    fn very_long_lines_are_bounded_by_their_bytes() {
        let mut buffer = LogBuffer::default();
        let long = "x".repeat(1024 * 1024);
        for _ in 0..20 {
            buffer.push(Kind::Stdout, None, None, &long);
        }
        assert_eq!(buffer.keys().len(), 16);
    }

    #[test]
    fn wrapped_lines_take_the_rows_they_need() {
        let mut buffer = buffer(&["1234567890", "", "12345", "123456"]);
        assert_eq!(buffer.rows(), 4);
        buffer.wrap_at(Some(5));
        assert_eq!(buffer.rows(), 2 + 1 + 1 + 2);
        assert_eq!(buffer.row_of(3), Some(4));
        buffer.push(Kind::Stdout, None, None, "日本語");
        assert_eq!(buffer.rows(), 8);
        buffer.wrap_at(None);
        assert_eq!(buffer.rows(), 5);
        assert_eq!(buffer.widest(), 10);
    }

    #[test]
    fn the_lines_on_the_pane_are_found_by_rows() {
        let mut buffer = buffer(&["1234567890", "", "12345", "123456"]);
        buffer.wrap_at(Some(5));
        assert_eq!(buffer.keys_within(0..1), 0..1);
        assert_eq!(buffer.keys_within(1..3), 0..2);
        assert_eq!(buffer.keys_within(3..100), 2..4);
        assert_eq!(buffer.keys_within(100..200), 3..4);
        assert_eq!(LogBuffer::default().keys_within(0..10), 0..0);
    }

    #[test]
    fn matches_are_kept_up_to_date() {
        let mut buffer = buffer(&["an Error", "fine", "error again"]);
        buffer.search("error");
        assert_eq!(buffer.match_count(), 2);
        buffer.push(Kind::Stdout, None, None, "one more ERROR");
        assert_eq!(buffer.match_count(), 3);
        assert_eq!(buffer.match_position(3), Some(3));
        buffer.search("");
        assert_eq!(buffer.match_count(), 0);
    }

    #[test]
    fn going_through_the_matches_begins_again_at_the_end() {
        let mut buffer = buffer(&["x", "-", "x", "-"]);
        buffer.search("x");
        assert_eq!(buffer.next_match(None), Some(0));
        assert_eq!(buffer.next_match(Some(0)), Some(2));
        assert_eq!(buffer.next_match(Some(2)), Some(0));
        assert_eq!(buffer.previous_match(Some(2)), Some(0));
        assert_eq!(buffer.previous_match(Some(0)), Some(2));
        assert_eq!(buffer.previous_match(None), Some(2));
    }

    #[test]
    fn the_pages_own_words_are_no_part_of_the_log() {
        let mut buffer = buffer(&["a", "\u{1b}[31mb"]);
        buffer.mark("lines were left out");
        assert_eq!(buffer.to_text(), "a\nb\n");
        buffer.search("were");
        buffer.mark("more were left out");
        assert_eq!(buffer.match_count(), 0);
    }

    #[test]
    fn a_cleared_log_begins_with_new_keys() {
        let mut buffer = buffer(&["a", "b"]);
        buffer.clear();
        buffer.push(Kind::Stdout, None, None, "c");
        assert_eq!(buffer.keys(), 2..3);
        assert_eq!(buffer.rows(), 1);
    }
}
