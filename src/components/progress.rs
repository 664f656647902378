//! Progress of the study: figures, and a bar with one part a state.

use cruncher_study::accounting::CaseCounts;
use cruncher_study::number_format::{counted, thousands};
use leptos::prelude::*;

use cruncher_browser::state::bar::{BarPart, parts};
use cruncher_browser::state::route::{Page, Route};

/// Draws the bar alone. Words beside it must say the same.
pub(crate) fn bar(counts: &CaseCounts, label: String) -> AnyView {
    let pieces = parts(counts).map(|part| {
        view! { <span class=format!("bar__part state-{}", part.look.name) style:width=format!("{}%", part.percent)></span> }
    });
    let text = format!("{} of {} done", thousands(counts.done), counted(counts.cases, "case", "cases"));
    view! {
        <div
            class="bar"
            role="progressbar"
            aria-label=label
            aria-valuemin="0"
            aria-valuemax=counts.cases.to_string()
            aria-valuenow=counts.done.to_string()
            aria-valuetext=text
        >
            {Vec::from(pieces)}
        </div>
    }
    .into_any()
}

const UNSENT: &str = "They stand in the table of cases, which is written first, and the queue has no message of theirs, as far as SQS \
                      counts: they are being sent, or whoever sends them has stopped.";

/// Draws the figure of each state; of those that a study hopes not to see, only if it isn't zero.
pub(crate) fn figures(counts: &CaseCounts, route: &Route) -> AnyView {
    let figure = |part: BarPart| {
        let BarPart { look, cases, .. } = part;
        let number = if look.name == "failed" && cases > 0 {
            view! { <a href=route.on(Page::Errors).to_string()>{thousands(cases)}</a> }.into_any()
        } else if cases > 0 && look.name != "unsent" {
            let target = route.list(&format!("case.state:{}", look.name));
            view! { <a class="figures__link" href=target>{thousands(cases)}</a> }.into_any()
        } else {
            thousands(cases).into_any()
        };
        let (words, title) = match look.name {
            "unsent" => ("not sent yet", UNSENT),
            name => (name, ""),
        };
        view! {
            <div class="figures__one" title=title>
                <dt><span class=format!("symbol state-text-{}", look.name) aria-hidden="true">{look.symbol}</span>{words}</dt>
                <dd>{number}</dd>
            </div>
        }
    };
    let is_shown =
        |part: &BarPart| part.cases > 0 || matches!(part.look.name, "done" | "running" | "queued" | "failed");
    let shown: Vec<_> = parts(counts).into_iter().filter(is_shown).map(figure).collect();
    view! { <dl class="figures">{shown}</dl> }.into_any()
}
