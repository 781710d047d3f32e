//! Where a host call's output goes, line by line.
//!
//! The channel is bounded: a child that prints faster than its reader stores is slowed down through its pipe, so
//! memory stays flat and no line is lost.

use tokio::sync::mpsc;

/// Where a line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutputStream {
    /// The child's standard output (or its terminal).
    Stdout,
    /// The child's standard error.
    Stderr,
    /// The host's own words.
    System,
}

/// One thing a host call has to tell.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// A whole line without its line end, already cut at the limit and valid UTF-8.
    Line {
        /// Where it came from.
        stream: OutputStream,
        /// The text.
        text: String,
    },
    /// How far the step is, from 0 to 1, as SteamCMD says it.
    Progress(f64),
}

/// The sending half that every slow host call takes.
#[derive(Debug, Clone)]
pub struct OutputSink {
    sender: mpsc::Sender<Output>,
}

impl OutputSink {
    /// Makes a sink and the receiver that holds at most `capacity` unread items.
    pub fn channel(capacity: usize) -> (Self, mpsc::Receiver<Output>) {
        let (sender, receiver) = mpsc::channel(capacity);
        (Self { sender }, receiver)
    }

    /// Sends one line; waits while the reader is behind. A reader that is gone is no error: the step goes on unheard.
    pub async fn line(&self, stream: OutputStream, text: impl Into<String>) {
        let text = text.into();
        let _ = self.sender.send(Output::Line { stream, text }).await;
    }

    /// Sends one of the host's own sentences.
    pub async fn system(&self, text: impl Into<String>) {
        self.line(OutputStream::System, text).await;
    }

    /// Reports progress from 0 to 1.
    pub async fn progress(&self, fraction: f64) {
        let _ = self.sender.send(Output::Progress(fraction.clamp(0.0, 1.0))).await;
    }
}
