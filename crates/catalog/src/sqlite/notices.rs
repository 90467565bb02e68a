//! Notices in their table, in lines: those about one alarm for one recipient, in the order in which they were made.

use std::collections::BTreeSet;

use async_trait::async_trait;
use corelog_types::Timestamp;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::row::{checked, get, json, ms, time, time_if_any, to_json};
use super::{SqliteCatalog, alarms, commit, failed};
use crate::stored_alarm::StoredSays;
use crate::{Error, NewNotice, Notices, PendingNotice, Recipient, SettledNotice};

/// What is said of an error is for people, not for programs.
const ERROR_CHARS_MAX: usize = 1_000;
const UNREADABLE_MAX: usize = 100;
/// How many notices are in memory at once while those are looked for: there may be very many after an outage.
const UNREADABLE_PAGE: u32 = 200;

/// The heads of lines.
const HEADS: &str = "FROM notices AS head WHERE NOT EXISTS (
    SELECT 1 FROM notices AS older WHERE older.alarm = head.alarm
      AND older.recipient_kind = head.recipient_kind AND older.recipient = head.recipient
      AND older.place < head.place)";

#[async_trait]
impl Notices for SqliteCatalog {
    async fn due_notices(&self, now: Timestamp, limit: u32) -> Result<Vec<PendingNotice>, Error> {
        self.due_notices_for_others(now, &BTreeSet::new(), limit)
            .await
    }

    async fn due_notices_for_others(
        &self,
        now: Timestamp,
        except: &BTreeSet<Recipient>,
        limit: u32,
    ) -> Result<Vec<PendingNotice>, Error> {
        let rows = self.due(now, except, limit).await?;
        // What cannot be read does not keep the others from being sent.
        Ok(rows.iter().filter_map(|row| pending(row).ok()).collect())
    }

    async fn next_notice(&self) -> Result<Option<Timestamp>, Error> {
        let sql = format!("SELECT min(head.due_ms) AS due_ms {HEADS}");
        let row = sqlx::query(sqlx::AssertSqlSafe(sql))
            .fetch_one(&self.pool)
            .await
            .map_err(failed("find the next notice"))?;
        time_if_any(&row, "due_ms")
    }

    async fn put_notice_off(&self, id: &str, until: Timestamp, error: &str) -> Result<(), Error> {
        let ids = [id.to_owned()];
        self.put_notices_off(&ids, until, error).await
    }

    async fn put_notices_off(
        &self,
        ids: &[String],
        until: Timestamp,
        error: &str,
    ) -> Result<(), Error> {
        let error: String = error.chars().take(ERROR_CHARS_MAX).collect();
        let mut change = self.change().await?;
        for id in ids {
            sqlx::query(
                "UPDATE notices SET due_ms = $2, attempts = attempts + 1, error = $3 WHERE id = $1",
            )
            .bind(id)
            .bind(ms(until))
            .bind(&error)
            .execute(&mut *change)
            .await
            .map_err(failed("put a notice off"))?;
        }
        commit(change).await
    }

    async fn settle_notices(&self, settled: &[SettledNotice]) -> Result<(), Error> {
        let mut change = self.change().await?;
        for one in settled {
            let done = sqlx::query("DELETE FROM notices WHERE id = $1")
                .bind(&one.id)
                .execute(&mut *change)
                .await
                .map_err(failed("settle a notice"))?;
            if let Some(item) = &one.history
                && done.rows_affected() > 0
            {
                alarms::add_history(&mut change, item).await?;
            }
        }
        commit(change).await
    }

    async fn waiting_notices(&self) -> Result<u64, Error> {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM notices")
            .fetch_one(&self.pool)
            .await
            .map_err(failed("count notices"))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    async fn unreadable_notices(&self) -> Result<Vec<String>, Error> {
        let mut ids = Vec::new();
        let mut last: i64 = 0;
        loop {
            let rows =
                sqlx::query("SELECT * FROM notices WHERE place > $1 ORDER BY place LIMIT $2")
                    .bind(last)
                    .bind(UNREADABLE_PAGE)
                    .fetch_all(&self.pool)
                    .await
                    .map_err(failed("read notices"))?;
            let Some(row) = rows.last() else {
                return Ok(ids);
            };
            last = get(row, "place")?;
            for row in rows.iter().filter(|row| pending(row).is_err()) {
                ids.push(get(row, "id")?);
                if ids.len() == UNREADABLE_MAX {
                    return Ok(ids);
                }
            }
        }
    }
}

impl SqliteCatalog {
    async fn due(
        &self,
        now: Timestamp,
        except: &BTreeSet<Recipient>,
        limit: u32,
    ) -> Result<Vec<SqliteRow>, Error> {
        // A list, not a condition for each: SQLite bounds how long an expression may be.
        let sql = format!(
            "SELECT head.* {HEADS} AND head.due_ms <= $1
               AND head.recipient_kind || ' ' || head.recipient NOT IN (SELECT value FROM json_each($3))
             ORDER BY place LIMIT $2"
        );
        let except: Vec<String> = except
            .iter()
            .map(|recipient| {
                let (kind, name) = stored(recipient);
                format!("{kind} {name}")
            })
            .collect();
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(ms(now))
            .bind(limit)
            .bind(to_json(&except))
            .fetch_all(&self.pool)
            .await
            .map_err(failed("read notices"))
    }
}

/// The two columns of a recipient.
fn stored(recipient: &Recipient) -> (&'static str, &String) {
    match recipient {
        Recipient::Action(arn) => ("action", arn),
        Recipient::Listener(name) => ("listener", name),
    }
}

/// Adds notices, within a change.
pub(super) async fn add(
    connection: &mut SqliteConnection,
    notices: &[NewNotice],
) -> Result<(), Error> {
    let sql = "INSERT INTO notices
        (id, alarm, recipient_kind, recipient, made_ms, due_ms, attempts, error, document)
        VALUES ($1, $2, $3, $4, $5, $5, 0, NULL, $6)";
    for notice in notices {
        let (kind, recipient) = stored(&notice.recipient);
        sqlx::query(sql)
            .bind(&notice.id)
            .bind(notice.says.alarm())
            .bind(kind)
            .bind(recipient)
            .bind(ms(notice.made))
            .bind(to_json(&StoredSays::from(&notice.says)))
            .execute(&mut *connection)
            .await
            .map_err(failed("add a notice"))?;
    }
    Ok(())
}

fn pending(row: &SqliteRow) -> Result<PendingNotice, Error> {
    let name: String = get(row, "recipient")?;
    let recipient = match get(row, "recipient_kind")? {
        "action" => Some(Recipient::Action(name)),
        "listener" => Some(Recipient::Listener(name)),
        _ => None,
    };
    let attempts: i64 = get(row, "attempts")?;
    let says = json::<StoredSays>(row, "document")?.read();
    Ok(PendingNotice {
        notice: NewNotice {
            id: get(row, "id")?,
            recipient: checked(recipient, "recipient_kind")?,
            made: time(row, "made_ms")?,
            says: says.map_err(|source| Error::Format {
                what: "document".to_owned(),
                source,
            })?,
        },
        attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
        due: time(row, "due_ms")?,
        error: get(row, "error")?,
    })
}
