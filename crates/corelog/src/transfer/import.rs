//! `corelog import`.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use corelog_catalog::{
    Activity, Error as CatalogError, LogGroup, LogGroups as _, LogStream, LogStreams as _,
    SqliteCatalog,
};
use corelog_cli::environment::Environment;
use corelog_cli::{
    Failure, ImportArgs, ImportBedrockArgs, ImportFrom, ImportLinesArgs, Moment, ProgressLine,
};
use corelog_hot::STREAM;
use corelog_transfer::{BATCH_BYTES, Form, Import, Named, Progress, Reason, Source, Summary};
use corelog_types::{LogGroupName, LogStreamName, Timestamp};

use super::{Session, block_on, counted, location, shown};

/// Imports, and says what came of it.
pub(crate) fn import(args: &ImportArgs, env: &Environment) -> anyhow::Result<ExitCode> {
    block_on(async {
        let summary = match &args.from {
            ImportFrom::Bedrock(args) => bedrock(args, env).await?,
            ImportFrom::Jsonl(args) => lines(args, env).await?,
        };
        write!(std::io::stderr(), "{}", Told(&summary))?;
        Ok(ExitCode::SUCCESS)
    })
}

async fn bedrock(args: &ImportBedrockArgs, env: &Environment) -> anyhow::Result<Summary> {
    let session = Session::open(&args.settings, env).await?;
    let reach = crate::configure::store(&session.settings);
    let open = |place: &String| anyhow::Ok(Source::at(&location(place)?, &reach)?);
    let bodies: anyhow::Result<Vec<Source>> = args.bodies.iter().map(open).collect();
    let source = open(&args.from)?.with_bodies(bodies?);
    let now = session.clock.now();
    let at = |when: Option<Moment>| when.map(|when| when.at(now));
    let since = at(args.since).unwrap_or(Timestamp::from_unix_ms(0));
    let until = at(args.until).unwrap_or(Timestamp::from_unix_ms(u64::MAX));
    let stream = LogStreamName::new(STREAM)?;
    let import = Import {
        times: since..until,
        ..of(
            &session,
            &args.log_group,
            &stream,
            Form::Bedrock,
            args.again,
        )
    };
    into_group(&session, &args.log_group, &stream, &import, Some(source)).await
}

async fn lines(args: &ImportLinesArgs, env: &Environment) -> anyhow::Result<Summary> {
    let is_stdin = args.from.as_os_str() == "-";
    let name = if is_stdin {
        "stdin".into()
    } else {
        args.from.file_name().unwrap_or_default().to_string_lossy()
    };
    // What a stream's name cannot have in it.
    let name = name.replace([':', '*'], "_");
    let stream = LogStreamName::new(args.stream.clone().unwrap_or(name))?;
    let source = if is_stdin {
        None
    } else {
        let source = Source::of_path(&args.from)?;
        if args.from.is_dir() {
            let hint = "for a bucket of Bedrock's there is `corelog import bedrock`";
            let what = format!("`{}` is a directory", args.from.display());
            return Err(Failure::new(what).hint(hint).into());
        }
        Some(source)
    };
    let session = Session::open(&args.settings, env).await?;
    let form = Form::Lines {
        timestamp_field: args.timestamp_field.clone(),
    };
    let import = of(&session, &args.log_group, &stream, form, args.again);
    into_group(&session, &args.log_group, &stream, &import, source).await
}

fn of(
    session: &Session,
    group: &LogGroupName,
    stream: &LogStreamName,
    form: Form,
    again: bool,
) -> Import {
    Import {
        table: session.table.clone(),
        group: group.as_str().into(),
        stream: stream.as_str().into(),
        form,
        times: Timestamp::from_unix_ms(0)..Timestamp::from_unix_ms(u64::MAX),
        again,
        batch_bytes: BATCH_BYTES,
        clock: session.clock.clone(),
    }
}

/// Imports into a log group of the catalog, which is made where there is none.
///
/// Decision: events that are older than their group are found by queries like all others. `CloudWatch` Logs leaves
/// them out, but then an import would be good for nothing.
async fn into_group(
    session: &Session,
    group: &LogGroupName,
    stream: &LogStreamName,
    import: &Import,
    source: Option<Source>,
) -> anyhow::Result<Summary> {
    let catalog = SqliteCatalog::open(&session.settings.data).await?;
    let kept = open_group(session, &catalog, group, stream).await?;
    let progress = Arc::new(Progress::default());
    let from_stdin = source.is_none();
    let running = async {
        match source {
            Some(source) => import.run(&source, &progress).await,
            None => import.run_once(std::io::stdin(), &progress).await,
        }
    };
    let how_far = || {
        let events = format!("{} events", progress.events());
        (progress.read(), progress.bytes(), events)
    };
    let outcome = shown(ProgressLine::of_stderr(), running, how_far).await?;
    // Also where it did not get to its end: what is in the table is found by queries.
    let noted = note(session, &catalog, (group, stream), import, &progress).await;
    let stopped = || {
        let events = progress.events();
        let failure = Failure::new(format!("stopped; {events} events are in the log group"));
        if from_stdin {
            return failure;
        }
        let command = if import.again {
            "the same command without `--again`"
        } else {
            "the same command again"
        };
        failure.hint(format!("run {command}, and it goes on from there"))
    };
    let summary = outcome.ok_or_else(stopped)??;
    noted?;
    if let (Some(days), Some((first_event, _))) = (kept, progress.times()) {
        say_what_goes(session, group, days, first_event)?;
    }
    catalog.close().await;
    Ok(summary)
}

/// Notes the times of the stream. They are those of the table, for an earlier import may have ended before it noted its
/// own.
async fn note(
    session: &Session,
    catalog: &SqliteCatalog,
    (group, stream): (&LogGroupName, &LogStreamName),
    import: &Import,
    progress: &Progress,
) -> anyhow::Result<()> {
    let Some([first, last]) = import.span().await? else {
        return Ok(());
    };
    let ingestion = if progress.events() > 0 {
        session.clock.now()
    } else {
        last.ingested
    };
    let activity = Activity {
        group: group.clone(),
        stream: stream.clone(),
        first_event: first.timestamp,
        last_event: last.timestamp,
        ingestion,
    };
    Ok(catalog.note_activity(&[activity]).await?)
}

/// Warns where the group's retention takes imported events away again.
fn say_what_goes(
    session: &Session,
    group: &LogGroupName,
    days: u32,
    first_event: Timestamp,
) -> std::io::Result<()> {
    let kept_ms = u64::from(days) * 86_400_000;
    let too_old = session.clock.now().unix_ms().saturating_sub(kept_ms);
    if first_event.unix_ms() >= too_old {
        return Ok(());
    }
    let text =
        format!("warning: `{group}` keeps events for {days} days; those that are older go again\n");
    std::io::stderr().write_all(text.as_bytes())
}

/// The days that the group keeps events for.
async fn open_group(
    session: &Session,
    catalog: &SqliteCatalog,
    group: &LogGroupName,
    stream: &LogStreamName,
) -> Result<Option<u32>, CatalogError> {
    let now = session.clock.now();
    let unless_there = |outcome| match outcome {
        Err(CatalogError::Exists) => Ok(()),
        other => other,
    };
    unless_there(
        catalog
            .create_group(&LogGroup::new(group.clone(), now))
            .await,
    )?;
    let stream = LogStream::new(stream.clone(), now);
    unless_there(catalog.create_stream(group, &stream).await)?;
    Ok(catalog
        .group(group)
        .await?
        .and_then(|group| group.retention_days))
}

/// A summary in sentences.
struct Told<'a>(&'a Summary);

impl std::fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Summary {
            objects,
            events,
            bytes,
            bodies,
            ..
        } = self.0;
        if self.0.resumed {
            writeln!(f, "went on where an earlier import had stopped")?;
        }
        writeln!(
            f,
            "{} ({bytes} bytes) of {} imported",
            counted(*events, "event"),
            counted(*objects, "object"),
        )?;
        let counts = [
            (*bodies, "bodies put back into their records"),
            (self.0.known, "objects imported before"),
            (self.0.out_of_range, "objects of another time left out"),
            (
                self.0.passed_over,
                "objects that are no part of the layout passed over",
            ),
            (self.0.timeless, "events do not say when they happened"),
        ];
        for (count, what) in counts {
            if count > 0 {
                writeln!(f, "{count} {what}")?;
            }
        }
        for (reason, kept) in &self.0.kept {
            let what = format!("bodies stay addresses: {}", reason.as_str());
            named(f, kept, &what)?;
            if *reason == Reason::Missing {
                writeln!(
                    f,
                    "  `--bodies PATH|URL` names another place to look for them"
                )?;
            }
        }
        named(
            f,
            &self.0.unreadable,
            "lines are no records; they are events as text",
        )?;
        named(f, &self.0.broken, "objects could not be read to their end")?;
        let changed = "objects have changed since they were imported, and were not imported again";
        named(f, &self.0.changed, changed)
    }
}

fn named(f: &mut std::fmt::Formatter<'_>, named: &Named, what: &str) -> std::fmt::Result {
    if named.count == 0 {
        return Ok(());
    }
    writeln!(f, "{} {what}:", named.count)?;
    for one in &named.first {
        writeln!(f, "  {one}")?;
    }
    let more = named.count - named.first.len() as u64;
    if more > 0 {
        writeln!(f, "  and {more} more")?;
    }
    Ok(())
}
