//! A panel that hangs is started anew by systemd, and its games know nothing of it.

use std::time::Duration;

use l4d2_contract::ActualState;

use crate::machine::panel::{DropIn, delete, main_pid, property, sign_up, succeed, unit_of, until_state};
use crate::support::PATIENCE;

const DROP_IN: &str = "/run/systemd/system/l4d2-web.service.d/watchdog.conf";

#[tokio::test]
async fn a_panel_that_hangs_is_started_anew_and_the_games_stay_up() {
    assert_eq!(property("l4d2-web.service", "WatchdogUSec").await, "30s", "as it is shipped");
    // Nobody wants to wait that long here. It is not to bark at a machine that stands still for a moment, either.
    let drop_in = DropIn::new(DROP_IN, "[Service]\nWatchdogSec=8s\n").await;
    succeed(&["systemctl", "restart", "l4d2-web.service"]).await;
    let alice = sign_up("hang").await;
    let server = alice.server("hang", &[]).await;
    alice.succeed(&server, "start").await;
    let (panel, game) = (main_pid("l4d2-web.service").await, main_pid(&unit_of("hang")).await);
    succeed(&["systemctl", "kill", "--signal=STOP", "--kill-whom=main", "l4d2-web.service"]).await;
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let pid = property("l4d2-web.service", "MainPID").await;
        if pid != panel.to_string() && property("l4d2-web.service", "ActiveState").await == "active" {
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "systemd notices");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(main_pid(&unit_of("hang")).await, game);
    until_state(&alice, "hang", ActualState::Running).await;
    drop(drop_in);
    succeed(&["systemctl", "restart", "l4d2-web.service"]).await;
    alice.succeed(&server, "stop").await;
    delete(&alice, &server).await;
}
