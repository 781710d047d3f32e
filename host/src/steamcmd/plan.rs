//! Which runs of SteamCMD install the game. Pure.
//!
//! Since late 2024 a plain anonymous install of the Linux server fails with `Invalid platform`. Two recipes are
//! reported to work; both ask for the Windows files before the Linux ones. Once installed, the Linux run alone does.

use std::path::Path;
use std::str::FromStr;

/// Steam's id of the game's dedicated server.
pub(super) const APP: &str = "222860";

/// How the anonymous Linux install is talked into working.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Recipe {
    /// A run for Windows, then one for Linux.
    #[default]
    TwoRuns,
    /// Both platforms in one run, with an app info update before.
    OneRun,
}

impl FromStr for Recipe {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "two-runs" => Ok(Self::TwoRuns),
            "one-run" => Ok(Self::OneRun),
            other => Err(format!("{other:?} is no recipe: use two-runs or one-run")),
        }
    }
}

/// One run of the program: its commands in order, each a vector of words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    commands: Vec<Vec<String>>,
}

/// A password or path that a script can't hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the account's name, its password and the installation's path may hold no double quote and no line break")]
pub(super) struct Unquotable;

/// The runs that bring the installation in `directory` up to date.
pub(super) fn runs(recipe: Recipe, installed: bool, account: Option<&str>, directory: &Path) -> Vec<Run> {
    let run = |platform, update: &[&[&str]]| Run::new(platform, account, directory, update);
    let validate: &[&str] = &["app_update", APP, "validate"];
    if installed {
        return vec![run("linux", &[validate])];
    }
    match recipe {
        Recipe::TwoRuns => vec![run("windows", &[validate]), run("linux", &[validate])],
        Recipe::OneRun => {
            let linux: &[&str] = &["@sSteamCmdForcePlatformType", "linux"];
            vec![run("windows", &[&["app_info_update", "1"], &["app_update", APP], linux, validate])]
        }
    }
}

impl Run {
    fn new(platform: &str, account: Option<&str>, directory: &Path, update: &[&[&str]]) -> Self {
        let directory = directory.to_string_lossy();
        let before: [&[&str]; 3] = [
            &["@sSteamCmdForcePlatformType", platform],
            // SteamCMD wants to know it before the login.
            &["force_install_dir", &directory],
            &["login", account.unwrap_or("anonymous")],
        ];
        let commands = before.iter().chain(update).chain([&["quit"] as &[&str]].iter());
        Self { commands: commands.map(|words| words.iter().map(|word| (*word).to_owned()).collect()).collect() }
    }

    /// How many updates the run makes, and so how many `Success!` lines it ends with at best.
    pub(super) fn updates(&self) -> usize {
        self.commands.iter().filter(|words| words[0] == "app_update").count()
    }

    /// The run as arguments. It must hold no secret: every process of the machine can read them.
    pub(super) fn arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        for words in &self.commands {
            arguments.push(format!("+{}", words[0]));
            arguments.extend_from_slice(&words[1..]);
        }
        arguments
    }

    /// The run as a script for `+runscript`, with the account's password in its login.
    pub(super) fn script(&self, password: &str) -> Result<String, Unquotable> {
        let mut script = String::from("@NoPromptForPassword 1\n");
        for words in &self.commands {
            script.push_str(&words[0]);
            let password = (words[0] == "login").then_some(password);
            for word in words[1..].iter().map(String::as_str).chain(password) {
                if word.contains(['"', '\n', '\r', '\0']) {
                    return Err(Unquotable);
                }
                script.extend([" \"", word, "\""]);
            }
            script.push('\n');
        }
        Ok(script)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(recipe: Recipe, installed: bool) -> Vec<String> {
        let runs = runs(recipe, installed, None, Path::new("/srv/l4d2/installation"));
        runs.iter().map(|run| run.arguments().join(" ")).collect()
    }

    #[test]
    fn the_recipes_are_those_reported_to_work() {
        insta::assert_yaml_snapshot!(arguments(Recipe::TwoRuns, false));
        insta::assert_yaml_snapshot!(arguments(Recipe::OneRun, false));
    }

    #[test]
    fn an_update_is_the_linux_run_alone() {
        assert_eq!(arguments(Recipe::TwoRuns, true), arguments(Recipe::OneRun, true));
        insta::assert_yaml_snapshot!(arguments(Recipe::TwoRuns, true));
    }

    #[test]
    fn the_password_is_in_the_script_and_nowhere_else() {
        let runs = runs(Recipe::TwoRuns, true, Some("robot"), Path::new("/srv/my games"));
        insta::assert_snapshot!(runs[0].script("pass word;quit").unwrap());
        assert!(!runs[0].arguments().join(" ").contains("pass word"));
        assert_eq!(runs[0].script("quote\"quit"), Err(Unquotable));
        assert_eq!(runs[0].script("line\nquit"), Err(Unquotable));
    }

    #[test]
    fn updates_are_counted() {
        let count = |recipe| runs(recipe, false, None, Path::new("/x")).iter().map(Run::updates).sum::<usize>();
        assert_eq!((count(Recipe::TwoRuns), count(Recipe::OneRun)), (2, 2));
    }
}
