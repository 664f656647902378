//! How many cases were finished in each stretch of time.

use cruncher_plot::throughput::Throughput;
use cruncher_plot::{Look, RGBColor};
use leptos::html::Canvas;
use leptos::prelude::*;
use leptos::ev;
use plotters::prelude::IntoDrawingArea;
use plotters_canvas::CanvasBackend;

/// The most bars.
const MOST_STRETCHES: usize = 60;

/// A bar a stretch of time. A reader who can't see it gets the summary in words.
#[component]
pub(crate) fn ThroughputChart(
    /// When cases were finished, in seconds since 1970.
    #[prop(into)]
    end_times: Signal<Vec<f64>>,
    /// The time up to which bars are drawn.
    #[prop(into)]
    until: Signal<f64>,
    /// Changes when the colours do.
    #[prop(into)]
    redraw: Signal<bool>,
) -> impl IntoView {
    let canvas = NodeRef::<Canvas>::new();
    let throughput = Memo::new(move |_| Throughput::of(&end_times.read(), until.get(), MOST_STRETCHES));
    let size = RwSignal::new(());
    let resized = window_event_listener(ev::resize, move |_| size.set(()));
    on_cleanup(move || resized.remove());
    Effect::new(move || {
        redraw.get();
        size.get();
        if let (Some(canvas), Some(throughput)) = (canvas.get(), throughput.get()) {
            draw(&canvas, &throughput);
        }
    });
    let title = move || throughput.get().map(|throughput| format!("Finished per {}", throughput.stretch_name()));
    let summary = move || {
        throughput.get().map(|throughput| {
            let last = throughput.counts.last().copied().unwrap_or(0);
            format!("{} at most per {}, {last} in the last one", throughput.most(), throughput.stretch_name())
        })
    };
    view! {
        <figure class="chart">
            <figcaption class="chart__title">{title}</figcaption>
            <canvas class="chart__canvas" node_ref=canvas role="img" aria-label=summary></canvas>
        </figure>
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a canvas has a size in whole pixels")]
fn draw(canvas: &web_sys::HtmlCanvasElement, throughput: &Throughput) {
    let pixel_ratio = window().device_pixel_ratio();
    canvas.set_width((f64::from(canvas.client_width()) * pixel_ratio) as u32);
    canvas.set_height((f64::from(canvas.client_height()) * pixel_ratio) as u32);
    let Some(backend) = CanvasBackend::with_canvas_object(canvas.clone()) else { return };
    let look = Look {
        data: colour("--state-done"),
        grid: colour("--line"),
        text: colour("--text-faint"),
        pixel_ratio,
    };
    // A canvas takes every drawing.
    let _ = throughput.draw(&backend.into_drawing_area(), &look);
}

/// A colour of the style sheet, whichever theme holds.
fn colour(name: &str) -> RGBColor {
    let black = RGBColor(0, 0, 0);
    let Some(root) = document().document_element() else { return black };
    let Ok(Some(style)) = window().get_computed_style(&root) else { return black };
    parse_colour(&style.get_property_value(name).unwrap_or_default()).unwrap_or(black)
}

/// Reads `rgb(1, 2, 3)`, which is how a registered colour property is computed.
fn parse_colour(text: &str) -> Option<RGBColor> {
    let numbers = text.trim().strip_prefix("rgb(")?.strip_suffix(')')?;
    let mut channels = numbers.split(',').map(|channel| channel.trim().parse().ok());
    Some(RGBColor(channels.next()??, channels.next()??, channels.next()??))
}
