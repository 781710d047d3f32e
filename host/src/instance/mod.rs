//! What the host writes for one server: decided in `generate`, done in `write`.

mod generate;
mod write;

pub use generate::{GeneratedFile, Plan, generate};
pub(crate) use write::write;
