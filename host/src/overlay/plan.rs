//! Which layers lie below the game's own writes, in which order. Pure: touches no disk.

use std::path::{Path, PathBuf};

/// The most layers that the kernel stacks (`OVL_MAX_STACK`).
pub const MAX_LAYERS: usize = 500;

/// One read-only layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layer {
    /// What the panel wrote for the game.
    Generated,
    /// A directory below the overlay root, by its relative path.
    Overlay(String),
    /// The game.
    Installation,
}

/// Why the layers can't be used. Names the overlay as the specification does.
#[derive(Debug, thiserror::Error)]
pub enum OverlayError {
    /// Nothing is there.
    #[error("overlay {0:?} is missing below the overlay root")]
    Missing(String),
    /// There is something, but no directory.
    #[error("overlay {0:?} is not a directory")]
    NotADirectory(String),
    /// It leads out of the overlay root.
    #[error("overlay {0:?} leads out of the overlay root")]
    Escapes(String),
    /// Two layers lie in one another, which the kernel refuses.
    #[error("{inner} lies inside {outer}: use one of them")]
    Nested {
        /// The one within.
        inner: String,
        /// The one around it.
        outer: String,
    },
    /// More than the kernel stacks.
    #[error("{0} layers are more than the {MAX_LAYERS} that the kernel stacks")]
    TooMany(usize),
    /// A directory of the host can't be used.
    #[error("can't open {what}")]
    Io {
        /// Which one.
        what: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
}

/// The read-only layers, top first. Files of `generated` beat every overlay, the first overlay beats the later ones,
/// and everything beats the installation.
pub fn layers(overlays: &[String]) -> Result<Vec<Layer>, OverlayError> {
    let count = overlays.len() + 2;
    if count > MAX_LAYERS {
        return Err(OverlayError::TooMany(count));
    }
    let mut layers = Vec::with_capacity(count);
    layers.push(Layer::Generated);
    layers.extend(overlays.iter().cloned().map(Layer::Overlay));
    layers.push(Layer::Installation);
    Ok(layers)
}

/// Whether `path` lies below `root` and is not `root` itself. Both are resolved paths, compared by component, so that
/// `/overlays-old` does not lie below `/overlays`.
pub fn is_strictly_below(root: &Path, path: &Path) -> bool {
    path != root && path.starts_with(root)
}

/// Finds two resolved layers of which one lies inside the other.
pub fn find_conflict(resolved: &[(String, PathBuf)]) -> Option<OverlayError> {
    for (inner, inner_path) in resolved {
        for (outer, outer_path) in resolved {
            if is_strictly_below(outer_path, inner_path) {
                return Some(OverlayError::Nested { inner: inner.clone(), outer: outer.clone() });
            }
        }
    }
    None
}

impl Layer {
    /// How a message calls it.
    pub fn label(&self) -> String {
        match self {
            Self::Generated => "the generated layer".to_owned(),
            Self::Overlay(path) => format!("overlay {path:?}"),
            Self::Installation => "the installation".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_order_is_generated_then_the_overlays_as_given_then_the_installation(
            overlays in prop::collection::vec("[a-z/,:\\\\ ]{1,20}", 0..100),
        ) {
            let layers = layers(&overlays).expect("few layers");
            prop_assert_eq!(layers.first(), Some(&Layer::Generated));
            prop_assert_eq!(layers.last(), Some(&Layer::Installation));
            let between: Vec<&Layer> = layers[1..layers.len() - 1].iter().collect();
            let expected: Vec<Layer> = overlays.iter().cloned().map(Layer::Overlay).collect();
            prop_assert_eq!(between, expected.iter().collect::<Vec<_>>());
        }

        #[test]
        fn below_means_more_components_and_never_a_common_prefix_of_names(
            root in "/[a-z]{1,8}(/[a-z]{1,8}){0,3}",
            tail in "[a-z]{1,8}(/[a-z]{1,8}){0,3}",
        ) {
            let root_path = Path::new(&root);
            prop_assert!(is_strictly_below(root_path, &root_path.join(&tail)));
            let (neighbour, above) = (format!("{root}{tail}"), root_path.parent().expect("no root of roots"));
            prop_assert!(!is_strictly_below(root_path, Path::new(&neighbour)));
            prop_assert!(!is_strictly_below(root_path, root_path));
            prop_assert!(!is_strictly_below(root_path, above));
        }
    }

    #[test]
    fn nested_layers_are_found_and_named() {
        let layer = |label: &str, path: &str| (label.to_owned(), PathBuf::from(path));
        let apart = [layer("a", "/o/a"), layer("ab", "/o/ab"), layer("again", "/o/a")];
        assert!(find_conflict(&apart).is_none());
        let nested = [layer("a", "/o/a"), layer("b", "/o/b"), layer("inside", "/o/b/c")];
        let conflict = find_conflict(&nested).expect("a conflict").to_string();
        assert_eq!(conflict, "inside lies inside b: use one of them");
    }

    #[test]
    fn more_layers_than_the_kernel_stacks_are_refused() {
        let overlays = vec!["a".to_owned(); MAX_LAYERS - 1];
        assert!(matches!(layers(&overlays), Err(OverlayError::TooMany(501))));
    }
}
