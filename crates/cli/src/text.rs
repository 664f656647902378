//! Numbers, times and tables as people read them.

use std::fmt::Write as _;

use cruncher_study::number_format::thousands;
use cruncher_study::shown_text::is_invisible;

/// Returns a number of things: `1 case`, `1,234 cases`
pub(crate) fn count(number: u64, thing: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {thing}{ending}", thousands(number))
}

/// Returns a size: `1.5 GB`, in powers of ten as AWS bills.
#[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
pub(crate) fn size(bytes: u64) -> String {
    if bytes < 1_000 {
        return count(bytes, "byte");
    }
    let mut value = bytes as f64;
    let mut unit = "";
    for next in ["kB", "MB", "GB", "TB", "PB"] {
        // A value that would be rounded up to a thousand gets the next unit.
        if value < 999.5 {
            break;
        }
        value /= 1_000.0;
        unit = next;
    }
    if value < 9.95 { format!("{value:.1} {unit}") } else { format!("{value:.0} {unit}") }
}

/// Puts a text from the bucket, which others write, on one line of a terminal: without control characters, and not too long.
pub(crate) fn printable(text: &str, most_chars: usize) -> String {
    let mut shown: String =
        text.chars().map(|c| if c.is_control() || is_invisible(c) { ' ' } else { c }).take(most_chars + 1).collect();
    if shown.chars().count() > most_chars {
        shown = shown.chars().take(most_chars.saturating_sub(1)).chain(['…']).collect();
    }
    shown
}

/// Alignment of the cells of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextAlign {
    /// Texts.
    Left,
    /// Numbers.
    Right,
}

/// Aligns columns, as wide as they need to be, indented by two.
pub(crate) fn table(columns: &[(&str, TextAlign)], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([columns[column].0.chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let heads = columns.iter().map(|(head, _)| (*head).to_owned()).collect();
    let mut text = String::new();
    for row in std::iter::once(&heads).chain(rows) {
        let mut line = String::new();
        for ((cell, (_, align)), width) in row.iter().zip(columns).zip(&widths) {
            // Writing to a string can't fail.
            let _ = match align {
                TextAlign::Left => write!(line, "  {cell:<width$}"),
                TextAlign::Right => write!(line, "  {cell:>width$}"),
            };
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_thousands_separators() {
        for (number, expected) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(thousands(number), expected);
        }
        assert_eq!((count(1, "case"), count(2_000, "case")), ("1 case".into(), "2,000 cases".into()));
    }

    #[test]
    fn sizes_have_two_digits_or_three() {
        for (bytes, expected) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1_000, "1.0 kB"),
            (12_345, "12 kB"),
            (999_499, "999 kB"),
            (999_600, "1.0 MB"),
            (1_500_000_000, "1.5 GB"),
        ] {
            assert_eq!(size(bytes), expected);
        }
    }

    #[test]
    fn foreign_texts_can_not_steer_the_terminal() {
        assert_eq!(printable("a\x1b[2J\nb", 20), "a [2J b");
        assert_eq!(printable("abcdef", 6), "abcdef");
        assert_eq!(printable("abcdefg", 6), "abcde…");
    }

    #[test]
    fn columns_are_as_wide_as_they_need_to_be() {
        let rows = [vec!["a/b".to_owned(), "12".to_owned()], vec!["c".to_owned(), "1,000".to_owned()]];
        let expected = "  batch   done\n  a/b       12\n  c      1,000\n";
        assert_eq!(table(&[("batch", TextAlign::Left), ("done", TextAlign::Right)], &rows), expected);
    }
}
