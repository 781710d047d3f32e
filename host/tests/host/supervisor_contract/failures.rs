//! Games that crash, and starts that fail.

use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::Duration;

use l4d2_host::supervisor::{ActualState, LogStart, Outcome};
use l4d2_host::{HostError, InstanceName};
use rustix::process::Signal;

use crate::bench::{Bench, LADDER, MakeBackend, PATIENCE, free_port};
use crate::processes::kill;
use crate::support::L4D2CTL;

/// What the runs of a game do, one after the other: shell commands for each number, instead of the stand-in.
fn runs_differ(bench: &Bench, cases: &str) {
    let program = bench.layout().installation().join("srcds_run");
    fs::rename(&program, program.with_file_name("srcds_standin")).unwrap();
    let script = format!(
        "#!/bin/sh\nread -r run 2>/dev/null <run || run=0\nrun=$((run + 1))\necho $run >run\necho \"run $run\"\n\
         case $run in {cases} esac\nexec ./srcds_standin \"$@\"\n"
    );
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
}

/// How often such a game was run.
async fn runs_of(bench: &Bench, name: &InstanceName) -> usize {
    let lines = bench.logs(name, 10_000).await;
    lines.iter().filter(|line| line.text.starts_with("run ")).count()
}

fn port_of(bench: &Bench, name: &InstanceName) -> u16 {
    let spec = fs::read_to_string(bench.layout().instance(name).spec()).unwrap();
    spec.lines().find_map(|line| line.strip_prefix("port: ")).unwrap().parse().unwrap()
}

fn reason_of(state: ActualState) -> String {
    match state {
        ActualState::Failed { reason } => reason,
        other => panic!("it has not failed: {other:?}"),
    }
}

async fn until_failed(bench: &Bench, name: &InstanceName) -> String {
    reason_of(bench.until_state(name, |state| matches!(state, ActualState::Failed { .. })).await)
}

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
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    for _ in 0..5 {
        let start = bench.end_of_log(&one).await;
        bench.type_line(&one, "standin_crash").await;
        bench.line_with(&one, start, "VAC secure mode").await;
    }
    bench.type_line(&one, "standin_crash").await;
    let reason = until_failed(&bench, &one).await;
    assert!(reason.contains('6') && reason.contains("60 s") && reason.contains("signal 6"), "{reason}");
    let lines = bench.logs(&one, 10_000).await;
    let boots = lines.iter().filter(|line| line.text == "Console initialized.").count();
    assert_eq!(boots, 6, "five restarts after the first start");
    // A stop takes note of it, and the next start begins anew.
    assert_eq!(bench.stop(&one, LADDER).await.0.unwrap(), Outcome::Already);
    assert_eq!(bench.state(&one).await, ActualState::Stopped);
    bench.started(&one).await;
    bench.stop(&one, LADDER).await.0.unwrap();
}

pub(crate) async fn an_end_in_the_boot_behind_a_crash_is_a_crash_too(make: MakeBackend) {
    let bench = Bench::new(make);
    runs_differ(&bench, "2) exit 3 ;; [4-9]) exit 4 ;;");
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    let start = bench.end_of_log(&one).await;
    bench.type_line(&one, "standin_crash").await;
    bench.line_with(&one, start, "VAC secure mode").await;
    assert_eq!(runs_of(&bench, &one).await, 3);
    let status = bench.supervisor.status(&one).await.unwrap();
    assert_eq!((status.state, status.recent_restarts), (ActualState::Running, 2));
    bench.type_line(&one, "standin_crash").await;
    let reason = until_failed(&bench, &one).await;
    let expected = "the game crashed 6 times within 60 s; the last time the game ended with exit status 4 before it had bound its port";
    assert_eq!(reason, expected);
    assert_eq!(runs_of(&bench, &one).await, 6, "five restarts after the first start");
    // What was before is no business of the next start: it fails at once.
    let error = bench.start(&one).await.0.unwrap_err();
    assert_eq!(error.to_string(), "the game ended with exit status 4 before it had bound its port");
    assert_eq!(error.exit_code(), Some(4));
    assert_eq!(reason_of(bench.state(&one).await), error.to_string());
    assert_eq!(runs_of(&bench, &one).await, 7);
}

pub(crate) async fn a_restart_that_can_not_work_is_the_last(make: MakeBackend) {
    let bench = Bench::with(make, |config| config.start_limit = Duration::from_secs(5));
    let overlay = bench.world.config.overlay_root.join("maps");
    fs::create_dir(&overlay).unwrap();
    let two = bench.specified("two", |specification| specification.overlays = vec!["maps".to_owned()]).await;
    bench.started(&two).await;
    fs::rename(&overlay, overlay.with_file_name("elsewhere")).unwrap();
    bench.type_line(&two, "standin_crash").await;
    let reason = until_failed(&bench, &two).await;
    assert!(reason.contains("maps") && !reason.contains("times"), "{reason}");

    runs_differ(&bench, "2) exec sleep 600 ;;");
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    bench.type_line(&one, "standin_crash").await;
    let reason = until_failed(&bench, &one).await;
    assert_eq!(reason, format!("the game did not bind port {} within 5 s", port_of(&bench, &one)));
    assert_eq!(runs_of(&bench, &one).await, 2, "one restart");
}

pub(crate) async fn a_games_own_status_is_never_taken_for_the_launchers_word(make: MakeBackend) {
    let bench = Bench::new(make);
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    for (restarts, status) in [(1, 65), (2, 76), (3, 226)] {
        let start = bench.end_of_log(&one).await;
        bench.type_line(&one, &format!("standin_exit {status}")).await;
        bench.line_with(&one, start, "VAC secure mode").await;
        assert_eq!(bench.supervisor.status(&one).await.unwrap().recent_restarts, restarts, "{status}");
    }
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
    let port = free_port();
    let holder = UdpSocket::bind(("127.0.0.1", port)).unwrap();
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
    let one = bench.instance("one", &["+standin_bind_after 4000"]).await;
    let port = port_of(&bench, &one);
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
    let expected = format!("the game did not bind port {} within 1 s", port_of(&bench, &one));
    assert!(matches!(&error, HostError::Step { message, exit_code: None } if *message == expected), "{error:?}");
    assert_eq!(reason_of(bench.state(&one).await), expected);
    assert_eq!(bench.supervisor.status(&one).await.unwrap().pid, None);
}

pub(crate) async fn a_game_that_went_to_another_port_is_told_with_that_port(make: MakeBackend) {
    let bench = Bench::with(make, |config| config.start_limit = Duration::from_secs(8));
    let one = bench.instance("one", &["+standin_bind_after 4000"]).await;
    let port = port_of(&bench, &one);
    let start = bench.start(&one);
    let take = async {
        bench.line_with(&one, LogStart::Last(100), "Console initialized.").await;
        // Over TCP alone, so that nobody else's socket shows why it went.
        TcpListener::bind(("0.0.0.0", port)).unwrap()
    };
    let ((result, _), _holder) = tokio::join!(start, take);
    let error = result.unwrap_err().to_string();
    let expected = format!("the game did not bind port {port} within 8 s: it went to ");
    let other = error.strip_prefix(&expected).and_then(|other| other.parse::<u16>().ok());
    assert!(other.is_some_and(|other| other > port), "{error}");
    assert_eq!(reason_of(bench.state(&one).await), error);
}

pub(crate) async fn a_start_that_can_not_be_set_up_is_failed_until_the_next_start_or_stop(make: MakeBackend) {
    let mut bench = Bench::with(make, |config| config.l4d2ctl = config.root.with_file_name("launcher"));
    let one = bench.instance("one", &[]).await;
    let error = bench.start(&one).await.0.unwrap_err();
    assert_eq!(error.exit_code(), None);
    // Found by looking, whoever looks.
    bench.restart_panel();
    let reason = reason_of(bench.state(&one).await);
    assert!(reason.starts_with(&error.to_string()), "{reason}, not {error}");
    assert_eq!(bench.stop(&one, LADDER).await.0.unwrap(), Outcome::Already);
    assert_eq!(bench.state(&one).await, ActualState::Stopped);

    bench.start(&one).await.0.unwrap_err();
    until_failed(&bench, &one).await;
    symlink(L4D2CTL, &bench.world.config.l4d2ctl).unwrap();
    bench.started(&one).await;
    bench.type_line(&one, "quit").await;
    bench.until_state(&one, |state| *state == ActualState::Stopped).await;
}

pub(crate) async fn a_launcher_killed_in_a_start_fails_it_and_is_not_started_again(make: MakeBackend) {
    let bench = Bench::new(make);
    let one = bench.instance("one", &["+standin_no_bind"]).await;
    let start = bench.start(&one);
    let end = async {
        bench.line_with(&one, LogStart::Last(100), "Console initialized.").await;
        let processes = bench.processes(&one).await;
        kill(bench.pid(&one).await, Signal::KILL);
        processes
    };
    let ((result, _), processes) = tokio::join!(start, end);
    let error = result.unwrap_err().to_string();
    assert!(error.contains("signal 9") && !error.contains("stopped"), "{error}");
    bench.nothing_left(&processes).await;
    assert_eq!(reason_of(bench.state(&one).await), error);
    let lines = bench.logs(&one, 10_000).await;
    // A supervisor that was about to try once more may just have begun.
    assert!(lines.iter().filter(|line| line.text == "Console initialized.").count() <= 2, "{lines:?}");
    let fine = bench.instance("one", &[]).await;
    bench.started(&fine).await;
    bench.stop(&fine, LADDER).await.0.unwrap();
}

pub(crate) async fn a_killed_launcher_is_a_crash_and_takes_the_game_along(make: MakeBackend) {
    let bench = Bench::new(make);
    let one = bench.instance("one", &[]).await;
    let launcher = bench.started(&one).await;
    let processes = bench.processes(&one).await;
    let start = bench.end_of_log(&one).await;
    kill(launcher, Signal::KILL);
    bench.line_with(&one, start, "VAC secure mode").await;
    bench.nothing_left(&processes).await;
    assert_ne!(bench.pid(&one).await, launcher);
    bench.stop(&one, LADDER).await.0.unwrap();
}
