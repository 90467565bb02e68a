//! The import: objects are read side by side, their events appended in order.
//!
//! Objects are unzipped and parsed on threads of their own, a few at a time, each no further ahead than a few
//! megabytes; a batch of events is gathered while the one before it is encoded and committed.

mod bodies;
mod gather;
mod lines;
pub(crate) mod rewrite;
mod summary;
mod when;

use std::io::Read;
use std::ops::Range;
use std::sync::Arc;

use corelog_runtime::Clock;
use corelog_store::{Appended, Appender, Asked, Order, Place as EventPlace, Streams, Table};
use corelog_types::{NodeId, Sequence, Timestamp};
use futures_util::TryStreamExt as _;

use crate::Error;
use crate::ledger::{Known, Ledger, Numbered, node_of};
use crate::source::{Object, Source};

pub use self::bodies::Reason;
use self::gather::{Batch, Gathering, Reading};
pub use self::lines::Form;
pub(crate) use self::lines::time_of_record;
use self::lines::{PART_MAX, Shared};
pub use self::summary::{Named, Place, Progress, Summary};

/// Bytes of messages of one append: compaction makes one file of a few of them.
pub const BATCH_BYTES: usize = 16 << 20;
/// Delivery is said to take a minute at most.
const DELIVERED_WITHIN_MS: u64 = 5 * 60_000;
/// Bits of an append's number that are for the line.
const PART_BITS: u32 = 31;

/// An import to be run.
#[derive(Debug, Clone)]
pub struct Import {
    /// Into which table.
    pub table: Table,
    /// Into which log group.
    pub group: Arc<str>,
    /// Into which log stream.
    pub stream: Arc<str>,
    /// What lines are.
    pub form: Form,
    /// Of a Bedrock bucket, only the objects that may have records of this time. Objects are taken whole.
    pub times: Range<Timestamp>,
    /// Takes everything anew, even if it was imported before: for a log group that was deleted since.
    pub again: bool,
    /// Bytes of messages of one append, about; several times that is in memory.
    pub batch_bytes: usize,
    /// Time.
    pub clock: Clock,
}

impl Import {
    /// Imports what is new in a source.
    ///
    /// # Errors
    /// Any [`Error`]. What is in the table by then stays, and the next run goes on behind it.
    /// # Cancel safety
    /// As for an error.
    pub async fn run(&self, source: &Source, progress: &Arc<Progress>) -> Result<Summary, Error> {
        let (node, after) = self.generation(source).await?;
        let from = Place::of_number(after.unwrap_or(0));
        let store = Arc::clone(self.table.store());
        let opened = Ledger::open(store, source, &self.group, node, from.sequence).await?;
        let (mut ledger, mut open) = opened;
        let mut summary = Summary::default();
        let new = self.look(source, &ledger, &mut summary).await?;
        summary.resumed = !open.is_empty();
        summary.known = summary.known.saturating_sub(open.len() as u64);
        open.extend(ledger.add(new).await?);
        summary.objects = open.len() as u64;
        let bytes = open.iter().map(|numbered| numbered.object.bytes).sum();
        progress.planned(open.len() as u64, bytes);

        let gathering = Gathering::of_objects(
            self.shared(node),
            source.clone(),
            open,
            from,
            Arc::clone(progress),
        )
        .in_batches(self.batch_bytes);
        self.append_all(
            source.name(),
            gathering,
            node,
            after,
            progress,
            &mut summary,
        )
        .await?;
        Ok(summary)
    }

    /// Imports lines as they come, whether or not they came before.
    ///
    /// # Errors
    /// Any [`Error`]. What is in the table by then stays.
    pub async fn run_once(
        &self,
        from: impl Read + Send + 'static,
        progress: &Arc<Progress>,
    ) -> Result<Summary, Error> {
        let node = corelog_runtime::node_id();
        let mut summary = Summary {
            objects: 1,
            ..Summary::default()
        };
        let gathering = Gathering::of_reader(self.shared(node), Box::new(from), progress)
            .in_batches(self.batch_bytes);
        self.append_all(
            "standard input",
            gathering,
            node,
            None,
            progress,
            &mut summary,
        )
        .await?;
        Ok(summary)
    }

    /// Where the stream's first event stands in the table, and its last: earlier imports count, and what others put.
    /// `None` where it has none.
    ///
    /// # Errors
    /// [`Error::Table`].
    pub async fn span(&self) -> Result<Option<[EventPlace; 2]>, Error> {
        let snapshot = self.table.snapshot().await?;
        let at = |ms| EventPlace::first_at(Timestamp::from_unix_ms(ms));
        let mut ends = Vec::new();
        for order in [Order::OldestFirst, Order::NewestFirst] {
            let asked = Asked {
                group: Arc::clone(&self.group),
                streams: Streams::Named([self.stream.to_string()].into()),
                places: at(0)..at(u64::MAX),
                order,
            };
            let rows = snapshot.rows(&asked, 1).await?;
            ends.extend(rows.first().map(|row| row.place));
        }
        Ok(ends.try_into().ok())
    }

    fn shared(&self, node: NodeId) -> Arc<Shared> {
        Arc::new(Shared {
            form: self.form.clone(),
            group: Arc::clone(&self.group),
            stream: Arc::clone(&self.stream),
            node,
            now: self.clock.now(),
        })
    }

    /// Under which node to import, and the number of the last append under it.
    async fn generation(&self, source: &Source) -> Result<(NodeId, Option<u64>), Error> {
        let node = |again| node_of(source.name(), &self.group, again);
        let mut again = 0;
        while Ledger::exists(self.table.store(), node(again)).await? {
            again += 1;
        }
        // The newest that there is goes on, where there is one.
        let of = if self.again {
            node(again)
        } else {
            node(again.saturating_sub(1))
        };
        let snapshot = self.table.snapshot().await?;
        let after = snapshot.appended(&appender_name(of)).await?;
        Ok((of, after))
    }

    /// What a source has that was not taken before, oldest first.
    async fn look(
        &self,
        source: &Source,
        ledger: &Ledger,
        summary: &mut Summary,
    ) -> Result<Vec<Object>, Error> {
        let mut new = Vec::new();
        let mut listed = source.list();
        while let Some(object) = listed.try_next().await? {
            if self.form == Form::Bedrock {
                if !is_batch(&object) {
                    summary.passed_over += u64::from(!is_of_layout(&object));
                    continue;
                }
                if !self.may_hold(time_of(&object)) {
                    summary.out_of_range += 1;
                    continue;
                }
            }
            match ledger.known(&object) {
                Known::No => new.push(object),
                Known::Same => summary.known += 1,
                Known::Changed => summary.changed.note(object.key),
            }
        }
        new.sort_by_cached_key(|object| (time_of(object), object.key.clone()));
        Ok(new)
    }

    fn may_hold(&self, written: Timestamp) -> bool {
        let end = self.times.end.unix_ms().saturating_add(DELIVERED_WITHIN_MS);
        (self.times.start.unix_ms()..end).contains(&written.unix_ms())
    }

    async fn append_all(
        &self,
        of: &str,
        mut gathering: Gathering,
        node: NodeId,
        mut after: Option<u64>,
        progress: &Progress,
        summary: &mut Summary,
    ) -> Result<(), Error> {
        let name = appender_name(node);
        let mut ready: Option<Batch> = None;
        loop {
            let appending = async {
                let Some(batch) = ready.take() else {
                    return Ok::<_, Error>(None);
                };
                let appender = Appender {
                    name: name.clone(),
                    number: batch.next.number(),
                };
                let (count, times) = (batch.events.len() as u64, batch.times());
                match self
                    .table
                    .append_after(&appender, after, batch.events)
                    .await
                {
                    Ok(Appended::Now(_)) => Ok(Some((appender.number, count, times))),
                    Ok(Appended::Before) => Err(Error::Busy(of.to_owned())),
                    Err(error) if error.is_overtaken() => Err(Error::Busy(of.to_owned())),
                    Err(error) => Err(error.into()),
                }
            };
            let (next, appended) = tokio::join!(gathering.next(), appending);
            if let Some((number, count, times)) = appended? {
                after = Some(number);
                progress.appended(count, times);
            }
            let Some(batch) = next? else {
                return Ok(());
            };
            summary.take(&batch);
            ready = Some(batch);
        }
    }
}

impl Place {
    fn number(self) -> u64 {
        (self.sequence << PART_BITS) | u64::from(self.part)
    }

    fn of_number(number: u64) -> Self {
        Self {
            sequence: number >> PART_BITS,
            part: u32::try_from(number & u64::from(PART_MAX)).unwrap_or(PART_MAX),
        }
    }
}

fn appender_name(node: NodeId) -> String {
    format!("import-{node}")
}

impl Reading {
    fn of(numbered: Numbered, from: Place, shared: &Shared) -> Self {
        let Numbered { sequence, object } = numbered;
        Self {
            otherwise: match shared.form {
                Form::Bedrock => time_of(&object),
                Form::Lines { .. } => shared.now,
            },
            skip: if sequence == from.sequence {
                from.part
            } else {
                0
            },
            sequence: Sequence::from_u64(sequence),
            key: object.key,
        }
    }
}

fn time_of(object: &Object) -> Timestamp {
    when::of_key(&object.key).unwrap_or(object.modified)
}

/// Whether an object is of the layout, without being a batch: bodies, media, and what shows that a bucket is writable.
///
/// Source: every reader of these buckets has this rule.
fn is_of_layout(object: &Object) -> bool {
    let (folder, name) = object.key.rsplit_once('/').unwrap_or(("", &object.key));
    object.bytes == 0
        || name.contains("permission-check")
        || folder == "data"
        || folder.ends_with("/data")
}

fn is_batch(object: &Object) -> bool {
    let name = object.key.strip_suffix(".gz").unwrap_or(&object.key);
    let lines = [".json", ".jsonl"]
        .iter()
        .any(|ending| name.ends_with(ending));
    lines && !is_of_layout(object)
}
