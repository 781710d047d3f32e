//! What the panel and systemd tell each other: that it is ready, alive or stopping, and which socket was opened for it.
//!
//! Where systemd did not start the panel, all of it is silent.

use std::net::TcpListener;
use std::os::fd::FromRawFd;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use sd_notify::NotifyState;

/// The socket that systemd opened beforehand and keeps open over restarts, so that none refuses a connection.
pub fn activated_listener() -> Result<Option<TcpListener>> {
    let mut sockets = sd_notify::listen_fds().context("could not read LISTEN_FDS")?;
    let Some(socket) = sockets.next() else {
        return Ok(None);
    };
    ensure!(
        sockets.len() == 0,
        "systemd hands over {} sockets, and the panel takes one: put an empty ListenStream= before the one in the drop-in of \
         l4d2-web.socket, and systemctl restart l4d2-web.socket",
        sockets.len() + 1
    );
    // SAFETY: systemd hands the descriptor over to this process alone, and this is the one place that takes it.
    let listener = unsafe { TcpListener::from_raw_fd(socket) };
    listener.local_addr().context("the socket that systemd hands over is no TCP socket")?;
    listener.set_nonblocking(true).context("could not use the socket that systemd hands over")?;
    Ok(Some(listener))
}

/// The panel listens.
pub fn ready() {
    tell(&[NotifyState::Ready]);
}

/// The panel shuts down, which may take so long: as the settings have it, whatever the unit says.
pub fn stopping(limit: Duration) {
    let limit = u32::try_from(limit.as_micros()).unwrap_or(u32::MAX);
    tell(&[NotifyState::Stopping, NotifyState::ExtendTimeoutUsec(limit)]);
}

/// Says that the panel is alive, twice in every period that systemd asks for. It runs on the same runtime as everything
/// else: once that schedules nothing any more, systemd hears nothing either and starts the panel anew.
pub async fn keep_alive() {
    let Some(period) = sd_notify::watchdog_enabled() else { return };
    let mut tick = tokio::time::interval(period / 2);
    loop {
        tick.tick().await;
        tell(&[NotifyState::Watchdog]);
    }
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "could not notify systemd");
    }
}
