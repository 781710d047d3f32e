//! After a reboot the servers that should run do, and the others do not.

use l4d2_contract::{ActualState, DesiredState, JobState, Operation};

use super::leaving::{DOWN, OWNER, UP};
use super::panel::{main_pid, property, sign_in, unit_of, until_state};

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
        assert_eq!(owner.ended(started.id).await.state, JobState::Succeeded);
        // It is a server as any other.
        owner.succeed(&server, "stop").await;
    }
    let down = until_state(&owner, DOWN, ActualState::Stopped).await;
    assert!(!down.drift, "{down:?}");
    assert_eq!(property(&unit_of(DOWN), "ActiveState").await, "inactive");
    assert_eq!(owner.jobs_of(&down).await.len(), 2, "nobody started it");
}
