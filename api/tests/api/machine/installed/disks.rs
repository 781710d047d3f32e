//! Disks of their own for the game or the overlays: the README's steps, and what a disk must not do to a view that is up.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use l4d2_contract::{Blueprint, DoctorStatus, HostInfo, Overlay, Server};
use serde_json::json;

use super::files::as_itself;
use crate::machine::panel::{ADMIN, ROOT, delete, property, run, sign_in, steps_of_readme, succeed};
use crate::real::panel::free_port;

const VIEW: &str = "/run/l4d2/game";

/// Takes the disk away again, however the test ends, and has the panel as it was.
struct Disk(&'static str);

impl Drop for Disk {
    fn drop(&mut self) {
        let script = "systemctl stop l4d2-web.socket l4d2-web.service 'l4d2-server@*.service' l4d2-view.service
            umount \"$1\"; umount --recursive --quiet /run/l4d2/game; systemctl reset-failed l4d2-view.service
            systemctl start l4d2-web.socket l4d2-web.service";
        #[expect(clippy::disallowed_methods, reason = "what a person at the machine would run")]
        let _ = std::process::Command::new("sh").args(["-c", script, "sh", self.0]).output();
    }
}

/// The README's steps with a file system in memory for a disk, mounted on a directory.
async fn mount_by_the_readme(directory: &'static str) -> Disk {
    let disk = Disk(directory);
    let steps = steps_of_readme("sudo mount /dev/");
    let steps = steps.replace("/dev/sdb1 /opt/l4d2 ", &format!("-t tmpfs -o mode=755 disk {directory} "));
    assert!(steps.contains(&format!(" disk {directory} ")), "{steps}");
    // systemd looks at the mounts now and then, and no person types as fast as this.
    let seen =
        "until systemctl is-active --quiet \"$(systemd-escape --path --suffix=mount \"$1\")\"; do sleep 0.05; done\n";
    let steps = steps.replace("systemd-tmpfiles ", &format!("{seen}systemd-tmpfiles "));
    assert!(steps.contains(seen), "{steps}");
    succeed(&["sh", "-euc", &steps, "sh", directory]).await;
    disk
}

fn mounts_below(directory: &str) -> Vec<String> {
    let mounts = fs::read_to_string("/proc/self/mounts").expect("readable");
    let points = mounts.lines().filter_map(|line| line.split(' ').nth(1));
    points.filter(|point| Path::new(point).starts_with(directory)).map(ToOwned::to_owned).collect()
}

#[tokio::test]
async fn the_game_lies_on_a_disk_that_was_mounted_by_the_readme() {
    let disk = mount_by_the_readme(ROOT).await;
    let admin = sign_in(ADMIN).await;
    let host: HostInfo = admin.get("/host").await;
    let root = host.checks.iter().find(|check| check.id == "root").expect("a check");
    assert_eq!(root.status, DoctorStatus::Ok, "{root:?}");
    assert!(Path::new(ROOT).join("instances").is_dir(), "the panel made itself at home");
    drop(disk);
    assert!(Path::new(ROOT).join("installation/srcds_run").exists());
}

#[tokio::test]
async fn overlays_lie_on_a_disk_and_the_view_comes_and_goes_with_it() {
    let disk = mount_by_the_readme("/opt/l4d2/overlays").await;
    let addons = Path::new(ROOT).join("overlays/from-a-disk/left4dead2/addons");
    fs::create_dir_all(&addons).expect("made");
    fs::write(addons.join("map.vpk"), "a map").expect("written");
    succeed(&["chown", "-R", "l4d2-web:", "/opt/l4d2/overlays"]).await;
    let admin = sign_in(ADMIN).await;
    let overlay: Overlay = admin.post("/overlays", json!({"name": "From a disk", "path": "from-a-disk"})).await;
    let body = json!({"name": "from a disk", "arguments": [], "config": [], "overlay_ids": [overlay.id]});
    let blueprint: Blueprint = admin.post("/blueprints", body).await;
    let body = json!({"name": "from-a-disk", "port": free_port(), "blueprint_id": blueprint.id});
    let server: Server = admin.post("/servers", body).await;
    admin.succeed(&server, "start").await;
    as_itself(&server, "grep -q 'a map' /game/left4dead2/addons/map.vpk").await;
    admin.succeed(&server, "stop").await;
    delete(&admin, &server).await;

    assert_eq!(mounts_below(VIEW), [VIEW, "/run/l4d2/game/overlays"]);
    succeed(&["systemctl", "stop", "l4d2-view.service"]).await;
    assert_eq!(property("l4d2-view.service", "ActiveState").await, "inactive");
    assert_eq!(mounts_below(VIEW), Vec::<String>::new());
    assert_eq!(mounts_below("/opt/l4d2/overlays"), ["/opt/l4d2/overlays"], "the disk itself stays");
    drop(disk);
}

#[tokio::test]
async fn a_disk_that_is_mounted_while_the_view_is_up_reaches_no_game() {
    succeed(&["systemctl", "start", "l4d2-view.service"]).await;
    let panel = fs::metadata(ROOT).expect("there").uid();
    let seen = fs::metadata(VIEW).expect("there");
    let disk = Disk(ROOT);
    succeed(&["mount", "-t", "tmpfs", "-o", "mode=755", "disk", ROOT]).await;
    let mounted = fs::metadata(ROOT).expect("there").dev();
    assert_ne!(fs::metadata(VIEW).expect("there").dev(), mounted, "it is a mount of its own");
    // As the next upgrade does.
    succeed(&["systemd-tmpfiles", "--create", "l4d2-web.conf"]).await;
    let root = fs::metadata(ROOT).expect("there");
    assert_eq!((root.dev(), root.uid(), root.permissions().mode() & 0o777), (mounted, panel, 0o700));
    assert_eq!(fs::metadata(VIEW).expect("there").uid(), seen.uid());
    drop(disk);
    assert!(run(&["mountpoint", "--quiet", ROOT]).await.status.code().is_some_and(|code| code != 0));
}
