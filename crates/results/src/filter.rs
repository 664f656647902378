//! Filters that choose rows.

pub mod language;
mod limit;
mod pattern;
#[cfg(test)]
mod tests;
mod text;

use std::cmp::Ordering;

use cruncher_study::case::CaseId;
use cruncher_study::pool::MAIN_POOL;

pub use self::limit::RangeLimit;
use self::limit::is_equal;
pub use self::text::{ConditionProblem, FilterError};
use crate::column_id::{CaseField, ColumnId};
use crate::mask::RowMask;
use crate::store::{ResultStore, StoreColumn};

/// Conditions that a row must meet all of. Without any, every row is chosen.
///
/// As text, as it stands in an address: conditions with a comma between them, each a column, a colon, and one of these:
///
/// | text | condition |
/// |---|---|
/// | `2e5..3e5`, `2e5..`, `..3e5`, `..` | [`FilterCondition::Range`] |
/// | `done\|failed` | [`FilterCondition::OneOf`] |
/// | `!*` | [`FilterCondition::OneOf`] without values: no row |
/// | `*` | [`FilterCondition::HasValue`] |
/// | `!` | [`FilterCondition::HasNone`] |
/// | `~node7*` | [`FilterCondition::Like`] |
///
/// `*:` is followed by a text that stands somewhere in the case ([`FilterCondition::Search`]).
/// `case.case_id:` is followed by ids with `|` between them ([`FilterCondition::Cases`]). Characters with a meaning are
/// percent-encoded in names and values, and so are the points of a value that has two in a row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RowFilter {
    /// The conditions, in an order that doesn't matter.
    pub conditions: Vec<FilterCondition>,
}

/// A condition that a row meets or doesn't. A column that isn't there has no values.
#[derive(Debug, Clone, PartialEq)]
pub enum FilterCondition {
    /// The value is a number between the two, both included. Without either end, it is any number.
    Range {
        /// The column.
        column: ColumnId,
        /// The least permitted value.
        least: Option<RangeLimit>,
        /// The largest permitted value.
        most: Option<RangeLimit>,
    },
    /// The value is one of these: a text as it stands, a flag as `true` or `false`, a number in any notation. Two integers are
    /// never taken for each other, however large they are.
    OneOf {
        /// The column.
        column: ColumnId,
        /// The values.
        values: Vec<String>,
    },
    /// There is a value.
    HasValue(ColumnId),
    /// There is no value.
    HasNone(ColumnId),
    /// The value is a text like this, small and capital letters alike; `*` stands for any characters.
    Like {
        /// The column; that of the ids, too.
        column: ColumnId,
        /// The text.
        pattern: String,
    },
    /// The case's id begins with this text, or one of its texts has it in it, small and capital letters alike.
    Search(String),
    /// The case is one of these, in any batch.
    Cases(Vec<CaseId>),
}

impl RowFilter {
    /// Returns the rows of a store that meet all conditions.
    #[must_use]
    pub fn apply(&self, store: &ResultStore) -> RowMask {
        let mut rows = store.all();
        self.conditions.iter().for_each(|condition| condition.restrict(store, &mut rows));
        rows
    }

    /// Adds a condition, in place of one of the same kind on the same column, if there is one.
    pub fn set(&mut self, condition: FilterCondition) {
        let same = self.conditions.iter_mut().find(|other| {
            std::mem::discriminant(*other) == std::mem::discriminant(&condition) && other.column() == condition.column()
        });
        match same {
            Some(other) => *other = condition,
            None => self.conditions.push(condition),
        }
    }

    /// Removes all conditions on a column.
    pub fn clear(&mut self, column: &ColumnId) {
        self.conditions.retain(|condition| condition.column() != Some(column));
    }
}

impl FilterCondition {
    /// Returns the range of a column that was drawn by hand, from one end to the other. If an end lies at or beyond the
    /// outermost number, that side has no limit: numbers further out may come later.
    #[must_use]
    pub fn drawn(store: &ResultStore, column: &ColumnId, (from, to): (f64, f64)) -> Self {
        let known = store.column(column).map(StoreColumn::statistics).unwrap_or_default();
        let least = Some(from).filter(|from| known.least.is_none_or(|least| *from > least));
        let most = Some(to).filter(|to| known.most.is_none_or(|most| *to < most));
        Self::Range { column: column.clone(), least: least.map(RangeLimit::from), most: most.map(RangeLimit::from) }
    }

    /// Returns its column; `None` if it is of none.
    #[must_use]
    pub const fn column(&self) -> Option<&ColumnId> {
        match self {
            Self::Range { column, .. }
            | Self::OneOf { column, .. }
            | Self::HasValue(column)
            | Self::HasNone(column)
            | Self::Like { column, .. } => Some(column),
            Self::Search(_) | Self::Cases(_) => None,
        }
    }

    fn restrict(&self, store: &ResultStore, rows: &mut RowMask) {
        let column = self.column().and_then(|column| store.column(column));
        match self {
            Self::Range { least, most, .. } => within(column, (*least, *most), rows),
            // As long as no case names a pool, all are of the study's own queue, and no row says so.
            Self::OneOf { column: ColumnId::Case(CaseField::Pool), values } if !store.has_pools() => {
                if !values.iter().any(|value| value == MAIN_POOL) {
                    rows.and(&RowMask::empty(store.len()));
                }
            }
            Self::OneOf { values, .. } => rows.and(&one_of(store, column, values)),
            Self::HasValue(_) => rows.and(&with_value(store, column)),
            Self::HasNone(_) => {
                let mut without = with_value(store, column);
                without.invert();
                rows.and(&without);
            }
            Self::Like { column: id, pattern } => rows.and(&pattern::like(store, id, pattern)),
            Self::Search(text) => rows.and(&pattern::search(store, text)),
            Self::Cases(cases) => {
                let mut cases = cases.clone();
                cases.sort_unstable();
                rows.retain_by(store.case_ids(), |id| cases.binary_search(&id).is_ok());
            }
        }
    }
}

fn within(column: Option<&StoreColumn>, (least, most): (Option<RangeLimit>, Option<RangeLimit>), rows: &mut RowMask) {
    let numbers = column.map(StoreColumn::numbers).unwrap_or_default();
    let (from, to) =
        (least.map_or(f64::NEG_INFINITY, RangeLimit::nearest), most.map_or(f64::INFINITY, RangeLimit::nearest));
    // NaN is in no range.
    rows.retain_by(&numbers, |number| number >= from && number <= to);
    for (limit, side) in [(least, Ordering::Greater), (most, Ordering::Less)] {
        if let (Some(column), Some(limit)) = (column, limit) {
            limit.restrict(column, rows, side);
        }
    }
}

fn with_value(store: &ResultStore, column: Option<&StoreColumn>) -> RowMask {
    of_either(store, column, |number| !number.is_nan(), |code| code != 0)
}

fn one_of(store: &ResultStore, column: Option<&StoreColumn>, values: &[String]) -> RowMask {
    let mut is_wanted = vec![false; store.codes()];
    values.iter().flat_map(|value| store.codes_of(value)).for_each(|code| is_wanted[code as usize] = true);
    let numbers: Vec<RangeLimit> = values.iter().filter_map(|value| RangeLimit::parse(value)).collect();
    let is_nearest = |number| numbers.iter().any(|wanted| is_equal(wanted.nearest(), number));
    let mut rows = of_either(store, column, is_nearest, |code| is_wanted[code as usize]);
    if let Some(column) = column.filter(|column| column.has_integers()) {
        let is_it = |row: usize| column.number(row).is_nan() || numbers.iter().any(|wanted| wanted.is(column, row));
        rows.retain(is_it);
    }
    rows
}

/// Returns the rows whose number is chosen, and those whose code is.
fn of_either(
    store: &ResultStore,
    column: Option<&StoreColumn>,
    is_number_chosen: impl Fn(f64) -> bool,
    is_code_chosen: impl Fn(u32) -> bool,
) -> RowMask {
    let (mut with_number, mut with_code) = (store.all(), store.all());
    with_number.retain_by(&column.map(StoreColumn::numbers).unwrap_or_default(), is_number_chosen);
    with_code.retain_by(column.map(StoreColumn::codes).unwrap_or_default(), is_code_chosen);
    with_number.or(&with_code);
    with_number
}
