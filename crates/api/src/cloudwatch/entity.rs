//! Entities that data come with: checked, and not kept.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use corelog_wire::cloudwatch::shapes::Entity;

type Attributes = BTreeMap<String, String>;

/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Entity.html>
const KEY_ATTRIBUTES: RangeInclusive<usize> = 2..=4;
const KEY_CHARS_MAX: usize = 32;
const ATTRIBUTES_MAX: usize = 10;
const ATTRIBUTE_CHARS_MAX: usize = 256;
const VALUE_CHARS_MAX: usize = 2_048;

/// What is wrong with an entity, in the service's word for it.
///
/// Source: the words are those of `StrictEntityValidation` in
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html>
pub(super) fn fault(entity: Option<&Entity>) -> Option<&'static str> {
    let Some(entity) = entity else {
        return Some("InvalidEntity");
    };
    let none = Attributes::new();
    let keys = entity.key_attributes.as_ref().unwrap_or(&none);
    if !KEY_ATTRIBUTES.contains(&keys.len()) || !fit(keys, KEY_CHARS_MAX) {
        return Some("InvalidKeyAttributes");
    }
    let attributes = entity.attributes.as_ref().unwrap_or(&none);
    if attributes.len() > ATTRIBUTES_MAX || !fit(attributes, ATTRIBUTE_CHARS_MAX) {
        return Some("InvalidAttributes");
    }
    let needs: &[&str] = match keys.get("Type").map(String::as_str) {
        None => return Some("MissingRequiredFields"),
        Some("Service" | "RemoteService" | "AWS::Service") => &["Name"],
        Some("Resource" | "AWS::Resource") => &["ResourceType", "Identifier"],
        Some(_) => return Some("InvalidTypeValue"),
    };
    let has_all = needs.iter().all(|name| keys.contains_key(*name));
    (!has_all).then_some("MissingRequiredFields")
}

/// Whether names and values are as long as they may be.
fn fit(attributes: &Attributes, name_chars_max: usize) -> bool {
    let fits = |text: &str, most: usize| !text.is_empty() && text.chars().count() <= most;
    let mut all = attributes.iter();
    all.all(|(name, value)| fits(name, name_chars_max) && fits(value, VALUE_CHARS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes(pairs: &[(&str, &str)]) -> Attributes {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn an_entity_is_named_by_what_its_type_asks_for() {
        let check = |pairs: &[(&str, &str)], expected: Option<&str>| {
            let entity = Entity {
                key_attributes: Some(attributes(pairs)),
                attributes: None,
            };
            assert_eq!(fault(Some(&entity)), expected, "{pairs:?}");
        };
        check(&[("Type", "Service"), ("Name", "gate")], None);
        let resource = [
            ("Type", "AWS::Resource"),
            ("ResourceType", "AWS::EC2::Instance"),
            ("Identifier", "i-1"),
        ];
        check(&resource, None);
        check(&resource[..2], Some("MissingRequiredFields"));
        check(
            &[("Name", "gate"), ("Environment", "prod")],
            Some("MissingRequiredFields"),
        );
        check(
            &[("Type", "Thing"), ("Name", "gate")],
            Some("InvalidTypeValue"),
        );
        check(&[("Type", "Service")], Some("InvalidKeyAttributes"));
        check(
            &[("Type", "Service"), ("Name", "")],
            Some("InvalidKeyAttributes"),
        );
        let long = "n".repeat(33);
        check(
            &[("Type", "Service"), ("Name", "gate"), (&long, "x")],
            Some("InvalidKeyAttributes"),
        );
        assert_eq!(fault(None), Some("InvalidEntity"));
    }

    #[test]
    fn attributes_have_limits() {
        let check = |attributes: Option<Attributes>, expected: Option<&str>| {
            let entity = Entity {
                key_attributes: Some(self::attributes(&[("Type", "Service"), ("Name", "gate")])),
                attributes,
            };
            assert_eq!(fault(Some(&entity)), expected);
        };
        let many = |count: usize| {
            let one = |number: usize| (format!("a{number}"), "x".to_owned());
            Some((0..count).map(one).collect())
        };
        check(many(10), None);
        check(many(11), Some("InvalidAttributes"));
        check(
            Some(attributes(&[("a", &"x".repeat(2_049))])),
            Some("InvalidAttributes"),
        );
    }
}
