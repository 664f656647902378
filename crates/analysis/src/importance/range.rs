//! Range of a share of the variance around its estimate.

use super::super::float;
use super::fit::ExplainedSquares;

/// Number of standard deviations that a normal distribution exceeds in 5 % of all cases.
const DEVIATIONS: f64 = 1.644_853_626_951_472_7;

/// Number of halvings of a range: to 1e-9.
const STEPS: usize = 30;

/// Returns the range that contains the share of the variance in 90 % of all studies, from and to.
///
/// If the response and what the factor is fitted by are normally distributed, the odds of the explained share, share / (1 -
/// share), are nearly distributed as F, times a number: Gurland (1968), *A relatively simple form of the distribution of the
/// multiple correlation coefficient*, Journal of the Royal Statistical Society B 30:276–283; such ranges are those of Helland
/// (1987), *On the interpretation and use of R² in regression analysis*, Biometrics 43:61–69. For the upper end, a share below
/// what chance explains on average counts as that: it isn't known any better than those of other factors without influence.
pub(super) fn share_range(found: &ExplainedSquares) -> (f64, f64) {
    let parameters = float(found.fit.parameters());
    let within = float(found.pairs) - 1.0 - parameters;
    let odds = found.share / (1.0 - found.share);
    if !odds.is_finite() {
        return (1.0, 1.0);
    }
    let limit = |odds: f64, deviations: f64| {
        let is_less = |share: f64| odds_limit(share, parameters, within, deviations) < odds;
        let (mut from, mut to) = (0.0, 1.0);
        for _ in 0..STEPS {
            let middle = f64::midpoint(from, to);
            if is_less(middle) { from = middle } else { to = middle }
        }
        if from > 0.0 { f64::midpoint(from, to) } else { 0.0 }
    };
    (limit(odds, DEVIATIONS), limit(odds.max(parameters / within), -DEVIATIONS))
}

/// Returns the odds of the explained share that are exceeded in 5 % of all studies (in 95 %, with negative deviations) if the
/// factor's share of the variance is `share`.
fn odds_limit(share: f64, parameters: f64, within: f64, deviations: f64) -> f64 {
    let (ratio, others) = (share / (1.0 - share), parameters + within);
    let mean = others * ratio + parameters;
    let freedom = mean * mean / (others * ratio * (ratio + 2.0) + parameters);
    mean / within * f_limit(freedom, within, deviations)
}

/// Returns the value that F, with these degrees of freedom, exceeds in 5 % of all cases; in 95 %, with negative deviations.
///
/// Uses the approximation of Paulson (1942), *An approximate normalization of the analysis of variance distribution*, The
/// Annals of Mathematical Statistics 13:233–235, after Wilson and Hilferty: the third roots of both mean squares are nearly
/// normally distributed. Exact within 6 % if `within` is 3 or more, within 0.5 % from 10 on.
fn f_limit(between: f64, within: f64, deviations: f64) -> f64 {
    let (first, second) = (2.0 / (9.0 * between), 2.0 / (9.0 * within));
    let square = deviations * deviations;
    let (above, below) = (1.0 - first, 1.0 - second);
    let spread = (below * below * first + above * above * second - square * first * second).sqrt();
    let root = (above * below + deviations * spread) / (below * below - square * second);
    root.max(0.0).powi(3)
}

#[cfg(test)]
mod tests {
    use super::super::super::checks::assert_close;
    use super::super::fit::FactorFit;
    use super::*;

    fn range(share: f64, parameters: usize, pairs: usize) -> (f64, f64) {
        share_range(&ExplainedSquares { fit: FactorFit::RankPolynomial(parameters), share, pairs })
    }

    /// `[scipy.stats.f.ppf(0.95, between, within) for between, within in ...]`.
    #[test]
    fn limits_follow_the_f_distribution() {
        for (between, within, expected) in [
            (1.0, 3.0, 10.127_964_486),
            (1.0, 4.0, 7.708_647_422),
            (2.0, 3.0, 9.552_094_496),
            (2.0, 10.0, 4.102_821_015),
            (5.0, 30.0, 2.533_554_548),
            (29.0, 970.0, 1.479_238_028),
            (99.0, 99_900.0, 1.244_862_559),
        ] {
            let tolerance = if within < 10.0 { 0.06 } else { 0.005 };
            assert_close(f_limit(between, within, DEVIATIONS), expected, tolerance);
            // With the degrees of freedom exchanged it is the reciprocal.
            if between > 1.0 && within >= 10.0 {
                assert_close(f_limit(within, between, -DEVIATIONS), 1.0 / expected, 0.03);
            }
        }
    }

    /// With one parameter the share is the square of a coefficient, whose range is Fisher's:
    /// `tanh(atanh(√share) ± 1.645 / √(pairs - 3))²`.
    #[test]
    fn of_one_parameter_it_is_nearly_the_range_of_fisher() {
        for (share, pairs) in [(0.3_f64, 40), (0.6, 40), (0.1, 400), (0.9, 100)] {
            let fisher =
                |sign: f64| (share.sqrt().atanh() + sign * DEVIATIONS / float(pairs - 3).sqrt()).tanh().powi(2);
            let (from, to) = range(share, 1, pairs);
            let wide = fisher(1.0) - fisher(-1.0);
            assert!(
                (from - fisher(-1.0)).abs() < 0.1 * wide && (to - fisher(1.0)).abs() < 0.1 * wide,
                "{share}: {from} to {to}"
            );
        }
    }

    #[test]
    fn nothing_explained_leaves_room_for_what_chance_hides() {
        let (from, to) = range(0.0, 1, 40);
        assert!(from == 0.0 && (0.1..0.25).contains(&to), "{to}");
        assert_eq!(range(1.0, 1, 40), (1.0, 1.0));
        let (from, to) = range(0.5, 9, 100_000);
        assert!(from < 0.5 && to > 0.499 && to - from < 0.02, "{from} to {to}");
    }
}
