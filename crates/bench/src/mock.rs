//! The mock upstream: reads a request to its end and writes an answer made beforehand. One thread.

use std::collections::{BTreeMap, VecDeque};
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::framing::Parser;
use crate::poller::{Interest, Poller};
use crate::workload::{Answer, Workload};

const LISTENER: usize = usize::MAX;
const READ_BYTES: usize = 256 << 10;
/// Time between two chunks of a slow stream.
const SLOW_PAUSE: Duration = Duration::from_secs(1);
const REFUSAL: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}";

#[derive(Debug)]
struct Connection {
    socket: TcpStream,
    parser: Parser,
    /// The answer being written, and how far.
    writing: Option<(Workload, usize)>,
}

/// What became of writing an answer.
enum Written {
    All,
    Blocked,
    /// The next chunk is not due yet.
    Paused,
}

/// Serves until the process is ended.
pub(crate) fn serve(listen: SocketAddr, listening: impl FnOnce(SocketAddr)) -> anyhow::Result<()> {
    let listener =
        TcpListener::bind(listen).with_context(|| format!("cannot listen on {listen}"))?;
    listener.set_nonblocking(true)?;
    let poller = Poller::new()?;
    poller.add(&listener, LISTENER)?;
    listening(listener.local_addr()?);
    let mut mock = Mock {
        poller,
        listener,
        connections: Vec::new(),
        free: Vec::new(),
        slow: VecDeque::new(),
        answers: BTreeMap::new(),
        scratch: vec![0; READ_BYTES],
    };
    let mut ready = Vec::new();
    loop {
        let timeout = mock.slow_due();
        mock.poller.wait(&mut ready, timeout)?;
        for token in &ready {
            if *token == LISTENER {
                mock.accept()?;
            } else {
                mock.on_ready(*token)?;
            }
        }
    }
}

struct Mock {
    poller: Poller,
    listener: TcpListener,
    connections: Vec<Option<Connection>>,
    free: Vec<usize>,
    /// Slow streams and when their next chunk is due, the earliest first.
    slow: VecDeque<(Instant, usize)>,
    answers: BTreeMap<&'static str, Answer>,
    scratch: Vec<u8>,
}

impl Mock {
    fn accept(&mut self) -> anyhow::Result<()> {
        loop {
            let socket = match self.listener.accept() {
                Ok((socket, _)) => socket,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error).context("cannot accept"),
            };
            socket.set_nonblocking(true)?;
            socket.set_nodelay(true)?;
            let token = self.free.pop().unwrap_or_else(|| {
                self.connections.push(None);
                self.connections.len() - 1
            });
            self.poller.add(&socket, token)?;
            let connection = Connection {
                socket,
                parser: Parser::new(),
                writing: None,
            };
            self.connections[token] = Some(connection);
        }
    }

    fn on_ready(&mut self, token: usize) -> anyhow::Result<()> {
        let Some(mut connection) = self.connections[token].take() else {
            return Ok(());
        };
        let alive = match connection.writing {
            // Between two chunks of a slow stream there is nothing to come but the peer's end.
            Some((Workload::Slow, _)) => false,
            Some(_) => self.write(token, &mut connection)?,
            None => self.read(token, &mut connection)?,
        };
        self.keep(token, connection, alive);
        Ok(())
    }

    fn keep(&mut self, token: usize, connection: Connection, alive: bool) {
        if alive {
            self.connections[token] = Some(connection);
        } else {
            self.free.push(token);
        }
    }

    /// Reads what is there. Returns whether the connection lives on.
    fn read(&mut self, token: usize, connection: &mut Connection) -> anyhow::Result<bool> {
        let read = match connection.socket.read(&mut self.scratch) {
            Ok(0) => return Ok(false),
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
            Err(_) => return Ok(false),
        };
        // Nothing measured here pipelines, so nothing follows the end of a request.
        match connection.parser.feed(&self.scratch[..read]) {
            Ok(None) => return Ok(true),
            Ok(Some(_)) => {}
            Err(_) => return Ok(false),
        }
        let workload = Workload::of_request(connection.parser.prefix());
        connection.parser.reset();
        let Some(workload) = workload else {
            return Ok(connection.socket.write_all(REFUSAL).is_ok());
        };
        self.answers
            .entry(workload.model())
            .or_insert_with(|| workload.answer());
        connection.writing = Some((workload, 0));
        self.write(token, connection)
    }

    /// Writes on. Returns whether the connection lives on.
    fn write(&mut self, token: usize, connection: &mut Connection) -> anyhow::Result<bool> {
        let Some((workload, mut at)) = connection.writing else {
            return Ok(true);
        };
        let answer = &self.answers[workload.model()];
        let began = at;
        let Ok(written) = write_answer(&mut connection.socket, answer, workload, &mut at) else {
            return Ok(false);
        };
        let waited = began > 0 && workload != Workload::Slow;
        match written {
            Written::All => {
                connection.writing = None;
                if waited {
                    self.poller
                        .modify(&connection.socket, token, Interest::Read)?;
                }
            }
            Written::Blocked => {
                connection.writing = Some((workload, at));
                self.poller
                    .modify(&connection.socket, token, Interest::Write)?;
            }
            Written::Paused => {
                connection.writing = Some((workload, at));
                self.slow.push_back((Instant::now() + SLOW_PAUSE, token));
            }
        }
        Ok(true)
    }

    /// Writes the chunks that are due. Returns how long until the next one is.
    fn slow_due(&mut self) -> Option<Duration> {
        while let Some((due, token)) = self.slow.front().copied() {
            let now = Instant::now();
            if due > now {
                return Some(due - now);
            }
            self.slow.pop_front();
            let Some(mut connection) = self.connections[token].take() else {
                continue;
            };
            let alive = self.write(token, &mut connection).unwrap_or(false);
            self.keep(token, connection, alive);
        }
        None
    }
}

/// Writes from `at` on, each cut its own write.
fn write_answer(
    socket: &mut TcpStream,
    answer: &Answer,
    workload: Workload,
    at: &mut usize,
) -> std::io::Result<Written> {
    let next = answer.cuts.partition_point(|cut| *cut <= *at);
    for cut in &answer.cuts[next..] {
        while *at < *cut {
            match socket.write(&answer.wire[*at..*cut]) {
                Ok(written) => *at += written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Written::Blocked),
                Err(error) => return Err(error),
            }
        }
        if workload == Workload::Slow && *cut < answer.wire.len() {
            return Ok(Written::Paused);
        }
    }
    Ok(Written::All)
}
