//! Reads what SteamCMD prints. Pure.
//!
//! Its exit status is not to be trusted, so what it says decides: a run succeeded when the last thing it said about
//! the app is `Success!`.

use super::plan::APP;

/// The state in which SteamCMD's percentage is that of the download.
const DOWNLOADING: u32 = 0x61;

/// What went wrong, told apart by what a person can do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    InvalidPlatform,
    MissingConfiguration,
    DiskFull,
    Incomplete(u32),
    NoSubscription,
    InvalidPassword,
    SteamGuard,
    RateLimited,
    NoConnection,
    LoaderMissing,
    /// SteamCMD's own words.
    Other(String),
}

/// What one line says.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Statement {
    /// An update is in this state and, from 0 to 1, so far through it.
    Progress {
        state: u32,
        fraction: f64,
    },
    Success,
    Failure(Failure),
}

/// Reads one line; most say nothing of interest.
pub(super) fn read_line(line: &str) -> Option<Statement> {
    read_progress(line).or_else(|| read_end(line)).or_else(|| read_trouble(line).map(Statement::Failure))
}

/// `Update state (0x61) downloading, progress: 42.17 (3921234567 / 9298234567)`
fn read_progress(line: &str) -> Option<Statement> {
    let (_, rest) = line.rsplit_once("Update state (0x")?;
    let (state, rest) = rest.split_once(')')?;
    let state = u32::from_str_radix(state, 16).ok()?;
    let (_, rest) = rest.split_once("progress: ")?;
    let percent: f64 = rest.split(' ').next()?.parse().ok()?;
    percent.is_finite().then(|| Statement::Progress { state, fraction: (percent / 100.0).clamp(0.0, 1.0) })
}

/// `Success! App '222860' …`, `ERROR! Failed to install app '222860' (…)`, `Error! App '222860' state is 0x202 …`
fn read_end(line: &str) -> Option<Statement> {
    let (before, rest) = line.split_once(&format!("pp '{APP}'"))?;
    if before.contains("Success!") {
        return Some(Statement::Success);
    }
    if !before.to_ascii_uppercase().contains("ERROR!") {
        return None;
    }
    let failure = if let Some((_, state)) = rest.split_once("state is 0x") {
        let digits = state.split(|c: char| !c.is_ascii_hexdigit()).next()?;
        failed_state(u32::from_str_radix(digits, 16).ok()?)
    } else {
        failed_reason(rest.trim().trim_matches(['(', ')', '.']))
    };
    Some(Statement::Failure(failure))
}

fn failed_state(state: u32) -> Failure {
    match state {
        0x202 | 0x212 => Failure::DiskFull,
        0x402 | 0x602 => Failure::Incomplete(state),
        _ => Failure::Other(format!("the update ended in state 0x{state:x}")),
    }
}

fn failed_reason(reason: &str) -> Failure {
    match reason {
        "Invalid platform" => Failure::InvalidPlatform,
        "Missing configuration" => Failure::MissingConfiguration,
        "No subscription" => Failure::NoSubscription,
        "Disk write failure" | "Not enough disk space" => Failure::DiskFull,
        other => Failure::Other(other.to_owned()),
    }
}

/// Trouble before there is an update.
fn read_trouble(line: &str) -> Option<Failure> {
    let has = |words: &str| line.contains(words);
    let login_failed = has("FAILED") || has("ERROR") || has("Login Failure");
    if has("linux32/steamcmd: No such file or directory") || has("linux32/steamcmd: cannot execute") {
        Some(Failure::LoaderMissing)
    } else if has("Steam Guard") || has("Two-factor code") {
        Some(Failure::SteamGuard)
    } else if login_failed && has("Invalid Password") {
        Some(Failure::InvalidPassword)
    } else if login_failed && has("Rate Limit") {
        Some(Failure::RateLimited)
    } else if (login_failed && (has("No Connection") || has("Timeout"))) || has("needs to be online to update") {
        Some(Failure::NoConnection)
    } else {
        None
    }
}

impl Failure {
    /// Whether trying again is reported to help. Exactly these two are.
    pub(super) fn is_transient(&self) -> bool {
        matches!(self, Self::InvalidPlatform | Self::MissingConfiguration)
    }

    /// A sentence for a person: what happened, and what to do.
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::InvalidPlatform => "Steam refused the Linux server (invalid platform): try the other recipe, or an \
                account that owns the game"
                .to_owned(),
            Self::MissingConfiguration => {
                "Steam sent no configuration for the game (missing configuration): try again \
                later, or try the other recipe"
                    .to_owned()
            }
            Self::DiskFull => "the disk is full".to_owned(),
            Self::Incomplete(state) => {
                format!("the download stayed incomplete (state 0x{state:x}): check the network and install again")
            }
            Self::NoSubscription => {
                "Steam gives the game to no anonymous account (no subscription): set an account that owns it".to_owned()
            }
            Self::InvalidPassword => "Steam refused the account's name or password".to_owned(),
            Self::SteamGuard => "Steam asks for a Steam Guard code, which can't be answered here: use an account \
                without it, or sign in once by hand with SteamCMD's kept home"
                .to_owned(),
            Self::RateLimited => "Steam refuses further logins for now (rate limit): try again in an hour".to_owned(),
            Self::NoConnection => "Steam can't be reached: check the network".to_owned(),
            Self::LoaderMissing => "SteamCMD is a 32-bit program and the 32-bit loader is missing: install libc6-i386 \
                lib32gcc-s1 lib32stdc++6"
                .to_owned(),
            Self::Other(words) => format!("SteamCMD failed: {words}"),
        }
    }
}

/// What a run has said so far.
#[derive(Debug, Default)]
pub(super) struct Transcript {
    successes: usize,
    last: Option<Result<(), Failure>>,
}

impl Transcript {
    /// Takes the next line. Answers how far the update that goes on is, where the line tells.
    pub(super) fn observe(&mut self, line: &str) -> Option<f64> {
        match read_line(line)? {
            Statement::Progress { state: DOWNLOADING, fraction } => Some(fraction),
            // Other states count from nought once more; the bar would go back and forth.
            Statement::Progress { .. } => None,
            Statement::Success => {
                self.successes += 1;
                self.last = Some(Ok(()));
                Some(0.0)
            }
            Statement::Failure(failure) => {
                self.last = Some(Err(failure));
                None
            }
        }
    }

    /// How many updates have succeeded.
    pub(super) fn successes(&self) -> usize {
        self.successes
    }

    /// What the run came to, after its end; none when it said nothing about it.
    pub(super) fn end(self) -> Option<Result<(), Failure>> {
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn failure(line: &str) -> Failure {
        match read_line(line) {
            Some(Statement::Failure(failure)) => failure,
            other => panic!("{line:?} was read as {other:?}"),
        }
    }

    #[test]
    fn progress_lines_are_read() {
        let line = " Update state (0x61) downloading, progress: 42.17 (3921234567 / 9298234567)";
        assert_eq!(read_line(line), Some(Statement::Progress { state: 0x61, fraction: 0.4217 }));
        let colored = "\x1b[0m Update state (0x5) verifying install, progress: 100.00 (1 / 1)";
        assert_eq!(read_line(colored), Some(Statement::Progress { state: 5, fraction: 1.0 }));
        assert_eq!(read_line("Update state (0x61) downloading, progress: inf (1 / 0)"), None);
    }

    #[test]
    fn known_errors_are_told_apart() {
        assert_eq!(failure("ERROR! Failed to install app '222860' (Invalid platform)"), Failure::InvalidPlatform);
        let line = "ERROR! Failed to install app '222860' (Missing configuration)";
        assert_eq!(failure(line), Failure::MissingConfiguration);
        assert_eq!(failure("ERROR! Failed to install app '222860' (No subscription)"), Failure::NoSubscription);
        assert_eq!(failure("Error! App '222860' state is 0x202 after update job."), Failure::DiskFull);
        assert_eq!(failure("Error! App '222860' state is 0x212 after update job."), Failure::DiskFull);
        assert_eq!(failure("Error! App '222860' state is 0x602 after update job."), Failure::Incomplete(0x602));
        assert_eq!(failure("Error! App '222860' state is 0x402 after update job."), Failure::Incomplete(0x402));
        assert_eq!(failure("FAILED (Invalid Password)"), Failure::InvalidPassword);
        assert_eq!(failure("Steam Guard code:"), Failure::SteamGuard);
        let line = "steamcmd.sh: line 39: /x/linux32/steamcmd: No such file or directory";
        assert_eq!(failure(line), Failure::LoaderMissing);
    }

    #[test]
    fn exactly_two_errors_are_worth_another_try() {
        let all = [
            Failure::InvalidPlatform,
            Failure::MissingConfiguration,
            Failure::DiskFull,
            Failure::Incomplete(0x602),
            Failure::NoSubscription,
            Failure::InvalidPassword,
            Failure::SteamGuard,
            Failure::RateLimited,
            Failure::NoConnection,
            Failure::LoaderMissing,
            Failure::Other("x".to_owned()),
        ];
        let transient: Vec<_> = all.iter().filter(|failure| failure.is_transient()).collect();
        assert_eq!(transient, [&all[0], &all[1]]);
        insta::assert_yaml_snapshot!(all.iter().map(Failure::sentence).collect::<Vec<_>>());
    }

    #[test]
    fn the_last_word_about_the_app_counts() {
        let end = |lines: &[&str]| {
            let mut transcript = Transcript::default();
            for line in lines {
                transcript.observe(line);
            }
            transcript.end()
        };
        let (success, error) =
            ("Success! App '222860' fully installed.", "ERROR! Failed to install app '222860' (Invalid platform)");
        assert_eq!(end(&[error, success]), Some(Ok(())));
        assert_eq!(end(&[success, error]), Some(Err(Failure::InvalidPlatform)));
        assert_eq!(end(&["Success! App '4000' fully installed."]), None);
        assert_eq!(end(&["Loading Steam API...OK", ""]), None);
    }

    proptest! {
        #[test]
        fn any_line_can_be_read(line in any::<String>()) {
            read_line(&line);
        }

        #[test]
        fn near_misses_can_be_read(line in "(Update state \\(0x|Error! App '222860' state is 0x|ERROR! Failed to install app '222860' \\()[0-9a-g.):, ]{0,30}(progress: )?[-0-9a-zE.]{0,9}") {
            if let Some(Statement::Progress { fraction, .. }) = read_line(&line) {
                prop_assert!((0.0..=1.0).contains(&fraction));
            }
        }

        #[test]
        fn every_percentage_comes_through(state in any::<u32>(), hundredths in 0..=10_000_u32, noise in "[ -~]{0,20}") {
            let line = format!("{noise}Update state (0x{state:x}) words, progress: {}.{:02} (1 / 2)", hundredths / 100, hundredths % 100);
            let Some(Statement::Progress { state: read, fraction }) = read_line(&line) else { panic!("not read: {line}") };
            prop_assert_eq!(read, state);
            prop_assert!((fraction * 10_000.0 - f64::from(hundredths)).abs() < 1e-6);
        }
    }
}
