//! Starting, stopping, and typing on the console.

use std::time::Duration;

use l4d2_host::HostError;
use l4d2_host::supervisor::{ActualState, LogStart, Outcome, StopLadder};
use tokio_util::sync::CancellationToken;

use crate::bench::{Bench, LADDER, MakeBackend, cursor_of, timed, unheard};
use crate::standstill::Standstill;
use crate::support::{listen, name, runs};

pub(crate) async fn start_and_stop_do_what_they_say_once(make: MakeBackend) {
    let bench = Bench::new(make);
    let one = bench.instance("one", &[]).await;
    assert_eq!(bench.state(&one).await, ActualState::Stopped);
    assert_eq!(bench.stop(&one, LADDER).await.0.unwrap(), Outcome::Already);

    assert_eq!(bench.start(&one).await.0.unwrap(), Outcome::Done);
    let status = bench.supervisor.status(&one).await.unwrap();
    assert_eq!(status.state, ActualState::Running);
    assert!(status.since.is_some() && status.recent_restarts == 0);
    let pid = status.pid.unwrap();
    assert!(runs(pid));
    assert_eq!(bench.start(&one).await.0.unwrap(), Outcome::Already);
    assert_eq!(bench.pid(&one).await, pid);

    assert_eq!(bench.stop(&one, LADDER).await.0.unwrap(), Outcome::Done);
    assert_eq!(bench.state(&one).await, ActualState::Stopped);
    assert!(!runs(pid));
    assert_eq!(bench.stop(&one, LADDER).await.0.unwrap(), Outcome::Already);
    bench.started(&one).await;
    bench.stop(&one, LADDER).await.0.unwrap();
}

pub(crate) async fn what_does_not_exist_is_said_so(make: MakeBackend) {
    let bench = Bench::new(make);
    let nobody = name("nobody");
    assert!(matches!(bench.start(&nobody).await.0, Err(HostError::NoInstance(_))));
    assert!(matches!(bench.supervisor.logs(&nobody, 5).await, Err(HostError::NoInstance(_))));
    assert!(bench.supervisor.follow(&nobody, LogStart::Last(1)).await.is_err());
    assert_eq!(bench.state(&nobody).await, ActualState::Stopped);
    assert_eq!(bench.stop(&nobody, LADDER).await.0.unwrap(), Outcome::Already);
}

pub(crate) async fn the_console_takes_single_lines_of_a_running_game(make: MakeBackend) {
    let bench = Bench::new(make);
    let one = bench.instance("one", &[]).await;
    assert!(matches!(bench.supervisor.console(&one, "status").await, Err(HostError::NotRunning)));
    bench.started(&one).await;
    let answer = bench.answer(&one, "echo 'a; b' \"$HOME\" größer", "größer").await;
    assert_eq!(answer, "'a; b' \"$HOME\" größer");
    for line in ["", "echo one\nquit", "quit\r", "a\0b", "\u{3}", "\u{4}", "\u{1a}"] {
        assert!(bench.supervisor.console(&one, line).await.is_err(), "{line:?}");
    }
    bench.answer(&one, "echo still here", "still here").await;
    // Its own lines are not doubled by an echo of the terminal.
    let lines = bench.logs(&one, 3).await;
    assert_eq!(lines.iter().filter(|line| line.text.contains("still here")).count(), 1, "{lines:?}");
    bench.stop(&one, LADDER).await.0.unwrap();
    assert!(matches!(bench.supervisor.console(&one, "status").await, Err(HostError::NotRunning)));
}

pub(crate) async fn a_stop_goes_through_the_console_first(make: MakeBackend) {
    let bench = Bench::new(make);
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    bench.stop(&one, LADDER).await.0.unwrap();
    let lines = bench.logs(&one, 20).await;
    assert!(lines.iter().any(|line| line.text == "Server is quitting."), "{lines:?}");
    assert!(!lines.iter().any(|line| line.text.contains("signal 15")), "{lines:?}");
}

pub(crate) async fn a_stop_goes_on_to_sigterm(make: MakeBackend) {
    let bench = Bench::new(make);
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    bench.answer(&one, "standin_hang", "hanging").await;
    let ladder = StopLadder { console: Duration::from_millis(200), ..LADDER };
    assert_eq!(bench.stop(&one, ladder).await.0.unwrap(), Outcome::Done);
    let lines = bench.logs(&one, 20).await;
    assert!(lines.iter().any(|line| line.text.contains("signal 15: shutting down")), "{lines:?}");
    assert_eq!(bench.state(&one).await, ActualState::Stopped);
}

pub(crate) async fn a_stop_ends_in_sigkill_for_all_processes(make: MakeBackend) {
    let bench = Bench::new(make);
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    bench.answer(&one, "standin_fork", "fork : ok").await;
    bench.answer(&one, "standin_fork setsid", "fork setsid: ok").await;
    bench.type_line(&one, "standin_ignore_term").await;
    bench.answer(&one, "standin_hang", "hanging").await;
    let processes = bench.processes(&one).await;
    assert!(processes.len() >= 4, "launcher, game and what it left: {processes:?}");
    let brief = Duration::from_millis(200);
    let ladder = StopLadder { console: brief, terminate: brief, ..LADDER };
    assert_eq!(bench.stop(&one, ladder).await.0.unwrap(), Outcome::Done);
    bench.nothing_left(&processes).await;
    bench.started(&one).await;
    bench.stop(&one, LADDER).await.0.unwrap();
}

pub(crate) async fn what_a_game_leaves_behind_ends_with_it(make: MakeBackend) {
    let bench = Bench::new(make);
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    bench.answer(&one, "standin_fork setsid", "fork setsid: ok").await;
    let processes = bench.processes(&one).await;
    bench.type_line(&one, "quit").await;
    bench.until_state(&one, |state| *state == ActualState::Stopped).await;
    processes.end().await;
}

pub(crate) async fn a_cancelled_start_leaves_nothing(make: MakeBackend) {
    let bench = Bench::new(make);
    let one = bench.instance("one", &["+standin_no_bind"]).await;
    let cancel = CancellationToken::new();
    let give_up = async {
        bench.line_with(&one, LogStart::Last(100), "Console initialized.").await;
        let processes = bench.processes(&one).await;
        cancel.cancel();
        processes
    };
    let start = listen(|output| {
        let (bench, one, cancel) = (&bench, &one, &cancel);
        async move { bench.supervisor.start(one, &output, cancel).await }
    });
    let ((result, _), processes) = tokio::join!(start, give_up);
    assert!(matches!(result, Err(HostError::Cancelled)), "{result:?}");
    bench.nothing_left(&processes).await;
    assert_eq!(bench.state(&one).await, ActualState::Stopped);
    let already = bench.supervisor.start(&one, &unheard(), &cancel).await;
    assert!(matches!(already, Err(HostError::Cancelled)));
    let fine = bench.instance("one", &[]).await;
    bench.started(&fine).await;
    bench.stop(&fine, LADDER).await.0.unwrap();
}

pub(crate) async fn a_stop_ends_a_start(make: MakeBackend) {
    let bench = Bench::new(make);
    let one = bench.instance("one", &["+standin_no_bind"]).await;
    let stop = async {
        bench.line_with(&one, LogStart::Last(100), "Console initialized.").await;
        bench.stop(&one, LADDER).await.0
    };
    let ((started, _), stopped) = tokio::join!(bench.start(&one), stop);
    assert!(started.is_err());
    assert_eq!(stopped.unwrap(), Outcome::Done);
    assert_eq!(bench.state(&one).await, ActualState::Stopped);
}

pub(crate) async fn a_restarted_panel_finds_the_game_as_it_was(make: MakeBackend) {
    let mut bench = Bench::new(make);
    let one = bench.instance("one", &[]).await;
    let pid = bench.started(&one).await;
    bench.answer(&one, "echo before", "before").await;
    let last = bench.logs(&one, 1).await.remove(0);
    bench.restart_panel();
    bench.type_line(&one, "echo between").await;
    assert_eq!(bench.pid(&one).await, pid);
    assert_eq!(bench.start(&one).await.0.unwrap(), Outcome::Already);
    bench.answer(&one, "echo after", "after").await;
    let texts: Vec<String> =
        bench.lines_until(&one, cursor_of(&last), "after").await.into_iter().map(|line| line.text).collect();
    assert_eq!(texts, ["between", "after"]);
    bench.stop(&one, LADDER).await.0.unwrap();
    assert!(!runs(pid));
    let lines = bench.logs(&one, 5).await;
    assert!(lines.iter().any(|line| line.text == "Server is quitting."), "the same stop as before: {lines:?}");
}

pub(crate) async fn a_quick_game_is_seen_quickly(make: MakeBackend) {
    let bench = Bench::new(make);
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    bench.stop(&one, LADDER).await.0.unwrap();
    let standstill = Standstill::watch();
    let ((result, _), took) = timed(bench.start(&one)).await;
    result.unwrap();
    assert!(standstill.without(took) < Duration::from_secs(2), "{took:?}");
    bench.stop(&one, LADDER).await.0.unwrap();
}
