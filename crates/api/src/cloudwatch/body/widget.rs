//! One widget: its place on the grid, and what its type asks of its properties.

use corelog_wire::model::{Map, Value};

use super::Found;

const TYPES: [&str; 7] = [
    "metric", "log", "text", "alarm", "explorer", "custom", "chart",
];
const PROPERTIES: [&str; 6] = ["type", "x", "y", "width", "height", "properties"];
/// Columns of the grid.
const COLUMNS: i64 = 24;
const HEIGHT_MAX: i64 = 1_000;
const ALARMS_MAX: usize = 100;
const VIEWS: [&str; 6] = ["timeSeries", "singleValue", "gauge", "bar", "pie", "table"];
/// Source: a recorded answer.
const NO_SOURCE: &str =
    "The metric widget should have specified a region and a data source or an alarm annotation";

impl Found {
    /// Returns how many metrics the widget shows.
    pub(super) fn widget(&mut self, path: &str, widget: &Value) -> usize {
        let Some(widget) = self.object(path, widget) else {
            return 0;
        };
        self.number(&format!("{path}/x"), widget.get("x"), 0, COLUMNS - 1);
        self.number(&format!("{path}/y"), widget.get("y"), 0, i64::MAX);
        self.number(&format!("{path}/width"), widget.get("width"), 1, COLUMNS);
        self.number(
            &format!("{path}/height"),
            widget.get("height"),
            1,
            HEIGHT_MAX,
        );
        for (one, other) in [("x", "y"), ("y", "x")] {
            if widget.contains_key(one) && !widget.contains_key(other) {
                let text = format!("Should have property {other} when property {one} is present");
                self.refuse(path, &text);
            }
        }
        self.known(path, widget, &PROPERTIES);
        let kind = self.required(path, widget, "type");
        self.one_of(&format!("{path}/type"), kind, &TYPES);
        let Some(properties) = self.required(path, widget, "properties") else {
            return 0;
        };
        let path = format!("{path}/properties");
        let Some(properties) = self.object(&path, properties) else {
            return 0;
        };
        self.properties(&path, kind.and_then(Value::as_str), properties)
    }

    fn properties(
        &mut self,
        path: &str,
        kind: Option<&str>,
        properties: &Map<String, Value>,
    ) -> usize {
        self.strings(path, properties, &["title", "region"]);
        match kind {
            Some("metric") => return self.metric_widget(path, properties),
            Some("text") => {
                self.required(path, properties, "markdown");
                self.strings(path, properties, &["markdown"]);
                let background = properties.get("background");
                let path = format!("{path}/background");
                self.one_of(&path, background, &["solid", "transparent"]);
            }
            Some("log") => {
                for name in ["query", "region"] {
                    self.required(path, properties, name);
                }
                self.strings(path, properties, &["query"]);
            }
            Some("alarm") => self.alarm_widget(path, properties),
            Some("custom") => {
                self.required(path, properties, "endpoint");
                self.strings(path, properties, &["endpoint"]);
            }
            _ => {}
        }
        0
    }

    fn alarm_widget(&mut self, path: &str, properties: &Map<String, Value>) {
        let Some(alarms) = self.required(path, properties, "alarms") else {
            return;
        };
        let path = format!("{path}/alarms");
        if let Some(alarms) = self.array(&path, alarms) {
            self.at_least_one(&path, alarms.len());
            self.at_most(&path, alarms.len(), ALARMS_MAX);
        }
    }

    fn metric_widget(&mut self, path: &str, properties: &Map<String, Value>) -> usize {
        self.one_of(&format!("{path}/view"), properties.get("view"), &VIEWS);
        self.strings(path, properties, &["stat"]);
        self.number(
            &format!("{path}/period"),
            properties.get("period"),
            1,
            i64::MAX,
        );
        if properties
            .get("stacked")
            .is_some_and(|value| !value.is_boolean())
        {
            self.refuse(&format!("{path}/stacked"), "Should be boolean");
        }
        let has_alarms = properties.get("annotations").is_some_and(|annotations| {
            let alarms = annotations.get("alarms").and_then(Value::as_array);
            alarms.is_some_and(|alarms| !alarms.is_empty())
        });
        match properties.get("metrics") {
            Some(metrics) => {
                if !properties.contains_key("region") && !has_alarms {
                    self.refuse(path, NO_SOURCE);
                }
                self.metrics(&format!("{path}/metrics"), metrics)
            }
            None if has_alarms => 0,
            // Source: a recorded answer, which has these three for one widget.
            None => {
                self.required(path, properties, "metrics");
                self.refuse(path, NO_SOURCE);
                self.required(path, properties, "annotations");
                0
            }
        }
    }
}
