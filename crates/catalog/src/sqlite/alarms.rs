//! Alarms, their history and mute rules in their tables. An alarm is a column of JSON: whoever evaluates alarms reads
//! all of them at once, and nobody asks for parts.

use std::collections::BTreeMap;

use async_trait::async_trait;
use corelog_alarms::{HistoryItem, HistoryKind, MuteRuleRequest};
use corelog_types::Timestamp;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::row::{checked, get, json, ms, time, to_json};
use super::{SqliteCatalog, commit, failed, notices};
use crate::stored_alarm::{StoredAlarm, StoredMuteRule, Unreadable};
use crate::{
    AlarmStates, AlarmStep, AlarmTags, Error, HistoryAsked, KeptAlarms, KeptHistory, KeptMuteRule,
    Tagged,
};

const ALARM_TYPES: [&str; 3] = ["MetricAlarm", "CompositeAlarm", "LogAlarm"];
const KINDS: [HistoryKind; 3] = [
    HistoryKind::ConfigurationUpdate,
    HistoryKind::StateUpdate,
    HistoryKind::Action,
];

#[async_trait]
impl AlarmStates for SqliteCatalog {
    async fn keep_alarms(&self, step: &AlarmStep) -> Result<(), Error> {
        let mut change = self.change().await?;
        put(&mut change, step).await?;
        for name in &step.deleted {
            sqlx::query("DELETE FROM alarms WHERE name = $1")
                .bind(&**name)
                .execute(&mut *change)
                .await
                .map_err(failed("remove an alarm"))?;
        }
        for item in &step.history {
            add_history(&mut change, item).await?;
        }
        notices::add(&mut change, &step.notices).await?;
        commit(change).await
    }

    async fn kept_alarms(&self) -> Result<KeptAlarms, Error> {
        let mut kept = KeptAlarms::default();
        let rows = sqlx::query("SELECT name, document FROM alarms ORDER BY name")
            .fetch_all(&self.pool)
            .await
            .map_err(failed("read alarms"))?;
        for row in &rows {
            let read = read::<StoredAlarm>(get(row, "document")?).and_then(StoredAlarm::read);
            match read {
                Ok(alarm) => kept.alarms.push(alarm),
                Err(error) => kept.unreadable.push((get(row, "name")?, error.to_string())),
            }
        }
        let rows = sqlx::query("SELECT * FROM mute_rules ORDER BY name")
            .fetch_all(&self.pool)
            .await
            .map_err(failed("read mute rules"))?;
        for row in &rows {
            let request = read::<StoredMuteRule>(get(row, "document")?);
            let rule = request.and_then(|stored| Ok(MuteRuleRequest::from(stored).check()?));
            match rule {
                Ok(rule) => kept.mute_rules.push(KeptMuteRule {
                    rule,
                    updated: time(row, "updated_ms")?,
                }),
                Err(error) => kept.unreadable.push((get(row, "name")?, error.to_string())),
            }
        }
        Ok(kept)
    }

    async fn alarm_tags(&self, of: Tagged<'_>) -> Result<Option<BTreeMap<String, String>>, Error> {
        let mut connection = self.pool.acquire().await.map_err(failed("be reached"))?;
        tags(&mut connection, of).await
    }

    async fn change_alarm_tags(&self, of: Tagged<'_>, change: &AlarmTags) -> Result<(), Error> {
        let mut transaction = self.change().await?;
        let found = tags(&mut transaction, of).await?;
        let mut tags = found.ok_or(Error::NotFound)?;
        match change {
            AlarmTags::Tag { tags: more, most } => {
                let more = more.iter().map(|(key, value)| (key.clone(), value.clone()));
                tags.extend(more);
                if tags.len() > *most {
                    return Err(Error::Full { most: *most });
                }
            }
            AlarmTags::Untag(keys) => tags.retain(|key, _| !keys.contains(key)),
        }
        let (sql, name) = match of {
            Tagged::Alarm(name) => ("UPDATE alarms SET tags = $2 WHERE name = $1", name),
            Tagged::MuteRule(name) => ("UPDATE mute_rules SET tags = $2 WHERE name = $1", name),
        };
        sqlx::query(sql)
            .bind(name)
            .bind(to_json(&tags))
            .execute(&mut *transaction)
            .await
            .map_err(failed("tag an alarm"))?;
        commit(transaction).await
    }

    async fn alarm_history(&self, asked: &HistoryAsked) -> Result<Vec<KeptHistory>, Error> {
        // A text for each case, so that the index of alarms serves one alarm, and that of time all of them.
        let of = match asked.alarm {
            Some(_) => "alarm = $1",
            None => "$1 = ''",
        };
        let (behind, order) = if asked.oldest_first {
            (">", "at_ms, place")
        } else {
            ("<", "at_ms DESC, place DESC")
        };
        let sql = format!(
            "SELECT * FROM alarm_history WHERE {of}
               AND ($2 = '' OR kind = $2) AND at_ms >= $3 AND at_ms <= $4
               AND (at_ms, place) {behind} ($5, $6)
               AND alarm_type IN (SELECT value FROM json_each($7))
             ORDER BY {order} LIMIT $8"
        );
        let after = asked.after.map(|(at, place)| (ms(at), place));
        let edge = if asked.oldest_first { -1 } else { i64::MAX };
        let (after_ms, after_place) = after.unwrap_or((edge, edge));
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(asked.alarm.as_deref().unwrap_or_default())
            .bind(asked.kind.map_or("", HistoryKind::as_str))
            .bind(asked.from.map_or(0, ms))
            .bind(asked.to.map_or(i64::MAX, ms))
            .bind(after_ms)
            .bind(after_place)
            .bind(to_json(&asked.alarm_types))
            .bind(asked.limit)
            .fetch_all(&self.pool)
            .await
            .map_err(failed("read the history of alarms"))?;
        rows.iter().map(history).collect()
    }

    async fn trim_alarm_history(&self, before: Timestamp) -> Result<u64, Error> {
        let done = sqlx::query("DELETE FROM alarm_history WHERE at_ms < $1")
            .bind(ms(before))
            .execute(&self.pool)
            .await
            .map_err(failed("trim the history of alarms"))?;
        Ok(done.rows_affected())
    }

    async fn put_mute_rule(
        &self,
        kept: &KeptMuteRule,
        tags: &BTreeMap<String, String>,
    ) -> Result<(), Error> {
        let sql =
            "INSERT INTO mute_rules (name, document, tags, updated_ms) VALUES ($1, $2, $3, $4)
            ON CONFLICT (name) DO UPDATE SET document = excluded.document,
              updated_ms = excluded.updated_ms";
        sqlx::query(sql)
            .bind(&kept.rule.name)
            .bind(to_json(&StoredMuteRule::from(&kept.rule.request)))
            .bind(to_json(tags))
            .bind(ms(kept.updated))
            .execute(&self.pool)
            .await
            .map_err(failed("put a mute rule"))?;
        Ok(())
    }

    async fn delete_mute_rule(&self, name: &str) -> Result<bool, Error> {
        let done = sqlx::query("DELETE FROM mute_rules WHERE name = $1")
            .bind(name)
            .execute(&self.pool)
            .await
            .map_err(failed("remove a mute rule"))?;
        Ok(done.rows_affected() > 0)
    }
}

async fn put(connection: &mut SqliteConnection, step: &AlarmStep) -> Result<(), Error> {
    let sql = "INSERT INTO alarms (name, document, tags) VALUES ($1, $2, $3)
        ON CONFLICT (name) DO UPDATE SET document = excluded.document";
    let tags = to_json(&step.tags);
    for alarm in &step.changed {
        sqlx::query(sql)
            .bind(&alarm.definition.name)
            .bind(to_json(&StoredAlarm::from(alarm)))
            .bind(&tags)
            .execute(&mut *connection)
            .await
            .map_err(failed("put an alarm"))?;
    }
    Ok(())
}

/// Adds an entry to the history, within a change.
pub(super) async fn add_history(
    connection: &mut SqliteConnection,
    item: &HistoryItem,
) -> Result<(), Error> {
    let sql = "INSERT INTO alarm_history (at_ms, alarm, alarm_type, kind, summary, data)
        VALUES ($1, $2, $3, $4, $5, $6)";
    sqlx::query(sql)
        .bind(ms(item.at))
        .bind(&*item.alarm)
        .bind(item.alarm_type)
        .bind(item.kind.as_str())
        .bind(&item.summary)
        .bind(&item.data)
        .execute(connection)
        .await
        .map_err(failed("add to the history of alarms"))?;
    Ok(())
}

async fn tags(
    connection: &mut SqliteConnection,
    of: Tagged<'_>,
) -> Result<Option<BTreeMap<String, String>>, Error> {
    let (sql, name) = match of {
        Tagged::Alarm(name) => ("SELECT tags FROM alarms WHERE name = $1", name),
        Tagged::MuteRule(name) => ("SELECT tags FROM mute_rules WHERE name = $1", name),
    };
    let row = sqlx::query(sql)
        .bind(name)
        .fetch_optional(connection)
        .await
        .map_err(failed("find an alarm"))?;
    row.as_ref().map(|row| json(row, "tags")).transpose()
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Unreadable> {
    Ok(serde_json::from_str(text)?)
}

fn history(row: &SqliteRow) -> Result<KeptHistory, Error> {
    let alarm_type: &str = get(row, "alarm_type")?;
    let alarm_type = ALARM_TYPES.into_iter().find(|one| *one == alarm_type);
    let kind: &str = get(row, "kind")?;
    let kind = KINDS.into_iter().find(|one| one.as_str() == kind);
    Ok(KeptHistory {
        place: get(row, "place")?,
        item: HistoryItem {
            alarm: get::<&str>(row, "alarm")?.into(),
            alarm_type: checked(alarm_type, "alarm_type")?,
            at: time(row, "at_ms")?,
            kind: checked(kind, "kind")?,
            summary: get(row, "summary")?,
            data: get(row, "data")?,
        },
    })
}
