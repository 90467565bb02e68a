//! The command line: command definitions, settings, and the printer. Talks to a running server as any client does.
//!
//! Absent here: the server. `corelog up`, `corelog demo` and `corelog torture` are parsed here and started by
//! the binary.

mod client;
mod commands;
pub mod environment;
mod failure;
mod printer;
pub mod settings;

pub use commands::{
    Cli, ClientCommand, Command, DemoArgs, Global, SettingsArgs, TortureArgs, UpArgs, execute,
    parse,
};
pub use failure::{Failure, exit};
