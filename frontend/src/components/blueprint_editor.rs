//! The blueprint editor: overlays, arguments and lines of server.cfg in the order in which they act, the preview beside
//! them, the linked servers and the buttons below.

use l4d2_contract::{BlueprintId, PreviewBlueprint, rules};
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::api::ApiError;
use crate::blueprint_form::BlueprintForm;
use crate::components::blueprint_actions::Actions;
use crate::components::confirm::{Confirm, Question};
use crate::components::field::{Field, Rule};
use crate::components::lines_editor::LinesEditor;
use crate::components::linked_servers::{LinkedServers, linked};
use crate::components::notice::Notice;
use crate::components::order_list::OrderList;
use crate::components::preview::Preview;
use crate::components::sending::Sending;
use crate::components::unsaved::Unsaved;
use crate::draft::Draft;
use crate::kept_drafts::KeptDrafts;
use crate::lines::Lines;
use crate::session::Session;
use crate::store::Store;

/// The editor.
#[component]
pub fn Editor(
    /// Its state.
    form: BlueprintForm,
    /// The blueprint that is changed; left out: a new one.
    #[prop(optional, into)]
    id: Option<BlueprintId>,
) -> impl IntoView {
    let store = Store::expect();
    let saving = Sending::new();
    let question = RwSignal::new(None::<Question>);
    let servers = Memo::new(move |_| id.map(|id| linked(store, id)).unwrap_or_default());
    // It is shown for the first server that is linked, if there is one.
    let input = Signal::derive(move || {
        let first = servers.with(|servers| servers.first().map(|server| (server.port, server.name.clone())));
        let (port, name) = first.unzip();
        PreviewBlueprint {
            arguments: form.arguments.with(Lines::texts),
            config: form.config.with(Lines::texts),
            port,
            name,
        }
    });
    let show_errors = move |error: Option<ApiError>| {
        form.show_errors(error.as_ref(), &form.arguments.get_untracked(), &form.config.get_untracked());
    };
    Unsaved::watch(Signal::derive(move || form.is_dirty()), question);
    keep_over_the_end_of_the_session(form);
    view! {
        {id.map(|id| view! { <ChangedElsewhere form id saving /> })}
        <div class="editor">
            <div class="editor__fields">
                <div class="card">
                    <Field
                        name="name"
                        label="Name"
                        kind="text"
                        autocomplete="off"
                        rule=Some(rules::check_name as Rule)
                        value=form.name
                        error=saving.field("name")
                    />
                </div>
                <Sections form saving />
            </div>
            <div class="editor__beside">
                <section class="card preview" aria-labelledby="preview-title">
                    <h2 class="section-title" id="preview-title">
                        "What servers get"
                    </h2>
                    <Preview input on_answer=show_errors />
                </section>
                {id.map(|blueprint| view! { <LinkedServers blueprint servers /> })}
            </div>
        </div>
        <Actions form id servers saving question />
        <Confirm question />
    }
}

/// What stands in the form is there again when the same person signs in again, unless they gave it up.
fn keep_over_the_end_of_the_session(form: BlueprintForm) {
    let (session, unsaved, kept) = (Session::expect(), Unsaved::expect(), expect_context::<KeptDrafts>());
    let Some(user) = session.user_id() else { return };
    let address = use_location().pathname.get_untracked();
    if let Some(draft) = kept.take(user, &address) {
        form.type_in(&draft);
    }
    on_cleanup(move || {
        let is_over = session.user_id() != Some(user) && !unsaved.is_given_up();
        if is_over && untrack(|| form.is_dirty()) {
            kept.keep(user, address.clone(), untrack(|| form.draft()));
        }
    });
}

#[component]
fn Sections(
    /// The editor's state.
    form: BlueprintForm,
    /// How a save stands.
    saving: Sending,
) -> impl IntoView {
    let list_error = move |name| view! { <p class="field__error" role="alert">{saving.field(name)}</p> };
    view! {
        <section class="card" aria-labelledby="overlays-title">
            <h2 class="section-title" id="overlays-title">
                "Overlays"
            </h2>
            <p class="muted">"The first lies on top: of files that several have, its own are used."</p>
            <OrderList ids=form.overlay_ids />
            {list_error("overlay_ids")}
        </section>
        <section class="card" aria-labelledby="arguments-title">
            <h2 class="section-title" id="arguments-title">
                "Arguments"
            </h2>
            <p class="muted">"Added to the game's command line, such as " <code>"+map c5m1_waterfront"</code> "."</p>
            <LinesEditor
                id="arguments"
                label="Arguments"
                row_name="argument"
                lines=form.arguments
                errors=form.argument_errors
            />
            {list_error("arguments")}
        </section>
        <section class="card" aria-labelledby="config-title">
            <h2 class="section-title" id="config-title">
                "server.cfg"
            </h2>
            <p class="muted">"Lines that the game runs whenever it loads a map."</p>
            <LinesEditor
                id="config"
                label="Lines of server.cfg"
                row_name="line"
                lines=form.config
                errors=form.config_errors
            />
            {list_error("config")}
        </section>
    }
}

/// Takes over what was saved elsewhere, or says so where that would lose what was typed.
#[component]
fn ChangedElsewhere(
    /// The editor's state.
    form: BlueprintForm,
    /// The blueprint.
    id: BlueprintId,
    /// How a save stands: its own change comes back from the event stream too.
    saving: Sending,
) -> impl IntoView {
    let store = Store::expect();
    let theirs = Memo::new(move |_| store.blueprints.with(|list| list.get(id).map(Draft::of)));
    let newer = Memo::new(move |_| {
        let is_own = saving.is_busy();
        theirs.get().filter(|theirs| !is_own && form.saved.with(|saved| saved != theirs))
    });
    Effect::new(move |_| {
        if let Some(newer) = newer.get()
            && untrack(|| !form.is_dirty())
        {
            form.load(newer);
        }
    });
    move || {
        let newer = newer.get().filter(|_| form.is_dirty())?;
        Some(view! {
            <Notice>
                "This blueprint was changed elsewhere meanwhile. If you save, that change is overwritten. "
                <button class="button" type="button" on:click=move |_| form.load(newer.clone())>
                    "Take that version instead"
                </button>
            </Notice>
        })
    }
}
