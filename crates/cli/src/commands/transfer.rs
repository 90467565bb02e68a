//! `corelog import` and `corelog export`: their arguments. The binary does the rest.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use corelog_types::LogGroupName;

use super::SettingsArgs;
use super::query::time::{Moment, moment};

/// Arguments of `corelog import`.
#[derive(Debug, Clone, Args)]
pub struct ImportArgs {
    /// What to import.
    #[command(subcommand)]
    pub from: ImportFrom,
}

/// What can be imported.
#[derive(Debug, Clone, Subcommand)]
pub enum ImportFrom {
    /// Makes a log group of a bucket, or a copy of one, that Bedrock's invocation logging has written.
    ///
    /// Bodies that the bucket keeps in objects of their own come back into their records, media stay where they are.
    /// An import that was stopped goes on where it was; run again, it takes what is new. It may run beside `corelog up`.
    Bedrock(ImportBedrockArgs),
    /// Makes events of the lines of a file: JSON, or any text.
    Jsonl(ImportLinesArgs),
}

/// Arguments of `corelog import bedrock`.
#[derive(Debug, Clone, Args)]
pub struct ImportBedrockArgs {
    /// The configuration.
    #[command(flatten)]
    pub settings: SettingsArgs,
    /// Directory or `s3://bucket/prefix`; reached with the keys of `[s3]`.
    #[arg(value_name = "PATH|URL")]
    pub from: String,
    /// Where else large bodies are: the bucket of `largeDataDeliveryS3Config`, or a copy of it. May be given several
    /// times.
    #[arg(long, value_name = "PATH|URL")]
    pub bodies: Vec<String>,
    /// The log group; made where there is none.
    #[arg(short = 'g', long, value_name = "GROUP", default_value = "/imported/bedrock", value_parser = group)]
    pub log_group: LogGroupName,
    /// Only objects that were written since: `7d`, `2026-11-20`, `2026-11-20T09:00:00Z`.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub since: Option<Moment>,
    /// Only objects that may have records of before then.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub until: Option<Moment>,
    /// Takes everything anew, whether or not it was imported before.
    #[arg(long)]
    pub again: bool,
}

/// Arguments of `corelog import jsonl`.
#[derive(Debug, Clone, Args)]
pub struct ImportLinesArgs {
    /// The configuration.
    #[command(flatten)]
    pub settings: SettingsArgs,
    /// The file, which may be gzipped, or `-` for standard input.
    #[arg(value_name = "FILE|-")]
    pub from: PathBuf,
    /// The log group; made where there is none.
    #[arg(short = 'g', long, value_name = "GROUP", value_parser = group)]
    pub log_group: LogGroupName,
    /// The field that says when: RFC 3339, or seconds or milliseconds since 1970. Events without it are of now.
    #[arg(long, value_name = "FIELD")]
    pub timestamp_field: Option<String>,
    /// The log stream [default: the file's name, or `stdin`].
    #[arg(long, value_name = "NAME")]
    pub stream: Option<String>,
    /// Takes everything anew, whether or not it was imported before.
    #[arg(long)]
    pub again: bool,
}

/// Arguments of `corelog export`.
#[derive(Debug, Clone, Args)]
pub struct ExportArgs {
    /// The configuration.
    #[command(flatten)]
    pub settings: SettingsArgs,
    /// Where to: a file or `-` for `jsonl` and `parquet`; a directory or `s3://bucket/prefix` for `bedrock`.
    #[arg(value_name = "OUT")]
    pub to: String,
    /// The log group.
    #[arg(short = 'g', long, value_name = "GROUP", value_parser = group)]
    pub log_group: LogGroupName,
    /// Only events from then on: `2h`, `2026-11-20`, `2026-11-20T09:00:00Z` [default: all].
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub since: Option<Moment>,
    /// Only events before then.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub until: Option<Moment>,
    /// Form of what is written.
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "jsonl")]
    pub format: ExportFormat,
    /// Only events that match a filter pattern, such as `ERROR` or `{ $.errorCode = "*" }`.
    #[arg(long, value_name = "PATTERN")]
    pub filter: Option<String>,
}

/// Forms of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// One JSON document a line and event, with its log fields; gzipped where the name ends so.
    Jsonl,
    /// The table's columns, with the log group.
    Parquet,
    /// The layout of Bedrock's invocation logging: gzipped batches, large bodies in objects of their own.
    Bedrock,
}

fn group(text: &str) -> Result<LogGroupName, String> {
    LogGroupName::new(text).map_err(|error| error.to_string())
}
