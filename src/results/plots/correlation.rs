//! How strongly the response follows each factor.

use cruncher_plot::Chart;
use cruncher_plot::correlation::{Correlation, Row};
use cruncher_results::column_id::ColumnId;
use cruncher_results::statistics::correlation::{Coefficient, correlations};
use cruncher_results::store::Store;
use leptos::prelude::*;

use crate::results::columns::{Shown, label, plotted, showable};
use crate::results::desk::{AFTER_DRAWING, Desk, Selected};
use crate::results::surface::{Found, Paper, Place, Plot};
use crate::state::responses::{has_mean, is_text};

/// How strongly the response follows each factor, among the selected cases.
pub(crate) struct Correlations {
    desk: Desk,
    found: RwSignal<Option<(Vec<ColumnId>, Correlation)>>,
}

impl Correlations {
    /// Computes them whenever the selection has settled: ranks take a while. Tells `rows` how many there are.
    pub(crate) fn new(desk: Desk, shown: Memo<Option<Shown>>, rows: RwSignal<usize>) -> Self {
        let found = RwSignal::new(None);
        let mut compute = debounce(AFTER_DRAWING, move |(response, selected): (ColumnId, Selected)| {
            let correlations = desk.data.with_untracked(|store| computed(desk, store, &response, &selected));
            rows.set(correlations.0.len());
            found.set(Some(correlations));
        });
        Effect::new(move || {
            let selected = desk.settled.get();
            if let Some(shown) = shown.get() {
                compute((shown.response, selected));
            }
        });
        Self { desk, found }
    }

    fn look<T>(&self, look: impl FnOnce(&Correlation, &[ColumnId]) -> T) -> Option<T> {
        self.found.with(|found| found.as_ref().map(|(ids, chart)| look(chart, ids)))
    }

    /// The row of the chart at a height.
    fn row_at(&self, paper: Paper, at: Place) -> Option<usize> {
        self.look(|chart, _| chart.row_at(paper.size, paper.look, at.1))?
    }
}

fn computed(desk: Desk, store: &Store, response: &ColumnId, selected: &Selected) -> (Vec<ColumnId>, Correlation) {
    if !has_mean(store, response) {
        return (Vec::new(), Correlation { response: label(response), rows: Vec::new() });
    }
    let is_number = |id: &ColumnId| !is_text(store, id) && id != response;
    let ids = showable(store, store.factors().map(|(id, _)| id.clone()));
    let ids: Vec<ColumnId> = ids.into_iter().filter(is_number).collect();
    let columns: Vec<_> = ids.iter().map(|id| plotted(desk, store, id)).collect();
    let factors: Vec<&[f64]> = columns.iter().map(|column| &*column.values).collect();
    let values = plotted(desk, store, response);
    let rows = selected.rows(store);
    let pearson = correlations(Coefficient::Pearson, &factors, &values.values, &rows);
    let spearman = correlations(Coefficient::Spearman, &factors, &values.values, &rows);
    let mut found: Vec<(ColumnId, Row)> = ids
        .into_iter()
        .zip(pearson.iter().zip(&spearman))
        .map(|(id, (pearson, spearman))| {
            let row = Row {
                label: label(&id),
                pearson: pearson.value.unwrap_or(f64::NAN),
                spearman: spearman.value.unwrap_or(f64::NAN),
                cases: pearson.pairs,
            };
            (id, row)
        })
        .collect();
    let strength = |row: &Row| if row.spearman.is_nan() { -1.0 } else { row.spearman.abs() };
    found.sort_by(|one, other| strength(&other.1).total_cmp(&strength(&one.1)));
    let (ids, rows) = found.into_iter().unzip();
    (ids, Correlation { response: label(response), rows })
}

impl Plot for Correlations {
    /// It waits for the selection to settle.
    fn track(&self) {
        self.found.track();
    }

    fn with(&self, _paper: Paper, show: &mut dyn FnMut(&dyn Chart)) {
        self.look(|chart, _| show(chart));
    }

    fn find(&self, paper: Paper, at: Place) -> Option<Found> {
        let place = self.row_at(paper, at)?;
        self.look(|chart, _| {
            let row = chart.rows.get(place)?;
            let words = vec![
                row.label.clone(),
                format!("Pearson {:.3}, Spearman {:.3}", row.pearson, row.spearman),
                format!("{} cases", row.cases),
            ];
            Some(Found { words, row: None })
        })?
    }

    fn press(&self, paper: Paper, at: Place) {
        let Some(place) = self.row_at(paper, at) else { return };
        let chosen = self.look(|_, ids| ids.get(place).cloned()).flatten();
        if let Some(id) = chosen {
            self.desk.view.update(|view| {
                view.factor = Some(id);
                view.zoom = None;
            });
        }
    }

    fn hint(&self) -> &'static str {
        "Press a factor to plot the response against it."
    }
}
