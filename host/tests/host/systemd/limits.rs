//! What a game may use of the machine.

use std::fs;
use std::path::Path;

use l4d2_host::InstanceName;
use l4d2_host::limits::GameLimits;
use l4d2_host::supervisor::ActualState;

use super::{run, systemd, unit_of};
use crate::bench::{Bench, LADDER, PATIENCE};

const MIB: u64 = 1 << 20;

fn property(unit: &str, name: &str) -> String {
    run("systemctl", &["show", "--value", "--property", name, unit]).trim().to_owned()
}

/// What the kernel holds the unit to; none where this machine has another place for that controller, as containers have.
fn in_cgroup(unit: &str, file: &str) -> Option<String> {
    let group = property(unit, "ControlGroup");
    let controller = file.split('.').next().unwrap();
    let root = Path::new("/sys/fs/cgroup");
    let there = fs::read_to_string(root.join("cgroup.controllers")).unwrap_or_default();
    if !there.split_whitespace().any(|name| name == controller) {
        println!("{file}: this machine's cgroups have no controller {controller}");
        return None;
    }
    let path = root.join(group.trim_start_matches('/')).join(file);
    Some(fs::read_to_string(path).unwrap().trim().to_owned())
}

fn holds(unit: &str, [memory, weight, tasks]: [&str; 3]) {
    let found = ["MemoryMax", "CPUWeight", "TasksMax"].map(|name| property(unit, name));
    assert_eq!(found, [memory, weight, tasks]);
    for (file, expected) in [("memory.max", memory), ("cpu.weight", weight), ("pids.max", tasks)] {
        if let Some(found) = in_cgroup(unit, file) {
            println!("{file}: {found}");
            let default = file == "cpu.weight" && expected == "[not set]";
            assert!(found == expected || (default && found == "100") || (expected == "infinity" && found == "max"));
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
    let lines = bench.supervisor.logs(name, 10_000).await.unwrap();
    lines.iter().filter(|line| line.text == "Console initialized.").count()
}

/// No promise of ours, but what is written about the restart limit.
#[tokio::test]
async fn alone_a_reload_of_systemd_begins_the_count_of_starts_anew() {
    let bench = Bench::new(systemd);
    let one = bench.instance("one", &["+standin_crash_after 300"]).await;
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

#[tokio::test]
async fn what_is_not_limited_is_left_to_the_administrator() {
    let bench = Bench::new(systemd);
    let one = bench.instance("one", &[]).await;
    let unit = unit_of(&bench, "one");
    let directory = format!("/run/systemd/system/{unit}.d");
    fs::create_dir_all(&directory).unwrap();
    fs::write(format!("{directory}/administrator.conf"), "[Service]\nTasksMax=123\n").unwrap();
    bench.started(&one).await;
    assert_eq!(property(&unit, "TasksMax"), "123");
    bench.stop(&one, LADDER).await.0.unwrap();
    fs::remove_dir_all(&directory).unwrap();
}

#[tokio::test]
async fn a_game_that_wants_more_memory_than_it_may_is_ended_and_that_is_told() {
    let limits = GameLimits { memory_max: Some(64 * MIB), ..GameLimits::default() };
    let bench = Bench::with(systemd, |config| config.game_limits = limits);
    let one = bench.instance("one", &["+standin_allocate 200"]).await;
    let unit = unit_of(&bench, "one");
    let (started, _) = bench.start(&one).await;
    if in_cgroup(&unit, "memory.max").is_none() {
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
