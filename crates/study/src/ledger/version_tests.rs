//! Withdrawn submissions, versions of models, and cases that are not sent yet.

use super::*;

fn rows(numbers: std::ops::Range<u32>) -> Vec<TableRow> {
    numbers.map(|number| TableRow { case_id: case(number), level: 1, pool: None }).collect()
}

fn withdrawing(submissions: &[&str]) -> StudyControl {
    let withdrawn_submissions = submissions.iter().map(|id| (*id).to_owned()).collect();
    StudyControl { withdrawn_submissions, ..StudyControl::default() }
}

/// Returns the account of the only batch, with this number of leases.
fn account_with(ledger: &Ledger, control: &StudyControl, running: &[u32], leased: u64) -> BatchAccount {
    let accounts = accounts_with(ledger, control, running, leased);
    <[BatchAccount; 1]>::try_from(accounts).unwrap().into_iter().next().unwrap()
}

fn accounts_with(ledger: &Ledger, control: &StudyControl, running: &[u32], leased: u64) -> Vec<BatchAccount> {
    let running = running.iter().map(|number| (batch("b"), case(*number))).collect();
    let filled_pools = ["gpu", "slow"].map(|name| Pool::parse(name).unwrap());
    ledger.account(&AccountingInput {
        now: NOW,
        running: &running,
        waiting: None,
        leased,
        control,
        dead_letters: 0,
        queue_is_empty: false,
        filled_pools: &filled_pools,
        held_elsewhere: &BTreeSet::new(),
    })
}

/// Makes a ledger with ten cases of a first submission, of which two are done and two failed; then six of another one, of which
/// one is done.
fn replaced() -> Ledger {
    let mut ledger = Ledger::default();
    ledger.add_table(&batch("b"), FIRST, SENT, &rows(0..10));
    ledger.add_table(&batch("b"), SECOND, SENT + 60.0, &rows(10..16));
    for number in [0, 1, 10] {
        ledger.add_row("w", &row(number, RowOutcome::Done, false, 1_100.0 + f64::from(number)));
    }
    for number in [2, 3] {
        ledger.add_row("w", &row(number, RowOutcome::Failed, true, 1_100.0));
    }
    ledger
}

#[test]
fn a_case_that_returned_nothing_is_done_and_counted_apart() {
    let mut ledger = ledger(4);
    for number in [0, 1] {
        ledger.add_row("w", &SegmentRow { is_empty: true, ..row(number, RowOutcome::Done, false, 1_100.0) });
    }
    ledger.add_row("w", &SegmentRow { is_empty: true, ..row(2, RowOutcome::Failed, true, 1_100.0) });
    let found = counts(&ledger, &[], false, NOW);
    assert_eq!((found.done, found.empty, found.failed), (2, 2, 1));
    // The case was computed again by force, now with a result.
    ledger.add_row("w", &row(1, RowOutcome::Done, false, 1_200.0));
    assert_eq!(counts(&ledger, &[], false, NOW).empty, 1);
}

#[test]
fn withdrawn_cases_are_in_no_other_state_and_come_back() {
    let ledger = replaced();
    let of = |control: &StudyControl| account_with(&ledger, control, &[4, 11], 2);
    let before = of(&StudyControl::default());
    assert_eq!((before.counts.cases, before.counts.done, before.counts.withdrawn), (16, 3, 0));
    let withdrawn = of(&withdrawing(&[FIRST]));
    let expected = CaseCounts { cases: 6, queued: 4, running: 1, done: 1, withdrawn: 10, ..CaseCounts::default() };
    assert_eq!(withdrawn.counts, expected);
    assert_eq!(withdrawn.levels, [(1, CaseCounts { withdrawn: 0, ..expected })]);
    assert_eq!(withdrawn.finishes, [CaseFinish { end_time: 1_110.0, duration_secs: Some(10.0) }]);
    let told: Vec<_> = withdrawn.submissions.iter().map(|own| (&*own.id, own.is_withdrawn, own.counts)).collect();
    let first = CaseCounts { cases: 10, queued: 5, running: 1, done: 2, failed: 2, ..CaseCounts::default() };
    assert_eq!(told[0], (FIRST, true, first), "what they would be is known");
    assert_eq!(told[1].0, SECOND);
    assert_eq!(of(&StudyControl::default()), before);
}

#[test]
fn failures_of_withdrawn_cases_are_none_to_look_at() {
    let ledger = replaced();
    let failed =
        |control: &StudyControl| ledger.counted_failures(control).map(|((_, case), _)| *case).collect::<Vec<_>>();
    assert_eq!(failed(&StudyControl::default()).len(), 2);
    assert_eq!(failed(&withdrawing(&[SECOND])).len(), 2);
    assert_eq!(failed(&withdrawing(&[FIRST])), []);
}

#[test]
fn a_withdrawn_case_that_is_submitted_again_counts_in_whatever_order_tables_are_read() {
    for ids in [[FIRST, SECOND], [SECOND, FIRST]] {
        let mut ledger = Ledger::default();
        for id in ids {
            let (sent, level) = if id == FIRST { (SENT, 1) } else { (SENT + 60.0, 2) };
            ledger.add_table(&batch("b"), id, sent, &[TableRow { case_id: case(0), level, pool: None }]);
        }
        let account = account_with(&ledger, &withdrawing(&[FIRST]), &[], 0);
        assert_eq!((account.counts.queued, account.counts.withdrawn), (1, 0));
        assert_eq!(account.levels[0].0, 2, "the level is that of the later table");
        assert_eq!(account_with(&ledger, &withdrawing(&[SECOND]), &[], 0).counts.withdrawn, 1);
    }
}

#[test]
fn an_attempt_is_over_once_its_case_has_a_result_or_a_failure_since() {
    let mut ledger = Ledger::default();
    ledger.add_row("w", &row(0, RowOutcome::Done, false, 1_100.0));
    ledger.add_row("w", &row(1, RowOutcome::Failed, false, 1_100.0));
    let has_ended = |number, start| ledger.has_ended_since(&(batch("b"), case(number)), "w", start);
    assert!(has_ended(0, 1_099.0) && has_ended(1, 1_099.0));
    assert!(!has_ended(0, 1_101.0) && !has_ended(1, 1_101.0), "another attempt has begun since");
    assert!(!has_ended(2, 0.0));
    assert!(!ledger.has_ended_since(&(batch("b"), case(1)), "v", 1_099.0), "another worker tries again");
}

#[test]
fn what_is_not_sent_yet_is_not_lost_however_long_the_queue_is_empty() {
    let mut ledger = Ledger::default();
    ledger.add_table(&batch("b"), FIRST, SENT, &rows(0..8));
    ledger.add_row("w", &row(0, RowOutcome::Done, false, 1_100.0));
    let held = StudyControl { held_submissions: [(FIRST.to_owned(), 7)].into(), ..StudyControl::default() };
    let counts = |control: &StudyControl, now| {
        let account = ledger.account(&AccountingInput {
            now,
            running: &BTreeSet::new(),
            waiting: Some(0),
            leased: 0,
            control,
            dead_letters: 0,
            queue_is_empty: true,
            filled_pools: &[],
            held_elsewhere: &BTreeSet::new(),
        });
        (account[0].counts.queued, account[0].counts.unsent, account[0].counts.lost)
    };
    for now in [SENT + 1.0, NOW, SENT + RETENTION_SECS] {
        assert_eq!(counts(&held, now), (7, 7, 0), "{now}");
    }
    assert_eq!(counts(&held, SENT + RETENTION_SECS + 1.0), (0, 0, 7), "nobody comes back for them");
    assert_eq!(counts(&StudyControl::default(), NOW), (0, 0, 7));
    // The queue may have been empty long before the table was written.
    assert_eq!(counts(&StudyControl::default(), SENT + 1.0), (7, 0, 0));
}

#[test]
fn the_lease_of_a_withdrawn_case_starts_no_other_one() {
    let ledger = replaced();
    let running = |leased| {
        // A worker with short cases named case 10, which is done; another one holds a withdrawn case.
        account_with(&ledger, &withdrawing(&[FIRST]), &[4, 10], leased).counts.running
    };
    assert_eq!((running(1), running(2)), (0, 1));
}

#[test]
fn one_submission_that_counts_is_nothing_to_tell() {
    let mut ledger = ledger(3);
    assert_eq!(account_with(&ledger, &StudyControl::default(), &[], 0).submissions, []);
    assert_eq!(ledger.wanted_designs(&StudyControl::default()), []);
    assert_eq!(account_with(&ledger, &withdrawing(&[FIRST]), &[], 0).submissions.len(), 1);
    ledger.add_table(&batch("b"), "", SENT, &rows(5..6));
    assert_eq!(
        account_with(&ledger, &StudyControl::default(), &[], 0).submissions,
        [],
        "the predecessor has no submissions"
    );
}

#[test]
fn versions_are_numbered_by_the_name_of_the_file_through_all_batches() {
    let mut ledger = Ledger::default();
    for (name, id, file, sent) in [
        ("b", FIRST, "11/footing.py", 60.0),
        ("a", SECOND, "00/footing.py", 0.0),
        ("a", "00000000000000f3", "22/beam.py", 90.0),
        ("c", "00000000000000f4", "00/footing.py", 120.0),
    ] {
        ledger.add_table(&batch(name), id, SENT + sent, &rows(0..3));
        let model = SubmittedModel { key: format!("models/{file}"), submit_time: SENT + sent };
        ledger.add_model(&batch(name), id, Some(model));
    }
    let accounts = accounts_with(&ledger, &StudyControl::default(), &[], 0);
    let told: Vec<Vec<String>> = accounts
        .iter()
        .map(|account| versions(&account.submissions).iter().map(ModelVersion::name).collect())
        .collect();
    assert_eq!(
        told,
        [vec!["footing.py version 1", "beam.py version 1"], vec!["footing.py version 2"], vec!["footing.py version 1"]]
    );
}

#[test]
fn designs_tell_models_and_the_order_of_submissions() {
    let mut ledger = replaced();
    let design = |id: &str| DataKey::Design(batch("b"), id.to_owned());
    assert_eq!(ledger.wanted_designs(&StudyControl::default()), [design(FIRST), design(SECOND)]);
    // A table that was written anew later doesn't make its submission a later one.
    let model = SubmittedModel { key: "models/00/footing.py".into(), submit_time: SENT + 120.0 };
    ledger.add_model(&batch("b"), FIRST, Some(model));
    ledger.add_model(&batch("b"), SECOND, None);
    assert_eq!(ledger.wanted_designs(&StudyControl::default()), [], "one that can't be read isn't asked for again");
    let told = account_with(&ledger, &StudyControl::default(), &[], 0).submissions;
    let told: Vec<_> = told.iter().map(|own| (&*own.id, &*own.model, own.time.to_bits())).collect();
    let expected = [(SECOND, "", SENT + 60.0), (FIRST, "models/00/footing.py", SENT + 120.0)];
    assert_eq!(told, expected.map(|(id, model, time)| (id, model, time.to_bits())));
}

proptest! {
    /// With any withdrawals, each case is in one state or withdrawn, in the batch as in its levels, pools and submissions.
    #[test]
    fn withdrawn_cases_and_the_states_always_sum_up(
        events in prop::collection::vec((0..20_u32, any::<bool>(), any::<bool>(), 1_000.0..2_000.0_f64), 0..60),
        empty in any::<u32>(),
        tables in prop::collection::vec((0..4_usize, 0..20_u32, 1..20_u32, 0.0..900.0_f64, 0..3_usize), 1..6),
        withdrawn in prop::collection::vec(0..4_usize, 0..4),
        running in prop::collection::vec(0..20_u32, 0..5),
        leased in 0..8_u64,
    ) {
        let ids = [FIRST, SECOND, "00000000000000f3", ""];
        let mut ledger = Ledger::default();
        for (id, first, cases, sent, pool) in tables {
            let pool = ["main", "gpu", "slow"].map(|name| Pool::parse_choice(name).unwrap())[pool];
            let rows: Vec<_> = rows(first..first + cases).into_iter().map(|row| TableRow { pool, ..row }).collect();
            ledger.add_table(&batch("b"), ids[id], sent, &rows);
        }
        for (number, is_done, is_final, end_time) in events {
            let outcome = if is_done { RowOutcome::Done } else { RowOutcome::Failed };
            let is_empty = empty >> number & 1 == 1;
            ledger.add_row("w", &SegmentRow { is_empty, ..row(number, outcome, is_final, end_time) });
        }
        let withdrawn: Vec<&str> = withdrawn.iter().map(|place| ids[*place]).filter(|id| !id.is_empty()).collect();
        let control = withdrawing(&withdrawn);
        let account = account_with(&ledger, &control, &running, leased);
        let CaseCounts { cases, queued, running, done, failed, cancelled, lost, withdrawn, unsent, empty, dead } =
            account.counts;
        prop_assert!(empty <= done);
        prop_assert_eq!(cases + withdrawn, ledger.cases());
        prop_assert_eq!(queued + running + done + failed + cancelled + dead + lost, cases);
        prop_assert!(unsent <= queued);
        prop_assert_eq!(account.finishes.len() as u64, done);
        let mut of_levels = CaseCounts { withdrawn, ..CaseCounts::default() };
        account.levels.iter().for_each(|(_, counts)| of_levels.add(counts));
        prop_assert_eq!(of_levels, CaseCounts { unsent: 0, ..account.counts });
        let mut of_pools = CaseCounts::default();
        for pool in [None, Pool::parse("gpu").ok(), Pool::parse("slow").ok()] {
            account.of_pool(pool).into_iter().for_each(|counts| of_pools.add(counts));
        }
        prop_assert_eq!(CaseCounts { unsent: 0, ..of_pools }, CaseCounts { unsent: 0, ..account.counts });
        let own: u64 = account.submissions.iter().filter(|own| own.is_withdrawn).map(|own| own.counts.cases).sum();
        prop_assert_eq!(own, withdrawn);
        // A case that is running isn't failed any more.
        let counted = ledger.counted_failures(&control).filter(|(_, failure)| failure.is_final).count() as u64;
        prop_assert!(failed <= counted && counted <= failed + running);
    }

    /// After any events in any order, the states sum up to the cases of the tables.
    #[test]
    fn the_states_always_sum_up(
        events in prop::collection::vec((0..20_u32, any::<bool>(), any::<bool>(), 1_000.0..2_000.0_f64), 0..60),
        running in prop::collection::vec(0..20_u32, 0..5),
        queue_is_empty: bool,
    ) {
        let mut ledger = ledger(20);
        for (number, is_done, is_final, end_time) in events {
            let outcome = if is_done { RowOutcome::Done } else { RowOutcome::Failed };
            ledger.add_row("w", &row(number, outcome, is_final, end_time));
        }
        let counts = counts(&ledger, &running, queue_is_empty, NOW);
        prop_assert_eq!(counts.cases, 20);
        let CaseCounts { queued, running, done, failed, cancelled, lost, .. } = counts;
        prop_assert_eq!(queued + running + done + failed + cancelled + lost, 20);
        prop_assert_eq!(done, ledger.done_cases());
    }
}

#[test]
fn what_its_sender_holds_is_not_sent_yet_and_nothing_else() {
    let mut ledger = Ledger::default();
    ledger.add_table(&batch("a"), FIRST, SENT, &rows(0..10));
    ledger.add_table(&batch("b"), SECOND, SENT + 100.0, &rows(0..4));
    let unsent = |rests: &[(&str, u64)], waiting, leased, elsewhere: &[&str]| {
        let held_submissions = rests.iter().map(|(id, rest)| ((*id).to_owned(), *rest)).collect();
        let accounts = ledger.account(&AccountingInput {
            now: NOW,
            running: &BTreeSet::from([(batch("a"), case(0))]),
            waiting,
            leased,
            control: &StudyControl { held_submissions, ..StudyControl::default() },
            dead_letters: 0,
            queue_is_empty: false,
            filled_pools: &[],
            held_elsewhere: &elsewhere.iter().map(|name| batch(name)).collect(),
        });
        let unsent: Vec<u64> = accounts.iter().map(|account| account.counts.unsent).collect();
        assert_eq!(total(&accounts).unsent, unsent.iter().sum::<u64>());
        unsent
    };
    let five = [(FIRST, 5)];
    assert_eq!(unsent(&five, Some(8), 1, &[]), [5, 0]);
    assert_eq!(unsent(&five, Some(2), 1, &[]), [5, 0], "results of the others aren't known yet");
    assert_eq!(unsent(&five, Some(11), 1, &[]), [2, 0], "the rest is being sent");
    assert_eq!(unsent(&five, Some(9), 3, &[]), [2, 0], "two are in workers' hands that haven't said so");
    assert_eq!(unsent(&[], Some(2), 1, &[]), [0, 0], "nobody holds anything");
    assert_eq!(unsent(&[(FIRST, 5), (SECOND, 3)], Some(8), 1, &[]), [2, 3]);
    assert_eq!(unsent(&[(FIRST, 50)], Some(0), 0, &[]), [9, 0], "no more of it are queued");
    assert_eq!(unsent(&five, Some(0), 0, &["a"]), [0, 0], "another queue has the cases of a");
    assert_eq!(unsent(&five, None, 0, &[]), [0, 0], "nobody can look into another queue");
}

#[test]
fn a_worker_with_short_cases_holds_one_of_its_own_pool() {
    let gpu = Pool::parse("gpu").ok();
    let mut ledger = Ledger::default();
    let row_of = |row: TableRow| TableRow { pool: gpu.filter(|_| row.case_id != case(1)), ..row };
    let rows: Vec<_> = rows(0..4).into_iter().map(row_of).collect();
    ledger.add_table(&batch("b"), FIRST, SENT, &rows);
    ledger.add_row("w", &row(0, RowOutcome::Done, false, 1_100.0));
    let account = account_with(&ledger, &StudyControl::default(), &[0], 1);
    let told = |pool| account.of_pool(pool).map(|counts| (counts.done, counts.running, counts.queued));
    assert_eq!((told(gpu), told(None)), (Some((1, 1, 1)), Some((0, 0, 1))));
    assert_eq!(told(Pool::parse("slow").ok()), None);
}

#[test]
fn a_table_that_names_more_pools_than_a_study_has_harms_nobody() {
    let mut ledger = Ledger::default();
    let rows: Vec<_> = rows(0..600)
        .into_iter()
        .zip(0..)
        .map(|(row, number)| TableRow { pool: Pool::parse(&format!("p{number}")).ok(), ..row })
        .collect();
    ledger.add_table(&batch("b"), FIRST, SENT, &rows);
    let account = account_with(&ledger, &StudyControl::default(), &[], 0);
    assert_eq!((account.counts.cases, account.pools.len()), (600, 256));
    assert_eq!(account.of_pool(None).map(|counts| counts.cases), Some(345));
}
