//! After a boot of the machine: servers that should run are started.
//!
//! Whether there was one is told by the kernel's id of this boot and the start of process 1, compared with what the panel
//! wrote down last. In a container process 1 is the container's own, so its restart counts as a boot as well. A panel that is
//! merely restarted starts nothing: what it finds stopped then was stopped by somebody, or has failed.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use l4d2_contract::{ActualState, DesiredState, JobId, Operation, ServerId, UserId};

use crate::app::AppState;
use crate::db::entity::servers;
use crate::db::jobs::{self as queries, NewJob};
use crate::db::server_state;
use crate::domain::publish;
use crate::error::ApiResult;

const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
/// What the kernel says about process 1.
const INIT: &str = "/proc/1/stat";
/// Where both are written down, in the data directory. The package's removal deletes it.
const MARK: &str = "boot";
/// The first line of a start that nobody asked for.
const REASON: &str = "the machine was booted, and this server should run";

/// Files a start for every server that should run and does not, once after each boot. Their states must be fresh.
pub(super) async fn start_what_should_run(state: &AppState) -> ApiResult<()> {
    let mark = state.config.data_dir.join(MARK);
    let boot = match Boot::look(Path::new(BOOT_ID), Path::new(INIT), mark) {
        Ok(boot) => boot,
        Err(error) => {
            tracing::warn!(%error, "can't tell whether the machine was booted: no server is started");
            return Ok(());
        }
    };
    let servers = if boot.is_new() { server_state::all(state.db.read()).await? } else { Vec::new() };
    for server in servers {
        if server.desired_state == DesiredState::Running.as_str()
            && server.actual_state != ActualState::Running.as_str()
        {
            start(state, &server).await?;
        }
    }
    // Last, so that a panel that is killed here does all of it once more; a job that waits already is not filed twice.
    if let Err(error) = boot.remember() {
        tracing::warn!(%error, "can't write down that this boot was seen");
    }
    Ok(())
}

async fn start(state: &AppState, server: &servers::Model) -> ApiResult<()> {
    let id = ServerId(server.id);
    let tx = state.db.begin().await?;
    if !queries::active_of_server(&tx, id).await?.is_empty() {
        return Ok(());
    }
    let owner = UserId(server.user_id);
    let new = NewJob { user: owner, owner, server: Some((id, server.name.clone())), operation: Operation::Start };
    let job = queries::insert(&tx, new).await?;
    let line = state.job_logs.append_within(&tx, JobId(job.id), REASON).await?;
    tx.commit().await?;
    line.tell();
    tracing::info!(server = server.name, job = job.id, "started again after a boot");
    publish::server(state, id).await
}

/// What runs, as it is told apart from what ran before: `BOOT-ID` or `BOOT-ID START`, where START is when process 1 began,
/// in clock ticks. Without the latter a container that is restarted on a machine that is not would look the same.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Run {
    boot: String,
    /// None where process 1 is hidden, and in what earlier versions wrote down.
    init: Option<u64>,
}

impl Run {
    fn now(boot: &Path, init: &Path) -> io::Result<Self> {
        let boot = fs::read_to_string(boot)?.trim().to_owned();
        Ok(Self { boot, init: fs::read_to_string(init).ok().and_then(|stat| start_time(&stat)) })
    }

    fn parse(mark: &str) -> Option<Self> {
        let mut words = mark.split_whitespace();
        Some(Self { boot: words.next()?.to_owned(), init: words.next().and_then(|word| word.parse().ok()) })
    }

    fn is_after(&self, last: Option<&Self>) -> bool {
        last.is_none_or(|last| {
            self.boot != last.boot || matches!((self.init, last.init), (Some(now), Some(before)) if now != before)
        })
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.boot)?;
        self.init.map_or(Ok(()), |init| write!(f, " {init}"))
    }
}

/// The 22nd field. The second is the program's name, which may hold blanks and brackets.
fn start_time(stat: &str) -> Option<u64> {
    stat.rsplit_once(") ")?.1.split(' ').nth(19)?.parse().ok()
}

/// Where it is written down what ran last, and what runs now.
#[derive(Debug)]
struct Boot {
    now: Run,
    last: Option<Run>,
    mark: PathBuf,
}

impl Boot {
    fn look(boot: &Path, init: &Path, mark: PathBuf) -> io::Result<Self> {
        let now = Run::now(boot, init)?;
        let last = match fs::read_to_string(&mark) {
            Ok(last) => Run::parse(&last),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        Ok(Self { now, last, mark })
    }

    fn is_new(&self) -> bool {
        self.now.is_after(self.last.as_ref())
    }

    fn remember(&self) -> io::Result<()> {
        if self.last.as_ref() == Some(&self.now) {
            return Ok(());
        }
        fs::write(&self.mark, self.now.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine with a kernel that was booted, a process 1, and a data directory.
    struct Machine(tempfile::TempDir);

    impl Machine {
        fn write(&self, name: &str, text: &str) {
            fs::write(self.0.path().join(name), text).expect("written");
        }

        fn init_began_at(&self, ticks: u64) {
            self.write("stat", &format!("1 (a) S 1 (b) S 0 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 {ticks} 1 1 1"));
        }

        fn look(&self) -> io::Result<Boot> {
            let path = |name| self.0.path().join(name);
            Boot::look(&path("id"), &path("stat"), path("boot"))
        }

        fn is_new(&self) -> bool {
            let boot = self.look().expect("readable");
            boot.remember().expect("written");
            boot.is_new()
        }
    }

    #[test]
    fn each_boot_is_new_once() {
        let machine = Machine(tempfile::tempdir().expect("a directory"));
        machine.look().expect_err("there is no id");
        machine.write("id", "first\n");
        machine.init_began_at(12);
        assert!(machine.look().expect("readable").is_new(), "the first one is new");
        assert!(machine.is_new(), "until it is remembered");
        assert!(!machine.is_new());
        machine.write("id", "second\n");
        assert!(machine.is_new());
        assert!(!machine.is_new());
    }

    #[test]
    fn a_container_that_is_restarted_is_new_on_the_same_kernel() {
        let machine = Machine(tempfile::tempdir().expect("a directory"));
        machine.write("id", "first\n");
        machine.init_began_at(4711);
        assert!(machine.is_new());
        assert!(!machine.is_new());
        machine.init_began_at(4712);
        assert!(machine.is_new());
        assert!(!machine.is_new());
    }

    #[test]
    fn what_is_not_known_of_process_1_makes_nothing_new() {
        let machine = Machine(tempfile::tempdir().expect("a directory"));
        machine.write("id", "first\n");
        // As earlier versions wrote it down.
        machine.write("boot", "first\n");
        machine.init_began_at(4711);
        assert!(!machine.is_new());
        machine.init_began_at(4712);
        assert!(machine.is_new(), "from then on it is known");
        fs::remove_file(machine.0.path().join("stat")).expect("removed");
        assert!(!machine.is_new(), "process 1 is hidden");
    }
}
