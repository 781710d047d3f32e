//! The supervisor for machines that systemd runs: each instance is a unit made of one template, over D-Bus.
//!
//! systemd keeps everything that matters: it runs the launcher, starts a crashed game again within the unit's limit, ends
//! what is left, and has the game's lines in its journal. This side asks, and remembers nothing but its connection.

mod availability;
mod bus;
mod journal;
mod properties;
mod start;
mod stop;
mod unit;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

pub use self::availability::Obstacle;
use self::bus::Bus;
use self::journal::{Feeds, Journal};
use self::unit::Unit;
use super::{InstanceChanged, InstanceStatus, LogEvent, LogLine, LogStart, Supervisor, console, known_instance};
use crate::error::HostError;
use crate::host::HostConfig;
use crate::layout::Layout;
use crate::limits::GameLimits;
use crate::name::InstanceName;

/// The units' template: an instance's name and `.service` follow.
pub const TEMPLATE: &str = "l4d2-server@";
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
    /// Cancelled when the instance is forgotten, so that its followers end.
    followed: Mutex<HashMap<InstanceName, CancellationToken>>,
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
            followed: Mutex::new(HashMap::new()),
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
        self.bus().await?.look(&self.unit_name(name)).await
    }

    /// Waits until a look finds what is wanted.
    async fn until(&self, name: &InstanceName, wanted: impl Fn(&Unit) -> bool) -> Result<Unit, HostError> {
        let mut changes = self.changes.subscribe();
        loop {
            let unit = self.look(name).await?;
            if wanted(&unit) {
                return Ok(unit);
            }
            loop {
                match changes.recv().await {
                    Ok(change) if change.name != *name => {}
                    Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => break,
                    Err(broadcast::error::RecvError::Closed) => {
                        return Err(HostError::Supervisor("nobody tells of systemd's units any more".to_owned()));
                    }
                }
            }
        }
    }

    fn journal(&self, name: &InstanceName) -> Result<Journal, HostError> {
        let instance = known_instance(&self.layout, name)?;
        // A deleted instance of the same name may have left lines: this one's are younger than its directory.
        let birth = std::fs::metadata(instance.dir()).and_then(|metadata| metadata.created());
        let birth = birth.unwrap_or(std::time::UNIX_EPOCH);
        Ok(Journal { unit: self.unit_name(name), birth, line_max_chars: self.line_max_chars })
    }

    fn forgotten(&self, name: &InstanceName) -> CancellationToken {
        let mut followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        followed.entry(name.clone()).or_default().clone()
    }
}

#[async_trait]
impl Supervisor for SystemdSupervisor {
    fn kind(&self) -> &'static str {
        "systemd"
    }

    async fn status(&self, name: &InstanceName) -> Result<InstanceStatus, HostError> {
        Ok(self.look(name).await.map_or_else(|error| unit::unknown(&error), |unit| unit.status(name)))
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
        self.journal(name)?.follow(&self.feeds, start, self.forgotten(name)).await
    }

    fn changes(&self) -> broadcast::Receiver<InstanceChanged> {
        self.changes.subscribe()
    }

    async fn forget(&self, name: &InstanceName) -> Result<(), HostError> {
        if self.look(name).await?.is_active() {
            return Err(HostError::Busy(format!("{name} runs: stop it first")));
        }
        self.bus().await?.reset(&self.unit_name(name)).await?;
        let followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        if let Some(forgotten) = followed {
            forgotten.cancel();
        }
        Ok(())
    }
}
