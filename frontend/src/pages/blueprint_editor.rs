//! One blueprint: a new one, or one that is there.

use l4d2_contract::{Blueprint, BlueprintId};
use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_params_map;

use crate::app::BLUEPRINTS;
use crate::blueprint_form::BlueprintForm;
use crate::components::blueprint_editor::Editor;
use crate::components::failed::StoreLoading;
use crate::components::page_title::PageTitle;
use crate::draft::Draft;
use crate::store::Store;

/// The page of a new blueprint.
#[component]
pub fn NewBlueprintPage() -> impl IntoView {
    view! {
        <PageTitle text="New blueprint" />
        <Editor form=BlueprintForm::new(Draft::default()) />
    }
}

/// What is known of the blueprint in the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    NotYet,
    /// It is not there, or somebody else's, which nobody is told more of.
    Nowhere,
    Here(BlueprintId),
}

/// The page of a blueprint.
#[component]
pub fn BlueprintPage() -> impl IntoView {
    let store = Store::expect();
    let params = use_params_map();
    let found = Memo::new(move |_| {
        let id = params.with(|params| params.get("id")).and_then(|id| id.parse().ok()).map(BlueprintId);
        store.blueprints.with(|list| match id {
            Some(id) if list.get(id).is_some() => Found::Here(id),
            Some(_) if !list.is_known() => Found::NotYet,
            _ => Found::Nowhere,
        })
    });
    move || match found.get() {
        Found::Here(id) => {
            let blueprint = store.blueprints.with_untracked(|list| list.get(id).cloned());
            blueprint.map(|blueprint| view! { <Existing blueprint /> }).into_any()
        }
        Found::NotYet => view! { <StoreLoading /> }.into_any(),
        Found::Nowhere => view! { <Nowhere /> }.into_any(),
    }
}

#[component]
fn Existing(
    /// The blueprint as it is when the page opens.
    blueprint: Blueprint,
) -> impl IntoView {
    let store = Store::expect();
    let id = blueprint.id;
    let title = Signal::derive(move || store.blueprint_name(id));
    view! {
        <PageTitle text=title />
        <Editor form=BlueprintForm::new(Draft::of(&blueprint)) id />
    }
}

#[component]
fn Nowhere() -> impl IntoView {
    view! {
        <PageTitle text="No such blueprint" />
        <p>"There is no blueprint of yours at this address. It may have been deleted; those of others are private."</p>
        <p>
            <A href=BLUEPRINTS attr:class="link">
                "Go to your blueprints"
            </A>
        </p>
    }
}
