//! Digests of what servers would be given now, kept until something that they are made of changes.
//!
//! A digest is only kept if nothing changed while it was made, so a list of servers never shows what was true once. Only
//! this process writes blueprints and overlays, so it knows of every change.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::app::AppState;
use crate::db::entity::servers::Model;
use crate::db::specification::load_sources;
use crate::error::{ApiError, ApiResult};
use crate::facade;

/// The kept digests; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Digests {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    /// How often everything was forgotten.
    generation: u64,
    /// By server.
    digests: HashMap<i64, Entry>,
}

/// A digest with those of its inputs that change with the server's own row. A server's name never changes.
#[derive(Debug)]
struct Entry {
    blueprint_id: i64,
    port: i32,
    digest: Arc<str>,
}

impl Digests {
    /// Must be called after every committed change of a blueprint or of an overlay's path.
    pub fn forget(&self) {
        let mut kept = self.lock();
        kept.generation += 1;
        kept.digests.clear();
    }

    /// The digest of what each of the servers would be given now.
    pub async fn of(&self, state: &AppState, servers: &[Model]) -> ApiResult<HashMap<i64, Arc<str>>> {
        let (generation, mut digests) = self.known(servers);
        let unknown: Vec<Model> = servers.iter().filter(|row| !digests.contains_key(&row.id)).cloned().collect();
        if unknown.is_empty() {
            return Ok(digests);
        }
        for source in load_sources(state.db.read(), unknown).await? {
            let digest: Arc<str> = facade::digest(&source).map_err(ApiError::internal)?.into();
            digests.insert(source.server.id, Arc::clone(&digest));
            self.keep(generation, &source.server, digest);
        }
        Ok(digests)
    }

    fn known(&self, servers: &[Model]) -> (u64, HashMap<i64, Arc<str>>) {
        let kept = self.lock();
        let find = |row: &Model| {
            let entry = kept.digests.get(&row.id)?;
            let is_current = entry.blueprint_id == row.blueprint_id && entry.port == row.port;
            is_current.then(|| (row.id, Arc::clone(&entry.digest)))
        };
        (kept.generation, servers.iter().filter_map(find).collect())
    }

    fn keep(&self, generation: u64, server: &Model, digest: Arc<str>) {
        let mut kept = self.lock();
        // What was read before a change may be old by now.
        if kept.generation == generation {
            let entry = Entry { blueprint_id: server.blueprint_id, port: server.port, digest };
            kept.digests.insert(server.id, entry);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // Whole after every statement, so a panic elsewhere can't have left it broken.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(blueprint_id: i64, port: i32) -> Model {
        Model {
            id: 1,
            user_id: 1,
            blueprint_id,
            name: "alpha".to_owned(),
            port,
            desired_state: "stopped".to_owned(),
            actual_state: "unknown".to_owned(),
            actual_state_updated_at: None,
            actual_state_since: None,
            last_error: String::new(),
            applied_digest: None,
            created_at: 0,
            updated_at: 0,
        }
    }

    #[test]
    fn a_digest_is_known_until_something_it_is_made_of_changes() {
        let digests = Digests::default();
        digests.keep(0, &server(1, 27015), "a".into());
        assert_eq!(digests.known(&[server(1, 27015)]).1.len(), 1);
        assert!(digests.known(&[server(2, 27015)]).1.is_empty(), "another blueprint");
        assert!(digests.known(&[server(1, 27016)]).1.is_empty(), "another port");
        digests.forget();
        assert!(digests.known(&[server(1, 27015)]).1.is_empty(), "the blueprint changed");
    }

    #[test]
    fn what_was_read_before_a_change_is_not_kept() {
        let digests = Digests::default();
        let (generation, _) = digests.known(&[]);
        digests.forget();
        digests.keep(generation, &server(1, 27015), "old".into());
        assert!(digests.known(&[server(1, 27015)]).1.is_empty());
    }
}
