//! Findings in their table, and what is new of them in another.

use async_trait::async_trait;
use corelog_types::Timestamp;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::row::{get, ms, time};
use super::{SqliteCatalog, commit, failed, notices};
use crate::{Error, FindingNews, Findings, FindingsAsked, KeptFinding, NewFinding};

#[async_trait]
impl Findings for SqliteCatalog {
    async fn keep_findings(&self, found: &[NewFinding]) -> Result<u64, Error> {
        let mut change = self.change().await?;
        let mut new = 0;
        for finding in found {
            new += u64::from(keep(&mut change, finding).await?);
        }
        commit(change).await?;
        Ok(new)
    }

    async fn finding(&self, id: &str) -> Result<Option<KeptFinding>, Error> {
        let row = sqlx::query("SELECT id, document FROM findings WHERE id = $1")
            .bind(id)
            .fetch_optional(&self.pool)
            .await
            .map_err(failed("find a finding"))?;
        row.as_ref().map(kept).transpose()
    }

    async fn findings(&self, asked: FindingsAsked<'_>) -> Result<Vec<KeptFinding>, Error> {
        let sql = "SELECT id, document FROM findings
            WHERE at_ms >= $1 AND ($2 IS NULL OR kind = $2) ORDER BY at_ms DESC, id LIMIT $3";
        let rows = sqlx::query(sql)
            .bind(ms(asked.since))
            .bind(asked.kind)
            .bind(asked.limit)
            .fetch_all(&self.pool)
            .await
            .map_err(failed("list findings"))?;
        rows.iter().map(kept).collect()
    }

    async fn finding_news(&self, limit: u32) -> Result<Vec<FindingNews>, Error> {
        let rows = sqlx::query("SELECT * FROM finding_news ORDER BY place LIMIT $1")
            .bind(limit)
            .fetch_all(&self.pool)
            .await
            .map_err(failed("read news of findings"))?;
        rows.iter().map(news).collect()
    }

    async fn settle_finding_news(&self, through: u64) -> Result<(), Error> {
        let mut change = self.change().await?;
        sqlx::query("DELETE FROM finding_news WHERE place <= $1")
            .bind(i64::try_from(through).unwrap_or(i64::MAX))
            .execute(&mut *change)
            .await
            .map_err(failed("settle news of findings"))?;
        commit(change).await
    }

    async fn forget_findings(&self, before: Timestamp, most: u32) -> Result<u64, Error> {
        let mut change = self.change().await?;
        let sql = "DELETE FROM findings WHERE at_ms < $1
            OR id NOT IN (SELECT id FROM findings ORDER BY at_ms DESC, id LIMIT $2)";
        let done = sqlx::query(sql)
            .bind(ms(before))
            .bind(most)
            .execute(&mut *change)
            .await
            .map_err(failed("forget findings"))?;
        commit(change).await?;
        Ok(done.rows_affected())
    }
}

/// Keeps a finding, and says whether it is new.
async fn keep(change: &mut SqliteConnection, finding: &NewFinding) -> Result<bool, Error> {
    let known = sqlx::query("SELECT at_ms, has_ended FROM findings WHERE id = $1")
        .bind(&finding.id)
        .fetch_optional(&mut *change)
        .await
        .map_err(failed("find a finding"))?;
    if let Some(known) = &known {
        let has_ended: bool = get(known, "has_ended")?;
        let is_later = finding.at > time(known, "at_ms")?;
        let ends = finding.has_ended && !has_ended;
        if has_ended || !(is_later || ends) {
            return Ok(false);
        }
    }
    let is_new = known.is_none();
    let document = if is_new {
        &finding.as_new
    } else {
        &finding.as_known
    };
    let sql = "INSERT INTO findings (id, kind, since_ms, at_ms, has_ended, document)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (id) DO UPDATE SET at_ms = excluded.at_ms, has_ended = excluded.has_ended,
          document = excluded.document";
    sqlx::query(sql)
        .bind(&finding.id)
        .bind(&finding.kind)
        .bind(ms(finding.since))
        .bind(ms(finding.at))
        .bind(finding.has_ended)
        .bind(document)
        .execute(&mut *change)
        .await
        .map_err(failed("keep a finding"))?;
    let sql = "INSERT INTO finding_news (kind, at_ms, is_new, document) VALUES ($1, $2, $3, $4)";
    sqlx::query(sql)
        .bind(&finding.kind)
        .bind(ms(finding.at))
        .bind(is_new)
        .bind(document)
        .execute(&mut *change)
        .await
        .map_err(failed("keep news of a finding"))?;
    if is_new && let Some(notice) = &finding.notice {
        notices::add(change, std::slice::from_ref(notice)).await?;
    }
    Ok(is_new)
}

fn kept(row: &SqliteRow) -> Result<KeptFinding, Error> {
    Ok(KeptFinding {
        id: get(row, "id")?,
        document: get(row, "document")?,
    })
}

fn news(row: &SqliteRow) -> Result<FindingNews, Error> {
    let place: i64 = get(row, "place")?;
    Ok(FindingNews {
        place: u64::try_from(place).unwrap_or(0),
        kind: get(row, "kind")?,
        at: time(row, "at_ms")?,
        is_new: get(row, "is_new")?,
        document: get(row, "document")?,
    })
}
