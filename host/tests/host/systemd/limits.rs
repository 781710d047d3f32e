//! What a game may use of the machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use l4d2_host::limits::GameLimits;
use l4d2_host::supervisor::ActualState;
use l4d2_host::{HostError, InstanceName};

use super::{RUNTIME_UNITS, run, systemd, unit_of};
use crate::bench::{Bench, LADDER, PATIENCE};

const MIB: u64 = 1 << 20;

fn property(unit: &str, name: &str) -> String {
    run("systemctl", &["show", "--value", "--property", name, unit]).trim().to_owned()
}

/// Whether the kernel holds units to it here: containers may have another place for that controller.
fn has_controller(file: &str) -> bool {
    let controller = file.split('.').next().unwrap();
    let there = fs::read_to_string("/sys/fs/cgroup/cgroup.controllers").unwrap_or_default();
    let has = there.split_whitespace().any(|name| name == controller);
    if !has {
        println!("{file}: this machine's cgroups have no controller {controller}");
    }
    has
}

/// What the kernel holds the unit to.
fn in_cgroup(unit: &str, file: &str) -> Option<String> {
    let group = property(unit, "ControlGroup");
    let path = Path::new("/sys/fs/cgroup").join(group.trim_start_matches('/')).join(file);
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

fn holds(unit: &str, [memory, weight, tasks]: [&str; 3]) {
    let found = ["MemoryMax", "CPUWeight", "TasksMax"].map(|name| property(unit, name));
    assert_eq!(found, [memory, weight, tasks]);
    for (file, expected) in [("memory.max", memory), ("cpu.weight", weight), ("pids.max", tasks)] {
        if has_controller(file) {
            let found = in_cgroup(unit, file);
            println!("{file}: {found:?}");
            // A group has no file of a controller that neither its unit nor one beside it asks for.
            let unlimited =
                matches!(expected, "[not set]" | "infinity") && matches!(found.as_deref(), None | Some("100" | "max"));
            assert!(found.as_deref() == Some(expected) || unlimited, "{file}: {found:?}, not {expected}");
        }
    }
}

#[tokio::test]
async fn a_game_is_held_to_its_limits_from_its_next_start_on() {
    let limits = GameLimits { memory_max: Some(512 * MIB), cpu_weight: Some(250), tasks_max: Some(77) };
    let mut bench = Bench::with(systemd, |config| config.game_limits = limits);
    let one = bench.instance("one", &[]).await;
    let unit = unit_of(&bench, "one");
    bench.started(&one).await;
    holds(&unit, ["536870912", "250", "77"]);

    bench.world.config.game_limits = GameLimits { memory_max: Some(256 * MIB), ..GameLimits::default() };
    bench.restart_panel();
    holds(&unit, ["536870912", "250", "77"]);
    bench.stop(&one, LADDER).await.0.unwrap();
    bench.started(&one).await;
    // What is limited no more is free again, though systemd remembers what it was told.
    holds(&unit, ["268435456", "[not set]", "infinity"]);
    bench.stop(&one, LADDER).await.0.unwrap();
}

/// How often the game has begun to boot.
async fn boots(bench: &Bench, name: &InstanceName) -> usize {
    let lines = bench.logs(name, 10_000).await;
    lines.iter().filter(|line| line.text == "Console initialized.").count()
}

/// No promise of ours, but what is written about the restart limit.
#[tokio::test]
async fn alone_a_reload_of_systemd_begins_the_count_of_starts_anew() {
    let bench = Bench::new(systemd);
    let one = bench.instance("one", &["+standin_crash_after 1000"]).await;
    let mut changes = bench.supervisor.changes();
    bench.start(&one).await.0.unwrap();
    while boots(&bench, &one).await < 4 {
        tokio::time::timeout(PATIENCE, changes.recv()).await.expect("it goes on").unwrap();
    }
    run("systemctl", &["daemon-reload"]);
    bench.until_state(&one, |state| matches!(state, ActualState::Failed { .. })).await;
    let boots = boots(&bench, &one).await;
    println!("{boots} starts with a reload behind the fourth");
    assert!((7..=4 + 1 + 6).contains(&boots), "{boots}");
}

/// An administrator's settings for a unit. They go with their test, however it ends: the machine's next ones are none of
/// their business.
struct DropIn(PathBuf);

impl DropIn {
    fn new(unit: &str, settings: &str) -> Self {
        let drop_in = Self(Path::new(RUNTIME_UNITS).join(format!("{unit}.d")));
        fs::create_dir_all(&drop_in.0).unwrap();
        fs::write(drop_in.0.join("administrator.conf"), format!("[Service]\n{settings}")).unwrap();
        drop_in
    }
}

impl Drop for DropIn {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn what_is_not_limited_is_left_to_the_administrator() {
    let bench = Bench::new(systemd);
    let one = bench.instance("one", &[]).await;
    let unit = unit_of(&bench, "one");
    let _settings = DropIn::new(&unit, "TasksMax=123\n");
    bench.started(&one).await;
    assert_eq!(property(&unit, "TasksMax"), "123");
    bench.stop(&one, LADDER).await.0.unwrap();
}

#[tokio::test]
async fn a_launcher_that_never_gets_to_its_work_is_ended_with_the_start() {
    let bench = Bench::with(systemd, |config| config.start_limit = Duration::from_secs(1));
    let one = bench.instance("one", &[]).await;
    let _late = DropIn::new(&unit_of(&bench, "one"), "ExecStartPre=/usr/bin/sleep 600\n");
    let error = bench.start(&one).await.0.unwrap_err();
    assert!(matches!(error, HostError::TimedOut { limit_seconds: 1, .. }), "{error:?}");
    assert_eq!(bench.state(&one).await, ActualState::Failed { reason: error.to_string() });
}

#[tokio::test]
async fn a_unit_that_systemd_can_not_set_up_fails_the_start_and_is_not_tried_again() {
    let bench = Bench::new(systemd);
    for (text, settings, expected) in [
        ("exec", "ExecStart=\nExecStart=/nonexistent/l4d2ctl launch\n", "(status 203)"),
        ("namespace", "BindPaths=/nonexistent\n", "(status 226)"),
        ("user", "User=l4d2-nobody-has-this-name\n", "(status 217)"),
        ("before", "ExecStartPre=/bin/false\n", "systemd could not start it"),
    ] {
        let one = bench.instance(text, &[]).await;
        let unit = unit_of(&bench, text);
        let _broken = DropIn::new(&unit, settings);
        let error = bench.start(&one).await.0.unwrap_err();
        println!("{text}: {error}");
        assert!(matches!(error, HostError::Step { exit_code: None, .. }), "{text}: {error:?}");
        let error = error.to_string();
        assert!(error.contains(expected) && error.contains(&format!("journalctl -u {unit}")), "{text}: {error}");
        assert_eq!(property(&unit, "ActiveState"), "inactive", "{text}");
        assert_eq!(bench.state(&one).await, ActualState::Failed { reason: error }, "{text}");
    }
}

#[tokio::test]
async fn a_game_that_wants_more_memory_than_it_may_is_ended_and_that_is_told() {
    let limits = GameLimits { memory_max: Some(64 * MIB), ..GameLimits::default() };
    let bench = Bench::with(systemd, |config| config.game_limits = limits);
    let one = bench.instance("one", &["+standin_allocate 200"]).await;
    // Once is enough: on a slow machine six times take longer than the minute within which they count.
    let _once = DropIn::new(&unit_of(&bench, "one"), "Restart=no\n");
    let (started, _) = bench.start(&one).await;
    if !has_controller("memory.max") {
        // Nobody counts its memory here.
        started.unwrap();
        bench.stop(&one, LADDER).await.0.unwrap();
        return;
    }
    let state = bench.until_state(&one, |state| matches!(state, ActualState::Failed { .. })).await;
    let ActualState::Failed { reason } = state else { unreachable!() };
    println!("{reason}");
    assert!(reason.contains("memory ran out") && reason.contains("64M"), "{reason}");
}
