//! Widths of the table's columns, as the reader drags them.

use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, Element, HtmlCanvasElement};

use super::TableColumn;
use crate::results_state::ResultsState;
use crate::state::layout::{MAX_WIDTH_PX, MIN_WIDTH_PX};

/// Pixels by which a key makes a column wider, alone and with the shift key.
const STEP_PX: f64 = 8.0;
const LARGE_STEP_PX: f64 = 40.0;

/// Pixels around the text of a cell, and of the arrow beside a column's name.
const AROUND_PX: f64 = 20.0;
const ARROW_PX: f64 = 16.0;

/// Draws the edge of a column's head, by which it is made wider: dragged, by arrow keys, and fitted by a double click or Enter.
pub(super) fn edge(state: ResultsState, grid: NodeRef<Div>, column: &TableColumn, index: usize) -> AnyView {
    let (id, title, usual_px) = (column.id.clone(), &column.title, px_of(column.width_ch));
    // Place of the pointer and width of the column when the drag began.
    let began = StoredValue::new(None::<(f64, f64)>);
    let edge = NodeRef::<Div>::new();
    let own_width = move || edge.get_untracked().and_then(|edge| edge.parent_element()).map(|head| width_of(&head));
    let set = {
        let id = id.clone();
        move |px: f64| state.view.update(|view| view.layout.set_width(&id, px))
    };
    let (drag, step, fit) = (set.clone(), set.clone(), set);
    let down = move |event: PointerEvent| {
        if event.button() == 0
            && let (Some(width), Some(edge)) = (own_width(), edge.get_untracked())
        {
            event.prevent_default();
            // Without it the drag ends where the pointer leaves the edge.
            let _ = edge.set_pointer_capture(event.pointer_id());
            let _ = edge.focus();
            began.set_value(Some((f64::from(event.client_x()), width)));
        }
    };
    let moved = move |event: PointerEvent| {
        if let Some((x, width)) = began.get_value() {
            drag(width + f64::from(event.client_x()) - x);
        }
    };
    let fit_it = move || fit(fitting(grid, index));
    let fit_by_key = fit_it.clone();
    let key = move |event: KeyboardEvent| {
        let px = if event.shift_key() { LARGE_STEP_PX } else { STEP_PX };
        match (&*event.key(), own_width()) {
            ("ArrowLeft", Some(width)) => step(width - px),
            ("ArrowRight", Some(width)) => step(width + px),
            ("Enter", _) => fit_by_key(),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    let chosen = move || state.view.read().layout.width_px(&id);
    let in_words = {
        let chosen = chosen.clone();
        move || chosen().map_or_else(|| "as wide as there is room".to_owned(), |px| format!("{px} pixels"))
    };
    // What isn't chosen is known only once it has been drawn; those who don't see it get a width of that size.
    let number = move || chosen().or_else(|| own_width().map(whole)).unwrap_or(usual_px).to_string();
    view! {
        <div
            class="cases__edge" node_ref=edge role="separator" tabindex="0" aria-orientation="vertical"
            aria-label=format!("Width of {title}") aria-valuemin=MIN_WIDTH_PX.to_string() aria-valuemax=MAX_WIDTH_PX.to_string()
            aria-valuenow=number aria-valuetext=in_words
            title="Drag, or use the arrow keys; a double click or Enter fits"
            on:pointerdown=down on:pointermove=moved on:pointerup=move |_| began.set_value(None)
            on:pointercancel=move |_| began.set_value(None) on:keydown=key on:dblclick=move |_| fit_it()
        ></div>
    }
    .into_any()
}

fn width_of(element: &Element) -> f64 {
    element.get_bounding_client_rect().width()
}

/// Returns the width of so many digits, about.
fn px_of(width_ch: usize) -> u32 {
    u32::try_from(8 * width_ch).unwrap_or(MAX_WIDTH_PX)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a width on the page")]
const fn whole(px: f64) -> u32 {
    px.round().max(0.0) as u32
}

/// Returns the width in which the column's name and the cells that are in the document have room.
fn fitting(grid: NodeRef<Div>, index: usize) -> f64 {
    let Some(grid) = grid.get_untracked() else { return f64::from(MIN_WIDTH_PX) };
    let Some(measure) = text_measure() else { return f64::from(MIN_WIDTH_PX) };
    let place = format!("[aria-colindex=\"{}\"]", index + 1);
    let head = grid.query_selector(&format!(".cases__head {place}")).ok().flatten();
    let first = grid.query_selector(".cases__rows > *").ok().flatten();
    let rows = std::iter::successors(first, Element::next_element_sibling);
    let cells = head.into_iter().chain(rows.filter_map(|row| row.query_selector(&place).ok()?));
    let width = |cell: Element| {
        let extra = if cell.get_attribute("role").as_deref() == Some("columnheader") { ARROW_PX } else { 0.0 };
        if let Ok(Some(style)) = window().get_computed_style(&cell) {
            measure.set_font(&style.get_property_value("font").unwrap_or_default());
        }
        let text = cell.text_content().unwrap_or_default();
        measure.measure_text(text.trim()).map_or(0.0, |measured| measured.width()) + AROUND_PX + extra
    };
    cells.map(width).fold(f64::from(MIN_WIDTH_PX), f64::max)
}

fn text_measure() -> Option<CanvasRenderingContext2d> {
    let canvas: HtmlCanvasElement = document().create_element("canvas").ok()?.dyn_into().ok()?;
    cruncher_canvas::context(&canvas)
}
