//! The scenarios: what is broken, when, and what is demanded then.

mod disk;
mod hang_up;
mod kill;
mod outage;
mod query;
mod stop;

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::time::sleep;

use crate::ask::Mix;
use crate::ledger::Ledger;
use crate::load::{Load, Pace, Plan};
use crate::oracle::{self, Demand, Verdict};
use crate::report::{Report, Row};
use crate::rig::{Gateway, Rig};
use crate::{Error, Options, table};

/// How long a healthy store may take to get everything that waited.
const CATCH_UP: Duration = Duration::from_mins(1);
const BACKLOG: &str = "corelog_delivery_backlog";
/// Clients that call as fast as they are answered.
const CLIENTS: u32 = 12;

/// One thing to break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// `kill -9` at random moments under load.
    Kill,
    /// Clients that close in the middle of an answer.
    HangUp,
    /// SIGTERM under load.
    Stop,
    /// The destination is away for a while; the gateway may be killed meanwhile.
    Outage,
    /// No room for records.
    Disk,
    /// Questions under load: what they find is complete a second later, and stays so whatever breaks.
    Query,
}

impl Scenario {
    /// In the order they run.
    pub const ALL: [Self; 6] = [
        Self::Kill,
        Self::HangUp,
        Self::Stop,
        Self::Outage,
        Self::Disk,
        Self::Query,
    ];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::HangUp => "hang-up",
            Self::Stop => "stop",
            Self::Outage => "outage",
            Self::Disk => "disk",
            Self::Query => "query",
        }
    }
}

/// There is no such scenario.
#[derive(Debug, thiserror::Error)]
#[error(
    "there is no scenario `{0}`; there are `kill`, `hang-up`, `stop`, `outage`, `disk` and `query`"
)]
pub struct UnknownScenario(String);

impl FromStr for Scenario {
    type Err = UnknownScenario;

    fn from_str(text: &str) -> Result<Self, UnknownScenario> {
        let found = Self::ALL
            .into_iter()
            .find(|scenario| scenario.as_str() == text);
        found.ok_or_else(|| UnknownScenario(text.to_owned()))
    }
}

/// What a scenario needs and what it finds.
struct Trial<'a> {
    options: &'a Options,
    dir: PathBuf,
    rng: StdRng,
    ledger: Arc<Ledger>,
    rounds: u32,
    violations: Vec<String>,
    left_out: Vec<String>,
    measured: Vec<String>,
}

/// Runs what is asked for.
pub(crate) async fn run_all(options: &Options, seed: u64, dir: &Path) -> Result<Report, Error> {
    let mut rows = Vec::new();
    for (number, scenario) in (0_u64..).zip(Scenario::ALL) {
        if !options.scenarios.is_empty() && !options.scenarios.contains(&scenario) {
            continue;
        }
        (options.say)(&format!("{} …", scenario.as_str()));
        let mut trial = Trial {
            options,
            dir: dir.join(scenario.as_str()),
            rng: StdRng::seed_from_u64(seed.wrapping_add(number)),
            ledger: Arc::default(),
            rounds: 0,
            violations: Vec::new(),
            left_out: Vec::new(),
            measured: Vec::new(),
        };
        let verdict = match scenario {
            Scenario::Kill => kill::run(&mut trial).await?,
            Scenario::HangUp => hang_up::run(&mut trial).await?,
            Scenario::Stop => stop::run(&mut trial).await?,
            Scenario::Outage => outage::run(&mut trial).await?,
            Scenario::Disk => disk::run(&mut trial).await?,
            Scenario::Query => query::run(&mut trial).await?,
        };
        let mut violations = trial.violations;
        violations.extend(verdict.violations);
        let counts = verdict.counts;
        if counts.complete == 0 {
            violations.push("not one call was answered, so nothing was tried".to_owned());
        }
        if counts.put == 0 {
            violations.push("not one log event was taken, so nothing was tried".to_owned());
        }
        rows.push(Row {
            scenario,
            rounds: trial.rounds,
            counts,
            violations,
            left_out: trial.left_out,
            measured: trial.measured,
        });
    }
    Ok(Report {
        seed,
        dir: dir.to_owned(),
        rows,
    })
}

impl<'a> Trial<'a> {
    /// A trial on a directory of its own, within this one.
    fn part(&mut self, name: &str) -> Trial<'a> {
        Trial {
            options: self.options,
            dir: self.dir.join(name),
            rng: StdRng::seed_from_u64(self.rng.random()),
            ledger: Arc::default(),
            rounds: 0,
            violations: Vec::new(),
            left_out: Vec::new(),
            measured: Vec::new(),
        }
    }

    /// Takes over what a part found.
    fn end(&mut self, part: Trial<'a>) {
        let name = part
            .dir
            .file_name()
            .unwrap_or_default()
            .display()
            .to_string();
        let found = part
            .violations
            .into_iter()
            .map(|found| format!("{name}: {found}"));
        self.violations.extend(found);
        self.left_out.extend(part.left_out);
        self.rounds += part.rounds;
    }

    async fn rig(&self) -> Result<Rig, Error> {
        Rig::open(&self.options.corelog, &self.dir, &self.dir.join("data")).await
    }

    /// A load whose markers and choices are this round's own.
    fn load(&mut self, rig: &Rig, gateway: &Gateway, mix: Mix, hang_ups: u32) -> Load {
        self.paced(rig, gateway, Pace::Clients(CLIENTS), mix, hang_ups)
    }

    /// The same at that pace.
    fn paced(&mut self, rig: &Rig, gateway: &Gateway, pace: Pace, mix: Mix, hang_ups: u32) -> Load {
        let plan = Plan {
            gateway: gateway.address,
            provider: rig.provider(),
            pace,
            mix,
            hang_ups,
            seed: self.rng.random(),
            prefix: format!("call-{}", self.rounds),
        };
        self.rounds += 1;
        Load::start(&plan, &self.ledger)
    }

    async fn finish(&mut self, load: Load) {
        if let Err(late) = load.finish().await {
            self.violations.push(format!("calls hang: {late}"));
        }
    }

    /// Sleeps for a random time.
    async fn moment(&mut self, from_ms: u64, to_ms: u64) {
        let ms = self.rng.random_range(from_ms..to_ms);
        sleep(Duration::from_millis(ms)).await;
    }

    /// A last start on the same data: everything that waits is delivered, then the gateway stops well.
    async fn settle(&mut self, rig: &Rig) -> Result<(), Error> {
        let gateway = rig.up().await?;
        self.catch_up(&gateway).await?;
        gateway.stop().await
    }

    /// Waits until everything that waits is delivered.
    async fn catch_up(&mut self, gateway: &Gateway) -> Result<(), Error> {
        if !gateway.is_zero_within(BACKLOG, CATCH_UP).await? {
            let left = gateway.metric(BACKLOG).await?;
            let seconds = CATCH_UP.as_secs();
            self.violations
                .push(format!("{left} records undelivered after {seconds} s"));
        }
        Ok(())
    }

    fn judge(&self, rig: &Rig, demand: Demand) -> Result<Verdict, Error> {
        oracle::judge(
            &self.ledger,
            &rig.bucket(),
            table::read(&rig.table()),
            demand,
        )
    }
}
