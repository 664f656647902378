//! Random numbers.
//!
//! D. Blackman, S. Vigna: Scrambled linear pseudorandom number generators. ACM Transactions on Mathematical Software 47
//! (2021) 36. Only whole numbers of 64 bits are used, and products of 32 bits: WebAssembly is quick at these.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// The purpose of random numbers: no two samplers see the same ones, whatever their seeds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum RandomPurpose {
    /// Independent random points.
    Random = 1,
    /// Latin hypercubes.
    LatinHypercube = 2,
    /// Optimised Latin hypercubes.
    Optimised = 3,
    /// The new half of a doubled Latin hypercube.
    Doubled = 4,
    /// The scrambling of Sobol's sequence.
    Sobol = 5,
    /// The scrambling of Halton's sequence.
    Halton = 6,
    /// The choice of a factor's levels that come once more than others.
    Levels = 7,
}

/// A source of random numbers, the same on every platform.
#[derive(Debug, Clone)]
pub(crate) struct RandomGenerator(Xoshiro256PlusPlus);

impl RandomGenerator {
    /// The generator of a purpose and a key of a few numbers: the seed, the stream, the dimension.
    pub(crate) fn new(purpose: RandomPurpose, key: &[u64]) -> Self {
        let absorbed = key.iter().fold(mixed(purpose as u64), |state, &word| mixed(state ^ mixed(word)));
        Self(Xoshiro256PlusPlus::seed_from_u64(absorbed))
    }

    /// 64 random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Draws a random number from 0, included, to 1, excluded, for each of the values.
    // See `shuffle`.
    #[inline(never)]
    pub(crate) fn fill(&mut self, values: &mut [f64]) {
        values.fill_with(|| unit(self.bits() >> 11));
    }

    /// Draws a random whole number below `bound`, each as likely as the others.
    ///
    /// D. Lemire: Fast random integer generation in an interval. ACM Transactions on Modeling and Computer Simulation
    /// 29 (2019) 3.
    #[expect(clippy::cast_possible_truncation, reason = "the two halves of a product")]
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        loop {
            let product = u64::from(self.0.next_u32()) * u64::from(bound);
            // The second comparison is rarely needed, and divides.
            if product as u32 >= bound || product as u32 >= bound.wrapping_neg() % bound {
                return (product >> 32) as u32;
            }
        }
    }

    /// Brings the values into a random order (Fisher and Yates).
    // A browser optimises a function when it is called again: hence a separate function.
    #[inline(never)]
    pub(crate) fn shuffle<T>(&mut self, values: &mut [T]) {
        let count = u32::try_from(values.len()).expect("fewer values than 2^32");
        for bound in (2..=count).rev() {
            values.swap(bound as usize - 1, self.below(bound) as usize);
        }
    }

    /// Draws a random order of the numbers below `count`.
    pub(crate) fn permutation(&mut self, count: usize) -> Vec<u32> {
        let mut order: Vec<u32> = (0..u32::try_from(count).expect("fewer values than 2^32")).collect();
        self.shuffle(&mut order);
        order
    }
}

/// Returns `numerator` / 2^53, without rounding, for a numerator below 2^53.
#[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
pub(crate) fn unit(numerator: u64) -> f64 {
    // A signed number is converted by one instruction, an unsigned one by several.
    numerator.cast_signed() as f64 * (1.0 / (1_u64 << 53) as f64)
}

/// Returns a number whose bits all depend on all bits of `value`: the finaliser of `SplitMix64`.
///
/// G. L. Steele, D. Lea, C. H. Flood: Fast splittable pseudorandom number generators. OOPSLA 2014, 453–472.
const fn mixed(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_are_below_their_bound(bound in 1..u32::MAX, seed: u64) {
            let mut generator = RandomGenerator::new(RandomPurpose::Random, &[seed]);
            prop_assert!((0..20).all(|_| generator.below(bound) < bound));
        }

        #[test]
        fn a_permutation_has_each_number_once(count in 0..300_usize, seed: u64) {
            let mut order = RandomGenerator::new(RandomPurpose::Random, &[seed]).permutation(count);
            order.sort_unstable();
            prop_assert!(order.into_iter().eq(0..u32::try_from(count).unwrap()));
        }
    }

    #[test]
    fn every_order_of_four_is_as_likely_as_the_others() {
        let mut counts = std::collections::BTreeMap::new();
        let mut generator = RandomGenerator::new(RandomPurpose::Random, &[1]);
        for _ in 0..24_000 {
            *counts.entry(generator.permutation(4)).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 24);
        // Five standard deviations of a binomial distribution around its mean, 1000.
        assert!(counts.values().all(|count| (845..=1155).contains(count)), "{counts:?}");
    }

    #[test]
    fn purpose_and_each_number_of_the_key_make_a_difference() {
        let first = |purpose, key: &[u64]| RandomGenerator::new(purpose, key).bits();
        let mut seen = vec![first(RandomPurpose::Random, &[1, 2]), first(RandomPurpose::Sobol, &[1, 2])];
        seen.extend([[2, 1], [1, 3], [3, 2], [0, 0], [0, 1]].map(|key| first(RandomPurpose::Random, &key)));
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 7);
    }
}
