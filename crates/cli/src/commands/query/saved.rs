//! `corelog query save`, `list` and `delete`, and running what was saved.

use std::process::ExitCode;

use corelog_types::Timestamp;
use serde_json::{Value, json};

use super::ask::{self, Language, Question};
use crate::client::Client;
use crate::commands::Session;
use crate::failure::Failure;
use crate::printer::cell::{ABSENT, safe, text_at};
use crate::printer::table::{Column, head, row, widths};
use crate::printer::{Format, Style, note};

/// What is done with saved queries.
#[derive(Debug, Clone, clap::Subcommand)]
pub(in crate::commands) enum Command {
    /// Keeps a query under a name, in place of the one that has it.
    Save(SaveArgs),
    /// Lists the saved queries.
    List,
    /// Removes a saved query.
    Delete {
        /// Its name.
        name: String,
    },
}

/// Arguments of `save`.
#[derive(Debug, Clone, clap::Args)]
pub(in crate::commands) struct SaveArgs {
    /// Its name; slashes make folders.
    name: String,
    /// The query; `{{NAME}}` is a parameter. `-` reads it from standard input.
    text: String,
    /// The log group that it is for; several are read together.
    #[arg(short = 'g', long, value_name = "GROUP")]
    log_group: Vec<String>,
    /// Gives a parameter a default.
    #[arg(long, value_name = "NAME=VALUE", value_parser = parameter)]
    param: Vec<(String, String)>,
    /// The language of the text.
    #[arg(long, value_enum, default_value = "cwli")]
    language: Language,
}

const COLUMNS: [Column; 5] = [
    Column::text("NAME", 20),
    Column::whole("LANGUAGE", 8).goes(1),
    Column::whole("CHANGED", 20).goes(2),
    Column::text("LOG GROUPS", 24),
    Column::text("QUERY", 60),
];

/// Reads `NAME=VALUE`.
pub(super) fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.trim().to_owned(), value.to_owned()))
}

pub(super) fn run(command: Command, session: Session) -> anyhow::Result<ExitCode> {
    match command {
        Command::Save(args) => save(args, &session.client),
        Command::List => list(session),
        Command::Delete { name } => delete(&name, &session.client),
    }
}

fn save(args: SaveArgs, client: &Client) -> anyhow::Result<ExitCode> {
    let text = ask::text(args.text)?;
    let mut input = json!({
        "name": args.name, "queryString": text, "queryLanguage": args.language.as_str(),
        "logGroupNames": args.log_group,
    });
    let names = match args.language {
        Language::Cwli => corelog_insights::placeholders(&text),
        Language::Sql => Vec::new(),
    };
    let mut given = args.param.iter().map(|(name, _)| name);
    if let Some(unknown) = given.find(|name| !names.contains(name)) {
        return Err(no_parameter(unknown));
    }
    if args.language == Language::Cwli {
        let parameters = names.into_iter().map(|name| {
            let default = args.param.iter().find(|(given, _)| *given == name);
            match default {
                Some((_, value)) => json!({"name": name, "defaultValue": value}),
                None => json!({"name": name}),
            }
        });
        input["parameters"] = parameters.collect();
    }
    let former = find(client, &args.name)?;
    if let Some(former) = &former {
        input["queryDefinitionId"] = former["queryDefinitionId"].clone();
    }
    let put = client.logs("PutQueryDefinition", &input)?;
    put.map_err(|refusal| refusal.failure)?;
    let done = if former.is_some() {
        "replaced"
    } else {
        "saved"
    };
    note(&format!(
        "{done} `{name}`; run it with `corelog query --saved {name}`",
        name = safe(&args.name)
    ));
    Ok(ExitCode::SUCCESS)
}

fn list(mut session: Session) -> anyhow::Result<ExitCode> {
    let all = definitions(&session.client, "")?;
    let printer = &mut session.printer;
    if printer.format != Format::Table {
        for definition in &all {
            printer.line(&definition.to_string())?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    if all.is_empty() {
        note("no saved queries; `corelog query save NAME TEXT` keeps one");
        return Ok(ExitCode::SUCCESS);
    }
    let rows: Vec<Vec<String>> = all.iter().map(cells).collect();
    let widths = widths(&COLUMNS, &rows, printer.width);
    printer.line(&printer.styled(Style::Label, &head(&COLUMNS, &widths)))?;
    for cells in &rows {
        printer.line(&row(&COLUMNS, &widths, cells))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn cells(definition: &Value) -> Vec<String> {
    let changed = definition["lastModified"].as_u64();
    let changed = changed.map(|ms| Timestamp::from_unix_ms(ms).rfc3339_seconds());
    let groups = names(&definition["logGroupNames"]).join(", ");
    let query = definition["queryString"].as_str().unwrap_or_default();
    let query = query.split_whitespace().collect::<Vec<_>>().join(" ");
    let cells = [
        text_at(definition, "/name"),
        text_at(definition, "/queryLanguage"),
        changed,
        Some(safe(&groups)).filter(|groups| !groups.is_empty()),
        Some(safe(&query)),
    ];
    cells
        .map(|cell| cell.unwrap_or_else(|| ABSENT.to_owned()))
        .to_vec()
}

fn delete(name: &str, client: &Client) -> anyhow::Result<ExitCode> {
    let definition = existing(client, name)?;
    let input = json!({"queryDefinitionId": definition["queryDefinitionId"]});
    let deleted = client.logs("DeleteQueryDefinition", &input)?;
    deleted.map_err(|refusal| refusal.failure)?;
    note(&format!("deleted `{}`", safe(name)));
    Ok(ExitCode::SUCCESS)
}

fn no_parameter(name: &str) -> anyhow::Error {
    Failure::new(format!("the query has no parameter `{}`", safe(name)))
        .hint("a parameter is `{{NAME}}` in a text of Logs Insights")
        .into()
}

/// The question that a saved query is, with these parameters.
pub(super) fn question(
    client: &Client,
    name: &str,
    parameters: &[(String, String)],
) -> anyhow::Result<Question> {
    let definition = existing(client, name)?;
    let groups = names(&definition["logGroupNames"]);
    if definition["queryLanguage"] == "SQL" {
        if let Some((name, _)) = parameters.first() {
            return Err(no_parameter(name));
        }
        let text = definition["queryString"].as_str().unwrap_or_default();
        return Ok(Question {
            text: text.to_owned(),
            language: Language::Sql,
            groups,
        });
    }
    let given = parameters.iter().map(|(name, value)| {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"");
        format!("{name} = \"{value}\"")
    });
    let given: Vec<String> = given.collect();
    Ok(Question {
        text: format!("$`{name}`({})", given.join(", ")),
        language: Language::Cwli,
        groups,
    })
}

fn names(list: &Value) -> Vec<String> {
    let list = list.as_array().into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn existing(client: &Client, name: &str) -> anyhow::Result<Value> {
    find(client, name)?.ok_or_else(|| {
        Failure::new(format!("there is no saved query `{}`", safe(name)))
            .hint("`corelog query list` shows them")
            .into()
    })
}

/// The saved query of that name; of several, the one that was changed last.
fn find(client: &Client, name: &str) -> anyhow::Result<Option<Value>> {
    let all = definitions(client, name)?;
    let named = all
        .into_iter()
        .filter(|definition| definition["name"] == name);
    Ok(named.max_by_key(|definition| definition["lastModified"].as_u64()))
}

fn definitions(client: &Client, prefix: &str) -> anyhow::Result<Vec<Value>> {
    let mut all = Vec::new();
    let mut input = json!({});
    if !prefix.is_empty() {
        input["queryDefinitionNamePrefix"] = json!(prefix);
    }
    loop {
        let answer = client.logs("DescribeQueryDefinitions", &input)?;
        let mut answer = answer.map_err(|refusal| refusal.failure)?;
        if let Value::Array(page) = answer["queryDefinitions"].take() {
            all.extend(page);
        }
        match answer["nextToken"].take() {
            Value::Null => return Ok(all),
            token => input["nextToken"] = token,
        }
    }
}
