//! Queued cases of which the queue has no message.

use super::snapshot::Snapshot;

/// Time for which messages must be missing before that is told, in seconds. SQS counts approximately, and rows of cases that have
/// come to their end are a while behind.
const SETTLING_SECS: f64 = 120.0;

/// The numbers of missing messages in the last looks, each with its time: only the first is older than [`SETTLING_SECS`].
#[derive(Debug, Clone, Default)]
pub(super) struct MissingMessages {
    looks: Vec<(f64, u64)>,
}

impl MissingMessages {
    /// Notes a look, and returns how many messages have been missing all the time; 0 as long as that isn't known.
    pub(super) fn note_look(&mut self, snapshot: &Snapshot) -> u64 {
        let (total, queue) = (snapshot.total, snapshot.queue);
        // Running cases may be held by heartbeats alone. Dead letters that nobody has looked at are of queued cases, perhaps.
        let held = queue.waiting + queue.delayed + queue.leased.saturating_sub(total.running);
        let dead = snapshot.dead_letters.saturating_sub(total.dead);
        self.looks.push((snapshot.time, (total.queued - total.unsent).saturating_sub(held + dead)));
        let start = snapshot.time - SETTLING_SECS;
        while self.looks.get(1).is_some_and(|second| second.0 <= start) {
            self.looks.remove(0);
        }
        let is_settled = self.looks.first().is_some_and(|first| first.0 <= start);
        if is_settled { self.looks.iter().map(|look| look.1).min().unwrap_or(0) } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use cruncher_study::accounting::CaseCounts;
    use cruncher_study::diagnosis::QueueCounts;

    use super::*;

    fn look(time: f64, queued: u64, waiting: u64, leased: u64, dead_letters: u64) -> Snapshot {
        let total = CaseCounts { cases: 9, queued, unsent: 1, running: 2, ..CaseCounts::default() };
        let queue = QueueCounts { waiting, leased, delayed: 0 };
        Snapshot { time, queue, dead_letters, total, ..Snapshot::default() }
    }

    #[test]
    fn what_is_missing_all_the_time_is_told() {
        let mut missing = MissingMessages::default();
        assert_eq!(missing.note_look(&look(0.0, 7, 3, 2, 0)), 0);
        assert_eq!(missing.note_look(&look(60.0, 7, 2, 2, 0)), 0);
        assert_eq!(missing.note_look(&look(120.0, 7, 3, 2, 0)), 3);
        assert_eq!(missing.note_look(&look(130.0, 7, 3, 4, 0)), 1);
        assert_eq!(missing.note_look(&look(140.0, 7, 3, 2, 5)), 0);
        assert_eq!(missing.note_look(&look(250.0, 7, 3, 2, 0)), 0);
        assert_eq!(missing.note_look(&look(371.0, 7, 3, 2, 0)), 3);
    }
}
