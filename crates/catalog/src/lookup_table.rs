//! Lookup tables: columns that queries put beside those of events.

use std::collections::BTreeMap;

use async_trait::async_trait;
use corelog_types::Timestamp;

use crate::Error;

/// A lookup table, without what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookupTable {
    /// Its name.
    pub name: String,
    /// For people.
    pub description: Option<String>,
    /// The names of its columns.
    pub columns: Vec<String>,
    /// How many rows it has, the one with the names left out.
    pub rows: u64,
    /// The length of its CSV.
    pub bytes: u64,
    /// ARN of a key, kept for whoever asks.
    pub kms_key: Option<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// When what it holds was put last.
    pub updated: Timestamp,
}

/// What a lookup table holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookupContent {
    /// CSV, its first row with the names of the columns.
    pub csv: String,
    /// These names.
    pub columns: Vec<String>,
    /// How many rows follow.
    pub rows: u64,
}

/// A change to a lookup table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookupChange {
    /// Puts something else into it.
    Content {
        /// What it holds from now on.
        content: LookupContent,
        /// The description from now on; none leaves the former.
        description: Option<String>,
        /// The key from now on, an empty one being none; none leaves the former.
        kms_key: Option<String>,
        /// When.
        at: Timestamp,
    },
    /// Adds tags, in place of those with the same keys; refused with [`Error::Full`] past `most` of them.
    Tag {
        /// The tags.
        tags: BTreeMap<String, String>,
        /// How many a table may have.
        most: usize,
    },
    /// Removes tags; those that are not there are fine.
    Untag(Vec<String>),
}

/// Where lookup tables are kept.
#[async_trait]
pub trait LookupTables {
    /// Adds a table with what it holds; `most` is how many there may be.
    ///
    /// # Errors
    /// [`Error::Exists`], [`Error::Full`].
    async fn create_lookup_table(
        &self,
        table: &LookupTable,
        csv: &str,
        most: usize,
    ) -> Result<(), Error>;

    /// The table of that name.
    async fn lookup_table(&self, name: &str) -> Result<Option<LookupTable>, Error>;

    /// The table of that name, and its CSV.
    async fn read_lookup_table(&self, name: &str) -> Result<Option<(LookupTable, String)>, Error>;

    /// Up to `limit` tables whose names begin with `prefix`, by name, behind the name `after`.
    async fn lookup_tables(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<LookupTable>, Error>;

    /// Changes a table.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Full`].
    async fn change_lookup_table(&self, name: &str, change: &LookupChange) -> Result<(), Error>;

    /// Removes a table.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    async fn delete_lookup_table(&self, name: &str) -> Result<(), Error>;
}
