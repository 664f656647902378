//! Chart of counts that stand side by side. What a bar stands for is said when it is pointed at, or chosen by arrow keys.
//!
//! It isn't drawn by plotters, as other charts are: it is part of the first view, which has a budget, and a path takes its size and
//! its colours from the style sheet.

use cruncher_browser::components::press::press;
use leptos::ev::MouseEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::live::ReaderState;

/// Width of a bar, as a share of its place, and minimum height of a bar, as a share of the highest one.
const BAR_WIDTH: f64 = 0.85;
const LOWEST: f64 = 0.02;

/// Counts, and what is said of them.
pub(crate) struct BarChart<'a> {
    /// Place of the chart among those of the page.
    pub(crate) place: usize,
    /// What it shows, in words.
    pub(crate) name: String,
    pub(crate) counts: &'a [u64],
    /// What stands below its left and its right end.
    pub(crate) ends: [String; 2],
    /// Says what a bar stands for.
    pub(crate) words: &'a dyn Fn(usize) -> String,
}

/// Draws the bars, with what stands above them.
pub(crate) fn bar_chart(head: AnyView, chart: BarChart, reader: ReaderState) -> AnyView {
    let BarChart { place, name, counts, ends: [start, end], words } = chart;
    let last = counts.len().saturating_sub(1);
    let chosen = reader.pointed.get().filter(|(of, _)| *of == place).map(|(_, bar)| bar.min(last));
    let most = counts.iter().copied().max().unwrap_or(0);
    let said = chosen.map(words);
    let point = move |bar: usize| reader.pointed.set(Some((place, bar)));
    let at = move |event: &MouseEvent| {
        let target = event.current_target()?.dyn_into::<HtmlElement>().ok()?;
        Some(bar_at(f64::from(event.offset_x()) / f64::from(target.client_width().max(1)), last))
    };
    view! {
        <figure class="chart">
            <figcaption class="chart__head">{head}</figcaption>
            <div class="chart__bars">
                <svg viewBox=format!("0 0 {} 1", counts.len()) preserveAspectRatio="none" role="img" aria-label=name.clone()>
                    <path d=path(counts, most, None)></path>
                    <path class="chart__chosen" d=path(counts, most, Some(chosen.unwrap_or(usize::MAX)))></path>
                </svg>
                <input
                    type="range"
                    min="0"
                    max=last.to_string()
                    prop:value=chosen.unwrap_or(last).to_string()
                    aria-label=name
                    aria-valuetext=words(chosen.unwrap_or(last))
                    on:input:target=move |event| point(event.target().value().parse().unwrap_or_default())
                    on:mousemove=press(move |event| { at(&event).map(point); })
                    on:mouseleave=press(move |_| reader.pointed.set(None))
                />
            </div>
            <p class="chart__ends"><span>{start}</span><strong>{said}</strong><span>{end}</span></p>
        </figure>
    }
    .into_any()
}

/// Returns the bar at a share of the chart's width.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "between the first bar and the last"
)]
fn bar_at(share: f64, last: usize) -> usize {
    ((share * (last + 1) as f64).max(0.0) as usize).min(last)
}

/// Returns all bars, or one alone, as the path of an SVG, in a box that is as wide as there are bars, and of height 1.
#[expect(clippy::cast_precision_loss, reason = "a share of the highest bar")]
fn path(counts: &[u64], most: u64, only: Option<usize>) -> String {
    let is_drawn = |index: usize, count: u64| count > 0 && only.is_none_or(|only| only == index);
    let mut path = String::new();
    for (index, count) in counts.iter().enumerate().filter(|(index, count)| is_drawn(*index, **count)) {
        // A bar that stands for anything can be seen.
        let top = 1.0 - (*count as f64 / most.max(1) as f64).max(LOWEST);
        path += &format!("M{index} 1V{top:.3}h{BAR_WIDTH}V1z");
    }
    path
}
