//! A stand-in for SteamCMD: it downloads nothing and installs no real game.
//!
//! It takes the same commands, from arguments or a script, and prints the same lines as the real one does for app
//! 222860, fails with `Invalid platform` where that fails, prints in blocks when it has no terminal, and leaves a small
//! tree that looks like an installation, with the `srcds` stand-in for a game.
//!
//! `STANDIN_STEAMCMD_MS` says how long a run takes, `STANDIN_STEAMCMD_MODE` how it misbehaves (see `mode`). A file
//! `standin-steamcmd.conf` beside the installation directory, with lines `MS=…` and `MODE=…`, wins over both, and is
//! read anew by each run.

mod commands;
mod install;
mod mode;

use std::process::ExitCode;

use l4d2_standins::Output;

use crate::commands::{Command, Session};

fn main() -> ExitCode {
    if let Some(code) = l4d2_standins::run_if_left_behind() {
        return code;
    }
    let Ok(output) = Output::stdout() else { return ExitCode::FAILURE };
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let code = run(&output, &arguments);
    output.flush();
    ExitCode::from(code)
}

fn run(output: &Output, arguments: &[String]) -> u8 {
    output.line("STAND-IN for SteamCMD: nothing is downloaded, no real game is installed.");
    install::prepare_home(output);
    output.line("Steam Console Client (c) Valve Corporation - version 1718305438 (stand-in)");
    output.line("-- type 'quit' to exit --");
    output.line("Loading Steam API...OK");
    let mut session = Session::new(output.clone());
    for command in commands::from_arguments(arguments) {
        if let Some(code) = session.execute(&command) {
            return code;
        }
    }
    // Without a `quit` the real one asks for more until its input ends.
    for line in std::io::stdin().lines() {
        let Ok(line) = line else { break };
        output.bytes(b"\nSteam>");
        if let Some(code) = session.execute(&Command::parse(&line)) {
            return code;
        }
    }
    session.exit_code()
}
