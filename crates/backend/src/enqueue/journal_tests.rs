use proptest::prelude::*;

use super::*;
use crate::testing::plan;

fn journal(cases: u32, skipped: &[u32], hold_after: Option<u64>) -> Journal {
    Journal::new("bucket", &plan(cases), skipped.iter().copied().collect(), hold_after)
}

#[test]
fn the_first_are_claimed_before_the_hold_and_the_rest_behind_it() {
    let mut journal = journal(10, &[0, 3, 5], Some(3));
    assert_eq!((journal.of(), journal.hold_after(), journal.is_held()), (7, Some(3), false));
    assert_eq!(journal.claim(100, 1.0), [1, 2, 4]);
    assert!(!journal.is_held());
    for place in [1, 2, 4] {
        journal.accept(place);
    }
    assert!(journal.is_held() && !journal.is_complete());
    assert!(journal.claim(100, 1.0).is_empty());
    journal.lift_hold();
    assert_eq!(journal.claim(100, 1.0), [6, 7, 8, 9]);
    assert_eq!(journal.first(4), [1, 2, 4, 6]);
}

#[test]
fn a_hold_behind_all_is_none() {
    for count in [7, 8, 1_000_000] {
        assert_eq!(journal(10, &[0, 3, 5], Some(count)).hold_after(), None, "{count}");
    }
    assert_eq!(journal(10, &[0, 9], Some(7)).hold_after(), Some(7));
}

#[test]
fn nothing_to_send_is_complete() {
    let journal = journal(3, &[0, 1, 2], Some(1));
    assert!(journal.is_complete() && !journal.is_held());
    assert_eq!((journal.of(), journal.accepted()), (0, 0));
}

#[derive(Debug, Clone)]
enum Event {
    Claim(usize),
    Accept(usize),
    /// Everything from here on was never sent.
    Release(usize),
    Renew,
    /// The process ended, and another one reads the journal.
    Restart,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (0_usize..8).prop_map(Event::Claim),
        (0_usize..60).prop_map(Event::Accept),
        (0_usize..60).prop_map(Event::Release),
        Just(Event::Renew),
        Just(Event::Restart),
    ]
}

proptest! {
    /// Checks that each case is in one position after any events, and that the numbers agree with that.
    #[test]
    fn every_case_is_in_one_position(
        skipped in proptest::collection::btree_set(0_u32..30, 0..30),
        events in proptest::collection::vec(event(), 0..40),
    ) {
        let skipped: Vec<u32> = skipped.into_iter().collect();
        let mut journal = journal(30, &skipped, None);
        let mut expected = vec![CasePosition::ToSend; 30];
        for place in &skipped {
            expected[*place as usize] = CasePosition::Skipped;
        }
        for event in events {
            match event {
                Event::Claim(most) => for place in journal.claim(most, 1.0) {
                    expected[place as usize] = CasePosition::InFlight;
                },
                Event::Accept(place) => if expected.get(place) == Some(&CasePosition::InFlight) {
                    journal.accept(u32::try_from(place).unwrap());
                    expected[place] = CasePosition::Accepted;
                },
                // Batches begin in order: no case was accepted behind one that was never sent.
                Event::Release(from) => if expected[from.min(30)..].iter().all(|at| *at != CasePosition::Accepted) {
                    journal.release(u32::try_from(from).unwrap());
                    for at in expected[from.min(30)..].iter_mut().filter(|at| **at == CasePosition::InFlight) {
                        *at = CasePosition::ToSend;
                    }
                },
                Event::Renew => journal.renew_flights(2.0),
                Event::Restart => {
                    let json = serde_json::to_vec(&journal).unwrap();
                    journal = serde_json::from_slice(&json).unwrap();
                }
            }
        }
        let found: Vec<CasePosition> = (0..30).map(|place| journal.position(place)).collect();
        prop_assert_eq!(&found, &expected);
        let count = |wanted| expected.iter().filter(|at| **at == wanted).count() as u64;
        prop_assert_eq!(journal.accepted(), count(CasePosition::Accepted));
        prop_assert_eq!(journal.in_flight().len() as u64, count(CasePosition::InFlight));
        prop_assert_eq!(journal.of(), 30 - count(CasePosition::Skipped));
        prop_assert_eq!(journal.is_complete(), count(CasePosition::ToSend) + count(CasePosition::InFlight) == 0);
    }
}
