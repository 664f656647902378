//! Correlation between two columns, by the rows that have a value in both.

use super::centred::CentredValues;
use super::{ColumnRanking, float, selected};

/// Minimum number of pairs for a correlation.
const MIN_PAIRS: usize = 3;

/// Minimum number of pairs for a coefficient to be told: with as many, the coefficient of unrelated columns is within ±0.5 in
/// 19 of 20 samples; with 15 it is stronger more often.
///
/// Follows from Fisher's z, whose variance is 1 / (pairs - 3) there, for Pearson's coefficient and for Spearman's:
/// `tanh(1.96 / √13)` is 0.496. [`pearson`] and [`spearman`] name the sources.
pub const MIN_TOLD_PAIRS: usize = 16;

/// Number of standard deviations to either side that contain 95 % of a normal distribution.
const DEVIATIONS: f64 = 1.959_963_984_540_054;

/// Correlation between two columns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ColumnCorrelation {
    /// From -1 to 1; `None` if there are fewer than three pairs, or if all values of a column are the same in them.
    pub value: Option<f64>,
    /// The interval that contains the coefficient with a probability of 95 %, from and to, should the rows be a random sample:
    /// an approximation; `None` if there are fewer than four pairs.
    pub interval: Option<(f64, f64)>,
    /// Number of rows that have both values.
    pub pairs: usize,
    /// Number of rows that lack one.
    pub left_out: usize,
}

/// The kind of coefficient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CorrelationCoefficient {
    /// Compares the values: measures how close they are to a straight line.
    Pearson,
    /// Compares their ranks, the average one for equal values: measures how close they are to any line that only rises or only
    /// falls.
    Spearman,
}

/// Returns the correlation of each factor with a response, at these rows.
///
/// Each factor is compared by the rows that have both values. Takes a time proportional to factors times rows; the response is
/// read and put in order once for all of them.
#[must_use]
pub fn correlations(
    coefficient: CorrelationCoefficient,
    factors: &[&[f64]],
    response: &[f64],
    rows: &[u32],
) -> Vec<ColumnCorrelation> {
    match coefficient {
        CorrelationCoefficient::Pearson => {
            let response = selected(response, rows);
            factors.iter().map(|factor| pearson_of(&selected(factor, rows), &response)).collect()
        }
        CorrelationCoefficient::Spearman => {
            let response = ColumnRanking::of(response, rows);
            factors.iter().map(|factor| spearman(&ColumnRanking::of(factor, rows), &response)).collect()
        }
    }
}

/// Returns Pearson's coefficient of two columns, at these rows.
///
/// The interval is Fisher's: Fisher (1921), *On the "probable error" of a coefficient of correlation deduced from a
/// small sample*, Metron 1:3–32. It supposes that both columns are normally distributed.
///
/// # Examples
/// ```
/// let (width, load) = ([1.0, 2.0, 3.0, f64::NAN], [2.1, 3.9, 6.2, 8.0]);
/// let found = cruncher_analysis::correlation::pearson(&width, &load, &[0, 1, 2, 3]);
/// assert!(found.value.is_some_and(|value| value > 0.99));
/// assert_eq!((found.pairs, found.left_out), (3, 1));
/// ```
#[must_use]
pub fn pearson(first: &[f64], second: &[f64], rows: &[u32]) -> ColumnCorrelation {
    pearson_of(&selected(first, rows), &selected(second, rows))
}

fn pearson_of(first: &[f64], second: &[f64]) -> ColumnCorrelation {
    let rows = first.len();
    let is_pair = |(first, second): &(f64, f64)| !first.is_nan() && !second.is_nan();
    let both = || first.iter().copied().zip(second.iter().copied()).filter(is_pair);
    let pairs = both().count();
    // Vectors of the exact length: there may be a million pairs, and vectors that grow take twice as much.
    let exactly = |values: &mut dyn Iterator<Item = f64>| {
        let mut exact = Vec::with_capacity(pairs);
        exact.extend(values);
        exact
    };
    let (first, second) = (exactly(&mut both().map(|pair| pair.0)), exactly(&mut both().map(|pair| pair.1)));
    let value = if pairs < MIN_PAIRS { None } else { coefficient(first, second) };
    ColumnCorrelation::new(value, |_| 1.0, pairs, rows)
}

fn coefficient(first: Vec<f64>, second: Vec<f64>) -> Option<f64> {
    Some(CentredValues::of(first)?.correlation(&CentredValues::of(second)?))
}

/// Returns Spearman's coefficient of two columns that are in order, of the same rows.
///
/// The interval is that of Bonett and Wright (2000), *Sample size requirements for estimating Pearson, Kendall and
/// Spearman correlations*, Psychometrika 65:23–28: Fisher's, wider by the root of 1 + ρ²/2.
#[must_use]
pub fn spearman(first: &ColumnRanking, second: &ColumnRanking) -> ColumnCorrelation {
    let (ordered, others) = (first.paired(second.values()), second.paired(first.values()));
    let pairs = ordered.len();
    let value = if pairs < MIN_PAIRS { None } else { rank_coefficient((first, &ordered), (second, &others)) };
    ColumnCorrelation::new(value, |value| 1.0 + value * value / 2.0, pairs, first.rows().max(second.rows()))
}

/// Spearman's coefficient of two rankings, each with the places of the pairs in its order.
fn rank_coefficient(first: (&ColumnRanking, &[u32]), second: (&ColumnRanking, &[u32])) -> Option<f64> {
    let mut deviations = vec![0.0; second.0.rows()];
    let mut second_squares = 0.0;
    for (places, deviation) in rank_deviations(second.0, second.1) {
        second_squares += float(places.len()) * deviation * deviation;
        for place in places {
            deviations[*place as usize] = deviation;
        }
    }
    let (mut first_squares, mut products) = (0.0, 0.0);
    for (places, deviation) in rank_deviations(first.0, first.1) {
        first_squares += float(places.len()) * deviation * deviation;
        products += deviation * places.iter().map(|place| deviations[*place as usize]).sum::<f64>();
    }
    let squares: f64 = first_squares * second_squares;
    (squares > 0.0).then(|| products / squares.sqrt())
}

/// Returns the places of equal values, and twice the difference between their average rank and the mean of all: a whole number.
fn rank_deviations<'a>(ranking: &'a ColumnRanking<'_>, places: &'a [u32]) -> impl Iterator<Item = (&'a [u32], f64)> {
    let all = float(places.len());
    ranking.ties(places).scan(0, move |below, tie| {
        let until = *below + tie.len();
        let deviation = float(std::mem::replace(below, until)) + float(until) - all;
        Some((tie, deviation))
    })
}

impl ColumnCorrelation {
    /// Returns the value, if there are enough pairs for it to say something: [`MIN_TOLD_PAIRS`].
    #[must_use]
    pub fn told(&self) -> Option<f64> {
        self.value.filter(|_| self.pairs >= MIN_TOLD_PAIRS)
    }

    /// `variance` is the variance of Fisher's z for this coefficient, times the number of pairs less 3.
    fn new(value: Option<f64>, variance: impl Fn(f64) -> f64, pairs: usize, rows: usize) -> Self {
        let value = value.map(|value| value.clamp(-1.0, 1.0));
        let interval = value.filter(|_| pairs > 3).map(|value| {
            let half = DEVIATIONS * (variance(value) / float(pairs - 3)).sqrt();
            ((value.atanh() - half).tanh(), (value.atanh() + half).tanh())
        });
        Self { value, interval, pairs, left_out: rows - pairs }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::centred::limits;
    use super::super::checks::{all, assert_close, numbers, pairs};
    use super::*;

    const NONE: f64 = f64::NAN;

    const X: [f64; 10] = [2.0, 7.5, NONE, 3.0, 3.0, -1.0, 9.0, 4.5, 6.0, 0.5];
    const Y: [f64; 10] = [1.0, 4.0, 2.0, 2.5, 1.0, NONE, 3.5, 4.0, 2.5, 0.0];

    fn of(coefficient: CorrelationCoefficient, first: &[f64], second: &[f64]) -> ColumnCorrelation {
        correlations(coefficient, &[first], second, &all(first.len().max(second.len())))[0]
    }

    #[track_caller]
    fn check(found: ColumnCorrelation, value: f64, interval: (f64, f64)) {
        assert_close(found.value.unwrap(), value, 1e-14);
        assert_close(found.interval.unwrap().0, interval.0, 1e-12);
        assert_close(found.interval.unwrap().1, interval.1, 1e-12);
    }

    /// `r = scipy.stats.pearsonr(x[k], y[k]); r.statistic, r.confidence_interval(0.95)`, where k are the pairs.
    #[test]
    fn pearson_is_that_of_scipy() {
        let found = of(CorrelationCoefficient::Pearson, &X, &Y);
        check(found, 0.816_848_364_583_955_3, (0.264_322_160_619_866_63, 0.965_670_689_928_226_6));
        assert_eq!((found.pairs, found.left_out), (8, 2));
        assert_eq!(pearson(&X, &Y, &all(10)), found);
    }

    /// `s = scipy.stats.spearmanr(x[k], y[k]).statistic`, where k are the pairs, and
    /// `d = scipy.stats.norm.ppf(0.975) * ((1 + s * s / 2) / (8 - 3)) ** 0.5; numpy.tanh(numpy.arctanh(s) + [-d, d])`.
    #[test]
    fn spearman_is_that_of_scipy_with_average_ranks_for_equal_values() {
        let found = of(CorrelationCoefficient::Spearman, &X, &Y);
        check(found, 0.817_133_935_478_805_9, (0.134_983_365_893_835_78, 0.973_772_643_352_942_8));
        assert_eq!((found.pairs, found.left_out), (8, 2));
    }

    /// With `SplitMix64` in Python: `scipy.stats.pearsonr(x, y).statistic, scipy.stats.spearmanr(x, y).statistic`.
    #[test]
    fn ten_thousand_pairs_have_the_coefficients_of_scipy() {
        let x = numbers(1, 10_000);
        let y: Vec<f64> = numbers(2, 10_000).iter().zip(&x).map(|(noise, x)| (x * x + noise) / 3.0).collect();
        assert_close(of(CorrelationCoefficient::Pearson, &x, &y).value.unwrap(), 0.695_226_998_314_821_8, 1e-12);
        assert_close(of(CorrelationCoefficient::Spearman, &x, &y).value.unwrap(), 0.680_061_258_668_612_6, 1e-12);
    }

    #[test]
    fn only_the_rows_that_count_are_compared() {
        let rows = [9, 3, 1, 0];
        let picked = |column: [f64; 10]| rows.map(|row| column[row as usize]);
        for coefficient in [CorrelationCoefficient::Pearson, CorrelationCoefficient::Spearman] {
            let expected = of(coefficient, &picked(X), &picked(Y));
            assert_eq!(correlations(coefficient, &[&X], &Y, &rows), [expected]);
            assert_eq!((expected.pairs, expected.left_out), (4, 0));
        }
    }

    #[test]
    fn too_few_pairs_and_constant_columns_have_none() {
        for coefficient in [CorrelationCoefficient::Pearson, CorrelationCoefficient::Spearman] {
            for (first, second, pairs) in [
                (vec![1.0, 2.0, NONE, 5.0], vec![1.0, 4.0, 3.0, NONE], 2),
                (vec![0.1; 4], vec![1.0, 4.0, 3.0, 2.0], 4),
                (vec![1.0, 4.0, 3.0, 2.0], vec![0.1; 4], 4),
                // The column isn't constant, but the pairs' values are.
                (vec![1.0, 4.0, 3.0, 2.0], vec![0.1, 0.1, NONE, 0.1], 3),
                (vec![1.0, f64::INFINITY, 3.0], vec![1.0, 2.0, 3.0], 2),
                (vec![], vec![], 0),
            ] {
                let found = of(coefficient, &first, &second);
                let left_out = first.len() - pairs;
                assert_eq!(
                    found,
                    ColumnCorrelation { value: None, interval: None, pairs, left_out },
                    "{first:?} {second:?}"
                );
            }
        }
    }

    /// Permutations of few ranks are often in order by chance: one in three permutations of 3 is, rising or falling.
    #[test]
    fn a_coefficient_is_told_once_chance_keeps_it_within_a_half() {
        let tie = |count: usize| -> ColumnCorrelation {
            let x = numbers(5, count);
            of(CorrelationCoefficient::Spearman, &x, &x)
        };
        assert_eq!([3, 13, 15].map(|count| tie(count).told()), [None; 3]);
        assert_eq!(tie(16).told(), Some(1.0));
        let reach = |pairs| ColumnCorrelation::new(Some(0.0), |_| 1.0, pairs, pairs).interval.unwrap().1;
        assert!(reach(MIN_TOLD_PAIRS) <= 0.5 && reach(MIN_TOLD_PAIRS - 1) > 0.5);
    }

    #[test]
    fn three_pairs_have_a_correlation_but_no_interval() {
        let found = of(CorrelationCoefficient::Pearson, &[1.0, 2.0, 3.0], &[1.0, 3.0, 2.0]);
        assert_eq!((found.value, found.interval), (Some(0.5), None));
    }

    #[test]
    fn what_depends_entirely_is_one_exactly() {
        let x = numbers(3, 1000);
        let falling: Vec<f64> = x.iter().map(|x| -x).collect();
        for coefficient in [CorrelationCoefficient::Pearson, CorrelationCoefficient::Spearman] {
            assert_eq!(of(coefficient, &x, &x).value, Some(1.0));
            assert_eq!(of(coefficient, &x, &x).interval, Some((1.0, 1.0)));
            assert_eq!(of(coefficient, &x, &falling).value, Some(-1.0));
        }
    }

    #[test]
    fn a_small_spread_around_a_large_value_is_seen() {
        let x: Vec<f64> = numbers(4, 1000).iter().map(|x| 1e9 + (x * 1024.0).round() / 1024.0).collect();
        let y: Vec<f64> = x.iter().map(|x| 5e8 - (x - 1e9) / 2.0).collect();
        assert_close(of(CorrelationCoefficient::Pearson, &x, &y).value.unwrap(), -1.0, 1e-13);
    }

    #[test]
    fn a_column_that_jumps_far_does_not_spoil_pairs_elsewhere() {
        let mut x: Vec<f64> = numbers(5, 2000);
        let mut y: Vec<f64> = x.iter().map(|x| 2.0 * x).collect();
        x[1000..].fill(1e12);
        y[1000..].fill(NONE);
        assert_close(of(CorrelationCoefficient::Pearson, &x, &y).value.unwrap(), 1.0, 1e-14);
    }

    fn close(first: ColumnCorrelation, second: ColumnCorrelation) -> bool {
        let near = match (first.value, second.value) {
            (Some(first), Some(second)) => (first - second).abs() < 1e-9,
            (first, second) => first == second,
        };
        near && (first.pairs, first.left_out) == (second.pairs, second.left_out)
    }

    proptest! {
        #[test]
        fn the_order_of_columns_and_rows_does_not_matter(pairs in pairs(), turn in 0..60_usize) {
            let (x, y): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
            let mut rows = all(x.len());
            rows.reverse();
            rows.rotate_left(turn.min(x.len()));
            for coefficient in [CorrelationCoefficient::Pearson, CorrelationCoefficient::Spearman] {
                let found = of(coefficient, &x, &y);
                prop_assert!(close(found, of(coefficient, &y, &x)));
                prop_assert!(close(found, correlations(coefficient, &[&x], &y, &rows)[0]));
                prop_assert!(found.value.is_none_or(|value| (-1.0..=1.0).contains(&value)));
                let inside = |(from, to): (f64, f64)| found.value.is_some_and(|value| from <= value && value <= to);
                prop_assert!(found.interval.is_none_or(inside));
            }
        }

        #[test]
        fn ranks_stay_under_what_only_rises(pairs in pairs()) {
            let (x, y): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
            let bent: Vec<f64> = x.iter().map(|x| (x / 20.0).exp()).collect();
            prop_assert_eq!(of(CorrelationCoefficient::Spearman, &x, &y), of(CorrelationCoefficient::Spearman, &bent, &y));
        }

        #[test]
        fn another_origin_and_unit_leave_the_value_alone(pairs in pairs(), shift in -1e4..1e4_f64, scale in 1e-3..1e3_f64) {
            let (x, y): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
            let moved: Vec<f64> = x.iter().map(|x| x * scale + shift).collect();
            // Two values that hardly differ may be the same afterwards.
            let finite: Vec<f64> = moved.iter().copied().filter(|x| !x.is_nan()).collect();
            let (least, most) = limits(&finite);
            prop_assume!(most - least > 1e-6);
            let (found, other) = (of(CorrelationCoefficient::Pearson, &x, &y), of(CorrelationCoefficient::Pearson, &moved, &y));
            let near = |value: f64| other.value.is_some_and(|other| (value - other).abs() < 1e-5);
            prop_assert!(found.value.is_none_or(near), "{found:?} {other:?}");
        }

        #[test]
        fn pearson_of_the_ranks_is_spearman(pairs in prop::collection::vec((0..9_u8, 0..9_u8), 3..40)) {
            let ranks = |values: Vec<u8>| -> Vec<f64> {
                let below = |limit: u8| values.iter().filter(|value| **value < limit).count();
                let rank = |value: &u8| float(below(*value) + below(*value + 1));
                values.iter().map(rank).collect()
            };
            let (x, y): (Vec<u8>, Vec<u8>) = pairs.into_iter().unzip();
            let floats = |values: &[u8]| values.iter().copied().map(f64::from).collect::<Vec<f64>>();
            let spearman = of(CorrelationCoefficient::Spearman, &floats(&x), &floats(&y));
            prop_assert!(close(spearman, of(CorrelationCoefficient::Pearson, &ranks(x), &ranks(y))));
        }
    }
}
