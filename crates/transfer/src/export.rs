//! The export: events of a log group, in the order of time, written elsewhere.
//!
//! It reads one version of the table, so what comes meanwhile is not in it. A page of events is in memory at a time.

mod bedrock;
mod task;

use std::io::{self, Write};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use corelog_patterns::Pattern;
use corelog_sinks::s3::{Archive, GZIP_LEVEL};
use corelog_store::{Asked, Event, Order, ParquetFile, Place, Row, Snapshot, Streams, Table, Text};
use corelog_types::Timestamp;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;

use crate::Error;

pub use bedrock::Owner;
pub use task::Written;

/// Rows whose places are held at a time, and the bytes of messages.
const PAGE_ROWS: usize = 50_000;
const PAGE_BYTES: usize = 16 << 20;

/// An export to be run.
#[derive(Debug, Clone)]
pub struct Export {
    /// From which table.
    pub table: Table,
    /// Of which log group.
    pub group: Arc<str>,
    /// Of which streams.
    pub streams: Streams,
    /// From when on, and before when.
    pub times: Range<Timestamp>,
    /// Only what matches.
    pub filter: Option<Arc<Pattern>>,
}

/// What an export has written, for whoever looks.
#[derive(Debug, Default)]
pub struct Exported {
    events: AtomicU64,
    bytes: AtomicU64,
    joined: AtomicU64,
}

impl Exported {
    /// Events.
    pub fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }

    /// The bytes of their messages.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Messages of several lines that became one, because the form has no other place for them.
    pub fn joined(&self) -> u64 {
        self.joined.load(Ordering::Relaxed)
    }

    fn add(&self, events: &[Event]) {
        let bytes: usize = events.iter().map(|event| event.message.len()).sum();
        self.events
            .fetch_add(events.len() as u64, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// An event as a line; the names are those of the service's answers.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    event_id: &'a str,
    timestamp: u64,
    ingestion_time: u64,
    log_group_name: &'a str,
    log_stream_name: &'a str,
    message: &'a str,
}

impl Export {
    /// Writes a JSON document for each event.
    ///
    /// # Errors
    /// Any [`Error`]; what was written by then is there.
    pub async fn to_lines(&self, mut to: impl Write, exported: &Exported) -> Result<(), Error> {
        let failed = |source| Error::Write {
            at: "lines".to_owned(),
            source,
        };
        let mut pages = self.pages().await?;
        let mut line = Vec::new();
        while let Some(events) = pages.next().await? {
            for event in &events {
                line.clear();
                let shown = Line {
                    event_id: &event.id(),
                    timestamp: event.timestamp.unix_ms(),
                    ingestion_time: event.ingested.unix_ms(),
                    log_group_name: &event.group,
                    log_stream_name: &event.stream,
                    message: &event.message,
                };
                serde_json::to_writer(&mut line, &shown).map_err(|error| failed(error.into()))?;
                line.push(b'\n');
                to.write_all(&line).map_err(failed)?;
            }
            exported.add(&events);
        }
        to.flush().map_err(failed)
    }

    /// Writes a Parquet file.
    ///
    /// # Errors
    /// Any [`Error`]; what was written by then is no Parquet file.
    pub async fn to_parquet(
        &self,
        to: impl Write + Send,
        exported: &Exported,
    ) -> Result<(), Error> {
        let mut file = ParquetFile::create(to)?;
        let mut pages = self.pages().await?;
        while let Some(events) = pages.next().await? {
            exported.add(&events);
            file.write(&self.group, events)?;
        }
        let mut to = file.finish()?;
        to.flush().map_err(|source| Error::Write {
            at: "Parquet".to_owned(),
            source,
        })
    }

    /// Writes batches as Bedrock's invocation logging does. What records do not say of themselves, `owner` says.
    ///
    /// # Errors
    /// Any [`Error`]; what was written by then is there, and the same export writes the same again.
    pub async fn to_bedrock(
        &self,
        archive: &Archive,
        owner: &Owner,
        exported: &Exported,
    ) -> Result<(), Error> {
        let mut batches = bedrock::Batches::new(archive, owner);
        let mut pages = self.pages().await?;
        while let Some(events) = pages.next().await? {
            for event in &events {
                let joined = batches.add(event).await?;
                exported
                    .joined
                    .fetch_add(u64::from(joined), Ordering::Relaxed);
            }
            exported.add(&events);
        }
        batches.finish().await
    }

    /// Writes what the service's export tasks write: gzipped lines of time and message, a folder for each stream below
    /// `folder`.
    ///
    /// # Errors
    /// Any [`Error`]; what was written by then is there.
    pub async fn to_folders(
        &self,
        archive: &Archive,
        folder: &str,
        exported: &Exported,
    ) -> Result<Written, Error> {
        let mut folders = task::Folders::new(archive, folder);
        let mut pages = self.pages().await?;
        while let Some(events) = pages.next().await? {
            for event in &events {
                folders.add(event).await?;
            }
            exported.add(&events);
        }
        folders.finish().await
    }

    async fn pages(&self) -> Result<Pages, Error> {
        let places = Place::first_at(self.times.start)..Place::first_at(self.times.end);
        Ok(Pages {
            snapshot: self.table.snapshot().await?,
            asked: Asked {
                group: Arc::clone(&self.group),
                streams: self.streams.clone(),
                places,
                order: Order::OldestFirst,
            },
            filter: self.filter.clone(),
            rows: Vec::new(),
        })
    }
}

/// Events, a page at a time.
struct Pages {
    snapshot: Snapshot,
    asked: Asked,
    filter: Option<Arc<Pattern>>,
    /// Those that come next.
    rows: Vec<Row>,
}

impl Pages {
    /// The next events that match, possibly none of a page; `None` at the end.
    async fn next(&mut self) -> Result<Option<Vec<Event>>, Error> {
        if self.rows.is_empty() {
            let phrases = self.filter.as_deref().map(Pattern::phrases);
            let text = phrases.and_then(|phrases| Text::one_of_each(&phrases));
            let rows = self
                .snapshot
                .rows_with(&self.asked, text.as_ref(), PAGE_ROWS);
            self.rows = rows.await?;
            let Some(last) = self.rows.last() else {
                return Ok(None);
            };
            self.asked.places.start = last.place.next();
        }
        let mut events = self.snapshot.events(&self.rows, PAGE_BYTES).await?;
        self.rows.drain(..events.len());
        if let Some(filter) = &self.filter {
            events.retain(|event| filter.matches(&corelog_patterns::Event::new(&event.message)));
        }
        Ok(Some(events))
    }
}

/// Gzips what is written; flushing ends it.
#[derive(Debug)]
pub struct GzipFile<W: Write>(Option<GzEncoder<W>>);

impl<W: Write> GzipFile<W> {
    /// Begins.
    pub fn new(to: W) -> Self {
        Self(Some(GzEncoder::new(to, Compression::new(GZIP_LEVEL))))
    }
}

impl<W: Write> Write for GzipFile<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let to = self.0.as_mut().ok_or(io::ErrorKind::WriteZero)?;
        to.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0.take() {
            Some(to) => to.finish()?.flush(),
            None => Ok(()),
        }
    }
}
