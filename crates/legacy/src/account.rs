//! A legacy bucket in the terms of the ledger.

use std::collections::{BTreeMap, BTreeSet};

use cruncher_study::accounting::CaseState;
use cruncher_study::batch::Batch;
use cruncher_study::case::CaseId;
use cruncher_study::case_table::TableRow;
use cruncher_study::ledger::DataListing;
use cruncher_study::segment::{RowNumbers, RowOutcome, SegmentRow};

use crate::LegacyStudy;
use crate::traces::CaseTraces;

/// The cases of a batch that have neither a result nor an error, or were enqueued last, as a table would name them.
#[derive(Debug, Clone, PartialEq)]
pub struct LegacyTable {
    /// The batch.
    pub batch: Batch,
    /// Time when the last case that has neither a result nor an error was written or taken; 0 if there is none.
    pub submit_time: f64,
    /// The cases, in order.
    pub rows: Vec<TableRow>,
}

impl LegacyStudy {
    /// Returns tables of these cases, such as the ledger otherwise gets from submissions.
    #[must_use]
    pub fn tables(&self) -> Vec<LegacyTable> {
        let mut tables: BTreeMap<Batch, LegacyTable> = BTreeMap::new();
        for (case_id, traces) in self.traces() {
            let has_ended = !traces.is_open() && !traces.is_taken();
            if has_ended && !traces.was_enqueued_last() {
                continue;
            }
            let batch = traces.batch();
            let empty = || LegacyTable { batch: batch.clone(), submit_time: 0.0, rows: Vec::new() };
            let table = tables.entry(batch.clone()).or_insert_with(empty);
            if !has_ended {
                table.submit_time = table.submit_time.max(traces.changed());
            }
            table.rows.push(TableRow { case_id, level: traces.level(), pool: None });
        }
        tables.into_values().collect()
    }

    /// Adds results and errors to a listing of documents, an error only where there is no result.
    pub fn extend_listing(&self, listing: &mut DataListing) {
        for (case, traces) in self.traces() {
            let entry = ((traces.batch(), case), traces.changed());
            match traces.state() {
                CaseState::Done => listing.done.push(entry),
                CaseState::Failed => listing.errors.push(entry),
                _ => {}
            }
        }
    }

    /// Returns the results that were read and whose duration is known: the worker, and the row that its segment would have.
    pub fn rows(&self) -> impl Iterator<Item = (String, SegmentRow)> {
        self.traces().into_iter().filter_map(|(case, traces)| row(case, &traces))
    }

    /// Returns such rows of these cases alone, without going through the others.
    pub fn rows_of(&self, cases: &BTreeSet<CaseId>) -> impl Iterator<Item = (String, SegmentRow)> {
        cases.iter().filter_map(|case| row(*case, &self.traces_of(*case)))
    }
}

fn row(case: CaseId, traces: &CaseTraces<'_>) -> Option<(String, SegmentRow)> {
    let document = traces.is_timed().then(|| traces.result(case))??;
    let row = SegmentRow {
        batch: document.batch,
        case_id: document.case_id,
        level: document.level,
        outcome: RowOutcome::Done,
        start_time: document.start_time,
        end_time: document.end_time,
        is_final: false,
        is_empty: false,
        files_kib: 0,
        signature: None,
        error: None,
        numbers: RowNumbers::default(),
    };
    Some((document.worker, row))
}
