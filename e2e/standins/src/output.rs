//! Standard output as a C program has it: line by line on a terminal, in blocks of 4 KiB elsewhere.
//!
//! Rust's own standard output is always flushed line by line, which would hide what the panel needs a terminal for.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError};

/// The block size of glibc's standard output on a pipe, in bytes.
const BLOCK_BYTES: usize = 4096;

/// Standard output, shared by threads.
#[derive(Debug, Clone)]
pub struct Output {
    terminal: bool,
    writer: Arc<Mutex<BufWriter<File>>>,
}

impl Output {
    /// Takes the process' standard output.
    pub fn stdout() -> io::Result<Self> {
        let stdout = io::stdout();
        let terminal = stdout.is_terminal();
        let file = File::from(stdout.as_fd().try_clone_to_owned()?);
        Ok(Self { terminal, writer: Arc::new(Mutex::new(BufWriter::with_capacity(BLOCK_BYTES, file))) })
    }

    /// Prints one line.
    pub fn line(&self, text: impl AsRef<str>) {
        self.bytes(format!("{}\n", text.as_ref()).as_bytes());
    }

    /// Prints bytes as they are. A reader that is gone changes nothing.
    pub fn bytes(&self, bytes: &[u8]) {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = writer.write_all(bytes);
        if self.terminal {
            let _ = writer.flush();
        }
    }

    /// Writes out what is buffered, as a C program does when it ends by itself.
    pub fn flush(&self) {
        let _ = self.writer.lock().unwrap_or_else(PoisonError::into_inner).flush();
    }
}
