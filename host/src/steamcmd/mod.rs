//! SteamCMD: which runs to make, how to read what it prints, and running it.

mod fetch;
mod parse;
mod plan;
mod run;

pub use plan::Recipe;
pub(crate) use run::{Installer, client_library, remove_leftovers};
