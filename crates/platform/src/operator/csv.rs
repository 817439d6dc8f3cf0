//! Tables for spreadsheets (RFC 4180), in which no cell begins a formula.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};

/// Whether the caller asks for `text/csv`.
pub(super) fn is_wanted(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(header::ACCEPT).iter();
    accepted.any(|value| value.to_str().unwrap_or_default().contains("text/csv"))
}

/// One line of a table.
pub(super) fn line(cells: &[&str]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
    format!("{}\r\n", cells.join(","))
}

/// The answer that is this table.
pub(super) fn answer(table: String) -> Response {
    let kind = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (kind, table).into_response()
}

/// A cell that a spreadsheet shows and does not compute: what would begin a formula gets an apostrophe before it.
fn quoted(cell: &str) -> String {
    let begins_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let guard = if begins_formula { "'" } else { "" };
    if begins_formula || cell.contains([',', '"', '\r', '\n']) {
        format!("\"{guard}{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be_and_compute_nothing() {
        for (cell, expected) in [
            ("", ""),
            ("$26.00", "$26.00"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("=1+1", "\"'=1+1\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\t=1", "\"'\t=1\""),
            ("\r=1", "\"'\r=1\""),
        ] {
            assert_eq!(quoted(cell), expected, "{cell:?}");
        }
        assert_eq!(line(&["a", "", "=b"]), "a,,\"'=b\"\r\n");
    }
}
