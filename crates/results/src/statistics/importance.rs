//! How much of a response's variance each factor explains by itself.
//!
//! From any design: a factor is divided into classes, and the variance of the response's means over the classes is
//! compared with that of the response. That is the correlation ratio, an estimate of the first-order sensitivity index
//! from given data: Plischke, Borgonovo and Smith (2013), *Global sensitivity measures from given data*, European
//! Journal of Operational Research 226:536–550.

use super::centred::CentredValues;
use super::{ColumnRanking, float, selected};

/// The most classes that a factor is divided into.
const MOST_CLASSES: usize = 100;

/// The fewest pairs that variance is divided by.
const FEWEST: usize = 6;

/// The fewest pairs a class, on average, of a share that is told.
const MIN_TOLD_A_CLASS: usize = 3;

/// The largest noise limit of a share that is told: a factor without influence then explains less than a quarter of the variance in
/// 95 % of all studies.
const MAX_TOLD_NOISE: f64 = 0.25;

/// What a normal distribution exceeds by this many standard deviations in 5 % of all cases.
const DEVIATIONS: f64 = 1.644_853_626_951_472_7;

/// A factor's column.
#[derive(Debug, Clone, Copy)]
pub enum FactorColumn<'a> {
    /// Numbers that have an order: divided into classes of equally many cases. Equal numbers stay together.
    Numbers(&'a [f64]),
    /// Codes of categories: each is a class.
    Categories(&'a [f64]),
}

/// How a ranking's values are divided into classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClassDivision {
    /// Classes of equally many cases, as far as equal values, which stay together, allow.
    EqualCounts,
    /// A class a value.
    EachValue,
}

/// What a factor explains.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FactorImportance {
    /// None if there are fewer than six pairs or two a class, if all are in one class, or if the response is constant.
    pub share: Option<VarianceShare>,
    /// How many classes the factor was divided into.
    pub classes: usize,
    /// How many rows have both values.
    pub pairs: usize,
    /// How many rows lack one.
    pub left_out: usize,
    /// How many pairs it takes for a share that is told.
    pub needed_pairs: usize,
}

impl FactorImportance {
    /// The share, if there are enough pairs for it to say something.
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
    /// What a factor without influence stays below in 95 % of all studies.
    pub noise_limit: f64,
}

impl VarianceShare {
    /// Whether it is more than what chance would do in 5 % of all studies.
    #[must_use]
    pub fn stands_out(&self) -> bool {
        self.value > self.noise_limit
    }
}

/// What each factor explains of a response's variance, at these rows.
///
/// Each by the rows that have both values. Takes a time proportional to factors times rows.
#[must_use]
pub fn importances(factors: &[FactorColumn], response: &[f64], rows: &[u32]) -> Vec<FactorImportance> {
    let response = selected(response, rows);
    let importance = |factor: &FactorColumn| match factor {
        FactorColumn::Numbers(column) => {
            importance(&ColumnRanking::of(column, rows), ClassDivision::EqualCounts, &response)
        }
        FactorColumn::Categories(column) => {
            importance(&ColumnRanking::of(column, rows), ClassDivision::EachValue, &response)
        }
    };
    factors.iter().map(importance).collect()
}

/// What a factor that is in order explains of the response's variance: `response` has a value a row of the ranking, as
/// [`ColumnRanking::values`] gives them.
#[must_use]
pub fn importance(factor: &ColumnRanking, division: ClassDivision, response: &[f64]) -> FactorImportance {
    let places = factor.paired(response);
    let pairs = places.len();
    let most_classes = match division {
        ClassDivision::EqualCounts => class_count(pairs),
        ClassDivision::EachValue => pairs,
    };
    let ends = class_ends(factor.ties(&places).map(<[u32]>::len), pairs, most_classes);
    let classes = ends.len();
    let share = if pairs < FEWEST || classes < 2 || pairs < 2 * classes {
        None
    } else {
        let ordered = places.iter().map(|place| response[*place as usize]).collect();
        CentredValues::of(ordered).map(|centred| VarianceShare::new(explained(&centred, &ends), classes, pairs))
    };
    let classes_of = |pairs: usize| match division {
        ClassDivision::EqualCounts if classes == most_classes => class_count(pairs),
        // All that the factor's values allow.
        _ => classes,
    };
    let left_out = factor.rows().max(response.len()) - pairs;
    FactorImportance { share, classes, pairs, left_out, needed_pairs: needed_pairs(pairs, classes_of) }
}

/// How many pairs it takes for a share to be told, if so many pairs have so many classes: these, if they are enough.
fn needed_pairs(pairs: usize, classes_of: impl Fn(usize) -> usize) -> usize {
    let is_enough = |pairs: &usize| {
        let classes = classes_of(*pairs).max(2);
        *pairs >= MIN_TOLD_A_CLASS * classes && VarianceShare::new(0.0, classes, *pairs).noise_limit <= MAX_TOLD_NOISE
    };
    // Four a class are always enough where classes are many, and far fewer than a hundred where they are few.
    let (start, end) = (pairs.max(FEWEST), 4 * pairs + 100);
    (start..end).find(is_enough).unwrap_or(end)
}

/// How many classes so many pairs are divided into: the floor of three times the third root, and three pairs a class.
///
/// These are more than Plischke et al. take: what chance adds is subtracted here, while what differs within a class is
/// lost for good.
fn class_count(pairs: usize) -> usize {
    let fits = |count: &usize| 3 * count <= pairs && (count * count * count).div_ceil(27) <= pairs;
    (1..=MOST_CLASSES).take_while(fits).last().unwrap_or(1)
}

/// Where classes end, from the sizes of what stays together.
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

/// The share of the sum of squares that is between the classes: the square of the correlation ratio.
fn explained(response: &CentredValues, ends: &[usize]) -> f64 {
    let mut start = 0;
    let mut between = 0.0;
    for end in ends {
        let class = &response.deviations[start..*end];
        let sum: f64 = class.iter().sum();
        between += sum * sum / float(class.len());
        start = *end;
    }
    between / response.squares
}

impl VarianceShare {
    /// What chance explains on average, (classes - 1) / (pairs - 1), is subtracted such that 1 stays 1: epsilon squared,
    /// by Kelley (1935), *An unbiased correlation ratio measure*, Proceedings of the National Academy of Sciences
    /// 21:554–559. It is also the adjusted coefficient of determination of a model with a mean a class.
    fn new(explained: f64, classes: usize, pairs: usize) -> Self {
        let (between, within) = (float(classes - 1), float(pairs - classes));
        let corrected = |share: f64| 1.0 - (1.0 - share) * (between + within) / within;
        let ratio = between * chance_ratio(between, within);
        Self { value: corrected(explained).clamp(0.0, 1.0), noise_limit: corrected(ratio / (ratio + within)).min(1.0) }
    }
}

/// What F, with these degrees of freedom, exceeds in 5 % of all cases: of a response that is normally distributed, and
/// nearly so of others.
///
/// By the approximation of Paulson (1942), *An approximate normalization of the analysis of variance distribution*, The
/// Annals of Mathematical Statistics 13:233–235, after Wilson and Hilferty: the third roots of both mean squares are
/// nearly normally distributed. Within 6 % if `within` is 3 or more, within 0.5 % from 10 on.
fn chance_ratio(between: f64, within: f64) -> f64 {
    let (first, second) = (2.0 / (9.0 * between), 2.0 / (9.0 * within));
    let square = DEVIATIONS * DEVIATIONS;
    let (above, below) = (1.0 - first, 1.0 - second);
    let spread = (below * below * first + above * above * second - square * first * second).sqrt();
    let root = (above * below + DEVIATIONS * spread) / (below * below - square * second);
    root * root * root
}

#[cfg(test)]
mod tests {
    use std::f64::consts::{PI, TAU};

    use proptest::prelude::*;

    use super::super::checks::{all, assert_close, numbers, pairs};
    use super::*;

    fn shares(factors: &[Vec<f64>], response: &[f64]) -> Vec<VarianceShare> {
        let factors: Vec<FactorColumn> = factors.iter().map(|column| FactorColumn::Numbers(column)).collect();
        let found = importances(&factors, response, &all(response.len()));
        found.into_iter().map(|importance| importance.share.unwrap()).collect()
    }

    fn columns(count: usize) -> Vec<Vec<f64>> {
        (1..4).map(|seed| numbers(seed, count)).collect()
    }

    fn response(columns: &[Vec<f64>], model: impl Fn(f64, f64, f64) -> f64) -> Vec<f64> {
        (0..columns[0].len()).map(|row| model(columns[0][row], columns[1][row], columns[2][row])).collect()
    }

    #[track_caller]
    fn check(found: &[VarianceShare], expected: [f64; 3], tolerance: f64) {
        for (share, expected) in found.iter().zip(expected) {
            assert!((share.value - expected).abs() < tolerance, "{found:?}");
            assert_eq!(share.stands_out(), expected > 0.0, "{found:?}");
        }
    }

    #[test]
    fn a_linear_model_is_shared_by_the_squares_of_its_coefficients() {
        for (count, tolerance) in [(300, 0.06), (3_000, 0.02), (100_000, 0.004)] {
            let factors = columns(count);
            let sum = response(&factors, |first, second, third| 3.0 * first + 2.0 * second + third);
            check(&shares(&factors, &sum), [9.0 / 14.0, 4.0 / 14.0, 1.0 / 14.0], tolerance);
        }
    }

    /// S1 = 0.3139, S2 = 0.4424 and S3 = 0: Ishigami and Homma (1990), with a = 7 and b = 0.1.
    #[test]
    fn the_function_of_ishigami_has_its_known_shares() {
        for (count, tolerance) in [(1_000, 0.05), (10_000, 0.015), (100_000, 0.005)] {
            let factors = columns(count);
            let angle = |number: f64| number * TAU - PI;
            let ishigami = response(&factors, |first, second, third| {
                let bent = 1.0 + 0.1 * angle(third).powi(4);
                bent * angle(first).sin() + 7.0 * angle(second).sin().powi(2)
            });
            check(&shares(&factors, &ishigami), [0.3139, 0.4424, 0.0], tolerance);
        }
    }

    #[test]
    fn noise_explains_nothing_on_average_and_exceeds_its_limit_in_five_of_a_hundred_studies() {
        for (count, division) in
            [(30, ClassDivision::EqualCounts), (30, ClassDivision::EachValue), (400, ClassDivision::EqualCounts)]
        {
            let (mut exceeded, mut total) = (0, 0.0);
            for study in 0..2_000 {
                let factor: Vec<f64> = match division {
                    ClassDivision::EqualCounts => numbers(2 * study, count),
                    ClassDivision::EachValue => numbers(2 * study, count).iter().map(|x| (x * 3.0).floor()).collect(),
                };
                let ranking = ColumnRanking::of(&factor, &all(count));
                let share = importance(&ranking, division, &numbers(2 * study + 1, count)).share.unwrap();
                exceeded += u32::from(share.stands_out());
                total += share.value;
            }
            // Five standard deviations of what is counted here are 2.4 %.
            assert!((52..148).contains(&exceeded), "{count} {division:?}: {exceeded}");
            assert!(total / 2_000.0 < 0.07, "{count} {division:?}: {total}");
        }
    }

    /// `[scipy.stats.f.ppf(0.95, between, within) for between, within in ...]`.
    #[test]
    fn the_noise_limit_follows_the_f_distribution() {
        for (between, within, expected) in [
            (1.0, 3.0, 10.127_964_486),
            (1.0, 4.0, 7.708_647_422),
            (2.0, 3.0, 9.552_094_496),
            (2.0, 10.0, 4.102_821_015),
            (5.0, 30.0, 2.533_554_548),
            (29.0, 970.0, 1.479_238_028),
            (99.0, 99_900.0, 1.244_862_559),
        ] {
            assert_close(chance_ratio(between, within), expected, if within < 10.0 { 0.06 } else { 0.005 });
        }
    }

    /// By hand: the means are 2, 5 and 8, the sum of squares between is 54, within 6, and 1 - (6 / 6) / (60 / 8) = 13 / 15.
    #[test]
    fn categories_are_classes() {
        let codes = [7.0, 0.0, 3.0, 7.0, 0.0, 3.0, 7.0, 0.0, 3.0, f64::NAN, 3.0];
        let response = [1.0, 4.0, 7.0, 2.0, 5.0, 8.0, 3.0, 6.0, 9.0, 100.0, f64::NAN];
        let found = importances(&[FactorColumn::Categories(&codes)], &response, &all(11))[0];
        assert_eq!((found.classes, found.pairs, found.left_out), (3, 9, 2));
        assert_close(found.share.unwrap().value, 13.0 / 15.0, 1e-14);
    }

    #[test]
    fn a_number_with_few_values_has_a_class_each() {
        let factor: Vec<f64> = numbers(8, 1_000).iter().map(|x| (x * 5.0).floor()).collect();
        let square: Vec<f64> = factor.iter().map(|x| (x - 2.0) * (x - 2.0)).collect();
        let found = importances(&[FactorColumn::Numbers(&factor)], &square, &all(1_000))[0];
        assert_eq!(found.classes, 5);
        assert_close(found.share.unwrap().value, 1.0, 1e-12);
    }

    #[test]
    fn classes_are_of_equal_counts_as_far_as_equal_values_allow() {
        assert_eq!(class_ends([1; 10].into_iter(), 10, 3), [4, 7, 10]);
        assert_eq!(class_ends([5, 1, 1, 3].into_iter(), 10, 5), [5, 6, 10]);
        assert_eq!(class_ends([9, 1].into_iter(), 10, 10), [9, 10]);
        assert_eq!(class_ends([].into_iter(), 0, 1), [0; 0]);
        for (pairs, classes) in [(0, 1), (5, 1), (6, 2), (27, 9), (100, 13), (1_000, 30), (100_000, 100)] {
            assert_eq!(class_count(pairs), classes, "{pairs} pairs");
        }
    }

    #[test]
    fn what_cannot_be_divided_has_no_share() {
        let (steps, constant) = (numbers(1, 30), vec![0.1; 30]);
        for (factor, response) in [
            (FactorColumn::Numbers(&steps), &constant[..]),
            (FactorColumn::Numbers(&constant), &steps),
            (FactorColumn::Categories(&steps), &steps),
            (FactorColumn::Numbers(&steps[..5]), &steps),
            (FactorColumn::Numbers(&[]), &steps),
        ] {
            assert_eq!(importances(&[factor], response, &all(30))[0].share, None, "{factor:?}");
        }
        assert_eq!(importances(&[FactorColumn::Numbers(&steps)], &steps, &[])[0].share, None);
    }

    #[test]
    fn a_share_is_told_once_chance_stays_below_a_quarter() {
        let of = |count: usize, levels: usize| {
            let factor: Vec<f64> = (0..count).map(|row| float(row % levels)).collect();
            importances(&[FactorColumn::Numbers(&factor)], &numbers(2, count), &all(count))[0]
        };
        for (levels, needed) in [(1_000, 34), (2, 13), (3, 18)] {
            let few = of(13, levels);
            assert!(few.share.is_some());
            assert_eq!(few.needed_pairs, needed, "{levels}");
            assert_eq!(few.told(), few.share.filter(|_| needed <= 13));
            let enough = of(needed, levels);
            assert!(!enough.has_too_few() && enough.told().unwrap().noise_limit <= MAX_TOLD_NOISE, "{enough:?}");
        }
        // A class a case says nothing, however many there are.
        let each: Vec<f64> = (0..40).map(f64::from).collect();
        let found = importances(&[FactorColumn::Categories(&each)], &numbers(2, 40), &all(40))[0];
        assert!(found.has_too_few() && found.needed_pairs >= 3 * 40, "{found:?}");
    }

    #[test]
    fn a_small_spread_around_a_large_value_is_seen() {
        let factors = columns(3_000);
        let sum = response(&factors, |first, second, third| 1e9 + (3.0 * first + 2.0 * second + third) * 1e-3);
        check(&shares(&factors, &sum), [9.0 / 14.0, 4.0 / 14.0, 1.0 / 14.0], 0.02);
    }

    proptest! {
        #[test]
        fn order_origin_and_units_do_not_matter(pairs in pairs(), turn in 0..60_usize, scale in 0.1..10.0_f64) {
            let (x, y): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
            let (bent, scaled): (Vec<f64>, Vec<f64>) = pairs.iter().map(|(x, y)| ((x / 20.0).exp(), 7.0 - scale * y)).unzip();
            let mut rows = all(x.len());
            rows.rotate_left(turn.min(x.len()));
            let found = importances(&[FactorColumn::Numbers(&x), FactorColumn::Categories(&x)], &y, &all(x.len()));
            let other = importances(&[FactorColumn::Numbers(&bent), FactorColumn::Categories(&bent)], &scaled, &rows);
            for (found, other) in found.iter().zip(&other) {
                prop_assert_eq!((found.classes, found.pairs, found.left_out), (other.classes, other.pairs, other.left_out));
                prop_assert_eq!(found.share.is_some(), other.share.is_some());
                if let (Some(found), Some(other)) = (found.share, other.share) {
                    prop_assert!((found.value - other.value).abs() < 1e-9);
                    prop_assert!((0.0..=1.0).contains(&found.value) && found.noise_limit > 0.0);
                }
            }
        }
    }
}
