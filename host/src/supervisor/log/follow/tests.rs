//! Writer, readers and followers together.

use std::path::Path;
use std::time::SystemTime;

use proptest::prelude::*;

use super::*;
use crate::supervisor::LogCursor;
use crate::supervisor::LogLine;
use crate::supervisor::log::{LogWriter, Rotation};

const SMALL: Rotation = Rotation { segment_bytes: 200, segments: 3 };

fn write(directory: &Path, rotation: Rotation, lines: &[String]) {
    let mut writer = LogWriter::open(directory, rotation).expect("opened");
    writer.append(SystemTime::now(), lines.iter().map(String::as_str));
}

fn numbered(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| format!("line {number}")).collect()
}

fn texts(lines: &[LogLine]) -> Vec<String> {
    lines.iter().map(|line| line.text.clone()).collect()
}

fn all(directory: &Path) -> Vec<LogLine> {
    LogReader::last(directory, usize::MAX).expect("opened").read_to_end().expect("read")
}

#[test]
fn the_last_lines_across_segments() {
    let directory = tempfile::tempdir().expect("a directory");
    let keep_all = Rotation { segments: 1000, ..SMALL };
    write(directory.path(), keep_all, &numbered(0..100));
    for count in [0, 1, 7, 8, 50, 99, 100, 101, 5000] {
        let lines = LogReader::last(directory.path(), count).expect("opened").read_to_end().expect("read");
        assert_eq!(texts(&lines), numbered(100 - count.min(100)..100), "the last {count}");
    }
}

#[test]
fn every_cursor_resumes_behind_its_line() {
    let directory = tempfile::tempdir().expect("a directory");
    write(directory.path(), Rotation { segments: 1000, ..SMALL }, &numbered(0..60));
    let lines = all(directory.path());
    for (index, line) in lines.iter().enumerate() {
        let rest = LogReader::after(directory.path(), &line.cursor).expect("opened").read_to_end().expect("read");
        assert_eq!(rest, lines[index + 1..]);
    }
}

#[test]
fn rotation_keeps_the_newest_and_a_lost_place_is_told() {
    let directory = tempfile::tempdir().expect("a directory");
    write(directory.path(), SMALL, &numbered(0..5));
    let early = all(directory.path())[1].cursor.clone();
    write(directory.path(), SMALL, &numbered(5..200));
    let files = std::fs::read_dir(directory.path()).expect("there").count();
    assert_eq!(files, SMALL.segments + 1, "the segments and the generation");
    let mut reader = LogReader::after(directory.path(), &early).expect("opened");
    assert_eq!(reader.read().expect("read").events[0], LogEvent::Skipped { lines: None });
    let kept = texts(&all(directory.path()));
    assert_eq!(kept, numbered(200 - kept.len()..200), "the newest, without a gap");
}

#[test]
fn cursors_of_another_log_and_forged_ones_lead_to_the_oldest_line() {
    let directory = tempfile::tempdir().expect("a directory");
    let other = tempfile::tempdir().expect("a directory");
    write(directory.path(), SMALL, &numbered(0..3));
    write(other.path(), SMALL, &numbered(0..3));
    let foreign = all(other.path())[0].cursor.clone();
    let own = all(directory.path())[2].cursor.0.clone();
    let inside = format!("{}-3", own.split_once('-').expect("a cursor").0);
    let beyond = format!("{}-99999", own.split_once('-').expect("a cursor").0);
    for cursor in [foreign.0, inside, beyond, String::new(), "nonsense".to_owned()] {
        let mut reader = LogReader::after(directory.path(), &LogCursor(cursor.clone())).expect("opened");
        let batch = reader.read().expect("read");
        assert_eq!(batch.events.len(), 4, "{cursor:?}");
        assert_eq!(batch.events[0], LogEvent::Skipped { lines: None }, "{cursor:?}");
    }
}

#[test]
fn what_a_crash_tore_is_cut_off_and_never_seen() {
    let directory = tempfile::tempdir().expect("a directory");
    write(directory.path(), SMALL, &numbered(0..2));
    let segment = directory.path().join("00000000000000000000");
    let mut bytes = std::fs::read(&segment).expect("read");
    bytes.extend_from_slice(b"1700000000000 torn");
    std::fs::write(&segment, bytes).expect("written");
    assert_eq!(texts(&all(directory.path())), numbered(0..2));
    write(directory.path(), SMALL, &numbered(2..4));
    assert_eq!(texts(&all(directory.path())), numbered(0..4));
}

#[tokio::test]
async fn a_follower_gets_what_is_there_what_comes_and_the_end() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().to_owned();
    write(&path, SMALL, &numbered(0..3));
    let (changed, receiver) = watch::channel(0);
    let mut follower = follow(path.clone(), LogStart::Last(2), receiver).await;
    let mut seen = Vec::new();
    for number in 1..10 {
        if number >= 3 {
            write(&path, SMALL, &numbered(number..number + 1));
            changed.send_modify(|count| *count += 1);
        }
        match follower.next().await.expect("more").expect("readable") {
            LogEvent::Line(line) => seen.push(line.text),
            LogEvent::Skipped { .. } => panic!("nothing was skipped"),
        }
    }
    write(&path, SMALL, &numbered(10..11));
    drop(changed);
    while let Some(event) = follower.next().await {
        if let LogEvent::Line(line) = event.expect("readable") {
            seen.push(line.text);
        }
    }
    assert_eq!(seen, numbered(1..11));
}

proptest! {
    #[test]
    fn a_reader_beside_the_writer_sees_each_line_once_and_in_order(
        batches in prop::collection::vec((1_usize..40, prop::bool::ANY), 1..30),
    ) {
        let directory = tempfile::tempdir().expect("a directory");
        let rotation = Rotation { segment_bytes: 150, segments: 1000 };
        let mut writer = LogWriter::open(directory.path(), rotation).expect("opened");
        let mut reader = LogReader::last(directory.path(), 0).expect("opened");
        let (mut written, mut seen) = (0, Vec::new());
        let mut take = |reader: &mut LogReader| loop {
            let batch = reader.read().expect("read");
            if batch.events.is_empty() {
                break;
            }
            for event in batch.events {
                match event {
                    LogEvent::Line(line) => seen.push(line),
                    LogEvent::Skipped { .. } => panic!("nothing was skipped"),
                }
            }
        };
        for (count, reads) in batches {
            let lines = numbered(written..written + count);
            written += count;
            writer.append(SystemTime::now(), lines.iter().map(String::as_str));
            if reads {
                take(&mut reader);
            }
        }
        take(&mut reader);
        prop_assert_eq!(texts(&seen), numbered(0..written));
    }

    #[test]
    fn a_reader_that_is_overtaken_is_told_and_goes_on(counts in prop::collection::vec(1_usize..60, 2..12)) {
        let directory = tempfile::tempdir().expect("a directory");
        let rotation = Rotation { segment_bytes: 120, segments: 2 };
        let mut writer = LogWriter::open(directory.path(), rotation).expect("opened");
        writer.append(SystemTime::now(), ["line 0"]);
        let mut reader = LogReader::last(directory.path(), 1).expect("opened");
        let (mut written, mut next) = (1, 0);
        for count in counts {
            let lines = numbered(written..written + count);
            written += count;
            writer.append(SystemTime::now(), lines.iter().map(String::as_str));
            for event in reader.read().expect("read").events {
                match event {
                    LogEvent::Skipped { .. } => next = usize::MAX,
                    LogEvent::Line(line) => {
                        let number: usize = line.text["line ".len()..].parse().expect("a number");
                        prop_assert!(next == usize::MAX || number == next, "{number} came where {next} was due");
                        next = number + 1;
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn a_follower_begins_where_the_log_ended_when_it_was_made() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().to_owned();
    write(&path, SMALL, &numbered(0..3));
    let (changed, receiver) = watch::channel(0);
    let mut follower = follow(path.clone(), LogStart::Last(0), receiver).await;
    // Before it is asked for anything.
    write(&path, SMALL, &numbered(3..4));
    changed.send_modify(|count| *count += 1);
    let event = follower.next().await.expect("more").expect("readable");
    assert!(matches!(&event, LogEvent::Line(line) if line.text == "line 3"), "{event:?}");
}
