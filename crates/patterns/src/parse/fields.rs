//! Fields of a space-delimited event, and their conditions.

use super::cursor::Cursor;
use super::values::{comparison, expression};
use crate::error::{Error, ErrorKind};
use crate::fields::{Condition, Field, Fields};
use crate::selector::is_name;

/// From the `[` to the end of the pattern.
pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Fields, Error> {
    cursor.bump();
    cursor.skip_blanks();
    if cursor.eat("]") {
        end(cursor)?;
        return Ok(Fields::everything());
    }
    let mut runs = vec![Vec::new()];
    loop {
        cursor.skip_blanks();
        if cursor.eat("...") {
            runs.push(Vec::new());
        } else {
            let field = field(cursor)?;
            if let Some(run) = runs.last_mut() {
                run.push(field);
            }
        }
        cursor.skip_blanks();
        if cursor.eat("]") {
            break;
        }
        if !cursor.eat(",") {
            return Err(
                cursor.unexpected("fields are separated by `,`, conditions by `&&` or `||`")
            );
        }
    }
    end(cursor)?;
    Ok(Fields::new(runs))
}

fn end(cursor: &mut Cursor<'_>) -> Result<(), Error> {
    cursor.skip_blanks();
    match cursor.peek() {
        None => Ok(()),
        Some(_) => Err(cursor.unexpected("nothing may follow the closing `]`")),
    }
}

/// Nothing, a name, or conditions on one name.
fn field(cursor: &mut Cursor<'_>) -> Result<Field, Error> {
    if matches!(cursor.peek(), Some(',' | ']')) {
        return Ok(Field::default());
    }
    let start = cursor.at();
    let plain = cursor.take_while(is_name);
    cursor.skip_blanks();
    if !plain.is_empty() && matches!(cursor.peek(), Some(',' | ']')) {
        return Ok(Field::named(plain));
    }
    cursor.rewind(start);
    let mut expected = None;
    let conditions = expression(cursor, &mut |cursor| {
        let at = cursor.here();
        let name = name(cursor)?;
        if *expected.get_or_insert(name) != name {
            let hint = "a field's conditions are about that field; separate fields with `,`";
            return Err(Error::new(ErrorKind::Invalid, at, hint));
        }
        cursor.skip_blanks();
        let comparison = comparison(cursor)?;
        let comparison = comparison.ok_or_else(|| {
            cursor.unexpected("after a field's name: `,`, or one of =, !=, <, <=, > and >=")
        })?;
        let name = name.to_owned();
        Ok(Condition { name, comparison })
    })?;
    Ok(Field {
        name: expected.map(str::to_owned),
        conditions: Some(conditions),
    })
}

fn name<'t>(cursor: &mut Cursor<'t>) -> Result<&'t str, Error> {
    let name = cursor.take_while(is_name);
    let is_wrong = |c: char| {
        !is_name(c)
            && !c.is_whitespace()
            && !matches!(c, ',' | ']' | '&' | '|' | '(' | ')' | '=' | '!' | '<' | '>')
    };
    match cursor.peek() {
        Some(c) if is_wrong(c) => {
            let hint = "a field's name has letters, digits, `_` and `-`";
            Err(cursor.wrong_term(is_wrong, hint))
        }
        _ if name.is_empty() => Err(cursor.unexpected("a field's name is missing here")),
        _ => Ok(name),
    }
}
