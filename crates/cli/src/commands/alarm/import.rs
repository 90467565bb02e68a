//! `corelog alarm import`: definitions of alarms in a template of `CloudFormation`, in the files of a Terraform
//! configuration, or in what `terraform show -json` says.
//!
//! What cannot be imported is named, with the reason, and the rest is; then the exit code is 1. Alarms that exist are
//! replaced by those of their names, and nothing is deleted.

mod cloudformation;
mod hcl;
mod terraform;
mod yaml;

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::Value;

use super::{Session, name_of};
use crate::failure::Failure;
use crate::printer::cell::safe;
use crate::printer::{Format, Style, note};

/// What to import.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// A `CloudFormation` template in JSON or YAML; a Terraform file, or the directory of a configuration; or a plan or
    /// state as `terraform show -json` writes it. `-` reads standard input.
    file: PathBuf,
    /// A parameter of the template or a variable of the configuration, where its default will not do.
    #[arg(short, long = "parameter", value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, String)>,
    /// Shows what would be put, and puts nothing.
    #[arg(long)]
    dry_run: bool,
}

fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it has no `=`")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// What a file defines.
#[derive(Debug, Default, PartialEq)]
struct Found {
    /// The alarms.
    alarms: Vec<Defined>,
    /// What cannot be imported: its name in the file, and why.
    left: Vec<(String, String)>,
}

/// An alarm of a file.
#[derive(Debug, Clone, PartialEq)]
struct Defined {
    /// What the file calls it.
    place: String,
    /// The request that makes it.
    request: Value,
}

impl Defined {
    fn is_composite(&self) -> bool {
        self.request["AlarmRule"].is_string()
    }

    fn operation(&self) -> &'static str {
        if self.is_composite() {
            "PutCompositeAlarm"
        } else if self.request["ScheduledQueryConfiguration"].is_object() {
            "PutLogAlarm"
        } else {
            "PutMetricAlarm"
        }
    }
}

pub(super) fn run(args: &Args, mut session: Session) -> anyhow::Result<ExitCode> {
    let found = read(args)?;
    if found.alarms.is_empty() && found.left.is_empty() {
        let failure = Failure::new(format!("`{}` defines no alarms", args.file.display()));
        return Err(failure.into());
    }
    let mut left = found.left;
    let put = if args.dry_run {
        for defined in &found.alarms {
            session.printer.line(&defined.request.to_string())?;
        }
        found.alarms.len()
    } else {
        put(found.alarms, &mut session, &mut left)?
    };
    for (place, why) in &left {
        note(&format!("not imported: {}: {}", safe(place), safe(why)));
    }
    let verb = if args.dry_run {
        "would be imported"
    } else {
        "imported"
    };
    note(&format!("{put} alarms {verb}, {} not", left.len()));
    Ok(if left.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Puts alarms, composite ones behind those in their rules.
fn put(
    mut alarms: Vec<Defined>,
    session: &mut Session,
    left: &mut Vec<(String, String)>,
) -> anyhow::Result<usize> {
    alarms.sort_by_key(Defined::is_composite);
    let mut put = 0;
    loop {
        let before = alarms.len();
        let mut refused = Vec::new();
        for defined in alarms {
            match session
                .client
                .cloudwatch(defined.operation(), &defined.request)?
            {
                Ok(_) => {
                    put += 1;
                    say(&defined, session)?;
                }
                Err(refusal) => refused.push((defined, refusal.failure)),
            }
        }
        // One that was refused for an alarm in its rule may be taken now.
        let may_go_on =
            refused.len() < before && refused.iter().any(|(defined, _)| defined.is_composite());
        if !may_go_on {
            let reasons = refused.into_iter();
            left.extend(reasons.map(|(defined, failure)| (defined.place, failure.to_string())));
            return Ok(put);
        }
        alarms = refused.into_iter().map(|(defined, _)| defined).collect();
    }
}

fn say(defined: &Defined, session: &mut Session) -> anyhow::Result<()> {
    let printer = &mut session.printer;
    let line = if printer.format == Format::Json {
        defined.request.to_string()
    } else {
        let done = printer.styled(Style::Good, "put");
        format!("{done}  {}", safe(name_of(&defined.request)))
    };
    Ok(printer.line(&line)?)
}

fn read(args: &Args) -> anyhow::Result<Found> {
    let given: BTreeMap<String, String> = args.parameters.iter().cloned().collect();
    let named = args.file.display();
    if args.file.is_dir() {
        return configuration(&args.file, &given);
    }
    let text = text(&args.file)?;
    if args
        .file
        .extension()
        .is_some_and(|extension| extension == "tf")
    {
        let mut configuration = hcl::Configuration::default();
        let added = configuration.add(&text, false);
        added.map_err(|error| Failure::new(format!("`{named}` cannot be read: {error}")))?;
        return Ok(configuration.alarms(&given));
    }
    let document = match serde_json::from_str::<Value>(&text) {
        Ok(document) => document,
        Err(_) => yaml::read(&text).map_err(|error| {
            Failure::new(format!("`{named}` is neither JSON nor YAML: {error}"))
        })?,
    };
    if document.get("Resources").is_some() {
        return Ok(cloudformation::alarms(&document, &given));
    }
    if document.get("planned_values").is_some() || document.get("values").is_some() {
        return Ok(terraform::alarms(&document));
    }
    let hint = "a template has `Resources`; of Terraform, import a file that ends with `.tf`, its directory, or what \
         `terraform show -json` writes";
    Err(Failure::new(format!(
        "`{named}` is neither a template nor a plan or state"
    ))
    .hint(hint)
    .into())
}

/// All files of a directory, with the values of variables that Terraform finds by itself.
fn configuration(directory: &Path, given: &BTreeMap<String, String>) -> anyhow::Result<Found> {
    let reading = || format!("`{}` cannot be read", directory.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).with_context(reading)? {
        files.push(entry.with_context(reading)?.path());
    }
    // Of several values, that of the last counts: of `terraform.tfvars` first, then of others by name.
    files.sort_by_key(|file| (!file.ends_with("terraform.tfvars"), file.clone()));
    let mut configuration = hcl::Configuration::default();
    let mut left = Vec::new();
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if [".tf.json", ".auto.tfvars.json"]
            .iter()
            .any(|end| name.ends_with(end))
            || name == "terraform.tfvars.json"
        {
            let why = "files of Terraform in JSON are not read: import what `terraform show -json` writes";
            left.push((name.into_owned(), why.to_owned()));
            continue;
        }
        let is_values = name == "terraform.tfvars" || name.ends_with(".auto.tfvars");
        if !is_values && !name.ends_with(".tf") {
            continue;
        }
        let added = configuration.add(&text(&file)?, is_values);
        added.map_err(|error| {
            Failure::new(format!("`{}` cannot be read: {error}", file.display()))
        })?;
    }
    let mut found = configuration.alarms(given);
    found.left.extend(left);
    Ok(found)
}

fn text(file: &Path) -> anyhow::Result<String> {
    if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .context("standard input cannot be read")?;
        return Ok(text);
    }
    let read = std::fs::read_to_string(file);
    read.with_context(|| format!("`{}` cannot be read", file.display()))
}
