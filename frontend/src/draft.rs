//! A blueprint as it stands in the editor. Pure; no browser in it.

use l4d2_contract::{Blueprint, CreateBlueprint, OverlayId, UpdateBlueprint};

/// What a person can change of a blueprint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    pub name: String,
    pub overlay_ids: Vec<OverlayId>,
    pub arguments: Vec<String>,
    pub config: Vec<String>,
}

impl Draft {
    pub fn of(blueprint: &Blueprint) -> Self {
        Self {
            name: blueprint.name.clone(),
            overlay_ids: blueprint.overlay_ids.clone(),
            arguments: blueprint.arguments.clone(),
            config: blueprint.config.clone(),
        }
    }

    pub fn into_new(self) -> CreateBlueprint {
        CreateBlueprint {
            name: self.name,
            arguments: self.arguments,
            config: self.config,
            overlay_ids: self.overlay_ids,
        }
    }

    pub fn into_change(self) -> UpdateBlueprint {
        UpdateBlueprint {
            name: Some(self.name),
            arguments: Some(self.arguments),
            config: Some(self.config),
            overlay_ids: Some(self.overlay_ids),
        }
    }
}

/// Moves an entry to another place; the others keep their order. Answers whether anything changed.
pub fn move_entry<T>(list: &mut Vec<T>, from: usize, to: usize) -> bool {
    if from == to || from >= list.len() || to >= list.len() {
        return false;
    }
    let entry = list.remove(from);
    list.insert(to, entry);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_moves_and_the_others_keep_their_order() {
        let mut list = vec!['a', 'b', 'c', 'd'];
        assert!(move_entry(&mut list, 0, 2));
        assert_eq!(list, ['b', 'c', 'a', 'd']);
        assert!(move_entry(&mut list, 3, 0));
        assert_eq!(list, ['d', 'b', 'c', 'a']);
        assert!(!move_entry(&mut list, 0, 4));
        assert!(!move_entry(&mut list, 4, 0));
        assert!(!move_entry(&mut list, 1, 1));
        assert_eq!(list, ['d', 'b', 'c', 'a']);
    }
}
