//! Saved queries.

use super::at;
use crate::{Catalog, Error, QueryDefinition, QueryParameter};

pub(super) async fn check<O>(open: &impl Fn() -> O) -> Result<(), Error>
where
    O: Future<Output = Result<Box<dyn Catalog>, Error>>,
{
    let catalog = open().await?;
    let made = [
        definition("1", "folder/b", "CWLI"),
        definition("2", "folder/a", "SQL"),
        definition("3", "other", "CWLI"),
        definition("4", "folder/a", "CWLI"),
    ];
    for one in &made {
        catalog.put_query_definition(one, 4).await?;
    }
    let full = catalog
        .put_query_definition(&definition("5", "x", "CWLI"), 4)
        .await;
    assert!(matches!(full, Err(Error::Full { most: 4 })));
    let changed = QueryDefinition {
        name: "zz".to_owned(),
        text: "stats count(*)".to_owned(),
        parameters: Vec::new(),
        modified: at(9),
        ..definition("3", "other", "CWLI")
    };
    catalog.put_query_definition(&changed, 4).await?;
    let catalog = open().await?;
    let kept = catalog.query_definition("3").await?;
    assert_eq!(kept, Some(changed), "a query is replaced as a whole");
    assert_eq!(
        catalog.query_definition("2").await?.as_ref(),
        Some(&made[1])
    );

    let all = catalog.query_definitions("", None, None, 99).await?;
    assert_eq!(ids(&all), ["2", "4", "1", "3"], "by name, equals by id");
    let page = catalog
        .query_definitions("", None, Some(("folder/a", "2")), 2)
        .await?;
    assert_eq!(ids(&page), ["4", "1"]);
    let folder = catalog
        .query_definitions("folder/", Some("CWLI"), None, 99)
        .await?;
    assert_eq!(ids(&folder), ["4", "1"]);
    catalog.delete_query_definition("4").await?;
    let gone = catalog.delete_query_definition("4").await;
    assert!(matches!(gone, Err(Error::NotFound)));
    assert_eq!(catalog.query_definition("4").await?, None);
    Ok(())
}

fn definition(id: &str, name: &str, language: &str) -> QueryDefinition {
    QueryDefinition {
        id: id.to_owned(),
        name: name.to_owned(),
        language: language.to_owned(),
        text: "filter model = {{m}}".to_owned(),
        log_groups: vec!["/a".to_owned(), "/b".to_owned()],
        parameters: vec![QueryParameter {
            name: "m".to_owned(),
            default_value: Some("\"x\"".to_owned()),
            description: None,
        }],
        modified: at(1),
    }
}

fn ids(definitions: &[QueryDefinition]) -> Vec<&str> {
    definitions.iter().map(|one| one.id.as_str()).collect()
}
