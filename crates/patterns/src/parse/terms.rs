//! Words, phrases and regular expressions of an unstructured event.

use super::cursor::Cursor;
use crate::error::{Error, WarningKind};
use crate::terms::{Needle, Terms};

pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Terms, Error> {
    let mut terms = Terms::default();
    let mut optional = Vec::new();
    loop {
        cursor.skip_blanks();
        let start = cursor.at();
        if cursor.peek().is_none() {
            break;
        }
        if cursor.eat("?") {
            terms.any.push(needle(cursor)?);
            optional.push(start..cursor.at());
        } else if cursor.eat("-") {
            cursor.skip_blanks();
            terms.none.push(needle(cursor)?);
        } else {
            terms.all.push(needle(cursor)?);
        }
    }
    // Source: "If you combine "?" with other filter patterns, all question mark terms will be ignored."
    if !terms.all.is_empty() || !terms.none.is_empty() {
        terms.any.clear();
        for at in optional {
            cursor.warn(WarningKind::OptionalIgnored, at);
        }
    }
    Ok(terms.ready())
}

fn needle(cursor: &mut Cursor<'_>) -> Result<Needle, Error> {
    const HINT: &str =
        "a term with other characters than letters, digits and `_` goes in double quotes";
    match cursor.peek() {
        Some('"') => Ok(Needle::phrase(&cursor.quoted('"')?)),
        Some('%') => Ok(Needle::Regexp(cursor.regexp()?)),
        Some(c) if is_word(c) => {
            let word = cursor.take_while(is_word);
            // The service names the characters that are wrong, not the word they are in.
            match cursor.peek() {
                Some(c) if is_wrong(c) => Err(cursor.wrong_term(is_wrong, HINT)),
                _ => Ok(Needle::phrase(word)),
            }
        }
        _ => Err(cursor.wrong_term(is_wrong, HINT)),
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn is_wrong(c: char) -> bool {
    !is_word(c) && !c.is_whitespace() && !matches!(c, '"' | '%')
}
