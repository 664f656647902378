//! A binary heap of times, the earliest on top, and functions based on it.
//!
//! The first view has a budget: the sorting and the heap of the standard library would each take a hundredth of it.

/// Lets the time on top, which was replaced, sink to its place.
pub(super) fn sink(heap: &mut [f64]) {
    sink_from(heap, 0);
}

fn sink_from(heap: &mut [f64], mut place: usize) {
    loop {
        let mut earliest = place;
        for child in [2 * place + 1, 2 * place + 2] {
            if child < heap.len() && heap[child] < heap[earliest] {
                earliest = child;
            }
        }
        if earliest == place {
            return;
        }
        heap.swap(place, earliest);
        place = earliest;
    }
}

/// Makes a heap of times that are in no order.
pub(super) fn build(times: &mut [f64]) {
    for place in (0..times.len() / 2).rev() {
        sink_from(times, place);
    }
}

/// Brings times into their order; none may be NaN.
pub(super) fn sort(times: &mut [f64]) {
    build(times);
    for end in (1..times.len()).rev() {
        times.swap(0, end);
        sink(&mut times[..end]);
    }
    times.reverse();
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn times_are_sorted(mut times in prop::collection::vec(-1e9..1e9_f64, 0..100)) {
            let mut expected = times.clone();
            expected.sort_unstable_by(f64::total_cmp);
            sort(&mut times);
            prop_assert_eq!(times, expected);
        }
    }
}
