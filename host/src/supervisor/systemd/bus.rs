//! The connection to systemd: the calls that are made, and the signals that are listened to.

use std::collections::HashMap;
use std::time::Duration;

use futures::StreamExt;
use tokio::sync::broadcast;
use tokio::task::JoinHandle;
use zbus::connection::Builder;
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, MatchRule, MessageStream};

use super::call::CallError;
use super::unit::Unit;
use crate::error::HostError;
use crate::name::InstanceName;
use crate::supervisor::InstanceChanged;

const SYSTEMD: &str = "org.freedesktop.systemd1";
const UNITS: &str = "/org/freedesktop/systemd1/unit";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
/// What it says of a unit that it has not loaded, which is what a unit is that nobody asks about.
const NO_SUCH_UNIT: &str = "org.freedesktop.systemd1.NoSuchUnit";
/// How it is said that a right lacks.
const DENIALS: [&str; 3] = [
    "org.freedesktop.DBus.Error.AccessDenied",
    "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired",
    "org.freedesktop.DBus.Error.AuthFailed",
];
/// Which of `JobRemoved`'s arguments is the unit.
const UNIT_OF_A_JOB: u8 = 2;
/// How long a call may take. The longest ones answer as soon as a job is queued.
const CALL_LIMIT: Duration = Duration::from_secs(10);
/// Signals that may wait to be looked at.
const SIGNALS: usize = 256;

/// What is asked of systemd.
#[zbus::proxy(
    interface = "org.freedesktop.systemd1.Manager",
    default_service = "org.freedesktop.systemd1",
    default_path = "/org/freedesktop/systemd1",
    gen_blocking = false
)]
pub(super) trait Manager {
    fn subscribe(&self) -> zbus::Result<()>;
    fn start_unit(&self, name: &str, mode: &str) -> zbus::Result<OwnedObjectPath>;
    fn stop_unit(&self, name: &str, mode: &str) -> zbus::Result<OwnedObjectPath>;
    fn kill_unit(&self, name: &str, whom: &str, signal: i32) -> zbus::Result<()>;
    fn reset_failed_unit(&self, name: &str) -> zbus::Result<()>;
    fn set_unit_properties(&self, name: &str, runtime: bool, properties: &[(&str, Value<'_>)]) -> zbus::Result<()>;
    #[zbus(signal)]
    fn job_removed(&self, id: u32, job: OwnedObjectPath, unit: String, result: String) -> zbus::Result<()>;
}

/// A connection that tells of changes until it breaks.
#[derive(Debug)]
pub(super) struct Bus {
    connection: Connection,
    manager: ManagerProxy<'static>,
    listener: JoinHandle<()>,
}

impl Bus {
    /// Connects and begins to listen to what becomes of the template's units.
    pub(super) async fn connect(
        template: &str,
        changes: broadcast::Sender<InstanceChanged>,
    ) -> Result<Self, HostError> {
        let connection = async { Builder::system()?.method_timeout(CALL_LIMIT).build().await };
        let connection = connection.await.map_err(|error| CallError::new("reach systemd", error))?;
        Self::over(connection, template, changes).await
    }

    pub(super) async fn over(
        connection: Connection,
        template: &str,
        changes: broadcast::Sender<InstanceChanged>,
    ) -> Result<Self, HostError> {
        let listening = async {
            let manager = ManagerProxy::new(&connection).await?;
            let rule = MatchRule::builder()
                .msg_type(zbus::message::Type::Signal)
                .sender(SYSTEMD)?
                .interface(PROPERTIES)?
                .member("PropertiesChanged")?
                .path_namespace(UNITS)?
                .build();
            let signals = MessageStream::for_match_rule(rule, &connection, Some(SIGNALS)).await?;
            // It sends signals about units to whoever asked only.
            manager.subscribe().await?;
            Ok::<_, zbus::Error>((manager, signals))
        };
        let (manager, mut signals) = listening.await.map_err(|error| CallError::new("reach systemd", error))?;
        let prefix = format!("{UNITS}/{}", escape(template));
        let listener = tokio::spawn(async move {
            while let Some(Ok(signal)) = signals.next().await {
                let name = signal.header().path().and_then(|path| instance_of(path.as_str(), &prefix));
                if let Some(name) = name {
                    // Nobody listening is fine.
                    let _ = changes.send(InstanceChanged { name });
                }
            }
        });
        Ok(Self { connection, manager, listener })
    }

    /// False once the bus is gone.
    pub(super) fn is_open(&self) -> bool {
        !self.listener.is_finished()
    }

    /// Looks at a unit, with all its properties of one moment.
    pub(super) async fn look(&self, unit: &str) -> Result<Unit, CallError> {
        let path = format!("{UNITS}/{}", escape(unit));
        // No interface means all of them.
        let reply = self.connection.call_method(Some(SYSTEMD), path.as_str(), Some(PROPERTIES), "GetAll", &("",)).await;
        let properties = reply.and_then(|reply| reply.body().deserialize::<HashMap<String, OwnedValue>>());
        properties.map(Unit::from_properties).map_err(|error| CallError::new(format!("look at {unit}"), error))
    }

    /// Starts a unit and waits for the end of that; gives systemd's word for it, `done` when all is well.
    pub(super) async fn start(&self, unit: &str) -> Result<String, CallError> {
        self.job(unit, "start", || self.manager.start_unit(unit, "replace")).await
    }

    /// Stops a unit and waits for the end of that.
    pub(super) async fn stop(&self, unit: &str) -> Result<String, CallError> {
        self.job(unit, "stop", || self.manager.stop_unit(unit, "replace")).await
    }

    async fn job<F>(&self, unit: &str, what: &str, begin: impl FnOnce() -> F) -> Result<String, CallError>
    where
        F: Future<Output = zbus::Result<OwnedObjectPath>>,
    {
        let result = async {
            // Listened to before the job is made, for it may be over at once. To the jobs of this unit alone: signals wait
            // here until the call is answered, and zbus reads nothing from the bus, no answer either, while 64 of them do.
            let mut removed = self.manager.receive_job_removed_with_args(&[(UNIT_OF_A_JOB, unit)]).await?;
            let job = begin().await?;
            while let Some(signal) = removed.next().await {
                let arguments = signal.args()?;
                if *arguments.job() == job {
                    return Ok(arguments.result().clone());
                }
            }
            Err(zbus::Error::Failure("the bus closed".to_owned()))
        };
        result.await.map_err(|error| CallError::new(format!("{what} {unit}"), error))
    }

    /// Sends SIGKILL to all processes of a unit.
    pub(super) async fn kill(&self, unit: &str) -> Result<(), CallError> {
        let signal = rustix::process::Signal::KILL.as_raw();
        let killed = self.manager.kill_unit(unit, "all", signal).await;
        forgiving(killed).map_err(|error| CallError::new(format!("kill {unit}"), error))
    }

    /// Sets properties of a unit, until the machine is booted anew or they are set otherwise.
    pub(super) async fn set(&self, unit: &str, properties: &[(&str, u64)]) -> Result<(), CallError> {
        let properties: Vec<(&str, Value<'_>)> =
            properties.iter().map(|(name, value)| (*name, Value::from(*value))).collect();
        let set = self.manager.set_unit_properties(unit, true, &properties).await;
        set.map_err(|error| CallError::new(format!("set properties of {unit}"), error))
    }

    /// Whether this process may manage a unit. It tries with a change of nothing, since only root may ask polkit about a
    /// certain unit.
    pub(super) async fn may_manage(&self, unit: &str) -> Result<bool, CallError> {
        match self.manager.set_unit_properties(unit, true, &[]).await {
            Ok(()) => Ok(true),
            Err(zbus::Error::MethodError(name, _, _)) if DENIALS.contains(&name.as_str()) => Ok(false),
            Err(error) => Err(CallError::new(format!("try to manage {unit}"), error)),
        }
    }

    /// Forgets a unit's failure and its count of starts.
    pub(super) async fn reset(&self, unit: &str) -> Result<(), CallError> {
        let reset = self.manager.reset_failed_unit(unit).await;
        forgiving(reset).map_err(|error| CallError::new(format!("reset {unit}"), error))
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

/// A unit that is not loaded neither runs nor has failed.
fn forgiving(result: zbus::Result<()>) -> zbus::Result<()> {
    match result {
        Err(zbus::Error::MethodError(name, _, _)) if name.as_str() == NO_SUCH_UNIT => Ok(()),
        other => other,
    }
}

/// How systemd writes a unit's name in an object path.
fn escape(text: &str) -> String {
    let escaped = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        other => format!("_{other:02x}"),
    };
    text.bytes().map(escaped).collect()
}

/// The instance that an object path is about, if it is one of the template's units.
fn instance_of(path: &str, prefix: &str) -> Option<InstanceName> {
    let escaped = path.strip_prefix(prefix)?.strip_suffix("_2eservice")?;
    let mut pieces = escaped.split('_');
    let mut name = pieces.next()?.to_owned();
    for piece in pieces {
        let byte = u8::from_str_radix(piece.get(..2)?, 16).ok()?;
        name.push(char::from(byte));
        name.push_str(piece.get(2..)?);
    }
    InstanceName::parse(&name).ok()
}

#[cfg(test)]
mod tests {
    use tokio::net::UnixStream;
    use zbus::object_server::SignalEmitter;

    use super::*;

    const OWN: &str = "l4d2-server@one.service";

    /// A systemd that is busy with many other units: their jobs end while it answers.
    #[derive(Default)]
    struct BusySystemd {
        subscribed: bool,
    }

    #[zbus::interface(name = "org.freedesktop.systemd1.Manager")]
    impl BusySystemd {
        fn subscribe(&mut self) {
            self.subscribed = true;
        }

        async fn start_unit(
            &self,
            name: &str,
            mode: &str,
            #[zbus(signal_emitter)] emitter: SignalEmitter<'_>,
        ) -> zbus::fdo::Result<OwnedObjectPath> {
            assert!(self.subscribed && mode == "replace");
            for id in 0..500 {
                Self::job_removed(&emitter, id, job(id), "other.service", "done").await?;
            }
            Self::job_removed(&emitter, 500, job(500), name, "failed").await?;
            Ok(job(500))
        }

        #[zbus(signal)]
        async fn job_removed(
            emitter: &SignalEmitter<'_>,
            id: u32,
            job: OwnedObjectPath,
            unit: &str,
            result: &str,
        ) -> zbus::Result<()>;
    }

    fn job(id: u32) -> OwnedObjectPath {
        OwnedObjectPath::try_from(format!("/org/freedesktop/systemd1/job/{id}")).expect("a path")
    }

    #[tokio::test]
    async fn a_start_ends_however_many_other_jobs_end_meanwhile() {
        let (ours, theirs) = UnixStream::pair().expect("a pair of sockets");
        let systemd = async {
            let builder = Builder::unix_stream(theirs).server(zbus::Guid::generate())?.p2p();
            builder.serve_at("/org/freedesktop/systemd1", BusySystemd::default())?.build().await
        };
        let connection = Builder::unix_stream(ours).p2p().method_timeout(CALL_LIMIT).build();
        let (_systemd, connection) = tokio::try_join!(systemd, connection).expect("connected");
        let bus = Bus::over(connection, "l4d2-server@", broadcast::Sender::new(16)).await.expect("a bus");
        assert_eq!(bus.start(OWN).await.expect("an answer"), "failed");
    }

    #[test]
    fn names_survive_the_way_through_an_object_path() {
        let prefix = format!("{UNITS}/{}", escape("l4d2-server@"));
        for text in ["one", "a-b_c", "0-", "x__y"] {
            let path = format!("{UNITS}/{}", escape(&format!("l4d2-server@{text}.service")));
            assert_eq!(instance_of(&path, &prefix).expect(text).as_str(), text);
        }
        assert_eq!(escape("l4d2-server@one.service"), "l4d2_2dserver_40one_2eservice");
        for other in ["ssh_2eservice", "l4d2_2dserver_40one_2esocket", "l4d2_2dserver_40_zz_2eservice"] {
            assert_eq!(instance_of(&format!("{UNITS}/{other}"), &prefix), None, "{other}");
        }
    }
}
