//! What the supervisors' tests run on: a root of their own, the stand-in game, and a backend that can be made anew, as a
//! restarted panel does.

use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use futures::StreamExt;
use l4d2_host::spec::Specification;
use l4d2_host::supervisor::{ActualState, LogCursor, LogEvent, LogLine, LogStart, Outcome, StopLadder, Supervisor};
use l4d2_host::{Host, HostConfig, HostError, InstanceName, Layout, OutputSink};
use tokio_util::sync::CancellationToken;

use crate::processes::{Processes, all_processes, kill};
use crate::support::{Said, World, listen, name, standin, world};

/// Longer than anything here should take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);
/// A ladder for games that behave.
pub(crate) const LADDER: StopLadder =
    StopLadder { console: Duration::from_secs(10), terminate: Duration::from_secs(10), kill: Duration::from_secs(10) };

/// Makes the backend under test, which finds everything on the disk.
pub(crate) type MakeBackend = fn(&HostConfig) -> Arc<dyn Supervisor>;

/// One test's machine.
pub(crate) struct Bench {
    pub(crate) world: World,
    make: MakeBackend,
    pub(crate) supervisor: Arc<dyn Supervisor>,
}

impl Bench {
    pub(crate) fn new(make: MakeBackend) -> Self {
        Self::with(make, |_| {})
    }

    pub(crate) fn with(make: MakeBackend, change: impl FnOnce(&mut HostConfig)) -> Self {
        let mut world = world();
        world.config.line_max_chars = 2000;
        change(&mut world.config);
        let installation = world.config.root.join("installation");
        fs::create_dir_all(&installation).unwrap();
        fs::copy(standin("standin-srcds"), installation.join("srcds_run")).unwrap();
        let supervisor = make(&world.config);
        Self { world, make, supervisor }
    }

    pub(crate) fn layout(&self) -> Layout {
        Layout::new(&self.world.config.root, &self.world.config.overlay_root)
    }

    /// The panel ends, and another one begins.
    pub(crate) fn restart_panel(&mut self) {
        self.supervisor = (self.make)(&self.world.config);
    }

    /// Initializes an instance on a free port.
    pub(crate) async fn instance(&self, text: &str, arguments: &[&str]) -> InstanceName {
        self.specified(text, |specification| {
            specification.arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        })
        .await
    }

    pub(crate) async fn specified(&self, text: &str, change: impl FnOnce(&mut Specification)) -> InstanceName {
        let mut specification = Specification {
            version: Specification::VERSION,
            name: name(text),
            port: free_port(),
            overlays: Vec::new(),
            arguments: Vec::new(),
            config: Vec::new(),
        };
        change(&mut specification);
        let file = self.world.path().join(format!("{text}.yaml"));
        fs::write(&file, specification.to_yaml().unwrap()).unwrap();
        let host = Host::with_supervisor(self.world.config.clone(), Arc::clone(&self.supervisor));
        listen(|output| async move { host.initialize(&file, &output, &CancellationToken::new()).await })
            .await
            .0
            .unwrap();
        name(text)
    }

    pub(crate) async fn start(&self, name: &InstanceName) -> (Result<Outcome, HostError>, Said) {
        let cancel = CancellationToken::new();
        listen(|output| async move { self.supervisor.start(name, &output, &cancel).await }).await
    }

    /// Starts and waits until the game has booted, which goes on a little after it has bound its port.
    pub(crate) async fn started(&self, name: &InstanceName) -> u32 {
        let begin = self.end_of_log(name).await;
        let (result, said) = self.start(name).await;
        assert_eq!(result.unwrap(), Outcome::Done, "{said:?}");
        self.line_with(name, begin, "VAC secure mode").await;
        self.pid(name).await
    }

    pub(crate) async fn stop(&self, name: &InstanceName, ladder: StopLadder) -> (Result<Outcome, HostError>, Said) {
        let cancel = CancellationToken::new();
        listen(|output| async move { self.supervisor.stop(name, ladder, &output, &cancel).await }).await
    }

    pub(crate) async fn state(&self, name: &InstanceName) -> ActualState {
        self.supervisor.status(name).await.unwrap().state
    }

    pub(crate) async fn pid(&self, name: &InstanceName) -> u32 {
        self.supervisor.status(name).await.unwrap().pid.unwrap()
    }

    pub(crate) async fn type_line(&self, name: &InstanceName, line: &str) {
        self.supervisor.console(name, line).await.unwrap();
    }

    /// Types a line and waits for the game's answer to it.
    pub(crate) async fn answer(&self, name: &InstanceName, line: &str, words: &str) -> String {
        let start = self.end_of_log(name).await;
        self.type_line(name, line).await;
        self.line_with(name, start, words).await.text
    }

    /// The last lines of all that the game has printed by now, also of one that has just ended.
    pub(crate) async fn logs(&self, name: &InstanceName, lines: usize) -> Vec<LogLine> {
        if self.supervisor.kind() == "systemd" {
            // The journal is a process of its own, and may not have read yet what was printed.
            crate::systemd::run("journalctl", &["--sync"]);
        }
        self.supervisor.logs(name, lines).await.unwrap()
    }

    pub(crate) async fn end_of_log(&self, name: &InstanceName) -> LogStart {
        let last = self.supervisor.logs(name, 1).await.unwrap();
        last.into_iter().next().map_or(LogStart::Last(100_000), |line| LogStart::After(line.cursor))
    }

    /// Follows the log until a line holds these words.
    pub(crate) async fn line_with(&self, name: &InstanceName, start: LogStart, words: &str) -> LogLine {
        self.lines_until(name, start, words).await.pop().unwrap()
    }

    /// Follows the log until a line holds these words; gives all lines up to it.
    pub(crate) async fn lines_until(&self, name: &InstanceName, start: LogStart, words: &str) -> Vec<LogLine> {
        let mut events = self.supervisor.follow(name, start).await.unwrap();
        let mut lines = Vec::new();
        let search = async {
            while let Some(event) = events.next().await {
                let LogEvent::Line(line) = event.unwrap() else { panic!("lines were skipped") };
                let found = line.text.contains(words);
                lines.push(line);
                if found {
                    return;
                }
            }
            panic!("the log ended");
        };
        let found = tokio::time::timeout(PATIENCE, search).await;
        assert!(
            found.is_ok(),
            "no line with {words:?} came; the last were {:?}",
            lines.iter().rev().take(8).collect::<Vec<_>>()
        );
        lines
    }

    /// Waits for a change that leaves the instance in a state; fails when no change is told.
    pub(crate) async fn until_state(&self, name: &InstanceName, wanted: impl Fn(&ActualState) -> bool) -> ActualState {
        let mut changes = self.supervisor.changes();
        let search = async {
            loop {
                let state = self.state(name).await;
                if wanted(&state) {
                    return state;
                }
                while changes.recv().await.unwrap().name != *name {}
            }
        };
        tokio::time::timeout(PATIENCE, search).await.expect("the state never came, or nobody was told")
    }

    /// The processes of an instance, seen from outside: the launcher and all that came of it.
    pub(crate) async fn processes(&self, name: &InstanceName) -> Processes {
        Processes::below(self.pid(name).await)
    }

    /// Nothing of an instance is left, once a call that ends it has come back.
    pub(crate) async fn nothing_left(&self, processes: &Processes) {
        if self.supervisor.kind() == "systemd" {
            // It counts a process as gone when it has let go of everything, a moment before the kernel does.
            processes.end().await;
        }
        processes.have_ended();
    }
}

impl Drop for Bench {
    /// A test that failed leaves nothing running: what supervises is killed, and the games with it.
    fn drop(&mut self) {
        crate::systemd::clean_up(&self.world.config);
        let needle = self.world.config.root.to_string_lossy().into_owned();
        for pid in all_processes() {
            let command = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            if command.contains(&needle) && command.contains("\0supervise\0") {
                kill(pid, rustix::process::Signal::KILL);
            }
        }
    }
}

/// A port that is free on UDP and TCP and stays so: below those that the kernel gives to connections, and each test's
/// process has some of its own.
pub(crate) fn free_port() -> u16 {
    const OF_A_PROCESS: u32 = 32;
    const RANGES: u32 = 680;
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    // A range's last port shows that it is taken, as long as the process lives.
    static OWN: OnceLock<(u32, TcpListener)> = OnceLock::new();
    let claim = |first: u32| {
        let last = u16::try_from(first + OF_A_PROCESS - 1).ok()?;
        Some((first, TcpListener::bind(("127.0.0.1", last)).ok()?))
    };
    let (first, _) = OWN.get_or_init(|| {
        let mut firsts = (0..RANGES).map(|n| 10_000 + (std::process::id() + n) % RANGES * OF_A_PROCESS);
        firsts.find_map(claim).expect("a range that nobody has")
    });
    loop {
        let port = u16::try_from(first + GIVEN.fetch_add(1, Ordering::Relaxed) % (OF_A_PROCESS - 1)).unwrap();
        if UdpSocket::bind(("0.0.0.0", port)).is_ok() && TcpListener::bind(("0.0.0.0", port)).is_ok() {
            return port;
        }
    }
}

pub(crate) fn cursor_of(line: &LogLine) -> LogStart {
    LogStart::After(LogCursor(line.cursor.0.clone()))
}

/// A supervisor call whose output nobody hears.
pub(crate) fn unheard() -> OutputSink {
    OutputSink::channel(1).0
}

/// A file in the panel's own directory, such as its key.
pub(crate) fn panel_secret(bench: &Bench) -> PathBuf {
    let path = bench.world.path().join("panel.key");
    fs::write(&path, "the panel's secret").unwrap();
    path
}

/// How long something took.
pub(crate) async fn timed<T>(step: impl Future<Output = T>) -> (T, Duration) {
    let begin = Instant::now();
    let result = step.await;
    (result, begin.elapsed())
}
