//! Name and path of an overlay: for a new one, and to change one.

use l4d2_contract::rules;
use l4d2_contract::{CreateOverlay, Overlay, UpdateOverlay};
use leptos::prelude::*;

use crate::api::Api;
use crate::components::field::{Field, Rule};
use crate::components::form::Form;
use crate::components::sending::Sending;
use crate::store::{Change, Store};

/// The form.
#[component]
pub fn OverlayForm(
    /// The one to change; left out: a new one.
    #[prop(optional, into)]
    overlay: Option<Overlay>,
    /// It was saved, or the person thought better of it.
    #[prop(optional, into)]
    on_end: Option<Callback<()>>,
) -> impl IntoView {
    let (api, store): (Api, Store) = (expect_context(), Store::expect());
    let sending = Sending::new();
    let id = overlay.as_ref().map(|overlay| overlay.id);
    let prefix = id.map_or_else(|| "new-overlay".to_owned(), |id| format!("overlay-{id}"));
    let first_name = overlay.as_ref().map(|overlay| overlay.name.clone()).unwrap_or_default();
    let first_path = overlay.and_then(|overlay| overlay.path).unwrap_or_default();
    let name = RwSignal::new(first_name.clone());
    let path = RwSignal::new(first_path.clone());
    let dirty = Signal::derive(move || name.with(|name| *name != first_name) || path.with(|path| *path != first_path));
    let save = move |()| {
        let (new_name, new_path) = (name.get_untracked(), path.get_untracked());
        let call = async move {
            match id {
                None => api.create_overlay(&CreateOverlay { name: new_name, path: new_path }).await,
                Some(id) => {
                    let change = UpdateOverlay { name: Some(new_name), path: Some(new_path) };
                    api.update_overlay(id, &change).await
                }
            }
        };
        sending.start(call, move |saved| {
            store.overlays.update(|list| list.apply(Change::Changed(saved)));
            if let Some(end) = on_end {
                end.try_run(());
            } else {
                name.try_set(String::new());
                path.try_set(String::new());
            }
        });
    };
    view! {
        <Form
            sending
            fields=&["name", "path"]
            button=if id.is_some() { "Save" } else { "Add overlay" }
            primary=id.is_none()
            row=true
            dirty
            on_cancel=on_end
            on_submit=save
        >
            <Field
                name="name"
                id=format!("{prefix}-name")
                label="Name"
                kind="text"
                autocomplete="off"
                hint="What blueprints' authors read."
                rule=Some(rules::check_name as Rule)
                value=name
                error=sending.field("name")
            />
            <Field
                name="path"
                id=format!("{prefix}-path")
                label="Directory"
                kind="text"
                autocomplete="off"
                hint="Relative to the overlay root. It need not be there yet."
                rule=Some(rules::check_overlay_path as Rule)
                value=path
                error=sending.field("path")
            />
        </Form>
    }
}
