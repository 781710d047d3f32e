//! The command line, and the end of a panel in good order.

use l4d2_contract::{ActualState, JobState, Server};
use rustix::process::{Pid, Signal, kill_process};

use super::panel::Machine;
use crate::support::PATIENCE;

#[tokio::test]
async fn promoting_and_demoting_beside_a_running_panel() {
    let machine = Machine::new();
    let panel = machine.start().await;
    let alice = panel.sign_up("alice").await;
    assert_eq!(alice.status_of("/users").await.as_u16(), 403);

    let (code, said) = machine.run(&["promote-admin", "nobody-here"]).await;
    assert_eq!(code, Some(1));
    assert!(said.contains("user not found"), "{said}");
    let (code, _) = machine.run(&["promote-admin", "Alice"]).await;
    assert_eq!(code, Some(0));
    assert_eq!(alice.status_of("/users").await.as_u16(), 200, "it counts from the next request");
    let (code, said) = machine.run(&["promote-admin", "alice"]).await;
    assert_eq!(code, Some(0));
    assert!(said.contains("already"), "{said}");

    panel.sign_up("bob").await;
    assert_eq!(machine.run(&["promote-admin", "bob"]).await.0, Some(0));
    assert_eq!(machine.run(&["demote-admin", "alice"]).await.0, Some(0));
    assert_eq!(alice.status_of("/users").await.as_u16(), 403);
}

#[tokio::test]
async fn who_forgot_a_password_gets_a_new_one_and_old_sessions_end() {
    let machine = Machine::new();
    let panel = machine.start().await;
    let (alice, bob) = (panel.sign_up("alice").await, panel.sign_up("bob").await);
    let (code, said) = machine.run(&["reset-password", "nobody-here"]).await;
    assert_eq!(code, Some(1));
    assert!(said.contains("user not found"), "{said}");

    let (code, said) = machine.run(&["reset-password", "Alice"]).await;
    assert_eq!(code, Some(0), "{said}");
    let password = said.strip_prefix("the password of alice is ").and_then(|rest| rest.split(' ').next());
    let password = password.expect("the password is told");
    assert_eq!(alice.status_of("/auth/me").await.as_u16(), 401);
    assert_eq!(bob.status_of("/auth/me").await.as_u16(), 200);
    assert_eq!(panel.status_of_sign_in("alice", crate::support::PASSWORD).await, 401);
    assert_eq!(panel.status_of_sign_in("alice", password).await, 200);
}

#[tokio::test]
async fn a_data_directory_has_one_owner() {
    let machine = Machine::new();
    let _panel = machine.start().await;
    let (code, said) = machine.run(&["serve", "--bind", "127.0.0.1:0"]).await;
    assert_eq!(code, Some(1));
    assert!(said.contains("another l4d2-web serves from"), "{said}");
}

#[tokio::test]
async fn a_data_directory_that_games_see_is_refused() {
    let machine = Machine::new();
    let place = machine.path().join("link");
    std::os::unix::fs::symlink("/usr", &place).expect("made");
    let (code, said) = machine.run_in(&place.join("l4d2-none/data"), &["serve", "--bind", "127.0.0.1:0"]).await;
    assert_eq!(code, Some(1));
    assert!(said.contains("DATA_DIR") && said.contains("games see all of /usr"), "{said}");
}

#[tokio::test]
async fn a_wrong_setting_is_named() {
    let machine = Machine::new();
    let (code, said) = machine.run(&["serve", "--job-worker-threads", "0"]).await;
    assert_eq!(code, Some(1));
    assert!(said.contains("JOB_WORKER_THREADS"), "{said}");
}

#[tokio::test]
async fn a_password_that_breaks_its_url_is_not_shown() {
    let machine = Machine::new();
    for password in ["hun/ter2", "hun#ter2", "hun?ter2"] {
        for command in [&["serve"][..], &["backup", "file"]] {
            let url = format!("postgres://l4d2:{password}@127.0.0.1/l4d2");
            let (code, said) = machine.run(&[command, &["--database-url", &url]].concat()).await;
            assert_eq!(code, Some(1), "{said}");
            assert!(said.contains("DATABASE_URL") && said.contains("percent-encode"), "{said}");
            assert!(!said.contains("ter2"), "{said}");
        }
    }
}

#[tokio::test]
async fn a_shutdown_ends_streams_says_why_and_leaves_the_games_up() {
    let machine = Machine::new();
    let mut panel = machine.start().await;
    let alice = panel.sign_up("alice").await;
    machine.promote("alice").await;
    alice.install().await;
    let alpha = alice.server("alpha", &[]).await;
    alice.succeed(&alpha, "start").await;
    let launcher = panel.launcher_pid("alpha");

    let pid = panel.child.id().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?)).expect("it runs");
    let ends = alice.stream_until("/events", None, |event| {
        if event.name == "ready" {
            kill_process(pid, Signal::TERM).expect("signalled");
        }
        event.name == "end"
    });
    let ends = ends.await;
    assert_eq!(ends.last().map(|event| event.data.as_str()), Some("{\"reason\":\"shutdown\"}"));
    let status = tokio::time::timeout(PATIENCE, panel.child.wait()).await.expect("it ends").expect("an exit status");
    assert!(status.success(), "{status}");

    let panel = machine.start().await;
    assert_eq!(panel.launcher_pid("alpha"), launcher, "the game was not touched");
    let alice = panel.sign_in("alice").await;
    let now: Server = alice.get(&format!("/servers/{}", alpha.id)).await;
    assert_eq!(now.actual_state, ActualState::Running);
    assert_eq!(alice.succeed(&alpha, "stop").await.state, JobState::Succeeded);
}
