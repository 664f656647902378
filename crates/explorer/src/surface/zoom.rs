//! Zooming by buttons, and the mark of a zoomed plot.

use std::cell::Cell;
use std::time::Duration;

use leptos::ev::MouseEvent;
use leptos::prelude::*;

use super::PlotController;
use super::gestures::ZOOM_STEP;

/// Time for which the note stays that tells how the wheel zooms.
const NOTE: Duration = Duration::from_millis(2_500);

thread_local! {
    /// Whether any plot has shown the note: once is enough.
    static IS_TOLD: Cell<bool> = const { Cell::new(false) };
}

/// Whether a plot can be zoomed, and is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlotZoom {
    /// Its axes can't be changed.
    Fixed,
    /// All of it is shown.
    All,
    /// A part of it is shown.
    Part,
}

impl PlotZoom {
    /// Returns the zoom of a plot that can be zoomed, by the range that somebody has asked for.
    pub(crate) const fn of(range: Option<[f64; 4]>) -> Self {
        if range.is_some() { Self::Part } else { Self::All }
    }
}

impl PlotController {
    pub(super) fn can_zoom(&self) -> bool {
        untrack(|| self.plot.zoom()) != PlotZoom::Fixed
    }

    /// Draws the buttons in the head of the plot's panel; `None` if it can't be zoomed.
    pub(super) fn zoom_buttons(&self) -> Option<AnyView> {
        let plot = self.name.to_lowercase();
        let button = |label: &'static str, words: &str, factor: f64| {
            let controller = self.clone();
            let words = format!("Zoom {words} the {plot}");
            let press = move |_: MouseEvent| controller.zoom_by(factor);
            view! { <button class="quiet plot__save plot__zoom" aria-label=words.clone() title=words on:click=press>{label}</button> }
        };
        let buttons = || view! { {button("−", "out of", 1.0 / ZOOM_STEP)}{button("+", "into", ZOOM_STEP)} }.into_any();
        self.can_zoom().then(buttons)
    }

    /// Draws the button over a zoomed plot, which says that it is zoomed and ends that; `None` if it can't be zoomed.
    pub(super) fn zoomed(&self) -> Option<AnyView> {
        let (is_zoomed, controller) = (RwSignal::new(false), self.clone());
        Effect::new(move || is_zoomed.set(controller.plot.zoom() == PlotZoom::Part));
        let controller = self.clone();
        let press = move |_: MouseEvent| {
            controller.plot.reset();
            if let Some(canvas) = controller.canvas.try_get_untracked().flatten() {
                // The button disappears, so the canvas takes the focus.
                let _ = canvas.focus();
            }
        };
        let button = move || {
            view! { <button class="plot__all" hidden=move || !is_zoomed.get() on:click=press>"Zoomed · show all"</button> }
                .into_any()
        };
        self.can_zoom().then(button)
    }

    /// Draws the note for somebody who turns the wheel over a plot for the first time: the page scrolls, as it does elsewhere.
    pub(super) fn wheel_note(&self) -> Option<AnyView> {
        let is_told = self.is_wheel_told;
        let words = move || is_told.get().then(|| format!("{} and the wheel zoom", modifier()));
        self.can_zoom().then(|| view! { <p class="plot__note" role="status">{words}</p> }.into_any())
    }

    pub(super) fn tell_of_wheel(&self) {
        if self.can_zoom() && !IS_TOLD.replace(true) {
            let is_told = self.is_wheel_told;
            is_told.set(true);
            let end = move || {
                // The plot may be gone by then.
                let _ = is_told.try_set(false);
            };
            set_timeout(end, NOTE);
        }
    }
}

/// Returns the key that makes a wheel zoom, as keyboards of this kind of computer call it.
fn modifier() -> &'static str {
    let platform = window().navigator().platform().unwrap_or_default();
    if platform.starts_with("Mac") { "⌘" } else { "Ctrl" }
}
