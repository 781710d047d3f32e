//! Backups of a panel at work, and what comes back from them.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use l4d2_contract::{DoctorCheck, DoctorStatus, HostInfo, Job, JobState, Page, Server};
use serde_json::json;

use super::panel::Machine;
use super::script::Script;

#[tokio::test]
async fn a_backup_under_load_comes_back_whole_and_what_was_there_before_is_kept() {
    let machine = Machine::new();
    let panel = machine.start().await;
    let alice = panel.sign_up("alice").await;
    machine.promote("alice").await;
    let alpha = alice.server("alpha", &[]).await;
    machine.steamcmd_mode("flood:100000");
    let install: Job = alice.post("/jobs", json!({"operation": "install"})).await;
    let stream = format!("/jobs/{}/stream?last_seq=0", install.id);
    let seen = alice.stream_until(&stream, None, |event| event.data.contains("1000 ")).await;
    let before = seen.iter().filter(|event| !event.id.is_empty()).count();

    let file = machine.path().join("panel.tar.gz");
    let path = file.to_str().expect("plain");
    let (code, said) = machine.run(&["backup", path]).await;
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
    let (code, said) = machine.run(&["backup", path]).await;
    assert_eq!(code, Some(1), "a backup is never overwritten");
    assert!(said.contains("exists already"), "{said}");
    assert_eq!(alice.ended(install.id).await.state, JobState::Succeeded, "the job did not suffer");
    let (code, said) = machine.run(&["restore", path]).await;
    assert_eq!(code, Some(1));
    assert!(said.contains("another l4d2-web serves from"), "{said}");

    // Somewhere else: the same users, sessions and things, and as much of the log as there was.
    let other = Machine::new();
    let (code, said) = other.run(&["restore", path]).await;
    assert_eq!(code, Some(0), "{said}");
    let restored = other.start().await;
    let same_alice = restored.take_over(&alice);
    let servers: Page<Server> = same_alice.get("/servers").await;
    assert_eq!(servers.items.iter().map(|server| server.id).collect::<Vec<_>>(), [alpha.id]);
    let lines = same_alice.log(install.id).await;
    assert!(lines.len() >= before, "{} lines, {before} were seen before the backup", lines.len());
    assert!(lines.iter().zip(1..).all(|(line, seq)| line.seq == seq), "no gap, no duplicate");

    // Over a panel that has gone on since.
    alice.server("bravo", &[]).await;
    panel.kill().await;
    let (code, said) = machine.run(&["restore", path]).await;
    assert_eq!(code, Some(0), "{said}");
    let panel = machine.start().await;
    let servers: Page<Server> = panel.take_over(&alice).get("/servers").await;
    assert_eq!(servers.items.len(), 1, "as it was at the backup");
    let kept = said.trim().rsplit(' ').next().expect("the directory is named").to_owned();
    panel.kill().await;

    // What was set aside is a whole panel's.
    let earlier = Machine::new();
    fs::rename(&kept, earlier.data_dir()).expect("moved");
    let panel = earlier.start().await;
    let servers: Page<Server> = panel.take_over(&alice).get("/servers").await;
    assert_eq!(servers.items.len(), 2);
}

async fn instances_check(admin: &Script) -> DoctorCheck {
    let host: HostInfo = admin.get("/host").await;
    host.checks.into_iter().find(|check| check.id == "instances").expect("the check")
}

#[tokio::test]
async fn a_game_that_the_backup_does_not_know_is_told_with_what_ends_it() {
    let machine = Machine::new();
    let panel = machine.start().await;
    let alice = panel.sign_up("alice").await;
    machine.promote("alice").await;
    alice.install().await;
    let alpha = alice.server("alpha", &[]).await;
    alice.succeed(&alpha, "initialize").await;
    let file = machine.path().join("panel.tar.gz");
    let path = file.to_str().expect("plain");
    let (code, said) = machine.run(&["backup", path]).await;
    assert_eq!(code, Some(0), "{said}");
    let bravo = alice.server("bravo", &[]).await;
    alice.succeed(&bravo, "start").await;
    // Only a game that has booted reads its console, and so ends at once when it is told to.
    let log = format!("/servers/{}/logs/stream?lines=200", bravo.id);
    alice.stream_until(&log, None, |event| event.data.contains("VAC secure mode")).await;
    panel.kill().await;
    let (code, said) = machine.run(&["restore", path]).await;
    assert_eq!(code, Some(0), "{said}");

    let log = machine.path().join("panel.log");
    let panel = machine.start_with_log(&log).await;
    let said = fs::read_to_string(&log).expect("readable");
    let line = said.lines().find(|line| line.contains("instance=bravo")).unwrap_or_else(|| panic!("{said}"));
    assert!(line.contains("WARN") && line.contains("running") && line.contains("l4d2ctl delete bravo"), "{line}");
    assert!(!said.contains("instance=alpha"), "{said}");
    assert!(panel.launcher_pid("bravo") > 0, "its game goes on");
    let check = instances_check(&panel.take_over(&alice)).await;
    assert_eq!(check.status, DoctorStatus::Warning);
    assert!(check.message.contains("bravo (running)") && check.remedy.contains("l4d2ctl delete bravo"), "{check:?}");

    let (code, said) = machine.l4d2ctl(&["delete", "bravo"]).await;
    assert_eq!(code, Some(0), "{said}");
    panel.kill().await;
    let panel = machine.start_with_log(&log).await;
    assert_eq!(fs::read_to_string(&log).expect("readable"), "");
    assert_eq!(instances_check(&panel.take_over(&alice)).await.status, DoctorStatus::Ok);
}

#[tokio::test]
async fn what_is_left_of_a_lost_database_is_kept_and_not_applied_to_the_restored_one() {
    let machine = Machine::new();
    let panel = machine.start().await;
    let alice = panel.sign_up("alice").await;
    alice.server("alpha", &[]).await;
    let file = machine.path().join("panel.tar.gz");
    let path = file.to_str().expect("plain");
    let (code, said) = machine.run(&["backup", path]).await;
    assert_eq!(code, Some(0), "{said}");
    alice.server("bravo", &[]).await;
    panel.kill().await;
    let left = |name: &str| machine.data_dir().join(name);
    fs::remove_file(left("panel.db")).expect("it was there");
    assert!(left("panel.db-wal").exists(), "a killed panel leaves its journal");
    let key = fs::read(left("session.key")).expect("readable");

    let (code, said) = machine.run(&["restore", path]).await;
    assert_eq!(code, Some(0), "{said}");
    let panel = machine.start().await;
    let servers: Page<Server> = panel.take_over(&alice).get("/servers").await;
    assert_eq!(servers.items.len(), 1, "as it was at the backup");
    let kept = std::path::PathBuf::from(said.trim().rsplit(' ').next().expect("the directory is named"));
    assert_eq!(fs::read(kept.join("session.key")).expect("kept"), key);
    assert!(kept.join("panel.db-wal").exists());
}

#[tokio::test]
async fn what_is_no_backup_changes_nothing() {
    let machine = Machine::new();
    let panel = machine.start().await;
    let alice = panel.sign_up("alice").await;
    let good = machine.path().join("good.tar.gz");
    let (code, said) = machine.run(&["backup", good.to_str().expect("plain")]).await;
    assert_eq!(code, Some(0), "{said}");
    panel.kill().await;

    let bad = machine.path().join("bad.tar.gz");
    let whole = fs::read(&good).expect("readable");
    for content in [&b"not an archive"[..], &whole[..whole.len() / 2], &[]] {
        fs::write(&bad, content).expect("written");
        let (code, said) = machine.run(&["restore", bad.to_str().expect("plain")]).await;
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("bad.tar.gz is no usable backup"), "{said}");
    }
    let (code, said) = machine.run(&["restore", "/nowhere/at-all"]).await;
    assert_eq!(code, Some(1), "{said}");
    let panel = machine.start().await;
    assert_eq!(panel.take_over(&alice).status_of("/servers").await.as_u16(), 200);
    let left: Vec<_> = fs::read_dir(machine.data_dir())
        .expect("readable")
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().contains("backup"))
        .collect();
    assert!(left.is_empty(), "nothing is left behind: {left:?}");
}
