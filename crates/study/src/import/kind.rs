//! What the values of a column are, in a word.

use super::Table;
use crate::case::Parameter;

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
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

impl Kind {
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

    fn of(value: &Parameter) -> Option<Self> {
        match value {
            Parameter::Flag(_) => Some(Self::Flag),
            Parameter::Integer(_) | Parameter::Unsigned(_) => Some(Self::Whole),
            Parameter::Number(_) => Some(Self::Number),
            Parameter::Text(_) => Some(Self::Text),
            Parameter::List(components) => components.iter().map(Self::of).reduce(Self::both)?,
        }
    }

    fn both(first: Option<Self>, second: Option<Self>) -> Option<Self> {
        if first == second { first } else { Some(Self::Mixed) }
    }
}

impl Table {
    /// What the values of a column are; those of a vector are those of its components.
    #[must_use]
    pub fn kind(&self, column: usize) -> Kind {
        let values = self.rows.iter().filter_map(|row| row.get(column));
        values.map(Kind::of).reduce(Kind::both).flatten().unwrap_or(Kind::Mixed)
    }
}
