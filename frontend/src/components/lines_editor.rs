//! Lines of text, a row each, or all in one text area.
//!
//! Enter begins a new row, Backspace in an empty one takes it away, the arrow keys go up and down, and several lines
//! pasted into a row become rows.

use std::collections::BTreeMap;

use leptos::ev::{ClipboardEvent, KeyboardEvent};
use leptos::html;
use leptos::prelude::*;

use crate::components::icon_button::{CROSS, IconButton};
use crate::lines::{Key, Lines};

/// What the rows share.
#[derive(Debug, Clone, Copy)]
struct Shared {
    /// What one row is called.
    row_name: &'static str,
    lines: RwSignal<Lines>,
    errors: RwSignal<BTreeMap<Key, String>>,
    /// The row that is to get the focus.
    focus: RwSignal<Option<Key>>,
}

/// The rows, the button for one more, and the switch to a text area.
#[component]
pub fn LinesEditor(
    /// For ids; one of a kind on the page.
    id: &'static str,
    /// What all rows together are called.
    label: &'static str,
    /// What one row is called.
    row_name: &'static str,
    /// The rows.
    lines: RwSignal<Lines>,
    /// What is wrong with which row.
    errors: RwSignal<BTreeMap<Key, String>>,
) -> impl IntoView {
    let shared = Shared { row_name, lines, errors, focus: RwSignal::new(None) };
    let as_text = RwSignal::new(false);
    view! {
        <Show when=move || as_text.get() fallback=move || view! { <Rows label shared /> }>
            <Block id label shared />
        </Show>
        <div class="form__buttons">
            <Show when=move || !as_text.get()>
                <button
                    class="button"
                    type="button"
                    on:click=move |_| {
                        let mut key = None;
                        lines.update(|lines| key = Some(lines.push()));
                        shared.focus.set(key);
                    }
                >
                    {format!("Add {row_name}")}
                </button>
            </Show>
            <label class="check">
                <input
                    type="checkbox"
                    prop:checked=as_text
                    on:change:target=move |event| as_text.set(event.target().checked())
                />
                <span>"Edit as text" <span class="visually-hidden">{format!(": {label}")}</span></span>
            </label>
        </div>
    }
}

#[component]
fn Rows(
    /// What all rows together are called.
    label: &'static str,
    /// What the rows share.
    shared: Shared,
) -> impl IntoView {
    let keys = Memo::new(move |_| shared.lines.with(Lines::keys));
    view! {
        <ol class="lines" aria-label=label>
            <For each=move || keys.get() key=|key| *key let:key>
                <Row key shared />
            </For>
        </ol>
    }
}

#[component]
fn Block(
    /// For ids.
    id: &'static str,
    /// What all rows together are called.
    label: &'static str,
    /// What the rows share.
    shared: Shared,
) -> impl IntoView {
    let error_id = format!("{id}-errors");
    let messages = move || {
        shared.errors.with(|errors| {
            let place = |key| shared.lines.with(|lines| lines.position(key));
            errors
                .iter()
                .filter_map(|(key, message)| Some(format!("Line {}: {message}", place(*key)? + 1)))
                .collect::<Vec<_>>()
        })
    };
    view! {
        <textarea
            class="field__input lines__block"
            aria-label=label
            aria-describedby=error_id.clone()
            aria-invalid=move || shared.errors.with(|errors| (!errors.is_empty()).then_some("true"))
            rows="12"
            spellcheck="false"
            autocapitalize="none"
            prop:value=move || shared.lines.with(Lines::block)
            on:input:target=move |event| shared.lines.update(|lines| lines.set_block(&event.target().value()))
        ></textarea>
        <div class="field__error" id=error_id role="alert">
            {move || messages().into_iter().map(|message| view! { <p>{message}</p> }).collect_view()}
        </div>
    }
}

#[component]
fn Row(
    /// Which row.
    key: Key,
    /// What the rows share.
    shared: Shared,
) -> impl IntoView {
    let Shared { row_name, lines, errors, focus } = shared;
    let input = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        if focus.get() == Some(key)
            && let Some(input) = input.get()
        {
            // Fails only for what can't have the focus.
            let _ = input.focus();
            focus.set(None);
        }
    });
    let place = Memo::new(move |_| lines.with(|lines| lines.position(key)).unwrap_or_default() + 1);
    let error = Memo::new(move |_| errors.with(|errors| errors.get(&key).cloned()));
    let error_id = format!("{}-{key}-error", row_name.replace(' ', "-"));
    let remove = move || {
        let mut next = None;
        lines.update(|lines| next = lines.remove(key));
        focus.set(next);
    };
    view! {
        <li class="line">
            <span class="line__number" aria-hidden="true">
                {place}
            </span>
            <input
                class="field__input line__input"
                node_ref=input
                aria-label=move || format!("{row_name} {}", place.get())
                aria-describedby=error_id.clone()
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
                prop:value=move || lines.with(|lines| lines.text(key).unwrap_or_default().to_owned())
                on:input:target=move |event| lines.update(|lines| lines.set_text(key, event.target().value()))
                on:keydown=move |event| press(&event, key, shared, input, remove)
                on:paste=move |event| paste(&event, key, shared, input)
            />
            <IconButton
                shape=CROSS
                label=Signal::derive(move || format!("Remove {row_name} {}", place.get()))
                on_press=move |()| remove()
            />
            <p class="field__error line__error" id=error_id role="alert">
                {move || error.get()}
            </p>
        </li>
    }
}

/// What stands in the input before and after the selection.
fn around_selection(input: &web_sys::HtmlInputElement) -> (String, String) {
    let text: Vec<u16> = input.value().encode_utf16().collect();
    // Inputs of text always have a selection; its places count UTF-16 units.
    let place = |place: Option<u32>| place.map_or(text.len(), |place| text.len().min(place as usize));
    let start = place(input.selection_start().ok().flatten());
    let end = place(input.selection_end().ok().flatten()).max(start);
    (String::from_utf16_lossy(&text[..start]), String::from_utf16_lossy(&text[end..]))
}

fn press(event: &KeyboardEvent, key: Key, shared: Shared, input: NodeRef<html::Input>, remove: impl Fn()) {
    let Some(input) = input.get_untracked() else { return };
    if event.is_composing() || event.ctrl_key() || event.alt_key() || event.meta_key() {
        return;
    }
    match event.key().as_str() {
        "Enter" => {
            // In a form it would save.
            event.prevent_default();
            let (before, after) = around_selection(&input);
            let mut next = None;
            shared.lines.update(|lines| next = lines.split(key, &before, &after));
            shared.focus.set(next);
        }
        "Backspace" if input.value().is_empty() => {
            event.prevent_default();
            remove();
        }
        arrow @ ("ArrowUp" | "ArrowDown") => {
            let next = shared.lines.with_untracked(|lines| lines.neighbour(key, arrow == "ArrowDown"));
            if next.is_some() {
                event.prevent_default();
                shared.focus.set(next);
            }
        }
        _ => {}
    }
}

fn paste(event: &ClipboardEvent, key: Key, shared: Shared, input: NodeRef<html::Input>) {
    let text = event.clipboard_data().and_then(|data| data.get_data("text").ok()).unwrap_or_default();
    let Some(input) = input.get_untracked().filter(|_| text.contains('\n')) else { return };
    event.prevent_default();
    let (before, after) = around_selection(&input);
    let mut last = None;
    shared.lines.update(|lines| last = lines.paste(key, &before, &text, &after));
    shared.focus.set(last);
}
