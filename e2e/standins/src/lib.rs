//! What both stand-ins share.
//!
//! Neither is, or contains anything of, Valve's programs: they print and do just enough of the same for the panel to
//! be tried and tested where the real ones can't be had, and they say so in their first line.

mod background;
mod output;

pub use background::{hang, ignore_signals, leave_behind, run_if_left_behind};
pub use output::Output;
