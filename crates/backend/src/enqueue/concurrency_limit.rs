//! Limit of the requests that are under way at once: it grows while all goes well, and is halved when the service says that
//! they are too many. Additive increase, multiplicative decrease, as in TCP.

/// Limit at first.
const FIRST: f64 = 4.0;

/// Maximum limit.
const MAX_REQUESTS: f64 = 24.0;

/// Limit of the requests that may be under way at once.
#[derive(Debug, Clone)]
pub(super) struct ConcurrencyLimit {
    limit: f64,
    /// Number of requests that were begun until now.
    begun: u64,
    /// Number of requests that were begun when the limit was last halved. Outcomes of these say nothing about the new limit.
    changed_at: u64,
}

/// A request, identified by the order of beginning.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct BegunRequest(u64);

impl Default for ConcurrencyLimit {
    fn default() -> Self {
        Self { limit: FIRST, begun: 0, changed_at: 0 }
    }
}

impl ConcurrencyLimit {
    /// Returns the number of requests that may be under way at once: at least 1.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 1 to 24")]
    pub(super) fn limit(&self) -> usize {
        self.limit as usize
    }

    /// Notes that another request is sent.
    pub(super) fn begin(&mut self) -> BegunRequest {
        self.begun += 1;
        BegunRequest(self.begun)
    }

    /// Notes that a request was accepted. Once as many were accepted as may be under way, the limit grows by one.
    pub(super) fn accepted(&mut self) {
        self.limit = (self.limit + 1.0 / self.limit).min(MAX_REQUESTS);
    }

    /// Notes that a request was throttled. All that were under way together count once: they were sent at the same pace.
    pub(super) fn throttled(&mut self, request: BegunRequest) {
        if request.0 > self.changed_at {
            self.limit = (self.limit / 2.0).max(1.0);
            self.changed_at = self.begun;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Limits with a service that takes `capacity` requests at once and throttles all others.
    fn limits(capacity: usize, rounds: usize) -> Vec<usize> {
        let mut pace = ConcurrencyLimit::default();
        let round = |_| {
            let begun: Vec<BegunRequest> = (0..pace.limit()).map(|_| pace.begin()).collect();
            for (number, request) in begun.into_iter().enumerate() {
                if number < capacity { pace.accepted() } else { pace.throttled(request) }
            }
            pace.limit()
        };
        (0..rounds).map(round).collect()
    }

    #[test]
    fn without_throttling_one_more_is_added_each_round_up_to_the_most() {
        let limits = limits(100, 40);
        assert!(limits[..10].windows(2).all(|pair| pair[0] <= pair[1] && pair[1] <= pair[0] + 1), "{limits:?}");
        assert_eq!(limits[39], 24);
    }

    #[test]
    fn a_round_with_throttling_halves_it_once() {
        let mut pace = ConcurrencyLimit { limit: 16.0, ..ConcurrencyLimit::default() };
        let begun: Vec<BegunRequest> = (0..16).map(|_| pace.begin()).collect();
        for request in begun {
            pace.throttled(request);
        }
        assert_eq!(pace.limit(), 8);
        let next = pace.begin();
        pace.throttled(next);
        assert_eq!(pace.limit(), 4);
    }

    #[test]
    fn it_stays_about_what_the_service_takes() {
        for capacity in [1, 3, 10] {
            let limits = limits(capacity, 200);
            let settled = &limits[100..];
            assert!(settled.iter().all(|limit| *limit >= 1 && *limit <= capacity + 1), "{capacity}: {settled:?}");
            assert!(settled.iter().any(|limit| *limit >= capacity), "{capacity}: {settled:?}");
        }
    }
}
