//! Questions under load: every answer's record is found by a question that is asked a second later, and neither `kill -9`
//! nor a store that is away changes what questions find.
//!
//! Calls are made at a rate, and questions beside them all the time. Then it is broken, again and again: the gateway is
//! killed, the store of the table goes away and comes back, or both. What was asked about the time before is asked again
//! after, and has to have the same rows. In the end questions find exactly what the table's own files hold.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Trial;
use super::outage::Away;
use crate::Error;
use crate::ask::Mix;
use crate::load::{Load, Pace};
use crate::logs::Logs;
use crate::oracle::{Demand, Verdict};
use crate::put;
use crate::question::{FIRST_WORDS, RECORD_IDS, RECORDS, Row, Why, Window, now_s};
use crate::rig::{Gateway, Rig};
use crate::table;
use crate::watch::{FRESH_WITHIN, QUESTIONS, Watch, Watched, differences};

const MIX: Mix = Mix { large: 1, slow: 0 };
/// Each way to break it, in turns.
const WAYS: [Way; 3] = [
    Way {
        kill: true,
        away: false,
    },
    Way {
        kill: false,
        away: true,
    },
    Way {
        kill: true,
        away: true,
    },
];
/// So many more seconds of questions, one more thing is broken.
const SECONDS_A_WAY: u32 = 10;
/// How long until questions are answered again.
const RECOVERY: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(50);

/// What is broken.
#[derive(Debug, Clone, Copy)]
struct Way {
    /// The gateway is killed.
    kill: bool,
    /// The store is away, and where the gateway is killed too, it is that meanwhile.
    away: bool,
}

/// A gateway under load, and what of it is watched.
struct Stage<'r> {
    rig: &'r Rig,
    gateway: Gateway,
    load: Load,
    watched: Watched,
}

pub(super) async fn run(trial: &mut Trial<'_>) -> Result<Verdict, Error> {
    let rig = trial.rig().await?;
    let watched = Watched {
        ledger: Arc::clone(&trial.ledger),
        since_s: now_s(),
        findings: Arc::default(),
    };
    let mut stage = Stage::begin(trial, &rig, &watched).await?;
    if !stage.is_answered(trial, RECOVERY).await {
        trial.moment(300, 500).await;
        stage.end(trial).await?;
        return trial.judge(&rig, Demand::default());
    }
    stage.watch_calmly(trial).await;
    let breaks = WAYS
        .len()
        .max((trial.options.seconds / SECONDS_A_WAY) as usize);
    for way in WAYS.iter().cycle().take(breaks) {
        stage = stage.broken(trial, *way).await?;
    }
    let found = stage.found(trial).await?;
    let mut verdict = trial.judge(
        &rig,
        Demand {
            every_call: true,
            ..Demand::default()
        },
    )?;
    verdict.violations.extend(found.differs_from(&rig));
    let findings = std::mem::take(&mut *watched.findings.lock());
    trial.measured.push(format!(
        "{} records were looked for in all; {} questions were not answered while the store was away",
        findings.looked_for, findings.unanswered,
    ));
    verdict.counts.asked += findings.asked;
    verdict.counts.lost += findings.lost;
    verdict.counts.doubled += findings.doubled;
    verdict.violations.extend(findings.violations);
    Ok(verdict)
}

impl<'r> Stage<'r> {
    async fn begin(trial: &mut Trial<'_>, rig: &'r Rig, watched: &Watched) -> Result<Self, Error> {
        let gateway = rig.up().await?;
        let load = trial.paced(rig, &gateway, Pace::Rate(trial.options.rate), MIX, 0);
        Ok(Self {
            rig,
            gateway,
            load,
            watched: watched.clone(),
        })
    }

    async fn end(self, trial: &mut Trial<'_>) -> Result<(), Error> {
        trial.finish(self.load).await;
        self.gateway.stop().await
    }

    fn logs(&self) -> Logs {
        Logs::at(self.gateway.address)
    }

    /// Waits until a question is answered; `false` where that is not within `limit`, or where there is no engine.
    async fn is_answered(&self, trial: &mut Trial<'_>, limit: Duration) -> bool {
        let mut logs = self.logs();
        let until = Instant::now() + limit;
        let window = Window {
            from_s: self.watched.since_s,
            to_s: now_s(),
        };
        loop {
            match logs.rows(QUESTIONS[0], RECORDS, window).await {
                Ok(_) => return true,
                Err(Why::NoEngine) => {
                    let why = "this binary was built without its query engine";
                    trial.left_out.push(why.to_owned());
                    return false;
                }
                Err(why) if Instant::now() > until => {
                    let seconds = limit.as_secs();
                    let why = format!("no question is answered within {seconds} s: {why}");
                    trial.violations.push(why);
                    return false;
                }
                Err(_) => sleep(POLL).await,
            }
        }
    }

    /// Asks beside the load while nothing is broken, and measures the load.
    async fn watch_calmly(&self, trial: &mut Trial<'_>) {
        let began = Instant::now();
        let time = Duration::from_secs(trial.options.seconds.into());
        self.watch(trial, time, false).await;
        let ended = Instant::now();
        let ms = ended.duration_since(began).as_millis().max(1);
        let answers = trial.ledger.answered_by(ended) - trial.ledger.answered_by(began);
        let a_second = u128::from(answers) * 1_000 / ms;
        let findings = self.watched.findings.lock();
        trial.measured.push(format!(
            "{a_second} calls a second for {} s beside {} questions; records were looked for by those that began 1.00 \
             to {:.2} s after the answer",
            ms / 1_000,
            findings.asked,
            findings.latest.as_secs_f64(),
        ));
    }

    /// Asks beside the load for a while.
    async fn watch(&self, trial: &mut Trial<'_>, time: Duration, away: bool) {
        let watch = Watch::start(&self.watched, self.gateway.address, away);
        sleep(time).await;
        if let Err(late) = watch.finish().await {
            trial.violations.push(format!("questions hang: {late}"));
        }
    }

    /// Breaks it, and asks after that what was asked before.
    async fn broken(mut self, trial: &mut Trial<'_>, way: Way) -> Result<Self, Error> {
        self.watch(trial, Duration::from_secs(1), false).await;
        let window = self.settled().await;
        let before = self.answers(trial, window).await;
        let away = way
            .away
            .then(|| Away::begin(self.rig.table()))
            .transpose()?;
        if way.away {
            self.watch(trial, Duration::from_secs(1), true).await;
        }
        if way.kill {
            let (rig, watched) = (self.rig, self.watched.clone());
            self.gateway.running.kill()?;
            trial.finish(self.load).await;
            self = Self::begin(trial, rig, &watched).await?;
        }
        if let Some(away) = away {
            if way.kill {
                self.watch(trial, Duration::from_secs(1), true).await;
            }
            away.end()?;
            self.is_answered(trial, RECOVERY).await;
        }
        let after = self.answers(trial, window).await;
        for ((text, before), after) in QUESTIONS.iter().zip(before).zip(after) {
            if before != after {
                let why = format!("{way:?} changed what `{text}` finds: {before:?} and {after:?}");
                trial.violations.push(why);
            }
        }
        Ok(self)
    }

    /// The time up to a second of whose calls all have ended, that long ago that their records are to be found.
    async fn settled(&self) -> Window {
        let window = Window {
            from_s: self.watched.since_s,
            to_s: now_s(),
        };
        let is_over = |ms: u64| ms / 1_000 > window.to_s;
        while !is_over(now_s() * 1_000)
            || !self
                .watched
                .ledger
                .oldest_in_flight_ms()
                .is_none_or(is_over)
        {
            sleep(POLL).await;
        }
        sleep(FRESH_WITHIN).await;
        window
    }

    /// What every question finds.
    async fn answers(&self, trial: &mut Trial<'_>, window: Window) -> Vec<Vec<Row>> {
        let mut logs = self.logs();
        let mut all = Vec::new();
        for text in QUESTIONS {
            match logs.rows(text, RECORDS, window).await {
                Ok(rows) => all.push(rows),
                Err(why) => {
                    let why = format!("`{text}` is not answered: {why}");
                    trial.violations.push(why);
                    all.push(Vec::new());
                }
            }
        }
        self.watched.findings.lock().asked += QUESTIONS.len() as u64;
        all
    }

    /// Ends the load, and then well; what questions find in the end of all that there is.
    async fn found(self, trial: &mut Trial<'_>) -> Result<Found, Error> {
        trial.finish(self.load).await;
        sleep(FRESH_WITHIN).await;
        let mut logs = Logs::at(self.gateway.address);
        let mut refused = Vec::new();
        if let Err(why) = self.watched.look(&mut logs).await {
            refused.push(format!("the last records are not looked for: {why}"));
        }
        trial.catch_up(&self.gateway).await?;
        let window = Window {
            from_s: self.watched.since_s,
            to_s: now_s(),
        };
        let mut columns = Vec::new();
        for (text, group) in [(RECORD_IDS, RECORDS), (FIRST_WORDS, put::GROUP)] {
            let column = logs.column(text, group, window).await;
            columns.push(column.unwrap_or_else(|why| {
                refused.push(format!("`{text}` is not answered: {why}"));
                Vec::new()
            }));
        }
        trial.violations.extend(refused);
        self.gateway.stop().await?;
        let events = columns.pop().unwrap_or_default();
        let record_ids = columns.pop().unwrap_or_default();
        Ok(Found { record_ids, events })
    }
}

/// What questions find in the end.
struct Found {
    record_ids: Vec<String>,
    /// How each log event begins that was put.
    events: Vec<String>,
}

impl Found {
    /// What the table's files hold and questions do not find, or the other way round.
    fn differs_from(&self, rig: &Rig) -> Vec<String> {
        let Ok(held) = table::read(&rig.table()) else {
            // That it cannot be read is a violation of its own.
            return Vec::new();
        };
        let first = |message: &String| message.split(' ').next().unwrap_or_default().to_owned();
        let events: Vec<String> = held.puts.iter().map(first).collect();
        let records = differences(&self.record_ids, &held.record_ids);
        let differ = records
            .into_iter()
            .chain(differences(&self.events, &events));
        differ
            .map(|what| format!("{what} is not as often in the table as questions find it"))
            .collect()
    }
}
