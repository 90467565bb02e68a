//! Conditions joined by `&&`, `||` and parentheses, and what a condition compares with.

use super::cursor::Cursor;
use crate::error::{Error, ErrorKind, WarningKind};
use crate::expression::Expression;
use crate::json::Number;
use crate::literal::{Comparison, Glob, Literal, Operator};

/// Far above what people write; it keeps parsing and matching off the end of the stack.
const DEPTH_MAX: usize = 64;

/// Reads one condition.
type Leaf<'f, 't, C> = dyn FnMut(&mut Cursor<'t>) -> Result<C, Error> + 'f;

pub(super) fn expression<'t, C>(
    cursor: &mut Cursor<'t>,
    leaf: &mut Leaf<'_, 't, C>,
) -> Result<Expression<C>, Error> {
    any(cursor, 0, leaf)
}

fn any<'t, C>(
    cursor: &mut Cursor<'t>,
    depth: usize,
    leaf: &mut Leaf<'_, 't, C>,
) -> Result<Expression<C>, Error> {
    let mut parts = vec![all(cursor, depth, leaf)?];
    while cursor.eat("||") {
        parts.push(all(cursor, depth, leaf)?);
    }
    Ok(joined(parts, Expression::Any))
}

fn all<'t, C>(
    cursor: &mut Cursor<'t>,
    depth: usize,
    leaf: &mut Leaf<'_, 't, C>,
) -> Result<Expression<C>, Error> {
    let mut parts = vec![unit(cursor, depth, leaf)?];
    while cursor.eat("&&") {
        parts.push(unit(cursor, depth, leaf)?);
    }
    Ok(joined(parts, Expression::All))
}

fn unit<'t, C>(
    cursor: &mut Cursor<'t>,
    depth: usize,
    leaf: &mut Leaf<'_, 't, C>,
) -> Result<Expression<C>, Error> {
    cursor.skip_blanks();
    let open = cursor.here();
    let expression = if cursor.eat("(") {
        if depth == DEPTH_MAX {
            let hint = "`&&` binds tighter than `||`; most parentheses are not needed";
            return Err(Error::new(ErrorKind::TooDeep, open, hint));
        }
        let inner = any(cursor, depth + 1, leaf)?;
        if !cursor.eat(")") {
            return Err(Error::new(
                ErrorKind::Invalid,
                open,
                "this parenthesis is not closed",
            ));
        }
        inner
    } else {
        Expression::Is(leaf(cursor)?)
    };
    cursor.skip_blanks();
    Ok(expression)
}

/// One part stands for itself; `a && (b && c)` keeps its parentheses, as written.
fn joined<C>(
    mut parts: Vec<Expression<C>>,
    join: impl FnOnce(Vec<Expression<C>>) -> Expression<C>,
) -> Expression<C> {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            join(parts)
        }
    }
}

/// An operator and what it takes; `None` where no operator is next.
pub(super) fn comparison(cursor: &mut Cursor<'_>) -> Result<Option<Comparison>, Error> {
    let known = Operator::ALL.iter().find(|(symbol, _)| cursor.eat(symbol));
    let Some((_, operator)) = known else {
        return Ok(None);
    };
    cursor.skip_blanks();
    let start = cursor.at();
    let literal = literal(cursor)?;
    if operator.is_order() && !matches!(literal, Literal::Number { .. }) {
        let kind = ErrorKind::InvalidTerm(cursor.since(start).to_owned());
        let hint = "`<`, `<=`, `>` and `>=` compare with a number, written without quotes";
        return Err(Error::new(kind, start..cursor.at(), hint));
    }
    let operator = *operator;
    Ok(Some(Comparison { operator, literal }))
}

fn literal(cursor: &mut Cursor<'_>) -> Result<Literal, Error> {
    let start = cursor.at();
    let glob = match cursor.peek() {
        Some('"') => Glob::new(&cursor.quoted('"')?),
        Some('%') => return Ok(Literal::Regexp(cursor.regexp()?)),
        _ => match bare(cursor)? {
            Literal::Glob(glob) => glob,
            number => return Ok(number),
        },
    };
    if glob.has_inner_asterisk() {
        cursor.warn(WarningKind::InnerAsterisk, start..cursor.at());
    }
    Ok(Literal::Glob(glob))
}

fn bare(cursor: &mut Cursor<'_>) -> Result<Literal, Error> {
    const HINT: &str = "a value with other characters than letters, digits, `_`, `.` and `*` goes in double quotes";
    let start = cursor.at();
    let text = cursor.take_while(is_bare);
    match cursor.peek() {
        Some('=' | '<' | '>') if text.is_empty() => {
            return Err(cursor.unexpected("the operators are =, !=, <, <=, > and >="));
        }
        Some(c) if is_wrong(c) => return Err(cursor.wrong_term(is_wrong, HINT)),
        _ if text.is_empty() => return Err(cursor.unexpected("a value is missing here")),
        _ => {}
    }
    if let Some(value) = Number::parse(text) {
        let text = text.to_owned();
        return Ok(Literal::Number { text, value });
    }
    if ["true", "false", "null"]
        .iter()
        .any(|it| it.eq_ignore_ascii_case(text))
    {
        cursor.warn(WarningKind::KeywordAsText, start..cursor.at());
    }
    Ok(Literal::Glob(Glob::new(text)))
}

fn is_bare(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '*' | '+' | '-')
}

fn is_wrong(c: char) -> bool {
    !is_bare(c) && !c.is_whitespace() && !matches!(c, '&' | '|' | ')' | ',' | ']' | '}')
}
