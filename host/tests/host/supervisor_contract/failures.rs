//! Games that crash, and starts that fail.

use std::fs;
use std::net::UdpSocket;
use std::time::Duration;

use l4d2_host::HostError;
use l4d2_host::supervisor::{ActualState, LogStart, Outcome};
use rustix::process::Signal;

use crate::bench::{Bench, LADDER, MakeBackend, PATIENCE, kill};
use crate::support::runs;

pub(crate) async fn a_crash_is_told_and_the_game_started_again(make: MakeBackend) {
    let bench = Bench::new(make);
    let one = bench.instance("one", &[]).await;
    let first = bench.started(&one).await;
    let mut changes = bench.supervisor.changes();
    let start = bench.end_of_log(&one).await;
    bench.type_line(&one, "standin_crash").await;
    let change = tokio::time::timeout(PATIENCE, changes.recv()).await.unwrap().unwrap();
    assert_eq!(change.name, one);
    bench.line_with(&one, start, "VAC secure mode").await;
    let status = bench.supervisor.status(&one).await.unwrap();
    assert_eq!(status.state, ActualState::Running);
    assert_ne!(status.pid, Some(first));
    assert_eq!(status.recent_restarts, 1);
    bench.stop(&one, LADDER).await.0.unwrap();
}

pub(crate) async fn the_sixth_crash_in_a_minute_is_the_last(make: MakeBackend) {
    let bench = Bench::new(make);
    let one = bench.instance("one", &["+standin_crash_after 300"]).await;
    bench.started(&one).await;
    let state = bench.until_state(&one, |state| matches!(state, ActualState::Failed { .. })).await;
    let ActualState::Failed { reason } = state else { unreachable!() };
    assert!(reason.contains('6') && reason.contains("60 s") && reason.contains("signal 6"), "{reason}");
    let lines = bench.supervisor.logs(&one, 10_000).await.unwrap();
    let boots = lines.iter().filter(|line| line.text == "Console initialized.").count();
    assert_eq!(boots, 6, "five restarts after the first start");
    // A stop takes note of it, and the next start begins anew.
    assert_eq!(bench.stop(&one, LADDER).await.0.unwrap(), Outcome::Already);
    assert_eq!(bench.state(&one).await, ActualState::Stopped);
    bench.started(&one).await;
    bench.stop(&one, LADDER).await.0.unwrap();
}

pub(crate) async fn a_game_that_dies_at_once_fails_the_start_and_leaves_nothing(make: MakeBackend) {
    let bench = Bench::new(make);
    let one = bench.instance("one", &["+standin_no_bind", "+standin_exit 3"]).await;
    let (result, said) = bench.start(&one).await;
    let error = result.unwrap_err();
    assert_eq!(error.exit_code(), Some(3), "{error} {said:?}");
    assert!(error.to_string().contains("exit status 3"), "{error}");
    assert!(said.has("Console initialized."), "the game's words belong to the step: {said:?}");
    assert!(matches!(bench.state(&one).await, ActualState::Failed { .. }));

    let program = bench.layout().installation().join("srcds_run");
    let aside = program.with_file_name("aside");
    fs::rename(&program, &aside).unwrap();
    let error = bench.start(&one).await.0.unwrap_err().to_string();
    assert!(error.contains("srcds_run"), "{error}");
    fs::rename(&aside, &program).unwrap();
    let fine = bench.instance("one", &[]).await;
    bench.started(&fine).await;
    bench.stop(&fine, LADDER).await.0.unwrap();
}

pub(crate) async fn a_taken_port_is_named_and_nothing_runs(make: MakeBackend) {
    let bench = Bench::new(make);
    let holder = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = holder.local_addr().unwrap().port();
    let one = bench.specified("one", |specification| specification.port = port).await;
    let error = bench.start(&one).await.0.unwrap_err().to_string();
    assert!(error.contains(&port.to_string()) && error.contains("taken"), "{error}");
    assert!(matches!(bench.state(&one).await, ActualState::Failed { .. }));
    assert_eq!(bench.supervisor.status(&one).await.unwrap().pid, None);
    drop(holder);
    bench.started(&one).await;
    bench.stop(&one, LADDER).await.0.unwrap();
}

pub(crate) async fn a_port_lost_during_the_boot_is_noticed(make: MakeBackend) {
    let bench = Bench::new(make);
    let one = bench.instance("one", &["+standin_bind_after 1500"]).await;
    let spec = fs::read_to_string(bench.layout().instance(&one).spec()).unwrap();
    let port: u16 = spec.lines().find_map(|line| line.strip_prefix("port: ")).unwrap().parse().unwrap();
    let start = bench.start(&one);
    let take = async {
        bench.line_with(&one, LogStart::Last(100), "Console initialized.").await;
        UdpSocket::bind(("127.0.0.1", port)).unwrap()
    };
    let ((result, _), _holder) = tokio::join!(start, take);
    let error = result.unwrap_err().to_string();
    assert!(error.contains(&port.to_string()), "{error}");
    assert!(matches!(bench.state(&one).await, ActualState::Failed { .. }));
}

pub(crate) async fn a_game_that_never_binds_runs_into_the_limit(make: MakeBackend) {
    let bench = Bench::with(make, |config| config.start_limit = Duration::from_secs(1));
    let one = bench.instance("one", &["+standin_no_bind"]).await;
    let error = bench.start(&one).await.0.unwrap_err();
    assert!(matches!(error, HostError::TimedOut { limit_seconds: 1, .. }), "{error:?}");
    assert!(error.to_string().contains("port"), "{error}");
    assert_eq!(bench.supervisor.status(&one).await.unwrap().pid, None);
}

pub(crate) async fn a_killed_launcher_is_a_crash_and_takes_the_game_along(make: MakeBackend) {
    let bench = Bench::new(make);
    let one = bench.instance("one", &[]).await;
    let launcher = bench.started(&one).await;
    let processes = bench.processes(&one).await;
    let start = bench.end_of_log(&one).await;
    kill(launcher, Signal::KILL);
    bench.line_with(&one, start, "VAC secure mode").await;
    assert!(!processes.iter().any(|pid| runs(*pid)), "{processes:?}");
    assert_ne!(bench.pid(&one).await, launcher);
    bench.stop(&one, LADDER).await.0.unwrap();
}
