//! The API's port to questions, which are answered on threads of their own.

use std::sync::Arc;

use async_trait::async_trait;
use corelog_api::logs as api;
use corelog_api::logs::{Estimate, FieldShare, Progress, QueryError, QuerySpec};
use corelog_query::Window;
use corelog_types::{EventPointer, LogGroupName};
use tokio::runtime::Handle;
use tokio_util::task::AbortOnDropHandle;

use super::Questions;

/// Questions, answered on threads of their own: the work is heavy, and may be nested as deep as its text.
#[derive(Debug)]
pub(crate) struct Apart {
    questions: Arc<Questions>,
    on: Handle,
}

impl Apart {
    pub(crate) fn new(questions: Questions, on: Handle) -> Self {
        Self {
            questions: Arc::new(questions),
            on,
        }
    }

    /// Ends the work where it is no longer waited for.
    async fn there<T, F>(&self, work: impl FnOnce(Arc<Questions>) -> F) -> Result<T, QueryError>
    where
        F: Future<Output = Result<T, QueryError>> + Send + 'static,
        T: Send + 'static,
    {
        let work = self.on.spawn(work(Arc::clone(&self.questions)));
        let done = AbortOnDropHandle::new(work).await;
        done.map_err(|error| QueryError::Failed(Box::new(error)))?
    }
}

#[async_trait]
impl api::Engine for Apart {
    async fn check(&self, spec: &QuerySpec) -> Result<(), QueryError> {
        let spec = spec.clone();
        self.there(|it| async move { it.check(&spec).await }).await
    }

    async fn run(
        &self,
        spec: QuerySpec,
        progress: Arc<dyn Progress>,
    ) -> Result<api::Answer, QueryError> {
        self.there(|it| async move { it.run(spec, &*progress).await })
            .await
    }

    async fn explain(&self, spec: &QuerySpec) -> Result<Vec<(String, String)>, QueryError> {
        let spec = spec.clone();
        self.there(|it| async move { it.explain(&spec).await })
            .await
    }

    async fn estimate(&self, spec: &QuerySpec) -> Result<Estimate, QueryError> {
        let spec = spec.clone();
        self.there(|it| async move { it.estimate(&spec).await })
            .await
    }

    async fn fields(
        &self,
        group: &LogGroupName,
        start_ms: i64,
        end_ms: i64,
    ) -> Result<Vec<FieldShare>, QueryError> {
        let group = group.clone();
        let window = Window { start_ms, end_ms };
        self.there(|it| async move { it.fields(&group, window).await })
            .await
    }

    async fn record(
        &self,
        pointer: &EventPointer,
    ) -> Result<Option<Vec<(String, String)>>, QueryError> {
        let pointer = pointer.clone();
        self.there(|it| async move { it.record(&pointer).await })
            .await
    }
}
