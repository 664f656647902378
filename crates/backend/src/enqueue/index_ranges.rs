//! Sets of cases by their places in the order of a plan, as runs of consecutive places.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// A set of places. Its size grows with the number of runs; each takes a few characters of JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<u32>", into = "Vec<u32>")]
pub(super) struct IndexRanges(Vec<Range<u32>>);

impl IndexRanges {
    /// Returns the number of places in the set.
    #[must_use]
    pub(super) fn len(&self) -> u64 {
        self.0.iter().map(|run| u64::from(run.end - run.start)).sum()
    }

    /// Whether it is the empty set.
    #[must_use]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a place is in the set.
    #[must_use]
    pub(super) fn contains(&self, place: u32) -> bool {
        self.0.get(self.run_behind(place)).is_some_and(|run| run.contains(&place))
    }

    /// Returns the places, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> {
        self.0.iter().flat_map(Clone::clone)
    }

    /// Returns the number of places of a range that are in the set.
    #[must_use]
    pub(super) fn count_in(&self, range: Range<u32>) -> u64 {
        let runs = self.0[self.run_behind(range.start)..].iter().take_while(|run| run.start < range.end);
        runs.map(|run| u64::from(run.end.min(range.end).saturating_sub(run.start.max(range.start)))).sum()
    }

    /// Returns the first place from `place` on that is not in the set.
    #[must_use]
    pub(super) fn next_absent(&self, place: u32) -> u32 {
        match self.0.get(self.run_behind(place)) {
            Some(run) if run.contains(&place) => run.end,
            _ => place,
        }
    }

    /// Puts a place into the set.
    pub(super) fn insert(&mut self, place: u32) {
        let behind = self.run_behind(place);
        if self.0.get(behind).is_some_and(|run| run.contains(&place)) {
            return;
        }
        let joins_before = behind > 0 && self.0[behind - 1].end == place;
        let joins_after = self.0.get(behind).is_some_and(|run| run.start == place + 1);
        match (joins_before, joins_after) {
            (true, true) => self.0[behind - 1].end = self.0.remove(behind).end,
            (true, false) => self.0[behind - 1].end = place + 1,
            (false, true) => self.0[behind].start = place,
            (false, false) => self.0.insert(behind, place..place + 1),
        }
    }

    /// Takes a place out of the set.
    pub(super) fn remove(&mut self, place: u32) {
        let index = self.run_behind(place);
        let Some(run) = self.0.get_mut(index).filter(|run| run.contains(&place)) else { return };
        let rest = place + 1..run.end;
        run.end = place;
        let is_used_up = run.start == run.end;
        if rest.start < rest.end {
            self.0.insert(index + 1, rest);
        }
        if is_used_up {
            self.0.remove(index);
        }
    }

    /// Returns the index of the first run that ends behind `place`.
    fn run_behind(&self, place: u32) -> usize {
        self.0.partition_point(|run| run.end <= place)
    }
}

impl FromIterator<u32> for IndexRanges {
    fn from_iter<I: IntoIterator<Item = u32>>(places: I) -> Self {
        let mut runs = Self::default();
        places.into_iter().for_each(|place| runs.insert(place));
        runs
    }
}

/// Lengths of gaps and runs in turn: a gap, then a run, then a gap, and so on.
impl From<IndexRanges> for Vec<u32> {
    fn from(runs: IndexRanges) -> Self {
        let mut end = 0;
        let lengths =
            runs.0.into_iter().flat_map(|run| [run.start - std::mem::replace(&mut end, run.end), run.end - run.start]);
        lengths.collect()
    }
}

impl TryFrom<Vec<u32>> for IndexRanges {
    type Error = &'static str;

    fn try_from(lengths: Vec<u32>) -> Result<Self, &'static str> {
        let (mut runs, mut end) = (Vec::with_capacity(lengths.len() / 2), 0_u32);
        for pair in lengths.chunks(2) {
            let &[gap, length] = pair else { return Err("a gap without a run") };
            if length == 0 {
                return Err("a run of no places");
            }
            let start = end.checked_add(gap).ok_or("a run beyond all places")?;
            end = start.checked_add(length).ok_or("a run beyond all places")?;
            runs.push(start..end);
        }
        Ok(Self(runs))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn runs_are_short_as_json() {
        let runs: IndexRanges = (5..1_000_000).filter(|place| *place != 70).collect();
        let json = serde_json::to_string(&runs).unwrap();
        assert_eq!(json, "[5,65,1,999929]");
        assert_eq!(serde_json::from_str::<IndexRanges>(&json).unwrap(), runs);
    }

    #[test]
    fn a_range_that_ends_before_it_begins_holds_nothing() {
        let runs: IndexRanges = (0..40).collect();
        assert_eq!(runs.count_in(std::ops::Range { start: 35, end: 30 }), 0);
    }

    #[test]
    fn what_are_no_runs_is_refused() {
        for json in ["[1]", "[1,0]", "[4294967295,1]", "[1,2,-1,2]", "[1,4294967295]"] {
            assert!(serde_json::from_str::<IndexRanges>(json).is_err(), "{json}");
        }
    }

    proptest! {
        /// Compares with a set of the standard library.
        #[test]
        fn runs_are_a_set(steps in proptest::collection::vec((any::<bool>(), 0_u32..40), 0..80), start in 0_u32..40) {
            let (mut runs, mut set) = (IndexRanges::default(), BTreeSet::new());
            for (is_in, place) in steps {
                if is_in {
                    runs.insert(place);
                    set.insert(place);
                } else {
                    runs.remove(place);
                    set.remove(&place);
                }
            }
            prop_assert_eq!(runs.iter().collect::<Vec<_>>(), set.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(runs.len(), set.len() as u64);
            prop_assert_eq!(runs.is_empty(), set.is_empty());
            prop_assert!(runs.0.windows(2).all(|pair| pair[0].end < pair[1].start));
            prop_assert_eq!(runs.contains(start), set.contains(&start));
            prop_assert_eq!(runs.count_in(start..30), set.range(start.min(30)..30).count() as u64);
            prop_assert_eq!(Some(runs.next_absent(start)), (start..=40).find(|place| !set.contains(place)));
            prop_assert_eq!(&IndexRanges::try_from(Vec::from(runs.clone())).unwrap(), &runs);
            prop_assert_eq!(&set.into_iter().collect::<IndexRanges>(), &runs);
        }
    }
}
