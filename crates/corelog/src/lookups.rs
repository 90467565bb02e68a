//! The lookup tables that questions name, out of the catalog.

use std::collections::BTreeSet;

use corelog_catalog::{Catalog, Error};
use corelog_query::LookupTable;

/// More than there can be.
const TABLES_MAX: u32 = 1_000;

/// The tables whose names are words of a text that looks anything up. One more than it uses does no harm.
pub(crate) async fn named_in(text: &str, catalog: &dyn Catalog) -> Result<Vec<LookupTable>, Error> {
    let mut named = Vec::new();
    if !text.to_ascii_lowercase().contains("lookup") {
        return Ok(named);
    }
    let words: BTreeSet<&str> = text
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .collect();
    for table in catalog.lookup_tables("", None, TABLES_MAX).await? {
        if words.contains(&*table.name)
            && let Some((table, csv)) = catalog.read_lookup_table(&table.name).await?
        {
            let name = table.name;
            named.push(LookupTable { name, csv });
        }
    }
    Ok(named)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use corelog_catalog::{LookupTables as _, SqliteCatalog};
    use corelog_types::Timestamp;

    use super::*;

    #[tokio::test]
    async fn tables_are_taken_by_their_whole_names() {
        let dir = tempfile::tempdir().unwrap();
        let catalog = SqliteCatalog::open(dir.path()).await.unwrap();
        for name in ["prices", "nets", "price", "unused"] {
            let table = corelog_catalog::LookupTable {
                name: name.to_owned(),
                description: None,
                columns: vec!["a".to_owned()],
                rows: 0,
                bytes: 2,
                kms_key: None,
                tags: BTreeMap::new(),
                updated: Timestamp::from_unix_ms(1),
            };
            let csv = format!("{name}\n");
            let created = catalog.create_lookup_table(&table, &csv, 9).await;
            created.unwrap();
        }
        let check = async |text: &str, expected: &[&str]| {
            let found = named_in(text, &catalog).await.unwrap();
            let names: Vec<_> = found.iter().map(|table| table.name.as_str()).collect();
            assert_eq!(names, expected, "{text}");
            for table in &found {
                assert_eq!(table.csv, format!("{}\n", table.name));
            }
        };
        check("LOOKUP prices m OUTPUT usd", &["prices"]).await;
        check(
            "lookup `prices` m OUTPUT usd|cidrlookup nets ip OUTPUT zone",
            &["nets", "prices"],
        )
        .await;
        check("fields prices, nets", &[]).await;
        check("lookup none m OUTPUT usd", &[]).await;
    }
}
