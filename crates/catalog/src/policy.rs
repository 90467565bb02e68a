//! Policies: documents that are kept by kind, scope and name.

use async_trait::async_trait;
use corelog_types::Timestamp;

use crate::Error;

/// What a policy is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PolicyKind {
    /// Who may write to the log groups. The scope is a resource's ARN, or empty for the account.
    Resource,
    /// An account's policy of one of several types. The scope is the type.
    Account,
    /// Fields to be found quickly. The scope is the log group's name; the name is empty.
    Index,
}

impl PolicyKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Resource => "resource",
            Self::Account => "account",
            Self::Index => "index",
        }
    }
}

/// Which policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyKey {
    /// Its kind.
    pub kind: PolicyKind,
    /// What it holds for; see [`PolicyKind`].
    pub scope: String,
    /// Its name within the scope.
    pub name: String,
}

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Which one it is.
    pub key: PolicyKey,
    /// The document, as it came.
    pub document: String,
    /// Which log groups it holds for, as it came.
    pub selection: Option<String>,
    /// Counts its changes, from 1. Given by the catalog.
    pub revision: u64,
    /// When it was changed last.
    pub updated: Timestamp,
}

/// Where policies are kept.
#[async_trait]
pub trait Policies {
    /// Adds a policy or replaces the one with its key, and returns its revision. `expected` is the revision that
    /// the caller saw, if it cares; `most` is how many there may be of its kind and scope.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Stale`].
    async fn put_policy(
        &self,
        policy: &Policy,
        expected: Option<u64>,
        most: usize,
    ) -> Result<u64, Error>;

    /// Up to `limit` policies of a kind, of one scope or of all of them, by scope and name, behind `after`.
    async fn policies(
        &self,
        kind: PolicyKind,
        scope: Option<&str>,
        after: Option<(&str, &str)>,
        limit: u32,
    ) -> Result<Vec<Policy>, Error>;

    /// Removes a policy.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Stale`].
    async fn delete_policy(&self, key: &PolicyKey, expected: Option<u64>) -> Result<(), Error>;
}
