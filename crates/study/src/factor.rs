//! A factor: an input that varies, and how.

use serde::{Deserialize, Serialize};

use crate::case::Parameter;

/// An input that varies between a minimum and a maximum; with a `count`, a vector of such inputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Factor {
    /// The name, which is a name in Python too.
    pub name: String,
    /// How many components a vector has; none for a scalar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<usize>,
    /// The least value, in `unit`.
    pub minimum: f64,
    /// The greatest value, in `unit`.
    pub maximum: f64,
    /// How values spread between the two.
    #[serde(default)]
    pub scale: Scale,
    /// The unit of its values.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// What it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// How the values of a factor spread over its range.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// Evenly.
    #[default]
    Linear,
    /// Evenly in the logarithm.
    Log,
}

/// A factor that can't be sampled.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FactorError {
    /// The name can't stand in a model.
    #[error("`{0}` is not a name in Python: it starts with a letter or `_` and goes on with letters, digits and `_`")]
    Name(String),
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
    /// A logarithm of nothing.
    #[error("`{0}` has a logarithmic scale, so its minimum must be above 0")]
    LogOfZero(String),
    /// A vector without components.
    #[error("the vector `{0}` has no component")]
    EmptyVector(String),
}

impl Factor {
    /// How many dimensions of the design it takes.
    #[must_use]
    pub fn dimensions(&self) -> usize {
        self.count.unwrap_or(1)
    }

    /// The names of its columns in a table: its own, or `name[0]`, `name[1]` … of a vector.
    #[must_use]
    pub fn columns(&self) -> Vec<String> {
        self.count.map_or_else(
            || vec![self.name.clone()],
            |count| (0..count).map(|component| format!("{}[{component}]", self.name)).collect(),
        )
    }

    /// Its value at a point of the unit cube; `fractions` has [`Self::dimensions`] numbers from 0 to 1.
    #[must_use]
    pub fn value(&self, fractions: &[f64]) -> Parameter {
        let number = |fraction: &f64| Parameter::Number(self.at(*fraction));
        match self.count {
            None => number(&fractions[0]),
            Some(_) => Parameter::List(fractions.iter().map(number).collect()),
        }
    }

    fn at(&self, fraction: f64) -> f64 {
        match self.scale {
            Scale::Linear => self.minimum + fraction * (self.maximum - self.minimum),
            Scale::Log => self.minimum * (self.maximum / self.minimum).powf(fraction),
        }
    }

    fn check(&self) -> Result<(), FactorError> {
        let starts_well = self.name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !starts_well || !self.name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(FactorError::Name(self.name.clone()));
        }
        if self.count == Some(0) {
            return Err(FactorError::EmptyVector(self.name.clone()));
        }
        let is_range = self.minimum.is_finite() && self.maximum.is_finite() && self.minimum < self.maximum;
        if !is_range {
            return Err(FactorError::Range { name: self.name.clone(), minimum: self.minimum, maximum: self.maximum });
        }
        if self.scale == Scale::Log && self.minimum <= 0.0 {
            return Err(FactorError::LogOfZero(self.name.clone()));
        }
        Ok(())
    }
}

/// Says what is wrong with the factors of a design.
///
/// # Errors
/// The first factor that can't be sampled.
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
mod tests {
    use super::*;

    fn factor(name: &str, minimum: f64, maximum: f64, scale: Scale) -> Factor {
        Factor { name: name.into(), count: None, minimum, maximum, scale, unit: String::new(), note: String::new() }
    }

    #[test]
    fn a_factor_reaches_from_its_minimum_to_its_maximum() {
        for (scale, middle) in [(Scale::Linear, 50.5), (Scale::Log, 10.0)] {
            let factor = factor("c", 1.0, 100.0, scale);
            for (fraction, expected) in [(0.0, 1.0), (0.5, middle), (1.0, 100.0)] {
                let value = factor.value(&[fraction]).as_number().unwrap();
                assert!((value - expected).abs() < 1e-12 * expected, "{scale:?} {fraction}: {value}");
            }
        }
    }

    #[test]
    fn what_can_not_be_sampled_is_named() {
        let check = |factors: &[Factor]| check_factors(factors).unwrap_err();
        assert!(matches!(check(&[factor("1c", 0.0, 1.0, Scale::Linear)]), FactorError::Name(_)));
        assert!(matches!(check(&[factor("c", 2.0, 1.0, Scale::Linear)]), FactorError::Range { .. }));
        assert!(matches!(check(&[factor("c", f64::NAN, 1.0, Scale::Linear)]), FactorError::Range { .. }));
        assert!(matches!(check(&[factor("c", 0.0, 1.0, Scale::Log)]), FactorError::LogOfZero(_)));
        let twice = factor("c", 0.0, 1.0, Scale::Linear);
        assert!(matches!(check(&[twice.clone(), twice.clone()]), FactorError::Duplicate(_)));
        assert!(matches!(check(&[Factor { count: Some(0), ..twice }]), FactorError::EmptyVector(_)));
    }
}
