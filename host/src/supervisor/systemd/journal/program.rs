//! A running `journalctl`. It ends when this is dropped.

use std::process::Stdio;

use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStdout};

use super::export::{Decoder, Entry};
use crate::error::HostError;

/// What one read takes at most, in bytes.
const READ_BYTES: usize = 64 * 1024;

#[derive(Debug)]
pub(super) struct Program {
    child: Child,
    stdout: ChildStdout,
    decoder: Decoder,
    buffer: Vec<u8>,
}

impl Program {
    pub(super) fn begin(arguments: &[String]) -> Result<Self, HostError> {
        #[expect(clippy::disallowed_methods, reason = "read as a stream of bytes, which are no lines")]
        let mut command = std::process::Command::new("journalctl");
        command.args(arguments).env_clear().env("LANG", "C.UTF-8").env("PATH", "/usr/bin:/bin");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).current_dir("/");
        let mut command = tokio::process::Command::from(command);
        let mut child = command.kill_on_drop(true).spawn().map_err(failed)?;
        let stdout = child.stdout.take().ok_or_else(|| failed(std::io::Error::other("it has no output")))?;
        Ok(Self { child, stdout, decoder: Decoder::default(), buffer: vec![0; READ_BYTES] })
    }

    /// The next entries; none at the end. May be dropped while it waits.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Entry>>, HostError> {
        loop {
            let length = self.stdout.read(&mut self.buffer).await.map_err(failed)?;
            if length == 0 {
                return self.ended().await.map(|()| None);
            }
            let entries = self.decoder.push(&self.buffer[..length]);
            if !entries.is_empty() {
                return Ok(Some(entries));
            }
        }
    }

    async fn ended(&mut self) -> Result<(), HostError> {
        let mut words = String::new();
        if let Some(stderr) = &mut self.child.stderr {
            stderr.read_to_string(&mut words).await.map_err(failed)?;
        }
        let status = self.child.wait().await.map_err(failed)?;
        if status.success() || words.trim().is_empty() {
            return Ok(());
        }
        Err(HostError::Supervisor(format!("journalctl failed: {}", words.trim())))
    }
}

fn failed(source: std::io::Error) -> HostError {
    HostError::io("read the journal with journalctl", source)
}
