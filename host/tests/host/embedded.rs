//! The embedded supervisor: the contract, and what is its own.

use std::fs;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use l4d2_host::HostConfig;
use l4d2_host::supervisor::embedded::EmbeddedSupervisor;
use l4d2_host::supervisor::{ActualState, LogStart, Outcome, StopLadder, Supervisor};
use rustix::process::Signal;

use crate::bench::{Bench, LADDER};
use crate::processes::kill;
use crate::supervisor_contract::suite;
use crate::support::{L4D2CTL, eventually, runs};

fn embedded(config: &HostConfig) -> Arc<dyn Supervisor> {
    Arc::new(EmbeddedSupervisor::new(config).unwrap())
}

suite!(embedded);

/// A panel of its own process, which can be killed: `l4d2ctl` with the test's settings.
fn panel(bench: &Bench, arguments: &[&str]) -> std::process::Child {
    let config = &bench.world.config;
    let mut command = Command::new(L4D2CTL);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.env("L4D2_ROOT", &config.root).env("OVERLAY_ROOT", &config.overlay_root).env("SUPERVISOR", "embedded");
    command.env("DATA_DIR", bench.world.path().join("data"));
    command.spawn().unwrap()
}

fn shim(bench: &Bench, instance: &l4d2_host::InstanceName) -> u32 {
    let record = fs::read_to_string(bench.layout().instance(instance).state()).unwrap();
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    u32::try_from(record["shim"]["pid"].as_u64().unwrap()).unwrap()
}

#[tokio::test]
async fn a_panel_killed_in_the_middle_of_a_start_leaves_a_game_that_is_found() {
    let mut bench = Bench::new(embedded);
    let one = bench.instance("one", &["+standin_bind_after 1000"]).await;
    let mut starting = panel(&bench, &["start", "one"]);
    bench.line_with(&one, LogStart::Last(100), "Console initialized.").await;
    starting.kill().unwrap();
    starting.wait().unwrap();
    bench.restart_panel();
    assert_eq!(bench.state(&one).await, ActualState::Running);
    bench.start(&one).await.0.unwrap();
    bench.answer(&one, "echo here", "here").await;
    let lines = bench.supervisor.logs(&one, 1000).await.unwrap();
    assert_eq!(lines.iter().filter(|line| line.text == "Console initialized.").count(), 1, "started once");
    assert_eq!(bench.stop(&one, LADDER).await.0.unwrap(), Outcome::Done);
}

#[tokio::test]
async fn a_panel_killed_in_the_middle_of_a_stop_leaves_it_to_the_supervisor() {
    let bench = Bench::new(embedded);
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    bench.answer(&one, "standin_hang", "hanging").await;
    let mut stopping = panel(&bench, &["stop", "one", "--stop-limit-seconds", "1"]);
    // It may be over before anybody looks.
    bench.until_state(&one, |_| phase(&bench, &one) != "running").await;
    stopping.kill().unwrap();
    stopping.wait().unwrap();
    bench.until_state(&one, |state| *state == ActualState::Stopped).await;
}

fn phase(bench: &Bench, instance: &l4d2_host::InstanceName) -> String {
    let record = fs::read_to_string(bench.layout().instance(instance).state()).unwrap();
    serde_json::from_str::<serde_json::Value>(&record).unwrap()["phase"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_killed_supervisor_is_told_at_once_and_its_game_is_gone() {
    let bench = Bench::new(embedded);
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    let processes = bench.processes(&one).await;
    kill(shim(&bench, &one), Signal::KILL);
    let state = bench.until_state(&one, |state| *state != ActualState::Running).await;
    assert!(matches!(&state, ActualState::Failed { reason } if reason.contains("one") && reason.contains("killed")));
    processes.end().await;
    bench.started(&one).await;
    bench.stop(&one, LADDER).await.0.unwrap();
}

#[tokio::test]
async fn a_supervisor_that_hangs_is_ended_with_its_game() {
    let bench = Bench::new(embedded);
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    let processes = bench.processes(&one).await;
    let shim = shim(&bench, &one);
    kill(shim, Signal::STOP);
    let brief = Duration::from_millis(100);
    let ladder = StopLadder { console: brief, terminate: brief, kill: brief };
    assert_eq!(bench.stop(&one, ladder).await.0.unwrap(), Outcome::Done);
    assert!(!runs(shim));
    // A stop that is done leaves nothing, not even for a moment.
    processes.have_ended();
    assert_eq!(bench.state(&one).await, ActualState::Stopped, "it was asked for");
}

#[tokio::test]
async fn a_start_behind_a_stop_that_hangs_can_be_cancelled() {
    let bench = Bench::new(embedded);
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    bench.answer(&one, "standin_hang", "hanging").await;
    let mut stopping = panel(&bench, &["stop", "one", "--stop-limit-seconds", "60"]);
    bench.until_state(&one, |_| phase(&bench, &one) == "stopping").await;
    let shim = shim(&bench, &one);
    kill(shim, Signal::STOP);
    let (output, _lines) = l4d2_host::OutputSink::channel(64);
    let cancel = tokio_util::sync::CancellationToken::new();
    let (result, ()) = tokio::join!(bench.supervisor.start(&one, &output, &cancel), async { cancel.cancel() });
    assert!(matches!(result, Err(l4d2_host::HostError::Cancelled)), "{result:?}");
    stopping.kill().unwrap();
    stopping.wait().unwrap();
    kill(shim, Signal::KILL);
    bench.until_state(&one, |state| *state != ActualState::Running).await;
}

#[tokio::test]
async fn a_record_that_a_power_cut_damaged_is_taken_for_none() {
    let bench = Bench::new(embedded);
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    bench.stop(&one, LADDER).await.0.unwrap();
    for damaged in ["", "{\"shim\":{\"pid\":1"] {
        fs::write(bench.layout().instance(&one).state(), damaged).unwrap();
        assert_eq!(bench.state(&one).await, ActualState::Stopped);
        bench.started(&one).await;
        bench.stop(&one, LADDER).await.0.unwrap();
    }
}

#[tokio::test]
async fn a_supervisor_leaves_no_zombie_and_the_game_is_not_the_panels_child() {
    let bench = Bench::new(embedded);
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    let shim = shim(&bench, &one);
    let stat = fs::read_to_string(format!("/proc/{shim}/stat")).unwrap();
    let session: u32 = stat.rsplit_once(") ").unwrap().1.split(' ').nth(3).unwrap().parse().unwrap();
    assert_eq!(session, shim, "a session of its own");
    bench.stop(&one, LADDER).await.0.unwrap();
    let gone = || !std::path::Path::new(&format!("/proc/{shim}")).exists();
    eventually("it was reaped", gone).await;
}

#[tokio::test]
async fn an_instance_is_private_and_small() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let bench = Bench::new(embedded);
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    let mut bytes = 0;
    let mut directories = vec![bench.layout().instance(&one).dir().to_owned()];
    while let Some(directory) = directories.pop() {
        let mode = fs::metadata(&directory).unwrap().permissions().mode();
        // overlayfs makes its own scratch directory without any rights at all.
        assert_eq!(mode & 0o077, 0, "{}", directory.display());
        bytes += fs::metadata(&directory).unwrap().blocks() * 512;
        for entry in fs::read_dir(&directory).into_iter().flatten() {
            let entry = entry.unwrap();
            let metadata = entry.metadata().unwrap();
            if metadata.is_dir() {
                directories.push(entry.path());
            } else {
                bytes += metadata.blocks() * 512;
            }
        }
    }
    bench.stop(&one, LADDER).await.0.unwrap();
    assert!(bytes <= 64 * 1024, "{bytes} bytes");
}
