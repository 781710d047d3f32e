//! The pages that are no part of the first download.
//!
//! The build cuts the program at the functions below (`scripts/split-dist.mjs`): what only one chunk's pages need is in
//! a file of that chunk, and what several need in files that they share. A page's chunk is fetched when the page is
//! first opened, or before, when the browser has nothing else to do ([`fetch_when_idle`]).

use futures::future::LocalBoxFuture;
use leptos::prelude::*;
use wasm_split_helpers::{SplitLoaderError, wasm_split};

use crate::components::failed::Failed;
use crate::pages::account::AccountPage;
use crate::pages::blueprint_editor::{BlueprintPage, NewBlueprintPage};
use crate::pages::blueprints::BlueprintsPage;
use crate::pages::host::HostPage;
use crate::pages::job::JobPage;
use crate::pages::jobs::JobsPage;
use crate::pages::overlays::OverlaysPage;
use crate::pages::server::ServerPage;
use crate::pages::server_new::NewServerPage;
use crate::pages::users::UsersPage;

/// Makes a page. A pointer, so that it is called where the router wants the page and not where the chunk arrives.
type Build = fn() -> AnyView;

/// Fetches a page's chunk, unless it is there.
pub type Fetch = fn() -> LocalBoxFuture<'static, Result<Build, SplitLoaderError>>;

/// `CHUNK: NAME => Page` makes of `NAME` a [`Fetch`] of that page, which is compiled into the chunk.
macro_rules! pages {
    ($($chunk:ident: $($name:ident => $page:ident),+;)+) => {$($(
        pub fn $name() -> LocalBoxFuture<'static, Result<Build, SplitLoaderError>> {
            #[wasm_split($chunk, fallible)]
            fn $name() -> Result<Build, SplitLoaderError> {
                Ok(|| view! { <$page /> }.into_any())
            }
            Box::pin($name())
        }
    )+)+};
}

pages! {
    servers: server => ServerPage, new_server => NewServerPage, job => JobPage, jobs => JobsPage;
    blueprints: blueprints => BlueprintsPage, blueprint => BlueprintPage, new_blueprint => NewBlueprintPage;
    administration: overlays => OverlaysPage, host => HostPage, users => UsersPage, account => AccountPage;
}

/// The view of a route whose page is in a chunk.
pub fn page(fetch: Fetch) -> impl Fn() -> AnyView + Clone + Send + Sync + 'static {
    move || view! { <Fetched fetch /> }.into_any()
}

#[component]
fn Fetched(
    /// Where the page comes from.
    fetch: Fetch,
) -> impl IntoView {
    let build = RwSignal::new(None::<Result<Build, ()>>);
    // A chunk that is there answers before the browser draws again.
    leptos::task::spawn_local(async move {
        let fetched = fetch().await.map_err(|_| ());
        let _ = build.try_set(Some(fetched));
    });
    move || match build.get() {
        Some(Ok(build)) => build(),
        // The panel may have been replaced by a newer one, whose files have other names: then only a reload helps.
        Some(Err(())) => view! {
            <Failed why="This page could not be loaded. Check the connection, then try again." retry=|()| reload() />
        }
        .into_any(),
        None => view! { <p class="muted" role="status">"One moment…"</p> }.into_any(),
    }
}

/// Fetches what the person may want next, one chunk after the other, as soon as what there is now is drawn and the browser
/// has nothing else to do. Some browsers don't tell; with them a chunk is fetched when a page wants it.
pub fn fetch_when_idle(for_admin: bool) {
    request_animation_frame(move || request_idle_callback(move || leptos::task::spawn_local(fetch_likely(for_admin))));
}

async fn fetch_likely(for_admin: bool) {
    let likely: [Fetch; 2] = [server, blueprints];
    for fetch in likely.into_iter().chain(for_admin.then_some(host as Fetch)) {
        // Whoever opens the page is told when it can't be had.
        if fetch().await.is_err() {
            break;
        }
    }
}

fn reload() {
    // Fails only where a page may not be reloaded, and then there is nothing else to do.
    drop(window().location().reload());
}
