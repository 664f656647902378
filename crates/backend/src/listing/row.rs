//! Long rows of keys: results, errors and files of cases, whose names continue with the digits of a hash.

use cruncher_aws::s3::ListedObject;

/// The digits of a hash, in the order of keys.
const DIGITS: &str = "0123456789abcdef";

/// Sorts behind every digit.
const BEHIND_DIGITS: char = 'g';

/// Number of positions in a row: four digits' worth.
const POSITIONS: usize = 1 << 16;

/// Kind of objects of which a batch may have very many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListingRow {
    /// Results.
    Done,
    /// Errors.
    Error,
    /// Files that cases produced.
    Files,
}

impl ListingRow {
    const ALL: [Self; 3] = [Self::Done, Self::Error, Self::Files];

    const fn start(self) -> &'static str {
        match self {
            Self::Done => "done-",
            Self::Error => "error-",
            Self::Files => "files/",
        }
    }

    /// Returns the row of a key, and the start that all keys of that row share. No part of a batch's name starts like that.
    pub(crate) fn of(key: &str) -> Option<(Self, &str)> {
        let mut start = 0;
        for part in key.split_inclusive('/') {
            if let Some(row) = Self::ALL.into_iter().find(|row| part.starts_with(row.start())) {
                return Some((row, &key[..start + row.start().len()]));
            }
            start += part.len();
        }
        None
    }
}

/// Keys behind `after`, up to and including `until`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeyRange {
    pub(super) row: ListingRow,
    pub(super) stem: String,
    pub(super) after: String,
    pub(super) until: String,
}

impl KeyRange {
    /// Whether a folder holds files that cases produced.
    pub(super) fn is_row_of_files(folder: &str) -> bool {
        ListingRow::of(folder).is_some_and(|(row, stem)| row == ListingRow::Files && stem == folder)
    }

    /// Returns the range of everything in a folder of files. Its size isn't known.
    pub(super) fn of_files(folder: String) -> Self {
        let name = folder.trim_end_matches('/');
        // A nought follows a slash.
        Self { row: ListingRow::Files, after: name.to_owned(), until: format!("{name}0"), stem: folder }
    }
}

/// Divides the rest of the row that a page of a listing ends in by the next digit, into stretches of about a page or more.
/// `None` if the page doesn't end in a row, or about a page or less is left of it.
///
/// Digits of a hash are spread evenly, so that the page tells how many keys the row has. Were they not, the stretches would
/// be of different lengths, and still hold every key once.
pub(super) fn ahead(page: &[ListedObject], until: Option<&str>) -> Option<Vec<KeyRange>> {
    let last = &page.last()?.key;
    let (row, stem) = ListingRow::of(last)?;
    let here = position(stem, last)?;
    let seen = page.iter().rev().take_while(|object| object.key.starts_with(stem)).count();
    let start = if seen == page.len() { position(stem, &page[0].key).unwrap_or(0) } else { 0 };
    let covered = here.saturating_sub(start) + 1;
    let end = until.map_or_else(|| end(stem), |until| end(stem).min(until.to_owned()));
    let rest = seen * position_of_end(stem, &end).saturating_sub(here) / covered;
    if rest <= page.len() {
        return None;
    }
    let digits_per_page = (16 * page.len() * covered / (POSITIONS * seen)).clamp(1, 16);
    let next = (here * 16 / POSITIONS + digits_per_page).min(16);
    let inner = DIGITS[next..].chars().step_by(digits_per_page).map(|digit| format!("{stem}{digit}"));
    let mut stretches = Vec::new();
    let mut after = last.clone();
    for until in inner.filter(|inner| *inner < end).chain([end.clone()]) {
        stretches.push(KeyRange {
            row,
            stem: stem.to_owned(),
            after: std::mem::replace(&mut after, until.clone()),
            until,
        });
    }
    Some(stretches)
}

/// Returns a key that sorts behind the digits of a row.
fn end(stem: &str) -> String {
    format!("{stem}{BEHIND_DIGITS}")
}

/// Returns the position of a key in its row, out of [`POSITIONS`]; `None` if it doesn't continue with digits.
fn position(stem: &str, key: &str) -> Option<usize> {
    let digits = key.strip_prefix(stem)?.get(..4)?;
    let value = |digit| DIGITS.find(digit);
    digits.chars().try_fold(0, |position, digit| Some(position * 16 + value(digit)?))
}

fn position_of_end(stem: &str, end: &str) -> usize {
    let digit = end.strip_prefix(stem).and_then(|rest| DIGITS.find(rest.chars().next()?));
    digit.map_or(POSITIONS, |digit| digit * POSITIONS / 16)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn page(keys: impl IntoIterator<Item = String>) -> Vec<ListedObject> {
        let object = |key| ListedObject { key, etag: String::new(), size_bytes: 0, last_modified: Duration::ZERO };
        keys.into_iter().map(object).collect()
    }

    fn done(position: usize) -> String {
        format!("data/b/done-{position:04x}0000")
    }

    fn bounds(page: &[ListedObject], until: Option<&str>) -> Option<Vec<String>> {
        let ends = ahead(page, until)?.into_iter().map(|stretch| stretch.until.replace("data/b/done-", ""));
        Some(ends.collect())
    }

    #[test]
    fn a_key_tells_its_row() {
        for (key, expected) in [
            ("data/b/done-00", Some((ListingRow::Done, "data/b/done-"))),
            ("data/b/c/error-0", Some((ListingRow::Error, "data/b/c/error-"))),
            ("data/b/files/00/done-1", Some((ListingRow::Files, "data/b/files/"))),
            ("data/files-of-others/a", None),
            ("data/b/cases-00.csv.gz", None),
        ] {
            assert_eq!(ListingRow::of(key), expected, "{key}");
        }
    }

    #[test]
    fn a_dense_row_is_divided_by_each_digit() {
        let page = page((0..1000).map(done));
        let expected: Vec<String> = "123456789abcdefg".chars().map(String::from).collect();
        assert_eq!(bounds(&page, None), Some(expected));
        assert_eq!(ahead(&page, None).unwrap()[0].after, done(999));
    }

    #[test]
    fn a_row_of_a_few_pages_is_divided_into_a_few_stretches() {
        // A page reaches up to the digit 4, so that there are three of them.
        let page = page((0..1000).map(|number| done(number * 20)));
        assert_eq!(bounds(&page, None), Some(vec!["8".into(), "c".into(), "g".into()]));
    }

    #[test]
    fn what_the_next_page_holds_anyway_is_not_divided() {
        let page = |keys: &[&str]| page(keys.iter().map(|&key| key.to_owned()));
        for keys in [
            &["data/b/done-9000", "data/b/done-e000"][..],
            &["data/b/done-00000", "data/b/level-01"],
            &["data/b/done-0000", "data/b/done-x"],
            &["data/b/cases-0"],
            &[],
        ] {
            assert_eq!(bounds(&page(keys), None), None, "{keys:?}");
        }
    }

    #[test]
    fn a_stretch_is_not_divided_beyond_its_end() {
        let page = page((0..1000).map(done));
        assert_eq!(bounds(&page, Some("data/b/done-1")), Some(vec!["1".into()]));
        assert_eq!(bounds(&page, Some("data/c")).map(|bounds| bounds.len()), Some(16));
    }
}
