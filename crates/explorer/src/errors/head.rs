//! What is said of a group of failures while it is folded.

use cruncher_browser::local_time::{exact_time, past_time};
use cruncher_study::error_groups::ErrorGroup;
use cruncher_study::number_format::counted;
use leptos::prelude::*;

use crate::state::spread::{share, spread};

/// Draws what the failures of a group share, how many there are, and where: also in which `pools`. `all_workers` are those that have computed something, and
/// `all_failures` is the number of cases in all groups.
pub(super) fn head(
    group: &ErrorGroup,
    all_workers: &[String],
    all_failures: usize,
    pools: Option<String>,
    now: f64,
) -> AnyView {
    let (own, over) = (group.len(), group.final_cases());
    let again = (over < own).then(|| format!("{} will be tried again", own - over));
    let all_workers: Vec<&str> = all_workers.iter().map(String::as_str).collect();
    let spread = spread(&group.workers(), &group.hosts(), &all_workers);
    let class = if spread.is_telling { "group__badge" } else { "" };
    let badge = (!spread.words.is_empty()).then(|| view! { <span class=class>{spread.words}</span> });
    let batches = group.batches();
    let named = batches.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let batches = if batches.len() == 1 { format!("batch {named}") } else { format!("batches {named}") };
    let seen = format!("first {}, last {}", past_time(group.first_time(), now), past_time(group.last_time(), now));
    let exactly = format!("first {}, last {}", exact_time(group.first_time()), exact_time(group.last_time()));
    let facts = [share(own, all_failures), again].into_iter().flatten();
    let facts: Vec<_> = facts.map(|fact| view! { <span>{fact}</span> }).collect();
    view! {
        <span class="group__error">{group.error().to_owned()}</span>
        <span class="group__facts">
            <strong>{counted(own as u64, "case", "cases")}</strong>
            {facts}
            {badge}
            <span>{batches}</span>
            {pools.map(|pools| view! { <span>{pools}</span> })}
            <span title=exactly>{seen}</span>
        </span>
    }
    .into_any()
}
