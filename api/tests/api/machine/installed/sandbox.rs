//! How much of the machine the units can reach, in systemd's own measure, and that it is enough for 32-bit programs.

use std::fs;
use std::path::Path;

use crate::machine::panel::{delete, sign_up, succeed, unit_of};

/// What each unit may have at most, in tenths.
const THRESHOLD: &str = "--threshold=30";

#[tokio::test]
async fn both_units_are_closed_off() {
    let alice = sign_up("sandbox").await;
    let server = alice.server("sandbox", &[]).await;
    alice.succeed(&server, "start").await;
    for unit in ["l4d2-web.service", &unit_of("sandbox")] {
        let report = succeed(&["systemd-analyze", "security", "--no-pager", THRESHOLD, unit]).await;
        let figure = report.lines().last().unwrap_or_default();
        println!("{figure}");
        assert!(figure.contains("Overall exposure level"), "{report}");
    }
    alice.succeed(&server, "stop").await;
    delete(&alice, &server).await;
}

/// SteamCMD is one, below the panel, and so is the game.
#[tokio::test]
async fn a_32_bit_program_runs_in_both_sandboxes() {
    for shipped in ["l4d2-web.service", "l4d2-server@.service"] {
        let text = fs::read_to_string(Path::new("/lib/systemd/system").join(shipped)).expect("installed");
        // The C library, run as the program that it also is: it sets up a thread's own memory as every program does.
        let text = text.lines().filter(|line| !line.starts_with("ExecStart=") && !line.starts_with("Type="));
        let text = text
            .filter(|line| !["Restart=", "WatchdogSec=", "Requires=l4d2-web"].iter().any(|key| line.starts_with(key)));
        let text = text.collect::<Vec<_>>().join("\n");
        let text = text.replace("[Service]", "[Service]\nType=oneshot\nExecStart=/lib/ld-linux.so.2 /lib32/libc.so.6");
        let unit = &format!("l4d2-test-32-bit-in-{}", shipped.replace('@', ""));
        fs::write(Path::new("/run/systemd/system").join(unit), text).expect("written");
        succeed(&["systemctl", "daemon-reload"]).await;
        succeed(&["systemctl", "start", unit]).await;
        // The journal is a process of its own and may not have read that yet.
        succeed(&["journalctl", "--sync"]).await;
        let said = succeed(&["journalctl", "--unit", unit, "--output", "cat", "--no-pager"]).await;
        assert!(said.contains("GNU C Library"), "{shipped}: {said}");
    }
}
