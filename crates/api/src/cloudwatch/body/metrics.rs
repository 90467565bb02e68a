//! The metrics of a widget: lists of text that end with an object of how to draw them.

use corelog_wire::model::{Map, Value};

use super::Found;

const METRICS_MAX: usize = 500;
const RENDERER: [&str; 10] = [
    "id",
    "label",
    "stat",
    "period",
    "region",
    "accountId",
    "yAxis",
    "color",
    "visible",
    "expression",
];
/// Source: recorded answers.
const NOT_LISTS: &str = "Field \"metrics\" has to be an array of array of strings, \
    with an optional metricRenderer object as last element";
const NOT_TEXT: &str = "Invalid metric field type, only \"String\" type is allowed";

impl Found {
    /// Returns how many there are.
    pub(super) fn metrics(&mut self, path: &str, metrics: &Value) -> usize {
        let Some(metrics) = self.array(path, metrics) else {
            return 0;
        };
        self.at_most(path, metrics.len(), METRICS_MAX);
        for (index, metric) in metrics.iter().enumerate().take(METRICS_MAX) {
            self.metric(&format!("{path}/{index}"), metric);
        }
        metrics.len()
    }

    fn metric(&mut self, path: &str, metric: &Value) {
        let Some(fields) = self.array(path, metric) else {
            self.refuse(path, NOT_LISTS);
            return;
        };
        let (fields, renderer) = match fields.split_last() {
            Some((Value::Object(renderer), fields)) => (fields, Some(renderer)),
            _ => (fields, None),
        };
        for (index, field) in fields.iter().enumerate() {
            if !field.is_string() {
                self.refuse(&format!("{path}/{index}"), NOT_TEXT);
            }
        }
        // A last object that draws nothing is to the service an item too many behind the text.
        // Source: recorded answers, for `color: red` and for dimensions written as an object.
        if renderer.is_some_and(|renderer| !draws(renderer)) {
            self.at_most(path, fields.len() + 1, fields.len());
        }
        if fields.is_empty() && renderer.is_none() {
            self.at_least_one(path, 0);
        }
    }
}

fn draws(renderer: &Map<String, Value>) -> bool {
    renderer.iter().all(|(name, value)| {
        RENDERER.contains(&name.as_str())
            && match name.as_str() {
                "color" => value.as_str().is_some_and(is_color),
                "yAxis" => matches!(value.as_str(), Some("left" | "right")),
                "visible" => value.is_boolean(),
                "period" => value.is_u64(),
                _ => value.is_string(),
            }
    })
}

/// `#1f77b4`
fn is_color(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or_default();
    digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}
