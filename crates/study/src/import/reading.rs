//! Numbers with two meanings, and the choice between these.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::field::field;
use super::number::{NumberValue, WrittenNumber};
use super::word::shown;

/// The reading of numbers with two meanings. A choice that isn't made here follows from the table, or becomes a question.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NumberReading {
    /// The mark that separates the decimals of all its numbers.
    pub decimal_mark: Option<DecimalMark>,
    /// The meaning of a per cent sign.
    pub percent: Option<PercentSign>,
}

/// The mark that separates the whole part of a number from its decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DecimalMark {
    /// As in `1.5`.
    Point,
    /// As in `1,5`.
    Comma,
}

impl DecimalMark {
    /// The mark itself.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Point => '.',
            Self::Comma => ',',
        }
    }

    pub(super) const fn other(self) -> Self {
        match self {
            Self::Point => Self::Comma,
            Self::Comma => Self::Point,
        }
    }
}

/// The meaning of a per cent sign.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PercentSign {
    /// `5%` is 0.05.
    #[default]
    Fraction,
    /// `5%` is 5.
    Number,
}

/// A question about the first field of its kind that has two meanings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum NumberQuestion {
    /// The question which mark separates decimals.
    DecimalMark {
        /// The place of the field.
        at: FieldPosition,
        /// Its value if decimals have a point.
        point: String,
        /// Its value if decimals have a comma.
        comma: String,
    },
    /// The question what the per cent sign means.
    Percent {
        /// The place of the field.
        at: FieldPosition,
        /// Its value as a fraction.
        fraction: String,
        /// Its value without the sign.
        number: String,
    },
}

/// A field of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldPosition {
    /// Its row, as a spreadsheet counts them.
    pub row: usize,
    /// The name of its column.
    pub column: String,
    /// The field's text.
    pub text: String,
}

impl NumberQuestion {
    pub(super) fn decimal_mark(row: usize, column: String, text: &str, numeral: &WrittenNumber<'_>) -> Option<Self> {
        let value = |mark| value(numeral, mark, PercentSign::Number);
        let (point, comma) = (value(DecimalMark::Point)?, value(DecimalMark::Comma)?);
        Some(Self::DecimalMark { at: FieldPosition { row, column, text: shown(text) }, point, comma })
    }

    pub(super) fn percent(row: usize, column: String, text: &str, numeral: &WrittenNumber<'_>) -> Option<Self> {
        let read = |percent| {
            value(numeral, DecimalMark::Point, percent).or_else(|| value(numeral, DecimalMark::Comma, percent))
        };
        let (fraction, number) = (read(PercentSign::Fraction)?, read(PercentSign::Number)?);
        Some(Self::Percent { at: FieldPosition { row, column, text: shown(text) }, fraction, number })
    }
}

fn value(numeral: &WrittenNumber<'_>, mark: DecimalMark, percent: PercentSign) -> Option<String> {
    match numeral.value(mark, percent)? {
        NumberValue::Number(number) => Some(field(&number)),
        NumberValue::Beyond | NumberValue::NotFinite => None,
    }
}

impl std::error::Error for NumberQuestion {}

impl fmt::Display for NumberQuestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (FieldPosition { row, column, text }, first, second) = match self {
            Self::DecimalMark { at, point, comma } => (at, point, comma),
            Self::Percent { at, fraction, number } => (at, fraction, number),
        };
        write!(f, "row {row}: `{text}` in column `{column}` may be {first} or {second}, ")?;
        f.write_str(match self {
            Self::DecimalMark { .. } => "and no number of the table shows whether decimals have a point or a comma",
            Self::Percent { .. } => "as a per cent sign may mean hundredths or just a unit",
        })
    }
}
