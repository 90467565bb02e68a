//! Reading events in the order of time, page by page.
//!
//! Rows of a file lie beside what they have in common, not in the order of time, so a page is read in two steps: first
//! the places of the next events, from narrow columns ([`Snapshot::rows`]), and then the messages of these rows alone
//! ([`Snapshot::events`]). What is held in memory is bounded by what the caller asks for, whatever the table holds.
//! Files, and row groups in them, that have nothing of a time are not read at all, and neither are rows whose messages
//! cannot have a text that is looked for.

mod columns;
mod nearest;
mod object;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use arrow::error::ArrowError;
use corelog_types::Timestamp;
use futures_util::TryStreamExt as _;
use object_store::path::Path;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, RowSelection, RowSelector};
use parquet::arrow::{ParquetRecordBatchStreamBuilder, ProjectionMask};
use parquet::basic::ConvertedType;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, PageIndexPolicy, RowGroupMetaData};
use parquet::file::statistics::Statistics;

pub use nearest::Nearest;

use crate::place::{Asked, Order, Place};
use crate::rows::micros;
use crate::schema::Column;
use crate::{DataFile, Error, Event, Result, Snapshot, Text, WordIndex};

pub(crate) use columns::{Arrivals, as_ours};
use columns::{Keys, Texts};
use object::Object;

/// Rows that are decoded at once where only narrow columns are read, and where messages are.
const KEY_ROWS: usize = 8 << 10;
const MESSAGE_ROWS: usize = 64;
/// What the table's times are, in files.
const MICROS: ConvertedType = ConvertedType::TIMESTAMP_MICROS;
/// 10000-01-01T00:00:00Z
const YEAR_10000_MS: u64 = 253_402_300_800_000;

/// An event of the table whose message is not read yet.
#[derive(Debug, Clone)]
pub struct Row {
    /// Where it stands among others.
    pub place: Place,
    /// The file that has it.
    pub file: Arc<DataFile>,
    /// Its row there, counted from 0.
    pub row: u64,
}

impl Row {
    /// About how long its message is: the mean of its file.
    pub fn message_bytes(&self) -> u64 {
        self.file.message_bytes / self.file.rows.max(1)
    }
}

impl Snapshot {
    /// The files that may have events of a log group from one time to another, both inclusive; in no order.
    pub fn select(&self, group: &str, from: Timestamp, to: Timestamp) -> Vec<DataFile> {
        // Years of four digits are ordered as their texts are.
        let last_day = to.min(Timestamp::from_unix_ms(YEAR_10000_MS - 1)).day();
        let first_day = from.day();
        let mut files = self.files();
        files.retain(|file| {
            file.group == group
                && (first_day.as_str()..=last_day.as_str()).contains(&file.day.as_str())
                && file.earliest.is_none_or(|earliest| earliest <= to)
                && file.latest.is_none_or(|latest| latest >= from)
        });
        files
    }

    /// The next events that are asked for, `most` of them or all that there are, in the order that is asked for.
    ///
    /// # Errors
    /// [`Error::Get`], [`Error::Read`] or [`Error::Rows`] where a file cannot be read.
    pub async fn rows(&self, asked: &Asked, most: usize) -> Result<Vec<Row>> {
        self.rows_with(asked, None, most).await
    }

    /// As [`Self::rows`], of those whose messages can have a text. What it leaves out cannot; what it gives may not.
    ///
    /// # Errors
    /// As for [`Self::rows`].
    pub async fn rows_with(
        &self,
        asked: &Asked,
        text: Option<&Text>,
        most: usize,
    ) -> Result<Vec<Row>> {
        let mut nearest = Nearest::new(asked.order, most);
        if asked.places.is_empty() {
            return Ok(Vec::new());
        }
        let (from, to) = (asked.places.start.timestamp, asked.places.end.timestamp);
        let mut files = self.select(&asked.group, from, to);
        let nothing = Timestamp::from_unix_ms(0);
        match asked.order {
            Order::OldestFirst => files.sort_by_key(|file| file.earliest.unwrap_or(nothing)),
            Order::NewestFirst => files.sort_by_key(|file| {
                std::cmp::Reverse(file.latest.unwrap_or(Timestamp::from_unix_ms(u64::MAX)))
            }),
        }
        for file in files {
            // The more is found, the less is left to look at.
            let left = nearest.left(&asked.places);
            let is_late = file.earliest.is_some_and(|it| it > left.end.timestamp);
            let is_early = file.latest.is_some_and(|it| it < left.start.timestamp);
            if !is_late && !is_early {
                self.rows_of(Arc::new(file), asked, text, &mut nearest)
                    .await?;
            }
        }
        Ok(nearest.into_sorted().map(|(_, row)| row).collect())
    }

    async fn rows_of(
        &self,
        file: Arc<DataFile>,
        asked: &Asked,
        text: Option<&Text>,
        nearest: &mut Nearest<Row>,
    ) -> Result<()> {
        let with_text = match text {
            Some(text) => self.ranges(&file, text).await,
            None => None,
        };
        if with_text.as_ref().is_some_and(Vec::is_empty) {
            return Ok(());
        }
        let builder = self.open(&file, PageIndexPolicy::Skip).await?;
        let schema = builder.parquet_schema();
        let mask = ProjectionMask::columns(schema, Keys::COLUMNS.map(Column::name));
        let timestamp = schema
            .columns()
            .iter()
            .position(|column| column.name() == Column::Timestamp.name());
        let wanted = nearest.left(&asked.places);
        let mut groups = Vec::new();
        // The rows of the groups that are read, as they are numbered in the file.
        let mut numbers: Vec<Range<u64>> = Vec::new();
        let mut first = 0;
        for (index, group) in builder.metadata().row_groups().iter().enumerate() {
            let rows = u64::try_from(group.num_rows()).unwrap_or(0);
            if may_have(group, timestamp, &wanted) {
                groups.push(index);
                numbers.push(first..first + rows);
            }
            first += rows;
        }
        if groups.is_empty() {
            return Ok(());
        }
        let mut builder = builder
            .with_projection(mask)
            .with_row_groups(groups)
            .with_batch_size(KEY_ROWS);
        if let Some(with_text) = with_text {
            let selection;
            (selection, numbers) = within(&numbers, &with_text);
            builder = builder.with_row_selection(selection);
        }
        let mut batches = builder.build().map_err(unread(&file))?;
        let mut numbers = numbers.into_iter().flatten();
        while let Some(batch) = batches.try_next().await.map_err(unread(&file))? {
            let keys = Keys::of(&batch)?;
            for (row, number) in (0..batch.num_rows()).zip(numbers.by_ref()) {
                let place = keys.place(row)?;
                if asked.places.contains(&place) && asked.streams.contain(keys.stream(row)) {
                    nearest.push(place, || Row {
                        place,
                        file: Arc::clone(&file),
                        row: number,
                    });
                }
            }
        }
        Ok(())
    }

    /// The rows of a file whose messages can have a text; `None` if any can.
    async fn ranges(&self, file: &DataFile, text: &Text) -> Option<Vec<Range<u64>>> {
        let index = WordIndex::read(&*self.store(), file).await?;
        let ranges = index.ranges(text).into_iter();
        let number = |row: usize| row as u64;
        let ranges = ranges.map(|rows| number(rows.start)..number(rows.end));
        Some(ranges.collect())
    }

    /// The events of these rows, in their order: as many from the first on as have `bytes_max` bytes of messages
    /// together, and at least one.
    ///
    /// # Errors
    /// As for [`Self::rows`].
    pub async fn events(&self, rows: &[Row], bytes_max: usize) -> Result<Vec<Event>> {
        let mut files: BTreeMap<&str, Vec<(u64, usize)>> = BTreeMap::new();
        for (index, row) in rows.iter().enumerate() {
            let of_file = files.entry(&row.file.path).or_default();
            of_file.push((row.row, index));
        }
        let mut found = Prefix::new(bytes_max);
        for mut wanted in files.into_values() {
            wanted.sort_unstable();
            let file = &rows[wanted[0].1].file;
            self.events_of(file, rows, &wanted, &mut found).await?;
        }
        // A file that somebody else wrote may have fewer rows than it says.
        let is_whole = found.events.len() == found.end.min(rows.len());
        if !is_whole || (found.events.is_empty() && !rows.is_empty()) {
            let text = "a file has not the rows that it had before".to_owned();
            return Err(ArrowError::SchemaError(text).into());
        }
        Ok(found.events.into_values().collect())
    }

    async fn events_of(
        &self,
        file: &DataFile,
        rows: &[Row],
        wanted: &[(u64, usize)],
        found: &mut Prefix,
    ) -> Result<()> {
        let builder = self.open(file, PageIndexPolicy::Optional).await?;
        let names = Texts::COLUMNS.map(Column::name);
        let mask = ProjectionMask::columns(builder.parquet_schema(), names);
        let mut batches = builder
            .with_projection(mask)
            .with_row_selection(selection(wanted.iter().map(|(row, _)| *row)))
            .with_batch_size(MESSAGE_ROWS)
            .build()
            .map_err(unread(file))?;
        let group: Arc<str> = file.group.as_str().into();
        let mut wanted = wanted.iter();
        while let Some(batch) = batches.try_next().await.map_err(unread(file))? {
            let texts = Texts::of(&batch)?;
            for (row, (_, index)) in (0..batch.num_rows()).zip(wanted.by_ref()) {
                let place = rows[*index].place;
                found.push(*index, texts.message(row).len(), || Event {
                    group: Arc::clone(&group),
                    stream: texts.stream(row).into(),
                    position: place.position,
                    timestamp: place.timestamp,
                    ingested: place.ingested,
                    message: texts.message(row).to_owned(),
                });
            }
        }
        Ok(())
    }

    pub(crate) async fn open(
        &self,
        file: &DataFile,
        pages: PageIndexPolicy,
    ) -> Result<ParquetRecordBatchStreamBuilder<Object>> {
        let path = Path::parse(&file.path).map_err(|error| Error::Get {
            path: file.path.clone(),
            source: error.into(),
        })?;
        let object = Object {
            store: self.store(),
            path,
            bytes: file.bytes,
        };
        let options = ArrowReaderOptions::new().with_page_index_policy(pages);
        ParquetRecordBatchStreamBuilder::new_with_options(object, options)
            .await
            .map_err(unread(file))
    }
}

/// What keeps a file from being read.
pub(crate) fn unread(file: &DataFile) -> impl Fn(ParquetError) -> Error {
    |source| Error::Read {
        path: file.path.clone(),
        source,
    }
}

/// Whether a row group may have events of these places, as its statistics say.
fn may_have(group: &RowGroupMetaData, timestamp: Option<usize>, places: &Range<Place>) -> bool {
    let column = timestamp.map(|column| group.column(column));
    // Another engine may count in another unit.
    let column = column.filter(|it| it.column_descr().converted_type() == MICROS);
    let Some(Statistics::Int64(times)) = column.and_then(ColumnChunkMetaData::statistics) else {
        return true;
    };
    let (from, to) = (places.start.timestamp, places.end.timestamp);
    let is_early = |latest: &i64| *latest < micros(from.unix_ms());
    let is_late = |earliest: &i64| *earliest > micros(to.unix_ms());
    !times.max_opt().is_some_and(is_early) && !times.min_opt().is_some_and(is_late)
}

/// Rows of a file, which rise.
fn selection(rows: impl Iterator<Item = u64>) -> RowSelection {
    let mut selectors: Vec<RowSelector> = Vec::new();
    let mut next = 0;
    for row in rows {
        let row = usize::try_from(row).unwrap_or(usize::MAX);
        if row > next {
            selectors.push(RowSelector::skip(row - next));
        }
        selectors.push(RowSelector::select(1));
        next = row.saturating_add(1);
    }
    selectors.into()
}

/// Of rows that are read one behind the other, those that are also among others: as they are numbered there, and as
/// they are numbered in the file. All ranges rise.
fn within(read: &[Range<u64>], others: &[Range<u64>]) -> (RowSelection, Vec<Range<u64>>) {
    let (mut places, mut numbers) = (Vec::new(), Vec::new());
    let mut first = 0;
    let place = |row: u64| usize::try_from(row).unwrap_or(usize::MAX);
    for range in read {
        for other in others {
            let (start, end) = (other.start.max(range.start), other.end.min(range.end));
            if start < end {
                let begin = first + (start - range.start);
                places.push(place(begin)..place(begin + (end - start)));
                numbers.push(start..end);
            }
        }
        first += range.end - range.start;
    }
    let selection = RowSelection::from_consecutive_ranges(places.into_iter(), place(first));
    (selection, numbers)
}

/// Events by their number, from the first on, as many as fit.
struct Prefix {
    events: BTreeMap<usize, Event>,
    bytes: usize,
    bytes_max: usize,
    /// Numbers from here on are known not to fit.
    end: usize,
}

impl Prefix {
    fn new(bytes_max: usize) -> Self {
        Self {
            events: BTreeMap::new(),
            bytes: 0,
            bytes_max,
            end: usize::MAX,
        }
    }

    fn push(&mut self, number: usize, bytes: usize, event: impl FnOnce() -> Event) {
        if number >= self.end {
            return;
        }
        self.bytes += bytes;
        self.events.insert(number, event());
        while self.bytes > self.bytes_max && self.events.len() > 1 {
            if let Some((last, event)) = self.events.pop_last() {
                self.bytes -= event.message.len();
                self.end = last;
            }
        }
    }
}
