//! What is heard of a study in whatever order comes to the same account.

use super::*;

/// Something that a watcher hears of.
#[derive(Debug, Clone)]
enum News {
    /// The table of a submission: its number, its first case, and the number of its cases.
    Table(u8, u32, u32),
    /// The design of a submission.
    Design(u8),
    /// An attempt of a case has ended: the case, whether with a result, whether finally, and when.
    Ended(u32, RowOutcome, bool, u32),
}

/// The submissions are a hundred seconds apart; their tables are written a while after that.
fn submit_time(submission: u8) -> f64 {
    SENT + 100.0 * f64::from(submission)
}

fn news() -> impl Strategy<Value = News> {
    let outcome = prop_oneof![Just(RowOutcome::Done), Just(RowOutcome::Failed), Just(RowOutcome::Failed)];
    prop_oneof![
        (0..3_u8, 0..6_u32, 1..6_u32).prop_map(|(submission, first, cases)| News::Table(submission, first, cases)),
        (0..3_u8).prop_map(News::Design),
        (0..12_u32, outcome, any::<bool>(), 0..400_u32)
            .prop_map(|(case, outcome, is_final, time)| News::Ended(case, outcome, is_final, time)),
    ]
}

/// Enters the news. A submission has one table and one design, whatever the strategy has made.
fn heard<'a>(all: impl Iterator<Item = &'a News>) -> Ledger {
    let mut ledger = Ledger::default();
    for news in all {
        match *news {
            News::Table(submission, first, cases) => {
                let rows: Vec<TableRow> =
                    (first..first + cases).map(|number| TableRow { case_id: case(number), level: 1 }).collect();
                let id = format!("{submission:016x}");
                ledger.add_table(&batch("b"), &id, submit_time(submission) + 30.0, &rows);
            }
            News::Design(submission) => {
                let model = SubmittedModel { key: "m".into(), submit_time: submit_time(submission) };
                ledger.add_model(&batch("b"), &format!("{submission:016x}"), Some(model));
            }
            News::Ended(number, outcome, is_final, time) => {
                ledger.add_row("w", &row(number, outcome, is_final, SENT + f64::from(time)));
            }
        }
    }
    ledger
}

/// Leaves one table of each submission, and failures of one case at different times.
fn consistent(mut all: Vec<News>) -> Vec<News> {
    let mut tables = BTreeSet::new();
    let mut ends = BTreeSet::new();
    all.retain(|news| match news {
        News::Table(submission, ..) => tables.insert(*submission),
        News::Ended(case, _, _, time) => ends.insert((*case, *time)),
        News::Design(_) => true,
    });
    all
}

proptest! {
    #[test]
    fn whoever_hears_it_in_another_order_says_the_same(
        all in proptest::collection::vec(news(), 0..40).prop_map(consistent),
        order in any::<u64>(),
    ) {
        let mut other: Vec<&News> = all.iter().collect();
        // A shuffle that depends on the number alone.
        let mut state = order | 1;
        for place in (1..other.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            other.swap(place, usize::try_from(state >> 33).unwrap() % (place + 1));
        }
        let (watcher, fresh) = (heard(all.iter()), heard(other.into_iter()));
        for is_empty in [false, true] {
            let said = counts(&watcher, &[2], is_empty, NOW);
            prop_assert_eq!(said, counts(&fresh, &[2], is_empty, NOW));
            let CaseCounts { cases, queued, running, done, failed, cancelled, lost, withdrawn, .. } = said;
            prop_assert_eq!(cases, queued + running + done + failed + cancelled + lost, "each is in one state");
            prop_assert_eq!(cases + withdrawn, watcher.cases());
        }
        prop_assert_eq!(watcher.open_cases(), fresh.open_cases());
        let control = StudyControl::default();
        let groups = |ledger: &Ledger| ledger.counted_failures(&control).map(|(case, _)| case.1).collect::<Vec<_>>();
        prop_assert_eq!(groups(&watcher), groups(&fresh));
    }
}
