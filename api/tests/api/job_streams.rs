//! The stream of a job: replay, resuming, live lines, states, the end.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use l4d2_contract::{Job, JobId, JobLogLine, JobState, LogStream, Page};
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::follow::{self, Stream, seqs};
use crate::job_log::{append, end, idle_job, write};
use crate::sse::Parser;
use crate::standstill::Standstill;
use crate::support::{PATIENCE, SignedIn, TestApp};

fn numbered(lines: usize) -> impl Iterator<Item = String> {
    (1..=lines).map(|number| format!("line {number}"))
}

async fn app_with_limit(limit: u64) -> (TestApp, SignedIn, JobId) {
    let app = TestApp::start_with(|settings| settings.job_log_replay_limit = Some(limit)).await;
    let alice = app.user("alice").await;
    let job = idle_job(&app.state.db, alice.opened.user.id).await;
    (app, alice, job)
}

fn path(job: JobId, rest: &str) -> String {
    format!("/jobs/{job}/{rest}")
}

#[tokio::test]
async fn a_new_reader_gets_the_last_lines_then_live_ones_then_the_end() {
    let (app, alice, job) = app_with_limit(100).await;
    write(&app, job, numbered(250)).await;
    let mut stream = Stream::open(&app, &alice, &path(job, "stream")).await;
    assert_eq!(stream.headers["content-type"], "text/event-stream");
    assert_eq!(stream.headers["cache-control"], "no-store");
    assert_eq!(stream.headers["x-accel-buffering"], "no");

    let state = stream.next().await.expect("the state first");
    let shown: Job = serde_json::from_str(&state.data).expect("a job");
    assert_eq!((state.name.as_str(), shown.id, shown.state), ("state", job, JobState::Running));
    let skipped = stream.next().await.expect("what is left out");
    assert_eq!((skipped.name.as_str(), skipped.data.as_str()), ("skipped", r#"{"lines":150}"#));
    let lines = stream.lines(100).await;
    assert_eq!(seqs(&lines), (151..=250).collect::<Vec<_>>());
    assert!(lines.iter().all(|line| line.name == "stdout" && line.data == format!("line {}", line.id)));

    append(&app.state.job_logs, job, LogStream::System, "done").await.expect("stored");
    let live = stream.lines(1).await;
    assert_eq!((live[0].id.as_str(), live[0].name.as_str(), live[0].data.as_str()), ("251", "system", "done"));
    end(&app, job).await;
    let rest = stream.rest().await;
    let names: Vec<&str> = rest.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names, ["state", "end"]);
    assert_eq!(serde_json::from_str::<Job>(&rest[0].data).expect("a job").state, JobState::Succeeded);
    assert_eq!(rest[1].data, r#"{"reason":"job_finished"}"#);
    assert_eq!(app.state.streams.count(), 0);
}

#[tokio::test]
async fn nothing_is_skipped_when_everything_fits() {
    let (app, alice, job) = app_with_limit(100).await;
    write(&app, job, numbered(100)).await;
    end(&app, job).await;
    let events = Stream::open(&app, &alice, &path(job, "stream")).await.rest().await;
    assert!(events.iter().all(|event| event.name != "skipped"));
    assert_eq!(seqs(&events), (1..=100).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_query_wins_over_the_header_and_nonsense_is_refused() {
    let (app, alice, job) = app_with_limit(100).await;
    write(&app, job, numbered(300)).await;
    let first = async |rest: &str, header: Option<&str>| {
        let mut stream = Stream::open_behind(&app, &alice, &path(job, rest), header).await;
        stream.lines(1).await.remove(0).id
    };
    assert_eq!(first("stream", Some("7")).await, "8");
    assert_eq!(first("stream?last_seq=0", None).await, "1");
    assert_eq!(first("stream?last_seq=20", Some("7")).await, "21");
    assert_eq!(first("stream?last_seq=20", Some("nonsense")).await, "21");
    let nonsense = [
        ("stream?last_seq=-1", None),
        ("stream?last_seq=x", None),
        ("stream?last_seq=", None),
        ("stream?last_seq=99999999999999999999", None),
        ("stream?since=1", None),
        ("stream", Some("-1")),
        ("stream", Some("x")),
    ];
    for (rest, header) in nonsense {
        let response = follow::request(&app, &alice, &path(job, rest), header).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{rest} {header:?}");
    }
}

#[tokio::test]
async fn a_seq_beyond_the_end_waits_until_the_log_gets_there() {
    let (app, alice, job) = app_with_limit(100).await;
    write(&app, job, numbered(3)).await;
    let mut stream = Stream::open(&app, &alice, &path(job, "stream?last_seq=5")).await;
    assert_eq!(stream.next().await.expect("the state").name, "state");
    write(&app, job, numbered(4)).await;
    assert_eq!(seqs(&stream.lines(2).await), [6, 7]);
    drop(stream);
    end(&app, job).await;
    let events = Stream::open(&app, &alice, &path(job, "stream?last_seq=9000")).await.rest().await;
    assert_eq!(events.last().expect("an end").name, "end");
}

#[tokio::test]
async fn every_seq_can_be_gone_on_from() {
    let (app, alice, job) = app_with_limit(7).await;
    write(&app, job, numbered(200)).await;
    end(&app, job).await;
    for behind in 0..=200 {
        let events = Stream::open(&app, &alice, &path(job, &format!("stream?last_seq={behind}"))).await.rest().await;
        assert_eq!(seqs(&events), (behind + 1..=200).collect::<Vec<_>>(), "behind {behind}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// A reader that loses its connection again and again while a writer is at it.
    #[test]
    fn a_reader_that_comes_back_again_and_again_misses_nothing(
        limit in 1_u64..300,
        takes in proptest::collection::vec(1_usize..400, 1..12),
        pauses in proptest::collection::vec(0_usize..200, 1..8),
    ) {
        const LINES: usize = 3000;
        let seen = Runtime::new().expect("a runtime").block_on(async {
            let (app, alice, job) = app_with_limit(limit).await;
            let writer = async {
                let mut writer = app.state.job_logs.open(job).await.expect("opened");
                let mut pauses = pauses.iter().cycle();
                let mut until_pause = 0;
                for line in numbered(LINES) {
                    if until_pause == 0 {
                        until_pause = *pauses.next().expect("a cycle");
                        tokio::task::yield_now().await;
                    }
                    until_pause = until_pause.saturating_sub(1);
                    writer.append(LogStream::Stdout, &line).await.expect("appended");
                }
                writer.finish().await.expect("stored");
                end(&app, job).await;
            };
            let reader = async {
                let mut seen: Vec<i64> = Vec::new();
                let mut takes = takes.iter().cycle();
                while seen.len() < LINES {
                    let last = seen.last().copied().unwrap_or(0);
                    let mut stream = Stream::open_behind(&app, &alice, &path(job, "stream"), Some(&last.to_string())).await;
                    let take = (*takes.next().expect("a cycle")).min(LINES - seen.len());
                    seen.extend(seqs(&stream.lines(take).await));
                }
                seen
            };
            tokio::join!(writer, reader).1
        });
        prop_assert_eq!(seen, (1..=3000).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_reader_that_does_not_read_holds_nobody_up_and_loses_nothing() {
    let (app, alice, job) = app_with_limit(2000).await;
    let mut slow = Stream::open(&app, &alice, &path(job, "stream?last_seq=0")).await;
    let mut quick = Stream::open(&app, &alice, &path(job, "stream?last_seq=0")).await;
    let (lines, ()) = tokio::join!(quick.lines(30_000), write(&app, job, numbered(30_000)));
    assert_eq!(seqs(&lines), (1..=30_000).collect::<Vec<_>>());
    assert_eq!(seqs(&slow.lines(30_000).await), (1..=30_000).collect::<Vec<_>>());
}

#[tokio::test]
async fn lines_come_over_a_socket_as_they_were_printed() {
    let (app, alice, job) = app_with_limit(2000).await;
    let lines = ["progress 1\rprogress 2", "a\r\nb", "\n", "", " data: x", "id: 9", "ünïcode 🧟", "tab\tend ", ":c"];
    write(&app, job, lines.iter().map(ToString::to_string)).await;
    end(&app, job).await;
    let url = format!("{}/api/v1{}", app.listen().await, path(job, "stream"));
    let answer = reqwest::Client::new().get(url).bearer_auth(&alice.opened.token).send().await.expect("an answer");
    let body = tokio::time::timeout(PATIENCE, answer.bytes()).await.expect("it ends").expect("whole");
    let events = Parser::default().push(&body);
    let seen: Vec<&str> = events.iter().filter(|event| !event.id.is_empty()).map(|event| event.data.as_str()).collect();
    let expected: Vec<String> = lines.iter().map(|line| line.replace("\r\n", "\n").replace('\r', "\n")).collect();
    assert_eq!(seen, expected);
}

proptest! {
    /// Whatever is in a line, a client reads one event with that text back.
    #[test]
    fn no_line_breaks_the_framing(lines in proptest::collection::vec("[ -~\r\n\u{85}\u{2028}äß🧟:]{0,40}", 1..20)) {
        let mut frames = bytes::BytesMut::new();
        for (seq, line) in lines.iter().enumerate() {
            l4d2_api::stream::frame::event_with_id(&mut frames, seq, "stderr", line);
        }
        let events = Parser::default().push(&frames);
        let seen: Vec<String> = events.iter().map(|event| event.data.clone()).collect();
        let expected: Vec<String> = lines.iter().map(|line| line.replace("\r\n", "\n").replace('\r', "\n")).collect();
        prop_assert_eq!(seen, expected);
        prop_assert!(events.iter().all(|event| event.name == "stderr"));
    }
}

#[tokio::test]
async fn lines_are_also_a_list_and_a_file() {
    let (app, alice, job) = app_with_limit(2000).await;
    write(&app, job, numbered(1200)).await;
    let mut after = 0;
    let mut seen: Vec<JobLogLine> = Vec::new();
    loop {
        let page = path(job, &format!("logs?after_seq={after}&limit=500"));
        let page: Page<JobLogLine> = alice.get(&page).await.expect_status(200).json();
        seen.extend(page.items);
        let Some(next) = page.next else { break };
        after = next.parse().expect("a seq");
    }
    assert!(seen.iter().zip(1..).all(|(line, seq)| line.seq == seq && line.line == format!("line {seq}")));
    assert_eq!(seen.len(), 1200);
    let page: Page<JobLogLine> = alice.get(&path(job, "logs")).await.expect_status(200).json();
    assert_eq!((page.items.len(), page.next.as_deref()), (500, Some("500")));
    for wrong in ["logs?limit=0", "logs?limit=2001", "logs?after_seq=-1", "logs?after_seq=x", "logs?what=1"] {
        assert_eq!(alice.get(&path(job, wrong)).await.status, StatusCode::BAD_REQUEST, "{wrong}");
    }

    let file = alice.get(&path(job, "log.txt")).await.expect_status(200);
    assert_eq!(file.headers["content-type"], "text/plain; charset=utf-8");
    assert_eq!(file.headers["content-disposition"], format!("attachment; filename=\"job-{job}.txt\""));
    assert_eq!(file.text(), numbered(1200).map(|line| line + "\n").collect::<String>());

    // As browsers ask for it: what compresses a body asks once more after its end.
    let request = Request::get(format!("/api/v1{}", path(job, "log.txt")))
        .header(header::AUTHORIZATION, format!("Bearer {}", alice.opened.token))
        .header(header::ACCEPT_ENCODING, "gzip");
    let compressed = alice.send(request.body(Body::empty()).expect("a request")).await.expect_status(200);
    assert_eq!(compressed.headers["content-encoding"], "gzip");
    assert!(compressed.body.len() < file.body.len() / 2);
}

#[tokio::test]
async fn a_comment_comes_now_and_then_and_progress_is_told() {
    let (app, alice, job) = app_with_limit(2000).await;
    let mut stream = Stream::open(&app, &alice, &path(job, "stream")).await;
    stream.named("state").await;
    l4d2_api::db::jobs::set_progress(app.state.db.write(), job, 0.5).await.expect("stored");
    l4d2_api::domain::publish::job(&app.state, job).await.expect("told");
    let state: Value = serde_json::from_str(&stream.named("state").await.data).expect("JSON");
    assert_eq!(state["progress"], json!(0.5));
    let (began, standstill) = (std::time::Instant::now(), Standstill::watch());
    let comment = stream.bytes().await.expect("the stream goes on");
    assert!(comment.starts_with(b":") && comment.ends_with(b"\n\n"), "{comment:?}");
    // Browsers tell their pages of events only.
    assert!(comment.ends_with(b"\nevent: ping\ndata: {}\n\n"), "{comment:?}");
    let after = standstill.without(began.elapsed()).as_secs();
    assert!((10..=16).contains(&after), "a comment comes every 15 s, not after {after} s");
}
