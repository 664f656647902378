//! Numbers for tests.

use proptest::prelude::*;

/// Numbers that look random, from 0 up to 1: `SplitMix64`.
pub(super) fn numbers(seed: u64, count: usize) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) >> 12
    };
    (0..count).map(|_| f64::from_bits(next() | 1.0_f64.to_bits()) - 1.0).collect()
}

/// All row numbers of a column of this length.
pub(super) fn all(count: usize) -> Vec<u32> {
    (0..u32::try_from(count).unwrap()).collect()
}

/// Asserts that two numbers differ by at most this share of the second one.
#[track_caller]
pub(super) fn assert_close(found: f64, expected: f64, share: f64) {
    assert!((found - expected).abs() <= share * expected.abs().max(1e-300), "{found:e} instead of {expected:e}");
}

/// A value, or NaN.
pub(super) fn value() -> impl Strategy<Value = f64> {
    prop_oneof![6 => -100.0..100.0_f64, 2 => (-3..4_i32).prop_map(f64::from), 1 => Just(f64::NAN)]
}

/// Pairs of values, each of which may be missing.
pub(super) fn pairs() -> impl Strategy<Value = Vec<(f64, f64)>> {
    prop::collection::vec((value(), value()), 0..60)
}
