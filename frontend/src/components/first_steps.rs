//! What stands on the dashboard of somebody who has no server: what comes next.

use l4d2_contract::HostInfo;
use leptos::prelude::*;
use leptos_router::components::A;

use crate::api::Api;
use crate::app::{HOST, NEW_BLUEPRINT, SERVER_NEW};
use crate::session::Session;
use crate::store::Store;

/// The next step, and only that one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The game is not there yet; only admins are told, for only they can help.
    Install,
    Blueprint,
    Server,
}

/// The next step as the one primary button.
#[component]
pub fn FirstSteps() -> impl IntoView {
    let (api, session, store): (Api, _, _) = (expect_context(), Session::expect(), Store::expect());
    let is_admin = Memo::new(move |_| session.is_admin());
    let host: RwSignal<Option<HostInfo>> = RwSignal::new(None);
    Effect::new(move |_| {
        if is_admin.get() {
            leptos::task::spawn_local(async move {
                // Without an answer the other steps are shown; the host's own page tells what is amiss.
                host.try_set(api.get_host().await.ok());
            });
        }
    });
    let step = Memo::new(move |_| {
        let lacks_game = host.with(|host| host.as_ref().is_some_and(|host| !host.installation.present));
        let has_blueprint = store.blueprints.with(|list| list.iter().next().is_some());
        match (lacks_game, has_blueprint) {
            (true, _) => Step::Install,
            (false, false) => Step::Blueprint,
            (false, true) => Step::Server,
        }
    });
    view! {
        <div class="card empty">
            <h2 class="section-title">"No servers yet"</h2>
            {move || match step.get() {
                Step::Install => view! {
                    <p>"The game is not installed on this host. Everything else comes after that."</p>
                    <A href=HOST attr:class="button button--primary">"Install the game"</A>
                }.into_any(),
                Step::Blueprint => view! {
                    <p>
                        "A server runs from a blueprint: an ordered list of overlays, launch arguments and lines of "
                        "server.cfg. Make one first."
                    </p>
                    <A href=NEW_BLUEPRINT attr:class="button button--primary">"New blueprint"</A>
                }.into_any(),
                Step::Server => view! {
                    <p>"You have a blueprint. A server is a name and a port that run from it."</p>
                    <A href=SERVER_NEW attr:class="button button--primary">"New server"</A>
                }.into_any(),
            }}
            <Show when=move || !is_admin.get()>
                <BecomingAdmin />
            </Show>
        </div>
    }
}

/// Who has set the panel up reads here how to become its admin.
#[component]
fn BecomingAdmin() -> impl IntoView {
    let session = Session::expect();
    let name = move || session.user().map(|user| user.username);
    view! {
        <p class="muted">
            "Is this panel yours? Installing the game, overlays and users are for admins. You become one on the host, "
            "with the program of this panel and its own settings. Of the installed package:"
        </p>
        <p>
            <code class="code">
                "sudo runuser -u l4d2-web -- l4d2-web promote-admin --config /etc/l4d2-web/config.toml " {name}
            </code>
        </p>
        <p class="muted">
            "Started by " <code class="code">"make run"</code> " or by hand, with the data directory that it was started with:"
        </p>
        <p>
            <code class="code">"DATA_DIR=data/panel target/release/l4d2-web promote-admin " {name}</code>
        </p>
    }
}
