//! Aligned columns, cut to the width of the terminal.

use std::borrow::Cow;

use super::cell::{cut, width};

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
    /// Where a terminal is too narrow for all columns, the one of the highest rank is left out first; 0 stays.
    goes: u8,
}

impl Column {
    pub(crate) const fn text(title: &'static str, width: usize) -> Self {
        Self {
            title: Cow::Borrowed(title),
            right: false,
            shrinks_to: Some(8),
            width,
            goes: 0,
        }
    }

    pub(crate) const fn whole(title: &'static str, width: usize) -> Self {
        Self {
            title: Cow::Borrowed(title),
            right: false,
            shrinks_to: None,
            width,
            goes: 0,
        }
    }

    pub(crate) const fn number(title: &'static str, width: usize) -> Self {
        Self {
            title: Cow::Borrowed(title),
            right: true,
            shrinks_to: None,
            width,
            goes: 0,
        }
    }
}

impl Column {
    /// The same, left out of narrow terminals by that rank.
    pub(crate) const fn goes(mut self, rank: u8) -> Self {
        self.goes = rank;
        self
    }

    /// A column whose title is known only when there are rows.
    pub(crate) fn titled(title: String, right: bool) -> Self {
        Self {
            title: Cow::Owned(title),
            right,
            shrinks_to: Some(8),
            width: 0,
            goes: 0,
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
    let widest = |index: usize| rows.iter().map(|row| width(&row[index])).max().unwrap_or(0);
    let title = |column: &Column| width(&column.title);
    let widths = columns
        .iter()
        .enumerate()
        .map(|(index, column)| widest(index).max(title(column)))
        .collect();
    fit(columns, widths, width_max)
}

/// Cuts columns to the width of the terminal. Where that is not enough some are left out: their width is zero.
fn fit(columns: &[Column], mut widths: Vec<usize>, width_max: usize) -> Vec<usize> {
    let narrowest =
        |index: usize, width: usize| columns[index].shrinks_to.unwrap_or(width).min(width);
    loop {
        let least = widths.iter().enumerate();
        let least = least.map(|(index, width)| narrowest(index, *width));
        if least.sum::<usize>() + gaps(&widths) <= width_max {
            break;
        }
        let may_go = |index: &usize| columns[*index].goes > 0 && widths[*index] > 0;
        let goes = (0..columns.len()).filter(may_go);
        let Some(goes) = goes.max_by_key(|index| columns[*index].goes) else {
            break;
        };
        widths[goes] = 0;
    }
    let mut over = (widths.iter().sum::<usize>() + gaps(&widths)).saturating_sub(width_max);
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

/// What is between columns, those aside that are left out.
fn gaps(widths: &[usize]) -> usize {
    let columns = widths.iter().filter(|width| **width > 0).count();
    GAP.len() * columns.saturating_sub(1)
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
    let shown = columns.iter().zip(widths).zip(cells);
    for ((column, most), text) in shown.filter(|((_, most), _)| **most > 0) {
        let text = if column.shrinks_to.is_some() {
            cut(text, *most)
        } else {
            text.clone()
        };
        let padding = " ".repeat(most.saturating_sub(width(&text)));
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

    #[test]
    fn what_does_not_fit_is_left_out_by_rank() {
        let columns = [
            Column::whole("ID", 4),
            Column::text("PROVIDER", 10).goes(2),
            Column::text("MODEL", 10),
            Column::number("OUT", 5).goes(1),
        ];
        let head = |width| head(&columns, &fixed_widths(&columns, width));
        assert_eq!(head(35), "ID    PROVIDER    MODEL         OUT");
        assert_eq!(head(31), "ID    PROVIDER  MODEL       OUT");
        assert_eq!(head(30), "ID    MODEL         OUT");
        assert_eq!(head(20), "ID    MODEL");
        assert_eq!(head(5), "ID    MODEL");
    }
}
