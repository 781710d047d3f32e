//! What happened, told to everyone who may know.
//!
//! Every event carries its payload already serialized: it is made once, however many streams are open. An event is a
//! hint about what is in the database; a reader that falls behind is told to fetch again.

use std::sync::Arc;

use l4d2_contract::{Blueprint, Deleted, Job, Overlay, ResourceKind, Server, UserId};
use serde::Serialize;
use tokio::sync::broadcast;

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
}

/// Events a reader may be behind before it must fetch again.
const BACKLOG: usize = 1024;

impl Default for Events {
    fn default() -> Self {
        Self { sender: broadcast::Sender::new(BACKLOG) }
    }
}

impl Events {
    /// Hears everything from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.sender.subscribe()
    }

    /// A server is new or changed.
    pub fn server(&self, server: &Server) {
        self.publish("server", (ResourceKind::Server, server.id.0), Audience::OwnerAndAdmins(server.user_id), server);
    }

    /// A job is new or changed; `owner` owns its server, or filed it where there is none.
    pub fn job(&self, job: &Job, owner: UserId) {
        self.publish("job", (ResourceKind::Job, job.id.0), Audience::OwnerAndAdmins(owner), job);
    }

    /// A blueprint is new or changed.
    pub fn blueprint(&self, blueprint: &Blueprint) {
        self.publish(
            "blueprint",
            (ResourceKind::Blueprint, blueprint.id.0),
            Audience::OwnerOnly(blueprint.user_id),
            blueprint,
        );
    }

    /// An overlay is new or changed: admins are told its path, others not.
    pub fn overlay(&self, overlay: &Overlay) {
        let about = (ResourceKind::Overlay, overlay.id.0);
        self.publish("overlay", about, Audience::Admins, overlay);
        let public = Overlay { path: None, ..overlay.clone() };
        self.publish("overlay", about, Audience::NotAdmins, &public);
    }

    /// Something is gone.
    pub fn deleted(&self, kind: ResourceKind, id: i64, audience: Audience) {
        self.publish("deleted", (kind, id), audience, &Deleted { kind, id });
    }

    fn publish(&self, name: &'static str, about: (ResourceKind, i64), audience: Audience, payload: &impl Serialize) {
        if self.sender.receiver_count() == 0 {
            return;
        }
        match serde_json::to_string(payload) {
            Ok(data) => {
                // Nobody listening any more is no error.
                let _ = self.sender.send(Event { name, about, audience, data: data.into() });
            }
            Err(error) => tracing::error!(%error, name, "an event could not be serialized"),
        }
    }
}
