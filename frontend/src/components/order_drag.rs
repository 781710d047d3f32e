//! Dragging an entry of a list to another place: with the mouse by any part of it that is no button, with a finger or a
//! pen by its handle, since everything else of it scrolls the page.
//!
//! Pointer events serve all of them alike. The list takes the pointer, and where it is says which place is meant; nothing
//! moves before the entry is let go.

use leptos::ev::PointerEvent;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

/// How close to the edge of the window the page begins to scroll, and how far with each movement, in pixels.
const EDGE: f64 = 48.0;
const SCROLL: f64 = 16.0;

/// A drag, from place to place.
#[derive(Debug, Clone, Copy)]
pub struct Drag {
    list: NodeRef<html::Ol>,
    /// Where what is dragged comes from, and which place is meant; places count from zero.
    places: RwSignal<Option<(usize, usize)>>,
}

impl Drag {
    pub fn new(list: NodeRef<html::Ol>) -> Self {
        Self { list, places: RwSignal::new(None) }
    }

    /// Takes an entry up, if the pointer went down where one can be taken.
    pub fn begin(self, event: &PointerEvent) {
        let Some(target) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else { return };
        let within = |selector| target.closest(selector).ok().flatten().is_some();
        let can_be_taken = within(".order__handle") || (event.pointer_type() == "mouse" && !within("button"));
        if event.button() != 0 || !can_be_taken {
            return;
        }
        let Some((list, place)) = self.list.get_untracked().zip(self.place_at(event)) else { return };
        // Where it fails, the drag ends at the border of the list.
        let _ = list.set_pointer_capture(event.pointer_id());
        self.places.set(Some((place, place)));
    }

    /// Notes which place is meant now.
    pub fn follow(self, event: &PointerEvent) {
        let Some((from, to)) = self.places.get_untracked() else { return };
        scroll_at_edges(f64::from(event.client_y()));
        if let Some(place) = self.place_at(event).filter(|place| *place != to) {
            self.places.set(Some((from, place)));
        }
    }

    /// Lets it go; says where it came from and where it goes.
    pub fn end(self) -> Option<(usize, usize)> {
        let places = self.places.get_untracked();
        self.give_up();
        places.filter(|(from, to)| from != to)
    }

    /// Leaves everything as it was.
    pub fn give_up(self) {
        if self.places.get_untracked().is_some() {
            self.places.set(None);
        }
    }

    /// How the entry at a place looks meanwhile.
    pub fn class_of(self, place: usize) -> &'static str {
        match self.places.get() {
            Some((from, _)) if place == from => "order__entry--dragged",
            Some((from, to)) if place == to && to < from => "order__entry--before",
            Some((_, to)) if place == to => "order__entry--behind",
            _ => "",
        }
    }

    /// The place of the entry that the pointer is over, or is closest to.
    fn place_at(self, event: &PointerEvent) -> Option<usize> {
        let entries = self.list.get_untracked()?.children();
        let y = f64::from(event.client_y());
        let is_above =
            |place: &u32| entries.item(*place).is_some_and(|entry| entry.get_bounding_client_rect().bottom() <= y);
        let above = (0..entries.length()).take_while(is_above).count();
        Some(above.min((entries.length() as usize).checked_sub(1)?))
    }
}

/// Without a wheel there is no other way to the rest of a long list.
fn scroll_at_edges(y: f64) {
    let window = window();
    let height = window.inner_height().ok().and_then(|height| height.as_f64()).unwrap_or(f64::MAX);
    if y < EDGE {
        window.scroll_by_with_x_and_y(0.0, -SCROLL);
    } else if y > height - EDGE {
        window.scroll_by_with_x_and_y(0.0, SCROLL);
    }
}
