//! What lacks for a moment when the panel starts must not change who keeps its games.

use std::time::Duration;

use l4d2_contract::{HostInfo, HostSupervisor};

use crate::machine::panel::{ADDRESS, ADMIN, as_user, property, sign_in, succeed};
use crate::support::PATIENCE;

/// polkit away, until it is dropped.
struct WithoutPolkit;

impl Drop for WithoutPolkit {
    fn drop(&mut self) {
        #[expect(clippy::disallowed_methods, reason = "what a person at the machine would run")]
        let mut command = std::process::Command::new("systemctl");
        let _ = command.args(["unmask", "--runtime", "polkit.service"]).output();
    }
}

#[tokio::test]
async fn a_panel_that_may_not_manage_units_yet_tries_again_instead_of_keeping_games_itself() {
    assert_eq!(property("l4d2-web.service", "StartLimitIntervalUSec").await, "0", "it never gives up");
    let mask = WithoutPolkit;
    succeed(&["systemctl", "mask", "--runtime", "--now", "polkit.service"]).await;
    succeed(&["systemctl", "stop", "l4d2-web.service"]).await;
    succeed(&["systemctl", "start", "--no-block", "l4d2-web.service"]).await;
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        assert_ne!(property("l4d2-web.service", "ActiveState").await, "active", "it took another supervisor");
        if property("l4d2-web.service", "NRestarts").await.parse::<u32>().expect("a number") >= 1 {
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "it is tried again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    drop(mask);
    succeed(&["systemctl", "start", "polkit.service"]).await;
    while property("l4d2-web.service", "ActiveState").await != "active" {
        assert!(tokio::time::Instant::now() < deadline, "it comes up");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let host: HostInfo = sign_in(ADMIN).await.get("/host").await;
    assert_eq!(host.supervisor, HostSupervisor::Systemd);
}

#[tokio::test]
async fn without_the_packages_setting_systemd_is_chosen_all_the_same() {
    let line = ["l4d2-web", "doctor", "--data-dir", "/var/lib/l4d2-web", "--supervisor", "auto"];
    let said = succeed(&as_user("l4d2-web", &line)).await;
    assert!(said.contains("kept by the systemd supervisor"), "{said}");
}

#[tokio::test]
async fn the_address_may_be_opened_anew_as_often_as_wanted() {
    // systemd's own limit is five starts in ten seconds.
    for _ in 0..7 {
        succeed(&["systemctl", "restart", "l4d2-web.socket"]).await;
    }
    let health = reqwest::get(format!("{ADDRESS}/health")).await.expect("an answer");
    assert_eq!(health.text().await.expect("a body"), r#"{"status":"ok"}"#);
}
