//! Linear constraints between factors, as an engineer types them: `cohesion_bottom >= 2*cohesion_top - 3.5e4`.
//!
//! A constraint is two or more sums, each compared with the next: `c[0] < c[1] < c[2]`. A sum is made of numbers, factors,
//! components of vectors, `+`, `-`, parentheses, products with a number and quotients by a number.
//!
//! Two sums that differ by rounding alone count as equal: 0.1 and 0.2 keep `a + b <= 0.3`, and don't keep `a + b > 0.3`.

use std::fmt;

use serde::{Deserialize, Serialize};

pub use problem::{ConstraintError, ConstraintProblem};
use sum::{LinearSum, SumValue};

mod parser;
mod problem;
mod sum;
mod token;

/// Maximum length of a constraint, in characters.
pub const MAX_CHARS: usize = 1_000;

/// A condition that the cases of a design keep.
///
/// It is written, shown and stored in the form in which it was typed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Constraint {
    text: String,
    inputs: Vec<Input>,
    sums: Vec<LinearSum>,
    /// The comparison between each sum and the next.
    orders: Vec<Order>,
}

/// The kinds of values that a name in a constraint may stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameShape {
    /// A number.
    Scalar,
    /// A vector with this number of components.
    Vector(usize),
    /// A text, or true and false.
    NotANumber,
}

/// A constraint over the columns of a table, for many rows.
#[derive(Debug, Clone, PartialEq)]
pub struct BoundConstraint {
    columns: Vec<usize>,
    sums: Vec<LinearSum>,
    orders: Vec<Order>,
}

/// A name in the text, with the component that is meant.
#[derive(Debug, Clone, PartialEq)]
struct Input {
    name: String,
    component: Option<usize>,
    position: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Constraint {
    /// Reads a constraint.
    ///
    /// # Errors
    /// A description of the mistake in the text, and the character where it is.
    pub fn parse(text: &str) -> Result<Self, ConstraintError> {
        parser::parse(text)
    }

    /// The factors in order of appearance, each once, with the component of a vector: `("c", Some(0))` for `c[0]`.
    pub fn names(&self) -> impl Iterator<Item = (&str, Option<usize>)> {
        self.inputs.iter().map(|input| (input.name.as_str(), input.component))
    }

    /// Checks that every name is a factor that can be compared; `shape_of` returns the kind of values that a name stands for,
    /// if any.
    ///
    /// # Errors
    /// The problem of the first name that isn't.
    pub fn check(&self, shape_of: impl Fn(&str) -> Option<NameShape>) -> Result<(), ConstraintError> {
        self.inputs.iter().try_for_each(|input| {
            let problem = problem::of_input(&input.name, input.component, shape_of(&input.name));
            problem.map_or(Ok(()), |problem| Err(ConstraintError { position: input.position, problem }))
        })
    }

    /// Binds the constraint to the columns of a table; `column_of` returns the place of a name's values. `None` if a name has
    /// no column.
    pub fn bind(&self, column_of: impl Fn(&str, Option<usize>) -> Option<usize>) -> Option<BoundConstraint> {
        let columns: Option<Vec<usize>> = self.names().map(|(name, component)| column_of(name, component)).collect();
        Some(BoundConstraint { columns: columns?, sums: self.sums.clone(), orders: self.orders.clone() })
    }
}

impl BoundConstraint {
    /// Whether a row keeps the constraint.
    ///
    /// # Panics
    /// If the row lacks a column that the constraint was bound to.
    #[must_use]
    pub fn holds(&self, row: &[f64]) -> bool {
        let value_of = |input: usize| row[self.columns[input]];
        let mut last = self.sums[0].value(value_of);
        self.sums[1..].iter().zip(&self.orders).all(|(sum, order)| {
            let left = std::mem::replace(&mut last, sum.value(value_of));
            order.holds(&left, &last)
        })
    }
}

impl Order {
    fn holds(self, left: &SumValue, right: &SumValue) -> bool {
        let equal = left.is_as_good_as(right);
        match self {
            Self::Less => left.value < right.value && !equal,
            Self::LessOrEqual => left.value < right.value || equal,
            Self::Greater => left.value > right.value && !equal,
            Self::GreaterOrEqual => left.value > right.value || equal,
        }
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for Constraint {
    type Error = ConstraintError;

    fn try_from(text: String) -> Result<Self, ConstraintError> {
        Self::parse(&text)
    }
}

impl From<Constraint> for String {
    fn from(constraint: Constraint) -> Self {
        constraint.text
    }
}

#[cfg(test)]
mod tests;
