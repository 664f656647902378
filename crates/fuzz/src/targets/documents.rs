//! Documents of a study: what workers and operators write into its bucket, and messages of its queue.

use std::collections::BTreeSet;

use cruncher_backend::watch::snapshot::Snapshot;
use cruncher_backend::watch::snapshot_codec::{self, EncodedSnapshot};
use cruncher_study::accounting::AccountingInput;
use cruncher_study::control::StudyControl;
use cruncher_study::design_document::DesignDocument;
use cruncher_study::diagnosis::PoolLook;
use cruncher_study::error_groups::error_parts;
use cruncher_study::heartbeat::Heartbeat;
use cruncher_study::ledger::Ledger;
use cruncher_study::message::CaseMessage;
use cruncher_study::outcome::{ErrorDocument, ResultDocument};
use cruncher_study::segment::parse_segment;
use cruncher_study::shown_text::visible_lines;
use cruncher_study::signature::signature;
use cruncher_study::worker_log::{LogFilter, entries, merged};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{SEPARATOR, about, kind, parts, said};

const ROWS: &[u8] = include_bytes!("../../corpus/rows/every-kind-of-value.ndjson");
const HEARTBEAT: &[u8] = include_bytes!("../../corpus/heartbeat/computing.json");

/// Time that is now, in seconds.
const NOW: f64 = 1_760_000_000.0;

/// Reads a document, writes it, reads that, and hands it on.
pub(super) fn document<T: DeserializeOwned + Serialize>(json: &[u8], look: impl Fn(&T) -> String) -> String {
    let read = match serde_json::from_slice::<T>(json) {
        Ok(read) => read,
        Err(error) => return said(&error),
    };
    let written = serde_json::to_vec(&read).expect("what was read can be written");
    let again: T = serde_json::from_slice(&written).expect("what was written can be read");
    assert_eq!(serde_json::to_vec(&again).ok().as_ref(), Some(&written), "it reads otherwise");
    look(&read)
}

pub(super) fn heartbeat(json: &[u8]) -> String {
    document(json, |heartbeat: &Heartbeat| {
        let seen = (heartbeat.is_gone(NOW), heartbeat.is_fresh(NOW), heartbeat.is_silent(NOW), heartbeat.is_alive(NOW));
        kind(&(seen, heartbeat.held_until().map(|_| ()), heartbeat.state, heartbeat.process().is_empty()))
    })
}

pub(super) fn log(text: &[u8]) -> String {
    let read = entries(text, NOW);
    for entry in &read {
        assert!(entry.time <= NOW + 1.0 && entry.text == visible_lines(&entry.text), "{entry:?}");
    }
    let log = merged([("h_linux_1-x", read.as_slice())], &LogFilter::default(), 3);
    assert_eq!(log.entries.len() as u64 + log.left_out.entries, read.len() as u64);
    assert!(log.entries.is_sorted_by(|(_, a), (_, b)| a.time <= b.time));
    kind(&log.entries.iter().map(|(_, entry)| (entry.level, entry.text.contains('\n'))).collect::<Vec<_>>())
}

pub(super) fn control(json: &[u8]) -> String {
    document(json, |control: &StudyControl| {
        let mut changed = control.clone();
        changed.go_on(NOW);
        let lists = (about(control.longest_list()), control.is_stopped(), control.halt_rule.is_some());
        kind(&(lists, control.halted.is_some(), changed.is_stopped()))
    })
}

pub(super) fn message(json: &[u8]) -> String {
    document(json, |message: &CaseMessage| {
        let body: CaseMessage = serde_json::from_slice(message.body().as_bytes()).expect("a body is a message");
        assert_eq!(body.deduplication_id(), message.deduplication_id());
        // The key of a model is whatever somebody wrote.
        kind(&(message.model.file_name().is_empty(), message.model.kind, message.isolation))
    })
}

pub(super) fn design_document(json: &[u8]) -> String {
    document(json, |document: &DesignDocument| {
        let file = document.design_file();
        kind(&(file.check().map(|points| points.min(3)), document.levels.len().min(4)))
    })
}

pub(super) fn result(json: &[u8]) -> String {
    document(json, |document: &ResultDocument| {
        kind(&(document.duration_secs().is_finite(), document.result.is_object(), about(document.log.len())))
    })
}

pub(super) fn error(json: &[u8]) -> String {
    document(json, |document: &ErrorDocument| {
        let mut ledger = Ledger::default();
        ledger.add_error(document);
        let frames = document.traceback.lines().map(|line| (line, line));
        let signature = signature(&document.exception, &document.message, frames);
        kind(&(about(account(&ledger)), about(document.summary().len()), about(signature.len()), document.is_final))
    })
}

/// A snapshot with something of everything that is counted.
pub(super) fn encoded_snapshot() -> Vec<u8> {
    let mut ledger = Ledger::default();
    for row in parse_segment(ROWS).rows {
        ledger.add_result("worker", &row, row.numbers.first(None));
    }
    let (control, nobody, nowhere) = (StudyControl::default(), BTreeSet::new(), BTreeSet::new());
    let batches = ledger.account(&AccountingInput {
        now: NOW,
        running: &nobody,
        waiting: None,
        leased: 1,
        control: &control,
        dead_letters: 2,
        queue_is_empty: false,
        filled_pools: &[],
        held_elsewhere: &nowhere,
    });
    let snapshot = Snapshot {
        time: NOW,
        pools: vec![PoolLook::default()],
        files_bytes: 1 << 30,
        error_parts: error_parts(ledger.counted_failures(&control)),
        workers: serde_json::from_slice(HEARTBEAT).into_iter().collect(),
        unreadable: [("k".to_owned(), "no JSON".to_owned())].into(),
        batches,
        ..Snapshot::default()
    };
    let EncodedSnapshot { numbers, texts } = snapshot_codec::write(&snapshot);
    let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    let parts = std::iter::once(numbers.join(" ")).chain(texts);
    parts.collect::<Vec<_>>().join(char::from(SEPARATOR).encode_utf8(&mut [0; 4])).into_bytes()
}

/// A snapshot as a frozen study holds it, and as the page's worker hands it on: numbers in the first part, then texts.
pub(super) fn snapshot(input: &[u8]) -> String {
    let mut parts = parts(input).map(String::from_utf8_lossy);
    let numbers = parts.next().unwrap_or_default();
    let numbers = numbers.split_whitespace().filter_map(|number| number.parse().ok()).collect();
    let texts = parts.map(std::borrow::Cow::into_owned).collect();
    let Some(snapshot) = snapshot_codec::read(EncodedSnapshot { numbers, texts }) else { return "none".to_owned() };
    let written = snapshot_codec::write(&snapshot);
    let again = snapshot_codec::read(written.clone()).expect("what was written can be read");
    assert_eq!(format!("{:?}", snapshot_codec::write(&again)), format!("{written:?}"), "it reads otherwise");
    kind(&(snapshot.workers.len().min(3), snapshot.batches.len().min(3), about(written.texts.len())))
}

/// A segment as the account reads it: all rows, as often as the case is named.
pub(super) fn segment(text: &[u8]) -> String {
    let read = parse_segment(text);
    assert!(read.read_bytes <= text.len());
    let lines = text[..read.read_bytes].split(|&byte| byte == b'\n').count();
    assert!(read.rows.len() + read.unreadable <= lines, "more rows than lines");
    let mut ledger = Ledger::default();
    for row in &read.rows {
        ledger.add_row("worker", row);
        ledger.add_result("other", row, row.numbers.first(None));
    }
    kind(&(
        about(read.rows.len()),
        about(read.unreadable),
        about(account(&ledger)),
        read.rows.first().map(|row| &row.outcome),
    ))
}

/// Returns the number of batches that the ledger accounts for.
fn account(ledger: &Ledger) -> usize {
    let (running, elsewhere, control) = (BTreeSet::new(), BTreeSet::new(), StudyControl::default());
    let input = AccountingInput {
        now: NOW,
        running: &running,
        waiting: Some(1),
        leased: 0,
        control: &control,
        dead_letters: 0,
        queue_is_empty: false,
        filled_pools: &[],
        held_elsewhere: &elsewhere,
    };
    let accounts = ledger.account(&input);
    let cases: u64 = accounts.iter().map(|account| account.counts.cases).sum();
    assert_eq!(cases, ledger.cases(), "a case is in no state, or in two");
    accounts.len()
}
