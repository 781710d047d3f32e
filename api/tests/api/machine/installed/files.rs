//! What games write, and what they see of the files.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use crate::machine::panel::{DATA_DIR, delete, instance, main_pid, sign_up, succeed, unit_of};

/// Runs a shell command as the games' user, with the view of the files that a game's unit has.
async fn as_game(launcher: u32, script: &str) {
    let pid = launcher.to_string();
    succeed(&["nsenter", "--target", &pid, "--mount", "runuser", "-u", "l4d2-game", "--", "sh", "-ec", script]).await;
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
    let unit = unit_of("layers");
    let game = crate::machine::panel::processes(&unit).await.into_iter().max().expect("a process").to_string();
    // In the game's own namespaces, as the user that it is there.
    let script =
        "cd /game && before=$(cat srcds_run | wc -c) && echo '# mine' >> srcds_run && mkdir -p left4dead2/addons/new &&
        echo x > left4dead2/addons/new/file && test $(cat srcds_run | wc -c) -gt $before";
    let user = succeed(&["id", "-u", "l4d2-game"]).await;
    let (user, group) = (user.trim().to_owned(), succeed(&["id", "-g", "l4d2-game"]).await.trim().to_owned());
    succeed(&[
        "nsenter", "--target", &game, "--user", "--mount", "--pid", "--setuid", &user, "--setgid", &group, "sh", "-ec",
        script,
    ])
    .await;
    let upper = instance("layers").join("upper");
    assert!(fs::read_to_string(upper.join("srcds_run")).expect("copied up").ends_with("# mine\n"));
    assert!(upper.join("left4dead2/addons/new/file").exists());
    let installed = fs::read_to_string("/opt/l4d2/installation/srcds_run").expect("there");
    assert!(!installed.contains("# mine"));
    alice.succeed(&server, "stop").await;
    delete(&alice, &server).await;
}
