//! Jobs from filing to their end, on a fake supervisor.

use futures::FutureExt;
use l4d2_api::config::Settings;
use l4d2_api::jobs::recovery::INTERRUPTED;
use l4d2_contract::{ActualState, DesiredState, DisplayState, Job, JobState, Operation, Overlay, Page, Server};
use l4d2_host::InstanceName;
use l4d2_host::supervisor::fake::{FakeCall, FakeStep};
use serde_json::json;

use crate::support::{Client, PATIENCE, TestApp};

fn instance(name: &str) -> InstanceName {
    InstanceName::parse(name).expect("a valid name")
}

async fn server(client: &Client, server: &Server) -> Server {
    client.get(&format!("/servers/{}", server.id)).await.expect_status(200).json()
}

/// Waits until the fake was told to do something.
async fn called(app: &TestApp, call: FakeCall) {
    tokio::time::timeout(PATIENCE, app.supervisor.called(&call)).await.expect("the host is called");
}

/// Waits until a server looks as it should.
async fn until(app: &TestApp, client: &Client, of: &Server, looks_right: impl Fn(&Server) -> bool) -> Server {
    let mut events = app.state.events.subscribe();
    let wait = async {
        loop {
            let now = server(client, of).await;
            if looks_right(&now) {
                return now;
            }
            let _ = events.recv().await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("the server gets there")
}

#[tokio::test]
async fn the_main_job_from_start_to_delete() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let alpha = alice.server("alpha", 27015).await;
    assert_eq!((alpha.desired_state, alpha.pending_changes), (DesiredState::Stopped, true));

    let job = alice.operate_to_the_end(&app, &alpha, "start").await;
    assert_eq!((job.state, job.error.as_str(), job.exit_code), (JobState::Succeeded, "", None), "{job:?}");
    let now = server(&alice, &alpha).await;
    assert_eq!((now.desired_state, now.actual_state), (DesiredState::Running, ActualState::Running));
    assert!(!now.pending_changes && !now.drift && now.active_job.is_none());
    // The fake's games all began at that moment: it is the game's own start, not the time of a look.
    assert_eq!(now.actual_state_since.as_deref(), Some("1970-01-01T00:00:00.000Z"));
    assert_eq!(alice.log(job.id).await.last().map(String::as_str), Some("start succeeded"));

    let job = alice.operate_to_the_end(&app, &alpha, "restart").await;
    assert_eq!(job.state, JobState::Succeeded, "{job:?}");
    let job = alice.operate_to_the_end(&app, &alpha, "stop").await;
    assert_eq!(job.state, JobState::Succeeded, "{job:?}");
    let stopped = server(&alice, &alpha).await;
    assert_eq!(stopped.actual_state, ActualState::Stopped);
    assert!(stopped.actual_state_since > job.started_at, "{stopped:?}");

    let answer = alice.delete(&format!("/servers/{}", alpha.id)).await.expect_status(202);
    let job: Job = answer.json();
    assert_eq!(answer.headers["location"], format!("/api/v1/jobs/{}", job.id));
    let job = alice.ended(&app, job.id).await;
    assert_eq!((job.state, job.server_id, job.server_name.as_deref()), (JobState::Succeeded, None, Some("alpha")));
    alice.get(&format!("/servers/{}", alpha.id)).await.problem(404, "not_found");
    let jobs: Page<Job> = alice.get("/jobs").await.json();
    assert_eq!(jobs.items.len(), 4, "the jobs outlive their server");
}

#[tokio::test]
async fn a_changed_blueprint_is_pending_until_the_next_start() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let alpha = alice.server("alpha", 27015).await;
    alice.operate_to_the_end(&app, &alpha, "start").await;
    let path = format!("/blueprints/{}", alpha.blueprint_id);
    alice.patch(&path, json!({"config": ["sv_cheats 1"]})).await.expect_status(200);
    assert!(server(&alice, &alpha).await.pending_changes);
    alice.operate_to_the_end(&app, &alpha, "restart").await;
    assert!(!server(&alice, &alpha).await.pending_changes);
    let generated = app.directory.path().join("l4d2/instances/alpha/generated/left4dead2/cfg/server.cfg");
    let text = std::fs::read_to_string(generated).expect("generated");
    assert!(text.contains("sv_cheats 1"), "{text}");
}

#[tokio::test]
async fn a_stop_cancels_the_start_that_waits_and_the_one_at_work() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let alpha = alice.server("alpha", 27015).await;
    app.supervisor.on_start(&instance("alpha"), FakeStep::Hold);
    let at_work = alice.operate(&alpha, "start").await;
    called(&app, FakeCall::Start(instance("alpha"))).await;
    let waiting = alice.operate(&alpha, "restart").await;
    assert_eq!(server(&alice, &alpha).await.display_state, DisplayState::Starting);

    let stop = alice.operate(&alpha, "stop").await;
    for id in [at_work.id, waiting.id] {
        let job = alice.ended(&app, id).await;
        assert_eq!((job.state, job.error.as_str()), (JobState::Cancelled, "cancelled because a stop was requested"));
        assert_eq!(alice.log(id).await.last(), Some(&job.error));
    }
    assert_eq!(alice.ended(&app, stop.id).await.state, JobState::Succeeded);
    let now = server(&alice, &alpha).await;
    assert_eq!((now.desired_state, now.actual_state, now.drift), (DesiredState::Stopped, ActualState::Stopped, false));
}

#[tokio::test]
async fn a_stop_cancels_later_starts_even_when_an_earlier_stop_still_waits() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let alpha = alice.server("alpha", 27015).await;
    app.supervisor.on_stop(&instance("alpha"), FakeStep::Hold);
    app.supervisor.on_start(&instance("alpha"), FakeStep::Succeed);
    alice.operate_to_the_end(&app, &alpha, "start").await;
    let first = alice.operate(&alpha, "stop").await;
    called(&app, FakeCall::Stop(instance("alpha"))).await;
    let second = alice.operate(&alpha, "stop").await;
    let start = alice.operate(&alpha, "start").await;
    let third = alice.operate(&alpha, "stop").await;
    assert_eq!(third.id, second.id, "the stop that waits answers for the new request");
    assert_eq!(alice.ended(&app, start.id).await.state, JobState::Cancelled);
    app.supervisor.on_stop(&instance("alpha"), FakeStep::Succeed);
    app.supervisor.release(&instance("alpha"));
    assert_eq!(alice.ended(&app, first.id).await.state, JobState::Succeeded);
    assert_eq!(alice.ended(&app, second.id).await.state, JobState::Succeeded);
    assert_eq!(server(&alice, &alpha).await.actual_state, ActualState::Stopped);
}

#[tokio::test]
async fn fifty_parallel_requests_for_one_operation_file_one_job() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let alpha = alice.server("alpha", 27015).await;
    // Something is at work, so that the requests wait.
    app.supervisor.on_start(&instance("alpha"), FakeStep::Hold);
    alice.operate(&alpha, "start").await;
    called(&app, FakeCall::Start(instance("alpha"))).await;
    let requests = (0..50).map(|_| alice.operate(&alpha, "restart"));
    let jobs = futures::future::join_all(requests).await;
    assert!(jobs.iter().all(|job| job.id == jobs[0].id && job.operation == Operation::Restart));
    let queued: Page<Job> = alice.get("/jobs?state=queued").await.json();
    assert_eq!(queued.items.len(), 1);
}

/// A panel whose installs fail at once instead of asking Steam.
async fn without_steam() -> TestApp {
    TestApp::start_with(|settings| settings.steamcmd = Some("/bin/false".into())).await
}

#[tokio::test]
async fn jobs_are_listed_by_what_they_do() {
    let app = without_steam().await;
    let root = app.admin("root").await;
    let install: Job = root.post("/jobs", json!({"operation": "install"})).await.expect_status(202).json();
    root.ended(&app, install.id).await;
    let alpha = root.server("alpha", 27015).await;
    for operation in ["initialize", "start", "stop"] {
        root.operate_to_the_end(&app, &alpha, operation).await;
    }
    let installs: Page<Job> = root.get("/jobs?operation=install&limit=1").await.json();
    assert_eq!(installs.items.iter().map(|job| job.id).collect::<Vec<_>>(), [install.id]);
    assert_eq!(installs.next, None);
    let starts: Page<Job> = root.get(&format!("/jobs?operation=start&server_id={}", alpha.id)).await.json();
    assert_eq!(starts.items.len(), 1);
    assert_eq!(starts.items[0].operation, Operation::Start);
    root.get("/jobs?operation=explode").await.problem(400, "invalid_input");

    let alice = app.user("alice").await;
    let none: Page<Job> = alice.get("/jobs?operation=install").await.json();
    assert!(none.items.is_empty(), "installs are for admins to see");
}

#[tokio::test]
async fn an_install_runs_alone_and_is_refused_while_servers_run() {
    let app = without_steam().await;
    let root = app.admin("root").await;
    let alpha = root.server("alpha", 27015).await;
    root.operate_to_the_end(&app, &alpha, "start").await;
    let problem = root.post("/jobs", json!({"operation": "install"})).await.problem(409, "servers_running");
    assert!(problem.detail.contains("alpha"), "{}", problem.detail);
    root.operate_to_the_end(&app, &alpha, "stop").await;

    app.supervisor.on_start(&instance("alpha"), FakeStep::Hold);
    let start = root.operate(&alpha, "start").await;
    called(&app, FakeCall::Start(instance("alpha"))).await;
    let installs = (0..50).map(|_| root.post("/jobs", json!({"operation": "install"})));
    let installs = futures::future::join_all(installs).await;
    let ids: Vec<Job> = installs.into_iter().map(|answer| answer.expect_status(202).json()).collect();
    assert!(ids.iter().all(|job| job.id == ids[0].id));
    let bravo = root.server("bravo", 27016).await;
    let behind = root.operate(&bravo, "start").await;
    let look: Job = root.get(&format!("/jobs/{}", behind.id)).await.json();
    assert_eq!(look.state, JobState::Queued, "what was filed after an install waits behind it");

    app.supervisor.release(&instance("alpha"));
    assert_eq!(root.ended(&app, start.id).await.state, JobState::Succeeded);
    let install = root.ended(&app, ids[0].id).await;
    assert_eq!(install.state, JobState::Failed, "alpha runs by now");
    assert!(install.error.contains("alpha"), "{}", install.error);
    assert_eq!(root.ended(&app, behind.id).await.state, JobState::Succeeded);
}

#[tokio::test]
async fn a_failed_step_gives_its_status_and_sentence() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let alpha = alice.server("alpha", 27015).await;
    let fail = FakeStep::Fail { message: "port 27015 is used by another program".to_owned(), exit_code: Some(7) };
    app.supervisor.on_start(&instance("alpha"), fail);
    let job = alice.operate_to_the_end(&app, &alpha, "start").await;
    assert_eq!((job.state, job.exit_code), (JobState::Failed, Some(7)));
    let now = server(&alice, &alpha).await;
    assert_eq!(now.last_error, "port 27015 is used by another program");
    assert!(now.drift, "it should run and does not");
    app.supervisor.on_start(&instance("alpha"), FakeStep::Succeed);
    alice.operate_to_the_end(&app, &alpha, "start").await;
    assert_eq!(server(&alice, &alpha).await.last_error, "", "a success clears the error");
}

#[tokio::test]
async fn an_overlay_that_is_not_there_is_called_by_its_name() {
    let app = TestApp::start().await;
    let alice = app.admin("alice").await;
    let overlay = json!({"name": "My maps", "path": "not-on-disk"});
    let overlay: Overlay = alice.post("/overlays", overlay).await.expect_status(201).json();
    let alpha = alice.server("alpha", 27015).await;
    let change = json!({"overlay_ids": [overlay.id]});
    alice.patch(&format!("/blueprints/{}", alpha.blueprint_id), change).await.expect_status(200);
    let job = alice.operate_to_the_end(&app, &alpha, "start").await;
    assert_eq!(job.state, JobState::Failed);
    assert!(job.error.starts_with("the overlay \"My maps\" is not on disk"), "{}", job.error);
    assert!(!job.error.contains("not-on-disk"), "its path is for admins: {}", job.error);
}

#[tokio::test]
async fn a_crash_is_seen_by_its_event() {
    let app = TestApp::start_with(|settings| settings.status_refresh_seconds = Some(3600)).await;
    let alice = app.user("alice").await;
    let alpha = alice.server("alpha", 27015).await;
    alice.operate_to_the_end(&app, &alpha, "start").await;
    app.supervisor.crash(&instance("alpha"), "crashed 5 times in 60 s");
    let now = until(&app, &alice, &alpha, |server| server.actual_state == ActualState::Failed).await;
    assert_eq!((now.last_error.as_str(), now.drift), ("crashed 5 times in 60 s", true));
}

#[tokio::test]
async fn cancelling_a_job() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let bob = app.user("bob").await;
    let alpha = alice.server("alpha", 27015).await;
    app.supervisor.on_start(&instance("alpha"), FakeStep::Hold);
    let start = alice.operate(&alpha, "start").await;
    called(&app, FakeCall::Start(instance("alpha"))).await;
    let path = format!("/jobs/{}/cancel", start.id);
    bob.post(&path, json!({})).await.problem(403, "forbidden");
    alice.post(&path, json!({})).await.expect_status(202);
    let job = alice.ended(&app, start.id).await;
    assert_eq!((job.state, job.error.as_str()), (JobState::Cancelled, "cancelled by alice"));
    alice.post(&path, json!({})).await.problem(409, "job_finished");

    // A job has ended once its row says so, though its task may still be winding up.
    let stop = alice.operate_to_the_end(&app, &alpha, "stop").await;
    alice.post(&format!("/jobs/{}/cancel", stop.id), json!({})).await.problem(409, "job_finished");
}

#[tokio::test]
async fn a_request_is_carried_out_even_when_its_client_goes_away() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let alpha = alice.server("alpha", 27015).await;
    let mut events = app.state.events.subscribe();
    // Polled once and dropped, as a server does with the request of a connection that is closed.
    let given_up = alice.operate(&alpha, "start").now_or_never();
    assert!(given_up.is_none(), "there was no answer yet");
    let filed = async {
        loop {
            let jobs: Page<Job> = alice.get("/jobs").await.json();
            if let Some(job) = jobs.items.first() {
                return job.id;
            }
            let _ = events.recv().await;
        }
    };
    let id = tokio::time::timeout(PATIENCE, filed).await.expect("the job is filed");
    assert_eq!(alice.ended(&app, id).await.state, JobState::Succeeded);
}

#[tokio::test]
async fn a_delete_ends_everything_else_and_refuses_more() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let alpha = alice.server("alpha", 27015).await;
    alice.operate_to_the_end(&app, &alpha, "start").await;
    // Whatever stops the running game is held, the delete's own stop too, so the delete can't be through too early.
    app.supervisor.on_stop(&instance("alpha"), FakeStep::Hold);
    let at_work = alice.operate(&alpha, "stop").await;
    called(&app, FakeCall::Stop(instance("alpha"))).await;
    let waiting = alice.operate(&alpha, "start").await;
    let delete: Job = alice.delete(&format!("/servers/{}", alpha.id)).await.expect_status(202).json();
    for id in [at_work.id, waiting.id] {
        let job = alice.ended(&app, id).await;
        assert_eq!((job.state, job.error.as_str()), (JobState::Cancelled, "cancelled because a delete was requested"));
        assert_eq!(alice.log(id).await.last(), Some(&job.error));
    }
    let again: Job = alice.delete(&format!("/servers/{}", alpha.id)).await.expect_status(202).json();
    assert_eq!(again.id, delete.id);
    let answer = alice.post(&format!("/servers/{}/jobs", alpha.id), json!({"operation": "start"})).await;
    answer.problem(409, "server_deleting");
    app.supervisor.on_stop(&instance("alpha"), FakeStep::Succeed);
    app.supervisor.release(&instance("alpha"));
    assert_eq!(alice.ended(&app, delete.id).await.state, JobState::Succeeded);
}

#[tokio::test]
async fn what_a_killed_panel_left_is_put_right_at_the_next_start() {
    let mut kept = Settings::default();
    let app = TestApp::start_with(|settings| kept = settings.clone()).await;
    let alice = app.user("alice").await;
    let alpha = alice.server("alpha", 27015).await;
    let bravo = alice.server("bravo", 27016).await;
    app.supervisor.on_start(&instance("alpha"), FakeStep::Hold);
    let at_work = alice.operate(&alpha, "start").await;
    called(&app, FakeCall::Start(instance("alpha"))).await;
    let before = alice.log(at_work.id).await.len();
    // No scheduler any more: what is filed now is what a crash leaves queued.
    app.state.shutdown.cancel();
    let queued = alice.operate(&bravo, "start").await;
    let app = app.restart(&kept).await;
    let alice = app.login("alice").await;
    let job: Job = alice.get(&format!("/jobs/{}", at_work.id)).await.json();
    assert_eq!((job.state, job.error.as_str()), (JobState::Failed, INTERRUPTED));
    let log = alice.log(at_work.id).await;
    // Lines that were on their way when the count was taken may be stored as well.
    assert!(log.len() > before && log.last().map(String::as_str) == Some(INTERRUPTED), "{log:?}");
    assert_eq!(alice.ended(&app, queued.id).await.state, JobState::Succeeded);
}

#[tokio::test]
async fn after_a_boot_what_should_run_is_started_and_the_job_says_why() {
    let mut kept = Settings::default();
    let app = TestApp::start_with(|settings| kept = settings.clone()).await;
    let alice = app.user("alice").await;
    let up = alice.server("alpha", 27015).await;
    let down = alice.server("bravo", 27016).await;
    for server in [&up, &down] {
        alice.operate_to_the_end(&app, server, "start").await;
    }
    alice.operate_to_the_end(&app, &down, "stop").await;
    std::fs::write(app.state.config.data_dir.join("boot"), "another boot\n").expect("the mark is written");
    let app = app.restart(&kept).await;
    let alice = app.login("alice").await;
    let jobs_of = async |server: &Server| {
        let page: Page<Job> = alice.get(&format!("/jobs?server_id={}", server.id)).await.expect_status(200).json();
        page.items
    };
    let started = jobs_of(&up).await;
    assert_eq!((started.len(), started[0].operation), (2, Operation::Start));
    assert_eq!(alice.ended(&app, started[0].id).await.state, JobState::Succeeded);
    let log = alice.log(started[0].id).await;
    assert_eq!(log.first().map(String::as_str), Some("the machine was booted, and this server should run"));
    assert_eq!(jobs_of(&down).await.len(), 2, "nobody wants it up");
}
