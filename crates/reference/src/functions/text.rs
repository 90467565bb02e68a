//! Functions of texts. Numbers and times are taken as results show them.

use corelog_insights::{Expr, ExprKind, Function};
use regex::Regex;

use super::flag;
use crate::coerce;
use crate::value::Value;

pub(super) fn call(function: Function, values: &[Value], args: &[Expr]) -> Option<Value> {
    let text = |at: usize| values.get(at).and_then(coerce::text);
    let first = text(0).unwrap_or_default();
    let second = text(1).unwrap_or_default();
    let result = match function {
        Function::Concat => values.iter().filter_map(coerce::text).collect(),
        Function::Ltrim => trim(&first, text(1).as_deref(), true, false),
        Function::Rtrim => trim(&first, text(1).as_deref(), false, true),
        Function::Trim => trim(&first, text(1).as_deref(), true, true),
        Function::ToUpper => first.to_uppercase(),
        Function::ToLower => first.to_lowercase(),
        Function::Substr => return substr(&first, values).map(Value::Text),
        Function::Replace if second.is_empty() => first,
        Function::Replace => first.replace(&second, &text(2).unwrap_or_default()),
        Function::RegexReplace => {
            let by = text(2).unwrap_or_default();
            return regex_of(args, &second)
                .map(|regex| Value::Text(regex.replace_all(&first, by.as_str()).into_owned()));
        }
        Function::Strlen => return Some(Value::count(first.chars().count())),
        // The documented third argument has no effect. Source: people who ran it.
        Function::StrContains => return Some(flag(first.contains(&second))),
        Function::StartsWith => return Some(flag(first.starts_with(&second))),
        Function::EndsWith => return Some(flag(first.ends_with(&second))),
        Function::Split => return Some(split(&first, &second)),
        _ => return None,
    };
    Some(Value::Text(result))
}

/// The characters to cut off are a set; without them it is white space.
fn trim(text: &str, chars: Option<&str>, start: bool, end: bool) -> String {
    let cut = |c: char| match chars {
        Some(chars) => chars.contains(c),
        None => c.is_whitespace(),
    };
    let mut text = text;
    if start {
        text = text.trim_start_matches(cut);
    }
    if end {
        text = text.trim_end_matches(cut);
    }
    text.to_owned()
}

/// Counted from 0 in code points. Decision: a negative start is 0, a negative length gives nothing.
fn substr(text: &str, values: &[Value]) -> Option<String> {
    let start = coerce::number(values.get(1)?)?.truncate()?.max(0);
    let length = match values.get(2) {
        Some(length) => coerce::number(length)?.truncate()?,
        None => i64::MAX,
    };
    let (start, length) = (usize::try_from(start).ok()?, usize::try_from(length).ok()?);
    Some(text.chars().skip(start).take(length).collect())
}

/// The expression of a literal, or of a text. In the replacement `$1` and `${name}` stand for groups.
fn regex_of(args: &[Expr], text: &str) -> Option<Regex> {
    match args.get(1).map(|arg| &arg.kind) {
        Some(ExprKind::Regex(regex)) => Regex::new(&regex.pattern()).ok(),
        _ => Regex::new(&corelog_insights::Regex::read(text)?.pattern()).ok(),
    }
}

/// Decision: an empty separator separates nothing.
fn split(text: &str, separator: &str) -> Value {
    if separator.is_empty() {
        return Value::List(vec![Value::text(text)]);
    }
    Value::List(text.split(separator).map(Value::text).collect())
}
