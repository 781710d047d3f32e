//! How somebody likes logs to look, kept in this browser for the next page and the next visit.

use leptos::prelude::*;

/// One choice between yes and no.
#[derive(Debug, Clone, Copy)]
pub struct Choice {
    name: &'static str,
    chosen: RwSignal<Option<bool>>,
}

impl Choice {
    /// What was chosen under a name, if anything was.
    pub fn load(name: &'static str) -> Self {
        let kept = storage().and_then(|storage| storage.get_item(name).ok().flatten());
        Self { name, chosen: RwSignal::new(kept.and_then(|kept| kept.parse().ok())) }
    }

    /// What was chosen, or else what is usual.
    pub fn get_or(self, usual: bool) -> bool {
        self.chosen.get().unwrap_or(usual)
    }

    /// Chooses. A browser that keeps nothing forgets it with the page.
    pub fn set(self, chosen: bool) {
        self.chosen.set(Some(chosen));
        if let Some(storage) = storage() {
            let _ = storage.set_item(self.name, if chosen { "true" } else { "false" });
        }
    }
}

/// What outlives the page; some browsers have none, or refuse it.
fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}
