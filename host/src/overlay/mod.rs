//! The layers of an instance: which ones in which order (`plan`), opened and checked (`open`), mounted (`mount`).
//!
//! What is checked is the directory that was opened, and what was opened is what gets mounted: a symbolic link that is
//! swapped in between gains nothing.

pub(crate) mod mount;
mod open;
mod plan;

pub use open::{OpenedLayer, check, open_layers};
pub use plan::{Layer, MAX_LAYERS, OverlayError, find_conflict, is_strictly_below, layers};
