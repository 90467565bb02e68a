//! An engine that answers as the text says: `hold` waits to be released, `fail`, `panic`, `huge`, and `refuse`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use corelog_runtime::Clock;
use corelog_types::{EventPointer, LogGroupName, NodeId, Sequence};
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::logs::{
    Amount, Answer, Engine, Estimate, FieldShare, Malformed, Progress, Queries, QueryError,
    QueryLimits, QuerySpec, Row, Statistics,
};

#[derive(Debug)]
pub(crate) struct FakeEngine {
    /// What was run.
    pub(crate) asked: Mutex<Vec<QuerySpec>>,
    /// The times whose fields were asked for.
    pub(crate) fields_of: Mutex<Vec<(String, i64, i64)>>,
    running: AtomicUsize,
    pub(crate) most_running: AtomicUsize,
    release: Semaphore,
}

impl Default for FakeEngine {
    fn default() -> Self {
        Self {
            asked: Mutex::default(),
            fields_of: Mutex::default(),
            running: AtomicUsize::new(0),
            most_running: AtomicUsize::new(0),
            release: Semaphore::new(0),
        }
    }
}

struct Counted<'a>(&'a AtomicUsize);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl FakeEngine {
    pub(crate) fn queries(self: &Arc<Self>, limits: QueryLimits, clock: &Clock) -> Queries {
        let engine = Arc::<Self>::clone(self);
        Queries::new(engine, limits, clock.clone(), Handle::current())
    }

    /// Lets one query go on that is held.
    pub(crate) fn release(&self) {
        self.release.add_permits(1);
    }

    pub(crate) fn running(&self) -> usize {
        self.running.load(Ordering::Relaxed)
    }
}

/// The event of that number.
pub(crate) fn pointer(number: u32) -> EventPointer {
    EventPointer {
        group: LogGroupName::new("/sample").unwrap(),
        timestamp_ms: i64::from(number),
        node: NodeId::from_u64(1),
        sequence: Sequence::from_u64(2),
        part: number,
    }
}

/// Rows 0, 1, … of which every second has no second column.
pub(crate) fn answer(rows: u32) -> Answer {
    let row = |number: u32| Row {
        values: vec![
            Some(format!("row {number}")),
            number.is_multiple_of(2).then(|| number.to_string()),
        ],
        pointer: Some(pointer(number)),
    };
    Answer {
        columns: vec!["@message".to_owned(), "n".to_owned()],
        rows: (0..rows).map(row).collect(),
        statistics: Statistics {
            records_matched: u64::from(rows),
            records_scanned: 1_000,
            records_skipped: 5,
            bytes_scanned: 4_096,
            bytes_skipped: 64,
            groups_scanned: 1,
        },
    }
}

#[async_trait]
impl Engine for FakeEngine {
    async fn check(&self, spec: &QuerySpec) -> Result<(), QueryError> {
        let Some(at) = spec.text.find("refuse") else {
            return Ok(());
        };
        Err(QueryError::Malformed(Malformed {
            message: "not this one".to_owned(),
            start: at,
            end: at + 6,
            hint: Some("another".to_owned()),
        }))
    }

    async fn run(
        &self,
        spec: QuerySpec,
        progress: Arc<dyn Progress>,
    ) -> Result<Answer, QueryError> {
        let now = self.running.fetch_add(1, Ordering::Relaxed) + 1;
        self.most_running.fetch_max(now, Ordering::Relaxed);
        let _counted = Counted(&self.running);
        self.asked.lock().push(spec.clone());
        let text = &spec.text;
        if text.contains("hold") {
            progress.partial(answer(2));
            progress.statistics(Statistics {
                records_scanned: 500,
                ..Statistics::default()
            });
            self.release.acquire().await.unwrap().forget();
        }
        assert!(!text.contains("panic"), "as it was asked to");
        if text.contains("fail") {
            return Err(QueryError::Failed("the disk is gone".into()));
        }
        let mut answer = answer(spec.limit.unwrap_or(3));
        if text.contains("huge") {
            let bytes = usize::try_from(spec.answer_bytes_max).unwrap();
            answer.rows[0].values[0] = Some("x".repeat(bytes));
        }
        Ok(answer)
    }

    async fn explain(&self, spec: &QuerySpec) -> Result<Vec<(String, String)>, QueryError> {
        if spec.text.contains("hold") {
            self.release.acquire().await.unwrap().forget();
        }
        Ok(vec![("plan".to_owned(), format!("scan {:?}", spec.groups))])
    }

    async fn estimate(&self, _spec: &QuerySpec) -> Result<Estimate, QueryError> {
        let amount = |files, rows, bytes| Amount { files, rows, bytes };
        Ok(Estimate {
            read: amount(2, 30, 400),
            of: amount(5, 60, 700),
        })
    }

    async fn fields(
        &self,
        group: &LogGroupName,
        start_ms: i64,
        end_ms: i64,
    ) -> Result<Vec<FieldShare>, QueryError> {
        let asked = (group.to_string(), start_ms, end_ms);
        self.fields_of.lock().push(asked);
        let share = |name: &str, percent| FieldShare {
            name: name.to_owned(),
            percent,
        };
        Ok(vec![
            share("rare", 1),
            share("modelId", 98),
            share("@message", 100),
            share("errorCode", 1),
        ])
    }

    async fn record(&self, at: &EventPointer) -> Result<Option<Vec<(String, String)>>, QueryError> {
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Ok((*at == pointer(1)).then(|| vec![field("b", "2"), field("@message", "{\"b\":2}")]))
    }
}
