//! What a legacy bucket comes to in the terms of the ledger.

use std::collections::BTreeMap;

use crate::accounting::{BatchAccount, CaseCounts, CaseState};
use crate::batch::Batch;
use crate::case_table::TableRow;
use crate::ledger::DataListing;
use crate::legacy::LegacyStudy;
use crate::segment::{RowOutcome, SegmentRow};

/// The cases of a batch that have neither a result nor an error, as a table would name them.
#[derive(Debug, Clone, PartialEq)]
pub struct LegacyTable {
    /// The batch.
    pub batch: Batch,
    /// When the last one of them was written or taken.
    pub submit_time: f64,
    /// The cases, in order, all of level 0.
    pub rows: Vec<TableRow>,
}

impl LegacyStudy {
    /// What the ledger would otherwise know from tables.
    #[must_use]
    pub fn tables(&self) -> Vec<LegacyTable> {
        let mut tables: BTreeMap<Batch, LegacyTable> = BTreeMap::new();
        for (case_id, traces) in self.traces() {
            if !traces.is_open() && !traces.is_taken() {
                continue;
            }
            let batch = traces.batch();
            let empty = || LegacyTable { batch: batch.clone(), submit_time: 0.0, rows: Vec::new() };
            let table = tables.entry(batch.clone()).or_insert_with(empty);
            table.submit_time = table.submit_time.max(traces.changed());
            table.rows.push(TableRow { case_id, level: 0 });
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

    /// The results that were read and that say how long they took: the worker, and what its segment would say.
    pub fn rows(&self) -> impl Iterator<Item = (String, SegmentRow)> {
        let timed = self.traces().into_iter().filter(|(_, traces)| traces.is_timed());
        let results = timed.filter_map(|(case, traces)| traces.result(case));
        results.map(|document| {
            let row = SegmentRow {
                batch: document.batch,
                case_id: document.case_id,
                level: document.level,
                outcome: RowOutcome::Done,
                start_time: document.start_time,
                end_time: document.end_time,
                is_final: false,
                signature: None,
                error: None,
            };
            (document.worker, row)
        })
    }

    /// The account of every batch, in order, by what the keys alone say: a case that a computer took is running, one of
    /// which nothing but its parameters is known is queued.
    #[must_use]
    pub fn accounts(&self) -> Vec<BatchAccount> {
        let mut accounts: BTreeMap<Batch, BatchAccount> = BTreeMap::new();
        for traces in self.traces().into_values() {
            let batch = traces.batch();
            let empty = || BatchAccount { batch: batch.clone(), counts: CaseCounts::default(), levels: Vec::new() };
            let account = accounts.entry(batch.clone()).or_insert_with(empty);
            account.counts.count(traces.state());
            account.level(0).count(traces.state());
        }
        accounts.into_values().collect()
    }
}
