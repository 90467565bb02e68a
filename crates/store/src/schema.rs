//! The table's columns.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use deltalake_core::kernel::{DataType as DeltaType, PrimitiveType, StructField};

use crate::promoted::{Kind, PROMOTED};

/// The columns that every event has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// Log stream.
    Stream,
    /// When the event happened; milliseconds, kept in microseconds.
    Timestamp,
    /// When it was taken in.
    IngestionTime,
    /// The node whose spool it came through, as 16 hex digits.
    Node,
    /// The entry in that spool.
    Sequence,
    /// Which of the entry's events.
    Part,
    /// Its text.
    Message,
    /// Whether some promoted field has to be read from the message.
    Loose,
}

/// The columns that partition the table; not in the files themselves.
pub(crate) const GROUP: &str = "log_group";
pub(crate) const DAY: &str = "day";

impl Column {
    /// All of them, in order. The promoted ones follow.
    pub(crate) const ALL: [Self; 8] = [
        Self::Stream,
        Self::Timestamp,
        Self::IngestionTime,
        Self::Node,
        Self::Sequence,
        Self::Part,
        Self::Message,
        Self::Loose,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stream => "log_stream",
            Self::Timestamp => "timestamp",
            Self::IngestionTime => "ingestion_time",
            Self::Node => "node",
            Self::Sequence => "sequence",
            Self::Part => "part",
            Self::Message => "message",
            Self::Loose => "loose",
        }
    }

    fn delta_type(self) -> PrimitiveType {
        match self {
            Self::Stream | Self::Node | Self::Message => PrimitiveType::String,
            Self::Timestamp | Self::IngestionTime => PrimitiveType::Timestamp,
            Self::Sequence => PrimitiveType::Long,
            Self::Part => PrimitiveType::Integer,
            Self::Loose => PrimitiveType::Boolean,
        }
    }
}

impl Kind {
    fn delta_type(self) -> PrimitiveType {
        match self {
            Self::Text => PrimitiveType::String,
            Self::Integer => PrimitiveType::Long,
            Self::Number => PrimitiveType::Double,
        }
    }
}

/// The table's columns as Delta names them, the partition columns first.
pub(crate) fn delta_columns() -> Vec<StructField> {
    let field = |name: &str, of: PrimitiveType, nullable| {
        StructField::new(name, DeltaType::Primitive(of), nullable)
    };
    let mut columns = vec![
        field(GROUP, PrimitiveType::String, false),
        field(DAY, PrimitiveType::Date, false),
    ];
    columns.extend(Column::ALL.map(|column| field(column.name(), column.delta_type(), false)));
    columns.extend(
        PROMOTED
            .iter()
            .map(|promoted| field(promoted.column, promoted.kind.delta_type(), true)),
    );
    columns
}

/// The columns of a data file.
pub fn arrow_schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        let own = Column::ALL
            .map(|column| Field::new(column.name(), arrow_type(&column.delta_type()), false));
        let promoted = PROMOTED
            .iter()
            .map(|it| Field::new(it.column, arrow_type(&it.kind.delta_type()), true));
        Arc::new(Schema::new(
            own.into_iter().chain(promoted).collect::<Vec<_>>(),
        ))
    });
    Arc::clone(&SCHEMA)
}

fn arrow_type(of: &PrimitiveType) -> DataType {
    match of {
        PrimitiveType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        PrimitiveType::Long => DataType::Int64,
        PrimitiveType::Integer => DataType::Int32,
        PrimitiveType::Double => DataType::Float64,
        PrimitiveType::Boolean => DataType::Boolean,
        _ => DataType::Utf8,
    }
}
