//! The doctor on this machine, healthy and with things taken away.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::process::Command;

use l4d2_host::doctor::{Check, CheckStatus};

use crate::support::{World, world};

async fn check(world: &World, id: &str) -> Check {
    world.host().doctor().await.into_iter().find(|check| check.id == id).unwrap()
}

#[tokio::test]
async fn every_check_has_its_own_name_and_a_remedy_when_it_fails() {
    let world = world();
    let checks = world.host().doctor().await;
    let ids: HashSet<&str> = checks.iter().map(|check| check.id).collect();
    assert_eq!(ids.len(), checks.len());
    for wanted in ["kernel", "overlayfs", "landlock", "pty", "user", "root", "disk", "loader32", "steamcmd"] {
        assert!(ids.contains(wanted), "{wanted}");
    }
    for check in checks {
        assert!(!check.message.is_empty());
        assert!(check.status == CheckStatus::Ok || !check.remedy.is_empty(), "{check:?}");
    }
}

#[tokio::test]
async fn overlayfs_and_landlock_are_tried_and_work_here() {
    let world = world();
    for id in ["overlayfs", "landlock"] {
        let check = check(&world, id).await;
        assert_eq!(check.status, CheckStatus::Ok, "{}", check.message);
    }
    let left = fs::read_dir(&world.config.root).unwrap().flatten().map(|entry| entry.file_name());
    let left: Vec<_> = left.filter(|name| name.to_string_lossy().contains("probe")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn what_lacks_is_found() {
    let mut world = world();
    world.config.l4d2ctl = "/no/such/l4d2ctl".into();
    world.config.steamcmd.program = Some("/no/such/steamcmd".into());
    world.config.overlay_root = world.path().join("none");
    for id in ["launcher", "overlayfs", "steamcmd", "overlay_root"] {
        assert_eq!(check(&world, id).await.status, CheckStatus::Failed, "{id}");
    }
    // Words are not to be taken for a command.
    assert!(!check(&world, "steamcmd").await.remedy_is_command);
    let installation = check(&world, "installation").await;
    assert_eq!(installation.status, CheckStatus::Warning);
    assert_eq!(check(&world, "steamclient").await.status, CheckStatus::Warning);
}

#[tokio::test]
async fn the_command_that_installs_the_game_works_as_it_stands() {
    let world = world();
    let check_before = check(&world, "installation").await;
    assert!(check_before.remedy_is_command);
    // As whoever is not root it goes through sudo, which asks for a password: what comes behind is then typed by the user.
    let command = check_before.remedy.rsplit(" -- ").next().unwrap();
    let ran = Command::new("sh").args(["-c", command]).env_clear().current_dir("/").output().unwrap();
    assert!(ran.status.success(), "{command}: {}", String::from_utf8_lossy(&ran.stderr));
    for id in ["installation", "steamclient"] {
        assert_eq!(check(&world, id).await.status, CheckStatus::Ok, "{id}");
    }
}

#[tokio::test]
async fn a_root_directory_of_somebody_else_or_none_is_mended_for_this_user() {
    let mut world = world();
    // The kernel's own: root's, or nobody's in a namespace. As root, one of nobody's is made.
    if rustix::process::geteuid().is_root() {
        chown(&world.config.root, Some(65_534), Some(65_534)).unwrap();
    } else {
        world.config.root = "/proc".into();
    }
    let theirs = check(&world, "root").await;
    assert_eq!(theirs.status, CheckStatus::Failed);
    let user = Command::new("id").arg("-un").output().unwrap().stdout;
    let user = String::from_utf8(user).unwrap();
    assert!(theirs.remedy.starts_with(&format!("sudo chown -R {}:", user.trim())), "{theirs:?}");
    world.config.root = world.path().join("none of it");
    let none = check(&world, "root").await;
    assert!(none.remedy.contains(&format!("-o {} ", user.trim())) && none.remedy.ends_with("none of it'"), "{none:?}");
}

#[tokio::test]
async fn a_root_that_others_can_read_is_worth_a_warning() {
    let world = world();
    fs::set_permissions(&world.config.root, fs::Permissions::from_mode(0o755)).unwrap();
    let open = check(&world, "root").await;
    assert_eq!(open.status, CheckStatus::Warning);
    assert!(open.remedy.starts_with("chmod 0700 ") && open.remedy_is_command);
    fs::set_permissions(&world.config.root, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(check(&world, "root").await.status, CheckStatus::Ok);
}

#[tokio::test]
async fn root_is_told_that_it_need_not_be() {
    let world = world();
    let expected = if rustix::process::geteuid().is_root() { CheckStatus::Warning } else { CheckStatus::Ok };
    assert_eq!(check(&world, "user").await.status, expected);
}

#[tokio::test]
async fn an_installed_game_is_seen() {
    let world = world();
    world.install().await.0.unwrap();
    for id in ["installation", "steamclient"] {
        assert_eq!(check(&world, id).await.status, CheckStatus::Ok, "{id}");
    }
}
