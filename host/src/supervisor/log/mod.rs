//! The embedded supervisor's log: a directory of segments, written by one process and read by any number of others.
//!
//! A record is `UNIX_MILLIS TEXT\n`. Every byte that was ever written has an offset that only grows; a segment's file is
//! named by the offset of its first byte, so a place in the log outlives rotation. A cursor is the log's generation (so
//! that the log of a deleted instance is not taken for that of its successor) and the offset behind a record. Readers
//! take whole records only: what a crash tore is never seen and is cut off by the next writer.

mod follow;
mod reader;
mod record;
mod segments;
mod writer;

pub use follow::follow;
pub use reader::{Batch, LogReader};
pub use writer::{LogWriter, Rotation};
