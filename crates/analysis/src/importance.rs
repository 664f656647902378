//! Share of a response's variance that each factor explains by itself.
//!
//! This is the first-order sensitivity index, estimated from given data of any design: Plischke, Borgonovo and Smith (2013),
//! *Global sensitivity measures from given data*, European Journal of Operational Research 226:536–550. The response's mean
//! along a factor is fitted, and the variance of the fit compared with that of the response. Plischke et al. take means of
//! classes, which takes many cases; here the fit is the simplest that the cases speak for ([`FactorFit`]), and each share has a
//! range.

mod fit;
mod range;

use super::centred::CentredValues;
use super::{ColumnRanking, selected};

pub use self::fit::FactorFit;
use self::fit::{ExplainedSquares, FEW_CLASSES, best, class_means, rank_polynomials, straight_line};
use self::range::share_range;

/// Maximum number of classes that a factor is divided into.
const MAX_CLASSES: usize = 100;

/// Minimum number of pairs for dividing variance.
const MIN_PAIRS: usize = 6;

/// Minimum number of pairs a class, on average, for a share to be told.
const MIN_TOLD_A_CLASS: usize = 3;

/// Minimum number of pairs for a share to be told, with two more a class: the share's range is then narrower than
/// [`MAX_TOLD_RANGE`], wherever it is.
///
/// For two classes, or a line, this follows from the variance of a squared coefficient, 4 share (1 - share)² / pairs, which is
/// largest at a share of 1/3: twice 1.645 standard deviations are 2.53 / √pairs there, and 0.5 from 26 pairs on.
const MIN_TOLD_PAIRS: usize = 22;

/// Maximum width of a range that says something: a share that may be anywhere in a wider one isn't told.
pub const MAX_TOLD_RANGE: f64 = 0.5;

/// Maximum sum of shares that may still be the 1 of independent factors, as far as rounding goes.
const MAX_WHOLE: f64 = 1.05;

/// A factor's column.
#[derive(Debug, Clone, Copy)]
pub enum FactorColumn<'a> {
    /// Numbers that have an order.
    Numbers(&'a [f64]),
    /// Codes of categories: each is a class.
    Categories(&'a [f64]),
}

/// The way in which a ranking's values are fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactorKind {
    /// Fitted by lines, or by means of classes of equally many cases, as far as equal values, which stay together, allow.
    Ordered,
    /// Fitted by a mean a value.
    Categorical,
}

/// Share of the variance that a factor explains, and the pairs that it was computed from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FactorImportance {
    /// `None` if there are fewer than six pairs or two a class, if all are in one class, or if the response is constant.
    pub share: Option<VarianceShare>,
    /// Number of rows that have both values.
    pub pairs: usize,
    /// Number of rows that lack one.
    pub left_out: usize,
    /// Minimum number of pairs for the share to be told.
    pub needed_pairs: usize,
}

impl FactorImportance {
    /// Returns the share, if there are enough pairs for it to say something.
    #[must_use]
    pub fn told(&self) -> Option<VarianceShare> {
        self.share.filter(|_| !self.has_too_few())
    }

    /// Whether there are too few pairs for a share.
    #[must_use]
    pub const fn has_too_few(&self) -> bool {
        self.pairs < self.needed_pairs
    }
}

/// A share of the response's variance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VarianceShare {
    /// From 0 to 1, less what a factor without influence would seem to explain on average.
    pub value: f64,
    /// The range that contains the share in 90 % of all studies, from and to.
    pub range: (f64, f64),
    /// The fit of the response's mean along the factor.
    pub fit: FactorFit,
}

impl VarianceShare {
    fn of(found: &ExplainedSquares) -> Self {
        let (value, (from, to)) = (found.adjusted(), share_range(found));
        Self { value, range: (from.min(value), to.max(value)), fit: found.fit }
    }

    /// Whether the share is more than chance would give in 5 % of all studies.
    #[must_use]
    pub fn stands_out(&self) -> bool {
        self.range.0 > 0.0
    }
}

/// The sum of shares, which is about 1 at most if factors don't depend on each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShareSum {
    /// It is 1 or less: the rest are factors together, and whatever no factor explains.
    Within,
    /// It is more than 1, as it may be by chance.
    AboveByChance,
    /// It is more than 1, and not by chance: factors depend on each other, and what they explain together is counted several
    /// times.
    Above,
}

impl ShareSum {
    /// Classifies the sum of these shares. Errors are taken for independent.
    #[must_use]
    pub fn of(shares: &[VarianceShare]) -> Self {
        let sum: f64 = shares.iter().map(|share| share.value).sum();
        let error: f64 = shares.iter().map(|share| (share.value - share.range.0).powi(2)).sum();
        match sum {
            _ if sum <= MAX_WHOLE => Self::Within,
            _ if sum - error.sqrt() <= 1.0 => Self::AboveByChance,
            _ => Self::Above,
        }
    }
}

/// Returns the share of a response's variance that each factor explains, at these rows.
///
/// Each factor is compared by the rows that have both values. Takes a time proportional to factors times rows.
#[must_use]
pub fn importances(factors: &[FactorColumn], response: &[f64], rows: &[u32]) -> Vec<FactorImportance> {
    let response = selected(response, rows);
    let importance = |factor: &FactorColumn| match factor {
        FactorColumn::Numbers(column) => importance(&ColumnRanking::of(column, rows), FactorKind::Ordered, &response),
        FactorColumn::Categories(column) => {
            importance(&ColumnRanking::of(column, rows), FactorKind::Categorical, &response)
        }
    };
    factors.iter().map(importance).collect()
}

/// Returns the share of the response's variance that a factor in order explains: `response` has a value a row of the ranking,
/// as [`ColumnRanking::values`] gives them.
#[must_use]
pub fn importance(factor: &ColumnRanking, kind: FactorKind, response: &[f64]) -> FactorImportance {
    let places = factor.paired(response);
    let (pairs, left_out) = (places.len(), factor.rows().max(response.len()) - places.len());
    let sizes = || factor.ties(&places).map(<[u32]>::len);
    let most_classes = if kind == FactorKind::Ordered { class_count(pairs) } else { pairs };
    let ends = class_ends(sizes(), pairs, most_classes);
    let classes = ends.len();
    let needed_pairs = needed_pairs(if kind == FactorKind::Ordered { 2 } else { classes });
    let found = if pairs < MIN_PAIRS || classes < 2 || pairs < 2 * classes {
        None
    } else {
        let of = |values: &[f64]| places.iter().map(|place| values[*place as usize]).collect::<Vec<f64>>();
        CentredValues::of(of(response)).and_then(|response| {
            let means = class_means(&response, &ends);
            match kind {
                FactorKind::Categorical => Some(means),
                FactorKind::Ordered => {
                    let lines = straight_line(&response, of(factor.values())).into_iter();
                    let few = class_means(&response, &class_ends(sizes(), pairs, FEW_CLASSES.min(most_classes)));
                    best(lines.chain(rank_polynomials(&response, sizes())).chain([few, means]))
                }
            }
        })
    };
    FactorImportance { share: found.as_ref().map(VarianceShare::of), pairs, left_out, needed_pairs }
}

/// Minimum number of pairs for a share to be told, given the number of classes.
fn needed_pairs(classes: usize) -> usize {
    let classes = classes.max(2);
    (MIN_TOLD_A_CLASS * classes).max(MIN_TOLD_PAIRS + 2 * classes)
}

/// Number of classes that the pairs are divided into: the floor of three times the third root, with three pairs a class at
/// least.
///
/// These are more classes than Plischke et al. take: what chance adds is subtracted here, while differences within a class are
/// lost for good.
fn class_count(pairs: usize) -> usize {
    let fits = |count: &usize| 3 * count <= pairs && (count * count * count).div_ceil(27) <= pairs;
    (1..=MAX_CLASSES).take_while(fits).last().unwrap_or(1)
}

/// Places where classes end, from the sizes of groups that stay together.
fn class_ends(sizes: impl Iterator<Item = usize>, all: usize, most_classes: usize) -> Vec<usize> {
    let passed = |end: usize| end as u64 * most_classes as u64 / all as u64;
    let (mut ends, mut last, mut end) = (Vec::new(), 0, 0);
    for size in sizes {
        end += size;
        if passed(end) > last {
            last = passed(end);
            ends.push(end);
        }
    }
    ends
}

#[cfg(test)]
mod tests;
