//! Chart of the cases that were done in each stretch of time.

use cruncher_browser::local_time::clock_time;
use cruncher_study::ledger::CaseFinish;
use cruncher_study::number_format::{counted, duration};
use leptos::prelude::*;

use super::bar_chart::{BarChart, bar_chart};
use super::inline::{line, link, text};
use crate::throughput::{FinishRate, ThroughputChart};

/// Maximum number of bars.
const MAX_STRETCHES: usize = 60;

/// Number of cases from which on a rate is told without it.
const MANY: u64 = 100;

/// Draws a bar for each stretch of time up to `now`; `None` if the study is over: then the last end is that of the chart, however
/// late somebody looks at it. The rate stands above, with `list`, the address of the cases.
pub(crate) fn throughput_chart(finishes: &[CaseFinish], now: Option<f64>, list: String) -> Option<AnyView> {
    let end_times: Vec<f64> = finishes.iter().map(|finish| finish.end_time).collect();
    let chart = ThroughputChart::of(&end_times, now.unwrap_or(0.0), MAX_STRETCHES)?;
    let stretch = chart.stretch_name();
    let end = end_times.iter().copied().filter(|time| time.is_finite()).fold(now.unwrap_or(0.0), f64::max);
    let rate = match FinishRate::of(&end_times, now) {
        Some(rate) => {
            let since = if rate.is_recent { "last" } else { "in all" };
            let since = format!(" {since} {}", duration(rate.secs));
            let few =
                (rate.is_recent && rate.cases < MANY).then(|| format!(": {}", counted(rate.cases, "case", "cases")));
            let since = since + &few.unwrap_or_default();
            line([link(list, format!("{} cases per hour", rate.per_hour())), text("faint", since)])
        }
        None => text("faint", "Too few cases are done for a rate".to_owned()),
    };
    let before = if now.is_some() { "ago" } else { "before the end" };
    let words = |bar: usize| {
        let done = chart.counts.get(bar).copied().unwrap_or_default();
        #[expect(clippy::cast_precision_loss, reason = "one of sixty bars")]
        let start = chart.start + chart.stretch_secs * bar as f64;
        // A clock has no seconds.
        let start = match chart.stretch_secs {
            secs if secs < 60.0 => format!("{} {before}", duration(end - start)),
            _ => clock_time(start, end),
        };
        format!("{start}: {} in the {stretch}", counted(done, "case", "cases"))
    };
    let most = counted(chart.most(), "case", "cases");
    let bars = BarChart {
        name: format!("Cases done per {stretch}, {most} at most"),
        counts: &chart.counts,
        ends: [clock_time(chart.start, end), if now.is_some() { "now".to_owned() } else { clock_time(end, end) }],
        words: (0..chart.counts.len()).map(words).collect(),
    };
    Some(bar_chart(rate, bars))
}
