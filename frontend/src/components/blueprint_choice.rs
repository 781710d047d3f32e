//! Which blueprint a server runs from.

use l4d2_contract::{Blueprint, BlueprintId};
use leptos::prelude::*;

use crate::store::Store;
use crate::text::compare_names;

/// The choice among the user's own blueprints, and the one that is linked: it may be private to somebody else, and can
/// be kept all the same.
#[component]
pub fn BlueprintChoice(
    /// The one chosen.
    chosen: RwSignal<Option<BlueprintId>>,
    /// The one that is linked at present; left out: none.
    #[prop(optional, into)]
    linked: Option<Signal<BlueprintId>>,
    /// What is wrong with it.
    #[prop(into)]
    error: Signal<Option<String>>,
) -> impl IntoView {
    let store = Store::expect();
    let options = Memo::new(move |_| {
        let own = |blueprint: &Blueprint| (blueprint.id, blueprint.name.clone());
        let mut options: Vec<_> = store.blueprints.with(|list| list.iter().map(own).collect());
        options.sort_by(|a, b| compare_names(&a.1, &b.1));
        for id in [linked.map(|linked| linked.get()), chosen.get()].into_iter().flatten() {
            if !options.iter().any(|(known, _)| *known == id) {
                options.push((id, store.blueprint_name(id)));
            }
        }
        options
    });
    let choose = move |text: String| chosen.set(text.parse().ok());
    let option = move |(id, name): (BlueprintId, String)| {
        view! {
            <option value=id.to_string() selected=move || chosen.get() == Some(id)>
                {name}
            </option>
        }
    };
    view! {
        <div class="field">
            <label class="field__label" for="blueprint_id">
                "Blueprint"
            </label>
            <select
                class="field__input"
                id="blueprint_id"
                aria-describedby="blueprint_id-error"
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                on:change:target=move |event| choose(event.target().value())
            >
                {move || options.get().into_iter().map(option).collect_view()}
            </select>
            <p class="field__error" id="blueprint_id-error" role="alert">
                {move || error.get()}
            </p>
        </div>
    }
}
