mod properties;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cruncher_study::accounting::{AccountingInput, BatchAccount, CaseCounts, total};
use cruncher_study::batch::Batch;
use cruncher_study::case::{CaseId, CaseRef, Parameters};
use cruncher_study::control::StudyControl;
use cruncher_study::diagnosis::{DiagnosisInput, diagnose};
use cruncher_study::heartbeat::WorkerState;
use cruncher_study::ledger::{DataListing, Ledger};
use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Time when the first case of the golden bucket began.
const START: f64 = 1_690_000_000.0;
/// Time when all of its objects were written last, as far as the tests are concerned.
const CHANGED: f64 = START + 410.0;

type Bucket = BTreeMap<String, Vec<u8>>;

/// The bucket in `tests/golden/legacy`.
fn bucket() -> Bucket {
    fn walk(folder: &Path, root: &Path, bucket: &mut Bucket) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, root, bucket);
            } else {
                let parts = path.strip_prefix(root).unwrap().iter().map(|part| part.to_str().unwrap());
                bucket.insert(parts.collect::<Vec<_>>().join("/"), fs::read(&path).unwrap());
            }
        }
    }
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/legacy"));
    let mut bucket = Bucket::new();
    walk(&root, &root, &mut bucket);
    bucket
}

fn listing(bucket: &Bucket) -> BTreeMap<LegacyKey, f64> {
    bucket.keys().filter_map(|key| Some((LegacyKey::parse(key)?, CHANGED))).collect()
}

/// The study of the golden bucket, everything read.
fn study() -> LegacyStudy {
    let mut study = LegacyStudy::default();
    for (key, bytes) in &bucket() {
        if let Some(key) = LegacyKey::parse(key) {
            let _ = study.add(&key, CHANGED, bytes);
        }
    }
    study
}

fn case(number: u32) -> CaseId {
    CaseId::from_uuid(&format!("{number:08x}-0000-4000-8000-{number:012x}")).unwrap()
}

fn batch(name: &str) -> Batch {
    Batch::parse(name).unwrap()
}

/// The account of every batch, in order, by the keys alone: a case that a computer took is running, a case that has parameters
/// and nothing else is queued.
fn accounts(study: &LegacyStudy) -> Vec<BatchAccount> {
    let mut accounts: BTreeMap<Batch, BatchAccount> = BTreeMap::new();
    for traces in study.traces().into_values() {
        let batch = traces.batch();
        let empty = || BatchAccount::new(batch.clone());
        let account = accounts.entry(batch.clone()).or_insert_with(empty);
        account.counts.count(traces.state());
        account.level(traces.level()).count(traces.state());
    }
    accounts.into_values().collect()
}

/// The cases that have parameters and nothing else, and these parameters, if they were read.
fn waiting_cases(study: &LegacyStudy) -> Vec<(CaseRef, Option<Parameters>)> {
    let waiting = study.traces().into_iter().filter(|(_, traces)| traces.is_open());
    waiting.map(|(case, traces)| ((traces.batch(), case), traces.own_parameters().cloned())).collect()
}

fn counts(cases: u64, done: u64, failed: u64, running: u64, queued: u64) -> CaseCounts {
    CaseCounts { cases, queued, running, done, failed, ..CaseCounts::default() }
}

#[test]
fn every_object_of_the_predecessor_is_known_by_its_key() {
    let keys: Vec<String> = bucket().into_keys().collect();
    let others: Vec<&String> = keys.iter().filter(|key| LegacyKey::parse(key).is_none()).collect();
    assert_eq!(others, ["README.md"]);
}

#[test]
fn only_what_is_broken_is_refused() {
    let mut study = LegacyStudy::default();
    let mut refused = BTreeMap::new();
    for (key, bytes) in &bucket() {
        let Some(key) = LegacyKey::parse(key) else { continue };
        if let Err(error) = study.add(&key, CHANGED, bytes) {
            refused.insert(key, error);
        }
    }
    let cut_off = LegacyKey::Error(case(7));
    assert!(refused.keys().eq([&cut_off]), "{refused:?}");
    assert!(matches!(refused[&cut_off], LegacyError::Json(_)));
}

#[test]
fn every_case_is_in_one_state() {
    let accounts = accounts(&study());
    let by_batch: Vec<(&str, CaseCounts)> =
        accounts.iter().map(|account| (account.batch.as_str(), account.counts)).collect();
    assert_eq!(by_batch[0], ("legacy", counts(1, 0, 1, 0, 0)), "cut off");
    assert_eq!(by_batch[1], ("level-3", counts(7, 2, 1, 1, 3)));
    assert!(by_batch[2].0.starts_with("level-4--new-"));
    assert_eq!(by_batch[2].1, counts(1, 1, 0, 0, 0));
    let levels: Vec<_> = accounts.iter().map(|account| account.levels.iter().map(|(level, _)| *level)).collect();
    assert_eq!(levels.into_iter().flatten().collect::<Vec<_>>(), [0, 3, 4], "a document that was cut off has none");
}

#[test]
fn results_are_read_with_what_is_known_of_them() {
    let results: Vec<_> = study().results().collect();
    assert_eq!(results.iter().map(|result| result.case_id).collect::<Vec<_>>(), [1, 2, 6].map(case));
    let [first, second, sixth] = &results[..] else { panic!("three results") };
    assert_eq!(results.iter().map(|result| result.level).collect::<Vec<_>>(), [3, 4, 3]);
    let inputs = json!({"cohesion_array": [50_000.0, 61_000.0], "raw_parameters": [0.0, 0.25]});
    assert_eq!(serde_json::to_value(&first.parameters).unwrap(), inputs);
    let curve = json!({"radius_m": [1.0, 2.0, null], "load_pa": [5.0, null, null]});
    assert_eq!(first.result, json!({"end_load": 514_000.0, "note": "NaN is no load", "curve": curve}));
    assert_eq!(first.warnings, ["3 numbers aren't finite and were read as null"]);
    assert_eq!((&first.batch, &*first.worker, first.attempt), (&batch("level-3"), "node_7_posix_4711", 1));
    assert!((first.duration_secs() - 120.0).abs() < 1e-6);
    assert_eq!(serde_json::to_value(&second.parameters).unwrap(), json!({"parameters": [60_000.0, 25.0]}));
    assert_eq!(second.end_time.to_bits(), (START + 300.0).to_bits());
    assert_eq!(second.start_time.to_bits(), second.end_time.to_bits(), "nobody says when it began");
    assert_eq!(second.warnings, ["it doesn't say how long the case took"]);
    assert_eq!(sixth.result, json!({"end_load": 1.0}), "it failed before");
}

#[test]
fn an_error_is_final_and_grouped_by_the_frames_of_its_model() {
    let errors: Vec<_> = study().errors().collect();
    let [error] = &errors[..] else { panic!("one error: {errors:?}") };
    assert_eq!((error.case_id, &error.batch), (case(3), &batch("level-3")));
    assert_eq!(error.summary(), "ValueError: negative cohesion: -1.0");
    assert!(error.is_final);
    assert_eq!((error.attempt, error.max_attempts), (1, 1));
    assert_eq!(error.start_time.to_bits(), (START + 130.0).to_bits());
    assert_eq!(error.end_time.to_bits(), (START + 140.5).to_bits());
    assert!(error.traceback.ends_with("in solve\nValueError: negative cohesion: -1.0\n"));
    assert_eq!(error.level, 3);
    // hashlib.sha256(b"ValueError\nnegative cohesion: #\n<module>\n\nsolve\n")
    assert_eq!(error.signature, "6973f7240c1ac73e");
}

#[test]
fn computers_wait_or_compute_and_are_seen_when_they_say_so() {
    let heartbeats = study().heartbeats();
    let [desktop, node_8, node_7] = &heartbeats[..] else { panic!("three computers: {heartbeats:?}") };
    assert_eq!((&*desktop.host, desktop.state, &*desktop.version), ("DESKTOP-1", WorkerState::Waiting, ""));
    assert_eq!(desktop.time.to_bits(), (START + 350.0).to_bits());
    assert_eq!(desktop.counts.done, 2);
    assert_eq!((&*node_8.host, node_8.state, &*node_8.version), ("node8", WorkerState::Waiting, ""));
    assert!(!node_8.is_fresh(START));
    assert_eq!((&*node_7.host, node_7.state, &*node_7.version), ("node_7", WorkerState::Running, "910.14"));
    let running = node_7.case.as_ref().unwrap();
    assert_eq!((running.case_id, &running.batch), (case(4), &batch("level-3")), "the case that is done is over");
    assert_eq!((node_7.counts.done, node_7.counts.failed), (1, 1));
    assert_eq!((desktop.median_secs, node_7.median_secs), (Some(30.0), Some(65.25)));
}

#[test]
fn a_computer_may_be_silent_for_as_long_as_it_computes_and_between_two_times_that_it_waits() {
    let heartbeats = study().heartbeats();
    let [desktop, _, node_7] = &heartbeats[..] else { panic!("three computers: {heartbeats:?}") };
    let day = 24.0 * 3_600.0;
    assert!(node_7.is_alive(START + 400.0 + 13.0 * day));
    assert!(!node_7.is_alive(START + 400.0 + 14.0 * day), "nobody knows whether it was switched off");
    assert!(desktop.is_alive(START + 350.0 + 780.0), "it writes every 500 s, or every 780 s");
    assert!(!desktop.is_alive(START + 350.0 + 900.0));
    let counts = counts(1, 0, 0, 1, 0);
    for now in [START + 500.0, START + 5_000.0, START + 5.0 * day, START + 20.0 * day] {
        let control = StudyControl::default();
        let (heartbeats, control) = (&heartbeats[..], &control);
        let input = DiagnosisInput {
            heartbeats,
            leased: 0,
            dead_letters: 0,
            missing: 0,
            unread: 0,
            files_bytes: 0,
            control,
            pools: &[],
            now,
        };
        assert_eq!(diagnose(&counts, &input), [], "{now}");
    }
}

#[test]
fn a_case_that_only_its_parameters_speak_of_waits() {
    let waiting = waiting_cases(&study());
    let cases: Vec<CaseRef> = waiting.iter().map(|(case, _)| case.clone()).collect();
    assert_eq!(cases, [5, 8, 9].map(|number| (batch("level-3"), case(number))), "one of them by all_runs.json alone");
    let (_, parameters) = &waiting[0];
    let expected = json!({"cohesion": 70_000.0, "friction": 35, "soil.name": "clay", "soil.layers[0]": 1.0});
    assert_eq!(serde_json::to_value(parameters.as_ref().unwrap()).unwrap(), expected);
    let taken: Vec<(CaseRef, f64)> = study().taken_cases();
    assert_eq!(taken, [((batch("level-3"), case(4)), START + 400.0)]);
}

/// Answers reads until there are none, and returns their number.
fn read_states(study: &mut LegacyStudy, bucket: &Bucket) -> (usize, LegacyReads) {
    let mut reads = study.reconcile(&listing(bucket));
    let mut count = 0;
    while !reads.states.is_empty() {
        for key in &reads.states {
            let _ = study.add(key, CHANGED, &bucket[&key.key()]);
        }
        count += reads.states.len();
        reads = study.reads();
    }
    (count, reads)
}

/// The bucket after `put_cases_in_queue.py` with the cubes 3, 4 and 5, before any computer took a case.
#[test]
fn cases_that_were_only_enqueued_wait_level_by_level() {
    let numbers = [(3, 0..8), (4, 8..24), (5, 24..56)].into_iter();
    let cases = numbers.flat_map(|(level, numbers)| numbers.map(move |number| (level, case(number))));
    let entry = |(level, case): (u32, CaseId)| {
        let id = case.to_uuid();
        let message = json!({
            "case_id": id, "base_file": "public/prandtls_wedge.py", "parameter_file": format!("data/demo/set1/pfile-{id}.json"),
            "cube_id": level,
        });
        (id, json!({"parameters": {"cohesion_array": [1.5e5, 2.5e5]}, "data": message}))
    };
    let all_runs: serde_json::Map<String, serde_json::Value> = cases.map(entry).collect();
    let mut study = LegacyStudy::default();
    study.add(&LegacyKey::AllRuns, CHANGED, serde_json::to_string(&all_runs).unwrap().as_bytes()).unwrap();
    let [account] = &accounts(&study)[..] else { panic!("one batch") };
    assert_eq!((&account.batch, account.counts), (&batch("demo/set1"), counts(56, 0, 0, 0, 56)));
    let waiting = |count| counts(count, 0, 0, 0, count);
    assert_eq!(account.levels, [(3, waiting(8)), (4, waiting(16)), (5, waiting(32))]);
    assert_eq!((study.results().count(), study.rows().count(), study.errors().count()), (0, 0, 0));
}

/// `put_cases_in_queue.py` at `aa4851e`.
#[test]
fn a_case_of_the_oldest_version_counts_once() {
    let (message, id) = (case(1).to_uuid(), case(2).to_uuid());
    let pfile = format!("data/pfile-{id}.json");
    let entry = json!({"parameters": {"c": 1}, "data": {"base_file": "public/a.py", "parameter_file": pfile}});
    let mut study = LegacyStudy::default();
    study.add(&LegacyKey::parse(&pfile).unwrap(), CHANGED, br#"{"c": 1}"#).unwrap();
    study.add(&LegacyKey::AllRuns, CHANGED, json!({message: entry}).to_string().as_bytes()).unwrap();
    let [account] = &accounts(&study)[..] else { panic!("one batch") };
    assert_eq!((&account.batch, account.counts), (&batch("legacy"), counts(1, 0, 0, 0, 1)));
}

#[test]
fn where_documents_contradict_one_another_the_one_of_the_cases_state_counts() {
    let mut study = LegacyStudy::default();
    let mut add = |key: &str, json: &str| study.add(&LegacyKey::parse(key).unwrap(), CHANGED, json.as_bytes()).unwrap();
    let id = case(1).to_uuid();
    add("all_runs.json", &format!(r#"{{"{id}": {{"parameters": {{"c": 1}}, "data": {{"cube_id": 3}}}}}}"#));
    add(&format!("data/pending-{id}.json"), r#"{"cube_id": 4, "parameters": {"c": 2}, "start_time": 5}"#);
    add(&format!("data/a/pfile-{id}.json"), r#"{"c": 3}"#);
    add(&format!("data/error-{id}.json"), r#"{"case_id": "another", "cube_id": 5, "exception": "KeyError: 1"}"#);
    let error = study.errors().next().unwrap();
    assert_eq!((error.case_id, error.level, &error.batch), (case(1), 5, &batch("a")));
    assert_eq!(serde_json::to_value(&error.parameters).unwrap(), json!({"c": 3}), "it names none itself");
    study.add(&LegacyKey::parse(&format!("data/a/done-{id}.json")).unwrap(), CHANGED, b"{\"result\": 1}").unwrap();
    assert_eq!(study.errors().count(), 0);
    assert_eq!(study.results().next().unwrap().level, 3, "it was sent again without its cube");
}

#[test]
fn nothing_is_read_that_does_not_matter_any_more() {
    let bucket = bucket();
    let mut partly = LegacyStudy::default();
    let (states, reads) = read_states(&mut partly, &bucket);
    assert_eq!(states, 7, "three that wait, one that was taken, two errors, what was enqueued");
    assert_eq!(reads.results.len(), 3);
    let parameters = |number| LegacyKey::parse(&format!("data/level-3/pfile-{}.json", case(number).to_uuid())).unwrap();
    assert_eq!(reads.parameters, [5, 9].map(parameters));
    assert_eq!(accounts(&partly), accounts(&study()));
    assert!(partly.errors().eq(study().errors()));
    for key in reads.results.iter().chain(&reads.parameters) {
        partly.add(key, CHANGED, &bucket[&key.key()]).unwrap();
    }
    assert_eq!(partly.reads(), LegacyReads::default());
    assert_eq!(partly.heartbeats(), study().heartbeats());
}

#[test]
fn what_changed_is_read_again_and_what_is_gone_is_forgotten() {
    let bucket = bucket();
    let mut study = study();
    let mut listing = listing(&bucket);
    let waiting = LegacyKey::parse("data/waiting-node8_posix_12.json").unwrap();
    listing.insert(waiting.clone(), CHANGED + 60.0);
    listing.remove(&LegacyKey::Error(case(3)));
    assert_eq!(study.reconcile(&listing).states, std::slice::from_ref(&waiting));
    assert_eq!(study.errors().count(), 0);
    study.add(&waiting, CHANGED + 60.0, format!(r#"{{"time": {}}}"#, CHANGED + 59.0).as_bytes()).unwrap();
    assert_eq!(study.reads().states, []);
    assert!(study.heartbeats()[1].is_fresh(CHANGED + 60.0));
    study.add(&waiting, CHANGED, b"{\"time\": 1}").unwrap();
    assert!(study.heartbeats()[1].is_fresh(CHANGED + 60.0), "an older version says nothing");
}

#[test]
fn a_clock_that_is_ahead_keeps_no_computer_alive() {
    let mut study = LegacyStudy::default();
    study.add(&LegacyKey::parse("data/waiting-a_b_1.json").unwrap(), 1_000.0, b"{\"time\": 1e12}").unwrap();
    assert_eq!(study.heartbeats()[0].time.to_bits(), 1_000_f64.to_bits());
}

#[test]
fn a_computer_that_went_on_has_left_its_case() {
    let mut study = LegacyStudy::default();
    let pending = |start| format!(r#"{{"computer": "a_b_1", "start_time": {start}}}"#);
    study.add(&LegacyKey::Pending(case(1)), 900.0, pending(100).as_bytes()).unwrap();
    study.add(&LegacyKey::Pending(case(2)), 900.0, pending(200).as_bytes()).unwrap();
    assert_eq!(study.heartbeats()[0].case.as_ref().unwrap().case_id, case(2));
    study.add(&LegacyKey::parse("data/waiting-a_b_1.json").unwrap(), 900.0, b"{\"time\": 300}").unwrap();
    assert_eq!(study.heartbeats()[0].state, WorkerState::Waiting);
    assert_eq!(study.taken_cases(), [], "it has left both");
}

#[test]
fn of_two_results_the_newer_one_counts() {
    let mut study = LegacyStudy::default();
    let key = |folder: &str| LegacyKey::parse(&format!("data/{folder}/done-{}.json", case(1).to_uuid())).unwrap();
    study.add(&key("a"), 200.0, b"{\"result\": 2}").unwrap();
    study.add(&key("b"), 100.0, b"{\"result\": 1}").unwrap();
    let results: Vec<_> = study.results().map(|result| (result.batch, result.result)).collect();
    assert_eq!(results, [(batch("a"), json!(2))]);
    assert_eq!(total(&accounts(&study)), counts(1, 1, 0, 0, 0));
}

#[test]
fn what_is_remembered_of_results_says_the_same_of_cases_and_computers() {
    let mut whole = study();
    let done: Vec<LegacyKey> =
        listing(&bucket()).into_keys().filter(|key| matches!(key, LegacyKey::Done(..))).collect();
    let mut again = LegacyStudy::default();
    for (key, bytes) in &bucket() {
        let Some(key) = LegacyKey::parse(key) else { continue };
        let abridged = whole.abridged(&key).map(|abridged| abridged.to_string().into_bytes());
        assert_eq!(abridged.is_some(), done.contains(&key));
        let _ = again.add(&key, CHANGED, abridged.as_ref().unwrap_or(bytes));
    }
    let results: Vec<_> = whole.results().collect();
    let taken = whole.take_results(&[1, 2, 6].map(case).into());
    assert_eq!(taken, results[..3]);
    assert!(whole.results().all(|result| result.case_id > case(6) || result.result.is_null()), "it is forgotten");
    assert_eq!(again.heartbeats(), whole.heartbeats());
    assert!(again.rows().eq(whole.rows()));
    assert_eq!(accounts(&again), accounts(&whole));
}

#[test]
fn a_single_document_is_read_by_itself() {
    let key = format!("data/level-3/done-{}.json", case(1).to_uuid());
    let result = read_result(batch("level-3"), case(1), CHANGED, &bucket()[&key]).unwrap();
    assert_eq!(Some(result), study().results().next());
    let key = format!("data/error-{}.json", case(3).to_uuid());
    let error = read_error(batch("level-3"), case(3), CHANGED, &bucket()[&key]).unwrap();
    assert_eq!(Some(error), study().errors().next());
    assert!(matches!(read_result(batch("b"), case(1), 0.0, b"[]"), Err(LegacyError::NotAnObject)));
    assert!(matches!(read_error(batch("b"), case(1), 0.0, b""), Err(LegacyError::Json(_))));
}

#[test]
fn the_ledger_comes_to_the_same_account() {
    let study = study();
    let mut ledger = Ledger::default();
    for table in study.tables() {
        ledger.add_table(&table.batch, "", table.submit_time, &table.rows);
    }
    for (worker, row) in study.rows() {
        ledger.add_row(&worker, &row);
    }
    let mut listing = DataListing::default();
    study.extend_listing(&mut listing);
    let unread = ledger.reconcile(&listing, CHANGED);
    assert_eq!(unread, [(batch("level-3"), case(3)), (batch("legacy"), case(7))]);
    study.errors().for_each(|error| ledger.add_error(&error));
    let running: BTreeSet<CaseRef> = study.taken_cases().into_iter().map(|(case, _)| case).collect();
    let control = StudyControl::default();
    let circumstances = AccountingInput {
        now: CHANGED,
        running: &running,
        waiting: None,
        leased: 1,
        control: &control,
        dead_letters: 0,
        queue_is_empty: false,
        filled_pools: &[],
        held_elsewhere: &BTreeSet::new(),
    };
    let expected = total(&accounts(&study));
    let read = ledger.account(&circumstances);
    assert_eq!(
        total(&read),
        CaseCounts { failed: 1, cases: expected.cases - 1, ..expected },
        "the error that was cut off"
    );
    assert_eq!(read[0].levels, [(3, counts(7, 2, 1, 1, 3))]);
    let known = read[0].finishes.iter().filter(|finish| finish.duration_secs.is_some_and(|secs| secs > 0.0)).count();
    assert_eq!(known, 2);
}
