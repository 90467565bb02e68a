//! Text to a [`Rule`], or what is wrong with it and where.
//!
//! ```text
//! rule     := and ("OR" and)*
//! and      := not ("AND" not)*
//! not      := "NOT"* one
//! one      := "TRUE" | "FALSE" | "(" rule ")" | state "(" name ")"
//!           | "AT_LEAST" "(" share "," "NOT"? state "," "(" name ("," name)* ")" ")"
//! state    := "ALARM" | "OK" | "INSUFFICIENT_DATA"
//! share    := digits "%"?                            quotes around it are allowed
//! name     := word | '"' (any but '"' and '\' | '\' any)* '"'
//! ```
//!
//! A word is anything without white space, parentheses, commas and quotes. Words of the language are in upper case.
//! Text is untrusted: the number of elements (alarms, constants, parentheses) is bounded, and with it the depth.
//!
//! Source: `PutCompositeAlarm`, and the user guide's page of composite alarms.

use super::{Rule, Share};
use crate::state::StateValue;

/// How long a rule may be, in characters.
pub const RULE_CHARS_MAX: usize = 10_240;
/// How many different alarms may be in a rule.
pub const RULE_ALARMS_MAX: usize = 100;
/// How many elements a rule may have: alarms, `TRUE` and `FALSE`, parentheses.
pub const RULE_ELEMENTS_MAX: usize = 500;

/// What is wrong with a rule. Displays as the service's message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Nothing, or white space around it.
    #[error("AlarmRule must not contain leading or trailing whitespace or be null")]
    Blank,
    /// Something that does not belong where it is.
    #[error("Error in AlarmRule [Unsupported token '{token}' at char {at}, must be: {wanted}]")]
    Unsupported {
        /// What is there.
        token: String,
        /// Where, counted in characters from 0.
        at: usize,
        /// What could be there.
        wanted: &'static str,
    },
    /// An end where more should come.
    #[error("Error in AlarmRule [Unexpected end at char {at}, must be: {wanted}]")]
    End {
        /// How many characters there are.
        at: usize,
        /// What could be there.
        wanted: &'static str,
    },
    /// More characters than [`RULE_CHARS_MAX`].
    #[error("AlarmRule must not be longer than {RULE_CHARS_MAX} characters")]
    TooLong,
    /// More elements than [`RULE_ELEMENTS_MAX`].
    #[error("AlarmRule must not contain more than {RULE_ELEMENTS_MAX} elements")]
    TooManyElements,
    /// More alarms than [`RULE_ALARMS_MAX`].
    #[error("AlarmRule must not contain more than {RULE_ALARMS_MAX} alarms")]
    TooManyAlarms,
}

const ONE: &str = "'(', 'NOT', AT_LEAST, TRUE or FALSE, ALARM, OK, or INSUFFICIENT_DATA";
const STATE: &str = "ALARM, OK, or INSUFFICIENT_DATA";
const NAME: &str = "an alarm name or ARN";
const SHARE: &str = "a number or a percentage";
const MORE: &str = "'AND', 'OR'";

/// Reads a rule.
///
/// # Errors
/// What is wrong with it.
pub fn parse(text: &str) -> Result<Rule, RuleError> {
    if text.trim().len() != text.len() || text.is_empty() {
        return Err(RuleError::Blank);
    }
    if text.chars().count() > RULE_CHARS_MAX {
        return Err(RuleError::TooLong);
    }
    let mut parser = Parser {
        text,
        at: 0,
        elements: 0,
    };
    let rule = parser.rule()?;
    match parser.peek() {
        Token::End => {}
        _ => return Err(parser.unsupported(MORE)),
    }
    if rule.alarms().len() > RULE_ALARMS_MAX {
        return Err(RuleError::TooManyAlarms);
    }
    Ok(rule)
}

/// One token, with what it takes of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    Open,
    Close,
    Comma,
    Word(&'a str),
    /// What is between the quotes, escapes and all.
    Quoted(&'a str),
    /// A quote without its end.
    Unclosed(&'a str),
    End,
}

struct Parser<'a> {
    text: &'a str,
    /// In bytes.
    at: usize,
    elements: usize,
}

impl<'a> Parser<'a> {
    fn rule(&mut self) -> Result<Rule, RuleError> {
        let mut rules = vec![self.and()?];
        while self.take_word("OR") {
            rules.push(self.and()?);
        }
        Ok(one_or(rules, Rule::Or))
    }

    fn and(&mut self) -> Result<Rule, RuleError> {
        let mut rules = vec![self.not()?];
        while self.take_word("AND") {
            rules.push(self.not()?);
        }
        Ok(one_or(rules, Rule::And))
    }

    /// A pair of `NOT`s is nothing, so that a rule of thousands is not thousands deep.
    fn not(&mut self) -> Result<Rule, RuleError> {
        let mut negated = false;
        while self.take_word("NOT") {
            negated = !negated;
        }
        let rule = self.one()?;
        Ok(if negated {
            Rule::Not(Box::new(rule))
        } else {
            rule
        })
    }

    fn one(&mut self) -> Result<Rule, RuleError> {
        match self.peek() {
            Token::Open => {
                self.bump();
                self.count(2)?;
                let rule = self.rule()?;
                self.expect(Token::Close, "')'")?;
                Ok(rule)
            }
            Token::Word("TRUE") => self.constant(true),
            Token::Word("FALSE") => self.constant(false),
            Token::Word("AT_LEAST") => self.at_least(),
            Token::Word(word) => {
                let Some(state) = StateValue::parse(word) else {
                    return Err(self.unsupported(ONE));
                };
                self.bump();
                self.expect(Token::Open, "'('")?;
                let alarm = self.name()?;
                self.expect(Token::Close, "')'")?;
                Ok(Rule::Is { state, alarm })
            }
            _ => Err(self.unsupported(ONE)),
        }
    }

    fn constant(&mut self, value: bool) -> Result<Rule, RuleError> {
        self.bump();
        self.count(1)?;
        Ok(Rule::Constant(value))
    }

    fn at_least(&mut self) -> Result<Rule, RuleError> {
        self.bump();
        self.expect(Token::Open, "'('")?;
        let threshold = self.share()?;
        self.expect(Token::Comma, "','")?;
        let negated = self.take_word("NOT");
        let state = match self.peek() {
            Token::Word(word) => StateValue::parse(word),
            _ => None,
        };
        let state = state.ok_or_else(|| self.unsupported(STATE))?;
        self.bump();
        self.expect(Token::Comma, "','")?;
        self.expect(Token::Open, "'('")?;
        let mut alarms = vec![self.name()?];
        while self.peek() == Token::Comma {
            self.bump();
            alarms.push(self.name()?);
        }
        self.expect(Token::Close, "')'")?;
        self.expect(Token::Close, "')'")?;
        Ok(Rule::AtLeast {
            threshold,
            negated,
            state,
            alarms,
        })
    }

    fn share(&mut self) -> Result<Share, RuleError> {
        let (Token::Word(word) | Token::Quoted(word)) = self.peek() else {
            return Err(self.unsupported(SHARE));
        };
        let (digits, is_percent) = word
            .strip_suffix('%')
            .map_or((word, false), |digits| (digits, true));
        let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.parse::<u32>().ok().filter(|_| is_plain);
        let share = match number {
            Some(number @ 1..=100) if is_percent => Share::Percent(number),
            Some(number @ 1..) if !is_percent => Share::Count(number),
            _ => return Err(self.unsupported(SHARE)),
        };
        self.bump();
        Ok(share)
    }

    fn name(&mut self) -> Result<String, RuleError> {
        let name = match self.peek() {
            Token::Word(word) => word.to_owned(),
            Token::Quoted(text) if !text.is_empty() => unescape(text),
            _ => return Err(self.unsupported(NAME)),
        };
        self.bump();
        self.count(1)?;
        Ok(name)
    }

    fn count(&mut self, elements: usize) -> Result<(), RuleError> {
        self.elements += elements;
        if self.elements > RULE_ELEMENTS_MAX {
            return Err(RuleError::TooManyElements);
        }
        Ok(())
    }

    fn take_word(&mut self, word: &str) -> bool {
        let is_there = self.peek() == Token::Word(word);
        if is_there {
            self.bump();
        }
        is_there
    }

    fn expect(&mut self, token: Token<'_>, wanted: &'static str) -> Result<(), RuleError> {
        if self.peek() != token {
            return Err(self.unsupported(wanted));
        }
        self.bump();
        Ok(())
    }

    fn peek(&self) -> Token<'a> {
        self.next().0
    }

    fn bump(&mut self) {
        self.at = self.next().1;
    }

    /// The next token, and where it ends.
    fn next(&self) -> (Token<'a>, usize) {
        let rest = &self.text[self.at..];
        let trimmed = rest.trim_start();
        let start = self.text.len() - trimmed.len();
        let Some(first) = trimmed.chars().next() else {
            return (Token::End, self.text.len());
        };
        match first {
            '(' => (Token::Open, start + 1),
            ')' => (Token::Close, start + 1),
            ',' => (Token::Comma, start + 1),
            '"' => quoted(&trimmed[1..])
                .map_or((Token::Unclosed(trimmed), self.text.len()), |inner| {
                    (Token::Quoted(inner), start + inner.len() + 2)
                }),
            _ => {
                let ends = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',' | '"');
                let end = trimmed.find(ends).unwrap_or(trimmed.len());
                (Token::Word(&trimmed[..end]), start + end)
            }
        }
    }

    fn unsupported(&self, wanted: &'static str) -> RuleError {
        let (token, end) = self.next();
        let shown = match token {
            Token::End => {
                let at = self.text.chars().count();
                return RuleError::End { at, wanted };
            }
            Token::Quoted(text) => &self.text[end - text.len() - 2..end],
            Token::Word(text) | Token::Unclosed(text) => text,
            Token::Open => "(",
            Token::Close => ")",
            Token::Comma => ",",
        };
        let start = end - shown.len();
        RuleError::Unsupported {
            token: shown.to_owned(),
            at: self.text[..start].chars().count(),
            wanted,
        }
    }
}

/// What is before the closing quote; `None` if there is none.
fn quoted(text: &str) -> Option<&str> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(&text[..at]),
            _ => {}
        }
    }
    None
}

fn unescape(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        name.push(if c == '\\' {
            chars.next().unwrap_or(c)
        } else {
            c
        });
    }
    name
}

fn one_or(mut rules: Vec<Rule>, many: fn(Vec<Rule>) -> Rule) -> Rule {
    if rules.len() == 1
        && let Some(rule) = rules.pop()
    {
        return rule;
    }
    many(rules)
}
