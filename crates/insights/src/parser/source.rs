//! `SOURCE`: which log groups a query reads.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Source.html>

use super::Parser;
use crate::diagnostic::{Fault, Problem};
use crate::lexer::Token;
use crate::tree::{Selector, Source, TagFilter, Text, TimeBound};

const PREFIXES_MAX: usize = 5;
const ACCOUNTS_MAX: usize = 20;
const CLASSES_MAX: usize = 2;
const DATA_SOURCES_MAX: usize = 10;
const TAGS_MAX: usize = 5;
const TAG_VALUES_MAX: usize = 5;

impl Parser<'_> {
    pub(super) fn source(&mut self) -> Result<Source, Fault> {
        let mut source = Source {
            selectors: Vec::new(),
            start: None,
            end: None,
        };
        loop {
            if self.option("start")? {
                source.start = Some(self.time_bound()?);
            } else if self.option("end")? {
                source.end = Some(self.time_bound()?);
            } else if matches!(self.peek()?, Token::Text(_) | Token::Name { .. }) {
                source.selectors.push(self.selector()?);
            } else {
                break;
            }
            if self.eat(",")? && !matches!(self.peek()?, Token::Text(_) | Token::Name { .. }) {
                return Err(self.unexpected());
            }
        }
        if source.selectors.is_empty() {
            return Err(self.unexpected().hint("name a log group: SOURCE \"name\""));
        }
        Ok(source)
    }

    fn selector(&mut self) -> Result<Selector, Fault> {
        let is_call = self.second()?.is_symbol("(");
        if !is_call {
            let quoted = matches!(self.peek()?, Token::Text(_));
            let group = if quoted { self.string()? } else { self.name()? };
            if self.at("-")? || self.at("/")? {
                return Err(self
                    .unexpected()
                    .hint("the name of a log group stands in quotes"));
            }
            return Ok(Selector::Group(group));
        }
        let hint = "one of logGroups, dataSource and logGroupTags";
        let (is_groups, is_data) = (self.at_word("loggroups")?, self.at_word("datasource")?);
        if !is_groups && !is_data && !self.at_word("loggrouptags")? {
            return Err(self.unexpected().hint(hint));
        }
        self.next()?;
        self.expect("(")?;
        let selector = if is_groups {
            self.log_groups()?
        } else if is_data {
            Selector::DataSource(self.strings("data sources", DATA_SOURCES_MAX)?)
        } else {
            Selector::Tags(self.tags()?)
        };
        self.expect(")")?;
        Ok(selector)
    }

    fn log_groups(&mut self) -> Result<Selector, Fault> {
        let (mut name_prefixes, mut accounts, mut classes) = (Vec::new(), Vec::new(), Vec::new());
        if !self.at(")")? {
            self.list(|parser| {
                let which = parser
                    .peek()?
                    .word()
                    .unwrap_or_default()
                    .to_ascii_lowercase();
                let (found, what, max) = match which.as_str() {
                    "nameprefix" => (&mut name_prefixes, "name prefixes", PREFIXES_MAX),
                    "accountidentifier" | "accountidentifiers" => {
                        (&mut accounts, "accounts", ACCOUNTS_MAX)
                    }
                    "class" => (&mut classes, "log group classes", CLASSES_MAX),
                    _ => {
                        let hint = "one of namePrefix, accountIdentifier and class";
                        return Err(parser.unexpected().hint(hint));
                    }
                };
                parser.next()?;
                parser.expect(":")?;
                *found = parser.strings(what, max)?;
                Ok(())
            })?;
        }
        for class in &classes {
            class_exists(class)?;
        }
        Ok(Selector::LogGroups {
            name_prefixes,
            accounts,
            classes,
        })
    }

    fn strings(&mut self, what: &'static str, max: usize) -> Result<Vec<Text>, Fault> {
        let start = self.span()?;
        self.expect("[")?;
        let all = self.list(Self::string)?;
        self.expect("]")?;
        if all.len() > max {
            let problem = Problem::TooMany { what, max };
            return Err(Fault::new(problem, self.since(start)));
        }
        Ok(all)
    }

    fn tags(&mut self) -> Result<Vec<TagFilter>, Fault> {
        let start = self.span()?;
        self.expect("[")?;
        let all = self.list(Self::tag)?;
        self.expect("]")?;
        if all.len() > TAGS_MAX {
            let problem = Problem::TooMany {
                what: "tag filters",
                max: TAGS_MAX,
            };
            return Err(Fault::new(problem, self.since(start)));
        }
        Ok(all)
    }

    fn tag(&mut self) -> Result<TagFilter, Fault> {
        let (mut key, mut values) = (None, None);
        self.expect("{")?;
        self.list(|parser| {
            let hint = "one of \"key\" and \"values\"";
            let Token::Text(member) = parser.peek()?.clone() else {
                return Err(parser.unexpected().hint(hint));
            };
            match member.as_str() {
                "key" if key.is_none() => {
                    parser.next()?;
                    parser.expect(":")?;
                    key = Some(parser.string()?);
                }
                "values" if values.is_none() => {
                    parser.next()?;
                    parser.expect(":")?;
                    values = Some(parser.strings("values of a tag", TAG_VALUES_MAX)?);
                }
                _ => return Err(parser.unexpected().hint(hint)),
            }
            Ok(())
        })?;
        let (Some(key), Some(values)) = (key, values) else {
            return Err(self
                .unexpected()
                .hint("a tag filter has \"key\" and \"values\""));
        };
        self.expect("}")?;
        Ok(TagFilter { key, values })
    }

    fn time_bound(&mut self) -> Result<TimeBound, Fault> {
        if self.eat_word("now")? {
            return Ok(TimeBound::Now);
        }
        if self.eat("-")? {
            return Ok(TimeBound::Ago(self.period()?));
        }
        let max = i64::MAX.unsigned_abs();
        let millis = self.integer("a time", 0, max)?;
        Ok(TimeBound::Millis(i64::try_from(millis).unwrap_or(i64::MAX)))
    }
}

fn class_exists(class: &Text) -> Result<(), Fault> {
    if matches!(class.value.as_str(), "STANDARD" | "INFREQUENT_ACCESS") {
        return Ok(());
    }
    let symbol = class.value.clone();
    let fault = Fault::new(Problem::Unexpected { symbol }, class.span);
    Err(fault.hint("one of STANDARD and INFREQUENT_ACCESS"))
}
