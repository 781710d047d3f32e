//! Health and metrics.

use serde_json::Value;

use crate::support::TestApp;

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
