//! What the conditions of a statement ask of messages, as [`crate::text`] says it of a query.

use std::ops::ControlFlow;

use corelog_store::Text;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Select,
    TableFactor, Value, Visit, Visitor,
};

use crate::text::{is_of_message, of_regex};

/// What the messages of a table must have for a statement to need them. Nothing is known of a table that is named
/// more than once, or joined with others.
pub(super) fn of_table(statement: &Statement, table: &str, is_promoted: bool) -> Option<Text> {
    let Statement::Statement(statement) = statement else {
        return None;
    };
    let mut selects = Selects {
        table,
        is_promoted,
        named: 0,
        text: None,
    };
    let _ = statement.visit(&mut selects);
    selects.text.filter(|_| selects.named == 1)
}

/// Finds where a table is selected from.
struct Selects<'a> {
    table: &'a str,
    is_promoted: bool,
    /// How often the table is named.
    named: usize,
    text: Option<Text>,
}

impl Visitor for Selects<'_> {
    type Break = ();

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        let [from] = &select.from[..] else {
            return ControlFlow::Continue(());
        };
        if let TableFactor::Table { name, alias, .. } = &from.relation
            && from.joins.is_empty()
            && let [part] = &name.0[..]
            && part.as_ident().is_some_and(|it| it.value == self.table)
        {
            let conditions = Conditions {
                table: alias.as_ref().map_or(self.table, |it| &it.name.value),
                is_promoted: self.is_promoted,
            };
            let text = select.selection.as_ref();
            self.text = text.and_then(|condition| conditions.text(condition));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table { name, .. } = factor {
            let parts = name.0.iter().filter_map(|part| part.as_ident());
            self.named += parts.filter(|part| part.value == self.table).count();
        }
        ControlFlow::Continue(())
    }
}

/// Conditions on the rows of a table.
struct Conditions<'a> {
    /// What columns may be qualified with.
    table: &'a str,
    is_promoted: bool,
}

impl Conditions<'_> {
    fn text(&self, condition: &Expr) -> Option<Text> {
        match condition {
            Expr::Nested(inner) => self.text(inner),
            Expr::BinaryOp { left, op, right } => match op {
                BinaryOperator::And => Text::all([self.text(left), self.text(right)]),
                BinaryOperator::Or => Text::either([self.text(left), self.text(right)]),
                BinaryOperator::PGRegexMatch | BinaryOperator::PGRegexIMatch => {
                    of_regex(self.of_message(left).and(string(right))?)
                }
                _ => None,
            },
            Expr::Like {
                negated: false,
                any: false,
                expr,
                pattern,
                escape_char: None,
            }
            | Expr::ILike {
                negated: false,
                any: false,
                expr,
                pattern,
                escape_char: None,
            } => of_like(self.of_message(expr).and(string(pattern))?),
            Expr::Function(function) => self.call(function),
            _ => None,
        }
    }

    fn call(&self, function: &Function) -> Option<Text> {
        let FunctionArguments::List(list) = &function.args else {
            return None;
        };
        let [
            FunctionArg::Unnamed(FunctionArgExpr::Expr(of)),
            FunctionArg::Unnamed(FunctionArgExpr::Expr(part)),
        ] = &list.args[..]
        else {
            return None;
        };
        let part = self.of_message(of).and(string(part))?;
        match function.name.to_string().as_str() {
            "contains" => Text::literal(part),
            "regexp_like" => of_regex(part),
            _ => None,
        }
    }

    /// Something if this is a column whose text is part of the message's.
    fn of_message(&self, expr: &Expr) -> Option<()> {
        let column = match expr {
            Expr::Identifier(column) => column,
            Expr::CompoundIdentifier(parts) => match &parts[..] {
                [table, column] if table.value == self.table => column,
                _ => return None,
            },
            Expr::Nested(inner) => return self.of_message(inner),
            _ => return None,
        };
        is_of_message(&column.value, self.is_promoted).then_some(())
    }
}

fn string(expr: &Expr) -> Option<&str> {
    let Expr::Value(value) = expr else {
        return None;
    };
    match &value.value {
        Value::SingleQuotedString(text) => Some(text),
        _ => None,
    }
}

/// What every text has that is like a pattern, in which a backslash escapes.
fn of_like(pattern: &str) -> Option<Text> {
    let mut literals = vec![String::new()];
    let mut characters = pattern.chars();
    while let Some(c) = characters.next() {
        match c {
            '%' | '_' => literals.push(String::new()),
            // Whatever is escaped is left out.
            '\\' => {
                characters.next();
                literals.push(String::new());
            }
            c => literals.last_mut().into_iter().for_each(|it| it.push(c)),
        }
    }
    Text::all(literals.iter().map(|literal| Text::literal(literal)))
}

#[cfg(test)]
mod tests {
    use datafusion::config::Dialect;
    use datafusion::prelude::SessionContext;

    use super::*;

    fn check(statement: &str, expected: Option<&str>) {
        let state = SessionContext::new().state();
        let statement = state.sql_to_statement(statement, &Dialect::Generic);
        let statement = statement.unwrap();
        let text = of_table(&statement, "g", true).map(|text| text.to_string());
        assert_eq!(text.as_deref(), expected, "{statement}");
    }

    #[test]
    fn conditions_of_a_statement_say_what_messages_have() {
        let check = |condition: &str, expected| {
            check(&format!("SELECT * FROM g WHERE {condition}"), expected);
        };
        check(r#""@message" LIKE '%warranty%'"#, Some("*warranty*"));
        check(
            "prompt LIKE 'Rate%lim_ted'",
            Some("*rate* and *lim* and *ted*"),
        );
        check(r"prompt LIKE '%100\% sure%'", Some("sure*"));
        check("g.prompt ILIKE '% Rate %'", Some("rate"));
        check(
            "(prompt ~ 'over (load|time)')",
            Some("*over and (*load* or *time*)"),
        );
        check("contains(prompt, 'refund') AND n > 5", Some("*refund*"));
        check("regexp_like(prompt, 'refund.*')", Some("*refund*"));
        check("a LIKE '%one%' OR b LIKE '%two%'", Some("(*one* or *two*)"));
        check("a LIKE '%one%' OR n > 5", None);
        check("a NOT LIKE '%one%'", None);
        check("NOT a LIKE '%one%'", None);
        check("h.a LIKE '%one%'", None);
        check("a LIKE '%one%' ESCAPE 'n'", None);
        check("lower(a) LIKE '%one%'", None);
        check(r#""modelId" LIKE '%one%'"#, None);
    }

    #[test]
    fn only_where_a_table_is_read_alone_and_once() {
        let one = "a LIKE '%one%'";
        check(&format!("SELECT * FROM h WHERE {one}"), None);
        check(
            &format!("SELECT * FROM g AS t WHERE t.{one}"),
            Some("*one*"),
        );
        check(
            &format!("SELECT * FROM g JOIN h USING (a) WHERE {one}"),
            None,
        );
        check(&format!("SELECT * FROM g, h WHERE {one}"), None);
        check(
            &format!("SELECT * FROM g WHERE {one} UNION ALL SELECT * FROM g"),
            None,
        );
        check(
            &format!("SELECT * FROM h WHERE EXISTS (SELECT 1 FROM g WHERE {one})"),
            Some("*one*"),
        );
    }
}
