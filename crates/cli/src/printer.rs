//! Where output goes and how it looks: data on standard output, all else on standard error; tables for people on
//! a terminal, JSON lines for programs behind a pipe.

pub(crate) mod cell;
pub(crate) mod progress;
pub(crate) mod table;

use std::io::{self, IsTerminal as _, Write};

use crate::environment::{self, Environment};

/// The form of data on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// One JSON document a line.
    Json,
    /// For people.
    Table,
    /// A line of names and a line for each row; for `query`, `sql` and `cost`.
    Csv,
}

/// Whether to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What a style is for; never the only carrier of a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Label,
    Good,
    Warn,
    Bad,
    Match,
}

/// Writes data to standard output.
pub(crate) struct Printer {
    pub(crate) format: Format,
    pub(crate) width: usize,
    /// Whether a person reads it.
    pub(crate) terminal: bool,
    color: bool,
    out: Box<dyn Write>,
}

/// The width of tables where it is not known, and that of a pipe.
const WIDTH: usize = 160;

impl Printer {
    pub(crate) fn of_stdout(format: Option<Format>, color: Color, env: &Environment) -> Self {
        let stdout = io::stdout();
        let terminal = stdout.is_terminal();
        Self {
            format: format.unwrap_or(if terminal {
                Format::Table
            } else {
                Format::Json
            }),
            width: width_of(&stdout),
            terminal,
            color: match color {
                Color::Always => true,
                Color::Never => false,
                Color::Auto => terminal && env.get(environment::NO_COLOR).is_none(),
            },
            out: Box::new(io::BufWriter::new(stdout)),
        }
    }

    /// A printer of plain text into a buffer.
    #[cfg(test)]
    pub(crate) fn of_buffer(format: Format, out: Box<dyn Write>) -> Self {
        Self {
            format,
            width: 120,
            terminal: false,
            color: false,
            out,
        }
    }

    #[cfg(test)]
    pub(crate) fn set_colored(&mut self) {
        self.color = true;
    }

    /// Text in a style, where styles are wanted.
    pub(crate) fn styled(&self, style: Style, text: &str) -> String {
        let code = match style {
            Style::Label => "2",
            Style::Good => "32",
            Style::Warn => "33",
            Style::Bad => "31",
            Style::Match => "1;33",
        };
        if self.color {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    /// A line that is seen at once.
    pub(crate) fn line(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())?;
        self.out.write_all(b"\n")?;
        self.out.flush()
    }

    /// Part of a line, that is seen at once.
    pub(crate) fn part(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    /// Bytes as they are.
    pub(crate) fn copy(&mut self, from: &mut dyn io::Read) -> io::Result<()> {
        io::copy(from, &mut self.out)?;
        self.out.flush()
    }
}

/// A word to the user that is no data.
pub(crate) fn note(text: &str) {
    // Nobody is left to tell when standard error is gone.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// How many characters a line of a terminal has.
fn width_of(terminal: impl rustix::fd::AsFd) -> usize {
    let size = rustix::termios::tcgetwinsize(terminal);
    let width = size.map_or(0, |size| usize::from(size.ws_col));
    if width == 0 { WIDTH } else { width }
}
