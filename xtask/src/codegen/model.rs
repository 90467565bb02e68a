//! A service model as botocore keeps it: reading one, and cutting one down.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Deserialize)]
pub(super) struct Model {
    pub(super) source: String,
    pub(super) metadata: Metadata,
    pub(super) operations: BTreeMap<String, Operation>,
    pub(super) shapes: BTreeMap<String, Shape>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metadata {
    pub(super) api_version: String,
    pub(super) service_id: String,
    pub(super) endpoint_prefix: String,
    pub(super) signing_name: Option<String>,
    pub(super) target_prefix: Option<String>,
    pub(super) json_version: Option<String>,
    #[serde(default)]
    pub(super) protocols: Vec<String>,
    pub(super) xml_namespace: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Operation {
    pub(super) input: Option<Named>,
    pub(super) output: Option<Named>,
    #[serde(default)]
    pub(super) errors: Vec<Named>,
}

#[derive(Deserialize)]
pub(super) struct Named {
    pub(super) shape: String,
}

#[derive(Deserialize)]
pub(super) struct Shape {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) members: Map<String, Value>,
    #[serde(default)]
    pub(super) required: Vec<String>,
    pub(super) member: Option<Named>,
    pub(super) key: Option<Named>,
    pub(super) value: Option<Named>,
    pub(super) min: Option<i64>,
    pub(super) max: Option<i64>,
    pub(super) pattern: Option<String>,
    #[serde(rename = "enum", default)]
    pub(super) one_of: Vec<String>,
    #[serde(default)]
    pub(super) exception: bool,
    pub(super) error: Option<QueryError>,
    #[serde(default)]
    pub(super) fault: bool,
    #[serde(default)]
    pub(super) eventstream: bool,
}

/// What the query protocol makes of an exception.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct QueryError {
    pub(super) code: Option<String>,
    pub(super) http_status_code: u16,
}

impl Shape {
    /// The shapes that this one names.
    pub(super) fn names(&self) -> Vec<String> {
        let members = self.members.values().filter_map(target);
        let others = [&self.member, &self.key, &self.value];
        let others = others
            .into_iter()
            .flatten()
            .map(|named| named.shape.clone());
        members.chain(others).collect()
    }
}

/// The shape that a member has.
pub(super) fn target(member: &Value) -> Option<String> {
    Some(member.get("shape")?.as_str()?.to_owned())
}

impl Model {
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        Ok(serde_json::from_str(text)?)
    }

    pub(super) fn shape(&self, name: &str) -> anyhow::Result<&Shape> {
        let found = self.shapes.get(name);
        found.with_context(|| format!("no shape `{name}`"))
    }

    /// Whether the service began with the query protocol, and so has codes of it.
    pub(super) fn has_query(&self) -> bool {
        self.metadata.protocols.iter().any(|name| name == "query")
    }

    /// The exceptions of the operations that are served.
    pub(super) fn exceptions(&self) -> BTreeSet<&str> {
        let errors = self
            .operations
            .values()
            .flat_map(|operation| &operation.errors);
        errors.map(|named| named.shape.as_str()).collect()
    }

    /// Every shape that can be reached from these.
    pub(super) fn reach(&self, from: Vec<String>) -> anyhow::Result<BTreeSet<String>> {
        let (mut reached, mut left) = (BTreeSet::new(), from);
        while let Some(name) = left.pop() {
            if reached.insert(name.clone()) {
                left.extend(self.shape(&name)?.names());
            }
        }
        Ok(reached)
    }
}

/// The model with these operations alone, and without its documentation.
pub(super) fn prune(whole: &Value, served: &[&str]) -> anyhow::Result<Value> {
    let part = |name: &str| {
        let object = whole.get(name).and_then(Value::as_object);
        object.with_context(|| format!("a model without `{name}`"))
    };
    let (all, shapes) = (part("operations")?, part("shapes")?);
    let mut operations = Map::new();
    // In one order whatever the list's, so that a new operation changes no other line.
    for name in served.iter().collect::<BTreeSet<_>>() {
        let Some(operation) = all.get(*name) else {
            bail!("the service has no operation `{name}`");
        };
        operations.insert((*name).to_owned(), undocumented(operation));
    }
    let mut left: Vec<String> = Vec::new();
    for operation in operations.values() {
        let errors = operation.get("errors").and_then(Value::as_array);
        let named = [operation.get("input"), operation.get("output")];
        let named = named
            .into_iter()
            .flatten()
            .chain(errors.into_iter().flatten());
        left.extend(named.filter_map(target));
    }
    let mut kept = BTreeMap::new();
    while let Some(name) = left.pop() {
        if kept.contains_key(&name) {
            continue;
        }
        let shape = undocumented(shapes.get(&name).context("a shape that is missing")?);
        let parsed: Shape = serde_json::from_value(shape.clone())?;
        left.extend(parsed.names());
        kept.insert(name, shape);
    }
    let metadata = Value::Object(part("metadata")?.clone());
    let source = whole.get("source").cloned().unwrap_or_default();
    Ok(serde_json::json!({
        "source": source, "metadata": metadata, "operations": operations, "shapes": kept,
    }))
}

/// The same without the texts for people, which are most of a model.
fn undocumented(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let texts = ["documentation", "documentationUrl", "deprecatedMessage"];
            let kept = object
                .iter()
                .filter(|(key, value)| !(texts.contains(&key.as_str()) && value.is_string()));
            Value::Object(kept.map(|(k, v)| (k.clone(), undocumented(v))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(undocumented).collect()),
        other => other.clone(),
    }
}

/// `logGroupName` as `log_group_name`, `KMSKeyId` as `kms_key_id`.
pub(super) fn snake(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut text = String::new();
    for (index, c) in chars.iter().enumerate() {
        let after_lower = index > 0 && !chars[index - 1].is_uppercase();
        let before_lower = chars.get(index + 1).is_some_and(|next| next.is_lowercase());
        if c.is_uppercase() && index > 0 && (after_lower || before_lower) {
            text.push('_');
        }
        text.extend(c.to_lowercase());
    }
    text
}
