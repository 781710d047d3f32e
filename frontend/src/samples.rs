//! Things to test with.

use l4d2_contract::{
    ActualState, BlueprintId, DesiredState, DisplayState, Job, JobId, JobState, Me, Operation, Server, ServerId, User,
    UserId,
};

/// A session of an ordinary user.
pub fn me(id: i64) -> Me {
    let user = User {
        id: UserId(id),
        username: format!("user-{id}"),
        admin: false,
        disabled: false,
        created_at: String::new(),
    };
    Me { user, csrf_token: Some("token".to_owned()) }
}

/// A server that runs as it should.
pub fn server(id: i64, name: &str) -> Server {
    Server {
        id: ServerId(id),
        user_id: UserId(1),
        name: name.to_owned(),
        port: 27015,
        blueprint_id: BlueprintId(1),
        desired_state: DesiredState::Running,
        actual_state: ActualState::Running,
        actual_state_updated_at: None,
        actual_state_since: None,
        display_state: DisplayState::Running,
        drift: false,
        pending_changes: false,
        last_error: String::new(),
        active_job: None,
        created_at: String::new(),
        updated_at: String::new(),
    }
}

/// A job in line, of server 1.
pub fn job(id: i64, operation: Operation) -> Job {
    Job {
        id: JobId(id),
        user_id: UserId(1),
        server_id: Some(ServerId(1)),
        server_name: Some("alpha".to_owned()),
        operation,
        state: JobState::Queued,
        progress: None,
        exit_code: None,
        error: String::new(),
        created_at: "2026-11-24T03:00:00.000Z".to_owned(),
        started_at: None,
        finished_at: None,
    }
}
