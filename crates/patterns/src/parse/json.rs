//! Conditions on a JSON event, and selectors.

use super::cursor::Cursor;
use super::values::{comparison, expression};
use crate::error::{Error, ErrorKind};
use crate::expression::Expression;
use crate::selector::{Condition, Selector, Step, Test, is_name, unreadable};

/// A position in an array beyond this is in no event.
const POSITION_DIGITS_MAX: usize = 9;

/// From the `{` to the end of the pattern.
pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Expression<Condition>, Error> {
    cursor.bump();
    let expression = expression(cursor, &mut condition)?;
    if !cursor.eat("}") {
        return Err(cursor.unexpected("join conditions with `&&` or `||`"));
    }
    cursor.skip_blanks();
    match cursor.peek() {
        None => Ok(expression),
        Some(_) => Err(cursor.unexpected("nothing may follow the closing `}`")),
    }
}

fn condition(cursor: &mut Cursor<'_>) -> Result<Condition, Error> {
    let selector = steps(cursor)?;
    cursor.skip_blanks();
    let test = if let Some(comparison) = comparison(cursor)? {
        Test::Compares(comparison)
    } else {
        keyword_test(cursor)?
    };
    Ok(Condition { selector, test })
}

fn keyword_test(cursor: &mut Cursor<'_>) -> Result<Test, Error> {
    let start = cursor.at();
    let first = cursor.take_while(|c| c.is_ascii_alphabetic());
    cursor.skip_blanks();
    let second = cursor.take_while(|c| c.is_ascii_alphabetic());
    let read = cursor.since(start).trim_end().len();
    let at = if read == 0 {
        cursor.here()
    } else {
        start..start + read
    };
    let is = |word: &str, keyword: &str| word.eq_ignore_ascii_case(keyword);
    let hint = match (first, second) {
        (is_, null) if is(is_, "IS") && is(null, "NULL") => return Ok(Test::IsNull),
        (is_, true_) if is(is_, "IS") && is(true_, "TRUE") => return Ok(Test::IsTrue),
        (is_, false_) if is(is_, "IS") && is(false_, "FALSE") => return Ok(Test::IsFalse),
        (not, exists) if is(not, "NOT") && is(exists, "EXISTS") => return Ok(Test::NotExists),
        (is_, not) if is(is_, "IS") && is(not, "NOT") => "there is no `IS NOT`",
        (exists, _) if is(exists, "EXISTS") => {
            "there is no `EXISTS`; `= *` asks for any text or number"
        }
        _ => "after a selector: =, !=, <, <=, >, >=, IS NULL, IS TRUE, IS FALSE or NOT EXISTS",
    };
    Err(Error::new(ErrorKind::Invalid, at, hint))
}

/// A selector that is the whole text.
pub(crate) fn selector(text: &str) -> Result<Selector, Error> {
    let mut cursor = Cursor::new(text);
    let selector = steps(&mut cursor)?;
    match cursor.peek() {
        None => Ok(selector),
        Some(_) => Err(unreadable(text, cursor.at()..text.len())),
    }
}

fn steps(cursor: &mut Cursor<'_>) -> Result<Selector, Error> {
    let start = cursor.at();
    if !cursor.eat("$") {
        return Err(cursor.unexpected("a condition begins with a selector, such as `$.name`"));
    }
    let mut steps = Vec::new();
    while matches!(cursor.peek(), Some('.' | '[')) {
        let step = step(cursor, start)?;
        if step.is_wildcard() {
            if steps.iter().any(Step::is_wildcard) {
                let at = start..cursor.at();
                let hint = "a selector has at most one wildcard";
                return Err(Error::new(ErrorKind::TooManyWildcards, at, hint));
            }
            cursor.count_wildcard(start)?;
        }
        steps.push(step);
    }
    if steps.is_empty() {
        return Err(wrong(cursor, start));
    }
    Ok(Selector { steps })
}

fn step(cursor: &mut Cursor<'_>, start: usize) -> Result<Step, Error> {
    let dotted = cursor.eat(".");
    if dotted && cursor.eat("*") {
        return Ok(Step::AnyMember);
    }
    if cursor.eat("[") {
        return bracketed(cursor, start);
    }
    let name = cursor.take_while(is_name);
    if name.is_empty() {
        return Err(wrong(cursor, start));
    }
    Ok(Step::Member(name.to_owned()))
}

fn bracketed(cursor: &mut Cursor<'_>, start: usize) -> Result<Step, Error> {
    let step = match cursor.peek() {
        Some(quote @ ('\'' | '"')) => Step::Member(cursor.quoted(quote)?),
        Some('*') => {
            cursor.bump();
            Step::AnyElement
        }
        _ => {
            let digits = cursor.take_while(|c| c.is_ascii_digit());
            let short = digits.len() <= POSITION_DIGITS_MAX;
            let position = digits.parse().ok().filter(|_| short);
            Step::Element(position.ok_or_else(|| wrong(cursor, start))?)
        }
    };
    if !cursor.eat("]") {
        return Err(wrong(cursor, start));
    }
    Ok(step)
}

/// The service names such a term from its `$` to the first character that is wrong.
fn wrong(cursor: &mut Cursor<'_>, start: usize) -> Error {
    cursor.bump();
    unreadable(cursor.since(start), start..cursor.at())
}
