//! Functions of texts. Numbers and times are taken as results show them.

use std::borrow::Cow;

use corelog_insights::Function;
use regex::Regex;

use super::flag;
use crate::coerce;
use crate::context::Context;
use crate::value::Value;

/// Digits of a group's number in a replacement: no expression has as many groups.
const DIGITS_MAX: usize = 5;

pub(super) fn call<'a>(
    cx: &Context,
    function: Function,
    values: &[Value<'a>],
    regex: Option<&Regex>,
    length_max: usize,
) -> Option<Value<'a>> {
    let text = |at: usize| values.get(at).and_then(coerce::text);
    let first = text(0).unwrap_or_default();
    let second = text(1).unwrap_or_default();
    let result = match function {
        Function::Concat => concat(values, length_max)?,
        Function::Ltrim => trim(&first, text(1).as_deref(), true, false),
        Function::Rtrim => trim(&first, text(1).as_deref(), false, true),
        Function::Trim => trim(&first, text(1).as_deref(), true, true),
        Function::ToUpper => first.to_uppercase(),
        Function::ToLower => first.to_lowercase(),
        Function::Substr => return substr(&first, values).map(Value::text),
        Function::Replace if second.is_empty() => first.into_owned(),
        Function::Replace => {
            let by = text(2).unwrap_or_default();
            let added = by.len().saturating_sub(second.len());
            if added > 0 && first.matches(&*second).count() > length_max / added {
                return None;
            }
            first.replace(&*second, &by)
        }
        Function::RegexReplace => {
            let regex = match regex {
                Some(regex) => Cow::Borrowed(regex),
                None => Cow::Owned(cx.regex_of_text(&second)?),
            };
            regex_replace(&regex, &first, &text(2).unwrap_or_default(), length_max)?
        }
        Function::Strlen => return Some(Value::count(first.chars().count())),
        // The documented third argument has no effect. Source: people who ran it.
        Function::StrContains => return Some(flag(first.contains(&*second))),
        Function::StartsWith => return Some(flag(first.starts_with(&*second))),
        Function::EndsWith => return Some(flag(first.ends_with(&*second))),
        Function::Split => return Some(split(&first, &second)),
        _ => return None,
    };
    Some(Value::text(result))
}

fn concat(values: &[Value<'_>], length_max: usize) -> Option<String> {
    let mut out = String::new();
    for part in values.iter().filter_map(coerce::text) {
        if out.len() + part.len() > length_max {
            return None;
        }
        out.push_str(&part);
    }
    Some(out)
}

/// All matches replaced, unless that would be far longer than a text may be.
fn regex_replace(regex: &Regex, text: &str, by: &str, length_max: usize) -> Option<String> {
    let by = &*with_braces(by, regex.captures_len());
    // A match is replaced by as much as `by`, and each reference in it stands for as much as the match.
    let references = by.matches('$').count();
    let is_bounded = |count: usize, bytes: usize| {
        let plain = by.len().saturating_mul(count);
        plain.saturating_add(references.saturating_mul(bytes)) <= 8 * length_max
    };
    let fits = is_bounded(text.len() + 1, text.len()) || {
        let found = regex.find_iter(text);
        let (count, bytes) =
            found.fold((0, 0), |(count, bytes), one| (count + 1, bytes + one.len()));
        is_bounded(count, bytes)
    };
    fits.then(|| regex.replace_all(text, by).into_owned())
}

/// A replacement as the `regex` crate takes it, to which `$1_` is a group of that name. Decision: as in Java, a number
/// goes on as long as there is such a group, so that `$1_` and `$10` are the first group and more text.
fn with_braces(by: &str, groups: usize) -> Cow<'_, str> {
    if !by.contains('$') {
        return Cow::Borrowed(by);
    }
    let mut out = String::with_capacity(by.len());
    let mut rest = by;
    while let Some((before, behind)) = rest.split_once('$') {
        out.push_str(before);
        out.push('$');
        let digits = behind
            .bytes()
            .take(DIGITS_MAX)
            .take_while(u8::is_ascii_digit)
            .count();
        let is_group =
            |length: &usize| behind[..*length].parse().is_ok_and(|it: usize| it < groups);
        let length = (1..=digits).rev().find(is_group).unwrap_or(digits.min(1));
        rest = if length > 0 {
            out.extend(["{", &behind[..length], "}"]);
            &behind[length..]
        } else if let Some(behind) = behind.strip_prefix('$') {
            out.push('$');
            behind
        } else {
            behind
        };
    }
    out.push_str(rest);
    Cow::Owned(out)
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
fn substr(text: &str, values: &[Value<'_>]) -> Option<String> {
    let start = coerce::number(values.get(1)?)?.truncate()?.max(0);
    let length = match values.get(2) {
        Some(length) => coerce::number(length)?.truncate()?,
        None => i64::MAX,
    };
    let (start, length) = (usize::try_from(start).ok()?, usize::try_from(length).ok()?);
    Some(text.chars().skip(start).take(length).collect())
}

/// Decision: an empty separator separates nothing.
fn split(text: &str, separator: &str) -> Value<'static> {
    let owned = |part: &str| Value::text(part.to_owned());
    if separator.is_empty() {
        return Value::list(vec![owned(text)]);
    }
    Value::list(text.split(separator).map(owned).collect())
}
