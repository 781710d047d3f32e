//! Old job logs go, by age and by size.

use std::time::Duration;

use l4d2_api::db::entity::jobs;
use l4d2_api::db::{Db, job_logs};
use l4d2_api::jobs::prune::{Limits, Pruned, prune};
use l4d2_contract::{JobId, JobLogLine, Page};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, Set};

use crate::follow::Stream;
use crate::job_log::{end, idle_job, write};
use crate::support::{SignedIn, TestApp};

const DAY: i64 = 24 * 60 * 60 * 1000;
const NOW: i64 = 1_800_000_000_000;
const NO_LIMITS: Limits = Limits { keep: Duration::MAX, keep_bytes: u64::MAX };

/// A job with so many lines of 68 bytes (100 with what a row takes), finished so many days ago; none: it still runs.
async fn job(app: &TestApp, owner: &SignedIn, lines: usize, days_ago: Option<i64>) -> JobId {
    let id = idle_job(&app.state.db, owner.opened.user.id).await;
    write(app, id, std::iter::repeat_n("x".repeat(68), lines)).await;
    if let Some(days) = days_ago {
        end(app, id).await;
        let row = jobs::Entity::find_by_id(id.0).one(app.state.db.read()).await.expect("read").expect("there");
        let mut row = row.into_active_model();
        row.finished_at = Set(Some(NOW - days * DAY));
        row.update(app.state.db.write()).await.expect("stored");
    }
    id
}

async fn stored(db: &Db, job: JobId) -> usize {
    job_logs::page(db.read(), job, 0, 100_000).await.expect("read").len()
}

#[tokio::test]
async fn logs_go_by_age_and_those_of_running_jobs_never() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let old = job(&app, &alice, 5000, Some(31)).await;
    let young = job(&app, &alice, 10, Some(29)).await;
    let running = job(&app, &alice, 10, None).await;
    let limits = Limits { keep: Duration::from_hours(30 * 24), ..NO_LIMITS };
    assert_eq!(prune(&app.state.db, limits, NOW).await.expect("pruned"), Pruned { jobs: 1, lines: 5000 });
    let db = &app.state.db;
    assert_eq!((stored(db, old).await, stored(db, young).await, stored(db, running).await), (0, 10, 10));
    assert_eq!(prune(db, limits, NOW).await.expect("pruned"), Pruned::default(), "once is enough");
    let everything = Limits { keep: Duration::ZERO, keep_bytes: 0 };
    prune(db, everything, i64::MAX).await.expect("pruned");
    assert_eq!((stored(db, young).await, stored(db, running).await), (0, 10));
}

#[tokio::test]
async fn logs_go_by_size_the_oldest_first() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let db = &app.state.db;
    let young = job(&app, &alice, 30, Some(1)).await;
    let oldest = job(&app, &alice, 30, Some(3)).await;
    let old = job(&app, &alice, 30, Some(2)).await;
    let running = job(&app, &alice, 1000, None).await;
    let limits = Limits { keep_bytes: 6000, ..NO_LIMITS };
    assert_eq!(prune(db, limits, NOW).await.expect("pruned"), Pruned { jobs: 1, lines: 30 });
    let left = [stored(db, oldest).await, stored(db, old).await, stored(db, young).await, stored(db, running).await];
    assert_eq!(left, [0, 30, 30, 1000]);
    prune(db, Limits { keep_bytes: 5999, ..limits }, NOW).await.expect("pruned");
    assert_eq!((stored(db, old).await, stored(db, young).await), (0, 30));
}

#[tokio::test]
async fn a_pruned_log_says_so_and_seqs_stay_true() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let id = job(&app, &alice, 50, Some(1)).await;
    prune(&app.state.db, Limits { keep_bytes: 0, ..NO_LIMITS }, NOW).await.expect("pruned");
    let events = Stream::open(&app, &alice, &format!("/jobs/{id}/stream?last_seq=20")).await.rest().await;
    let events: Vec<(&str, &str)> =
        events.iter().skip(1).map(|event| (event.name.as_str(), event.data.as_str())).collect();
    assert_eq!(events, [("skipped", r#"{"lines":30}"#), ("end", r#"{"reason":"job_finished"}"#)]);
    write(&app, id, ["one more".to_owned()]).await;
    let page: Page<JobLogLine> = alice.get(&format!("/jobs/{id}/logs")).await.expect_status(200).json();
    assert_eq!((page.items.len(), page.items[0].seq), (1, 51));
    assert_eq!(alice.get(&format!("/jobs/{id}/log.txt")).await.expect_status(200).text(), "one more\n");
}
