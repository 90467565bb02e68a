//! What is wrong with a dashboard's body.
//!
//! The service checks bodies with a schema of its own; its messages are those of a JSON schema validator (`ajv`, their
//! first letters made large), with some sentences of its own between. Recorded answers are the source of those that are
//! used here, and the documentation is the source of what is asked.
//!
//! Decision: errors are what the documentation requires and what recorded answers refuse. What it does not know is told
//! as a warning: the service gets new properties often, and dashboards that it takes shall be taken here.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html>

mod metrics;
mod widget;

use corelog_wire::model::{Map, Value};

/// Who wrote so many mistakes knows enough.
const ERRORS_MAX: usize = 500;
const WIDGETS_MAX: usize = 500;
const METRICS_MAX: usize = 2_500;

const PROPERTIES: [&str; 5] = ["start", "end", "periodOverride", "variables", "widgets"];

/// Something that is said about a place in a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    /// `/widgets/0/properties/metrics/3`
    pub(super) path: String,
    pub(super) text: String,
}

/// What was found in a body.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// What cannot be taken.
    pub(super) errors: Vec<Message>,
    /// What may not show.
    pub(super) warnings: Vec<Message>,
}

/// Looks at a whole body.
pub(super) fn check(body: &Value) -> Found {
    let mut found = Found::default();
    if let Some(body) = found.object("", body) {
        found.dashboard(body);
    }
    found
}

impl Found {
    fn dashboard(&mut self, body: &Map<String, Value>) {
        self.strings("", body, &["start", "end"]);
        self.one_of(
            "/periodOverride",
            body.get("periodOverride"),
            &["auto", "inherit"],
        );
        self.known("", body, &PROPERTIES);
        if body.contains_key("end") && !body.contains_key("start") {
            // It is taken, and has no effect.
            self.warn(
                "",
                "Should have property start when property end is present",
            );
        }
        if let Some(variables) = body.get("variables") {
            self.array("/variables", variables);
        }
        let Some(widgets) = self.required("", body, "widgets") else {
            return;
        };
        let Some(widgets) = self.array("/widgets", widgets) else {
            return;
        };
        self.at_most("/widgets", widgets.len(), WIDGETS_MAX);
        let mut metrics = 0;
        for (index, widget) in widgets.iter().enumerate().take(WIDGETS_MAX) {
            metrics += self.widget(&format!("/widgets/{index}"), widget);
        }
        if metrics > METRICS_MAX {
            let text = format!("Should NOT have more than {METRICS_MAX} metrics");
            self.refuse("/widgets", &text);
        }
    }

    fn refuse(&mut self, path: &str, text: &str) {
        note(&mut self.errors, path, text);
    }

    fn warn(&mut self, path: &str, text: &str) {
        note(&mut self.warnings, path, text);
    }

    fn object<'v>(&mut self, path: &str, value: &'v Value) -> Option<&'v Map<String, Value>> {
        let object = value.as_object();
        if object.is_none() {
            self.refuse(path, "Should be object");
        }
        object
    }

    fn array<'v>(&mut self, path: &str, value: &'v Value) -> Option<&'v [Value]> {
        let array = value.as_array();
        if array.is_none() {
            self.refuse(path, "Should be array");
        }
        array.map(Vec::as_slice)
    }

    fn required<'v>(
        &mut self,
        path: &str,
        object: &'v Map<String, Value>,
        name: &str,
    ) -> Option<&'v Value> {
        let value = object.get(name);
        if value.is_none() {
            self.refuse(path, &format!("Should have required property '{name}'"));
        }
        value
    }

    /// Members that are text, where they are there.
    fn strings(&mut self, path: &str, object: &Map<String, Value>, names: &[&str]) {
        let is_wrong = |name: &&&str| object.get(**name).is_some_and(|value| !value.is_string());
        for name in names.iter().filter(is_wrong) {
            self.refuse(&format!("{path}/{name}"), "Should be string");
        }
    }

    fn one_of(&mut self, path: &str, value: Option<&Value>, values: &[&str]) {
        let is_allowed = |value: &Value| value.as_str().is_some_and(|text| values.contains(&text));
        if value.is_some_and(|value| !is_allowed(value)) {
            self.refuse(path, "Should be equal to one of the allowed values");
        }
    }

    /// A whole number between these, where it is there.
    fn number(&mut self, path: &str, value: Option<&Value>, least: i64, most: i64) {
        let Some(value) = value else {
            return;
        };
        match value.as_i64() {
            None => self.refuse(path, "Should be integer"),
            Some(number) if number < least => self.refuse(path, &format!("Should be >= {least}")),
            Some(number) if number > most => self.refuse(path, &format!("Should be <= {most}")),
            Some(_) => {}
        }
    }

    fn at_least_one(&mut self, path: &str, items: usize) {
        if items == 0 {
            self.refuse(path, "Should NOT have less than 1 items");
        }
    }

    fn at_most(&mut self, path: &str, items: usize, most: usize) {
        if items > most {
            self.refuse(path, &format!("Should NOT have more than {most} items"));
        }
    }

    fn known(&mut self, path: &str, object: &Map<String, Value>, names: &[&str]) {
        if object.keys().any(|name| !names.contains(&name.as_str())) {
            self.warn(path, "Should NOT have additional properties");
        }
    }
}

fn note(messages: &mut Vec<Message>, path: &str, text: &str) {
    if messages.len() < ERRORS_MAX {
        messages.push(Message {
            path: path.to_owned(),
            text: text.to_owned(),
        });
    }
}

#[cfg(test)]
mod tests;
