//! Collects the rows of a table, and what is wrong with them.

use super::field::Cell;
use super::header::{Header, Place};
use super::{ImportError, MAX_ROWS, Table, WRONG_ROWS_TOLD, WrongRow};
use crate::case::Parameter;

#[derive(Debug)]
pub(super) struct Rows {
    header: Header,
    /// A row of the right shape.
    blank: Vec<Parameter>,
    cases: Vec<Vec<Parameter>>,
    levels: Vec<u32>,
    replicates: Vec<u32>,
    wrong: Wrong,
    /// One an input.
    tallies: Vec<Tally>,
}

/// Wrong rows: the first of them, and how many.
#[derive(Debug, Default, Clone)]
struct Wrong {
    told: Vec<WrongRow>,
    total: usize,
}

/// What an input has for values.
#[derive(Debug, Default, Clone)]
struct Tally {
    integers: usize,
    floats: usize,
    others: usize,
    /// Values that are no numbers, though they may be meant as some.
    odd: Wrong,
}

impl Rows {
    pub(super) fn new(header: Header) -> Self {
        let blank = Parameter::Flag(false);
        let shape =
            |count: Option<usize>| count.map_or(blank.clone(), |count| Parameter::List(vec![blank.clone(); count]));
        Self {
            blank: header.columns.iter().map(|column| shape(column.count)).collect(),
            cases: Vec::new(),
            levels: Vec::new(),
            replicates: Vec::new(),
            wrong: Wrong::default(),
            tallies: vec![Tally::default(); header.columns.len()],
            header,
        }
    }

    pub(super) fn width(&self) -> usize {
        self.header.places.len()
    }

    /// Adds a row with as many cells as the header has places.
    pub(super) fn add(&mut self, row: usize, cells: impl IntoIterator<Item = Cell>) -> Result<(), ImportError> {
        if self.cases.len() == MAX_ROWS {
            return Err(ImportError::TooManyRows);
        }
        let mut values = self.blank.clone();
        for (index, cell) in cells.into_iter().enumerate() {
            let place = self.header.places[index];
            if let Some(value) = self.value(row, place, cell) {
                self.put(row, place, value, &mut values);
            }
        }
        self.cases.push(values);
        Ok(())
    }

    pub(super) fn refuse(&mut self, row: usize, reason: String) {
        self.wrong.add(row, || reason);
    }

    /// The table, if all rows are cases.
    pub(super) fn finish(mut self, mut notes: Vec<String>) -> Result<Table, ImportError> {
        self.judge(&mut notes);
        if self.wrong.total > 0 {
            let Wrong { told, total } = self.wrong;
            return Err(ImportError::Rows { told, total });
        }
        if self.cases.is_empty() {
            return Err(ImportError::NoRows);
        }
        let levels = self.header.has(Place::Level).then_some(self.levels);
        let replicates = self.header.has(Place::Replicate).then_some(self.replicates);
        Ok(Table { columns: self.header.columns, rows: self.cases, levels, replicates, notes })
    }

    fn value(&mut self, row: usize, place: Place, cell: Cell) -> Option<Parameter> {
        let name = || self.header.name(place);
        let reason = match cell {
            _ if place == Place::CaseId => return None,
            Cell::Loose(value) => {
                self.count(row, place, &value, Doubt::Some);
                return Some(value);
            }
            Cell::Firm(value) => {
                self.count(row, place, &value, Doubt::None);
                return Some(value);
            }
            Cell::Empty => format!("column `{}` is empty", name()),
            Cell::NotFinite(text) => format!("`{text}` in column `{}` is not a finite number", name()),
            Cell::Comma(text) => {
                format!("`{text}` in column `{}` has a decimal comma, and decimals of this file have a point", name())
            }
        };
        self.wrong.add(row, || reason);
        None
    }

    fn put(&mut self, row: usize, place: Place, value: Parameter, values: &mut [Parameter]) {
        match place {
            Place::CaseId => {}
            Place::Whole(column) => values[column] = value,
            Place::Component(column, component) => {
                if let Parameter::List(components) = &mut values[column] {
                    components[component] = value;
                }
            }
            Place::Level | Place::Replicate => self.put_number(row, place, &value),
        }
    }

    fn put_number(&mut self, row: usize, place: Place, value: &Parameter) {
        let number = if let Parameter::Integer(integer) = value { u32::try_from(*integer).ok() } else { None };
        match number {
            Some(number) if place == Place::Level => self.levels.push(number),
            Some(number) => self.replicates.push(number),
            None => self.wrong.add(row, || {
                let (text, name) = (super::field(value), self.header.name(place));
                format!("`{text}` in column `{name}` is not a whole number from 0 on; if it is an input, rename it")
            }),
        }
    }

    fn count(&mut self, row: usize, place: Place, value: &Parameter, doubt: Doubt) {
        let (Place::Whole(column) | Place::Component(column, _)) = place else {
            return;
        };
        let tally = &mut self.tallies[column];
        match value {
            Parameter::Integer(_) => tally.integers += 1,
            Parameter::Number(_) => tally.floats += 1,
            _ => {
                tally.others += 1;
                // A vector is of one kind, whoever says what its components are.
                if doubt == Doubt::Some || matches!(place, Place::Component(..)) {
                    let name = || self.header.name(place);
                    tally.odd.add(row, || format!("`{}` in column `{}` is not a number", super::field(value), name()));
                }
            }
        }
    }

    /// Decides what each input is, now that all its values are known.
    fn judge(&mut self, notes: &mut Vec<String>) {
        for (number, tally) in std::mem::take(&mut self.tallies).into_iter().enumerate() {
            let column = &self.header.columns[number];
            let numbers = tally.integers + tally.floats;
            let is_vector = column.count.is_some();
            if numbers > 0 && tally.odd.total > 0 && (is_vector || numbers >= 9 * tally.odd.total) {
                let others = if tally.odd.total == 1 { ", all others there are" } else { ", most others there are" };
                self.wrong.extend(tally.odd, others);
            } else if numbers > 0 && tally.others > 0 {
                notes.push(format!("column `{}` holds numbers and other values", column.name));
            } else if tally.integers > 0 && tally.floats > 0 {
                self.cases.iter_mut().for_each(|row| make_float(&mut row[number]));
            }
        }
        self.wrong.told.sort_by_key(|wrong| wrong.row);
        self.wrong.told.truncate(WRONG_ROWS_TOLD);
    }
}

/// Whether a value may be meant otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doubt {
    None,
    Some,
}

impl Wrong {
    fn add(&mut self, row: usize, reason: impl FnOnce() -> String) {
        self.total += 1;
        if self.told.len() < WRONG_ROWS_TOLD {
            self.told.push(WrongRow { row, reason: reason() });
        }
    }

    fn extend(&mut self, other: Self, words: &str) {
        self.total += other.total;
        self.told.extend(other.told.into_iter().map(|wrong| WrongRow { reason: wrong.reason + words, ..wrong }));
    }
}

fn make_float(value: &mut Parameter) {
    match value {
        Parameter::List(components) => components.iter_mut().for_each(make_float),
        other => {
            if let Some(number) = other.as_number() {
                *other = Parameter::Number(number);
            }
        }
    }
}
