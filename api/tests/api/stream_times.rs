//! When lines were written, told between them to those who ask.

use l4d2_api::db::job_logs::{Appended, Inserter, NewLine};
use l4d2_contract::{JobId, JobLogLine, LogStream, Page, Timestamp};
use l4d2_host::InstanceName;

use crate::follow::{Stream, request, seqs};
use crate::job_log::{append, end, idle_job};
use crate::sse::Event;
use crate::support::{SignedIn, TestApp};

/// What is not exactly one of the two words.
const NONSENSE: [&str; 5] = ["times=", "times=1", "times=yes", "times=TRUE", "times=true&times=true"];

async fn app_with_limit(limit: u64) -> (TestApp, SignedIn, JobId) {
    let app = TestApp::start_with(|settings| settings.job_log_replay_limit = Some(limit)).await;
    let alice = app.user("alice").await;
    let job = idle_job(&app.state.db, alice.opened.user.id).await;
    (app, alice, job)
}

/// Stores lines that were read at these moments, as if long ago.
async fn store(app: &TestApp, job: JobId, moments: &[i64]) {
    let line = |created_at: &i64| NewLine {
        stream: LogStream::Stdout,
        line: format!("at {created_at}"),
        created_at: *created_at,
    };
    let lines: Vec<NewLine> = moments.iter().map(line).collect();
    let stored = Inserter::new(app.state.db.backend()).append(&app.state.db, job, 0, &lines).await.expect("stored");
    assert_eq!(stored, Appended::Stored(i64::try_from(moments.len()).expect("few")));
}

/// Lines by their ids and times by their seconds, in order; other events by their names.
fn told(events: &[Event]) -> Vec<String> {
    let word = |event: &Event| match event.name.as_str() {
        "time" => {
            assert_eq!(event.id, "", "the last id stays that of a line");
            event.data.replace("1970-01-01T00:00:", "")
        }
        "stdout" => event.id.clone(),
        other => other.to_owned(),
    };
    events.iter().map(word).collect()
}

/// Goes through a stream's events as a reader does: each line's time is the one told last, and none is told twice.
fn assert_times_are_those_of(events: &[Event], lines: &[JobLogLine]) {
    let mut time: Option<Timestamp> = None;
    for event in events {
        if event.name == "time" {
            assert_ne!(time.as_ref(), Some(&event.data), "it was told already");
            time = Some(event.data.clone());
        } else if !event.id.is_empty() {
            let line = lines.iter().find(|line| line.seq.to_string() == event.id).expect("a line of the list");
            let second = line.created_at.split('.').next().expect("a date and a time");
            assert_eq!(time, Some(format!("{second}Z")), "line {}", event.id);
        }
    }
}

#[tokio::test]
async fn a_jobs_reader_is_told_each_second_once_wherever_it_begins() {
    let (app, alice, job) = app_with_limit(3).await;
    store(&app, job, &[1_000, 1_999, 2_000, 2_000, 4_500]).await;
    end(&app, job).await;
    let read = async |rest: &str, last: Option<&str>| {
        told(&Stream::open_behind(&app, &alice, &format!("/jobs/{job}/stream{rest}"), last).await.rest().await)
    };
    // Pages are read by the limit, which falls amid a second.
    let whole = read("?times=true&last_seq=0", None).await;
    assert_eq!(whole, ["state", "01Z", "1", "2", "02Z", "3", "4", "04Z", "5", "end"]);
    assert_eq!(read("?times=true", Some("1")).await, ["state", "01Z", "2", "02Z", "3", "4", "04Z", "5", "end"]);
    assert_eq!(read("?times=true", None).await, ["state", "skipped", "02Z", "3", "4", "04Z", "5", "end"]);
    assert_eq!(read("?times=true&last_seq=5", None).await, ["state", "end"]);
    for rest in ["?last_seq=0", "?last_seq=0&times=false"] {
        assert_eq!(read(rest, None).await, ["state", "1", "2", "3", "4", "5", "end"], "{rest}");
    }
}

#[tokio::test]
async fn a_jobs_live_lines_have_their_times_too() {
    let (app, alice, job) = app_with_limit(100).await;
    store(&app, job, &[1_000]).await;
    let path = format!("/jobs/{job}/stream?times=true");
    let mut stream = Stream::open(&app, &alice, &path).await;
    let mut events = vec![stream.named("time").await, stream.named("stdout").await];
    // Each is stored and told by itself; several of them lie in one second, whenever that begins.
    for text in ["a", "b", "c", "d"] {
        append(&app.state.job_logs, job, LogStream::Stdout, text).await.expect("stored");
        while events.last().is_none_or(|event| event.data != text) {
            events.push(stream.next().await.expect("the stream goes on"));
        }
    }
    let list: Page<JobLogLine> = alice.get(&format!("/jobs/{job}/logs")).await.expect_status(200).json();
    assert_eq!(seqs(&events), [1, 2, 3, 4, 5]);
    assert_times_are_those_of(&events, &list.items);
    assert_eq!(told(&events)[..2], ["01Z", "1"]);
}

#[tokio::test]
async fn a_games_reader_is_told_each_second_once_wherever_it_begins() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let server = alice.server("alpha", 27015).await;
    let name = InstanceName::parse("alpha").expect("a name");
    let print = |count: usize| (0..count).for_each(|_| app.supervisor.print(&name, "a line"));
    // Two lines a second, the first of them at half a second.
    print(4);
    let path = format!("/servers/{}/logs/stream", server.id);
    let read = async |stream: &mut Stream, count: usize| {
        let mut events = Vec::new();
        for _ in 0..count {
            events.push(stream.next().await.expect("the stream goes on"));
        }
        told(&events)
    };
    let mut stream = Stream::open(&app, &alice, &format!("{path}?times=true")).await;
    assert_eq!(read(&mut stream, 7).await, ["00Z", "fake-1", "01Z", "fake-2", "fake-3", "02Z", "fake-4"]);
    print(2);
    assert_eq!(read(&mut stream, 3).await, ["fake-5", "03Z", "fake-6"]);
    drop(stream);

    let mut behind = Stream::open_behind(&app, &alice, &format!("{path}?times=true"), Some("fake-4")).await;
    assert_eq!(read(&mut behind, 4).await, ["02Z", "fake-5", "03Z", "fake-6"]);
    let mut last = Stream::open(&app, &alice, &format!("{path}?times=true&lines=1")).await;
    assert_eq!(read(&mut last, 2).await, ["03Z", "fake-6"]);
    let mut untold = Stream::open(&app, &alice, &format!("{path}?lines=3")).await;
    assert_eq!(read(&mut untold, 3).await, ["fake-4", "fake-5", "fake-6"]);
}

#[tokio::test]
async fn what_is_neither_yes_nor_no_is_refused() {
    let (app, alice, job) = app_with_limit(100).await;
    let server = alice.server("alpha", 27015).await;
    for path in [format!("/jobs/{job}/stream"), format!("/servers/{}/logs/stream", server.id)] {
        for query in NONSENSE {
            assert_eq!(request(&app, &alice, &format!("{path}?{query}"), None).await.status(), 400, "{path} {query}");
        }
        assert_eq!(request(&app, &alice, &format!("{path}?times=false"), None).await.status(), 200, "{path}");
    }
}
