//! Sessions that show events at once.

use std::collections::BTreeSet;
use std::time::Duration;

use corelog_tail::{Session, Streams, Tailed};
use tokio::time::Instant;

use crate::fixture::{Bench, filter};

/// The requests of the next events, until there are so many.
async fn shown(session: &mut Session, count: usize) -> Vec<u64> {
    let mut found = Vec::new();
    while found.len() < count {
        let Some(Tailed::Events(events)) = session.next().await else {
            panic!("the session ended after {found:?}");
        };
        found.extend(events.iter().map(|it| it.position.sequence.to_u64()));
    }
    found
}

/// Time stands still unless somebody waits for a timer: what is shown at the same instant waited for nothing but the
/// record.
#[tokio::test(start_paused = true)]
async fn an_event_is_shown_with_its_record_and_not_a_tick_later() {
    let bench = Bench::new();
    let mut session = bench.tails.begin(filter(None)).unwrap();
    let begin = Instant::now();
    for number in 1..=10 {
        bench.record(number, "m").await;
        assert_eq!(shown(&mut session, 1).await, [number]);
    }
    assert_eq!(begin.elapsed(), Duration::ZERO);
}

#[tokio::test]
async fn what_does_not_match_is_not_shown() {
    let bench = Bench::new();
    let mut models = bench
        .tails
        .begin(filter(Some("{ $.modelId = b* }")))
        .unwrap();
    let streams = |streams| corelog_tail::Filter {
        streams,
        ..filter(None)
    };
    let of_name = |name: &str| Streams::Named(BTreeSet::from([name.to_owned()]));
    let beginning = Streams::Beginning(vec!["x".to_owned(), "aws/".to_owned()]);
    let mut beginning = bench.tails.begin(streams(beginning)).unwrap();
    let named = of_name("aws/bedrock/modelinvocations");
    let mut named = bench.tails.begin(streams(named)).unwrap();
    let mut another = bench.tails.begin(streams(of_name("aws/bedrock"))).unwrap();
    let mut elsewhere = filter(None);
    elsewhere.groups = vec!["/corelog".into(), "/corelog/invocations/x".into()];
    let mut elsewhere = bench.tails.begin(elsewhere).unwrap();
    for (number, model) in [(1, "a-1"), (2, "b-1"), (3, "c"), (4, "b-2")] {
        bench.record(number, model).await;
    }
    assert_eq!(shown(&mut models, 2).await, [2, 4]);
    assert_eq!(shown(&mut beginning, 4).await, [1, 2, 3, 4]);
    assert_eq!(shown(&mut named, 4).await, [1, 2, 3, 4]);
    bench.shutdown.request();
    assert_eq!(another.next().await, None);
    assert_eq!(elsewhere.next().await, None);
}

#[tokio::test]
async fn sessions_are_limited_and_make_room() {
    let bench = Bench::new();
    let mut open: Vec<_> = (0..15)
        .map(|_| bench.tails.begin(filter(None)).unwrap())
        .collect();
    assert!(bench.tails.begin(filter(None)).is_none());
    open.pop();
    assert!(bench.tails.begin(filter(None)).is_some());
}
