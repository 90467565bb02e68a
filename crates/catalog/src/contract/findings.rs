//! Findings: each once, with its news.

use super::at;
use crate::{Catalog, Error, FindingsAsked, NewFinding};

pub(super) async fn check<O>(open: &impl Fn() -> O) -> Result<(), Error>
where
    O: Future<Output = Result<Box<dyn Catalog>, Error>>,
{
    let catalog = open().await?;
    let found = [finding("a", 1, false), finding("b", 2, false)];
    assert_eq!(catalog.keep_findings(&found).await?, 2);
    let catalog = open().await?;
    assert_eq!(catalog.keep_findings(&found).await?, 0, "each once");
    let news = catalog.finding_news(9).await?;
    let told: Vec<&str> = news.iter().map(|one| one.document.as_str()).collect();
    assert_eq!(told, ["a new at 1", "b new at 2"]);
    assert!(news.iter().all(|one| one.is_new && one.kind == "burst"));

    // It goes on, it ends, and then it is known.
    for (later, ends) in [(3, false), (4, true), (4, true), (5, true)] {
        catalog.keep_findings(&[finding("a", later, ends)]).await?;
    }
    let news = catalog.finding_news(9).await?;
    let told: Vec<(&str, bool)> = news
        .iter()
        .map(|one| (one.document.as_str(), one.is_new))
        .collect();
    let all = [
        ("a new at 1", true),
        ("b new at 2", true),
        ("a known at 3", false),
        ("a known at 4", false),
    ];
    assert_eq!(told, all);
    if let Some(second) = news.get(1) {
        catalog.settle_finding_news(second.place).await?;
    }
    let catalog = open().await?;
    assert_eq!(catalog.finding_news(1).await?[..], news[2..3]);

    check_lists(&*catalog).await
}

async fn check_lists(catalog: &dyn Catalog) -> Result<(), Error> {
    let one = catalog.finding("a").await?;
    assert_eq!(one.map(|it| it.document), Some("a known at 4".to_owned()));
    assert_eq!(catalog.finding("c").await?, None);
    let ids = async |since: u64, kind: Option<&str>, limit: u32| {
        let asked = FindingsAsked {
            since: at(since),
            kind,
            limit,
        };
        let found = catalog.findings(asked).await?.into_iter();
        Ok::<Vec<String>, Error>(found.map(|it| it.id).collect())
    };
    assert_eq!(ids(0, None, 9).await?, ["a", "b"]);
    assert_eq!(ids(0, None, 1).await?, ["a"]);
    assert_eq!(ids(3, None, 9).await?, ["a"]);
    assert!(ids(0, Some("drift"), 9).await?.is_empty());
    assert_eq!(catalog.forget_findings(at(0), 9).await?, 0);
    assert_eq!(catalog.forget_findings(at(0), 1).await?, 1);
    assert_eq!(ids(0, None, 9).await?, ["a"]);
    assert_eq!(catalog.forget_findings(at(5), 9).await?, 1);
    assert!(ids(0, None, 9).await?.is_empty());
    Ok(())
}

fn finding(id: &str, seen: u64, has_ended: bool) -> NewFinding {
    NewFinding {
        id: id.to_owned(),
        kind: "burst".to_owned(),
        since: at(0),
        at: at(seen),
        has_ended,
        as_new: format!("{id} new at {seen}"),
        as_known: format!("{id} known at {seen}"),
        notice: None,
    }
}
