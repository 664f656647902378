//! Archive of a download: table, arrays, failed cases, and the files of the bucket, in one ZIP.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::rc::Rc;

use cruncher_backend::fetch::archive::{ArchiveRequest, ArchiveSummary, ArchivedCase, ArchivedFile, MAX_CASES, gather};
use cruncher_browser::download;
use cruncher_results::column_id::{CaseField, ColumnId};
use cruncher_results::export::errors::{ErrorTable, ToldError, failed};
use cruncher_results::export::npy::NpyMatrix;
use cruncher_results::export::zip::{ZipArchive, ZipContent, ZipError};
use cruncher_results::mask::RowMask;
use cruncher_results::store::{CellValue, ResultStore};
use cruncher_study::batch::Batch;
use cruncher_study::key::DataKey;
use js_sys::Array;
use leptos::prelude::*;

use super::files::{BYTES_AT_ONCE, DownloadRequest, ExportedCases, FileParts, LINES_AT_ONCE, rest};
use super::freeze::words;
use super::reading;
use super::results_state::case_of;
use crate::state::export::{ExportContents, VersionFiles, lines};

/// Number of case ids that are written at once: in between the page reacts to its reader.
const IDS_AT_ONCE: usize = 20_000;

/// An archive in parts, as the browser takes them.
#[derive(Default)]
struct Archive {
    zip: ZipArchive,
    parts: Array,
    /// Small files, one after the other, that the browser doesn't have yet.
    small: Vec<u8>,
}

impl Archive {
    /// Adds a file that is given in parts.
    fn add(&mut self, name: &str, file: &FileParts) -> Result<(), ZipError> {
        let before = self.zip.file(name, &file.content)?;
        self.hand_over();
        self.parts.push(&download::part(&before));
        for part in file.parts.iter() {
            self.parts.push(&part);
        }
        Ok(())
    }

    /// Adds a small file.
    fn add_small(&mut self, name: &str, content: &[u8]) -> Result<(), ZipError> {
        let before = self.zip.file(name, &ZipContent::of(content))?;
        self.small.extend(before);
        self.small.extend_from_slice(content);
        if self.small.len() > BYTES_AT_ONCE {
            self.hand_over();
        }
        Ok(())
    }

    /// Hands the small files of so far to the browser.
    fn hand_over(&mut self) {
        if !self.small.is_empty() {
            self.parts.push(&download::part(&std::mem::take(&mut self.small)));
        }
    }

    fn end(mut self) -> Array {
        self.hand_over();
        self.parts.push(&download::part(&self.zip.end()));
        self.parts
    }
}

/// The cases of an archive, as they are when it is begun.
struct Cases {
    /// The rows of cases that have failed.
    failed: Vec<usize>,
    /// Number of cases that have a document: failed and done ones.
    count: u64,
    /// Documents of the first [`MAX_CASES`] of them, failed ones before others, and their rows.
    documents: Vec<DataKey>,
    rows: Vec<usize>,
    /// Batches of these cases; `None` if all cases are exported, since the batches don't matter then.
    batches: Option<BTreeSet<Batch>>,
}

impl Cases {
    fn of(store: &ResultStore, chosen: &RowMask, which: ExportedCases) -> Self {
        let (mut failed, mut done) = (failed(store), store.done());
        failed.and(chosen);
        done.and(chosen);
        let all = || failed.iter().chain(done.iter());
        let keyed = all().filter_map(|row| Some((row, reading::key(store, row)?)));
        let (rows, documents) = keyed.take(MAX_CASES).unzip();
        let batches = || {
            let mut batches = BTreeSet::new();
            batches.extend(all().filter_map(|row| case_of(store, row)).map(|(batch, _)| batch));
            batches
        };
        let batches = (which == ExportedCases::Selected).then(batches);
        Self { count: all().count() as u64, failed: failed.iter().collect(), documents, rows, batches }
    }
}

impl DownloadRequest {
    /// Puts everything into one file, part by part: in between the page reacts to its reader, and the browser holds finished
    /// parts.
    pub(super) async fn archive(
        &self,
        contents: &mut ExportContents,
        tell: &Rc<impl Fn(String) + 'static>,
    ) -> Result<Array, ZipError> {
        // All files get the same rows, even if more come meanwhile.
        let (done, chosen) = self.state.data.with_untracked(|store| (self.done(store), self.rows(store)));
        let cases = self.state.data.with_untracked(|store| Cases::of(store, &chosen, self.which));
        let names = |matrix: &NpyMatrix| lines(matrix.columns.iter().map(ColumnId::name)).into_bytes();
        let mut archive = Archive::default();
        archive.add("cases.csv", &self.table(&**tell, contents).await)?;
        let x = self.factors(&done);
        archive.add("X.npy", &packed("X.npy", &x.bytes, &**tell).await)?;
        archive.add_small("X_columns.txt", &names(&x))?;
        drop(x);
        let y = self.response_matrix(&done);
        archive.add("Y.npy", &packed("Y.npy", &y.bytes, &**tell).await)?;
        archive.add_small("Y_columns.txt", &names(&y))?;
        drop(y);
        archive.add("case_ids.txt", &self.ids(&done).await)?;
        let told;
        (contents.gathered, told) = self.gather(&cases, &mut archive, tell, &mut contents.versions).await?;
        archive.add("errors.csv", &self.errors(&cases.failed, &told).await)?;
        archive.add_small("README.txt", contents.read_me().as_bytes())?;
        Ok(archive.end())
    }

    /// Adds the files of the bucket. Returns a summary, and by row the errors that the documents of failed cases tell.
    async fn gather(
        &self,
        cases: &Cases,
        archive: &mut Archive,
        tell: &Rc<impl Fn(String) + 'static>,
        versions: &mut VersionFiles,
    ) -> Result<(ArchiveSummary, BTreeMap<usize, ToldError>), ZipError> {
        let (mut told, mut full) = (BTreeMap::new(), Ok(()));
        tell("Reading designs and models …".to_owned());
        let study = match reading::study(self.state).await {
            Ok(study) => study,
            Err(problem) => {
                let left_out = vec![("Designs, models and documents".to_owned(), problem.title)];
                return Ok((ArchiveSummary { left_out, ..ArchiveSummary::default() }, told));
            }
        };
        let mut put = |ArchivedFile { path, content, case }: ArchivedFile| {
            full = archive.add_small(&path, &content);
            if let Some(ArchivedCase { place, model_path, failure }) = case {
                let row = cases.rows[place];
                let version = self.state.data.with_untracked(|store| version_of(store, row));
                versions.extend(version.zip(model_path).map(|((batch, name), path)| (batch, name, path)));
                if let Some(error) = failure {
                    let error = ToldError { exception: error.exception, message: error.message, document: path };
                    told.insert(row, error);
                }
            }
            if full.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        let view = self.state.view.get_untracked();
        let wanted = ArchiveRequest {
            batch: view.batches.one(),
            has_cases: &|batch| cases.batches.as_ref().is_none_or(|batches| batches.contains(batch)),
            documents: &cases.documents,
            of_documents: cases.count,
        };
        let gathered = gather(&study, &wanted, &mut put, &|reading| tell(words(reading))).await;
        full.map(|()| (gathered, told))
    }

    /// Makes the table of failed cases.
    async fn errors(&self, failed: &[usize], told: &BTreeMap<usize, ToldError>) -> FileParts {
        let mut parts = FileParts::default();
        let table = |store: &ResultStore| ErrorTable::new(store, self.layout.clone()).header();
        parts.add(self.state.data.with_untracked(table).as_bytes());
        for rows in failed.chunks(LINES_AT_ONCE) {
            rest().await;
            let lines =
                |store: &ResultStore| ErrorTable::new(store, self.layout.clone()).rows(rows.iter().copied(), told);
            parts.add(self.state.data.with_untracked(lines).as_bytes());
        }
        parts
    }

    /// Lists the cases of the matrices' rows, one a line.
    async fn ids(&self, done: &RowMask) -> FileParts {
        let rows: Vec<usize> = done.iter().collect();
        let mut ids = FileParts::default();
        for part in rows.chunks(IDS_AT_ONCE) {
            rest().await;
            let line = |store: &ResultStore, row: usize| store.case_ids()[row].to_string() + "\n";
            let lines = |store: &ResultStore| part.iter().map(|row| line(store, *row)).collect::<String>();
            ids.add(self.state.data.with_untracked(lines).as_bytes());
        }
        ids
    }
}

/// Returns the batch of a row and the version of its model, if the study has several.
fn version_of(store: &ResultStore, row: usize) -> Option<(String, String)> {
    let text = |field: CaseField| match store.cell(&ColumnId::Case(field), row) {
        CellValue::Text(text) => Some(text.to_owned()),
        _ => None,
    };
    text(CaseField::Batch).zip(text(CaseField::Model))
}

/// Divides a file that is there as a whole into parts; in between the page reacts to its reader.
async fn packed(name: &str, bytes: &[u8], tell: &impl Fn(String)) -> FileParts {
    let mut parts = FileParts::default();
    for (number, part) in bytes.chunks(BYTES_AT_ONCE).enumerate() {
        tell(format!("Packing {name}, {} % …", 100 * number / bytes.len().div_ceil(BYTES_AT_ONCE)));
        rest().await;
        parts.add(part);
    }
    parts
}
