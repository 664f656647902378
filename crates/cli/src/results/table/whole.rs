//! Reading long texts whole from the documents of their cases: rows hold only the beginnings.

use std::ops::ControlFlow;

use cruncher_backend::fetch::documents::CaseDocument;
use cruncher_backend::study::Study;
use cruncher_results::column_id::{CaseField, ColumnId};
use cruncher_results::export::whole::WholeTexts;
use cruncher_results::store::{CellValue, DONE, ResultStore};
use cruncher_study::batch::Batch;
use cruncher_study::key::DataKey;

use super::selection::TableSelection;
use crate::failure::CommandFailure;
use crate::output::ProgressReporter;

/// Maximum number of bytes of long texts in memory; those beyond stay cut.
const MAX_TEXT_BYTES: usize = 1 << 30;

/// Reads the long texts of the table: a request for each case.
pub(super) async fn read(study: &Study, selection: &TableSelection<'_>) -> Result<WholeTexts, CommandFailure> {
    let store = selection.store;
    let mut whole = WholeTexts::wanted(store, selection.named().cloned().collect(), &selection.rows());
    let keyed: Vec<(usize, DataKey)> =
        whole.rows().into_iter().filter_map(|row| Some((row, key(store, row)?))).collect();
    if keyed.is_empty() {
        return Ok(whole);
    }
    let (rows, keys): (Vec<usize>, Vec<DataKey>) = keyed.into_iter().unzip();
    let reporter = ProgressReporter::new();
    let mut take = |place: usize, document: CaseDocument| {
        reporter.now(format!("reading long texts, case {} of {}", place + 1, rows.len()));
        if let Ok(document) = serde_json::from_slice(&document.json) {
            whole.take(store, rows[place], &document);
        }
        if whole.size_bytes() < MAX_TEXT_BYTES { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    study.read_documents(&keys, &mut take).await?;
    Ok(whole)
}

/// Returns the key of the document that tells how the case of a row ended.
fn key(store: &ResultStore, row: usize) -> Option<DataKey> {
    let CellValue::Text(batch) = store.cell(&ColumnId::Case(CaseField::Batch), row) else { return None };
    let (batch, case) = (Batch::parse(batch).ok()?, *store.case_ids().get(row)?);
    let is_done = store.cell(&ColumnId::Case(CaseField::State), row) == CellValue::Text(DONE);
    Some(if is_done { DataKey::Done(batch, case) } else { DataKey::Error(batch, case) })
}
