//! `corelog import` and `corelog export`: log events in bulk, between the table and files, directories and buckets.
//!
//! Neither needs the server. Beside one they are safe: the table takes appends of several processes, and so does the
//! catalog.

mod export;
mod import;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use corelog_cli::environment::Environment;
use corelog_cli::settings::Settings;
use corelog_cli::{Failure, HowFar, ProgressLine, SettingsArgs};
use corelog_runtime::Clock;
use corelog_sinks::groups::Tables;
use corelog_sinks::s3::Location;
use corelog_store::Table;

pub(crate) use self::export::export;
pub(crate) use self::import::import;

const DRAW_EVERY: Duration = Duration::from_millis(100);
const BLOCKING_THREADS: usize = 16;

/// What both commands work with.
struct Session {
    settings: Settings,
    clock: Clock,
    table: Table,
}

impl Session {
    async fn open(args: &SettingsArgs, env: &Environment) -> anyhow::Result<Self> {
        let settings = args.load(env)?.settings;
        let clock = Clock::system();
        let at = crate::configure::table(&settings, &clock)?.ok_or_else(|| {
            Failure::new("there is no table of log events: `store.enabled` is `false`")
                .hint("leave the key out, or set it to `true`")
        })?;
        std::fs::create_dir_all(&settings.data).with_context(|| {
            format!(
                "cannot create the data directory `{}`",
                settings.data.display()
            )
        })?;
        let table = Arc::new(Tables::new(at)).table().await?.clone();
        Ok(Self {
            settings,
            clock,
            table,
        })
    }
}

/// Runs what a command does, on threads that it may block.
fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .max_blocking_threads(BLOCKING_THREADS)
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(work);
    // A thread that reads what nobody wants any longer is not waited for.
    runtime.shutdown_background();
    outcome
}

/// A place on the command line: a URL, or a path of this machine.
fn location(text: &str) -> anyhow::Result<Location> {
    if text.contains("://") {
        return Ok(Location::parse(text)?);
    }
    Ok(Location::Directory(std::path::absolute(Path::new(text))?))
}

/// Shows how far something is until it is done, or a signal stops it; `None` is the signal.
async fn shown<T>(
    mut line: ProgressLine,
    work: impl Future<Output = T>,
    how_far: impl Fn() -> (u64, u64, String),
) -> anyhow::Result<Option<T>> {
    let begun = Instant::now();
    let mut tick = tokio::time::interval(DRAW_EVERY);
    let stop = crate::serve::stop_signal()?;
    tokio::pin!(work, stop);
    let outcome = loop {
        tokio::select! {
            outcome = &mut work => break Some(outcome),
            () = &mut stop => break None,
            _ = tick.tick() => {
                let (done, total, said) = how_far();
                line.draw(HowFar { done, total, elapsed: begun.elapsed(), said: &said });
            }
        }
    };
    line.clear();
    Ok(outcome)
}

/// `1 event`, `2 events`.
fn counted(count: u64, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}
