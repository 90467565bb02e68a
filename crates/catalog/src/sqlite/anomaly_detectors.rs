//! Detectors of anomalies in their table, each a document.

use async_trait::async_trait;

use super::row::{get, json, ms, time, to_json};
use super::{SqliteCatalog, commit, failed};
use crate::stored_detector::StoredDetector;
use crate::{AnomalyDetector, AnomalyDetectors, Error};

#[async_trait]
impl AnomalyDetectors for SqliteCatalog {
    async fn anomaly_detectors(&self) -> Result<(Vec<AnomalyDetector>, Vec<String>), Error> {
        let rows = sqlx::query("SELECT * FROM anomaly_detectors ORDER BY id")
            .fetch_all(&self.pool)
            .await
            .map_err(failed("read anomaly detectors"))?;
        let (mut detectors, mut unreadable) = (Vec::new(), Vec::new());
        for row in &rows {
            let (id, put): (String, _) = (get(row, "id")?, time(row, "put_ms")?);
            let stored = json::<StoredDetector>(row, "document").ok();
            match stored.and_then(|stored| stored.read(id.clone(), put).ok()) {
                Some(detector) => detectors.push(detector),
                None => unreadable.push(id),
            }
        }
        Ok((detectors, unreadable))
    }

    async fn put_anomaly_detector(&self, detector: &AnomalyDetector) -> Result<(), Error> {
        let mut change = self.change().await?;
        let sql = "INSERT INTO anomaly_detectors (id, document, put_ms) VALUES ($1, $2, $3)
            ON CONFLICT (id) DO UPDATE SET document = excluded.document, put_ms = excluded.put_ms";
        sqlx::query(sql)
            .bind(&detector.id)
            .bind(to_json(&StoredDetector::from(detector)))
            .bind(ms(detector.put))
            .execute(&mut *change)
            .await
            .map_err(failed("put an anomaly detector"))?;
        commit(change).await
    }

    async fn delete_anomaly_detector(&self, id: &str) -> Result<(), Error> {
        let mut change = self.change().await?;
        sqlx::query("DELETE FROM anomaly_detectors WHERE id = $1")
            .bind(id)
            .execute(&mut *change)
            .await
            .map_err(failed("remove an anomaly detector"))?;
        commit(change).await
    }
}
