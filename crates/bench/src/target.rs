//! What is measured, and how each is started in front of the mock.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::process::{Process, Processors, tree};

const NGINX: &str = "/usr/sbin/nginx";
const PATH: &str = "/v1/chat/completions";

/// A server between the load and the mock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// The mock itself, with nothing between.
    Mock,
    /// The bare relay of this crate.
    Relay,
    Nginx,
    /// Corelog with a destination that is away: relay, record and spool, nothing delivered.
    Corelog,
    /// Corelog delivering to a directory every second.
    CorelogDelivering,
    /// The same, counting metrics too.
    CorelogMetrics,
    /// The same, keeping the table of log events too: what runs without any configuration.
    CorelogTable,
    /// A gateway that someone else has started in front of the mock.
    Other(Other),
}

/// Where that gateway is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Other {
    name: String,
    pid: u32,
    address: SocketAddr,
    path: String,
}

impl FromStr for Other {
    type Err = anyhow::Error;

    /// `NAME=PID@ADDRESS/PATH`
    fn from_str(text: &str) -> anyhow::Result<Self> {
        let parts = || {
            let (name, rest) = text.split_once('=')?;
            let (pid, url) = rest.split_once('@')?;
            let (address, path) = url.split_once('/')?;
            Some((name, pid, address, path))
        };
        let (name, pid, address, path) =
            parts().with_context(|| format!("`{text}` is not NAME=PID@ADDRESS/PATH"))?;
        Ok(Self {
            name: name.to_owned(),
            pid: pid.parse()?,
            address: address.parse()?,
            path: format!("/{path}"),
        })
    }
}

impl Target {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Mock => "mock",
            Self::Relay => "bare relay",
            Self::Nginx => "nginx",
            Self::Corelog => "corelog",
            Self::CorelogDelivering => "corelog+delivery",
            Self::CorelogMetrics => "corelog+metrics",
            Self::CorelogTable => "corelog+table",
            Self::Other(other) => &other.name,
        }
    }

    pub(crate) fn is_corelog(&self) -> bool {
        matches!(self, Self::Corelog) || self.delivers()
    }

    pub(crate) fn delivers(&self) -> bool {
        matches!(
            self,
            Self::CorelogDelivering | Self::CorelogMetrics | Self::CorelogTable
        )
    }

    /// Why it cannot be measured here.
    pub(crate) fn missing(&self) -> Option<String> {
        (*self == Self::Nginx && !Path::new(NGINX).exists())
            .then(|| format!("nginx is not measured: no {NGINX}"))
    }
}

/// Everything a target is started with.
#[derive(Debug)]
pub(crate) struct Ground {
    /// The `corelog` program.
    pub(crate) corelog: PathBuf,
    /// A directory on a real disk.
    pub(crate) dir: PathBuf,
    pub(crate) processors: Processors,
    pub(crate) mock: SocketAddr,
    pub(crate) mock_pids: Vec<u32>,
}

/// A target that listens; killed when dropped, its directory removed.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) path: String,
    pub(crate) pids: Vec<u32>,
    pub(crate) dir: PathBuf,
    process: Option<Process>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.process = None;
        // What is left of it goes with the directory above.
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// Starts the mock or the relay of this program.
pub(crate) fn start_own(
    arguments: &[&str],
    processors: &Processors,
    target: bool,
    dir: &Path,
) -> anyhow::Result<(Process, SocketAddr)> {
    let log = dir.join(format!("{}.log", arguments[0]));
    let mut command = Command::new(std::env::current_exe()?);
    command.args(arguments);
    let mut process = Process::start(command, processors, target, &log)?;
    let address = process.first_line(&log, &log)?.parse()?;
    Ok((process, address))
}

impl Ground {
    /// Starts a target afresh, in an empty directory.
    pub(crate) fn start(&self, target: &Target) -> anyhow::Result<Running> {
        let dir = self.dir.join("target");
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir)?;
        let (process, address) = match target {
            Target::Mock => (None, self.mock),
            Target::Other(other) => (None, other.address),
            Target::Relay => {
                let mock = self.mock.to_string();
                let (process, address) =
                    start_own(&["relay", &mock], &self.processors, true, &dir)?;
                (Some(process), address)
            }
            Target::Nginx => self
                .nginx(&dir)
                .map(|(process, address)| (Some(process), address))?,
            Target::Corelog
            | Target::CorelogDelivering
            | Target::CorelogMetrics
            | Target::CorelogTable => {
                let (process, address) = self.corelog(&dir, target)?;
                (Some(process), address)
            }
        };
        let pids = match (target, &process) {
            (Target::Other(other), _) => tree(other.pid),
            (_, Some(process)) => process.tree(),
            (_, None) => self.mock_pids.clone(),
        };
        let path = match target {
            Target::Other(other) => other.path.clone(),
            corelog if corelog.is_corelog() => format!("/openai{PATH}"),
            _ => PATH.to_owned(),
        };
        Ok(Running {
            address,
            path,
            pids,
            dir,
            process,
        })
    }

    fn nginx(&self, dir: &Path) -> anyhow::Result<(Process, SocketAddr)> {
        // nginx cannot choose a port itself; the one that was free a moment ago still is.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let config = dir.join("nginx.conf");
        let text = nginx_config(dir, address, self.mock, self.processors.target.len());
        fs::write(&config, text)?;
        let mut command = Command::new(NGINX);
        command.arg("-p").arg(dir).arg("-c").arg(&config);
        let log = dir.join("log");
        let process = Process::start(command, &self.processors, true, &log)?;
        let deadline = Instant::now() + Duration::from_secs(5);
        while TcpStream::connect(address).is_err() {
            if Instant::now() > deadline {
                bail!(
                    "nginx did not start: {}",
                    fs::read_to_string(&log).unwrap_or_default()
                );
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok((process, address))
    }

    fn corelog(&self, dir: &Path, target: &Target) -> anyhow::Result<(Process, SocketAddr)> {
        let config = dir.join("corelog.toml");
        fs::write(&config, corelog_config(dir, self.mock, target))?;
        let (address, log) = (dir.join("address"), dir.join("log"));
        let mut command = Command::new(&self.corelog);
        command
            .arg("up")
            .arg("--config")
            .arg(&config)
            .args(["--listen", "127.0.0.1:0"]);
        command
            .arg("--data")
            .arg(dir.join("data"))
            .arg("--addr-file")
            .arg(&address);
        let mut process = Process::start(command, &self.processors, true, &log)?;
        let line = process.first_line(&address, &log)?;
        Ok((process, line.trim().parse()?))
    }
}

/// nginx as a plain relay: connections kept on both sides, nothing buffered on disk, no log.
fn nginx_config(dir: &Path, listen: SocketAddr, upstream: SocketAddr, workers: usize) -> String {
    let dir = dir.display();
    format!(
        "daemon off;
worker_processes {workers};
worker_rlimit_nofile 20000;
error_log {dir}/error.log;
pid {dir}/nginx.pid;
events {{ worker_connections 8000; }}
http {{
  access_log off;
  tcp_nodelay on;
  keepalive_timeout 300s;
  keepalive_requests 1000000000;
  client_body_temp_path {dir}/body;
  proxy_temp_path {dir}/proxy;
  fastcgi_temp_path {dir}/fastcgi;
  uwsgi_temp_path {dir}/uwsgi;
  scgi_temp_path {dir}/scgi;
  client_body_buffer_size 256k;
  client_max_body_size 0;
  upstream mock {{
    server {upstream};
    keepalive 512;
    keepalive_requests 1000000000;
  }}
  server {{
    listen {listen} backlog=4096;
    location / {{
      proxy_pass http://mock;
      proxy_http_version 1.1;
      proxy_set_header connection \"\";
      proxy_buffering off;
      proxy_request_buffering off;
    }}
  }}
}}
"
    )
}

/// The smallest configuration. Strict durability is the default.
fn corelog_config(dir: &Path, upstream: SocketAddr, target: &Target) -> String {
    let provider = format!(
        "[[provider]]\nname = \"openai\"\ndialect = \"openai\"\nbase_url = \"http://{upstream}/v1\"\n\n"
    );
    let destination = if target.delivers() {
        let bucket = dir.join("bucket");
        format!("url = \"file://{}\"\ninterval = \"1s\"\n", bucket.display())
    } else {
        // A store that is away: one record is read and waits, the others stay where they are.
        "url = \"s3://away/records\"\ninterval = \"1h\"\nbatch_records = 1\n\n[s3]\nendpoint = \"http://127.0.0.1:1\"\naccess_key_id = \"bench\"\nsecret_access_key = \"bench\"\n".to_owned()
    };
    let table = *target == Target::CorelogTable;
    let metrics = table || *target == Target::CorelogMetrics;
    format!(
        "{provider}[store]\nenabled = {table}\n\n[metrics]\nenabled = {metrics}\n\n[[destination]]\nname = \"bucket\"\nkind = \"s3\"\n{destination}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_gateway_is_named_with_its_process_and_address() {
        let other: Other = "litellm=42@127.0.0.1:4000/v1/chat/completions"
            .parse()
            .unwrap();
        assert_eq!((other.pid, other.path.as_str()), (42, PATH));
        assert_eq!(Target::Other(other).name(), "litellm");
        assert!("litellm=x@127.0.0.1:1/".parse::<Other>().is_err());
        assert!("127.0.0.1:1".parse::<Other>().is_err());
    }
}
