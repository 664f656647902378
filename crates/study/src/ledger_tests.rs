#[path = "ledger/order_tests.rs"]
mod order_tests;
#[path = "ledger/version_tests.rs"]
mod version_tests;

use proptest::prelude::*;

use super::*;
use crate::accounting::CaseCounts;
use crate::accounting::{AccountingInput, BatchAccount, total};
use crate::case::Parameters;
use crate::control::{DeadLetters, StudyControl};
use crate::model::ModelDigest;
use crate::segment::RowNumbers;
use crate::versions::{ModelVersion, versions};

const SENT: f64 = 1_000.0;
const NOW: f64 = 2_000.0;

/// Ids of two submissions.
const FIRST: &str = "00000000000000f1";
const SECOND: &str = "00000000000000f2";

fn case(number: u32) -> CaseId {
    CaseId::of(&ModelDigest::of(b"model"), &Parameters::new(), number)
}

fn batch(name: &str) -> Batch {
    Batch::parse(name).unwrap()
}

fn row(number: u32, outcome: RowOutcome, is_final: bool, end_time: f64) -> SegmentRow {
    SegmentRow {
        batch: batch("b"),
        case_id: case(number),
        level: 1,
        outcome,
        start_time: end_time - 10.0,
        end_time,
        is_final,
        is_empty: false,
        files_kib: 0,
        signature: Some("00ff".into()),
        error: Some("ValueError: negative cohesion".into()),
        numbers: RowNumbers::default(),
    }
}

fn ledger(cases: u32) -> Ledger {
    let mut ledger = Ledger::default();
    let rows: Vec<_> =
        (0..cases).map(|number| TableRow { case_id: case(number), level: 1 + number % 2, pool: None }).collect();
    ledger.add_table(&batch("b"), FIRST, SENT, &rows);
    ledger
}

fn counts(ledger: &Ledger, running: &[u32], queue_is_empty: bool, now: f64) -> CaseCounts {
    let running = running.iter().map(|number| (batch("b"), case(*number))).collect();
    let control = StudyControl { cancelled_cases: BTreeSet::from([case(7)]), ..StudyControl::default() };
    let circumstances = AccountingInput {
        now,
        running: &running,
        waiting: None,
        leased: running.len() as u64,
        control: &control,
        dead_letters: 0,
        queue_is_empty,
        filled_pools: &[],
        held_elsewhere: &BTreeSet::new(),
    };
    total(&ledger.account(&circumstances))
}

#[test]
fn every_case_is_in_one_state() {
    let mut ledger = ledger(8);
    ledger.add_row("w", &row(0, RowOutcome::Done, false, 1_100.0));
    ledger.add_row("w", &row(1, RowOutcome::Failed, true, 1_100.0));
    ledger.add_row("w", &row(2, RowOutcome::Failed, false, 1_100.0));
    let expected =
        CaseCounts { cases: 8, queued: 4, running: 1, done: 1, failed: 1, cancelled: 1, ..CaseCounts::default() };
    assert_eq!(counts(&ledger, &[3], false, NOW), expected);
    let empty = CaseCounts { queued: 0, lost: 4, ..expected };
    assert_eq!(counts(&ledger, &[3], true, NOW), empty, "an empty queue holds no case");
    assert_eq!(counts(&ledger, &[3], false, SENT + RETENTION_SECS + 1.0), empty, "the queue forgets after 14 days");
}

#[test]
fn a_case_that_was_sent_again_after_it_had_failed_is_open() {
    let mut ledger = ledger(3);
    for number in [0, 1] {
        ledger.add_row("w", &row(number, RowOutcome::Failed, true, 1_100.0));
    }
    let again = |ledger: &mut Ledger, submit_time, table_time| {
        ledger.add_table(&batch("b"), SECOND, table_time, &[TableRow { case_id: case(0), level: 1, pool: None }]);
        ledger.add_model(&batch("b"), SECOND, Some(SubmittedModel { key: String::new(), submit_time }));
    };
    // The rest of a design is sent after its first cases have failed: its table is written again, but it isn't another design.
    again(&mut ledger, 1_050.0, 1_300.0);
    let failed = CaseCounts { cases: 3, queued: 1, failed: 2, ..CaseCounts::default() };
    assert_eq!((counts(&ledger, &[], false, NOW), ledger.open_cases()), (failed, 1));

    again(&mut ledger, 1_299.0, 1_300.0);
    let queued = CaseCounts { queued: 2, failed: 1, ..failed };
    assert_eq!((counts(&ledger, &[], false, NOW), ledger.open_cases()), (queued, 2));
    let control = StudyControl::default();
    let counted: Vec<_> = ledger.counted_failures(&control).map(|(case, _)| case.1).collect();
    assert_eq!(counted, [case(1)]);
    // Its next failure is of the new submission.
    ledger.add_row("w", &row(0, RowOutcome::Failed, true, 1_400.0));
    assert_eq!((counts(&ledger, &[], false, NOW), ledger.open_cases()), (failed, 1));
}

#[test]
fn the_files_of_a_case_count_by_its_last_row() {
    let mut ledger = ledger(3);
    let add = |ledger: &mut Ledger, number, files_kib, end_time| {
        ledger.add_row("w", &SegmentRow { files_kib, ..row(number, RowOutcome::Done, false, end_time) });
    };
    assert_eq!(ledger.files_bytes(), 0);
    add(&mut ledger, 1, 7, 1_100.0);
    add(&mut ledger, 0, u32::MAX, 1_100.0);
    assert_eq!(ledger.files_bytes(), (u64::from(u32::MAX) + 7) << 10);
    // Computed again, or extracted from; the row of the earlier attempt may be read later.
    add(&mut ledger, 0, 2, 1_200.0);
    add(&mut ledger, 0, 5, 1_150.0);
    assert_eq!(ledger.files_bytes(), 9 << 10);
    // What a listing doesn't have counts no more.
    let done = vec![((batch("b"), case(0)), 1_201.0)];
    ledger.reconcile(&DataListing { done, errors: Vec::new() }, 1_400.0);
    assert_eq!(ledger.files_bytes(), 2 << 10);
}

#[test]
fn a_result_is_believed_as_long_as_a_listing_has_it() {
    let mut ledger = ledger(3);
    for number in 0..3 {
        let numbers = RowNumbers(vec![("y".into(), f64::from(number))]);
        let row = SegmentRow { numbers, ..row(number, RowOutcome::Done, false, 1_100.0) };
        ledger.add_result("w", &row, row.numbers.first(None));
    }
    // Nobody has ever sent these: one of the batch, and one of another.
    ledger.add_row("forger", &row(9, RowOutcome::Done, false, 1_100.0));
    ledger.add_row("forger", &SegmentRow { batch: batch("forged"), ..row(9, RowOutcome::Done, false, 1_100.0) });
    let listing = |listed: &[u32]| DataListing {
        done: listed.iter().map(|number| ((batch("b"), case(*number)), 1_101.0)).collect(),
        errors: Vec::new(),
    };
    // The rows may be younger than the listing.
    ledger.reconcile(&listing(&[2, 0]), 1_110.0);
    assert_eq!((ledger.done_cases(), ledger.cases()), (5, 5));
    ledger.reconcile(&listing(&[2, 0]), 1_200.0);
    let expected = CaseCounts { cases: 3, queued: 1, done: 2, ..CaseCounts::default() };
    assert_eq!(counts(&ledger, &[], false, NOW), expected);
    assert!(!ledger.knows(&batch("forged"), case(9)) && ledger.knows(&batch("b"), case(1)));
    let duration = |number| ledger.finish_of(&(batch("b"), case(number))).and_then(|finish| finish.duration_secs);
    assert_eq!([0, 1, 2].map(duration), [Some(10.0), None, Some(10.0)]);
    let response = ledger.batches[&batch("b")].responses.summary(&ledger.batches[&batch("b")].finishes).unwrap();
    assert_eq!(
        (response.numbers, response.least.to_bits(), response.most.to_bits()),
        (2, 0.0_f64.to_bits(), 2.0_f64.to_bits())
    );
    // The result of the third case comes after all.
    ledger.reconcile(&listing(&[0, 1, 2]), 1_300.0);
    assert_eq!(counts(&ledger, &[], false, NOW), CaseCounts { queued: 0, done: 3, ..expected });
}

#[test]
fn an_account_tells_when_a_batch_was_heard_of_last() {
    let mut ledger = ledger(3);
    ledger.add_table(&batch("later"), SECOND, NOW, &[TableRow { case_id: case(9), level: 0, pool: None }]);
    let times = |ledger: &Ledger| {
        let accounts = ledger.account(&AccountingInput {
            now: NOW,
            running: &BTreeSet::new(),
            waiting: None,
            leased: 0,
            control: &StudyControl::default(),
            dead_letters: 0,
            queue_is_empty: false,
            filled_pools: &[],
            held_elsewhere: &BTreeSet::new(),
        });
        accounts.iter().map(|account| [account.submit_time, account.touch_time].map(f64::to_bits)).collect::<Vec<_>>()
    };
    assert_eq!(times(&ledger)[0], [SENT, SENT].map(f64::to_bits));
    ledger.add_row("w", &row(0, RowOutcome::Done, false, 1_100.0));
    assert_eq!(times(&ledger)[0], [SENT, 1_100.0].map(f64::to_bits));
    ledger.add_row("w", &row(1, RowOutcome::Failed, true, 1_200.0));
    assert_eq!(times(&ledger)[0], [SENT, 1_200.0].map(f64::to_bits));
    assert_eq!(times(&ledger)[1], [NOW, NOW].map(f64::to_bits), "a failure of another batch is none of this one");
}

#[test]
fn a_case_of_two_tables_is_counted_once_and_lives_as_long_as_the_later() {
    let mut ledger = ledger(4);
    ledger.add_table(
        &batch("b"),
        SECOND,
        SENT + RETENTION_SECS,
        &[TableRow { case_id: case(0), level: 1, pool: None }],
    );
    let counts = counts(&ledger, &[], false, SENT + RETENTION_SECS + 1.0);
    assert_eq!((counts.cases, counts.queued, counts.lost), (4, 1, 3));
}

#[test]
fn a_result_outweighs_every_failure_before_and_after_it() {
    let mut ledger = ledger(1);
    ledger.add_row("w", &row(0, RowOutcome::Failed, true, 1_100.0));
    ledger.add_row("w", &row(0, RowOutcome::Done, false, 1_200.0));
    ledger.add_row("w", &row(0, RowOutcome::Failed, true, 1_300.0));
    assert_eq!(counts(&ledger, &[], false, NOW).done, 1);
    assert!(ledger.failures().is_empty());
    let finish = CaseFinish { end_time: 1_200.0, duration_secs: Some(10.0) };
    assert_eq!((ledger.finish_of(&(batch("b"), case(0))), ledger.done_cases()), (Some(&finish), 1));
}

#[test]
fn a_running_case_is_not_failed_any_more() {
    let mut ledger = ledger(1);
    ledger.add_row("w", &row(0, RowOutcome::Failed, true, 1_100.0));
    assert_eq!(counts(&ledger, &[0], false, NOW).running, 1);
}

#[test]
fn a_worker_with_short_cases_holds_another_one_than_it_spoke_of() {
    let mut ledger = ledger(4);
    ledger.add_row("w", &row(0, RowOutcome::Done, false, 1_100.0));
    let account = |leased| {
        let running = BTreeSet::from([(batch("b"), case(0))]);
        let control = StudyControl::default();
        let circumstances = AccountingInput {
            now: NOW,
            running: &running,
            waiting: None,
            leased,
            control: &control,
            dead_letters: 0,
            queue_is_empty: false,
            filled_pools: &[],
            held_elsewhere: &BTreeSet::new(),
        };
        let account = ledger.account(&circumstances).remove(0);
        (account.counts.running, account.counts.queued, account.levels.iter().map(|(_, level)| level.running).collect())
    };
    assert_eq!(account(1), (1, 2, vec![1, 0]), "of the first level that waits");
    assert_eq!(account(0), (0, 3, vec![0, 0]), "the queue has leased nothing");
}

#[test]
fn a_listing_fills_what_segments_lack() {
    let mut ledger = ledger(3);
    ledger.add_row("w", &row(1, RowOutcome::Failed, true, 1_100.0));
    let mut listing = DataListing::default();
    listing.add(DataKey::Done(batch("b"), case(0)), 1_150.0);
    listing.add(DataKey::Error(batch("b"), case(1)), 1_101.0);
    listing.add(DataKey::Error(batch("b"), case(2)), 1_101.0);
    assert_eq!(ledger.reconcile(&listing, 1_200.0), [(batch("b"), case(2))], "the other failure is known");
    assert_eq!(counts(&ledger, &[], false, NOW).done, 1);
}

#[test]
fn a_row_says_more_of_a_result_than_the_listing_that_found_it() {
    let mut ledger = Ledger::default();
    let mut listing = DataListing::default();
    listing.add(DataKey::Done(batch("b"), case(0)), 1_150.0);
    ledger.reconcile(&listing, 1_200.0);
    let of_case = (batch("b"), case(0));
    assert_eq!(ledger.finish_of(&of_case), Some(&CaseFinish { end_time: 1_150.0, duration_secs: None }));
    ledger.add_row("w", &row(0, RowOutcome::Done, false, 1_149.0));
    ledger.reconcile(&listing, 1_200.0);
    let finish = CaseFinish { end_time: 1_149.0, duration_secs: Some(10.0) };
    assert_eq!(ledger.finish_of(&of_case), Some(&finish));
    assert_eq!(ledger.done_cases(), 1);
    let levels = |ledger: &Ledger| {
        let (control, running) = (StudyControl::default(), BTreeSet::new());
        let circumstances = AccountingInput {
            now: NOW,
            running: &running,
            waiting: None,
            leased: 0,
            control: &control,
            dead_letters: 0,
            queue_is_empty: false,
            filled_pools: &[],
            held_elsewhere: &BTreeSet::new(),
        };
        ledger.account(&circumstances)[0].levels.iter().map(|(level, _)| *level).collect::<Vec<_>>()
    };
    assert_eq!(levels(&ledger), [1], "no table names it, but the row knows");
    ledger.add_table(&batch("b"), FIRST, SENT, &[TableRow { case_id: case(0), level: 3, pool: None }]);
    ledger.add_row("w", &row(0, RowOutcome::Done, false, 1_300.0));
    assert_eq!(levels(&ledger), [3], "the table is right");
}

#[test]
fn of_two_rows_of_a_result_the_later_one_counts_in_whatever_order() {
    for ends in [[1_100.0, 1_200.0], [1_200.0, 1_100.0]] {
        let mut ledger = ledger(1);
        for end in ends {
            ledger.add_row("w", &row(0, RowOutcome::Done, false, end));
        }
        let finish = CaseFinish { end_time: 1_200.0, duration_secs: Some(10.0) };
        assert_eq!((ledger.finish_of(&(batch("b"), case(0))), ledger.done_cases()), (Some(&finish), 1));
    }
}

#[test]
fn an_entry_is_small_as_there_may_be_a_million() {
    assert_eq!(size_of::<Entry>(), 16);
}

#[test]
fn a_last_failure_that_followed_another_one_at_once_is_not_taken_for_known() {
    let mut ledger = ledger(1);
    ledger.add_row("w", &row(0, RowOutcome::Failed, false, 1_100.0));
    let mut listing = DataListing::default();
    listing.add(DataKey::Error(batch("b"), case(0)), 1_101.0);
    assert_eq!(
        ledger.reconcile(&listing, 1_200.0),
        [(batch("b"), case(0))],
        "its document may tell of the last attempt"
    );
}

#[test]
fn a_failure_whose_document_was_deleted_is_forgotten() {
    let mut ledger = ledger(2);
    ledger.add_row("w", &row(0, RowOutcome::Failed, true, 1_100.0));
    ledger.add_row("w", &row(1, RowOutcome::Failed, true, 1_300.0));
    assert_eq!(ledger.reconcile(&DataListing::default(), 1_200.0), []);
    let counts = counts(&ledger, &[], false, NOW);
    assert_eq!((counts.failed, counts.queued), (1, 1), "the one that came after the listing stays");
}

#[test]
fn a_case_that_no_table_names_any_more_is_gone_unless_something_became_of_it() {
    let mut ledger = ledger(5);
    ledger.add_row("w", &row(0, RowOutcome::Done, false, 1_100.0));
    ledger.add_row("w", &row(1, RowOutcome::Failed, true, 1_100.0));
    ledger.forget_tables(&batch("b"));
    ledger.add_table(&batch("b"), FIRST, SENT, &[TableRow { case_id: case(2), level: 1, pool: None }]);
    let expected = CaseCounts { cases: 3, queued: 1, done: 1, failed: 1, ..CaseCounts::default() };
    assert_eq!(counts(&ledger, &[], false, NOW), expected);
    assert_eq!((ledger.cases(), ledger.open_cases()), (3, 1));
}

#[test]
fn a_batch_of_which_nothing_is_left_is_gone() {
    let mut ledger = ledger(5);
    ledger.forget_tables(&batch("b"));
    ledger.add_table(&batch("b"), FIRST, SENT, &[]);
    let control = StudyControl::default();
    let running = BTreeSet::new();
    let circumstances = AccountingInput {
        now: NOW,
        running: &running,
        waiting: None,
        leased: 0,
        control: &control,
        dead_letters: 0,
        queue_is_empty: false,
        filled_pools: &[],
        held_elsewhere: &BTreeSet::new(),
    };
    assert_eq!(ledger.account(&circumstances), []);
}

#[test]
fn a_result_that_no_table_names_is_a_case_too() {
    let mut ledger = Ledger::default();
    ledger.add_row("w", &row(0, RowOutcome::Done, false, 1_100.0));
    assert_eq!(counts(&ledger, &[], true, NOW), CaseCounts { cases: 1, done: 1, ..CaseCounts::default() });
}

/// Counts four cases that were sent at `SENT`, of which an operator's look has found the first two in the dead-letter queue.
fn counts_noted(dead_letters: u64, looked: f64, queue_empty_time: f64, waiting: u64) -> (u64, u64, u64) {
    let cases = [0, 1].map(|number| DeadLetters::name(&batch("b"), case(number))).into();
    let noted = DeadLetters { time: looked, messages: 2, cases };
    let control = StudyControl { dead_letters: noted, queue_empty_time, ..StudyControl::default() };
    let counts = total(&ledger(4).account(&AccountingInput {
        now: SENT + 1_000.0,
        running: &BTreeSet::new(),
        waiting: Some(waiting),
        leased: 0,
        control: &control,
        dead_letters,
        queue_is_empty: false,
        filled_pools: &[],
        held_elsewhere: &BTreeSet::new(),
    }));
    (counts.queued, counts.dead, counts.lost)
}

#[test]
fn a_case_in_the_dead_letter_queue_is_dead_until_it_is_sent_again() {
    assert_eq!(counts_noted(2, SENT + 500.0, 0.0, 2), (2, 2, 0));
    assert_eq!(counts_noted(1, SENT + 500.0, 0.0, 2), (2, 2, 0), "which one is gone will be noted");
    assert_eq!(counts_noted(0, SENT + 500.0, 0.0, 4), (4, 0, 0), "it was emptied");
    assert_eq!(counts_noted(2, SENT - 1.0, 0.0, 4), (4, 0, 0), "sent again since the look");
}

#[test]
fn a_queue_that_was_seen_empty_and_is_empty_now_holds_nothing_that_was_sent_before() {
    assert_eq!(counts_noted(2, SENT + 500.0, SENT + 100.0, 0), (0, 2, 2));
    assert_eq!(counts_noted(2, SENT + 500.0, SENT + 100.0, 1), (2, 2, 0), "something was sent since");
    assert_eq!(counts_noted(2, SENT + 500.0, SENT + 59.0, 0), (2, 2, 0), "they may have been on their way");
}
