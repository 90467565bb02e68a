//! Rows with promoted fields in forms that their columns cannot hold.

use std::sync::Arc;

use corelog_insights::parse;
use corelog_query::Request;
use corelog_reference::{self as reference, Input, Reference};
use corelog_store::DataFile;

use crate::setup::{UnderTest, half_stored, request};

/// Events of which the first few have promoted fields in forms that their columns cannot hold.
fn some_loose() -> Input {
    let mut events = reference::generate::events(5, 80);
    for (at, event) in events.iter_mut().enumerate() {
        let loose = at < 10;
        let tokens = if loose {
            "\"7\"".to_owned()
        } else {
            at.to_string()
        };
        let model = if loose { "12.50" } else { "\"claude\"" };
        let rest = format!("\"requestId\":\"r{at}\",\"note\":\"n{}\"", at % 3);
        event.message =
            format!("{{\"modelId\":{model},{rest},\"input\":{{\"inputTokenCount\":{tokens}}}}}");
    }
    Input {
        events,
        now_ms: 1_795_338_942_000,
        ..Input::default()
    }
}

#[test]
fn loose_rows_change_no_answer() {
    let engines = [UnderTest::new(false), UnderTest::new(true)];
    let input = some_loose();
    for text in [
        "stats sum(input.inputTokenCount) as t, count(*) as n by modelId",
        "filter input.inputTokenCount > 5 | fields requestId, input.inputTokenCount | limit 200",
        "filter modelId = 'claude' and note = 'n1' | fields requestId, note | sort requestId",
        "filter modelId = 12.5 | stats count(*) as n",
        "filter modelId like 'cl' | fields @message | sort input.inputTokenCount desc | limit 7",
        "fields modelId | dedup modelId",
        "stats max(input.inputTokenCount) as most by note | sort most",
        "filter note = 'n2' | stats count(*) as n",
        "fields @timestamp, @log, requestId, modelId | limit 100",
        "filter requestId in (SOURCE '/corelog/invocations' | filter modelId = 'claude' | fields requestId) | stats count(*)",
    ] {
        let query = parse(text).unwrap();
        let expected = reference::Engine::run(&Reference, &query, &input).unwrap();
        for engine in &engines {
            let found = reference::Engine::run(engine, &query, &input).unwrap();
            assert_eq!(expected, found, "{text}");
        }
    }
}

#[test]
fn only_files_with_loose_rows_are_asked_for_messages() {
    let under = UnderTest::new(true);
    let mut input = some_loose();
    // All in files.
    let events = input.events.clone();
    input.events.extend(events);
    let mut all = under.runtime.block_on(half_stored(&input));
    all.recent = Arc::default();
    let loose = |file: &&DataFile| file.loose_rows != Some(0);
    let loose: Vec<String> = all
        .files
        .iter()
        .filter(loose)
        .map(|it| it.path.clone())
        .collect();
    assert!(!loose.is_empty() && loose.len() < all.files.len());
    let request = Request {
        events: all,
        ..request(&input)
    };
    let check = |plan: String| {
        let scans = plan.lines().filter(|line| line.contains("DataSourceExec"));
        let mut scans: Vec<&str> = scans.collect();
        scans.sort_by_key(|line| line.contains("message"));
        let [strict, with_messages] = scans[..] else {
            panic!("{plan}");
        };
        assert!(!strict.contains("message"), "{plan}");
        for path in &loose {
            assert!(with_messages.contains(path), "{plan}");
            assert!(!strict.contains(path), "{plan}");
        }
    };
    let text = "filter modelId = 'claude' | stats sum(input.inputTokenCount) as t by modelId";
    let query = parse(text).unwrap();
    let plan = under.engine.explain(&query, &request);
    check(under.runtime.block_on(plan).unwrap());
    let text = "SELECT count(\"modelId\") FROM \"/corelog/invocations\"";
    let plan = under.engine.explain_sql(text, &request);
    check(under.runtime.block_on(plan).unwrap());
}

#[test]
fn a_file_without_a_column_for_a_field_is_asked_for_its_messages() {
    let under = UnderTest::new(true);
    let mut input = some_loose();
    for (at, event) in input.events.iter_mut().enumerate() {
        event.message =
            format!("{{\"modelId\":\"m\",\"corelog\":{{\"cost\":{{\"amount\":0.{at:02}5}}}}}}");
    }
    let events = input.events.clone();
    input.events.extend(events);
    let mut all = under.runtime.block_on(half_stored(&input));
    all.recent = Arc::default();
    // One that was written before there was a column for costs.
    let mut files: Vec<DataFile> = all.files.to_vec();
    files[0].promoted_fields = 21;
    let old = files[0].path.clone();
    all.files = Arc::new(files);
    let request = Request {
        events: all,
        ..request(&input)
    };
    let plan = |text: &str| {
        let query = parse(text).unwrap();
        let plan = under.engine.explain(&query, &request);
        under.runtime.block_on(plan).unwrap()
    };
    let reads_messages = |plan: &str, path: &str| {
        let mut scans = plan.lines().filter(|line| line.contains("DataSourceExec"));
        scans.any(|line| line.contains("message") && line.contains(path))
    };
    let costs = plan("stats sum(corelog.cost.amount) as usd");
    assert!(reads_messages(&costs, &old), "{costs}");
    let models = plan("stats count(*) as n by modelId");
    assert!(!reads_messages(&models, &old), "{models}");
    let text = "SELECT SUM(CAST(\"corelog.cost.amount\" AS DECIMAL(38, 12))) FROM \"/corelog/invocations\"";
    let plan = under.engine.explain_sql(text, &request);
    let plan = under.runtime.block_on(plan).unwrap();
    assert!(reads_messages(&plan, &old), "{plan}");
}
