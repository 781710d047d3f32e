//! What the package's scripts do besides the way from installation to purge: installed over itself, over a panel that
//! somebody turned off, over a view of an older package, and a removal that was given up.

use std::fs;

use l4d2_contract::ActualState;

use crate::machine::panel::{ROOT, delete, main_pid, property, refused, run, sign_up, succeed, unit_of, until_state};

const SETTINGS: &str = "/etc/l4d2-web/config.toml";
const SCRIPTS: &str = "/var/lib/dpkg/info/l4d2-web";

/// The package over itself; what apt said.
async fn reinstall() -> String {
    let version = succeed(&["dpkg-query", "--show", "--showformat", "${Version}", "l4d2-web"]).await;
    let variable = if version.ends_with("+next") { "L4D2_NEXT_PACKAGE" } else { "L4D2_PACKAGE" };
    let package = std::env::var(variable).expect("scripts/test-booted names it");
    succeed(&["apt-get", "install", "--yes", "--reinstall", &package]).await
}

#[tokio::test]
async fn installed_over_itself_it_keeps_settings_and_games() {
    let alice = sign_up("reinstalls").await;
    let server = alice.server("reinstalls", &[]).await;
    alice.succeed(&server, "start").await;
    let game = main_pid(&unit_of("reinstalls")).await;
    let shipped = fs::read_to_string(SETTINGS).expect("readable");
    let changed = format!("{shipped}\n# A person's own line.\nstatus_refresh_seconds = 3\n");
    fs::write(SETTINGS, &changed).expect("written");
    reinstall().await;
    assert_eq!(fs::read_to_string(SETTINGS).expect("readable"), changed);
    assert_eq!(succeed(&["stat", "--format", "%a %U:%G", SETTINGS]).await.trim(), "640 root:l4d2-web");
    assert_eq!(property("l4d2-web.service", "ActiveState").await, "active");
    assert_eq!(main_pid(&unit_of("reinstalls")).await, game);
    fs::write(SETTINGS, shipped).expect("written");
    succeed(&["systemctl", "restart", "l4d2-web.service"]).await;
    alice.succeed(&server, "stop").await;
    delete(&alice, &server).await;
}

/// Turns the panel on again, however the test ends.
struct OnAgain;

impl Drop for OnAgain {
    fn drop(&mut self) {
        #[expect(clippy::disallowed_methods, reason = "what a person at the machine would run")]
        let mut command = std::process::Command::new("systemctl");
        let _ = command.args(["enable", "--now", "l4d2-web.socket", "l4d2-web.service"]).output();
    }
}

#[tokio::test]
async fn a_panel_that_was_turned_off_stays_off_without_a_word() {
    let _on_again = OnAgain;
    succeed(&["systemctl", "disable", "--now", "l4d2-web.socket", "l4d2-web.service"]).await;
    let printed = reinstall().await;
    assert!(!printed.contains("did not start"), "{printed}");
    for unit in ["l4d2-web.socket", "l4d2-web.service"] {
        assert_eq!(property(unit, "ActiveState").await, "inactive", "{unit}");
        assert_eq!(property(unit, "UnitFileState").await, "disabled", "{unit}");
    }
}

#[tokio::test]
async fn after_a_removal_that_was_given_up_everything_is_up_again() {
    let alice = sign_up("abandons").await;
    let server = alice.server("abandons", &[]).await;
    alice.succeed(&server, "start").await;
    // What dpkg calls when something keeps it from removing the package.
    succeed(&["env", "DPKG_MAINTSCRIPT_PACKAGE=l4d2-web", &format!("{SCRIPTS}.prerm"), "remove"]).await;
    refused(&["systemctl", "is-active", "l4d2-web.service", &unit_of("abandons")]).await;
    succeed(&["env", "DPKG_MAINTSCRIPT_PACKAGE=l4d2-web", &format!("{SCRIPTS}.postinst"), "abort-remove"]).await;
    until_state(&alice, "abandons", ActualState::Running).await;
    main_pid(&unit_of("abandons")).await;
    alice.succeed(&server, "stop").await;
    delete(&alice, &server).await;
}

#[tokio::test]
async fn the_view_of_an_older_package_is_set_apart_from_the_directory() {
    let view = "/run/l4d2/game";
    succeed(&["systemctl", "stop", "l4d2-view.service"]).await;
    // As older packages mounted it: a peer of what holds the directory.
    succeed(&["mount", "--rbind", ROOT, view]).await;
    let peers = ["findmnt", "--noheadings", "--output", "PROPAGATION", "--mountpoint", view];
    assert_eq!(succeed(&peers).await.trim(), "shared");
    reinstall().await;
    assert_eq!(succeed(&peers).await.trim(), "private");
    succeed(&["umount", "--recursive", view]).await;
    let stopped = run(&["mountpoint", "--quiet", view]).await;
    assert!(!stopped.status.success());
}
