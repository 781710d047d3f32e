//! Following one of the panel's event streams for as long as a page is shown.
//!
//! The browser reconnects by itself after most losses and gives up after some; in that case a new connection is made,
//! with growing waits. Both kinds of loss are visible in the [`Connection`] signal. The stream is closed when the
//! reactive owner that follows it is cleaned up.

use std::time::Duration;

use futures::channel::oneshot;
use futures::future::{AbortHandle, Either, abortable, select};
use futures::stream::{Stream, StreamExt, select_all};
use gloo_net::eventsource::State;
use gloo_net::eventsource::futures::EventSource;
use leptos::prelude::*;

/// How often the browser's own view of the connection is looked at: it keeps quiet while it reconnects.
const LOOK: Duration = Duration::from_secs(1);
const SHORTEST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// How a stream stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// The first attempt is under way.
    Connecting,
    /// What happens is shown as it happens.
    Live,
    /// It was lost and is tried again.
    Lost,
}

/// One event of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The event's name.
    pub event: &'static str,
    /// Its data, JSON for every event that the panel sends.
    pub data: String,
}

/// Calls `on_message` for each of the named events until the present owner is cleaned up.
pub fn follow(
    url: &'static str,
    events: &'static [&'static str],
    connection: WriteSignal<Connection>,
    on_message: impl Fn(Message) + 'static,
) {
    let (task, handle): (_, AbortHandle) = abortable(keep_connected(url, events, connection, on_message));
    leptos::task::spawn_local(async move {
        // Ends only by being aborted.
        let _ = task.await;
    });
    on_cleanup(move || handle.abort());
}

async fn keep_connected(
    url: &'static str,
    events: &'static [&'static str],
    connection: WriteSignal<Connection>,
    on_message: impl Fn(Message),
) {
    let mut wait = SHORTEST_WAIT;
    loop {
        if run_once(url, events, connection, &on_message).await {
            wait = SHORTEST_WAIT;
        }
        set_if_new(connection, Connection::Lost);
        sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// One connection, until the browser gives it up. Says whether it was ever open.
async fn run_once(
    url: &str,
    events: &'static [&'static str],
    connection: WriteSignal<Connection>,
    on_message: &impl Fn(Message),
) -> bool {
    let mut was_open = false;
    let Ok(mut source) = EventSource::new(url) else { return was_open };
    let Some(mut messages) = subscribe(&mut source, events) else { return was_open };
    loop {
        match select(messages.next(), std::pin::pin!(sleep(LOOK))).await {
            Either::Left((Some(Some(message)), _)) => {
                was_open = true;
                set_if_new(connection, Connection::Live);
                on_message(message);
            }
            Either::Left((Some(None) | None, _)) => return was_open,
            Either::Right(((), _)) => match source.state() {
                State::Open => {
                    was_open = true;
                    set_if_new(connection, Connection::Live);
                }
                State::Connecting if was_open => set_if_new(connection, Connection::Lost),
                State::Connecting => {}
                State::Closed => return was_open,
            },
        }
    }
}

/// All named events in one stream; an item of `None` says that the browser gave the connection up.
fn subscribe(
    source: &mut EventSource,
    events: &'static [&'static str],
) -> Option<impl Stream<Item = Option<Message>> + use<>> {
    let mut subscriptions = Vec::new();
    for event in events.iter().copied() {
        let messages = source.subscribe(event).ok()?;
        subscriptions.push(messages.map(move |item| {
            let (_, message) = item.ok()?;
            Some(Message { event, data: message.data().as_string().unwrap_or_default() })
        }));
    }
    Some(select_all(subscriptions))
}

/// Readers are told of changes only.
fn set_if_new(connection: WriteSignal<Connection>, value: Connection) {
    connection.maybe_update(|current| {
        let changed = *current != value;
        *current = value;
        changed
    });
}

async fn sleep(duration: Duration) {
    let (done, wait) = oneshot::channel();
    set_timeout(
        move || {
            let _ = done.send(());
        },
        duration,
    );
    let _ = wait.await;
}
