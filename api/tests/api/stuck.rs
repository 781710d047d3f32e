//! A supervisor that gives no answer: nothing waits for it without end.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use l4d2_api::app::host_config;
use l4d2_api::config::{Config, Settings};
use l4d2_api::facade::{self, Runner};
use l4d2_host::supervisor::{
    InstanceChanged, InstanceStatus, LogEvent, LogLine, LogStart, Outcome, Start, Stop, StopLadder, Supervisor,
};
use l4d2_host::{Host, HostError, InstanceName, OutputSink};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::support::PATIENCE;

#[derive(Debug)]
struct Stuck;

#[async_trait]
impl Start for Stuck {
    async fn start(&self, _: &InstanceName, _: &OutputSink, _: &CancellationToken) -> Result<Outcome, HostError> {
        pending().await
    }
}

#[async_trait]
impl Stop for Stuck {
    async fn stop(
        &self,
        _: &InstanceName,
        _: StopLadder,
        _: &OutputSink,
        _: &CancellationToken,
    ) -> Result<Outcome, HostError> {
        pending().await
    }
}

#[async_trait]
impl Supervisor for Stuck {
    fn kind(&self) -> &'static str {
        "stuck"
    }

    async fn status(&self, _: &InstanceName) -> Result<InstanceStatus, HostError> {
        pending().await
    }

    async fn console(&self, _: &InstanceName, _: &str) -> Result<(), HostError> {
        pending().await
    }

    async fn logs(&self, _: &InstanceName, _: usize) -> Result<Vec<LogLine>, HostError> {
        pending().await
    }

    async fn follow(
        &self,
        _: &InstanceName,
        _: LogStart,
    ) -> Result<BoxStream<'static, Result<LogEvent, HostError>>, HostError> {
        pending().await
    }

    fn changes(&self) -> broadcast::Receiver<InstanceChanged> {
        broadcast::Sender::new(1).subscribe()
    }

    async fn forget(&self, _: &InstanceName) -> Result<(), HostError> {
        pending().await
    }
}

fn host() -> Host {
    let config = Config::load(&Settings::default(), None).expect("the defaults are valid");
    Host::with_supervisor(host_config(&config), Arc::new(Stuck))
}

fn alpha() -> InstanceName {
    InstanceName::parse("alpha").expect("a name")
}

#[tokio::test]
async fn a_look_has_a_limit() {
    let host = host();
    let name = alpha();
    let looked = tokio::time::timeout(PATIENCE, facade::look(&host, &name)).await.expect("the look ends");
    let error = looked.expect_err("there was no answer");
    assert!(matches!(error, HostError::TimedOut { step: "look", .. }), "{error}");
}

#[tokio::test]
async fn a_job_that_looks_can_be_cancelled() {
    let (host, name, cancel) = (host(), alpha(), CancellationToken::new());
    let (output, _lines) = OutputSink::channel(1);
    let runner = Runner::new(&host, &output, &cancel);
    let look = runner.runs(&name);
    tokio::pin!(look);
    let early = tokio::time::timeout(Duration::ZERO, &mut look).await;
    assert!(early.is_err(), "it waits for an answer");
    cancel.cancel();
    let looked = tokio::time::timeout(Duration::from_secs(5), look).await.expect("it gives up at once");
    assert!(matches!(looked, Err(HostError::Cancelled)));
}
