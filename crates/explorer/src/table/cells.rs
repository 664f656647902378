//! Cells of the table.

use std::fmt::Write as _;

use cruncher_browser::local_time::{clock_time, exact_time};
use cruncher_results::chunk::MAX_TEXT_CHARS;
use cruncher_results::column_id::{CaseField, ColumnId};
use cruncher_results::store::{CellValue, DONE, ResultStore};
use cruncher_study::number_format::{counted, thousands};
use cruncher_study::shown_text::visible;
use js_sys::Date;

use super::title_of;
use crate::columns::unit;
use crate::outcome::outcome;
use crate::results_state::ResultsState;
use crate::state::layout::TableLayout;
use crate::state::markup::push_escaped;
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
            ColumnId::Case(CaseField::Pool) => 12,
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

/// Returns all columns that there can be, each with whether it is shown unless somebody chooses.
pub(super) fn columns(state: ResultsState, store: &ResultStore) -> Vec<(TableColumn, bool)> {
    choosable(store).into_iter().map(|(id, by_itself)| (TableColumn::new(state, store, id), by_itself)).collect()
}

/// Returns the ids of these columns: what has something to say is shown.
pub(crate) fn choosable(store: &ResultStore) -> Vec<(ColumnId, bool)> {
    let varies = |field: &CaseField| {
        let column = store.field(*field);
        let statistics = column.statistics();
        statistics.least < statistics.most || statistics.numbers == 0 && store.categories(column).len() > 1
    };
    let fields = [CaseField::Batch, CaseField::Model, CaseField::Level, CaseField::Replicate, CaseField::Pool];
    let fields = store.said_of(fields).map(|field| (field, varies(&field)));
    let before = std::iter::once((CaseField::CaseId, true)).chain(fields).chain([(CaseField::State, true)]);
    let named = named(store).enumerate().map(|(place, id)| (id, place < MAX_NAMED));
    let after = [
        (CaseField::DurationSecs, true),
        (CaseField::Worker, true),
        (CaseField::StartTime, false),
        (CaseField::EndTime, false),
        (CaseField::Attempt, false),
    ];
    let case = |(field, by_itself)| (ColumnId::Case(field), by_itself);
    before.map(case).chain(named).chain(after.into_iter().map(case)).collect()
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

/// Returns the widths of all columns, as a CSS grid takes them: those that the reader has chosen, and enough room for the others.
pub(super) fn template(columns: &[TableColumn], layout: &TableLayout) -> String {
    let width = |column: &TableColumn| match layout.width_px(&column.id) {
        Some(px) => format!("{px}px"),
        None => format!("minmax({}ch, 1fr)", column.width_ch),
    };
    columns.iter().map(width).collect::<Vec<_>>().join(" ")
}

/// Returns the least width of all columns together, as CSS takes it.
pub(super) fn least_width(columns: &[TableColumn], layout: &TableLayout) -> String {
    let (mut px, mut ch) = (0, 0);
    for column in columns {
        match layout.width_px(&column.id) {
            Some(own) => px += own,
            None => ch += column.width_ch,
        }
    }
    format!("calc({ch}ch + {px}px)")
}

/// Returns the id by which the row at a place is found.
pub(super) fn id_of(place: usize) -> String {
    format!("case-at-{place}")
}

/// Returns the cells of a row as HTML: made at once, they cost a fraction of what as many elements do one by one.
pub(super) fn line(store: &ResultStore, columns: &[TableColumn], row: usize) -> String {
    let mut html = String::with_capacity(columns.len() * 96);
    for (index, column) in columns.iter().enumerate() {
        let cell = store.cell(&column.id, row);
        let told = match &column.id {
            ColumnId::Case(CaseField::State) => state_in_words(cell, message(store, row)),
            ColumnId::Case(CaseField::StartTime | CaseField::EndTime) => time_in_words(cell),
            _ => in_words(cell),
        };
        html.push_str("<div role=\"gridcell\" class=\"");
        html.push_str(column.class());
        html.push(' ');
        html.push_str(told.class);
        // Writing to a string doesn't fail.
        let _ = write!(html, "\" aria-colindex=\"{}\"", index + 1);
        if let Some(title) = &told.title {
            html.push_str(" title=\"");
            push_escaped(&mut html, title);
            html.push('"');
        }
        html.push('>');
        push_escaped(&mut html, &told.text);
        html.push_str("</div>");
    }
    html
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
    let text = if message.is_empty() { text.to_owned() } else { format!("{text}: {}", visible(message)) };
    CellWords { title: (state != CellValue::Text(DONE)).then(|| text.clone()), text, class }
}

fn time_in_words(cell: CellValue) -> CellWords {
    match cell {
        CellValue::Number(secs) => {
            let text = format!("{}:{:02.0}", clock_time(secs, Date::now() / 1000.0), secs.rem_euclid(60.0).floor());
            CellWords { text, title: Some(exact_time(secs)), class: "" }
        }
        cell => in_words(cell),
    }
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
