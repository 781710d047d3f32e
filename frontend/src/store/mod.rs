//! Everything the pages share: servers, jobs, blueprints and overlays, kept true by one event stream.
//!
//! The stream is open for as long as someone is signed in. Pages only read, and file what their own calls were answered
//! ([`Store::accept_job`] and the like), so that it shows at once and not only when the stream tells of it.

mod accept;
mod collection;
mod initialized;
mod lookup;
mod names;

use l4d2_contract::{Blueprint, BlueprintId, Job, Overlay, Server, ServerId, StreamEnd, StreamEndReason, UserId};
use leptos::prelude::*;

pub use self::collection::{Change, Collection, Resource};
use self::initialized::{Initialized, initializations};
pub use self::lookup::{Found, Lookup};
use self::names::Names;
use crate::api::{Api, ApiError, JobFilter};
use crate::session::Session;
use crate::sse::{self, Connection, Flow, Message};

const EVENTS_URL: &str = "/api/v1/events";
const EVENTS: &[&str] = &["ready", "resync", "server", "job", "blueprint", "overlay", "deleted", "end"];

/// How many of the newest jobs are fetched when the stream begins.
const RECENT_JOBS: u32 = 50;
/// How many jobs are kept of those heard of.
const MOST_JOBS: usize = 1_000;

/// What the pages share; a context.
#[derive(Debug, Clone, Copy)]
pub struct Store {
    api: Api,
    session: Session,
    /// The user's own; for admins everybody's.
    pub servers: RwSignal<Collection<Server>>,
    /// The newest, not all; of the servers above, and for admins those of the host.
    pub jobs: RwSignal<Collection<Job>>,
    /// The user's own.
    pub blueprints: RwSignal<Collection<Blueprint>>,
    /// The whole catalog.
    pub overlays: RwSignal<Collection<Overlay>>,
    names: Names,
    initialized: Initialized,
    /// How the event stream stands.
    pub connection: RwSignal<Connection>,
    /// Why the last fetch failed.
    pub error: RwSignal<Option<ApiError>>,
}

impl Store {
    /// Makes it and keeps it true while someone is signed in.
    pub fn new(session: Session, api: Api) -> Self {
        let store = Self {
            api,
            session,
            servers: RwSignal::default(),
            jobs: RwSignal::default(),
            blueprints: RwSignal::default(),
            overlays: RwSignal::default(),
            names: Names::new(session, api),
            initialized: Initialized::default(),
            connection: RwSignal::new(Connection::Connecting),
            error: RwSignal::new(None),
        };
        // Another user's things must not be seen for a moment, and rights decide what is fetched.
        let whose = Memo::new(move |_| session.rights());
        Effect::new(move |_| {
            store.forget();
            if whose.get().is_some() {
                store.fetch();
                // Closed when this runs again or the page ends. The browser doesn't say why it could not connect: a
                // session that ended meanwhile is found out by asking, and not once only, for the first answers may
                // be lost as the stream is.
                let hear = move |messages: Vec<Message>| store.hear(&messages);
                sse::follow(
                    || EVENTS_URL.to_owned(),
                    EVENTS,
                    store.connection,
                    hear,
                    move || leptos::task::spawn_local(api.ask_who()),
                );
            }
        });
        store
    }

    /// The store that the app provides to all pages.
    pub fn expect() -> Self {
        expect_context()
    }

    /// Fetches everything anew.
    pub fn fetch(self) {
        let (api, all) = (self.api, self.session.is_admin());
        self.error.set(None);
        self.names.retry();
        self.initialized.retry();
        self.fetch_one(self.servers, async move { api.list_servers(all).await });
        self.fetch_one(self.blueprints, async move { api.list_blueprints().await });
        self.fetch_one(self.overlays, async move { api.list_overlays().await });
        self.fetch_one(self.jobs, async move {
            let page = api.list_jobs(JobFilter::default(), None, RECENT_JOBS).await?;
            Ok(page.items)
        });
    }

    /// A blueprint as a person names it. Somebody else's is private, for admins too.
    pub fn blueprint_name(self, id: BlueprintId) -> String {
        self.blueprints.with(|list| match list.get(id) {
            Some(blueprint) => blueprint.name.clone(),
            None if list.is_known() => "private blueprint".to_owned(),
            None => String::new(),
        })
    }

    /// Who a user is to the one signed in; nothing while that is on its way. Beside themselves, ordinary users see only
    /// admins at work, on servers of theirs.
    pub fn who(self, user: UserId) -> Option<String> {
        if self.is_own(user) {
            Some("you".to_owned())
        } else if self.session.is_admin() {
            self.names.get(user)
        } else {
            Some("an admin".to_owned())
        }
    }

    /// Whether a server that never ran was initialized, so that it can have fallen behind what was applied then.
    pub fn was_initialized(self, server: ServerId) -> bool {
        let tells = initializations(server);
        self.jobs.with(|jobs| jobs.iter().any(|job| tells.takes(job)))
            || self.initialized.contains(server, self.session, self.api)
    }

    /// Whose something is, where it isn't the signed-in user's own.
    pub fn owner(self, user: UserId) -> Option<String> {
        if self.is_own(user) { None } else { self.who(user) }
    }

    /// Whether something of `user` is the signed-in user's own.
    pub fn is_own(self, user: UserId) -> bool {
        self.session.user().is_some_and(|own| own.id == user)
    }

    fn fetch_one<T, A>(self, collection: RwSignal<Collection<T>>, answer: A)
    where
        T: Resource + Send + Sync + 'static,
        T::Id: Send + Sync,
        A: Future<Output = Result<Vec<T>, ApiError>> + 'static,
    {
        let asked = self.session.asking();
        let mut fetch = None;
        collection.update(|list| fetch = Some(list.begin_fetch()));
        leptos::task::spawn_local(async move {
            let answer = answer.await;
            // Somebody else may have signed in meanwhile.
            let (Some(fetch), true) = (fetch, self.session.goes_on(&asked)) else { return };
            match answer {
                Ok(items) => collection.update(|list| list.finish_fetch(fetch, items)),
                Err(error) => self.error.set(Some(error)),
            }
        });
    }

    fn forget(self) {
        self.servers.set(Collection::default());
        self.jobs.set(Collection::default());
        self.blueprints.set(Collection::default());
        self.overlays.set(Collection::default());
        self.names.forget();
        self.initialized.forget();
        self.connection.set(Connection::Connecting);
        self.error.set(None);
    }

    fn hear(self, messages: &[Message]) -> Flow {
        for message in messages {
            match message.event {
                // What happened before the stream began was not heard. Rights may have changed, too.
                "ready" | "resync" => self.ask_who(),
                "end" => {
                    let end = serde_json::from_str::<StreamEnd>(&message.data);
                    if end.is_ok_and(|end| end.reason == StreamEndReason::AccessRevoked) {
                        self.ask_who();
                    }
                }
                event => self.hear_change(event, &message.data),
            }
        }
        Flow::GoOn
    }

    fn hear_change(self, event: &str, data: &str) {
        lay_over(self.servers, event, data);
        lay_over(self.jobs, event, data);
        lay_over(self.blueprints, event, data);
        lay_over(self.overlays, event, data);
        if event == Job::EVENT {
            self.jobs.update(|jobs| jobs.keep_newest(MOST_JOBS));
        }
    }

    /// Reads who is signed in, with which rights, and everything else after that.
    pub fn ask_who(self) {
        leptos::task::spawn_local(async move {
            let before = self.session.rights();
            self.api.ask_who().await;
            // For somebody else, or with other rights, the store begins anew by itself.
            if before.is_some() && self.session.rights() == before {
                self.fetch();
            }
        });
    }
}

fn lay_over<T>(collection: RwSignal<Collection<T>>, event: &str, data: &str)
where
    T: Resource + Send + Sync + 'static,
    T::Id: Send + Sync,
{
    if let Some(change) = Change::parse(event, data) {
        collection.update(|list| list.apply(change));
    }
}
