//! Removing the package keeps the data; purging it stops the games and takes everything but people's overlays.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use l4d2_contract::ActualState;

use super::panel::{DATA_DIR, ROOT, as_user, main_pid, property, run, sign_in, sign_up, succeed, unit_of, until_state};
use crate::real::panel::Script;

const OWNER: &str = "removes";
const NAME: &str = "to-be-purged";

/// The processes of the games' user. The user itself outlives the package.
async fn games() -> Vec<u32> {
    processes_of("l4d2-game").await
}

async fn processes_of(user: &str) -> Vec<u32> {
    let user: u32 = succeed(&["id", "-u", user]).await.trim().parse().expect("a number");
    let processes = fs::read_dir("/proc").expect("readable").flatten();
    let processes = processes.filter(|process| process.metadata().is_ok_and(|found| found.uid() == user));
    processes.filter_map(|process| process.file_name().to_str()?.parse().ok()).collect()
}

async fn install() {
    let package = std::env::var("L4D2_PACKAGE").expect("scripts/test-booted names it");
    succeed(&["apt-get", "install", "--yes", "--allow-downgrades", &package]).await;
}

/// Whatever the test before this one left: the package installed, with the game, and a new admin.
async fn panel_of(admin: &str) -> Script {
    install().await;
    let owner = sign_up(admin).await;
    succeed(&as_user("l4d2-web", &["l4d2-web", "promote-admin", "--data-dir", DATA_DIR, admin])).await;
    owner.install().await;
    owner
}

#[tokio::test]
async fn removing_keeps_the_data_and_purging_ends_it() {
    let owner = panel_of(OWNER).await;
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

    install().await;
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

/// The panel's own children outlive it; they must not outlive the package.
#[tokio::test]
async fn removing_ends_games_that_the_panel_keeps_itself() {
    let owner = panel_of("embedded").await;
    let drop_in = Path::new("/run/systemd/system/l4d2-web.service.d");
    fs::create_dir_all(drop_in).expect("made");
    fs::write(drop_in.join("embedded.conf"), "[Service]\nEnvironment=SUPERVISOR=embedded\n").expect("written");
    succeed(&["systemctl", "daemon-reload"]).await;
    succeed(&["systemctl", "restart", "l4d2-web.service"]).await;
    let server = owner.server("embedded", &[]).await;
    owner.succeed(&server, "start").await;
    let before = processes_of("l4d2-web").await;
    assert!(before.len() >= 4, "panel, supervisor, launcher, game: {before:?}");

    succeed(&["apt-get", "remove", "--yes", "l4d2-web"]).await;
    assert_eq!(processes_of("l4d2-web").await, Vec::<u32>::new());
    fs::remove_dir_all(drop_in).expect("removed");
    succeed(&["systemctl", "daemon-reload"]).await;
    // Installed again, the panel would start it.
    succeed(&["apt-get", "purge", "--yes", "l4d2-web"]).await;
}

/// Takes a file system away with its test.
struct Mounted(&'static str);

impl Drop for Mounted {
    fn drop(&mut self) {
        #[expect(clippy::disallowed_methods, reason = "what a person at the machine would run")]
        let _ = std::process::Command::new("umount").args(["--recursive", self.0]).output();
    }
}

#[tokio::test]
async fn purging_empties_directories_that_are_disks() {
    install().await;
    succeed(&["apt-get", "remove", "--yes", "l4d2-web"]).await;
    let mounted = [DATA_DIR, ROOT, "/opt/l4d2/instances", "/opt/l4d2/installation/left4dead2"].map(Mounted);
    for Mounted(directory) in &mounted {
        fs::create_dir_all(directory).expect("made");
        succeed(&["mount", "-t", "tmpfs", "disk", directory]).await;
        fs::create_dir(Path::new(directory).join("some")).expect("made");
        fs::write(Path::new(directory).join("some/data"), "data").expect("written");
    }
    fs::create_dir_all("/opt/l4d2/installation/bin").expect("made");
    succeed(&["apt-get", "purge", "--yes", "l4d2-web"]).await;
    for emptied in [DATA_DIR, "/opt/l4d2/instances"] {
        assert_eq!(fs::read_dir(emptied).expect("it stays").count(), 0, "{emptied}");
    }
    // A disk below is nobody's but whoever mounted it there.
    assert!(Path::new("/opt/l4d2/installation/left4dead2/some/data").exists());
    assert!(!Path::new("/opt/l4d2/installation/bin").exists());
    assert!(Path::new("/opt/l4d2/some/data").exists(), "nothing of the package's");
    let listed = run(&["dpkg-query", "--show", "l4d2-web"]).await;
    assert!(!listed.status.success(), "nothing of it is left to dpkg");
}
