//! A panel in a process of its own, and what a script does with it.

use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

pub(crate) use super::script::Script;
use crate::support::PATIENCE;

/// The directories of a panel, which outlive its process.
pub(crate) struct Machine {
    directory: TempDir,
    steamcmd_millis: u32,
}

/// A running panel; killed at the end of the test, its games too.
pub(crate) struct Panel {
    pub(crate) child: Child,
    pub(crate) address: String,
    http: reqwest::Client,
    root: PathBuf,
}

/// A program that is built beside this test.
pub(crate) fn program(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_l4d2-web")).with_file_name(name);
    assert!(path.exists(), "{} is missing: `cargo build` makes it", path.display());
    path
}

/// A program as it begins, with nothing of the test's environment but where programs are.
#[expect(clippy::disallowed_methods, reason = "tests run the binaries themselves, as a person would")]
pub(crate) fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
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
        let port = first + GIVEN.fetch_add(1, Ordering::Relaxed) % (OF_A_PROCESS - 1);
        let port = u16::try_from(port).expect("below 32,768");
        if UdpSocket::bind(("0.0.0.0", port)).is_ok() && TcpListener::bind(("0.0.0.0", port)).is_ok() {
            return port;
        }
    }
}

impl Machine {
    pub(crate) fn new() -> Self {
        let machine = Self { directory: tempfile::tempdir().expect("a temporary directory"), steamcmd_millis: 50 };
        // What the panel starts has none of its environment.
        machine.steamcmd_mode("fine");
        machine
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Tells the SteamCMD stand-in how to behave; see its own words.
    pub(crate) fn steamcmd_mode(&self, mode: &str) {
        let root = self.path().join("l4d2");
        std::fs::create_dir_all(&root).expect("made");
        let text = format!("MS={}\nMODE={mode}\n", self.steamcmd_millis);
        std::fs::write(root.join("standin-steamcmd.conf"), text).expect("written");
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.path().join("data")
    }

    /// Starts the panel and waits until it listens.
    pub(crate) async fn start(&self) -> Panel {
        self.start_as(command(&program("l4d2-web"))).await
    }

    /// The same, with its log in a file.
    pub(crate) async fn start_with_log(&self, log: &Path) -> Panel {
        let mut command = command(&program("l4d2-web"));
        command.stderr(std::fs::File::create(log).expect("made"));
        self.start_as(command).await
    }

    /// The same, as systemd starts it: told by the environment, and with a socket that listens already.
    pub(crate) async fn start_activated(&self, socket: std::net::TcpListener, environment: &[(&str, &str)]) -> Panel {
        let mut shell = command(Path::new("/bin/sh"));
        shell.args(["-c", "exec 3<&0 </dev/null; export LISTEN_PID=$$ LISTEN_FDS=1; exec \"$0\" \"$@\""]);
        shell.arg(program("l4d2-web")).envs(environment.iter().copied());
        shell.stdin(Stdio::from(std::os::fd::OwnedFd::from(socket)));
        self.start_as(shell).await
    }

    /// Starts the panel by a command to which the arguments are added, and waits until it listens.
    pub(crate) async fn start_as(&self, mut command: Command) -> Panel {
        let mut child = command
            .args(["serve", "--bind", "127.0.0.1:0", "--supervisor", "embedded", "--data-dir"])
            .arg(self.data_dir())
            .arg("--l4d2-root")
            .arg(self.path().join("l4d2"))
            .arg("--steamcmd")
            .arg(program("standin-steamcmd"))
            .args(["--log-filter", "warn", "--login-rate-burst", "1000", "--api-rate-burst", "100000"])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the panel starts");
        let stdout = child.stdout.take().expect("piped");
        let mut lines = BufReader::new(stdout).lines();
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("the panel gets ready");
        let line = line.expect("readable").expect("the panel says where it listens");
        let address = line.strip_prefix("listening on ").expect("that line").to_owned();
        Panel { child, address, http: reqwest::Client::new(), root: self.path().join("l4d2") }
    }

    /// Promotes a user on the command line, beside the running panel.
    pub(crate) async fn promote(&self, name: &str) {
        let (code, said) = self.run(&["promote-admin", name]).await;
        assert_eq!(code, Some(0), "{said}");
    }

    /// Runs a command to its end: its exit status, and what it said.
    pub(crate) async fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        self.run_in(&self.data_dir(), arguments).await
    }

    /// Does something with the machine's instances beside the panel.
    pub(crate) async fn l4d2ctl(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let mut command = command(&program("l4d2ctl"));
        command.env("L4D2_ROOT", self.path().join("l4d2")).env("SUPERVISOR", "embedded");
        let output = command.arg("--data-dir").arg(self.data_dir()).args(arguments).output().await.expect("it runs");
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&said).into_owned())
    }

    /// The same, with another data directory.
    pub(crate) async fn run_in(&self, data_dir: &Path, arguments: &[&str]) -> (Option<i32>, String) {
        let output = command(&program("l4d2-web")).args(arguments).arg("--data-dir").arg(data_dir).output().await;
        let output = output.expect("it runs");
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&said).into_owned())
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        end_games(&self.path().join("l4d2"));
    }
}

/// Kills whatever still runs from the machine's own instances, by the ids that their supervisors wrote down.
fn end_games(root: &Path) {
    let Ok(instances) = std::fs::read_dir(root.join("instances")) else { return };
    for instance in instances.flatten() {
        for process in ["shim", "launcher"] {
            if let Some(pid) = recorded_pid(&instance.path(), process).and_then(rustix::process::Pid::from_raw) {
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            }
        }
    }
}

fn recorded_pid(instance: &Path, process: &str) -> Option<i32> {
    let state: Value = serde_json::from_slice(&std::fs::read(instance.join("state.json")).ok()?).ok()?;
    state.get(process)?.get("pid")?.as_i64()?.try_into().ok()
}

impl Panel {
    /// As the kernel's out-of-memory killer would.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.expect("killed");
    }

    /// The launcher's process id, as its supervisor wrote it down.
    pub(crate) fn launcher_pid(&self, name: &str) -> i32 {
        recorded_pid(&self.root.join("instances").join(name), "launcher").expect("the launcher runs")
    }

    /// Resident memory of the panel in KiB: now, and at most so far.
    pub(crate) fn memory_kib(&self) -> (u64, u64) {
        let pid = self.child.id().expect("it runs");
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("readable");
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("there");
            line.trim().trim_end_matches(" kB").parse().expect("a number")
        };
        (field("VmRSS:"), field("VmHWM:"))
    }

    pub(crate) async fn sign_up(&self, name: &str) -> Script {
        self.enter("signup", name).await
    }

    pub(crate) async fn sign_in(&self, name: &str) -> Script {
        self.enter("login", name).await
    }

    pub(crate) async fn status_of_sign_in(&self, name: &str, password: &str) -> u16 {
        let body = serde_json::json!({"username": name, "password": password});
        let answer = self.http.post(format!("{}/api/v1/auth/login", self.address)).json(&body).send().await;
        answer.expect("an answer").status().as_u16()
    }

    /// The script of another panel, with the token that it got there.
    pub(crate) fn take_over(&self, script: &Script) -> Script {
        script.moved_to(self.http.clone(), &self.address)
    }

    async fn enter(&self, how: &str, name: &str) -> Script {
        Script::enter(self.http.clone(), &self.address, how, name).await
    }
}

/// Waits for something that no event tells, such as a process being gone.
pub(crate) async fn eventually(what: &str, holds: impl Fn() -> bool) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !holds() {
        assert!(tokio::time::Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Whether any process of this machine has a word in its command line.
pub(crate) fn runs_with(word: &str) -> bool {
    let Ok(processes) = std::fs::read_dir("/proc") else { return false };
    processes.flatten().any(|process| {
        std::fs::read(process.path().join("cmdline")).is_ok_and(|line| String::from_utf8_lossy(&line).contains(word))
    })
}
