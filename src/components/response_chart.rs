//! Small histogram of the first response.

use cruncher_study::number_format::{counted, significant, thousands};
use cruncher_study::responses::ResponseSummary;
use leptos::prelude::AnyView;

use super::bar_chart::{BarChart, bar_chart};
use super::inline::{line, link, text};
use crate::live::ReaderState;

/// Draws it; the name leads to `target`, the page of the results.
pub(crate) fn response_chart(response: &ResponseSummary, target: String, reader: ReaderState) -> AnyView {
    let ResponseSummary { name, numbers, others, least, most, far, bins } = response;
    let mut said = format!(" {}", counted(*numbers, "case", "cases"));
    if *others > 0 {
        said += &format!(" · {} without a number", thousands(*others));
    }
    if *far > 0 {
        said += &format!(" · {} far off not drawn: {} to {}", thousands(*far), significant(*least), significant(*most));
    }
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
        place: 1,
        name: format!("Distribution of {name}"),
        counts: &bins.counts,
        ends: if *far > 0 { [end(0), end(bins.counts.len())] } else { [*least, *most].map(significant) },
        words: &words,
    };
    bar_chart(head, bars, reader)
}
