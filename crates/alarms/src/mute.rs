//! Mute rules: times in which alarms are evaluated, and execute nothing.
//!
//! When a window ends, an alarm that is in another state than before it executes the actions of its state.
//!
//! Source: `PutAlarmMuteRule`, and `ActionExecutedAfterMuteWindow` of notifications.

use std::collections::BTreeSet;

use chrono::{Datelike as _, Days, NaiveDate, NaiveDateTime, NaiveTime};
use corelog_types::Timestamp;

use crate::error::Error;
use crate::zone::Zone;

const MINUTE_MS: u64 = 60_000;
const DURATION_MAX_MS: u64 = 15 * 24 * 60 * MINUTE_MS;
const TARGETS_MAX: usize = 100;

/// `PutAlarmMuteRule`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the members of the service's request, by their names"
)]
pub struct MuteRuleRequest {
    pub name: String,
    pub description: Option<String>,
    pub expression: String,
    pub duration: String,
    pub timezone: Option<String>,
    pub alarm_names: Vec<String>,
    pub start_date: Option<Timestamp>,
    pub expire_date: Option<Timestamp>,
}

/// A mute rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MuteRule {
    /// Its name.
    pub name: String,
    /// The request that made it.
    pub request: MuteRuleRequest,
    schedule: Schedule,
    duration_ms: u64,
    zone: Zone,
    targets: BTreeSet<String>,
}

/// Where a mute rule stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MuteStatus {
    /// It mutes later.
    Scheduled,
    /// It mutes.
    Active,
    /// It mutes no more.
    Expired,
}

impl MuteStatus {
    /// `SCHEDULED`, `ACTIVE` or `EXPIRED`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "SCHEDULED",
            Self::Active => "ACTIVE",
            Self::Expired => "EXPIRED",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Schedule {
    Once(NaiveDateTime),
    Cron(Box<Cron>),
}

/// The minutes, hours, days and months that an expression names, a bit each.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cron {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    names_days: bool,
    names_weekdays: bool,
}

impl MuteRuleRequest {
    /// The rule that it asks for.
    ///
    /// # Errors
    /// The expression, the duration or the time zone is none, or there are too many alarms. The words are not
    /// documented.
    pub fn check(&self) -> Result<MuteRule, Error> {
        let refused = |member: &str, value: &str| {
            Error::validation(format!("The value {value} is not supported for {member}."))
        };
        let duration_ms = duration_ms(&self.duration)
            .filter(|ms| (MINUTE_MS..=DURATION_MAX_MS).contains(ms))
            .ok_or_else(|| refused("Duration", &self.duration))?;
        let zone = match &self.timezone {
            None => Zone::UTC,
            Some(name) => Zone::parse(name).ok_or_else(|| refused("Timezone", name))?,
        };
        if self.alarm_names.len() > TARGETS_MAX {
            return Err(Error::validation(format!(
                "A mute rule may have at most {TARGETS_MAX} alarms."
            )));
        }
        // A moment that the zone's clock skips never comes: such a rule would never mute.
        let comes = |schedule: &Schedule| match schedule {
            Schedule::Once(at) => zone.moment(*at).is_some(),
            Schedule::Cron(_) => true,
        };
        Ok(MuteRule {
            name: self.name.clone(),
            schedule: Schedule::parse(&self.expression)
                .filter(comes)
                .ok_or_else(|| refused("Expression", &self.expression))?,
            duration_ms,
            zone,
            targets: self.alarm_names.iter().cloned().collect(),
            request: self.clone(),
        })
    }
}

impl MuteRule {
    /// Whether it mutes this alarm now.
    pub fn mutes(&self, alarm: &str, now: Timestamp) -> bool {
        self.targets.contains(alarm) && self.status(now) == MuteStatus::Active
    }

    /// Where it stands.
    pub fn status(&self, now: Timestamp) -> MuteStatus {
        if self.request.expire_date.is_some_and(|end| end <= now) {
            return MuteStatus::Expired;
        }
        let is_begun = self.request.start_date.is_none_or(|start| start <= now);
        if is_begun && self.is_in_a_window(now) {
            return MuteStatus::Active;
        }
        match &self.schedule {
            Schedule::Once(at) if self.zone.moment(*at).is_some_and(|at| at <= now) => {
                MuteStatus::Expired
            }
            _ => MuteStatus::Scheduled,
        }
    }

    fn is_in_a_window(&self, now: Timestamp) -> bool {
        let is_open = |begun: Timestamp| {
            begun <= now && now.unix_ms() < begun.unix_ms().saturating_add(self.duration_ms)
        };
        match &self.schedule {
            Schedule::Once(at) => self.zone.moment(*at).is_some_and(is_open),
            Schedule::Cron(cron) => cron
                .last(self.zone, now, self.duration_ms)
                .is_some_and(is_open),
        }
    }
}

impl Schedule {
    /// `cron(m h dom mon dow)` or `at(yyyy-MM-ddThh:mm)`.
    fn parse(text: &str) -> Option<Self> {
        let (name, inside) = text.strip_suffix(')')?.split_once('(')?;
        match name {
            "cron" => Cron::parse(inside).map(|cron| Self::Cron(Box::new(cron))),
            "at" => {
                let time = NaiveDateTime::parse_from_str(inside, "%Y-%m-%dT%H:%M");
                let time =
                    time.or_else(|_| NaiveDateTime::parse_from_str(inside, "%Y-%m-%dT%H:%M:%S"));
                time.ok().map(Self::Once)
            }
            _ => None,
        }
    }
}

const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

impl Cron {
    fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields.try_into().ok()?;
        let is_any = |field: &str| matches!(field, "*" | "?");
        let mut cron = Self {
            minutes: bits(minutes, 0, 59, &[])?,
            hours: bits(hours, 0, 23, &[])?,
            days: bits(days, 1, 31, &[])?,
            months: bits(months, 1, 12, &MONTHS)?,
            weekdays: bits(weekdays, 0, 7, &WEEKDAYS)?,
            names_days: !is_any(days),
            names_weekdays: !is_any(weekdays),
        };
        // Seven is Sunday, as zero is.
        cron.weekdays |= (cron.weekdays >> 7) & 1;
        Some(cron)
    }

    /// Whether it names this day. Days of the month and of the week, where both are named, are alternatives.
    ///
    /// Source: POSIX, `crontab`.
    fn names(&self, day: NaiveDate) -> bool {
        let has = |bits: u64, bit: u32| (bits >> bit) & 1 == 1;
        if !has(self.months, day.month()) {
            return false;
        }
        let of_month = has(self.days, day.day());
        let of_week = has(self.weekdays, day.weekday().num_days_from_sunday());
        if self.names_days && self.names_weekdays {
            of_month || of_week
        } else {
            of_month && of_week
        }
    }

    /// The last time that it names up to `now`, looking back no further than a window is long.
    fn last(&self, zone: Zone, now: Timestamp, back_ms: u64) -> Option<Timestamp> {
        let today = zone.civil(now)?.date();
        // A day more at either end, for the hours by which zones and clocks differ.
        let days_back = back_ms / (24 * 60 * MINUTE_MS) + 2;
        for back in 0..=days_back {
            let day = today.checked_sub_days(Days::new(back))?;
            if !self.names(day) {
                continue;
            }
            if let Some(found) = self.last_of_day(day, zone, now) {
                return Some(found);
            }
        }
        None
    }

    fn last_of_day(&self, day: NaiveDate, zone: Zone, now: Timestamp) -> Option<Timestamp> {
        let set =
            |bits: u64, below: u32| (0..below).rev().filter(move |bit| (bits >> bit) & 1 == 1);
        set(self.hours, 24)
            .flat_map(|hour| set(self.minutes, 60).map(move |minute| (hour, minute)))
            .filter_map(|(hour, minute)| {
                let time = NaiveTime::from_hms_opt(hour, minute, 0)?;
                zone.moment(day.and_time(time))
            })
            .find(|at| *at <= now)
    }
}

/// `*`, `5`, `MON-FRI`, `*/15`, `1,15`; a bit for each value named.
fn bits(field: &str, low: u32, high: u32, names: &[&str]) -> Option<u64> {
    let value = |text: &str| -> Option<u32> {
        let word = names
            .iter()
            .position(|name| text.eq_ignore_ascii_case(name));
        let value = match word {
            Some(index) => u32::try_from(index).ok()? + low,
            None => text.parse().ok()?,
        };
        (low..=high).contains(&value).then_some(value)
    };
    let mut bits = 0;
    for part in field.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse::<usize>().ok().filter(|step| *step > 0)?),
            None => (part, 1),
        };
        let (from, to) = match range.split_once('-') {
            Some((from, to)) => (value(from)?, value(to)?),
            None if matches!(range, "*" | "?") => (low, high),
            None if step > 1 => (value(range)?, high),
            None => (value(range)?, value(range)?),
        };
        for bit in (from..=to).step_by(step) {
            bits |= 1_u64 << bit;
        }
        if from > to {
            return None;
        }
    }
    Some(bits)
}

/// The milliseconds of `PT1M`, `P2DT3H`, `P1W`.
fn duration_ms(text: &str) -> Option<u64> {
    let mut rest = text.strip_prefix('P')?;
    let mut is_time = false;
    let mut total: u64 = 0;
    let mut parts = 0;
    while !rest.is_empty() {
        if let Some(time) = rest.strip_prefix('T') {
            if is_time || time.is_empty() {
                return None;
            }
            (is_time, rest) = (true, time);
            continue;
        }
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: u64 = rest[..end].parse().ok()?;
        let unit_ms = match (rest[end..].chars().next()?, is_time) {
            ('W', false) => 7 * 24 * 60 * MINUTE_MS,
            ('D', false) => 24 * 60 * MINUTE_MS,
            ('H', true) => 60 * MINUTE_MS,
            ('M', true) => MINUTE_MS,
            ('S', true) => 1_000,
            _ => return None,
        };
        total = total.checked_add(count.checked_mul(unit_ms)?)?;
        rest = &rest[end + 1..];
        parts += 1;
    }
    (parts > 0).then_some(total)
}
