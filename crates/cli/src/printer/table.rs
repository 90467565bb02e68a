//! Aligned columns, cut to the width of the terminal.

use std::borrow::Cow;

use super::cell::cut;

/// One column.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) title: Cow<'static, str>,
    /// Numbers stand at the right.
    pub(crate) right: bool,
    /// The least width it may be cut to; `None`: it is never cut.
    pub(crate) shrinks_to: Option<usize>,
    /// The width where rows are not known beforehand.
    pub(crate) width: usize,
}

impl Column {
    pub(crate) const fn text(title: &'static str, width: usize) -> Self {
        Self {
            title: Cow::Borrowed(title),
            right: false,
            shrinks_to: Some(8),
            width,
        }
    }

    pub(crate) const fn whole(title: &'static str, width: usize) -> Self {
        Self {
            title: Cow::Borrowed(title),
            right: false,
            shrinks_to: None,
            width,
        }
    }

    pub(crate) const fn number(title: &'static str, width: usize) -> Self {
        Self {
            title: Cow::Borrowed(title),
            right: true,
            shrinks_to: None,
            width,
        }
    }
}

impl Column {
    /// A column whose title is known only when there are rows.
    pub(crate) fn titled(title: String, right: bool) -> Self {
        Self {
            title: Cow::Owned(title),
            right,
            shrinks_to: Some(8),
            width: 0,
        }
    }
}

const GAP: &str = "  ";

/// The widths of columns whose rows are not all known yet.
pub(crate) fn fixed_widths(columns: &[Column], width_max: usize) -> Vec<usize> {
    fit(
        columns,
        columns.iter().map(|column| column.width).collect(),
        width_max,
    )
}

/// The widths that hold every row, cut where that is too wide.
pub(crate) fn widths(columns: &[Column], rows: &[Vec<String>], width_max: usize) -> Vec<usize> {
    let widest = |index: usize| {
        rows.iter()
            .map(|row| row[index].chars().count())
            .max()
            .unwrap_or(0)
    };
    let title = |column: &Column| column.title.chars().count();
    let widths = columns
        .iter()
        .enumerate()
        .map(|(index, column)| widest(index).max(title(column)))
        .collect();
    fit(columns, widths, width_max)
}

fn fit(columns: &[Column], mut widths: Vec<usize>, width_max: usize) -> Vec<usize> {
    let gaps = GAP.len() * columns.len().saturating_sub(1);
    let mut over = (widths.iter().sum::<usize>() + gaps).saturating_sub(width_max);
    while over > 0 {
        // The widest column that may shrink gives way first.
        let can = |index: &usize| {
            columns[*index]
                .shrinks_to
                .is_some_and(|least| widths[*index] > least)
        };
        let Some(widest) = (0..columns.len())
            .filter(can)
            .max_by_key(|index| widths[*index])
        else {
            break;
        };
        widths[widest] -= 1;
        over -= 1;
    }
    widths
}

/// The line of titles.
pub(crate) fn head(columns: &[Column], widths: &[usize]) -> String {
    let titles: Vec<String> = columns
        .iter()
        .map(|column| column.title.to_string())
        .collect();
    row(columns, widths, &titles)
}

/// One row.
pub(crate) fn row(columns: &[Column], widths: &[usize], cells: &[String]) -> String {
    let mut line = String::new();
    for ((column, width), text) in columns.iter().zip(widths).zip(cells) {
        let text = if column.shrinks_to.is_some() {
            cut(text, *width)
        } else {
            text.clone()
        };
        let padding = " ".repeat(width.saturating_sub(text.chars().count()));
        let (before, after) = if column.right {
            (padding.as_str(), "")
        } else {
            ("", padding.as_str())
        };
        line.push_str(before);
        line.push_str(&text);
        line.push_str(after);
        line.push_str(GAP);
    }
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_and_give_way() {
        let columns = [
            Column::whole("ID", 4),
            Column::text("MODEL", 10),
            Column::number("OUT", 5),
        ];
        let rows = vec![
            vec![
                "1".to_owned(),
                "a-very-long-model-name".to_owned(),
                "7".to_owned(),
            ],
            vec!["22".to_owned(), "b".to_owned(), "1,234".to_owned()],
        ];
        let wide = widths(&columns, &rows, 80);
        assert_eq!(head(&columns, &wide), "ID  MODEL                     OUT");
        assert_eq!(
            row(&columns, &wide, &rows[0]),
            "1   a-very-long-model-name      7"
        );
        let narrow = widths(&columns, &rows, 21);
        assert_eq!(row(&columns, &narrow, &rows[0]), "1   a-very-lo…      7");
        assert_eq!(row(&columns, &narrow, &rows[1]), "22  b           1,234");
    }
}
