//! SteamCMD's commands, from its arguments, a script or its prompt.

use std::fs;
use std::path::PathBuf;

use l4d2_standins::Output;

use crate::install::{self, Platform};
use crate::mode::Settings;

/// The game server's app.
const APP: &str = "222860";

/// One command and its words.
#[derive(Debug)]
pub(crate) struct Command {
    name: String,
    words: Vec<String>,
}

impl Command {
    /// Parses a line of a script or the prompt: blanks separate, double quotes group.
    pub(crate) fn parse(line: &str) -> Self {
        let mut words = vec![String::new()];
        let mut quoted = false;
        for c in line.trim().chars() {
            match (c, quoted) {
                ('"', _) => quoted = !quoted,
                (' ' | '\t', false) => words.push(String::new()),
                _ => words.last_mut().into_iter().for_each(|word| word.push(c)),
            }
        }
        words.retain(|word| !word.is_empty());
        let mut words = words.into_iter();
        Self { name: words.next().unwrap_or_default(), words: words.collect() }
    }

    fn word(&self, index: usize) -> &str {
        self.words.get(index).map_or("", String::as_str)
    }
}

/// `+command word word +command …`
pub(crate) fn from_arguments(arguments: &[String]) -> Vec<Command> {
    let mut commands: Vec<Command> = Vec::new();
    for argument in arguments {
        match (argument.strip_prefix('+'), commands.last_mut()) {
            (Some(name), _) => commands.push(Command { name: name.to_owned(), words: Vec::new() }),
            (None, Some(command)) => command.words.push(argument.clone()),
            (None, None) => {}
        }
    }
    commands
}

/// What one run has been told so far.
#[derive(Debug)]
pub(crate) struct Session {
    output: Output,
    platform: Platform,
    directory: Option<PathBuf>,
    logged_in: bool,
    failed: bool,
}

impl Session {
    pub(crate) fn new(output: Output) -> Self {
        Self { output, platform: Platform::Linux, directory: None, logged_in: false, failed: false }
    }

    /// The real one's exit status after a failed update is 8.
    pub(crate) fn exit_code(&self) -> u8 {
        if self.failed { 8 } else { 0 }
    }

    /// Executes a command; a code ends the program with it.
    pub(crate) fn execute(&mut self, command: &Command) -> Option<u8> {
        match command.name.as_str() {
            "quit" => return Some(self.exit_code()),
            "runscript" => return self.run_script(command.word(0)),
            "@sSteamCmdForcePlatformType" => self.set_platform(command.word(0)),
            "force_install_dir" => {
                if self.logged_in {
                    self.output.line("Please use force_install_dir before logon!");
                }
                self.directory = Some(PathBuf::from(command.word(0)));
            }
            "login" => return self.login(command),
            "app_info_update" => self.output.line("AppID : 222860, change number : 1/1, last change : stand-in"),
            "app_update" => return self.update(command.word(0)),
            name if name.starts_with('@') => self.output.line(format!("\"{name}\" = \"{}\"", command.word(0))),
            name if name.is_empty() || name.starts_with("//") => {}
            name => self.output.line(format!("Command not found: {name}")),
        }
        None
    }

    fn run_script(&mut self, path: &str) -> Option<u8> {
        let Ok(script) = fs::read_to_string(path) else {
            self.output.line(format!("Failed to load script file '{path}'"));
            return Some(1);
        };
        script.lines().find_map(|line| self.execute(&Command::parse(line)))
    }

    fn set_platform(&mut self, name: &str) {
        self.platform = if name == "windows" { Platform::Windows } else { Platform::Linux };
        self.output.line(format!("\"@sSteamCmdForcePlatformType\" = \"{name}\""));
    }

    fn login(&mut self, command: &Command) -> Option<u8> {
        let account = command.word(0);
        self.output.line("");
        if account == "anonymous" {
            self.output.line("Connecting anonymously to Steam Public...OK");
        } else {
            self.output.line(format!("Logging in user '{account}' to Steam Public..."));
            if command.word(1) == "wrong" {
                self.output.line("FAILED (Invalid Password)");
                return Some(5);
            }
            self.output.line("Logging in user OK");
        }
        self.output.line("Waiting for client config...OK");
        self.output.line("Waiting for user info...OK");
        self.logged_in = true;
        None
    }

    fn update(&mut self, app: &str) -> Option<u8> {
        let Some(directory) = self.directory.clone().filter(|_| app == APP && self.logged_in) else {
            self.output.line(format!("ERROR! Failed to install app '{app}' (No subscription)"));
            self.failed = true;
            return None;
        };
        let settings = Settings::read(&directory);
        match install::update(&self.output, &directory, self.platform, &settings) {
            Ok(install::End::Installed) => self.output.line(format!("Success! App '{APP}' fully installed.")),
            Ok(install::End::Exit(code)) => return Some(code),
            Ok(install::End::Failed(reason)) => {
                self.output.line(reason);
                self.failed = true;
            }
            Err(error) => {
                self.output.line(format!("Error! App '{APP}' state is 0x202 after update job. ({error})"));
                self.failed = true;
            }
        }
        None
    }
}
