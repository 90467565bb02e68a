//! The keys: `[prefix/]AWSLogs/<account>/BedrockModelInvocationLogs/<region>/YYYY/MM/DD/HH/…`.
//!
//! Everything here is a pure function of a plan or a record, which is what makes putting a batch twice
//! the same as putting it once.

use corelog_delivery::{Batch, Entry};
use corelog_types::Timestamp;
use sha2::{Digest, Sha256};

const SERVICE: &str = "BedrockModelInvocationLogs";
const PERMISSION_CHECK: &str = "amazon-bedrock-logs-permission-check";

/// Builds keys under one prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Empty, or ends with a slash.
    prefix: String,
}

impl Layout {
    /// Joins the prefixes with single slashes, whatever slashes they come with.
    pub(crate) fn new<const N: usize>(prefixes: [Option<&str>; N]) -> Self {
        let mut prefix = String::new();
        for part in prefixes.into_iter().flatten().flat_map(|p| p.split('/')) {
            if !part.is_empty() {
                prefix.push_str(part);
                prefix.push('/');
            }
        }
        Self { prefix }
    }

    /// The prefix without its trailing slash.
    pub(crate) fn root(&self) -> String {
        self.prefix.trim_end_matches('/').to_owned()
    }

    /// The zero-byte object that shows that a bucket can be written.
    pub(crate) fn permission_check(&self, account_id: &str) -> String {
        let account_id = segment(account_id);
        format!(
            "{}AWSLogs/{account_id}/{SERVICE}/{PERMISSION_CHECK}",
            self.prefix
        )
    }

    /// The object for one account's and region's records of a batch.
    pub(crate) fn batch(&self, account_id: &str, region: &str, batch: &Batch) -> String {
        self.batch_at(account_id, region, batch.plan.time, &stem(batch))
    }

    /// The object of a batch that was written then; the stem is sixteen hex digits that no other batch has.
    pub(crate) fn batch_at(
        &self,
        account_id: &str,
        region: &str,
        at: Timestamp,
        stem: &str,
    ) -> String {
        let folder = self.hour(account_id, region, at);
        format!("{folder}/{}_{stem}.json.gz", at.compact_ms())
    }

    /// The folder and beginning of a record's data objects: `…/data/<requestId>_`. Ids that differ in nothing
    /// but what a key cannot have share it.
    ///
    /// The hour is the record's own, so that the key is the same whichever batch the record travels in.
    pub(crate) fn data(&self, account_id: &str, region: &str, at: Timestamp, id: &str) -> String {
        let folder = self.hour(account_id, region, at);
        format!("{folder}/data/{}_", segment(id))
    }

    /// Where the bytes of a record go that cannot be decoded: outside the tree that tables are made of.
    pub(crate) fn unreadable(&self, batch: &Batch, entry: &Entry) -> String {
        let sequence = entry.sequence.to_u64();
        let id = entry.id;
        format!(
            "{}unreadable/{}/{sequence:020}_{id}.bin",
            self.prefix, batch.node
        )
    }

    fn hour(&self, account_id: &str, region: &str, at: Timestamp) -> String {
        format!(
            "{}AWSLogs/{}/{SERVICE}/{}/{}",
            self.prefix,
            segment(account_id),
            segment(region),
            at.hour_folder()
        )
    }
}

/// Sixteen hex digits that no other batch of any node or destination has.
fn stem(batch: &Batch) -> String {
    let mut hash = Sha256::new();
    hash.update(batch.node.to_u64().to_le_bytes());
    hash.update(batch.plan.first.to_u64().to_le_bytes());
    hash.update(batch.plan.last.to_u64().to_le_bytes());
    hash.update(batch.destination.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hash.finalize()[..8]);
    format!("{:016x}", u64::from_be_bytes(first))
}

/// One part of a key from text that may come from outside: it can neither leave its folder nor be empty.
fn segment(text: &str) -> String {
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') {
            c
        } else {
            '_'
        }
    };
    let text: String = text.chars().take(128).map(safe).collect();
    if text.trim_matches('.').is_empty() {
        "_".to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // 2026-11-20T09:15:42.123Z, from `date -u -d 2026-11-20T09:15:42Z +%s`.
    const TIME: Timestamp = Timestamp::from_unix_ms(1_795_166_142_123);

    #[test]
    fn prefixes_join_with_single_slashes() {
        for (prefixes, root) in [
            ([None, None], ""),
            ([Some(""), Some("prod")], "prod"),
            ([Some("a/b"), Some("model-logs/")], "a/b/model-logs"),
            ([Some("//"), Some("/x//y/")], "x/y"),
        ] {
            assert_eq!(Layout::new(prefixes).root(), root);
        }
    }

    #[test]
    fn keys_follow_the_layout() {
        let layout = Layout::new([Some("prod/")]);
        assert_eq!(
            layout.data("111122223333", "us-west-2", TIME, "9e3bb6a0-2f2f"),
            "prod/AWSLogs/111122223333/BedrockModelInvocationLogs/us-west-2/2026/11/20/09/data/9e3bb6a0-2f2f_"
        );
        assert_eq!(
            layout.permission_check("111122223333"),
            "prod/AWSLogs/111122223333/BedrockModelInvocationLogs/amazon-bedrock-logs-permission-check"
        );
    }

    #[test]
    fn text_from_outside_stays_in_its_folder() {
        assert_eq!(segment("../../etc/passwd"), ".._.._etc_passwd");
        assert_eq!(segment(".."), "_");
        assert_eq!(segment(""), "_");
        assert_eq!(segment(&"x".repeat(1_000)).len(), 128);
    }
}
