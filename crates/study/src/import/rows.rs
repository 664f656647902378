//! Collects the rows of a table, and their mistakes.

use super::field::ParsedField;
use super::header::{FieldPlace, TableHeader};
use super::repeated::repeated_rows;
use super::tally::{AmbiguousValue, ValueTally};
use super::word::shown;
use super::{ImportError, ImportedTable, MAX_ROWS, WRONG_ROWS_TOLD, WrongRow};
use crate::case::{CaseId, ParameterValue};
use crate::pool::Pool;

#[derive(Debug)]
pub(super) struct ImportedRows {
    header: TableHeader,
    /// A row of the right shape.
    blank: Vec<ParameterValue>,
    cases: Vec<Vec<ParameterValue>>,
    /// The row of each case in the file.
    numbers: Vec<usize>,
    levels: Vec<u32>,
    replicates: Vec<u32>,
    pools: Vec<Option<Pool>>,
    wrong: WrongRows,
    /// One tally an input.
    tallies: Vec<ValueTally>,
    /// The first `case_id` that isn't one of Cruncher's, and its row.
    foreign_id: Option<(usize, String)>,
    /// Whether Cruncher wrote the table, so that its names have Cruncher's meanings.
    is_own: bool,
}

/// Wrong rows: the first of them, and their number.
#[derive(Debug, Default, Clone)]
pub(super) struct WrongRows {
    told: Vec<WrongRow>,
    pub(super) total: usize,
}

impl ImportedRows {
    pub(super) fn new(header: TableHeader) -> Self {
        let blank = ParameterValue::Flag(false);
        let shape = |count: Option<usize>| {
            count.map_or(blank.clone(), |count| ParameterValue::List(vec![blank.clone(); count]))
        };
        Self {
            blank: header.columns.iter().map(|column| shape(column.count)).collect(),
            cases: Vec::new(),
            numbers: Vec::new(),
            levels: Vec::new(),
            replicates: Vec::new(),
            pools: Vec::new(),
            wrong: WrongRows::default(),
            tallies: header.columns.iter().map(ValueTally::of).collect(),
            foreign_id: None,
            is_own: false,
            header,
        }
    }

    /// Marks the table as one that Cruncher wrote: its names have Cruncher's meanings.
    pub(super) fn of_cruncher(self) -> Self {
        Self { is_own: true, ..self }
    }

    /// Adds a row with as many cells as the header has places.
    pub(super) fn add(&mut self, row: usize, cells: impl IntoIterator<Item = ParsedField>) -> Result<(), ImportError> {
        if self.cases.len() == MAX_ROWS {
            return Err(ImportError::TooManyRows);
        }
        let mut values = self.blank.clone();
        for (index, cell) in cells.into_iter().enumerate() {
            match self.header.places[index] {
                FieldPlace::LeftOut(_) => {}
                FieldPlace::CaseId => self.look_at_id(row, &cell),
                FieldPlace::Pool => self.put_pool(row, &cell),
                FieldPlace::InstanceType => self.put_instance_type(row, &cell),
                place => {
                    if let Some(value) = self.value(row, place, cell) {
                        self.put(row, place, value, &mut values);
                    }
                }
            }
        }
        self.cases.push(values);
        self.numbers.push(row);
        Ok(())
    }

    pub(super) fn refuse(&mut self, row: usize, reason: String) {
        self.wrong.add(row, || reason);
    }

    /// Returns the table, if all rows are cases.
    pub(super) fn finish(mut self, mut notes: Vec<String>) -> Result<ImportedTable, ImportError> {
        self.judge(&mut notes);
        if self.wrong.total > 0 {
            let WrongRows { told, total } = self.wrong;
            return Err(ImportError::Rows { told, total });
        }
        if self.cases.is_empty() {
            return Err(ImportError::NoRows);
        }
        notes.extend(self.own_names());
        notes.extend(repeated_rows(&self.cases, &self.replicates, &self.numbers));
        let levels = self.header.has(FieldPlace::Level).then_some(self.levels);
        let replicates = self.header.has(FieldPlace::Replicate).then_some(self.replicates);
        let has_pools = self.header.has(FieldPlace::Pool) || self.header.has(FieldPlace::InstanceType);
        let pools = has_pools.then_some(self.pools);
        Ok(ImportedTable {
            columns: self.header.columns,
            rows: self.cases,
            levels,
            replicates,
            pools,
            notes,
            ..ImportedTable::default()
        })
    }

    /// Returns notes about columns with Cruncher's own names, unless Cruncher wrote them.
    fn own_names(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some((row, id)) = &self.foreign_id {
            notes.push(format!(
                "column `case_id` is left out, as each case gets an id of its own: what stands there (`{}` in row {row}) is \
                 none of Cruncher's; rename the column if the model needs it",
                shown(id)
            ));
        }
        let is_own = self.is_own || (self.header.has(FieldPlace::CaseId) && self.foreign_id.is_none());
        for (place, meaning) in [
            (FieldPlace::Level, "the level"),
            (FieldPlace::Replicate, "the number of the replicate"),
            (FieldPlace::Pool, "the pool"),
        ] {
            if self.header.has(place) && !is_own {
                notes.push(format!(
                    "column `{}` is taken as {meaning} of each case, and is no input; rename the column if the model needs it",
                    self.header.name(place)
                ));
            }
        }
        if self.header.has(FieldPlace::InstanceType) {
            let named =
                self.pools.iter().flatten().next().map_or_else(String::new, |pool| format!(", such as `{pool}`"));
            notes.push(format!(
                "column `instance_type` is taken as the pool of each case, with hyphens for points{named}, and is no input"
            ));
        }
        notes
    }

    /// Notes a case's pool by the type of its instances.
    fn put_instance_type(&mut self, row: usize, cell: &ParsedField) {
        let text = text_of(cell);
        let pool = if text.trim().is_empty() { Ok(None) } else { Pool::from_instance_type(&text).map(Some) };
        match pool {
            Ok(pool) => self.pools.push(pool),
            Err(error) => self.wrong.add(row, || format!("column `instance_type`: {error}")),
        }
    }

    /// Notes a case's pool. An empty field is the study's own queue.
    fn put_pool(&mut self, row: usize, cell: &ParsedField) {
        match Pool::parse_choice(&text_of(cell)) {
            Ok(pool) => self.pools.push(pool),
            Err(error) => self.wrong.add(row, || format!("column `pool`: {error}; if it is an input, rename it")),
        }
    }

    fn look_at_id(&mut self, row: usize, cell: &ParsedField) {
        if matches!(cell, ParsedField::Empty) {
            return;
        }
        let text = text_of(cell);
        if CaseId::parse(&text).is_err() {
            self.foreign_id.get_or_insert((row, text));
        }
    }

    fn value(&mut self, row: usize, place: FieldPlace, cell: ParsedField) -> Option<ParameterValue> {
        let name = || self.header.name(place);
        let (value, doubt) = match cell {
            ParsedField::Loose(value) => (value, AmbiguousValue::Some),
            ParsedField::Firm(value) => (value, AmbiguousValue::None),
            ParsedField::Spelled(value, text) => (value, AmbiguousValue::Spelled(text)),
            ParsedField::Odd(text) => (ParameterValue::Text(text), AmbiguousValue::Odd),
            ParsedField::Missing(text) => (ParameterValue::Text(text), AmbiguousValue::Missing),
            ParsedField::Empty => {
                self.wrong.add(row, || format!("column `{}` is empty", name()));
                return None;
            }
            ParsedField::Wrong(fault, text) => {
                self.wrong.add(row, || fault.reason(&shown(&text), &name()));
                return None;
            }
        };
        if let FieldPlace::Whole(column) | FieldPlace::Component(column, _) = place {
            self.tallies[column].count(row, &value, doubt, name);
        }
        Some(value)
    }

    fn put(&mut self, row: usize, place: FieldPlace, value: ParameterValue, values: &mut [ParameterValue]) {
        match place {
            FieldPlace::LeftOut(_) | FieldPlace::CaseId | FieldPlace::Pool | FieldPlace::InstanceType => {}
            FieldPlace::Whole(column) => values[column] = value,
            FieldPlace::Component(column, component) => {
                if let ParameterValue::List(components) = &mut values[column] {
                    components[component] = value;
                }
            }
            FieldPlace::Level | FieldPlace::Replicate => self.put_number(row, place, &value),
        }
    }

    fn put_number(&mut self, row: usize, place: FieldPlace, value: &ParameterValue) {
        let number = if let ParameterValue::Integer(integer) = value { u32::try_from(*integer).ok() } else { None };
        match number {
            Some(number) if place == FieldPlace::Level => self.levels.push(number),
            Some(number) => self.replicates.push(number),
            None => self.wrong.add(row, || {
                let (text, name) = (super::field(value), self.header.name(place));
                format!("`{text}` in column `{name}` is not a whole number from 0 on; if it is an input, rename it")
            }),
        }
    }

    /// Decides the kind of each input, now that all its values are known.
    fn judge(&mut self, notes: &mut Vec<String>) {
        for (number, tally) in std::mem::take(&mut self.tallies).into_iter().enumerate() {
            let column = &self.header.columns[number];
            notes.extend(tally.notes(&column.name));
            if tally.is_float() {
                self.cases.iter_mut().for_each(|row| make_float(&mut row[number]));
            }
            self.wrong.extend(tally.wrong());
        }
        self.wrong.told.sort_by_key(|wrong| wrong.row);
        self.wrong.told.truncate(WRONG_ROWS_TOLD);
    }
}

/// Returns what stands in a field, as a text.
fn text_of(cell: &ParsedField) -> String {
    match cell {
        ParsedField::Empty => String::new(),
        ParsedField::Loose(ParameterValue::Text(text))
        | ParsedField::Firm(ParameterValue::Text(text))
        | ParsedField::Spelled(_, text)
        | ParsedField::Odd(text)
        | ParsedField::Missing(text)
        | ParsedField::Wrong(_, text) => text.clone(),
        ParsedField::Loose(value) | ParsedField::Firm(value) => super::field(value),
    }
}

impl WrongRows {
    pub(super) fn add(&mut self, row: usize, reason: impl FnOnce() -> String) {
        self.total += 1;
        if self.told.len() < WRONG_ROWS_TOLD {
            self.told.push(WrongRow { row, reason: reason() });
        }
    }

    pub(super) fn extend(&mut self, other: Self) {
        self.total += other.total;
        self.told.extend(other.told);
    }

    /// Adds words to the reason of each row.
    pub(super) fn with_words(mut self, words: &str) -> Self {
        self.told.iter_mut().for_each(|wrong| wrong.reason.push_str(words));
        self
    }
}

fn make_float(value: &mut ParameterValue) {
    match value {
        ParameterValue::List(components) => components.iter_mut().for_each(make_float),
        other => {
            if let Some(number) = other.as_number() {
                *other = ParameterValue::Number(number);
            }
        }
    }
}
