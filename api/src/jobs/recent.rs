//! The most recently stored lines of one job, ready to be sent.
//!
//! Only a cache: whoever finds nothing here reads the database. It holds whole batches as their readers send them, so a
//! batch costs one encoding however many readers there are, and its size is bounded in bytes. Who wants to be told when
//! lines were written gets the same bytes, but where a second begins.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use crate::clock;
use crate::db::job_logs::NewLine;
use crate::stream::{LineTimes, frame};

const RING_BYTES: usize = 1024 * 1024;
const RING_BATCHES: usize = 256;

/// The ring.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    batches: VecDeque<Batch>,
    bytes: usize,
}

#[derive(Debug)]
struct Batch {
    /// The seq before the first line.
    after: i64,
    /// Where each line's frame ends.
    ends: Vec<usize>,
    /// The lines, counted from 0, that begin another second than the line before them, and their moments: the first
    /// line, and rarely one more.
    seconds: Vec<(usize, i64)>,
    frames: Bytes,
}

impl Batch {
    fn last(&self) -> i64 {
        self.after + i64::try_from(self.ends.len()).unwrap_or(i64::MAX)
    }

    /// Where a line's frame begins, or the last one's ends.
    fn start_of(&self, line: usize) -> Option<usize> {
        line.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied())
    }

    /// The frames from a line on, with the times that their reader wants to be told between them.
    fn frames_from(&self, line: usize, times: &mut LineTimes) -> Option<Bytes> {
        let whole = self.start_of(line)?..self.frames.len();
        let first = self.seconds.partition_point(|(begin, _)| *begin <= line).saturating_sub(1);
        let seconds = &self.seconds[first..];
        if !seconds.iter().any(|(_, moment)| times.is_news(*moment)) {
            return Some(self.frames.slice(whole));
        }
        let mut frames = BytesMut::with_capacity(whole.len() + 48 * seconds.len());
        for (index, (begin, moment)) in seconds.iter().enumerate() {
            let next = seconds.get(index + 1).map_or(self.ends.len(), |(begin, _)| *begin);
            times.tell(&mut frames, *moment);
            frames.extend_from_slice(&self.frames[self.start_of(line.max(*begin))?..self.start_of(next)?]);
        }
        Some(frames.freeze())
    }
}

impl Recent {
    /// Adds the lines stored behind the seq `after`, and drops the oldest batches beyond the bounds.
    pub(crate) fn push(&mut self, after: i64, lines: &[NewLine]) {
        let mut frames = BytesMut::with_capacity(lines.iter().map(|line| line.line.len() + 48).sum());
        let mut ends = Vec::with_capacity(lines.len());
        let mut seconds: Vec<(usize, i64)> = Vec::new();
        for (seq, line) in (after + 1..).zip(lines) {
            if seconds.last().is_none_or(|(_, moment)| clock::second(*moment) != clock::second(line.created_at)) {
                seconds.push((ends.len(), line.created_at));
            }
            frame::event_with_id(&mut frames, seq, line.stream.as_str(), &line.line);
            ends.push(frames.len());
        }
        if self.batches.back().is_some_and(|batch| batch.last() != after) {
            self.clear();
        }
        self.bytes += frames.len();
        self.batches.push_back(Batch { after, ends, seconds, frames: frames.freeze() });
        while self.bytes > RING_BYTES || self.batches.len() > RING_BATCHES {
            let Some(oldest) = self.batches.pop_front() else { break };
            self.bytes -= oldest.frames.len();
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.batches.clear();
        self.bytes = 0;
    }

    /// The frames behind the seq `after` up to the end of their batch, and the seq of the last of them.
    pub(crate) fn behind(&self, after: i64, times: &mut LineTimes) -> Option<(Bytes, i64)> {
        let index = self.batches.partition_point(|batch| batch.last() <= after);
        let batch = self.batches.get(index)?;
        let sent = usize::try_from(after - batch.after).ok()?;
        Some((batch.frames_from(sent, times)?, batch.last()))
    }
}

#[cfg(test)]
mod tests {
    use l4d2_contract::LogStream;

    use super::*;

    fn line(text: &str, created_at: i64) -> NewLine {
        NewLine { stream: LogStream::Stdout, line: text.to_owned(), created_at }
    }

    fn lines(texts: &[&str]) -> Vec<NewLine> {
        texts.iter().map(|text| line(text, 0)).collect()
    }

    /// For a reader who doesn't want to be told the time.
    fn behind(recent: &Recent, after: i64) -> Option<(Bytes, i64)> {
        recent.behind(after, &mut LineTimes::new(false))
    }

    #[test]
    fn a_reader_gets_what_is_behind_its_seq_and_nothing_twice() {
        let mut recent = Recent::default();
        recent.push(10, &lines(&["a", "b"]));
        recent.push(12, &lines(&["c"]));
        assert_eq!(behind(&recent, 9), None, "older lines are in the database");
        let (frames, last) = behind(&recent, 11).expect("in the ring");
        assert_eq!((&frames[..], last), (&b"id: 12\nevent: stdout\ndata: b\n\n"[..], 12));
        assert_eq!(behind(&recent, 12).expect("in the ring").1, 13);
        assert_eq!(behind(&recent, 13), None);
    }

    #[test]
    fn who_asks_is_told_where_a_second_begins_and_shares_the_bytes_elsewhere() {
        let mut recent = Recent::default();
        recent.push(0, &[line("a", 900), line("b", 1_000), line("c", 1_900), line("d", 2_000)]);
        recent.push(4, &[line("e", 2_500)]);
        let told = |after: i64, times: &mut LineTimes| {
            let (frames, last) = recent.behind(after, times).expect("in the ring");
            let text = String::from_utf8(frames.to_vec()).expect("valid UTF-8");
            let words: Vec<String> =
                text.lines().filter_map(|line| line.strip_prefix("data: ")).map(str::to_owned).collect();
            (words.join(" ").replace("1970-01-01T00:00:0", ""), last)
        };
        let mut times = LineTimes::new(true);
        assert_eq!(told(0, &mut times), ("0Z a 1Z b c 2Z d".to_owned(), 4));
        let (shared, _) = recent.behind(4, &mut times).expect("in the ring");
        assert_eq!(&shared[..], b"id: 5\nevent: stdout\ndata: e\n\n");
        assert_eq!(shared.as_ptr(), behind(&recent, 4).expect("in the ring").0.as_ptr(), "it was not copied");
        // From amid a batch: told afresh, and told already.
        assert_eq!(told(2, &mut LineTimes::new(true)), ("1Z c 2Z d".to_owned(), 4));
        let mut times = LineTimes::new(true);
        times.tell(&mut BytesMut::new(), 1_500);
        assert_eq!(told(2, &mut times), ("c 2Z d".to_owned(), 4));
        assert_eq!(told(0, &mut LineTimes::new(false)), ("a b c d".to_owned(), 4));
    }

    #[test]
    fn it_stays_within_its_bounds_and_has_no_hole() {
        let mut recent = Recent::default();
        let long = "x".repeat(100_000);
        for seq in 0..50 {
            recent.push(seq, &lines(&[&long]));
            assert!(recent.bytes <= RING_BYTES);
        }
        assert_eq!(behind(&recent, 49).expect("the newest is there").1, 50);
        assert_eq!(behind(&recent, 0), None);
        recent.push(70, &lines(&["after a hole"]));
        assert_eq!(behind(&recent, 49), None, "what is before a hole must come from the database");
    }

    #[test]
    fn a_batch_larger_than_the_ring_is_not_kept() {
        let mut recent = Recent::default();
        recent.push(0, &lines(&[&"x".repeat(RING_BYTES)]));
        assert_eq!((recent.bytes, behind(&recent, 0)), (0, None));
    }
}
