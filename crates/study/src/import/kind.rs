//! The kind of a column's values, in a word.

use super::ImportedTable;
use crate::case::ParameterValue;

/// The kind of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Whole numbers.
    Whole,
    /// Floats.
    Number,
    /// Texts.
    Text,
    /// True or false.
    Flag,
    /// Several of these.
    Mixed,
}

impl ColumnKind {
    /// The word for a value of this kind.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Whole => "whole number",
            Self::Number => "number",
            Self::Text => "text",
            Self::Flag => "yes or no",
            Self::Mixed => "mixed",
        }
    }

    fn of(value: &ParameterValue) -> Option<Self> {
        match value {
            ParameterValue::Flag(_) => Some(Self::Flag),
            ParameterValue::Integer(_) | ParameterValue::Unsigned(_) => Some(Self::Whole),
            ParameterValue::Number(_) => Some(Self::Number),
            ParameterValue::Text(_) => Some(Self::Text),
            ParameterValue::List(components) => components.iter().map(Self::of).reduce(Self::both)?,
        }
    }

    fn both(first: Option<Self>, second: Option<Self>) -> Option<Self> {
        if first == second { first } else { Some(Self::Mixed) }
    }
}

impl ImportedTable {
    /// Returns the kind of a column's values; for a vector that of its components.
    #[must_use]
    pub fn kind(&self, column: usize) -> ColumnKind {
        let values = self.rows.iter().filter_map(|row| row.get(column));
        values.map(ColumnKind::of).reduce(ColumnKind::both).flatten().unwrap_or(ColumnKind::Mixed)
    }
}
