//! The load: many connections driven by one thread, at a fixed rate or as fast as answers come.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::framing::Parser;
use crate::percentile::Percentiles;
use crate::poller::{Interest, Poller, now_ns};
use crate::workload::Workload;

const READ_BYTES: usize = 256 << 10;
/// How long after the end of the schedule answers are waited for.
const DRAIN: Duration = Duration::from_secs(10);

/// When the next exchange begins.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pace {
    /// Each connection asks again once it is answered: as much as the server can do.
    Closed,
    /// So many exchanges a second, on a schedule that does not wait for answers.
    Open { per_second: u32 },
}

/// What is sent, where, and for how long.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) address: SocketAddr,
    pub(crate) path: String,
    pub(crate) workload: Workload,
    pub(crate) connections: usize,
    pub(crate) pace: Pace,
    pub(crate) warmup: Duration,
    pub(crate) duration: Duration,
}

/// The two ends of the measured time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edge {
    Begin,
    End,
}

/// What was seen between the edges.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outcome {
    /// Exchanges that ended between the edges.
    pub(crate) exchanges: u64,
    /// Exchanges that ended after the first edge, those after the second among them.
    pub(crate) since_begin: u64,
    /// Exchanges that ended at all.
    pub(crate) every: u64,
    /// Exchanges that failed or whose answer was not the mock's, at any time.
    pub(crate) errors: u64,
    /// Exchanges that were due and had no answer at the end.
    pub(crate) unanswered: u64,
    pub(crate) seconds: f64,
    /// From when an exchange was due to the end of its answer.
    pub(crate) latency: Percentiles,
    /// From when an exchange was due to the first bytes of its answer.
    pub(crate) first_byte: Percentiles,
}

#[derive(Debug)]
struct Connection {
    socket: TcpStream,
    parser: Parser,
    due: u64,
    first_byte: u64,
    sent: usize,
    waits_to_write: bool,
}

/// Connections to one address, and what they have seen.
#[derive(Debug)]
pub(crate) struct Load {
    poller: Poller,
    address: SocketAddr,
    connections: Vec<Connection>,
    idle: Vec<usize>,
    /// Exchanges that are due and have no connection yet.
    queue: VecDeque<u64>,
    request: Vec<u8>,
    answer_bytes: u64,
    scratch: Vec<u8>,
    ended: Vec<Ended>,
    errors: u64,
}

/// An exchange that has ended well.
#[derive(Debug, Clone, Copy)]
struct Ended {
    due: u64,
    first_byte: u64,
    at: u64,
}

impl Load {
    /// Connects.
    pub(crate) fn connect(
        address: SocketAddr,
        path: &str,
        workload: Workload,
        connections: usize,
    ) -> anyhow::Result<Self> {
        // Timers of the default slack are up to 50 µs late, which is as much as nginx adds.
        rustix::thread::set_current_timer_slack(std::num::NonZeroU64::new(1))?;
        let body = workload.request();
        let mut request = format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\nuser-agent: corelog-bench\r\naccept: application/json\r\nauthorization: Bearer sk-bench\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(&body);
        let mut load = Self {
            poller: Poller::new()?,
            address,
            connections: Vec::with_capacity(connections),
            idle: (0..connections).rev().collect(),
            queue: VecDeque::new(),
            request,
            answer_bytes: workload.answer().body_bytes,
            scratch: vec![0; READ_BYTES],
            ended: Vec::new(),
            errors: 0,
        };
        for token in 0..connections {
            let connection = load.open(token)?;
            load.connections.push(connection);
        }
        Ok(load)
    }

    fn open(&self, token: usize) -> anyhow::Result<Connection> {
        let socket = TcpStream::connect(self.address)
            .with_context(|| format!("cannot connect to {}", self.address))?;
        socket.set_nodelay(true)?;
        socket.set_nonblocking(true)?;
        self.poller.add(&socket, token)?;
        Ok(Connection {
            socket,
            parser: Parser::new(),
            due: 0,
            first_byte: 0,
            sent: 0,
            waits_to_write: false,
        })
    }

    /// Exchanges under way.
    fn busy(&self) -> usize {
        self.connections.len() - self.idle.len()
    }

    /// Begins an exchange that is due at `due`, or queues it.
    fn begin(&mut self, due: u64) -> anyhow::Result<()> {
        let Some(token) = self.idle.pop() else {
            self.queue.push_back(due);
            return Ok(());
        };
        let connection = &mut self.connections[token];
        connection.due = due;
        connection.first_byte = 0;
        connection.sent = 0;
        connection.parser.reset();
        self.write(token)
    }

    fn write(&mut self, token: usize) -> anyhow::Result<()> {
        let connection = &mut self.connections[token];
        while connection.sent < self.request.len() {
            match connection.socket.write(&self.request[connection.sent..]) {
                Ok(written) => connection.sent += written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if !connection.waits_to_write {
                        connection.waits_to_write = true;
                        self.poller
                            .modify(&connection.socket, token, Interest::Write)?;
                    }
                    return Ok(());
                }
                Err(_) => return self.failed(token),
            }
        }
        if connection.waits_to_write {
            connection.waits_to_write = false;
            self.poller
                .modify(&connection.socket, token, Interest::Read)?;
        }
        Ok(())
    }

    /// The exchange on this connection is lost: counts it and connects anew.
    fn failed(&mut self, token: usize) -> anyhow::Result<()> {
        self.errors += 1;
        self.connections[token] = self.open(token)?;
        self.idle.push(token);
        Ok(())
    }

    fn ready(&mut self, token: usize) -> anyhow::Result<()> {
        if self.connections[token].waits_to_write {
            return self.write(token);
        }
        let connection = &mut self.connections[token];
        let read = match connection.socket.read(&mut self.scratch) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Ok(0) | Err(_) if self.idle.contains(&token) => {
                // The server closed a connection that it did not need: no exchange is lost.
                self.connections[token] = self.open(token)?;
                return Ok(());
            }
            Ok(0) | Err(_) => return self.failed(token),
            Ok(read) => read,
        };
        let now = now_ns();
        if connection.first_byte == 0 {
            connection.first_byte = now;
        }
        match connection.parser.feed(&self.scratch[..read]) {
            Ok(None) => return Ok(()),
            Ok(Some(_)) => {}
            Err(_) => return self.failed(token),
        }
        let right = connection.parser.status() == 200
            && connection.parser.body_bytes() == self.answer_bytes;
        if right {
            let ended = Ended {
                due: connection.due,
                first_byte: connection.first_byte,
                at: now,
            };
            self.ended.push(ended);
        } else {
            self.errors += 1;
        }
        self.idle.push(token);
        match self.queue.pop_front() {
            Some(due) => self.begin(due),
            None => Ok(()),
        }
    }

    fn poll(&mut self, ready: &mut Vec<usize>, until: u64) -> anyhow::Result<()> {
        let timeout = Duration::from_nanos(until.saturating_sub(now_ns()));
        self.poller.wait(ready, Some(timeout))?;
        for token in ready.iter() {
            self.ready(*token)?;
        }
        Ok(())
    }

    /// Runs one exchange to its end.
    pub(crate) fn once(&mut self, limit: Duration) -> anyhow::Result<()> {
        let mut ready = Vec::new();
        let deadline = now_ns() + nanos(limit);
        self.begin(now_ns())?;
        while self.busy() > 0 {
            if now_ns() > deadline {
                bail!("no answer in {limit:?}");
            }
            self.poll(&mut ready, deadline)?;
        }
        if self.errors > 0 {
            bail!("the exchange failed");
        }
        Ok(())
    }

    /// Begins an exchange on every connection, and returns when each has had its first bytes.
    pub(crate) fn begin_all(&mut self, limit: Duration) -> anyhow::Result<()> {
        let mut ready = Vec::new();
        let deadline = now_ns() + nanos(limit);
        while !self.idle.is_empty() {
            self.begin(now_ns())?;
        }
        while self
            .connections
            .iter()
            .any(|connection| connection.first_byte == 0)
        {
            if now_ns() > deadline || self.errors > 0 {
                let open = self
                    .connections
                    .iter()
                    .filter(|connection| connection.first_byte > 0);
                bail!("{} streams are open, {} failed", open.count(), self.errors);
            }
            self.poll(&mut ready, deadline.min(now_ns() + 50_000_000))?;
        }
        Ok(())
    }

    /// Reads what comes, for so long.
    pub(crate) fn read_for(&mut self, duration: Duration) -> anyhow::Result<()> {
        let mut ready = Vec::new();
        let end = now_ns() + nanos(duration);
        while now_ns() < end {
            self.poll(&mut ready, end)?;
        }
        Ok(())
    }
}

/// Runs a plan. `at_edge` is called at both ends of the measured time.
pub(crate) fn run(
    plan: &Plan,
    at_edge: &mut dyn FnMut(Edge) -> anyhow::Result<()>,
) -> anyhow::Result<Outcome> {
    let mut load = Load::connect(plan.address, &plan.path, plan.workload, plan.connections)?;
    let start = now_ns();
    let from = start + nanos(plan.warmup);
    let to = from + nanos(plan.duration);
    let mut ready = Vec::new();
    let mut schedule = Schedule::new(plan.pace, start);
    let mut began = None;
    let ended = loop {
        let now = now_ns();
        if now >= to {
            break now;
        }
        if now >= from && began.is_none() {
            at_edge(Edge::Begin)?;
            began = Some((now, load.ended.len()));
        }
        let wake = schedule.begin_due(&mut load, now)?;
        let edge = if began.is_none() { from } else { to };
        load.poll(&mut ready, wake.min(edge))?;
    };
    at_edge(Edge::End)?;
    let (began, before) = began.unwrap_or((from, 0));
    let exchanges = (load.ended.len() - before) as u64;
    let give_up = ended + nanos(DRAIN);
    while load.busy() > 0 && now_ns() < give_up {
        load.poll(&mut ready, give_up)?;
    }
    let mut outcome = summary(&load, began, ended);
    outcome.exchanges = exchanges;
    outcome.since_begin = outcome.every - before as u64;
    Ok(outcome)
}

/// Percentiles over the exchanges that were due between the edges, those without an answer among them.
fn summary(load: &Load, began: u64, ended: u64) -> Outcome {
    let measured = |due: u64| (began..ended).contains(&due);
    let of = load.ended.iter().filter(|exchange| measured(exchange.due));
    let mut latency: Vec<u64> = of
        .clone()
        .map(|exchange| exchange.at - exchange.due)
        .collect();
    let first_byte = of
        .map(|exchange| exchange.first_byte - exchange.due)
        .collect();
    let now = now_ns();
    let mut unanswered: Vec<u64> = load.queue.iter().copied().collect();
    for (token, connection) in load.connections.iter().enumerate() {
        if !load.idle.contains(&token) {
            unanswered.push(connection.due);
        }
    }
    unanswered.retain(|due| measured(*due));
    // They took at least until now: leaving them out would make a server look fast that stopped answering.
    latency.extend(unanswered.iter().map(|due| now - due));
    Outcome {
        exchanges: 0,
        since_begin: 0,
        every: load.ended.len() as u64,
        errors: load.errors,
        unanswered: unanswered.len() as u64,
        seconds: Duration::from_nanos(ended - began).as_secs_f64(),
        latency: Percentiles::of(latency),
        first_byte: Percentiles::of(first_byte),
    }
}

/// Which exchanges are due.
#[derive(Debug)]
struct Schedule {
    pace: Pace,
    start: u64,
    begun: u64,
}

impl Schedule {
    fn new(pace: Pace, start: u64) -> Self {
        Self {
            pace,
            start,
            begun: 0,
        }
    }

    /// Begins everything that is due by `now`. Returns when the next exchange is.
    fn begin_due(&mut self, load: &mut Load, now: u64) -> anyhow::Result<u64> {
        match self.pace {
            Pace::Closed => {
                while !load.idle.is_empty() {
                    load.begin(now_ns())?;
                }
                Ok(u64::MAX)
            }
            Pace::Open { per_second } => loop {
                let due = self.start + self.begun * 1_000_000_000 / u64::from(per_second.max(1));
                if due > now {
                    return Ok(due);
                }
                self.begun += 1;
                load.begin(due)?;
            },
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
