//! Whatever lies in a bucket, in whatever order it is read.

use super::*;

/// A key out of few, so that objects meet.
fn any_key() -> impl Strategy<Value = LegacyKey> {
    let name = prop_oneof!["waiting-[ab]_x_1", "(pending|error)-U", "(a/|b c/|)(done|pfile)-U"];
    let key =
        (name, 1..4_u32).prop_map(|(name, number)| format!("data/{}.json", name.replace('U', &case(number).to_uuid())));
    prop_oneof![9 => key, 1 => Just(ALL_RUNS_KEY.to_owned())].prop_map(|key| LegacyKey::parse(&key).unwrap())
}

fn any_content() -> impl Strategy<Value = Vec<u8>> {
    let field = prop_oneof![
        (0..9_u32).prop_map(|time| format!(r#""start_time": {time}"#)),
        (0..9_u32).prop_map(|time| format!(r#""end_time": "{time}""#)),
        (0..9_u32).prop_map(|time| format!(r#""time": {time}.5"#)),
        Just(r#""computer": "a_x_1""#.to_owned()),
        Just(r#""version": "Python 3.6""#.to_owned()),
        Just(r#""parameters": [1, null, {"a": NaN}]"#.to_owned()),
        Just(r#""result": {"a": -Infinity}"#.to_owned()),
        Just(r#""exception": "E", "traceback": ["  File \"a\", line 1, in b", 3]"#.to_owned()),
        (1..4_u32, 0..3_u32).prop_map(|(number, level)| {
            format!(r#""{}": {{"parameters": {{"a": 1}}, "data": {{"cube_id": {level}}}}}"#, case(number).to_uuid())
        }),
        (0..3_u32).prop_map(|level| format!(r#""cube_id": {level}"#)),
    ];
    let object =
        proptest::collection::vec(field, 0..5).prop_map(|fields| format!("{{{}}}", fields.join(", ")).into_bytes());
    prop_oneof![4 => object, 1 => any::<Vec<u8>>()]
}

fn any_objects() -> impl Strategy<Value = Vec<(LegacyKey, f64, Vec<u8>)>> {
    proptest::collection::vec((any_key(), (0..4_u32).prop_map(f64::from), any_content()), 0..12)
}

/// All facts that the study tells.
fn told(study: &LegacyStudy) -> String {
    let mut listing = DataListing::default();
    study.extend_listing(&mut listing);
    let results: Vec<_> = study.results().collect();
    let errors: Vec<_> = study.errors().collect();
    let waiting = waiting_cases(study);
    let taken: Vec<_> = study.taken_cases();
    let rows: Vec<_> = study.rows().collect();
    let (heartbeats, tables) = (study.heartbeats(), study.tables());
    format!(
        "{results:?} {errors:?} {waiting:?} {taken:?} {rows:?} {heartbeats:?} {tables:?} {listing:?} {:?} {:?}",
        accounts(study),
        study.reads()
    )
}

proptest! {
    #[test]
    fn the_order_of_objects_does_not_matter(
        (objects, other_order) in any_objects().prop_flat_map(|objects| (Just(objects.clone()), Just(objects).prop_shuffle())),
    ) {
        let study = |objects: &[(LegacyKey, f64, Vec<u8>)]| {
            let mut study = LegacyStudy::default();
            for (key, changed, bytes) in objects {
                let _ = study.add(key, *changed, bytes);
            }
            study
        };
        let (one, other) = (study(&objects), study(&other_order));
        prop_assert_eq!(told(&one), told(&other));
    }

    #[test]
    fn what_is_said_of_a_case_alone_is_what_is_said_among_all(objects in any_objects(), gone in 0..4_usize) {
        let mut study = LegacyStudy::default();
        for (key, changed, bytes) in &objects {
            let _ = study.add(key, *changed, bytes);
        }
        let left = objects.iter().skip(gone).map(|(key, changed, _)| (key.clone(), *changed)).collect();
        study.reconcile(&left);
        let cases: BTreeSet<CaseId> = (1..4).map(case).collect();
        prop_assert!(study.rows_of(&cases).eq(study.rows()));
        for result in study.results() {
            prop_assert_eq!(study.batch_of(result.case_id), result.batch);
        }
        let results: Vec<_> = study.results().collect();
        prop_assert_eq!(study.take_results(&cases), results);
    }

    #[test]
    fn every_case_is_counted_once_and_has_one_outcome_at_most(objects in any_objects()) {
        let mut study = LegacyStudy::default();
        for (key, changed, bytes) in &objects {
            let _ = study.add(key, *changed, bytes);
        }
        let counts = total(&accounts(&study));
        prop_assert_eq!(counts.cases, counts.done + counts.failed + counts.running + counts.queued);
        let results: BTreeSet<CaseId> = study.results().map(|result| result.case_id).collect();
        let errors: BTreeSet<CaseId> = study.errors().map(|error| error.case_id).collect();
        prop_assert!(results.is_disjoint(&errors));
        prop_assert!(results.len() as u64 <= counts.done);
        let running = study.heartbeats().into_iter().filter_map(|heartbeat| heartbeat.case);
        let taken: BTreeSet<CaseId> = study.taken_cases().into_iter().map(|((_, case), _)| case).collect();
        running.for_each(|case| assert!(taken.contains(&case.case_id)));
    }
}
