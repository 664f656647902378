//! Sums over many points, several at a time.

use crate::UnitPoints;

/// Number of sums that run beside each other: a single one would wait for each of its additions.
pub(super) const LANES: usize = 4;

/// Returns the columns of some points, changed value by value, and filled up with zeros to whole lanes.
pub(super) fn padded(points: &UnitPoints, change: impl Fn(f64) -> f64) -> Vec<Vec<f64>> {
    let pad = |column: &[f64]| {
        let mut values: Vec<f64> = column.iter().map(|&value| change(value)).collect();
        values.resize(points.len().next_multiple_of(LANES), 0.0);
        values
    };
    points.columns().map(pad).collect()
}

/// Returns the sum of a function of three columns.
pub(super) fn sum(columns: [&[f64]; 3], term: impl Fn([f64; 3]) -> f64) -> f64 {
    let [first, second, third] = columns.map(|column| column.as_chunks::<LANES>().0);
    let mut sums = [0.0; LANES];
    for ((first, second), third) in first.iter().zip(second).zip(third) {
        for lane in 0..LANES {
            sums[lane] += term([first[lane], second[lane], third[lane]]);
        }
    }
    sums.iter().sum()
}
