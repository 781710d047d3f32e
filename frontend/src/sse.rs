//! Following one of the panel's event streams for as long as a page is shown.
//!
//! The browser's own way to reconnect can't say where to go on once the address says where to begin, and tells nobody
//! how it stands. So a connection that breaks is closed, and a new one made, with growing waits; the [`Connection`]
//! signal shows it. Events come in the order in which they were sent, several at once where several are there. The
//! stream is closed when the reactive owner that follows it is cleaned up.

use std::time::Duration;

use futures::channel::mpsc::{UnboundedSender, unbounded};
use futures::channel::oneshot;
use futures::future::abortable;
use futures::stream::StreamExt;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Event, EventSource, MessageEvent};

const SHORTEST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Events that are given out together when so many are there.
const MOST_AT_ONCE: usize = 1_000;

/// How a stream stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// The first attempt is under way.
    Connecting,
    /// What happens is shown as it happens.
    Live,
    /// It was lost and is tried again.
    Lost,
    /// There is nothing more to come.
    Ended,
}

/// What the reader wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    GoOn,
    /// Close the stream and don't connect again.
    Stop,
}

/// One event of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The event's name.
    pub event: &'static str,
    /// The last id the stream gave; empty when it gave none.
    pub id: String,
    /// Its data.
    pub data: String,
}

/// What a connection tells.
#[derive(Debug)]
enum Heard {
    Open,
    Message(Message),
    Broken,
}

/// Calls `on_messages` for the named events until the present owner is cleaned up or it says to stop. `url` is asked at
/// each attempt, so that it can say where to go on.
pub fn follow(
    url: impl Fn() -> String + 'static,
    events: &'static [&'static str],
    connection: RwSignal<Connection>,
    on_messages: impl Fn(Vec<Message>) -> Flow + 'static,
) {
    let (task, handle) = abortable(keep_connected(url, events, connection, on_messages));
    leptos::task::spawn_local(async move {
        // It was aborted, or has set the connection to its end.
        let _ = task.await;
    });
    on_cleanup(move || handle.abort());
}

async fn keep_connected(
    url: impl Fn() -> String,
    events: &'static [&'static str],
    connection: RwSignal<Connection>,
    on_messages: impl Fn(Vec<Message>) -> Flow,
) {
    let mut wait = SHORTEST_WAIT;
    loop {
        let mut was_open = false;
        if run_once(&url(), events, connection, &on_messages, &mut was_open).await == Flow::Stop {
            set_if_new(connection, Connection::Ended);
            return;
        }
        set_if_new(connection, Connection::Lost);
        if was_open {
            wait = SHORTEST_WAIT;
        }
        sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// One connection, until it breaks or the reader has enough.
async fn run_once(
    url: &str,
    events: &'static [&'static str],
    connection: RwSignal<Connection>,
    on_messages: &impl Fn(Vec<Message>) -> Flow,
    was_open: &mut bool,
) -> Flow {
    let (sender, heard) = unbounded();
    let Some(_source) = Source::open(url, events, &sender) else { return Flow::GoOn };
    let mut heard = heard.ready_chunks(MOST_AT_ONCE);
    while let Some(batch) = heard.next().await {
        let mut messages = Vec::new();
        let mut broken = false;
        for item in batch {
            match item {
                Heard::Open => {
                    *was_open = true;
                    set_if_new(connection, Connection::Live);
                }
                Heard::Message(message) => messages.push(message),
                Heard::Broken => broken = true,
            }
        }
        if !messages.is_empty() && on_messages(messages) == Flow::Stop {
            return Flow::Stop;
        }
        if broken {
            break;
        }
    }
    Flow::GoOn
}

/// What the browser tells when it has lost its network. The connection itself may not notice for minutes.
const OFFLINE: &str = "offline";

/// The browser's connection and what it calls; closed when dropped.
struct Source {
    inner: EventSource,
    _on_open: Closure<dyn FnMut(Event)>,
    on_error: Closure<dyn FnMut(Event)>,
    _on_message: Vec<Closure<dyn FnMut(MessageEvent)>>,
}

impl Source {
    fn open(url: &str, events: &'static [&'static str], sender: &UnboundedSender<Heard>) -> Option<Self> {
        let inner = EventSource::new(url).ok()?;
        // A receiver that is gone wants nothing any more.
        let tell = |what: fn() -> Heard| {
            let sender = sender.clone();
            Closure::new(move |_: Event| drop(sender.unbounded_send(what())))
        };
        let on_open = tell(|| Heard::Open);
        let on_error = tell(|| Heard::Broken);
        inner.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        inner.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        window().add_event_listener_with_callback(OFFLINE, on_error.as_ref().unchecked_ref()).ok()?;
        let mut on_message = Vec::new();
        for event in events.iter().copied() {
            let sender = sender.clone();
            let closure = Closure::new(move |message: MessageEvent| {
                let data = message.data().as_string().unwrap_or_default();
                let message = Message { event, id: message.last_event_id(), data };
                drop(sender.unbounded_send(Heard::Message(message)));
            });
            inner.add_event_listener_with_callback(event, closure.as_ref().unchecked_ref()).ok()?;
            on_message.push(closure);
        }
        Some(Self { inner, _on_open: on_open, on_error, _on_message: on_message })
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.inner.set_onopen(None);
        self.inner.set_onerror(None);
        // Fails for no listener.
        let _ = window().remove_event_listener_with_callback(OFFLINE, self.on_error.as_ref().unchecked_ref());
        self.inner.close();
    }
}

/// Readers are told of changes only. The page may be left already, hence `try_`.
fn set_if_new(connection: RwSignal<Connection>, value: Connection) {
    connection.try_maybe_update(|current| {
        let changed = *current != value;
        *current = value;
        (changed, ())
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
