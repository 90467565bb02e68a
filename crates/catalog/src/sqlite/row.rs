//! Columns to values, and values to columns.

use corelog_types::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Row as _, Sqlite, Type};

use crate::Error;

/// A column's value.
pub(super) fn get<'r, T>(row: &'r SqliteRow, column: &'static str) -> Result<T, Error>
where
    T: Decode<'r, Sqlite> + Type<Sqlite>,
{
    row.try_get(column).map_err(|source| Error::Format {
        what: column.to_owned(),
        source: Box::new(source),
    })
}

/// A column of milliseconds.
pub(super) fn time(row: &SqliteRow, column: &'static str) -> Result<Timestamp, Error> {
    Ok(timestamp(get(row, column)?))
}

/// A column of milliseconds, or nothing.
pub(super) fn time_if_any(
    row: &SqliteRow,
    column: &'static str,
) -> Result<Option<Timestamp>, Error> {
    Ok(get::<Option<i64>>(row, column)?.map(timestamp))
}

fn timestamp(ms: i64) -> Timestamp {
    Timestamp::from_unix_ms(u64::try_from(ms).unwrap_or(0))
}

/// Milliseconds for a column.
pub(super) fn ms(time: Timestamp) -> i64 {
    i64::try_from(time.unix_ms()).unwrap_or(i64::MAX)
}

/// A column of JSON.
pub(super) fn json<T: DeserializeOwned>(row: &SqliteRow, column: &'static str) -> Result<T, Error> {
    parsed(get::<&str>(row, column)?, column)
}

/// JSON out of a column.
pub(super) fn parsed<T: DeserializeOwned>(text: &str, column: &'static str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|source| Error::Format {
        what: column.to_owned(),
        source: Box::new(source),
    })
}

/// JSON for a column. What is stored are maps and lists of text, which always have a form in JSON.
pub(super) fn to_json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// A text as what a column holds, or what the column should have held.
pub(super) fn checked<T>(value: Option<T>, column: &'static str) -> Result<T, Error> {
    value.ok_or_else(|| Error::Format {
        what: column.to_owned(),
        source: "no value of ours".into(),
    })
}
