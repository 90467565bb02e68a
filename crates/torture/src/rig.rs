//! One scenario's directory: a demo provider that runs, and a gateway that is started again and again on the
//! same data.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use crate::Error;
use crate::child::{Running, Spawn};
use crate::client::{Answer, Client, Request};

const ASK_TIMEOUT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);

/// See the top of the module.
#[derive(Debug)]
pub(crate) struct Rig {
    corelog: PathBuf,
    dir: PathBuf,
    data: PathBuf,
    provider: SocketAddr,
    _demo: Running,
}

/// A gateway that runs.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) running: Running,
    pub(crate) address: SocketAddr,
}

impl Rig {
    pub(crate) async fn open(corelog: &Path, dir: &Path, data: &Path) -> Result<Self, Error> {
        for made in [dir, data, &dir.join("bucket")] {
            std::fs::create_dir_all(made).map_err(Error::file("create", made))?;
        }
        let args = vec!["--record-ring".to_owned()];
        let mut demo = Running::spawn(&Spawn {
            corelog,
            name: "demo",
            args,
            dir,
        })?;
        let provider = demo.address().await?;
        let rig = Self {
            corelog: corelog.to_owned(),
            dir: dir.to_owned(),
            data: data.to_owned(),
            provider,
            _demo: demo,
        };
        rig.configure("")?;
        Ok(rig)
    }

    pub(crate) fn provider(&self) -> SocketAddr {
        self.provider
    }

    pub(crate) fn bucket(&self) -> PathBuf {
        self.dir.join("bucket")
    }

    pub(crate) fn table(&self) -> PathBuf {
        self.data.join("tables/events")
    }

    /// Writes the configuration for the next start; `spool` are lines of its `[spool]`.
    pub(crate) fn configure(&self, spool: &str) -> Result<(), Error> {
        let (provider, bucket) = (self.provider, self.bucket());
        // Small segments and short batches: many seals, trims and deliveries between two kills.
        let text = format!(
            r#"
[[provider]]
name = "openai"
dialect = "openai"
base_url = "http://{provider}/v1"

[[provider]]
name = "anthropic"
dialect = "anthropic"
base_url = "http://{provider}"

[[provider]]
name = "bedrock"
dialect = "bedrock"
base_url = "http://{provider}"
region = "us-east-1"

[[destination]]
name = "bucket"
kind = "s3"
url = "file://{}"
interval = "200ms"

[store]
interval = "200ms"
compaction_interval = "1s"

[spool]
segment_bytes = "256KiB"
retain_bytes = "1MiB"
{spool}
"#,
            bucket.display()
        );
        let path = self.config();
        std::fs::write(&path, text).map_err(Error::file("write", &path))
    }

    fn config(&self) -> PathBuf {
        self.dir.join("corelog.toml")
    }

    /// Starts the gateway and does not wait.
    pub(crate) fn spawn(&self) -> Result<Running, Error> {
        let config = self.config().display().to_string();
        let data = self.data.display().to_string();
        let args = vec!["--config".to_owned(), config, "--data".to_owned(), data];
        Running::spawn(&Spawn {
            corelog: &self.corelog,
            name: "up",
            args,
            dir: &self.dir,
        })
    }

    /// Starts the gateway.
    pub(crate) async fn up(&self) -> Result<Gateway, Error> {
        let mut running = self.spawn()?;
        let address = running.address().await?;
        Ok(Gateway { running, address })
    }

    /// How many requests reached the provider.
    pub(crate) async fn provider_calls(&self) -> Result<u64, Error> {
        let text = get(self.provider, "/demo/exchanges?last=0").await?;
        let value: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        Ok(value["count"].as_u64().unwrap_or(u64::MAX))
    }
}

impl Gateway {
    /// The sum of a metric over its labels.
    pub(crate) async fn metric(&self, name: &str) -> Result<f64, Error> {
        let text = get(self.address, "/metrics").await?;
        let of_name = |line: &&str| {
            let rest = line.strip_prefix(name);
            rest.is_some_and(|rest| rest.starts_with([' ', '{']))
        };
        let value = |line: &str| {
            line.rsplit(' ')
                .next()
                .and_then(|value| value.parse::<f64>().ok())
        };
        Ok(text.lines().filter(of_name).filter_map(value).sum())
    }

    /// Waits until a metric is zero; `false` if it is not within `limit`.
    pub(crate) async fn is_zero_within(&self, name: &str, limit: Duration) -> Result<bool, Error> {
        let until = Instant::now() + limit;
        loop {
            if self.metric(name).await? == 0.0 {
                return Ok(true);
            }
            if Instant::now() > until {
                return Ok(false);
            }
            sleep(POLL).await;
        }
    }

    /// SIGTERM, and a good end.
    pub(crate) async fn stop(self) -> Result<(), Error> {
        self.running.terminate()?;
        self.running.stopped().await
    }
}

async fn get(address: SocketAddr, path: &str) -> Result<String, Error> {
    let failed = |source| Error::Asking {
        address: address.to_string(),
        path: path.to_owned(),
        source,
    };
    let asking = async {
        let mut answer = Answer::default();
        let mut client = Client::connect(address).await?;
        client
            .exchange(&Request::get(path), usize::MAX, &mut answer)
            .await?;
        Ok(answer)
    };
    let answer = match timeout(ASK_TIMEOUT, asking).await {
        Ok(answer) => answer.map_err(failed)?,
        Err(_) => return Err(failed(std::io::ErrorKind::TimedOut.into())),
    };
    Ok(String::from_utf8_lossy(&answer.body).into_owned())
}
