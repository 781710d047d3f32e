//! The stand-ins behave as the collected facts say the real programs do.
#![expect(clippy::disallowed_methods, reason = "these tests are about the programs that they run")]
#![expect(clippy::unwrap_used, reason = "a test's helpers fail by panicking, as the tests do")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

const SRCDS: &str = env!("CARGO_BIN_EXE_standin-srcds");
const STEAMCMD: &str = env!("CARGO_BIN_EXE_standin-steamcmd");
const INFO: &[u8] = b"\xFF\xFF\xFF\xFFTSource Engine Query\0";

/// A game that is killed with its test.
struct Game(Child);

impl Drop for Game {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a game on a terminal, as `script` makes one.
fn on_a_terminal(directory: &std::path::Path, port: u16, arguments: &str) -> Game {
    let command = format!("exec {SRCDS} -game left4dead2 -port {port} {arguments}");
    let mut script = Command::new("script");
    script.args(["-qec", &command, "/dev/null"]).current_dir(directory);
    Game(script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap())
}

fn read_until(reader: &mut impl BufRead, words: &str) -> Vec<String> {
    let mut lines = Vec::new();
    loop {
        let mut line = Vec::new();
        assert_ne!(reader.read_until(b'\n', &mut line).unwrap(), 0, "the game ended: {lines:#?}");
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        let found = line.contains(words);
        lines.push(line);
        if found {
            return lines;
        }
    }
}

/// A port that is free on UDP and TCP, most likely still when the game binds it.
fn free_port() -> u16 {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// Asks until something answers: a game that is still starting loses or refuses packets.
fn ask(port: u16, packet: &[u8]) -> Vec<u8> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    let mut answer = vec![0; 1400];
    while Instant::now() < deadline {
        if let Ok(length) = socket.send(packet).and_then(|_| socket.recv(&mut answer)) {
            answer.truncate(length);
            return answer;
        }
    }
    panic!("nothing answers on port {port}");
}

#[test]
fn a_game_reads_its_configuration_answers_queries_and_quits() {
    let directory = tempfile::tempdir().unwrap();
    let cfg = directory.path().join("left4dead2/cfg");
    fs::create_dir_all(&cfg).unwrap();
    fs::create_dir_all(directory.path().join("left4dead2/addons/plugin.vpk")).unwrap();
    fs::write(cfg.join("server.cfg"), "hostname \"Trial\"\nexec more.cfg\n").unwrap();
    fs::write(cfg.join("more.cfg"), "echo from more\n").unwrap();
    let port = free_port();
    let mut game = on_a_terminal(directory.path(), port, "+map c1m1_hotel");
    let mut output = BufReader::new(game.0.stdout.take().unwrap());
    let boot = read_until(&mut output, "VAC secure mode");
    assert!(boot[0].contains("no real game runs"), "{boot:#?}");
    for line in ["addon: plugin.vpk", "server.cfg: exec more.cfg", "more.cfg: echo from more", "from more"] {
        assert!(boot.iter().any(|got| got == line), "{line} in {boot:#?}");
    }
    let challenge = ask(port, INFO);
    assert_eq!(challenge[..5], *b"\xFF\xFF\xFF\xFFA");
    let info = ask(port, &[INFO, &challenge[5..]].concat());
    assert_eq!(info[..6], *b"\xFF\xFF\xFF\xFFI\x11");
    assert!(info[6..].starts_with(b"Trial\0c1m1_hotel\0left4dead2\0"));
    game.0.stdin.as_mut().unwrap().write_all(b"status\nquit\n").unwrap();
    read_until(&mut output, "map     : c1m1_hotel");
    read_until(&mut output, "Server is quitting.");
    assert!(game.0.wait().unwrap().success());
}

#[test]
fn a_taken_port_is_walked_past() {
    let directory = tempfile::tempdir().unwrap();
    let taken = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let mut game = on_a_terminal(directory.path(), port, "");
    let mut output = BufReader::new(game.0.stdout.take().unwrap());
    let lines = read_until(&mut output, "Network: IP");
    assert!(lines.iter().any(|line| line.contains(&format!("Port {port} was unavailable"))), "{lines:#?}");
    assert!(!lines.last().unwrap().contains(&format!("ports {port} ")));
}

#[test]
fn without_a_terminal_output_is_late_and_sigterm_ends_cleanly() {
    let directory = tempfile::tempdir().unwrap();
    let port = free_port();
    let mut command = Command::new(SRCDS);
    command.args(["-port", &port.to_string()]).current_dir(directory.path());
    let mut game = Game(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap());
    let mut output = game.0.stdout.take().unwrap();
    // It runs: it answers. Yet nothing of its boot log is there to read.
    ask(port, INFO);
    rustix::io::ioctl_fionbio(&output, true).unwrap();
    let early = output.read(&mut [0; 64]);
    assert_eq!(early.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    rustix::io::ioctl_fionbio(&output, false).unwrap();
    kill_process(Pid::from_child(&game.0), Signal::TERM).unwrap();
    let mut text = String::new();
    output.read_to_string(&mut text).unwrap();
    assert!(text.contains("shutting down"), "{text}");
    assert!(game.0.wait().unwrap().success());
}

#[test]
fn a_game_can_be_told_to_crash_and_to_ignore_sigterm() {
    let directory = tempfile::tempdir().unwrap();
    let mut game = on_a_terminal(directory.path(), free_port(), "+standin_ignore_term");
    let mut output = BufReader::new(game.0.stdout.take().unwrap());
    game.0.stdin.as_mut().unwrap().write_all(b"standin_pid\n").unwrap();
    let line = read_until(&mut output, "pid: ").pop().unwrap();
    let pid = Pid::from_raw(line.rsplit(' ').next().unwrap().parse().unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    read_until(&mut output, "signal 15 ignored");
    game.0.stdin.as_mut().unwrap().write_all(b"standin_crash\n").unwrap();
    assert!(!game.0.wait().unwrap().success());
}

#[test]
fn steamcmd_installs_linux_only_after_windows() {
    let directory = tempfile::tempdir().unwrap();
    let target = directory.path().join("installation");
    let run = |platform: &str| {
        let arguments = ["+@sSteamCmdForcePlatformType", platform, "+force_install_dir"];
        let output = Command::new(STEAMCMD)
            .args(arguments)
            .arg(&target)
            .args(["+login", "anonymous", "+app_update", "222860", "validate", "+quit"])
            .env("HOME", directory.path())
            .env("STANDIN_STEAMCMD_MS", "0")
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(run("linux").contains("ERROR! Failed to install app '222860' (Invalid platform)"));
    assert!(run("windows").contains("Success! App '222860' fully installed."));
    assert!(!target.join("srcds_run").exists());
    let text = run("linux");
    assert!(text.contains("progress: 100.00 (9298234567 / 9298234567)"), "{text}");
    for file in ["srcds_run", "srcds_linux", "left4dead2/steam.inf", "steamapps/appmanifest_222860.acf"] {
        assert!(target.join(file).is_file(), "{file}");
    }
}
