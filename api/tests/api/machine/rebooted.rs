//! After a reboot the servers that should run do, and the others do not.

use l4d2_contract::{ActualState, DesiredState, JobState, Operation};

use super::leaving::{DOWN, OWNER, UP};
use super::panel::{main_pid, property, sign_in, unit_of, until_state};
use crate::real::panel::Script;

#[tokio::test]
async fn what_should_run_comes_back_and_nothing_else() {
    let owner = sign_in(OWNER).await;
    for name in UP {
        let server = until_state(&owner, name, ActualState::Running).await;
        assert_eq!(server.desired_state, DesiredState::Running);
        main_pid(&unit_of(name)).await;
        let started = owner.jobs_of(&server).await;
        let started = started.first().expect("a job");
        assert_eq!(started.operation, Operation::Start);
        let log = owner.log(started.id).await;
        assert!(log[0].line.contains("the machine was booted"), "{log:?}");
        assert_eq!(owner.ended(started.id).await.state, JobState::Succeeded);
        // It is a server as any other.
        owner.succeed(&server, "stop").await;
    }
    let down = until_state(&owner, DOWN, ActualState::Stopped).await;
    assert!(!down.drift, "{down:?}");
    assert_eq!(property(&unit_of(DOWN), "ActiveState").await, "inactive");
    assert_eq!(owner.jobs_of(&down).await.len(), 2, "nobody started it");

    // Its log goes on behind the lines of the boot before, of which none is missing.
    let stream = owner.open_stream(&format!("/servers/{}/logs/stream?lines=2", down.id), None).await;
    owner.succeed(&down, "start").await;
    owner.console(&down, "echo goes on").await;
    Script::read_opened(stream, |event| {
        assert_ne!(event.name, "skipped", "{event:?}");
        event.data.contains("goes on")
    })
    .await;
    owner.succeed(&down, "stop").await;
}
