//! The installed panel, and the programs that a person at the machine has.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use l4d2_contract::{ActualState, Server};
use tokio::process::Command;

use crate::real::panel::Script;
use crate::support::PATIENCE;

/// Where the package has it listen.
pub(super) const ADDRESS: &str = "http://127.0.0.1:8080";
pub(super) const DATA_DIR: &str = "/var/lib/l4d2-web";
pub(super) const ROOT: &str = "/opt/l4d2";
/// Made right after the installation; the first admin.
pub(super) const ADMIN: &str = "root.of.all";

const README: &str = include_str!("../../../../README.md");

/// The README's block of commands in which some text stands, as root would type them.
pub(super) fn steps_of_readme(text: &str) -> String {
    let blocks = README.split("```sh\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0));
    let block = blocks.into_iter().find(|block| block.contains(text)).expect("a block with it");
    block.replace("sudo ", "")
}

/// A unit's drop-in, removed however the test ends.
pub(super) struct DropIn(PathBuf);

impl DropIn {
    /// Takes effect when the unit starts next.
    pub(super) async fn new(file: &str, text: &str) -> Self {
        let drop_in = Self(file.into());
        std::fs::create_dir_all(drop_in.0.parent().expect("a directory")).expect("made");
        std::fs::write(&drop_in.0, text).expect("written");
        succeed(&["systemctl", "daemon-reload"]).await;
        drop_in
    }
}

impl Drop for DropIn {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
        #[expect(clippy::disallowed_methods, reason = "what a person at the machine would run")]
        let _ = std::process::Command::new("systemctl").arg("daemon-reload").output();
    }
}

/// A new user.
pub(super) async fn sign_up(name: &str) -> Script {
    Script::enter(reqwest::Client::new(), ADDRESS, "signup", name).await
}

/// A user that is there already.
pub(super) async fn sign_in(name: &str) -> Script {
    Script::enter(reqwest::Client::new(), ADDRESS, "login", name).await
}

/// The unit of a server.
pub(super) fn unit_of(server: &str) -> String {
    format!("l4d2-server@{server}.service")
}

/// The directory that the host keeps for a server.
pub(super) fn instance(server: &str) -> PathBuf {
    Path::new(ROOT).join("instances").join(server)
}

/// Runs a program to its end.
pub(super) async fn run(line: &[&str]) -> Output {
    let [program, arguments @ ..] = line else { panic!("no program") };
    #[expect(clippy::disallowed_methods, reason = "what a person at the machine would run")]
    let mut command = Command::new(program);
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
    command.output().await.unwrap_or_else(|error| panic!("{line:?}: {error}"))
}

/// Runs a program that must succeed; what it said.
pub(super) async fn succeed(line: &[&str]) -> String {
    let output = run(line).await;
    let said = said(&output);
    assert!(output.status.success(), "{line:?}: {}: {said}", output.status);
    said
}

/// Runs a program that must be refused; what it said.
pub(super) async fn refused(line: &[&str]) -> String {
    let output = run(line).await;
    let said = said(&output);
    assert!(!output.status.success(), "{line:?}: {said}");
    said
}

/// Standard output and standard error of a program that has ended.
pub(super) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.clone(), output.stderr.clone()].concat()).into_owned()
}

/// A command line run as another user.
pub(super) fn as_user<'a>(user: &'a str, line: &[&'a str]) -> Vec<&'a str> {
    ["runuser", "-u", user, "--"].iter().chain(line).copied().collect()
}

/// What systemd says of a unit.
pub(super) async fn property(unit: &str, name: &str) -> String {
    let value = succeed(&["systemctl", "show", "--property", name, "--value", unit]).await;
    value.trim().to_owned()
}

/// The first process of a unit: of a server, its launcher.
pub(super) async fn main_pid(unit: &str) -> u32 {
    let pid = property(unit, "MainPID").await.parse().expect("a number");
    assert_ne!(pid, 0, "{unit} runs");
    pid
}

/// A unit's processes.
pub(super) async fn processes(unit: &str) -> Vec<u32> {
    let group = property(unit, "ControlGroup").await;
    let listed = std::fs::read_to_string(format!("/sys/fs/cgroup{group}/cgroup.procs")).unwrap_or_default();
    listed.lines().map(|line| line.parse().expect("a number")).collect()
}

/// Waits until a server is in a state.
pub(super) async fn until_state(script: &Script, server: &str, state: ActualState) -> Server {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let found = script.servers().await.into_iter().find(|found| found.name == server).expect("it is there");
        // A job may have brought it there and have something more to write.
        if found.actual_state == state && found.active_job.is_none() {
            return found;
        }
        assert!(tokio::time::Instant::now() < deadline, "{server} gets there: {found:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Deletes a server with all that the host keeps for it.
pub(super) async fn delete(script: &Script, server: &Server) {
    let job: l4d2_contract::Job = script.call(reqwest::Method::DELETE, &format!("/servers/{}", server.id), None).await;
    let job = script.ended(job.id).await;
    assert_eq!(job.state, l4d2_contract::JobState::Succeeded, "{job:?}");
    assert!(!instance(&server.name).exists());
}
