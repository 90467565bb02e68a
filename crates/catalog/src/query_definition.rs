//! Saved queries.

use async_trait::async_trait;
use corelog_types::Timestamp;

use crate::Error;

/// A saved query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryDefinition {
    /// Its id, which stays when everything else changes.
    pub id: String,
    /// Its name; slashes make folders.
    pub name: String,
    /// `CWLI`, `SQL` or `PPL`.
    pub language: String,
    /// The query.
    pub text: String,
    /// The log groups that it is for.
    pub log_groups: Vec<String>,
    /// Its parameters.
    pub parameters: Vec<QueryParameter>,
    /// When it was changed last.
    pub modified: Timestamp,
}

/// A parameter of a saved query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryParameter {
    /// What stands between the braces.
    pub name: String,
    /// What is put there if nothing is given.
    pub default_value: Option<String>,
    /// For people.
    pub description: Option<String>,
}

/// Where saved queries are kept.
#[async_trait]
pub trait QueryDefinitions {
    /// Adds a query, or replaces the one with its id.
    ///
    /// # Errors
    /// [`Error::Full`] where it would be one more than `most`.
    async fn put_query_definition(
        &self,
        definition: &QueryDefinition,
        most: usize,
    ) -> Result<(), Error>;

    /// The query with that id.
    async fn query_definition(&self, id: &str) -> Result<Option<QueryDefinition>, Error>;

    /// Up to `limit` queries whose names begin with `prefix`, of a language if one is given, by name and id, behind
    /// the name and the id `after`.
    async fn query_definitions(
        &self,
        prefix: &str,
        language: Option<&str>,
        after: Option<(&str, &str)>,
        limit: u32,
    ) -> Result<Vec<QueryDefinition>, Error>;

    /// Removes a query.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    async fn delete_query_definition(&self, id: &str) -> Result<(), Error>;
}
