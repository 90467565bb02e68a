//! Policies.

use super::{at, name};
use crate::{Catalog, Error, LogGroup, Policy, PolicyKey, PolicyKind};

pub(super) async fn check<O>(open: &impl Fn() -> O) -> Result<(), Error>
where
    O: Future<Output = Result<Box<dyn Catalog>, Error>>,
{
    let catalog = open().await?;
    revisions_count_changes(&*catalog).await?;
    lists_are_by_scope_and_name(&*open().await?).await?;
    a_group_takes_its_policy_with_it(&*catalog).await
}

async fn revisions_count_changes(catalog: &dyn Catalog) -> Result<(), Error> {
    let one = policy(PolicyKind::Resource, "", "one");
    assert_eq!(catalog.put_policy(&one, None, 2).await?, 1);
    let two = policy(PolicyKind::Resource, "", "two");
    assert_eq!(catalog.put_policy(&two, None, 2).await?, 1);
    let full = catalog
        .put_policy(&policy(PolicyKind::Resource, "", "three"), None, 2)
        .await;
    assert!(matches!(full, Err(Error::Full { most: 2 })));
    let elsewhere = policy(PolicyKind::Resource, "arn", "three");
    assert_eq!(
        catalog.put_policy(&elsewhere, None, 2).await?,
        1,
        "scopes are counted apart"
    );

    let changed = Policy {
        document: "{\"changed\":true}".to_owned(),
        selection: Some("LogGroupName NOT IN []".to_owned()),
        updated: at(9),
        ..one
    };
    for stale in [Some(2), Some(0)] {
        let refused = catalog.put_policy(&changed, stale, 2).await;
        assert!(matches!(refused, Err(Error::Stale)));
    }
    assert_eq!(catalog.put_policy(&changed, Some(1), 2).await?, 2);
    let kept = catalog
        .policies(PolicyKind::Resource, Some(""), None, 1)
        .await?;
    let expected = Policy {
        revision: 2,
        ..changed
    };
    assert_eq!(kept, [expected]);
    let never = policy(PolicyKind::Resource, "", "never");
    let refused = catalog.put_policy(&never, Some(1), 9).await;
    assert!(
        matches!(refused, Err(Error::Stale)),
        "what is not there has no revision"
    );
    Ok(())
}

async fn lists_are_by_scope_and_name(catalog: &dyn Catalog) -> Result<(), Error> {
    let kind = PolicyKind::Resource;
    let all = catalog.policies(kind, None, None, 99).await?;
    assert_eq!(keys(&all), [("", "one"), ("", "two"), ("arn", "three")]);
    let page = catalog.policies(kind, None, Some(("", "one")), 1).await?;
    assert_eq!(keys(&page), [("", "two")]);
    let scoped = catalog.policies(kind, Some("arn"), None, 99).await?;
    assert_eq!(keys(&scoped), [("arn", "three")]);
    assert_eq!(
        catalog
            .policies(PolicyKind::Account, None, None, 99)
            .await?,
        []
    );
    let two = policy(kind, "", "two").key;
    let stale = catalog.delete_policy(&two, Some(7)).await;
    assert!(matches!(stale, Err(Error::Stale)));
    catalog.delete_policy(&two, Some(1)).await?;
    let gone = catalog.delete_policy(&two, None).await;
    assert!(matches!(gone, Err(Error::NotFound)));
    Ok(())
}

async fn a_group_takes_its_policy_with_it(catalog: &dyn Catalog) -> Result<(), Error> {
    for text in ["/indexed", "/indexed2"] {
        catalog
            .create_group(&LogGroup::new(name(text)?, at(0)))
            .await?;
        catalog
            .put_policy(&policy(PolicyKind::Index, text, ""), None, 1)
            .await?;
    }
    catalog.delete_group(&name("/indexed")?).await?;
    let left = catalog.policies(PolicyKind::Index, None, None, 99).await?;
    assert_eq!(keys(&left), [("/indexed2", "")]);
    Ok(())
}

fn policy(kind: PolicyKind, scope: &str, name: &str) -> Policy {
    Policy {
        key: PolicyKey {
            kind,
            scope: scope.to_owned(),
            name: name.to_owned(),
        },
        document: "{}".to_owned(),
        selection: None,
        revision: 0,
        updated: at(0),
    }
}

fn keys(policies: &[Policy]) -> Vec<(&str, &str)> {
    policies
        .iter()
        .map(|policy| (policy.key.scope.as_str(), policy.key.name.as_str()))
        .collect()
}
