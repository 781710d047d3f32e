//! Reading a log while it is written and rotated. Keeps no lock: it copes with files that appear, grow and vanish.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::record::{self, Generation};
use super::segments;
use crate::supervisor::{LogCursor, LogEvent, LogLine};

/// Read at once; also what a batch holds at most, unless a single record is longer.
const CHUNK_BYTES: usize = 128 * 1024;

/// Reads whole records from a place on.
#[derive(Debug)]
pub struct LogReader {
    directory: PathBuf,
    generation: Option<Generation>,
    /// The place behind the last record that was given out.
    offset: u64,
    /// The segment being read, with its start. Held open: rotation can remove its name, not its content.
    segment: Option<(u64, File)>,
    /// The place could not be found; told with the next batch.
    skipped: bool,
}

/// What a read gave.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Lines, and gaps where lines are gone.
    pub events: Vec<LogEvent>,
}

impl LogReader {
    /// Reads what comes behind a cursor, or the oldest line there is when the cursor leads nowhere any more.
    pub fn after(directory: &Path, cursor: &LogCursor) -> io::Result<Self> {
        let mut reader = Self::at(directory, 0)?;
        let starts = segments::starts(directory)?;
        let oldest = starts.first().copied().unwrap_or(0);
        let wanted = reader.generation.and_then(|generation| record::offset_of(generation, cursor));
        match wanted {
            Some(offset) if is_record_end(directory, &starts, offset)? => reader.offset = offset,
            _ => {
                reader.offset = oldest;
                reader.skipped = true;
            }
        }
        Ok(reader)
    }

    /// Reads from the last `count` lines on.
    pub fn last(directory: &Path, count: usize) -> io::Result<Self> {
        let mut reader = Self::at(directory, 0)?;
        reader.offset = last_records(directory, count)?;
        Ok(reader)
    }

    fn at(directory: &Path, offset: u64) -> io::Result<Self> {
        let generation = segments::generation(directory)?;
        Ok(Self { directory: directory.to_owned(), generation, offset, segment: None, skipped: false })
    }

    /// The next lines that are there; empty at the end of the log.
    pub fn read(&mut self) -> io::Result<Batch> {
        let mut batch = Batch::default();
        if self.generation.is_none() {
            self.generation = segments::generation(&self.directory)?;
        }
        let Some(generation) = self.generation else { return Ok(batch) };
        if std::mem::take(&mut self.skipped) {
            batch.events.push(LogEvent::Skipped { lines: None });
        }
        while self.open_segment(&mut batch)? {
            if self.read_segment(generation, &mut batch)? {
                return Ok(batch);
            }
            // This one is read to its end, for now. Only a later segment tells that no more is written to it.
            if !self.has_successor()? {
                return Ok(batch);
            }
            // What was appended between the last read and the successor's making.
            if self.read_segment(generation, &mut batch)? {
                return Ok(batch);
            }
            self.segment = None;
        }
        Ok(batch)
    }

    fn has_successor(&self) -> io::Result<bool> {
        let Some((start, _)) = self.segment else { return Ok(false) };
        Ok(segments::starts(&self.directory)?.last().is_some_and(|newest| *newest > start))
    }

    /// Makes sure that a segment is open which holds `offset`. False when there is no log yet.
    fn open_segment(&mut self, batch: &mut Batch) -> io::Result<bool> {
        while self.segment.is_none() {
            let starts = segments::starts(&self.directory)?;
            let Some(oldest) = starts.first().copied() else { return Ok(false) };
            if self.offset < oldest {
                self.offset = oldest;
                batch.events.push(LogEvent::Skipped { lines: None });
            }
            let start = starts.iter().rev().find(|start| **start <= self.offset).copied().unwrap_or(oldest);
            match File::open(segments::path(&self.directory, start)) {
                Ok(file) => self.segment = Some((start, file)),
                // Rotated away this very moment.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Takes a chunk of whole records. True when there were some.
    fn read_segment(&mut self, generation: Generation, batch: &mut Batch) -> io::Result<bool> {
        let Some((start, file)) = &self.segment else { return Ok(false) };
        let mut bytes = vec![0; CHUNK_BYTES];
        let mut filled = 0;
        let begin = self.offset - start;
        loop {
            let read = file.read_at(&mut bytes[filled..], begin + filled as u64)?;
            filled += read;
            // A single record longer than the chunk: go on until its end.
            if read == 0 || bytes[..filled].contains(&b'\n') {
                break;
            }
            if filled == bytes.len() {
                bytes.resize(bytes.len() * 2, 0);
            }
        }
        let Some(end) = bytes[..filled].iter().rposition(|byte| *byte == b'\n') else { return Ok(false) };
        for piece in bytes[..end].split(|byte| *byte == b'\n') {
            self.offset += piece.len() as u64 + 1;
            let cursor = record::cursor(generation, self.offset);
            batch.events.push(LogEvent::Line(record::decode(piece, cursor)));
        }
        Ok(true)
    }

    /// All lines that are there, without gaps told.
    pub fn read_to_end(mut self) -> io::Result<Vec<LogLine>> {
        let mut lines = Vec::new();
        loop {
            let batch = self.read()?;
            if batch.events.is_empty() {
                return Ok(lines);
            }
            lines.extend(batch.events.into_iter().filter_map(|event| match event {
                LogEvent::Line(line) => Some(line),
                LogEvent::Skipped { .. } => None,
            }));
        }
    }
}

/// Whether an offset lies behind a record that is still there, or at the very end of one that was just rotated away.
fn is_record_end(directory: &Path, starts: &[u64], offset: u64) -> io::Result<bool> {
    if starts.contains(&offset) {
        return Ok(true);
    }
    let Some(start) = starts.iter().rev().find(|start| **start < offset) else { return Ok(false) };
    let file = match File::open(segments::path(directory, *start)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let mut byte = [0];
    let read = file.read_at(&mut byte, offset - start - 1)?;
    Ok(read == 1 && byte[0] == b'\n')
}

/// The place before the last `count` records, found from the end backwards.
fn last_records(directory: &Path, count: usize) -> io::Result<u64> {
    let starts = segments::starts(directory)?;
    let mut wanted = count;
    let mut place = None;
    for start in starts.iter().rev() {
        let file = match File::open(segments::path(directory, *start)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => break,
            Err(error) => return Err(error),
        };
        let (offset, missing) = backwards(&file, wanted)?;
        place = Some(start + offset);
        wanted = missing;
        if wanted == 0 {
            break;
        }
    }
    Ok(place.or_else(|| starts.first().copied()).unwrap_or(0))
}

/// Where the last `count` records of a segment begin, and how many it lacks.
fn backwards(file: &File, count: usize) -> io::Result<(u64, usize)> {
    let mut end = file.metadata()?.len();
    let mut found = 0;
    let mut chunk = vec![0; CHUNK_BYTES];
    while end > 0 {
        let begin = end.saturating_sub(CHUNK_BYTES as u64);
        let part = &mut chunk[..usize::try_from(end - begin).unwrap_or(CHUNK_BYTES)];
        file.read_exact_at(part, begin)?;
        for at in (0..part.len()).rev().filter(|at| part[*at] == b'\n') {
            // The line end behind the last wanted record's predecessor is where it begins.
            if found == count {
                return Ok((begin + at as u64 + 1, 0));
            }
            found += 1;
        }
        end = begin;
    }
    Ok((0, count - found))
}
