//! The header of a table as text, and the separator of its columns.

use csv::StringRecord;

use super::ImportError;
use super::header::is_unnamed;
use super::number::WrittenNumber;
use super::records::{ColumnSeparator, TableRecords, words};
use super::word::trimmed;
use crate::template::is_name;

/// A table as text, from its header on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TableLayout<'a> {
    body: &'a str,
    /// Lines above the header.
    rows_above: usize,
    pub(super) separator: ColumnSeparator,
    pub(super) notes: Vec<String>,
}

/// A line that isn't blank.
#[derive(Debug, Clone, Copy)]
struct Line<'a> {
    /// Number of lines above it.
    above: usize,
    /// The place of its first byte.
    start: usize,
    text: &'a str,
}

impl Line<'_> {
    /// Returns the text behind the mark of a comment; `None` if the line is no comment.
    fn comment(&self) -> Option<&str> {
        self.text.trim_start().strip_prefix(['#', '%']).map(|comment| comment.trim_start_matches(['#', '%', ' ']))
    }
}

impl<'a> TableLayout<'a> {
    /// Finds header and separator. A first line `sep=;`, which spreadsheets don't show, doesn't count as a row. Lines above the
    /// header that begin with `#` or `%` are comments; the header itself may be the last of them, as `numpy.savetxt` writes it.
    pub(super) fn of(text: &'a str) -> Result<Self, ImportError> {
        let (said, text) = said_separator(text);
        let lines = lines(text);
        let (comments, rest): (Vec<_>, Vec<_>) = (
            lines.clone().take_while(|line| line.comment().is_some()).collect(),
            lines.skip_while(|line| line.comment().is_some()).take(2).collect(),
        );
        let named = comments.last().filter(|_| rest.first().is_none_or(|line| !names_only(line.text)));
        if let (None, Some(comment), Some(header)) = (named, comments.last(), rest.first()) {
            check_header(comment, header)?;
        }
        let (header, left_out) = match (named, rest.first()) {
            (Some(header), _) => {
                check_program(header.text)?;
                let comment = header.comment().unwrap_or_default();
                let start = header.start + header.text.len() - comment.len();
                (Line { start, text: comment, ..*header }, comments.len() - 1)
            }
            (None, Some(header)) => (*header, comments.len()),
            (None, None) => return Err(ImportError::Empty),
        };
        let below = rest.get(usize::from(named.is_none())).map_or("", |line| line.text);
        let separator = said.unwrap_or_else(|| separator(header.text, below));
        let mut notes = Vec::new();
        if left_out > 0 {
            notes.push("the lines above the header that begin with `#` or `%` are left out".to_owned());
        }
        if separator == ColumnSeparator::Spaces {
            notes.push("spaces separate the columns".to_owned());
        }
        Ok(Self { body: &text[header.start..], rows_above: header.above, separator, notes })
    }

    /// Returns its records, that of the header first.
    pub(super) fn records(&self) -> TableRecords<'a> {
        TableRecords::new(self.body, self.separator, self.rows_above)
    }
}

/// Returns the separator that a first line `sep=;` names, and the text below.
fn said_separator(text: &str) -> (Option<ColumnSeparator>, &str) {
    let (line, below) = text.split_once('\n').unwrap_or((text, ""));
    let said = line.get(..4).filter(|word| word.eq_ignore_ascii_case("sep=")).map(|_| &line.as_bytes()[4..]);
    match said {
        Some([letter, rest @ ..]) if letter.is_ascii() && rest.trim_ascii().is_empty() => {
            (Some(ColumnSeparator::Letter(*letter)), below)
        }
        _ => (None, text),
    }
}

fn lines(text: &str) -> impl Iterator<Item = Line<'_>> + Clone {
    let mut start = 0;
    let lines = text.split('\n').enumerate().map(move |(above, text)| {
        let line = Line { above, start, text };
        start += text.len() + 1;
        line
    });
    lines.filter(|line| !trimmed(line.text).is_empty())
}

/// Checks that a comment above the header isn't as likely the header itself, with the line below naming units, or being a case.
fn check_header(comment: &Line<'_>, header: &Line<'_>) -> Result<(), ImportError> {
    let names = comment.comment().unwrap_or_default();
    let separator = separator(header.text, header.text);
    let is_likely =
        are_names(&fields(names, separator)) && fields(names, separator).len() == fields(header.text, separator).len();
    if is_likely { Err(ImportError::TwoHeaders { row: comment.above + 1, next: header.above + 1 }) } else { Ok(()) }
}

fn fields(line: &str, separator: ColumnSeparator) -> StringRecord {
    let mut records = TableRecords::new(line, separator, 0);
    records.next();
    records.record
}

/// Whether a line has only names.
fn names_only(line: &str) -> bool {
    are_names(&fields(line, separator(line, line)))
}

fn are_names(fields: &StringRecord) -> bool {
    let name = |field: &str| is_unnamed(trimmed(field)) || trimmed(field).split('[').next().is_some_and(is_name);
    fields.iter().all(name) && !fields.iter().all(|field| trimmed(field).is_empty())
}

/// Refuses tables of DAKOTA: it writes inputs and responses into one table, and doesn't say which is which.
fn check_program(header: &str) -> Result<(), ImportError> {
    let names = words(header.trim_start());
    let is_dakota = names.first().is_some_and(|name| name == "%eval_id")
        || (header.trim_start().starts_with('%')
            && names.iter().take(2).any(|name| name.trim_matches('%') == "interface"));
    if is_dakota { Err(ImportError::Dakota) } else { Ok(()) }
}

/// Returns the separator between the names in the header. A single column is read like one of several with semicolons, so that
/// it may have decimal commas.
fn separator(header: &str, below: &str) -> ColumnSeparator {
    let mut counts = [(b',', 0_usize), (b'|', 0), (b'\t', 0), (b';', 0)];
    let mut is_inside = false;
    for byte in header.bytes() {
        is_inside ^= byte == b'"';
        counts.iter_mut().filter(|(letter, _)| *letter == byte && !is_inside).for_each(|(_, count)| *count += 1);
    }
    let (most, count) = counts.into_iter().max_by_key(|(_, count)| *count).unwrap_or((b';', 0));
    if count == 0 && has_words(header, below) { ColumnSeparator::Spaces } else { ColumnSeparator::Letter(most) }
}

/// Whether header and first row have equally many words, or the row one more: the name of the row, for which R writes no word
/// into the header.
fn has_words(header: &str, below: &str) -> bool {
    let (names, values) = (words(header).len(), words(below).len());
    names > 1 && (values == names || values == names + 1) && WrittenNumber::parse(below).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, header: &str, separator: ColumnSeparator, rows_above: usize) {
        let layout = TableLayout::of(text).unwrap();
        assert_eq!(layout.body.lines().next(), Some(header), "{text}");
        assert_eq!((layout.separator, layout.rows_above), (separator, rows_above), "{text}");
    }

    #[test]
    fn the_header_is_found_below_what_programs_write_above_it() {
        let [comma, semicolon, tab] = [b',', b';', b'\t'].map(ColumnSeparator::Letter);
        check("a,b\n1,2", "a,b", comma, 0);
        check("\n \na,b\n1,2", "a,b", comma, 2);
        check("sep=;\na;b,c\n1;2", "a;b,c", semicolon, 0);
        check("SEP=,\na;b,c\n1,2", "a;b,c", comma, 0);
        check("sep=\t\na\tb\n1\t2", "a\tb", tab, 0);
        check("\"a,b;c\";d\n1;2", "\"a,b;c\";d", semicolon, 0);
        check("# a b\n1.0 2.0\n", "a b", ColumnSeparator::Spaces, 0);
        check("# made by hand\n#a,b\n1,2\n", "a,b", comma, 1);
        check("# by hand: 2 rows\na b\n1 2\n", "a b", ColumnSeparator::Spaces, 1);
        check("# made by hand\na,b\n1,2\n", "a,b", comma, 1);
        check("#,a\n1,clay\n", ",a", comma, 0);
        check("a  b\n 1\t 2\n", "a  b", ColumnSeparator::Spaces, 0);
        check("a|b\n1|2\n", "a|b", ColumnSeparator::Letter(b'|'), 0);
    }

    #[test]
    fn spaces_separate_columns_only_if_rows_have_as_many_words() {
        check("cohesion\n50 000\n", "cohesion", ColumnSeparator::Letter(b';'), 0);
        check("cohesion totale\n50 000\n", "cohesion totale", ColumnSeparator::Letter(b';'), 0);
        check("a b\n1\n", "a b", ColumnSeparator::Letter(b';'), 0);
        check("\"a\" \"b\"\n\"1\" 1.5 2\n", "\"a\" \"b\"", ColumnSeparator::Spaces, 0);
    }

    #[test]
    fn a_comment_that_may_be_the_header_is_told() {
        for text in ["# a b\nkPa deg\n1 2\n", "# soil\nclay\nsand\n"] {
            assert_eq!(TableLayout::of(text), Err(ImportError::TwoHeaders { row: 1, next: 2 }), "{text}");
        }
    }

    #[test]
    fn a_table_of_dakota_is_known() {
        for header in ["%eval_id interface x1", "%eval_id x1", "%interface x1", "%mc_id interface x1"] {
            assert_eq!(TableLayout::of(&format!("{header}\n1 NO_ID 2\n")), Err(ImportError::Dakota), "{header}");
        }
        check("% a b\n1 2\n", "a b", ColumnSeparator::Spaces, 0);
    }
}
