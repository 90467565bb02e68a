//! What an expression of a configuration is worth, as far as the files tell.

use std::cell::Cell;
use std::collections::BTreeMap;

use hcl_edit::expr::{
    BinaryOperator, Expression, ObjectKey, Traversal, TraversalOperator, UnaryOperator,
};
use hcl_edit::structure::Body;
use hcl_edit::template::{Element, Template};
use serde_json::{Map, Number, Value};

use super::functions;

/// Names may name others; those that go round in a circle end here.
const DEPTH_MAX: usize = 32;
/// A text may be put into others again and again.
pub(super) const TEXT_BYTES_MAX: usize = 1 << 20;
/// Values that are made of all files.
const VALUES_MAX: usize = 1_000_000;

/// What names mean.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    given: &'a BTreeMap<String, String>,
    pub(super) variables: BTreeMap<&'a str, &'a Body>,
    /// Values of variables.
    pub(super) values: BTreeMap<&'a str, &'a Expression>,
    pub(super) locals: BTreeMap<&'a str, &'a Expression>,
    pub(super) resources: BTreeMap<(&'a str, &'a str), &'a Body>,
    /// How many values may still be made: lists of lists of lists are short to write.
    left: Cell<usize>,
}

/// Which of several instances of a resource is meant.
#[derive(Debug, Clone, Default)]
pub(super) struct Instance {
    count: Option<usize>,
    each: Option<(String, Value)>,
}

impl Instance {
    pub(super) fn counted(index: usize) -> Self {
        Self {
            count: Some(index),
            each: None,
        }
    }

    pub(super) fn keyed(pair: (String, Value)) -> Self {
        Self {
            count: None,
            each: Some(pair),
        }
    }

    /// `[0]` or `["key"]`, as addresses of resources end.
    pub(super) fn suffix(&self) -> String {
        match (&self.count, &self.each) {
            (Some(index), _) => format!("[{index}]"),
            (None, Some((key, _))) => format!("[{}]", Value::from(key.as_str())),
            (None, None) => String::new(),
        }
    }
}

impl<'a> Scope<'a> {
    pub(super) fn new(given: &'a BTreeMap<String, String>) -> Self {
        Self {
            given,
            variables: BTreeMap::new(),
            values: BTreeMap::new(),
            locals: BTreeMap::new(),
            resources: BTreeMap::new(),
            left: Cell::new(VALUES_MAX),
        }
    }

    /// What an expression is worth for an instance.
    pub(super) fn value(
        &self,
        expression: &Expression,
        of: &Instance,
        depth: usize,
    ) -> Result<Value, String> {
        if depth > DEPTH_MAX {
            return Err("it is nested too deeply, or names itself".to_owned());
        }
        let left = self.left.get().checked_sub(1);
        self.left.set(left.ok_or("it is too large")?);
        let inner = |expression: &Expression| self.value(expression, of, depth + 1);
        match expression {
            Expression::Null(_) => Ok(Value::Null),
            Expression::Bool(value) => Ok(Value::Bool(**value)),
            Expression::Number(value) => {
                let whole = value.as_i64().map(Value::from);
                let number = whole.or_else(|| value.as_f64().map(made));
                number.ok_or_else(|| "it is no number".to_owned())
            }
            Expression::String(value) => Ok(Value::from(value.as_str())),
            Expression::Array(items) => items.iter().map(inner).collect(),
            Expression::Object(object) => {
                let mut members = Map::new();
                for (key, value) in object {
                    let key = match key {
                        ObjectKey::Ident(ident) => ident.as_str().to_owned(),
                        ObjectKey::Expression(key) => text(&inner(key)?),
                    };
                    members.insert(key, inner(value.expr())?);
                }
                Ok(Value::Object(members))
            }
            Expression::StringTemplate(template) => self.template(template, of, depth),
            Expression::HeredocTemplate(heredoc) => self.template(&heredoc.template, of, depth),
            Expression::Parenthesis(inside) => inner(inside.inner()),
            Expression::Conditional(choice) => {
                let chosen = if truth(&inner(&choice.cond_expr)?)? {
                    &choice.true_expr
                } else {
                    &choice.false_expr
                };
                inner(chosen)
            }
            Expression::UnaryOp(operation) => {
                let value = inner(&operation.expr)?;
                match operation.operator.value() {
                    UnaryOperator::Neg => computed(0.0 - needed(&value)?),
                    UnaryOperator::Not => Ok(Value::Bool(!truth(&value)?)),
                }
            }
            Expression::BinaryOp(operation) => {
                let (left, right) = (inner(&operation.lhs_expr)?, inner(&operation.rhs_expr)?);
                binary(*operation.operator.value(), &left, &right)
            }
            Expression::FuncCall(call) => {
                let name = call.name.name.as_str();
                if call.name.is_namespaced() || call.args.expand_final() {
                    return Err(format!("the function `{name}` is not supported so"));
                }
                let arguments: Vec<Value> =
                    call.args.iter().map(inner).collect::<Result<_, _>>()?;
                let made = functions::call(name, &arguments)?;
                if made
                    .as_str()
                    .is_some_and(|text| text.len() > TEXT_BYTES_MAX)
                {
                    return Err("a text is too long".to_owned());
                }
                Ok(made)
            }
            Expression::Variable(name) => Err(format!("`{}` is not known here", name.as_str())),
            Expression::Traversal(traversal) => self.traversal(traversal, of, depth),
            Expression::ForExpr(_) => Err("`for` is not supported".to_owned()),
        }
    }

    fn template(&self, template: &Template, of: &Instance, depth: usize) -> Result<Value, String> {
        let mut made = String::new();
        for element in template {
            match element {
                Element::Literal(text) => made.push_str(text),
                Element::Interpolation(inside) => {
                    let value = self.value(&inside.expr, of, depth + 1)?;
                    // A text of nothing but a value is that value.
                    if template.len() == 1 {
                        return Ok(value);
                    }
                    if value.is_array() || value.is_object() || value.is_null() {
                        return Err("a list, a map or nothing is put into a text".to_owned());
                    }
                    made.push_str(&text(&value));
                }
                Element::Directive(_) => {
                    return Err("`%{…}` in texts is not supported".to_owned());
                }
            }
            if made.len() > TEXT_BYTES_MAX {
                return Err("a text is too long".to_owned());
            }
        }
        Ok(Value::from(made))
    }

    fn traversal(
        &self,
        traversal: &Traversal,
        of: &Instance,
        depth: usize,
    ) -> Result<Value, String> {
        let mut steps = Vec::with_capacity(traversal.operators.len());
        for operator in &traversal.operators {
            steps.push(match operator.value() {
                TraversalOperator::GetAttr(name) => Value::from(name.as_str()),
                TraversalOperator::Index(index) => self.value(index, of, depth + 1)?,
                TraversalOperator::LegacyIndex(index) => Value::from(**index),
                TraversalOperator::AttrSplat(_) | TraversalOperator::FullSplat(_) => {
                    return Err("`*` is not supported".to_owned());
                }
            });
        }
        let Expression::Variable(root) = &traversal.expr else {
            return within(self.value(&traversal.expr, of, depth + 1)?, &steps);
        };
        let (root, name) = (root.as_str(), steps.first().map(text).unwrap_or_default());
        let rest = steps.get(1..).unwrap_or_default();
        match (root, name.as_str()) {
            ("var", name) => within(self.variable(name, depth)?, rest),
            ("local", name) => {
                let local = self.locals.get(name);
                let local = local.ok_or_else(|| unknown(root, &steps))?;
                within(self.value(local, &Instance::default(), depth + 1)?, rest)
            }
            ("count", "index") if of.count.is_some() => Ok(Value::from(of.count)),
            ("each", "key" | "value") if let Some((key, value)) = &of.each => {
                if name == "key" {
                    Ok(Value::from(key.as_str()))
                } else {
                    within(value.clone(), rest)
                }
            }
            (kind, name) => self
                .attribute(kind, name, rest, depth)?
                .ok_or_else(|| unknown(root, &steps)),
        }
    }

    fn variable(&self, name: &str, depth: usize) -> Result<Value, String> {
        let declared = self.variables.get(name);
        if let Some(given) = self.given.get(name) {
            return self.converted(name, given, depth);
        }
        let default = declared.and_then(|body| body.get_attribute("default"));
        let value = self.values.get(name).copied();
        let value = value.or(default.map(|default| &default.value));
        let value = value.ok_or_else(|| {
            format!("the variable `{name}` has no value: give it with `--parameter {name}=…`")
        })?;
        self.value(value, &Instance::default(), depth + 1)
    }

    /// A value that was given as a text, as the variable's type has it; without a type, as its default has it.
    fn converted(&self, name: &str, given: &str, depth: usize) -> Result<Value, String> {
        let declared = self.variables.get(name);
        let kind = declared.and_then(|body| body.get_attribute("type"));
        let default = declared.and_then(|body| body.get_attribute("default"));
        let kind = match kind.map(|kind| &kind.value) {
            Some(Expression::Variable(kind)) => kind.as_str().to_owned(),
            Some(Expression::String(kind)) => kind.as_str().to_owned(),
            // `list(string)` and its like.
            Some(_) => String::new(),
            None => match default.map(|default| &default.value) {
                None | Some(Expression::String(_) | Expression::Null(_)) => "string".to_owned(),
                Some(_) => String::new(),
            },
        };
        let wrong = |what: &str| format!("the value of the variable `{name}` is no {what}");
        match kind.as_str() {
            "string" => Ok(Value::from(given)),
            "number" => {
                let found = number(&Value::from(given));
                found.map(made).ok_or_else(|| wrong("number"))
            }
            "bool" => {
                let found = truth(&Value::from(given));
                found.map(Value::Bool).map_err(|_| wrong("true or false"))
            }
            _ => {
                let expression: Expression = given.parse().map_err(|_| wrong("expression"))?;
                self.value(&expression, &Instance::default(), depth + 1)
            }
        }
    }

    /// The attribute of a resource of these files, where it follows from what they say.
    fn attribute(
        &self,
        kind: &str,
        name: &str,
        steps: &[Value],
        depth: usize,
    ) -> Result<Option<Value>, String> {
        let Some(body) = self.resources.get(&(kind, name)) else {
            return Ok(None);
        };
        let (attribute, of) = match steps {
            [attribute] => (attribute, Instance::default()),
            [Value::Number(index), attribute] => {
                let index = index.as_u64().and_then(|index| usize::try_from(index).ok());
                (attribute, index.map(Instance::counted).unwrap_or_default())
            }
            [Value::String(key), attribute] => {
                let each = body.get_attribute("for_each");
                let each =
                    each.map(|each| self.value(&each.value, &Instance::default(), depth + 1));
                let value = match each.transpose()? {
                    Some(Value::Object(members)) => members.get(key).cloned(),
                    Some(Value::Array(_)) => Some(Value::from(key.as_str())),
                    _ => None,
                };
                let Some(value) = value else {
                    return Ok(None);
                };
                (attribute, Instance::keyed((key.clone(), value)))
            }
            _ => return Ok(None),
        };
        let own = |attribute: &str| {
            let attribute = body.get_attribute(attribute);
            let value = attribute.map(|attribute| self.value(&attribute.value, &of, depth + 1));
            value.transpose()
        };
        let wanted = text(attribute);
        let arn = |service: &str, name: Value| {
            Value::from(format!(
                "arn:aws:{service}:us-east-1:000000000000:{}",
                text(&name)
            ))
        };
        match (kind, wanted.as_str()) {
            ("aws_cloudwatch_metric_alarm" | "aws_cloudwatch_composite_alarm", "arn") => {
                let name = own("alarm_name")?;
                Ok(name
                    .map(|name| arn("cloudwatch", Value::from(format!("alarm:{}", text(&name))))))
            }
            ("aws_cloudwatch_metric_alarm" | "aws_cloudwatch_composite_alarm", "id") => {
                own("alarm_name")
            }
            ("aws_sns_topic", "arn" | "id") => {
                // Decision: a topic without a name gets one of Terraform; its own in the file is better than that.
                let topic = own("name")?.unwrap_or_else(|| Value::from(name));
                Ok(Some(arn("sns", topic)))
            }
            (_, wanted) => own(wanted),
        }
    }
}

/// Goes into a value.
fn within(value: Value, steps: &[Value]) -> Result<Value, String> {
    let mut found = value;
    for step in steps {
        let next = match (&mut found, step) {
            (Value::Object(members), step) => members.get_mut(&text(step)),
            (Value::Array(items), Value::Number(index)) => {
                let index = index.as_u64().and_then(|index| usize::try_from(index).ok());
                index.and_then(|index| items.get_mut(index))
            }
            _ => None,
        };
        let next = next.map(Value::take);
        found = next.ok_or_else(|| format!("there is no `{}` in it", text(step)))?;
    }
    Ok(found)
}

fn unknown(root: &str, steps: &[Value]) -> String {
    let mut named = root.to_owned();
    for step in steps {
        named.push('.');
        named.push_str(&text(step));
    }
    format!("`{named}` is not known here: import what `terraform show -json` writes")
}

fn binary(operator: BinaryOperator, left: &Value, right: &Value) -> Result<Value, String> {
    let numbers = || Ok::<_, String>((needed(left)?, needed(right)?));
    let compared = |holds: fn(&f64, &f64) -> bool| {
        let (left, right) = numbers()?;
        Ok(Value::Bool(holds(&left, &right)))
    };
    match operator {
        BinaryOperator::Eq => Ok(Value::Bool(is_same(left, right))),
        BinaryOperator::NotEq => Ok(Value::Bool(!is_same(left, right))),
        BinaryOperator::And => Ok(Value::Bool(truth(left)? && truth(right)?)),
        BinaryOperator::Or => Ok(Value::Bool(truth(left)? || truth(right)?)),
        BinaryOperator::Less => compared(f64::lt),
        BinaryOperator::LessEq => compared(f64::le),
        BinaryOperator::Greater => compared(f64::gt),
        BinaryOperator::GreaterEq => compared(f64::ge),
        BinaryOperator::Plus => numbers().and_then(|(left, right)| computed(left + right)),
        BinaryOperator::Minus => numbers().and_then(|(left, right)| computed(left - right)),
        BinaryOperator::Mul => numbers().and_then(|(left, right)| computed(left * right)),
        BinaryOperator::Div => numbers().and_then(|(left, right)| computed(left / right)),
        BinaryOperator::Mod => numbers().and_then(|(left, right)| computed(left % right)),
    }
}

fn is_same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(_), Value::Number(_)) => number(left) == number(right),
        _ => left == right,
    }
}

/// A number, also one in a text.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text
            .trim()
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite()),
        _ => None,
    }
}

fn needed(value: &Value) -> Result<f64, String> {
    number(value).ok_or_else(|| format!("`{}` is no number", text(value)))
}

fn computed(value: f64) -> Result<Value, String> {
    if value.is_finite() {
        Ok(made(value))
    } else {
        Err("what is computed is no number".to_owned())
    }
}

/// A number of a document: a whole one without a point.
pub(super) fn made(value: f64) -> Value {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is whole and small enough"
    )]
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return Value::from(value as i64);
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

fn truth(value: &Value) -> Result<bool, String> {
    match value {
        Value::Bool(value) => Ok(*value),
        Value::String(text) if text == "true" => Ok(true),
        Value::String(text) if text == "false" => Ok(false),
        other => Err(format!("`{}` is neither true nor false", text(other))),
    }
}

/// A value in a text.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
