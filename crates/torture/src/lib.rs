//! Puts an installation to the test: starts a gateway and a demo provider as children, breaks things under
//! load, and counts what was lost.
//!
//! What must come out, whatever was broken: answers that a client saw complete minus records delivered is
//! zero, no record twice, no hole in the sequence, and every record tells what its client was told. The same holds for
//! log events that clients put.
//!
//! The counting is done by a reader of its own that knows the layout of the bucket and nothing else: no type
//! of the record, no decoder and no client of the code under test is used. A mistake that both sides shared
//! would go unseen.

mod ask;
mod bucket;
mod child;
mod client;
mod ledger;
mod load;
mod logs;
mod oracle;
mod put;
mod question;
mod report;
mod rig;
mod scenario;
mod table;
mod text;
mod watch;

use std::io;
use std::path::PathBuf;

use rand::Rng as _;

pub use report::{Report, Row};
pub use scenario::Scenario;

/// What to do.
#[derive(Debug, Clone)]
pub struct Options {
    /// The corelog binary that is put to the test.
    pub corelog: PathBuf,
    /// How many times the gateway is killed.
    pub rounds: u32,
    /// Repeats the choices of the run that printed it.
    pub seed: Option<u64>,
    /// Only these; all where it is empty.
    pub scenarios: Vec<Scenario>,
    /// Calls a second while questions are asked.
    pub rate: u32,
    /// For how long questions are asked before anything is broken, in seconds.
    pub seconds: u32,
    /// Where to work; a temporary directory otherwise, which goes when all is well.
    pub dir: Option<PathBuf>,
    /// Told how it goes.
    pub say: fn(&str),
}

/// What keeps a run from being made. What a run finds is in its [`Report`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or a directory.
    #[error("cannot {doing} `{}`", path.display())]
    File {
        /// What was attempted.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A child.
    #[error("cannot {doing} `corelog {name}`")]
    Child {
        /// What was attempted.
        doing: &'static str,
        /// Which one.
        name: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A child did not do in time what it was waited for.
    #[error("`corelog {name}` did not {doing} within {seconds} s; see `{}`", log.display())]
    Late {
        /// Which one.
        name: &'static str,
        /// What it was to do.
        doing: &'static str,
        /// How long it was waited for.
        seconds: u64,
        /// What it said.
        log: PathBuf,
    },
    /// A child ended by itself.
    #[error("`corelog {name}` ended by itself ({status}); see `{}`", log.display())]
    Ended {
        /// Which one.
        name: &'static str,
        /// How.
        status: String,
        /// What it said.
        log: PathBuf,
    },
    /// A call that is part of the measuring itself.
    #[error("cannot ask `{address}` for `{path}`")]
    Asking {
        /// Whom.
        address: String,
        /// What for.
        path: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The async runtime.
    #[error("cannot start the async runtime")]
    Runtime(#[source] io::Error),
}

impl Error {
    fn file(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File {
            doing,
            path,
            source,
        }
    }
}

/// Runs the scenarios, one after another.
///
/// # Errors
/// [`Error`] if a scenario cannot be carried through. The directory is kept then.
pub fn run(options: &Options) -> Result<Report, Error> {
    let seed = options.seed.unwrap_or_else(|| rand::rng().random());
    let dir = match &options.dir {
        Some(dir) => {
            std::fs::create_dir_all(dir).map_err(Error::file("create", dir))?;
            dir.canonicalize().map_err(Error::file("find", dir))?
        }
        None => tempfile::Builder::new()
            .prefix("corelog-torture-")
            .tempdir()
            .map_err(Error::file("create a directory in", std::env::temp_dir()))?
            .keep(),
    };
    (options.say)(&format!("seed {seed}, working in {}", dir.display()));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Error::Runtime)?;
    let report = runtime.block_on(scenario::run_all(options, seed, &dir))?;
    if report.is_clean() && options.dir.is_none() {
        std::fs::remove_dir_all(&dir).map_err(Error::file("remove", &dir))?;
    }
    Ok(report)
}
