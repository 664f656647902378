//! What stands in the cells of the table.

use std::collections::BTreeMap;

use cruncher_results::column_id::{ColumnId, Field};
use cruncher_results::number::exact;
use cruncher_results::store::{Cell, DONE, Store};
use cruncher_study::figures::significant;

use super::title_of;
use crate::results::columns::unit;
use crate::results::desk::Desk;
use crate::results::outcome::outcome;

/// More factors and responses than these have no column.
const MOST_NAMED: usize = 100;

/// A column of the table.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Column {
    pub(super) id: ColumnId,
    pub(super) title: String,
    /// In widths of a digit.
    pub(super) width_ch: usize,
    is_number: bool,
}

/// A cell in words.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Told {
    pub(super) text: String,
    /// All of it, if that is more.
    pub(super) title: Option<String>,
    pub(super) class: &'static str,
}

impl Column {
    fn new(desk: Desk, store: &Store, id: ColumnId) -> Self {
        let is_number = store.column(&id).is_some_and(|column| column.statistics().numbers > 0);
        let title = title_of(&id, &unit(desk, &id));
        let least_ch = match id {
            ColumnId::Case(Field::CaseId) => 11,
            ColumnId::Case(Field::State) => 24,
            ColumnId::Case(Field::Batch | Field::Worker) => 22,
            ColumnId::Case(Field::Level | Field::Replicate) => 8,
            _ if is_number => 12,
            _ => 16,
        };
        // Letters are narrower than digits; the arrow and what stands around come in addition.
        let width_ch = (title.chars().count() * 7 / 8 + 5).clamp(least_ch, 28);
        Self { id, title, width_ch, is_number }
    }

    pub(super) const fn class(&self) -> &'static str {
        match (&self.id, self.is_number) {
            (ColumnId::Case(Field::CaseId), _) => "cases__cell cases__cell--case",
            (_, true) => "cases__cell cases__cell--number",
            (_, false) => "cases__cell",
        }
    }
}

/// The columns that have something to say.
pub(super) fn columns(desk: Desk, store: &Store) -> Vec<Column> {
    let varies = |field: &Field| {
        let column = store.field(*field);
        let statistics = column.statistics();
        statistics.least < statistics.most || statistics.numbers == 0 && store.categories(column).len() > 1
    };
    let fields = [Field::Batch, Field::Level, Field::Replicate].into_iter().filter(varies);
    let before = std::iter::once(Field::CaseId).chain(fields).chain([Field::State]).map(ColumnId::Case);
    let after = [Field::DurationSecs, Field::Worker].map(ColumnId::Case);
    let ids = before.chain(named(store).take(MOST_NAMED)).chain(after);
    ids.map(|id| Column::new(desk, store, id)).collect()
}

fn named(store: &Store) -> impl Iterator<Item = ColumnId> {
    let columns = store.factors().chain(store.responses());
    let has_any = |column: &cruncher_results::store::Column| {
        let statistics = column.statistics();
        statistics.numbers + statistics.texts > 0
    };
    columns.filter(move |(_, column)| has_any(column)).map(|(id, _)| id.clone())
}

/// How many columns the table leaves out, since there are too many.
pub(super) fn left_out(store: &Store) -> usize {
    named(store).count().saturating_sub(MOST_NAMED)
}

/// The widths of all columns, as a grid takes them.
pub(super) fn template(columns: &[Column]) -> String {
    let widths: Vec<String> = columns.iter().map(|column| format!("minmax({}ch, 1fr)", column.width_ch)).collect();
    widths.join(" ")
}

/// By this name the row at a place is found.
pub(super) fn id_of(place: usize) -> String {
    format!("case-at-{place}")
}

/// The cells of a row, one a column.
pub(super) fn line(store: &Store, columns: &[Column], messages: &BTreeMap<String, String>, row: usize) -> Vec<Told> {
    let cell = |column: &Column| match &column.id {
        ColumnId::Case(Field::State) => state_in_words(store.cell(&column.id, row), message(store, messages, row)),
        id => in_words(store.cell(id, row)),
    };
    columns.iter().map(cell).collect()
}

fn message<'a>(store: &Store, messages: &'a BTreeMap<String, String>, row: usize) -> &'a str {
    match store.cell(&ColumnId::Case(Field::Signature), row) {
        Cell::Text(signature) => messages.get(signature).map_or("", String::as_str),
        _ => "",
    }
}

/// The state of a case, and why it is that.
fn state_in_words(state: Cell, message: &str) -> Told {
    let (text, class) = outcome(state);
    let text = if message.is_empty() { text.to_owned() } else { format!("{text}: {message}") };
    Told { title: (state != Cell::Text(DONE)).then(|| text.clone()), text, class }
}

fn in_words(cell: Cell) -> Told {
    match cell {
        Cell::Number(number) => {
            let (text, exact) = (significant(number), exact(number));
            Told { title: (exact != text).then_some(exact), text, class: "" }
        }
        Cell::Text(text) => Told { title: Some(text.to_owned()), text: text.to_owned(), class: "" },
        Cell::Flag(flag) => Told { text: flag.to_string(), ..Told::default() },
        Cell::Id(id) => Told { text: format!("{:.8}", id.to_string()), title: Some(id.to_string()), class: "" },
        Cell::Missing => Told { text: "–".into(), title: None, class: "faint" },
    }
}
