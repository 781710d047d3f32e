//! What a game prints, by its cursors.

use std::fs;
use std::process::Command;

use futures::StreamExt;
use futures::stream::BoxStream;
use l4d2_host::lines::CUT_MARK;
use l4d2_host::supervisor::{LogEvent, LogStart, Outcome};
use l4d2_host::{Host, HostError};
use tokio_util::sync::CancellationToken;

use crate::bench::{Bench, LADDER, MakeBackend, PATIENCE, cursor_of};
use crate::support::{listen, name};

pub(crate) async fn cursors_resume_everywhere_across_restarts_of_the_game(make: MakeBackend) {
    let bench = Bench::new(make);
    let one = bench.instance("one", &[]).await;
    for round in 0..3 {
        bench.started(&one).await;
        bench.answer(&one, &format!("echo round {round}"), "round").await;
        bench.stop(&one, LADDER).await.0.unwrap();
    }
    let all = bench.logs(&one, 100_000).await;
    assert!(all.len() > 30);
    for from in [0, 1, all.len() / 2, all.len() - 2] {
        let count = all.len() - 1 - from;
        let events = bench.supervisor.follow(&one, cursor_of(&all[from])).await.unwrap();
        let events: Vec<_> = tokio::time::timeout(PATIENCE, events.take(count).collect()).await.unwrap();
        let lines: Vec<_> = events
            .into_iter()
            .map(|event| match event.unwrap() {
                LogEvent::Line(line) => line,
                LogEvent::Skipped { .. } => panic!("nothing was rotated away"),
            })
            .collect();
        assert_eq!(lines, all[from + 1..], "behind line {from}");
    }
}

pub(crate) async fn followers_end_when_the_instance_is_forgotten(make: MakeBackend) {
    let bench = Bench::new(make);
    let one = bench.instance("one", &[]).await;
    let events = bench.supervisor.follow(&one, LogStart::Last(10)).await.unwrap();
    bench.started(&one).await;
    assert!(bench.supervisor.forget(&one).await.is_err(), "it runs");
    bench.stop(&one, LADDER).await.0.unwrap();
    bench.supervisor.forget(&one).await.unwrap();
    let events: Vec<_> = tokio::time::timeout(PATIENCE, events.collect()).await.unwrap();
    assert!(events.len() > 5);
}

pub(crate) async fn followers_in_another_program_end_when_the_instance_is_deleted(make: MakeBackend) {
    let mut bench = Bench::new(make);
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    let mut events = bench.supervisor.follow(&one, LogStart::Last(1)).await.unwrap();
    next_text(&mut events).await;
    // Nothing is shared with it but the disk.
    let follower = bench.supervisor.clone();
    bench.restart_panel();
    let host = Host::with_supervisor(bench.world.config.clone(), bench.supervisor.clone());
    let (deleted, _) =
        listen(|output| async move { host.delete(&name("one"), &output, &CancellationToken::new()).await }).await;
    assert_eq!(deleted.unwrap(), Outcome::Done);
    let rest: Vec<_> = tokio::time::timeout(PATIENCE, events.collect()).await.expect("it ends");
    assert!(rest.into_iter().all(|event| event.is_ok()));
    assert!(follower.follow(&one, LogStart::Last(1)).await.is_err(), "it is gone");
}

pub(crate) async fn floods_long_lines_and_strange_bytes_are_kept_by_the_rules(make: MakeBackend) {
    let bench = Bench::new(make);
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    let start = bench.end_of_log(&one).await;
    bench.type_line(&one, "standin_flood 20000").await;
    bench.type_line(&one, "standin_longline 1000000").await;
    bench.type_line(&one, "standin_binary").await;
    bench.type_line(&one, "echo done").await;
    let lines = bench.lines_until(&one, start, "done").await;
    let expected = (1..=20_000).map(|number| format!("flood line {number} of 20000"));
    assert!(lines.iter().map(|line| line.text.clone()).take(20_000).eq(expected));
    let rest: Vec<&str> = lines[20_000..].iter().map(|line| line.text.as_str()).collect();
    let [long, binary, "done"] = rest[..] else { panic!("{rest:?}") };
    assert_eq!(long.chars().filter(|character| *character == 'x').count(), 2000);
    assert!(long.len() < 2100, "it says that it was cut: {}", &long[1990..]);
    assert!(binary.starts_with("binary \u{FFFD}") && binary.contains("\u{1b}[31mred") && binary.ends_with("a\rb"));
    bench.stop(&one, LADDER).await.0.unwrap();
}

pub(crate) async fn every_line_is_one_however_it_ends(make: MakeBackend) {
    let bench = Bench::new(make);
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    let start = bench.end_of_log(&one).await;
    let mut expected: Vec<String> =
        ["a\u{FFFD}", "b\u{FFFD}", "c\u{FFFD}", "", "\u{FFFD}\u{FFFD}", "end"].map(str::to_owned).into();
    bench.type_line(&one, "standin_ends").await;
    // Around what the journal takes of a line at once, and twice that.
    for length in [1023, 1024, 49_150, 49_151, 49_152, 49_153, 98_303, 98_304] {
        bench.type_line(&one, &format!("standin_longline {length}")).await;
        bench.type_line(&one, &format!("echo behind {length}")).await;
        let cut = if length > 2000 { CUT_MARK } else { "" };
        expected.extend([format!("{}{cut}", "x".repeat(length.min(2000))), format!("behind {length}")]);
    }
    let lines = bench.lines_until(&one, start, "behind 98304").await;
    assert_eq!(lines.into_iter().map(|line| line.text).collect::<Vec<_>>(), expected);
    bench.stop(&one, LADDER).await.0.unwrap();
}

pub(crate) async fn a_log_is_found_whatever_the_clock_said_of_its_instance(make: MakeBackend) {
    let bench = Bench::new(make);
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    bench.stop(&one, LADDER).await.0.unwrap();
    let lines = bench.logs(&one, 100_000).await;
    assert!(lines.len() > 5);
    // Everything there is of it becomes younger than its lines, as when the clock is put back, or the root is copied.
    let (directory, copy) = (bench.layout().instance(&one).dir().to_owned(), bench.layout().instances().join(".copy"));
    // What overlayfs leaves in its own directory is closed even to its owner.
    let script = "chmod --recursive u+rwX \"$1/work\" && cp --archive \"$1\" \"$2\"";
    let copied = Command::new("sh").args(["-c", script, "sh"]).args([&directory, &copy]).status().unwrap();
    assert!(copied.success());
    fs::remove_dir_all(&directory).unwrap();
    fs::rename(&copy, &directory).unwrap();
    assert_eq!(bench.logs(&one, 100_000).await, lines);
    let behind = bench.lines_until(&one, cursor_of(&lines[0]), &lines[lines.len() - 1].text).await;
    assert_eq!(behind, lines[1..]);
    bench.started(&one).await;
    assert_eq!(bench.logs(&one, 100_000).await[..lines.len()], lines);
    bench.stop(&one, LADDER).await.0.unwrap();
}

pub(crate) async fn following_without_earlier_lines_begins_now(make: MakeBackend) {
    let bench = Bench::new(make);
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    bench.answer(&one, "echo before", "before").await;
    let mut events = bench.supervisor.follow(&one, LogStart::Last(0)).await.unwrap();
    bench.type_line(&one, "echo after").await;
    let event = tokio::time::timeout(PATIENCE, events.next()).await.unwrap().unwrap().unwrap();
    assert!(matches!(&event, LogEvent::Line(line) if line.text == "after"), "{event:?}");
    bench.stop(&one, LADDER).await.0.unwrap();
}

pub(crate) async fn the_newest_of_many_lines_are_the_last_ones(make: MakeBackend) {
    let bench = Bench::new(make);
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    let begin = bench.end_of_log(&one).await;
    bench.type_line(&one, "standin_flood 500").await;
    bench.lines_until(&one, begin, "flood line 500 of 500").await;
    let expected =
        |numbers: std::ops::RangeInclusive<usize>| numbers.map(|number| format!("flood line {number} of 500"));
    for count in [1, 3, 200, 450] {
        let lines = bench.logs(&one, count).await;
        assert!(lines.into_iter().map(|line| line.text).eq(expected(501 - count..=500)), "the last {count}");
    }

    // A follower that wants some of them, or none, gets nothing older.
    let mut some = bench.supervisor.follow(&one, LogStart::Last(3)).await.unwrap();
    let mut none = bench.supervisor.follow(&one, LogStart::Last(0)).await.unwrap();
    bench.type_line(&one, "echo after").await;
    for expected in expected(498..=500).chain(["after".to_owned()]) {
        assert_eq!(next_text(&mut some).await, expected);
    }
    assert_eq!(next_text(&mut none).await, "after");
    bench.stop(&one, LADDER).await.0.unwrap();

    let (result, said) = bench.start(&one).await;
    result.unwrap();
    assert_eq!(said.count("flood line"), 0, "a start hands on what the game prints from then on: {:?}", said.lines);
    bench.stop(&one, LADDER).await.0.unwrap();
}

async fn next_text(events: &mut BoxStream<'static, Result<LogEvent, HostError>>) -> String {
    match tokio::time::timeout(PATIENCE, events.next()).await.unwrap().unwrap().unwrap() {
        LogEvent::Line(line) => line.text,
        LogEvent::Skipped { .. } => panic!("nothing was rotated away"),
    }
}
