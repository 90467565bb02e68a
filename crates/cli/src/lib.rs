//! The command line: command definitions, settings, and the printer. Talks to a running server as any client does.
//!
//! Absent here: the server, and the table of log events. `corelog up`, `demo`, `torture`, `import` and `export` are
//! parsed here and started by the binary.

mod client;
mod commands;
pub mod environment;
mod failure;
mod printer;
pub mod settings;

pub use commands::{
    Cli, ClientCommand, Command, DemoArgs, ExportArgs, ExportFormat, Global, ImportArgs,
    ImportBedrockArgs, ImportFrom, ImportLinesArgs, Moment, SCENARIOS, SettingsArgs, TortureArgs,
    UpArgs, execute, parse,
};
pub use failure::{Failure, exit};
pub use printer::progress::{HowFar, ProgressLine};
