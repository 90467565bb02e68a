//! Which columns a result shows.

use corelog_insights::Field;

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its name.
    pub name: String,
    /// The field it shows; if none, what the rows have by its name.
    pub field: Option<Field>,
}

impl Shown {
    /// What the rows have by a name.
    pub fn column(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            field: None,
        }
    }
}

/// What a result shows so far, from command to command.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Columns {
    /// The columns that `fields` and other commands added; none yet means `@timestamp` and `@message`.
    shown: Vec<Shown>,
    /// Columns that other commands made before any `fields`.
    made: Vec<String>,
    /// Whether `display` said what is shown.
    displayed: bool,
}

impl Columns {
    /// Of rows that have no others, such as those of an aggregation.
    pub fn of(names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let names = names.into_iter();
        Self {
            shown: names.map(|name| Shown::column(name.as_ref())).collect(),
            ..Self::default()
        }
    }

    /// Shows one more, unless `display` said what is shown or it is shown already.
    pub fn show(&mut self, column: Shown) {
        if !self.displayed && !self.shown.iter().any(|shown| shown.name == column.name) {
            self.shown.push(column);
        }
    }

    /// Shows a column that a command other than `fields` made. Decision: it comes behind those shown so far, and if
    /// no `fields` follows either, behind `@timestamp` and `@message`.
    pub fn show_made(&mut self, name: &str) {
        if !self.shown.is_empty() {
            self.show(Shown::column(name));
        } else if !self.made.iter().any(|known| known == name) {
            self.made.push(name.to_owned());
        }
    }

    /// Shows just these, each name once.
    pub fn display(&mut self, columns: Vec<Shown>) {
        self.shown.clear();
        for column in columns {
            if !self.shown.iter().any(|known| known.name == column.name) {
                self.shown.push(column);
            }
        }
        self.displayed = true;
    }

    /// All of them.
    pub fn all(&self) -> Vec<Shown> {
        if !self.shown.is_empty() {
            return self.shown.clone();
        }
        let made = self.made.iter().map(|name| Shown::column(name));
        let defaults = ["@timestamp", "@message"].map(Shown::column);
        defaults.into_iter().chain(made).collect()
    }
}
