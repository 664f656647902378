//! The account is the same in whatever order a study is heard of.

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

/// Enters the news.
fn heard(all: &[News]) -> Ledger {
    let mut ledger = Ledger::default();
    for news in all {
        match *news {
            News::Table(submission, first, cases) => {
                let rows: Vec<TableRow> = (first..first + cases)
                    .map(|number| TableRow { case_id: case(number), level: 1, pool: None })
                    .collect();
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
        (all, other) in proptest::collection::vec(news(), 0..40)
            .prop_map(consistent)
            .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
    ) {
        let (watcher, fresh) = (heard(&all), heard(&other));
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
