//! Letting a document in: its types, then every constraint of its shape.

use std::fmt::{self, Write as _};

use serde_json::{Number, Value};

use super::violation::shown;
use super::{Constraint, Kind, Member, Shape, Violation};

/// More violations than these are not worth a caller's reading; after so many, none is looked for.
pub const VIOLATIONS_MAX: usize = 20;

/// A value of a kind that its shape does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Mistyped(String);

impl Shape {
    /// Checks a document, and brings it into the form that structs are read from: members that are null go, whole
    /// numbers lose their fraction. Members that the shape does not have stay, and are ignored later.
    ///
    /// # Errors
    /// [`Mistyped`] for a value of the wrong kind. Constraints that do not hold are returned, not raised: which
    /// exception they are depends on the operation.
    pub fn admit(&self, document: &mut Value) -> Result<Vec<Violation>, Mistyped> {
        let mut walk = Walk {
            at: String::new(),
            found: Vec::new(),
        };
        walk.value(self, document)?;
        Ok(walk.found)
    }

    /// The constraints of a value that has no members, as far as they can be told from the shape alone.
    fn constraints(&self) -> Vec<Constraint> {
        let bounds = if self.is_number() {
            [
                self.max.map(Constraint::ValueMax),
                self.min.map(Constraint::ValueMin),
            ]
        } else {
            [
                self.max.map(Constraint::LengthMax),
                self.min.map(Constraint::LengthMin),
            ]
        };
        let enumerated = (!self.one_of.is_empty()).then_some(Constraint::OneOf(self.one_of));
        let finite = matches!(self.kind, Kind::Double).then_some(Constraint::Finite);
        let others = [self.pattern.map(Constraint::like), enumerated, finite];
        bounds.into_iter().chain(others).flatten().collect()
    }

    fn is_number(&self) -> bool {
        matches!(
            self.kind,
            Kind::Integer | Kind::Long | Kind::Double | Kind::Timestamp
        )
    }

    fn is_scalar(&self) -> bool {
        !matches!(
            self.kind,
            Kind::Structure(_) | Kind::List(_) | Kind::Map(_, _)
        )
    }

    fn satisfies(&self, constraint: &Constraint, value: &Value) -> bool {
        let length = || match value {
            Value::String(text) => count(text.chars().count()),
            Value::Array(items) => count(items.len()),
            Value::Object(members) => count(members.len()),
            _ => 0,
        };
        let number = || value.as_i64().unwrap_or(0);
        let text = value.as_str().unwrap_or_default();
        match constraint {
            Constraint::LengthMax(most) => length() <= *most,
            Constraint::LengthMin(least) => length() >= *least,
            Constraint::ValueMax(most) => number() <= *most,
            Constraint::ValueMin(least) => number() >= *least,
            Constraint::Pattern(_) => self.pattern.is_none_or(|pattern| pattern.fits(text)),
            Constraint::OneOf(values) => values.contains(&text),
            Constraint::Finite => value.is_number(),
            _ => true,
        }
    }

    fn is_satisfied(&self, value: &Value) -> bool {
        let constraints = self.constraints();
        constraints.iter().all(|one| self.satisfies(one, value))
    }
}

fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

struct Walk {
    at: String,
    found: Vec<Violation>,
}

impl Walk {
    fn value(&mut self, shape: &Shape, value: &mut Value) -> Result<(), Mistyped> {
        take(shape.kind, value)?;
        for constraint in shape.constraints() {
            if !shape.satisfies(&constraint, value) {
                self.violation(Some(value), constraint);
            }
        }
        match shape.kind {
            Kind::Structure(members) => self.members(members, value),
            Kind::List(of) => self.items(of, value),
            Kind::Map(keys, values) => self.entries(keys, values, value),
            _ => Ok(()),
        }
    }

    fn members(&mut self, members: &[Member], value: &mut Value) -> Result<(), Mistyped> {
        let Value::Object(object) = value else {
            return Ok(());
        };
        object.retain(|_, member| !member.is_null());
        for member in members {
            let mark = self.at.len();
            if mark > 0 {
                self.at.push('.');
            }
            self.enter_member(member.name);
            match object.get_mut(member.name) {
                Some(value) => self.value(member.shape, value)?,
                None if member.required => self.violation(None, Constraint::NotNull),
                None => {}
            }
            self.at.truncate(mark);
        }
        Ok(())
    }

    /// Items without members are judged together, as the services do; others are named by their place.
    fn items(&mut self, of: &Shape, value: &mut Value) -> Result<(), Mistyped> {
        let Value::Array(items) = value else {
            return Ok(());
        };
        let mut fits = true;
        for (index, item) in items.iter_mut().enumerate() {
            let mark = self.at.len();
            self.enter(format_args!(".{}.member", index + 1));
            if item.is_null() {
                self.violation(None, Constraint::NotNull);
            } else if of.is_scalar() {
                take(of.kind, item)?;
                if is_not_finite(item) && matches!(of.kind, Kind::Double) {
                    self.violation(Some(item), Constraint::Finite);
                } else {
                    fits &= of.is_satisfied(item);
                }
            } else {
                self.value(of, item)?;
            }
            self.at.truncate(mark);
        }
        if !fits {
            self.violation(Some(value), Constraint::Items(of.constraints()));
        }
        Ok(())
    }

    fn entries(&mut self, keys: &Shape, of: &Shape, value: &mut Value) -> Result<(), Mistyped> {
        let Value::Object(entries) = value else {
            return Ok(());
        };
        let mut fits = (true, true);
        entries.retain(|_, entry| !entry.is_null());
        for (key, entry) in entries.iter_mut() {
            fits.0 &= keys.is_satisfied(&Value::String(key.clone()));
            if of.is_scalar() {
                take(of.kind, entry)?;
                fits.1 &= of.is_satisfied(entry);
            } else {
                let mark = self.at.len();
                self.enter(format_args!(".{key}.member"));
                self.value(of, entry)?;
                self.at.truncate(mark);
            }
        }
        if !fits.0 {
            self.violation(Some(value), Constraint::Keys(keys.constraints()));
        }
        if !fits.1 {
            self.violation(Some(value), Constraint::Values(of.constraints()));
        }
        Ok(())
    }

    /// Goes down to a member. Messages begin its name with a small letter, as the service's own code does.
    fn enter_member(&mut self, name: &str) {
        let mut chars = name.chars();
        self.at.extend(chars.next().map(|c| c.to_ascii_lowercase()));
        self.at.push_str(chars.as_str());
    }

    /// Goes down to a place whose name ends so. The way back is to cut the name again.
    fn enter(&mut self, place: fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.at.write_fmt(place);
    }

    fn violation(&mut self, value: Option<&Value>, constraint: Constraint) {
        if self.found.len() < VIOLATIONS_MAX {
            self.found.push(Violation {
                at: self.at.clone(),
                value: value.map(shown),
                constraint,
            });
        }
    }
}

/// Takes a value as one of that kind, or says what it is instead.
///
/// Source: texts of recorded `SerializationException`s.
fn take(kind: Kind, value: &mut Value) -> Result<(), Mistyped> {
    let fits = match kind {
        Kind::Structure(_) | Kind::Map(_, _) => value.is_object(),
        Kind::List(_) => value.is_array(),
        Kind::String | Kind::Blob => value.is_string(),
        Kind::Boolean => value.is_boolean(),
        Kind::Double => value.is_number() || is_not_finite(value),
        Kind::Timestamp => value.is_number(),
        Kind::Integer => whole(value).is_some_and(|number| i32::try_from(number).is_ok()),
        Kind::Long => whole(value).is_some(),
    };
    if fits {
        return Ok(());
    }
    let wanted = match kind {
        Kind::Structure(_) | Kind::Map(_, _) => "a Structure or Map",
        Kind::List(_) => "a List",
        Kind::String => "a String",
        Kind::Blob => "a Blob",
        Kind::Boolean => "a Boolean",
        Kind::Double | Kind::Timestamp => "a Double",
        Kind::Integer => "an Integer",
        Kind::Long => "a Long",
    };
    Err(Mistyped(match value {
        Value::Array(_) => "Start of list found where not expected".to_owned(),
        Value::Object(_) => "Start of structure or map found where not expected.".to_owned(),
        Value::String(_) => format!("STRING_VALUE can not be converted to {wanted}"),
        Value::Number(_) => format!("NUMBER_VALUE can not be converted to {wanted}"),
        Value::Bool(true) => format!("TRUE_VALUE can not be converted to {wanted}"),
        Value::Bool(false) => format!("FALSE_VALUE can not be converted to {wanted}"),
        Value::Null => format!("NULL_VALUE can not be converted to {wanted}"),
    }))
}

/// Whether a value is the text for a number that JSON has no form for.
fn is_not_finite(value: &Value) -> bool {
    matches!(value.as_str(), Some("NaN" | "Infinity" | "-Infinity"))
}

/// The whole number that a value is; `5.0` becomes `5` on the way.
fn whole(value: &mut Value) -> Option<i64> {
    if let Some(number) = value.as_i64() {
        return Some(number);
    }
    let number = value.as_f64()?;
    // Beyond 2^53 not every whole number is a double, so nobody can have meant one of them.
    if number.fract() != 0.0 || number.abs() > 9_007_199_254_740_992.0 {
        return None;
    }
    let number: i64 = format!("{number:.0}").parse().ok()?;
    *value = Value::Number(Number::from(number));
    Some(number)
}

#[cfg(test)]
mod tests;
