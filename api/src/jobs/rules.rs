//! Which job may start and which must give up. Pure: no clock, no async, no database.
//!
//! What always holds, whatever the picture: never two jobs on one server, never anything beside an install, first in
//! first out per server, an install is never starved, only queued jobs are started, and planning the same picture twice
//! gives the same plan.

use std::collections::HashSet;

use l4d2_contract::{JobId, Operation, ServerId};

/// A job that is queued or running, as far as scheduling cares. Ids grow in the order of filing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActiveJob {
    /// Its id.
    pub id: JobId,
    /// Its server; none for an install.
    pub server: Option<ServerId>,
    /// What it does.
    pub operation: Operation,
}

/// Everything there is to decide on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Picture {
    /// Jobs that wait, in any order.
    pub queued: Vec<ActiveJob>,
    /// Jobs at work, in any order.
    pub running: Vec<ActiveJob>,
    /// How many may be at work at once; at least one.
    pub workers: usize,
}

/// What to do now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Queued jobs to start, oldest first.
    pub start: Vec<JobId>,
    /// Queued and running jobs that a later one makes pointless.
    pub cancel: Vec<Superseded>,
}

/// A job that a later one makes pointless.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Superseded {
    /// The job that gives up.
    pub job: JobId,
    /// What took its place.
    pub by: Operation,
}

/// Whether a request for `wanted` ends a job that does `present` on the same server.
pub fn supersedes(wanted: Operation, present: Operation) -> bool {
    match wanted {
        Operation::Stop => matches!(present, Operation::Start | Operation::Restart),
        Operation::Delete => present != Operation::Delete,
        _ => false,
    }
}

/// Decides what to start and what to cancel.
pub fn plan(picture: &Picture) -> Plan {
    let cancel = superseded(picture);
    let given_up: HashSet<JobId> = cancel.iter().map(|superseded| superseded.job).collect();
    let mut waiting: Vec<&ActiveJob> = picture.queued.iter().filter(|job| !given_up.contains(&job.id)).collect();
    waiting.sort_by_key(|job| job.id);
    Plan { start: startable(&waiting, &picture.running, picture.workers), cancel }
}

fn startable(waiting: &[&ActiveJob], running: &[ActiveJob], workers: usize) -> Vec<JobId> {
    if running.iter().any(|job| job.operation == Operation::Install) {
        return Vec::new();
    }
    let mut busy: HashSet<ServerId> = running.iter().filter_map(|job| job.server).collect();
    let mut free = workers.max(1).saturating_sub(running.len());
    let mut start = Vec::new();
    for (position, job) in waiting.iter().enumerate() {
        let Some(server) = job.server else {
            // An install runs alone: only once nothing before it waits or runs. What was filed later waits behind it.
            if position == 0 && running.is_empty() {
                start.push(job.id);
            }
            break;
        };
        // A server whose older job can't start yet is busy too, so that its jobs keep their order.
        if busy.insert(server) && free > 0 {
            free -= 1;
            start.push(job.id);
        }
    }
    start
}

fn superseded(picture: &Picture) -> Vec<Superseded> {
    let active = || picture.running.iter().chain(&picture.queued);
    let mut found: Vec<Superseded> = active()
        .filter_map(|job| {
            let is_later_here = |later: &&ActiveJob| {
                later.server.is_some()
                    && later.server == job.server
                    && later.id > job.id
                    && supersedes(later.operation, job.operation)
            };
            // The first one that came is the reason, whatever came after it.
            let by = active().filter(is_later_here).min_by_key(|later| later.id)?;
            Some(Superseded { job: job.id, by: by.operation })
        })
        .collect();
    found.sort_by_key(|superseded| superseded.job);
    found
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn operation() -> impl Strategy<Value = Operation> {
        prop::sample::select(vec![
            Operation::Initialize,
            Operation::Start,
            Operation::Stop,
            Operation::Restart,
            Operation::Delete,
        ])
    }

    /// Jobs as a history of the panel can leave them: filed in order, some at work.
    fn jobs() -> impl Strategy<Value = Vec<ActiveJob>> {
        let server_job = (1_i64..6, operation()).prop_map(|(server, operation)| (Some(ServerId(server)), operation));
        let install = Just((None, Operation::Install));
        prop::collection::vec(prop_oneof![8 => server_job, 1 => install], 0..24).prop_map(|jobs| {
            jobs.into_iter()
                .zip(1_i64..)
                .map(|((server, operation), id)| ActiveJob { id: JobId(id), server, operation })
                .collect()
        })
    }

    /// Runs the scheduler to the end of the queue, ending running jobs in the order that `choices` says.
    fn run_to_the_end(jobs: Vec<ActiveJob>, workers: usize, choices: &[usize]) -> Vec<(Vec<ActiveJob>, Plan)> {
        let mut picture = Picture { queued: jobs, running: Vec::new(), workers };
        let mut steps = Vec::new();
        let mut choices = choices.iter().cycle();
        while !(picture.queued.is_empty() && picture.running.is_empty()) {
            let plan = plan(&picture);
            let cancelled: HashSet<JobId> = plan.cancel.iter().map(|superseded| superseded.job).collect();
            picture.queued.retain(|job| !cancelled.contains(&job.id));
            picture.running.retain(|job| !cancelled.contains(&job.id));
            let (started, queued) = picture.queued.iter().partition(|job| plan.start.contains(&job.id));
            picture.queued = queued;
            picture.running.extend::<Vec<ActiveJob>>(started);
            steps.push((picture.running.clone(), plan));
            if !picture.running.is_empty() {
                let ends = choices.next().copied().unwrap_or(0) % picture.running.len();
                picture.running.remove(ends);
            }
            assert!(steps.len() < 1000, "the queue never empties");
        }
        steps
    }

    proptest! {
        #[test]
        fn no_two_jobs_on_one_server_and_nothing_beside_an_install(
            jobs in jobs(), workers in 1_usize..6, choices in prop::collection::vec(0_usize..8, 1..8),
        ) {
            for (running, _) in run_to_the_end(jobs, workers, &choices) {
                let servers: Vec<_> = running.iter().filter_map(|job| job.server).collect();
                let distinct: HashSet<_> = servers.iter().collect();
                prop_assert_eq!(servers.len(), distinct.len());
                let installs = running.iter().filter(|job| job.operation == Operation::Install).count();
                prop_assert!(installs == 0 || running.len() == 1);
                prop_assert!(running.len() <= workers);
            }
        }

        #[test]
        fn every_job_starts_or_is_cancelled_and_each_server_keeps_its_order(
            jobs in jobs(), workers in 1_usize..6, choices in prop::collection::vec(0_usize..8, 1..8),
        ) {
            let mut started: BTreeMap<Option<ServerId>, Vec<JobId>> = BTreeMap::new();
            let mut ended = HashSet::new();
            for (_, plan) in run_to_the_end(jobs.clone(), workers, &choices) {
                for id in plan.start {
                    let job = jobs.iter().find(|job| job.id == id).expect("only known jobs are started");
                    prop_assert!(ended.insert(id), "started twice or after its end");
                    started.entry(job.server).or_default().push(id);
                }
                ended.extend(plan.cancel.iter().map(|superseded| superseded.job));
            }
            for job in &jobs {
                prop_assert!(ended.contains(&job.id), "{job:?} was starved");
            }
            for order in started.values() {
                prop_assert!(order.is_sorted());
            }
        }

        #[test]
        fn nothing_overtakes_an_install(jobs in jobs(), workers in 1_usize..6, choices in prop::collection::vec(0_usize..8, 1..8)) {
            let steps = run_to_the_end(jobs.clone(), workers, &choices);
            let order: Vec<JobId> = steps.into_iter().flat_map(|(_, plan)| plan.start).collect();
            for install in jobs.iter().filter(|job| job.operation == Operation::Install) {
                let at = order.iter().position(|id| *id == install.id).expect("an install is never cancelled here");
                prop_assert!(order[..at].iter().all(|id| *id < install.id));
                prop_assert!(order[at + 1..].iter().all(|id| *id > install.id));
            }
        }

        #[test]
        fn planning_twice_gives_the_same_and_order_of_the_picture_does_not_matter(
            jobs in jobs(), running in 0_usize..4, workers in 1_usize..6,
        ) {
            let at_work = running.min(jobs.len());
            let picture = Picture { running: jobs[..at_work].to_vec(), queued: jobs[at_work..].to_vec(), workers };
            let mut turned = picture.clone();
            turned.queued.reverse();
            turned.running.reverse();
            prop_assert_eq!(plan(&picture), plan(&picture));
            prop_assert_eq!(plan(&picture), plan(&turned));
        }

        #[test]
        fn a_stop_ends_earlier_starts_and_a_delete_ends_everything(jobs in jobs()) {
            let picture = Picture { queued: jobs.clone(), running: Vec::new(), workers: 2 };
            let cancelled: HashSet<JobId> = plan(&picture).cancel.iter().map(|superseded| superseded.job).collect();
            for job in &jobs {
                let expected = jobs.iter().any(|later| {
                    later.id > job.id && later.server == job.server && job.server.is_some()
                        && match later.operation {
                            Operation::Stop => matches!(job.operation, Operation::Start | Operation::Restart),
                            Operation::Delete => job.operation != Operation::Delete,
                            _ => false,
                        }
                });
                prop_assert_eq!(cancelled.contains(&job.id), expected);
            }
        }
    }
}
