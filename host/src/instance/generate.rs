//! From a specification to the files of the `generated` layer and the game's command line. Pure: touches no disk.
//!
//! No shell is involved anywhere: the command line is a vector from here to `execve`.

use crate::spec::{SpecError, Specification, names_a_map, split_arguments};

/// The map of a server whose arguments name none: without one the game waits idle and answers nobody.
const DEFAULT_MAP: &str = "c1m1_hotel";

/// A file of the `generated` layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneratedFile {
    /// Its path in the merged tree; relative, of plain components.
    pub path: &'static str,
    /// What it holds.
    pub contents: String,
}

/// What an instance consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The files of the `generated` layer.
    pub files: Vec<GeneratedFile>,
    /// The program, relative to the merged tree, and its arguments.
    pub command: Vec<String>,
}

/// Decides files and command line for a specification, which is validated first.
pub fn generate(specification: &Specification) -> Result<Plan, SpecError> {
    specification.validate()?;
    Ok(Plan { files: vec![server_cfg(specification)], command: command(specification)? })
}

impl Plan {
    /// The command line as a person would type it; for reading only, nothing ever runs it.
    pub fn command_preview(&self) -> String {
        // The one error, a NUL, was refused by the validation.
        shlex::try_join(self.command.iter().map(String::as_str)).unwrap_or_default()
    }
}

fn server_cfg(specification: &Specification) -> GeneratedFile {
    let mut contents = format!(
        "// Written by the panel for {}: it is replaced at every start, changes here are lost.\n",
        specification.name
    );
    for line in &specification.config {
        contents.push_str(line);
        contents.push('\n');
    }
    GeneratedFile { path: "left4dead2/cfg/server.cfg", contents }
}

fn command(specification: &Specification) -> Result<Vec<String>, SpecError> {
    let port = specification.port.to_string();
    // The overlays are only seen by the merged tree's own script, for it changes to its own directory. Its restart loop
    // is off, since the supervisor restarts.
    let fixed = ["./srcds_run", "-game", "left4dead2", "-console", "-norestart", "-ip", "0.0.0.0", "-port", &port];
    let mut command: Vec<String> = fixed.map(str::to_owned).into();
    command.extend(["+hostport".to_owned(), port]);
    let mut words = Vec::new();
    for (index, entry) in specification.arguments.iter().enumerate() {
        words.extend(split_arguments(entry).map_err(|source| SpecError::Argument { place: index + 1, source })?);
    }
    let has_map = names_a_map(&words);
    command.append(&mut words);
    if !has_map {
        command.extend(["+map".to_owned(), DEFAULT_MAP.to_owned()]);
    }
    Ok(command)
}
