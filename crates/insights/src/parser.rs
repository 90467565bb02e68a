//! Tokens to trees, by recursive descent.
//!
//! ```text
//! query     = ["|"] command {"|" command}
//! command   = fields | display | filter | filterIndex | stats | sort | limit | parse | json | dedup | pattern | diff
//!           | anomaly | unmask | unnest | expand | lookup | cidrlookup | join | appendcols | source | relevantfields
//!           | addtotals | accum | autoregress | filldown | fillmissing | outlier | sessionize | countFrequent
//!           | logcompare | estimate | saved
//! fields    = "fields" items                        display     = "display" items
//! filter    = ("filter" | "where") expr             filterIndex = "filterIndex" expr
//! stats     = "stats" items ["by" items ["offset" period]]
//! sort      = ("sort" | "order") ["by"] key {"," key}            key = expr ["asc" | "desc"]
//! limit     = ("limit" | "head") ["any"] integer
//! parse     = "parse" [value] ( string "as" aliases | regex ["as" aliases] ["multi"]
//!                             | "logfmt" "as" alias | "csv" "as" aliases | "xml" string ["as" alias] )
//! json      = "json" "field" "=" field string "as" alias
//! dedup     = "dedup" field {"," field}             pattern     = "pattern" value
//! diff      = "diff" ["previousDay" | "previousWeek" | "previousMonth"]
//! unmask    = "unmask" items                        unnest      = "unnest" value "into" alias
//! expand    = "expand" field                        accum       = "accum" field ["as" alias]
//! lookup    = "lookup" name column {"," column} output           column = name ["as" field]
//! cidrlookup = "cidrlookup" name field ["as" name] output
//! output    = ("OUTPUT" | "OUTPUTNEW") name {"," name}
//! join      = "join" ["type" "=" ("inner" | "left")] "left" "=" name "right" "=" name
//!             "where" field "=" field subquery
//! appendcols = "appendcols" ["override" "=" bool] ["max" "=" integer] subquery
//! subquery  = "(" query ")"
//! source    = "SOURCE" selector {[","] selector} ["START" "=" bound] ["END" "=" bound]
//! selector  = string | name | "logGroups" "(" [which ":" strings {"," which ":" strings}] ")"
//!           | "dataSource" "(" strings ")" | "logGroupTags" "(" "[" tag {"," tag} "]" ")"
//! which     = "namePrefix" | "accountIdentifier" | "accountIdentifiers" | "class"
//! tag       = "{" "key" ":" string "," "values" ":" strings "}"
//! strings   = "[" string {"," string} "]"           bound       = integer | "-" period | "now"
//! relevantfields = "relevantfields" [field {"," field}] "where" expr
//! addtotals = "addtotals" {"fieldname" "=" name | ("row" | "col") "=" bool} {field [","]}
//! autoregress = "autoregress" field ["as" alias] ["p" "=" integer ["-" integer]]
//! filldown  = "filldown" {name with "*" for any text [","]}
//! fillmissing = "fillmissing" ["with" literal "for" field {"," [literal "for"] field}]
//! outlier   = "outlier" {"action" "=" ("transform" | "remove") | "param" "=" number
//!                       | ("uselower" | "mark") "=" bool} field {[","] field}
//! sessionize = "sessionize" field {"," field} ["maxspan" period] ["as" alias]
//! countFrequent = "countFrequent" field {"," field} logcompare  = "logcompare" "timeshift" period
//! anomaly   = "anomaly"                             estimate    = "estimate"
//! saved     = "$" name "(" [name "=" literal {"," name "=" literal}] ")"
//!
//! items     = item {"," item}                       item        = expr ["as" alias]
//! aliases   = alias {"," alias}                     alias       = name | string
//! expr      = and {("or" | "||") and}               and         = not {("and" | "&&") not}
//! not       = {"not" | "!"} comparison
//! comparison = sum [ ("=" | "==" | "!=" | "<>" | "<" | "<=" | ">" | ">=") sum
//!                  | ["not"] "like" (regex | sum) | "=~" (regex | string) | ["not"] "in" (list | subquery) ]
//! sum       = product {("+" | "-") product}         product     = power {("*" | "/" | "%") power}
//! power     = sign ["^" power]                      sign        = {"-" | "+"} value
//! value     = (literal | list | field | call | "(" expr ")") {"." name | "[" integer "]"}
//! literal   = number | period | string | "true" | "false"
//! list      = "[" expr {"," expr} "]"
//! call      = function "(" ["*" | expr {"," (expr | regex)}] ")"
//! field     = name {"." name | "[" integer "]"}
//! ```
//!
//! Keywords, commands and functions have no case, names have. `#` begins a comment up to the end of the line.
//! Where commands may stand, and which names exist after `stats`, is for `check` to say.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html>; the precedence of operators
//! is documented nowhere, and is here as most languages have it.

mod commands;
mod expr;
mod lookup;
mod numbers;
mod parts;
mod source;
mod tokens;

use crate::COMMANDS_MAX;
use crate::diagnostic::{Fault, Problem};
use crate::lexer::{Lexer, Token};
use crate::span::Span;
use crate::tree::{Command, Query};

/// Words that are operators, and so no names unless in backticks or behind a dot.
pub(crate) const RESERVED: [&str; 9] = [
    "and", "or", "not", "like", "in", "as", "by", "true", "false",
];

/// How much of a symbol a message repeats.
const SYMBOL_CHARS_MAX: usize = 64;

pub(crate) struct Parser<'a> {
    text: &'a str,
    lexer: Lexer<'a>,
    ahead: Option<(Token, Span)>,
    /// The tokens taken so far: a column without alias is named by its own.
    trail: Vec<Span>,
    commands: usize,
    in_subquery: bool,
    /// How many expressions are being parsed within each other.
    depth: usize,
    /// The height of the expression that was parsed last.
    height: usize,
    pub(crate) warnings: Vec<Fault>,
}

impl<'a> Parser<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            text,
            lexer: Lexer::new(text),
            ahead: None,
            trail: Vec::new(),
            commands: 0,
            in_subquery: false,
            depth: 0,
            height: 0,
            warnings: Vec::new(),
        }
    }

    /// The whole text as one query.
    pub(crate) fn whole(&mut self) -> Result<Query, Fault> {
        let query = self.query()?;
        match self.peek()? {
            Token::End => Ok(query),
            _ => Err(self.unexpected()),
        }
    }

    fn query(&mut self) -> Result<Query, Fault> {
        self.eat("|")?;
        let mut commands: Vec<Command> = Vec::new();
        loop {
            self.commands += 1;
            if self.commands > COMMANDS_MAX {
                let problem = Problem::TooMany {
                    what: "commands",
                    max: COMMANDS_MAX,
                };
                return Err(Fault::new(problem, self.span()?));
            }
            commands.push(self.command()?);
            if !self.eat("|")? {
                break;
            }
        }
        let span = commands[0].span.to(commands[commands.len() - 1].span);
        Ok(Query { commands, span })
    }

    /// A query in parentheses.
    fn subquery(&mut self) -> Result<Query, Fault> {
        let open = self.span()?;
        self.expect("(")?;
        if self.in_subquery {
            return Err(Fault::new(Problem::NestedSubquery, open));
        }
        self.in_subquery = true;
        let query = self.query()?;
        self.in_subquery = false;
        self.expect(")")?;
        Ok(query)
    }
}

#[cfg(test)]
mod tests;
