//! How far something is, on one line of a terminal that is drawn over and over. Elsewhere nothing is drawn.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use super::cell::cut;
use super::width_of;

const BAR_CELLS: u64 = 24;

/// A line that shows how far something is, and is gone when it is dropped.
#[derive(Debug)]
pub struct ProgressLine {
    terminal: bool,
    shown: bool,
}

/// How far something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HowFar<'a> {
    /// Bytes done.
    pub done: u64,
    /// Bytes in all, or zero where nobody knows.
    pub total: u64,
    /// How long it took.
    pub elapsed: Duration,
    /// What came of it.
    pub said: &'a str,
}

impl ProgressLine {
    /// A line on standard error, if that is a terminal.
    pub fn of_stderr() -> Self {
        Self {
            terminal: io::stderr().is_terminal(),
            shown: false,
        }
    }

    /// The same where standard output is not the terminal too: lines of data would run into it.
    pub fn beside_data() -> Self {
        Self {
            terminal: io::stderr().is_terminal() && !io::stdout().is_terminal(),
            shown: false,
        }
    }

    /// Draws over what was drawn before.
    pub fn draw(&mut self, how_far: HowFar<'_>) {
        self.show(&line(how_far));
    }

    /// Puts a text in the place of what was drawn before.
    pub(crate) fn show(&mut self, text: &str) {
        if self.terminal {
            self.shown = true;
            let mut stderr = io::stderr().lock();
            // Of a line that is longer than the terminal is wide, only the last part could be taken back.
            let text = cut(text, width_of(&stderr).saturating_sub(1));
            // Nobody is left to tell when standard error is gone.
            let _ = write!(stderr, "\r\u{1b}[2K{text}");
            let _ = stderr.flush();
        }
    }

    /// Takes the line away.
    pub fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            let _ = write!(io::stderr().lock(), "\r\u{1b}[2K");
        }
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        self.clear();
    }
}

fn line(how_far: HowFar<'_>) -> String {
    let HowFar {
        done,
        total,
        elapsed,
        said,
    } = how_far;
    let ms = u64::try_from(elapsed.as_millis())
        .unwrap_or(u64::MAX)
        .max(1);
    let a_second = done.saturating_mul(1_000) / ms;
    let mut text = String::new();
    let share = |of: u64| (done.min(total) * of).checked_div(total);
    if let (Some(cells), Some(percent)) = (share(BAR_CELLS), share(100)) {
        let cells = usize::try_from(cells).unwrap_or(0);
        let _ = write!(text, "{:·<24} {percent:3} %  ", "█".repeat(cells));
    }
    let _ = write!(text, "{}", rounded(done));
    if total > 0 {
        let _ = write!(text, " of {}", rounded(total));
    }
    let _ = write!(text, "  {}/s  {said}", rounded(a_second));
    if total > done && a_second > 0 {
        let left = (total - done) / a_second;
        let _ = write!(text, "  {}:{:02} left", left / 60, left % 60);
    }
    text
}

/// About so many bytes.
fn rounded(bytes: u64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"];
    let mut tenths = bytes.saturating_mul(10);
    let mut unit = 0;
    while tenths >= 10_000 && unit + 1 < units.len() {
        tenths /= 1_000;
        unit += 1;
    }
    if unit == 0 || tenths >= 1_000 {
        format!("{} {}", tenths / 10, units[unit])
    } else {
        format!("{}.{} {}", tenths / 10, tenths % 10, units[unit])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_down() {
        for (bytes, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (99_990, "99.9 kB"),
            (123_456, "123 kB"),
            (20_000_000, "20.0 MB"),
            (u64::MAX, "1844674 TB"),
        ] {
            assert_eq!(rounded(bytes), text);
        }
    }

    #[test]
    fn the_line_says_how_much_how_fast_and_how_long() {
        let half = HowFar {
            done: 50_000_000,
            total: 100_000_000,
            elapsed: Duration::from_secs(2),
            said: "7 events",
        };
        let bar = format!("{}{}", "█".repeat(12), "·".repeat(12));
        assert_eq!(
            line(half),
            format!("{bar}  50 %  50.0 MB of 100 MB  25.0 MB/s  7 events  0:02 left")
        );
        let unknown = HowFar { total: 0, ..half };
        assert_eq!(line(unknown), "50.0 MB  25.0 MB/s  7 events");
    }
}
