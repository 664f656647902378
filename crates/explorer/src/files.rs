//! Files of a download, made part by part: in between the page reacts to its reader.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use cruncher_backend::fetch::archive::ArchiveSummary;
use cruncher_backend::fetch::documents::CaseDocument;
use cruncher_browser::download::{self, save, save_parts};
use cruncher_browser::{address, frozen, network};
use cruncher_results::column_id::ColumnId;
use cruncher_results::export::csv::{CsvLayout, CsvTable};
use cruncher_results::export::npy::{self, NpyMatrix};
use cruncher_results::export::whole::WholeTexts;
use cruncher_results::export::zip::{ZipContent, ZipError};
use cruncher_results::mask::RowMask;
use cruncher_results::store::ResultStore;
use cruncher_study::key::DataKey;
use js_sys::{Array, Uint8Array};
use leptos::prelude::*;

use super::reading;
use super::results_state::{ResultsState, SelectedRows};
use crate::state::export::{ExportContents, MatrixColumns, VersionFiles, in_words};

/// Number of lines of a table that are written at once: in between the page reacts to its reader.
pub(super) const LINES_AT_ONCE: usize = 2_000;

/// Maximum number of documents that are read for the cut texts of a table, and size in bytes at which no more of these texts
/// are read: the command line reads more.
const MAX_DOCUMENTS: usize = 500;
const MAX_TEXT_BYTES: usize = 64 << 20;

/// Number of bytes that are packed at once.
pub(super) const BYTES_AT_ONCE: usize = 2 << 20;

/// Choice of the cases in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ExportedCases {
    Selected,
    All,
}

/// Kind of a file that is downloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DownloadFile {
    Table,
    Factors,
    Responses,
    Archive,
}

/// Request for a download.
#[derive(Clone)]
pub(super) struct DownloadRequest {
    pub(super) state: ResultsState,
    pub(super) which: ExportedCases,
    /// Selection at the time of the request: the files are of these cases, whatever is selected meanwhile.
    pub(super) selected: SelectedRows,
    /// Responses that aren't wanted.
    pub(super) omitted: BTreeSet<ColumnId>,
    /// Layout of the table.
    pub(super) layout: CsvLayout,
}

impl DownloadRequest {
    /// Returns the rows of the table.
    pub(super) fn rows(&self, store: &ResultStore) -> Arc<RowMask> {
        let selected = match self.which {
            ExportedCases::Selected => self.selected.mask.clone(),
            ExportedCases::All => None,
        };
        selected.unwrap_or_else(|| Arc::new(store.all()))
    }

    /// Returns the rows of matrices: cases that are done.
    pub(super) fn done(&self, store: &ResultStore) -> RowMask {
        let mut rows = store.done();
        rows.and(&self.rows(store));
        rows
    }

    fn done_now(&self) -> RowMask {
        self.state.data.with_untracked(|store| self.done(store))
    }

    fn responses(&self, store: &ResultStore) -> Vec<ColumnId> {
        store.responses().map(|(id, _)| id).filter(|id| !self.omitted.contains(id)).cloned().collect()
    }

    /// Returns the content of the files to be made.
    pub(super) fn contents(&self) -> ExportContents {
        let view = self.state.view.get();
        let selection = in_words(&view.selection);
        self.state.data.with(|store| ExportContents {
            study: self.state.study_name.get(),
            batch: view.batches.one().cloned(),
            selection: (self.which == ExportedCases::Selected).then(|| selection.join(", ")),
            name: view.name.clone(),
            cases: self.rows(store).count(),
            done: self.done(store).count(),
            factors: columns(store, &store.factors().map(|(id, _)| id.clone()).collect::<Vec<_>>(), &self.done(store)),
            responses: columns(store, &self.responses(store), &self.done(store)),
            times: self.layout.times,
            texts: self.layout.texts,
            cut_texts: 0,
            gathered: ArchiveSummary::default(),
            versions: VersionFiles::new(),
            address: if frozen::label().is_none() { address::url_of_view() } else { String::new() },
        })
    }

    /// Makes the file and hands it to the reader; `tell` gets the progress. Returns, in words, what the file lacks.
    pub(super) async fn make(
        self,
        file: DownloadFile,
        tell: Rc<impl Fn(String) + 'static>,
    ) -> Result<Vec<String>, ZipError> {
        let mut contents = untrack(|| self.contents());
        if contents.study.is_empty() {
            // If that fails, the file lacks the study's name.
            let _ = reading::study(self.state).await;
            contents.study = self.state.study_name.get_untracked();
        }
        let name = contents.file_name();
        match file {
            DownloadFile::Table => {
                let table = self.table(&*tell, &mut contents).await;
                save_parts(&format!("{name}.csv"), "text/csv", &table.parts);
            }
            DownloadFile::Factors => save_bytes(&format!("{name}-X.npy"), &self.factors(&self.done_now()).bytes),
            DownloadFile::Responses => {
                save_bytes(&format!("{name}-Y.npy"), &self.response_matrix(&self.done_now()).bytes);
            }
            DownloadFile::Archive => {
                save_parts(&format!("{name}.zip"), "application/zip", &self.archive(&mut contents, &tell).await?);
            }
        }
        Ok(contents.lacks())
    }

    /// Writes the table. A study that goes on adds nothing to a table that was begun.
    pub(super) async fn table(&self, tell: &impl Fn(String), contents: &mut ExportContents) -> FileParts {
        let mut table = FileParts::default();
        let (rows, columns) = self.state.data.with_untracked(|store| {
            let csv = CsvTable::new(store).with_layout(self.layout.clone());
            table.add(csv.header().as_bytes());
            (self.rows(store).iter().collect::<Vec<usize>>(), csv.columns().to_vec())
        });
        let whole = whole_texts(self.state, columns.clone(), &rows, tell).await;
        contents.cut_texts = whole.lacking() as u64;
        let mut written = 0;
        for part in rows.chunks(LINES_AT_ONCE) {
            tell(format!("Writing the table, {} % …", 100 * written / rows.len()));
            rest().await;
            let lines = |store: &ResultStore| {
                let csv = CsvTable::with_columns(store, columns.clone()).with_whole_texts(&whole);
                let csv = csv.with_layout(self.layout.clone());
                csv.rows(part.iter().copied())
            };
            table.add(self.state.data.with_untracked(lines).as_bytes());
            written += part.len();
        }
        table
    }

    pub(super) fn factors(&self, done: &RowMask) -> NpyMatrix {
        self.state.data.with_untracked(|store| npy::factors(store, done))
    }

    pub(super) fn response_matrix(&self, done: &RowMask) -> NpyMatrix {
        self.state.data.with_untracked(|store| npy::matrix(store, &self.responses(store), done))
    }
}

/// File in parts, as the browser takes them, and the size and checksum that an archive needs.
#[derive(Default)]
pub(super) struct FileParts {
    pub(super) parts: Array,
    pub(super) content: ZipContent,
}

impl FileParts {
    pub(super) fn add(&mut self, part: &[u8]) {
        self.content.add(part);
        self.parts.push(&download::part(part));
    }
}

/// Lets the page react to its reader.
pub(super) async fn rest() {
    network().sleep.sleep(Duration::ZERO).await;
}

fn save_bytes(name: &str, bytes: &[u8]) {
    save(name, "application/octet-stream", &Uint8Array::from(bytes));
}

/// Reads texts that were cut in full, unless that takes more than [`MAX_DOCUMENTS`] requests. Texts that can't be read stay
/// cut.
async fn whole_texts(
    state: ResultsState,
    columns: Vec<ColumnId>,
    rows: &[usize],
    tell: &impl Fn(String),
) -> WholeTexts {
    let mut whole = state.data.with_untracked(|store| WholeTexts::wanted(store, columns, rows));
    let keyed = |store: &ResultStore, row| Some((row, reading::key(store, row)?));
    let keyed: Vec<(usize, DataKey)> =
        state.data.with_untracked(|store| whole.rows().into_iter().filter_map(|row| keyed(store, row)).collect());
    if keyed.is_empty() || keyed.len() > MAX_DOCUMENTS {
        return whole;
    }
    let (rows, keys): (Vec<usize>, Vec<DataKey>) = keyed.into_iter().unzip();
    let Ok(study) = reading::study(state).await else { return whole };
    let mut take = |place: usize, document: CaseDocument| {
        tell(format!("Reading long texts, case {} of {} …", place + 1, rows.len()));
        if let Ok(document) = serde_json::from_slice(&document.json) {
            state.data.with_untracked(|store| whole.take(store, rows[place], &document));
        }
        if whole.size_bytes() < MAX_TEXT_BYTES { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    // Without an answer texts stay cut, which is told.
    let _ = study.read_documents(&keys, &mut take).await;
    whole
}

/// Returns the columns of a matrix: those that it has, those of them that are rounded, and those without a number.
fn columns(store: &ResultStore, ids: &[ColumnId], done: &RowMask) -> MatrixColumns {
    let (taken, others): (Vec<&ColumnId>, Vec<&ColumnId>) = ids.iter().partition(|id| npy::has_number(store, id, done));
    // A column that only cases without a result have is missed by nobody.
    let has_text = |id: &&ColumnId| store.column(id).is_some_and(|column| column.statistics().texts > 0);
    let left_out = others.into_iter().filter(has_text).collect();
    let names = |ids: Vec<&ColumnId>| ids.into_iter().map(|id| id.name().to_owned()).collect();
    let rounded = taken.iter().filter(|id| npy::is_rounded(store, id, done)).copied().collect();
    MatrixColumns { rounded: names(rounded), taken: names(taken), left_out: names(left_out) }
}
