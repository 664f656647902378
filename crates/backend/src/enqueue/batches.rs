//! Cutting messages into requests.

use std::collections::VecDeque;

use cruncher_aws::sqs;
use cruncher_study::message::MAX_MESSAGE_BYTES;

use super::index_ranges::IndexRanges;
use super::plan::EnqueuePlan;

/// A request that is being filled: it takes ten messages, and 256 KiB in all.
#[derive(Debug, Default)]
struct Filling {
    messages: usize,
    size_bytes: usize,
}

impl Filling {
    /// Takes a message of this size, if there is room.
    fn takes(&mut self, size_bytes: usize) -> bool {
        let has_room = self.messages < sqs::MAX_ENTRIES && self.size_bytes + size_bytes <= MAX_MESSAGE_BYTES;
        if has_room {
            self.messages += 1;
            self.size_bytes += size_bytes;
        }
        has_room
    }
}

/// Takes the cases of the next request from the front of `ready`, which are all of one level and one pool, and makes their messages.
pub(super) fn next_batch(plan: &EnqueuePlan, ready: &mut VecDeque<u32>) -> Vec<(u32, sqs::BatchEntry)> {
    let mut filling = Filling::default();
    let mut batch = Vec::new();
    let queue = |place: &u32| (plan.level_of(*place), plan.pool(*place));
    let first = ready.front().map(queue);
    while let Some(place) = ready.front().copied().filter(|place| Some(queue(place)) == first) {
        let message = plan.message(place);
        let (deduplication_id, body) = (plan.deduplication_id(&message), message.body());
        if !filling.takes(body.len()) {
            break;
        }
        let entry =
            sqs::BatchEntry { id: place.to_string(), group_id: message.case_id.to_string(), deduplication_id, body };
        batch.push((place, entry));
        ready.pop_front();
    }
    batch
}

/// Returns the number of requests that send the cases of a plan without those that are skipped, level by level.
pub(super) fn requests(plan: &EnqueuePlan, skipped: &IndexRanges) -> u64 {
    if plan.longest_bytes() * sqs::MAX_ENTRIES > MAX_MESSAGE_BYTES || plan.cases().have_pools() {
        return requests_by_size(plan, skipped);
    }
    let mut start = 0;
    let of_level = |&(_, end): &(u32, u32)| {
        let range = std::mem::replace(&mut start, end)..end;
        let cases = u64::from(range.end - range.start) - skipped.count_in(range);
        cases.div_ceil(sqs::MAX_ENTRIES as u64)
    };
    plan.levels().iter().map(of_level).sum()
}

fn requests_by_size(plan: &EnqueuePlan, skipped: &IndexRanges) -> u64 {
    let (mut requests, mut queue, mut filling) = (0, None, Filling::default());
    for place in (0..plan.len()).filter(|place| !skipped.contains(*place)) {
        let size_bytes = plan.message(place).body().len();
        let own = Some((plan.level_of(place), plan.pool(place)));
        let is_same = std::mem::replace(&mut queue, own) == own;
        if !is_same || !filling.takes(size_bytes) {
            filling = Filling { messages: 1, size_bytes };
            requests += 1;
        }
    }
    requests
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{levelled_plan, plan, plan_with_text};

    fn batches(plan: &EnqueuePlan, skipped: &IndexRanges) -> Vec<Vec<u32>> {
        let mut ready: VecDeque<u32> = (0..plan.len()).filter(|place| !skipped.contains(*place)).collect();
        let mut batches = Vec::new();
        while !ready.is_empty() {
            batches.push(next_batch(plan, &mut ready).into_iter().map(|(place, _)| place).collect());
        }
        batches
    }

    fn check(plan: &EnqueuePlan, skipped: &[u32], expected: &[usize]) {
        let skipped: IndexRanges = skipped.iter().copied().collect();
        let batches = batches(plan, &skipped);
        assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), expected);
        let order: Vec<u32> = batches.concat();
        assert!(order.is_sorted());
        assert_eq!(requests(plan, &skipped), expected.len() as u64);
    }

    #[test]
    fn ten_messages_are_a_request() {
        check(&plan(25), &[], &[10, 10, 5]);
        check(&plan(25), &[0, 11, 24], &[10, 10, 2]);
        check(&plan(3), &[0, 1, 2], &[]);
    }

    #[test]
    fn a_request_has_one_level() {
        check(&levelled_plan(), &[], &[2, 4, 8]);
        check(&levelled_plan(), &[2, 3, 4, 5, 6], &[2, 7]);
    }

    #[test]
    fn large_messages_share_256_kib() {
        check(&plan_with_text(5, 100 * 1024), &[], &[2, 2, 1]);
        check(&plan_with_text(2, MAX_MESSAGE_BYTES - 600), &[], &[1, 1]);
    }
}
