//! A factor: an input of the model, and the values that it takes.

use serde::{Deserialize, Serialize};

use crate::case::ParameterValue;
use crate::template::is_name;

mod wire;

/// An input of the model; with a `count`, a vector of such inputs that vary independently.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "wire::WireFactor", into = "wire::WireFactor")]
pub struct Factor {
    /// The name, which is a name in Python too.
    pub name: String,
    /// Number of components of a vector; `None` for a scalar.
    pub count: Option<usize>,
    /// The values that it takes.
    pub values: FactorValues,
    /// The unit of its values.
    pub unit: String,
    /// A note that explains the factor.
    pub note: String,
}

/// The values that a factor takes.
#[derive(Debug, Clone, PartialEq)]
pub enum FactorValues {
    /// Any number of a range.
    Range {
        /// The least value, in the factor's unit.
        minimum: f64,
        /// The greatest value, in the factor's unit.
        maximum: f64,
        /// The distribution of values between the two.
        scale: FactorScale,
    },
    /// Any whole number of a range, both ends included.
    Integers {
        /// The least value.
        minimum: i64,
        /// The greatest value.
        maximum: i64,
    },
    /// One of these levels, each as often as any other.
    Levels(Vec<ParameterValue>),
    /// Always this value.
    Fixed(ParameterValue),
    /// The values in the table of points.
    Listed,
}

/// The distribution of a factor's values over its range.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FactorScale {
    /// Evenly.
    #[default]
    Linear,
    /// Evenly in the logarithm.
    Log,
}

/// A factor that can't be sampled.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FactorError {
    /// There is no name.
    #[error("the factor has no name")]
    NoName,
    /// The name can't stand in a model.
    #[error("`{0}` is not a name in Python: it starts with a letter or `_` and goes on with letters, digits and `_`")]
    Name(String),
    /// The name means something in Python.
    #[error("`{0}` is a word of Python itself: take another name")]
    Keyword(String),
    /// The name means something in Cruncher's own tables.
    #[error("`{0}` is the name of a column of Cruncher's own: take another name")]
    Reserved(String),
    /// Two factors of the same name.
    #[error("two factors are named `{0}`")]
    Duplicate(String),
    /// The bounds are no range.
    #[error("the minimum of `{name}`, {minimum}, isn't below its maximum, {maximum}")]
    Range {
        /// The factor.
        name: String,
        /// Its least value.
        minimum: f64,
        /// Its greatest value.
        maximum: f64,
    },
    /// The difference of the bounds is no finite number.
    #[error("the range of `{0}` is wider than the largest number there is: keep its bounds between -8e307 and 8e307")]
    TooWide(String),
    /// A logarithm of zero or less.
    #[error("`{0}` has a logarithmic scale, so its minimum must be above 0")]
    LogOfZero(String),
    /// A vector without components.
    #[error("the vector `{0}` has no component")]
    EmptyVector(String),
    /// A list without levels.
    #[error("`{0}` has no level or choice: list at least one")]
    NoLevel(String),
    /// No field gives the values that it takes, and there is no table of points that does.
    #[error("`{0}` has no values: give it `minimum` and `maximum`, or `levels`, or a `value`")]
    NoValues(String),
    /// The same level twice.
    #[error("`{name}` lists `{level}` twice")]
    RepeatedLevel {
        /// The factor.
        name: String,
        /// The level.
        level: String,
    },
}

/// The words that Python keeps for itself.
pub(crate) const KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
    "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// The columns of a table of cases that are no inputs.
pub const RESERVED: [&str; 3] = ["case_id", "level", "replicate"];

/// Checks the name of a factor.
///
/// # Errors
/// If it can't be the name of a variable in Python.
pub fn check_name(name: &str) -> Result<(), FactorError> {
    if name.is_empty() {
        return Err(FactorError::NoName);
    }
    if !is_name(name) {
        return Err(FactorError::Name(name.to_owned()));
    }
    if KEYWORDS.contains(&name) {
        return Err(FactorError::Keyword(name.to_owned()));
    }
    if RESERVED.contains(&name) {
        return Err(FactorError::Reserved(name.to_owned()));
    }
    Ok(())
}

impl Factor {
    /// Number of dimensions of the design that it takes; 0 if it doesn't vary.
    #[must_use]
    pub fn dimensions(&self) -> usize {
        match self.values {
            FactorValues::Fixed(_) | FactorValues::Listed => 0,
            FactorValues::Range { .. } | FactorValues::Integers { .. } | FactorValues::Levels(_) => {
                self.count.unwrap_or(1)
            }
        }
    }

    /// Number of components, each of which is a column in a table; `None` for a scalar, which has one column.
    #[must_use]
    pub fn components(&self) -> Option<usize> {
        match &self.values {
            FactorValues::Fixed(ParameterValue::List(components)) => Some(components.len()),
            _ => self.count,
        }
    }

    /// The names of its columns in a table: its own, or `name[0]`, `name[1]` … of a vector.
    #[must_use]
    pub fn columns(&self) -> Vec<String> {
        self.components().map_or_else(
            || vec![self.name.clone()],
            |count| (0..count).map(|component| format!("{}[{component}]", self.name)).collect(),
        )
    }

    /// Number of different values that a component takes; `None` if it is a continuum or listed.
    #[must_use]
    pub fn levels(&self) -> Option<u64> {
        match &self.values {
            FactorValues::Range { .. } | FactorValues::Listed => None,
            FactorValues::Integers { minimum, maximum } => Some(maximum.abs_diff(*minimum).saturating_add(1)),
            FactorValues::Levels(levels) => Some(levels.len() as u64),
            FactorValues::Fixed(_) => Some(1),
        }
    }

    /// Returns its value at a point of the unit cube; `fractions` has [`Self::dimensions`] numbers from 0 to 1.
    #[must_use]
    pub fn value(&self, fractions: &[f64]) -> ParameterValue {
        self.value_by(fractions, |fraction| self.at(fraction))
    }

    /// Returns its value with the values of components from elsewhere.
    pub(crate) fn value_by(&self, fractions: &[f64], at: impl Fn(f64) -> ParameterValue) -> ParameterValue {
        match (&self.values, self.count) {
            (FactorValues::Fixed(value), _) => value.clone(),
            (_, None) => at(fractions.first().copied().unwrap_or_default()),
            (_, Some(_)) => ParameterValue::List(fractions.iter().map(|fraction| at(*fraction)).collect()),
        }
    }

    /// Returns the value of one component at a fraction, from 0 to 1, of its range.
    ///
    /// Logarithms are computed by `libm`, so that the bits are the same on every platform.
    #[must_use]
    pub fn at(&self, fraction: f64) -> ParameterValue {
        match &self.values {
            FactorValues::Range { minimum, maximum, scale: FactorScale::Linear } => {
                ParameterValue::Number((minimum + fraction * (maximum - minimum)).clamp(*minimum, *maximum))
            }
            FactorValues::Range { minimum, maximum, scale: FactorScale::Log } => {
                let (least, most) = (libm::log(*minimum), libm::log(*maximum));
                let number = libm::exp(least + fraction * (most - least));
                // The ends are exact: a logarithm and its inverse would change their last digits.
                let number = if fraction <= 0.0 {
                    *minimum
                } else if fraction >= 1.0 {
                    *maximum
                } else {
                    number
                };
                ParameterValue::Number(number.clamp(*minimum, *maximum))
            }
            FactorValues::Integers { minimum, maximum } => {
                let steps = index_at(fraction, self.levels().unwrap_or(1));
                ParameterValue::Integer(minimum.saturating_add_unsigned(steps).min(*maximum))
            }
            FactorValues::Levels(levels) => {
                let index = usize::try_from(index_at(fraction, levels.len() as u64)).unwrap_or_default();
                levels.get(index).cloned().unwrap_or(ParameterValue::Flag(false))
            }
            FactorValues::Fixed(value) => value.clone(),
            FactorValues::Listed => ParameterValue::Number(fraction),
        }
    }

    /// Checks the factor.
    ///
    /// # Errors
    /// If it can't be sampled.
    pub fn check(&self) -> Result<(), FactorError> {
        check_name(&self.name)?;
        if self.count == Some(0) {
            return Err(FactorError::EmptyVector(self.name.clone()));
        }
        match &self.values {
            FactorValues::Range { minimum, maximum, scale } => self.check_range(*minimum, *maximum, *scale),
            #[expect(clippy::cast_precision_loss, reason = "for a message")]
            FactorValues::Integers { minimum, maximum } if minimum >= maximum => {
                Err(self.no_range(*minimum as f64, *maximum as f64))
            }
            FactorValues::Levels(levels) => self.check_levels(levels),
            FactorValues::Integers { .. } | FactorValues::Fixed(_) | FactorValues::Listed => Ok(()),
        }
    }

    fn check_range(&self, minimum: f64, maximum: f64, scale: FactorScale) -> Result<(), FactorError> {
        // NaN isn't below anything.
        if !(minimum < maximum && minimum.is_finite() && maximum.is_finite()) {
            return Err(self.no_range(minimum, maximum));
        }
        if !(maximum - minimum).is_finite() {
            return Err(FactorError::TooWide(self.name.clone()));
        }
        if scale == FactorScale::Log && minimum <= 0.0 {
            return Err(FactorError::LogOfZero(self.name.clone()));
        }
        Ok(())
    }

    fn no_range(&self, minimum: f64, maximum: f64) -> FactorError {
        FactorError::Range { name: self.name.clone(), minimum, maximum }
    }

    fn check_levels(&self, levels: &[ParameterValue]) -> Result<(), FactorError> {
        if levels.is_empty() {
            return Err(FactorError::NoLevel(self.name.clone()));
        }
        let repeated = levels.iter().enumerate().find(|(index, level)| levels[..*index].contains(level));
        repeated.map_or(Ok(()), |(_, level)| {
            let level = serde_json::to_string(level).unwrap_or_default();
            Err(FactorError::RepeatedLevel { name: self.name.clone(), level })
        })
    }
}

/// Returns the index of the part in which a fraction lies, of `count` equal parts of the unit interval.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a fraction isn't negative, and the last part takes what lies beyond"
)]
fn index_at(fraction: f64, count: u64) -> u64 {
    ((fraction * count as f64) as u64).min(count.saturating_sub(1))
}

/// Checks the factors of a design.
///
/// # Errors
/// The error of the first factor that can't be sampled.
pub fn check_factors(factors: &[Factor]) -> Result<(), FactorError> {
    for (index, factor) in factors.iter().enumerate() {
        factor.check()?;
        if factors[..index].iter().any(|earlier| earlier.name == factor.name) {
            return Err(FactorError::Duplicate(factor.name.clone()));
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "factor_tests.rs"]
mod tests;
