//! What the machine is to look like when it is booted again: three servers of which one was stopped.

use super::panel::sign_up;

/// Whose servers they are.
pub(super) const OWNER: &str = "reboots";
pub(super) const UP: [&str; 2] = ["comes-back", "comes-back-too"];
pub(super) const DOWN: &str = "stays-down";

#[tokio::test]
async fn two_servers_run_and_one_was_stopped() {
    let owner = sign_up(OWNER).await;
    for name in UP {
        let server = owner.server(name, &[]).await;
        owner.succeed(&server, "start").await;
    }
    let server = owner.server(DOWN, &[]).await;
    owner.succeed(&server, "start").await;
    owner.succeed(&server, "stop").await;
}
