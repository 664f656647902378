//! Statistics of a column.

use super::column::CodedValue;

/// Counts and extremes of a column.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ColumnStatistics {
    /// Number of rows with a number.
    pub numbers: usize,
    /// Number of rows with a text or a flag.
    pub texts: usize,
    /// Number of rows without a value.
    pub missing: usize,
    /// The least number.
    pub least: Option<f64>,
    /// The largest number.
    pub most: Option<f64>,
    /// The least number above 0, at which a logarithmic axis begins.
    pub least_positive: Option<f64>,
}

impl ColumnStatistics {
    pub(super) fn add(&mut self, value: CodedValue) {
        if !value.number.is_nan() {
            self.add_number(value.number);
        } else if value.code != 0 {
            self.texts += 1;
        } else {
            self.missing += 1;
        }
    }

    fn add_number(&mut self, number: f64) {
        self.numbers += 1;
        self.least = Some(self.least.map_or(number, |least| least.min(number)));
        self.most = Some(self.most.map_or(number, |most| most.max(number)));
        if number > 0.0 {
            self.least_positive = Some(self.least_positive.map_or(number, |least| least.min(number)));
        }
    }
}
