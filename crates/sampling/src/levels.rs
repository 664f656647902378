//! Latin hypercubes of factors that take a few levels only: each as often as any other.

use crate::UnitPoints;
use crate::generator::{RandomGenerator, RandomPurpose};

/// Maximum number of levels a point that are counted: with more, hardly any level comes twice. The second constant limits them
/// in all.
const MAX_LEVELS_PER_POINT: usize = 100;
const MAX_LEVELS: usize = 4_000_000;

/// Moves the points of a Latin hypercube, along each dimension in their order, so that the frequencies of any two levels differ
/// by one at most.
///
/// `parts` are the points of one hypercube, or also those that each doubling added: then levels come equally often in each part
/// and in the first parts together. `levels` is the number of levels of each dimension, `None` if it is a continuum, which
/// stays as it is; level l of n are the values from l/n to (l+1)/n. If points don't divide evenly, the levels that come once
/// more are spread over all, at random. The bits are the same on every platform.
///
/// # Panics
/// If there are other dimensions than told, or 2^32 points or more.
pub fn balance_levels(
    parts: &mut [&mut UnitPoints],
    levels: impl Iterator<Item = Option<u64>>,
    seed: u64,
    stream: u64,
) {
    // The first part alone decides, so that its points stay when it is doubled.
    let most = MAX_LEVELS.min(MAX_LEVELS_PER_POINT * parts.first().map_or(0, |points| points.len()));
    for (dimension, levels) in levels.enumerate() {
        let Some(levels) = levels.and_then(|levels| usize::try_from(levels).ok()).filter(|levels| *levels <= most)
        else {
            continue;
        };
        let mut before = vec![0_u32; levels];
        for (stream, points) in (stream..).zip(parts.iter_mut()) {
            let count = points.len();
            let mut generator =
                RandomGenerator::new(RandomPurpose::Levels, &[seed, stream, count as u64, dimension as u64]);
            let new = new_counts(&before, count, &mut generator);
            place(points.column_mut(dimension), &new);
            before.iter_mut().zip(new).for_each(|(before, new)| *before += new);
        }
    }
}

/// Returns the number of times that each level comes in `count` more points.
fn new_counts(before: &[u32], count: usize, generator: &mut RandomGenerator) -> Vec<u32> {
    let least = before.iter().copied().min().unwrap_or_default();
    let total = before.iter().map(|count| *count as usize).sum::<usize>() + count;
    let each = u32::try_from(total / before.len()).expect("fewer points than 2^32");
    // Levels that are ahead stay ahead, so that these points are even by themselves.
    let indices = || 0..before.len();
    let (ahead, behind): (Vec<usize>, Vec<usize>) = indices().partition(|level| before[*level] > least);
    let more = total % before.len();
    let from_ahead = more.min(ahead.len());
    let mut new: Vec<u32> = before.iter().map(|before| (each + 1).saturating_sub(*before)).collect();
    let mut has_more = vec![false; before.len()];
    for level in [spread(&ahead, from_ahead, generator), spread(&behind, more - from_ahead, generator)].concat() {
        has_more[level] = true;
    }
    for (new, _) in new.iter_mut().zip(has_more).filter(|(_, has_more)| !has_more) {
        *new -= 1;
    }
    new
}

/// Chooses `count` of the levels at random, one from each of as many neighbouring groups.
fn spread(levels: &[usize], count: usize, generator: &mut RandomGenerator) -> Vec<usize> {
    if count == 0 {
        return Vec::new();
    }
    let larger = levels.len() % count;
    let mut sizes: Vec<usize> = (0..count).map(|group| levels.len() / count + usize::from(group < larger)).collect();
    generator.shuffle(&mut sizes);
    let mut rest = levels;
    let chosen = sizes.into_iter().map(|size| {
        let (group, others) = rest.split_at(size);
        rest = others;
        group[generator.below(u32::try_from(size).expect("fewer levels than 2^32")) as usize]
    });
    chosen.collect()
}

/// Moves the values, in their order, to levels, as many to each as `counts` says.
#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 of each")]
fn place(column: &mut [f64], counts: &[u32]) {
    let mut order: Vec<usize> = (0..column.len()).collect();
    order.sort_unstable_by(|one, other| column[*one].total_cmp(&column[*other]));
    let mut order = order.into_iter();
    for (level, count) in counts.iter().enumerate() {
        for (index, position) in order.by_ref().take(*count as usize).enumerate() {
            let within = (index as f64 + 0.5) / f64::from(*count);
            column[position] = (level as f64 + within) / counts.len() as f64;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::checks::check_unit_cube;
    use crate::{double_latin_hypercube, latin_hypercube};

    /// Number of times that each of `levels` comes.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "small")]
    fn counts(column: &[f64], levels: u64) -> Vec<u32> {
        let mut counts = vec![0; usize::try_from(levels).unwrap()];
        for value in column {
            counts[(value * levels as f64).floor() as usize] += 1;
        }
        counts
    }

    fn check_even(column: &[f64], levels: u64) {
        let counts = counts(column, levels);
        let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
        assert!(most - least <= 1, "{counts:?}");
    }

    fn order(column: &[f64]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..column.len()).collect();
        order.sort_by(|one, other| column[*one].total_cmp(&column[*other]));
        order
    }

    proptest! {
        #[test]
        fn every_level_comes_as_often_as_any_other_however_often_the_hypercube_is_doubled(
            count in 1..60_usize, levels in 1..150_u64, seed: u64
        ) {
            let mut all = latin_hypercube(2, count, seed, 0);
            let mut parts = vec![all.clone()];
            for stream in 1..4 {
                let added = double_latin_hypercube(&all, seed, stream);
                all.append(&added);
                parts.push(added);
            }
            balance_levels(&mut parts.iter_mut().collect::<Vec<_>>(), [Some(levels), None].into_iter(), seed, 0);
            let mut moved = UnitPoints::zeros(2, 0);
            for part in &parts {
                check_even(part.column(0), levels);
                moved.append(part);
                check_even(moved.column(0), levels);
            }
            check_unit_cube(&moved);
            prop_assert_eq!(moved.column(1), all.column(1), "a continuum stays as it is");
        }

        #[test]
        fn points_keep_their_order(count in 1..60_usize, levels in 1..150_u64, seed: u64) {
            let points = latin_hypercube(1, count, seed, 0);
            let mut moved = points.clone();
            balance_levels(&mut [&mut moved], [Some(levels)].into_iter(), seed, 0);
            prop_assert_eq!(order(moved.column(0)), order(points.column(0)));
        }

        #[test]
        fn the_points_of_a_hypercube_stay_when_it_is_doubled(count in 1..60_usize, levels in 1..150_u64, seed: u64) {
            let mut first = latin_hypercube(1, count, seed, 0);
            let (mut again, mut added) = (first.clone(), double_latin_hypercube(&first, seed, 1));
            balance_levels(&mut [&mut first], [Some(levels)].into_iter(), seed, 0);
            balance_levels(&mut [&mut again, &mut added], [Some(levels)].into_iter(), seed, 0);
            prop_assert_eq!(first, again);
        }
    }

    #[test]
    fn more_levels_than_anybody_counts_stay_as_they_are() {
        let points = latin_hypercube(1, 10, 1, 0);
        for levels in [10_000, u64::MAX] {
            let mut moved = points.clone();
            balance_levels(&mut [&mut moved], [Some(levels)].into_iter(), 1, 0);
            assert_eq!(moved, points);
        }
    }

    #[test]
    fn which_levels_come_once_more_is_up_to_chance() {
        let mut often = vec![0_u32; 3];
        for seed in 0..3_000 {
            let mut points = latin_hypercube(1, 10, seed, 0);
            balance_levels(&mut [&mut points], [Some(3)].into_iter(), seed, 0);
            often.iter_mut().zip(counts(points.column(0), 3)).for_each(|(often, count)| *often += count - 3);
        }
        // Four standard deviations of a binomial distribution around its mean, 1000.
        assert!(often.iter().all(|count| (900..=1_100).contains(count)), "{often:?}");
    }

    #[test]
    fn a_seed_gives_the_same_levels_everywhere() {
        let mut points = latin_hypercube(1, 10, 1, 0);
        balance_levels(&mut [&mut points], [Some(4)].into_iter(), 1, 0);
        assert_eq!(counts(points.column(0), 4), [3, 2, 2, 3]);
    }
}
