//! How far the study is: figures, and a bar with one part a state.

use cruncher_study::figures::{counted, thousands};
use cruncher_study::ledger::CaseCounts;
use leptos::prelude::*;

use crate::state::bar::{Part, parts};
use crate::state::route::{Page, Route};

/// The bar alone. What it shows must also stand in words beside it.
#[component]
pub(crate) fn ProgressBar(
    /// What is counted.
    #[prop(into)]
    counts: Signal<CaseCounts>,
    /// What is counted, in words.
    #[prop(into)]
    label: String,
) -> impl IntoView {
    let describe = move || {
        let counts = counts.get();
        format!("{} of {} done", thousands(counts.done), counted(counts.cases, "case", "cases"))
    };
    let part = move |index: usize, name: &'static str| {
        let width = move || format!("{}%", parts(&counts.get())[index].percent);
        view! { <span class=format!("bar__part state-{name}") style:width=width></span> }
    };
    let pieces = parts(&CaseCounts::default()).into_iter().enumerate().map(|(index, piece)| part(index, piece.look.name));
    view! {
        <div
            class="bar"
            role="progressbar"
            aria-label=label
            aria-valuemin="0"
            aria-valuemax=move || counts.get().cases
            aria-valuenow=move || counts.get().done
            aria-valuetext=describe
        >
            {pieces.collect_view()}
        </div>
    }
}

/// The figure of each state; those that a study hopes not to see only when they aren't zero.
#[component]
pub(crate) fn StateFigures(
    /// What is counted.
    #[prop(into)]
    counts: Signal<CaseCounts>,
    /// Where the reader is.
    route: RwSignal<Route>,
) -> impl IntoView {
    let figure = move |part: Part| {
        let Part { look, cases, .. } = part;
        let words = view! {
            <dt><span class=format!("symbol state-text-{}", look.name) aria-hidden="true">{look.symbol}</span>{look.name}</dt>
        };
        let number = if look.name == "failed" && cases > 0 {
            view! { <a href=route.read().on(Page::Errors).to_string()>{thousands(cases)}</a> }.into_any()
        } else {
            thousands(cases).into_any()
        };
        view! { <div class="figures__one">{words}<dd>{number}</dd></div> }
    };
    let is_shown = |part: &Part| part.cases > 0 || matches!(part.look.name, "done" | "running" | "queued" | "failed");
    view! { <dl class="figures">{move || parts(&counts.get()).into_iter().filter(is_shown).map(figure).collect_view()}</dl> }
}
