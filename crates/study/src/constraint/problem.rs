//! Mistakes in a constraint, in words for readers who never programmed.

use super::{MAX_CHARS, NameShape};

/// A constraint that can't be read, or doesn't fit the factors.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem} (at character {position})")]
pub struct ConstraintError {
    /// The number of the character in question, from 1; one more than there are, if something is missing at the end.
    pub position: usize,
    /// The mistake.
    pub problem: ConstraintProblem,
}

/// A mistake in a constraint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConstraintProblem {
    /// Nothing was typed.
    #[error("the constraint is empty: write one as in `a + b <= 1`")]
    Empty,
    /// More than [`MAX_CHARS`].
    #[error("a constraint has at most {MAX_CHARS} characters")]
    TooLong,
    /// Parentheses in parentheses in parentheses.
    #[error("there are too many parentheses inside one another")]
    TooDeep,
    /// A sum alone.
    #[error("nothing is compared here: a constraint needs <=, >=, < or >")]
    NothingCompared,
    /// Numbers only.
    #[error("no factor is named here, so the constraint says nothing about the cases")]
    NoFactor,
    /// `=` or `==`.
    #[error(
        "a constraint can't demand equality: a point that is drawn by chance never meets it. Leave that factor \
         out, and let the model compute it from the others"
    )]
    Equality,
    /// `!=`, `<>` or `≠`.
    #[error("a constraint can't say `not equal`: only <=, >=, < and > are possible")]
    Inequality,
    /// `=<` or `=>`.
    #[error("write `{right}` instead of `{wrong}`")]
    Turned {
        /// The operator that was typed.
        wrong: &'static str,
        /// The operator that was meant.
        right: &'static str,
    },
    /// A character without a meaning here.
    #[error("`{0}` has no meaning in a constraint")]
    Character(char),
    /// A number can't be read, as `1.2.3` or `1e`.
    #[error("`{0}` is not a number")]
    Number(String),
    /// A decimal comma.
    #[error("a comma has no meaning in a constraint: decimals have a point, as in `3.5`")]
    Comma,
    /// A number beyond floats.
    #[error("the number is too large")]
    TooLarge,
    /// Something else should stand here.
    #[error("{expected} is missing before `{found}`")]
    Missing {
        /// The words that should stand there.
        expected: &'static str,
        /// The word that stands there instead.
        found: String,
    },
    /// The text ends too early.
    #[error("{0} is missing at the end")]
    MissingAtEnd(&'static str),
    /// `2 a`.
    #[error("`+`, `-`, `*` or a comparison is missing before `{0}`: a product is written with its sign, as in `2 * a`")]
    NoOperator(String),
    /// `a < 1 and b < 2`.
    #[error("`{0}` can't connect two conditions: write each of them as a constraint of its own")]
    Conjunction(String),
    /// `sin(a)`.
    #[error("`{0}` followed by a parenthesis would be a function, and a constraint is a sum: functions are impossible")]
    Function(String),
    /// `a ** 2` or `a ^ 2`.
    #[error("powers are impossible: a constraint is a sum of factors, each times a number at most")]
    Power,
    /// `a * b`.
    #[error("two factors can't be multiplied: a constraint is a sum of factors, each times a number at most")]
    Product,
    /// `1 / a`.
    #[error("only a number can stand below a fraction, no factor")]
    Quotient,
    /// `a / 0`.
    #[error("this divides by zero")]
    DivisionByZero,
    /// `c[x]`.
    #[error("a component is given by its number, counted from 0, as in `{0}[0]`")]
    Component(String),
    /// A name that is no factor.
    #[error("there is no factor `{0}`")]
    UnknownFactor(String),
    /// A vector as a whole.
    #[error("`{0}` is a vector: say which component, as in `{0}[0]`")]
    WholeVector(String),
    /// A component of a scalar.
    #[error("`{0}` is a single number and has no components: write `{0}`")]
    NoVector(String),
    /// A component that the vector doesn't have.
    #[error("`{name}` has no component {component}: its {count} are counted from 0")]
    NoComponent {
        /// The vector.
        name: String,
        /// The component that was asked for.
        component: usize,
        /// Number of components that the vector has.
        count: usize,
    },
    /// A factor with other values than numbers.
    #[error("the values of `{0}` are no numbers, so they can't be compared")]
    NotANumber(String),
}

/// Returns the problem of a name that stands for `shape`, if it has one.
pub(super) fn of_input(name: &str, component: Option<usize>, shape: Option<NameShape>) -> Option<ConstraintProblem> {
    let name = name.to_owned();
    match (shape, component) {
        (None, _) => Some(ConstraintProblem::UnknownFactor(name)),
        (Some(NameShape::NotANumber), _) => Some(ConstraintProblem::NotANumber(name)),
        (Some(NameShape::Scalar), Some(_)) => Some(ConstraintProblem::NoVector(name)),
        (Some(NameShape::Vector(_)), None) => Some(ConstraintProblem::WholeVector(name)),
        (Some(NameShape::Vector(count)), Some(component)) if component >= count => {
            Some(ConstraintProblem::NoComponent { name, component, count })
        }
        (Some(NameShape::Scalar), None) | (Some(NameShape::Vector(_)), Some(_)) => None,
    }
}
