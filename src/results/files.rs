//! Making the files of a download, part by part, so that the page answers in between.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use cruncher_results::column_id::{ColumnId, Field};
use cruncher_results::export::csv::Csv;
use cruncher_results::export::npy::{self, Matrix};
use cruncher_results::export::zip::{Zip, ZipError};
use cruncher_results::mask::Mask;
use cruncher_results::store::{DONE, Store};
use js_sys::{Array, Uint8Array};
use leptos::prelude::*;

use super::desk::Desk;
use crate::platform::download::{save, save_parts};
use crate::platform::network;
use crate::state::export::{Columns, Contents, in_words, lines};

/// So many lines of a table are written before the page answers.
const LINES_AT_ONCE: usize = 2_000;

/// Which cases are in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Selected,
    All,
}

/// What is downloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum File {
    Table,
    Factors,
    Responses,
    Archive,
}

/// What somebody wants to have.
#[derive(Clone)]
pub(super) struct Wanted {
    pub(super) desk: Desk,
    pub(super) which: Which,
    /// The responses that aren't wanted.
    pub(super) omitted: BTreeSet<ColumnId>,
}

impl Wanted {
    /// The rows of the table.
    pub(super) fn rows(&self, store: &Store) -> Arc<Mask> {
        let selected = match self.which {
            Which::Selected => self.desk.selected.get().mask,
            Which::All => None,
        };
        selected.unwrap_or_else(|| Arc::new(store.all()))
    }

    /// The rows of matrices: cases that are done.
    fn done(&self, store: &Store) -> Mask {
        let states = store.field(Field::State);
        let done = store.categories(states).into_iter().find(|category| category.label == DONE);
        let code = done.map_or(0, |done| done.code);
        let mut rows = (*self.rows(store)).clone();
        rows.retain(|row| code != 0 && states.code(row) == code);
        rows
    }

    fn responses(&self, store: &Store) -> Vec<ColumnId> {
        store.responses().map(|(id, _)| id).filter(|id| !self.omitted.contains(id)).cloned().collect()
    }

    /// What the files will hold.
    pub(super) fn contents(&self) -> Contents {
        let view = self.desk.view.get();
        let mut selection = in_words(&view.selection);
        selection.extend(view.batch.as_ref().map(|batch| format!("batch {batch}")));
        self.desk.data.with(|store| Contents {
            study: self.desk.study_name.get(),
            selection: (self.which == Which::Selected).then(|| selection.join(", ")),
            name: view.name.clone(),
            cases: self.rows(store).count(),
            done: self.done(store).count(),
            factors: columns(store, &store.factors().map(|(id, _)| id.clone()).collect::<Vec<_>>()),
            responses: columns(store, &self.responses(store)),
            address: super::downloads::link(),
        })
    }

    /// Makes the file and hands it to the reader; `tell` hears how far that is.
    pub(super) async fn make(self, file: File, tell: impl Fn(String)) -> Result<(), ZipError> {
        let contents = untrack(|| self.contents());
        let name = contents.file_name();
        match file {
            File::Table => {
                let parts = Array::new();
                let take = |part: &str| {
                    parts.push(&Uint8Array::from(part.as_bytes()));
                };
                self.table(take, &tell).await;
                save_parts(&format!("{name}.csv"), "text/csv", &parts);
            }
            File::Factors => save_bytes(&format!("{name}-X.npy"), &self.factors().bytes),
            File::Responses => save_bytes(&format!("{name}-Y.npy"), &self.response_matrix().bytes),
            File::Archive => {
                let bytes = self.archive(&contents, &tell).await?;
                save(&format!("{name}.zip"), "application/zip", &Uint8Array::from(&*bytes));
            }
        }
        Ok(())
    }

    /// Writes the table, and lets the page answer in between. A study that goes on adds nothing to a table that was begun.
    async fn table(&self, mut take: impl FnMut(&str), tell: &impl Fn(String)) {
        let store = |look: &mut dyn FnMut(&Store)| untrack(|| self.desk.data.with(|store| look(store)));
        let (mut rows, mut columns) = (Vec::new(), Vec::new());
        store(&mut |store| {
            let csv = Csv::new(store);
            take(&csv.header());
            columns = csv.columns().to_vec();
            rows = self.rows(store).iter().collect();
        });
        let mut written = 0;
        for part in rows.chunks(LINES_AT_ONCE) {
            tell(format!("Writing the table, {} % …", 100 * written / rows.len()));
            rest().await;
            store(&mut |store| take(&Csv::with_columns(store, columns.clone()).rows(part.iter().copied())));
            written += part.len();
        }
    }

    fn factors(&self) -> Matrix {
        untrack(|| self.desk.data.with(|store| npy::factors(store, &self.done(store))))
    }

    fn response_matrix(&self) -> Matrix {
        untrack(|| self.desk.data.with(|store| npy::matrix(store, &self.responses(store), &self.done(store))))
    }

    async fn archive(&self, contents: &Contents, tell: &impl Fn(String)) -> Result<Vec<u8>, ZipError> {
        let mut table = Vec::new();
        // Before the page answers again, so that rows and ids are of the same cases.
        let (x, y, ids) = (self.factors(), self.response_matrix(), self.ids());
        self.table(|part| table.extend_from_slice(part.as_bytes()), tell).await;
        tell("Packing …".to_owned());
        rest().await;
        let names = |matrix: &Matrix| lines(matrix.columns.iter().map(ColumnId::name));
        let mut zip = Zip::default();
        zip.add("README.txt", contents.read_me().as_bytes())?;
        zip.add("cases.csv", &table)?;
        drop(table);
        zip.add("X.npy", &x.bytes)?;
        zip.add("Y.npy", &y.bytes)?;
        zip.add("X_columns.txt", names(&x).as_bytes())?;
        zip.add("Y_columns.txt", names(&y).as_bytes())?;
        zip.add("case_ids.txt", ids.as_bytes())?;
        Ok(zip.finish())
    }

    /// The cases of the matrices' rows, one a line.
    fn ids(&self) -> String {
        untrack(|| {
            self.desk.data.with(|store| {
                let ids = store.case_ids();
                lines(
                    self.done(store)
                        .iter()
                        .map(|row| ids[row].to_string())
                        .collect::<Vec<_>>()
                        .iter()
                        .map(String::as_str),
                )
            })
        })
    }
}

/// The page answers.
async fn rest() {
    network().sleep.sleep(Duration::ZERO).await;
}

fn save_bytes(name: &str, bytes: &[u8]) {
    save(name, "application/octet-stream", &Uint8Array::from(bytes));
}

/// Which columns a matrix has, and which have no number.
fn columns(store: &Store, ids: &[ColumnId]) -> Columns {
    let has_number = |id: &&ColumnId| store.column(id).is_some_and(|column| column.statistics().numbers > 0);
    let (taken, left_out): (Vec<&ColumnId>, Vec<&ColumnId>) = ids.iter().partition(has_number);
    let names = |ids: Vec<&ColumnId>| ids.into_iter().map(|id| id.name().to_owned()).collect();
    Columns { taken: names(taken), left_out: names(left_out) }
}
