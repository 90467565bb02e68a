//! Dashboards.

use std::collections::BTreeMap;

use super::at;
use crate::{Catalog, Dashboard, DashboardEntry, DashboardTags, Error};

/// Not the shortest form of it, and with bytes that are more than characters.
const BODY: &str = "{ \"widgets\" : [ ],\r\n \"start\":\"-PT6H\", \"né\": 1 }";

pub(super) async fn check<O>(open: &impl Fn() -> O) -> Result<(), Error>
where
    O: Future<Output = Result<Box<dyn Catalog>, Error>>,
{
    let catalog = open().await?;
    for name in ["calls-b", "teams", "calls-A"] {
        catalog.put_dashboard(&dashboard(name), 3).await?;
    }
    let full = catalog.put_dashboard(&dashboard("more"), 3).await;
    assert!(matches!(full, Err(Error::Full { most: 3 })));

    let catalog = open().await?;
    assert_eq!(catalog.dashboard("teams").await?, Some(dashboard("teams")));
    assert_eq!(catalog.dashboard("Teams").await?, None);
    let all = catalog.dashboards("", None, 9).await?;
    assert_eq!(names(&all), ["calls-A", "calls-b", "teams"]);
    let entry = DashboardEntry {
        name: "calls-A".to_owned(),
        bytes: 48,
        modified: at(1),
    };
    assert_eq!(all.first(), Some(&entry));
    let page = catalog.dashboards("", Some("calls-A"), 1).await?;
    assert_eq!(names(&page), ["calls-b"]);
    let found = catalog.dashboards("calls", None, 9).await?;
    assert_eq!(names(&found), ["calls-A", "calls-b"]);

    check_changes(&*catalog).await?;
    let some = ["teams", "none", "calls-b", "nor-this"].map(str::to_owned);
    let missing = catalog.delete_dashboards(&some).await?;
    assert_eq!(missing, ["none", "nor-this"]);
    let all = catalog.dashboards("", None, 9).await?;
    assert_eq!(all.len(), 3, "all of them or none");
    let both = ["teams", "calls-b"].map(str::to_owned);
    assert!(catalog.delete_dashboards(&both).await?.is_empty());
    let all = catalog.dashboards("", None, 9).await?;
    assert_eq!(names(&all), ["calls-A"]);
    let untag = DashboardTags::Untag(Vec::new());
    let gone = catalog.change_dashboard_tags("teams", &untag).await;
    assert!(matches!(gone, Err(Error::NotFound)));
    Ok(())
}

async fn check_changes(catalog: &dyn Catalog) -> Result<(), Error> {
    let other = Dashboard {
        body: "{}".to_owned(),
        tags: BTreeMap::new(),
        modified: at(9),
        ..dashboard("teams")
    };
    catalog.put_dashboard(&other, 3).await?;
    let changed = Dashboard {
        tags: dashboard("teams").tags,
        ..other
    };
    let found = catalog.dashboard("teams").await?;
    assert_eq!(found.as_ref(), Some(&changed), "tags stay");

    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let tag = |tags: &[(String, String)], most| DashboardTags::Tag {
        tags: tags.iter().cloned().collect(),
        most,
    };
    let more = tag(&[pair("a", "2"), pair("b", "3")], 2);
    catalog.change_dashboard_tags("teams", &more).await?;
    let more = tag(&[pair("c", "4")], 2);
    let full = catalog.change_dashboard_tags("teams", &more).await;
    assert!(matches!(full, Err(Error::Full { most: 2 })));
    let untag = DashboardTags::Untag(vec!["a".to_owned(), "none".to_owned()]);
    catalog.change_dashboard_tags("teams", &untag).await?;
    let tagged = Dashboard {
        tags: BTreeMap::from([pair("b", "3")]),
        ..changed
    };
    assert_eq!(catalog.dashboard("teams").await?, Some(tagged));
    Ok(())
}

fn dashboard(name: &str) -> Dashboard {
    Dashboard {
        name: name.to_owned(),
        body: BODY.to_owned(),
        tags: BTreeMap::from([("a".to_owned(), "1".to_owned())]),
        modified: at(1),
    }
}

fn names(entries: &[DashboardEntry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.name.as_str()).collect()
}
