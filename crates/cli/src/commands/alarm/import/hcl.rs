//! Alarms in the files of a Terraform configuration, without Terraform.
//!
//! Literals, templates, operators, the usual functions, `count`, `for_each`, local values, and variables with a default or
//! a value of their own are put in place, and so are names and ARNs of alarms and topics of the same files. What is known
//! only to Terraform, such as the attributes of other resources, is named, and the alarm that needs it is left. Modules are
//! named, and not read.
//!
//! Source: <https://developer.hashicorp.com/terraform/language/syntax/configuration>

mod expression;
mod functions;

use std::collections::BTreeMap;

use hcl_edit::structure::{Block, Body};
use serde_json::{Map, Value};

use super::terraform;
use super::{Defined, Found};
use expression::{Instance, Scope};

/// Instances of one resource.
const INSTANCES_MAX: usize = 1_000;

/// The files of a configuration, read as one.
#[derive(Debug, Default)]
pub(super) struct Configuration {
    bodies: Vec<Body>,
    values: Vec<Body>,
}

impl Configuration {
    /// Adds a file: a configuration, or values of variables.
    pub(super) fn add(&mut self, text: &str, is_values: bool) -> Result<(), String> {
        let body: Body = text.parse().map_err(|error: hcl_edit::parser::Error| {
            // The first line says where, those behind it draw it.
            error
                .to_string()
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned()
        })?;
        let into = if is_values {
            &mut self.values
        } else {
            &mut self.bodies
        };
        into.push(body);
        Ok(())
    }

    fn blocks<'a>(&'a self, ident: &'a str) -> impl Iterator<Item = &'a Block> {
        let bodies = self.bodies.iter();
        bodies.flat_map(move |body| body.blocks().filter(move |block| block.has_ident(ident)))
    }

    /// The alarms; `given` are values of variables.
    pub(super) fn alarms(&self, given: &BTreeMap<String, String>) -> Found {
        let scope = self.scope(given);
        let mut found = Found::default();
        for block in self.blocks("module") {
            let name = block.labels.first().map_or("", |label| label.as_str());
            let why = "modules are not read: import what `terraform show -json` writes";
            found.left.push((format!("module.{name}"), why.to_owned()));
        }
        for block in self.blocks("resource") {
            let [kind, name] = block.labels.as_slice() else {
                continue;
            };
            let place = format!("{}.{}", kind.as_str(), name.as_str());
            if !terraform::is_of_alarms(kind.as_str(), &place, &mut found) {
                continue;
            }
            match scope.instances(&block.body) {
                Ok(instances) => {
                    for instance in instances {
                        add(&scope, block, &place, &instance, &mut found);
                    }
                }
                Err(why) => found.left.push((place, why)),
            }
        }
        found
    }

    fn scope<'a>(&'a self, given: &'a BTreeMap<String, String>) -> Scope<'a> {
        let mut scope = Scope::new(given);
        for block in self.blocks("variable") {
            if let [name] = block.labels.as_slice() {
                scope.variables.insert(name.as_str(), &block.body);
            }
        }
        for attribute in self.values.iter().flat_map(Body::attributes) {
            scope
                .values
                .insert(attribute.key.as_str(), &attribute.value);
        }
        for attribute in self
            .blocks("locals")
            .flat_map(|block| block.body.attributes())
        {
            scope
                .locals
                .insert(attribute.key.as_str(), &attribute.value);
        }
        for block in self.blocks("resource") {
            if let [kind, name] = block.labels.as_slice() {
                scope
                    .resources
                    .insert((kind.as_str(), name.as_str()), &block.body);
            }
        }
        scope
    }
}

fn add(scope: &Scope<'_>, block: &Block, place: &str, instance: &Instance, found: &mut Found) {
    let place = format!("{place}{}", instance.suffix());
    match values(scope, &block.body, instance) {
        Ok(values) => found.alarms.push(Defined {
            place,
            request: terraform::request(&Value::Object(values)),
        }),
        Err(why) => found.left.push((place, why)),
    }
}

/// What a resource says, as a state of Terraform would have it: blocks as lists of objects.
fn values(
    scope: &Scope<'_>,
    body: &Body,
    instance: &Instance,
) -> Result<Map<String, Value>, String> {
    let mut values = Map::new();
    for attribute in body.attributes() {
        let name = attribute.key.as_str();
        if matches!(name, "count" | "for_each" | "depends_on" | "provider") {
            continue;
        }
        let value = scope.value(&attribute.value, instance, 0);
        let value = value.map_err(|why| format!("`{name}`: {why}"))?;
        values.insert(name.to_owned(), terraform::typed(name, value)?);
    }
    for block in body.blocks() {
        let name = block.ident.as_str();
        match name {
            "lifecycle" | "provisioner" | "connection" | "timeouts" => continue,
            "dynamic" => return Err("`dynamic` blocks are not supported".to_owned()),
            _ => {}
        }
        let inner = self::values(scope, &block.body, instance)?;
        let list = values
            .entry(name)
            .or_insert_with(|| Value::Array(Vec::new()));
        match list {
            Value::Array(list) => list.push(Value::Object(inner)),
            _ => return Err(format!("`{name}` is an attribute and a block")),
        }
    }
    Ok(values)
}

impl Scope<'_> {
    /// As many instances as `count` or `for_each` says.
    fn instances(&self, body: &Body) -> Result<Vec<Instance>, String> {
        let one = Instance::default();
        if let Some(count) = body.get_attribute("count") {
            let count = self.value(&count.value, &one, 0);
            let count = count.map_err(|why| format!("`count`: {why}"))?;
            let count = expression::number(&count).filter(|count| (0.0..=1e3).contains(count));
            let count = count.ok_or("`count` is no number up to 1000")?;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it was compared with the most"
            )]
            let count = count as usize;
            return Ok((0..count).map(Instance::counted).collect());
        }
        let Some(each) = body.get_attribute("for_each") else {
            return Ok(vec![one]);
        };
        let each = self.value(&each.value, &one, 0);
        let instances: Vec<Instance> = match each.map_err(|why| format!("`for_each`: {why}"))? {
            Value::Object(members) => members.into_iter().map(Instance::keyed).collect(),
            Value::Array(items) => {
                let pairs = items
                    .into_iter()
                    .map(|item| (expression::text(&item), item));
                pairs.map(Instance::keyed).collect()
            }
            _ => return Err("`for_each` is neither a map nor a set".to_owned()),
        };
        if instances.len() > INSTANCES_MAX {
            return Err(format!("`for_each` has more than {INSTANCES_MAX} elements"));
        }
        Ok(instances)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str, given: &[(&str, &str)]) -> Found {
        let mut configuration = Configuration::default();
        configuration.add(text, false).unwrap();
        let given = given.iter();
        let given = given.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        configuration.alarms(&given.collect())
    }

    #[test]
    fn an_alarm_has_its_variables_locals_and_references_in_place() {
        let text = r#"
            variable "threshold" { default = 5 }
            variable "stage" { type = string }
            locals {
              prefix = "ai-${var.stage}"
              tags   = { team = "harbour", stage = var.stage }
            }
            resource "aws_sns_topic" "ops" { name = "${local.prefix}-ops" }
            resource "aws_s3_bucket" "b" { bucket = data.aws_region.current.name }
            resource "aws_cloudwatch_metric_alarm" "calls" {
              alarm_name          = "${local.prefix}-calls" # a comment
              alarm_description   = <<-EOT
                Too many.
                Look here.
              EOT
              comparison_operator = "GreaterThanThreshold"
              evaluation_periods  = 2 + 1
              metric_name         = "Invocations"
              namespace           = "AWS/Bedrock"
              statistic           = "Sum"
              period              = "60"
              threshold           = var.threshold * 2
              treat_missing_data  = var.stage == "live" ? "breaching" : "missing"
              dimensions          = { ModelId = "m" }
              alarm_actions       = [aws_sns_topic.ops.arn]
              tags                = merge(local.tags, { team = "ops" })
              lifecycle { ignore_changes = [tags] }
            }
            resource "aws_cloudwatch_composite_alarm" "both" {
              alarm_name = "both"
              alarm_rule = join(" OR ", [for_alarm("x"), "ALARM(${aws_cloudwatch_metric_alarm.calls.alarm_name})"])
            }
            resource "aws_cloudwatch_composite_alarm" "one" {
              alarm_name = "one"
              alarm_rule = "ALARM(\"${aws_cloudwatch_metric_alarm.calls.arn}\")"
              actions_suppressor {
                alarm            = aws_cloudwatch_metric_alarm.calls.alarm_name
                wait_period      = 10
                extension_period = 20
              }
            }
        "#;
        let found = read(text, &[("stage", "live")]);
        let [calls, one] = found.alarms.as_slice() else {
            panic!("{found:?}")
        };
        assert_eq!(calls.place, "aws_cloudwatch_metric_alarm.calls");
        assert_eq!(
            calls.request,
            json!({
                "AlarmName": "ai-live-calls", "AlarmDescription": "Too many.\nLook here.\n",
                "AlarmActions": ["arn:aws:sns:us-east-1:000000000000:ai-live-ops"],
                "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 3,
                "MetricName": "Invocations", "Namespace": "AWS/Bedrock", "Statistic": "Sum", "Period": 60,
                "Threshold": 10, "TreatMissingData": "breaching",
                "Dimensions": [{"Name": "ModelId", "Value": "m"}],
                "Tags": [{"Key": "team", "Value": "ops"}, {"Key": "stage", "Value": "live"}],
            })
        );
        assert_eq!(
            one.request["AlarmRule"],
            "ALARM(\"arn:aws:cloudwatch:us-east-1:000000000000:alarm:ai-live-calls\")"
        );
        assert_eq!(one.request["ActionsSuppressor"], "ai-live-calls");
        assert_eq!(one.request["ActionsSuppressorWaitPeriod"], 10);
        let [(place, why)] = found.left.as_slice() else {
            panic!("{found:?}")
        };
        assert_eq!(place, "aws_cloudwatch_composite_alarm.both");
        assert!(why.contains("`for_alarm`"), "{why}");
    }

    #[test]
    fn an_alarm_has_as_many_instances_as_it_says() {
        let text = r#"
            variable "models" {
              type    = map(number)
              default = { haiku = 10, opus = 2 }
            }
            resource "aws_cloudwatch_metric_alarm" "each" {
              for_each   = var.models
              alarm_name = "slow-${each.key}"
              threshold  = each.value
            }
            resource "aws_cloudwatch_metric_alarm" "some" {
              count      = 2
              alarm_name = format("some-%02d", count.index)
            }
            resource "aws_cloudwatch_metric_alarm" "none" {
              count      = false ? 1 : 0
              alarm_name = "none"
            }
            resource "aws_cloudwatch_composite_alarm" "any" {
              alarm_name = "any"
              alarm_rule = "ALARM(${aws_cloudwatch_metric_alarm.each["haiku"].alarm_name}) OR ALARM(${aws_cloudwatch_metric_alarm.some[1].alarm_name})"
            }
            resource "aws_cloudwatch_metric_alarm" "set" {
              for_each   = toset(["a"])
              alarm_name = each.value
            }
        "#;
        let found = read(text, &[]);
        assert_eq!(found.left, []);
        let named: Vec<(&str, &str)> = found
            .alarms
            .iter()
            .map(|one| {
                (
                    one.place.as_str(),
                    one.request["AlarmName"].as_str().unwrap(),
                )
            })
            .collect();
        assert_eq!(
            named,
            [
                ("aws_cloudwatch_metric_alarm.each[\"haiku\"]", "slow-haiku"),
                ("aws_cloudwatch_metric_alarm.each[\"opus\"]", "slow-opus"),
                ("aws_cloudwatch_metric_alarm.some[0]", "some-00"),
                ("aws_cloudwatch_metric_alarm.some[1]", "some-01"),
                ("aws_cloudwatch_composite_alarm.any", "any"),
                ("aws_cloudwatch_metric_alarm.set[\"a\"]", "a"),
            ]
        );
        assert_eq!(
            found.alarms[4].request["AlarmRule"],
            "ALARM(slow-haiku) OR ALARM(some-01)"
        );
    }

    #[test]
    fn what_only_terraform_knows_is_named_and_not_guessed() {
        for (expression, expected) in [
            ("var.none", "the variable `none` has no value"),
            ("var.given", "give it with `--parameter given=…`"),
            ("local.none", "`local.none`"),
            (
                "aws_lambda_function.f.function_name",
                "`aws_lambda_function.f.function_name`",
            ),
            (
                "data.aws_region.current.name",
                "`data.aws_region.current.name`",
            ),
            ("module.a.name", "`module.a.name`"),
            ("uuid()", "the function `uuid`"),
            ("[for x in [1] : x][0]", "`for`"),
            ("local.a", "names itself"),
            ("1 / 0", "is no number"),
            ("upper(3, 4)", "`upper`"),
        ] {
            let text = format!(
                "variable \"given\" {{}}\nlocals {{\n a = local.b\n b = local.a\n}}\n\
                 resource \"aws_cloudwatch_metric_alarm\" \"x\" {{\n alarm_name = {expression}\n}}\n"
            );
            let found = read(&text, &[]);
            assert_eq!(found.alarms, [], "{expression}");
            let (_, why) = &found.left[0];
            assert!(why.contains(expected), "{expression}: {why}");
        }
    }

    #[test]
    fn a_value_that_is_given_is_of_the_type_of_its_variable() {
        let text = r#"
            variable "enabled" { type = bool }
            variable "count" { type = number }
            variable "models" { type = list(string) }
            variable "stage" { type = string }
            variable "limit" { default = 1 }
            resource "aws_cloudwatch_metric_alarm" "x" {
              count      = var.enabled == true ? length(var.models) : 0
              alarm_name = "${var.count == 3}-${var.stage == "3"}-${var.limit + 1 == 3}-${var.models[count.index]}"
            }
        "#;
        let given = [
            ("enabled", "true"),
            ("count", "3"),
            ("models", r#"["a", "b"]"#),
            ("stage", "3"),
            ("limit", "2"),
        ];
        let found = read(text, &given);
        assert_eq!(found.left, []);
        let names = found.alarms.iter().map(|one| &one.request["AlarmName"]);
        let names: Vec<&Value> = names.collect();
        assert_eq!(names, ["true-true-true-a", "true-true-true-b"]);
        for (name, value) in [("enabled", "maybe"), ("count", "x"), ("models", "[")] {
            let wrong = given.map(|(own, other)| (own, if own == name { value } else { other }));
            let found = read(text, &wrong);
            assert_eq!(found.alarms, [], "{name}");
            let expected = format!("`{name}` is no ");
            assert!(
                found.left.iter().all(|(_, why)| why.contains(&expected)),
                "{found:?}"
            );
        }
    }

    #[test]
    fn what_would_be_too_large_is_refused() {
        use std::fmt::Write as _;

        let mut locals = "locals {\n l0 = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n".to_owned();
        for level in 1..10 {
            let ten = vec![format!("local.l{}", level - 1); 10].join(", ");
            writeln!(locals, " l{level} = [{ten}]").unwrap();
        }
        locals.push_str(" long = \"0123456789\"\n}\n");
        for name in [
            r#"join("", local.l9)"#,
            r#"replace(jsonencode(local.l4), ",", jsonencode(local.l4))"#,
        ] {
            let text = format!(
                "{locals}resource \"aws_cloudwatch_metric_alarm\" \"x\" {{\n alarm_name = {name}\n}}\n"
            );
            let found = read(&text, &[]);
            assert_eq!((found.alarms.len(), found.left.len()), (0, 1), "{name}");
        }
    }

    #[test]
    fn modules_are_named() {
        let found = read("module \"alarms\" {\n source = \"./alarms\"\n}\n", &[]);
        assert_eq!(found.left[0].0, "module.alarms");
    }

    #[test]
    fn what_is_no_configuration_is_refused_where_it_is_wrong() {
        let mut configuration = Configuration::default();
        let nested = format!("a = {}1{}", "[".repeat(5_000), "]".repeat(5_000));
        for text in ["resource {", "a = ", "\"", &nested] {
            let error = configuration.add(text, false).unwrap_err();
            assert!(!error.is_empty());
        }
    }

    #[test]
    fn values_of_variables_come_from_their_file_before_defaults_and_behind_parameters() {
        let mut configuration = Configuration::default();
        let text = "variable \"a\" { default = \"x\" }\nvariable \"b\" {}\n\
            resource \"aws_cloudwatch_metric_alarm\" \"n\" { alarm_name = \"${var.a}-${var.b}\" }";
        configuration.add(text, false).unwrap();
        configuration
            .add("a = \"file\"\nb = \"file\"", true)
            .unwrap();
        let given = BTreeMap::from([("b".to_owned(), "given".to_owned())]);
        let found = configuration.alarms(&given);
        assert_eq!(found.alarms[0].request["AlarmName"], "file-given");
    }
}
