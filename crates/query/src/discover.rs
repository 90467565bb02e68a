//! The step that takes fields out of JSON messages.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use corelog_store::Column;
use corelog_values::{Paths, Value, discover};
use datafusion::common::Result;

use crate::kind::{Kind, Reader, Writer};
use crate::stage::{Run, Transform};

/// A field to take out, and the column that it comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) path: String,
    pub(crate) column: String,
}

/// Takes fields out of messages.
pub(crate) struct Discover {
    /// Discovered fields.
    pub(crate) fields: Vec<Wanted>,
    /// Maps and lists, which are no fields.
    pub(crate) containers: Vec<Wanted>,
}

impl fmt::Debug for Discover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.fields.iter().chain(&self.containers);
        let paths: Vec<&str> = all.map(|it| &*it.path).collect();
        f.write_str(&paths.join(", "))
    }
}

impl Transform for Discover {
    fn name(&self) -> &'static str {
        "Discover"
    }

    fn reads(&self) -> Vec<String> {
        vec![Column::Message.name().to_owned()]
    }

    fn adds(&self) -> Vec<Field> {
        let all = self.fields.iter().chain(&self.containers);
        all.map(|it| Field::new(&it.column, DataType::Utf8View, true))
            .collect()
    }

    fn is_rowwise(&self) -> bool {
        true
    }

    fn start(&self, input: &SchemaRef) -> Result<Box<dyn Run>> {
        let mut fields: Vec<_> = input.fields().iter().cloned().collect();
        fields.extend(self.adds().into_iter().map(Arc::new));
        Ok(Box::new(Discovering {
            message: input.index_of(Column::Message.name())?,
            paths: Paths::new(self.fields.iter().map(|it| it.path.clone())),
            containers: self.containers.iter().map(|it| it.path.clone()).collect(),
            schema: Arc::new(Schema::new(fields)),
        }))
    }
}

struct Discovering {
    message: usize,
    paths: Paths,
    containers: Vec<String>,
    schema: SchemaRef,
}

impl Run for Discovering {
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        let rows = batch.num_rows();
        let messages = Reader::new(Kind::Text, batch.column(self.message))?;
        let added = self.paths.len() + self.containers.len();
        let mut writers: Vec<Writer> = (0..added).map(|_| Writer::new(Kind::Any, rows)).collect();
        for row in 0..rows {
            let message = messages.value(row);
            let Value::Text(message) = &message else {
                for writer in &mut writers {
                    writer.push(&Value::Null);
                }
                continue;
            };
            let mut values = Vec::with_capacity(added);
            self.paths.extract_into(message, &mut values);
            if !self.containers.is_empty() {
                let object = discover::object(message);
                values.extend(self.containers.iter().map(|path| match &object {
                    Some(object) => discover::container(object, path).into_owned(),
                    None => Value::Null,
                }));
            }
            for (writer, value) in writers.iter_mut().zip(&values) {
                writer.push(value);
            }
        }
        let mut columns = batch.columns().to_vec();
        columns.extend(writers.into_iter().map(Writer::finish));
        Ok(Some(RecordBatch::try_new(
            Arc::clone(&self.schema),
            columns,
        )?))
    }
}
