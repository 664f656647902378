//! The records of a table as text, each with its row.

use csv::{Reader, ReaderBuilder, StringRecord, Terminator};

use super::word::trimmed;

/// The separator between two columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ColumnSeparator {
    Letter(u8),
    /// Any number of spaces and tabs.
    Spaces,
}

/// The records that aren't blank, each with its row.
pub(super) struct TableRecords<'a> {
    text: &'a str,
    source: Source<'a>,
    pub(super) record: StringRecord,
    /// Whether a quotation mark of the record isn't closed, or closed in the middle of a field.
    pub(super) is_misquoted: bool,
    /// Rows above the text.
    rows_above: usize,
    /// Number of line breaks inside of fields up to now: a spreadsheet doesn't count them as rows.
    breaks_inside: usize,
}

enum Source<'a> {
    Csv(Box<Reader<&'a [u8]>>),
    Lines(std::iter::Enumerate<std::str::Lines<'a>>),
}

impl<'a> TableRecords<'a> {
    pub(super) fn new(text: &'a str, separator: ColumnSeparator, rows_above: usize) -> Self {
        let source = match separator {
            ColumnSeparator::Spaces => Source::Lines(text.lines().enumerate()),
            ColumnSeparator::Letter(letter) => {
                let mut builder = ReaderBuilder::new();
                builder.has_headers(false).flexible(true).delimiter(letter).terminator(Terminator::Any(b'\n'));
                Source::Csv(Box::new(builder.from_reader(text.as_bytes())))
            }
        };
        Self { text, source, record: StringRecord::new(), is_misquoted: false, rows_above, breaks_inside: 0 }
    }

    /// Reads the next record and returns its row, from 1.
    pub(super) fn next(&mut self) -> Option<usize> {
        loop {
            let row = self.read()?;
            if !self.record.iter().all(|field| trimmed(field).is_empty()) {
                return Some(row + self.rows_above);
            }
        }
    }

    fn read(&mut self) -> Option<usize> {
        match &mut self.source {
            Source::Lines(lines) => {
                let (index, line) = lines.next()?;
                self.record = words(line).into_iter().collect();
                Some(index + 1)
            }
            Source::Csv(reader) => {
                let start = place(reader);
                // It can't fail: the text is in memory, it is UTF-8, and records may have any number of fields.
                if !reader.read_record(&mut self.record).unwrap_or(false) {
                    return None;
                }
                let breaks = self.record.as_slice().matches('\n').count();
                self.breaks_inside += breaks;
                let written = self.text.get(start..place(reader)).unwrap_or_default();
                let is_at_end = place(reader) >= self.text.len();
                self.is_misquoted = (breaks > 0 || is_at_end) && is_misquoted(written, &self.record);
                // A break at the end of the text may stand inside of quotes that aren't closed.
                let ends_with_break = self.record.iter().next_back().is_some_and(|field| field.ends_with('\n'));
                let is_ended = !is_at_end || (self.text.ends_with('\n') && !(ends_with_break && self.is_misquoted));
                let line = usize::try_from(reader.position().line()).unwrap_or(usize::MAX);
                Some(line - usize::from(is_ended) - self.breaks_inside)
            }
        }
    }
}

/// The beginning of the next record, in bytes.
fn place(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.position().byte()).unwrap_or(usize::MAX)
}

/// Whether a field with line breaks, or that begins with a quotation mark, isn't written like a field in quotation marks: then
/// it may be several fields.
fn is_misquoted(written: &str, record: &StringRecord) -> bool {
    let quoted = |field: &str| format!("\"{}\"", field.replace('"', "\"\""));
    let is_open = |field: &str| written.trim_end_matches('\n').ends_with(&format!("\"{field}"));
    let last =
        record.iter().next_back().filter(|last| !last.is_empty() && !last.contains(['"', '\n']) && is_open(last));
    last.is_some() || record.iter().any(|field| field.contains('\n') && !written.contains(&quoted(field)))
}

/// Returns the fields of a line that spaces or tabs separate: other spaces stand inside of numbers. A field in quotes may have
/// spaces, and `""` is a quotation mark there.
pub(super) fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = line.trim_matches(is_space);
    while !rest.is_empty() {
        let (word, behind) = word(rest);
        words.push(word);
        rest = behind.trim_start_matches(is_space);
    }
    words
}

fn is_space(letter: char) -> bool {
    letter.is_ascii_whitespace()
}

fn word(text: &str) -> (String, &str) {
    if let Some(quoted) = text.strip_prefix('"') {
        let mut word = String::new();
        let mut rest = quoted;
        while let Some((part, behind)) = rest.split_once('"') {
            word.push_str(part);
            if behind.is_empty() || behind.starts_with(is_space) {
                return (word, behind);
            }
            // If anything but a second mark follows, the first mark was just a letter.
            let Some(behind) = behind.strip_prefix('"') else { break };
            word.push('"');
            rest = behind;
        }
    }
    let end = text.find(is_space).unwrap_or(text.len());
    (text[..end].to_owned(), &text[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_separate_words_and_quotes_hold_them_together() {
        assert_eq!(words("  a  b\tc "), ["a", "b", "c"]);
        assert_eq!(words("\"a b\" \"c\"\"d\" \"\""), ["a b", "c\"d", ""]);
        assert_eq!(words("\"a b"), ["\"a", "b"]);
        assert_eq!(words("1\u{a0}200 2\u{202f}500"), ["1\u{a0}200", "2\u{202f}500"]);
        assert!(words("  ").is_empty());
    }

    #[test]
    fn rows_are_counted_as_a_spreadsheet_counts_them() {
        let mut records = TableRecords::new("a;b\n\n\"x\ny\";2\n;\n3;4", ColumnSeparator::Letter(b';'), 2);
        assert_eq!([records.next(), records.next(), records.next(), records.next()], [Some(3), Some(5), Some(7), None]);
        let mut records = TableRecords::new("a b\n \n1 2\n", ColumnSeparator::Spaces, 0);
        assert_eq!([records.next(), records.next(), records.next()], [Some(1), Some(3), None]);
    }
}
