//! Which commands may follow which.
//!
//! Source: the user guide's pages of `stats`, `sort`, `pattern`, `dedup`, `join` and `estimate`; the message for `diff`
//! and what may follow `dedup` are as people report them.

use crate::STATS_MAX;
use crate::commands::Word;
use crate::diagnostic::{Fault, Problem};
use crate::functions::Function;
use crate::span::Span;
use crate::tree::{BinaryOp, Command, CommandKind, Expr, ExprKind, InSet, Query, Stats};

const JOINS_MAX: usize = 1;
/// Decision: a second `diff` would compare what was compared.
const DIFFS_MAX: usize = 1;

pub(super) fn check(query: &Query, warnings: &mut Vec<Fault>) -> Result<(), Fault> {
    let last_stats = query
        .commands
        .iter()
        .rposition(|command| command.kind.word() == Word::Stats);
    let mut seen: Vec<Word> = Vec::new();
    for (at, command) in query.commands.iter().enumerate() {
        let word = command.kind.word();
        let is_last = at + 1 == query.commands.len();
        if seen.contains(&Word::Dedup) && word != Word::Limit {
            let symbol = word.as_str().to_owned();
            let fault = Fault::new(Problem::Unexpected { symbol }, word_span(command));
            return Err(fault.hint("only `limit` may follow `dedup`"));
        }
        let broken = match word {
            Word::Source if at > 0 => Some("stands at the start of a query"),
            Word::Sort | Word::Limit if last_stats.is_some_and(|stats| at < stats) => {
                Some("stands after the last `stats`")
            }
            Word::Pattern if seen.contains(&Word::Sort) => Some("stands before `sort`"),
            Word::Estimate if !is_last => Some("stands at the end of a query"),
            _ => None,
        };
        if let Some(rule) = broken {
            let command_name = word.as_str();
            let problem = Problem::Order {
                command: command_name,
                rule,
            };
            return Err(Fault::new(problem, word_span(command)));
        }
        let count = 1 + seen.iter().filter(|other| **other == word).count();
        let own = seen.iter().rposition(|word| makes_rows(*word));
        let of_pattern = seen[own.unwrap_or(0)..].contains(&Word::Pattern);
        check_one(command, count, of_pattern, warnings)?;
        seen.push(word);
    }
    Ok(())
}

/// Whether nothing is left of rows after a command but what it makes of them.
fn makes_rows(word: Word) -> bool {
    matches!(
        word,
        Word::Stats | Word::CountFrequent | Word::Pattern | Word::LogCompare | Word::RelevantFields
    )
}

/// What holds for a command by itself, the `count`th of its kind, on rows that are patterns or not.
fn check_one(
    command: &Command,
    count: usize,
    of_pattern: bool,
    warnings: &mut Vec<Fault>,
) -> Result<(), Fault> {
    let span = word_span(command);
    match &command.kind {
        CommandKind::Diff(_) if !of_pattern => Err(Fault::new(Problem::DiffWithoutPattern, span)),
        CommandKind::Diff(_) if count > DIFFS_MAX => Err(too_many("diffs", DIFFS_MAX, span)),
        CommandKind::Anomaly if !of_pattern => {
            warnings.push(Fault::new(Problem::AnomalyWithoutPattern, span));
            Ok(())
        }
        CommandKind::Stats(_) if count > STATS_MAX => {
            Err(too_many("stats commands", STATS_MAX, span))
        }
        CommandKind::Stats(stats) => check_topk(stats),
        CommandKind::Join(join) => {
            if count > JOINS_MAX {
                return Err(too_many("joins", JOINS_MAX, span));
            }
            check(&join.query, warnings)
        }
        CommandKind::AppendCols(append) => check(&append.query, warnings),
        CommandKind::FilterIndex(condition) => check_indexable(condition),
        _ => Ok(()),
    }
}

fn too_many(what: &'static str, max: usize, span: Span) -> Fault {
    Fault::new(Problem::TooMany { what, max }, span)
}

/// `topk` makes rows of its own, and so stands alone.
fn check_topk(stats: &Stats) -> Result<(), Fault> {
    let is_topk = |expr: &Expr| matches!(&expr.kind, ExprKind::Call { function, .. } if *function == Function::TopK);
    let Some(topk) = stats.items.iter().find(|item| is_topk(&item.expr)) else {
        return Ok(());
    };
    if stats.items.len() == 1 && stats.by.is_empty() {
        return Ok(());
    }
    let problem = Problem::Misplaced {
        function: Function::TopK.name(),
        place: "stats with other columns or with by",
    };
    Err(Fault::new(problem, topk.span))
}

fn check_indexable(condition: &Expr) -> Result<(), Fault> {
    match &condition.kind {
        ExprKind::And(all) | ExprKind::Or(all) => all.iter().try_for_each(check_indexable),
        ExprKind::Binary {
            op: BinaryOp::Eq, ..
        }
        | ExprKind::In {
            set: InSet::List(_),
            negated: false,
            ..
        } => Ok(()),
        _ => Err(Fault::new(Problem::NoIndexFilter, condition.span)),
    }
}

/// The command's first word.
fn word_span(command: &Command) -> Span {
    let length = command.kind.word().as_str().len();
    let end = command.span.end.min(command.span.start + length);
    Span::new(command.span.start, end)
}
