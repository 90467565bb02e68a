//! Commands that work on rows and columns.

use super::Parser;
use crate::commands::Word;
use crate::diagnostic::{Fault, Problem};
use crate::lexer::Token;
use crate::saved::is_parameter;
use crate::tree::{
    Baseline, Command, CommandKind, Direction, Limit, Parse, ParsePattern, SavedCall, SortKey,
    Stats,
};
use crate::{LIMIT_MAX, Text};

impl Parser<'_> {
    pub(super) fn command(&mut self) -> Result<Command, Fault> {
        let start = self.span()?;
        let word = match self.peek()? {
            Token::Symbol("$") => Word::Saved,
            token => match token.word().and_then(Word::named) {
                Some(word) if word != Word::Saved => word,
                _ => return Err(self.no_command()),
            },
        };
        self.next()?;
        let kind = match word {
            Word::Fields => CommandKind::Fields(self.list(Self::item)?),
            Word::Display => CommandKind::Display(self.list(Self::item)?),
            Word::Unmask => CommandKind::Unmask(self.list(Self::item)?),
            Word::Filter => CommandKind::Filter(self.expr()?),
            Word::FilterIndex => CommandKind::FilterIndex(self.expr()?),
            Word::Stats => CommandKind::Stats(self.stats()?),
            Word::Sort => {
                self.eat_word("by")?;
                CommandKind::Sort(self.list(Self::sort_key)?)
            }
            Word::Limit => CommandKind::Limit(self.limit()?),
            Word::Parse => CommandKind::Parse(self.parse()?),
            Word::Json => self.json()?,
            Word::Dedup => CommandKind::Dedup(self.list(Self::field)?),
            Word::Pattern => CommandKind::Pattern(self.field_or_call()?),
            Word::Diff => CommandKind::Diff(self.baseline()?),
            Word::Anomaly => CommandKind::Anomaly,
            Word::Estimate => CommandKind::Estimate,
            Word::Unnest => {
                let path = self.field_or_call()?;
                self.expect_word("into")?;
                let into = self.alias()?;
                CommandKind::Unnest { path, into }
            }
            Word::Expand => CommandKind::Expand(self.field()?),
            Word::Lookup => CommandKind::Lookup(self.lookup()?),
            Word::CidrLookup => CommandKind::CidrLookup(self.cidr_lookup()?),
            Word::Join => CommandKind::Join(self.join()?),
            Word::AppendCols => CommandKind::AppendCols(self.append_cols()?),
            Word::Source => CommandKind::Source(self.source()?),
            Word::RelevantFields => self.relevant_fields()?,
            Word::AddTotals => CommandKind::AddTotals(self.add_totals()?),
            Word::Accum => {
                let field = self.field()?;
                let alias = self.alias_maybe()?;
                CommandKind::Accum { field, alias }
            }
            Word::AutoRegress => CommandKind::AutoRegress(self.auto_regress()?),
            Word::FillDown => CommandKind::FillDown(self.fill_down()?),
            Word::FillMissing => CommandKind::FillMissing(self.fill_missing()?),
            Word::Outlier => CommandKind::Outlier(self.outlier()?),
            Word::Sessionize => CommandKind::Sessionize(self.sessionize()?),
            Word::CountFrequent => CommandKind::CountFrequent(self.list(Self::field)?),
            Word::LogCompare => {
                self.expect_word("timeshift")?;
                CommandKind::LogCompare(self.period()?)
            }
            Word::Saved => CommandKind::Saved(self.saved(start)?),
        };
        let span = self.since(start);
        Ok(Command { kind, span })
    }

    fn no_command(&mut self) -> Fault {
        let nearest = match self.peek() {
            Ok(token) => token.word().and_then(Word::nearest),
            Err(_) => None,
        };
        let hint = nearest.map(|name| format!("did you mean `{name}`?"));
        self.unexpected().hint_maybe(hint)
    }

    fn stats(&mut self) -> Result<Stats, Fault> {
        let items = self.list(Self::item)?;
        let mut by = Vec::new();
        let mut offset = None;
        if self.eat_word("by")? {
            by = self.list(Self::item)?;
            if self.eat_word("offset")? {
                offset = Some(self.period()?);
            }
        }
        Ok(Stats { items, by, offset })
    }

    fn sort_key(&mut self) -> Result<SortKey, Fault> {
        let expr = self.expr()?;
        let direction = if self.eat_word("desc")? {
            Direction::Descending
        } else {
            self.eat_word("asc")?;
            Direction::Ascending
        };
        Ok(SortKey { expr, direction })
    }

    fn limit(&mut self) -> Result<Limit, Fault> {
        let any = self.eat_word("any")?;
        let count = self.integer("the limit", 1, u64::from(LIMIT_MAX))?;
        let count = u32::try_from(count).unwrap_or(LIMIT_MAX);
        Ok(Limit { count, any })
    }

    fn parse(&mut self) -> Result<Parse, Fault> {
        if let Some(pattern) = self.parse_pattern()? {
            return Ok(Parse { of: None, pattern });
        }
        let of = Some(self.field_or_call()?);
        match self.parse_pattern()? {
            Some(pattern) => Ok(Parse { of, pattern }),
            None => Err(self.unexpected()),
        }
    }

    /// The pattern, if one comes next; `logfmt`, `csv` and `xml` may also be fields.
    fn parse_pattern(&mut self) -> Result<Option<ParsePattern>, Fault> {
        let second = self.second().unwrap_or(Token::End);
        let pattern = match self.peek()? {
            Token::Text(_) => self.glob()?,
            Token::Symbol("/") => self.parse_regex()?,
            token if token.is_word("logfmt") && second.is_word("as") => {
                self.next()?;
                self.expect_word("as")?;
                let alias = self.alias()?;
                ParsePattern::Logfmt { alias }
            }
            token if token.is_word("csv") && second.is_word("as") => {
                self.next()?;
                self.expect_word("as")?;
                let aliases = self.list(Self::alias)?;
                ParsePattern::Csv { aliases }
            }
            token
                if token.is_word("xml")
                    && matches!(&second, Token::Text(path) if path.starts_with('/')) =>
            {
                self.next()?;
                let path = self.string()?;
                let alias = self.alias_maybe()?;
                ParsePattern::Xml { path, alias }
            }
            _ => return Ok(None),
        };
        Ok(Some(pattern))
    }

    fn glob(&mut self) -> Result<ParsePattern, Fault> {
        let glob = self.string()?;
        self.expect_word("as")?;
        let aliases = self.list(Self::alias)?;
        let places = glob.value.matches('*').count();
        if places != aliases.len() {
            let problem = Problem::Names {
                what: "wildcards",
                places,
                names: aliases.len(),
            };
            return Err(Fault::new(problem, self.since(glob.span)));
        }
        Ok(ParsePattern::Glob { glob, aliases })
    }

    fn parse_regex(&mut self) -> Result<ParsePattern, Fault> {
        let regex = self.regex()?;
        let aliases: Vec<Text> = if self.eat_word("as")? {
            self.list(Self::alias)?
        } else {
            Vec::new()
        };
        let multi = self.eat_word("multi")?;
        let named = regex.names().count();
        let plain = regex.groups.len() - named;
        let fits = match aliases.len() {
            0 => named > 0,
            given => given == regex.groups.len() || given == plain,
        };
        if !fits {
            let problem = Problem::Names {
                what: "groups",
                places: regex.groups.len(),
                names: aliases.len(),
            };
            let fault = Fault::new(problem, self.since(regex.span));
            return Err(fault.hint("a group becomes a field by its name: (?<name>...)"));
        }
        Ok(ParsePattern::Regex {
            regex,
            aliases,
            multi,
        })
    }

    fn json(&mut self) -> Result<CommandKind, Fault> {
        self.expect_word("field")?;
        self.expect("=")?;
        let from = self.field()?;
        let path = self.string()?;
        self.expect_word("as")?;
        let alias = self.alias()?;
        Ok(CommandKind::Json { from, path, alias })
    }

    fn baseline(&mut self) -> Result<Option<Baseline>, Fault> {
        let all = [
            Baseline::PreviousDay,
            Baseline::PreviousWeek,
            Baseline::PreviousMonth,
        ];
        for baseline in all {
            if self.eat_word(baseline.as_str())? {
                return Ok(Some(baseline));
            }
        }
        Ok(None)
    }

    fn saved(&mut self, start: crate::Span) -> Result<SavedCall, Fault> {
        let name = self.name()?;
        self.expect("(")?;
        let mut args = Vec::new();
        if !self.at(")")? {
            args = self.list(|parser| {
                let parameter = parser.parameter()?;
                parser.expect("=")?;
                Ok((parameter, parser.literal()?))
            })?;
        }
        self.expect(")")?;
        let span = self.since(start);
        Ok(SavedCall { name, args, span })
    }

    /// The name of a parameter, which may be any word.
    fn parameter(&mut self) -> Result<Text, Fault> {
        let word = self.peek()?.word().unwrap_or_default().to_owned();
        if !is_parameter(&word) {
            return Err(self.unexpected());
        }
        let (_, span) = self.next()?;
        Ok(Text::new(word, span))
    }
}
