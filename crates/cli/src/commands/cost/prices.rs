//! `corelog cost prices`: which prices there are, and where each was read.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;

use super::settings;
use crate::commands::Session;
use crate::commands::query::csv;
use crate::printer::cell::safe;
use crate::printer::table::{Column, head, row, widths};
use crate::printer::{Format, Style, note};

/// Arguments.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// Configuration file, for its prices [default: `CORELOG_CONFIG`, `./corelog.toml`,
    /// `~/.config/corelog/corelog.toml`].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub(super) fn run(args: &Args, mut session: Session) -> anyhow::Result<ExitCode> {
    let table = settings(args.config.as_deref(), &session.env)?.price_table()?;
    let mut rows = Vec::new();
    for (list, model, evidence) in table.evidence() {
        let sure = match (evidence.confirmed, evidence.url.is_empty()) {
            (_, true) => "own",
            (true, false) => "confirmed",
            (false, false) => "unconfirmed",
        };
        rows.push(vec![
            safe(list),
            safe(model),
            sure.to_owned(),
            safe(&evidence.read),
            safe(&evidence.url),
        ]);
    }
    let printer = &mut session.printer;
    let names = ["list", "model", "evidence", "read", "source"];
    match printer.format {
        Format::Json => {
            for cells in &rows {
                let mut document = json!({"version": &**table.version()});
                for (name, cell) in names.iter().zip(cells) {
                    document[*name] = json!(cell);
                }
                printer.line(&document.to_string())?;
            }
        }
        Format::Csv => {
            printer.line(&csv(names.into_iter()))?;
            for cells in &rows {
                printer.line(&csv(cells.iter().map(String::as_str)))?;
            }
        }
        Format::Table => {
            let columns = names.map(|name| Column::titled(name.to_uppercase(), false));
            let widths = widths(&columns, &rows, printer.width);
            printer.line(&printer.styled(Style::Label, &head(&columns, &widths)))?;
            for cells in &rows {
                printer.line(&row(&columns, &widths, cells))?;
            }
            note(&format!(
                "prices {}, in {}",
                table.version(),
                table.currency()
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}
