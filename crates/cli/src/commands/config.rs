//! `corelog config check` and `corelog config show`.

use std::process::ExitCode;

use super::{Session, SettingsArgs};
use crate::printer::note;

/// What to do with the configuration.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Command {
    /// Says whether it is right, and names line and reason where it is not.
    Check(SettingsArgs),
    /// Prints every key with its effective value and where that came from; secrets are masked.
    Show(SettingsArgs),
}

pub(super) fn run(command: &Command, mut session: Session) -> anyhow::Result<ExitCode> {
    let (Command::Check(args) | Command::Show(args)) = command;
    let loaded = args.load(&session.env)?;
    for warning in &loaded.warnings {
        note(&format!("warning: {warning}"));
    }
    match command {
        Command::Show(_) => session.printer.line(loaded.show().trim_end())?,
        Command::Check(_) => {
            let file = args.file(&session.env);
            let name = file.map_or("defaults (no file)".to_owned(), |path| {
                path.display().to_string()
            });
            let names = |names: Vec<&str>| names.join(", ");
            let settings = &loaded.settings;
            let providers = names(settings.providers.iter().map(|p| p.name.as_str()).collect());
            let destinations = names(
                settings
                    .destinations
                    .iter()
                    .map(|d| d.name.as_str())
                    .collect(),
            );
            note(&format!(
                "{name}: ok (providers {providers}; destinations {destinations})"
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}
