//! Dictionaries of texts that are filled row by row.

use std::borrow::Cow;

use super::MAX_TEXT_CHARS;

/// Number of the last texts that are compared. A text that came up earlier than that stands in the dictionary twice, which
/// costs its length and nothing else.
const WINDOW: usize = 32;

/// The last character of a text that was cut.
const CUT_MARK: &str = "…";

/// Finds the last matching entry among the last few, and returns its place.
pub(super) fn find_recent<T>(known: &[T], is_it: impl Fn(&T) -> bool) -> Option<u32> {
    let start = known.len().saturating_sub(WINDOW);
    known[start..].iter().rposition(is_it).map(|place| to_place(start + place))
}

/// Returns the place of a text, which is added if it isn't among the last few.
pub(super) fn intern(texts: &mut Vec<String>, text: &str) -> u32 {
    find_recent(texts, |known| known == text).unwrap_or_else(|| {
        texts.push(text.to_owned());
        last_place(texts)
    })
}

pub(super) fn last_place<T>(known: &[T]) -> u32 {
    to_place(known.len() - 1)
}

/// Returns as much of a text as is kept. If that isn't all, it ends with a mark, and the number of characters of the whole is
/// returned, too.
pub(super) fn clip(text: &str) -> (Cow<'_, str>, Option<u32>) {
    if text.len() <= MAX_TEXT_CHARS || text.char_indices().nth(MAX_TEXT_CHARS).is_none() {
        return (Cow::Borrowed(text), None);
    }
    let end = text.char_indices().nth(MAX_TEXT_CHARS - 1).map_or(0, |(end, _)| end);
    (Cow::Owned(text[..end].to_owned() + CUT_MARK), Some(to_place(text.chars().count())))
}

#[expect(clippy::cast_possible_truncation, reason = "a segment has fewer than 2^32 bytes, and so texts and rows")]
const fn to_place(place: usize) -> u32 {
    place as u32
}
