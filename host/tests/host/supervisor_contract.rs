//! What every supervisor promises, as a suite over whatever backend it is given. [`suite!`] makes a test of each case.

use std::fs;
use std::net::UdpSocket;
use std::os::unix::fs::symlink;
use std::time::Duration;

use futures::StreamExt;
use l4d2_host::HostError;
use l4d2_host::supervisor::{ActualState, LogEvent, LogStart, Outcome, StopLadder};
use rustix::process::Signal;
use tokio_util::sync::CancellationToken;

use crate::bench::{Bench, LADDER, MakeBackend, PATIENCE, cursor_of, kill, panel_secret, timed, unheard};
use crate::support::{eventually, listen, name, runs};

/// Makes the tests of a backend: every case there is, so that none can be left out for one of them.
macro_rules! suite {
    ($make:expr) => {
        crate::supervisor_contract::suite!(
            $make,
            start_and_stop_do_what_they_say_once,
            what_does_not_exist_is_said_so,
            the_console_takes_single_lines_of_a_running_game,
            a_stop_goes_through_the_console_first,
            a_stop_goes_on_to_sigterm,
            a_stop_ends_in_sigkill_for_all_processes,
            what_a_game_leaves_behind_ends_with_it,
            a_crash_is_told_and_the_game_started_again,
            the_sixth_crash_in_a_minute_is_the_last,
            a_game_that_dies_at_once_fails_the_start_and_leaves_nothing,
            a_taken_port_is_named_and_nothing_runs,
            a_port_lost_during_the_boot_is_noticed,
            a_game_that_never_binds_runs_into_the_limit,
            a_cancelled_start_leaves_nothing,
            a_stop_ends_a_start,
            a_restarted_panel_finds_the_game_as_it_was,
            cursors_resume_everywhere_across_restarts_of_the_game,
            followers_end_when_the_instance_is_forgotten,
            floods_long_lines_and_strange_bytes_are_kept_by_the_rules,
            a_game_has_no_way_to_the_panel,
            a_games_environment_says_nothing_of_the_panels,
            overlays_lie_over_the_installation_in_their_order,
            as_many_overlays_as_allowed_with_long_paths,
            an_overlay_that_leads_out_is_refused_at_the_start,
            a_link_inside_an_overlay_opens_nothing,
            a_killed_launcher_is_a_crash_and_takes_the_game_along,
            a_quick_game_is_seen_quickly,
        );
    };
    ($make:expr, $($case:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $case() {
                crate::supervisor_contract::$case($make).await;
            }
        )+
    };
}
pub(crate) use suite;

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
    let lines = bench.supervisor.logs(&one, 3).await.unwrap();
    assert_eq!(lines.iter().filter(|line| line.text.contains("still here")).count(), 1, "{lines:?}");
    bench.stop(&one, LADDER).await.0.unwrap();
    assert!(matches!(bench.supervisor.console(&one, "status").await, Err(HostError::NotRunning)));
}

pub(crate) async fn a_stop_goes_through_the_console_first(make: MakeBackend) {
    let bench = Bench::new(make);
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    bench.stop(&one, LADDER).await.0.unwrap();
    let lines = bench.supervisor.logs(&one, 20).await.unwrap();
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
    let lines = bench.supervisor.logs(&one, 20).await.unwrap();
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
    assert!(!processes.iter().any(|pid| runs(*pid)), "{processes:?}");
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
    eventually("everything is gone", || !processes.iter().any(|pid| runs(*pid))).await;
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
    assert!(!processes.iter().any(|pid| runs(*pid)), "{processes:?}");
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
    let last = bench.supervisor.logs(&one, 1).await.unwrap().remove(0);
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
    let lines = bench.supervisor.logs(&one, 5).await.unwrap();
    assert!(lines.iter().any(|line| line.text == "Server is quitting."), "the same stop as before: {lines:?}");
}

pub(crate) async fn cursors_resume_everywhere_across_restarts_of_the_game(make: MakeBackend) {
    let bench = Bench::new(make);
    let one = bench.instance("one", &[]).await;
    for round in 0..3 {
        bench.started(&one).await;
        bench.answer(&one, &format!("echo round {round}"), "round").await;
        bench.stop(&one, LADDER).await.0.unwrap();
    }
    let all = bench.supervisor.logs(&one, 100_000).await.unwrap();
    assert!(all.len() > 30);
    for from in [0, 1, all.len() / 2, all.len() - 2] {
        let count = all.len() - 1 - from;
        let events = bench.supervisor.follow(&one, cursor_of(&all[from])).await.unwrap();
        let events: Vec<_> = tokio::time::timeout(PATIENCE, events.take(count).collect()).await.unwrap();
        let lines: Vec<_> = events
            .into_iter()
            .map(|event| match event.unwrap() {
                LogEvent::Line(line) => line,
                LogEvent::Skipped { .. } => panic!("nothing was rotated away"),
            })
            .collect();
        assert_eq!(lines, all[from + 1..], "behind line {from}");
    }
}

pub(crate) async fn followers_end_when_the_instance_is_forgotten(make: MakeBackend) {
    let bench = Bench::new(make);
    let one = bench.instance("one", &[]).await;
    let events = bench.supervisor.follow(&one, LogStart::Last(10)).await.unwrap();
    bench.started(&one).await;
    assert!(bench.supervisor.forget(&one).await.is_err(), "it runs");
    bench.stop(&one, LADDER).await.0.unwrap();
    bench.supervisor.forget(&one).await.unwrap();
    let events: Vec<_> = tokio::time::timeout(PATIENCE, events.collect()).await.unwrap();
    assert!(events.len() > 5);
}

pub(crate) async fn floods_long_lines_and_strange_bytes_are_kept_by_the_rules(make: MakeBackend) {
    let bench = Bench::new(make);
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    let start = bench.end_of_log(&one).await;
    bench.type_line(&one, "standin_flood 20000").await;
    bench.type_line(&one, "standin_longline 1000000").await;
    bench.type_line(&one, "standin_binary").await;
    bench.type_line(&one, "echo done").await;
    let lines = bench.lines_until(&one, start, "done").await;
    let expected = (1..=20_000).map(|number| format!("flood line {number} of 20000"));
    assert!(lines.iter().map(|line| line.text.clone()).take(20_000).eq(expected));
    let rest: Vec<&str> = lines[20_000..].iter().map(|line| line.text.as_str()).collect();
    let [long, binary, "done"] = rest[..] else { panic!("{rest:?}") };
    assert_eq!(long.chars().filter(|character| *character == 'x').count(), 2000);
    assert!(long.len() < 2100, "it says that it was cut: {}", &long[1990..]);
    assert!(binary.starts_with("binary \u{FFFD}") && binary.contains("\u{1b}[31mred") && binary.ends_with("a\rb"));
    bench.stop(&one, LADDER).await.0.unwrap();
}

pub(crate) async fn a_game_has_no_way_to_the_panel(make: MakeBackend) {
    let bench = Bench::new(make);
    let secret = panel_secret(&bench);
    let other = bench.instance("other", &[]).await;
    bench.started(&other).await;
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    let own = std::process::id();
    let instance = bench.layout().instance(&one);
    let forbidden = [
        format!("standin_read {}", secret.display()),
        format!("standin_list {}", bench.world.path().display()),
        format!("standin_read {}", instance.spec().display()),
        format!("standin_write {}/x evil", instance.dir().display()),
        format!("standin_connect {}", instance.console_socket().display()),
        format!("standin_connect {}", instance.control_socket().display()),
        format!("standin_connect {}", bench.layout().instance(&other).console_socket().display()),
        format!("standin_signal {own} 0"),
        format!("standin_signal {own} 9"),
        format!("standin_read /proc/{own}/environ"),
        format!("standin_read /proc/{own}/mem"),
        "standin_read /etc/shadow".to_owned(),
        "standin_write /usr/evil x".to_owned(),
        "standin_write /etc/evil x".to_owned(),
        "standin_write /evil x".to_owned(),
        // Landlock does not govern modes: what keeps them is that nothing of the system can be written.
        "standin_chmod /usr/bin/env".to_owned(),
        "standin_chmod /etc/hosts".to_owned(),
        "standin_chmod /dev/null".to_owned(),
        "standin_list /etc/ssl/private".to_owned(),
        "standin_list /root".to_owned(),
        "standin_list /run".to_owned(),
    ];
    for line in &forbidden {
        let answer = bench.answer(&one, line, ": ").await;
        assert!(answer.contains(": failed: "), "{line}: {answer}");
    }
    for line in [
        "standin_write left4dead2/mine x",
        "standin_read left4dead2/mine",
        "standin_write /tmp/a x",
        "standin_chmod /tmp/a",
        "standin_write /dev/null x",
        "standin_list /etc/ssl/certs",
        "standin_read /proc/self/status",
    ] {
        let answer = bench.answer(&one, line, ": ").await;
        assert!(answer.contains(": ok: "), "{line}: {answer}");
    }
    let identity = bench.answer(&one, "standin_id", "CapEff").await;
    assert!(!identity.contains("Uid: 0"), "{identity}");
    assert!(identity.contains("CapEff: 0000000000000000"), "{identity}");
    assert!(identity.contains("NoNewPrivs: 1"), "{identity}");
    bench.stop(&one, LADDER).await.0.unwrap();
    bench.stop(&other, LADDER).await.0.unwrap();
}

pub(crate) async fn a_games_environment_says_nothing_of_the_panels(make: MakeBackend) {
    let bench = Bench::new(make);
    // Cargo's variables stand for the panel's.
    assert!(std::env::vars().any(|(name, _)| name.starts_with("CARGO")));
    let one = bench.instance("one", &["+standin_env"]).await;
    bench.started(&one).await;
    let lines = bench.supervisor.logs(&one, 1000).await.unwrap();
    let mut names: Vec<&str> =
        lines.iter().filter_map(|line| line.text.strip_prefix("env: ")?.split('=').next()).collect();
    names.sort_unstable();
    assert_eq!(names, ["HOME", "LANG", "PATH", "TERM", "USER"]);
    bench.stop(&one, LADDER).await.0.unwrap();
}

pub(crate) async fn overlays_lie_over_the_installation_in_their_order(make: MakeBackend) {
    let bench = Bench::new(make);
    let overlays = &bench.world.config.overlay_root;
    let strange = ["first, with:colon", "second\\back=slash", "third"];
    for (index, overlay) in strange.iter().enumerate() {
        let addons = overlays.join(overlay).join("left4dead2/addons");
        fs::create_dir_all(&addons).unwrap();
        fs::write(addons.join(format!("only-{index}.vpk")), "").unwrap();
        fs::write(addons.join("shared.txt"), format!("from {index}\n")).unwrap();
        fs::create_dir_all(overlays.join(overlay).join("left4dead2/cfg")).unwrap();
        fs::write(overlays.join(overlay).join("left4dead2/cfg/server.cfg"), "echo an overlay's").unwrap();
    }
    let one = bench
        .specified("one", |specification| {
            specification.overlays = strange.map(str::to_owned).into();
            specification.config = vec!["echo the panel's".to_owned()];
        })
        .await;
    bench.started(&one).await;
    let lines = bench.supervisor.logs(&one, 100).await.unwrap();
    for word in ["addon: only-0.vpk", "addon: only-1.vpk", "addon: only-2.vpk", "server.cfg: echo the panel's"] {
        assert!(lines.iter().any(|line| line.text == word), "{word}: {lines:?}");
    }
    let answer = bench.answer(&one, "standin_read left4dead2/addons/shared.txt", "shared.txt").await;
    assert!(answer.ends_with("ok: from 0"), "{answer}");
    // What the game writes stays its own.
    bench.answer(&one, "standin_write left4dead2/addons/shared.txt mine", "written").await;
    let original = overlays.join(strange[0]).join("left4dead2/addons/shared.txt");
    assert_eq!(fs::read_to_string(original).unwrap(), "from 0\n");
    bench.stop(&one, LADDER).await.0.unwrap();
    bench.started(&one).await;
    let answer = bench.answer(&one, "standin_read left4dead2/addons/shared.txt", "shared.txt").await;
    assert!(answer.ends_with("ok: mine"), "{answer}");
    bench.stop(&one, LADDER).await.0.unwrap();
}

pub(crate) async fn as_many_overlays_as_allowed_with_long_paths(make: MakeBackend) {
    let bench = Bench::new(make);
    let paths: Vec<String> =
        (0..64).map(|number| format!("{}/{}-{number}", "d".repeat(240), "n".repeat(240))).collect();
    for (number, path) in paths.iter().enumerate() {
        let addons = bench.world.config.overlay_root.join(path).join("left4dead2/addons");
        fs::create_dir_all(&addons).unwrap();
        fs::write(addons.join(format!("{number}.vpk")), "").unwrap();
    }
    let one = bench.specified("one", |specification| specification.overlays = paths).await;
    bench.started(&one).await;
    let lines = bench.supervisor.logs(&one, 1000).await.unwrap();
    assert_eq!(lines.iter().filter(|line| line.text.starts_with("addon: ")).count(), 64, "{lines:?}");
    bench.stop(&one, LADDER).await.0.unwrap();
}

pub(crate) async fn an_overlay_that_leads_out_is_refused_at_the_start(make: MakeBackend) {
    let bench = Bench::new(make);
    let overlay = bench.world.config.overlay_root.join("mods");
    fs::create_dir(&overlay).unwrap();
    let one = bench.specified("one", |specification| specification.overlays = vec!["mods".to_owned()]).await;
    bench.started(&one).await;
    bench.stop(&one, LADDER).await.0.unwrap();
    // It was fine when it was typed and when the instance was initialized.
    panel_secret(&bench);
    fs::remove_dir(&overlay).unwrap();
    symlink(bench.world.path(), &overlay).unwrap();
    let error = bench.start(&one).await.0.unwrap_err();
    assert!(matches!(&error, HostError::Overlay(text) if text.contains("mods")), "{error:?}");
    fs::remove_file(&overlay).unwrap();
    let error = bench.start(&one).await.0.unwrap_err();
    assert!(matches!(&error, HostError::Overlay(text) if text.contains("missing")), "{error:?}");
    assert_eq!(bench.supervisor.status(&one).await.unwrap().pid, None);
}

pub(crate) async fn a_link_inside_an_overlay_opens_nothing(make: MakeBackend) {
    let bench = Bench::new(make);
    let secret = panel_secret(&bench);
    let overlay = bench.world.config.overlay_root.join("mods/left4dead2");
    fs::create_dir_all(&overlay).unwrap();
    symlink(&secret, overlay.join("key")).unwrap();
    symlink(bench.world.path(), overlay.join("panel")).unwrap();
    let one = bench.specified("one", |specification| specification.overlays = vec!["mods".to_owned()]).await;
    bench.started(&one).await;
    for line in ["standin_read left4dead2/key", "standin_list left4dead2/panel"] {
        let answer = bench.answer(&one, line, ": ").await;
        assert!(answer.contains(": failed: "), "{answer}");
    }
    bench.stop(&one, LADDER).await.0.unwrap();
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

pub(crate) async fn a_quick_game_is_seen_quickly(make: MakeBackend) {
    let bench = Bench::new(make);
    let one = bench.instance("one", &[]).await;
    bench.started(&one).await;
    bench.stop(&one, LADDER).await.0.unwrap();
    let ((result, _), took) = timed(bench.start(&one)).await;
    result.unwrap();
    assert!(took < Duration::from_secs(2), "{took:?}");
    bench.stop(&one, LADDER).await.0.unwrap();
}
