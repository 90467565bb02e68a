//! What messages must have for a condition to hold: what the indexes of words are asked for.
//!
//! A condition says something of the message where it says that a field of it has a text, and then the message has it.
//! What this gives is never more than the condition asks for; rows that are read are still looked at.

use corelog_insights::{BinaryOp, Expr, ExprKind, Function, InSet, LikePattern};
use corelog_store::Text;
use corelog_values::Number;
use regex_syntax::hir::{Class, Hir, HirKind};

use crate::frame::promoted;

/// What messages must have for all of some conditions to hold. `is_promoted` says whether promoted fields are read from
/// their columns, which is faster than any index of messages.
pub(crate) fn of_conditions<'e>(
    conditions: impl IntoIterator<Item = &'e Expr>,
    is_promoted: bool,
) -> Option<Text> {
    let conditions = conditions.into_iter();
    Text::all(conditions.map(|it| of_condition(it, is_promoted)))
}

fn of_condition(condition: &Expr, is_promoted: bool) -> Option<Text> {
    let in_message = |expr: &Expr| match &expr.kind {
        ExprKind::Field(field) => is_of_message(&field.path(), is_promoted),
        _ => false,
    };
    match &condition.kind {
        ExprKind::And(all) => of_conditions(all, is_promoted),
        ExprKind::Or(any) => Text::either(any.iter().map(|it| of_condition(it, is_promoted))),
        ExprKind::Like {
            of,
            pattern,
            negated: false,
        } if in_message(of) => match pattern {
            LikePattern::Text(part) => match &part.kind {
                ExprKind::Text(part) => Text::literal(part),
                _ => None,
            },
            LikePattern::Regex(regex) => of_regex(&regex.pattern()),
        },
        ExprKind::Binary {
            op: BinaryOp::Eq,
            left,
            right,
        } => match (in_message(left), in_message(right)) {
            (true, false) => equal(right),
            (false, true) => equal(left),
            _ => None,
        },
        ExprKind::In {
            of,
            set: InSet::List(all),
            negated: false,
        } if in_message(of) => Text::either(all.iter().map(equal)),
        ExprKind::Call {
            function: Function::StrContains,
            args,
        } => match &args[..] {
            [of, part] if in_message(of) => match &part.kind {
                ExprKind::Text(part) => Text::literal(part),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

/// Whether a field's text is part of the message's.
pub(crate) fn is_of_message(path: &str, is_promoted: bool) -> bool {
    path == "@message" || !(path.starts_with('@') || is_promoted && promoted(path).is_some())
}

/// What a text equals says that it has; what looks like a number equals others that are written otherwise.
fn equal(to: &Expr) -> Option<Text> {
    match &to.kind {
        ExprKind::Text(text) if Number::from_text(text).is_none() => Text::literal(text),
        _ => None,
    }
}

/// What every text has that a regular expression matches.
pub(crate) fn of_regex(pattern: &str) -> Option<Text> {
    required(&regex_syntax::parse(pattern).ok()?)
}

fn required(hir: &Hir) -> Option<Text> {
    match hir.kind() {
        HirKind::Concat(parts) => side_by_side(parts),
        HirKind::Capture(group) => required(&group.sub),
        HirKind::Repetition(repeated) if repeated.min > 0 => required(&repeated.sub),
        HirKind::Alternation(any) => Text::either(any.iter().map(required)),
        HirKind::Literal(_) => side_by_side(std::slice::from_ref(hir)),
        _ => None,
    }
}

/// What parts of an expression require that are matched one behind the other: letters of several are one text.
fn side_by_side(parts: &[Hir]) -> Option<Text> {
    let mut required_parts = Vec::new();
    let mut literal = String::new();
    for part in parts {
        match part.kind() {
            HirKind::Look(_) | HirKind::Empty => continue,
            HirKind::Literal(bytes) => {
                if let Ok(text) = str::from_utf8(&bytes.0) {
                    literal.push_str(text);
                    continue;
                }
            }
            HirKind::Class(class) => {
                if let Some(letter) = letter(class) {
                    literal.push(letter);
                    continue;
                }
            }
            _ => {}
        }
        required_parts.push(Text::literal(&std::mem::take(&mut literal)));
        if !matches!(part.kind(), HirKind::Literal(_)) {
            required_parts.push(required(part));
        }
    }
    required_parts.push(Text::literal(&literal));
    Text::all(required_parts)
}

/// The letter that all characters of a class are without regard to case, as of `(?i)a`.
fn letter(class: &Class) -> Option<char> {
    /// `s`, `S` and `ſ`: no letter has more forms.
    const FORMS_MAX: usize = 3;
    let mut forms = match class {
        Class::Unicode(class) => {
            let ranges = class.ranges().iter();
            let all = ranges.flat_map(|range| range.start()..=range.end());
            all.take(FORMS_MAX + 1).collect::<Vec<char>>()
        }
        Class::Bytes(class) => {
            let ranges = class.ranges().iter();
            let all = ranges.flat_map(|range| range.start()..=range.end());
            all.take(FORMS_MAX + 1).map(char::from).collect()
        }
    };
    if forms.len() > FORMS_MAX {
        return None;
    }
    for form in &mut forms {
        *form = match *form {
            '\u{17f}' => 's',
            '\u{212a}' => 'k',
            form => form.to_ascii_lowercase(),
        };
    }
    forms.dedup();
    match forms[..] {
        [letter] if letter.is_ascii_alphabetic() => Some(letter),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use corelog_insights::{CommandKind, parse};

    use super::*;

    fn check(condition: &str, expected: Option<&str>) {
        let query = parse(&format!("filter {condition}")).unwrap();
        let CommandKind::Filter(condition) = &query.commands[0].kind else {
            unreachable!("{query:?}");
        };
        let text = of_conditions([condition], true).map(|text| text.to_string());
        assert_eq!(text.as_deref(), expected, "{condition:?}");
    }

    fn check_regex(pattern: &str, expected: Option<&str>) {
        let text = of_regex(pattern).map(|text| text.to_string());
        assert_eq!(text.as_deref(), expected, "{pattern}");
    }

    #[test]
    fn conditions_say_what_messages_have() {
        check("@message like 'warranty'", Some("*warranty*"));
        check("prompt like 'rate limit'", Some("*rate and limit*"));
        check(
            "prompt like /over (load|time)/",
            Some("*over and (*load* or *time*)"),
        );
        check("strcontains(input.text, 'refund')", Some("*refund*"));
        check("tool = 'get_weather'", Some("*get and weather*"));
        check("tool in ['search', 'fetch']", Some("(*search* or *fetch*)"));
        check("a like 'one' and b like 'two'", Some("*one* and *two*"));
        check("a like 'one' and n > 5", Some("*one*"));
        check("a like 'one' or b like 'two'", Some("(*one* or *two*)"));
    }

    #[test]
    fn conditions_that_may_hold_of_any_message_say_nothing() {
        check("a like 'one' or n > 5", None);
        check("a not like 'one'", None);
        check("not a like 'one'", None);
        check("@logStream like 'one'", None);
        check("modelId like 'haiku'", None);
        check("tolower(a) like 'one'", None);
        check("a like b", None);
        check("a != 'one'", None);
        check("a = b", None);
    }

    #[test]
    fn expressions_say_what_all_their_matches_have() {
        check_regex("warranty", Some("*warranty*"));
        check_regex(r"\bwarranty\b", Some("*warranty*"));
        check_regex("(?i)Task kelvin", Some("*task and kelvin*"));
        check_regex(
            r"error: \d+ of (files|rows)+",
            Some("*error and (*files* or *rows*)"),
        );
        check_regex("(time|dead)line", Some("(*time* or *dead*) and *line*"));
        check_regex("retr(y|ies)? later", Some("*retr* and later*"));
        check_regex("a.*b", None);
        check_regex("(one)?two", Some("*two*"));
        check_regex("(one)*", None);
        check_regex("one|", None);
        check_regex("[a-z]+", None);
        check_regex("[xyz]ray", Some("*ray*"));
        check_regex("^$", None);
    }
}
