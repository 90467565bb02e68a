//! Metric filters.

use std::collections::BTreeMap;

use corelog_types::{LogGroupName, NodeId, Sequence};

use super::{at, name};
use crate::{
    Catalog, CountingFilter, Error, LogGroup, MetricFilter, MetricFilterLimits, MetricFiltersAsked,
    MetricTransformation, Moment,
};

const LIMITS: MetricFilterLimits = MetricFilterLimits {
    all: 3,
    with_regex: 1,
};

pub(super) async fn check<O>(open: &impl Fn() -> O) -> Result<(), Error>
where
    O: Future<Output = Result<Box<dyn Catalog>, Error>>,
{
    let catalog = open().await?;
    let (one, other) = (name("/filters/a")?, name("/filters/b")?);
    for group in [&one, &other] {
        let group = LogGroup::new(group.clone(), at(0));
        catalog.create_group(&group).await?;
    }
    check_lists(&*catalog, &one, &other).await?;
    check_times(&*open().await?, &one).await?;
    let catalog = open().await?;
    catalog.delete_group(&one).await?;
    let left = catalog.counting_filters(node(1)).await?;
    assert_eq!(called(&left), ["c"], "filters go with their group");
    catalog.delete_group(&other).await?;
    let orphan = filter(&one, "a");
    let nowhere = catalog.put_metric_filter(&orphan, moment(1, 1), LIMITS);
    assert!(matches!(nowhere.await, Err(Error::NotFound)));
    Ok(())
}

async fn check_lists(
    catalog: &dyn Catalog,
    one: &LogGroupName,
    other: &LogGroupName,
) -> Result<(), Error> {
    let regex = MetricFilter {
        pattern: "%x%".to_owned(),
        has_regex: true,
        ..filter(one, "b")
    };
    let whole = MetricFilter {
        transformation: MetricTransformation {
            namespace: "Other".to_owned(),
            default_value: None,
            dimensions: BTreeMap::from([("Model".to_owned(), "$.model".to_owned())]),
            unit: Some("Milliseconds".to_owned()),
            ..filter(other, "c").transformation
        },
        on_transformed: true,
        ..filter(other, "c")
    };
    for put in [&filter(one, "ab"), &filter(one, "a"), &regex, &whole] {
        catalog.put_metric_filter(put, moment(1, 5), LIMITS).await?;
    }
    let fourth = filter(one, "d");
    let full = catalog.put_metric_filter(&fourth, moment(1, 5), LIMITS);
    assert!(matches!(full.await, Err(Error::Full { most: 3 })));
    let second = MetricFilter {
        has_regex: true,
        ..filter(one, "a")
    };
    let full = catalog.put_metric_filter(&second, moment(1, 5), LIMITS);
    assert!(matches!(full.await, Err(Error::Full { most: 1 })));
    catalog
        .put_metric_filter(&regex, moment(1, 5), LIMITS)
        .await?;

    let list = async |asked: MetricFiltersAsked, after, limit| {
        let found = catalog.metric_filters(&asked, after, limit).await?;
        Ok::<_, Error>(found.into_iter().map(|it| it.name).collect::<Vec<_>>())
    };
    let of = |group: &LogGroupName| MetricFiltersAsked {
        log_group: Some(group.clone()),
        ..MetricFiltersAsked::default()
    };
    let all = MetricFiltersAsked::default;
    assert_eq!(list(all(), None, 9).await?, ["a", "ab", "b", "c"]);
    let after = Some((one.as_str(), "a"));
    assert_eq!(list(all(), after, 2).await?, ["ab", "b"]);
    assert_eq!(list(of(other), None, 9).await?, ["c"]);
    let prefixed = MetricFiltersAsked {
        prefix: "a".to_owned(),
        ..of(one)
    };
    assert_eq!(list(prefixed, None, 9).await?, ["a", "ab"]);
    let of_metric = |namespace: &str| MetricFiltersAsked {
        metric: Some((namespace.to_owned(), "Matches".to_owned())),
        ..MetricFiltersAsked::default()
    };
    assert_eq!(list(of_metric("Other"), None, 9).await?, ["c"]);
    assert_eq!(list(of_metric("other"), None, 9).await?, [""; 0]);
    let found = catalog.metric_filters(&of(other), None, 9).await?;
    assert_eq!(found, [whole]);
    let counts = catalog.metric_filter_counts(&[other, one]).await?;
    assert_eq!(counts, [1, 3]);
    Ok(())
}

async fn check_times(catalog: &dyn Catalog, group: &LogGroupName) -> Result<(), Error> {
    let gone = catalog.delete_metric_filter(group, "none", moment(1, 6));
    assert!(matches!(gone.await, Err(Error::NotFound)));
    catalog
        .delete_metric_filter(group, "b", moment(1, 5))
        .await?;
    catalog
        .delete_metric_filter(group, "ab", moment(1, 8))
        .await?;
    let same = MetricFilter {
        created: at(77),
        ..filter(group, "a")
    };
    catalog
        .put_metric_filter(&same, moment(1, 6), LIMITS)
        .await?;
    let changed = MetricFilter {
        pattern: "ERROR".to_owned(),
        ..same
    };
    catalog
        .put_metric_filter(&changed, moment(1, 9), LIMITS)
        .await?;
    let times = |filters: &[CountingFilter]| {
        let time = |it: &CountingFilter| {
            let through = it.through.map(Sequence::to_u64);
            (it.filter.name.clone(), it.after.to_u64(), through)
        };
        filters.iter().map(time).collect::<Vec<_>>()
    };
    let row = |name: &str, after, through| (name.to_owned(), after, through);
    let counting = catalog.counting_filters(node(1)).await?;
    let expected = [
        row("a", 5, Some(9)),
        row("a", 9, None),
        row("ab", 5, Some(8)),
        row("c", 5, None),
    ];
    assert_eq!(times(&counting), expected);
    assert_eq!(counting[0].filter.pattern, "");
    assert_eq!(counting[1].filter.pattern, "ERROR");
    assert_eq!(counting[1].filter.created, at(1), "the first time stays");
    let counts = catalog.metric_filter_counts(&[group]).await?;
    assert_eq!(counts, [1], "those in force");

    let elsewhere = catalog.counting_filters(node(2)).await?;
    let expected = [row("a", 0, None), row("c", 0, None)];
    assert_eq!(times(&elsewhere), expected, "of another node, all");
    catalog.forget_metric_filters(moment(2, 99)).await?;
    catalog.forget_metric_filters(moment(1, 8)).await?;
    let counting = catalog.counting_filters(node(1)).await?;
    assert_eq!(called(&counting), ["a", "a", "c"]);
    catalog.forget_metric_filters(moment(1, 9)).await?;
    let counting = catalog.counting_filters(node(1)).await?;
    assert_eq!(called(&counting), ["a", "c"]);
    // Two who change a filter at once may come in another order than their moments.
    catalog
        .put_metric_filter(&filter(group, "a"), moment(1, 7), LIMITS)
        .await?;
    let counting = catalog.counting_filters(node(1)).await?;
    assert_eq!(times(&counting), [row("a", 9, None), row("c", 5, None)]);
    // A spool that is new has places of its own.
    catalog
        .put_metric_filter(&changed, moment(2, 3), LIMITS)
        .await?;
    let counting = catalog.counting_filters(node(2)).await?;
    assert_eq!(times(&counting), [row("a", 3, None), row("c", 0, None)]);
    Ok(())
}

fn called(filters: &[CountingFilter]) -> Vec<&str> {
    filters.iter().map(|it| it.filter.name.as_str()).collect()
}

fn node(number: u64) -> NodeId {
    NodeId::from_u64(number)
}

fn moment(on: u64, last: u64) -> Moment {
    Moment {
        node: node(on),
        last: Sequence::from_u64(last),
    }
}

fn filter(group: &LogGroupName, name: &str) -> MetricFilter {
    MetricFilter {
        log_group: group.clone(),
        name: name.to_owned(),
        pattern: String::new(),
        has_regex: false,
        transformation: MetricTransformation {
            namespace: "Test".to_owned(),
            name: "Matches".to_owned(),
            value: "1".to_owned(),
            default_value: Some(0.5),
            dimensions: BTreeMap::new(),
            unit: None,
        },
        on_transformed: false,
        created: at(1),
    }
}
