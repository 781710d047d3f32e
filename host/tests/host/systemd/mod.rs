//! The supervisor `systemd`: the contract, and what is its own. These need a machine that systemd runs, and root in it:
//! `scripts/test booted` boots one. Elsewhere they are left out.

mod journal;
mod limits;
mod rights;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use l4d2_host::HostConfig;
use l4d2_host::launcher::FailureKind;
use l4d2_host::supervisor::systemd::SystemdSupervisor;
use l4d2_host::supervisor::{ActualState, Outcome, Supervisor};
use rustix::process::Signal;

use crate::bench::{Bench, LADDER, PATIENCE, kill, timed};
use crate::supervisor_contract::suite;

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
const INSTALLED: [&str; 9] = [
    "User=",
    "Group=",
    "CapabilityBoundingSet=",
    "Requires=",
    "BindPaths=",
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

fn run(program: &str, arguments: &[&str]) -> String {
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
    let mut codes: Vec<u8> = FailureKind::ALL.map(FailureKind::exit_code).into();
    codes.sort_unstable();
    assert_eq!(line.split(' ').map(|code| code.parse().unwrap()).collect::<Vec<u8>>(), codes);
}

#[tokio::test]
async fn a_crash_is_told_within_half_a_second() {
    let bench = Bench::new(systemd);
    let one = bench.instance("one", &[]).await;
    let launcher = bench.started(&one).await;
    let mut changes = bench.supervisor.changes();
    kill(launcher, Signal::KILL);
    let (change, took) = timed(tokio::time::timeout(PATIENCE, changes.recv())).await;
    assert_eq!(change.unwrap().unwrap().name, one);
    assert!(took < Duration::from_millis(500), "{took:?}");
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
