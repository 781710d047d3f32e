//! Who may do what: the panel its own units and nothing else, the games nothing at all.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use crate::machine::panel::{
    DATA_DIR, as_user, delete, main_pid, processes, property, refused, sign_up, succeed, unit_of,
};

fn user_of(pid: u32) -> u32 {
    fs::metadata(format!("/proc/{pid}")).expect("it runs").uid()
}

async fn number_of(user: &str) -> u32 {
    succeed(&["id", "-u", user]).await.trim().parse().expect("a number")
}

/// Whether a right lacked, by what systemctl said.
fn denied(said: &str) -> bool {
    ["denied", "uthentication"].iter().any(|word| said.contains(word))
}

#[tokio::test]
async fn panel_and_games_have_users_of_their_own() {
    let alice = sign_up("users").await;
    let server = alice.server("users", &[]).await;
    alice.succeed(&server, "start").await;
    let (panel, games) = (number_of("l4d2-web").await, number_of("l4d2-game").await);
    assert!(panel != games && panel != 0 && games != 0);
    assert_eq!(user_of(main_pid("l4d2-web.service").await), panel);
    let processes = processes(&unit_of("users")).await;
    assert!(processes.len() >= 3, "launcher, first process, game: {processes:?}");
    for pid in processes {
        assert_eq!(user_of(pid), games);
        let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
        assert!(status.contains("NoNewPrivs:\t1"), "{status}");
    }
    alice.succeed(&server, "stop").await;
    delete(&alice, &server).await;
}

#[tokio::test]
async fn the_panel_manages_its_games_and_nothing_else() {
    let systemctl = |line: &[&'static str]| as_user("l4d2-web", &[&["systemctl", "--no-ask-password"], line].concat());
    let nginx = property("nginx.service", "MainPID").await;
    for line in [
        &["stop", "nginx.service"][..],
        &["restart", "nginx.service"],
        &["kill", "nginx.service"],
        &["restart", "l4d2-web.service"],
        &["stop", "l4d2-web.socket"],
        &["stop", "l4d2-view.service"],
        &["start", "l4d2-server@one.socket"],
        &["start", "l4d2-server@One.service"],
        &["start", "l4d2-server@-one.service"],
        &["start", "l4d2-server@one.two.service"],
        &["start", "l4d2-server@one.service.service"],
        &["start", "l4d2-servers@one.service"],
        &["start", "xl4d2-server@one.service"],
        &["reload", "l4d2-server@one.service"],
        &["freeze", "l4d2-server@one.service"],
        &["enable", "l4d2-server@one.service"],
        &["mask", "nginx.service"],
        &["daemon-reload"],
        &["set-environment", "A=b"],
        &["poweroff"],
        &["set-property", "--runtime", "nginx.service", "MemoryMax=1M"],
    ] {
        // By polkit, and not because there is no such unit.
        let said = refused(&systemctl(line)).await;
        assert!(denied(&said), "{line:?}: {said}");
    }
    assert_eq!(property("nginx.service", "MainPID").await, nginx);
    let own = "l4d2-server@rights-of-the-panel_1.service";
    succeed(&systemctl(&["set-property", "--runtime", own, "TasksMax=100"])).await;
    // It is allowed, and then fails because there is no such instance.
    let said = refused(&systemctl(&["start", own])).await;
    assert!(!denied(&said), "{said}");
    succeed(&systemctl(&["reset-failed", own])).await;
    succeed(&systemctl(&["stop", own])).await;
    for user in ["l4d2-game", "nobody"] {
        let said = refused(&as_user(user, &["systemctl", "--no-ask-password", "start", own])).await;
        assert!(denied(&said), "{said}");
    }
}

#[tokio::test]
async fn the_games_user_reaches_nothing_of_the_panel() {
    let mode = |path: &str| fs::metadata(path).expect(path).permissions().mode() & 0o7777;
    assert_eq!(mode(DATA_DIR), 0o700);
    for entry in fs::read_dir(DATA_DIR).expect("readable").flatten() {
        let mode = entry.metadata().expect("there").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{:?} is private", entry.path());
    }
    let panel = main_pid("l4d2-web.service").await;
    let (environment, memory) = (format!("/proc/{panel}/environ"), format!("/proc/{panel}/mem"));
    let signal = ["kill", "-0", &panel.to_string()].join(" ");
    for line in [
        &["ls", DATA_DIR][..],
        &["cat", "/var/lib/l4d2-web/panel.db"],
        &["cat", "/etc/l4d2-web/config.toml"],
        &["ls", "/opt/l4d2"],
        &["ls", "/run/l4d2"],
        &["cat", &environment],
        &["cat", &memory],
        &["sh", "-c", &signal],
    ] {
        refused(&as_user("l4d2-game", line)).await;
    }
    // It was the user that was refused, and not the path.
    succeed(&as_user("l4d2-web", &["cat", "/var/lib/l4d2-web/panel.db"])).await;
    succeed(&as_user("l4d2-web", &["sh", "-c", &signal])).await;
}
