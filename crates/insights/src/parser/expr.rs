//! Expressions, by how tightly their operators bind.

use super::{Parser, RESERVED};
use crate::HEIGHT_MAX;
use crate::diagnostic::{Fault, Problem};
use crate::functions::Function;
use crate::lexer::Token;
use crate::regex::Regex;
use crate::span::Span;
use crate::tree::{BinaryOp, Expr, ExprKind, InSet, LikePattern, Segment, UnaryOp, level};

impl Parser<'_> {
    pub(super) fn expr(&mut self) -> Result<Expr, Fault> {
        self.binding(level::OR)
    }

    /// An expression whose operators bind at least as tightly as `min`.
    fn binding(&mut self, min: u8) -> Result<Expr, Fault> {
        self.deeper(|parser| {
            let (mut left, mut max) = parser.prefixed(min)?;
            // Comparisons do not chain: behind one, only looser operators may follow.
            while let Some(found) = parser.operator_level()? {
                if found < min || found > max {
                    break;
                }
                if found <= level::COMPARISON {
                    max = found.min(level::NOT);
                }
                left = match found {
                    level::OR | level::AND => parser.connected(left, found)?,
                    level::COMPARISON => parser.compared(left)?,
                    _ => parser.computed(left, found)?,
                };
            }
            Ok(left)
        })
    }

    /// `not x` where that may stand, else a value with its signs; and how tightly the next operator may bind.
    fn prefixed(&mut self, min: u8) -> Result<(Expr, u8), Fault> {
        let is_not = self.at("!")? || self.at_word("not")?;
        if !is_not || min > level::NOT {
            return Ok((self.signed()?, level::MEMBER));
        }
        let (_, start) = self.next()?;
        let inner = Box::new(self.binding(level::NOT)?);
        let not = self.grown(self.height, self.since(start), ExprKind::Not(inner))?;
        Ok((not, level::NOT))
    }

    /// The level of the operator that comes next.
    fn operator_level(&mut self) -> Result<Option<u8>, Fault> {
        let word = match self.peek()? {
            Token::Symbol("||") => return Ok(Some(level::OR)),
            Token::Symbol("&&") => return Ok(Some(level::AND)),
            Token::Symbol("=~") => return Ok(Some(level::COMPARISON)),
            Token::Symbol(symbol) => return Ok(BinaryOp::of_symbol(symbol).map(BinaryOp::level)),
            token => token.word().map(str::to_ascii_lowercase),
        };
        Ok(match word.as_deref() {
            Some("or") => Some(level::OR),
            Some("and") => Some(level::AND),
            Some("like" | "in" | "not") => Some(level::COMPARISON),
            _ => None,
        })
    }

    /// `left and b and c`, or the same with `or`.
    fn connected(&mut self, left: Expr, found: u8) -> Result<Expr, Fault> {
        let start = left.span;
        let mut height = self.height;
        let mut all = vec![left];
        while self.operator_level()? == Some(found) {
            self.next()?;
            all.push(self.binding(found + 1)?);
            height = height.max(self.height);
        }
        let kind = if found == level::OR {
            ExprKind::Or(all)
        } else {
            ExprKind::And(all)
        };
        self.grown(height, self.since(start), kind)
    }

    fn computed(&mut self, left: Expr, found: u8) -> Result<Expr, Fault> {
        let height = self.height;
        let (token, operator) = self.next()?;
        let op = self.binary_op(&token, operator)?;
        let right = self.binding(if op == BinaryOp::Pow {
            found
        } else {
            found + 1
        })?;
        self.warn_of_hyphen(op, &left, operator, &right);
        self.joined(op, left, right, height)
    }

    fn compared(&mut self, left: Expr) -> Result<Expr, Fault> {
        let height = self.height;
        let negated = self.eat_word("not")?;
        if self.eat_word("like")? {
            let pattern = if self.at("/")? {
                LikePattern::Regex(self.regex()?)
            } else {
                LikePattern::Text(Box::new(self.binding(level::SUM)?))
            };
            return self.liked(left, pattern, negated, height);
        }
        if self.eat_word("in")? {
            return self.contained(left, negated, height);
        }
        if negated {
            return Err(self
                .unexpected()
                .hint("`not` stands here before `like` or `in`"));
        }
        if self.eat("=~")? {
            let regex = self.matched()?;
            return self.liked(left, LikePattern::Regex(regex), false, height);
        }
        let (token, operator) = self.next()?;
        let op = self.binary_op(&token, operator)?;
        let right = self.binding(level::SUM)?;
        self.joined(op, left, right, height)
    }

    fn binary_op(&self, token: &Token, span: Span) -> Result<BinaryOp, Fault> {
        let op = match token {
            Token::Symbol(symbol) => BinaryOp::of_symbol(symbol),
            _ => None,
        };
        op.ok_or_else(|| {
            let symbol = span.of(self.text).to_owned();
            Fault::new(Problem::Unexpected { symbol }, span)
        })
    }

    fn joined(
        &mut self,
        op: BinaryOp,
        left: Expr,
        right: Expr,
        height: usize,
    ) -> Result<Expr, Fault> {
        let height = height.max(self.height);
        let span = self.since(left.span);
        let (left, right) = (Box::new(left), Box::new(right));
        self.grown(height, span, ExprKind::Binary { op, left, right })
    }

    fn liked(
        &mut self,
        of: Expr,
        pattern: LikePattern,
        negated: bool,
        height: usize,
    ) -> Result<Expr, Fault> {
        let height = match pattern {
            LikePattern::Text(_) => height.max(self.height),
            LikePattern::Regex(_) => height,
        };
        let span = self.since(of.span);
        let of = Box::new(of);
        self.grown(
            height,
            span,
            ExprKind::Like {
                of,
                pattern,
                negated,
            },
        )
    }

    /// What `=~` takes.
    fn matched(&mut self) -> Result<Regex, Fault> {
        if self.at("/")? {
            return self.regex();
        }
        let text = self.string()?;
        Regex::from_string(&text.value, text.span)
    }

    fn contained(&mut self, of: Expr, negated: bool, mut height: usize) -> Result<Expr, Fault> {
        let set = if self.at("(")? {
            let second = self.second()?;
            if !matches!(second, Token::Name { .. } | Token::Symbol("|" | "$")) {
                let hint = "a list stands in brackets: in [1, 2]";
                return Err(self.unexpected().hint(hint));
            }
            InSet::Query(Box::new(self.subquery()?))
        } else {
            self.expect("[")?;
            let all = self.list(|parser| {
                let one = parser.expr()?;
                height = height.max(parser.height);
                Ok(one)
            })?;
            self.expect("]")?;
            InSet::List(all)
        };
        let span = self.since(of.span);
        let of = Box::new(of);
        self.grown(height, span, ExprKind::In { of, set, negated })
    }

    /// A value with the signs before it.
    pub(super) fn signed(&mut self) -> Result<Expr, Fault> {
        let op = match self.peek()? {
            Token::Symbol("-") => UnaryOp::Minus,
            Token::Symbol("+") => UnaryOp::Plus,
            _ => return self.value(),
        };
        let (_, start) = self.next()?;
        let of = Box::new(self.deeper(Self::signed)?);
        self.grown(self.height, self.since(start), ExprKind::Unary { op, of })
    }

    /// A value with the steps behind it.
    pub(super) fn value(&mut self) -> Result<Expr, Fault> {
        let of = self.primary()?;
        let start = of.span;
        let mut path = Vec::new();
        if matches!(of.kind, ExprKind::Field(_)) || !(self.at(".")? || self.at("[")?) {
            return Ok(of);
        }
        self.members(&mut path)?;
        let of = Box::new(of);
        self.grown(
            self.height,
            self.since(start),
            ExprKind::Member { of, path },
        )
    }

    fn primary(&mut self) -> Result<Expr, Fault> {
        let (token, span) = self.fill()?.clone();
        self.height = 0;
        let kind = match token {
            Token::Number(_) => ExprKind::Number(self.number()?),
            Token::Period(period) => {
                self.next()?;
                ExprKind::Period(period)
            }
            Token::Text(text) => {
                self.next()?;
                ExprKind::Text(text)
            }
            Token::Name { .. } => return self.named(&token, span),
            Token::Symbol("(") => {
                self.next()?;
                let inner = self.expr()?;
                self.expect(")")?;
                return Ok(inner);
            }
            Token::Symbol("[") => return self.bracketed(span),
            Token::Symbol(_) | Token::End => return Err(self.unexpected()),
        };
        self.grown(0, span, kind)
    }

    fn bracketed(&mut self, start: Span) -> Result<Expr, Fault> {
        self.next()?;
        let mut height = 0;
        let all = self.list(|parser| {
            let one = parser.expr()?;
            height = height.max(parser.height);
            Ok(one)
        })?;
        self.expect("]")?;
        self.grown(height, self.since(start), ExprKind::List(all))
    }

    /// What begins with a name: a call, a truth value or a field.
    fn named(&mut self, token: &Token, span: Span) -> Result<Expr, Fault> {
        let word = token.word().unwrap_or_default();
        if self.second()?.is_symbol("(") && !RESERVED.contains(&word.to_ascii_lowercase().as_str())
        {
            return self.call(token, span);
        }
        if token.is_word("true") || token.is_word("false") {
            let kind = ExprKind::Bool(self.boolean()?);
            return self.grown(0, span, kind);
        }
        let field = self.field()?;
        self.grown(0, field.span, ExprKind::Field(field))
    }

    fn call(&mut self, token: &Token, name: Span) -> Result<Expr, Fault> {
        let Some(word) = token.word() else {
            self.next()?;
            return Err(self.unexpected());
        };
        let Some(function) = Function::named(word) else {
            let problem = Problem::UnknownFunction {
                name: word.to_owned(),
            };
            let nearest = Function::nearest(word).map(|name| format!("did you mean `{name}`?"));
            return Err(Fault::new(problem, name).hint_maybe(nearest));
        };
        self.next()?;
        self.expect("(")?;
        let mut height = 0;
        let mut args = Vec::new();
        if !self.at(")")? {
            args = self.list(|parser| {
                let arg = parser.argument(function)?;
                height = height.max(parser.height);
                Ok(arg)
            })?;
        }
        self.expect(")")?;
        let span = self.since(name);
        arguments_fit(function, &args, span)?;
        self.grown(height, span, ExprKind::Call { function, args })
    }

    fn argument(&mut self, function: Function) -> Result<Expr, Fault> {
        let span = self.span()?;
        match function {
            Function::Count | Function::CountOverTime if self.at("*")? => {
                self.next()?;
                self.grown(0, span, ExprKind::Star)
            }
            Function::RegexReplace if self.at("/")? => {
                let regex = self.regex()?;
                self.grown(0, regex.span, ExprKind::Regex(regex))
            }
            _ => self.expr(),
        }
    }

    /// A field or a call, for commands that take nothing else.
    pub(super) fn field_or_call(&mut self) -> Result<Expr, Fault> {
        let (token, span) = self.fill()?.clone();
        if !matches!(token, Token::Name { .. }) {
            return Err(self.unexpected());
        }
        let mut expr = self.named(&token, span)?;
        let mut path: Vec<Segment> = Vec::new();
        self.members(&mut path)?;
        if !path.is_empty() {
            let of = Box::new(expr);
            expr = self.grown(self.height, self.since(span), ExprKind::Member { of, path })?;
        }
        Ok(expr)
    }

    /// An expression one higher than its highest part.
    fn grown(&mut self, height: usize, span: Span, kind: ExprKind) -> Result<Expr, Fault> {
        self.height = height + 1;
        if self.height > HEIGHT_MAX {
            return Err(Fault::new(Problem::TooDeep, span));
        }
        Ok(Expr { kind, span })
    }

    fn warn_of_hyphen(&mut self, op: BinaryOp, left: &Expr, operator: Span, right: &Expr) {
        let fields = matches!(
            (&left.kind, &right.kind),
            (ExprKind::Field(_), ExprKind::Field(_))
        );
        let tight = left.span.end == operator.start && operator.end == right.span.start;
        if op == BinaryOp::Sub && fields && tight {
            let span = left.span.to(right.span);
            let text = span.of(self.text).to_owned();
            let hint = format!("a name with a hyphen stands in backticks: `{text}`");
            self.warnings
                .push(Fault::new(Problem::Subtracts { text }, span).hint(hint));
        }
    }
}

fn arguments_fit(function: Function, args: &[Expr], span: Span) -> Result<(), Fault> {
    let help = function.help();
    if args.len() < help.args_min || help.args_max.is_some_and(|max| args.len() > max) {
        let problem = Problem::Arity {
            function: help.name,
            expected: help.arity(),
            found: args.len(),
        };
        return Err(Fault::new(problem, span).hint(help.usage));
    }
    let expected = match function {
        Function::Bin if !is_period(&args[0]) => "a period such as 5m",
        Function::DateFloor | Function::DateCeil | Function::Rate if !is_period(&args[1]) => {
            "a period such as 5m as its second argument"
        }
        Function::Pct if !is_number(&args[1], 0.0, 100.0) => {
            "a number from 0 to 100 as its second argument"
        }
        Function::TopK if !is_number(&args[0], 1.0, 10_000.0) => {
            "a number from 1 to 10000 as its first argument"
        }
        _ => return Ok(()),
    };
    let problem = Problem::Argument {
        function: help.name,
        expected,
    };
    Err(Fault::new(problem, span).hint(help.usage))
}

fn is_period(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Period(_))
}

fn is_number(expr: &Expr, min: f64, max: f64) -> bool {
    match &expr.kind {
        ExprKind::Number(number) => (min..=max).contains(&number.value()),
        _ => false,
    }
}
