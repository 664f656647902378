//! Cells of the table.

use cruncher_results::chunk::MAX_TEXT_CHARS;
use cruncher_results::column_id::{CaseField, ColumnId};
use cruncher_results::store::{CellValue, DONE, ResultStore};
use cruncher_study::number_format::{counted, thousands};

use super::title_of;
use crate::columns::unit;
use crate::outcome::outcome;
use crate::results_state::ResultsState;
use crate::state::words::{CellText, words};

/// Maximum number of factors and responses that have a column.
const MAX_NAMED: usize = 100;

/// Column of the table.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TableColumn {
    pub(super) id: ColumnId,
    pub(super) title: String,
    /// Width in widths of a digit.
    pub(super) width_ch: usize,
    is_number: bool,
}

/// Cell in words.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct CellWords {
    pub(super) text: String,
    /// Title with all of its text or its digits; `None` if the cell shows all of it anyway.
    pub(super) title: Option<String>,
    pub(super) class: &'static str,
}

impl TableColumn {
    fn new(state: ResultsState, store: &ResultStore, id: ColumnId) -> Self {
        let column = store.column(&id);
        let is_number = column.is_some_and(|column| column.statistics().numbers > 0);
        let has_integers = column.is_some_and(cruncher_results::store::StoreColumn::has_integers);
        let title = title_of(&id, &unit(state, &id));
        let least_ch = match id {
            ColumnId::Case(CaseField::CaseId) => 11,
            // A failed case's message stands in this column.
            ColumnId::Case(CaseField::State) if has_failed(store) => 24,
            ColumnId::Case(CaseField::State) => 10,
            ColumnId::Case(CaseField::Batch | CaseField::Model | CaseField::Worker) => 22,
            ColumnId::Case(CaseField::Level | CaseField::Replicate) => 8,
            // Twenty digits, and a sign.
            _ if has_integers => 23,
            _ if is_number => 12,
            _ => 16,
        };
        // Letters are narrower than digits; the arrow and the padding come in addition.
        let width_ch = (title.chars().count() * 7 / 8 + 5).clamp(least_ch, 28);
        Self { id, title, width_ch, is_number }
    }

    pub(super) const fn class(&self) -> &'static str {
        match (&self.id, self.is_number) {
            (ColumnId::Case(CaseField::CaseId), _) => "cases__cell cases__cell--case",
            (_, true) => "cases__cell cases__cell--number",
            (_, false) => "cases__cell",
        }
    }
}

fn has_failed(store: &ResultStore) -> bool {
    store.categories(store.field(CaseField::State)).iter().any(|category| category.label != DONE)
}

/// Returns the columns that have something to say.
pub(super) fn columns(state: ResultsState, store: &ResultStore) -> Vec<TableColumn> {
    let varies = |field: &CaseField| {
        let column = store.field(*field);
        let statistics = column.statistics();
        statistics.least < statistics.most || statistics.numbers == 0 && store.categories(column).len() > 1
    };
    let fields =
        [CaseField::Batch, CaseField::Model, CaseField::Level, CaseField::Replicate].into_iter().filter(varies);
    let before = std::iter::once(CaseField::CaseId).chain(fields).chain([CaseField::State]).map(ColumnId::Case);
    let after = [CaseField::DurationSecs, CaseField::Worker].map(ColumnId::Case);
    let ids = before.chain(named(store).take(MAX_NAMED)).chain(after);
    ids.map(|id| TableColumn::new(state, store, id)).collect()
}

fn named(store: &ResultStore) -> impl Iterator<Item = ColumnId> {
    let columns = store.factors().chain(store.responses());
    let has_any = |column: &cruncher_results::store::StoreColumn| {
        let statistics = column.statistics();
        statistics.numbers + statistics.texts > 0
    };
    columns.filter(move |(_, column)| has_any(column)).map(|(id, _)| id.clone())
}

/// Returns the number of columns that the table leaves out, since there are too many.
fn left_out(store: &ResultStore) -> usize {
    named(store).count().saturating_sub(MAX_NAMED)
}

/// Tells what the table doesn't show; `None` if it shows everything.
pub(super) fn notes(store: &ResultStore) -> Option<String> {
    let columns = match left_out(store) as u64 {
        0 => None,
        count => Some(format!("{} in the download.", counted(count, "more column is", "more columns are"))),
    };
    let texts = match store.cut_texts() as u64 {
        0 => None,
        count => Some(format!(
            "{} cut at {} characters: whole in the document of the case, and in the download.",
            counted(count, "text is", "texts are"),
            thousands(MAX_TEXT_CHARS as u64)
        )),
    };
    let notes: Vec<String> = columns.into_iter().chain(texts).collect();
    (!notes.is_empty()).then(|| notes.join(" "))
}

/// Returns the widths of all columns, as a CSS grid takes them.
pub(super) fn template(columns: &[TableColumn]) -> String {
    let widths: Vec<String> = columns.iter().map(|column| format!("minmax({}ch, 1fr)", column.width_ch)).collect();
    widths.join(" ")
}

/// Returns the id by which the row at a place is found.
pub(super) fn id_of(place: usize) -> String {
    format!("case-at-{place}")
}

/// Returns the cells of a row, one a column.
pub(super) fn line(store: &ResultStore, columns: &[TableColumn], row: usize) -> Vec<CellWords> {
    let cell = |column: &TableColumn| match &column.id {
        ColumnId::Case(CaseField::State) => state_in_words(store.cell(&column.id, row), message(store, row)),
        id => in_words(store.cell(id, row)),
    };
    columns.iter().map(cell).collect()
}

/// Returns the message of a case's failure; empty for a case that is done.
fn message(store: &ResultStore, row: usize) -> &str {
    match store.cell(&ColumnId::Case(CaseField::Error), row) {
        CellValue::Text(message) => message,
        _ => "",
    }
}

/// Returns the state of a case in words, with the message of its failure.
fn state_in_words(state: CellValue, message: &str) -> CellWords {
    let (text, class) = outcome(state);
    let text = if message.is_empty() { text.to_owned() } else { format!("{text}: {message}") };
    CellWords { title: (state != CellValue::Text(DONE)).then(|| text.clone()), text, class }
}

fn in_words(cell: CellValue) -> CellWords {
    let CellText { text, exact } = words(cell);
    match cell {
        CellValue::Number(_) | CellValue::Flag(_) => CellWords { text, title: exact, class: "" },
        CellValue::Integer(_) | CellValue::Text(_) => CellWords { title: Some(text.clone()), text, class: "" },
        CellValue::Cut(_, chars) => {
            let all = counted(u64::from(chars), "character", "characters");
            CellWords { title: Some(format!("{text} ({all}: whole in the document of the case)")), text, class: "" }
        }
        CellValue::Id(_) => CellWords { text: format!("{text:.8}"), title: Some(text), class: "" },
        CellValue::Missing => CellWords { text, title: None, class: "faint" },
    }
}
