//! Rows that are found by part of a text.

use cruncher_study::case::CaseId;

use crate::column_id::{CaseField, ColumnId};
use crate::mask::RowMask;
use crate::store::ResultStore;

/// Returns the rows with a text like this in a column; `*` stands for any characters.
pub(super) fn like(store: &ResultStore, id: &ColumnId, pattern: &str) -> RowMask {
    let pattern = pattern.to_lowercase();
    if *id == ColumnId::Case(CaseField::CaseId) {
        return of_ids(store, |id| is_like(id, &pattern));
    }
    let Some(column) = store.column(id) else { return RowMask::empty(store.len()) };
    let is_wanted = wanted_codes(store, |label| is_like(label, &pattern));
    let mut rows = store.all();
    rows.retain_by(column.codes(), |code| is_wanted[code as usize]);
    rows
}

/// Returns the rows whose case's id begins with a text, or which have it in one of their texts.
pub(super) fn search(store: &ResultStore, text: &str) -> RowMask {
    let text = text.to_lowercase();
    let mut found = with_beginning(store, &text);
    let is_wanted = wanted_codes(store, |label| label.to_lowercase().contains(&text));
    for id in store.ids() {
        if let Some(column) = store.column(&id) {
            let mut rows = store.all();
            rows.retain_by(column.codes(), |code| is_wanted[code as usize]);
            found.or(&rows);
        }
    }
    found
}

/// Returns the rows whose case's id begins with a text. No id is written out for that: there may be a million.
fn with_beginning(store: &ResultStore, text: &str) -> RowMask {
    let digits: Option<Vec<u8>> = text.bytes().map(|digit| char::from(digit).to_digit(16)?.try_into().ok()).collect();
    let Some(digits) = digits.filter(|digits| digits.len() <= 32) else { return RowMask::empty(store.len()) };
    let digit = |id: &CaseId, place: usize| {
        let byte = id.as_bytes()[place / 2];
        if place.is_multiple_of(2) { byte >> 4 } else { byte & 15 }
    };
    let mut rows = store.all();
    rows.retain_by(store.case_ids(), |id: CaseId| {
        digits.iter().enumerate().all(|(place, wanted)| digit(&id, place) == *wanted)
    });
    rows
}

fn of_ids(store: &ResultStore, is_wanted: impl Fn(&str) -> bool) -> RowMask {
    let mut rows = store.all();
    rows.retain_by(store.case_ids(), |id: CaseId| is_wanted(&id.to_string()));
    rows
}

/// Tells of each code whether its text is wanted. The empty text of 0 never is.
fn wanted_codes(store: &ResultStore, is_wanted: impl Fn(&str) -> bool) -> Vec<bool> {
    let codes = u32::try_from(store.codes()).unwrap_or(u32::MAX);
    (0..codes).map(|code| code != 0 && is_wanted(store.label(code))).collect()
}

/// Whether a text is like a pattern in small letters.
fn is_like(text: &str, pattern: &str) -> bool {
    let text = text.to_lowercase();
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        // The first place leaves most for the parts that follow.
        let Some(place) = rest.find(part) else { return false };
        rest = &rest[place + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_an_id_is_found_digit_by_digit() {
        let values = vec![serde_json::json!(1); 40];
        let store = crate::samples::factor("c", &values);
        let id = store.case_ids()[33].to_string();
        for length in 0..=32 {
            let expected = store.case_ids().iter().filter(|own| own.to_string().starts_with(&id[..length])).count();
            assert_eq!(with_beginning(&store, &id[..length]).count(), expected, "{length}");
        }
        for text in ["g", "0g", "é", &format!("{id}0")] {
            assert_eq!(with_beginning(&store, text).count(), 0, "{text}");
        }
    }

    #[test]
    fn a_star_stands_for_any_characters() {
        for (text, pattern, expected) in [
            ("node7_linux_1", "node7*", true),
            ("Node7_linux_1", "node7*", true),
            ("node7", "node7", true),
            ("node77", "node7", false),
            ("node77", "*7", true),
            ("abcbc", "a*bc", true),
            ("ab", "ab*b", false),
            ("", "*", true),
            ("negative cohesion", "*cohes*", true),
            ("negative", "*cohes*", false),
            ("aXbYc", "a*b*c", true),
            ("ü*", "Ü*", false),
        ] {
            assert_eq!(is_like(text, pattern), expected, "{text} {pattern}");
        }
    }
}
