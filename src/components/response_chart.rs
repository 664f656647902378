//! Small histogram of the first response.

use cruncher_study::number_format::{counted, significant, thousands};
use cruncher_study::responses::ResponseSummary;
use leptos::prelude::AnyView;

use super::bar_chart::{BarChart, bar_chart};
use super::inline::{line, link, text};

/// Draws it; the name leads to `target`, the page of the results.
pub(crate) fn response_chart(response: &ResponseSummary, target: String) -> AnyView {
    let ResponseSummary { name, numbers, others, least, most, far, bins } = response;
    let without = (*others > 0).then(|| format!("{} without a number", thousands(*others)));
    let far_off = (*far > 0)
        .then(|| format!("{} far off not drawn: {} to {}", thousands(*far), significant(*least), significant(*most)));
    let said: Vec<String> =
        [Some(counted(*numbers, "case", "cases")), without, far_off].into_iter().flatten().collect();
    let said = format!(" {}", said.join(" · "));
    let head = line([link(target, name.clone()), text("faint", said)]);
    let end = |bin: usize| significant(bins.start(bin));
    let words = |bin: usize| {
        let count = bins.counts.get(bin).copied().unwrap_or_default();
        if least.to_bits() == most.to_bits() {
            return format!("{}: {}", significant(*least), counted(count, "case", "cases"));
        }
        format!("{} to {}: {}", end(bin), end(bin + 1), counted(count, "case", "cases"))
    };
    let bars = BarChart {
        name: format!("Distribution of {name}"),
        counts: &bins.counts,
        ends: if *far > 0 { [end(0), end(bins.counts.len())] } else { [*least, *most].map(significant) },
        words: (0..bins.counts.len()).map(words).collect(),
    };
    bar_chart(head, bars)
}
