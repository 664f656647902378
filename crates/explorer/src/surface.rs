//! Plot on a canvas. It is drawn when something has changed and it can be seen, and it gets the reader's gestures.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use cruncher_canvas::{draw_on, fit, size_of, theme, when_it_comes_near, when_it_looks_different};
use cruncher_plot::{Axis, Chart, ChartSize, PlotFrame, PlotTheme, RasterBuffers};
use cruncher_results::store::ResultStore;
use leptos::ev::{KeyboardEvent, MouseEvent, PointerEvent, WheelEvent};
use leptos::html::{Canvas, Div};
use leptos::prelude::*;
use web_sys::HtmlCanvasElement;

use super::action_pause::ActionPause;
use super::results_state::ResultsState;
use crate::state::export::slug;
use crate::timings;

mod gestures;
mod overlay;
mod pictures;
mod zoom;

pub(super) use zoom::PlotZoom;

/// Distance from the window, in pixels, within which a plot is drawn ahead, and time without a change that comes before.
const AHEAD_PX: f64 = 300.0;
const AHEAD: Duration = Duration::from_millis(120);

/// Time without a change after which the summary is written for those who can't see the plot.
const QUIET: Duration = Duration::from_millis(400);

/// A place on a plot, in pixels of its drawing area.
pub(super) type Place = (f64, f64);

/// Size and theme of a drawing.
#[derive(Clone, Copy)]
pub(super) struct DrawTarget<'a> {
    pub(super) size: ChartSize,
    pub(super) look: &'a PlotTheme,
}

/// Rectangle that the reader draws, from one corner to the other, in pixels of the drawing area.
#[derive(Clone, Copy)]
pub(super) struct BrushRectangle {
    pub(super) from: Place,
    pub(super) to: Place,
}

/// Hit of a pointer in a plot.
pub(super) struct PlotHit {
    /// Words that stand beside the pointer.
    pub(super) words: Vec<String>,
    /// Row that was hit, if it is a case.
    pub(super) row: Option<usize>,
}

/// A plot of the results.
pub(super) trait ResultsPlot {
    /// Hands over the chart as it is now. The state that the chart depends on is read in [`track`](Self::track): a drawing
    /// itself tracks nothing.
    fn with(&self, target: DrawTarget, show: &mut dyn FnMut(&dyn Chart));

    /// Reads the state that it shows besides the rows, so that it is drawn anew when that changes.
    fn track(&self);

    /// Takes the rectangle that the reader draws. Returns the part of it that counts.
    fn brush(&self, _paper: DrawTarget, _brush: BrushRectangle) -> Option<BrushRectangle> {
        None
    }

    /// Returns the hit at a place.
    fn find(&self, _paper: DrawTarget, _at: Place) -> Option<PlotHit> {
        None
    }

    /// Takes a press of the reader on a place.
    fn press(&self, _paper: DrawTarget, _at: Place) {}

    /// Returns the rectangle that is zoomed and panned; `None` if neither is possible.
    fn frame(&self, _paper: DrawTarget) -> Option<PlotFrame> {
        None
    }

    /// Returns whether the plot can be zoomed, and is; reads the state that this depends on.
    fn zoom(&self) -> PlotZoom {
        PlotZoom::Fixed
    }

    /// Shows another range of both axes.
    fn show_range(&self, _axes: (Axis, Axis)) {}

    /// Shows everything again.
    fn reset(&self) {}

    /// Ends the selection, as the reader wants.
    fn unselect(&self, state: ResultsState) {
        state.clear_selection();
    }

    /// Describes what keys and pointer do.
    fn hint(&self) -> &'static str {
        ""
    }
}

/// Plot with its elements and its state while it is shown.
#[derive(Clone)]
struct PlotController {
    state: ResultsState,
    name: &'static str,
    plot: Rc<dyn ResultsPlot>,
    /// Canvas of the plot. It is gone when the case that it belongs to is closed: requests from before find none.
    canvas: NodeRef<Canvas>,
    tip: NodeRef<Div>,
    frame: NodeRef<Div>,
    raster: Rc<RefCell<RasterBuffers>>,
    /// Whether a drawing has been asked for, and whether the last one wasn't made since nobody would have seen it.
    is_asked: Rc<Cell<bool>>,
    is_stale: Rc<Cell<bool>>,
    ahead: ActionPause,
    summary: ActionPause,
    /// Places of the pointers that press.
    pressed: Rc<RefCell<Vec<(i32, Place)>>>,
    began: Rc<Cell<Option<Place>>>,
    is_panning: Rc<Cell<bool>>,
    /// A press that may become a double one.
    presses: ActionPause,
    /// Whether the reader is being told how the wheel zooms.
    is_wheel_told: RwSignal<bool>,
}

/// Shows a plot. `name` is its name for those who can't see it.
pub(super) fn surface(
    state: ResultsState,
    name: &'static str,
    class: &'static str,
    plot: impl ResultsPlot + 'static,
) -> AnyView {
    let controller = PlotController {
        state,
        name,
        plot: Rc::new(plot),
        canvas: NodeRef::new(),
        tip: NodeRef::new(),
        frame: NodeRef::new(),
        raster: Rc::default(),
        is_asked: Rc::default(),
        is_stale: Rc::default(),
        ahead: ActionPause::default(),
        summary: ActionPause::default(),
        pressed: Rc::default(),
        began: Rc::default(),
        is_panning: Rc::default(),
        presses: ActionPause::default(),
        is_wheel_told: RwSignal::new(false),
    };
    controller.follow();
    let hint = controller.plot.hint();
    let on = |act: fn(&PlotController, PointerEvent)| {
        let controller = controller.clone();
        move |event: PointerEvent| act(&controller, event)
    };
    let (down, moved, up, left) =
        (on(PlotController::down), on(PlotController::moved), on(PlotController::up), on(PlotController::left));
    let cancelled = on(PlotController::left);
    let (saves, zoomed, note) = (controller.saves(name), controller.zoomed(), controller.wheel_note());
    let (wheel, keys, twice) = (controller.clone(), controller.clone(), controller.clone());
    view! {
        <div class=format!("plot {class}")>
            <canvas
                class="plot__canvas" node_ref=controller.canvas tabindex="0" role="img" aria-label=name title=""
                aria-description=hint data-plot=name
                on:pointerdown=down on:pointermove=moved on:pointerup=up on:pointerleave=left on:pointercancel=cancelled
                on:wheel=move |event: WheelEvent| wheel.wheel(&event)
                on:keydown=move |event: KeyboardEvent| keys.key(&event)
                on:dblclick=move |_: MouseEvent| twice.pressed_twice()
            ></canvas>
            <div class="plot__brush" node_ref=controller.frame hidden></div>
            <div class="plot__tip" node_ref=controller.tip hidden></div>
            {zoomed}
            {note}
        </div>
        {saves}
    }
    .into_any()
}

impl PlotController {
    /// Draws the buttons that zoom the plot and save it as a picture. They stand in the head of the plot's panel.
    fn saves(&self, name: &'static str) -> AnyView {
        let words = |kind: &str| format!("Save the {} as {kind}", name.to_lowercase());
        let save = |save: fn(&Self, &HtmlCanvasElement, &str)| {
            let controller = self.clone();
            move |_: MouseEvent| {
                if let Some(canvas) = controller.canvas.try_get_untracked().flatten() {
                    let study = slug(&controller.state.study_name.read_untracked());
                    let file = [study, slug(&controller.state.view.read_untracked().name), slug(name)];
                    let file: Vec<String> = file.into_iter().filter(|part| !part.is_empty()).collect();
                    untrack(|| save(&controller, &canvas, &file.join("-")));
                }
            }
        };
        let png = save(|controller, canvas, file| {
            // A canvas that can't be drawn on shows nothing either.
            let _ = pictures::save_png(&*controller.plot, canvas, file);
        });
        let svg = save(|controller, canvas, file| pictures::save_svg(&*controller.plot, canvas, file));
        view! {
            <div class="plot__saves">
                {self.zoom_buttons()}
                <button class="quiet plot__save" aria-label=words("PNG") title=words("PNG") on:click=png>"PNG"</button>
                <button class="quiet plot__save" aria-label=words("SVG") title=words("SVG") on:click=svg>"SVG"</button>
            </div>
        }
        .into_any()
    }

    /// Draws the plot whenever its data, the colours, or the room that there is change.
    fn follow(&self) {
        let controller = self.clone();
        let changes = RwSignal::new(());
        Effect::new(move || {
            changes.track();
            controller.state.data.track();
            controller.state.designed.track();
            controller.canvas.track();
            controller.plot.track();
            controller.ask();
        });
        when_it_looks_different(self.canvas, move || {
            // Nothing is left to be drawn if that fails.
            let _ = changes.try_set(());
        });
        let controller = self.clone();
        let scrolled = window_event_listener_untyped("scroll", move |_| {
            if controller.is_stale.get() {
                controller.ask();
            }
        });
        let controller = self.clone();
        when_it_comes_near(self.canvas, AHEAD_PX, move || {
            if controller.is_stale.get() {
                controller.ask();
            }
        });
        let controller = self.clone();
        let shown = window_event_listener_untyped("hashchange", move |_| controller.ask());
        let controller = self.clone();
        let printed = window_event_listener_untyped("beforeprint", move |_| controller.draw_for_print());
        on_cleanup(move || {
            scrolled.remove();
            shown.remove();
            printed.remove();
        });
    }

    /// Draws a plot that isn't up to date before the page is printed: on paper everything is seen.
    fn draw_for_print(&self) {
        if let Some(canvas) = self.canvas.try_get_untracked().flatten()
            && self.is_stale.get()
            && canvas.client_width() > 0
        {
            self.draw_on(&canvas);
        }
    }

    fn ask(&self) {
        if !self.is_asked.replace(true) {
            let controller = self.clone();
            request_animation_frame(move || {
                controller.is_asked.set(false);
                controller.draw();
            });
        }
    }

    fn draw(&self) {
        let Some(canvas) = self.canvas.try_get_untracked().flatten() else { return };
        let place = canvas.get_bounding_client_rect();
        let height = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or(0.0);
        let is_within =
            |reach_px: f64| place.width() > 0.0 && place.top() < height + reach_px && place.bottom() > -reach_px;
        self.is_stale.set(true);
        if is_within(0.0) {
            self.draw_on(&canvas);
        } else if is_within(AHEAD_PX) {
            self.draw_ahead();
        }
    }

    /// Draws a plot that is seen soon, but not while one that is seen now changes.
    fn draw_ahead(&self) {
        let controller = self.clone();
        self.ahead.after(self.state.data.quiet(AHEAD), move || {
            if let Some(canvas) = controller.canvas.try_get_untracked().flatten()
                && controller.is_stale.get()
            {
                controller.draw_on(&canvas);
            }
        });
    }

    fn draw_on(&self, canvas: &HtmlCanvasElement) {
        self.is_stale.set(false);
        let start_millis = timings::now_millis();
        let (size, look) = (fit(canvas), theme());
        let mut raster = self.raster.borrow_mut();
        untrack(|| {
            let target = DrawTarget { size, look: &look };
            self.plot.with(target, &mut |chart| draw_on(canvas, chart, size, &look, &mut raster));
        });
        drop(raster);
        let rows = self.state.data.with_untracked(ResultStore::len);
        timings::tell(&format!("drawn {}", self.name), start_millis, rows);
        self.summarise_soon();
    }

    fn summarise_soon(&self) {
        let controller = self.clone();
        self.summary.after(self.state.data.quiet(QUIET), move || {
            let Some(canvas) = controller.canvas.try_get_untracked().flatten() else { return };
            let (size, look) = (size_of(&canvas), theme());
            untrack(|| {
                controller.plot.with(DrawTarget { size, look: &look }, &mut |chart| {
                    // A canvas has a label.
                    let _ = canvas.set_attribute("aria-label", &chart.summary());
                });
            });
        });
    }

    /// Calls `ask` with the size and theme of the drawing as it is.
    fn on_paper<T>(&self, ask: impl FnOnce(DrawTarget) -> T) -> Option<T> {
        let canvas = self.canvas.try_get_untracked().flatten()?;
        let look = theme();
        Some(untrack(|| ask(DrawTarget { size: size_of(&canvas), look: &look })))
    }
}
