//! The supervisor `systemd`: the contract, and what is its own. These need a machine that systemd runs, and root in it:
//! `scripts/test booted` boots one. Elsewhere they are left out.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use l4d2_host::launcher::FailureKind;
use l4d2_host::supervisor::systemd::SystemdSupervisor;
use l4d2_host::supervisor::{ActualState, LogCursor, LogEvent, LogStart, Outcome, Supervisor};
use l4d2_host::{HostConfig, HostError};
use rustix::process::Signal;

use crate::bench::{Bench, LADDER, PATIENCE, kill, timed};
use crate::supervisor_contract::suite;
use crate::support::eventually;

/// The template that is shipped.
const SHIPPED: &str = include_str!("../../../packaging/l4d2-server@.service");
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

fn systemctl(arguments: &[&str]) {
    let output = Command::new("systemctl").args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
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
async fn a_cursor_that_leads_nowhere_is_said_so_and_nothing_else_is_lost() {
    let bench = Bench::new(systemd);
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    bench.stop(&one, LADDER).await.0.unwrap();
    let all = bench.supervisor.logs(&one, 100_000).await.unwrap();
    let first = all[0].cursor.0.clone();
    // The entry that this one names was never there, as after a vacuum.
    let vacuumed = first.split(';').map(|part| if part.starts_with("i=") { "i=0" } else { part });
    let vacuumed = vacuumed.map(|part| if part.starts_with("x=") { "x=1" } else { part }).collect::<Vec<_>>().join(";");
    for cursor in [vacuumed, "nonsense".to_owned()] {
        let events = bench.supervisor.follow(&one, LogStart::After(LogCursor(cursor.clone()))).await.unwrap();
        let events = tokio::time::timeout(PATIENCE, events.take(all.len() + 1).collect::<Vec<_>>()).await.unwrap();
        let mut events = events.into_iter().map(Result::unwrap);
        assert_eq!(events.next(), Some(LogEvent::Skipped { lines: None }), "{cursor}");
        assert!(events.eq(all.iter().cloned().map(LogEvent::Line)), "{cursor}");
    }
}

#[tokio::test]
async fn the_log_of_a_deleted_instance_is_not_that_of_its_successor() {
    let bench = Bench::new(systemd);
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    bench.stop(&one, LADDER).await.0.unwrap();
    assert!(!bench.supervisor.logs(&one, 10).await.unwrap().is_empty());
    bench.supervisor.forget(&one).await.unwrap();
    fs::remove_dir_all(bench.layout().instance(&one).dir()).unwrap();
    let one = bench.instance("one", &[]).await;
    assert_eq!(bench.supervisor.logs(&one, 10).await.unwrap(), []);
}

#[tokio::test]
async fn what_a_person_does_with_systemctl_is_seen() {
    let bench = Bench::new(systemd);
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    let unit = format!("{}one.service", template_of(&bench.world.config));
    systemctl(&["stop", &unit]);
    bench.until_state(&one, |state| *state == ActualState::Stopped).await;
    systemctl(&["start", &unit]);
    bench.until_state(&one, |state| *state == ActualState::Running).await;
    assert_eq!(bench.start(&one).await.0.unwrap(), Outcome::Already);
    bench.stop(&one, LADDER).await.0.unwrap();
}

#[tokio::test]
async fn a_machine_without_the_template_is_not_for_this() {
    let bench = Bench::new(systemd);
    let config = &bench.world.config;
    assert!(SystemdSupervisor::new(config, &template_of(config)).is_available().await.unwrap());
    let other = SystemdSupervisor::new(config, "l4d2-none@");
    assert!(!other.is_available().await.unwrap());
    let one = bench.instance("one", &[]).await;
    assert!(matches!(other.status(&one).await.unwrap().state, ActualState::Unknown { .. }));
    let output = crate::bench::unheard();
    let started = other.start(&one, &output, &tokio_util::sync::CancellationToken::new()).await;
    assert!(matches!(started, Err(HostError::Supervisor(_))), "{started:?}");
}

#[tokio::test]
async fn a_follower_leaves_no_program_behind() {
    let bench = Bench::new(systemd);
    let one = bench.instance("one", &[]).await;
    let unit = format!("_SYSTEMD_UNIT={}one.service", template_of(&bench.world.config));
    let followers = || {
        let command = |pid: &u32| fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        crate::bench::all_processes().iter().filter(|pid| command(pid).contains(&unit)).count()
    };
    let events = bench.supervisor.follow(&one, LogStart::Last(10)).await.unwrap();
    eventually("it is followed", || followers() == 1).await;
    drop(events);
    eventually("its program has ended", || followers() == 0).await;
}
