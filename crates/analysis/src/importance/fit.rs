//! Fits of a response along a factor, and the choice between them.

use super::super::centred::{CentredValues, product};
use super::super::float;

/// The highest degree of a polynomial in the ranks.
const MAX_DEGREE: usize = 3;

/// Number of classes that shows structure of a weak factor that no line shows; many classes would show only noise.
pub(super) const FEW_CLASSES: usize = 12;

/// Fit of a response's mean along a factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactorFit {
    /// A straight line in the factor's values, as Pearson's coefficient has it.
    StraightLine,
    /// A polynomial in the factor's ranks, of this degree.
    RankPolynomial(usize),
    /// A mean a class, with this number of classes.
    ClassMeans(usize),
}

/// A fit, and the share of the sum of squares that it explains, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ExplainedSquares {
    pub(super) fit: FactorFit,
    pub(super) share: f64,
    pub(super) pairs: usize,
}

impl FactorFit {
    /// Number of parameters besides the mean.
    #[must_use]
    pub const fn parameters(self) -> usize {
        match self {
            Self::StraightLine => 1,
            Self::RankPolynomial(degree) => degree,
            Self::ClassMeans(classes) => classes - 1,
        }
    }
}

impl ExplainedSquares {
    /// Returns the information criterion of Schwarz (1978), *Estimating the dimension of a model*, The Annals of Statistics
    /// 6:461–464. Lines have twice its penalty, since several are tried: with Schwarz's own, a tenth of all factors without
    /// influence would stand out of 30 cases. Classes beyond a few have the penalty of Akaike, since they only draw the same
    /// structure more precisely. The penalty is corrected for few cases after Hurvich and Tsai (1989), *Regression and time
    /// series model selection in small samples*, Biometrika 76:297–307.
    fn criterion(&self) -> f64 {
        let (pairs, parameters) = (float(self.pairs), float(self.fit.parameters()));
        let few = parameters.min(float(FEW_CLASSES - 1));
        let penalty = match self.fit {
            FactorFit::ClassMeans(_) => few * pairs.ln() + 2.0 * (parameters - few),
            FactorFit::StraightLine | FactorFit::RankPolynomial(_) => 2.0 * parameters * pairs.ln(),
        };
        let correction = pairs / (pairs - parameters - 2.0).max(f64::MIN_POSITIVE);
        pairs * (1.0 - self.share).max(0.0).ln() + penalty * correction
    }

    /// Returns the share, less what chance explains on average, parameters / (pairs - 1), such that 1 stays 1: the adjusted
    /// coefficient of determination. For means of classes that is epsilon squared, by Kelley (1935), *An unbiased correlation
    /// ratio measure*, Proceedings of the National Academy of Sciences 21:554–559.
    pub(super) fn adjusted(&self) -> f64 {
        let rest = float(self.pairs - 1) / float(self.pairs - 1 - self.fit.parameters());
        (1.0 - (1.0 - self.share) * rest).clamp(0.0, 1.0)
    }
}

/// Returns the fit with the smallest criterion.
pub(super) fn best(fits: impl IntoIterator<Item = ExplainedSquares>) -> Option<ExplainedSquares> {
    fits.into_iter().min_by(|one, other| one.criterion().total_cmp(&other.criterion()))
}

/// Returns the share explained by means of classes that end at these places: the square of the correlation ratio.
pub(super) fn class_means(response: &CentredValues, ends: &[usize]) -> ExplainedSquares {
    let mut start = 0;
    let mut between = 0.0;
    for end in ends {
        let class = &response.deviations[start..*end];
        let sum: f64 = class.iter().sum();
        between += sum * sum / float(class.len());
        start = *end;
    }
    explained(FactorFit::ClassMeans(ends.len()), between, response)
}

/// Returns the share explained by a straight line in the factor's values; `None` if their squares can't be summed up.
pub(super) fn straight_line(response: &CentredValues, values: Vec<f64>) -> Option<ExplainedSquares> {
    let factor = CentredValues::of(values)?;
    let along = product(&factor.deviations, &response.deviations);
    Some(explained(FactorFit::StraightLine, along * along / factor.squares, response))
}

/// Returns the shares explained by polynomials in the ranks, of degree 1 and above, as far as the factor has enough different
/// values. `sizes` are the numbers of equal values, the smallest value first.
///
/// Uses orthogonal polynomials: Forsythe (1957), *Generation and use of orthogonal polynomials for data-fitting with a digital
/// computer*, Journal of the Society for Industrial and Applied Mathematics 5:74–88.
pub(super) fn rank_polynomials(response: &CentredValues, sizes: impl Iterator<Item = usize>) -> Vec<ExplainedSquares> {
    let Some(CentredValues { deviations: ranks, squares }) = CentredValues::of(average_ranks(sizes)) else {
        return Vec::new();
    };
    let (mut last, mut last_squares) = (vec![1.0; ranks.len()], float(ranks.len()));
    let (mut now, mut now_squares) = (ranks.clone(), squares);
    let (mut fits, mut sum) = (Vec::new(), 0.0);
    for degree in 1..=MAX_DEGREE {
        let along = product(&now, &response.deviations);
        sum += along * along / now_squares;
        fits.push(explained(FactorFit::RankPolynomial(degree), sum, response));
        let mean = now.iter().zip(&ranks).map(|(value, rank)| value * value * rank).sum::<f64>() / now_squares;
        let weight = now_squares / last_squares;
        for ((last, now), rank) in last.iter_mut().zip(&now).zip(&ranks) {
            *last = (rank - mean) * now - weight * *last;
        }
        std::mem::swap(&mut last, &mut now);
        (last_squares, now_squares) = (now_squares, product(&now, &now));
        // The polynomial before already passes through all different values.
        if now_squares <= 1e-9 * last_squares {
            break;
        }
    }
    fits
}

/// Returns a rank a value, the average one for equal values; up to a factor and a constant, which centring removes.
fn average_ranks(sizes: impl Iterator<Item = usize>) -> Vec<f64> {
    let mut ranks: Vec<f64> = Vec::new();
    for size in sizes {
        let rank = float(2 * ranks.len() + size);
        ranks.resize(ranks.len() + size, rank);
    }
    ranks
}

fn explained(fit: FactorFit, squares: f64, response: &CentredValues) -> ExplainedSquares {
    let share = (squares / response.squares).clamp(0.0, 1.0);
    ExplainedSquares { fit, share, pairs: response.deviations.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn centred(values: &[f64]) -> CentredValues {
        CentredValues::of(values.to_vec()).unwrap()
    }

    /// By hand: over the ranks -2 … 2, x² - 2 has the squares 14, and x³ - 3.4 x those 14.4.
    #[test]
    fn polynomials_explain_what_they_are_made_of() {
        let response = centred(&[2.0, 1.0, 4.0, 1.0, 2.0].map(|value: f64| value - 2.0));
        let sizes = || [1; 5].into_iter();
        let shares: Vec<f64> = rank_polynomials(&response, sizes()).iter().map(|fit| fit.share).collect();
        // Along x² - 2, whose values are 2, -1, -2, -1 and 2, the sum is 0 + 1 - 4 + 1 + 0 = -2, and the response's sum of
        // squares is 6.
        let expected = [0.0, 4.0 / 14.0 / 6.0, 4.0 / 14.0 / 6.0];
        for (share, expected) in shares.iter().zip(expected) {
            assert!((share - expected).abs() < 1e-12, "{shares:?}");
        }
        let cubic = centred(&[-8.0, -1.0, 0.0, 1.0, 8.0]);
        let shares: Vec<f64> = rank_polynomials(&cubic, sizes()).iter().map(|fit| fit.share).collect();
        assert!(
            (shares[2] - 1.0).abs() < 1e-12 && (shares[1] - 34.0 * 34.0 / 10.0 / 130.0).abs() < 1e-12,
            "{shares:?}"
        );
    }

    #[test]
    fn two_values_have_a_line_and_no_polynomial_beyond() {
        let response = centred(&[1.0, 2.0, 3.0, 5.0]);
        assert_eq!(rank_polynomials(&response, [2, 2].into_iter()).len(), 1);
        assert_eq!(rank_polynomials(&response, [1, 2, 1].into_iter()).len(), 2);
        assert_eq!(rank_polynomials(&response, [4].into_iter()).len(), 0);
    }

    #[test]
    fn what_is_no_better_than_a_line_stays_one() {
        let of = |fit, share| ExplainedSquares { fit, share, pairs: 40 };
        let taken = |classes| {
            let line = of(FactorFit::StraightLine, 0.3);
            best([line, of(FactorFit::RankPolynomial(2), 0.31), of(FactorFit::ClassMeans(10), classes)]).unwrap().fit
        };
        assert_eq!(taken(0.45), FactorFit::StraightLine);
        assert_eq!(taken(0.8), FactorFit::ClassMeans(10));
        assert_eq!(taken(1.0), FactorFit::ClassMeans(10));
    }
}
