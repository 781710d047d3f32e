//! What the host writes for one server: decided in `generate`, done in `write`. And for which there is something: `list`.

mod generate;
mod list;
mod write;

pub use generate::{GeneratedFile, Plan, generate};
pub(crate) use list::names;
pub(crate) use write::write;
