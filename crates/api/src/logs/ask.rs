//! A question as a caller puts it, made into one that can be answered: what `StartQuery` and its relatives share.

use std::collections::{BTreeMap, BTreeSet};

use corelog_insights::{CommandKind, Diagnostic, Query, SavedQuery, Source, Span};
use corelog_types::{LogGroupName, Timestamp};
use corelog_wire::logs::shapes::StartQueryRequest;

use super::put_query_definition::DEFAULT_LANGUAGE;
use super::queries::Asked;
use super::{Language, QueryError, QuerySpec, arn, source};
use crate::aws::{Context, Fault, Kind};

/// Source: the API reference of `StartQuery`.
const GROUPS_MAX: usize = 50;
/// Characters of the text that `DescribeQueries` shows. Source: the service model's `QueryString`.
const SHOWN_CHARS_MAX: usize = 10_000;
/// Saved queries of one name that are looked at.
const DEFINITIONS_MAX: u32 = 100;

/// Why a question was not taken.
#[derive(Debug)]
pub(crate) enum Refused {
    /// By its text or its engine.
    Query(QueryError),
    /// By everything else.
    Fault(Fault),
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<QueryError> for Refused {
    fn from(error: QueryError) -> Self {
        Self::Query(error)
    }
}

impl From<corelog_catalog::Error> for Refused {
    fn from(error: corelog_catalog::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl Refused {
    /// As an exception of the service.
    pub(super) fn into_fault(self, cx: &Context<'_>) -> Fault {
        match self {
            Self::Fault(fault) => fault,
            Self::Query(error) => fault(&error, cx),
        }
    }
}

/// The exception that says why there is no answer.
pub(crate) fn fault(error: &QueryError, cx: &Context<'_>) -> Fault {
    let message = error.to_string();
    match error {
        QueryError::Malformed(malformed) => {
            let location = serde_json::json!({
                "startCharOffset": malformed.start, "endCharOffset": malformed.end,
            });
            let error = serde_json::json!({"location": location, "message": malformed.message});
            Fault::new(Kind::MalformedQuery, message).with("queryCompileError", error)
        }
        QueryError::NoGroup(group) => no_group(group.as_str(), cx),
        QueryError::NoEngine => {
            let hint = error.hint().unwrap_or_default();
            let text = format!("This Corelog was built without its query engine: {hint}.");
            Fault::new(Kind::InvalidOperation, text)
        }
        QueryError::AnswerTooLarge { .. } | QueryError::Exhausted(_) | QueryError::Busy => {
            Fault::new(Kind::LimitExceeded, message)
        }
        QueryError::Unavailable(_) => Fault::new(
            Kind::ServiceUnavailable,
            "The service cannot complete the request.",
        ),
        QueryError::Failed(source) => Fault::internal(&**source),
    }
}

/// Source: the service's answer, as it was recorded.
fn no_group(name: &str, cx: &Context<'_>) -> Fault {
    let account = &cx.account().id;
    let request = corelog_runtime::record_id(cx.now());
    Fault::not_found(format!(
        "Log group '{name}' does not exist for account ID '{account}' (Service: AWSLogs; Status Code: 400; \
         Error Code: ResourceNotFoundException; Request ID: {request}; Proxy: null)"
    ))
}

/// What a request is about, for who may ask it. Where it names one group and its text can name no other, that one;
/// else every group, because the text may choose any.
pub(crate) fn on(input: &StartQueryRequest, cx: &Context<'_>) -> Result<String, Fault> {
    let names_others = input.query_language.as_deref() == Some("SQL")
        || input.query_string.to_ascii_lowercase().contains("source")
        || input.query_string.contains('$');
    match identifiers(input)?.as_slice() {
        [one] if !names_others => Ok(arn::of_group(cx.account(), &named(one, cx)?)),
        _ => Ok(arn::of_all_groups(cx.account())),
    }
}

/// A question that was taken, and what is suspicious about it.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) asked: Asked,
    pub(crate) warnings: Vec<Diagnostic>,
}

/// Takes a question: groups, time, text, and whether the engine can answer it. It is about the group `otherwise` where
/// neither request nor text names one.
pub(crate) async fn take(
    input: &StartQueryRequest,
    otherwise: Option<&LogGroupName>,
    cx: &Context<'_>,
) -> Result<Taken, (Refused, String)> {
    let mut text = input.query_string.clone();
    let taken = take_text(input, otherwise, &mut text, cx).await;
    taken.map_err(|refused| (refused, text))
}

/// Leaves in `text` what places in messages are places of.
async fn take_text(
    input: &StartQueryRequest,
    otherwise: Option<&LogGroupName>,
    text: &mut String,
    cx: &Context<'_>,
) -> Result<Taken, Refused> {
    let language = language(input)?;
    if input.end_time < input.start_time {
        let text = "The end of a query's time range cannot be before its start.";
        return Err(Fault::invalid_parameter(text).into());
    }
    let named = identifiers(input)?;
    let mut parsed = None;
    if language == Language::Insights {
        *text = expanded(text, cx).await?;
        parsed = Some(corelog_insights::read(text).map_err(|wrong| QueryError::from(&*wrong))?);
    }
    let query = parsed.as_ref().map(|parsed| &parsed.query);
    let own = query.and_then(source::of_query);
    let groups = match own {
        Some(_) if !named.is_empty() => return Err(exactly_one().into()),
        Some((own, _)) => source::groups(own, text, cx).await?,
        None if named.is_empty() && language == Language::Insights => {
            let otherwise = otherwise.ok_or_else(exactly_one)?;
            existing_all(&[otherwise.as_str()], cx).await?
        }
        None => existing_all(&named, cx).await?,
    };
    let asked_at = cx.now();
    let (start_ms, end_ms) = window(input, own.map(|(own, _)| own), asked_at);
    let spec = QuerySpec {
        language,
        groups,
        sources: sources(query, text, cx).await?,
        start_ms,
        end_ms,
        limit: input.limit.and_then(|limit| u32::try_from(limit).ok()),
        asked_at,
        answer_bytes_max: cx.queries().limits().answer_bytes_max(),
        text: text.clone(),
    };
    cx.queries().beside(|engine| engine.check(&spec)).await?;
    let shown = shown(&input.query_string, &spec, own);
    Ok(Taken {
        asked: Asked {
            spec,
            shown,
            caller: cx.caller().arn(&cx.account().id),
        },
        warnings: parsed.map_or_else(Vec::new, |parsed| parsed.warnings),
    })
}

fn language(input: &StartQueryRequest) -> Result<Language, Fault> {
    match input.query_language.as_deref().unwrap_or(DEFAULT_LANGUAGE) {
        DEFAULT_LANGUAGE => Ok(Language::Insights),
        "SQL" => Ok(Language::Sql),
        other => Err(Fault::invalid_parameter(format!(
            "Corelog does not run queries in {other}: use CWLI or SQL."
        ))),
    }
}

/// The names and ARNs of the request.
fn identifiers(input: &StartQueryRequest) -> Result<Vec<&str>, Fault> {
    let given = [
        input.log_group_name.as_deref().into_iter().collect(),
        listed(input.log_group_names.as_ref()),
        listed(input.log_group_identifiers.as_ref()),
    ];
    // Clients that have nothing to name send empty lists.
    let mut given = given
        .into_iter()
        .filter(|list: &Vec<&str>| !list.is_empty());
    let all = given.next().unwrap_or_default();
    if given.next().is_some() {
        return Err(exactly_one());
    }
    if all.len() > GROUPS_MAX {
        return Err(Fault::invalid_parameter(format!(
            "A query can read up to {GROUPS_MAX} log groups."
        )));
    }
    Ok(all)
}

fn listed(list: Option<&Vec<String>>) -> Vec<&str> {
    list.into_iter().flatten().map(String::as_str).collect()
}

fn exactly_one() -> Fault {
    Fault::invalid_parameter(
        "A query must have exactly one of logGroupName, logGroupNames and logGroupIdentifiers, or a SOURCE command.",
    )
}

fn named(identifier: &str, cx: &Context<'_>) -> Result<LogGroupName, Fault> {
    let found = arn::group(cx.account(), identifier);
    // The words for a group that is not here are others in this operation.
    found.map_err(|fault| match fault.code() {
        "ResourceNotFoundException" => no_group(identifier, cx),
        _ => fault,
    })
}

/// The group that a name or an ARN means, which has to exist.
pub(super) async fn existing(identifier: &str, cx: &Context<'_>) -> Result<LogGroupName, Fault> {
    let name = named(identifier, cx)?;
    let found = cx.catalog().group(&name).await?;
    found.ok_or_else(|| no_group(identifier, cx))?;
    Ok(name)
}

async fn existing_all(
    identifiers: &[&str],
    cx: &Context<'_>,
) -> Result<Vec<LogGroupName>, Refused> {
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for identifier in identifiers {
        let name = existing(identifier, cx).await?;
        if seen.insert(name.clone()) {
            all.push(name);
        }
    }
    Ok(all)
}

async fn sources(
    query: Option<&Query>,
    text: &str,
    cx: &Context<'_>,
) -> Result<BTreeMap<usize, Vec<LogGroupName>>, Refused> {
    let mut all = BTreeMap::new();
    for (own, span) in query.map(source::of_subqueries).unwrap_or_default() {
        all.insert(span.start, source::groups(own, text, cx).await?);
    }
    Ok(all)
}

/// The first and the last millisecond. Both ends are seconds, and both are included whole.
///
/// Source: the API reference of `StartQuery`, and the text that `DescribeQueries` gives back.
fn window(input: &StartQueryRequest, own: Option<&Source>, asked_at: Timestamp) -> (i64, i64) {
    let start = input.start_time.saturating_mul(1_000);
    let end = input.end_time.saturating_mul(1_000).saturating_add(999);
    let bound =
        |bound: Option<_>, other| bound.map_or(other, |bound| source::millis(bound, asked_at));
    (
        bound(own.and_then(|own| own.start), start),
        bound(own.and_then(|own| own.end), end),
    )
}

/// The text with saved queries in place of their calls.
async fn expanded(text: &str, cx: &Context<'_>) -> Result<String, Refused> {
    let wrong = |wrong: Box<Diagnostic>| QueryError::from(&*wrong);
    let query = corelog_insights::parse(text).map_err(wrong)?;
    let mut saved = BTreeMap::new();
    for command in &query.commands {
        if let CommandKind::Saved(call) = &command.kind
            && let Some(found) = definition(&call.name.value, cx).await?
        {
            saved.insert(call.name.value.clone(), found);
        }
    }
    let expanded = corelog_insights::expand(text, |name| saved.get(name).cloned());
    Ok(expanded.map_err(wrong)?)
}

/// The saved query of that name. Names need not differ: of several, the one that was changed last.
async fn definition(name: &str, cx: &Context<'_>) -> Result<Option<SavedQuery>, Fault> {
    let catalog = cx.catalog();
    let found = catalog.query_definitions(name, Some(DEFAULT_LANGUAGE), None, DEFINITIONS_MAX);
    // The name itself sorts before all that it begins.
    let found = found.await?;
    let named = found
        .into_iter()
        .filter(|definition| definition.name == name);
    Ok(named
        .max_by_key(|definition| definition.modified)
        .map(|definition| SavedQuery {
            text: definition.text,
            parameters: definition
                .parameters
                .into_iter()
                .map(|parameter| (parameter.name, parameter.default_value))
                .collect(),
        }))
}

/// The text as `DescribeQueries` gives it back: with what is read before it.
///
/// Source: the service's answers, `SOURCE "group" START=…000 END=…999 | text`. Decision: a text with a `SOURCE` of its
/// own gets the times behind that, and SQL, which has no such command, stays as it is.
fn shown(text: &str, spec: &QuerySpec, own: Option<(&Source, Span)>) -> String {
    let times = format!("START={} END={}", spec.start_ms, spec.end_ms);
    let whole = match own {
        // A SOURCE out of a saved query stands nowhere in the text that was asked.
        Some((own, span)) if own.start.is_none() && own.end.is_none() && text == spec.text => {
            let (source, rest) = text.split_at(span.end);
            format!("{source} {times}{rest}")
        }
        Some(_) => text.to_owned(),
        None if spec.language == Language::Sql => text.to_owned(),
        None => {
            let groups = spec.groups.iter().map(|one| format!("\"{one}\""));
            let groups: Vec<String> = groups.collect();
            format!("SOURCE {} {times} | {text}", groups.join(", "))
        }
    };
    whole.chars().take(SHOWN_CHARS_MAX).collect()
}
