//! `l4d2-web serve`: from settings to a listening panel, and down again in good order.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use l4d2_host::Host;
use l4d2_migrations::{Migrator, MigratorTrait};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::app::{AppState, host_config};
use crate::auth::Auth;
use crate::config::Config;
use crate::connections::{self, Bounds, Connections};
use crate::db::Db;
use crate::http::ops;
use crate::listen::{self, DRAIN_LIMIT};
use crate::{data_dir, metrics, router, systemd};

/// Interrupted jobs end their children and write their last line within this.
const INTERRUPT_LIMIT: Duration = Duration::from_secs(20);

/// For what is written last, and to close the database.
const CLOSING_LIMIT: Duration = Duration::from_secs(10);

/// Connects and brings the schema up to date.
pub async fn open_database(config: &Config) -> Result<Db> {
    let db = Db::connect(&config.database_url.0).await.context("could not open the database (DATABASE_URL)")?;
    Migrator::up(db.write(), None).await.context("could not bring the database's schema up to date")?;
    Ok(db)
}

/// Serves until SIGTERM or SIGINT.
pub async fn run(mut config: Config) -> Result<()> {
    data_dir::keep_from_games(&config.data_dir)?;
    data_dir::prepare(&config.data_dir)?;
    let _lock = data_dir::lock(&config.data_dir)?;
    metrics::recorder().map_err(anyhow::Error::msg).context("could not set up metrics")?;
    let wanted = Bounds { connections: config.connections_total, streams: config.streams_total };
    let Bounds { connections, streams } = connections::reserve(wanted)?;
    (config.connections_total, config.streams_total) = (connections, streams);
    let db = open_database(&config).await?;
    let ownership = db.own().await?;
    let host = Host::new(host_config(&config)).await.context("could not set up the host")?;
    let auth = Auth::load(&config)?;
    let state = AppState::new(config, db, host, auth);
    let shutdown = state.shutdown.clone();
    let stop_limit = DRAIN_LIMIT + state.config.shutdown_grace + INTERRUPT_LIMIT + CLOSING_LIMIT;
    cancel_on_signal(shutdown.clone(), stop_limit)?;

    let listener = match systemd::activated_listener()? {
        Some(socket) => TcpListener::from_std(socket).context("could not use the socket that systemd hands over")?,
        None => bind("BIND", state.config.bind).await?,
    };
    let metrics_listener = match state.config.metrics_bind {
        Some(address) => Some(bind("METRICS_BIND", address).await?),
        None => None,
    };
    let tasks = state.start_background().await?;
    let ownership = tokio::spawn(ownership.keep(shutdown.clone()));
    let address = listener.local_addr().context("the listener has no address")?;
    let connections = Connections::new(connections, state.config.trusted_proxies.clone());
    let router = router::build(state.clone());
    let panel = tokio::spawn(listen::serve(listener, router, connections.clone(), shutdown.clone()));
    if let Some(listener) = metrics_listener {
        let router = ops::metrics_routes().with_state(state.clone());
        tasks.reopen();
        tasks.spawn(listen::serve(listener, router, connections, shutdown.clone()));
        tasks.close();
    }
    // Beside the tasks that a shutdown waits for: the panel is alive as long as it winds up.
    tokio::spawn(systemd::keep_alive());
    systemd::ready();
    // The line that scripts wait for; everything else goes to the log on standard error.
    println!("listening on http://{address}");
    tracing::info!(%address, supervisor = state.host.supervisor_kind(), "ready");

    panel.await.context("the listener panicked")?;
    shutdown.cancel();
    wind_up(&state).await;
    tasks.wait().await;
    state.db.close().await.context("could not close the database")?;
    // Only now may the next one have it.
    drop(ownership.await);
    tracing::info!("stopped");
    Ok(())
}

async fn bind(setting: &str, address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("could not listen on {address} ({setting})"))
}

/// Gives jobs at work their time, then ends them with the reason in their log.
async fn wind_up(state: &AppState) {
    let grace = state.config.shutdown_grace;
    if tokio::time::timeout(grace, state.jobs.idle()).await.is_ok() {
        return;
    }
    state.jobs.interrupt_all("the panel was shut down");
    if tokio::time::timeout(INTERRUPT_LIMIT, state.jobs.idle()).await.is_err() {
        tracing::error!("some jobs did not end; the next start will mark them as interrupted");
    }
}

fn cancel_on_signal(shutdown: CancellationToken, stop_limit: Duration) -> Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("could not listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("could not listen for SIGINT")?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if shutdown.is_cancelled() {
                // Asked a second time: whoever asks does not want to wait.
                std::process::exit(130);
            }
            tracing::info!("shutting down");
            systemd::stopping(stop_limit);
            shutdown.cancel();
        }
    });
    Ok(())
}
