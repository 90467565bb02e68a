//! Children: a process that is waited for, stopped by its id, and never left behind.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Instant, sleep};

use crate::Error;

const POLL: Duration = Duration::from_millis(2);
/// A debug build on a busy machine starts slowly.
const START_TIMEOUT: Duration = Duration::from_secs(30);
/// The gateway's own deadlines for exchanges and for delivery come before this.
const STOP_TIMEOUT: Duration = Duration::from_secs(75);

/// What to start.
#[derive(Debug)]
pub(crate) struct Spawn<'a> {
    pub(crate) corelog: &'a Path,
    /// `up` or `demo`.
    pub(crate) name: &'static str,
    pub(crate) args: Vec<String>,
    /// Where the address file and the log go.
    pub(crate) dir: &'a Path,
}

/// A child; killed when dropped.
#[derive(Debug)]
pub(crate) struct Running {
    name: &'static str,
    child: Child,
    log: PathBuf,
    address_file: PathBuf,
}

impl Running {
    /// Starts it and does not wait.
    pub(crate) fn spawn(spawn: &Spawn<'_>) -> Result<Self, Error> {
        let name = spawn.name;
        let failed = |source| Error::Child {
            doing: "start",
            name,
            source,
        };
        let log = spawn.dir.join(format!("{name}.log"));
        let address_file = spawn.dir.join(format!("{name}.address"));
        match std::fs::remove_file(&address_file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::file("remove", &address_file)(error));
            }
            _ => {}
        }
        let stderr = File::options().create(true).append(true).open(&log);
        let stderr = stderr.map_err(Error::file("open", &log))?;
        // Nothing of the caller's environment: a proxy or a setting would put something else to the test.
        let child = Command::new(spawn.corelog)
            .arg(name)
            .args(["--listen", "127.0.0.1:0", "--addr-file"])
            .arg(&address_file)
            .args(&spawn.args)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr)
            .spawn()
            .map_err(failed)?;
        Ok(Self {
            name,
            child,
            log,
            address_file,
        })
    }

    /// Waits until it listens.
    pub(crate) async fn address(&mut self) -> Result<SocketAddr, Error> {
        let until = Instant::now() + START_TIMEOUT;
        loop {
            let text = std::fs::read_to_string(&self.address_file).unwrap_or_default();
            if let Ok(address) = text.trim().parse() {
                return Ok(address);
            }
            if let Some(status) = self.try_wait()? {
                return Err(self.ended(status));
            }
            if Instant::now() > until {
                return Err(self.late("listen", START_TIMEOUT));
            }
            sleep(POLL).await;
        }
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) -> Result<(), Error> {
        if let Some(status) = self.try_wait()? {
            return Err(self.ended(status));
        }
        let name = self.name;
        let failed = |source| Error::Child {
            doing: "kill",
            name,
            source,
        };
        self.child.kill().map_err(failed)?;
        self.child.wait().map(|_| ()).map_err(failed)
    }

    /// Asks it to stop, with SIGTERM, and goes on.
    pub(crate) fn terminate(&self) -> Result<(), Error> {
        let name = self.name;
        let failed = |source| Error::Child {
            doing: "stop",
            name,
            source,
        };
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| failed(std::io::ErrorKind::NotFound.into()))?;
        kill_process(pid, Signal::TERM).map_err(|error| failed(error.into()))
    }

    /// Waits until it ended by itself, and well.
    pub(crate) async fn stopped(mut self) -> Result<(), Error> {
        let until = Instant::now() + STOP_TIMEOUT;
        loop {
            match self.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(self.ended(status)),
                None if Instant::now() > until => return Err(self.late("stop", STOP_TIMEOUT)),
                None => sleep(POLL).await,
            }
        }
    }

    fn try_wait(&mut self) -> Result<Option<ExitStatus>, Error> {
        let name = self.name;
        let failed = |source| Error::Child {
            doing: "wait for",
            name,
            source,
        };
        self.child.try_wait().map_err(failed)
    }

    fn ended(&self, status: ExitStatus) -> Error {
        Error::Ended {
            name: self.name,
            status: status.to_string(),
            log: self.log.clone(),
        }
    }

    fn late(&self, doing: &'static str, after: Duration) -> Error {
        Error::Late {
            name: self.name,
            doing,
            seconds: after.as_secs(),
            log: self.log.clone(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended before; then there is nobody to kill, and nobody to wait for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
