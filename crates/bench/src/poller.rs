//! Waiting for sockets: a thin layer over epoll, because the mock and the load must cost next to nothing.

use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;
use rustix::time::{ClockId, Timespec};

const EVENTS_AT_ONCE: usize = 256;

/// What a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interest {
    Read,
    /// Room to write; what can be read waits.
    Write,
}

/// An epoll instance, level-triggered.
#[derive(Debug)]
pub(crate) struct Poller {
    epoll: OwnedFd,
}

impl Poller {
    pub(crate) fn new() -> anyhow::Result<Self> {
        Ok(Self {
            epoll: epoll::create(CreateFlags::CLOEXEC)?,
        })
    }

    /// Watches a socket for something to read; `token` comes back from [`Poller::wait`].
    pub(crate) fn add(&self, socket: impl AsFd, token: usize) -> anyhow::Result<()> {
        let data = EventData::new_u64(token as u64);
        Ok(epoll::add(&self.epoll, socket, data, EventFlags::IN)?)
    }

    /// Watches it for something else from now on.
    pub(crate) fn modify(
        &self,
        socket: impl AsFd,
        token: usize,
        interest: Interest,
    ) -> anyhow::Result<()> {
        let flags = match interest {
            Interest::Read => EventFlags::IN,
            Interest::Write => EventFlags::OUT,
        };
        let data = EventData::new_u64(token as u64);
        Ok(epoll::modify(&self.epoll, socket, data, flags)?)
    }

    /// Waits for sockets that are ready, to the nanosecond no longer than `timeout`, and puts their tokens into `ready`.
    pub(crate) fn wait(
        &self,
        ready: &mut Vec<usize>,
        timeout: Option<Duration>,
    ) -> anyhow::Result<()> {
        ready.clear();
        let mut events = [MaybeUninit::<Event>::uninit(); EVENTS_AT_ONCE];
        let timeout = timeout.map(|timeout| Timespec::try_from(timeout).unwrap_or_default());
        let events = match epoll::wait(&self.epoll, &mut events, timeout.as_ref()) {
            Ok((events, _)) => events,
            Err(Errno::INTR) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        for event in events {
            let data = event.data;
            ready.push(usize::try_from(data.u64()).unwrap_or(usize::MAX));
        }
        Ok(())
    }
}

/// Nanoseconds of a clock that only goes forward.
pub(crate) fn now_ns() -> u64 {
    let now = rustix::time::clock_gettime(ClockId::Monotonic);
    u64::try_from(now.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(now.tv_nsec).unwrap_or(0)
}
