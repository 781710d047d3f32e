//! Tests with a systemd that is away for a moment, as it is while it executes itself anew: what was asked is lost, and what
//! it had begun goes on.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures::StreamExt;
use tokio::net::UnixStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use zbus::connection::Builder;
use zbus::message::{Message, Type};
use zbus::zvariant::{OwnedObjectPath, Value};
use zbus::{Connection, MessageStream};

use super::*;
use crate::host::{SteamcmdConfig, SupervisorChoice};
use crate::output::{Output, OutputSink};
use crate::steamcmd::Recipe;
use crate::supervisor::{Outcome, Stop, StopLadder};

const NO_REPLY: &str = "org.freedesktop.DBus.Error.NoReply";
const UNKNOWN: &str = "org.freedesktop.DBus.Error.UnknownMethod";
const DENIED: &str = "org.freedesktop.DBus.Error.AccessDenied";

/// What it does when it is asked to stop the unit.
#[derive(Debug, Clone, Copy)]
enum OnStop {
    /// Stops it, and the answer is lost.
    LosesAnswer,
    /// Never hears of it, the first time; then all goes well.
    LosesQuestion,
    /// Answers, stops it, and its word that the job is over is lost.
    LosesWord,
    /// Says no.
    Refuses,
}

struct Systemd {
    connection: Connection,
    on_stop: OnStop,
    active: Mutex<&'static str>,
    stops: AtomicUsize,
    looks: AtomicUsize,
}

impl Systemd {
    async fn answer(&self, call: &Message) -> zbus::Result<()> {
        let header = call.header();
        let member = header.member().map(|name| name.as_str().to_owned()).unwrap_or_default();
        match member.as_str() {
            "GetAll" if self.looks.fetch_add(1, Ordering::SeqCst) == 1 => self.lose(call).await,
            "GetAll" => {
                let active = *self.active.lock().expect("not poisoned");
                let properties = HashMap::from([("ActiveState", Value::from(active))]);
                self.connection.reply(&header, &properties).await
            }
            "StopUnit" => self.stop(call).await,
            "Subscribe" | "ResetFailedUnit" => self.connection.reply(&header, &()).await,
            // Such as a question of the bus, which is not between the two.
            _ => self.connection.reply_error(&header, UNKNOWN, &"no such method").await,
        }
    }

    async fn stop(&self, call: &Message) -> zbus::Result<()> {
        let header = call.header();
        let first = self.stops.fetch_add(1, Ordering::SeqCst) == 0;
        let job = OwnedObjectPath::try_from("/org/freedesktop/systemd1/job/1")?;
        match self.on_stop {
            OnStop::Refuses => self.connection.reply_error(&header, DENIED, &"no").await,
            OnStop::LosesQuestion if first => self.lose(call).await,
            OnStop::LosesAnswer => {
                self.end();
                self.lose(call).await
            }
            OnStop::LosesWord => {
                self.end();
                self.connection.reply(&header, &job).await
            }
            OnStop::LosesQuestion => {
                self.end();
                self.connection.reply(&header, &job).await?;
                let manager = ("/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager");
                let word = (1u32, job, "l4d2-server@one.service", "done");
                self.connection.emit_signal(None::<&str>, manager.0, manager.1, "JobRemoved", &word).await
            }
        }
    }

    fn end(&self) {
        *self.active.lock().expect("not poisoned") = "inactive";
    }

    async fn lose(&self, call: &Message) -> zbus::Result<()> {
        self.connection.reply_error(&call.header(), NO_REPLY, &"the recipient disconnected").await
    }
}

/// A supervisor, and the systemd that it speaks with.
async fn supervisor(on_stop: OnStop) -> (SystemdSupervisor, Arc<Systemd>, JoinHandle<()>) {
    let (ours, theirs) = UnixStream::pair().expect("a pair of sockets");
    let server = async { Builder::unix_stream(theirs).server(zbus::Guid::generate())?.p2p().build().await };
    let client = Builder::unix_stream(ours).p2p().build();
    let (connection, client) = tokio::try_join!(server, client).expect("connected");
    let mut calls = MessageStream::from(&connection);
    let systemd = Arc::new(Systemd {
        connection,
        on_stop,
        active: Mutex::new("active"),
        stops: AtomicUsize::new(0),
        looks: AtomicUsize::new(0),
    });
    let answering = Arc::clone(&systemd);
    let task = tokio::spawn(async move {
        while let Some(Ok(call)) = calls.next().await {
            if call.message_type() == Type::MethodCall {
                answering.answer(&call).await.expect("answered");
            }
        }
    });
    let supervisor = SystemdSupervisor::new(&config(), TEMPLATE);
    let bus = Bus::over(client, TEMPLATE, supervisor.changes.clone()).await.expect("a bus");
    *supervisor.bus.lock().await = Some(Arc::new(bus));
    (supervisor, systemd, task)
}

fn config() -> HostConfig {
    HostConfig {
        root: "/nonexistent".into(),
        overlay_root: "/nonexistent/overlays".into(),
        supervisor: SupervisorChoice::Systemd,
        l4d2ctl: "/nonexistent/l4d2ctl".into(),
        steamcmd: SteamcmdConfig {
            program: None,
            data_dir: "/nonexistent/data".into(),
            recipe: Recipe::TwoRuns,
            account: None,
            password_file: None,
            attempts: 1,
            time_limit: Duration::ZERO,
        },
        line_max_chars: 100,
        start_limit: Duration::ZERO,
        stop_ladder: StopLadder::default(),
        game_limits: GameLimits::default(),
    }
}

/// Stops the game without `quit`, which it has nobody to type to.
async fn stopped(supervisor: &SystemdSupervisor) -> (Result<Outcome, HostError>, Vec<String>) {
    let (output, mut said) = OutputSink::channel(16);
    let ladder = StopLadder { console: Duration::ZERO, ..StopLadder::default() };
    let name = InstanceName::parse("one").expect("a name");
    let result = supervisor.stop(&name, ladder, &output, &CancellationToken::new()).await;
    drop(output);
    let mut lines = Vec::new();
    while let Some(item) = said.recv().await {
        if let Output::Line { text, .. } = item {
            lines.push(text);
        }
    }
    (result, lines)
}

#[tokio::test]
async fn a_stop_whose_answer_is_lost_is_told_by_what_the_unit_has_come_to() {
    for (on_stop, stops) in [(OnStop::LosesAnswer, 1), (OnStop::LosesQuestion, 2), (OnStop::LosesWord, 1)] {
        let (supervisor, systemd, _answering) = supervisor(on_stop).await;
        let (result, said) = stopped(&supervisor).await;
        assert_eq!(result.expect("it has stopped"), Outcome::Done, "{on_stop:?}");
        assert_eq!(systemd.stops.load(Ordering::SeqCst), stops, "{on_stop:?}");
        assert!(!said.iter().any(|line| line.contains("SIGKILL")), "{on_stop:?}: {said:?}");
        assert!(systemd.looks.load(Ordering::SeqCst) > 2, "a look that was lost is repeated");
    }
}

#[tokio::test]
async fn a_stop_that_systemd_refuses_is_refused_at_once() {
    let (supervisor, systemd, _answering) = supervisor(OnStop::Refuses).await;
    let error = stopped(&supervisor).await.0.expect_err("refused").to_string();
    assert!(error.contains("can't stop l4d2-server@one.service"), "{error}");
    assert_eq!(systemd.stops.load(Ordering::SeqCst), 1);
}
