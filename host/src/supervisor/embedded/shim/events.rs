//! What the supervising process waits for, and its sockets.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::Shim;
use crate::launcher::{Failure, Notification};
use crate::layout::InstanceLayout;
use crate::socket;
use crate::supervisor::embedded::control::{Answer, Request};

/// More clients than this and the oldest is dropped.
const MAX_CLIENTS: usize = 16;

/// Something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    Signal,
    Notification,
    /// A client of the control socket; from the last to the first.
    Client(usize),
    NewClient,
    /// The launcher or the game printed, or will no more.
    Output,
}

/// The sockets in the instance's directory.
#[derive(Debug)]
pub(super) struct Sockets {
    notify: OwnedFd,
    control: OwnedFd,
    clients: Vec<OwnedFd>,
}

impl Sockets {
    pub(super) fn open(instance: &InstanceLayout) -> io::Result<Self> {
        Ok(Self {
            notify: socket::bind_datagram(&instance.notify_socket())?,
            control: socket::listen(&instance.control_socket())?,
            clients: Vec::new(),
        })
    }

    /// Takes the names away; called at the end. The console's is the launcher's, but it may have been killed.
    pub(super) fn remove(instance: &InstanceLayout) {
        for path in [instance.notify_socket(), instance.control_socket(), instance.console_socket()] {
            // Gone already is as well; anything else is replaced by the next start.
            let _ = fs::remove_file(path);
        }
    }

    pub(super) fn notification(&self) -> Option<Notification> {
        let packet = socket::receive(&self.notify).ok()??;
        Notification::decode(&String::from_utf8_lossy(&packet))
    }

    /// The last failure among the notifications that were not read yet.
    pub(super) fn last_failure(&self) -> Option<Failure> {
        let mut failure = None;
        while let Ok(Some(packet)) = socket::receive(&self.notify) {
            if let Some(Notification::Failed(told)) = Notification::decode(&String::from_utf8_lossy(&packet)) {
                failure = Some(told);
            }
        }
        failure
    }

    pub(super) fn accept(&mut self) {
        if let Ok(client) = socket::accept(&self.control) {
            if self.clients.len() == MAX_CLIENTS {
                self.clients.remove(0);
            }
            self.clients.push(client);
        }
    }

    /// Reads a client's request; a client that is gone or talks nonsense is dropped.
    pub(super) fn request(&mut self, index: usize) -> Option<Request> {
        match socket::receive(self.clients.get(index)?) {
            Ok(Some(packet)) => match serde_json::from_slice(&packet) {
                Ok(request) => return Some(request),
                Err(_) => drop(self.clients.remove(index)),
            },
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Ok(None) | Err(_) => drop(self.clients.remove(index)),
        }
        None
    }

    /// Tells every client. One that does not read is dropped: nobody may hold this process up.
    pub(super) fn answer_all(&mut self, answer: &Answer) {
        let packet = serde_json::to_vec(answer).unwrap_or_default();
        self.clients.retain(|client| socket::send(client, &packet).is_ok());
    }
}

impl Shim<'_> {
    /// Sleeps until something happens or a step is due.
    pub(super) fn wait(&self) -> io::Result<Vec<Event>> {
        let mut kinds = vec![Event::Signal, Event::Notification];
        let mut fds = vec![PollFd::new(&self.signals, PollFlags::IN), PollFd::new(&self.sockets.notify, PollFlags::IN)];
        for (index, client) in self.sockets.clients.iter().enumerate().rev() {
            kinds.push(Event::Client(index));
            fds.push(PollFd::new(client, PollFlags::IN));
        }
        kinds.push(Event::NewClient);
        fds.push(PollFd::new(&self.sockets.control, PollFlags::IN));
        if let Some(output) = self.launched.as_ref().and_then(|launched| launched.output.as_ref()) {
            kinds.push(Event::Output);
            fds.push(PollFd::new(output, PollFlags::IN));
        }
        let timeout = self.deadline().and_then(|at| {
            // A little more than what is left, lest it wakes too early and turns round.
            let left = at.saturating_duration_since(Instant::now()) + Duration::from_micros(50);
            Timespec::try_from(left).ok()
        });
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok(Vec::new()),
            Err(errno) => return Err(errno.into()),
        }
        let happened = |fd: &PollFd<'_>| !fd.revents().is_empty();
        Ok(kinds.into_iter().zip(&fds).filter(|(_, fd)| happened(fd)).map(|(kind, _)| kind).collect())
    }
}
