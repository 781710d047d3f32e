//! What a server is given and what it takes up: its preview, its connect string, its size on the disk.

use l4d2_contract::{PreviewBlueprint, Server, ServerUsage};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlDetailsElement;

use crate::api::{Api, ApiError};
use crate::components::copy::CopyButton;
use crate::components::preview::Preview;
use crate::store::Store;
use crate::text::bytes;

/// What players type into their game's console, and what the server takes of the disk.
#[component]
pub fn ServerFacts(
    /// The server.
    server: Memo<Server>,
) -> impl IntoView {
    let connect = Signal::derive(move || {
        let host = window().location().hostname().unwrap_or_default();
        server.with(|server| format!("connect {host}:{}", server.port))
    });
    view! {
        <dl class="facts">
            <dt>"Connect"</dt>
            <dd class="facts-line">
                <code class="code">{connect}</code>
                <CopyButton text=connect />
            </dd>
            <dt>"Size on disk"</dt>
            <dd>
                <Size server />
            </dd>
        </dl>
    }
}

/// Counted when the page opens, and again whenever a job may have changed it.
#[component]
fn Size(
    /// The server.
    server: Memo<Server>,
) -> impl IntoView {
    let api: Api = expect_context();
    let usage = RwSignal::new(None::<Result<ServerUsage, ApiError>>);
    let idle = Memo::new(move |_| server.with(|server| server.active_job.is_none()));
    Effect::new(move |_| {
        if idle.get() {
            let id = server.with_untracked(|server| server.id);
            leptos::task::spawn_local(async move {
                let answer = api.get_server_usage(id).await;
                usage.try_set(Some(answer));
            });
        }
    });
    move || match usage.get() {
        None => "Counting…".to_owned(),
        Some(Ok(usage)) => size(&usage),
        Some(Err(_)) => "It can't be told at the moment.".to_owned(),
    }
}

fn size(usage: &ServerUsage) -> String {
    match usage.instance_bytes {
        None => "Nothing yet".to_owned(),
        Some(count) if usage.complete => bytes(count),
        Some(count) => format!("{} or more", bytes(count)),
    }
}

/// The command line and server.cfg of the next start, when one wants to see them.
#[component]
pub fn ServerPreview(
    /// The server.
    server: Memo<Server>,
) -> impl IntoView {
    let store = Store::expect();
    let open = RwSignal::new(false);
    let input = Memo::new(move |_| {
        let (id, port, name) = server.with(|server| (server.blueprint_id, server.port, server.name.clone()));
        store.blueprints.with(|list| {
            let blueprint = list.get(id)?;
            let (arguments, config) = (blueprint.arguments.clone(), blueprint.config.clone());
            Some(PreviewBlueprint { arguments, config, port: Some(port), name: Some(name) })
        })
    });
    let is_known = Memo::new(move |_| input.with(Option::is_some));
    let shown = move || {
        if !is_known.get() {
            return view! { <p class="muted">"Its blueprint is private to its owner."</p> }.into_any();
        }
        // It stays as it was for the moment in which the blueprint goes.
        let input = Memo::new(move |last: Option<&PreviewBlueprint>| input.get().or(last.cloned()).unwrap_or_default());
        view! { <Preview input /> }.into_any()
    };
    view! {
        <details
            class="disclosure"
            on:toggle=move |event| {
                let details = event.target().and_then(|target| target.dyn_into::<HtmlDetailsElement>().ok());
                open.set(details.is_some_and(|details| details.open()));
            }
        >
            <summary class="disclosure__title">"What it gets at its next start"</summary>
            <div class="disclosure__content">{move || open.get().then(shown)}</div>
        </details>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_says_whether_it_is_all() {
        let usage = |instance_bytes, complete| size(&ServerUsage { instance_bytes, complete });
        assert_eq!(usage(None, true), "Nothing yet");
        assert_eq!(usage(Some(1_536), true), "1.5 KiB");
        assert_eq!(usage(Some(1_536), false), "1.5 KiB or more");
    }
}
