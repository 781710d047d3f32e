//! The catalog of overlays, for admins.

use l4d2_contract::{Overlay, OverlayId};
use leptos::prelude::*;

use crate::api::Api;
use crate::components::admin_only::AdminOnly;
use crate::components::confirm::{Confirm, Question};
use crate::components::failed::StoreLoading;
use crate::components::focus::{heading, regain};
use crate::components::form::SendError;
use crate::components::mark::{Mark, Tone};
use crate::components::overlay_form::OverlayForm;
use crate::components::page_title::PageTitle;
use crate::components::sending::Sending;
use crate::store::{Change, Store};

/// The page.
#[component]
pub fn OverlaysPage() -> impl IntoView {
    view! {
        <AdminOnly>
            <Catalog />
        </AdminOnly>
    }
}

/// What the rows of the list share.
#[derive(Debug, Clone, Copy)]
struct Shared {
    /// The one that is being changed.
    editing: RwSignal<Option<OverlayId>>,
    question: RwSignal<Option<Question>>,
    deleting: Sending,
}

#[component]
fn Catalog() -> impl IntoView {
    let store = Store::expect();
    let shared = Shared { editing: RwSignal::new(None), question: RwSignal::new(None), deleting: Sending::new() };
    let ids = Memo::new(move |_| {
        store.overlays.with(|list| {
            let mut overlays: Vec<&Overlay> = list.iter().collect();
            overlays.sort_by(|a, b| a.name.cmp(&b.name));
            list.is_known().then(|| overlays.into_iter().map(|overlay| overlay.id).collect::<Vec<_>>())
        })
    });
    view! {
        <PageTitle text="Overlays" />
        <p class="muted">
            "An overlay is a directory below the overlay root. Its files lie over the game's own; blueprints choose which, and in which order."
        </p>
        <SendError sending=shared.deleting />
        {move || match ids.with(|ids| ids.as_ref().map(Vec::is_empty)) {
            None => view! { <StoreLoading /> }.into_any(),
            Some(true) => view! {
                <div class="card empty">
                    <h2 class="section-title">"No overlays yet"</h2>
                    <p>"Put a directory below the overlay root, then add it here, so that blueprints can use it."</p>
                </div>
            }
            .into_any(),
            Some(false) => view! {
                <ul class="rows" aria-label="Overlays">
                    <For each=move || ids.get().unwrap_or_default() key=|id| *id let:id>
                        <Row id shared />
                    </For>
                </ul>
            }
            .into_any(),
        }}
        <section class="card" aria-labelledby="add-overlay">
            <h2 class="section-title" id="add-overlay">
                "Add an overlay"
            </h2>
            <OverlayForm />
        </section>
        <Confirm question=shared.question />
    }
}

#[component]
fn Row(
    /// Which overlay.
    id: OverlayId,
    /// What the rows share.
    shared: Shared,
) -> impl IntoView {
    let store = Store::expect();
    let overlay = Memo::new(move |_| store.overlays.with(|list| list.get(id).cloned()));
    let editing = Memo::new(move |_| shared.editing.get() == Some(id));
    view! {
        <li class="row">
            {move || {
                if editing.get() {
                    // What is typed must outlive a change that comes from elsewhere.
                    let overlay = overlay.get_untracked()?;
                    Some(view! { <OverlayForm overlay on_end=move |()| shared.editing.set(None) /> }.into_any())
                } else {
                    Some(view! { <Facts overlay=overlay.get()? shared /> }.into_any())
                }
            }}
        </li>
    }
}

#[component]
fn Facts(
    /// The overlay.
    overlay: Overlay,
    /// What the rows share.
    shared: Shared,
) -> impl IntoView {
    let id = overlay.id;
    let name = overlay.name.clone();
    let ask = {
        let name = name.clone();
        let (api, store): (Api, Store) = (expect_context(), Store::expect());
        move |_| {
            let delete = move |()| {
                shared.deleting.start(async move { api.delete_overlay(id).await }, move |()| {
                    // The event stream may have taken the row away already.
                    store.overlays.update(|list| list.apply(Change::Gone(id)));
                    regain(heading);
                });
            };
            shared.question.set(Some(Question {
                title: format!("Delete the overlay “{name}”?"),
                text: "It leaves the catalog. Its directory on the disk stays as it is.".to_owned(),
                button: "Delete the overlay",
                keep: "Keep it",
                then: Callback::new(delete),
            }));
        }
    };
    view! {
        <span class="row__main">
            <span class="row__name">{name.clone()}</span>
            <code class="row__detail">{overlay.path}</code>
        </span>
        {if overlay.present {
            view! { <Mark tone=Tone::Good word="on disk" /> }
        } else {
            view! { <Mark tone=Tone::Warning word="not on disk" /> }
        }}
        <span class="row__actions">
            <button class="button" type="button" on:click=move |_| shared.editing.set(Some(id))>
                "Change"
                <span class="visually-hidden">" "{name.clone()}</span>
            </button>
            <button class="button button--danger" type="button" on:click=ask>
                "Delete"
                <span class="visually-hidden">" "{name}</span>
            </button>
        </span>
    }
}
