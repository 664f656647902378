//! Documents of single cases, read from the bucket on demand.

use std::sync::Arc;

use cruncher_backend::Study;
use cruncher_backend::fetch::documents::CaseDocument;
use cruncher_backend::study;
use cruncher_backend::study::ReadError;
use cruncher_browser::state::problem::PageProblem;
use cruncher_browser::{address, frozen, network};
use cruncher_results::column_id::{CaseField, ColumnId};
use cruncher_results::store::{CellValue, DONE, ResultStore};
use cruncher_study::key::DataKey;
use leptos::prelude::*;

use super::results_state::{ResultsState, case_of};
use crate::state::shown_document::ShownDocument;

/// Document that a case left, as it is stored and as it is shown.
#[derive(Debug, Clone)]
pub(super) struct StoredDocument {
    /// Key by which it is stored.
    pub(super) key: String,
    pub(super) json: Arc<[u8]>,
    pub(super) ended: Arc<ShownDocument>,
}

/// Returns the study, which is opened once.
pub(super) async fn study(state: ResultsState) -> Result<Study, PageProblem> {
    if let Some(study) = state.study.get_value() {
        return Ok(study);
    }
    let key = state.access.with_value(|access| access.key.clone());
    let study = match frozen::study() {
        Some((study, _)) => study,
        None => study::open(network(), &address::page_url(), &key).await.map_err(|error| PageProblem::from(&error))?,
    };
    state.study.set_value(Some(study.clone()));
    state.study_name.set(study.config.study.clone());
    Ok(study)
}

/// Returns the key of the document that tells how a row's case ended; `None` for a case that no attempt has ended of.
pub(super) fn key(store: &ResultStore, row: usize) -> Option<DataKey> {
    let (batch, case) = case_of(store, row)?;
    if is_done(store, row) {
        return Some(DataKey::Done(batch, case));
    }
    let has_ended = !store.field(CaseField::EndTime).number(row).is_nan();
    has_ended.then_some(DataKey::Error(batch, case))
}

/// Whether a row's case has a result.
pub(super) fn is_done(store: &ResultStore, row: usize) -> bool {
    store.cell(&ColumnId::Case(CaseField::State), row) == CellValue::Text(DONE)
}

/// Reads a document.
pub(super) async fn document(state: ResultsState, key: &DataKey) -> Result<StoredDocument, PageProblem> {
    let CaseDocument { key: place, stored, json } =
        study(state).await?.document(key).await.map_err(|error| problem(&error))?;
    let read =
        if matches!(key, DataKey::Done(..)) { ShownDocument::result(&json) } else { ShownDocument::error(&json) };
    let ended = read.map_err(|error| unreadable(format!("{place}: {error}")))?;
    Ok(StoredDocument { key: place, json: stored.to_vec().into(), ended: Arc::new(ended) })
}

fn unreadable(detail: String) -> PageProblem {
    PageProblem {
        title: "The document of this case can't be read.".into(),
        advice: "Something else than a worker wrote it, or it was damaged. What stands above is from the table.".into(),
        detail,
    }
}

fn problem(error: &ReadError) -> PageProblem {
    let error = match error {
        ReadError::Aws(error) => error,
        ReadError::Json { key, source } => return unreadable(format!("{key}: {source}")),
        ReadError::TooLarge { .. } => {
            return PageProblem {
                title: "The document of this case is too large to be shown.".into(),
                advice: "cruncher results STUDY DIR fetches it. What stands above is from the table.".into(),
                detail: error.to_string(),
            };
        }
    };
    if error.is_not_found() && frozen::label().is_some() {
        return PageProblem {
            title: "This frozen study doesn't hold the document of this case.".into(),
            advice: "It was too large, or all documents together were. What stands above is from the table.".into(),
            detail: error.to_string(),
        };
    }
    if error.is_not_found() {
        return PageProblem {
            title: "The document of this case isn't there any more.".into(),
            advice: "It was sent again or cleaned up meanwhile. What stands above is from the table.".into(),
            detail: error.to_string(),
        };
    }
    PageProblem { advice: "Try again in a moment. What stands above is from the table.".into(), ..error.into() }
}
