//! How much of the machine the units can reach, in systemd's own measure.

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
