//! The step that adds fields that events do not carry themselves: what is known of their log group, and the pointer
//! that finds them again.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::TimestampMicrosecondType;
use arrow::datatypes::{DataType, Field, Int32Type, Int64Type, Schema, SchemaRef};
use corelog_types::{EventPointer, LogGroupName, Sequence};
use corelog_values::Value;
use datafusion::common::Result;

use crate::frame::POINTER;
use crate::kind::{Kind, Writer};
use crate::stage::{Run, Transform};

const POINTER_FIELD: &str = "@ptr";

/// Whether a field is the same for all events of a log group, or a pointer.
pub(crate) fn is_of_group(path: &str) -> bool {
    matches!(
        path,
        "@log"
            | "@source.log"
            | "@aws.account"
            | "@aws.region"
            | "@data_source_name"
            | POINTER_FIELD
    ) || path.starts_with("@aws.tag.")
}

/// Adds fields of log groups.
pub(crate) struct OfGroup {
    /// Fields, and the columns they come in.
    pub(crate) facts: Vec<(String, String)>,
    /// What the fields of a log group are.
    pub(crate) values: HashMap<Arc<str>, HashMap<String, Value<'static>>>,
}

impl fmt::Debug for OfGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields: Vec<&str> = self.facts.iter().map(|(field, _)| &**field).collect();
        f.write_str(&fields.join(", "))
    }
}

impl Transform for OfGroup {
    fn name(&self) -> &'static str {
        "OfGroup"
    }

    fn reads(&self) -> Vec<String> {
        let has_pointer = self.facts.iter().any(|(field, _)| field == POINTER_FIELD);
        let columns = if has_pointer {
            &POINTER[..]
        } else {
            &POINTER[..1]
        };
        columns.iter().map(|column| (*column).to_owned()).collect()
    }

    fn adds(&self) -> Vec<Field> {
        let columns = self.facts.iter().map(|(_, column)| column);
        columns
            .map(|column| Field::new(column, DataType::Utf8View, true))
            .collect()
    }

    fn is_rowwise(&self) -> bool {
        true
    }

    fn start(&self, input: &SchemaRef) -> Result<Box<dyn Run>> {
        let mut fields: Vec<_> = input.fields().iter().cloned().collect();
        fields.extend(self.adds().into_iter().map(Arc::new));
        Ok(Box::new(Adding {
            facts: self.facts.iter().map(|(field, _)| field.clone()).collect(),
            values: self.values.clone(),
            schema: Arc::new(Schema::new(fields)),
        }))
    }
}

struct Adding {
    facts: Vec<String>,
    values: HashMap<Arc<str>, HashMap<String, Value<'static>>>,
    schema: SchemaRef,
}

impl Run for Adding {
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        let groups = Arc::clone(batch.column(batch.schema().index_of(POINTER[0])?));
        let groups = groups.as_string_view();
        let mut columns = batch.columns().to_vec();
        for fact in &self.facts {
            let mut writer = Writer::new(Kind::Any, batch.num_rows());
            if fact == POINTER_FIELD {
                for pointer in pointers(&batch)? {
                    let text = pointer.map(|pointer| Value::text(pointer.to_string()));
                    writer.push(&text.unwrap_or_default());
                }
            } else {
                for group in groups {
                    let facts = group.and_then(|group| self.values.get(group));
                    let value = facts.and_then(|facts| facts.get(fact));
                    writer.push(value.unwrap_or(&Value::Null));
                }
            }
            columns.push(writer.finish());
        }
        Ok(Some(RecordBatch::try_new(
            Arc::clone(&self.schema),
            columns,
        )?))
    }
}

/// The pointers of a batch's events.
pub(crate) fn pointers(batch: &RecordBatch) -> Result<Vec<Option<EventPointer>>> {
    let column = |name: &str| {
        Ok::<_, datafusion::common::DataFusionError>(Arc::clone(
            batch.column(batch.schema().index_of(name)?),
        ))
    };
    let [group, timestamp, node, sequence, part] = POINTER;
    let (group, node) = (column(group)?, column(node)?);
    let (group, node) = (group.as_string_view(), node.as_string_view());
    let timestamp = column(timestamp)?;
    let timestamp = timestamp.as_primitive::<TimestampMicrosecondType>();
    let (sequence, part) = (column(sequence)?, column(part)?);
    let (sequence, part) = (
        sequence.as_primitive::<Int64Type>(),
        part.as_primitive::<Int32Type>(),
    );
    let pointer = |row: usize| {
        Some(EventPointer {
            group: LogGroupName::new(group.value(row)).ok()?,
            timestamp_ms: timestamp.value(row).div_euclid(1_000),
            node: node.value(row).parse().ok()?,
            sequence: Sequence::from_u64(u64::try_from(sequence.value(row)).ok()?),
            part: u32::try_from(part.value(row)).ok()?,
        })
    };
    Ok((0..batch.num_rows()).map(pointer).collect())
}
