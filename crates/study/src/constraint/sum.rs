//! A sum of inputs, each times a number, and a number.

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct LinearSum {
    /// Each input once: its number and its factor.
    pub(super) terms: Vec<(usize, f64)>,
    pub(super) constant: f64,
}

/// The value of a sum at a point.
#[derive(Debug)]
pub(super) struct SumValue {
    pub(super) value: f64,
    /// The sum of the terms, each without its sign: the size that rounding is relative to.
    size: f64,
}

/// Share of a sum's size below which differences count as rounding: some thousand times the rounding of a sum of a few numbers,
/// and far below any difference that anybody means.
const ROUNDING: f64 = 1e-12;

impl SumValue {
    /// Whether the two would be equal, were it not for rounding.
    pub(super) fn is_as_good_as(&self, other: &Self) -> bool {
        (self.value - other.value).abs() <= ROUNDING * (self.size + other.size)
    }
}

impl LinearSum {
    pub(super) fn of_number(constant: f64) -> Self {
        Self { terms: Vec::new(), constant }
    }

    pub(super) fn of_input(input: usize) -> Self {
        Self { terms: vec![(input, 1.0)], constant: 0.0 }
    }

    /// The number, if there is nothing else.
    pub(super) fn number(&self) -> Option<f64> {
        self.terms.is_empty().then_some(self.constant)
    }

    pub(super) fn value(&self, value_of: impl Fn(usize) -> f64) -> SumValue {
        let mut result = SumValue { value: self.constant, size: self.constant.abs() };
        for (input, factor) in &self.terms {
            let term = factor * value_of(*input);
            result.value += term;
            result.size += term.abs();
        }
        result
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (input, factor) in &other.terms {
            match self.terms.iter_mut().find(|(known, _)| known == input) {
                Some((_, sum)) => *sum += factor,
                None => self.terms.push((*input, *factor)),
            }
        }
        self.constant += other.constant;
    }

    pub(super) fn map(mut self, change: impl Fn(f64) -> f64) -> Self {
        self.terms.iter_mut().for_each(|(_, factor)| *factor = change(*factor));
        self.constant = change(self.constant);
        self
    }

    pub(super) fn is_finite(&self) -> bool {
        self.constant.is_finite() && self.terms.iter().all(|(_, factor)| factor.is_finite())
    }
}
