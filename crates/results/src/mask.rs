//! Masks that choose rows.

/// A set of rows of a table with `len` rows, with a bit for each.
///
/// Between masks of different lengths, the rows that the shorter one doesn't have are not chosen by it: a table may have grown
/// since.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowMask {
    /// Words of 64 rows each; the bits behind the last row are 0.
    words: Vec<u64>,
    len: usize,
}

impl RowMask {
    /// Returns a mask of `len` rows that chooses no row.
    #[must_use]
    pub fn empty(len: usize) -> Self {
        Self { words: vec![0; len.div_ceil(64)], len }
    }

    /// Returns a mask that chooses all rows.
    #[must_use]
    pub fn full(len: usize) -> Self {
        let mut mask = Self { words: vec![u64::MAX; len.div_ceil(64)], len };
        mask.cut();
        mask
    }

    /// Returns the mask of the rows for which `is_chosen` returns true.
    #[must_use]
    pub fn from_fn(len: usize, is_chosen: impl Fn(usize) -> bool) -> Self {
        let mut mask = Self::full(len);
        mask.retain(is_chosen);
        mask
    }

    /// Returns the number of rows of the table.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether the table has no row.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns a bit for each row, 64 a word, the lowest bit first.
    #[must_use]
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// Returns the number of chosen rows.
    #[must_use]
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether a row is chosen.
    #[must_use]
    pub fn contains(&self, row: usize) -> bool {
        self.words.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// Chooses a row, if there is such a row.
    pub fn insert(&mut self, row: usize) {
        if row < self.len {
            self.words[row / 64] |= 1 << (row % 64);
        }
    }

    /// Removes a row.
    pub fn remove(&mut self, row: usize) {
        if row < self.len {
            self.words[row / 64] &= !(1 << (row % 64));
        }
    }

    /// Removes the rows that `other` doesn't choose.
    pub fn and(&mut self, other: &Self) {
        let others = other.words.iter().copied().chain(std::iter::repeat(0));
        self.words.iter_mut().zip(others).for_each(|(word, other)| *word &= other);
    }

    /// Adds the rows that `other` chooses.
    pub fn or(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word |= other);
        self.cut();
    }

    /// Chooses the rows that weren't chosen, and removes the others.
    pub fn invert(&mut self) {
        self.words.iter_mut().for_each(|word| *word = !*word);
        self.cut();
    }

    /// Removes the chosen rows for which `is_chosen` returns false. It may be called for rows that aren't chosen.
    #[inline]
    pub fn retain(&mut self, is_chosen: impl Fn(usize) -> bool) {
        for (place, word) in self.words.iter_mut().enumerate().filter(|(_, word)| **word != 0) {
            let (start, end) = (place * 64, (place * 64 + 64).min(self.len));
            let bits = (start..end).fold(0, |bits, row| bits | u64::from(is_chosen(row)) << (row - start));
            *word &= bits;
        }
    }

    /// Removes rows by their values, one for each row; rows behind the last value are removed.
    #[inline]
    pub(crate) fn retain_by<T: Copy>(&mut self, values: &[T], is_chosen: impl Fn(T) -> bool) {
        let mut parts = values.chunks(64);
        for word in &mut self.words {
            let part = parts.next().unwrap_or_default();
            if *word != 0 {
                let bits = part.iter().rev().fold(0, |bits, value| bits << 1 | u64::from(is_chosen(*value)));
                *word &= bits;
            }
        }
    }

    /// Returns the chosen rows in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        self.words.iter().enumerate().flat_map(|(place, word)| {
            let rests = std::iter::successors(Some(*word), |rest| Some(rest & rest.wrapping_sub(1)));
            rests.take_while(|rest| *rest != 0).map(move |rest| place * 64 + rest.trailing_zeros() as usize)
        })
    }

    /// Clears the bits behind the last row.
    fn cut(&mut self) {
        if let Some(last) = self.words.last_mut().filter(|_| !self.len.is_multiple_of(64)) {
            *last &= (1 << (self.len % 64)) - 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn mask(len: usize, rows: &BTreeSet<usize>) -> RowMask {
        RowMask::from_fn(len, |row| rows.contains(&row))
    }

    #[test]
    fn a_row_that_a_shorter_mask_does_not_have_is_not_chosen_by_it() {
        let (short, mut long) = (RowMask::full(3), RowMask::full(130));
        long.and(&short);
        assert_eq!(long.iter().collect::<Vec<_>>(), [0, 1, 2]);
        let mut short = RowMask::empty(3);
        short.or(&RowMask::full(130));
        assert_eq!(short, RowMask::full(3));
        short.insert(3);
        assert_eq!((short.count(), short.contains(3)), (3, false));
    }

    proptest! {
        #[test]
        fn masks_are_sets(len in 0_usize..200, a in prop::collection::btree_set(0_usize..200, 0..100), b in prop::collection::btree_set(0_usize..200, 0..100), row in 0_usize..220) {
            let within = |rows: BTreeSet<usize>| rows.into_iter().filter(|row| *row < len).collect::<BTreeSet<_>>();
            let (a, b) = (within(a), within(b));
            let (x, y) = (mask(len, &a), mask(len, &b));
            prop_assert!(x.iter().eq(a.iter().copied()));
            prop_assert_eq!((x.count(), x.len(), x.contains(row)), (a.len(), len, a.contains(&row)));
            let changed = |change: fn(&mut RowMask, &RowMask)| { let mut mask = x.clone(); change(&mut mask, &y); mask };
            prop_assert_eq!(changed(RowMask::and), mask(len, &a.intersection(&b).copied().collect()));
            prop_assert_eq!(changed(RowMask::or), mask(len, &a.union(&b).copied().collect()));
            prop_assert_eq!(changed(|mask, _| mask.invert()), mask(len, &(0..len).filter(|row| !a.contains(row)).collect()));
            let mut one = x.clone();
            one.insert(row);
            prop_assert_eq!(one.contains(row), row < len);
            one.remove(row);
            prop_assert_eq!(one.count(), a.iter().filter(|other| **other != row).count());
        }
    }
}
