//! Manual pages and shell completions of a command line, made from the command line itself so that they can't differ.

use std::fs;
use std::io;
use std::path::Path;

use clap::Command;
use clap_complete::Shell;

/// Where the pages are put.
pub const PAGES: &str = "man";
/// Where the completions are put, a directory for each shell.
pub const COMPLETIONS: &str = "completions";
const SHELLS: [Shell; 3] = [Shell::Bash, Shell::Fish, Shell::Zsh];

/// Writes a page for the program and one for each of its commands, and completions under the names that each shell looks
/// for.
pub fn write(command: &Command, directory: &Path) -> io::Result<()> {
    let pages = directory.join(PAGES);
    fs::create_dir_all(&pages)?;
    clap_mangen::generate_to(command.clone(), &pages)?;
    let name = command.get_name().to_owned();
    for shell in SHELLS {
        let completions = directory.join(COMPLETIONS).join(shell.to_string());
        fs::create_dir_all(&completions)?;
        clap_complete::generate_to(shell, &mut command.clone(), name.as_str(), &completions)?;
    }
    // A shell's own loader finds them by the plain name.
    let bash = directory.join(COMPLETIONS).join(Shell::Bash.to_string());
    fs::rename(bash.join(format!("{name}.bash")), bash.join(&name))
}

#[cfg(test)]
mod tests {
    use clap::Arg;

    use super::*;

    #[test]
    fn every_command_has_a_page_and_every_shell_its_completions() {
        let directory = tempfile::tempdir().unwrap();
        let command = Command::new("tool")
            .subcommand(Command::new("serve").arg(Arg::new("bind").long("bind")))
            .subcommand(Command::new("secret").hide(true));
        write(&command, directory.path()).unwrap();
        let mut found: Vec<String> = Vec::new();
        for below in ["man", "completions/bash", "completions/fish", "completions/zsh"] {
            let entries = fs::read_dir(directory.path().join(below)).unwrap();
            found.extend(entries.map(|entry| format!("{below}/{}", entry.unwrap().file_name().to_string_lossy())));
        }
        found.sort();
        let expected = [
            "completions/bash/tool",
            "completions/fish/tool.fish",
            "completions/zsh/_tool",
            "man/tool-serve.1",
            "man/tool.1",
        ];
        assert_eq!(found, expected);
        let page = fs::read_to_string(directory.path().join("man/tool-serve.1")).unwrap();
        assert!(page.contains("bind"), "{page}");
    }
}
