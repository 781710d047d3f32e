//! Health and metrics.

use std::fs;
use std::time::Duration;

use l4d2_api::metrics::request_answered;
use serde_json::Value;

use crate::support::{PATIENCE, TestApp};

#[tokio::test]
async fn health_says_ok_while_the_database_answers() {
    let app = TestApp::start().await;
    let answer = app.anonymous().get("//health").await.expect_status(200);
    assert_eq!(answer.json::<Value>(), serde_json::json!({"status": "ok"}));
    app.state.db.clone().close().await.expect("closed");
    app.anonymous().get("//health").await.problem(503, "database_unavailable");
}

#[tokio::test]
async fn metrics_count_requests_jobs_and_servers() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let alpha = alice.server("alpha", 27015).await;
    alice.operate_to_the_end(&app, &alpha, "start").await;
    let text = app.anonymous().get("//metrics").await.expect_status(200).text();
    for series in [
        "l4d2_jobs_finished_total{operation=\"start\",state=\"succeeded\"}",
        "l4d2_job_duration_seconds_bucket{operation=\"start\"",
        "l4d2_job_queue_depth 0",
        "l4d2_servers{state=\"running\"}",
        "route=\"/api/v1/servers/{id}/jobs\"",
    ] {
        assert!(text.contains(series), "{series} is missing from\n{text}");
    }
}

/// The exporter keeps every single duration until they are summed up.
#[tokio::test]
async fn what_is_measured_is_summed_up_though_nobody_asks_for_it() {
    let _app = TestApp::start().await;
    // More than what the process has free from its start.
    let mut most = pages_after_requests(200_000);
    let settled = async {
        loop {
            tokio::time::sleep(Duration::from_millis(250)).await;
            let now = pages_after_requests(20_000);
            if now <= most {
                return;
            }
            most = now;
        }
    };
    tokio::time::timeout(PATIENCE, settled).await.expect("more requests need no more memory");
}

/// The memory that this process takes once so many requests were answered.
fn pages_after_requests(count: u32) -> u64 {
    for _ in 0..count {
        request_answered("GET", "/measured", 200, Duration::from_millis(1));
    }
    let statm = fs::read_to_string("/proc/self/statm").expect("readable");
    statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("the resident pages")
}

#[tokio::test]
async fn a_database_has_one_panel_and_lets_go_of_it() {
    let app = TestApp::start().await;
    let first = app.state.db.own().await.expect("free");
    let second = app.state.db.own().await;
    if app.state.db.backend() == sea_orm::DatabaseBackend::Sqlite {
        // The lock of the data directory is what holds there.
        second.expect("nothing to hold");
        return;
    }
    let error = second.expect_err("taken").to_string();
    assert!(error.contains("another l4d2-web") && error.contains("DATABASE_URL"), "{error}");
    // Another panel in a schema of its own is none of its business.
    let other = TestApp::start().await;
    other.state.db.own().await.expect("free");
    drop(first);
    app.state.db.own().await.expect("free again");
}
