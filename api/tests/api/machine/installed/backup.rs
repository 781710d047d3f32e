//! A backup of the installed panel at work, and back again under a game that goes on.

use std::fs;

use l4d2_contract::{Job, JobState, Server};
use serde_json::json;

use crate::machine::panel::{ADMIN, DATA_DIR, ROOT, as_user, delete, main_pid, sign_in, sign_up, succeed, unit_of};

const FILE: &str = "/var/lib/l4d2-web/backup.tar.gz";

fn l4d2_web<'a>(command: &'a [&'a str]) -> Vec<&'a str> {
    let (name, rest) = command.split_first().expect("a command");
    let line = [&["l4d2-web", name, "--data-dir", DATA_DIR], rest].concat();
    as_user("l4d2-web", &line)
}

#[tokio::test]
async fn a_backup_under_load_comes_back_and_games_go_on() {
    let admin = sign_in(ADMIN).await;
    let alice = sign_up("backup").await;
    let kept = alice.server("backup-kept", &[]).await;
    // An install that prints as fast as it can is what loads the database most; it runs alone.
    let mode = format!("{ROOT}/standin-steamcmd.conf");
    fs::write(&mode, "MS=50\nMODE=flood:100000\n").expect("written");
    let install: Job = admin.post("/jobs", json!({"operation": "install"})).await;
    let stream = format!("/jobs/{}/stream?last_seq=0", install.id);
    let seen = admin.stream_until(&stream, None, |event| event.data.contains("1000 ")).await;
    let before = seen.iter().filter(|event| !event.id.is_empty()).count();
    succeed(&l4d2_web(&["backup", FILE])).await;
    assert_eq!(admin.ended(install.id).await.state, JobState::Succeeded, "the job did not suffer");
    fs::remove_file(&mode).expect("removed");

    // What comes after the backup: a server that it does not know, and a game that runs.
    let later = alice.server("backup-later", &[]).await;
    alice.succeed(&kept, "start").await;
    let game = main_pid(&unit_of("backup-kept")).await;
    succeed(&["systemctl", "stop", "l4d2-web.socket", "l4d2-web.service"]).await;
    succeed(&l4d2_web(&["restore", FILE])).await;
    succeed(&["systemctl", "start", "l4d2-web.socket", "l4d2-web.service"]).await;

    let servers = alice.servers().await;
    assert_eq!(
        servers.iter().map(|server| server.id).collect::<Vec<_>>(),
        [kept.id],
        "as it was at the backup: {later:?}"
    );
    let lines = admin.log(install.id).await;
    assert!(lines.len() >= before, "{} lines, {before} were seen before the backup", lines.len());
    assert!(lines.iter().zip(1..).all(|(line, seq)| line.seq == seq), "no gap, no duplicate");
    println!("{before} lines of the job were seen before the backup; {} came back", lines.len());
    // The game went on, and the panel sees it.
    assert_eq!(main_pid(&unit_of("backup-kept")).await, game);
    let now: Server = alice.get(&format!("/servers/{}", kept.id)).await;
    assert_eq!(now.actual_state, l4d2_contract::ActualState::Running);
    alice.succeed(&kept, "stop").await;
    delete(&alice, &kept).await;
    fs::remove_file(FILE).expect("removed");
    for entry in fs::read_dir(DATA_DIR).expect("readable").flatten() {
        if entry.file_name().to_string_lossy().starts_with("before-restore-") {
            fs::remove_dir_all(entry.path()).expect("removed");
        }
    }
}
