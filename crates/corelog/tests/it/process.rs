//! A running `corelog up`, and a provider that answers `{}` to everything.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// More than any of these tests makes it say.
const LINES_MAX: usize = 10_000;
const PATIENCE: Duration = Duration::from_mins(1);

/// A server; killed when dropped.
pub(crate) struct Process {
    child: Child,
    said: Receiver<String>,
    pub(crate) address: SocketAddr,
}

impl Process {
    /// Starts it on the file `corelog.toml` and the directory `data` in `dir`, and waits until it listens.
    pub(crate) fn up(dir: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_corelog"))
            .args(["up", "--listen", "127.0.0.1:0", "--config"])
            .arg(dir.join("corelog.toml"))
            .arg("--data")
            .arg(dir.join("data"))
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (sender, said) = sync_channel(LINES_MAX);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // Nobody listens any more once the test is over.
                let _ = sender.send(line);
            }
        });
        let mut process = Self {
            child,
            said,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
        };
        let line = process.says("listening");
        let (_, rest) = line.split_once("http://").unwrap();
        let end = rest.find('"').unwrap_or(rest.len());
        process.address = rest[..end].parse().unwrap();
        process
    }

    /// Waits for a line of the log with that text.
    pub(crate) fn says(&self, text: &str) -> String {
        self.says_up_to(text).pop().unwrap()
    }

    /// The same, with all the lines before it.
    fn says_up_to(&self, text: &str) -> Vec<String> {
        let mut lines = Vec::new();
        while let Ok(line) = self.said.recv_timeout(PATIENCE) {
            let is_it = line.contains(text);
            lines.push(line);
            if is_it {
                return lines;
            }
        }
        panic!("`{text}` was not said, but {lines:#?}");
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Asks it to end, and waits until it has; gives what it said meanwhile.
    pub(crate) fn stop(mut self) -> Vec<String> {
        self.signal(Signal::TERM);
        let said = self.says_up_to("stopped");
        assert!(self.child.wait().unwrap().success());
        said
    }

    /// One request on a connection of its own; the whole answer as text.
    pub(crate) fn ask(&self, head: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let length = body.len();
        let request = format!(
            "{head}\r\nhost: g\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Answers every request with `{}`; gives its base URL.
pub(crate) fn provider() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let mut stream = BufReader::new(stream);
            let mut length = 0;
            loop {
                let mut line = String::new();
                if stream.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
                    break;
                }
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
            }
            let mut body = vec![0; length];
            if stream.read_exact(&mut body).is_ok() {
                let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}";
                let _ = stream.get_mut().write_all(answer.as_bytes());
            }
        }
    });
    base
}
