//! Reads sections out of the four sources, the stronger first: flag, environment, file, default.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::names::Name;
use super::problem::{Origin, Place, Problem, nearest};
use super::schema::{Form, SECTIONS, Section, SectionInfo};
use super::value::{Fault, Value};
use crate::environment::{Environment, NOT_SETTINGS, PREFIX};

/// A key set on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagValue {
    /// The flag, for messages: `--listen`.
    pub flag: String,
    /// The key: `listen`, `spool.durability`, `provider.NAME.base_url`.
    pub key: String,
    /// The value, as in an environment variable.
    pub value: String,
}

/// A key with the value that won, for `config show`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    /// The section's path and, for `[[…]]`, the number of the block.
    pub(crate) section: &'static str,
    pub(crate) block: Option<usize>,
    pub(crate) key: &'static str,
    /// The value as TOML, secrets masked; `None` where there is none.
    pub(crate) shown: Option<String>,
    pub(crate) origin: Origin,
}

/// Where values come from.
#[derive(Clone, Copy)]
pub(super) struct Sources<'a> {
    pub(super) file_name: &'a str,
    pub(super) text: &'a str,
    pub(super) env: &'a Environment,
    pub(super) flags: &'a [FlagValue],
}

impl Sources<'_> {
    pub(super) fn place(&self, span: Range<usize>) -> Origin {
        Origin::File(Place::new(self.file_name, self.text, span.start, span.end))
    }
}

/// What reading has brought to light so far.
#[derive(Default)]
pub(super) struct Findings {
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<Problem>,
    pub(super) effective: Vec<Effective>,
    /// Variables that were looked for.
    env_read: BTreeSet<String>,
    /// Those of them that were there, and those that values name.
    env_used: BTreeSet<String>,
    flags_used: BTreeSet<usize>,
}

impl Findings {
    pub(super) fn problem(&mut self, key: impl Into<String>, fault: Fault, origin: Origin) {
        let Fault { reason, hint } = fault;
        self.problems.push(Problem {
            key: key.into(),
            reason,
            hint,
            origin,
        });
    }

    pub(super) fn warning(&mut self, key: impl Into<String>, fault: Fault, origin: Origin) {
        let Fault { reason, hint } = fault;
        self.warnings.push(Problem {
            key: key.into(),
            reason,
            hint,
            origin,
        });
    }

    /// Shows another value for a key that was left out: the one it inherits.
    pub(super) fn show_instead(&mut self, section: &str, key: &str, shown: Option<String>) {
        let mut entries = self.effective.iter_mut();
        if let Some(entry) =
            entries.find(|e| e.section == section && e.block.is_none() && e.key == key)
        {
            entry.shown = shown;
        }
    }

    /// Where the value of a key came from.
    pub(super) fn origin(&self, section: &str, block: Option<usize>, key: &str) -> Origin {
        self.effective
            .iter()
            .find(|e| e.section == section && e.block == block && e.key == key)
            .map_or(Origin::Default, |e| e.origin.clone())
    }

    /// Refuses flags and variables that set no key.
    pub(super) fn check_unused(&mut self, sources: Sources<'_>) {
        for (index, flag) in sources.flags.iter().enumerate() {
            if !self.flags_used.contains(&index) {
                let fault = Fault::new(format!("unknown key `{}`", flag.key));
                let known: Vec<String> = known_keys();
                let fault = match nearest(&flag.key, known.iter().map(String::as_str)) {
                    Some(name) => fault.hint(format!("did you mean `{name}`?")),
                    None => fault.hint("`corelog config show` prints every key"),
                };
                self.problem(flag.key.clone(), fault, Origin::Flag(flag.flag.clone()));
            }
        }
        // Every name begins alike, which is no likeness.
        let bare = |name: &'static &'static str| &name[PREFIX.len()..];
        let env_read = std::mem::take(&mut self.env_read);
        for name in sources.env.ours() {
            if self.env_used.contains(name) || NOT_SETTINGS.contains(&name) {
                continue;
            }
            let fault = Fault::new(format!("environment variable `{name}` sets no key"));
            let read = env_read.iter().map(|name| &name[PREFIX.len()..]);
            let known = read.chain(NOT_SETTINGS[..4].iter().map(bare));
            let fault = match nearest(&name[PREFIX.len()..], known) {
                Some(nearest) => fault.hint(format!("did you mean `{PREFIX}{nearest}`?")),
                None => fault
                    .hint("unset it, or name it in the file as `env:NAME` if it holds a secret"),
            };
            self.problem("", fault, Origin::Env(name.to_owned()));
        }
    }

    /// Takes note of a variable that a text names: `env:CORELOG_OPENAI_KEY` makes that one known.
    fn note_named(&mut self, text: &str) {
        if let Some(name) = text.strip_prefix("env:") {
            self.env_used.insert(name.to_owned());
        }
    }

    /// The same of a value in the file: a text, or the texts of a table.
    fn note_named_in(&mut self, value: &DeValue<'_>) {
        if let Some(text) = value.as_str() {
            self.note_named(text);
        }
        for (_, member) in value.as_table().into_iter().flatten() {
            self.note_named_in(member.get_ref());
        }
    }
}

fn known_keys() -> Vec<String> {
    let singles = SECTIONS
        .iter()
        .filter(|s| matches!(s.form, Form::Root | Form::Table));
    singles
        .flat_map(|section| {
            section
                .keys
                .iter()
                .map(|key| format!("{}.{}", section.path, key.name))
        })
        .map(|path| path.trim_start_matches('.').to_owned())
        .collect()
}

/// The info of the section of that path.
pub(super) fn section_info(path: &str) -> &'static SectionInfo {
    // Every path in the code is one of the table's; the first section stands in for none.
    SECTIONS
        .iter()
        .find(|section| section.path == path)
        .unwrap_or(&SECTIONS[0])
}

type TableRef<'a> = &'a DeTable<'a>;

/// Reads one section, or one block of a repeated one.
pub(super) struct Reader<'a> {
    info: &'static SectionInfo,
    /// The block's number and its id in environment names.
    block: Option<(usize, String)>,
    implied_name: Option<String>,
    table: Option<TableRef<'a>>,
    header: Option<Range<usize>>,
    sources: Sources<'a>,
    findings: &'a mut Findings,
}

/// The table of a section, where the file has one.
pub(super) fn table_of<'a>(
    root: Option<TableRef<'a>>,
    path: &str,
    sources: Sources<'a>,
    findings: &mut Findings,
) -> Option<(TableRef<'a>, Range<usize>)> {
    let mut table = root?;
    let mut span = 0..0;
    for part in path.split('.').filter(|part| !part.is_empty()) {
        let value = table.get(part)?;
        span = value.span();
        let Some(inner) = value.get_ref().as_table() else {
            let found = value.get_ref().type_str();
            findings.problem(
                path,
                Fault::new(format!("expected a table `[{path}]`, found {found}")),
                sources.place(span),
            );
            return None;
        };
        table = inner;
    }
    Some((table, span))
}

/// Reads a section that stands once.
pub(super) fn read_single<S: Section>(
    root: Option<TableRef<'_>>,
    path: &str,
    sources: Sources<'_>,
    findings: &mut Findings,
) -> Option<S> {
    let (table, header) = table_of(root, path, sources, findings).unzip();
    Reader {
        info: section_info(path),
        block: None,
        implied_name: None,
        table,
        header,
        sources,
        findings,
    }
    .read()
}

/// Reads every block of a repeated section: those of the file, and those that the environment adds.
pub(super) fn read_blocks<S: Section>(
    root: Option<TableRef<'_>>,
    path: &str,
    sources: Sources<'_>,
    findings: &mut Findings,
) -> Vec<S> {
    let info = section_info(path);
    let items = blocks_of(root, path, sources, findings);
    let mut ids: Vec<String> = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let name = item
            .get_ref()
            .as_table()
            .and_then(|table| table.get("name"))
            .and_then(|name| name.get_ref().as_str());
        ids.push(match (info.form, name) {
            (Form::Named, Some(name)) => name.to_owned(),
            _ => index.to_string(),
        });
    }
    let mut blocks: Vec<Option<&Spanned<DeValue<'_>>>> = items.iter().map(Some).collect();
    for id in ids_of_environment(info, &ids, sources.env) {
        ids.push(id);
        blocks.push(None);
    }
    let read = |(index, (id, item)): (usize, (String, Option<&Spanned<DeValue<'_>>>))| {
        let table = item.and_then(|item| item.get_ref().as_table());
        let header = item.map(Spanned::span);
        let implied_name = (item.is_none() && info.form == Form::Named).then(|| id.clone());
        Reader {
            info,
            block: Some((index, id)),
            implied_name,
            table,
            header,
            sources,
            findings,
        }
        .read()
    };
    ids.into_iter()
        .zip(blocks)
        .enumerate()
        .filter_map(read)
        .collect()
}

fn blocks_of<'a>(
    root: Option<TableRef<'a>>,
    path: &str,
    sources: Sources<'a>,
    findings: &mut Findings,
) -> &'a [Spanned<DeValue<'a>>] {
    let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
    // A parent that is no table is reported where the parent itself is read.
    let mut table = root;
    for part in parent.split('.').filter(|part| !part.is_empty()) {
        table = table
            .and_then(|table| table.get(part))
            .and_then(|value| value.get_ref().as_table());
    }
    let Some(value) = table.and_then(|table| table.get(name)) else {
        return &[];
    };
    let fault = |found: &str| {
        Fault::new(format!("expected `[[{path}]]`, found {found}")).hint(format!(
            "there may be several: write `[[{path}]]` above each"
        ))
    };
    let Some(items) = value.get_ref().as_array() else {
        findings.problem(
            path,
            fault(value.get_ref().type_str()),
            sources.place(value.span()),
        );
        return &[];
    };
    if let Some(item) = items.iter().find(|item| !item.get_ref().is_table()) {
        findings.problem(
            path,
            fault(item.get_ref().type_str()),
            sources.place(item.span()),
        );
        return &[];
    }
    items
}

/// The ids of blocks that exist in the environment alone: `CORELOG_PROVIDER_AZURE_BASE_URL` adds `azure`.
fn ids_of_environment(info: &SectionInfo, known: &[String], env: &Environment) -> Vec<String> {
    let prefix = info.env_name(None, "");
    let known: BTreeSet<String> = known
        .iter()
        .map(|id| id.to_ascii_uppercase().replace('-', "_"))
        .collect();
    let mut found = BTreeSet::new();
    for rest in env.ours().filter_map(|name| name.strip_prefix(&prefix)) {
        let suffixes = info
            .keys
            .iter()
            .map(|key| format!("_{}", key.name.to_ascii_uppercase()));
        // The longest key wins: `A_SECRET_ACCESS_KEY` is that key of `a`, not `access_key` of `a_secret`.
        let id = suffixes
            .filter_map(|suffix| rest.strip_suffix(&suffix))
            .min_by_key(|id| id.len());
        let Some(id) = id.filter(|id| !known.contains(*id) && !is_of_known(info, rest, &known))
        else {
            continue;
        };
        let fits = match info.form {
            Form::Named => Name::parse(&id.to_ascii_lowercase()).is_ok(),
            _ => id.parse::<u16>().is_ok(),
        };
        if fits {
            found.insert(id.to_ascii_lowercase());
        }
    }
    found.into_iter().collect()
}

fn is_of_known(info: &SectionInfo, rest: &str, known: &BTreeSet<String>) -> bool {
    let keys = || info.keys.iter().map(|key| key.name.to_ascii_uppercase());
    let behind = |id: &String| {
        rest.strip_prefix(id.as_str())
            .and_then(|rest| rest.strip_prefix('_'))
    };
    known
        .iter()
        .filter_map(behind)
        .any(|key| keys().any(|name| name == key))
}

impl Reader<'_> {
    fn read<S: Section>(mut self) -> Option<S> {
        self.refuse_unknown();
        S::read(&mut self)
    }

    fn path_of(&self, key: &str) -> String {
        match &self.block {
            Some((index, _)) => format!("{}[{index}].{key}", self.info.path),
            None => format!("{}.{key}", self.info.path)
                .trim_start_matches('.')
                .to_owned(),
        }
    }

    /// Reads one key; `None` where it is missing or wrong, which is then reported.
    pub(super) fn value<T: Value>(
        &mut self,
        key: &'static str,
        default: Option<&str>,
    ) -> Option<T> {
        let env = self.sources.env;
        let (read, origin) = if let Some((text, origin)) = self.outer_text(key) {
            self.findings.note_named(&text);
            (T::from_text(&text, env), origin)
        } else if let Some(value) = self.table.and_then(|table| table.get(key)) {
            self.findings.note_named_in(value.get_ref());
            (
                T::from_toml(value.get_ref(), env),
                self.sources.place(value.span()),
            )
        } else if let Some(text) = default {
            (T::from_text(text, env), Origin::Default)
        } else if let Some(value) = T::absent() {
            (Ok(value), Origin::Default)
        } else {
            let origin = match (self.header.clone(), &self.block) {
                (Some(span), _) => self.sources.place(span),
                // A block of the environment: the variable to set says best what is missing.
                (None, Some((_, id))) => Origin::Env(self.info.env_name(Some(id), key)),
                (None, None) => Origin::Default,
            };
            let reason = format!("`{}` is missing", self.path_of(key));
            (
                Err(Fault::new(reason).hint(format!("set `{key}` to {}", T::KIND))),
                origin,
            )
        };
        let path = self.path_of(key);
        match read {
            Ok(value) => {
                if let Some(fault) = value.warning() {
                    self.findings.warning(path, fault, origin.clone());
                }
                self.findings.effective.push(Effective {
                    section: self.info.path,
                    block: self.block.as_ref().map(|(index, _)| *index),
                    key,
                    shown: value.show(),
                    origin,
                });
                Some(value)
            }
            Err(mut fault) => {
                if !fault.reason.contains(&path) {
                    fault.reason = format!("`{path}`: {}", fault.reason);
                }
                self.findings.problem(path, fault, origin);
                None
            }
        }
    }

    /// The text that a flag, the environment, or the name of an environment's block gives a key.
    fn outer_text(&mut self, key: &str) -> Option<(String, Origin)> {
        let id = self.block.as_ref().map(|(_, id)| id.as_str());
        let parts = [self.info.path].into_iter().chain(id).chain([key]);
        let flag_key = parts
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(".");
        let mut found = None;
        for (index, flag) in self
            .sources
            .flags
            .iter()
            .enumerate()
            .filter(|(_, flag)| flag.key == flag_key)
        {
            self.findings.flags_used.insert(index);
            found = Some((flag.value.clone(), Origin::Flag(flag.flag.clone())));
        }
        let name = self.info.env_name(id, key);
        self.findings.env_read.insert(name.clone());
        if let Some(text) = self.sources.env.get(&name) {
            self.findings.env_used.insert(name.clone());
            found = found.or_else(|| Some((text.to_owned(), Origin::Env(name))));
        }
        let implied = self.implied_name.clone().filter(|_| key == "name");
        found.or_else(|| implied.map(|name| (name, Origin::Default)))
    }

    fn refuse_unknown(&mut self) {
        let Some(table) = self.table else { return };
        let children = child_names(self.info.path);
        let known = || {
            self.info
                .keys
                .iter()
                .map(|key| key.name)
                .chain(children.iter().copied())
        };
        for key in table.keys() {
            let name = key.get_ref().as_ref();
            if known().any(|known| known == name) {
                continue;
            }
            let place = if self.info.path.is_empty() {
                String::new()
            } else {
                format!(" in `{}`", self.info.path)
            };
            let fault = Fault::new(format!("unknown key `{name}`{place}"));
            let fault = match (nearest(name, known()), home_of(name)) {
                (_, Some(home)) => fault.hint(home),
                (Some(nearest), None) => fault.hint(format!("did you mean `{nearest}`?")),
                (None, None) => fault.hint(format!(
                    "known here: {}",
                    known().collect::<Vec<_>>().join(", ")
                )),
            };
            self.findings
                .problem(self.path_of(name), fault, self.sources.place(key.span()));
        }
    }
}

/// The names of the sections right under a section.
fn child_names(path: &str) -> Vec<&'static str> {
    let child = |section: &SectionInfo| {
        let (parent, name) = section.path.rsplit_once('.').unwrap_or(("", section.path));
        (parent == path && !name.is_empty()).then_some(name)
    };
    SECTIONS.iter().filter_map(child).collect()
}

/// Where a key of that very name belongs, if one section alone has it.
fn home_of(name: &str) -> Option<String> {
    let mut homes = SECTIONS
        .iter()
        .filter(|section| section.keys.iter().any(|key| key.name == name));
    let (home, None) = (homes.next()?, homes.next()) else {
        return None;
    };
    Some(match home.form {
        Form::Root => format!("`{name}` belongs above the first table"),
        Form::Table => format!("`{name}` belongs to `[{}]`", home.path),
        Form::Named | Form::Listed => format!("`{name}` belongs to `[[{}]]`", home.path),
    })
}
