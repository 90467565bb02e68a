//! The tables, version by version.

use std::path::Path;

use sqlx::{AssertSqlSafe, Executor as _};

use super::{SqliteCatalog, commit, failed};
use crate::{Error, takeover};

/// What brings a catalog from each version to the next. Entries are never changed, only added.
const STEPS: [&str; 8] = [
    "
    CREATE TABLE settings (
        name TEXT PRIMARY KEY,
        value TEXT NOT NULL
    );
    CREATE TABLE log_groups (
        name TEXT PRIMARY KEY,
        created_ms BIGINT NOT NULL,
        class TEXT NOT NULL,
        retention_days BIGINT,
        kms_key TEXT,
        deletion_protected BOOLEAN NOT NULL,
        tags TEXT NOT NULL
    );
    CREATE TABLE log_streams (
        log_group TEXT NOT NULL REFERENCES log_groups (name) ON DELETE CASCADE,
        name TEXT NOT NULL,
        created_ms BIGINT NOT NULL,
        first_event_ms BIGINT,
        last_event_ms BIGINT,
        last_ingestion_ms BIGINT,
        PRIMARY KEY (log_group, name)
    );
    CREATE INDEX log_streams_by_last_event ON log_streams (log_group, COALESCE(last_event_ms, 0), name);
    CREATE TABLE query_definitions (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        language TEXT NOT NULL,
        query TEXT NOT NULL,
        log_groups TEXT NOT NULL,
        parameters TEXT NOT NULL,
        modified_ms BIGINT NOT NULL
    );
    CREATE INDEX query_definitions_by_name ON query_definitions (name, id);
    CREATE TABLE policies (
        kind TEXT NOT NULL,
        scope TEXT NOT NULL,
        name TEXT NOT NULL,
        document TEXT NOT NULL,
        selection TEXT,
        revision BIGINT NOT NULL,
        updated_ms BIGINT NOT NULL,
        PRIMARY KEY (kind, scope, name)
    );
",
    "
    CREATE TABLE export_tasks (
        id TEXT PRIMARY KEY,
        name TEXT,
        log_group TEXT NOT NULL,
        stream_prefix TEXT,
        from_ms BIGINT NOT NULL,
        to_ms BIGINT NOT NULL,
        bucket TEXT NOT NULL,
        prefix TEXT NOT NULL,
        created_ms BIGINT NOT NULL,
        ended_ms BIGINT,
        state TEXT NOT NULL,
        reason TEXT
    );
",
    "
    CREATE TABLE lookup_tables (
        name TEXT PRIMARY KEY,
        description TEXT,
        fields TEXT NOT NULL,
        row_count BIGINT NOT NULL,
        byte_count BIGINT NOT NULL,
        kms_key TEXT,
        tags TEXT NOT NULL,
        updated_ms BIGINT NOT NULL,
        csv TEXT NOT NULL
    );
",
    "
    CREATE TABLE dashboards (
        name TEXT PRIMARY KEY,
        body TEXT NOT NULL,
        byte_count BIGINT NOT NULL,
        tags TEXT NOT NULL,
        modified_ms BIGINT NOT NULL
    );
",
    "
    CREATE TABLE alarms (
        name TEXT PRIMARY KEY,
        document TEXT NOT NULL,
        tags TEXT NOT NULL
    );
    CREATE TABLE alarm_history (
        place INTEGER PRIMARY KEY AUTOINCREMENT,
        at_ms BIGINT NOT NULL,
        alarm TEXT NOT NULL,
        alarm_type TEXT NOT NULL,
        kind TEXT NOT NULL,
        summary TEXT NOT NULL,
        data TEXT NOT NULL
    );
    CREATE INDEX alarm_history_by_time ON alarm_history (at_ms, place);
    CREATE INDEX alarm_history_by_alarm ON alarm_history (alarm, at_ms, place);
    CREATE TABLE mute_rules (
        name TEXT PRIMARY KEY,
        document TEXT NOT NULL,
        tags TEXT NOT NULL,
        updated_ms BIGINT NOT NULL
    );
    CREATE TABLE notices (
        place INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        alarm TEXT NOT NULL,
        recipient_kind TEXT NOT NULL,
        recipient TEXT NOT NULL,
        made_ms BIGINT NOT NULL,
        due_ms BIGINT NOT NULL,
        attempts BIGINT NOT NULL,
        error TEXT,
        document TEXT NOT NULL
    );
    CREATE INDEX notices_by_line ON notices (alarm, recipient_kind, recipient, place);
    CREATE INDEX notices_by_due ON notices (due_ms, place);
",
    "
    CREATE TABLE metric_filters (
        log_group TEXT NOT NULL REFERENCES log_groups (name) ON DELETE CASCADE,
        name TEXT NOT NULL,
        node TEXT NOT NULL,
        since BIGINT NOT NULL,
        until BIGINT,
        created_ms BIGINT NOT NULL,
        metric_namespace TEXT NOT NULL,
        metric_name TEXT NOT NULL,
        has_regex BOOLEAN NOT NULL,
        document TEXT NOT NULL,
        PRIMARY KEY (log_group, name, node, since)
    );
    CREATE UNIQUE INDEX metric_filters_in_force ON metric_filters (log_group, name) WHERE until IS NULL;
    ",
    "
    CREATE TABLE anomaly_detectors (
        id TEXT PRIMARY KEY,
        document TEXT NOT NULL,
        put_ms BIGINT NOT NULL
    );
    CREATE TABLE findings (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        since_ms BIGINT NOT NULL,
        at_ms BIGINT NOT NULL,
        has_ended BOOLEAN NOT NULL,
        document TEXT NOT NULL
    );
    CREATE INDEX findings_by_time ON findings (at_ms, id);
    CREATE TABLE finding_news (
        place INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        at_ms BIGINT NOT NULL,
        is_new BOOLEAN NOT NULL,
        document TEXT NOT NULL
    );
    ",
    "
    CREATE TABLE subscription_filters (
        log_group TEXT NOT NULL REFERENCES log_groups (name) ON DELETE CASCADE,
        name TEXT NOT NULL,
        id TEXT NOT NULL UNIQUE,
        pattern TEXT NOT NULL,
        destination TEXT NOT NULL,
        role TEXT,
        distribution TEXT NOT NULL,
        created_ms BIGINT NOT NULL,
        PRIMARY KEY (log_group, name)
    );
",
];

/// Takes the steps that are missing, in one transaction. A catalog that is new takes over the file of an earlier
/// version in the same transaction, so that this happens once.
pub(super) async fn bring_up_to_date(
    catalog: &SqliteCatalog,
    dir: &Path,
    path: &Path,
) -> Result<(), Error> {
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    let mut change = catalog.change().await?;
    let found: i64 = sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(&mut *change)
        .await
        .map_err(failed("say its version"))?;
    if found > known {
        let path = path.to_owned();
        return Err(Error::Version { path, found, known });
    }
    let missing = STEPS.iter().skip(usize::try_from(found).unwrap_or(0));
    for step in missing {
        change
            .execute(*step)
            .await
            .map_err(failed("bring its tables up to date"))?;
    }
    if found == 0
        && let Some(configuration) = takeover::read(dir)?
    {
        super::logging::put(&mut change, &configuration).await?;
    }
    change
        .execute(AssertSqlSafe(format!("PRAGMA user_version = {known}")))
        .await
        .map_err(failed("note its version"))?;
    commit(change).await?;
    takeover::put_aside(dir)
}
