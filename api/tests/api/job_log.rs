//! The writer of job logs, against the database itself.

use std::time::Duration;

use l4d2_api::clock;
use l4d2_api::db::entity::{job_logs, jobs};
use l4d2_api::db::{Db, job_logs as queries};
use l4d2_api::jobs::log::{LogError, LogHub};
use l4d2_contract::{JobId, JobState, LogStream, Operation, UserId};
use l4d2_host::lines::CUT_MARK;
use sea_orm::{ActiveModelTrait, ConnectionTrait, IntoActiveModel, Set};

use crate::support::TestApp;

const HELD_UP: Duration = Duration::from_secs(1);

/// A running job in the database that nobody works at.
pub(crate) async fn idle_job(db: &Db, owner: UserId) -> JobId {
    let job = l4d2_api::db::jobs::NewJob { user: owner, owner, server: None, operation: Operation::Start };
    let row = l4d2_api::db::jobs::insert(db.write(), job).await.expect("filed");
    // Nobody wakes the scheduler in between or later: it would end what nobody works at.
    let mut row = row.into_active_model();
    row.state = Set(JobState::Running.as_str().to_owned());
    row.started_at = Set(Some(clock::now()));
    JobId(row.update(db.write()).await.expect("stored").id)
}

/// Writes lines to such a job.
pub(crate) async fn write(app: &TestApp, job: JobId, lines: impl IntoIterator<Item = String>) {
    let mut writer = app.state.job_logs.open(job).await.expect("opened");
    for line in lines {
        writer.append(LogStream::Stdout, &line).await.expect("appended");
    }
    writer.finish().await.expect("stored");
}

/// Ends such a job.
pub(crate) async fn end(app: &TestApp, job: JobId) {
    let row = l4d2_api::db::jobs::find(app.state.db.read(), job).await.expect("read").expect("there");
    let mut row = row.into_active_model();
    row.state = Set(JobState::Succeeded.as_str().to_owned());
    row.finished_at = Set(Some(clock::now()));
    row.update(app.state.db.write()).await.expect("stored");
    l4d2_api::domain::publish::job(&app.state, job).await.expect("told");
}

/// Writes one line to such a job; its seq.
pub(crate) async fn append(hub: &LogHub, job: JobId, stream: LogStream, line: &str) -> Result<i64, LogError> {
    let mut writer = hub.open(job).await.expect("opened");
    writer.append(stream, line).await?;
    writer.finish().await
}

async fn row(db: &Db, job: JobId) -> jobs::Model {
    l4d2_api::db::jobs::find(db.read(), job).await.expect("read").expect("there")
}

async fn lines(db: &Db, job: JobId) -> Vec<job_logs::Model> {
    queries::page(db.read(), job, 0, 1_000_000).await.expect("read")
}

/// Every seq from 1 on, once.
#[track_caller]
fn assert_gapless(lines: &[job_logs::Model]) {
    assert!(lines.iter().zip(1..).all(|(line, seq)| line.seq == seq), "a gap or a duplicate");
}

#[tokio::test]
async fn a_flood_is_stored_whole_and_counted() {
    const LINES: i64 = 200_000;
    let app = TestApp::start().await;
    let owner = app.user("alice").await.opened.user.id;
    let job = idle_job(&app.state.db, owner).await;
    let mut writer = app.state.job_logs.open(job).await.expect("opened");
    for number in 1..=LINES {
        writer.append(LogStream::Stdout, &format!("line {number}")).await.expect("appended");
    }
    assert_eq!(writer.finish().await.expect("stored"), LINES);

    let stored = lines(&app.state.db, job).await;
    assert_eq!(stored.len(), 200_000);
    assert_gapless(&stored);
    assert!(stored.iter().all(|line| line.line == format!("line {}", line.seq)));
    let row = row(&app.state.db, job).await;
    let text: i64 = stored.iter().map(|line| i64::try_from(line.line.len()).expect("short")).sum();
    assert_eq!((row.log_lines, row.log_bytes), (LINES, text + LINES * queries::ROW_BYTES));
    assert_eq!(app.state.job_logs.open_logs(), 0, "a log that nobody uses is let go of");
}

#[tokio::test]
async fn writers_of_one_job_never_take_the_same_number() {
    let app = TestApp::start().await;
    let owner = app.user("alice").await.opened.user.id;
    let job = idle_job(&app.state.db, owner).await;
    let hub = app.state.job_logs.clone();
    // The second hub stands for another process.
    let stranger = LogHub::new(app.state.db.clone(), 4096);
    let write = |hub: LogHub| async move {
        let mut writer = hub.open(job).await.expect("opened");
        for number in 0..500 {
            writer.append(LogStream::Stderr, &number.to_string()).await.expect("appended");
            tokio::task::yield_now().await;
        }
        writer.finish().await.expect("stored")
    };
    let once = async {
        for _ in 0..20 {
            append(&hub, job, LogStream::System, "one more").await.expect("stored");
        }
    };
    tokio::join!(write(hub.clone()), write(hub.clone()), write(stranger), once);
    let stored = lines(&app.state.db, job).await;
    assert_eq!(stored.len(), 1520);
    assert_gapless(&stored);
}

#[tokio::test]
async fn lines_are_cut_once_and_hold_no_nul() {
    let app = TestApp::start_with(|settings| settings.job_log_line_max_chars = Some(80)).await;
    let owner = app.user("alice").await.opened.user.id;
    let job = idle_job(&app.state.db, owner).await;
    let fits = "ä".repeat(80);
    let cut = format!("{fits}{CUT_MARK}");
    let mut writer = app.state.job_logs.open(job).await.expect("opened");
    for line in [fits.as_str(), &"ä".repeat(81), &cut, "a\0b"] {
        writer.append(LogStream::Stdout, line).await.expect("appended");
    }
    writer.finish().await.expect("stored");
    let texts: Vec<String> = lines(&app.state.db, job).await.into_iter().map(|line| line.line).collect();
    assert_eq!(texts, [fits.as_str(), &cut, &cut, "a\u{FFFD}b"]);
}

#[tokio::test]
async fn a_log_goes_on_behind_what_an_earlier_panel_stored() {
    let app = TestApp::start().await;
    let owner = app.user("alice").await.opened.user.id;
    let job = idle_job(&app.state.db, owner).await;
    assert_eq!(append(&app.state.job_logs, job, LogStream::System, "first").await.expect("stored"), 1);
    let hub = LogHub::new(app.state.db.clone(), 4096);
    assert_eq!(append(&hub, job, LogStream::System, "second").await.expect("stored"), 2);
    assert_eq!(hub.open(JobId(999_999)).await.expect_err("there is no such job").code(), "not_found");
}

/// SQLite's own limit stands for the full disk: it fails with the same error, in the same places.
async fn limit_pages(db: &Db, pages: i64) {
    db.write().execute_unprepared(&format!("PRAGMA max_page_count = {pages}")).await.expect("set");
}

#[tokio::test]
async fn a_full_disk_holds_lines_up_and_loses_none() {
    let app = TestApp::start().await;
    if app.state.db.backend() != sea_orm::DatabaseBackend::Sqlite {
        return;
    }
    let owner = app.user("alice").await.opened.user.id;
    let job = idle_job(&app.state.db, owner).await;
    let text = "x".repeat(2000);
    // SQLite does not go below what the file has already.
    limit_pages(&app.state.db, 1).await;
    let mut writer = app.state.job_logs.open(job).await.expect("opened");
    let mut appended = 0;
    // An append that waits this long is held up: the writer's memory is full, and the database refuses.
    while let Ok(result) = tokio::time::timeout(HELD_UP, writer.append(LogStream::Stdout, &text)).await {
        result.expect("appended");
        appended += 1;
        assert!(appended < 3000, "lines are not held without end");
    }
    limit_pages(&app.state.db, 1_000_000).await;
    for _ in appended..3000 {
        writer.append(LogStream::Stdout, &text).await.expect("appended");
    }
    assert_eq!(writer.finish().await.expect("stored after all"), 3000);
    let stored = lines(&app.state.db, job).await;
    assert_eq!(stored.len(), 3000);
    assert_gapless(&stored);
    app.user("bob").await;
}

#[tokio::test]
async fn a_disk_that_stays_full_breaks_the_log_in_the_end_and_the_panel_goes_on_when_there_is_room() {
    let app = TestApp::start().await;
    if app.state.db.backend() != sea_orm::DatabaseBackend::Sqlite {
        return;
    }
    let owner = app.user("alice").await.opened.user.id;
    let job = idle_job(&app.state.db, owner).await;
    limit_pages(&app.state.db, 1).await;
    let hub = LogHub::with_patience(app.state.db.clone(), 4096, Duration::from_millis(100));
    let mut writer = hub.open(job).await.expect("opened");
    let text = "x".repeat(4000);
    let error = loop {
        if let Err(error) = writer.append(LogStream::Stdout, &text).await {
            break error;
        }
    };
    assert!(matches!(error, LogError::Store { .. }), "{error:?}");
    assert!(matches!(writer.append(LogStream::Stdout, "more").await, Err(LogError::Closed)));
    // A statement of one row fails in another way than one of many: it takes the whole transaction with it.
    append(&hub, job, LogStream::System, &text).await.expect_err("the disk is still full");
    let before = row(&app.state.db, job).await.log_lines;
    assert_gapless(&lines(&app.state.db, job).await);

    limit_pages(&app.state.db, 1_000_000).await;
    assert_eq!(append(&hub, job, LogStream::System, "room again").await.expect("stored"), before + 1);
    assert_gapless(&lines(&app.state.db, job).await);
    app.user("bob").await;
}
