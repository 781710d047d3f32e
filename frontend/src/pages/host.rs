//! The machine, for admins: the game's installation, the disk, what keeps servers up, and the doctor's checks.

use futures::future::try_join;
use l4d2_contract::{HostInfo, HostSupervisor, Job, JobState, Operation};
use leptos::prelude::*;

use crate::api::{Api, JobFilter};
use crate::components::admin_only::AdminOnly;
use crate::components::doctor::Checks;
use crate::components::installation::InstallationCard;
use crate::components::loaded::Loaded;
use crate::components::page_title::PageTitle;
use crate::store::Store;
use crate::text::bytes;

/// Free bytes below which an install has not enough room; the doctor says so, too.
const LITTLE_FREE: u64 = 20 << 30;
/// Free bytes below which servers have not enough; so again for the doctor.
const TOO_LITTLE_FREE: u64 = 1 << 30;

/// The page.
#[component]
pub fn HostPage() -> impl IntoView {
    view! {
        <AdminOnly>
            <Machine />
        </AdminOnly>
    }
}

#[component]
fn Machine() -> impl IntoView {
    let (api, store): (Api, Store) = (expect_context(), Store::expect());
    let installs = Memo::new(move |_| {
        store.jobs.with(|jobs| {
            let done = |state: JobState| state.is_final();
            jobs.iter().filter(|job| job.operation == Operation::Install && done(job.state)).map(|job| job.id).max()
        })
    });
    // What was found before an install is old after it. The newest install may be older than all jobs that the store holds.
    let host = LocalResource::new(move || {
        installs.track();
        let filter = JobFilter { operation: Some(Operation::Install), ..JobFilter::default() };
        async move {
            let (info, page) = try_join(api.get_host(), api.list_jobs(filter, None, 1)).await?;
            Ok((info, page.items.into_iter().next()))
        }
    });
    view! {
        <PageTitle text="Host" />
        <Loaded
            resource=host
            view=move |(info, last): (HostInfo, Option<Job>)| {
                view! {
                    <div class="columns">
                        <InstallationCard installation=info.installation last />
                        <Resources
                            supervisor=info.supervisor
                            free=info.disk_free_bytes
                            total=info.disk_total_bytes
                        />
                    </div>
                    <section class="card" aria-labelledby="checks-title">
                        <div class="head">
                            <h2 class="section-title" id="checks-title">
                                "Checks"
                            </h2>
                            <button class="button" type="button" on:click=move |_| host.refetch()>
                                "Check again"
                            </button>
                        </div>
                        <Checks checks=info.checks />
                    </section>
                }
                    .into_any()
            }
        />
    }
}

#[component]
fn Resources(
    /// What keeps the servers running.
    supervisor: HostSupervisor,
    /// Free bytes on the disk.
    free: u64,
    /// All bytes of the disk.
    total: u64,
) -> impl IntoView {
    let (supervisor, why) = match supervisor {
        HostSupervisor::Systemd => ("systemd", "Servers are units of the machine's own service manager."),
        HostSupervisor::Embedded => {
            ("built in", "Servers are kept up by small processes of the panel's own, which outlive it.")
        }
    };
    let used = total.saturating_sub(free);
    let (much, most) = (total.saturating_sub(LITTLE_FREE), total.saturating_sub(TOO_LITTLE_FREE));
    view! {
        <section class="card" aria-labelledby="machine-title">
            <h2 class="section-title" id="machine-title">
                "Machine"
            </h2>
            <dl class="facts">
                <dt>"Disk"</dt>
                <dd class="facts__stack">
                    <meter
                        class="meter"
                        min="0"
                        low=much.to_string()
                        high=most.to_string()
                        optimum="0"
                        max=total.to_string()
                        value=used.to_string()
                        aria-label="Disk used"
                    />
                    {format!("{} free of {}", bytes(free), bytes(total))}
                </dd>
                <dt>"Supervisor"</dt>
                <dd class="facts__stack">{supervisor} <span class="row__detail">{why}</span></dd>
            </dl>
        </section>
    }
}
