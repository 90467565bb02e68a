//! Lookup tables.

use std::collections::BTreeMap;

use super::at;
use crate::{Catalog, Error, LookupChange, LookupContent, LookupTable};

const CSV: &str = "model,usd\nclaude,3\n\"no, va\",1\n";

pub(super) async fn check<O>(open: &impl Fn() -> O) -> Result<(), Error>
where
    O: Future<Output = Result<Box<dyn Catalog>, Error>>,
{
    let catalog = open().await?;
    for name in ["prices_b", "teams", "prices_A"] {
        catalog.create_lookup_table(&table(name), CSV, 3).await?;
    }
    let exists = catalog.create_lookup_table(&table("teams"), "x\n", 3).await;
    assert!(matches!(exists, Err(Error::Exists)));
    let full = catalog.create_lookup_table(&table("more"), CSV, 3).await;
    assert!(matches!(full, Err(Error::Full { most: 3 })));

    let catalog = open().await?;
    assert_eq!(catalog.lookup_table("teams").await?, Some(table("teams")));
    let whole = (table("teams"), CSV.to_owned());
    assert_eq!(catalog.read_lookup_table("teams").await?, Some(whole));
    assert_eq!(catalog.lookup_table("Teams").await?, None);
    assert_eq!(catalog.read_lookup_table("Teams").await?, None);
    let all = catalog.lookup_tables("", None, 9).await?;
    assert_eq!(names(&all), ["prices_A", "prices_b", "teams"]);
    let page = catalog.lookup_tables("", Some("prices_A"), 1).await?;
    assert_eq!(names(&page), ["prices_b"]);
    let found = catalog.lookup_tables("prices", None, 9).await?;
    assert_eq!(names(&found), ["prices_A", "prices_b"]);

    check_changes(&*catalog).await?;
    catalog.delete_lookup_table("teams").await?;
    let gone = catalog.delete_lookup_table("teams").await;
    assert!(matches!(gone, Err(Error::NotFound)));
    let gone = catalog
        .change_lookup_table("teams", &content(None, None))
        .await;
    assert!(matches!(gone, Err(Error::NotFound)));
    Ok(())
}

async fn check_changes(catalog: &dyn Catalog) -> Result<(), Error> {
    let other = content(Some("other"), Some(""));
    catalog.change_lookup_table("teams", &other).await?;
    let changed = LookupTable {
        description: Some("other".to_owned()),
        columns: vec!["team".to_owned()],
        rows: 1,
        bytes: 5,
        kms_key: None,
        updated: at(9),
        ..table("teams")
    };
    let found = catalog.read_lookup_table("teams").await?;
    assert_eq!(found, Some((changed.clone(), "team\n".to_owned())));
    let same = content(None, None);
    catalog.change_lookup_table("teams", &same).await?;
    let found = catalog.lookup_table("teams").await?;
    assert_eq!(found.as_ref(), Some(&changed), "what is not said stays");

    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let tag = |tags: &[(String, String)], most| LookupChange::Tag {
        tags: tags.iter().cloned().collect(),
        most,
    };
    let more = tag(&[pair("a", "2"), pair("b", "3")], 2);
    catalog.change_lookup_table("teams", &more).await?;
    let full = catalog
        .change_lookup_table("teams", &tag(&[pair("c", "4")], 2))
        .await;
    assert!(matches!(full, Err(Error::Full { most: 2 })));
    let untag = LookupChange::Untag(vec!["a".to_owned(), "none".to_owned()]);
    catalog.change_lookup_table("teams", &untag).await?;
    let tagged = LookupTable {
        tags: BTreeMap::from([pair("b", "3")]),
        ..changed
    };
    let found = catalog.read_lookup_table("teams").await?;
    assert_eq!(found, Some((tagged, "team\n".to_owned())));
    Ok(())
}

fn table(name: &str) -> LookupTable {
    LookupTable {
        name: name.to_owned(),
        description: Some("for people".to_owned()),
        columns: vec!["model".to_owned(), "usd".to_owned()],
        rows: 2,
        bytes: CSV.len() as u64,
        kms_key: Some("arn:aws:kms:us-east-1:1:key/k".to_owned()),
        tags: BTreeMap::from([("a".to_owned(), "1".to_owned())]),
        updated: at(1),
    }
}

fn content(description: Option<&str>, kms_key: Option<&str>) -> LookupChange {
    LookupChange::Content {
        content: LookupContent {
            csv: "team\n".to_owned(),
            columns: vec!["team".to_owned()],
            rows: 1,
        },
        description: description.map(str::to_owned),
        kms_key: kms_key.map(str::to_owned),
        at: at(9),
    }
}

fn names(tables: &[LookupTable]) -> Vec<&str> {
    tables.iter().map(|table| table.name.as_str()).collect()
}
