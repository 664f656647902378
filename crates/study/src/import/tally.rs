//! Common traits of the values of one input, which decide the kind of each value.

use super::InputColumn;
use super::number::{WrittenNumber, exact_float};
use super::rows::WrongRows;
use super::word::{has_invisible, is_flag_word, shown};
use crate::case::ParameterValue;

/// The values of an input, counted by kind.
#[derive(Debug, Default, Clone)]
pub(super) struct ValueTally {
    is_vector: bool,
    integers: usize,
    floats: usize,
    others: usize,
    /// Texts that begin as numbers, and the first of them.
    odd_texts: usize,
    odd_text: Option<Example>,
    /// Values that are no numbers, though they may be meant as numbers.
    odd: WrongRows,
    /// Words for missing values, and the first of them.
    missing: WrongRows,
    missing_word: Option<Example>,
    /// Whole numbers that no float is equal to.
    inexact: WrongRows,
    /// Numbers that are written in an unusual way, and the first of them.
    spelled: usize,
    spelled_first: Option<(Example, ParameterValue)>,
    /// Texts that are a word for yes or no, and texts that are numbers in quotes.
    flag_words: usize,
    flag_word: Option<Example>,
    quoted_numbers: usize,
    /// The first text with letters that can't be seen.
    invisible: Option<Example>,
}

#[derive(Debug, Clone)]
struct Example {
    row: usize,
    text: String,
}

/// Whether a value may be meant in another way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AmbiguousValue {
    None,
    Some,
    /// It is written in an unusual way, which this describes.
    Spelled(String),
    /// It is a text that begins as a number.
    Odd,
    /// It is a word for a missing value.
    Missing,
}

impl ValueTally {
    /// Makes a tally without values.
    pub(super) fn of(column: &InputColumn) -> Self {
        Self { is_vector: column.count.is_some(), ..Self::default() }
    }

    /// Counts a value; `name` returns the name of its column in the file.
    pub(super) fn count(
        &mut self,
        row: usize,
        value: &ParameterValue,
        doubt: AmbiguousValue,
        name: impl Fn() -> String,
    ) {
        match value {
            ParameterValue::Integer(_) | ParameterValue::Unsigned(_) => {
                self.integers += 1;
                if exact_float(value).is_none() {
                    self.inexact.add(row, || inexact(value, &name()));
                }
            }
            ParameterValue::Number(_) => self.floats += 1,
            ParameterValue::Text(text) => self.count_text(row, text, &doubt),
            ParameterValue::Flag(_) | ParameterValue::List(_) => {}
        }
        let is_number = value.as_number().is_some();
        self.others += usize::from(!is_number);
        match doubt {
            AmbiguousValue::Spelled(text) => {
                self.spelled += 1;
                self.spelled_first.get_or_insert_with(|| (Example { row, text }, value.clone()));
            }
            AmbiguousValue::Missing => self.missing.add(row, || missing(&loose(value), &name())),
            // All components of a vector are of one kind, also if they are marked as texts.
            AmbiguousValue::None if !is_number && self.is_vector => {
                self.odd.add(row, || odd(&super::field(value), &name()));
            }
            AmbiguousValue::Some | AmbiguousValue::Odd if !is_number => {
                self.odd.add(row, || odd(&loose(value), &name()));
            }
            AmbiguousValue::None | AmbiguousValue::Some | AmbiguousValue::Odd => {}
        }
    }

    fn count_text(&mut self, row: usize, text: &str, doubt: &AmbiguousValue) {
        let example = || Example { row, text: text.to_owned() };
        if *doubt == AmbiguousValue::Odd {
            self.odd_texts += 1;
            self.odd_text.get_or_insert_with(example);
        }
        if *doubt == AmbiguousValue::Missing {
            self.missing_word.get_or_insert_with(example);
        }
        // These words matter only if all texts are such words.
        if self.flag_words == self.others && is_flag_word(text) {
            self.flag_words += 1;
            self.flag_word.get_or_insert_with(example);
        }
        if *doubt == AmbiguousValue::None && WrittenNumber::parse(text).is_some() {
            self.quoted_numbers += 1;
        }
        if has_invisible(text) {
            self.invisible.get_or_insert_with(example);
        }
    }

    const fn numbers(&self) -> usize {
        self.integers + self.floats
    }

    /// Whether all values are numbers, and some of them floats: then all become floats.
    pub(super) const fn is_float(&self) -> bool {
        self.integers > 0 && self.floats > 0 && self.others == 0
    }

    /// Whether values that are no numbers should be numbers: since nearly all others are, or since they begin like numbers.
    const fn is_meant_as_numbers(&self) -> bool {
        let odd = self.odd.total;
        self.numbers() > 0 && odd > 0 && (self.is_vector || self.numbers() >= 9 * odd || self.odd_texts == self.others)
    }

    /// Returns the values that don't fit this input.
    pub(super) fn wrong(self) -> WrongRows {
        let mut wrong = WrongRows::default();
        if self.numbers() > 0 {
            let is_meant_as_numbers = self.is_meant_as_numbers();
            let is_float = self.is_float();
            let words = if self.others == 1 { ", all others there are" } else { ", most others there are" };
            wrong.extend(self.missing);
            if is_meant_as_numbers {
                wrong.extend(self.odd.with_words(words));
            }
            if is_float {
                wrong.extend(self.inexact);
            }
        }
        wrong
    }

    /// Returns notes on this input for the person who brought the table.
    pub(super) fn notes(&self, name: &str) -> Vec<String> {
        let holds = |what: String| format!("column `{name}` holds {what}");
        let held = [self.other_texts(), self.missing_words(), self.invisible_letters()];
        self.unusual_number(name).into_iter().chain(held.into_iter().flatten().map(holds)).collect()
    }

    fn unusual_number(&self, name: &str) -> Option<String> {
        let (Example { row, text }, value) = self.spelled_first.as_ref()?;
        let more = if self.spelled > 1 { ", and others in the same way" } else { "" };
        Some(format!("`{}` in column `{name}`, row {row}, is read as {}{more}", shown(text), super::field(value)))
    }

    fn other_texts(&self) -> Option<String> {
        match (&self.flag_word, &self.odd_text, self.numbers()) {
            (_, _, 1..) if self.others > 0 => Some("numbers and other values".to_owned()),
            (Some(example), ..) if self.flag_words == self.others => {
                Some(format!("{}; yes and no are written `true` and `false`", such_as("texts", example)))
            }
            (_, Some(example), 0) => Some(such_as("texts that begin as numbers", example)),
            _ if self.quoted_numbers > 0 && self.quoted_numbers == self.others => {
                Some("texts that look like numbers, since they stand in quotation marks".to_owned())
            }
            _ => None,
        }
    }

    fn missing_words(&self) -> Option<String> {
        let example = self.missing_word.as_ref().filter(|_| self.numbers() == 0)?;
        Some(such_as("words for missing values, as texts", example))
    }

    fn invisible_letters(&self) -> Option<String> {
        self.invisible.as_ref().map(|example| such_as("texts with letters that can't be seen", example))
    }
}

fn such_as(kind: &str, Example { row, text }: &Example) -> String {
    format!("{kind}, such as `{}` in row {row}", shown(text))
}

/// The value as it stood in its field.
fn loose(value: &ParameterValue) -> String {
    if let ParameterValue::Text(text) = value { text.clone() } else { super::field(value) }
}

fn odd(text: &str, name: &str) -> String {
    format!("`{}` in column `{name}` is not a number", shown(text))
}

fn missing(text: &str, name: &str) -> String {
    format!("`{}` in column `{name}` stands for a missing value, and the column holds numbers", shown(text))
}

fn inexact(value: &ParameterValue, name: &str) -> String {
    format!("`{}` in column `{name}` has more digits than a float, and the column holds floats", super::field(value))
}
