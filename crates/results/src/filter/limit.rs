//! Limits: the ends of a range.

use std::cmp::Ordering;
use std::fmt;

use crate::mask::RowMask;
use crate::number::{LargeInteger, shortest};
use crate::store::StoreColumn;

/// One end of a range, which is included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RangeLimit {
    /// A float. A large integer counts as the nearest float, as plots show it.
    Float(f64),
    /// An integer, which is compared digit by digit.
    Integer(LargeInteger),
}

impl RangeLimit {
    /// Reads a typed number; `None` if the text is no number.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let float = || text.parse().ok().filter(|number: &f64| number.is_finite()).map(Self::Float);
        LargeInteger::parse(text).map(Self::Integer).or_else(float)
    }

    /// Returns the number, or the nearest float.
    #[must_use]
    pub const fn nearest(self) -> f64 {
        match self {
            Self::Float(number) => number,
            Self::Integer(integer) => integer.nearest(),
        }
    }

    /// Removes the rows whose numbers have the same nearest float as an integer limit, but lie on its other side.
    pub(super) fn restrict(self, column: &StoreColumn, rows: &mut RowMask, side: Ordering) {
        let Self::Integer(integer) = self else { return };
        let is_beyond = |row: usize| {
            let order = column.rest_or_zero(row).cmp(&integer.rest());
            is_equal(column.number(row), integer.nearest()) && order == side.reverse()
        };
        rows.retain(|row| !is_beyond(row));
    }

    /// Whether a row has exactly this number.
    pub(super) fn is(self, column: &StoreColumn, row: usize) -> bool {
        let rest = if let Self::Integer(integer) = self { integer.rest() } else { 0 };
        is_equal(column.number(row), self.nearest()) && column.rest_or_zero(row) == rest
    }
}

/// Whether both are the same number, exactly as it was asked for.
#[expect(clippy::float_cmp, reason = "another number isn't asked for")]
pub(super) fn is_equal(one: f64, other: f64) -> bool {
    one == other
}

impl From<f64> for RangeLimit {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

/// Writes it as short as possible, as in an address.
impl fmt::Display for RangeLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Digits alone would be read as an integer.
            Self::Float(number) => match shortest(*number) {
                digits if LargeInteger::parse(&digits).is_some() => write!(f, "{number:e}"),
                text => f.write_str(&text),
            },
            Self::Integer(integer) => fmt::Display::fmt(integer, f),
        }
    }
}
