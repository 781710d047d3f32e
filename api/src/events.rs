//! What happened, told to everyone who may know.
//!
//! Every event carries its payload already serialized: it is made once, however many streams are open. An event is a
//! hint about what is in the database; a reader that falls behind is told to fetch again.
//!
//! Nobody polls, so the last event about something must be how it is. Whoever tells takes a [`Turn`] first and reads within
//! it: what was read later is told later.

use std::sync::Arc;

use l4d2_contract::{Blueprint, Deleted, Job, Overlay, ResourceKind, Server, UserId};
use serde::Serialize;
use tokio::sync::{Mutex, MutexGuard, broadcast};

/// Who may see an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Everybody who is signed in.
    Everyone,
    /// Everybody but admins, who are told more.
    NotAdmins,
    /// One user, and admins.
    OwnerAndAdmins(UserId),
    /// One user only.
    OwnerOnly(UserId),
    /// Admins only.
    Admins,
}

impl Audience {
    /// Whether a user belongs to it.
    pub fn includes(self, user: UserId, admin: bool) -> bool {
        match self {
            Self::Everyone => true,
            Self::NotAdmins => !admin,
            Self::OwnerAndAdmins(owner) => admin || owner == user,
            Self::OwnerOnly(owner) => owner == user,
            Self::Admins => admin,
        }
    }
}

/// One event, ready to be sent.
#[derive(Debug, Clone)]
pub struct Event {
    /// The SSE event's name.
    pub name: &'static str,
    /// What it is about.
    pub about: (ResourceKind, i64),
    /// Who may see it.
    pub audience: Audience,
    /// The payload as JSON.
    pub data: Arc<str>,
}

/// The hub; cheap to clone.
#[derive(Debug, Clone)]
pub struct Events {
    sender: broadcast::Sender<Event>,
    turns: Arc<Turns>,
}

/// One lock per kind: each kind's events are of its own rows only, and a look at an overlay's directory, which may hang with
/// its disk, holds up no other kind.
#[derive(Debug, Default)]
struct Turns {
    servers: Mutex<()>,
    jobs: Mutex<()>,
    overlays: Mutex<()>,
    blueprints: Mutex<()>,
}

/// The right to tell about one kind of things, one holder at a time. To be held from before the reading on.
#[derive(Debug)]
pub struct Turn<'a> {
    sender: &'a broadcast::Sender<Event>,
    kind: ResourceKind,
    _held: MutexGuard<'a, ()>,
}

/// Events a reader may be behind before it must fetch again.
const BACKLOG: usize = 1024;

impl Default for Events {
    fn default() -> Self {
        Self { sender: broadcast::Sender::new(BACKLOG), turns: Arc::default() }
    }
}

impl Events {
    /// Hears everything from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.sender.subscribe()
    }

    /// Waits for the turn to tell about things of a kind.
    pub async fn turn(&self, kind: ResourceKind) -> Turn<'_> {
        let lock = match kind {
            ResourceKind::Server => &self.turns.servers,
            ResourceKind::Job => &self.turns.jobs,
            ResourceKind::Overlay => &self.turns.overlays,
            ResourceKind::Blueprint => &self.turns.blueprints,
        };
        Turn { sender: &self.sender, kind, _held: lock.lock().await }
    }
}

impl Turn<'_> {
    /// A server is new or changed.
    pub fn server(&self, server: &Server) {
        self.tell("server", server.id.0, Audience::OwnerAndAdmins(server.user_id), server);
    }

    /// A job is new or changed.
    pub fn job(&self, job: &Job, audience: Audience) {
        self.tell("job", job.id.0, audience, job);
    }

    /// A blueprint is new or changed.
    pub fn blueprint(&self, blueprint: &Blueprint) {
        self.tell("blueprint", blueprint.id.0, Audience::OwnerOnly(blueprint.user_id), blueprint);
    }

    /// An overlay is new or changed: admins are told its path, others not.
    pub fn overlay(&self, overlay: &Overlay) {
        self.tell("overlay", overlay.id.0, Audience::Admins, overlay);
        let public = Overlay { path: None, ..overlay.clone() };
        self.tell("overlay", overlay.id.0, Audience::NotAdmins, &public);
    }

    /// Something of the kind is gone.
    pub fn deleted(&self, id: i64, audience: Audience) {
        self.tell("deleted", id, audience, &Deleted { kind: self.kind, id });
    }

    fn tell(&self, name: &'static str, id: i64, audience: Audience, payload: &impl Serialize) {
        if self.sender.receiver_count() == 0 {
            return;
        }
        match serde_json::to_string(payload) {
            Ok(data) => {
                // Nobody listening any more is no error.
                let _ = self.sender.send(Event { name, about: (self.kind, id), audience, data: data.into() });
            }
            Err(error) => tracing::error!(%error, name, "an event could not be serialized"),
        }
    }
}
