//! The games' logs in the journal: one follower for all viewers, and what happens when entries are gone.

use std::fs;
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::stream::BoxStream;
use l4d2_host::supervisor::{LogCursor, LogEvent, LogLine, LogStart};
use l4d2_host::{HostError, InstanceName};

use super::{run, systemd, unit_of};
use crate::bench::{Bench, LADDER, PATIENCE, cursor_of, timed};
use crate::processes::all_processes;
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
    match next_event(events).await {
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
    let all = bench.logs(&one, 1000).await;
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
    let early = bench.logs(&one, 10).await.remove(0);
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

/// Asks for the next event, which has not come yet, until the journal is followed.
async fn nothing_yet(events: &mut Events, unit: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let early = tokio::time::timeout(Duration::from_millis(1), events.next()).await;
        assert!(early.is_err(), "{early:?}");
        if followers(unit).len() == 1 {
            return;
        }
        assert!(Instant::now() < deadline, "nobody follows {unit}");
    }
}

async fn next_event(events: &mut Events) -> LogEvent {
    tokio::time::timeout(PATIENCE, events.next()).await.expect("an event").expect("the log goes on").unwrap()
}

#[tokio::test]
async fn alone_who_comes_back_to_an_emptied_log_is_told_so_at_once_and_gets_the_next_line() {
    let bench = Bench::new(systemd);
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    let unit = unit_of(&bench, "one");
    let vacuumed = bench.end_of_log(&one).await;
    vacuum();
    // Whoever comes first, others come to what it follows.
    for back_first in [false, true] {
        let (mut back, mut fresh);
        let told = LogEvent::Skipped { lines: None };
        if back_first {
            back = bench.supervisor.follow(&one, vacuumed.clone()).await.unwrap();
            assert_eq!(next_event(&mut back).await, told);
            nothing_yet(&mut back, &unit).await;
            fresh = bench.supervisor.follow(&one, LogStart::Last(0)).await.unwrap();
            nothing_yet(&mut fresh, &unit).await;
        } else {
            fresh = bench.supervisor.follow(&one, LogStart::Last(0)).await.unwrap();
            nothing_yet(&mut fresh, &unit).await;
            back = bench.supervisor.follow(&one, vacuumed.clone()).await.unwrap();
            assert_eq!(next_event(&mut back).await, told);
            nothing_yet(&mut back, &unit).await;
        }
        bench.type_line(&one, "echo after").await;
        for events in [&mut back, &mut fresh] {
            assert_eq!(next_line(events).await.text, "after");
        }
        vacuum();
        // What the others were given is no new line for one that comes now.
        let mut late = bench.supervisor.follow(&one, LogStart::Last(0)).await.unwrap();
        bench.type_line(&one, "echo later").await;
        assert_eq!(next_line(&mut late).await.text, "later");
        vacuum();
    }
    // What is no cursor at all is said to lead nowhere once, too.
    let mut lost = bench.supervisor.follow(&one, LogStart::After(LogCursor("nonsense".to_owned()))).await.unwrap();
    assert_eq!(next_event(&mut lost).await, LogEvent::Skipped { lines: None });
    nothing_yet(&mut lost, &unit).await;
    bench.type_line(&one, "echo last").await;
    assert_eq!(next_line(&mut lost).await.text, "last");
    bench.stop(&one, LADDER).await.0.unwrap();
}

#[tokio::test]
async fn a_cursor_that_leads_nowhere_is_said_so_and_nothing_else_is_lost() {
    let bench = Bench::new(systemd);
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    bench.stop(&one, LADDER).await.0.unwrap();
    let all = bench.logs(&one, 100_000).await;
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
    let unit = unit_of(&bench, "one");
    let of_the_deleted = bench.end_of_log(&one).await;
    bench.supervisor.forget(&one).await.unwrap();
    fs::remove_dir_all(bench.layout().instance(&one).dir()).unwrap();
    let one = bench.instance("one", &[]).await;
    assert_eq!(bench.logs(&one, 10).await, []);

    let mut fresh = bench.supervisor.follow(&one, LogStart::Last(10)).await.unwrap();
    nothing_yet(&mut fresh, &unit).await;
    let mut back = bench.supervisor.follow(&one, of_the_deleted).await.unwrap();
    assert_eq!(next_event(&mut back).await, LogEvent::Skipped { lines: None });
    nothing_yet(&mut back, &unit).await;
    bench.started(&one).await;
    assert_eq!(next_line(&mut fresh).await, next_line(&mut back).await);
    bench.stop(&one, LADDER).await.0.unwrap();
}

#[tokio::test]
async fn a_follower_leaves_no_program_behind() {
    let bench = Bench::new(systemd);
    let one = bench.instance("one", &[]).await;
    let unit = unit_of(&bench, "one");
    let mut events = bench.supervisor.follow(&one, LogStart::Last(10)).await.unwrap();
    nothing_yet(&mut events, &unit).await;
    drop(events);
    eventually("its program has ended", || followers(&unit).is_empty()).await;
}

#[tokio::test]
async fn an_instance_of_an_older_version_keeps_its_log_and_gets_what_comes() {
    let bench = Bench::new(systemd);
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    bench.stop(&one, LADDER).await.0.unwrap();
    let of_the_deleted = bench.logs(&one, 100_000).await;
    bench.supervisor.forget(&one).await.unwrap();
    fs::remove_dir_all(bench.layout().instance(&one).dir()).unwrap();

    let mark = bench.layout().instance(&one).log_mark();
    bench.instance("one", &[]).await;
    fs::remove_file(&mark).unwrap();
    bench.started(&one).await;
    bench.stop(&one, LADDER).await.0.unwrap();
    let before = bench.logs(&one, 100_000).await;
    assert!(!before.is_empty() && !before.contains(&of_the_deleted[0]));

    // After the upgrade, with another specification.
    bench.instance("one", &["+sv_cheats", "1"]).await;
    assert!(!mark.exists());
    assert_eq!(bench.logs(&one, 100_000).await, before);
    bench.started(&one).await;
    let after = bench.logs(&one, 100_000).await;
    assert!(after.len() > before.len());
    assert_eq!(after[..before.len()], before);
    bench.stop(&one, LADDER).await.0.unwrap();
}
