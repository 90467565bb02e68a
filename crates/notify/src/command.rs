//! A program: the document on its standard input, an exit code of 0 for "taken".
//!
//! It is started without a shell, in a process group of its own, with nothing in its environment but `PATH` and what the
//! message is: `CORELOG_NOTICE_ID`, and for an alarm `CORELOG_ALARM` and `CORELOG_STATE`. What it writes to standard
//! output is dropped, the beginning of what it writes to standard error says why it failed. Past its time the whole group
//! is killed, and so it is when Corelog stops.

use std::fmt;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use async_trait::async_trait;
use corelog_types::Timestamp;
use futures_util::future::{FusedFuture as _, FutureExt as _};
use parking_lot::Mutex;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStderr, ChildStdin};

use crate::channel::Channel;
use crate::error::Error;
use crate::message::{Message, Says};
use crate::webhook::document;

/// What is kept of standard error.
const SAID_BYTES_MAX: usize = 4 << 10;
/// How long the rest of standard error is waited for once the program has ended: what it left running may hold it open.
const LAST_WORDS: Duration = Duration::from_millis(200);
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A program.
#[derive(Debug, Clone)]
pub struct Config {
    /// Its path and its arguments; never empty.
    pub argv: Vec<String>,
    /// How long it may run.
    pub timeout: Duration,
}

/// A program.
#[derive(Debug)]
pub(crate) struct Command {
    program: String,
    arguments: Vec<String>,
    timeout: Duration,
}

/// A program that runs: dropped, it is killed with all that it has started.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It has an id until it is waited for, and its group has the same.
        let id = self.0.id().and_then(|id| i32::try_from(id).ok());
        if let Some(group) = id.and_then(Pid::from_raw) {
            // A group that is gone needs no signal.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Command {
    pub(crate) fn open(config: &Config) -> Result<Self, Error> {
        let Some((program, arguments)) = config.argv.split_first() else {
            return Err(Error::Request("`command` is empty".to_owned()));
        };
        Ok(Self {
            program: program.clone(),
            arguments: arguments.to_vec(),
            timeout: config.timeout,
        })
    }

    fn start(&self, message: &Message) -> Result<Running, Error> {
        let mut command = tokio::process::Command::new(&self.program);
        command
            .args(&self.arguments)
            .env_clear()
            .env("PATH", PATH)
            .env("CORELOG_NOTICE_ID", &message.id)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        if let Says::Alarm(news) = &message.says {
            command
                .env("CORELOG_ALARM", &news.name)
                .env("CORELOG_STATE", news.to.as_str());
        }
        let started = command.spawn().map_err(|source| Error::Start {
            program: self.program.clone(),
            source,
        });
        started.map(Running)
    }

    async fn attend(&self, running: &mut Running, text: &str) -> Result<(), Error> {
        let child = &mut running.0;
        let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
        let said = Mutex::new(Vec::new());
        let ended = {
            let mut listening = Box::pin(listen(stderr, &said).fuse());
            let talking = async {
                tokio::join!(feed(stdin, text), &mut listening);
                std::future::pending::<()>().await;
            };
            let ended = tokio::select! {
                ended = child.wait() => ended,
                () = talking => return Ok(()),
            };
            let failed = ended.as_ref().is_ok_and(|status| !status.success());
            if failed && !listening.is_terminated() {
                let rest = tokio::time::timeout(LAST_WORDS, listening);
                // Whether it came to an end does not matter.
                let _ = rest.await;
            }
            ended
        };
        let program = self.program.clone();
        let status = ended.map_err(|source| Error::Start {
            program: program.clone(),
            source,
        })?;
        if status.success() {
            return Ok(());
        }
        Err(Error::Ended {
            program,
            ended: how(status),
            said: corelog_dial::short(&String::from_utf8_lossy(&said.into_inner())),
        })
    }
}

fn how(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exited with {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended".to_owned(),
    }
}

/// Writes the document. A program that does not read it is no error.
async fn feed(stdin: Option<ChildStdin>, text: &str) {
    if let Some(mut stdin) = stdin {
        let _ = stdin.write_all(text.as_bytes()).await;
        let _ = stdin.shutdown().await;
    }
}

/// Reads to the end, and keeps the beginning.
async fn listen(stderr: Option<ChildStderr>, said: &Mutex<Vec<u8>>) {
    let Some(mut stderr) = stderr else {
        return;
    };
    let mut buffer = [0; 1024];
    while let Ok(count @ 1..) = stderr.read(&mut buffer).await {
        let mut said = said.lock();
        let room = SAID_BYTES_MAX - said.len();
        said.extend_from_slice(&buffer[..count.min(room)]);
    }
}

#[async_trait]
impl Channel for Command {
    async fn send(&self, message: &Message, _: Timestamp) -> Result<(), Error> {
        let mut running = self.start(message)?;
        let text = document(message);
        let attending = self.attend(&mut running, &text);
        match tokio::time::timeout(self.timeout, attending).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Error::Killed {
                program: self.program.clone(),
                after: self.timeout,
            }),
        }
    }

    fn place(&self) -> String {
        self.program.clone()
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.program)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn shell(script: &str, timeout: Duration) -> Command {
        let argv = ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
        Command::open(&Config { argv, timeout }).unwrap()
    }

    async fn send(script: &str) -> Result<(), Error> {
        let message = sample::message("ops", corelog_alarms::StateValue::Alarm);
        let command = shell(script, Duration::from_mins(1));
        command.send(&message, message.made).await
    }

    #[tokio::test]
    async fn a_program_reads_the_document_and_knows_little_else() {
        let script = r#"
            document=$(cat)
            case "$document" in *'"alarmName":"corelog-notifier-test"'*) ;; *) exit 3;; esac
            test "$CORELOG_ALARM $CORELOG_STATE" = "corelog-notifier-test ALARM" || exit 4
            test -n "$CORELOG_NOTICE_ID" || exit 5
            test -z "$HOME$CARGO_MANIFEST_DIR" || exit 6
        "#;
        send(script).await.unwrap();
        // One that does not read is fine too.
        send("exec 0<&-; exit 0").await.unwrap();
    }

    #[tokio::test]
    async fn a_program_that_fails_says_why() {
        let error = send("echo no luck >&2; exit 7").await.unwrap_err();
        assert_eq!(error.to_string(), "`/bin/sh` exited with 7: no luck");
        assert!(!error.is_final());
        let error = send("kill -9 $$").await.unwrap_err();
        assert_eq!(error.to_string(), "`/bin/sh` was ended by signal 9");
    }

    #[tokio::test]
    async fn one_that_does_not_end_is_killed_with_what_it_started() {
        let dir = tempfile::tempdir().unwrap();
        let fifo = dir.path().join("alive");
        let path = fifo.to_str().unwrap();
        // Both hold the pipe's writing end: it is at its end once neither lives.
        let script =
            format!("mkfifo {path}.made; mv {path}.made {path}; exec 9>{path}; sleep 1000 & wait");
        let message = sample::message("ops", corelog_alarms::StateValue::Alarm);
        let reader = async {
            while !fifo.exists() {
                tokio::task::yield_now().await;
            }
            tokio::fs::read(&fifo).await.unwrap()
        };
        let command = shell(&script, Duration::from_millis(300));
        let (outcome, read) = tokio::join!(command.send(&message, message.made), reader);
        assert!(matches!(outcome, Err(Error::Killed { .. })), "{outcome:?}");
        assert_eq!(read, b"");
    }

    #[tokio::test]
    async fn one_that_is_not_there_is_an_error() {
        let argv = vec!["/no/such/program".to_owned()];
        let command = Command::open(&Config {
            argv,
            timeout: Duration::from_secs(1),
        })
        .unwrap();
        let message = sample::message("ops", corelog_alarms::StateValue::Alarm);
        let error = command.send(&message, message.made).await.unwrap_err();
        assert_eq!(error.to_string(), "`/no/such/program` cannot be started");
    }
}
