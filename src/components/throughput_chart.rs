//! Chart of the cases that were done in each stretch of time.

use cruncher_study::ledger::CaseFinish;
use cruncher_study::number_format::thousands;
use leptos::prelude::*;

use crate::throughput::ThroughputChart;

/// Maximum number of bars.
const MAX_STRETCHES: usize = 60;

/// Draws a bar for each stretch of time, `until` now, or until the last end if that is later. A reader who can't see it gets
/// the summary in words.
pub(crate) fn throughput_chart(finishes: &[CaseFinish], until: f64) -> Option<AnyView> {
    let end_times: Vec<f64> = finishes.iter().map(|finish| finish.end_time).collect();
    let throughput = ThroughputChart::of(&end_times, until, MAX_STRETCHES)?;
    let stretch = throughput.stretch_name();
    let (most, last) = (thousands(throughput.most()), throughput.counts.last().copied().unwrap_or(0));
    let summary = format!("Cases done per {stretch}: {most} at most, {} in the last one", thousands(last));
    let shape = format!("0 0 {} 1", throughput.counts.len());
    let chart = view! {
        <figure class="chart">
            <figcaption class="chart__title">{format!("Done per {stretch} · {most} at most")}</figcaption>
            <svg class="chart__bars" viewBox=shape preserveAspectRatio="none" role="img" aria-label=summary>
                <path d=throughput.path()></path>
            </svg>
        </figure>
    };
    Some(chart.into_any())
}
