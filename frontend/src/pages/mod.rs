//! One file a page.

pub mod not_found;
pub mod servers;
pub mod sign_in;
pub mod sign_up;
