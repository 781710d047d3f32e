//! Whether a button of the mouse, or what stands for it, is down.
//!
//! A press that begins on a button and ends beside it is none. What shows because a field was left must therefore wait for
//! the end of the press that left it, or it may move the very button that was pressed.

use leptos::ev;
use leptos::prelude::*;

/// The button that presses; the others open menus and the like.
const MAIN_BUTTON: i16 = 0;

/// Whether a press is under way; a context.
///
/// Told by the events of the mouse, which fingers have, too: theirs come all at once when the finger is up again, and the
/// field is left in between.
#[derive(Debug, Clone, Copy)]
pub struct Press(RwSignal<bool>);

impl Press {
    /// Begins to watch the page.
    pub fn start() -> Self {
        let press = Self(RwSignal::new(false));
        window_event_listener(ev::mousedown, move |event| {
            if event.button() == MAIN_BUTTON {
                press.0.set(true);
            }
        });
        window_event_listener(ev::mouseup, move |_| press.end());
        // Of what is dragged away, or was pressed for its menu, no more is told.
        window_event_listener(ev::dragend, move |_| press.end());
        window_event_listener(ev::contextmenu, move |_| press.end());
        press
    }

    /// The one that the app provides to all pages.
    pub fn expect() -> Self {
        expect_context()
    }

    /// Whether one is under way; those who ask are told when that changes.
    pub fn is_under_way(self) -> bool {
        self.0.get()
    }

    /// On the next frame: the click comes behind this event.
    fn end(self) {
        request_animation_frame(move || self.0.set(false));
    }
}
