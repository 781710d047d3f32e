//! What the end of a job does: to a job that lost its worker, and to what others hear.

use l4d2_api::db::jobs::{self, NewJob};
use l4d2_contract::{ActualState, Blueprint, DesiredState, Job, JobId, JobState, Operation, Server};
use l4d2_host::InstanceName;
use l4d2_host::supervisor::fake::{FakeCall, FakeStep};
use serde_json::json;

use crate::support::{PATIENCE, TestApp};

/// Its worker panicked, or could not read it.
#[tokio::test]
async fn a_job_that_nobody_is_at_work_on_is_ended_and_locks_nothing() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let alpha = alice.server("alpha", 27015).await;
    let lost = lost_job(&app, &alpha).await;
    // Being told to cancel is one of the things that wake the scheduler, and the first that does so here.
    alice.post(&format!("/jobs/{lost}/cancel"), json!({})).await.expect_status(202);
    let job = alice.ended(&app, lost).await;
    assert_eq!(job.state, JobState::Failed);
    assert!(job.error.starts_with("the panel failed while this job ran"), "{}", job.error);
    assert_eq!(alice.log(lost).await.last(), Some(&job.error));
    let now: Server = alice.get(&format!("/servers/{}", alpha.id)).await.expect_status(200).json();
    assert_eq!((now.last_error, now.active_job), (job.error, None));

    let lost = lost_job(&app, &alpha).await;
    assert_eq!(alice.operate_to_the_end(&app, &alpha, "start").await.state, JobState::Succeeded);
    assert_eq!(alice.ended(&app, lost).await.state, JobState::Failed);
}

/// A job whose row says that it runs.
async fn lost_job(app: &TestApp, server: &Server) -> JobId {
    let (user, server) = (server.user_id, Some((server.id, server.name.clone())));
    let job = NewJob { user, owner: user, server, operation: Operation::Initialize };
    let tx = app.state.db.begin().await.expect("begun");
    let id = JobId(jobs::insert(&tx, job).await.expect("filed").id);
    assert!(jobs::claim(&tx, id).await.expect("claimed"));
    tx.commit().await.expect("stored");
    id
}

#[tokio::test]
async fn whoever_listens_hears_that_a_blueprint_lost_its_server() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let alpha = alice.server("alpha", 27015).await;
    let mut events = app.state.events.subscribe();
    alice.delete(&format!("/servers/{}", alpha.id)).await.expect_status(202);
    let heard = async {
        loop {
            let event = events.recv().await.expect("the panel runs");
            if event.name == "blueprint" {
                return serde_json::from_str::<Blueprint>(&event.data).expect("a blueprint");
            }
        }
    };
    let blueprint = tokio::time::timeout(PATIENCE, heard).await.expect("the blueprint is told");
    assert_eq!((blueprint.id, blueprint.server_ids), (alpha.blueprint_id, vec![]));
}

#[tokio::test]
async fn a_delete_that_is_cancelled_while_it_waits_leaves_the_server_as_it_was() {
    let app = TestApp::start_with(|settings| settings.job_worker_threads = Some(1)).await;
    let alice = app.user("alice").await;
    let (alpha, bravo) = (alice.server("alpha", 27015).await, alice.server("bravo", 27016).await);
    let [alphas, bravos] = ["alpha", "bravo"].map(|name| InstanceName::parse(name).expect("a name"));
    let path = format!("/servers/{}", alpha.id);
    alice.operate_to_the_end(&app, &alpha, "start").await;
    app.supervisor.on_start(&bravos, FakeStep::Hold);
    let at_work = alice.operate(&bravo, "start").await;
    called(&app, &FakeCall::Start(bravos.clone())).await;

    let delete: Job = alice.delete(&path).await.expect_status(202).json();
    assert_eq!(delete.state, JobState::Queued);
    alice.post(&format!("/jobs/{}/cancel", delete.id), json!({})).await.expect_status(202);
    let now: Server = alice.get(&path).await.expect_status(200).json();
    assert_eq!((now.desired_state, now.actual_state, now.drift), (DesiredState::Running, ActualState::Running, false));

    // One that has begun stops the game, so from then on the server should not run, whatever becomes of the delete.
    app.supervisor.release(&bravos);
    alice.ended(&app, at_work.id).await;
    app.supervisor.on_stop(&alphas, FakeStep::Hold);
    let delete: Job = alice.delete(&path).await.expect_status(202).json();
    called(&app, &FakeCall::Stop(alphas.clone())).await;
    let now: Server = alice.get(&path).await.expect_status(200).json();
    assert_eq!((now.desired_state, now.drift), (DesiredState::Stopped, false));
    app.supervisor.release(&alphas);
    assert_eq!(alice.ended(&app, delete.id).await.state, JobState::Succeeded);
}

async fn called(app: &TestApp, call: &FakeCall) {
    tokio::time::timeout(PATIENCE, app.supervisor.called(call)).await.expect("the host is called");
}
