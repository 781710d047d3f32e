//! Jobs of systemd, told by what their unit has come to where systemd's own word is lost: one that executes itself anew answers
//! no call that it was at, and may never say that a job is over.

use std::sync::Arc;

use super::bus::Bus;
use super::call::CallError;
use super::unit::Unit;
use super::{AWAY_PAUSE, LOOK_AGAIN, SystemdSupervisor};
use crate::error::HostError;
use crate::name::InstanceName;

/// systemd's word for a job that went well.
pub(super) const DONE: &str = "done";
/// Its word for a start that did not.
pub(super) const FAILED: &str = "failed";

impl SystemdSupervisor {
    /// Has the unit started and waits for the end of that; gives systemd's word for it.
    pub(super) async fn begin(&self, name: &InstanceName) -> Result<String, HostError> {
        let unit = &self.unit_name(name);
        self.job(name, |bus| async move { bus.start(unit).await }, begun).await
    }

    /// Has the unit stopped and waits for the end of that.
    pub(super) async fn end(&self, name: &InstanceName) -> Result<String, HostError> {
        let unit = &self.unit_name(name);
        self.job(name, |bus| async move { bus.stop(unit).await }, ended).await
    }

    async fn job<F>(
        &self,
        name: &InstanceName,
        ask: impl Fn(Arc<Bus>) -> F,
        come_to: fn(&Unit) -> Option<&'static str>,
    ) -> Result<String, HostError>
    where
        F: Future<Output = Result<String, CallError>>,
    {
        loop {
            let mut job = Box::pin(ask(self.bus().await?));
            let answer = loop {
                if let Ok(answer) = tokio::time::timeout(LOOK_AGAIN, job.as_mut()).await {
                    break answer;
                }
                if let Some(word) = come_to(&self.look(name).await?) {
                    return Ok(word.to_owned());
                }
            };
            match answer {
                // Where it is not over systemd may not have heard of it. A job that is at work is joined by the next one.
                Err(error) if error.is_lost() => {
                    if let Some(word) = come_to(&self.look(name).await?) {
                        return Ok(word.to_owned());
                    }
                    tokio::time::sleep(AWAY_PAUSE).await;
                }
                answer => return Ok(answer?),
            }
        }
    }
}

/// What has become of a start.
fn begun(unit: &Unit) -> Option<&'static str> {
    let tried = unit.has_failed() || (unit.is_active() && !unit.is_starting() && !unit.is_ending());
    if unit.is_up() { Some(DONE) } else { tried.then_some(FAILED) }
}

/// What has become of a stop.
fn ended(unit: &Unit) -> Option<&'static str> {
    (!unit.is_active()).then_some(DONE)
}

#[cfg(test)]
mod tests {
    use zbus::zvariant::Str;

    use super::*;

    #[test]
    fn a_unit_tells_what_has_become_of_a_job() {
        let unit = |active: &'static str, sub: &'static str| {
            let properties = [("ActiveState", active), ("SubState", sub)];
            Unit::from_properties(properties.map(|(name, value)| (name.to_owned(), Str::from(value).into())).into())
        };
        for (active, sub, start, stop) in [
            ("active", "running", Some(DONE), None),
            ("activating", "start", None, None),
            ("activating", "auto-restart", Some(FAILED), None),
            ("deactivating", "stop-sigterm", None, None),
            ("failed", "failed", Some(FAILED), Some(DONE)),
            ("inactive", "dead", None, Some(DONE)),
        ] {
            let unit = unit(active, sub);
            assert_eq!((begun(&unit), ended(&unit)), (start, stop), "{active} {sub}");
        }
    }
}
