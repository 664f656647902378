//! Workers that take one case after the other.

use super::durations::DurationDistribution;
use super::{Lattice, Rest, heap};

/// Minimum number of parts of the remaining cases, one of which is the next block; and maximum number of parts beyond one a
/// worker.
const MIN_BLOCKS: u64 = 32;
const MAX_MORE_BLOCKS: u64 = 64;

/// End of the last case.
pub(super) struct ScheduleEnd {
    pub(super) secs: f64,
    /// Whether that case is longer than any that has finished.
    pub(super) is_unseen: bool,
}

/// Divides `queued` cases into blocks, each about half of a worker's share of the remaining ones; the last blocks are single
/// cases.
///
/// A worker takes a block as if it was one case. So ten thousand cases become a few hundred blocks, and end at the same time:
/// C. D. Polychronopoulos, D. J. Kuck: Guided self-scheduling. IEEE Transactions on Computers 36 (1987) 1425–1439.
pub(super) fn blocks(queued: u64, workers: u64) -> Vec<u64> {
    let mut left = queued;
    let parts = (workers + workers.min(MAX_MORE_BLOCKS)).max(MIN_BLOCKS);
    let next = || {
        let block = (left / parts).max(1).min(left);
        left -= block;
        (block > 0).then_some(block)
    };
    std::iter::from_fn(next).collect()
}

/// Plays the rest of a study through, and returns its end.
pub(super) fn last_end(rest: &Rest, durations: &DurationDistribution, lattice: &mut Lattice) -> ScheduleEnd {
    let mut last = ScheduleEnd { secs: 0.0, is_unseen: false };
    let mut free_secs = vec![0.0; rest.workers];
    for (elapsed_secs, free) in rest.running.iter().zip(&mut free_secs) {
        let secs = durations.exceeded_by(lattice.fraction() * durations.share_beyond(*elapsed_secs)).max(*elapsed_secs);
        *free = secs - elapsed_secs;
        last.note(*free, durations.is_unseen(secs));
    }
    heap::build(&mut free_secs);
    for block in &rest.blocks {
        let secs = durations.exceeded_by(lattice.fraction());
        free_secs[0] += block_secs(*block, secs, durations.mean_secs());
        last.note(free_secs[0], durations.is_unseen(secs));
        heap::sink(&mut free_secs);
    }
    last
}

impl ScheduleEnd {
    fn note(&mut self, secs: f64, is_unseen: bool) {
        if secs > self.secs {
            *self = Self { secs, is_unseen };
        }
    }
}

/// Duration of a block of cases: it has the mean and the variance of a sum of as many durations.
#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 cases")]
fn block_secs(cases: u64, one_secs: f64, mean_secs: f64) -> f64 {
    let cases = cases as f64;
    (cases * mean_secs + cases.sqrt() * (one_secs - mean_secs)).max(0.0)
}
