//! Latin hypercube sampling.
//!
//! M. D. `McKay`, R. J. Beckman, W. J. Conover: A comparison of three methods for selecting values of input variables in
//! the analysis of output from a computer code. Technometrics 21 (1979) 239–245.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A Latin hypercube of `points` points in the unit cube of `dimensions` dimensions, one row a point.
///
/// Along each dimension, each of the `points` intervals of equal length holds exactly one point. `stream` selects one of
/// the independent hypercubes of a seed. The bits are the same on every platform.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a design has far fewer than 2^53 points")]
pub fn latin_hypercube(dimensions: usize, points: usize, seed: u64, stream: u64) -> Vec<Vec<f64>> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(stream);
    let mut rows = vec![vec![0.0; dimensions]; points];
    for dimension in 0..dimensions {
        let strata = permutation(points, &mut random);
        for (row, stratum) in rows.iter_mut().zip(strata) {
            row[dimension] = (stratum as f64 + fraction(&mut random)) / points as f64;
        }
    }
    rows
}

/// A random order of `0..count` (Fisher and Yates).
fn permutation(count: usize, random: &mut ChaCha8Rng) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        order.swap(last, below(last + 1, random));
    }
    order
}

/// A random whole number below `bound`, by the high half of a product; its bias is below `bound` / 2^64.
#[expect(clippy::cast_possible_truncation, reason = "the high half is below the bound, which is a usize")]
fn below(bound: usize, random: &mut ChaCha8Rng) -> usize {
    ((u128::from(random.next_u64()) * bound as u128) >> 64) as usize
}

/// A random number from 0, included, to 1, excluded, of 53 bits.
#[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
fn fraction(random: &mut ChaCha8Rng) -> f64 {
    (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_interval_of_each_dimension_holds_one_point(dimensions in 1..8_usize, points in 1..200_usize, seed: u64) {
            let rows = latin_hypercube(dimensions, points, seed, 0);
            for dimension in 0..dimensions {
                let mut strata: Vec<usize> = rows
                    .iter()
                    .map(|row| {
                        assert!((0.0..1.0).contains(&row[dimension]));
                        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "between 0 and the number of points")]
                        { (row[dimension] * points as f64).floor() as usize }
                    })
                    .collect();
                strata.sort_unstable();
                prop_assert_eq!(strata, (0..points).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn a_seed_and_a_stream_give_the_same_bits_everywhere() {
        let bits: Vec<u64> = latin_hypercube(2, 2, 1, 3).concat().into_iter().map(f64::to_bits).collect();
        assert_eq!(
            bits,
            [
                4_599_743_461_793_484_886,
                4_603_798_369_778_655_222,
                4_603_570_094_066_070_687,
                4_578_754_197_282_336_192
            ]
        );
    }

    #[test]
    fn streams_differ() {
        assert_ne!(latin_hypercube(2, 8, 1, 3), latin_hypercube(2, 8, 1, 4));
        assert_ne!(latin_hypercube(2, 8, 1, 3), latin_hypercube(2, 8, 2, 3));
    }
}
