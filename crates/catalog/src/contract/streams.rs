//! Log streams.

use corelog_types::LogGroupName;

use super::{at, name, stream_name};
use crate::{Activity, Catalog, Error, LogGroup, LogStream, StreamOrder, StreamsAsked};

pub(super) async fn check<O>(open: &impl Fn() -> O) -> Result<(), Error>
where
    O: Future<Output = Result<Box<dyn Catalog>, Error>>,
{
    let catalog = open().await?;
    let group = name("/streams")?;
    catalog
        .create_group(&LogGroup::new(group.clone(), at(0)))
        .await?;
    for (ms, text) in (0..).zip(["b", "a", "c", "A", "Ä b"]) {
        let stream = LogStream::new(stream_name(text)?, at(ms));
        catalog.create_stream(&group, &stream).await?;
    }
    let again = catalog
        .create_stream(&group, &LogStream::new(stream_name("a")?, at(9)))
        .await;
    assert!(matches!(again, Err(Error::Exists)));
    let elsewhere = name("/nowhere")?;
    let orphan = catalog
        .create_stream(&elsewhere, &LogStream::new(stream_name("a")?, at(9)))
        .await;
    assert!(matches!(orphan, Err(Error::NotFound)));

    events_are_noted(&*catalog, &group).await?;
    lists_have_their_order(&*open().await?, &group).await?;

    catalog.delete_stream(&group, &stream_name("a")?).await?;
    let gone = catalog.delete_stream(&group, &stream_name("a")?).await;
    assert!(matches!(gone, Err(Error::NotFound)));
    catalog.delete_group(&group).await?;
    catalog
        .create_group(&LogGroup::new(group.clone(), at(1)))
        .await?;
    let asked = StreamsAsked::default();
    let left = catalog.streams(&group, &asked, None, 99).await?;
    assert_eq!(
        left,
        [],
        "streams go with their group, and do not come back with its name"
    );
    Ok(())
}

async fn events_are_noted(catalog: &dyn Catalog, group: &LogGroupName) -> Result<(), Error> {
    let activity = |text: &str, first, last, ingestion| {
        Ok::<_, Error>(Activity {
            group: group.clone(),
            stream: stream_name(text)?,
            first_event: at(first),
            last_event: at(last),
            ingestion: at(ingestion),
        })
    };
    let noted = [
        activity("a", 50, 60, 100)?,
        activity("a", 40, 45, 110)?,
        activity("b", 60, 60, 105)?,
        activity("gone", 1, 1, 1)?,
    ];
    catalog.note_activity(&noted).await?;
    let kept = catalog.stream(group, &stream_name("a")?).await?;
    let expected = LogStream {
        first_event: Some(at(40)),
        last_event: Some(at(60)),
        last_ingestion: Some(at(110)),
        ..LogStream::new(stream_name("a")?, at(1))
    };
    assert_eq!(kept, Some(expected), "the oldest, the newest, the latest");
    assert_eq!(catalog.stream(group, &stream_name("gone")?).await?, None);
    Ok(())
}

async fn lists_have_their_order(catalog: &dyn Catalog, group: &LogGroupName) -> Result<(), Error> {
    let by_name = StreamsAsked::default();
    let by_event = StreamsAsked {
        order: StreamOrder::LastEvent,
        ..StreamsAsked::default()
    };
    let backwards = |asked: &StreamsAsked| StreamsAsked {
        descending: true,
        ..asked.clone()
    };
    let names = ["A", "a", "b", "c", "Ä b"];
    // Without events first, by name; then by the newest event, equals by name.
    let events = ["A", "c", "Ä b", "a", "b"];
    for (asked, mut expected) in [(by_name.clone(), names), (by_event, events)] {
        assert_eq!(paged(catalog, group, &asked).await?, expected, "{asked:?}");
        expected.reverse();
        let asked = backwards(&asked);
        assert_eq!(paged(catalog, group, &asked).await?, expected, "{asked:?}");
    }
    let prefixed = StreamsAsked {
        prefix: Some("Ä".to_owned()),
        ..by_name
    };
    assert_eq!(paged(catalog, group, &prefixed).await?, ["Ä b"]);
    Ok(())
}

/// All names, read in pages of two.
async fn paged(
    catalog: &dyn Catalog,
    group: &LogGroupName,
    asked: &StreamsAsked,
) -> Result<Vec<String>, Error> {
    let mut found: Vec<LogStream> = Vec::new();
    loop {
        let after = found.last().map(LogStream::place);
        let page = catalog.streams(group, asked, after.as_ref(), 2).await?;
        if page.is_empty() {
            let names = found.iter().map(|stream| stream.name.as_str().to_owned());
            return Ok(names.collect());
        }
        found.extend(page);
    }
}
