//! Queries and events made up from a seed, for running two engines against each other.
//!
//! A query is drawn from the grammar, over the fields that the events have, so that nearly all of them can be read and
//! most have rows. Where the language leaves the order of rows open, they sort by something that decides it. The same
//! seed gives the same text.

mod dice;
mod events;
mod exprs;

pub use events::events;

use dice::Dice;

/// A query over the fields of [`events`].
pub fn query(seed: u64) -> String {
    let mut dice = Dice::new(seed);
    let mut commands = Vec::new();
    if dice.chance(25) {
        commands.push(dice.pick(&PARSES).to_owned());
    }
    if dice.chance(25) {
        let value = exprs::value(&mut dice, 2);
        commands.push(format!("fields {value} as v"));
    }
    while dice.chance(35) {
        let condition = exprs::condition(&mut dice, 2);
        commands.push(format!("filter {condition}"));
    }
    match dice.below(10) {
        0..4 => rows(&mut dice, &mut commands),
        4..9 => groups(&mut dice, &mut commands),
        _ => commands.push(format!("countFrequent {}", dice.pick(&exprs::TEXTS))),
    }
    commands.join(" | ")
}

const PARSES: [&str; 6] = [
    "parse identity.arn \"*:*/*\" as head, kind, who",
    "parse modelId /(?<vendor>[a-z]+)\\.(?<model>[^-]+)-?/",
    "parse @message /\"(\\w+)\":(\\d+)/ as key, count multi",
    "fields jsonParse(@message) as r | unnest r.input.messages into m",
    "fields jsonParse(@message) as r",
    "parse logfmt as x",
];

/// The end of a query that shows events.
fn rows(dice: &mut Dice, commands: &mut Vec<String>) {
    let mut items = vec!["@timestamp".to_owned(), "requestId".to_owned()];
    for at in 0..=dice.below(3) {
        items.push(format!("{} as c{at}", exprs::value(dice, 2)));
    }
    commands.push(format!("fields {}", items.join(", ")));
    let key = exprs::value(dice, 1);
    let direction = dice.pick(&["", " asc", " desc"]);
    commands.push(format!("sort {key}{direction}, @timestamp desc"));
    match dice.below(4) {
        0 => commands.push(format!("limit {}", 1 + dice.below(20))),
        1 => commands.push(format!("dedup {}", dice.pick(&exprs::TEXTS))),
        2 => commands.push("display requestId, c0".to_owned()),
        _ => {}
    }
}

/// The end of a query that computes from groups.
fn groups(dice: &mut Dice, commands: &mut Vec<String>) {
    let mut items = Vec::new();
    for at in 0..=dice.below(3) {
        items.push(format!("{} as a{at}", exprs::aggregate(dice)));
    }
    if dice.chance(20) {
        items.push("a0 * 2 as twice".to_owned());
    }
    let mut keys = Vec::new();
    for at in 0..dice.below(3) {
        let key = match dice.below(3) {
            0 => format!("bin({})", dice.pick(&exprs::PERIODS)),
            1 => dice.pick(&exprs::TEXTS).to_owned(),
            _ => exprs::value(dice, 1),
        };
        keys.push(format!("{key} as k{at}"));
    }
    let by = if keys.is_empty() {
        String::new()
    } else {
        format!(" by {}", keys.join(", "))
    };
    commands.push(format!("stats {}{by}", items.join(", ")));
    if dice.chance(20) {
        commands.push(format!(
            "filter a0 {} {}",
            dice.pick(&[">", "<=", "!="]),
            dice.below(5)
        ));
    }
    if keys.is_empty() {
        return;
    }
    if dice.chance(20) {
        commands.push("stats count(*) as n, max(a0) as m, sum(a0) as s by k0".to_owned());
    } else if dice.chance(50) {
        let keys: Vec<String> = (0..keys.len()).map(|at| format!("k{at}")).collect();
        commands.push(format!("sort a0 desc, {}", keys.join(", ")));
    }
}

#[cfg(test)]
mod tests {
    use super::{events, query};
    use crate::{Engine, Input, Reference};

    #[test]
    fn most_queries_can_be_run_and_have_rows() {
        let input = Input {
            events: events(1, 40),
            now_ms: 1_795_391_999_999,
            ..Input::default()
        };
        let (mut read, mut with_rows) = (0, 0);
        for seed in 0..200 {
            let text = query(seed);
            let Ok(query) = corelog_insights::parse(&text) else {
                continue;
            };
            read += 1;
            let output = Reference.run(&query, &input);
            let output = output.unwrap_or_else(|failure| panic!("{failure}: {text}"));
            with_rows += usize::from(!output.rows.is_empty());
        }
        assert!(read >= 198, "only {read} of 200 can be read");
        assert!(with_rows >= 134, "only {with_rows} of {read} have rows");
    }

    #[test]
    fn a_seed_decides() {
        assert_eq!(query(7), query(7));
        assert_ne!(query(7), query(8));
        assert_eq!(events(7, 5), events(7, 5));
        assert_eq!(events(7, 5).len(), 5);
    }
}
