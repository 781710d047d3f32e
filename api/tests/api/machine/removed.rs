//! Removing the package keeps the data; purging it stops the games and takes everything but people's overlays.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use l4d2_contract::ActualState;

use super::panel::{ADMIN, DATA_DIR, ROOT, main_pid, property, sign_in, sign_up, succeed, unit_of, until_state};

const OWNER: &str = "removes";
const NAME: &str = "to-be-purged";

/// The processes of the games' user. The user itself outlives the package.
async fn games() -> Vec<u32> {
    let user: u32 = succeed(&["id", "-u", "l4d2-game"]).await.trim().parse().expect("a number");
    let processes = fs::read_dir("/proc").expect("readable").flatten();
    let processes = processes.filter(|process| process.metadata().is_ok_and(|found| found.uid() == user));
    processes.filter_map(|process| process.file_name().to_str()?.parse().ok()).collect()
}

#[tokio::test]
async fn removing_keeps_the_data_and_purging_ends_it() {
    let owner = sign_up(OWNER).await;
    let server = owner.server(NAME, &[]).await;
    owner.succeed(&server, "start").await;
    main_pid(&unit_of(NAME)).await;
    assert!(games().await.len() >= 3);

    succeed(&["apt-get", "remove", "--yes", "l4d2-web"]).await;
    assert_eq!(games().await, Vec::<u32>::new(), "nothing could manage them any more");
    assert!(Path::new(DATA_DIR).join("panel.db").exists());
    assert!(Path::new(ROOT).join("installation/srcds_run").exists());
    assert!(Path::new("/etc/l4d2-web/config.toml").exists());
    assert!(!Path::new("/usr/bin/l4d2-web").exists());

    let package = std::env::var("L4D2_PACKAGE").expect("scripts/test-booted names it");
    succeed(&["apt-get", "install", "--yes", "--allow-downgrades", &package]).await;
    sign_in(ADMIN).await;
    let owner = sign_in(OWNER).await;
    until_state(&owner, NAME, ActualState::Running).await;

    let overlay = Path::new(ROOT).join("overlays/mine");
    fs::create_dir(&overlay).expect("made");
    succeed(&["apt-get", "purge", "--yes", "l4d2-web"]).await;
    assert_eq!(games().await, Vec::<u32>::new());
    for gone in [DATA_DIR, "/etc/l4d2-web", "/run/l4d2", "/opt/l4d2/instances", "/opt/l4d2/installation"] {
        assert!(!Path::new(gone).exists(), "{gone}");
    }
    assert!(overlay.is_dir(), "people put it there");
    assert_eq!(property("l4d2-web.service", "LoadState").await, "not-found");
}
