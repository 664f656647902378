//! Columns as charts take them: numbers and an axis.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

use cruncher_analysis::within;
use cruncher_browser::local_time::utc_offset_secs;
use cruncher_plot::{Axis, AxisPlaces, AxisScale, MAX_SHOWN, Outliers, PlotColumn};
use cruncher_results::column_id::{CaseField, ColumnId};
use cruncher_results::store::{ColumnStatistics, ResultStore, StoreColumn};
use cruncher_study::shown_text::visible;
use leptos::prelude::*;

use super::results_state::ResultsState;
use crate::state::responses::{default_response, is_text};

/// Maximum number of texts on an axis.
const MAX_CATEGORIES: usize = 40;

/// Maximum number of axes for which the places of a column are kept: as it is, zoomed, and from the least to the most.
const MAX_KEPT: usize = 3;

thread_local! {
    /// Places of columns on their axes, for the rows of a revision.
    static LOCATED: RefCell<Located> = RefCell::default();
    /// Outliers of columns, for the rows of a revision.
    static FAR_OUTSIDE: RefCell<FarOutside> = RefCell::default();
    /// Factors of a response, for the rows of a revision.
    static FACTORS: RefCell<Option<ResponseFactors>> = const { RefCell::new(None) };
}

/// Factors of a response, for the rows of a revision.
struct ResponseFactors {
    revision: u64,
    response: ColumnId,
    factors: Vec<ColumnId>,
}

/// Outliers that were found, by column and scale.
#[derive(Default)]
struct FarOutside {
    revision: u64,
    found: Vec<(ColumnId, AxisScale, Option<Outliers>)>,
}

#[derive(Default)]
struct Located {
    revision: u64,
    /// The last ones are the newest.
    places: Vec<(ColumnId, Axis, Rc<AxisPlaces>)>,
}

/// A column as charts take it.
#[derive(Clone)]
pub(super) struct PlottedColumn<'a> {
    id: ColumnId,
    /// One number for each case; NaN for a case without one.
    pub(super) values: Cow<'a, [f64]>,
    /// Axis of the numbers, with their name and unit.
    pub(super) axis: Axis,
    /// Texts that the numbers 0, 1, 2 … stand for; `None` if they are just numbers.
    pub(super) categories: Option<Vec<String>>,
    /// Least and largest number that the axis is made for.
    range: Option<(f64, f64)>,
    /// Whether the range leaves out the outliers, as the reader has asked.
    is_trimmed: bool,
    revision: u64,
}

/// Column on an axis, with the places of its values there.
pub(super) struct OnAxis<'a> {
    values: &'a [f64],
    axis: Axis,
    places: Rc<AxisPlaces>,
}

impl OnAxis<'_> {
    /// Returns the column as charts take it.
    pub(super) fn column(&self) -> PlotColumn<'_> {
        PlotColumn::located(self.axis.clone(), self.values, &self.places)
    }
}

impl PlottedColumn<'_> {
    /// Returns the column without its values, for use after the store's loan has ended.
    pub(super) fn into_owned(self) -> PlottedColumn<'static> {
        PlottedColumn { values: Cow::Owned(Vec::new()), ..self }
    }

    /// Returns the numbers that means are taken of: without those that no axis shows, and without the outliers if the reader
    /// has asked for that.
    pub(super) fn measured(&self) -> Cow<'_, [f64]> {
        let trimmed = self.range.filter(|_| self.is_trimmed);
        within(&self.values, trimmed.unwrap_or((-MAX_SHOWN, MAX_SHOWN)))
    }

    /// Returns the column's axis without room at its ends, from the least to the largest number.
    pub(super) fn bare_axis(&self) -> Axis {
        self.range.map_or_else(|| self.axis.clone(), |(least, most)| self.axis.between(least, most))
    }

    /// Returns the column on its own axis.
    pub(super) fn on_axis(&self) -> OnAxis<'_> {
        self.along(self.axis.clone())
    }

    /// Returns the column on any axis. Places that were found before are kept as long as no rows come.
    pub(super) fn along(&self, axis: Axis) -> OnAxis<'_> {
        let places = LOCATED.with_borrow_mut(|located| {
            if located.revision != self.revision {
                *located = Located { revision: self.revision, places: Vec::new() };
            }
            let is_own = |(id, own, _): &(ColumnId, Axis, _)| *id == self.id && *own == axis;
            if let Some((.., places)) = located.places.iter().find(|entry| is_own(entry)) {
                return places.clone();
            }
            let places = Rc::new(AxisPlaces::of(&axis, &self.values));
            let others = located.places.iter().filter(|(id, ..)| *id == self.id).count();
            if others >= MAX_KEPT
                && let Some(oldest) = located.places.iter().position(|(id, ..)| *id == self.id)
            {
                located.places.remove(oldest);
            }
            located.places.push((self.id.clone(), axis.clone(), places.clone()));
            places
        });
        OnAxis { values: &self.values, axis, places }
    }
}

/// Returns a column of the store as charts take it.
pub(super) fn plotted<'a>(state: ResultsState, store: &'a ResultStore, id: &ColumnId) -> PlottedColumn<'a> {
    let (label, unit) = (label(id), unit(state, id));
    let nothing = || Cow::Owned(vec![f64::NAN; store.len()]);
    let plotted = |values, axis, range, categories| PlottedColumn {
        id: id.clone(),
        values,
        axis,
        categories,
        range,
        is_trimmed: false,
        revision: store.revision(),
    };
    let Some(column) = store.column(id) else {
        return plotted(nothing(), Axis::covering(&label, &unit, AxisScale::Linear, &[]), None, None);
    };
    if is_text(store, id) {
        let (values, names) = by_category(store, column);
        return plotted(Cow::Owned(values), Axis::of_categories(&label, names.clone()), None, Some(names));
    }
    let values = Some(column.numbers()).filter(|numbers| !numbers.is_empty()).unwrap_or_else(nothing);
    let axis = Axis::covering(&label, &unit, scale(state, id), &[]);
    let whole = range(column.statistics(), &axis, &values);
    let is_asked = state.view.read().is_trimmed(id);
    let trimmed = is_asked.then(|| far_outside(store.revision(), id, &axis, &values, whole)).flatten();
    let range = trimmed.map(|Outliers { least, most, .. }| (least, most)).or(whole);
    let ends: Vec<f64> = range.into_iter().flat_map(|(least, most)| [least, most]).collect();
    let axis = Axis::covering(&label, &unit, axis.scale, &ends);
    PlottedColumn { is_trimmed: trimmed.is_some(), ..plotted(values, axis, range, None) }
}

/// Returns the category of each case, and the names of the first [`MAX_CATEGORIES`]. Later ones have a place outside of the
/// axis.
#[expect(clippy::cast_precision_loss, reason = "there are fewer than rows")]
fn by_category(store: &ResultStore, column: &StoreColumn) -> (Vec<f64>, Vec<String>) {
    let categories = store.categories(column);
    let mut of_code = vec![f64::NAN; categories.iter().map(|category| category.code as usize + 1).max().unwrap_or(1)];
    for (place, category) in categories.iter().enumerate() {
        of_code[category.code as usize] = place as f64;
    }
    let values = column.codes().iter().map(|code| of_code[*code as usize]).collect();
    (values, categories.iter().take(MAX_CATEGORIES).map(|category| category.label.to_owned()).collect())
}

/// Returns the least and the largest number that an axis can show.
pub(super) fn range(statistics: ColumnStatistics, axis: &Axis, values: &[f64]) -> Option<(f64, f64)> {
    let is_log = axis.scale == AxisScale::Logarithmic;
    let (least, most) = (if is_log { statistics.least_positive } else { statistics.least }?, statistics.most?);
    // All values have to be looked at only if the axis can't show the extremes.
    if axis.can_show(least) && axis.can_show(most) { Some((least, most)) } else { axis.extent(values.iter().copied()) }
}

/// Returns the outliers of a column, on an axis of its scale that can show the range. A result is kept as long as no rows come.
pub(super) fn far_outside(
    revision: u64,
    id: &ColumnId,
    axis: &Axis,
    values: &[f64],
    range: Option<(f64, f64)>,
) -> Option<Outliers> {
    FAR_OUTSIDE.with_borrow_mut(|kept| {
        if kept.revision != revision {
            *kept = FarOutside { revision, found: Vec::new() };
        }
        let known = kept.found.iter().find(|(own, scale, _)| own == id && *scale == axis.scale);
        if let Some((.., outliers)) = known {
            return *outliers;
        }
        let outliers = Outliers::of(axis, values, range?);
        kept.found.push((id.clone(), axis.scale.clone(), outliers));
        outliers
    })
}

/// Returns the scale of a column's axis.
pub(super) fn scale(state: ResultsState, id: &ColumnId) -> AxisScale {
    match id {
        ColumnId::Case(CaseField::StartTime | CaseField::EndTime) => {
            AxisScale::Time { utc_offset_secs: utc_offset_secs() }
        }
        id if is_logarithmic(state, id) => AxisScale::Logarithmic,
        _ => AxisScale::Linear,
    }
}

/// Returns the name of a column in the page.
pub(super) fn label(id: &ColumnId) -> String {
    match id {
        ColumnId::Case(CaseField::DurationSecs) => "duration".to_owned(),
        ColumnId::Case(CaseField::StartTime) => "start".to_owned(),
        ColumnId::Case(CaseField::EndTime) => "end".to_owned(),
        ColumnId::Case(CaseField::CaseId) => "case".to_owned(),
        ColumnId::Case(CaseField::Model) => "model version".to_owned(),
        ColumnId::Case(CaseField::Signature) => "error group".to_owned(),
        id => visible(id.name()),
    }
}

/// Returns the unit of a column; empty if no design names one.
pub(super) fn unit(state: ResultsState, id: &ColumnId) -> String {
    match id {
        ColumnId::Case(CaseField::DurationSecs) => "s".to_owned(),
        // A vector's unit is that of its components.
        ColumnId::Factor(name) => {
            let name = name.split('[').next().unwrap_or_default();
            state.designed.read().units.get(name).cloned().unwrap_or_default()
        }
        _ => String::new(),
    }
}

/// Whether a column has a logarithmic axis: as its design says, unless the reader has switched that.
pub(super) fn is_logarithmic(state: ResultsState, id: &ColumnId) -> bool {
    let name = id.name().split('[').next().unwrap_or_default();
    let is_designed = matches!(id, ColumnId::Factor(_)) && state.designed.read().logarithmic.contains(name);
    is_designed != state.view.read().is_switched(id)
}

/// Returns the columns that have something to show: those in which cases differ.
pub(super) fn showable(store: &ResultStore, ids: impl Iterator<Item = ColumnId>) -> Vec<ColumnId> {
    let differs = |id: &ColumnId| {
        store.column(id).is_some_and(|column| {
            let statistics = column.statistics();
            statistics.numbers > 0 && statistics.least < statistics.most
                || statistics.numbers == 0 && statistics.texts > 0 && store.categories(column).len() > 1
        })
    };
    ids.filter(differs).collect()
}

/// Returns the factors to hold against a response: those in which cases differ, and which a case with a value of the response
/// has. The result is kept as long as no rows come and the response stays: a step of a brush has no time to look at all rows.
pub(super) fn factors_of(store: &ResultStore, response: &ColumnId) -> Vec<ColumnId> {
    FACTORS.with_borrow_mut(|kept| {
        let is_known = |known: &ResponseFactors| known.revision == store.revision() && known.response == *response;
        if !kept.as_ref().is_some_and(is_known) {
            let mut factors = showable(store, store.factors_of(response).into_iter());
            factors.retain(|id| id != response);
            *kept = Some(ResponseFactors { revision: store.revision(), response: response.clone(), factors });
        }
        kept.as_ref().map(|known| known.factors.clone()).unwrap_or_default()
    })
}

/// The columns that are shown: as chosen, or the first that have something to show.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ShownColumns {
    pub(super) response: ColumnId,
    pub(super) factor: ColumnId,
    pub(super) second: ColumnId,
    pub(super) colour: Option<ColumnId>,
}

/// Returns the columns that are shown; `None` while there is nothing to show.
pub(super) fn shown(state: ResultsState) -> Option<ShownColumns> {
    state.data.with(|store| {
        let view = state.view.read();
        let known = |id: &Option<ColumnId>| id.clone().filter(|id| store.column(id).is_some());
        let responses = showable(store, store.responses().map(|(id, _)| id.clone()));
        let duration = ColumnId::Case(CaseField::DurationSecs);
        let start = ColumnId::Case(CaseField::StartTime);
        let response = known(&view.response).or_else(|| default_response(store, &responses)).unwrap_or(duration);
        let factors = factors_of(store, &response);
        let is_number = |id: &&ColumnId| !is_text(store, id);
        let factor = known(&view.factor).or_else(|| factors.iter().find(is_number).cloned());
        let factor = factor.or_else(|| factors.first().cloned()).unwrap_or(start);
        let another = factors.iter().filter(is_number).find(|id| **id != factor).cloned();
        let second = known(&view.second).or(another).unwrap_or_else(|| response.clone());
        (!store.is_empty()).then(|| ShownColumns { response, factor, second, colour: known(&view.colour) })
    })
}
