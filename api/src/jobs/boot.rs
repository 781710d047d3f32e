//! After a boot of the machine: servers that should run are started.
//!
//! Whether there was one is told by the kernel's id of this boot and the one that the panel wrote down last. A panel that is
//! merely restarted starts nothing: what it finds stopped then was stopped by somebody, or has failed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use l4d2_contract::{ActualState, DesiredState, Operation, ServerId, UserId};

use crate::app::AppState;
use crate::db::entity::servers;
use crate::db::jobs::{self as queries, NewJob};
use crate::db::server_state;
use crate::domain::publish;
use crate::error::ApiResult;

const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
/// Where the id is written down, in the data directory. The package's removal deletes it.
const MARK: &str = "boot";

/// Files a start for every server that should run and does not, once after each boot. Their states must be fresh.
pub(super) async fn start_what_should_run(state: &AppState) -> ApiResult<()> {
    let mark = state.config.data_dir.join(MARK);
    let boot = match Boot::look(Path::new(BOOT_ID), mark) {
        Ok(Some(boot)) => boot,
        Ok(None) => return Ok(()),
        Err(error) => {
            tracing::warn!(%error, "can't tell whether the machine was booted: no server is started");
            return Ok(());
        }
    };
    for server in server_state::all(state.db.read()).await? {
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
    tx.commit().await?;
    tracing::info!(server = server.name, job = job.id, "started again after a boot");
    publish::server(state, id).await
}

/// A boot that was not seen before.
#[derive(Debug)]
struct Boot {
    id: String,
    mark: PathBuf,
}

impl Boot {
    /// None when this boot was seen before.
    fn look(id: &Path, mark: PathBuf) -> io::Result<Option<Self>> {
        let id = fs::read_to_string(id)?;
        let last = match fs::read_to_string(&mark) {
            Ok(last) => last,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        Ok((last.trim() != id.trim()).then_some(Self { id, mark }))
    }

    fn remember(&self) -> io::Result<()> {
        fs::write(&self.mark, &self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_boot_is_new_once() {
        let directory = tempfile::tempdir().expect("a directory");
        let (id, mark) = (directory.path().join("id"), directory.path().join("boot"));
        let look = || Boot::look(&id, mark.clone()).expect("readable");
        look_fails_without(&id, &mark);
        fs::write(&id, "first\n").expect("written");
        let boot = look().expect("the first one is new");
        assert!(look().is_some(), "until it is remembered");
        boot.remember().expect("written");
        assert!(look().is_none());
        fs::write(&id, "second\n").expect("written");
        assert!(look().is_some());
    }

    fn look_fails_without(id: &Path, mark: &Path) {
        assert!(Boot::look(id, mark.to_owned()).is_err());
    }
}
