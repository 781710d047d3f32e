//! Lines of text as rows of a form: each has a key that stays while others come and go. Pure; no browser in it.

use std::collections::BTreeMap;

/// What tells a row from the others for as long as the form is open.
pub type Key = u32;

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    key: Key,
    text: String,
}

/// All rows, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines {
    rows: Vec<Line>,
    next_key: Key,
}

impl Lines {
    pub fn new(texts: &[String]) -> Self {
        let mut lines = Self::default();
        for text in texts {
            lines.insert(lines.rows.len(), text.clone());
        }
        lines
    }

    pub fn keys(&self) -> Vec<Key> {
        self.rows.iter().map(|line| line.key).collect()
    }

    /// The text of every row.
    pub fn texts(&self) -> Vec<String> {
        self.rows.iter().map(|line| line.text.clone()).collect()
    }

    /// All rows in one text, a line each.
    pub fn block(&self) -> String {
        self.texts().join("\n")
    }

    /// Takes a text apart into rows. Rows whose place and text stay keep their keys.
    pub fn set_block(&mut self, block: &str) {
        let texts: Vec<&str> = if block.is_empty() { Vec::new() } else { block.lines_of_text().collect() };
        self.rows.truncate(texts.len());
        for (index, text) in texts.into_iter().enumerate() {
            match self.rows.get_mut(index) {
                Some(row) => text.clone_into(&mut row.text),
                None => drop(self.insert(index, text.to_owned())),
            }
        }
    }

    pub fn position(&self, key: Key) -> Option<usize> {
        self.rows.iter().position(|line| line.key == key)
    }

    pub fn text(&self, key: Key) -> Option<&str> {
        self.rows.iter().find(|line| line.key == key).map(|line| line.text.as_str())
    }

    pub fn set_text(&mut self, key: Key, text: String) {
        if let Some(line) = self.rows.iter_mut().find(|line| line.key == key) {
            line.text = text;
        }
    }

    /// A new empty row at the end.
    pub fn push(&mut self) -> Key {
        self.insert(self.rows.len(), String::new())
    }

    /// Breaks a row in two where the caret is; answers the key of the second.
    pub fn split(&mut self, key: Key, before: &str, after: &str) -> Option<Key> {
        let index = self.position(key)?;
        before.clone_into(&mut self.rows[index].text);
        Some(self.insert(index + 1, after.to_owned()))
    }

    /// Takes a row away; answers the key of the one that the focus should go to.
    pub fn remove(&mut self, key: Key) -> Option<Key> {
        let index = self.position(key)?;
        self.rows.remove(index);
        self.rows.get(index.saturating_sub(1)).map(|line| line.key)
    }

    /// The row above or below.
    pub fn neighbour(&self, key: Key, below: bool) -> Option<Key> {
        let index = self.position(key)?;
        let index = if below { index.checked_add(1) } else { index.checked_sub(1) };
        self.rows.get(index?).map(|line| line.key)
    }

    /// Puts a text of several lines into a row between what stood before and after the caret: its first line ends the
    /// row, each other becomes a row of its own. Answers the key of the last.
    pub fn paste(&mut self, key: Key, before: &str, pasted: &str, after: &str) -> Option<Key> {
        let index = self.position(key)?;
        // What ends in a line break was copied as whole lines; an empty row more would not be meant.
        let pasted = pasted.strip_suffix('\n').unwrap_or(pasted);
        let mut texts: Vec<String> = pasted.lines_of_text().map(str::to_owned).collect();
        if let Some(first) = texts.first_mut() {
            first.insert_str(0, before);
        }
        if let Some(last) = texts.last_mut() {
            last.push_str(after);
        }
        let mut last = key;
        for (offset, text) in texts.into_iter().enumerate() {
            if offset == 0 {
                self.set_text(key, text);
            } else {
                last = self.insert(index + offset, text);
            }
        }
        Some(last)
    }

    /// Messages about places in the list, such as `arguments[3]`, as messages about rows.
    pub fn by_key(&self, entries: Vec<(usize, String)>) -> BTreeMap<Key, String> {
        entries.into_iter().filter_map(|(index, message)| Some((self.rows.get(index)?.key, message))).collect()
    }

    fn insert(&mut self, index: usize, text: String) -> Key {
        let key = self.next_key;
        self.next_key += 1;
        self.rows.insert(index, Line { key, text });
        key
    }
}

trait LinesOfText {
    /// Splits at every line break, whichever system it came from. Unlike `lines`, keeps an empty last line.
    fn lines_of_text(&self) -> impl Iterator<Item = &str>;
}

impl LinesOfText for str {
    fn lines_of_text(&self) -> impl Iterator<Item = &str> {
        self.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(texts: &[&str]) -> Lines {
        Lines::new(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_block_of_lines_becomes_rows_where_it_was_pasted() {
        let mut rows = lines(&["first", "abcd", "last"]);
        let end = rows.paste(1, "ab", "X\r\nY\nZ\n", "cd");
        assert_eq!(rows.texts(), ["first", "abX", "Y", "Zcd", "last"]);
        assert_eq!(end.and_then(|key| rows.position(key)), Some(3));
    }

    #[test]
    fn a_text_and_its_rows_are_the_same() {
        let mut rows = lines(&["one", "", "three"]);
        assert_eq!(rows.block(), "one\n\nthree");
        rows.set_block("one\n\nthree\n");
        assert_eq!(rows.texts(), ["one", "", "three", ""]);
        assert_eq!(rows.block(), "one\n\nthree\n");
        rows.set_block("");
        assert!(rows.texts().is_empty());
    }

    #[test]
    fn keys_stay_with_their_rows() {
        let mut rows = lines(&["a", "b"]);
        let new = rows.split(0, "a", "").expect("row 0 is there");
        assert_eq!(rows.texts(), ["a", "", "b"]);
        assert_eq!(rows.keys(), [0, new, 1]);
        assert_eq!(rows.remove(new), Some(0));
        assert_eq!((rows.neighbour(0, true), rows.neighbour(0, false), rows.neighbour(1, true)), (Some(1), None, None));
    }

    #[test]
    fn messages_find_their_rows() {
        let rows = lines(&["a", "b"]);
        let found = rows.by_key(vec![(1, "wrong".to_owned()), (7, "gone".to_owned())]);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [(1, "wrong".to_owned())]);
    }
}
