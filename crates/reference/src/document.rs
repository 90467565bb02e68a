//! Documents: Markdown with events, queries and the tables these must give, run against any engine.
//!
//! Fenced blocks count, the rest is for people. What a block says holds until another of its kind; a `query` is run
//! when the block with its expectation comes. Several queries over the same events follow each other.
//!
//! | block | what it holds |
//! |---|---|
//! | `events` | a line of JSON each. `@timestamp` (a date or milliseconds), `@ingestionTime`, `@log` (`account:group`), `@logStream`, `@ptr` and `@message` (a text, or an object to write as JSON) are the event's own; all other keys make the message, if there is no `@message`. Without a time, each event is a second older than the one before, so that results come in the order written. |
//! | `groups` | a line of JSON each: `name`, `account`, `class`, `indexed`, `tags`, `source` |
//! | `lookup NAME` | CSV of a lookup table |
//! | `run` | JSON: `now`, `start`, `end` (dates or milliseconds), `limit`, `groups` |
//! | `query` | a query |
//! | `table` | the columns, then the rows: cells between `\|`. A cell is a text; empty for a missing value; a JSON string where it begins with `"`. Without any line, a result without columns. `table unordered` leaves the order of rows open. |
//! | `failure` | what the error says, in part: that of reading the query, or the engine's |
//! | `text` | nothing |
//! | `statistics` | JSON: `scanned`, `matched`, `bytes` of the query whose table came before |

use std::fmt::Write as _;

use crate::output::{Failure, Output};
use crate::{Engine, Input};

mod blocks;
mod read;
mod table;

use blocks::Block;

/// Where this crate's documents are: every file that ends in `.md`.
pub const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/documents");

/// How a document went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// Expectations that were met.
    pub passed: usize,
    /// What was not as expected, ready to print.
    pub failed: Vec<String>,
}

/// The queries of a document, for tests that need many.
pub fn queries(text: &str) -> Vec<String> {
    let blocks = blocks::of(text).into_iter();
    let queries = blocks.filter(|block| block.kind == "query");
    queries
        .map(|block| block.text.trim_end().to_owned())
        .collect()
}

/// The events of a document's first `events` block, or what is wrong with it.
///
/// # Errors
/// What is wrong with the block, as documents report it.
pub fn events(text: &str) -> Result<Vec<crate::Event>, String> {
    let block = blocks::of(text)
        .into_iter()
        .find(|block| block.kind == "events");
    block.map_or_else(|| Ok(Vec::new()), |block| read::events(&block.text))
}

/// Runs a document. `name` says where it came from, in messages.
pub fn check(name: &str, text: &str, engine: &dyn Engine) -> Checked {
    let mut run = Run {
        name,
        engine,
        input: Input::default(),
        query: None,
        result: None,
        checked: Checked::default(),
    };
    for block in blocks::of(text) {
        if let Err(reason) = run.block(&block) {
            let query = run.query.as_deref().unwrap_or_default();
            let message = format!(
                "{name}:{}: {}\n{query}\n{reason}",
                block.line, block.heading
            );
            run.checked.failed.push(message);
        }
    }
    if let Err(reason) = run.expected() {
        let query = run.query.as_deref().unwrap_or_default();
        run.checked
            .failed
            .push(format!("{name}: {query}\n{reason}"));
    }
    run.checked
}

struct Run<'a> {
    name: &'a str,
    engine: &'a dyn Engine,
    input: Input,
    query: Option<String>,
    result: Option<Result<Output, Failure>>,
    checked: Checked,
}

impl Run<'_> {
    fn block(&mut self, block: &Block<'_>) -> Result<(), String> {
        match block.kind {
            "events" => self.input.events = read::events(&block.text)?,
            "groups" => self.input.groups = read::groups(&block.text)?,
            "lookup" => self
                .input
                .tables
                .push(read::lookup(block.argument, &block.text)),
            "run" => read::run(&block.text, &mut self.input)?,
            "query" => {
                self.expected()?;
                self.query = Some(block.text.trim_end().to_owned());
                self.result = None;
            }
            "table" => self.table(block)?,
            "failure" => self.failure(block)?,
            "statistics" => self.statistics(block)?,
            "text" => {}
            kind => return Err(format!("there are no blocks `{kind}`")),
        }
        Ok(())
    }

    /// Fails if nothing was expected of the last query.
    fn expected(&self) -> Result<(), String> {
        if self.query.is_some() && self.result.is_none() {
            return Err("nothing is expected of this query".to_owned());
        }
        Ok(())
    }

    fn result(&mut self) -> Result<&Result<Output, Failure>, String> {
        if self.result.is_none() {
            let text = self
                .query
                .as_deref()
                .ok_or("there is no query before this")?;
            let query = corelog_insights::parse(text).map_err(|fault| Failure::Other {
                reason: fault.to_string(),
            });
            self.result = Some(query.and_then(|query| self.engine.run(&query, &self.input)));
        }
        self.result.as_ref().ok_or_else(|| self.name.to_owned())
    }

    fn table(&mut self, block: &Block<'_>) -> Result<(), String> {
        let output = self.result()?.as_ref().map_err(ToString::to_string)?;
        let expected = table::read(&block.text)?;
        let found = table::of(output);
        if table::same(&expected, &found, block.argument == "unordered") {
            self.checked.passed += 1;
            return Ok(());
        }
        let mut message = String::new();
        for line in table::difference(&expected, &found) {
            let _ = writeln!(message, "{line}");
        }
        Err(message)
    }

    fn failure(&mut self, block: &Block<'_>) -> Result<(), String> {
        let wanted = block.text.trim();
        match self.result()? {
            Ok(_) => Err(format!("it did not fail with: {wanted}")),
            Err(failure) if failure.to_string().contains(wanted) => {
                self.checked.passed += 1;
                Ok(())
            }
            Err(failure) => Err(format!("it failed with: {failure}")),
        }
    }

    fn statistics(&mut self, block: &Block<'_>) -> Result<(), String> {
        let output = self.result()?.as_ref().map_err(ToString::to_string)?;
        let found = output.statistics;
        for (name, wanted) in read::statistics(&block.text)? {
            let count = match name.as_str() {
                "scanned" => found.scanned,
                "matched" => found.matched,
                "bytes" => found.bytes,
                _ => return Err(format!("there is no statistic `{name}`")),
            };
            if count != wanted {
                return Err(format!("{name} is {count}, not {wanted}"));
            }
        }
        self.checked.passed += 1;
        Ok(())
    }
}
