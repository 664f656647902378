//! Chart of counts that stand side by side. What a bar stands for is said when it is pointed at, or chosen by arrow keys.
//!
//! It isn't drawn by plotters, as other charts are: it is part of the first view, which has a budget, and a path takes its size and
//! its colours from the style sheet.

use std::rc::Rc;

use cruncher_browser::components::press::press;
use leptos::ev::{Event, MouseEvent};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

/// Width of a bar, as a share of its place, and minimum height of a bar, as a share of the highest one.
const BAR_WIDTH: f64 = 0.85;
const LOWEST: f64 = 0.02;

/// Counts, and what is said of them.
pub(crate) struct BarChart<'a> {
    /// What it shows, in words.
    pub(crate) name: String,
    pub(crate) counts: &'a [u64],
    /// What stands below its left and its right end.
    pub(crate) ends: [String; 2],
    /// What each bar stands for.
    pub(crate) words: Vec<String>,
}

/// Draws the bars, with what stands above them.
pub(crate) fn bar_chart(head: AnyView, chart: BarChart) -> AnyView {
    let BarChart { name, counts, ends: [start, end], words } = chart;
    let last = counts.len().saturating_sub(1);
    let words = Rc::new(words);
    let of_pointer = words.clone();
    let pointed = move |event: MouseEvent| {
        let input = event.current_target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        if let Some(input) = input {
            let share = f64::from(event.offset_x()) / f64::from(input.client_width().max(1));
            say(&input, bar_at(share, last), &of_pointer);
        }
    };
    let chosen = move |event: Event| {
        let input = event.current_target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        if let Some(input) = input {
            say(&input, input.value().parse().unwrap_or_default(), &words);
        }
    };
    view! {
        <figure class="chart">
            <figcaption class="chart__head">{head}</figcaption>
            <svg viewBox=format!("0 0 {} 1", counts.len()) preserveAspectRatio="none" role="img" aria-label=name.clone()>
                <path d=path(counts)></path>
            </svg>
            <input
                type="range"
                min="0"
                max=last.to_string()
                value=last.to_string()
                aria-label=name
                on:input=chosen
                on:mousemove=press(pointed)
            />
            <p class="chart__ends"><span>{start}</span><span class="chart__said"></span><span>{end}</span></p>
        </figure>
    }
    .into_any()
}

/// Says what a bar stands for, below the chart and to those who can't see it. This goes into the document past the view, which isn't
/// computed anew whenever the pointer moves, and has nothing of its own there.
fn say(input: &HtmlInputElement, bar: usize, words: &[String]) {
    let words = words.get(bar).map_or("", String::as_str);
    let said =
        input.closest(".chart").ok().flatten().and_then(|chart| chart.query_selector(".chart__said").ok().flatten());
    if let Some(said) = said {
        said.set_text_content(Some(words));
    }
    let _ = input.set_attribute("aria-valuetext", words);
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

/// Returns all bars as the path of an SVG, in a box that is as wide as there are bars, and of height 1.
#[expect(clippy::cast_precision_loss, reason = "a share of the highest bar")]
fn path(counts: &[u64]) -> String {
    let most = counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    let bar = |(index, count): (usize, &u64)| {
        // A bar that stands for anything can be seen.
        let top = 1.0 - (*count as f64 / most).max(LOWEST);
        format!("M{index} 1V{top:.3}h{BAR_WIDTH}V1z")
    };
    counts.iter().enumerate().filter(|(_, count)| **count > 0).map(bar).collect()
}
