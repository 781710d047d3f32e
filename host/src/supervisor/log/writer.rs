//! Appending to a log. One writer at a time: the instance's supervising process, which holds the instance's lock.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::{record, segments};
use crate::private::create_private_below;

/// When a segment is closed, and how many are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// A segment this long (in bytes) is followed by a new one.
    pub segment_bytes: u64,
    /// So many segments are kept, the one being written included.
    pub segments: usize,
}

impl Default for Rotation {
    fn default() -> Self {
        Self { segment_bytes: 8 * 1024 * 1024, segments: 4 }
    }
}

/// Appends records. A full disk loses lines, which are counted and told as soon as there is room; it never stops the
/// game.
#[derive(Debug)]
pub struct LogWriter {
    directory: PathBuf,
    rotation: Rotation,
    file: File,
    start: u64,
    length: u64,
    lost: u64,
    buffer: Vec<u8>,
}

impl LogWriter {
    /// Opens a log for appending, making it in its instance if needed, and cuts off what a crash tore.
    pub fn open(directory: &Path, rotation: Rotation) -> io::Result<Self> {
        create_private_below(directory)?;
        segments::generation_or_new(directory)?;
        let start = segments::starts(directory)?.last().copied().unwrap_or(0);
        let file = open_segment(directory, start)?;
        let length = whole_records(&file)?;
        file.set_len(length)?;
        Ok(Self { directory: directory.to_owned(), rotation, file, start, length, lost: 0, buffer: Vec::new() })
    }

    /// Appends lines that were read at `time` with as few writes as segments allow.
    pub fn append<'a>(&mut self, time: SystemTime, lines: impl IntoIterator<Item = &'a str>) {
        let mut pending = 0;
        for line in lines {
            record::encode(&mut self.buffer, time, line);
            pending += 1;
            if self.length + self.buffer.len() as u64 >= self.rotation.segment_bytes {
                self.flush(time, pending);
                pending = 0;
                self.rotate();
            }
        }
        self.flush(time, pending);
    }

    fn flush(&mut self, time: SystemTime, lines: u64) {
        if lines == 0 {
            return;
        }
        let mut batch = std::mem::take(&mut self.buffer);
        if self.lost > 0 {
            let mut notice = Vec::new();
            record::encode(&mut notice, time, &format!("({} lines could not be kept: the disk was full)", self.lost));
            batch.splice(..0, notice);
        }
        let records = lines + u64::from(self.lost > 0);
        if self.file.write_all(&batch).is_ok() {
            self.length += batch.len() as u64;
            self.lost = 0;
        } else {
            let kept = self.keep_whole_records();
            // The first record that is out is the notice, which tells what was lost until then.
            self.lost = if kept == 0 { self.lost + lines } else { records.saturating_sub(kept) };
        }
        batch.clear();
        self.buffer = batch;
    }

    /// Puts the segment right after a write that failed half-way, and says how many records of it are out. Those stay,
    /// for a reader may have seen them; half a record is cut off, for it would be read as a whole one once more was
    /// written behind it.
    fn keep_whole_records(&mut self) -> u64 {
        let (Ok(end), before) = (whole_records(&self.file), self.length) else { return 0 };
        if end < before || self.file.set_len(end).is_err() {
            return 0;
        }
        self.length = end;
        let mut out = vec![0; usize::try_from(end - before).unwrap_or(0)];
        match self.file.read_exact_at(&mut out, before) {
            Ok(()) => out.split_inclusive(|byte| *byte == b'\n').count() as u64,
            Err(_) => 0,
        }
    }

    /// Begins the next segment where this one ends, and removes the oldest. Goes on in this one when that fails.
    fn rotate(&mut self) {
        let next = self.start + self.length;
        if self.length == 0 {
            return;
        }
        if let Ok(file) = open_segment(&self.directory, next) {
            self.file = file;
            self.start = next;
            self.length = 0;
            self.remove_oldest();
        }
    }

    fn remove_oldest(&self) {
        let Ok(starts) = segments::starts(&self.directory) else { return };
        let excess = starts.len().saturating_sub(self.rotation.segments.max(1));
        for start in &starts[..excess] {
            // What can't be removed now is tried again at the next rotation.
            let _ = fs::remove_file(segments::path(&self.directory, *start));
        }
    }
}

fn open_segment(directory: &Path, start: u64) -> io::Result<File> {
    let path = segments::path(directory, start);
    OpenOptions::new().create(true).read(true).append(true).mode(0o600).open(path)
}

/// The length up to and with the last line end.
fn whole_records(file: &File) -> io::Result<u64> {
    let mut end = file.metadata()?.len();
    let mut chunk = [0; 4096];
    while end > 0 {
        let begin = end.saturating_sub(chunk.len() as u64);
        let part = &mut chunk[..usize::try_from(end - begin).unwrap_or(0)];
        file.read_exact_at(part, begin)?;
        if let Some(at) = part.iter().rposition(|byte| *byte == b'\n') {
            return Ok(begin + at as u64 + 1);
        }
        end = begin;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::super::LogReader;
    use super::*;

    fn texts(directory: &Path) -> Vec<String> {
        let lines = LogReader::last(directory, usize::MAX).expect("opened").read_to_end().expect("read");
        lines.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn a_write_that_failed_half_way_keeps_what_was_seen_and_cuts_what_is_torn() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut writer = LogWriter::open(directory.path(), Rotation::default()).expect("opened");
        writer.append(SystemTime::now(), ["one"]);
        // What the kernel had room for before it said no.
        writer.file.write_all(b"1700000000000 two\n1700000000000 three\n17000").expect("written");
        assert_eq!(texts(directory.path()), ["one", "two", "three"]);
        assert_eq!(writer.keep_whole_records(), 2);
        writer.append(SystemTime::now(), ["four"]);
        assert_eq!(texts(directory.path()), ["one", "two", "three", "four"]);
    }
}
