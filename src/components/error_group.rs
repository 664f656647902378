//! Failures that are alike, as one.

use cruncher_study::error_groups::ErrorGroup;
use cruncher_study::figures::{ago, counted};
use leptos::prelude::*;

use crate::platform::local_time::exact_time;

/// What a group's failures share, and how many there are.
#[component]
pub(crate) fn ErrorGroupHead(
    /// The group.
    #[prop(into)]
    group: Signal<ErrorGroup>,
    /// How many workers there are in all.
    #[prop(into)]
    all_workers: Signal<usize>,
    /// The time by the servers' clock.
    now: RwSignal<f64>,
) -> impl IntoView {
    let cases = move || counted(group.read().cases.len() as u64, "case", "cases");
    let again = move || {
        let (all, over) = (group.read().cases.len(), group.read().final_cases);
        (over < all).then(|| format!("{} will be tried again", all - over))
    };
    let spread = move || match (group.read().workers.len(), all_workers.get()) {
        (_, 0 | 1) => None,
        (1, _) => Some("on one worker".to_owned()),
        (some, all) if some >= all => Some("on every worker".to_owned()),
        (some, all) => Some(format!("on {some} of {all} workers")),
    };
    let batches = move || group.read().batches.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let first = move || ago(now.get() - group.read().first_time);
    let last = move || ago(now.get() - group.read().last_time);
    let times = move || {
        let group = group.read();
        format!("first {}, last {}", exact_time(group.first_time), exact_time(group.last_time))
    };
    view! {
        <span class="group__error">{move || group.read().error.clone()}</span>
        <span class="group__facts">
            <strong>{cases}</strong>
            {move || again().map(|text| view! { <span>{text}</span> })}
            {move || spread().map(|text| view! { <span>{text}</span> })}
            <span>{batches}</span>
            <span title=times>"first "{first}", last "{last}</span>
        </span>
    }
}
