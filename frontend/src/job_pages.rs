//! A paged list of jobs that stays true while jobs come and change. Pure.

use std::collections::BTreeMap;

use l4d2_contract::{Job, JobId, Page};

use crate::api::JobFilter;
use crate::store::Collection;

/// The pages fetched so far, newest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JobPages {
    filter: JobFilter,
    /// `None` until the first page is there.
    jobs: Option<BTreeMap<JobId, Job>>,
    next: Option<JobId>,
}

impl JobPages {
    /// A list that is still to be fetched.
    pub fn new(filter: JobFilter) -> Self {
        Self { filter, ..Self::default() }
    }

    /// Adds a page: the jobs before `before`, or the first page, which replaces all that were there. One that answers
    /// another question is passed over.
    pub fn add(&mut self, filter: JobFilter, before: Option<JobId>, page: Page<Job>) {
        if filter != self.filter {
            return;
        }
        if before.is_none() {
            self.jobs = None;
        } else if before != self.next {
            return;
        }
        self.next = page.next.and_then(|next| next.parse().ok());
        self.jobs.get_or_insert_default().extend(page.items.into_iter().map(|job| (job.id, job)));
    }

    /// Where the next page begins, when there is one.
    pub fn next(&self) -> Option<JobId> {
        self.next
    }

    /// The list as it is now: what was heard of jobs lies over what was fetched. Jobs older than the last page are
    /// left for the pages to come, since those between would be missing.
    pub fn merged(&self, live: &Collection<Job>) -> Option<Vec<Job>> {
        let mut jobs: BTreeMap<JobId, &Job> = BTreeMap::new();
        jobs.extend(self.jobs.as_ref()?.iter().map(|(id, job)| (*id, job)));
        let oldest = self.next.map_or(i64::MIN, |next| next.0);
        jobs.extend(live.iter().filter(|job| job.id.0 >= oldest).map(|job| (job.id, job)));
        Some(jobs.into_values().rev().filter(|job| self.filter.takes(job)).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use l4d2_contract::{JobState, Operation, ServerId};

    use super::*;
    use crate::samples;
    use crate::store::Change;

    fn job(id: i64, state: JobState) -> Job {
        Job { state, ..samples::job(id, Operation::Start) }
    }

    fn live(jobs: Vec<Job>) -> Collection<Job> {
        let mut live = Collection::default();
        let fetch = live.begin_fetch();
        live.finish_fetch(fetch, vec![]);
        for job in jobs {
            live.apply(Change::Changed(job));
        }
        live
    }

    fn ids(jobs: Option<Vec<Job>>) -> Vec<i64> {
        jobs.into_iter().flatten().map(|job| job.id.0).collect()
    }

    #[test]
    fn what_was_heard_lies_over_what_was_fetched() {
        let mut pages = JobPages::new(JobFilter::default());
        assert_eq!(pages.merged(&live(vec![])), None);
        let items = vec![job(3, JobState::Running), job(2, JobState::Failed)];
        pages.add(JobFilter::default(), None, Page { items, next: Some("2".to_owned()) });
        let heard = live(vec![job(1, JobState::Failed), job(3, JobState::Succeeded), job(4, JobState::Queued)]);
        let merged = pages.merged(&heard);
        assert_eq!(merged.as_ref().and_then(|jobs| jobs.get(1)).map(|job| job.state), Some(JobState::Succeeded));
        // Job 1 belongs to a page that wasn't fetched.
        assert_eq!(ids(merged), [4, 3, 2]);
        pages.add(JobFilter::default(), Some(JobId(2)), Page { items: vec![job(1, JobState::Failed)], next: None });
        assert_eq!(ids(pages.merged(&heard)), [4, 3, 2, 1]);
    }

    #[test]
    fn a_first_page_begins_the_list_anew() {
        let mut pages = JobPages::new(JobFilter::default());
        let page = |ids: &[i64], next: Option<&str>| Page {
            items: ids.iter().map(|id| job(*id, JobState::Failed)).collect(),
            next: next.map(str::to_owned),
        };
        pages.add(JobFilter::default(), None, page(&[3, 2], Some("2")));
        // Many jobs later. Between 8 and 3 some are missing, so those from 3 on would stand in the wrong place.
        pages.add(JobFilter::default(), None, page(&[9, 8], Some("8")));
        assert_eq!(ids(pages.merged(&live(vec![]))), [9, 8]);
        // The answer to a question of before.
        pages.add(JobFilter::default(), Some(JobId(2)), page(&[1], None));
        assert_eq!(ids(pages.merged(&live(vec![]))), [9, 8]);
        pages.add(JobFilter::default(), Some(JobId(8)), page(&[7], None));
        assert_eq!(ids(pages.merged(&live(vec![]))), [9, 8, 7]);
    }

    #[test]
    fn a_job_leaves_a_list_that_it_no_longer_belongs_to() {
        let running = JobFilter { state: Some(JobState::Running), ..JobFilter::default() };
        let mut pages = JobPages::new(running);
        pages.add(running, None, Page { items: vec![job(3, JobState::Running)], next: None });
        assert_eq!(ids(pages.merged(&live(vec![job(3, JobState::Failed), job(4, JobState::Running)]))), [4]);
        pages.add(
            JobFilter { server: Some(ServerId(9)), ..running },
            None,
            Page { items: vec![job(1, JobState::Running)], next: None },
        );
        assert_eq!(ids(pages.merged(&live(vec![]))), [3]);
    }
}
