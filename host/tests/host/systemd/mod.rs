//! The supervisor `systemd`: the contract, and what is its own. These need a machine that systemd runs, and root in it:
//! `scripts/test booted` boots one. Elsewhere they are left out.

mod journal;
mod limits;
mod rights;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use l4d2_host::HostConfig;
use l4d2_host::launcher::FailureKind;
use l4d2_host::supervisor::systemd::SystemdSupervisor;
use l4d2_host::supervisor::{ActualState, Outcome, Supervisor};
use rustix::fs::{FlockOperation, flock};
use rustix::process::Signal;

use crate::bench::{Bench, LADDER, PATIENCE, timed};
use crate::processes::kill;
use crate::standstill::Standstill;
use crate::supervisor_contract::suite;
use crate::support::L4D2CTL;

/// The template that is shipped.
const SHIPPED: &str = include_str!("../../../../packaging/l4d2-server@.service");
const RUNTIME_UNITS: &str = "/run/systemd/system";

fn systemd(config: &HostConfig) -> Arc<dyn Supervisor> {
    let template = template_of(config);
    let unit = Path::new(RUNTIME_UNITS).join(format!("{template}.service"));
    if !unit.exists() {
        // systemd finds a new file by itself. A reload would make it forget how often the units of the tests beside this
        // one have been started.
        fs::write(&unit, for_test(config)).unwrap();
    }
    Arc::new(SystemdSupervisor::new(config, &template))
}

/// A template of the test's own, named after its directory.
fn template_of(config: &HostConfig) -> String {
    let directory = config.root.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
    format!("l4d2-test-{}@", directory.trim_start_matches('.').to_lowercase())
}

/// What of the template belongs to an installed package: its users, who need no capability to become themselves in a
/// namespace as root does, and its view of the one root.
const INSTALLED: [&str; 10] = [
    "User=",
    "Group=",
    "CapabilityBoundingSet=",
    "Requires=",
    "BindPaths=",
    "Environment=",
    "ReadWritePaths=",
    "ProtectSystem=",
    "ProtectHome=",
    "PrivateTmp=",
];

/// The shipped template with the test's program and directories.
fn for_test(config: &HostConfig) -> String {
    let limit = config.start_limit.as_secs();
    let (program, root, overlays) = (&config.l4d2ctl, &config.root, &config.overlay_root);
    let launch = format!(
        "ExecStart={} launch %i --l4d2-root {} --overlay-root {} --start-limit-seconds {limit}",
        program.display(),
        root.display(),
        overlays.display()
    );
    assert!(SHIPPED.contains("ExecStart=/usr/bin/l4d2ctl launch %i\n"));
    let kept = SHIPPED.lines().filter(|line| !INSTALLED.iter().any(|setting| line.starts_with(setting)));
    kept.collect::<Vec<_>>().join("\n").replace("ExecStart=/usr/bin/l4d2ctl launch %i", &launch)
}

pub(crate) fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn unit_of(bench: &Bench, name: &str) -> String {
    format!("{}{name}.service", template_of(&bench.world.config))
}

/// Ends the units of a test and removes its template.
pub(crate) fn clean_up(config: &HostConfig) {
    let template = template_of(config);
    let unit = PathBuf::from(RUNTIME_UNITS).join(format!("{template}.service"));
    if unit.exists() {
        // A test that failed may have left anything.
        let _ = Command::new("systemctl").args(["kill", "--signal=KILL", &format!("{template}*")]).output();
        let _ = Command::new("systemctl").args(["stop", &format!("{template}*")]).output();
        let _ = fs::remove_file(&unit);
    }
}

suite!(systemd);

#[test]
fn the_template_knows_every_failure_of_the_launcher() {
    let line = SHIPPED.lines().find_map(|line| line.strip_prefix("RestartPreventExitStatus=")).unwrap();
    // All but the one behind which the game is to be started again.
    let kinds = FailureKind::ALL.into_iter().filter(|kind| !kind.is_crash());
    let mut codes: Vec<u8> = kinds.map(FailureKind::exit_code).collect();
    codes.sort_unstable();
    assert_eq!(line.split(' ').map(|code| code.parse().unwrap()).collect::<Vec<u8>>(), codes);
}

#[tokio::test]
async fn what_another_program_is_changing_is_not_started() {
    let bench = Bench::new(systemd);
    let one = bench.instance("one", &[]).await;
    let file = fs::File::create(bench.layout().instance(&one).lock()).unwrap();
    flock(&file, FlockOperation::NonBlockingLockExclusive).unwrap();
    let error = bench.start(&one).await.0.unwrap_err().to_string();
    assert!(error.contains("being changed"), "{error}");
    drop(file);
    bench.started(&one).await;
}

#[tokio::test]
async fn alone_a_crash_is_told_within_half_a_second() {
    let bench = Bench::new(systemd);
    let one = bench.instance("one", &[]).await;
    let launcher = bench.started(&one).await;
    let mut changes = bench.supervisor.changes();
    let standstill = Standstill::watch();
    kill(launcher, Signal::KILL);
    let (change, took) = timed(tokio::time::timeout(PATIENCE, changes.recv())).await;
    assert_eq!(change.unwrap().unwrap().name, one);
    assert!(standstill.without(took) < Duration::from_millis(500), "{took:?}");
    bench.stop(&one, LADDER).await.0.unwrap();
}

#[tokio::test]
async fn what_a_person_does_with_systemctl_is_seen() {
    let bench = Bench::new(systemd);
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    let unit = unit_of(&bench, "one");
    run("systemctl", &["stop", &unit]);
    bench.until_state(&one, |state| *state == ActualState::Stopped).await;
    run("systemctl", &["start", &unit]);
    bench.until_state(&one, |state| *state == ActualState::Running).await;
    assert_eq!(bench.start(&one).await.0.unwrap(), Outcome::Already);
    bench.stop(&one, LADDER).await.0.unwrap();
}

#[tokio::test]
async fn a_start_by_a_person_takes_the_place_of_one_that_was_given_up() {
    let bench = Bench::with(systemd, |config| config.l4d2ctl = config.root.with_file_name("launcher"));
    let one = bench.instance("one", &[]).await;
    bench.start(&one).await.0.unwrap_err();
    let state = bench.state(&one).await;
    assert!(matches!(state, ActualState::Failed { .. }), "{state:?}");
    symlink(L4D2CTL, &bench.world.config.l4d2ctl).unwrap();
    let unit = unit_of(&bench, "one");
    run("systemctl", &["start", &unit]);
    assert_eq!(bench.state(&one).await, ActualState::Running);
    run("systemctl", &["stop", &unit]);
    assert_eq!(bench.state(&one).await, ActualState::Stopped);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alone_a_stop_that_meets_a_new_execution_of_systemd_tells_that_the_game_has_stopped() {
    let bench = Bench::new(systemd);
    let one = bench.instance("one", &[]).await;
    for again in 0..5 {
        bench.started(&one).await;
        let reexec = || run("systemctl", &["daemon-reexec"]);
        let (stopped, _) = tokio::join!(bench.stop(&one, LADDER), tokio::task::spawn_blocking(reexec));
        assert_eq!(stopped.0.unwrap(), Outcome::Done, "{again}: {:?}", stopped.1);
        assert_eq!(bench.state(&one).await, ActualState::Stopped, "{again}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alone_a_start_that_meets_a_new_execution_of_systemd_is_one_all_the_same() {
    let bench = Bench::new(systemd);
    let one = bench.instance("one", &[]).await;
    for again in 0..5 {
        let reexec = || run("systemctl", &["daemon-reexec"]);
        let (started, _) = tokio::join!(bench.start(&one), tokio::task::spawn_blocking(reexec));
        assert_eq!(started.0.unwrap(), Outcome::Done, "{again}: {:?}", started.1);
        assert_eq!(bench.state(&one).await, ActualState::Running, "{again}");
        bench.stop(&one, LADDER).await.0.unwrap();
    }
}
