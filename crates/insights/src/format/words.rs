//! Names and strings, quoted where they must be.

use std::fmt::{Formatter, Result, Write};

use crate::lexer::{is_name_part, is_name_start};
use crate::parser::RESERVED;
use crate::tree::{Field, Segment, Text};

/// Whether a segment stands without backticks.
fn is_bare(segment: &str, first: bool) -> bool {
    let inner = segment.trim_start_matches('@');
    let starts_well = !first || segment.starts_with('@') || segment.starts_with(is_name_start);
    !inner.is_empty() && starts_well && segment.chars().all(is_name_part)
}

fn is_reserved(word: &str) -> bool {
    RESERVED
        .iter()
        .any(|reserved| reserved.eq_ignore_ascii_case(word))
}

fn write_segment(f: &mut Formatter<'_>, segment: &str, first: bool, alone: bool) -> Result {
    if is_bare(segment, first) && !(alone && is_reserved(segment)) {
        return f.write_str(segment);
    }
    // The service's documentation puts the at signs of system fields outside: @`aws.tag.x`.
    let inner = segment.trim_start_matches('@');
    let signs = &segment[..segment.len() - inner.len()];
    write!(f, "{signs}`{inner}`")
}

pub(super) fn write_field(f: &mut Formatter<'_>, field: &Field) -> Result {
    let alone =
        field.segments.len() == 1 || matches!(field.segments.get(1), Some(Segment::Index(_)));
    write_segments(f, &field.segments, alone)
}

/// Segments; the first is the start of a name and not behind anything.
fn write_segments(f: &mut Formatter<'_>, segments: &[Segment], alone: bool) -> Result {
    for (at, segment) in segments.iter().enumerate() {
        match segment {
            Segment::Key(key) if at == 0 => write_segment(f, key, true, alone)?,
            step => write_step(f, step)?,
        }
    }
    Ok(())
}

/// `.key` or `[index]`
pub(super) fn write_step(f: &mut Formatter<'_>, step: &Segment) -> Result {
    match step {
        Segment::Key(key) => {
            f.write_char('.')?;
            write_segment(f, key, false, false)
        }
        Segment::Index(index) => write!(f, "[{index}]"),
    }
}

/// A name that is one text: dots in it are dots where that reads the same.
pub(super) fn write_name(f: &mut Formatter<'_>, name: &Text) -> Result {
    write_name_str(f, &name.value)
}

pub(super) fn write_name_str(f: &mut Formatter<'_>, name: &str) -> Result {
    let mut segments = name.split('.').enumerate();
    let alone = !name.contains('.');
    if segments.all(|(at, segment)| is_bare(segment, at == 0)) && !(alone && is_reserved(name)) {
        return f.write_str(name);
    }
    if name.contains('`') || name.trim_start_matches('@').is_empty() {
        return write_string(f, name);
    }
    write_segment(f, name, true, true)
}

/// A string in double quotes, or in single ones where that needs no escape.
pub(super) fn write_string(f: &mut Formatter<'_>, text: &str) -> Result {
    let quote = if text.contains('"') && !text.contains('\'') {
        '\''
    } else {
        '"'
    };
    f.write_char(quote)?;
    for c in text.chars() {
        if c == quote || c == '\\' {
            f.write_char('\\')?;
        }
        f.write_char(c)?;
    }
    f.write_char(quote)
}

/// A name with stars for any text.
pub(super) fn write_wildcards(f: &mut Formatter<'_>, name: &Text) -> Result {
    for (at, part) in name.value.split('*').enumerate() {
        if at > 0 {
            f.write_char('*')?;
        }
        let name = part.trim_matches('.');
        let (before, behind) = match part.find(name) {
            Some(start) if !name.is_empty() => (&part[..start], &part[start + name.len()..]),
            _ => (part, ""),
        };
        f.write_str(before)?;
        if !name.is_empty() {
            write_name_str(f, name)?;
        }
        f.write_str(behind)?;
    }
    Ok(())
}
