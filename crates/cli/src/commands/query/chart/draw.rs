//! Drawing: one series as bars some lines high, several as a line each.

use super::{Chart, Series};
use crate::printer::cell::{count, cut};
use crate::printer::{Printer, Style};

/// Eighths of a character, from the bottom.
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const EIGHTHS: usize = LEVELS.len();
/// Lines of the bars of a single series.
const HEIGHT: usize = 6;
/// Characters of one bin at the most.
const BAR_MAX: usize = 4;
/// Fewer columns than these show nothing.
const PLOT_MIN: usize = 10;
const PLOT_MAX: usize = 120;
const LABEL_MAX: usize = 32;
/// Lines of a chart; the largest series have them.
const SERIES_MAX: usize = 8;

/// Where the bins go.
#[derive(Debug, Clone, Copy)]
struct Plot {
    bins: usize,
    columns: usize,
    /// Characters of a column: more than one where there are few bins.
    wide: usize,
}

impl Plot {
    fn new(bins: u64, room: usize) -> Option<Self> {
        let room = room.min(PLOT_MAX);
        if room < PLOT_MIN {
            return None;
        }
        let bins = usize::try_from(bins).unwrap_or(usize::MAX);
        let columns = bins.min(room);
        let wide = (room / columns).clamp(1, BAR_MAX);
        Some(Self {
            bins,
            columns,
            wide,
        })
    }

    fn width(self) -> usize {
        self.columns * self.wide
    }

    /// The largest value of each column; none where all its bins are gaps.
    fn heights(self, series: &Series) -> Vec<Option<f64>> {
        let mut heights: Vec<Option<f64>> = vec![None; self.columns];
        for (bin, value) in &series.values {
            // Both fit 64 bits, their product may not.
            let at = u128::from(*bin) * self.columns as u128 / self.bins as u128;
            let at = usize::try_from(at).unwrap_or(usize::MAX);
            if let Some(height) = heights.get_mut(at) {
                *height = Some(height.map_or(*value, |height| height.max(*value)));
            }
        }
        heights
    }

    /// A line of characters, one for each column.
    fn line(self, characters: impl Iterator<Item = char>) -> String {
        let wide = |c: char| std::iter::repeat_n(c, self.wide);
        characters.flat_map(wide).collect()
    }

    /// What stands under the bars: the first and the last time, and how many bins a column is.
    fn axis(self, chart: &Chart, indent: usize) -> Vec<String> {
        let (from, to) = short(&chart.from, &chart.to);
        let gap = self.width().saturating_sub(from.len() + to.len());
        let times = if gap == 0 {
            format!("{from} … {to}")
        } else {
            format!("{from}{}{to}", " ".repeat(gap))
        };
        let indent = " ".repeat(indent);
        let mut lines = vec![format!("{indent}{times}")];
        if self.bins > self.columns {
            let most = self.bins.div_ceil(self.columns);
            let most = count(u64::try_from(most).unwrap_or(u64::MAX));
            lines.push(format!(
                "{indent}the highest of up to {most} bins in a column"
            ));
        }
        lines
    }
}

/// What the bottom and the top of a chart stand for.
#[derive(Debug, Clone, Copy)]
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    fn of<'s>(series: impl Iterator<Item = &'s Series>) -> Self {
        let mut scale = Self {
            low: 0.0,
            high: 0.0,
        };
        for value in series.flat_map(|series| series.values.values()) {
            scale.low = scale.low.min(*value);
            scale.high = scale.high.max(*value);
        }
        scale
    }

    /// From 1 to `most`: what is there is seen, however small.
    fn level(self, value: f64, most: usize) -> usize {
        let span = self.high - self.low;
        if span <= 0.0 {
            return 1;
        }
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a few dozen levels, and a cast of floats saturates"
        )]
        let level = ((value - self.low) / span * most as f64).round() as usize;
        level.clamp(1, most)
    }
}

/// The chart's lines; none where there is no room.
pub(super) fn lines(chart: &Chart, printer: &Printer) -> Option<Vec<String>> {
    match chart.series.as_slice() {
        [one] => bars(chart, one, printer),
        many => sparks(chart, many, printer),
    }
}

fn bars(chart: &Chart, series: &Series, printer: &Printer) -> Option<Vec<String>> {
    let scale = Scale::of(std::iter::once(series));
    let (high, low) = (number(scale.high), number(scale.low));
    let margin = high.chars().count().max(low.chars().count());
    let plot = Plot::new(chart.bins, printer.width.saturating_sub(margin + 1))?;
    let heights = plot.heights(series);
    let mut lines = vec![printer.styled(Style::Label, &cut(&series.name, printer.width))];
    for line in (0..HEIGHT).rev() {
        let character = |height: &Option<f64>| match height {
            None => ' ',
            Some(value) => {
                let level = scale.level(*value, HEIGHT * EIGHTHS);
                match level.saturating_sub(line * EIGHTHS) {
                    0 => ' ',
                    part => LEVELS[part.min(EIGHTHS) - 1],
                }
            }
        };
        let label = match line {
            0 => &low,
            line if line == HEIGHT - 1 => &high,
            _ => "",
        };
        let drawn = plot.line(heights.iter().map(character));
        lines.push(format!("{label:>margin$} {drawn}").trim_end().to_owned());
    }
    lines.extend(plot.axis(chart, margin + 1));
    Some(lines)
}

fn sparks(chart: &Chart, series: &[Series], printer: &Printer) -> Option<Vec<String>> {
    let largest = largest(series);
    let longest = largest.iter().map(|series| series.name.chars().count());
    let label = longest.max()?.min(LABEL_MAX).min(printer.width / 3);
    let highest = |series: &&Series| number(Scale::of(std::iter::once(*series)).high);
    let ends: Vec<String> = largest.iter().map(highest).collect();
    let end = ends.iter().map(|end| end.chars().count()).max()?;
    let plot = Plot::new(chart.bins, printer.width.saturating_sub(label + end + 2))?;
    let mut lines = Vec::new();
    for (series_of, end) in largest.iter().zip(&ends) {
        let same = series.iter().filter(|one| one.column == series_of.column);
        let scale = Scale::of(same);
        let character = |height: Option<f64>| match height {
            None => ' ',
            Some(value) => LEVELS[scale.level(value, EIGHTHS) - 1],
        };
        let drawn = plot.line(plot.heights(series_of).into_iter().map(character));
        let name = cut(&series_of.name, label);
        lines.push(format!("{name:<label$} {drawn} {end}"));
    }
    lines.extend(plot.axis(chart, label + 1));
    let left = series.len() - largest.len();
    if left > 0 {
        let indent = " ".repeat(label + 1);
        lines.push(format!("{indent}and {left} more, which are smaller"));
    }
    Some(lines)
}

/// The largest series of each column: every column has its share of the lines.
fn largest(series: &[Series]) -> Vec<&Series> {
    let mut all: Vec<&Series> = series.iter().collect();
    let total = |series: &Series| series.values.values().map(|value| value.abs()).sum::<f64>();
    all.sort_by(|a, b| (a.column.cmp(&b.column)).then(total(b).total_cmp(&total(a))));
    let columns = || all.chunk_by(|a, b| a.column == b.column);
    let share = (SERIES_MAX / columns().count().max(1)).max(1);
    let shares = columns().flat_map(|of_column| of_column.iter().take(share));
    shares.take(SERIES_MAX).copied().collect()
}

/// Two times such as `2026-11-20 09:15:00.000` without the parts that are zero in both.
fn short<'t>(mut from: &'t str, mut to: &'t str) -> (&'t str, &'t str) {
    for zero in [".000", ":00", " 00:00"] {
        let (Some(shorter), Some(other)) = (from.strip_suffix(zero), to.strip_suffix(zero)) else {
            break;
        };
        (from, to) = (shorter, other);
    }
    (from, to)
}

/// A value at the side of a chart.
fn number(value: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast of floats saturates"
    )]
    let whole = value.abs() as u64;
    let sign = if value < 0.0 { "-" } else { "" };
    if value.fract() == 0.0 || value.abs() >= 1_000.0 {
        return format!("{sign}{}", count(whole));
    }
    let text = format!("{value:.3}");
    text.trim_end_matches('0').to_owned()
}
