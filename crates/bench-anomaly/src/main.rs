//! What anomaly detection is worth: precision and recall on labelled series, beside a threshold of three standard
//! deviations and a band around last week. `cargo xtask bench anomaly`; see docs/bench.md.

#![expect(clippy::print_stdout, reason = "its output is what it is for")]

mod detector;
mod random;
mod score;
mod series;

use std::time::Instant;

use detector::Detector;
use score::Score;
use series::FAMILIES;

const WIDTHS: [f64; 7] = [2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0];

/// What all detectors made of all families, at all widths.
struct Results {
    /// By detector, family and width.
    scores: Vec<Vec<Vec<Score>>>,
}

impl Results {
    fn of(series: u64) -> Self {
        let scores = Detector::ALL.iter().map(|detector| {
            let families = FAMILIES.iter().map(|family| {
                let mut scores = vec![Score::default(); WIDTHS.len()];
                for number in 0..series {
                    let series = family.series(number);
                    let outside = detector.outside(&series, &WIDTHS);
                    for (score, outside) in scores.iter_mut().zip(&outside) {
                        score.add(Score::of(&series, outside));
                    }
                }
                scores
            });
            families.collect()
        });
        Self {
            scores: scores.collect(),
        }
    }

    fn family(&self, detector: usize, family: usize, width: usize) -> Score {
        self.scores[detector][family][width]
    }

    fn whole(&self, detector: usize, width: usize) -> Score {
        let mut whole = Score::default();
        for family in 0..FAMILIES.len() {
            whole.add(self.family(detector, family, width));
        }
        whole
    }

    /// The width at which a detector does best over the whole set.
    fn best(&self, detector: usize) -> usize {
        (0..WIDTHS.len())
            .max_by(|one, other| {
                let f1 = |width: usize| self.whole(detector, width).f1();
                f1(*one).total_cmp(&f1(*other))
            })
            .unwrap_or(0)
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [show, family, width] = &args[..]
        && show == "--show"
    {
        return alarms_of(family, width.parse().unwrap_or(3.0));
    }
    let series = args.first().and_then(|text| text.parse().ok());
    let series: u64 = series.unwrap_or(8);
    let results = Results::of(series);
    println!("{series} series of each family; two weeks to learn from, two weeks judged\n");
    for (number, detector) in Detector::ALL.iter().enumerate() {
        println!(
            "{:<18} precision  recall      F1   found missed  false",
            detector.name()
        );
        for (width, sigmas) in WIDTHS.iter().enumerate() {
            line(&format!("  {sigmas} sigmas"), results.whole(number, width));
        }
        println!();
    }
    let begun = Instant::now();
    Detector::Model.outside(&FAMILIES[1].series(0), &[]);
    println!(
        "learning four weeks of one series takes {} ms\n",
        begun.elapsed().as_millis()
    );
    println!("by family, each at the width that is best for it over all");
    for (family, known) in FAMILIES.iter().enumerate() {
        println!("{}", known.name);
        for (number, detector) in Detector::ALL.iter().enumerate() {
            let score = results.family(number, family, results.best(number));
            line(&format!("  {}", detector.name()), score);
        }
    }
}

/// What the model does to some series of one family: events, and where alarms begin, in hours of the judged weeks.
fn alarms_of(name: &str, width: f64) {
    for family in FAMILIES.iter().filter(|family| family.name == name) {
        for number in 0..8 {
            let series = family.series(number);
            let hours = |at: usize| at.saturating_sub(series::JUDGED) / series::HOUR;
            let events: Vec<String> = series
                .events
                .iter()
                .map(|event| format!("{}-{}", hours(event.start), hours(event.until)))
                .collect();
            let outside = Detector::Model.outside(&series, &[width]);
            let alarms: Vec<usize> = score::alarms(&outside[0])
                .iter()
                .map(|at| at / series::HOUR)
                .collect();
            println!("{number}: events {}, alarms {alarms:?}", events.join(" "));
        }
    }
}

fn line(name: &str, score: Score) {
    println!(
        "{name:<18} {:>8.1} % {:>5.1} % {:>7.3} {:>7} {:>6} {:>6}",
        100.0 * score.precision(),
        100.0 * score.recall(),
        score.f1(),
        score.found,
        score.missed,
        score.false_alarms
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever chooses the width for the others chooses it knowing the outcome; the model has to be better still, and
    /// with the width that it is meant for.
    #[test]
    fn the_model_beats_what_people_do_without_one() {
        let results = Results::of(2);
        let three = WIDTHS.iter().position(|width| (width - 3.0).abs() < 0.1);
        let three = three.unwrap();
        for other in 1..Detector::ALL.len() {
            let name = Detector::ALL[other].name();
            let best = results.whole(other, results.best(other)).f1();
            let model = results.whole(0, three).f1();
            assert!(model > best + 0.2, "{name}: {best}, the model: {model}");
        }
        for (number, family) in FAMILIES.iter().enumerate() {
            let f1 = |detector| {
                let width = results.best(detector);
                results.family(detector, number, width).f1()
            };
            let others = f1(1).max(f1(2));
            assert!(
                f1(0) > others - 0.15,
                "{}: {others}, the model: {}",
                family.name,
                f1(0)
            );
        }
    }

    #[test]
    fn series_are_the_same_every_time() {
        for family in &FAMILIES {
            let (one, other) = (family.series(3), family.series(3));
            assert_eq!(one.points, other.points);
            assert_ne!(one.points, family.series(4).points);
            assert!(one.events.len() >= 3, "{}", family.name);
        }
    }
}
