//! Log groups.

use std::collections::BTreeMap;

use super::{at, name, names};
use crate::{Catalog, Error, GroupChange, GroupFilter, LogGroup, LogGroupClass};

pub(super) async fn check<O>(open: &impl Fn() -> O) -> Result<(), Error>
where
    O: Future<Output = Result<Box<dyn Catalog>, Error>>,
{
    let catalog = open().await?;
    a_group_is_kept_as_it_was_made(&*catalog, &*open().await?).await?;
    lists_are_in_the_order_of_bytes(&*catalog).await?;
    settings_change_one_by_one(&*catalog).await?;
    a_protected_group_stays(&*catalog).await
}

async fn a_group_is_kept_as_it_was_made(
    catalog: &dyn Catalog,
    opened_later: &dyn Catalog,
) -> Result<(), Error> {
    let group = LogGroup {
        class: LogGroupClass::InfrequentAccess,
        retention_days: Some(30),
        kms_key: Some("arn:aws:kms:us-east-1:111122223333:key/k".to_owned()),
        deletion_protected: true,
        tags: tags(&[("team", "harbour"), ("größe", "\"'%_")]),
        ..LogGroup::new(name("/whole")?, at(7))
    };
    assert_eq!(catalog.group(&group.name).await?, None);
    catalog.create_group(&group).await?;
    let again = catalog
        .create_group(&LogGroup::new(name("/whole")?, at(8)))
        .await;
    assert!(matches!(again, Err(Error::Exists)), "names are taken once");
    let kept = opened_later.group(&group.name).await?;
    assert_eq!(
        kept,
        Some(group),
        "a group survives a restart as it was made"
    );
    Ok(())
}

async fn lists_are_in_the_order_of_bytes(catalog: &dyn Catalog) -> Result<(), Error> {
    for text in ["b", "B", "_", "a/1", "a/10", "a/2", "a-1", "a_1", "ab"] {
        catalog
            .create_group(&LogGroup::new(name(text)?, at(0)))
            .await?;
    }
    let all = GroupFilter::default();
    // ASCII: `-` 2D, `/` 2F, digits, upper case, `_` 5F, lower case.
    let expected = [
        "/whole", "B", "_", "a-1", "a/1", "a/10", "a/2", "a_1", "ab", "b",
    ];
    assert_eq!(names(&catalog.groups(&all, None, 99).await?), expected);
    let mut paged: Vec<LogGroup> = Vec::new();
    loop {
        let after = paged.last().map(|last| last.name.as_str().to_owned());
        let page = catalog.groups(&all, after.as_deref(), 3).await?;
        assert!(page.len() <= 3);
        if page.is_empty() {
            break;
        }
        paged.extend(page);
    }
    assert_eq!(
        names(&paged),
        expected,
        "pages join without gaps and doubles"
    );
    let filtered = |filter: GroupFilter| async move { catalog.groups(&filter, None, 99).await };
    let prefix = GroupFilter {
        prefix: Some("a/1".to_owned()),
        ..GroupFilter::default()
    };
    assert_eq!(names(&filtered(prefix).await?), ["a/1", "a/10"]);
    // An underscore is no wildcard, and case counts.
    for (contains, expected) in [("_", vec!["_", "a_1"]), ("B", vec!["B"]), ("%", vec![])] {
        let filter = GroupFilter {
            contains: Some(contains.to_owned()),
            ..GroupFilter::default()
        };
        assert_eq!(names(&filtered(filter).await?), expected, "{contains}");
    }
    let class = GroupFilter {
        class: Some(LogGroupClass::InfrequentAccess),
        ..GroupFilter::default()
    };
    assert_eq!(names(&filtered(class).await?), ["/whole"]);
    Ok(())
}

async fn settings_change_one_by_one(catalog: &dyn Catalog) -> Result<(), Error> {
    let group = name("ab")?;
    let change = |change: GroupChange| {
        let group = group.clone();
        async move { catalog.change_group(&group, &change).await }
    };
    let tag = |pairs: &[(&str, &str)], most| GroupChange::Tag {
        tags: tags(pairs),
        most,
    };
    change(GroupChange::Retention(Some(7))).await?;
    change(GroupChange::KmsKey(Some("key".to_owned()))).await?;
    change(tag(&[("a", "1"), ("b", "2")], 2)).await?;
    change(tag(&[("a", "3")], 2)).await?;
    let full = change(tag(&[("a", "4"), ("c", "5")], 2)).await;
    assert!(matches!(full, Err(Error::Full { most: 2 })));
    let expected = LogGroup {
        retention_days: Some(7),
        kms_key: Some("key".to_owned()),
        tags: tags(&[("a", "3"), ("b", "2")]),
        ..LogGroup::new(group.clone(), at(0))
    };
    assert_eq!(catalog.group(&group).await?, Some(expected.clone()));
    change(GroupChange::Retention(None)).await?;
    change(GroupChange::KmsKey(None)).await?;
    change(GroupChange::Untag(vec!["a".to_owned(), "none".to_owned()])).await?;
    let expected = LogGroup {
        retention_days: None,
        kms_key: None,
        tags: tags(&[("b", "2")]),
        ..expected
    };
    assert_eq!(catalog.group(&group).await?, Some(expected));
    let missing = catalog
        .change_group(&name("none")?, &GroupChange::Retention(None))
        .await;
    assert!(matches!(missing, Err(Error::NotFound)));
    Ok(())
}

async fn a_protected_group_stays(catalog: &dyn Catalog) -> Result<(), Error> {
    let group = name("/whole")?;
    let refused = catalog.delete_group(&group).await;
    assert!(matches!(refused, Err(Error::Protected)));
    assert!(catalog.group(&group).await?.is_some());
    let free = GroupChange::DeletionProtection(false);
    catalog.change_group(&group, &free).await?;
    catalog.delete_group(&group).await?;
    assert_eq!(catalog.group(&group).await?, None);
    let again = catalog.delete_group(&group).await;
    assert!(matches!(again, Err(Error::NotFound)));
    Ok(())
}

fn tags(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}
