//! Console commands: a few of the engine's, and those that make the stand-in misbehave.

use std::fs;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use l4d2_standins::Output;
use rustix::process::{Pid, Signal, getpid, kill_process};

use crate::network::Game;

/// How deep cfg files may call each other.
const MAX_DEPTH: u8 = 8;

/// Lines that are printed between two looks at the clock.
const PACED_LINES: u32 = 20;

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    GoOn,
    Exit(u8),
}

impl Verdict {
    /// The first verdict that ends the game.
    pub(crate) fn or(self, other: Self) -> Self {
        if self == Self::GoOn { other } else { self }
    }
}

/// The console and what it has been told.
pub(crate) struct Console {
    output: Output,
    game: Game,
    ignores_signals: bool,
    hangs: bool,
    depth: u8,
}

impl Console {
    pub(crate) fn new(output: Output, game: Game, ignores_signals: bool) -> Self {
        Self { output, game, ignores_signals, hangs: false, depth: 0 }
    }

    /// A signal that asks the game to end.
    pub(crate) fn signalled(&self, signal: i32) -> Verdict {
        if self.ignores_signals {
            self.say(format!("signal {signal} ignored"));
            return Verdict::GoOn;
        }
        self.say(format!("signal {signal}: shutting down"));
        Verdict::Exit(0)
    }

    /// Executes `left4dead2/cfg/NAME`, printing each line it reads.
    pub(crate) fn execute_file(&mut self, name: &str) -> Verdict {
        let mut verdict = Verdict::GoOn;
        if self.depth == MAX_DEPTH {
            self.say(format!("exec: {name} goes too deep"));
            return verdict;
        }
        match fs::read(format!("left4dead2/cfg/{name}")) {
            Ok(bytes) => {
                self.depth += 1;
                for line in String::from_utf8_lossy(&bytes).lines() {
                    self.say(format!("{name}: {line}"));
                    verdict = verdict.or(self.execute(line));
                }
                self.depth -= 1;
            }
            Err(error) => self.say(format!("exec: couldn't exec {name}: {error}")),
        }
        verdict
    }

    /// Executes one line.
    pub(crate) fn execute(&mut self, line: &str) -> Verdict {
        let line = line.trim();
        let (command, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
        let rest = rest.trim();
        if self.hangs {
            return Verdict::GoOn;
        }
        match command {
            "" | "map" | "hostport" => {}
            _ if command.starts_with("//") => {}
            "quit" | "exit" => {
                self.say("Server is quitting.");
                return Verdict::Exit(0);
            }
            "echo" => self.say(rest),
            "exec" => return self.execute_file(rest),
            "hostname" => self.game.change(|facts| rest.trim_matches('"').clone_into(&mut facts.hostname)),
            "status" => self.status(),
            _ => match command.strip_prefix("standin_") {
                Some(command) => return self.misbehave(command, rest),
                // Launch arguments and cfg files set many variables that this game has not.
                None => self.say(format!("Unknown command \"{command}\"")),
            },
        }
        Verdict::GoOn
    }

    fn status(&self) {
        let facts = self.game.facts();
        self.say(format!("hostname: {}", facts.hostname));
        self.say("version : 2.2.4.3 (stand-in) secure");
        self.say(format!("udp/ip  : 127.0.0.1:{}", facts.port));
        self.say("os      : Linux Dedicated");
        self.say(format!("map     : {}", facts.map));
        self.say("players : 0 humans, 0 bots (8 max)");
    }

    fn misbehave(&mut self, command: &str, rest: &str) -> Verdict {
        match command {
            "exit" => return Verdict::Exit(rest.parse().unwrap_or(1)),
            // What was not yet written is lost, as in a real crash.
            "crash" => std::process::abort(),
            "hang" => {
                self.say("hanging: the console is dead");
                self.hangs = true;
            }
            "ignore_term" => self.ignores_signals = true,
            "heed_term" => self.ignores_signals = false,
            "sleep" => thread::sleep(Duration::from_millis(rest.parse().unwrap_or(0))),
            "flood" => self.flood(rest),
            "allocate" => self.report("allocate", rest, allocate(rest.parse().unwrap_or(1))),
            "longline" => self.output.bytes(&[b"x".repeat(rest.parse().unwrap_or(1_000_000)), b"\n".to_vec()].concat()),
            "endless" => self.output.bytes(&b"y".repeat(rest.parse().unwrap_or(1_000_000))),
            "binary" => self.output.bytes(b"binary \xFF\xFE\x80 \xC3( \x00 \x1B[31mred\x1B[0m a\rb\n"),
            "ends" => self.output.bytes(b"a\0\nb\0\nc\0\n\n\0\0\nend\n"),
            "read" => self.report("read", rest, fs::read(rest).map(|bytes| first_line(&bytes))),
            "list" => self.report("list", rest, list(rest)),
            "write" => self.write(rest),
            "chmod" => self.report("chmod", rest, same_mode(rest)),
            "connect" => self.report("connect", rest, UnixStream::connect(rest).map(|_| "connected".to_owned())),
            "signal" => self.signal(rest),
            "trace" => self.report("trace", rest, trace(rest)),
            "fork" => self.fork(rest),
            "id" => self.report("id", "self", identity()),
            "env" => std::env::vars().for_each(|(name, value)| self.say(format!("env: {name}={value}"))),
            "pid" => self.say(format!("pid: {}", getpid().as_raw_nonzero())),
            // Read before the port is bound, or by a thread of their own.
            "crash_after" | "bind_after" | "no_bind" => {}
            _ => self.say(format!("Unknown command \"standin_{command}\"")),
        }
        Verdict::GoOn
    }

    /// `standin_flood LINES [PER_SECOND]`: as fast as it can, or at a pace.
    fn flood(&self, rest: &str) {
        let mut numbers = rest.split(' ').map(str::parse::<u32>);
        let lines = numbers.next().and_then(Result::ok).unwrap_or(1000);
        let pace = numbers.next().and_then(Result::ok).filter(|per_second| *per_second > 0);
        let begin = Instant::now();
        for number in 1..=lines {
            self.output.bytes(format!("flood line {number} of {lines}\n").as_bytes());
            if let Some(per_second) = pace.filter(|_| number.is_multiple_of(PACED_LINES)) {
                let due = Duration::from_secs(1) * number / per_second;
                thread::sleep(due.saturating_sub(begin.elapsed()));
            }
        }
    }

    fn write(&self, rest: &str) {
        let (path, text) = rest.split_once(' ').unwrap_or((rest, ""));
        let done = fs::write(path, text).map(|()| "written".to_owned());
        self.report("write", path, done);
    }

    /// `standin_signal PID [NUMBER]`: tries to signal another process; number 0 only asks whether it could.
    fn signal(&self, rest: &str) {
        let mut words = rest.split(' ');
        let Some(pid) = words.next().and_then(|word| word.parse().ok()).and_then(Pid::from_raw) else {
            return self.say("signal: give a process id");
        };
        let sent = match words.next() {
            Some("0") | None => rustix::process::test_kill_process(pid),
            Some("9") => kill_process(pid, Signal::KILL),
            Some(_) => kill_process(pid, Signal::TERM),
        };
        self.report("signal", rest, sent.map(|()| "sent".to_owned()).map_err(Into::into));
    }

    /// `standin_fork [setsid]`: leaves a process behind that ignores every polite signal.
    fn fork(&self, rest: &str) {
        let left = l4d2_standins::leave_behind(rest);
        self.report("fork", rest, left.map(|pid| format!("pid {pid}")));
    }

    fn report(&self, command: &str, what: &str, result: std::io::Result<String>) {
        match result {
            Ok(text) => self.say(format!("{command} {what}: ok: {text}")),
            Err(error) => self.say(format!("{command} {what}: failed: {error}")),
        }
    }

    fn say(&self, text: impl AsRef<str>) {
        self.output.line(text);
    }
}

/// Sets a file's mode to what it is: shows whether it could be changed, and harms nothing where it could.
fn same_mode(path: &str) -> std::io::Result<String> {
    fs::set_permissions(path, fs::metadata(path)?.permissions())?;
    Ok("changed".to_owned())
}

/// Tries to look into another process.
fn trace(pid: &str) -> std::io::Result<String> {
    let pid: libc::pid_t = pid.parse().map_err(std::io::Error::other)?;
    let nothing = std::ptr::null_mut::<libc::c_void>();
    // SAFETY: this request takes no address, and changes no memory of this process.
    let traced = unsafe { libc::ptrace(libc::PTRACE_SEIZE, pid, nothing, nothing) };
    if traced == 0 { Ok("attached".to_owned()) } else { Err(std::io::Error::last_os_error()) }
}

/// Takes so many MiB of memory and uses each page, for as long as the game runs.
fn allocate(mebibytes: usize) -> std::io::Result<String> {
    let mut memory: Vec<u8> = Vec::new();
    memory.try_reserve_exact(mebibytes << 20).map_err(std::io::Error::other)?;
    memory.resize(mebibytes << 20, 1);
    std::mem::forget(memory);
    Ok(format!("{mebibytes} MiB"))
}

fn first_line(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).lines().next().unwrap_or_default().to_owned()
}

fn list(path: &str) -> std::io::Result<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names.join(" "))
}

/// Who the process is and what it may do, as the kernel says.
fn identity() -> std::io::Result<String> {
    let status = fs::read_to_string("/proc/self/status")?;
    let wanted = ["Uid:", "Gid:", "Groups:", "CapEff:", "CapBnd:", "NoNewPrivs:", "Seccomp:"];
    let lines = status.lines().filter(|line| wanted.iter().any(|name| line.starts_with(name)));
    Ok(lines.map(|line| line.replace('\t', " ")).collect::<Vec<_>>().join("; "))
}
