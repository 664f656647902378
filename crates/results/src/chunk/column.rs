//! One column: numbers, and what else there is by row.

use super::texts::{clip, intern};

/// What a column belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The case's inputs.
    Factor,
    /// What came out.
    Response,
}

/// A value that is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// A text.
    Text(&'a str),
    /// `true` or `false`.
    Flag(bool),
}

/// The values of one factor (or component of a vector), or of one response.
#[derive(Debug, Clone)]
pub struct Column {
    pub(super) part: Part,
    pub(super) name: String,
    /// NaN where there is no number; ends after the last one.
    pub(super) numbers: Vec<f64>,
    /// What is no number, by row, in order: a place in `texts` + [`TEXTS`], or a flag.
    pub(super) others: Vec<(u32, u32)>,
    pub(super) texts: Vec<String>,
}

/// The codes of flags are 0 and 1; those of texts begin here.
pub(super) const TEXTS: u32 = 2;

impl Column {
    pub(super) fn new(part: Part, name: &str) -> Self {
        Self { part, name: name.to_owned(), numbers: Vec::new(), others: Vec::new(), texts: Vec::new() }
    }

    /// What the column belongs to.
    #[must_use]
    pub const fn part(&self) -> Part {
        self.part
    }

    /// Its name: `depth`, `cohesion_array[0]` for the component of a vector, `curve.peak` for a nested response.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The numbers by row, NaN where there is none. Rows beyond the end have none.
    #[must_use]
    pub fn numbers(&self) -> &[f64] {
        &self.numbers
    }

    /// What is no number: rows in ascending order, and the value of each. These rows have no number.
    pub fn others(&self) -> impl Iterator<Item = (usize, Value<'_>)> {
        self.others.iter().map(|(row, code)| (*row as usize, self.value(*code)))
    }

    fn value(&self, code: u32) -> Value<'_> {
        match code.checked_sub(TEXTS) {
            Some(place) => Value::Text(&self.texts[place as usize]),
            None => Value::Flag(code == 1),
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

    pub(super) fn put_flag(&mut self, row: u32, flag: bool) {
        self.clear(row);
        self.others.push((row, u32::from(flag)));
    }

    pub(super) fn put_text(&mut self, row: u32, text: &str) {
        self.clear(row);
        let place = intern(&mut self.texts, clip(text));
        self.others.push((row, place + TEXTS));
    }

    /// Takes back what stands in a row and after it.
    pub(super) fn clear(&mut self, row: u32) {
        self.numbers.truncate(row as usize);
        let end = self.numbers.iter().rposition(|number| !number.is_nan()).map_or(0, |last| last + 1);
        self.numbers.truncate(end);
        if self.others.last().is_some_and(|last| last.0 >= row) {
            self.others.retain(|other| other.0 < row);
            let texts = self.others.iter().map(|other| (other.1 + 1).saturating_sub(TEXTS)).max().unwrap_or(0);
            self.texts.truncate(texts as usize);
        }
    }
}
