//! What makes a metric one and not another: namespace, name, dimensions.

/// Dimensions a metric may have.
pub const DIMENSIONS_MAX: usize = 30;
const NAMESPACE_CHARS_MAX: usize = 255;
const NAME_CHARS_MAX: usize = 255;
const VALUE_CHARS_MAX: usize = 1_024;

/// A dimension: a name and its value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Dimension {
    /// What is told apart, such as `ModelId`.
    pub name: String,
    /// Which one it is.
    pub value: String,
}

/// A metric's identity. Its dimensions are a set: sorted by name, each name once.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Metric {
    namespace: String,
    name: String,
    dimensions: Vec<Dimension>,
}

/// Why something is no metric. Parts are named as in `PutMetricData`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMetric {
    /// A text is empty or too long.
    #[error("{part} must have 1 to {most} characters")]
    Length {
        /// Which part, such as `MetricName` or `Dimensions.member.2.Value`.
        part: String,
        /// How many characters it may have.
        most: usize,
    },
    /// A text has characters that it must not have.
    #[error("{part} has a character that it must not have")]
    Characters {
        /// Which part.
        part: String,
    },
    /// A dimension's name occurs twice.
    #[error("Dimensions has two members of one name")]
    Repeated,
    /// There are too many dimensions.
    #[error("Dimensions has more than {DIMENSIONS_MAX} members")]
    TooMany,
}

impl Metric {
    /// Makes a metric of its parts; dimensions in any order.
    ///
    /// # Errors
    /// [`InvalidMetric`] says what the service would not take: a namespace or name without 1 to 255 characters, a
    /// namespace that begins with `:` or has other than printable ASCII, more than 30 dimensions, names or values
    /// of the wrong length, control characters.
    /// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html>
    pub fn new(
        namespace: &str,
        name: &str,
        dimensions: Vec<Dimension>,
    ) -> Result<Self, InvalidMetric> {
        check("Namespace", namespace, NAMESPACE_CHARS_MAX)?;
        if !namespace.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            let part = "Namespace".to_owned();
            return Err(InvalidMetric::Characters { part });
        }
        check("MetricName", name, NAME_CHARS_MAX)?;
        if dimensions.len() > DIMENSIONS_MAX {
            return Err(InvalidMetric::TooMany);
        }
        for (index, dimension) in dimensions.iter().enumerate() {
            let part = |field| format!("Dimensions.member.{}.{field}", index + 1);
            check(&part("Name"), &dimension.name, NAME_CHARS_MAX)?;
            check(&part("Value"), &dimension.value, VALUE_CHARS_MAX)?;
        }
        let metric = Self::sorted(namespace, name, dimensions);
        let mut pairs = metric.dimensions.windows(2);
        if pairs.any(|pair| pair[0].name == pair[1].name) {
            return Err(InvalidMetric::Repeated);
        }
        Ok(metric)
    }

    /// A metric of parts that are known to be right.
    pub(crate) fn sorted(namespace: &str, name: &str, mut dimensions: Vec<Dimension>) -> Self {
        dimensions.sort();
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            dimensions,
        }
    }

    /// The namespace, such as `AWS/Bedrock`.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The name, such as `Invocations`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The dimensions, sorted by name.
    pub fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }
}

/// Whether a text can be the name of a dimension.
pub(crate) fn is_dimension_name(text: &str) -> bool {
    check("Name", text, NAME_CHARS_MAX).is_ok()
}

/// Whether a text can be the value of a dimension.
pub(crate) fn is_dimension_value(text: &str) -> bool {
    check("Value", text, VALUE_CHARS_MAX).is_ok()
}

fn check(part: &str, text: &str, most: usize) -> Result<(), InvalidMetric> {
    // Counting characters of a text that is far too long is needless work.
    if text.is_empty() || text.len() > most * 4 || text.chars().count() > most {
        let part = part.to_owned();
        return Err(InvalidMetric::Length { part, most });
    }
    let is_value = part.ends_with("Value");
    if text.chars().any(char::is_control) || (!is_value && text.starts_with(':')) {
        let part = part.to_owned();
        return Err(InvalidMetric::Characters { part });
    }
    Ok(())
}

/// Which metrics a list is to have, by the rules of `ListMetrics`. The default is all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetricFilter {
    /// Exactly this namespace.
    pub namespace: Option<String>,
    /// Exactly this name.
    pub name: Option<String>,
    /// Each of these dimensions; the metric may have others too.
    pub dimensions: Vec<DimensionFilter>,
}

/// A dimension that a metric has to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DimensionFilter {
    /// Its name.
    pub name: String,
    /// Its value; any, if absent.
    pub value: Option<String>,
}

impl MetricFilter {
    /// Whether the metric is to be listed.
    pub fn matches(&self, metric: &Metric) -> bool {
        let is = |wanted: &Option<String>, found: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == found)
        };
        let has = |wanted: &DimensionFilter| {
            let mut found = metric.dimensions.iter();
            found.any(|one| one.name == wanted.name && is(&wanted.value, &one.value))
        };
        is(&self.namespace, &metric.namespace)
            && is(&self.name, &metric.name)
            && self.dimensions.iter().all(has)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dimensions(pairs: &[(&str, &str)]) -> Vec<Dimension> {
        let one = |(name, value): &(&str, &str)| Dimension {
            name: (*name).to_owned(),
            value: (*value).to_owned(),
        };
        pairs.iter().map(one).collect()
    }

    #[test]
    fn the_order_of_dimensions_makes_no_difference() {
        let one = Metric::new("a", "b", dimensions(&[("x", "1"), ("y", "2")]));
        let other = Metric::new("a", "b", dimensions(&[("y", "2"), ("x", "1")]));
        assert!(one.is_ok());
        assert_eq!(one, other);
        let fewer = Metric::new("a", "b", dimensions(&[("x", "1")]));
        assert_ne!(one, fewer);
    }

    #[test]
    fn what_the_service_refuses_is_refused() {
        let check = |namespace: &str, name: &str, pairs: &[(&str, &str)], message: &str| {
            let refused = Metric::new(namespace, name, dimensions(pairs)).unwrap_err();
            assert_eq!(refused.to_string(), message);
        };
        let long = "x".repeat(256);
        check("", "b", &[], "Namespace must have 1 to 255 characters");
        check(&long, "b", &[], "Namespace must have 1 to 255 characters");
        check(
            ":a",
            "b",
            &[],
            "Namespace has a character that it must not have",
        );
        check(
            "é",
            "b",
            &[],
            "Namespace has a character that it must not have",
        );
        check("a", &long, &[], "MetricName must have 1 to 255 characters");
        check(
            "a",
            "b",
            &[("x", "1"), ("y", "")],
            "Dimensions.member.2.Value must have 1 to 1024 characters",
        );
        check(
            "a",
            "b",
            &[(":x", "1")],
            "Dimensions.member.1.Name has a character that it must not have",
        );
        check(
            "a",
            "b",
            &[("x", "1"), ("x", "2")],
            "Dimensions has two members of one name",
        );
        let many: Vec<_> = (0..31).map(|index| format!("d{index}")).collect();
        let many: Vec<_> = many.iter().map(|name| (name.as_str(), "1")).collect();
        check("a", "b", &many, "Dimensions has more than 30 members");
        assert!(Metric::new("a", "b", dimensions(&many[..30])).is_ok());
        assert!(Metric::new("a", "b", dimensions(&[("x", ":1")])).is_ok());
    }

    #[test]
    fn filters_ask_for_a_subset_of_dimensions() {
        let metric = Metric::new("a", "b", dimensions(&[("x", "1"), ("y", "2")])).unwrap();
        let filter = |pairs: &[(&str, Option<&str>)]| MetricFilter {
            dimensions: pairs
                .iter()
                .map(|(name, value)| DimensionFilter {
                    name: (*name).to_owned(),
                    value: value.map(str::to_owned),
                })
                .collect(),
            ..MetricFilter::default()
        };
        assert!(filter(&[]).matches(&metric));
        assert!(filter(&[("x", None)]).matches(&metric));
        assert!(filter(&[("y", Some("2"))]).matches(&metric));
        assert!(filter(&[("y", Some("2")), ("x", None)]).matches(&metric));
        assert!(!filter(&[("y", Some("1"))]).matches(&metric));
        assert!(!filter(&[("z", None)]).matches(&metric));
        let named = MetricFilter {
            namespace: Some("a".to_owned()),
            name: Some("B".to_owned()),
            dimensions: Vec::new(),
        };
        assert!(!named.matches(&metric));
    }
}
