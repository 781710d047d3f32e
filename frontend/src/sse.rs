//! Following one of the panel's event streams for as long as a page is shown.
//!
//! The browser's own way to reconnect can't say where to go on once the address says where to begin, and tells nobody
//! how it stands. So a connection that breaks is closed, and a new one made, with growing waits; the [`Connection`]
//! signal shows it. Events come in the order in which they were sent, several at once where several are there. The
//! stream is closed when the reactive owner that follows it is cleaned up, and while nobody sees the page.
//!
//! A connection whose other side is gone can look whole for hours. The panel says something every 15 s, and a stream
//! that is silent for much longer counts as broken.

use std::sync::Arc;
use std::time::Duration;

use futures::channel::mpsc::{UnboundedSender, unbounded};
use futures::future::{Either, abortable, select};
use futures::stream::StreamExt;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Event, EventSource, MessageEvent};

use crate::wake::{self, Listener};

const SHORTEST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Events that are given out together when so many are there.
const MOST_AT_ONCE: usize = 1_000;

/// How often it is asked whether anything was heard.
const LISTENING: Duration = Duration::from_secs(10);
/// A connection is broken when so many of these times go by in silence.
const MOST_SILENCES: u32 = 4;
/// What the panel sends when it has nothing else to say.
const PING: &str = "ping";

/// How a stream stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// An attempt is under way, the first one or the first since the page is seen again.
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

/// Reads along with the streams that are followed below it: a page knows what a part of it hears, without a connection
/// more. A context.
#[derive(Clone)]
pub struct ReadAlong(Arc<Read>);

type Read = dyn Fn(&[Message]) + Send + Sync;

impl ReadAlong {
    pub fn new(read: impl Fn(&[Message]) + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }
}

/// What a connection tells.
#[derive(Debug)]
enum Heard {
    Open,
    Message(Message),
    /// The other side is there.
    Ping,
    Broken,
    /// Nobody sees the page any more.
    Hidden,
}

/// Why a connection was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Closed {
    Broken,
    Hidden,
    /// The reader has enough.
    Enough,
}

/// Calls `on_messages` for the named events until the present owner is cleaned up or it says to stop. `url` is asked at
/// each attempt, so that it can say where to go on. `on_failure` is called after each attempt that failed and each
/// connection that broke: the browser doesn't say why.
pub fn follow(
    url: impl Fn() -> String + 'static,
    events: &'static [&'static str],
    connection: RwSignal<Connection>,
    on_messages: impl Fn(Vec<Message>) -> Flow + 'static,
    on_failure: impl Fn() + 'static,
) {
    let along = use_context::<ReadAlong>();
    let on_messages = move |messages: Vec<Message>| {
        if let Some(ReadAlong(read)) = &along {
            read(&messages);
        }
        on_messages(messages)
    };
    let (task, handle) = abortable(keep_connected(url, events, connection, on_messages, on_failure));
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
    on_failure: impl Fn(),
) {
    let mut wait = SHORTEST_WAIT;
    loop {
        wake::seen().await;
        let mut was_open = false;
        match run_once(&url(), events, connection, &on_messages, &mut was_open).await {
            Closed::Enough => {
                set_if_new(connection, Connection::Ended);
                return;
            }
            Closed::Hidden => {
                set_if_new(connection, Connection::Connecting);
                wait = SHORTEST_WAIT;
                continue;
            }
            Closed::Broken => {}
        }
        set_if_new(connection, Connection::Lost);
        on_failure();
        if was_open {
            wait = SHORTEST_WAIT;
        }
        wake::pause(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// One connection, until it breaks, the page is hidden or the reader has enough.
async fn run_once(
    url: &str,
    events: &'static [&'static str],
    connection: RwSignal<Connection>,
    on_messages: &impl Fn(Vec<Message>) -> Flow,
    was_open: &mut bool,
) -> Closed {
    let (sender, heard) = unbounded();
    let Some(_source) = Source::open(url, events, &sender) else { return Closed::Broken };
    let mut heard = heard.ready_chunks(MOST_AT_ONCE);
    let mut silences = 0;
    let mut listening = Box::pin(wake::sleep(LISTENING));
    loop {
        let batch = match select(heard.next(), listening).await {
            Either::Left((None, _)) => return Closed::Broken,
            Either::Left((Some(batch), rest)) => {
                listening = rest;
                silences = 0;
                batch
            }
            Either::Right(_) => {
                listening = Box::pin(wake::sleep(LISTENING));
                silences += 1;
                if silences >= MOST_SILENCES {
                    return Closed::Broken;
                }
                continue;
            }
        };
        let mut messages = Vec::new();
        let mut closed = None;
        for item in batch {
            match item {
                Heard::Open => {
                    *was_open = true;
                    set_if_new(connection, Connection::Live);
                }
                Heard::Message(message) => messages.push(message),
                Heard::Ping => {}
                Heard::Broken => closed = Some(Closed::Broken),
                Heard::Hidden => closed = Some(Closed::Hidden),
            }
        }
        if !messages.is_empty() && on_messages(messages) == Flow::Stop {
            return Closed::Enough;
        }
        if let Some(closed) = closed {
            return closed;
        }
    }
}

/// The browser's connection and what it calls; closed when dropped.
struct Source {
    inner: EventSource,
    _on_event: [Closure<dyn FnMut(Event)>; 3],
    _on_message: Vec<Closure<dyn FnMut(MessageEvent)>>,
    _on_window: [Listener; 2],
}

impl Source {
    fn open(url: &str, events: &'static [&'static str], sender: &UnboundedSender<Heard>) -> Option<Self> {
        let inner = EventSource::new(url).ok()?;
        // A receiver that is gone wants nothing any more.
        let tell = |what: fn() -> Heard| {
            let sender = sender.clone();
            move || drop(sender.unbounded_send(what()))
        };
        let on_event = [|| Heard::Open, || Heard::Broken, || Heard::Ping].map(|what: fn() -> Heard| {
            let tell = tell(what);
            Closure::new(move |_: Event| tell())
        });
        let [on_open, on_error, on_ping] = &on_event;
        inner.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        inner.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        inner.add_event_listener_with_callback(PING, on_ping.as_ref().unchecked_ref()).ok()?;
        let hide = tell(|| Heard::Hidden);
        let on_window = [
            Listener::new(wake::OFFLINE, tell(|| Heard::Broken)),
            Listener::new(wake::VISIBILITY, move || {
                if wake::is_hidden() {
                    hide();
                }
            }),
        ];
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
        Some(Self { inner, _on_event: on_event, _on_message: on_message, _on_window: on_window })
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.inner.set_onopen(None);
        self.inner.set_onerror(None);
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
