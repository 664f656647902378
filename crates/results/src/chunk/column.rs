//! A column of a chunk: numbers, and texts and flags by row.

use super::texts::{clip, intern};
use crate::number::{LargeInteger, NO_REST, Rest};

/// Part of a case that a column belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ColumnPart {
    /// The case's inputs.
    Factor,
    /// The case's results.
    Response,
}

/// A value that is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NonNumber<'a> {
    /// A text.
    Text(&'a str),
    /// The beginning of a text, which ends with `…`, and the number of characters of the whole.
    Cut(&'a str, u32),
    /// `true` or `false`.
    Flag(bool),
}

/// The values of one factor (or component of a vector), or of one response.
#[derive(Debug, Clone)]
pub struct ChunkColumn {
    pub(super) part: ColumnPart,
    pub(super) name: String,
    /// NaN where there is no number; ends after the last one.
    pub(super) numbers: Vec<f64>,
    /// Difference between a large integer and the number that stands for it, [`NO_REST`] for another number; ends after the
    /// last one.
    pub(super) rests: Vec<Rest>,
    /// Values that are no numbers, by row, in order: a place in `texts` + [`TEXTS`], or a flag.
    pub(super) others: Vec<(u32, u32)>,
    pub(super) texts: Vec<String>,
    /// The rows whose text is the beginning of a longer one, in order, and the number of characters of that.
    pub(super) cuts: Vec<(u32, u32)>,
}

/// First code of texts; the codes of flags are 0 and 1.
pub(super) const TEXTS: u32 = 2;

impl ChunkColumn {
    pub(super) fn new(part: ColumnPart, name: &str) -> Self {
        let (numbers, rests, others, texts, cuts) = Default::default();
        Self { part, name: name.to_owned(), numbers, rests, others, texts, cuts }
    }

    /// Returns the part that the column belongs to.
    #[must_use]
    pub const fn part(&self) -> ColumnPart {
        self.part
    }

    /// Returns its name: `depth`, `cohesion_array[0]` for the component of a vector, `curve.peak` for a nested response.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the numbers by row, NaN for a row without one. Rows beyond the end have none.
    #[must_use]
    pub fn numbers(&self) -> &[f64] {
        &self.numbers
    }

    /// Returns the large integer of a row, of which its number is the nearest float; `None` if it has none.
    #[must_use]
    pub fn integer(&self, row: usize) -> Option<LargeInteger> {
        LargeInteger::of_parts(*self.numbers.get(row)?, *self.rests.get(row)?)
    }

    /// Returns the values that are no numbers: rows in ascending order, and the value of each. These rows have no number.
    pub fn others(&self) -> impl Iterator<Item = (usize, NonNumber<'_>)> {
        let mut cuts = self.cuts.iter().peekable();
        self.others.iter().map(move |(row, code)| {
            let cut = cuts.next_if(|cut| cut.0 == *row);
            (*row as usize, self.value(*code, cut.map(|cut| cut.1)))
        })
    }

    fn value(&self, code: u32, cut: Option<u32>) -> NonNumber<'_> {
        match (code.checked_sub(TEXTS), cut) {
            (Some(place), Some(chars)) => NonNumber::Cut(&self.texts[place as usize], chars),
            (Some(place), None) => NonNumber::Text(&self.texts[place as usize]),
            (None, _) => NonNumber::Flag(code == 1),
        }
    }

    /// Returns the values of these rows alone, which are in ascending order.
    pub(super) fn only(&self, rows: &[usize]) -> Self {
        fn kept<T: Copy>(values: &[T], rows: &[usize], none: T, is_none: impl Fn(T) -> bool) -> Vec<T> {
            let mut kept: Vec<T> = rows.iter().map(|row| values.get(*row).copied().unwrap_or(none)).collect();
            kept.truncate(kept.iter().rposition(|value| !is_none(*value)).map_or(0, |last| last + 1));
            kept
        }
        let place = |(row, value): &(u32, u32)| {
            let place = rows.binary_search(&(*row as usize)).ok().and_then(|place| u32::try_from(place).ok());
            place.map(|place| (place, *value))
        };
        Self {
            part: self.part,
            name: self.name.clone(),
            numbers: kept(&self.numbers, rows, f64::NAN, f64::is_nan),
            rests: kept(&self.rests, rows, NO_REST, |rest| rest == NO_REST),
            others: self.others.iter().filter_map(place).collect(),
            texts: self.texts.clone(),
            cuts: self.cuts.iter().filter_map(place).collect(),
        }
    }

    pub(super) fn put_number(&mut self, row: u32, number: f64) {
        let is_taken = self.others.last().is_some_and(|last| last.0 >= row);
        if is_taken || self.numbers.len() != row as usize {
            self.clear(row);
            self.numbers.resize(row as usize, f64::NAN);
        }
        self.numbers.push(number);
    }

    pub(super) fn put_integer(&mut self, row: u32, integer: LargeInteger) {
        self.put_number(row, integer.nearest());
        self.rests.resize(row as usize, NO_REST);
        self.rests.push(integer.rest());
    }

    pub(super) fn put_flag(&mut self, row: u32, flag: bool) {
        self.clear(row);
        self.others.push((row, u32::from(flag)));
    }

    pub(super) fn put_text(&mut self, row: u32, text: &str) {
        self.clear(row);
        let (text, cut) = clip(text);
        let place = intern(&mut self.texts, &text);
        self.others.push((row, place + TEXTS));
        self.cuts.extend(cut.map(|chars| (row, chars)));
    }

    /// Notes that the text of a row, which is the last one, is the beginning of one with `chars` characters.
    pub(super) fn mark_cut(&mut self, row: u32, chars: u32) {
        let is_text = self.others.last().is_some_and(|last| last.0 == row && last.1 >= TEXTS);
        if is_text && self.cuts.last().is_none_or(|last| last.0 < row) {
            self.cuts.push((row, chars));
        }
    }

    /// Removes the values of a row and of those after it.
    pub(super) fn clear(&mut self, row: u32) {
        self.numbers.truncate(row as usize);
        let end = self.numbers.iter().rposition(|number| !number.is_nan()).map_or(0, |last| last + 1);
        self.numbers.truncate(end);
        self.rests.truncate(end);
        let end = self.rests.iter().rposition(|rest| *rest != NO_REST).map_or(0, |last| last + 1);
        self.rests.truncate(end);
        if self.others.last().is_some_and(|last| last.0 >= row) {
            self.others.retain(|other| other.0 < row);
            let texts = self.others.iter().map(|other| (other.1 + 1).saturating_sub(TEXTS)).max().unwrap_or(0);
            self.texts.truncate(texts as usize);
            self.cuts.retain(|cut| cut.0 < row);
        }
    }
}
