//! Commands that add columns from elsewhere: lookup tables and other queries.

use super::Parser;
use crate::diagnostic::{Fault, Problem};
use crate::tree::{
    AppendCols, CidrLookup, Field, Join, JoinKind, Lookup, LookupKey, OnExisting, Segment, Text,
};

/// How many rows `appendcols` takes at most, and if it does not say.
const APPENDED_ROWS: (u64, u32) = (100_000, 10_000);

impl Parser<'_> {
    pub(super) fn lookup(&mut self) -> Result<Lookup, Fault> {
        let table = self.table()?;
        let keys = self.list(Self::lookup_key)?;
        let (on_existing, outputs) = self.outputs()?;
        Ok(Lookup {
            table,
            keys,
            on_existing,
            outputs,
        })
    }

    /// Source: the service model's rule for the name of a lookup table.
    fn table(&mut self) -> Result<Text, Fault> {
        let table = self.name()?;
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if table.value.bytes().all(fits) {
            return Ok(table);
        }
        let symbol = table.value;
        let fault = Fault::new(Problem::Unexpected { symbol }, table.span);
        Err(fault.hint("the name of a lookup table has letters, digits and _"))
    }

    fn lookup_key(&mut self) -> Result<LookupKey, Fault> {
        let field = self.field()?;
        let column = Text::new(field.path(), field.span);
        let field = if self.eat_word("as")? {
            self.field()?
        } else {
            field
        };
        Ok(LookupKey { column, field })
    }

    fn outputs(&mut self) -> Result<(OnExisting, Vec<Text>), Fault> {
        let on_existing = if self.eat_word("outputnew")? {
            OnExisting::FillOnly
        } else {
            self.expect_word("output")?;
            OnExisting::Overwrite
        };
        Ok((on_existing, self.list(Self::name)?))
    }

    pub(super) fn cidr_lookup(&mut self) -> Result<CidrLookup, Fault> {
        let table = self.table()?;
        let ip = self.field()?;
        let column = if self.eat_word("as")? {
            Some(self.name()?)
        } else {
            None
        };
        let (on_existing, outputs) = self.outputs()?;
        Ok(CidrLookup {
            table,
            ip,
            column,
            on_existing,
            outputs,
        })
    }

    pub(super) fn join(&mut self) -> Result<Join, Fault> {
        let mut kind = JoinKind::default();
        let (mut left, mut right) = (None, None);
        loop {
            if self.option("type")? {
                kind = if self.eat_word("left")? {
                    JoinKind::Left
                } else {
                    self.expect_word("inner")?;
                    JoinKind::Inner
                };
            } else if self.option("left")? {
                left = Some(self.name()?);
            } else if self.option("right")? {
                right = Some(self.name()?);
            } else {
                break;
            }
        }
        let (Some(left), Some(right)) = (left, right) else {
            return Err(self
                .unexpected()
                .hint("join needs left=name and right=name"));
        };
        self.expect_word("where")?;
        let one = self.field()?;
        self.expect("=")?;
        let other = self.field()?;
        let (left_key, right_key) = if without(&one, &left).is_some() {
            (key_of(&one, &left)?, key_of(&other, &right)?)
        } else {
            (key_of(&other, &left)?, key_of(&one, &right)?)
        };
        let query = Box::new(self.subquery()?);
        Ok(Join {
            kind,
            left,
            right,
            left_key,
            right_key,
            query,
        })
    }

    pub(super) fn append_cols(&mut self) -> Result<AppendCols, Fault> {
        let (max, mut rows_max) = APPENDED_ROWS;
        let mut overrides = false;
        loop {
            if self.option("override")? {
                overrides = self.boolean()?;
            } else if self.option("max")? {
                let rows = self.integer("max", 1, max)?;
                rows_max = u32::try_from(rows).unwrap_or(rows_max);
            } else {
                break;
            }
        }
        let query = Box::new(self.subquery()?);
        Ok(AppendCols {
            overrides,
            rows_max,
            query,
        })
    }
}

/// The field behind `alias.`.
fn without(field: &Field, alias: &Text) -> Option<Field> {
    let (first, rest) = field.segments.split_first()?;
    let fits = *first == Segment::Key(alias.value.clone());
    if !fits || !matches!(rest.first(), Some(Segment::Key(_))) {
        return None;
    }
    Some(Field {
        segments: rest.to_vec(),
        span: field.span,
    })
}

fn key_of(field: &Field, alias: &Text) -> Result<Field, Fault> {
    without(field, alias).ok_or_else(|| {
        let symbol = field.name();
        let hint = format!("a field of this side begins with `{}.`", alias.value);
        Fault::new(Problem::Unexpected { symbol }, field.span).hint(hint)
    })
}
