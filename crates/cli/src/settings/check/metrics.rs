//! What must hold of `[metrics]`.

use super::report;
use crate::settings::reader::Findings;
use crate::settings::schema::Metrics;
use crate::settings::value::Fault;

const TAGS_MAX: usize = 20;
const NAME_CHARS_MAX: usize = 255;

/// Dimensions that metrics of records have anyway: a tag of such a name would be counted with them.
const DIMENSIONS: [&str; 6] = [
    "Caller",
    "ErrorCode",
    "ModelId",
    "Provider",
    "Session",
    "User",
];

pub(super) fn check(metrics: &Metrics, findings: &mut Findings) {
    let mut fault = |key: &str, fault: Fault| report(findings, "metrics", None, key, fault);
    for (key, number) in [
        ("metrics_max", metrics.metrics_max),
        ("values_max", metrics.values_max),
    ] {
        if number == 0 {
            fault(key, Fault::new("must be at least 1"));
        }
    }
    if metrics.tags.len() > TAGS_MAX {
        let reason = format!("has more than {TAGS_MAX} tags");
        let hint = "each tag has metrics for each of its values";
        fault("tags", Fault::new(reason).hint(hint));
    }
    for (index, tag) in metrics.tags.iter().enumerate() {
        if metrics.tags[..index].contains(tag) {
            fault("tags", Fault::new(format!("has `{tag}` twice")));
        }
        if DIMENSIONS.contains(&tag.as_str()) {
            let reason = format!("`{tag}` is a dimension that metrics have anyway");
            fault("tags", Fault::new(reason));
        }
        let is_name = !tag.is_empty()
            && tag.chars().count() <= NAME_CHARS_MAX
            && !tag.starts_with(':')
            && !tag.chars().any(char::is_control);
        if !is_name {
            let reason = format!("`{}` can be no dimension's name", tag.escape_default());
            let hint = "it has 1 to 255 characters, and does not begin with `:`";
            fault("tags", Fault::new(reason).hint(hint));
        }
    }
}
