//! The most recently stored lines of one job, ready to be sent.
//!
//! Only a cache: whoever finds nothing here reads the database. It holds whole batches as their readers send them, so a
//! batch costs one encoding however many readers there are, and its size is bounded in bytes.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use crate::db::job_logs::NewLine;
use crate::stream::frame;

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
    frames: Bytes,
}

impl Batch {
    fn last(&self) -> i64 {
        self.after + i64::try_from(self.ends.len()).unwrap_or(i64::MAX)
    }
}

impl Recent {
    /// Adds the lines stored behind the seq `after`, and drops the oldest batches beyond the bounds.
    pub(crate) fn push(&mut self, after: i64, lines: &[NewLine]) {
        let mut frames = BytesMut::with_capacity(lines.iter().map(|line| line.line.len() + 48).sum());
        let mut ends = Vec::with_capacity(lines.len());
        for (seq, line) in (after + 1..).zip(lines) {
            frame::event_with_id(&mut frames, seq, line.stream.as_str(), &line.line);
            ends.push(frames.len());
        }
        if self.batches.back().is_some_and(|batch| batch.last() != after) {
            self.clear();
        }
        self.bytes += frames.len();
        self.batches.push_back(Batch { after, ends, frames: frames.freeze() });
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
    pub(crate) fn behind(&self, after: i64) -> Option<(Bytes, i64)> {
        let index = self.batches.partition_point(|batch| batch.last() <= after);
        let batch = self.batches.get(index)?;
        let sent = usize::try_from(after - batch.after).ok()?;
        let start = if sent == 0 { 0 } else { *batch.ends.get(sent - 1)? };
        Some((batch.frames.slice(start..), batch.last()))
    }
}

#[cfg(test)]
mod tests {
    use l4d2_contract::LogStream;

    use super::*;

    fn lines(texts: &[&str]) -> Vec<NewLine> {
        let line = |text: &&str| NewLine { stream: LogStream::Stdout, line: (*text).to_owned(), created_at: 0 };
        texts.iter().map(line).collect()
    }

    #[test]
    fn a_reader_gets_what_is_behind_its_seq_and_nothing_twice() {
        let mut recent = Recent::default();
        recent.push(10, &lines(&["a", "b"]));
        recent.push(12, &lines(&["c"]));
        assert_eq!(recent.behind(9), None, "older lines are in the database");
        let (frames, last) = recent.behind(11).expect("in the ring");
        assert_eq!((&frames[..], last), (&b"id: 12\nevent: stdout\ndata: b\n\n"[..], 12));
        assert_eq!(recent.behind(12).expect("in the ring").1, 13);
        assert_eq!(recent.behind(13), None);
    }

    #[test]
    fn it_stays_within_its_bounds_and_has_no_hole() {
        let mut recent = Recent::default();
        let long = "x".repeat(100_000);
        for seq in 0..50 {
            recent.push(seq, &lines(&[&long]));
            assert!(recent.bytes <= RING_BYTES);
        }
        assert_eq!(recent.behind(49).expect("the newest is there").1, 50);
        assert_eq!(recent.behind(0), None);
        recent.push(70, &lines(&["after a hole"]));
        assert_eq!(recent.behind(49), None, "what is before a hole must come from the database");
    }

    #[test]
    fn a_batch_larger_than_the_ring_is_not_kept() {
        let mut recent = Recent::default();
        recent.push(0, &lines(&[&"x".repeat(RING_BYTES)]));
        assert_eq!((recent.bytes, recent.behind(0)), (0, None));
    }
}
