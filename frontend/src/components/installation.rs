//! The one installation of the game: what is there, and the job that installs or updates it.

use l4d2_contract::{ActualState, HostOperation, InstallationInfo, Job, Operation, Server};
use leptos::prelude::*;
use leptos_router::components::A;

use crate::api::Api;
use crate::components::form::SendError;
use crate::components::mark::{Mark, Tone};
use crate::components::progress::Progress;
use crate::components::sending::Sending;
use crate::components::time::{Clock, RelativeTime};
use crate::store::Store;
use crate::text::{bytes, names, sentence};

/// The card.
#[component]
pub fn InstallationCard(
    /// What is there.
    installation: InstallationInfo,
    /// The newest install when that was found.
    last: Option<Job>,
) -> impl IntoView {
    let (api, store): (Api, Store) = (expect_context(), Store::expect());
    let sending = Sending::new();
    let present = installation.present;
    let job = Memo::new(move |_| {
        let known = store.jobs.with(|jobs| jobs.iter().rfind(|job| job.operation == Operation::Install).cloned());
        // What the store holds is as new, or newer: it heard of each change since.
        known.filter(|known| last.as_ref().is_none_or(|last| last.id <= known.id)).or_else(|| last.clone())
    });
    let in_the_way = Memo::new(move |_| store.servers.with(|servers| running(servers.iter())));
    let active = move || job.with(|job| job.as_ref().is_some_and(|job| !job.state.is_final()));
    let install = move |_| {
        if in_the_way.with_untracked(Vec::is_empty) {
            let call = async move { api.create_host_job(HostOperation::Install).await };
            sending.start(call, move |job| store.accept_job(&job));
        }
    };
    view! {
        <section class="card" aria-labelledby="installation-title">
            <h2 class="section-title" id="installation-title">
                "Installation"
            </h2>
            {if present {
                view! { <Facts installation /> }.into_any()
            } else {
                view! {
                    <p>"The game is not installed yet. Servers can start when it is. It takes some 10 GB of disk."</p>
                }
                    .into_any()
            }}
            <SendError sending />
            {move || job.get().map(|job| view! { <LastInstall job /> })}
            <Show when=move || !active()>
                <div class="form__buttons">
                    <button
                        class="button"
                        class:button--primary=!present
                        type="button"
                        aria-describedby="install-needs"
                        aria-disabled=move || {
                            (!in_the_way.with(Vec::is_empty)).then_some("true").or_else(|| sending.busy_attribute())
                        }
                        on:click=install
                    >
                        {if present { "Update" } else { "Install" }}
                    </button>
                </div>
                <p class="muted" id="install-needs">
                    {move || needs(&in_the_way.get())}
                </p>
            </Show>
        </section>
    }
}

/// The names of the servers that run from the files an install rewrites.
fn running<'a>(servers: impl Iterator<Item = &'a Server>) -> Vec<String> {
    servers.filter(|server| server.actual_state == ActualState::Running).map(|server| server.name.clone()).collect()
}

fn needs(in_the_way: &[String]) -> String {
    if in_the_way.is_empty() {
        "It rewrites the files that servers run from, so nothing else is done meanwhile.".to_owned()
    } else {
        let verb = if in_the_way.len() == 1 { "runs" } else { "run" };
        format!("Stop all servers first: {} {verb} from the files that it rewrites.", names(in_the_way))
    }
}

#[component]
fn Facts(
    /// What is there.
    installation: InstallationInfo,
) -> impl IntoView {
    let fact = |name: &'static str, value: Option<AnyView>| {
        value.map(|value| {
            view! {
                <dt>{name}</dt>
                <dd>{value}</dd>
            }
        })
    };
    view! {
        <dl class="facts">
            {fact("Version", installation.version.map(IntoAny::into_any))}
            {fact("Build", installation.build_id.map(IntoAny::into_any))}
            {fact("Size", installation.size_bytes.map(|size| bytes(size).into_any()))}
            {fact("Updated", installation.updated_at.map(|at| view! { <RelativeTime at /> }.into_any()))}
        </dl>
    }
}

/// How the last install stands.
#[component]
fn LastInstall(
    /// The job.
    job: Job,
) -> impl IntoView {
    let clock = Clock::expect();
    let log = format!("/jobs/{}", job.id);
    let state = job.state.as_str();
    let how = move || {
        let since = job.started_at.as_deref().map(|start| clock.since(start, None));
        since.map_or_else(|| format!("Install is {state}"), |since| format!("Installing for {since}"))
    };
    view! {
        <div class="install">
            {if job.state.is_final() {
                let tone = if job.error.is_empty() { Tone::Good } else { Tone::Bad };
                view! { <span>"Last install: " <Mark tone word=state /></span> }.into_any()
            } else {
                view! {
                    <span>{how}</span>
                    <Progress value=Signal::stored(job.progress) label=Signal::stored("Install".to_owned()) />
                }
                    .into_any()
            }}
            {(!job.error.is_empty()).then(|| view! { <p class="field__error">{sentence(&job.error)}</p> })}
            <A href=log attr:class="link">
                "Job and log"
            </A>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_in_the_way_of_an_install_are_named() {
        assert!(needs(&[]).starts_with("It rewrites"));
        assert!(needs(&["alpha".to_owned()]).contains("alpha runs"));
        assert!(needs(&["alpha".to_owned(), "bravo".to_owned()]).contains("alpha and bravo run"));
    }
}
