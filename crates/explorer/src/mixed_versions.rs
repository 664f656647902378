//! Line for plots that show cases of several versions of a model together.

use cruncher_results::column_id::{CaseField, ColumnId};
use cruncher_results::store::MixedVersions;
use cruncher_study::number_format::{counted, thousands};
use leptos::prelude::*;

use super::results_state::ResultsState;

/// Tells that the selected cases are of several versions of a model, and what can be done about that.
pub(super) fn mixed_versions(state: ResultsState) -> AnyView {
    let mixed = Memo::new(move |_| {
        let selected = state.settled.get();
        state.data.with(|store| store.mixed_versions(selected.mask.as_deref()))
    });
    let is_coloured = Memo::new(move |_| state.view.read().colour == Some(ColumnId::Case(CaseField::Model)));
    let colour = move |_| state.view.update(|view| view.colour = Some(ColumnId::Case(CaseField::Model)));
    let colour = move || {
        (!is_coloured.get()).then(|| {
            view! { <button class="quiet" on:click=colour>"Colour by model version"</button> }
        })
    };
    let line = move || {
        let withdraw = state.may_steer().then(|| view! { <a href="#/overview">"withdraw one on the Overview"</a> });
        mixed.get().map(
            |mixed| view! { <p class="results__mixed" role="status">{mixed_words(&mixed)}" "{colour}{withdraw}</p> },
        )
    };
    view! { {line} }.into_any()
}

fn mixed_words(MixedVersions { model, versions, cases }: &MixedVersions) -> String {
    let model = if model.is_empty() { "the model" } else { model };
    let (cases, versions) = (counted(*cases as u64, "case", "cases"), thousands(*versions as u64));
    format!("{cases} of {versions} versions of {model} are mixed here.")
}
