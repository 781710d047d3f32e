//! The supervisor for machines that systemd runs: each instance is a unit made of one template, over D-Bus.
//!
//! systemd keeps everything that matters: it runs the launcher, starts a crashed game again within the unit's limit, ends
//! what is left, and has the game's lines in its journal. This side asks, and remembers nothing but its connection.

mod availability;
mod bus;
mod call;
mod followed;
mod job;
mod journal;
mod properties;
mod start;
mod stop;
mod unit;
mod view;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use tokio::sync::broadcast;
use tokio::time::Instant;

pub use self::availability::Obstacle;
pub(crate) use self::availability::PACKAGE;
use self::bus::Bus;
use self::call::CallError;
use self::followed::Followed;
use self::journal::{Feeds, Journal, Own};
use self::unit::Unit;
pub use self::view::{VIEW, View};
use super::attempt::Attempt;
use super::{InstanceChanged, InstanceStatus, LogEvent, LogLine, LogStart, Supervisor, console, known_instance};
use crate::error::HostError;
use crate::host::HostConfig;
use crate::layout::Layout;
use crate::limits::GameLimits;
use crate::name::InstanceName;

/// The units' template: an instance's name and `.service` follow.
pub const TEMPLATE: &str = "l4d2-server@";
/// How long systemd may be away while it executes itself anew, which takes it less than a second.
const AWAY_LIMIT: Duration = Duration::from_secs(5);
/// How long it is left alone between two questions meanwhile.
const AWAY_PAUSE: Duration = Duration::from_millis(100);
/// How long systemd's word for a change is waited for before the unit is looked at, and looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Changes that a slow listener may be behind by, before it has to look at everything.
const CHANGES: usize = 1024;

/// The supervisor over D-Bus.
#[derive(Debug)]
pub struct SystemdSupervisor {
    layout: Layout,
    template: String,
    line_max_chars: usize,
    start_limit: Duration,
    game_limits: GameLimits,
    /// Made at the first call, and anew when it broke.
    bus: tokio::sync::Mutex<Option<Arc<Bus>>>,
    changes: broadcast::Sender<InstanceChanged>,
    feeds: Arc<Feeds>,
    followed: Followed,
}

impl SystemdSupervisor {
    /// A supervisor with the units of a template such as [`TEMPLATE`].
    pub fn new(config: &HostConfig, template: &str) -> Self {
        Self {
            layout: Layout::new(&config.root, &config.overlay_root),
            template: template.to_owned(),
            line_max_chars: config.line_max_chars,
            start_limit: config.start_limit,
            game_limits: config.game_limits,
            bus: tokio::sync::Mutex::new(None),
            changes: broadcast::Sender::new(CHANGES),
            feeds: Arc::default(),
            followed: Followed::default(),
        }
    }

    async fn bus(&self) -> Result<Arc<Bus>, HostError> {
        let mut held = self.bus.lock().await;
        if let Some(bus) = held.as_ref().filter(|bus| bus.is_open()) {
            return Ok(Arc::clone(bus));
        }
        let bus = Arc::new(Bus::connect(&self.template, self.changes.clone()).await?);
        *held = Some(Arc::clone(&bus));
        Ok(bus)
    }

    fn unit_name(&self, name: &InstanceName) -> String {
        format!("{}{name}.service", self.template)
    }

    async fn look(&self, name: &InstanceName) -> Result<Unit, HostError> {
        let unit = &self.unit_name(name);
        self.ask(|bus| async move { bus.look(unit).await }).await
    }

    async fn reset(&self, name: &InstanceName) -> Result<(), HostError> {
        let unit = &self.unit_name(name);
        self.ask(|bus| async move { bus.reset(unit).await }).await
    }

    /// Asks what may be asked twice: again, as long as a systemd that executes itself anew may take to be there.
    async fn ask<T, F>(&self, question: impl Fn(Arc<Bus>) -> F) -> Result<T, HostError>
    where
        F: Future<Output = Result<T, CallError>>,
    {
        let limit = Instant::now() + AWAY_LIMIT;
        loop {
            match question(self.bus().await?).await {
                Err(error) if error.is_lost() && Instant::now() < limit => tokio::time::sleep(AWAY_PAUSE).await,
                answer => return Ok(answer?),
            }
        }
    }

    /// Waits until a look finds what is wanted. A signal of systemd's may be lost with the connection that it comes by, which
    /// is made again for the next call only: so it is looked now and then in any case.
    async fn until(&self, name: &InstanceName, wanted: impl Fn(&Unit) -> bool) -> Result<Unit, HostError> {
        let mut changes = self.changes.subscribe();
        loop {
            let unit = self.look(name).await?;
            if wanted(&unit) {
                return Ok(unit);
            }
            let news = async {
                loop {
                    match changes.recv().await {
                        Ok(change) if change.name != *name => {}
                        Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => return Ok(()),
                        Err(broadcast::error::RecvError::Closed) => {
                            return Err(HostError::Supervisor("nobody tells of systemd's units any more".to_owned()));
                        }
                    }
                }
            };
            tokio::time::timeout(LOOK_AGAIN, news).await.unwrap_or(Ok(()))?;
        }
    }

    fn journal(&self, name: &InstanceName) -> Result<Journal, HostError> {
        let instance = known_instance(&self.layout, name)?;
        let own = Own::of(&instance);
        Ok(Journal { unit: self.unit_name(name), own, line_max_chars: self.line_max_chars })
    }
}

#[async_trait]
impl Supervisor for SystemdSupervisor {
    fn kind(&self) -> &'static str {
        "systemd"
    }

    async fn status(&self, name: &InstanceName) -> Result<InstanceStatus, HostError> {
        let found = self.look(name).await.map_or_else(|error| unit::unknown(&error), |unit| unit.status(name));
        Ok(Attempt::of(&self.layout.instance(name)).add_to(found))
    }

    async fn console(&self, name: &InstanceName, line: &str) -> Result<(), HostError> {
        console::type_line(known_instance(&self.layout, name)?.console_socket(), line).await
    }

    async fn logs(&self, name: &InstanceName, lines: usize) -> Result<Vec<LogLine>, HostError> {
        self.journal(name)?.last(lines).await
    }

    async fn follow(
        &self,
        name: &InstanceName,
        start: LogStart,
    ) -> Result<BoxStream<'static, Result<LogEvent, HostError>>, HostError> {
        let journal = self.journal(name)?;
        let deleted = self.followed.deletion(&self.layout, name);
        let deleted = deleted.map_err(|_| HostError::NoInstance(name.to_string()))?;
        journal.follow(&self.feeds, start, deleted).await
    }

    fn changes(&self) -> broadcast::Receiver<InstanceChanged> {
        self.changes.subscribe()
    }

    async fn forget(&self, name: &InstanceName) -> Result<(), HostError> {
        if self.look(name).await?.is_active() {
            return Err(HostError::Busy(format!("{name} runs: stop it first")));
        }
        self.reset(name).await?;
        self.followed.end(name);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
