//! The state of the blueprint editor: what stands in it, what was saved last, and what is wrong with which part.

use std::collections::BTreeMap;

use l4d2_contract::{Blueprint, BlueprintId, OverlayId};
use leptos::prelude::*;

use crate::api::{Api, ApiError};
use crate::draft::Draft;
use crate::lines::{Key, Lines};

/// Messages beside rows.
pub type RowErrors = RwSignal<BTreeMap<Key, String>>;

/// The fields of a blueprint, each a signal of its own.
#[derive(Debug, Clone, Copy)]
pub struct BlueprintForm {
    pub name: RwSignal<String>,
    pub overlay_ids: RwSignal<Vec<OverlayId>>,
    pub arguments: RwSignal<Lines>,
    pub config: RwSignal<Lines>,
    pub argument_errors: RowErrors,
    pub config_errors: RowErrors,
    /// What the fields began with, or were when they were last saved.
    pub saved: RwSignal<Draft>,
}

impl BlueprintForm {
    pub fn new(draft: Draft) -> Self {
        Self {
            name: RwSignal::new(draft.name.clone()),
            overlay_ids: RwSignal::new(draft.overlay_ids.clone()),
            arguments: RwSignal::new(Lines::new(&draft.arguments)),
            config: RwSignal::new(Lines::new(&draft.config)),
            argument_errors: RwSignal::new(BTreeMap::new()),
            config_errors: RwSignal::new(BTreeMap::new()),
            saved: RwSignal::new(draft),
        }
    }

    /// What stands in the form.
    pub fn draft(self) -> Draft {
        Draft {
            name: self.name.get(),
            overlay_ids: self.overlay_ids.get(),
            arguments: self.arguments.with(Lines::texts),
            config: self.config.with(Lines::texts),
        }
    }

    pub fn is_dirty(self) -> bool {
        let draft = self.draft();
        self.saved.with(|saved| *saved != draft)
    }

    /// Puts another version into the form, which is saved.
    pub fn load(self, draft: Draft) {
        self.type_in(&draft);
        self.saved.set(draft);
    }

    /// Puts into the form what a person has typed and not saved.
    pub fn type_in(self, draft: &Draft) {
        self.name.set(draft.name.clone());
        self.overlay_ids.set(draft.overlay_ids.clone());
        self.arguments.set(Lines::new(&draft.arguments));
        self.config.set(Lines::new(&draft.config));
    }

    /// Puts the rows' messages of an answer beside the rows; none clears them. The rows may have changed since it was
    /// asked for: places count in those that it was asked about.
    pub fn show_errors(self, error: Option<&ApiError>, arguments: &Lines, config: &Lines) {
        let entries = |list| error.map(|error| error.entries(list)).unwrap_or_default();
        self.argument_errors.try_set(arguments.by_key(entries("arguments")));
        self.config_errors.try_set(config.by_key(entries("config")));
    }

    /// Saves what stands in the form: as a new blueprint, or over the one of this id.
    pub async fn save(self, api: Api, id: Option<BlueprintId>) -> Result<Blueprint, ApiError> {
        let (draft, arguments, config) =
            untrack(|| (self.draft(), self.arguments.get_untracked(), self.config.get_untracked()));
        let answer = match id {
            None => api.create_blueprint(&draft.clone().into_new()).await,
            Some(id) => api.update_blueprint(id, &draft.clone().into_change()).await,
        };
        self.show_errors(answer.as_ref().err(), &arguments, &config);
        if answer.is_ok() {
            self.saved.try_set(draft);
        }
        answer
    }
}
