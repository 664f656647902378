//! How many cases were finished in each stretch of time.

use cruncher_backend::snapshot::Snapshot;
use cruncher_plot::Look;
use cruncher_plot::throughput::Throughput;
use leptos::ev;
use leptos::prelude::*;
use plotters::prelude::IntoDrawingArea;
use plotters_canvas::CanvasBackend;

use crate::components::colour::colour;
use crate::state::live::{Live, Reader};

/// The most bars.
const MOST_STRETCHES: usize = 60;

/// Draws the chart anew whenever the study, the colours or the window's size change.
pub(crate) fn draw_when_it_changes(live: Live, reader: Reader) {
    let resized = RwSignal::new(());
    let listener = window_event_listener(ev::resize, move |_| resized.set(()));
    on_cleanup(move || listener.remove());
    Effect::new(move || {
        reader.is_dark.get();
        resized.get();
        let throughput = live.snapshot.get().and_then(|snapshot| throughput(&snapshot));
        if let (Some(canvas), Some(throughput)) = (reader.canvas.get(), throughput) {
            draw(&canvas, &throughput);
        }
    });
}

/// A bar a stretch of time. A reader who can't see it gets the summary in words.
pub(crate) fn throughput_chart(snapshot: &Snapshot, reader: Reader) -> Option<AnyView> {
    let throughput = throughput(snapshot)?;
    let stretch = throughput.stretch_name();
    let last = throughput.counts.last().copied().unwrap_or(0);
    let summary = format!("Cases finished per {stretch}: {} at most, {last} in the last one", throughput.most());
    let chart = view! {
        <figure class="chart">
            <figcaption class="chart__title">{format!("Finished per {stretch}")}</figcaption>
            <canvas class="chart__canvas" node_ref=reader.canvas role="img" aria-label=summary></canvas>
        </figure>
    };
    Some(chart.into_any())
}

fn throughput(snapshot: &Snapshot) -> Option<Throughput> {
    let end_times: Vec<f64> = snapshot.finishes.iter().map(|finish| finish.end_time).collect();
    // A study that is over ends with its last case, however late it is looked at.
    let until = if snapshot.total.open() > 0 { snapshot.time } else { 0.0 };
    Throughput::of(&end_times, until, MOST_STRETCHES)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a canvas has a size in whole pixels")]
fn draw(canvas: &web_sys::HtmlCanvasElement, throughput: &Throughput) {
    let pixel_ratio = window().device_pixel_ratio();
    canvas.set_width((f64::from(canvas.client_width()) * pixel_ratio) as u32);
    canvas.set_height((f64::from(canvas.client_height()) * pixel_ratio) as u32);
    let Some(backend) = CanvasBackend::with_canvas_object(canvas.clone()) else { return };
    let look = Look { data: colour("--state-done"), grid: colour("--line"), text: colour("--text-faint"), pixel_ratio };
    // A canvas takes every drawing.
    let _ = throughput.draw(&backend.into_drawing_area(), &look);
}
