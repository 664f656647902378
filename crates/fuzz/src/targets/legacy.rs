//! Objects of the predecessor.

use std::collections::BTreeMap;

use cruncher_legacy::{LegacyKey, LegacyStudy, read_error, read_result};
use cruncher_study::batch::Batch;
use cruncher_study::case::CaseId;

use super::{about, kind, parts, said};

/// Objects one after another, each with its key in a line above it.
pub(super) fn legacy(input: &[u8]) -> String {
    let mut study = LegacyStudy::default();
    let mut outcomes = Vec::new();
    let mut listing = BTreeMap::new();
    for (object, changed) in parts(input).zip([1.0, 2.0, 3.0, 2.5, 0.0, f64::MAX].into_iter().cycle()) {
        let end = object.iter().position(|&byte| byte == b'\n').unwrap_or(object.len());
        let Some(key) = LegacyKey::parse(&String::from_utf8_lossy(&object[..end])) else { continue };
        outcomes.push(study.add(&key, changed, &object[end..]).map_err(|error| said(&error)));
        let (batch, case) = (Batch::parse("a").expect("it is a batch"), CaseId::from_bytes([1; 16]));
        let _ = read_result(batch.clone(), case, changed, &object[end..]);
        let _ = read_error(batch, case, changed, &object[end..]);
        listing.insert(key, changed);
    }
    let facts = (study.results().count(), study.errors().count(), study.rows().count());
    let tables: usize = study.tables().iter().map(|table| table.rows.len()).sum();
    let told = (study.heartbeats().len(), study.taken_cases().len(), tables);
    let reads = study.reconcile(&listing);
    let _ = (reads, study.reads());
    outcomes.truncate(3);
    kind(&(outcomes, about(facts.0), about(facts.1), about(facts.2), about(told.0), about(told.1), about(told.2)))
}
