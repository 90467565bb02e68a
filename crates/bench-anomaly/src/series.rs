//! Labelled series: four weeks, a point each five minutes. In the last two weeks it is known what is no longer usual.
//!
//! A family is what is usual (a course and its noise) and which kinds of events happen to it. All of it
//! follows from the number of the series.

use crate::random::Random;

pub(crate) const PERIOD_MS: u64 = 300_000;
pub(crate) const HOUR: usize = 12;
pub(crate) const DAY: usize = 24 * HOUR;
pub(crate) const WEEKS: usize = 4;
/// Where events and their counting begin.
pub(crate) const JUDGED: usize = 14 * DAY;
/// Monday, 2 November 2026, 00:00 UTC.
pub(crate) const START_MS: u64 = 1_793_577_600_000;

/// Something that an alarm should tell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Event {
    /// The first point.
    pub(crate) start: usize,
    /// Behind the last one.
    pub(crate) end: usize,
    /// An alarm that begins before is about it.
    pub(crate) until: usize,
}

/// A series with its events.
#[derive(Debug, Clone)]
pub(crate) struct Series {
    pub(crate) points: Vec<Option<f64>>,
    pub(crate) events: Vec<Event>,
    /// The first point there is.
    pub(crate) begins: usize,
}

/// What is usual at a point (a number of five minutes since Monday), and how chance changes it.
type Course = fn(usize) -> f64;
type Noise = fn(f64, &mut Random) -> f64;

/// What may happen.
#[derive(Debug, Clone, Copy)]
enum Happening {
    /// Half an hour to an hour and a half of a multiple.
    Spike,
    /// Half an hour to three hours of nearly nothing.
    Dip,
    /// Twelve hours of growing, then back.
    Ramp,
    /// From now on another level. News for a day and a half.
    Shift,
}

/// A family of series.
pub(crate) struct Family {
    pub(crate) name: &'static str,
    course: Course,
    noise: Noise,
    happenings: &'static [Happening],
    /// How much a spike is of what is usual.
    height: f64,
    /// How the rest of the series differs.
    quirk: Quirk,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Quirk {
    None,
    /// An outage and spikes in the two weeks before, which nobody labelled.
    Tainted,
    /// Points are missing: a few at random, and hours now and then.
    Gaps,
    /// Nothing is called at night, so nothing is counted.
    NoNights,
    /// It is three days old.
    Young,
    /// The level wanders by itself.
    Wandering,
}

/// All families.
pub(crate) const FAMILIES: [Family; 15] = {
    use Happening::{Dip, Ramp, Shift, Spike};
    const fn family(
        name: &'static str,
        course: Course,
        noise: Noise,
        height: f64,
        happenings: &'static [Happening],
        quirk: Quirk,
    ) -> Family {
        Family {
            name,
            course,
            noise,
            happenings,
            height,
            quirk,
        }
    }
    [
        family("quiet", quiet, counted, 5.0, &[Spike, Spike], Quirk::None),
        family(
            "day and night",
            office,
            bursty,
            2.5,
            &[Spike, Dip],
            Quirk::None,
        ),
        family("weekend", weekend, bursty, 2.5, &[Spike, Dip], Quirk::None),
        family("trend", growing, bursty, 2.5, &[Spike, Dip], Quirk::None),
        family(
            "level shift",
            office,
            bursty,
            2.5,
            &[Shift, Spike],
            Quirk::None,
        ),
        family("gaps", office, bursty, 2.5, &[Spike, Dip], Quirk::Gaps),
        family("no nights", office, bursty, 2.5, &[Spike], Quirk::NoNights),
        family("latency", latency, skewed, 2.5, &[Spike, Ramp], Quirk::None),
        family(
            "slow ramp",
            latency,
            skewed,
            2.0,
            &[Ramp, Ramp],
            Quirk::None,
        ),
        family("tokens", tokens, heavy, 6.0, &[Spike, Spike], Quirk::None),
        family("nightly job", job, bursty, 2.5, &[Spike, Dip], Quirk::None),
        family("errors", rare, counted, 40.0, &[Spike, Spike], Quirk::None),
        family(
            "tainted history",
            office,
            bursty,
            2.5,
            &[Spike, Dip],
            Quirk::Tainted,
        ),
        family(
            "wandering level",
            office,
            bursty,
            2.5,
            &[Spike, Dip],
            Quirk::Wandering,
        ),
        family(
            "three days old",
            office,
            bursty,
            2.5,
            &[Spike, Dip],
            Quirk::Young,
        ),
    ]
};

impl Family {
    /// The family's series of this number.
    pub(crate) fn series(&self, number: u64) -> Series {
        let name = self.name.bytes().fold(7_u64, |seed, byte| {
            seed.wrapping_mul(31).wrapping_add(u64::from(byte))
        });
        let mut random = Random::new(name.wrapping_add(number));
        let length = WEEKS * 7 * DAY;
        let scale = random.between(0.6, 1.8);
        let mut factors = vec![scale; length];
        if self.quirk == Quirk::Wandering {
            wander(&mut factors, &mut random);
        }
        if self.quirk == Quirk::Tainted {
            taint(&mut factors, &mut random);
        }
        let events = self.happen(&mut factors, &mut random);
        let mut points: Vec<Option<f64>> = factors
            .iter()
            .enumerate()
            .map(|(at, factor)| Some((self.noise)((self.course)(at) * factor, &mut random)))
            .collect();
        self.lose(&mut points, &mut random);
        let begins = if self.quirk == Quirk::Young {
            JUDGED - 3 * DAY
        } else {
            0
        };
        points[..begins].fill(None);
        Series {
            points,
            events,
            begins,
        }
    }

    /// Two or three events of each kind, at least 14 hours apart.
    fn happen(&self, factors: &mut [f64], random: &mut Random) -> Vec<Event> {
        let mut events: Vec<Event> = Vec::new();
        let apart = 14 * HOUR;
        for kind in self.happenings {
            let times = if matches!(kind, Happening::Shift) {
                1
            } else {
                3
            };
            for _ in 0..times {
                for _ in 0..50 {
                    let start = JUDGED + 2 * HOUR + random.below(13 * DAY);
                    let event = kind.event(start, random);
                    let is_free = events.iter().all(|other| {
                        event.until + apart < other.start || other.until + apart < event.start
                    });
                    let is_seen = matches!(kind, Happening::Shift) || self.is_awake(&event);
                    if is_free && is_seen && event.end <= factors.len() {
                        kind.apply(&event, self.height, factors);
                        events.push(event);
                        break;
                    }
                }
            }
        }
        events.sort_by_key(|event| event.start);
        events
    }

    /// Whether something is usual there: nothing less than nothing can be seen.
    fn is_awake(&self, event: &Event) -> bool {
        self.quirk != Quirk::NoNights || {
            let hours = |at: usize| at % DAY / HOUR;
            (8..19).contains(&hours(event.start)) && (8..19).contains(&hours(event.end))
        }
    }

    fn lose(&self, points: &mut [Option<f64>], random: &mut Random) {
        if self.quirk == Quirk::NoNights {
            for (at, point) in points.iter_mut().enumerate() {
                if !(7..20).contains(&(at % DAY / HOUR)) {
                    *point = None;
                }
            }
        }
        if self.quirk == Quirk::Gaps {
            for point in points.iter_mut() {
                if random.share() < 0.1 {
                    *point = None;
                }
            }
            for _ in 0..8 {
                let from = random.below(JUDGED);
                let gap = random.below(6 * HOUR);
                points[from..from + gap].fill(None);
            }
        }
    }
}

impl Happening {
    fn event(self, start: usize, random: &mut Random) -> Event {
        let (length, after) = match self {
            Self::Spike => (6 + random.below(HOUR), 6),
            Self::Dip => (6 + random.below(3 * HOUR), 6),
            Self::Ramp => (12 * HOUR, 6),
            Self::Shift => (18 * HOUR, 18 * HOUR),
        };
        Event {
            start,
            end: start + length,
            until: start + length + after,
        }
    }

    fn apply(self, event: &Event, height: f64, factors: &mut [f64]) {
        let end = if matches!(self, Self::Shift) {
            factors.len()
        } else {
            event.end
        };
        let length = float(event.end - event.start);
        for (at, factor) in factors[event.start..end].iter_mut().enumerate() {
            *factor *= match self {
                Self::Spike => height,
                Self::Dip => 0.05,
                Self::Ramp => 1.0 + height * float(at) / length,
                Self::Shift => 1.9,
            };
        }
    }
}

/// The level goes up and down by some 8 % a day.
fn wander(factors: &mut [f64], random: &mut Random) {
    let mut level = 0.0_f64;
    for factor in factors {
        level = level * 0.9995 + 0.005 * random.normal();
        *factor *= level.exp();
    }
}

fn taint(factors: &mut [f64], random: &mut Random) {
    let outage = 7 * DAY + random.below(5 * DAY);
    for factor in &mut factors[outage..outage + 9 * HOUR] {
        *factor *= 0.02;
    }
    for _ in 0..5 {
        let spike = DAY + random.below(12 * DAY);
        for factor in &mut factors[spike..spike + HOUR] {
            *factor *= 12.0;
        }
    }
}

fn float(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

/// The hour of the day, with its fraction.
fn hour(at: usize) -> f64 {
    float(at % DAY) / float(HOUR)
}

fn quiet(_: usize) -> f64 {
    2.5
}

/// A hill from eight to six, on a low plain.
fn office(at: usize) -> f64 {
    let slope = |hours: f64| 1.0 / (1.0 + (-1.6 * hours).exp());
    let hill = slope(hour(at) - 8.0) * slope(18.5 - hour(at));
    30.0 + 370.0 * hill
}

/// The same, with a weekend.
fn weekend(at: usize) -> f64 {
    if at % (7 * DAY) >= 5 * DAY {
        30.0 + (office(at) - 30.0) / 8.0
    } else {
        office(at)
    }
}

fn growing(at: usize) -> f64 {
    office(at) * (0.04 * float(at) / float(DAY)).exp()
}

fn latency(at: usize) -> f64 {
    700.0 + office(at)
}

fn tokens(at: usize) -> f64 {
    900.0 * office(at)
}

/// A quarter of an hour of much, each night at half past two.
fn job(at: usize) -> f64 {
    let is_running = (30..33).contains(&(at % DAY));
    office(at) + if is_running { 900.0 } else { 0.0 }
}

fn rare(_: usize) -> f64 {
    0.12
}

fn counted(mean: f64, random: &mut Random) -> f64 {
    random.poisson(mean)
}

/// Counts of callers who call more than once.
fn bursty(mean: f64, random: &mut Random) -> f64 {
    let mood = (0.08 * random.normal()).exp();
    random.poisson(mean * mood)
}

fn skewed(mean: f64, random: &mut Random) -> f64 {
    mean * (0.15 * random.normal()).exp()
}

fn heavy(mean: f64, random: &mut Random) -> f64 {
    (mean * (0.45 * random.normal()).exp()).round()
}
