//! What became of the cases that were sent first, in one line.

/// How many of the first cases came to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct FirstTally {
    /// Done, with a result that holds something.
    pub(crate) done: u64,
    /// Done, though the model put nothing into its result.
    pub(crate) empty: u64,
    /// Failed, with no attempt left.
    pub(crate) failed: u64,
    /// Failed, with attempts left.
    pub(crate) repeated: u64,
    /// Nothing so far.
    pub(crate) waiting: u64,
}

impl FirstTally {
    /// `3 done, 2 failed`.
    pub(crate) fn words(self) -> String {
        let Self { done, empty, failed, repeated, waiting } = self;
        let parts = [
            (done, "done"),
            (empty, "done without a result"),
            (failed, "failed"),
            (repeated, "failed and tried again"),
            (waiting, "waiting"),
        ];
        let parts = parts.into_iter().filter(|(count, _)| *count > 0);
        parts.map(|(count, words)| format!("{count} {words}")).collect::<Vec<_>>().join(", ")
    }

    /// Whether the model needs a look before more cases are sent.
    pub(crate) const fn has_trouble(self) -> bool {
        self.empty + self.failed + self.repeated > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_what_is_done_then_what_failed_then_what_waits() {
        let all = FirstTally { done: 1, empty: 2, failed: 3, repeated: 4, waiting: 5 };
        let words = "1 done, 2 done without a result, 3 failed, 4 failed and tried again, 5 waiting";
        assert_eq!(all.words(), words);
        let (tally, words) = (FirstTally { done: 3, failed: 2, ..FirstTally::default() }, "3 done, 2 failed");
        assert_eq!(tally.words(), words);
    }

    #[test]
    fn what_failed_or_returned_nothing_is_trouble() {
        assert!(!FirstTally { done: 3, waiting: 2, ..FirstTally::default() }.has_trouble());
        for tally in [
            FirstTally { empty: 1, ..FirstTally::default() },
            FirstTally { failed: 1, ..FirstTally::default() },
            FirstTally { repeated: 1, ..FirstTally::default() },
        ] {
            assert!(tally.has_trouble(), "{tally:?}");
        }
    }
}
