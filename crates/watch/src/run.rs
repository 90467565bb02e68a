//! The loop: whoever is due is evaluated, what was held back is let go, and then it waits.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use corelog_alarms::{Definition, Effects, Point, Window};
use corelog_runtime::{Backoff, Shutdown};
use corelog_telemetry::Chain;
use corelog_types::Timestamp;
use futures_util::{StreamExt as _, stream};

use crate::source::{self, Unread};
use crate::step::{Name, join};
use crate::{Error, Points, Watch};

/// Alarms that are evaluated in one turn. What follows from a turn is one transaction.
pub const TURN_MAX: usize = 250;
/// Questions to the metrics at once: as many as these answer beside each other.
const QUESTIONS_MAX: usize = 4;
/// The longest that the loop sleeps: a machine that slept itself, or whose clock was set, is noticed after that.
const SLEEP_MAX: Duration = Duration::from_secs(1);
/// How often old history is forgotten.
const TRIM_EVERY_MS: u64 = 3_600_000;
/// The wait while the catalog does not keep anything, the first and the longest.
pub(crate) const RETRY_FIRST: Duration = Duration::from_millis(500);
pub(crate) const RETRY_CEILING: Duration = Duration::from_secs(30);

/// An alarm whose turn it is.
struct Due {
    name: Name,
    definition: Arc<Definition>,
    window: Window,
}

/// Its data points, or none where they cannot be read.
struct Looked {
    due: Due,
    points: Result<Vec<Point>, Unread>,
}

impl Watch {
    /// Evaluates alarms until shutdown. What a turn brings about is kept before the next one begins, so shutdown loses
    /// nothing: it ends the loop between two turns.
    pub async fn run(self, points: Arc<dyn Points>, shutdown: Shutdown) {
        let mut backoff = Backoff::new(RETRY_FIRST, RETRY_CEILING);
        let mut trimmed = None;
        while !shutdown.is_requested() {
            let wait = match self.turn(&*points).await {
                Ok(true) => {
                    tokio::task::yield_now().await;
                    continue;
                }
                Ok(false) => {
                    backoff = Backoff::new(RETRY_FIRST, RETRY_CEILING);
                    self.trim(&mut trimmed).await;
                    self.until_next().await
                }
                Err(error) => {
                    tracing::warn!(error = %Chain(&error), "alarms are not evaluated now");
                    backoff.after_failure()
                }
            };
            tokio::select! {
                () = shutdown.requested() => return,
                () = self.0.changed.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Takes one turn, and says whether alarms are left that were due. Dropping it is as if it had not been.
    ///
    /// # Errors
    /// [`Error::Catalog`]: nothing was evaluated then.
    pub async fn turn(&self, from: &dyn Points) -> Result<bool, Error> {
        let (now, due, is_more) = self.due().await?;
        let looked: Vec<Looked> = stream::iter(due)
            .map(|due| self.look_at(due, from, now))
            .buffered(QUESTIONS_MAX)
            .collect()
            .await;
        let mut held = self.fresh().await?;
        // Others may have made a step meanwhile: what follows is told in the order of time.
        let now = now.max(held.last);
        held.last = now;
        let mut effects = Effects::default();
        let mut failed: Option<(Name, Unread)> = None;
        for Looked { due, points } in looked {
            let is_same =
                |alarm: &corelog_alarms::Alarm| Arc::ptr_eq(&alarm.definition, &due.definition);
            if !held.alarms.get(&due.name).is_some_and(is_same) {
                continue;
            }
            match points {
                Ok(points) => {
                    let evaluated = held
                        .alarms
                        .evaluate_in(&due.name, &due.window, &points, now);
                    join(&mut effects, evaluated);
                }
                Err(error) => {
                    held.alarms.pass_over(&due.name, now);
                    failed = Some((due.name, error));
                }
            }
        }
        if let Some((name, error)) = failed {
            tracing::warn!(
                alarm = &*name,
                error = %Chain(&error),
                "the data points of alarms cannot be read; they stay as they are until their next turn"
            );
        }
        join(&mut effects, held.alarms.tick(now));
        self.keep(&mut held, effects, BTreeMap::new(), now).await?;
        Ok(is_more)
    }

    /// Whoever is due, and whether there are more than one turn takes.
    async fn due(&self) -> Result<(Timestamp, Vec<Due>, bool), Error> {
        let mut held = self.fresh().await?;
        let now = held.now(&self.0.clock);
        let names = held.alarms.due(now);
        let is_more = names.len() > TURN_MAX;
        let due = names.into_iter().take(TURN_MAX).filter_map(|name| {
            let definition = Arc::clone(&held.alarms.get(&name)?.definition);
            let window = held.alarms.window(&name, now)?;
            Some(Due {
                name,
                definition,
                window,
            })
        });
        let due = due.collect();
        Ok((now, due, is_more))
    }

    /// How long nothing is to be done.
    async fn until_next(&self) -> Duration {
        let held = self.0.held.read().await;
        let now = self.0.clock.now();
        let Some(at) = held.alarms.wakes_at(now) else {
            return SLEEP_MAX;
        };
        let ms = at.unix_ms().saturating_sub(now.unix_ms());
        Duration::from_millis(ms.max(1)).min(SLEEP_MAX)
    }

    /// Forgets history that is too old, every hour.
    pub(crate) async fn trim(&self, trimmed: &mut Option<Timestamp>) {
        let now = self.0.clock.now();
        let is_due = |last: Timestamp| now.unix_ms().abs_diff(last.unix_ms()) >= TRIM_EVERY_MS;
        if !trimmed.is_none_or(is_due) {
            return;
        }
        *trimmed = Some(now);
        let kept_ms = u64::try_from(self.0.config.history.as_millis()).unwrap_or(u64::MAX);
        let before = Timestamp::from_unix_ms(now.unix_ms().saturating_sub(kept_ms));
        if let Err(error) = self.0.catalog.trim_alarm_history(before).await {
            tracing::warn!(error = %Chain(&error), "the history of alarms is not trimmed");
        }
    }

    async fn look_at(&self, due: Due, from: &dyn Points, now: Timestamp) -> Looked {
        let models = &self.0.models;
        let points = match due.definition.metric() {
            Some(metric) => source::points(metric, &due.window, models, from, now).await,
            None => Ok(Vec::new()),
        };
        Looked { due, points }
    }
}
