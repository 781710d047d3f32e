//! Runs real programs, mostly shells, and looks at what is left of them.

use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::time::Instant;

use rustix::fs::{FlockOperation, flock};
use tokio::sync::mpsc::Receiver;

use super::*;
use crate::output::Output;

struct World {
    directory: tempfile::TempDir,
    runner: Runner,
}

fn world() -> World {
    let directory = tempfile::tempdir().unwrap();
    let runner = Runner { steps: directory.path().join("steps"), line_max_chars: 100 };
    World { directory, runner }
}

impl World {
    fn shell(&self, script: &str) -> Command {
        Command {
            step: "trial",
            program: "/bin/sh".into(),
            arguments: vec!["-c".into(), script.into()],
            environment: vec![("PATH".into(), "/usr/bin:/bin".into())],
            directory: self.directory.path().to_owned(),
            streams: Streams::Pipes,
            time_limit: Duration::from_mins(1),
            grace: Duration::from_millis(200),
        }
    }

    fn records(&self) -> usize {
        fs::read_dir(&self.runner.steps).map_or(0, Iterator::count)
    }

    /// Runs a command to its end and gives its lines too.
    async fn run(&self, command: &Command) -> (Result<ExitStatus, HostError>, Vec<(OutputStream, String)>) {
        let (output, receiver) = OutputSink::channel(1);
        let lines = tokio::spawn(collect(receiver));
        let status = self.runner.run(command, &mut |_, _| None, &output, &CancellationToken::new()).await;
        drop(output);
        (status, lines.await.unwrap())
    }
}

async fn collect(mut receiver: Receiver<Output>) -> Vec<(OutputStream, String)> {
    let mut lines = Vec::new();
    while let Some(item) = receiver.recv().await {
        if let Output::Line { stream, text } = item {
            lines.push((stream, text));
        }
    }
    lines
}

/// The next line, which a child prints about itself.
async fn next_number(receiver: &mut Receiver<Output>) -> i32 {
    match receiver.recv().await {
        Some(Output::Line { text, .. }) => text.parse().unwrap(),
        other => panic!("no line but {other:?}"),
    }
}

/// Whether a process runs; one that only waits to be reaped does not.
fn runs(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

/// Waits until a killed process has left the kernel.
async fn assert_ends(pid: i32) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while runs(pid) {
        assert!(Instant::now() < deadline, "process {pid} goes on");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn lines_come_whole_from_both_streams() {
    let world = world();
    let (status, lines) = world.run(&world.shell("echo one; echo two >&2; printf three; exit 7")).await;
    assert_eq!(status.unwrap().code(), Some(7));
    let of = |wanted| lines.iter().filter(move |(stream, _)| *stream == wanted).map(|(_, text)| text.as_str());
    assert_eq!(of(OutputStream::Stdout).collect::<Vec<_>>(), ["one", "three"]);
    assert_eq!(of(OutputStream::Stderr).collect::<Vec<_>>(), ["two"]);
    assert_eq!(world.records(), 0);
}

#[tokio::test]
async fn a_terminal_is_one_and_asks_nobody() {
    let world = world();
    let script = "test -t 1 && test -t 2 && echo terminal; read answer || echo nobody; ps -o tty= -p $$ 2>/dev/null; \
        printf 'a\\r\\nb\\n'";
    let (_, lines) = world.run(&Command { streams: Streams::Terminal, ..world.shell(script) }).await;
    let texts: Vec<&str> = lines.iter().map(|(_, text)| text.as_str()).collect();
    assert!(texts.starts_with(&["terminal", "nobody"]) && texts.ends_with(&["a", "b"]), "{texts:?}");
}

#[tokio::test]
async fn a_terminal_ends_with_its_child_and_not_before() {
    let world = world();
    let script = "terminal=$(readlink /proc/$$/fd/1); echo one; exec >/dev/null 2>&1; sleep 0.1; echo two >$terminal; \
        sleep 0.1; true </dev/tty && echo controlled >$terminal; echo three >$terminal";
    let (_, lines) = world.run(&Command { streams: Streams::Terminal, ..world.shell(script) }).await;
    let texts: Vec<&str> = lines.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(texts, ["one", "two", "three"]);
}

#[tokio::test]
async fn a_flood_is_held_back_and_comes_whole() {
    let world = world();
    for streams in [Streams::Pipes, Streams::Terminal] {
        let command = Command { streams, ..world.shell("i=0; while [ $i -lt 30000 ]; do i=$((i+1)); echo $i; done") };
        let (status, lines) = world.run(&command).await;
        let status = status.unwrap();
        assert!(status.success(), "{status} after {} lines of {streams:?}", lines.len());
        assert!(lines.iter().map(|(_, text)| text.as_str()).eq((1..=30_000).map(|n| n.to_string())));
    }
}

#[tokio::test]
async fn the_environment_is_what_was_given() {
    let world = world();
    let command = Command { program: "/usr/bin/env".into(), arguments: Vec::new(), ..world.shell("") };
    let (_, lines) = world.run(&command).await;
    let names: Vec<&str> = lines.iter().map(|(_, text)| text.split('=').next().unwrap()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names.contains(&"PATH") && names.contains(&"L4D2_STEP"));
}

#[tokio::test]
async fn a_signal_is_no_exit_code() {
    let world = world();
    let (status, _) = world.run(&world.shell("kill -9 $$")).await;
    let status = status.unwrap();
    assert_eq!((status.code(), status.signal()), (None, Some(9)));
}

#[tokio::test]
async fn what_can_not_be_started_leaves_nothing() {
    let world = world();
    let (status, _) = world.run(&Command { program: "/no/such/program".into(), ..world.shell("") }).await;
    assert!(status.unwrap_err().to_string().contains("/no/such/program"));
    assert_eq!(world.records(), 0);
}

/// Prints its own number and those of two children, one in a session of its own; all are deaf to SIGTERM.
const DEAF_FAMILY: &str = "trap '' TERM; echo $$; sh -c 'echo $$; exec sleep 1000' & \
    setsid sh -c 'echo $$; exec sleep 1000' & wait";

#[tokio::test]
async fn cancelling_ends_the_whole_family() {
    let world = world();
    let cancel = CancellationToken::new();
    let (output, mut receiver) = OutputSink::channel(16);
    let command = world.shell(DEAF_FAMILY);
    let mut quiet = |_: OutputStream, _: &str| None;
    let run = world.runner.run(&command, &mut quiet, &output, &cancel);
    let watch = async {
        let pids =
            [next_number(&mut receiver).await, next_number(&mut receiver).await, next_number(&mut receiver).await];
        assert!(pids.into_iter().all(runs));
        cancel.cancel();
        pids
    };
    let (result, pids) = tokio::join!(run, watch);
    assert!(matches!(result, Err(HostError::Cancelled)), "{result:?}");
    for pid in pids {
        assert_ends(pid).await;
    }
    assert_eq!(world.records(), 0);
}

#[tokio::test]
async fn a_polite_child_may_clean_up() {
    let world = world();
    let cancel = CancellationToken::new();
    let (output, mut receiver) = OutputSink::channel(16);
    let command = Command {
        grace: Duration::from_secs(30),
        ..world.shell("exec 2>/dev/null; trap 'echo bye; exit 0' TERM; echo 1; while :; do sleep 0.05; done")
    };
    let mut quiet = |_: OutputStream, _: &str| None;
    let run = world.runner.run(&command, &mut quiet, &output, &cancel);
    let watch = async {
        next_number(&mut receiver).await;
        cancel.cancel();
        receiver.recv().await
    };
    let (result, last) = tokio::join!(run, watch);
    assert!(matches!(result, Err(HostError::Cancelled)));
    assert_eq!(last, Some(Output::Line { stream: OutputStream::Stdout, text: "bye".to_owned() }));
}

#[tokio::test]
async fn cancelling_works_while_nobody_reads() {
    let world = world();
    let cancel = CancellationToken::new();
    let (output, mut receiver) = OutputSink::channel(1);
    let command = world.shell("echo $$; while :; do echo more; done");
    let mut quiet = |_: OutputStream, _: &str| None;
    let run = world.runner.run(&command, &mut quiet, &output, &cancel);
    let watch = async {
        let pid = next_number(&mut receiver).await;
        cancel.cancel();
        pid
    };
    let (result, pid) = tokio::join!(run, watch);
    assert!(matches!(result, Err(HostError::Cancelled)));
    assert_ends(pid).await;
}

#[tokio::test]
async fn a_run_ends_with_its_leader() {
    let world = world();
    let (status, lines) = world.run(&world.shell("sleep 1000 & echo $!; setsid sleep 1000 & echo $!")).await;
    assert!(status.unwrap().success());
    for (_, pid) in lines {
        assert_ends(pid.parse().unwrap()).await;
    }
}

#[tokio::test]
async fn too_long_is_an_error_of_its_own() {
    let world = world();
    let command = Command { time_limit: Duration::from_secs(2), ..world.shell("trap '' TERM; echo $$; sleep 1000") };
    let (status, lines) = world.run(&command).await;
    assert!(matches!(status, Err(HostError::TimedOut { step: "trial", .. })), "{status:?}");
    assert_ends(lines[0].1.parse().unwrap()).await;
}

#[tokio::test]
async fn a_dropped_run_leaves_nothing() {
    let world = world();
    let (output, mut receiver) = OutputSink::channel(16);
    let command = world.shell(DEAF_FAMILY);
    let mut quiet = |_: OutputStream, _: &str| None;
    let cancel = CancellationToken::new();
    let mut pids = Vec::new();
    tokio::select! {
        result = world.runner.run(&command, &mut quiet, &output, &cancel) => panic!("it ended: {result:?}"),
        () = async { for _ in 0..3 { pids.push(next_number(&mut receiver).await) } } => {}
    }
    for pid in pids {
        assert_ends(pid).await;
    }
    assert_eq!(world.records(), 0);
}

/// Leaves the group and executes itself anew for ever: its environment can't be read for much of that time.
const RESTLESS: &str = "setsid sh -c 'echo $$; exec sh -c \"$0\" \"$0\"' 'exec sh -c \"$0\" \"$0\"' & wait";

#[tokio::test]
async fn what_executes_itself_anew_is_found_too() {
    let world = world();
    for _ in 0..20 {
        let (output, mut receiver) = OutputSink::channel(16);
        let (command, cancel) = (world.shell(RESTLESS), CancellationToken::new());
        let mut quiet = |_: OutputStream, _: &str| None;
        let pid = tokio::select! {
            result = world.runner.run(&command, &mut quiet, &output, &cancel) => panic!("it ended: {result:?}"),
            pid = next_number(&mut receiver) => pid,
        };
        assert_ends(pid).await;
    }
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "stands for what a killed panel had started")]
async fn recovery_ends_what_a_dead_owner_left_and_nothing_else() {
    let world = world();
    let carrier = |id: &str| {
        let mut command = std::process::Command::new("sleep");
        command.arg("1000").env("L4D2_STEP", id).spawn().unwrap()
    };
    fs::create_dir(&world.runner.steps).unwrap();
    // Only an owner that lives holds the lock.
    let dead = world.runner.steps.join("trial-dead");
    fs::write(&dead, "").unwrap();
    let owned = File::create(world.runner.steps.join("trial-owned")).unwrap();
    flock(&owned, FlockOperation::LockExclusive).unwrap();
    let (mut left, mut kept) = (carrier("trial-dead"), carrier("trial-owned"));
    // Both have got past exec, so their environment can be read.
    assert_eq!(world.runner.recover().await.unwrap(), 1);
    assert_eq!(left.wait().unwrap().signal(), Some(9));
    assert!(!dead.exists() && kept.try_wait().unwrap().is_none());
    assert_eq!(world.runner.recover().await.unwrap(), 0);
    kept.kill().unwrap();
    kept.wait().unwrap();
}
