//! Groups of failures that are alike.

use cruncher_study::error_groups::ErrorGroup;
use cruncher_study::number_format::counted;
use leptos::prelude::*;

use crate::local_time::{exact_time, past_time};

/// Draws what the failures of a group share and how many there are, as of `now`. `all_workers` is the number of workers that
/// have computed something.
#[must_use]
pub fn error_group_head(group: &ErrorGroup, all_workers: usize, now: f64) -> AnyView {
    let (all, over) = (group.len(), group.final_cases());
    let again = (over < all).then(|| format!("{} will be tried again", all - over));
    let spread = match (group.workers().len(), all_workers) {
        (_, 0 | 1) => None,
        (some, all) if some >= all => Some("on every worker".to_owned()),
        (some, all) => Some(format!("on {some} of {all} workers")),
    };
    let batches = group.batches().into_iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let seen = format!("first {}, last {}", past_time(group.first_time(), now), past_time(group.last_time(), now));
    let exactly = format!("first {}, last {}", exact_time(group.first_time()), exact_time(group.last_time()));
    let facts: Vec<_> =
        [again, spread, Some(batches)].into_iter().flatten().map(|fact| view! { <span>{fact}</span> }).collect();
    view! {
        <span class="group__error">{group.error().to_owned()}</span>
        <span class="group__facts">
            <strong>{counted(all as u64, "case", "cases")}</strong>
            {facts}
            <span title=exactly>{seen}</span>
        </span>
    }
    .into_any()
}
