//! Schedule of listings: when a watch compares what it knows with the documents below `data/`.

/// Time for which the queue must be empty before cases that aren't done count as lost, in seconds. SQS counts approximately.
pub(super) const SETTLING_SECS: f64 = 60.0;

/// Minimum time between two listings, in seconds; a large study waits longer.
const MIN_PAUSE_SECS: f64 = 15.0;

/// Pause before the next listing, as a multiple of the last listing's duration.
const PAUSE_FACTOR: f64 = 20.0;

/// After this time with changes the data is listed again in any case, in seconds.
const MAX_AGE_SECS: f64 = 300.0;

/// Time after which the row of a result is known, in seconds: workers write their rows every five seconds.
const ROW_DELAY_SECS: f64 = 10.0;

/// Schedule of listings.
#[derive(Debug, Clone, Default)]
pub(super) struct ListingSchedule {
    last: Option<ListingTimes>,
    has_changed_since: bool,
    /// Time since when the queue has been empty.
    empty_since: Option<f64>,
    /// Counts of the last looks: the first is the only one that may be older than [`ROW_DELAY_SECS`].
    looks: Vec<LookCounts>,
    /// Number of open cases that the queue didn't hold at the last listing: that they have no result is known.
    absent: u64,
}

#[derive(Debug, Clone, Copy)]
struct ListingTimes {
    start: f64,
    end: f64,
}

/// Counts of a look.
#[derive(Debug, Clone, Copy)]
pub(super) struct LookCounts {
    pub(super) time: f64,
    /// Messages in the queue, those in workers' hands included.
    pub(super) messages: u64,
    /// Cases that are known.
    pub(super) cases: u64,
    /// Cases without a result or a final failure.
    pub(super) open: u64,
}

impl ListingSchedule {
    /// Whether the data was listed, and nothing asks for another listing since.
    pub(super) const fn was_listed(&self) -> bool {
        self.last.is_some()
    }

    /// Makes the next look list the data in any case.
    pub(super) const fn expect_change(&mut self) {
        self.last = None;
    }

    /// Notes the counts of a look, and whether anything has changed.
    pub(super) fn note_look(&mut self, counts: LookCounts, has_changed: bool) {
        self.has_changed_since |= has_changed;
        self.empty_since = (counts.messages == 0).then(|| self.empty_since.unwrap_or(counts.time));
        self.absent = self.absent.min(counts.open.saturating_sub(counts.messages));
        self.looks.push(counts);
        while self.looks.get(1).is_some_and(|second| second.time <= counts.time - ROW_DELAY_SECS) {
            self.looks.remove(0);
        }
    }

    /// Notes that everything below `data/` has been looked at between these times, after which so many cases are open.
    pub(super) fn note_listing(&mut self, start: f64, end: f64, open: u64) {
        self.last = Some(ListingTimes { start, end });
        self.has_changed_since = false;
        // Messages were counted before the listing: whatever had left the queue until then has its document.
        self.absent = self.looks.last().map_or(0, |look| open.saturating_sub(look.messages));
    }

    /// Whether the data must be listed after the last look; `is_needed` if something asks for that which isn't counted here.
    pub(super) fn needs_listing(&self, is_needed: bool) -> bool {
        let (Some(last), Some(&LookCounts { time: now, messages, cases, open })) = (self.last, self.looks.last())
        else {
            return true;
        };
        let age_secs = now - last.end;
        if age_secs < MIN_PAUSE_SECS.max(PAUSE_FACTOR * (last.end - last.start)) {
            return false;
        }
        let settled =
            self.empty_since.is_some_and(|since| last.start < since + SETTLING_SECS && since + SETTLING_SECS <= now);
        let must_settle = settled && open > 0;
        let is_old = self.has_changed_since && age_secs > MAX_AGE_SECS;
        // Cases that left the queue a while ago have rows by now, unless their worker has died.
        let is_known_late = |then: &&LookCounts| then.time <= now - ROW_DELAY_SECS;
        let has_silent_results = self
            .looks
            .first()
            .filter(is_known_late)
            .is_some_and(|then| open > then.messages + cases.saturating_sub(then.cases) + self.absent);
        is_needed || messages > open || must_settle || is_old || has_silent_results
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks of which each is told as its time, and its numbers of messages, cases and open cases.
    fn after(looks: &[(f64, u64, u64, u64)]) -> ListingSchedule {
        let mut schedule = ListingSchedule::default();
        for (place, &(time, messages, cases, open)) in looks.iter().enumerate() {
            schedule.note_look(LookCounts { time, messages, cases, open }, place > 0);
            if place == 0 {
                schedule.note_listing(time, time, open);
            }
        }
        schedule
    }

    #[test]
    fn results_whose_rows_never_came_are_looked_for() {
        let first = (0.0, 30, 30, 30);
        assert!(after(&[first, (10.0, 20, 30, 25), (20.0, 20, 30, 25)]).needs_listing(false));
        // The rows are a look late, as those of a healthy worker.
        assert!(!after(&[first, (10.0, 20, 30, 25), (20.0, 10, 30, 20)]).needs_listing(false));
        assert!(!after(&[first, (5.0, 20, 30, 25), (10.0, 20, 30, 25)]).needs_listing(false), "just listed");
        // Cases that were sent meanwhile.
        assert!(!after(&[first, (10.0, 30, 30, 30), (20.0, 30, 40, 40)]).needs_listing(false));
    }

    #[test]
    fn what_a_listing_found_nowhere_is_not_looked_for_again() {
        let first = (0.0, 30, 40, 40);
        assert!(!after(&[first, (10.0, 30, 40, 40), (20.0, 30, 40, 40)]).needs_listing(false));
        assert!(after(&[first, (10.0, 30, 40, 40), (20.0, 29, 40, 40), (30.0, 29, 40, 40)]).needs_listing(false));
        // Six of the ten are sent again, and three other cases leave the queue for good.
        let sent_again = [first, (10.0, 36, 40, 40), (20.0, 33, 40, 40), (30.0, 33, 40, 40)];
        assert!(after(&sent_again).needs_listing(false));
    }
}
