//! Checks that several tests share.

use crate::UnitPoints;

/// Asserts that each of the intervals of equal length of each dimension holds exactly one point.
pub(crate) fn check_strata(points: &UnitPoints) {
    check_unit_cube(points);
    for column in points.columns() {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "small"
        )]
        let mut strata: Vec<usize> =
            column.iter().map(|value| (value * points.len() as f64).floor() as usize).collect();
        strata.sort_unstable();
        assert!(strata.into_iter().eq(0..points.len()), "one point in each of {} intervals", points.len());
    }
}

pub(crate) fn check_unit_cube(points: &UnitPoints) {
    assert!(points.columns().flatten().all(|value| (0.0..1.0).contains(value)));
}

/// Asserts that `part` is the part of `whole` from point `start` on.
pub(crate) fn check_part(part: &UnitPoints, whole: &UnitPoints, start: usize) {
    assert_eq!(part.dimensions(), whole.dimensions());
    for (part, whole) in part.columns().zip(whole.columns()) {
        assert_eq!(part, &whole[start..][..part.len()]);
    }
}

/// The bits of all values, column by column.
pub(crate) fn bits(points: &UnitPoints) -> Vec<u64> {
    points.columns().flatten().copied().map(f64::to_bits).collect()
}

/// Returns a number that changes with any bit of any value.
pub(crate) fn digest(points: &UnitPoints) -> u64 {
    bits(points).into_iter().fold(0, |digest, bits| (digest ^ bits).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29))
}
