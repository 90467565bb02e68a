//! Commands; options that have their default are left out.

use std::fmt::{Display, Formatter, Result};

use super::words::{write_field, write_name, write_name_str, write_string, write_wildcards};
use super::{expr, write_list, write_subquery};
use crate::period::{Period, Unit};
use crate::tree::{
    AddTotals, AppendCols, AutoRegress, CidrLookup, CommandKind, Direction, ExprKind, Field, Item,
    Join, JoinKind, Lookup, OnExisting, Outlier, OutlierAction, Parse, ParsePattern, SavedCall,
    Selector, Sessionize, SortKey, Source, Stats, TagFilter, Text, TimeBound,
};

pub(super) fn write(f: &mut Formatter<'_>, kind: &CommandKind) -> Result {
    if !matches!(kind, CommandKind::Saved(_)) {
        f.write_str(kind.word().as_str())?;
    }
    match kind {
        CommandKind::Source(source) => write_source(f, source),
        CommandKind::Fields(items) | CommandKind::Display(items) | CommandKind::Unmask(items) => {
            f.write_str(" ")?;
            write_list(f, items, write_item)
        }
        CommandKind::Filter(condition) | CommandKind::FilterIndex(condition) => {
            write!(f, " {condition}")
        }
        CommandKind::Pattern(value) => write!(f, " {value}"),
        CommandKind::Stats(stats) => write_stats(f, stats),
        CommandKind::Sort(keys) => {
            f.write_str(" ")?;
            write_list(f, keys, write_sort_key)
        }
        CommandKind::Limit(limit) => {
            write!(f, " {}{}", if limit.any { "any " } else { "" }, limit.count)
        }
        CommandKind::Parse(parse) => write_parse(f, parse),
        CommandKind::Json { from, path, alias } => {
            write!(f, " field={from} ")?;
            write_string(f, &path.value)?;
            write_as(f, alias)
        }
        CommandKind::Dedup(fields) | CommandKind::CountFrequent(fields) => {
            f.write_str(" ")?;
            write_list(f, fields, write_field)
        }
        CommandKind::Diff(None) | CommandKind::Anomaly | CommandKind::Estimate => Ok(()),
        CommandKind::Diff(Some(baseline)) => write!(f, " {}", baseline.as_str()),
        CommandKind::Unnest { path, into } => {
            write!(f, " {path} into ")?;
            write_name(f, into)
        }
        CommandKind::Expand(field) => write!(f, " {field}"),
        CommandKind::Lookup(lookup) => write_lookup(f, lookup),
        CommandKind::CidrLookup(lookup) => write_cidr_lookup(f, lookup),
        CommandKind::Join(join) => write_join(f, join),
        CommandKind::AppendCols(append) => write_append(f, append),
        CommandKind::RelevantFields { fields, condition } => {
            if !fields.is_empty() {
                f.write_str(" ")?;
                write_list(f, fields, write_field)?;
            }
            write!(f, " where {condition}")
        }
        CommandKind::AddTotals(totals) => write_totals(f, totals),
        CommandKind::Accum { field, alias } => {
            write!(f, " {field}")?;
            write_as_maybe(f, alias.as_ref())
        }
        CommandKind::AutoRegress(regress) => write_regress(f, regress),
        CommandKind::FillDown(names) => names.iter().try_for_each(|name| {
            f.write_str(" ")?;
            write_wildcards(f, name)
        }),
        CommandKind::FillMissing(fills) if fills.is_empty() => Ok(()),
        CommandKind::FillMissing(fills) => {
            f.write_str(" with ")?;
            write_list(f, fills, |f, fill| {
                write!(f, "{} for {}", fill.value, fill.field)
            })
        }
        CommandKind::Outlier(outlier) => write_outlier(f, outlier),
        CommandKind::Sessionize(sessionize) => write_sessionize(f, sessionize),
        CommandKind::LogCompare(shift) => write!(f, " timeshift {shift}"),
        CommandKind::Saved(call) => write_saved(f, call),
    }
}

fn write_as(f: &mut Formatter<'_>, alias: &Text) -> Result {
    f.write_str(" as ")?;
    write_name(f, alias)
}

fn write_as_maybe(f: &mut Formatter<'_>, alias: Option<&Text>) -> Result {
    alias.map_or(Ok(()), |alias| write_as(f, alias))
}

fn write_item(f: &mut Formatter<'_>, item: &Item) -> Result {
    match (&item.alias, &item.expr.kind) {
        (None, ExprKind::Field(field)) => write_field(f, field),
        (None, _) => f.write_str(&item.name),
        (Some(alias), _) => {
            expr::write(f, &item.expr, 0)?;
            write_as(f, alias)
        }
    }
}

fn write_stats(f: &mut Formatter<'_>, stats: &Stats) -> Result {
    f.write_str(" ")?;
    write_list(f, &stats.items, write_item)?;
    if !stats.by.is_empty() {
        f.write_str(" by ")?;
        write_list(f, &stats.by, write_item)?;
    }
    match stats.offset {
        Some(offset) => write!(f, " offset {offset}"),
        None => Ok(()),
    }
}

fn write_sort_key(f: &mut Formatter<'_>, key: &SortKey) -> Result {
    expr::write(f, &key.expr, 0)?;
    f.write_str(match key.direction {
        Direction::Ascending => "",
        Direction::Descending => " desc",
    })
}

fn write_parse(f: &mut Formatter<'_>, parse: &Parse) -> Result {
    if let Some(of) = &parse.of {
        write!(f, " {of}")?;
    }
    f.write_str(" ")?;
    match &parse.pattern {
        ParsePattern::Glob { glob, aliases } => {
            write_string(f, &glob.value)?;
            f.write_str(" as ")?;
            write_list(f, aliases, write_name)
        }
        ParsePattern::Regex {
            regex,
            aliases,
            multi,
        } => {
            write!(f, "/{}/", regex.text)?;
            if !aliases.is_empty() {
                f.write_str(" as ")?;
                write_list(f, aliases, write_name)?;
            }
            f.write_str(if *multi { " multi" } else { "" })
        }
        ParsePattern::Logfmt { alias } => {
            f.write_str("logfmt")?;
            write_as(f, alias)
        }
        ParsePattern::Csv { aliases } => {
            f.write_str("csv as ")?;
            write_list(f, aliases, write_name)
        }
        ParsePattern::Xml { path, alias } => {
            f.write_str("xml ")?;
            write_string(f, &path.value)?;
            write_as_maybe(f, alias.as_ref())
        }
    }
}

fn write_outputs(f: &mut Formatter<'_>, on_existing: OnExisting, outputs: &[Text]) -> Result {
    write!(f, " {} ", on_existing.as_str())?;
    write_list(f, outputs, write_name)
}

fn write_lookup(f: &mut Formatter<'_>, lookup: &Lookup) -> Result {
    f.write_str(" ")?;
    write_name(f, &lookup.table)?;
    f.write_str(" ")?;
    write_list(f, &lookup.keys, |f, key| {
        if key.field.path() != key.column.value {
            write_name(f, &key.column)?;
            f.write_str(" as ")?;
        }
        write_field(f, &key.field)
    })?;
    write_outputs(f, lookup.on_existing, &lookup.outputs)
}

fn write_cidr_lookup(f: &mut Formatter<'_>, lookup: &CidrLookup) -> Result {
    f.write_str(" ")?;
    write_name(f, &lookup.table)?;
    write!(f, " {}", lookup.ip)?;
    write_as_maybe(f, lookup.column.as_ref())?;
    write_outputs(f, lookup.on_existing, &lookup.outputs)
}

fn write_join(f: &mut Formatter<'_>, join: &Join) -> Result {
    let kind = match join.kind {
        JoinKind::Inner => "inner",
        JoinKind::Left => "left",
    };
    write!(f, " type={kind} left=")?;
    write_name(f, &join.left)?;
    f.write_str(" right=")?;
    write_name(f, &join.right)?;
    f.write_str(" where ")?;
    write_aliased(f, &join.left, &join.left_key)?;
    f.write_str("=")?;
    write_aliased(f, &join.right, &join.right_key)?;
    f.write_str(" ")?;
    write_subquery(f, &join.query)
}

fn write_aliased(f: &mut Formatter<'_>, alias: &Text, field: &Field) -> Result {
    let mut whole = Field::key(alias);
    whole.segments.extend(field.segments.iter().cloned());
    write_field(f, &whole)
}

fn write_append(f: &mut Formatter<'_>, append: &AppendCols) -> Result {
    if append.overrides {
        f.write_str(" override=true")?;
    }
    if append.rows_max != 10_000 {
        write!(f, " max={}", append.rows_max)?;
    }
    f.write_str(" ")?;
    write_subquery(f, &append.query)
}

/// ` name=value`, unless the value is the default.
fn write_option<T: Display + PartialEq>(
    f: &mut Formatter<'_>,
    name: &str,
    value: &T,
    default: &T,
) -> Result {
    if value == default {
        Ok(())
    } else {
        write!(f, " {name}={value}")
    }
}

fn write_totals(f: &mut Formatter<'_>, totals: &AddTotals) -> Result {
    if totals.name.value != "Total" {
        f.write_str(" fieldname=")?;
        write_name(f, &totals.name)?;
    }
    write_option(f, "row", &totals.rows, &true)?;
    write_option(f, "col", &totals.columns, &false)?;
    totals
        .fields
        .iter()
        .try_for_each(|field| write!(f, " {field}"))
}

fn write_regress(f: &mut Formatter<'_>, regress: &AutoRegress) -> Result {
    write!(f, " {}", regress.field)?;
    write_as_maybe(f, regress.alias.as_ref())?;
    match (regress.lag_min, regress.lag_max) {
        (1, 1) => Ok(()),
        (min, max) if min == max => write!(f, " p={min}"),
        (min, max) => write!(f, " p={min}-{max}"),
    }
}

fn write_outlier(f: &mut Formatter<'_>, outlier: &Outlier) -> Result {
    if outlier.action == OutlierAction::Remove {
        f.write_str(" action=remove")?;
    }
    write_option(f, "param", &outlier.param.as_str(), &"2.5")?;
    write_option(f, "uselower", &outlier.use_lower, &false)?;
    write_option(f, "mark", &outlier.mark, &false)?;
    outlier
        .fields
        .iter()
        .try_for_each(|field| write!(f, " {field}"))
}

fn write_sessionize(f: &mut Formatter<'_>, sessionize: &Sessionize) -> Result {
    f.write_str(" ")?;
    write_list(f, &sessionize.fields, write_field)?;
    let default = Period {
        count: 30,
        unit: Unit::Minute,
    };
    if sessionize.max_span != default {
        write!(f, " maxspan {}", sessionize.max_span)?;
    }
    if sessionize.alias.value == "session_id" {
        return Ok(());
    }
    write_as(f, &sessionize.alias)
}

fn write_saved(f: &mut Formatter<'_>, call: &SavedCall) -> Result {
    f.write_str("$")?;
    write_name_str(f, &call.name.value)?;
    f.write_str("(")?;
    write_list(f, &call.args, |f, (parameter, value)| {
        write!(f, "{} = {value}", parameter.value)
    })?;
    f.write_str(")")
}

fn write_source(f: &mut Formatter<'_>, source: &Source) -> Result {
    let mut after_group = false;
    for selector in &source.selectors {
        let is_group = matches!(selector, Selector::Group(_));
        f.write_str(if after_group && is_group { ", " } else { " " })?;
        write_selector(f, selector)?;
        after_group = is_group;
    }
    for (name, bound) in [("START", source.start), ("END", source.end)] {
        match bound {
            None => {}
            Some(TimeBound::Now) => write!(f, " {name}=now")?,
            Some(TimeBound::Millis(millis)) => write!(f, " {name}={millis}")?,
            Some(TimeBound::Ago(period)) => write!(f, " {name}=-{period}")?,
        }
    }
    Ok(())
}

fn write_selector(f: &mut Formatter<'_>, selector: &Selector) -> Result {
    match selector {
        Selector::Group(group) => write_string(f, &group.value),
        Selector::LogGroups {
            name_prefixes,
            accounts,
            classes,
        } => {
            let all = [
                ("namePrefix", name_prefixes),
                ("accountIdentifier", accounts),
                ("class", classes),
            ];
            let present: Vec<_> = all
                .into_iter()
                .filter(|(_, values)| !values.is_empty())
                .collect();
            f.write_str("logGroups(")?;
            write_list(f, &present, |f, (name, values)| {
                write!(f, "{name}: ")?;
                write_strings(f, values)
            })?;
            f.write_str(")")
        }
        Selector::DataSource(names) => {
            f.write_str("dataSource(")?;
            write_strings(f, names)?;
            f.write_str(")")
        }
        Selector::Tags(tags) => {
            f.write_str("logGroupTags([")?;
            write_list(f, tags, write_tag)?;
            f.write_str("])")
        }
    }
}

fn write_tag(f: &mut Formatter<'_>, tag: &TagFilter) -> Result {
    f.write_str("{\"key\": ")?;
    write_string(f, &tag.key.value)?;
    f.write_str(", \"values\": ")?;
    write_strings(f, &tag.values)?;
    f.write_str("}")
}

fn write_strings(f: &mut Formatter<'_>, all: &[Text]) -> Result {
    f.write_str("[")?;
    write_list(f, all, |f, text| write_string(f, &text.value))?;
    f.write_str("]")
}
