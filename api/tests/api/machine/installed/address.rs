//! The panel's address is changed by the README's steps, also to one that the machine does not have yet.

use std::fs;

use crate::machine::panel::{ADDRESS, run, said, steps_of_readme, succeed};

const DROP_IN: &str = "/etc/systemd/system/l4d2-web.socket.d";
const ELSEWHERE: &str = "198.51.100.77";

/// The address as the package has it, however the test ends.
struct AddressBack;

impl Drop for AddressBack {
    fn drop(&mut self) {
        let script = "rm -rf \"$1\"; systemctl daemon-reload; systemctl restart l4d2-web.socket
            systemctl start l4d2-web.service; ip address delete \"$2\" dev lo";
        #[expect(clippy::disallowed_methods, reason = "what a person at the machine would run")]
        let _ = std::process::Command::new("sh").args(["-c", script, "sh", DROP_IN, ELSEWHERE]).output();
    }
}

/// What `systemctl edit` leaves.
async fn edit(text: &str) {
    fs::create_dir_all(DROP_IN).expect("made");
    fs::write(format!("{DROP_IN}/override.conf"), text).expect("written");
    succeed(&["systemctl", "daemon-reload"]).await;
}

#[tokio::test]
async fn the_readmes_steps_move_the_panel_to_an_address_that_may_come_later() {
    let steps = steps_of_readme("systemctl edit l4d2-web.socket");
    let (before, rest) = steps.split_once("[Socket]").expect("what to type");
    let (typed, after) = rest.split_once("systemctl restart").expect("how it takes effect");
    assert!(before.contains("systemctl edit"), "{steps}");
    let typed: Vec<&str> = typed.lines().map(|line| line.trim_start_matches(['#', ' '])).collect();
    let typed = typed.join("\n").replace("192.0.2.10:80", &format!("{ELSEWHERE}:8090"));
    assert!(typed.contains(ELSEWHERE), "{typed}");
    let _back = AddressBack;
    edit(&format!("[Socket]\n{typed}")).await;
    succeed(&["sh", "-euc", &format!("systemctl restart {after}")]).await;
    // The network may come up after the panel.
    succeed(&["ip", "address", "add", ELSEWHERE, "dev", "lo"]).await;
    let health = reqwest::get(format!("http://{ELSEWHERE}:8090/health")).await.expect("an answer");
    assert!(health.status().is_success(), "{health:?}");
    assert!(reqwest::get(format!("{ADDRESS}/health")).await.is_err(), "the old one is closed");
}

#[tokio::test]
async fn a_second_address_is_refused_with_what_to_write() {
    let _back = AddressBack;
    edit("[Socket]\nListenStream=127.0.0.1:8091\n").await;
    run(&["systemctl", "restart", "l4d2-web.socket"]).await;
    run(&["systemctl", "start", "l4d2-web.service"]).await;
    succeed(&["journalctl", "--sync"]).await;
    let output = run(&["journalctl", "--unit=l4d2-web.service", "--lines=50", "--no-pager"]).await;
    let said = said(&output);
    assert!(said.contains("hands over 2 sockets") && said.contains("an empty ListenStream="), "{said}");
}
