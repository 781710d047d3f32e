//! A stand-in for the game server: no real game runs.
//!
//! It behaves like `srcds_linux` where the panel can tell the difference: it prints promptly only on a terminal, boots
//! with a log, reads server.cfg and says what it read, binds its port on UDP and TCP and walks up when that is taken,
//! answers `A2S_INFO` with a challenge, takes console lines, and ends cleanly on SIGTERM. Unlike the engine it binds
//! loopback whatever it is told, for it has nothing to offer to anybody outside. Commands that begin with `standin_`
//! make it misbehave; they work on the console, in cfg files and as launch arguments (`+standin_crash_after 500`).

mod console;
mod network;

use std::process::ExitCode;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

use l4d2_standins::Output;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::console::{Console, Verdict};

/// What the main loop waits for.
enum Event {
    Line(String),
    Signal(i32),
    Crash,
}

/// The `+command words…` and `-option words…` of a command line.
struct Arguments(Vec<Vec<String>>);

impl Arguments {
    fn parse(words: impl Iterator<Item = String>) -> Self {
        let mut groups: Vec<Vec<String>> = Vec::new();
        for word in words {
            match groups.last_mut() {
                Some(group) if !word.starts_with(['+', '-']) => group.push(word),
                _ => groups.push(vec![word]),
            }
        }
        Self(groups)
    }

    /// The value behind `name`, compared without regard to case as the engine does.
    fn value(&self, name: &str) -> Option<&str> {
        let group = self.0.iter().find(|group| group[0].eq_ignore_ascii_case(name))?;
        group.get(1).map(String::as_str)
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|group| group[0].eq_ignore_ascii_case(name))
    }

    /// The console commands among the arguments.
    fn commands(&self) -> impl Iterator<Item = String> {
        self.0.iter().filter_map(|group| Some(format!("{} {}", group[0].strip_prefix('+')?, group[1..].join(" "))))
    }
}

fn main() -> ExitCode {
    if let Some(code) = l4d2_standins::run_if_left_behind() {
        return code;
    }
    let Ok(output) = Output::stdout() else { return ExitCode::FAILURE };
    let code = match run(&output) {
        Ok(code) => code,
        Err(error) => {
            output.line(format!("FATAL: {error}"));
            1
        }
    };
    output.flush();
    ExitCode::from(code)
}

fn run(output: &Output) -> std::io::Result<u8> {
    let arguments = Arguments::parse(std::env::args().skip(1));
    let (events, receiver) = mpsc::channel();
    let ignores_signals = arguments.has("+standin_ignore_term");
    watch_signals(events.clone())?;
    boot_log(output, &arguments);
    let pause = arguments.value("+standin_bind_after").and_then(|value| value.parse().ok()).unwrap_or(0);
    thread::sleep(Duration::from_millis(pause));
    let game = network::Game::new(arguments.value("+map").unwrap_or("none"));
    if !arguments.has("+standin_no_bind") {
        let wanted = arguments.value("-port").and_then(|value| value.parse().ok()).unwrap_or(27015);
        network::bind(output, &game, wanted)?;
    }
    let mut console = Console::new(output.clone(), game, ignores_signals);
    output.line("Executing dedicated server config file server.cfg");
    let mut verdict = console.execute_file("server.cfg");
    for command in arguments.commands() {
        verdict = verdict.or(console.execute(&command));
    }
    crash_later(&arguments, events.clone());
    thread::spawn(move || read_console(&events));
    output.line("Connection to Steam servers successful. (not really: stand-in)");
    output.line("VAC secure mode is activated. (not really: stand-in)");
    loop {
        match verdict {
            Verdict::GoOn => {}
            Verdict::Exit(code) => return Ok(code),
        }
        verdict = match receiver.recv() {
            Ok(Event::Line(line)) => console.execute(&line),
            Ok(Event::Signal(signal)) => console.signalled(signal),
            Ok(Event::Crash) => console.execute("standin_crash"),
            Err(_) => Verdict::Exit(0),
        };
    }
}

fn boot_log(output: &Output, arguments: &Arguments) {
    output.line("STAND-IN for srcds: no real game runs here.");
    output.line("Console initialized.");
    output.line(format!("Game: {} (stand-in)", arguments.value("-game").unwrap_or("none")));
    for group in &arguments.0 {
        output.line(format!("argument: {}", group.join(" ")));
    }
    if let Ok(addons) = std::fs::read_dir("left4dead2/addons") {
        let mut names: Vec<String> =
            addons.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        for name in names {
            output.line(format!("addon: {name}"));
        }
    }
}

fn watch_signals(events: Sender<Event>) -> std::io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT])?;
    thread::spawn(move || {
        for signal in signals.forever() {
            if events.send(Event::Signal(signal)).is_err() {
                return;
            }
        }
    });
    Ok(())
}

fn crash_later(arguments: &Arguments, events: Sender<Event>) {
    let Some(delay) = arguments.value("+standin_crash_after").and_then(|value| value.parse().ok()) else { return };
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(delay));
        let _ = events.send(Event::Crash);
    });
}

/// Reads the console until it is closed; the game goes on without one.
fn read_console(events: &Sender<Event>) {
    for line in std::io::stdin().lines() {
        let Ok(line) = line else { return };
        if events.send(Event::Line(line)).is_err() {
            return;
        }
    }
}
