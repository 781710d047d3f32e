//! Instances on the disk: initialized, refused, deleted, mended.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use l4d2_host::spec::Specification;
use l4d2_host::supervisor::fake::{FakeCall, FakeStep};
use l4d2_host::supervisor::{ActualState, Outcome};
use l4d2_host::{HostError, OverlayCheck};
use tokio_util::sync::CancellationToken;

use crate::spec::specification;
use crate::support::{Said, World, listen, name, world};

async fn initialize(world: &World, specification: &Specification) -> (Result<Outcome, HostError>, Said) {
    let file = world.path().join("spec.yaml");
    fs::write(&file, specification.to_yaml().unwrap()).unwrap();
    let host = world.host();
    listen(|output| async move { host.initialize(&file, &output, &CancellationToken::new()).await }).await
}

async fn delete(world: &World, instance: &str) -> Result<Outcome, HostError> {
    let host = world.host();
    let instance = name(instance);
    listen(|output| async move { host.delete(&instance, &output, &CancellationToken::new()).await }).await.0
}

fn plain(instance: &str) -> Specification {
    Specification { overlays: Vec::new(), ..specification(instance) }
}

#[tokio::test]
async fn initializing_writes_what_was_specified_each_time_anew() {
    let world = world();
    let mut specification = plain("one");
    assert_eq!(initialize(&world, &specification).await.0.unwrap(), Outcome::Done);
    let instance = world.host().layout().instance(&name("one"));
    assert_eq!(fs::read_to_string(instance.spec()).unwrap(), specification.to_yaml().unwrap());
    specification.config = vec!["hostname changed".to_owned()];
    initialize(&world, &specification).await.0.unwrap();
    let server_cfg = fs::read_to_string(instance.generated().join("left4dead2/cfg/server.cfg")).unwrap();
    assert!(server_cfg.ends_with("\nhostname changed\n"), "{server_cfg}");
    assert_eq!(fs::metadata(instance.dir()).unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn a_running_instance_is_left_alone() {
    let world = world();
    initialize(&world, &plain("one")).await.0.unwrap();
    let instance = world.host().layout().instance(&name("one"));
    let before = fs::read_to_string(instance.spec()).unwrap();
    let changed = Specification { port: 27100, ..plain("one") };
    world.supervisor.set_state(&name("one"), ActualState::Running);
    let (result, _) = initialize(&world, &changed).await;
    assert!(matches!(&result, Err(HostError::Busy(text)) if text.contains("one runs")), "{result:?}");
    world.supervisor.set_state(&name("one"), ActualState::Unknown { reason: "no answer".to_owned() });
    assert!(matches!(initialize(&world, &changed).await.0, Err(HostError::Busy(_))));
    // Held by a supervisor that another program has started a moment ago.
    world.supervisor.set_state(&name("one"), ActualState::Stopped);
    let lock = fs::File::create(instance.lock()).unwrap();
    lock.lock().unwrap();
    assert!(matches!(initialize(&world, &changed).await.0, Err(HostError::Busy(_))));
    assert_eq!(fs::read_to_string(instance.spec()).unwrap(), before);
    drop(lock);
    initialize(&world, &changed).await.0.unwrap();
}

#[tokio::test]
async fn an_overlay_is_checked_at_the_moment_of_use() {
    let world = world();
    let overlays = &world.config.overlay_root;
    fs::create_dir_all(overlays.join("maps")).unwrap();
    let specification = Specification { overlays: vec!["maps".to_owned()], ..plain("one") };
    initialize(&world, &specification).await.0.unwrap();
    assert_eq!(world.host().check_overlay("maps"), OverlayCheck::Present);
    // It was fine when it was typed; now it leads elsewhere.
    fs::remove_dir(overlays.join("maps")).unwrap();
    symlink("/etc", overlays.join("maps")).unwrap();
    let (result, lines) = initialize(&world, &specification).await;
    let error = result.unwrap_err().to_string();
    assert!(error.starts_with("overlay 1 of the specification leads out of the overlay root: "), "{error}");
    assert!(!format!("{lines:?}").contains("maps"), "paths are for admins, and logs are for others too: {lines:?}");
    fs::remove_file(overlays.join("maps")).unwrap();
    assert!(initialize(&world, &specification).await.0.unwrap_err().to_string().contains("is not on disk"));
    fs::write(overlays.join("maps"), "").unwrap();
    assert!(initialize(&world, &specification).await.0.unwrap_err().to_string().contains("is not a directory"));
}

#[tokio::test]
async fn a_bad_specification_writes_nothing() {
    let world = world();
    let specification = Specification { arguments: vec!["+map x -PORT 1".to_owned()], ..plain("one") };
    let (result, _) = initialize(&world, &specification).await;
    assert!(matches!(&result, Err(HostError::InvalidSpec(text)) if text.contains("-PORT")), "{result:?}");
    assert!(!world.host().layout().instance(&name("one")).dir().exists());
}

#[tokio::test]
async fn a_start_needs_an_instance_and_the_game() {
    let world = world();
    let start = || async {
        let host = world.host();
        listen(|output| async move { host.start(&name("one"), &output, &CancellationToken::new()).await }).await.0
    };
    assert!(matches!(start().await, Err(HostError::NoInstance(_))));
    initialize(&world, &plain("one")).await.0.unwrap();
    assert!(matches!(start().await, Err(HostError::NotInstalled)));
    world.install().await.0.unwrap();
    assert_eq!(start().await.unwrap(), Outcome::Done);
    assert_eq!(start().await.unwrap(), Outcome::Already);
}

#[tokio::test]
async fn deleting_stops_first_and_leaves_nothing() {
    let world = world();
    initialize(&world, &plain("one")).await.0.unwrap();
    let instance = world.host().layout().instance(&name("one"));
    // What a game can leave: deep, closed to everybody, and links to elsewhere.
    let outside = world.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("kept"), "").unwrap();
    symlink(&outside, instance.upper().join("link")).unwrap();
    let closed = instance.upper().join("a/b/c");
    fs::create_dir_all(&closed).unwrap();
    fs::write(closed.join("file"), "").unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    fs::create_dir(instance.work().join("work")).unwrap();
    fs::set_permissions(instance.work().join("work"), fs::Permissions::from_mode(0o000)).unwrap();
    world.supervisor.set_state(&name("one"), ActualState::Running);
    assert_eq!(delete(&world, "one").await.unwrap(), Outcome::Done);
    assert!(!instance.dir().exists() && outside.join("kept").exists());
    assert_eq!(world.supervisor.calls(), [FakeCall::Stop(name("one")), FakeCall::Forget(name("one"))]);
    assert_eq!(delete(&world, "one").await.unwrap(), Outcome::Already);
}

#[tokio::test]
async fn what_can_not_be_stopped_is_not_deleted() {
    let world = world();
    initialize(&world, &plain("one")).await.0.unwrap();
    world.supervisor.set_state(&name("one"), ActualState::Running);
    world.supervisor.on_stop(&name("one"), FakeStep::TimeOut);
    delete(&world, "one").await.unwrap_err();
    let instance = world.host().layout().instance(&name("one"));
    assert!(instance.spec().exists());
    // Nothing is locked by the failure.
    world.supervisor.on_stop(&name("one"), FakeStep::Succeed);
    assert_eq!(delete(&world, "one").await.unwrap(), Outcome::Done);
}

#[tokio::test]
async fn a_delete_that_was_cut_short_is_completed() {
    let world = world();
    let rubbish = world.host().layout().deleted().join("one");
    fs::create_dir_all(rubbish.join("upper")).unwrap();
    assert_eq!(delete(&world, "one").await.unwrap(), Outcome::Done);
    assert!(!rubbish.exists());
    fs::create_dir_all(rubbish.join("upper")).unwrap();
    world.host().recover().await.unwrap();
    assert!(!rubbish.exists());
    // On a full disk no directory could be made for the next one, and deleting is what makes room.
    assert!(world.host().layout().deleted().is_dir());
}

#[tokio::test]
async fn a_console_line_is_one_line() {
    let world = world();
    world.supervisor.set_state(&name("one"), ActualState::Running);
    let host = world.host();
    for line in ["status\nquit", "status\rquit", "a\0b", "\u{1b}[A", "", &"x".repeat(4001)] {
        let result = host.console(&name("one"), line).await;
        assert!(matches!(result, Err(HostError::InvalidConsoleLine)), "{line:?}");
    }
    host.console(&name("one"), "say hällo\tyou").await.unwrap();
    assert_eq!(world.supervisor.console_lines(&name("one")), ["say hällo\tyou"]);
}

#[tokio::test]
async fn the_disk_is_looked_at() {
    let world = world();
    let space = world.host().disk().unwrap();
    assert!(space.total_bytes > space.free_bytes && space.free_bytes > 0);
}
