//! Where in the space of the inputs the failures of a group lie.

use cruncher_browser::state::shorten;
use cruncher_results::column_id::{CaseField, ColumnId};
use cruncher_results::mask::RowMask;
use cruncher_results::store::ResultStore;
use cruncher_study::number_format::counted;
use leptos::prelude::*;

use crate::columns::{label, showable, unit};
use crate::plots::{FailurePlot, PlottedFailures};
use crate::results_state::ResultsState;
use crate::state::contrast::contrasts;
use crate::state::view::ResultsView;
use crate::surface::surface;

/// Number of factors whose difference is told.
const TOLD: usize = 3;

/// Least difference that is worth telling.
const MIN_TOLD: f64 = 0.005;

/// Draws failed against done cases over two factors, which are chosen above. `failed` are the rows of the group.
pub(super) fn contrast(state: ResultsState, failed: Memo<Vec<usize>>) -> AnyView {
    let cases = Memo::new(move |_| state.data.with(|store| failed.with(|failed| compared(store, failed))));
    let found = Memo::new(move |_| {
        state.data.with(|store| {
            let cases = cases.read();
            let (mut failed, mut done) = (Vec::new(), Vec::new());
            for (place, row) in cases.rows.iter().enumerate() {
                if cases.failed.contains(place) { &mut failed } else { &mut done }.push(*row);
            }
            contrasts(store, &showable(store, store.factors().map(|(id, _)| id.clone())), &failed, &done)
        })
    });
    let choices = Memo::new(move |_| {
        let mut ids: Vec<ColumnId> =
            state.data.with(|store| showable(store, store.factors().map(|(id, _)| id.clone())));
        ids.extend([CaseField::StartTime, CaseField::DurationSecs].map(ColumnId::Case));
        ids
    });
    let factors = Memo::new(move |_| {
        let (view, found, choices) = (state.view.read(), found.read(), choices.read());
        let known = |id: &Option<ColumnId>| id.clone().filter(|id| choices.contains(id));
        let mut others = found.iter().map(|(id, _)| id).chain(&*choices);
        let first = known(&view.factor).or_else(|| others.find(|id| Some(*id) != view.second.as_ref()).cloned())?;
        let mut others = found.iter().map(|(id, _)| id).chain(&*choices);
        let second = known(&view.second).or_else(|| others.find(|id| **id != first).cloned())?;
        Some((first, second))
    });
    let has_factors = Memo::new(move |_| !found.read().is_empty());
    let plot = move || {
        has_factors.get().then(|| {
            let x = move || factors.read().as_ref().map(|(x, _)| x.clone());
            let y = move || factors.read().as_ref().map(|(_, y)| y.clone());
            view! {
                <section class="plots__one group__contrast">
                    <div class="plots__head">
                        <h3>"Failed against done"</h3>
                        {list(state, "Factor to the right", choices, x, |view, id| view.factor = id)}
                        {list(state, "Factor upwards", choices, y, |view, id| view.second = id)}
                    </div>
                    <p class="faint group__legend">
                        <span class="state-text-failed">"● failed:"</span>
                        {move || counts(&cases.read())}
                        {move || told(&found.read(), &cases.read())}
                    </p>
                    {surface(state, "Failures", "", FailurePlot { state, cases, factors })}
                </section>
            }
        })
    };
    plot.into_any()
}

/// Returns the done cases, and the failed ones behind them.
fn compared(store: &ResultStore, failed: &[usize]) -> PlottedFailures {
    let small = |row: usize| u32::try_from(row).unwrap_or(u32::MAX);
    let mut rows: Vec<u32> = store.done().iter().map(small).collect();
    let done = rows.len();
    rows.extend(failed.iter().map(|row| small(*row)));
    let failed = RowMask::from_fn(rows.len(), |place| place >= done);
    PlottedFailures { rows, failed }
}

fn counts(cases: &PlottedFailures) -> String {
    let failed = cases.failed.count();
    let done = cases.rows.len() - failed;
    format!(
        " {}, in front of {}.",
        counted(failed as u64, "case of this group", "cases of this group"),
        counted(done as u64, "done one", "done ones")
    )
}

/// Tells in which factors failed and done cases differ most.
fn told(found: &[(ColumnId, f64)], cases: &PlottedFailures) -> String {
    if cases.failed.count() == cases.rows.len() {
        return " Nothing is done yet that they could be compared with.".to_owned();
    }
    let named = found.iter().take(TOLD).filter(|(_, difference)| *difference > MIN_TOLD);
    let named: Vec<String> = named.map(|(id, difference)| format!("{} {difference:.2}", label(id))).collect();
    if named.is_empty() {
        return " Their inputs are distributed alike.".to_owned();
    }
    format!(" Largest difference of the distributions, of 1: {}.", named.join(", "))
}

fn list(
    state: ResultsState,
    name: &'static str,
    choices: Memo<Vec<ColumnId>>,
    current: impl Fn() -> Option<ColumnId> + Send + Sync + Copy + 'static,
    choose: fn(&mut ResultsView, Option<ColumnId>),
) -> AnyView {
    let change = move |event| {
        let id = event_target_value(&event).parse().ok();
        state.view.update(|view| choose(view, id));
    };
    let options = move || {
        let (current, ids) = (current(), choices.get());
        let name = |id: &ColumnId| {
            let unit = unit(state, id);
            (label(id), if unit.is_empty() { unit } else { format!(", {unit}") })
        };
        let names = shorten::choices(&ids.iter().map(name).collect::<Vec<_>>());
        let option = |(id, name): (ColumnId, String)| {
            view! { <option value=id.to_string() title=label(&id) selected=current.as_ref() == Some(&id)>{name}</option> }
        };
        ids.into_iter().zip(names).map(option).collect_view()
    };
    view! { <select class="choice__list" aria-label=name title=name on:change=change>{options}</select> }.into_any()
}
