//! Subscription filters.

use super::{at, name};
use crate::{Catalog, Distribution, Error, LogGroup, SubscriptionFilter};

pub(super) async fn check<O>(open: &impl Fn() -> O) -> Result<(), Error>
where
    O: Future<Output = Result<Box<dyn Catalog>, Error>>,
{
    let catalog = open().await?;
    for group in ["/subscribed", "/subscribed2"] {
        let group = LogGroup::new(name(group)?, at(0));
        catalog.create_group(&group).await?;
    }
    a_change_keeps_what_it_is(&*catalog).await?;
    a_group_has_its_own(&*open().await?).await?;
    they_go_with_their_group(&*catalog).await
}

async fn a_change_keeps_what_it_is(catalog: &dyn Catalog) -> Result<(), Error> {
    let first = filter("/subscribed", "b")?;
    catalog.put_subscription_filter(&first, 2).await?;
    let changed = SubscriptionFilter {
        id: "another".to_owned(),
        pattern: "ERROR".to_owned(),
        destination: "arn:aws:lambda:us-east-1:000000000000:function:g".to_owned(),
        role: Some("arn:aws:iam::000000000000:role/r".to_owned()),
        distribution: Distribution::Random,
        created: at(9),
        ..first.clone()
    };
    catalog.put_subscription_filter(&changed, 1).await?;
    let kept = SubscriptionFilter {
        id: first.id,
        created: first.created,
        ..changed
    };
    let group = name("/subscribed")?;
    let found = catalog.subscription_filters(&group, "", None, 9).await?;
    assert_eq!(found, [kept]);
    Ok(())
}

async fn a_group_has_its_own(catalog: &dyn Catalog) -> Result<(), Error> {
    let second = filter("/subscribed", "a%")?;
    catalog.put_subscription_filter(&second, 2).await?;
    let third = filter("/subscribed", "c")?;
    let full = catalog.put_subscription_filter(&third, 2).await;
    assert!(matches!(full, Err(Error::Full { most: 2 })));
    let elsewhere = filter("/subscribed2", "c")?;
    catalog.put_subscription_filter(&elsewhere, 2).await?;
    let nowhere = filter("/no-such-group", "c")?;
    let missing = catalog.put_subscription_filter(&nowhere, 2).await;
    assert!(matches!(missing, Err(Error::NotFound)));

    let group = name("/subscribed")?;
    for (prefix, after, limit, expected) in [
        ("", None, 9, &["a%", "b"][..]),
        ("", None, 1, &["a%"]),
        ("", Some("a%"), 9, &["b"]),
        ("a", None, 9, &["a%"]),
        ("_", None, 9, &[]),
    ] {
        let found = catalog.subscription_filters(&group, prefix, after, limit);
        let found = found.await?;
        let names: Vec<&str> = found.iter().map(|filter| filter.name.as_str()).collect();
        assert_eq!(names, expected, "{prefix} {after:?} {limit}");
    }
    Ok(())
}

async fn they_go_with_their_group(catalog: &dyn Catalog) -> Result<(), Error> {
    let group = name("/subscribed")?;
    catalog.delete_subscription_filter(&group, "b").await?;
    let gone = catalog.delete_subscription_filter(&group, "b").await;
    assert!(matches!(gone, Err(Error::NotFound)));
    catalog.delete_group(&group).await?;
    let left = catalog.all_subscription_filters().await?;
    assert_eq!(left, [filter("/subscribed2", "c")?]);
    Ok(())
}

fn filter(group: &str, text: &str) -> Result<SubscriptionFilter, Error> {
    Ok(SubscriptionFilter {
        group: name(group)?,
        name: text.to_owned(),
        id: format!("{}.{text}", &group[1..]),
        pattern: String::new(),
        destination: "arn:aws:lambda:us-east-1:000000000000:function:f".to_owned(),
        role: None,
        distribution: Distribution::ByLogStream,
        created: at(1),
    })
}
