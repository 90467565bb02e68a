//! Load: clients that call one after another until they are told to stop or the gateway is gone.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use corelog_runtime::{Shutdown, Tasks};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use crate::ask::{Ask, Mix};
use crate::client::{Answer, Client, Request};
use crate::ledger::{Digest, Ledger, Seen};
use crate::put::Putter;

const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// Longer than any call may take: a client that is not done by then hangs, which is a finding.
const FINISH_TIMEOUT: Duration = Duration::from_secs(45);
/// Clients that put log events beside those that call.
const PUTTERS: u64 = 2;

/// Calls a second of one client, where there is a rate.
const CALLS_OF_A_CLIENT: u32 = 10;
/// The time between two batches of log events, where there is a rate.
const PUT_EVERY: Duration = Duration::from_millis(250);

/// How often calls are made.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pace {
    /// So many clients, each of which calls again when it has its answer.
    Clients(u32),
    /// So many calls a second, unless answers are late.
    Rate(u32),
}

impl Pace {
    /// How many clients there are, and how often each calls at the most.
    fn clients(self) -> (u32, Option<Duration>) {
        match self {
            Self::Clients(clients) => (clients, None),
            Self::Rate(rate) => {
                let rate = rate.max(1);
                let clients = rate.div_ceil(CALLS_OF_A_CLIENT);
                (clients, Some(Duration::from_secs(1) * clients / rate))
            }
        }
    }
}

/// What is called, and how.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) gateway: SocketAddr,
    pub(crate) provider: SocketAddr,
    pub(crate) pace: Pace,
    pub(crate) mix: Mix,
    /// Percent of the calls whose client closes at a random byte.
    pub(crate) hang_ups: u32,
    pub(crate) seed: u64,
    /// What the markers begin with.
    pub(crate) prefix: String,
}

/// Clients at work.
#[derive(Debug)]
pub(crate) struct Load {
    stop: Shutdown,
    tasks: Tasks,
}

impl Load {
    pub(crate) fn start(plan: &Plan, ledger: &Arc<Ledger>) -> Self {
        let stop = Shutdown::new();
        let tasks = Tasks::new();
        let (clients, every) = plan.pace.clients();
        for number in 0..clients {
            let worker = Worker {
                plan: plan.clone(),
                number,
                ledger: Arc::clone(ledger),
                rng: StdRng::seed_from_u64(plan.seed ^ (u64::from(number) << 48)),
                client: None,
                // One after another rather than all at once.
                ticks: every.map(|every| ticks(every, every * number / clients)),
            };
            tasks.spawn("client", worker.run(stop.clone()));
        }
        for number in 0..PUTTERS {
            let putter = Putter {
                gateway: plan.gateway,
                ledger: Arc::clone(ledger),
                rng: StdRng::seed_from_u64(plan.seed ^ (number << 56)),
                prefix: format!("put-{}-{number}", plan.prefix),
                every: every.map(|_| PUT_EVERY),
            };
            tasks.spawn("putter", putter.run(stop.clone()));
        }
        Self { stop, tasks }
    }

    /// Lets every client finish its call. An error names those that did not.
    pub(crate) async fn finish(self) -> Result<(), String> {
        self.stop.request();
        self.tasks.wait(FINISH_TIMEOUT).await
    }
}

/// Moments so far apart, the first one after a while; what is late moves those that follow.
fn ticks(every: Duration, after: Duration) -> Interval {
    let mut ticks = interval_at(Instant::now() + after, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

struct Worker {
    plan: Plan,
    number: u32,
    ledger: Arc<Ledger>,
    rng: StdRng,
    client: Option<Client>,
    ticks: Option<Interval>,
}

impl Worker {
    async fn run(mut self, stop: Shutdown) {
        let mut call = 0_u32;
        loop {
            if let Some(ticks) = &mut self.ticks {
                ticks.tick().await;
            }
            if stop.is_requested() {
                return;
            }
            let marker = format!("{}-{}-{call}", self.plan.prefix, self.number);
            let ask = Ask::draw(&mut self.rng, self.plan.mix, marker);
            if !self.call(&ask).await {
                return;
            }
            call += 1;
        }
    }

    /// Makes one call; `false` if there is no gateway to call.
    async fn call(&mut self, ask: &Ask) -> bool {
        self.ledger.begin(ask);
        let request = ask.request();
        let most = self.bytes_to_read(ask, &request);
        let Some(mut client) = self.connected().await else {
            self.ledger.withdraw(ask);
            return false;
        };
        let mut answer = Answer::default();
        let exchange = client.exchange(&request, most, &mut answer);
        let again = tokio::time::timeout(CALL_TIMEOUT, exchange).await;
        let stopped = answer.body.len() >= most && !answer.whole;
        if let Ok(Ok(true)) = again {
            self.client = Some(client);
        } else {
            drop(client);
        }
        let record_id = answer.head.as_ref().and_then(|head| head.record_id.clone());
        let seen = seen(ask, &answer, stopped);
        if matches!(seen, Seen::Refused(_)) && answer.whole && !ask.is_error(&answer.body) {
            self.ledger.odd(format!(
                "{}: an error that {:?} does not know",
                ask.marker, ask.dialect
            ));
        }
        if seen == Seen::HungUp && ask.expected().is_none() {
            self.learn(ask, request).await;
        }
        self.ledger.end(ask, record_id, seen);
        true
    }

    async fn connected(&mut self) -> Option<Client> {
        match self.client.take() {
            Some(client) => Some(client),
            None => Client::connect(self.plan.gateway).await.ok(),
        }
    }

    fn bytes_to_read(&mut self, ask: &Ask, request: &Request) -> usize {
        if self.rng.random_range(0..100) >= self.plan.hang_ups {
            return usize::MAX;
        }
        // A stream is several times the size of its text.
        let most = if ask.slow {
            2_000
        } else {
            request.body.len() * 2
        };
        self.rng.random_range(0..most)
    }

    /// Asks the provider itself the same, to know what the record of an answer cut short must say.
    async fn learn(&self, ask: &Ask, mut request: Request) {
        if let Some(path) = request.path.strip_prefix("/anthropic") {
            request.path = path.to_owned();
        }
        let Ok(mut client) = Client::connect(self.plan.provider).await else {
            return;
        };
        let mut answer = Answer::default();
        let exchange = client.exchange(&request, usize::MAX, &mut answer);
        let _ = tokio::time::timeout(CALL_TIMEOUT, exchange).await;
        if answer.whole {
            self.ledger.expect(ask, &ask.read(&answer.body).text);
        }
    }
}

fn seen(ask: &Ask, answer: &Answer, stopped: bool) -> Seen {
    let Some(head) = &answer.head else {
        return Seen::Broken;
    };
    if head.status != 200 {
        return Seen::Refused(head.status);
    }
    let said = ask.read(&answer.body);
    if answer.whole || said.ended {
        return Seen::Complete(Digest::of(&said.text));
    }
    if stopped { Seen::HungUp } else { Seen::Cut }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_shared_by_clients() {
        let of = |rate: u32| Pace::Rate(rate).clients();
        assert_eq!(of(1_000), (100, Some(Duration::from_millis(100))));
        assert_eq!(of(45), (5, Some(Duration::from_secs(5) / 45)));
        assert_eq!(of(1), (1, Some(Duration::from_secs(1))));
        assert_eq!(Pace::Clients(12).clients(), (12, None));
    }
}
