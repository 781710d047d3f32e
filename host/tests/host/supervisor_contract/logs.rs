//! What a game prints, by its cursors.

use futures::StreamExt;
use l4d2_host::supervisor::{LogEvent, LogStart};

use crate::bench::{Bench, LADDER, MakeBackend, PATIENCE, cursor_of};

pub(crate) async fn cursors_resume_everywhere_across_restarts_of_the_game(make: MakeBackend) {
    let bench = Bench::new(make);
    let one = bench.instance("one", &[]).await;
    for round in 0..3 {
        bench.started(&one).await;
        bench.answer(&one, &format!("echo round {round}"), "round").await;
        bench.stop(&one, LADDER).await.0.unwrap();
    }
    let all = bench.supervisor.logs(&one, 100_000).await.unwrap();
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
