//! All queries that are remembered, and which of them are let go.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use corelog_types::Timestamp;

use super::{Job, QueryLimits, QueryLoad, Status};
use crate::logs::{Answer, Language, QueryError, Statistics};

/// How long a finished query is kept. Source: the service's quotas.
const KEPT_MS: u64 = 7 * 24 * 60 * 60 * 1_000;

/// The queries by id: ids begin with their time, so the newest is last.
#[derive(Debug)]
pub(super) struct Shelf {
    jobs: BTreeMap<String, Job>,
    limits: QueryLimits,
    /// Of the answers of finished queries.
    bytes: u64,
    /// Grows with every question.
    touches: u64,
}

impl Shelf {
    pub(super) fn new(limits: QueryLimits) -> Self {
        Self {
            jobs: BTreeMap::new(),
            limits,
            bytes: 0,
            touches: 0,
        }
    }

    pub(super) fn unfinished(&self, language: Language) -> usize {
        let mut jobs = self.jobs.values();
        let counts = |job: &&Job| !job.has_ended() && job.asked.spec.language == language;
        jobs.by_ref().filter(counts).count()
    }

    pub(super) fn load(&self) -> QueryLoad {
        let in_state = |status: Status| {
            let jobs = self.jobs.values();
            jobs.filter(|job| job.status == status).count() as u64
        };
        QueryLoad {
            running: in_state(Status::Running),
            scheduled: in_state(Status::Scheduled),
            answers_bytes: self.bytes,
        }
    }

    pub(super) fn add(&mut self, id: String, mut job: Job, now: Timestamp) {
        self.touches += 1;
        job.touched = self.touches;
        self.jobs.insert(id, job);
        self.let_go(now);
    }

    pub(super) fn find(&mut self, id: &str, now: Timestamp) -> Option<Job> {
        self.let_go(now);
        let job = self.jobs.get_mut(id)?;
        self.touches += 1;
        job.touched = self.touches;
        Some(job.clone())
    }

    pub(super) fn list(
        &mut self,
        after: Option<&str>,
        limit: usize,
        fits: impl Fn(&Job) -> bool,
        now: Timestamp,
    ) -> Vec<(String, Job)> {
        self.let_go(now);
        let before = after.map_or(Bound::Unbounded, Bound::Excluded);
        let newest_first = self.jobs.range::<str, _>((Bound::Unbounded, before)).rev();
        newest_first
            .filter(|(_, job)| fits(job))
            .take(limit)
            .map(|(id, job)| (id.clone(), job.clone()))
            .collect()
    }

    /// Whether it was waiting to be run; from now on it runs.
    pub(super) fn begin(&mut self, id: &str, now: Timestamp) -> bool {
        let Some(job) = self.unfinished_mut(id) else {
            return false;
        };
        job.status = Status::Running;
        job.began = Some(now);
        true
    }

    /// What a query has read so far.
    pub(super) fn note(&mut self, id: &str, statistics: Statistics) {
        if let Some(job) = self.unfinished_mut(id) {
            job.statistics = statistics;
        }
    }

    /// What a query has answered so far.
    pub(super) fn show(&mut self, id: &str, answer: Answer) {
        if let Some(job) = self.unfinished_mut(id) {
            job.bytes = answer.bytes();
            job.statistics = answer.statistics;
            job.answer = Arc::new(answer);
        }
    }

    pub(super) fn complete(&mut self, id: &str, answer: Answer, now: Timestamp) {
        self.show(id, answer);
        self.end(id, Status::Complete, None, now);
    }

    /// Whether it ends now.
    pub(super) fn end(
        &mut self,
        id: &str,
        status: Status,
        error: Option<QueryError>,
        now: Timestamp,
    ) -> bool {
        self.touches += 1;
        let touched = self.touches;
        let Some(job) = self.unfinished_mut(id) else {
            return false;
        };
        job.status = status;
        job.error = error.map(Arc::new);
        job.ended = Some(now);
        job.touched = touched;
        let bytes = job.bytes;
        self.bytes = self.bytes.saturating_add(bytes);
        self.let_go(now);
        true
    }

    fn unfinished_mut(&mut self, id: &str) -> Option<&mut Job> {
        self.jobs.get_mut(id).filter(|job| !job.has_ended())
    }

    /// Forgets what is too old, and then what nobody has asked about for the longest time, until the rest fits.
    fn let_go(&mut self, now: Timestamp) {
        let ended = |job: &Job| job.ended.map(Timestamp::unix_ms);
        let too_old = |job: &Job| ended(job).is_some_and(|at| at + KEPT_MS < now.unix_ms());
        let old: Vec<String> = self
            .jobs
            .iter()
            .filter(|(_, job)| too_old(job))
            .map(|(id, _)| id.clone())
            .collect();
        for id in &old {
            self.remove(id);
        }
        let mut finished = self.jobs.values().filter(|job| job.has_ended()).count();
        while finished > self.limits.kept_max || self.bytes > self.limits.answers_bytes_max {
            let candidates = self.jobs.iter().filter(|(_, job)| job.has_ended());
            let Some((id, _)) = candidates.min_by_key(|(_, job)| job.touched) else {
                break;
            };
            let id = id.clone();
            self.remove(&id);
            finished -= 1;
        }
    }

    fn remove(&mut self, id: &str) {
        if let Some(job) = self.jobs.remove(id) {
            self.bytes = self.bytes.saturating_sub(job.bytes);
        }
    }
}
