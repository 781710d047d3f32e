//! A journal, its feed and a viewer as numbers, in every order of their steps.

use std::time::UNIX_EPOCH;

use proptest::prelude::*;

use super::*;
use crate::supervisor::LogLine;

fn cursor(number: usize) -> LogCursor {
    LogCursor(format!("cursor {number}"))
}

fn line(number: usize) -> LogEvent {
    LogEvent::Line(LogLine { cursor: cursor(number), time: UNIX_EPOCH, text: String::new() })
}

fn number_of(event: &LogEvent) -> usize {
    let LogEvent::Line(line) = event else { panic!("nothing is skipped") };
    line.cursor.0["cursor ".len()..].parse().expect("a number")
}

/// So many lines fit.
fn ring_of(lines: usize, before: Option<LogCursor>) -> Ring {
    Ring::behind(before, lines * (weight(&line(0)) + 2))
}

#[derive(Debug, Clone, Copy)]
enum Stage {
    Reads(Number),
    Joins(Number),
    Follows(Number),
}

/// The journal holds the lines 0 to `written`.
#[derive(Debug)]
struct World {
    written: usize,
    /// The feed goes on with this line.
    fed: usize,
    ring: Ring,
    stage: Stage,
    /// What the viewer was given; it began behind line `begin`.
    given: Vec<usize>,
    begin: Option<usize>,
}

impl World {
    fn last(&self) -> Option<usize> {
        self.given.last().copied().or(self.begin)
    }

    fn feed(&mut self, lines: usize) {
        for _ in 0..lines.min(self.written - self.fed) {
            self.ring.push(line(self.fed));
            self.fed += 1;
        }
    }

    fn step(&mut self) {
        let last = self.last().map(cursor);
        self.stage = match self.stage {
            Stage::Reads(mark) => {
                let next = self.last().map_or(0, |last| last + 1);
                if next < self.written {
                    self.given.push(next);
                    Stage::Reads(mark)
                } else {
                    Stage::Joins(mark)
                }
            }
            Stage::Joins(mark) => match self.ring.join(last.as_ref(), mark) {
                Join::At(number) => Stage::Follows(number),
                Join::Wait => Stage::Joins(mark),
                Join::Read => Stage::Reads(self.ring.next_number()),
            },
            Stage::Follows(number) => match self.ring.take(number, 2) {
                Taken::Lines(events, number) => {
                    self.given.extend(events.iter().map(number_of));
                    Stage::Follows(number)
                }
                Taken::Gone => Stage::Reads(self.ring.next_number()),
            },
        };
    }
}

proptest! {
    #[test]
    fn a_viewer_gets_every_line_once_in_whatever_order_things_happen(
        steps in prop::collection::vec((0_u8..4, 1_usize..6), 0..200),
        (anchor, behind) in (0_usize..8).prop_flat_map(|anchor| (Just(anchor), 0..=anchor)),
        room in 1_usize..6,
    ) {
        // The feed began behind `anchor` lines, of which the viewer has the first `behind`.
        let before = anchor.checked_sub(1).map(cursor);
        let mut world = World {
            written: anchor,
            fed: anchor,
            ring: ring_of(room, before),
            stage: Stage::Reads(0),
            given: Vec::new(),
            begin: behind.checked_sub(1),
        };
        for (what, lines) in steps {
            match what {
                0 => world.written += lines,
                1 => world.feed(lines),
                _ => world.step(),
            }
        }
        // Once nothing more is written, it gets to the end.
        world.feed(usize::MAX);
        for _ in 0..world.written * 2 + 10 {
            world.step();
        }
        prop_assert!(matches!(world.stage, Stage::Follows(_)), "{world:?}");
        prop_assert!(world.given.iter().copied().eq(behind..world.written), "{world:?}");
    }
}

#[test]
fn the_newest_lines_are_kept_and_the_place_before_them_is_known() {
    let mut ring = ring_of(3, None);
    assert_eq!((ring.find(None), ring.next_number()), (Some(0), 0));
    (0..5).for_each(|number| ring.push(line(number)));
    assert_eq!(ring.take(1, 10), Taken::Gone);
    assert_eq!(ring.take(2, 2), Taken::Lines(vec![line(2), line(3)], 4));
    assert_eq!(ring.take(5, 2), Taken::Lines(Vec::new(), 5));
    assert_eq!([0, 1, 4, 5].map(|number| ring.find(Some(&cursor(number)))), [None, Some(2), Some(5), None]);
    // The beginning is no place any more.
    assert_eq!(ring.find(None), None);
}

#[test]
fn a_line_that_outweighs_all_is_kept_until_the_next_one() {
    let mut ring = Ring::behind(None, 1);
    ring.push(line(0));
    ring.push(line(1));
    assert_eq!(ring.take(1, 10), Taken::Lines(vec![line(1)], 2));
}

#[test]
fn a_viewer_ahead_waits_only_while_its_line_can_still_come() {
    let mut ring = ring_of(3, Some(cursor(0)));
    assert_eq!(ring.join(Some(&cursor(2)), 0), Join::Wait);
    ring.push(line(1));
    assert_eq!(ring.join(Some(&cursor(2)), 0), Join::Wait);
    ring.push(line(2));
    assert_eq!(ring.join(Some(&cursor(2)), 0), Join::At(2));
    (3..6).for_each(|number| ring.push(line(number)));
    assert_eq!(ring.join(Some(&cursor(1)), 0), Join::Read);
}
