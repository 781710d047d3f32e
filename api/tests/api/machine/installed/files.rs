//! What games write, and what they see of the files.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use l4d2_contract::{Blueprint, JobState, Overlay, Server};
use serde_json::json;

use crate::machine::panel::{
    ADMIN, DATA_DIR, DropIn, ROOT, delete, instance, main_pid, processes, sign_in, sign_up, succeed, unit_of,
};
use crate::real::panel::free_port;

/// Runs a shell command as the games' user, with the view of the files that a game's unit has.
async fn as_game(launcher: u32, script: &str) {
    let pid = launcher.to_string();
    succeed(&["nsenter", "--target", &pid, "--mount", "runuser", "-u", "l4d2-game", "--", "sh", "-ec", script]).await;
}

/// Runs a shell command in a game's own namespaces, as the user that it is there.
pub(super) async fn as_itself(server: &Server, script: &str) {
    let game = processes(&unit_of(&server.name)).await.into_iter().max().expect("a process").to_string();
    let (user, group) = (succeed(&["id", "-u", "l4d2-game"]).await, succeed(&["id", "-g", "l4d2-game"]).await);
    let line =
        ["nsenter", "--target", &game, "--user", "--mount", "--pid", "--setuid", user.trim(), "--setgid", group.trim()];
    succeed(&[&line[..], &["sh", "-ec", script]].concat()).await;
}

#[tokio::test]
async fn the_panel_deletes_whatever_a_game_left_and_however_closed() {
    let alice = sign_up("hostile").await;
    let server = alice.server("hostile", &[]).await;
    alice.succeed(&server, "start").await;
    let launcher = main_pid(&unit_of("hostile")).await;
    let upper = instance("hostile").join("upper");
    let script = format!(
        "cd {} && mkdir -p closed/deep left4dead2/cfg && echo x > closed/deep/file && echo x > left4dead2/cfg/own.cfg &&
         echo x > left4dead2/cfg/server.cfg && chmod 0 closed/deep/file closed/deep closed left4dead2/cfg",
        upper.display()
    );
    as_game(launcher, &script).await;
    // The games' user made it, and the panel's has it.
    let panel = fs::metadata(DATA_DIR).expect("there").uid();
    let closed = fs::metadata(upper.join("closed")).expect("there");
    assert_eq!((closed.uid(), closed.permissions().mode() & 0o777), (panel, 0));

    // A start writes server.cfg afresh, and what hides it goes.
    alice.succeed(&server, "restart").await;
    assert!(!upper.join("left4dead2/cfg/server.cfg").exists());
    assert!(upper.join("left4dead2/cfg/own.cfg").exists());
    alice.succeed(&server, "stop").await;
    delete(&alice, &server).await;
}

#[tokio::test]
async fn a_game_changes_what_the_installation_brought_in_its_own_layer_only() {
    let alice = sign_up("layers").await;
    let server = alice.server("layers", &[]).await;
    alice.succeed(&server, "start").await;
    let script =
        "cd /game && before=$(cat srcds_run | wc -c) && echo '# mine' >> srcds_run && mkdir -p left4dead2/addons/new &&
        echo x > left4dead2/addons/new/file && test $(cat srcds_run | wc -c) -gt $before";
    as_itself(&server, script).await;
    let upper = instance("layers").join("upper");
    assert!(fs::read_to_string(upper.join("srcds_run")).expect("copied up").ends_with("# mine\n"));
    assert!(upper.join("left4dead2/addons/new/file").exists());
    let installed = fs::read_to_string("/opt/l4d2/installation/srcds_run").expect("there");
    assert!(!installed.contains("# mine"));
    alice.succeed(&server, "stop").await;
    delete(&alice, &server).await;
}

#[tokio::test]
async fn an_overlay_that_another_user_put_there_is_read_all_the_same() {
    let admin = sign_in(ADMIN).await;
    let addons = Path::new(ROOT).join("overlays/by-root/left4dead2/addons");
    fs::create_dir_all(&addons).expect("made");
    fs::write(addons.join("map.vpk"), "a map").expect("written");
    let overlay: Overlay = admin.post("/overlays", json!({"name": "By root", "path": "by-root"})).await;
    let body = json!({"name": "by root", "arguments": [], "config": [], "overlay_ids": [overlay.id]});
    let blueprint: Blueprint = admin.post("/blueprints", body).await;
    let body = json!({"name": "by-root", "port": free_port(), "blueprint_id": blueprint.id});
    let server: Server = admin.post("/servers", body).await;
    admin.succeed(&server, "start").await;
    as_itself(&server, "grep -q 'a map' /game/left4dead2/addons/map.vpk").await;
    admin.succeed(&server, "stop").await;
    delete(&admin, &server).await;
}

#[tokio::test]
async fn a_view_that_can_not_be_had_is_said_so() {
    let alice = sign_up("no-view").await;
    let server = alice.server("no-view", &[]).await;
    succeed(&["systemctl", "stop", "l4d2-view.service"]).await;
    let broken = "[Service]\nExecStart=\nExecStart=/bin/false\n";
    let drop_in = DropIn::new("/run/systemd/system/l4d2-view.service.d/broken.conf", broken).await;
    let job = alice.operate(&server, "start").await;
    let job = alice.ended(job.id).await;
    assert_eq!(job.state, JobState::Failed);
    assert!(job.error.contains("needs did not start"), "{job:?}");
    drop(drop_in);
    alice.succeed(&server, "start").await;
    alice.succeed(&server, "stop").await;
    delete(&alice, &server).await;
}
