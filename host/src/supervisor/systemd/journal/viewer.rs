//! One viewer of an instance's journal: reads by itself what lies behind, then goes on with what the shared feed brings.
//!
//! A viewer that is slow lags alone: once its next line is gone from the feed, it reads the journal from its own last line
//! on and joins anew.

use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, BoxStream, StreamExt};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Journal;
use super::feed::{Feed, Feeds, Pushed};
use super::reading::{Extent, Reading};
use super::ring::{Join, Last, Number, Taken};
use crate::error::HostError;
use crate::supervisor::{LogCursor, LogEvent};

/// Lines that a viewer takes at once.
const PIECE_LINES: usize = 256;
/// How long a viewer waits for the feed to come to its own last line. Entries that are taken out of the journal meanwhile may
/// never come.
const JOIN_LIMIT: Duration = Duration::from_secs(2);

type Event = Result<LogEvent, HostError>;

/// A viewer and how far it is.
#[derive(Debug)]
pub(super) struct Viewer {
    journal: Journal,
    feeds: Arc<Feeds>,
    last: Last,
    stage: Stage,
    /// Nothing more comes after this, apart from what is there.
    ended: CancellationToken,
}

/// What a viewer is at.
#[derive(Debug)]
enum Stage {
    /// Reads the journal from its last line on. It began when the feed, if there was one, was at that spot.
    Reads(Reading, Option<Spot>),
    /// Has read it to its end and looks for its place in the feed, which may take until then.
    Joins(Option<Spot>, Instant),
    /// Takes what the feed brings.
    Follows(Spot),
    /// Reads what is left.
    Finishes(Reading),
    Over,
}

/// A place in a feed.
#[derive(Debug)]
pub(super) struct Spot {
    feed: Arc<Feed>,
    pushed: Pushed,
    number: Number,
}

/// About to look for its place, having begun to read at a spot.
fn joins(spot: Option<Spot>) -> Stage {
    Stage::Joins(spot, Instant::now() + JOIN_LIMIT)
}

impl Spot {
    fn of(feed: Arc<Feed>, number: Number) -> Self {
        Self { pushed: feed.pushed(), feed, number }
    }

    /// Where a journal's feed is now, if there is one: for who is about to read the journal.
    pub(super) fn now(feeds: &Feeds, journal: &Journal) -> Option<Self> {
        feeds.find(journal).map(Self::next)
    }

    fn next(feed: Arc<Feed>) -> Self {
        let number = feed.ring().next_number();
        Self::of(feed, number)
    }
}

impl Viewer {
    /// One that has all lines there are; `last` is the newest. They were read when the feed was at `spot`.
    pub(super) fn at_the_end(
        journal: Journal,
        feeds: Arc<Feeds>,
        last: Option<LogCursor>,
        spot: Option<Spot>,
        ended: CancellationToken,
    ) -> Self {
        Self { journal, feeds, last: last.into(), stage: joins(spot), ended }
    }

    /// One that comes back with a line's cursor.
    pub(super) fn behind(
        journal: Journal,
        feeds: Arc<Feeds>,
        last: LogCursor,
        ended: CancellationToken,
    ) -> Result<Self, HostError> {
        let mut viewer = Self { journal, feeds, last: Last::Line(last), stage: Stage::Over, ended };
        viewer.stage = match viewer.feeds.find(&viewer.journal) {
            Some(feed) => viewer.find_place(feed)?,
            None => Stage::Reads(viewer.read()?, None),
        };
        Ok(viewer)
    }

    pub(super) fn into_stream(self) -> BoxStream<'static, Event> {
        stream::unfold(self, |mut viewer| async move { viewer.next().await.map(|events| (events, viewer)) })
            .flat_map(stream::iter)
            .boxed()
    }

    async fn next(&mut self) -> Option<Vec<Event>> {
        while !matches!(self.stage, Stage::Over) {
            // One that fails is over.
            let stage = std::mem::replace(&mut self.stage, Stage::Over);
            match self.step(stage).await {
                Ok((stage, events)) => {
                    self.stage = stage;
                    if events.is_empty() {
                        continue;
                    }
                    self.note(&events);
                    return Some(events.into_iter().map(Ok).collect());
                }
                Err(error) => return Some(vec![Err(error)]),
            }
        }
        None
    }

    /// Remembers how far it is.
    fn note(&mut self, events: &[LogEvent]) {
        if let Some(event) = events.last() {
            self.last = Last::of(event);
        }
    }

    /// What it is at next, and the lines that came.
    async fn step(&self, stage: Stage) -> Result<(Stage, Vec<LogEvent>), HostError> {
        match stage {
            Stage::Reads(mut reading, spot) => match reading.next().await? {
                Some(events) => Ok((Stage::Reads(reading, spot), events)),
                None if reading.misses_its_place() => {
                    let oldest = Reading::behind(self.journal.clone(), None, Extent::ToTheEnd)?;
                    Ok((Stage::Reads(oldest, spot), vec![LogEvent::Skipped { lines: None }]))
                }
                None => Ok((joins(spot), Vec::new())),
            },
            Stage::Joins(..) | Stage::Follows(_) if self.ended.is_cancelled() => {
                Ok((Stage::Finishes(self.read()?), Vec::new()))
            }
            Stage::Joins(spot, limit) => Ok((self.join(spot, limit).await?, Vec::new())),
            Stage::Follows(spot) => self.follow(spot).await,
            Stage::Finishes(mut reading) => match reading.next().await? {
                Some(events) => Ok((Stage::Finishes(reading), events)),
                None => Ok((Stage::Over, Vec::new())),
            },
            Stage::Over => Ok((Stage::Over, Vec::new())),
        }
    }

    async fn join(&self, spot: Option<Spot>, limit: Instant) -> Result<Stage, HostError> {
        let feed = self.feeds.open(&self.journal, self.last.cursor())?;
        let Some(mut spot) = spot.filter(|spot| Arc::ptr_eq(&spot.feed, &feed)) else {
            return self.find_place(feed);
        };
        // Before the look, so that what is pushed after it ticks.
        spot.pushed.mark_unchanged();
        let join = feed.ring().join(&self.last, spot.number);
        match join {
            Join::At(number) => Ok(Stage::Follows(Spot { number, ..spot })),
            Join::Wait => match tokio::time::timeout_at(limit, self.wait(&mut spot.pushed)).await {
                Ok(waited) => waited.map(|()| Stage::Joins(Some(spot), limit)),
                Err(_) => self.read_beside(feed),
            },
            // However long that takes: there is nothing to give until then.
            Join::Idle => self.wait(&mut spot.pushed).await.map(|()| Stage::Joins(Some(spot), limit)),
            Join::Read => self.read_beside(feed),
        }
    }

    async fn follow(&self, mut spot: Spot) -> Result<(Stage, Vec<LogEvent>), HostError> {
        spot.pushed.mark_unchanged();
        let taken = spot.feed.ring().take(spot.number, PIECE_LINES);
        match taken {
            Taken::Lines(events, number) => {
                if events.is_empty() {
                    self.wait(&mut spot.pushed).await?;
                }
                Ok((Stage::Follows(Spot { number, ..spot }), events))
            }
            Taken::Gone => Ok((self.read_beside(spot.feed)?, Vec::new())),
        }
    }

    /// Goes on behind its last line where the feed still has that place, and reads the journal otherwise.
    fn find_place(&self, feed: Arc<Feed>) -> Result<Stage, HostError> {
        let found = feed.ring().find(&self.last);
        match found {
            Some(number) => Ok(Stage::Follows(Spot::of(feed, number))),
            None => self.read_beside(feed),
        }
    }

    fn read_beside(&self, feed: Arc<Feed>) -> Result<Stage, HostError> {
        let spot = Spot::next(feed);
        Ok(Stage::Reads(self.read()?, Some(spot)))
    }

    fn read(&self) -> Result<Reading, HostError> {
        Reading::behind(self.journal.clone(), self.last.cursor().cloned(), Extent::ToTheEnd)
    }

    /// Waits for more lines, or the end.
    async fn wait(&self, pushed: &mut Pushed) -> Result<(), HostError> {
        let failure = pushed.borrow().clone();
        if let Some(failure) = failure {
            return Err(HostError::Supervisor(failure));
        }
        match self.ended.run_until_cancelled(pushed.changed()).await {
            Some(Err(_)) => Err(HostError::Supervisor("the journal's follower broke off".to_owned())),
            Some(Ok(())) | None => Ok(()),
        }
    }
}
