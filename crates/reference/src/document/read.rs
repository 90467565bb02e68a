//! The blocks that say what a query runs over.

use crate::input::{Event, Group, Input, LookupTable};
use crate::value::text as text_of;
use corelog_values::coerce;
use corelog_values::date_pattern::{self, Zone};
use corelog_values::{Member, Value, json};

/// 2026-11-22 09:00:00: the time of the first event that has none.
const FIRST_MS: i64 = 1_795_338_000_000;
const ACCOUNT: &str = "111122223333";
const GROUP: &str = "/corelog/invocations";
const STREAM: &str = "aws/bedrock/modelinvocations";
const OWN: [&str; 6] = [
    "@timestamp",
    "@ingestionTime",
    "@log",
    "@logStream",
    "@ptr",
    "@message",
];

type Members = Vec<Member<'static>>;

fn object(text: &str) -> Result<Members, String> {
    match json::read(text).map(Value::into_owned) {
        Some(Value::Map(members)) => Ok(members.to_vec()),
        _ => Err(format!("not a JSON object: {text}")),
    }
}

fn objects(text: &str) -> Result<Vec<Members>, String> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(object).collect()
}

fn member<'m>(members: &'m Members, name: &str) -> Option<&'m Value<'static>> {
    let found = members.iter().find(|(key, _)| key == name);
    found.map(|(_, value)| value)
}

fn text(members: &Members, name: &str) -> Option<String> {
    member(members, name).and_then(text_of)
}

/// Milliseconds, or a date as results show it.
fn time(members: &Members, name: &str) -> Result<Option<i64>, String> {
    let Some(value) = member(members, name) else {
        return Ok(None);
    };
    let written = || {
        let text = text_of(value)?;
        date_pattern::parse(&text, "yyyy-MM-dd HH:mm:ss.SSS", Zone::UTC)
            .or_else(|| date_pattern::parse(&text, "yyyy-MM-dd HH:mm:ss", Zone::UTC))
    };
    let ms = coerce::millis(value).or_else(written);
    ms.map(Some).ok_or_else(|| format!("`{name}` is no time"))
}

pub(super) fn events(text: &str) -> Result<Vec<Event>, String> {
    let mut all = Vec::new();
    for (at, members) in (0..).zip(objects(text)?) {
        all.push(event(at, &members)?);
    }
    Ok(all)
}

fn event(at: i64, members: &Members) -> Result<Event, String> {
    let timestamp_ms = time(members, "@timestamp")?.unwrap_or(FIRST_MS - at * 1000);
    let ingestion_ms = time(members, "@ingestionTime")?.unwrap_or(timestamp_ms);
    let log = text(members, "@log").unwrap_or_else(|| format!("{ACCOUNT}:{GROUP}"));
    let (account, group) = log.split_once(':').ok_or("`@log` has no account")?;
    let stream = text(members, "@logStream").unwrap_or_else(|| STREAM.to_owned());
    let pointer = text(members, "@ptr").unwrap_or_else(|| format!("ptr-{at}"));
    let message = match member(members, "@message") {
        Some(Value::Text(text)) => text.to_string(),
        Some(value) => json::write(value),
        None => {
            let mut rest = members.clone();
            rest.retain(|(key, _)| !OWN.contains(&&**key));
            json::write(&Value::map(rest))
        }
    };
    Ok(Event {
        timestamp_ms,
        ingestion_ms,
        account: account.to_owned(),
        group: group.to_owned(),
        stream,
        message,
        pointer,
    })
}

pub(super) fn groups(text: &str) -> Result<Vec<Group>, String> {
    objects(text)?.iter().map(group).collect()
}

fn group(members: &Members) -> Result<Group, String> {
    let name = text(members, "name").ok_or("a group has no `name`")?;
    let account = text(members, "account").unwrap_or_else(|| ACCOUNT.to_owned());
    let mut group = Group::new(&account, &name);
    if let Some(region) = text(members, "region") {
        group.region = region;
    }
    if let Some(class) = text(members, "class") {
        group.class = class;
    }
    group.indexed = texts(members, "indexed");
    group.data_source = text(members, "source");
    if let Some(Value::Map(tags)) = member(members, "tags") {
        for (key, value) in tags.iter() {
            let value = text_of(value).unwrap_or_default();
            group.tags.push((key.to_string(), value));
        }
    }
    Ok(group)
}

fn texts(members: &Members, name: &str) -> Vec<String> {
    match member(members, name) {
        Some(Value::List(all)) => all.iter().filter_map(text_of).collect(),
        _ => Vec::new(),
    }
}

pub(super) fn lookup(name: &str, csv: &str) -> LookupTable {
    LookupTable {
        name: name.to_owned(),
        csv: csv.to_owned(),
    }
}

pub(super) fn run(text: &str, input: &mut Input) -> Result<(), String> {
    let members = object(text)?;
    let default = Input::default();
    input.now_ms = time(&members, "now")?.unwrap_or(default.now_ms);
    input.start_ms = time(&members, "start")?.unwrap_or(default.start_ms);
    input.end_ms = time(&members, "end")?.unwrap_or(default.end_ms);
    input.limit = count(&members, "limit")?.map_or(default.limit, |limit| {
        usize::try_from(limit).unwrap_or(usize::MAX)
    });
    input.selected = texts(&members, "groups");
    Ok(())
}

fn count(members: &Members, name: &str) -> Result<Option<u64>, String> {
    let Some(value) = member(members, name) else {
        return Ok(None);
    };
    let number = coerce::millis(value).and_then(|count| u64::try_from(count).ok());
    number
        .map(Some)
        .ok_or_else(|| format!("`{name}` is no count"))
}

pub(super) fn statistics(text: &str) -> Result<Vec<(String, u64)>, String> {
    let members = object(text)?;
    let mut all = Vec::new();
    for (name, _) in &members {
        all.extend(count(&members, name)?.map(|count| (name.to_string(), count)));
    }
    Ok(all)
}
