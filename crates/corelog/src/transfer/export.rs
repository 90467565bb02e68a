//! `corelog export`.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use corelog_catalog::{LogGroups as _, SqliteCatalog};
use corelog_cli::environment::Environment;
use corelog_cli::{ExportArgs, ExportFormat, Failure, ProgressLine};
use corelog_patterns::Pattern;
use corelog_sinks::s3::Archive;
use corelog_store::Streams;
use corelog_transfer::{Export, Exported, GzipFile, Owner};
use corelog_types::{LogGroupName, Timestamp};

use super::{Session, block_on, counted, location, shown};

/// Exports, and says what was written.
pub(crate) fn export(args: &ExportArgs, env: &Environment) -> anyhow::Result<ExitCode> {
    block_on(async {
        let session = Session::open(&args.settings, env).await?;
        check_group(&session, &args.log_group).await?;
        let filter = args.filter.as_deref().map(filter).transpose()?;
        let now = session.clock.now();
        let since = args.since.map_or(0, |when| when.at(now).unix_ms());
        let until = args.until.map_or(u64::MAX, |when| when.at(now).unix_ms());
        let export = Export {
            table: session.table.clone(),
            group: args.log_group.as_str().into(),
            streams: Streams::All,
            times: Timestamp::from_unix_ms(since)..Timestamp::from_unix_ms(until),
            filter: filter.map(Arc::new),
        };
        let exported = Exported::default();
        let writing = write(args, &session, &export, &exported);
        let how_far = || (exported.bytes(), 0, format!("{} events", exported.events()));
        let line = match args.to.as_str() {
            "-" => ProgressLine::beside_data(),
            _ => ProgressLine::of_stderr(),
        };
        let outcome = shown(line, writing, how_far).await?;
        outcome.ok_or_else(|| Failure::new("stopped; what was written is not whole"))??;
        let events = counted(exported.events(), "event");
        let mut said = format!("{events} ({} bytes) exported\n", exported.bytes());
        if exported.events() == 0 {
            let group = &args.log_group;
            let _ = writeln!(said, "hint: the table has no such events of `{group}` yet");
        }
        if exported.joined() > 0 {
            let joined = exported.joined();
            let what = "messages of several lines became one line each";
            let _ = writeln!(said, "{joined} {what}");
        }
        std::io::stderr().write_all(said.as_bytes())?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Refuses a log group that there is not, before anything is written.
async fn check_group(session: &Session, name: &LogGroupName) -> anyhow::Result<()> {
    let catalog = SqliteCatalog::open(&session.settings.data).await?;
    let group = catalog.group(name).await;
    catalog.close().await;
    if group?.is_none() {
        let failure = Failure::new(format!("there is no log group `{name}`"));
        return Err(failure
            .hint("`aws logs describe-log-groups` lists them; `--data` names another directory")
            .into());
    }
    Ok(())
}

fn filter(text: &str) -> anyhow::Result<Pattern> {
    Pattern::parse(text).map_err(|error| {
        let failure = Failure::new(format!("`{text}` is no filter pattern: {error}"));
        let failure = match error.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        };
        failure.into()
    })
}

async fn write(
    args: &ExportArgs,
    session: &Session,
    export: &Export,
    exported: &Exported,
) -> anyhow::Result<()> {
    match args.format {
        ExportFormat::Bedrock => {
            let place = location(&args.to)?;
            let archive = Archive::open(&place, &crate::configure::store(&session.settings))?;
            let owner = Owner {
                account_id: session.settings.account.id.clone(),
                region: session.settings.account.region.clone(),
            };
            export.to_bedrock(&archive, &owner, exported).await?;
        }
        ExportFormat::Parquet if args.to == "-" => {
            export.to_parquet(std::io::stdout(), exported).await?;
        }
        ExportFormat::Parquet => {
            let written = |file| export.to_parquet(file, exported);
            into_file(&args.to, written).await?;
        }
        ExportFormat::Jsonl if args.to == "-" => {
            // Not one lock for the whole time: it is held across waits.
            let to = BufWriter::new(std::io::stdout());
            export.to_lines(to, exported).await?;
        }
        ExportFormat::Jsonl if args.to.strip_suffix(".gz").is_some() => {
            let written = |file| export.to_lines(GzipFile::new(file), exported);
            into_file(&args.to, written).await?;
        }
        ExportFormat::Jsonl => {
            let written = |file| export.to_lines(file, exported);
            into_file(&args.to, written).await?;
        }
    }
    Ok(())
}

/// Writes a file beside the one that is wanted, which takes its place once it is whole.
async fn into_file<W>(name: &str, write: impl FnOnce(BufWriter<File>) -> W) -> anyhow::Result<()>
where
    W: Future<Output = Result<(), corelog_transfer::Error>>,
{
    let partial = format!("{name}.partial");
    let file = File::create(&partial).with_context(|| format!("cannot create `{partial}`"))?;
    write(BufWriter::with_capacity(1 << 20, file)).await?;
    std::fs::rename(Path::new(&partial), Path::new(name))
        .with_context(|| format!("cannot write `{name}`"))
}
