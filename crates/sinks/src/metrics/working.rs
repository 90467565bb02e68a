//! Metric filters at work, by their log group.

use std::collections::HashMap;

use corelog_catalog::{CountingFilter, MetricFilter};
use corelog_metrics::{Deltas, Extraction, Transformation};
use corelog_store::Event;
use corelog_types::{Sequence, Timestamp};

/// The filters of all groups.
#[derive(Debug, Default)]
pub(super) struct Working {
    groups: HashMap<String, Vec<AtWork>>,
    /// What was counted and is not taken.
    buckets: usize,
}

#[derive(Debug)]
struct AtWork {
    counting: CountingFilter,
    /// `None` where it cannot be read, which was said.
    extraction: Option<Extraction>,
}

impl Working {
    /// Puts other filters in force. Those that stay go on, with what they know of the hour.
    pub(super) fn replace(&mut self, filters: Vec<CountingFilter>) {
        let former = std::mem::take(&mut self.groups).into_values().flatten();
        let place = |it: &CountingFilter| {
            let MetricFilter {
                log_group, name, ..
            } = &it.filter;
            (log_group.clone(), name.clone(), it.after)
        };
        let mut former: HashMap<_, AtWork> = former.map(|it| (place(&it.counting), it)).collect();
        for counting in filters {
            let stays = former
                .remove(&place(&counting))
                .filter(|it| it.counting.filter == counting.filter);
            let extraction = match stays {
                Some(stays) => stays.extraction,
                None => read(&counting.filter),
            };
            let group = counting.filter.log_group.as_str().to_owned();
            let of_group = self.groups.entry(group).or_default();
            of_group.push(AtWork {
                counting,
                extraction,
            });
        }
    }

    /// Whether there are no filters.
    pub(super) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Counts an event by the filters in whose time it came, in the minute of `time`.
    pub(super) fn count(&mut self, event: &Event, time: Timestamp) {
        let Some(filters) = self.groups.get_mut(&*event.group) else {
            return;
        };
        let message = corelog_patterns::Event::new(&event.message);
        for AtWork {
            counting,
            extraction,
        } in filters
        {
            let Some(extraction) = extraction else {
                continue;
            };
            if !is_in_time(counting, event.position.sequence) {
                continue;
            }
            let before = extraction.len();
            let has_room = extraction.count(&message, time, event.ingested);
            self.buckets += extraction.len() - before;
            if !has_room {
                let MetricFilter {
                    log_group, name, ..
                } = &counting.filter;
                tracing::warn!(
                    group = log_group.as_str(),
                    filter = name,
                    "the dimensions of a metric filter have more than 1,000 different values; values of new ones are \
                     left out until the next hour"
                );
            }
        }
    }

    /// What was counted and is not taken.
    pub(super) fn buckets(&self) -> usize {
        self.buckets
    }

    /// Adds to deltas what was counted.
    pub(super) fn take(&mut self, deltas: &mut Deltas) {
        self.extractions().for_each(|it| it.take(deltas));
        self.buckets = 0;
    }

    /// Forgets what was counted and not taken.
    pub(super) fn clear(&mut self) {
        self.extractions().for_each(Extraction::clear);
        self.buckets = 0;
    }

    fn extractions(&mut self) -> impl Iterator<Item = &mut Extraction> {
        let all = self.groups.values_mut().flatten();
        all.filter_map(|it| it.extraction.as_mut())
    }
}

fn is_in_time(counting: &CountingFilter, at: Sequence) -> bool {
    at > counting.after && counting.through.is_none_or(|through| at <= through)
}

fn read(filter: &MetricFilter) -> Option<Extraction> {
    let written = &filter.transformation;
    let transformation = Transformation {
        namespace: &written.namespace,
        name: &written.name,
        value: &written.value,
        default_value: written.default_value,
        dimensions: &written.dimensions,
        unit: written.unit.as_deref(),
    };
    match Extraction::parse(&filter.pattern, &transformation) {
        Ok(extraction) => Some(extraction),
        Err(error) => {
            let (group, filter) = (filter.log_group.as_str(), &filter.name);
            tracing::error!(group, filter, %error, "a metric filter cannot be read, and counts nothing");
            None
        }
    }
}
