//! Instances of the host that no server of the panel is for: a restored backup does not know them, or somebody made them
//! with `l4d2ctl`. Their games go on and an install is refused meanwhile, but nothing here shows them. What is to become of
//! them only a person can say, so they are told and never touched.

use std::collections::HashSet;

use futures::StreamExt;
use l4d2_contract::{ActualState, DoctorCheck, DoctorStatus};
use l4d2_host::InstanceName;

use crate::app::AppState;
use crate::db::server_state;
use crate::error::{ApiError, ApiResult, chain};
use crate::status::{self, PARALLEL_LOOKS};

const CHECK: &str = "instances";

/// An instance that the panel has no server for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranger {
    name: InstanceName,
    state: ActualState,
}

/// Writes them to the panel's log. That they can't be found keeps nothing else from its work.
pub async fn tell(state: &AppState) {
    match find(state).await {
        Ok(strangers) => strangers.iter().for_each(|stranger| {
            tracing::warn!(
                instance = %stranger.name,
                state = stranger.state.as_str(),
                remedy = remedy(stranger.name.as_str()),
                "an instance on this host belongs to no server of the panel, as after a restore"
            );
        }),
        Err(error) => tracing::error!(error = %chain(&error), "can't tell whether the panel knows all instances"),
    }
}

/// The same as one of the doctor's checks.
pub async fn check(state: &AppState) -> DoctorCheck {
    judge(&find(state).await)
}

async fn find(state: &AppState) -> ApiResult<Vec<Stranger>> {
    let names = state.host.instances().map_err(ApiError::internal)?;
    // Asked second, since a server is there before its instance.
    let servers = server_state::all(state.db.read()).await?;
    let known: HashSet<&str> = servers.iter().map(|server| server.name.as_str()).collect();
    // Asked once more, since a server goes behind its instance.
    let is_there = |name: &InstanceName| state.host.layout().instance(name).dir().exists();
    let strange = names.into_iter().filter(|name| !known.contains(name.as_str()) && is_there(name));
    let looks = futures::stream::iter(strange).map(|name| async move {
        let found = status::look(state, name.as_str()).await;
        Stranger { name, state: found.state }
    });
    Ok(looks.buffered(PARALLEL_LOOKS).collect().await)
}

fn judge(found: &ApiResult<Vec<Stranger>>) -> DoctorCheck {
    let (status, message, remedy) = match found.as_deref() {
        Ok([]) => {
            (DoctorStatus::Ok, "all instances on this host belong to servers of the panel".to_owned(), String::new())
        }
        Ok(strangers) => {
            let named: Vec<String> =
                strangers.iter().map(|stranger| format!("{} ({})", stranger.name, stranger.state.as_str())).collect();
            let remedy = match strangers {
                [only] => remedy(only.name.as_str()),
                _ => remedy("NAME"),
            };
            let message = format!("these belong to no server of the panel, as after a restore: {}", named.join(", "));
            (DoctorStatus::Warning, message, remedy)
        }
        Err(error) => {
            tracing::error!(error = %chain(error), "can't tell whether the panel knows all instances");
            let message = "it can't be told whether all instances belong to servers of the panel".to_owned();
            (DoctorStatus::Warning, message, "see the panel's log".to_owned())
        }
    };
    // No command to be copied: one of the two deletes, and somebody may want the game.
    DoctorCheck { id: CHECK.to_owned(), status, message, remedy, remedy_is_command: false }
}

fn remedy(name: &str) -> String {
    format!("`l4d2ctl stop {name}` ends its game, `l4d2ctl delete {name}` takes its files as well")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stranger(name: &str, state: ActualState) -> Stranger {
        Stranger { name: InstanceName::parse(name).expect("a name"), state }
    }

    #[test]
    fn strangers_are_named_with_what_ends_them() {
        let none = judge(&Ok(Vec::new()));
        assert_eq!((none.status, none.remedy.as_str()), (DoctorStatus::Ok, ""));
        let one = judge(&Ok(vec![stranger("bravo", ActualState::Running)]));
        assert_eq!((one.status, one.remedy_is_command), (DoctorStatus::Warning, false));
        assert!(one.message.ends_with("bravo (running)") && one.remedy.contains("l4d2ctl delete bravo"), "{one:?}");
        let two = judge(&Ok(vec![stranger("bravo", ActualState::Running), stranger("delta", ActualState::Stopped)]));
        assert!(two.message.ends_with("bravo (running), delta (stopped)"), "{two:?}");
        assert!(two.remedy.contains("l4d2ctl delete NAME"), "{two:?}");
        assert_eq!(judge(&Err(ApiError::internal(anyhow::anyhow!("gone")))).status, DoctorStatus::Warning);
    }
}
