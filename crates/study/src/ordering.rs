//! Order of things by a number of theirs. One function for all, since each sort of another type is kilobytes of the page.

use std::collections::BinaryHeap;

/// Returns the places of these keys in ascending order; those of equal ones stay in their order.
#[must_use]
pub fn ascending(keys: impl Iterator<Item = u64>) -> Vec<usize> {
    let keyed: Vec<(u64, usize)> = keys.enumerate().map(|(place, key)| (key, place)).collect();
    sorted(keyed).into_iter().map(|(_, place)| place).collect()
}

#[inline(never)]
fn sorted(keyed: Vec<(u64, usize)>) -> Vec<(u64, usize)> {
    BinaryHeap::from(keyed).into_sorted_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_keys_stay_in_their_order() {
        assert_eq!(ascending([3, 1, 3, 0, 1, 3].into_iter()), [3, 1, 4, 0, 2, 5]);
        assert!(ascending(std::iter::empty()).is_empty());
    }
}
