//! What the browser tells of itself: whether the page can be seen, and whether there is a network.
//!
//! A page that nobody sees holds no stream open: browsers allow six connections to one address over HTTP/1.1, for all
//! tabs together, and with three pages of two streams each nothing else would get through.

use std::time::Duration;

use futures::channel::oneshot;
use futures::future::{Either, select};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::Event;

/// The network is gone. An open connection itself may not notice for minutes.
pub const OFFLINE: &str = "offline";
/// It is there again.
const ONLINE: &str = "online";
/// The page was hidden or is seen again; told to the document, and from there to the window.
pub const VISIBILITY: &str = "visibilitychange";

/// Listens to the window until dropped.
pub struct Listener {
    event: &'static str,
    closure: Closure<dyn FnMut(Event)>,
}

impl Listener {
    pub fn new(event: &'static str, mut hear: impl FnMut() + 'static) -> Self {
        let closure = Closure::new(move |_: Event| hear());
        // Fails for no event that has a name.
        let _ = window().add_event_listener_with_callback(event, closure.as_ref().unchecked_ref());
        Self { event, closure }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // Fails for no listener.
        let _ = window().remove_event_listener_with_callback(self.event, self.closure.as_ref().unchecked_ref());
    }
}

/// Whether nobody can see the page: its tab is behind another one.
pub fn is_hidden() -> bool {
    document().hidden()
}

/// Waits until the page can be seen.
pub async fn seen() {
    while is_hidden() {
        next(VISIBILITY).await;
    }
}

/// Waits for so long, or until the browser says that there is a network again.
pub async fn pause(duration: Duration) {
    match select(Box::pin(sleep(duration)), Box::pin(next(ONLINE))).await {
        Either::Left(_) | Either::Right(_) => {}
    }
}

/// Waits for so long.
pub async fn sleep(duration: Duration) {
    let (done, wait) = oneshot::channel();
    set_timeout(
        move || {
            let _ = done.send(());
        },
        duration,
    );
    let _ = wait.await;
}

/// The next time that the window is told of it.
async fn next(event: &'static str) {
    let (done, wait) = oneshot::channel();
    let mut done = Some(done);
    let _listener = Listener::new(event, move || {
        if let Some(done) = done.take() {
            // Whoever waited has given up.
            let _ = done.send(());
        }
    });
    let _ = wait.await;
}
