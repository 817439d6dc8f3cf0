//! Aligned columns.

use anstyle::Style;

use super::style::{FAINT, paint};

/// A cell: its text, and the style that it is shown in.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    /// A cell without a style.
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self::styled(text, Style::new())
    }

    /// A cell in a style.
    pub(crate) fn styled(text: impl Into<String>, style: Style) -> Self {
        let text = text.into();
        Self { text, style }
    }
}

/// Lines with a heading, each column as wide as its widest cell, and no blanks at the end. A column with nothing in it is
/// left out.
pub(crate) fn lines(heading: &[&str], rows: &[Vec<Cell>]) -> Vec<String> {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells
            .map(|cell| cell.text.chars().count())
            .max()
            .unwrap_or(0)
    };
    let columns: Vec<(usize, usize)> = (0..heading.len())
        .filter(|column| width(*column) > 0)
        .map(|column| (column, width(column).max(heading[column].chars().count())))
        .collect();
    let line = |cell: &dyn Fn(usize) -> Option<Cell>| {
        let mut line = String::new();
        for (place, (column, width)) in columns.iter().enumerate() {
            let Some(cell) = cell(*column) else {
                continue;
            };
            line.push_str(&paint(cell.style, &cell.text));
            if place + 1 < columns.len() {
                let blanks = width - cell.text.chars().count() + 2;
                line.push_str(&" ".repeat(blanks));
            }
        }
        line
    };
    let head = |column: usize| Some(Cell::styled(heading[column], FAINT));
    let mut lines = vec![line(&head)];
    lines.extend(
        rows.iter()
            .map(|row| line(&|column| row.get(column).cloned())),
    );
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(heading: &[&str], rows: &[Vec<Cell>]) -> Vec<String> {
        let lines = lines(heading, rows);
        lines
            .iter()
            .map(|line| anstream::adapter::strip_str(line).to_string())
            .collect()
    }

    #[test]
    fn columns_are_as_wide_as_what_is_in_them() {
        let rows = vec![
            vec![
                Cell::plain("1"),
                Cell::styled("länger", FAINT),
                Cell::plain("x"),
            ],
            vec![Cell::plain("1234"), Cell::plain("b"), Cell::plain("y")],
        ];
        let shown = plain(&["ID", "WORD", "END"], &rows);
        assert_eq!(
            shown,
            ["ID    WORD    END", "1     länger  x", "1234  b       y"]
        );
    }

    #[test]
    fn an_empty_column_is_left_out() {
        let rows = vec![vec![Cell::plain("1"), Cell::plain(""), Cell::plain("x")]];
        assert_eq!(plain(&["A", "B", "C"], &rows), ["A  C", "1  x"]);
    }
}
