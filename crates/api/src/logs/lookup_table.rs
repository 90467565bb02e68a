//! What the operations on lookup tables have in common: what one holds, what is said of missing ones, how one is shown.
//!
//! Decision: what the model of the service leaves open is that a table needs a name of its own for each of its columns,
//! that rows may be shorter or longer than its first, and the words for what cannot be used.

use std::collections::BTreeSet;

use corelog_catalog::{Error, LookupContent, LookupTable};
use corelog_values::csv;
use corelog_wire::logs::shapes;

use super::queries::{Job, Status};
use super::{Answer, arn, group};
use crate::aws::{Account, Context, Fault};

/// Tables of an account. Source: the service's quotas.
pub(super) const TABLES_MAX: usize = 100;
/// Bytes of a table's CSV. Source: the API reference of `CreateLookupTable`.
const CSV_BYTES_MAX: usize = 10 << 20;
/// The column of pointers, which are no data.
const POINTER: &str = "@ptr";

/// There is no such table.
pub(super) fn missing() -> Fault {
    Fault::not_found("The specified lookup table does not exist.")
}

/// What the catalog says of a change to a table.
pub(super) fn refused(error: Error) -> Fault {
    match error {
        Error::NotFound => missing(),
        Error::Full { .. } => Fault::limit_exceeded(),
        other => Fault::from(other),
    }
}

/// What a request puts into a table: CSV of its own, or the results of a query.
pub(super) async fn content(
    body: Option<String>,
    query_id: Option<&str>,
    cx: &Context<'_>,
) -> Result<LookupContent, Fault> {
    let given = match (body, query_id) {
        (Some(csv), None) => Given::Csv(csv),
        (None, Some(id)) => Given::Results(finished(id, cx)?),
        _ => {
            return Err(Fault::invalid_parameter(
                "Exactly one of tableBody and queryId must be specified.",
            ));
        }
    };
    // Megabytes of text: a thread's work.
    let reading = tokio::task::spawn_blocking(move || given.read());
    reading.await.map_err(|error| Fault::internal(&error))?
}

/// Where a table's content comes from.
enum Given {
    Csv(String),
    Results(Job),
}

impl Given {
    fn read(self) -> Result<LookupContent, Fault> {
        let csv = match self {
            Self::Csv(csv) => csv,
            Self::Results(job) => of_results(&job.answer)?,
        };
        read(csv)
    }
}

/// A query whose results are there.
fn finished(id: &str, cx: &Context<'_>) -> Result<Job, Fault> {
    let found = cx.queries().find(id);
    let job =
        found.ok_or_else(|| Fault::invalid_parameter(format!("The query {id} does not exist.")))?;
    if !matches!(job.status, Status::Complete | Status::Cancelled) {
        return Err(Fault::invalid_parameter(format!(
            "The query {id} is {}: the results of a completed or cancelled one can be used.",
            job.status.as_str()
        )));
    }
    Ok(job)
}

/// The results of a query as CSV. What a row lacks is empty there.
fn of_results(answer: &Answer) -> Result<String, Fault> {
    let is_data: Vec<bool> = answer.columns.iter().map(|name| name != POINTER).collect();
    let mut csv = String::new();
    push(
        answer.columns.iter().map(String::as_str),
        &is_data,
        &mut csv,
    )?;
    for row in &answer.rows {
        let values = row.values.iter();
        let texts = values.map(|value| value.as_deref().unwrap_or_default());
        push(texts, &is_data, &mut csv)?;
    }
    Ok(csv)
}

fn push<'v>(
    values: impl Iterator<Item = &'v str>,
    is_data: &[bool],
    csv: &mut String,
) -> Result<(), Fault> {
    let of_data = values.zip(is_data).filter(|(_, is_data)| **is_data);
    csv::push_row(of_data.map(|(value, _)| value), csv);
    if csv.len() > CSV_BYTES_MAX {
        return Err(too_large());
    }
    Ok(())
}

fn too_large() -> Fault {
    Fault::invalid_parameter("The content of a lookup table cannot exceed 10 MB.")
}

fn read(csv: String) -> Result<LookupContent, Fault> {
    if csv.len() > CSV_BYTES_MAX {
        return Err(too_large());
    }
    let mut found = csv::rows(&csv);
    let columns = found.next().and_then(Result::ok).unwrap_or_default();
    let names: BTreeSet<&str> = columns.iter().map(String::as_str).collect();
    if columns.is_empty() || names.contains("") || names.len() < columns.len() {
        return Err(Fault::invalid_parameter(
            "The first row of a lookup table must name its columns, each differently.",
        ));
    }
    let mut rows = 0;
    for row in found {
        rows += 1;
        row.map_err(|error| {
            Fault::invalid_parameter(format!(
                "Row {rows} of the lookup table is no CSV: {error}."
            ))
        })?;
    }
    Ok(LookupContent { csv, columns, rows })
}

/// A table as `DescribeLookupTables` shows it.
pub(super) fn shown(account: &Account, table: LookupTable) -> shapes::LookupTable {
    shapes::LookupTable {
        lookup_table_arn: Some(arn::of_lookup_table(account, &table.name)),
        lookup_table_name: Some(table.name),
        description: table.description,
        table_fields: Some(table.columns),
        records_count: Some(number(table.rows)),
        size_bytes: Some(number(table.bytes)),
        last_updated_time: Some(group::millis(table.updated)),
        kms_key_id: table.kms_key,
    }
}

pub(super) fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::Row;

    #[test]
    fn results_become_csv_without_their_pointers() {
        let text = |text: &str| Some(text.to_owned());
        let row = |values: Vec<Option<String>>| Row {
            values,
            pointer: None,
        };
        let answer = Answer {
            columns: ["model", "@ptr", "n"].map(str::to_owned).to_vec(),
            rows: vec![
                row(vec![text("a, \"b\""), text("p"), None]),
                row(vec![None, text("p"), text("2\n3")]),
            ],
            ..Answer::default()
        };
        let csv = of_results(&answer).unwrap();
        assert_eq!(csv, "model,n\n\"a, \"\"b\"\"\",\n,\"2\n3\"\n");
        let content = read(csv).unwrap();
        assert_eq!((content.columns.len(), content.rows), (2, 2));
    }

    #[test]
    fn what_is_no_table_is_refused() {
        let check = |csv: &str, said: &str| {
            let fault = read(csv.to_owned()).unwrap_err();
            assert_eq!(fault.code(), "InvalidParameterException", "{csv:?}");
            assert_eq!(fault.message(), said, "{csv:?}");
        };
        let unnamed = "The first row of a lookup table must name its columns, each differently.";
        for csv in ["", "\n\n", "a,,b\n1,2,3\n", "a,b,a\n", "\"a\nb"] {
            check(csv, unnamed);
        }
        check(
            "a\n1\n\"2\n",
            "Row 2 of the lookup table is no CSV: the quotes around a field are not closed.",
        );
        let long = format!("a\n{}", "x".repeat(CSV_BYTES_MAX - 2));
        assert_eq!(read(long.clone()).unwrap().rows, 1);
        check(
            &format!("{long}x"),
            "The content of a lookup table cannot exceed 10 MB.",
        );
        let answer = Answer {
            columns: vec!["a".to_owned()],
            rows: vec![Row {
                values: vec![Some("x".repeat(CSV_BYTES_MAX))],
                pointer: None,
            }],
            ..Answer::default()
        };
        assert_eq!(of_results(&answer).unwrap_err(), too_large());
    }
}
