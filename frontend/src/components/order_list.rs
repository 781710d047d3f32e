//! The overlays of a blueprint, put in order by dragging (see `order_drag`), by buttons, or by the arrow keys on the
//! handle. What moved where is announced.

use l4d2_contract::OverlayId;
use leptos::ev::KeyboardEvent;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::components::icon_button::{CROSS, DOWN, IconButton, UP};
use crate::components::mark::{Mark, Tone};
use crate::components::order_drag::Drag;
use crate::draft::move_entry;
use crate::store::Store;

/// What the entries share.
#[derive(Debug, Clone, Copy)]
struct Shared {
    ids: RwSignal<Vec<OverlayId>>,
    drag: Drag,
    announcement: RwSignal<String>,
    store: Store,
}

impl Shared {
    fn name(self, id: OverlayId) -> String {
        self.store
            .overlays
            .with(|list| list.get(id).map_or_else(|| format!("overlay {id}"), |found| found.name.clone()))
    }

    fn position(self, id: OverlayId) -> Option<usize> {
        self.ids.with(|ids| ids.iter().position(|other| *other == id))
    }

    /// Moves an entry from place to place, which count from zero, and says so.
    fn shift(self, from: usize, to: usize) -> bool {
        let mut moved = None;
        self.ids.update(|ids| {
            if move_entry(ids, from, to) {
                moved = ids.get(to).copied();
            }
        });
        if let Some(id) = moved {
            let count = self.ids.with_untracked(Vec::len);
            let name = untrack(|| self.name(id));
            self.announcement.set(format!("{name} is now number {} of {count}.", to + 1));
        }
        moved.is_some()
    }

    /// Moves it up or down by one. The moved entry's elements are put into the page anew, which takes the focus from
    /// them: it is given back.
    fn step(self, id: OverlayId, down: bool, focus: &'static str) {
        let Some(from) = untrack(|| self.position(id)) else { return };
        let to = if down { Some(from + 1) } else { from.checked_sub(1) };
        if to.is_some_and(|to| self.shift(from, to)) {
            focus_later(element_id(id, focus));
        }
    }

    fn remove(self, id: OverlayId) {
        let name = untrack(|| self.name(id));
        self.ids.update(|ids| ids.retain(|other| *other != id));
        self.announcement.set(format!("{name} is removed."));
        focus_later("add-overlay".to_owned());
    }
}

fn element_id(id: OverlayId, part: &str) -> String {
    format!("overlay-{id}-{part}")
}

fn focus_later(id: String) {
    request_animation_frame(move || {
        let element =
            document().get_element_by_id(&id).and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok());
        if let Some(element) = element {
            // Fails only for what can't have the focus.
            let _ = element.focus();
        }
    });
}

/// The list, and what can be added to it.
#[component]
pub fn OrderList(
    /// The overlays chosen, the first lies on top.
    ids: RwSignal<Vec<OverlayId>>,
) -> impl IntoView {
    let list = NodeRef::<html::Ol>::new();
    let drag = Drag::new(list);
    let shared = Shared { ids, drag, announcement: RwSignal::new(String::new()), store: Store::expect() };
    let drop = move |_| {
        if let Some((from, to)) = drag.end() {
            shared.shift(from, to);
        }
    };
    view! {
        <Show
            when=move || ids.with(|ids| !ids.is_empty())
            fallback=|| view! { <p class="muted">"None: servers run the game as it is installed."</p> }
        >
            <ol
                class="rows order"
                aria-label="Overlays in order"
                node_ref=list
                on:pointerdown=move |event| drag.begin(&event)
                on:pointermove=move |event| drag.follow(&event)
                on:pointerup=drop
                on:pointercancel=move |_| drag.give_up()
            >
                <For each=move || ids.get() key=|id| *id let:id>
                    <Entry id shared />
                </For>
            </ol>
        </Show>
        <Add shared />
        <p class="visually-hidden" role="status">
            {shared.announcement}
        </p>
    }
}

#[component]
fn Entry(
    /// Which overlay.
    id: OverlayId,
    /// What the entries share.
    shared: Shared,
) -> impl IntoView {
    let name = Memo::new(move |_| shared.name(id));
    let place = Memo::new(move |_| shared.position(id).unwrap_or_default());
    let present =
        Memo::new(move |_| shared.store.overlays.with(|list| list.get(id).is_some_and(|overlay| overlay.present)));
    let class = move || format!("row order__entry {}", shared.drag.class_of(place.get()));
    view! {
        <li class=class>
            <Handle id shared name place />
            <span class="row__main">
                <span class="row__name">{name}</span>
            </span>
            {move || {
                if present.get() {
                    view! { <Mark tone=Tone::Good word="on disk" /> }
                } else {
                    view! { <Mark tone=Tone::Warning word="not on disk" /> }
                }
            }}
            <span class="order__buttons">
                <IconButton
                    shape=UP
                    label=Signal::derive(move || format!("Move {} up", name.get()))
                    id=element_id(id, "up")
                    idle=Signal::derive(move || place.get() == 0)
                    on_press=move |()| shared.step(id, false, "up")
                />
                <IconButton
                    shape=DOWN
                    label=Signal::derive(move || format!("Move {} down", name.get()))
                    id=element_id(id, "down")
                    idle=Signal::derive(move || shared.ids.with(|ids| place.get() + 1 >= ids.len()))
                    on_press=move |()| shared.step(id, true, "down")
                />
                <IconButton
                    shape=CROSS
                    label=Signal::derive(move || format!("Remove {}", name.get()))
                    on_press=move |()| shared.remove(id)
                />
            </span>
        </li>
    }
}

#[component]
fn Handle(
    /// Which overlay.
    id: OverlayId,
    /// What the entries share.
    shared: Shared,
    /// The overlay's name.
    name: Memo<String>,
    /// Its place, counted from zero.
    place: Memo<usize>,
) -> impl IntoView {
    let press = move |event: KeyboardEvent| {
        let down = match event.key().as_str() {
            "ArrowUp" => false,
            "ArrowDown" => true,
            "Escape" => return shared.drag.give_up(),
            _ => return,
        };
        event.prevent_default();
        shared.step(id, down, "handle");
    };
    view! {
        <button
            class="order__handle"
            type="button"
            id=element_id(id, "handle")
            aria-label=move || {
                format!("{}, number {}: move with the arrow keys, or by dragging", name.get(), place.get() + 1)
            }
            on:keydown=press
        >
            <svg viewBox="0 0 12 12" aria-hidden="true">
                <path d="M2 3 H10 M2 6 H10 M2 9 H10" />
            </svg>
        </button>
    }
}

#[component]
fn Add(
    /// What the entries share.
    shared: Shared,
) -> impl IntoView {
    let others = Memo::new(move |_| {
        let chosen = shared.ids.get();
        shared.store.overlays.with(|list| {
            let mut others: Vec<(OverlayId, String)> = list
                .iter()
                .filter(|overlay| !chosen.contains(&overlay.id))
                .map(|overlay| (overlay.id, overlay.name.clone()))
                .collect();
            others.sort_by(|a, b| a.1.cmp(&b.1));
            others
        })
    });
    let choice = RwSignal::new(None::<OverlayId>);
    let add = move |_| {
        let Some(id) = choice.get_untracked() else { return };
        shared.ids.update(|ids| ids.push(id));
        choice.set(None);
        let name = untrack(|| shared.name(id));
        shared.announcement.set(format!("{name} is added at the end."));
    };
    view! {
        <div class="field">
            <label class="field__label" for="add-overlay">
                "Another overlay"
            </label>
            <div class="order__add">
                <select
                    class="field__input"
                    id="add-overlay"
                    prop:value=move || choice.get().map(|id| id.to_string()).unwrap_or_default()
                    on:change:target=move |event| choice.set(event.target().value().parse().ok().map(OverlayId))
                >
                    <option value="">
                        {move || if others.with(Vec::is_empty) { "No others in the catalog" } else { "Choose…" }}
                    </option>
                    {move || {
                        others
                            .get()
                            .into_iter()
                            .map(|(id, name)| view! { <option value=id.to_string()>{name}</option> })
                            .collect_view()
                    }}
                </select>
                <button
                    class="button"
                    type="button"
                    aria-disabled=move || choice.get().is_none().then_some("true")
                    on:click=add
                >
                    "Add"
                    <span class="visually-hidden">" overlay"</span>
                </button>
            </div>
        </div>
    }
}
