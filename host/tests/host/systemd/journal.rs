//! The games' logs in the journal: one follower for all viewers, and what happens when entries are gone.

use std::fs;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use l4d2_host::supervisor::{LogCursor, LogEvent, LogLine, LogStart};
use l4d2_host::{HostError, InstanceName};

use super::{run, systemd, unit_of};
use crate::bench::{Bench, LADDER, PATIENCE, all_processes, cursor_of, timed};
use crate::support::eventually;

/// How many look at one log.
const VIEWERS: usize = 20;
/// What the game prints, and how much of it in a second.
const LINES: usize = 50_000;
const LINES_PER_SECOND: usize = 5_000;
/// For a flood on a busy machine.
const FLOOD_LIMIT: Duration = Duration::from_mins(2);

type Events = BoxStream<'static, Result<LogEvent, HostError>>;

/// The programs that follow an instance's journal, as the kernel lists them.
fn followers(unit: &str) -> Vec<String> {
    let commands = all_processes().into_iter().map(|pid| {
        let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        format!("{pid} {}", String::from_utf8_lossy(&command).replace('\0', " "))
    });
    commands
        .filter(|command| command.contains("journalctl") && command.contains("--follow") && command.contains(unit))
        .collect()
}

async fn next_line(events: &mut Events) -> LogLine {
    match events.next().await.expect("the log goes on").unwrap() {
        LogEvent::Line(line) => line,
        LogEvent::Skipped { .. } => panic!("nothing is gone"),
    }
}

/// Reads on until the flood is over, and fails unless every line of it came once and in order.
async fn read_flood(mut events: Events, mut at_line: impl FnMut(usize)) -> Events {
    let mut number = 0;
    while number < LINES {
        let line = next_line(&mut events).await;
        if let Some(rest) = line.text.strip_prefix("flood line ") {
            number += 1;
            assert_eq!(rest, format!("{number} of {LINES}"));
            at_line(number);
        }
    }
    events
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_viewers_of_a_flood_share_one_follower_and_each_gets_all_of_it() {
    let bench = Bench::new(systemd);
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    let unit = unit_of(&bench, "one");
    let all = bench.supervisor.logs(&one, 1000).await.unwrap();
    let mut viewers = Vec::new();
    for number in 0..VIEWERS {
        // They come with different cursors, or none.
        let start = if number % 2 == 0 { cursor_of(&all[number % all.len()]) } else { LogStart::Last(number) };
        viewers.push(bench.supervisor.follow(&one, start).await.unwrap());
    }
    // Reads its first line before the flood and the next when the others have all.
    let mut slow = bench.supervisor.follow(&one, LogStart::Last(1)).await.unwrap();
    next_line(&mut slow).await;

    bench.type_line(&one, &format!("standin_flood {LINES} {LINES_PER_SECOND}")).await;
    let mut reading = tokio::task::JoinSet::new();
    for (number, events) in viewers.into_iter().enumerate() {
        let unit = unit.clone();
        reading.spawn(async move {
            let mut seen = Vec::new();
            let events = read_flood(events, |line| {
                if number == 0 && line % 10_000 == 0 {
                    seen.push(followers(&unit));
                }
            });
            (events.await, seen)
        });
    }
    let (ended, took) = timed(tokio::time::timeout(FLOOD_LIMIT, reading.join_all())).await;
    let ended = ended.expect("all viewers get to the end of the flood");
    let seen: Vec<Vec<String>> = ended.iter().flat_map(|(_, seen)| seen.clone()).collect();
    assert_eq!(seen.len(), LINES / 10_000);
    for followers in &seen {
        assert_eq!(followers.len(), 1, "{followers:?}");
    }
    println!("{VIEWERS} viewers, each {LINES} lines at {LINES_PER_SECOND} a second, whole after {took:?}");
    println!("followers meanwhile: {:?}", seen.concat());
    let (slow, took) = timed(tokio::time::timeout(FLOOD_LIMIT, read_flood(slow, |_| {}))).await;
    println!("one that had not read meanwhile: whole, {took:?} later");
    let slow = slow.expect("what lagged is read again");
    assert_eq!(followers(&unit).len(), 1);
    drop((ended, slow));
    eventually("the last viewer's leaving ends the follower", || followers(&unit).is_empty()).await;
    bench.stop(&one, LADDER).await.0.unwrap();
}

#[tokio::test]
async fn viewers_come_and_go_in_a_flood_without_gap_or_duplicate() {
    let bench = Bench::new(systemd);
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    let begin = bench.end_of_log(&one).await;
    bench.type_line(&one, "standin_flood 20000 4000").await;
    let resumed = async {
        let (mut start, mut number) = (begin, 0);
        while number < 20_000 {
            // A connection that breaks again and again.
            let mut events = bench.supervisor.follow(&one, start.clone()).await.unwrap();
            for _ in 0..700.min(20_000 - number) {
                let line = next_line(&mut events).await;
                number += 1;
                assert_eq!(line.text, format!("flood line {number} of 20000"));
                start = cursor_of(&line);
            }
        }
    };
    tokio::time::timeout(FLOOD_LIMIT, resumed).await.expect("it gets to the end");
    bench.stop(&one, LADDER).await.0.unwrap();
}

/// Takes everything out of the journal that was written so far. The whole machine's: it runs beside no other test.
fn vacuum() {
    run("journalctl", &["--sync"]);
    run("journalctl", &["--rotate", "--vacuum-size=1"]);
}

async fn events_until(bench: &Bench, name: &InstanceName, start: LogStart, words: &str) -> Vec<LogEvent> {
    let mut events = bench.supervisor.follow(name, start).await.unwrap();
    let mut found = Vec::new();
    let read = async {
        while let Some(event) = events.next().await {
            found.push(event.unwrap());
            if matches!(found.last(), Some(LogEvent::Line(line)) if line.text.contains(words)) {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, read).await.unwrap_or_else(|_| panic!("no {words:?} came"));
    found
}

fn texts(events: &[LogEvent]) -> Vec<String> {
    let text = |event: &LogEvent| match event {
        LogEvent::Line(line) => line.text.clone(),
        LogEvent::Skipped { .. } => panic!("nothing is skipped here"),
    };
    events.iter().map(text).collect()
}

#[tokio::test]
async fn alone_vacuumed_entries_are_said_to_be_skipped_and_the_rest_comes_whole() {
    let bench = Bench::new(systemd);
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    let early = bench.supervisor.logs(&one, 10).await.unwrap().remove(0);
    let mut following = bench.supervisor.follow(&one, LogStart::Last(0)).await.unwrap();
    bench.type_line(&one, "echo followed").await;
    let last = next_line(&mut following).await;
    assert_eq!(last.text, "followed");

    vacuum();
    bench.type_line(&one, "standin_flood 3000").await;
    bench.type_line(&one, "echo done").await;
    let mut expected: Vec<String> = (1..=3000).map(|number| format!("flood line {number} of 3000")).collect();
    expected.push("done".to_owned());
    // Who followed all the time has missed nothing, nor has who comes back with a line that is still in memory.
    for text in &expected {
        assert_eq!(next_line(&mut following).await.text, *text);
    }
    assert_eq!(texts(&events_until(&bench, &one, cursor_of(&last), "done").await), expected);
    drop(following);
    for vacuumed in [&early, &last] {
        let events = events_until(&bench, &one, cursor_of(vacuumed), "done").await;
        assert_eq!(events[0], LogEvent::Skipped { lines: None });
        assert_eq!(texts(&events[1..]), expected);
    }
    bench.stop(&one, LADDER).await.0.unwrap();
}

#[tokio::test]
async fn a_cursor_that_leads_nowhere_is_said_so_and_nothing_else_is_lost() {
    let bench = Bench::new(systemd);
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    bench.stop(&one, LADDER).await.0.unwrap();
    let all = bench.supervisor.logs(&one, 100_000).await.unwrap();
    let first = all[0].cursor.0.clone();
    // The entry that this one names was never there, as after a vacuum.
    let vacuumed = first.split(';').map(|part| if part.starts_with("i=") { "i=0" } else { part });
    let vacuumed = vacuumed.map(|part| if part.starts_with("x=") { "x=1" } else { part }).collect::<Vec<_>>().join(";");
    for cursor in [vacuumed, "nonsense".to_owned()] {
        let events = bench.supervisor.follow(&one, LogStart::After(LogCursor(cursor.clone()))).await.unwrap();
        let events = tokio::time::timeout(PATIENCE, events.take(all.len() + 1).collect::<Vec<_>>()).await.unwrap();
        let mut events = events.into_iter().map(Result::unwrap);
        assert_eq!(events.next(), Some(LogEvent::Skipped { lines: None }), "{cursor}");
        assert!(events.eq(all.iter().cloned().map(LogEvent::Line)), "{cursor}");
    }
}

#[tokio::test]
async fn the_log_of_a_deleted_instance_is_not_that_of_its_successor() {
    let bench = Bench::new(systemd);
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    bench.stop(&one, LADDER).await.0.unwrap();
    assert!(!bench.supervisor.logs(&one, 10).await.unwrap().is_empty());
    bench.supervisor.forget(&one).await.unwrap();
    fs::remove_dir_all(bench.layout().instance(&one).dir()).unwrap();
    let one = bench.instance("one", &[]).await;
    assert_eq!(bench.supervisor.logs(&one, 10).await.unwrap(), []);
}

#[tokio::test]
async fn a_follower_leaves_no_program_behind() {
    let bench = Bench::new(systemd);
    let one = bench.instance("one", &[]).await;
    let unit = unit_of(&bench, "one");
    let mut events = bench.supervisor.follow(&one, LogStart::Last(10)).await.unwrap();
    // Nothing was printed yet, so that the wait for a line is all that it does.
    assert!(tokio::time::timeout(Duration::from_millis(1), events.next()).await.is_err());
    eventually("it is followed", || followers(&unit).len() == 1).await;
    drop(events);
    eventually("its program has ended", || followers(&unit).is_empty()).await;
}
