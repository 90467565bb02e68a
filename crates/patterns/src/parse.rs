//! From the text of a pattern to what it asks.
//!
//! ```text
//! pattern    = blanks ( terms | "{" json "}" | "[" fields "]" ) blanks ;
//!
//! terms      = { [ "?" | "-" ] term } ;                     (* nothing at all matches everything *)
//! term       = word | quoted | regexp ;
//! word       = wordchar { wordchar } ;
//! wordchar   = letter | digit | "_" ;                       (* of ASCII *)
//! quoted     = '"' { any character, with \" and \\ escaped } '"' ;
//! regexp     = "%" { any character but "%" } "%" ;          (* see regexp.rs *)
//!
//! json       = or(condition) ;
//! or(x)      = and(x) { "||" and(x) } ;
//! and(x)     = unit(x) { "&&" unit(x) } ;
//! unit(x)    = x | "(" or(x) ")" ;
//! condition  = selector ( comparison | "IS" ( "NULL" | "TRUE" | "FALSE" ) | "NOT" "EXISTS" ) ;
//! selector   = "$" step { step } ;
//! step       = "." name | ".*" | [ "." ] "[" ( digits | "*" | string ) "]" ;
//! name       = namechar { namechar } ;
//! namechar   = letter | digit | "_" | "-" ;
//! string     = "'" { any character, with \' and \\ escaped } "'" ;   (* or the same in double quotes *)
//!
//! comparison = ( "=" | "!=" ) ( bare | quoted | regexp ) | ( "<" | "<=" | ">" | ">=" ) number ;
//! bare       = barechar { barechar } ;                      (* a number, if it reads as one *)
//! barechar   = letter | digit | "_" | "." | "*" | "+" | "-" ;
//! number     = [ "+" | "-" ] digits [ "." digits ] [ ( "e" | "E" ) [ "+" | "-" ] digits ] ;
//!
//! fields     = field { "," field } ;
//! field      = "..." | [ name ] | or(name comparison) ;      (* one field's conditions name that field *)
//! ```
//!
//! Blanks may stand between any two tokens, and keywords may be written in small letters.
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html>

mod cursor;
mod values;

mod fields;
mod json;
mod terms;

pub(crate) use json::selector;

use crate::error::{Error, ErrorKind, Warning};
use crate::pattern::Body;
use cursor::Cursor;

/// Source: `FilterPattern` of the service model.
const PATTERN_CHARS_MAX: usize = 1024;

/// What reading a pattern gives.
pub(crate) struct Parsed {
    pub(crate) body: Body,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) regexes: usize,
}

pub(crate) fn pattern(text: &str) -> Result<Parsed, Error> {
    if let Some((end, _)) = text.char_indices().nth(PATTERN_CHARS_MAX) {
        let hint = "a pattern has at most 1,024 characters";
        let kind = ErrorKind::TooLong(text.to_owned());
        return Err(Error::new(kind, end..text.len(), hint));
    }
    let trimmed = text.trim_end();
    let mut cursor = Cursor::new(trimmed);
    cursor.skip_blanks();
    let body = match cursor.peek() {
        None => Body::Everything,
        Some('{') => {
            enclosed(&cursor, '}', ErrorKind::UnclosedBrace)?;
            Body::Json(json::parse(&mut cursor)?)
        }
        Some('[') => {
            enclosed(&cursor, ']', ErrorKind::UnclosedBracket)?;
            Body::Fields(fields::parse(&mut cursor)?)
        }
        Some(_) => Body::Terms(terms::parse(&mut cursor)?),
    };
    Ok(Parsed {
        body,
        warnings: cursor.warnings,
        regexes: cursor.regexes,
    })
}

fn enclosed(cursor: &Cursor<'_>, close: char, kind: ErrorKind) -> Result<(), Error> {
    if cursor.rest().len() > 1 && cursor.rest().ends_with(close) {
        return Ok(());
    }
    let hint = "close it, or put the text in double quotes to search for it as it is";
    Err(Error::new(kind, cursor.here(), hint))
}
