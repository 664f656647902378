//! Plots as pictures, for papers and slides.

use cruncher_browser::download::{save, save_blob};
use cruncher_canvas::{context, draw_on, put, theme};
use cruncher_plot::{ChartSize, PlotTheme, RasterBuffers, RasterImage};
use leptos::prelude::document;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, HtmlCanvasElement};

use super::{DrawTarget, ResultsPlot};

/// Pixels of a picture for each pixel of the page.
const PIXEL_RATIO: f64 = 2.0;

/// Saves the plot of a canvas as PNG, on the background of the page.
pub(super) fn save_png(plot: &dyn ResultsPlot, shown: &HtmlCanvasElement, name: &str) -> Option<()> {
    let (size, look) = enlarged(shown);
    let (below, above) = (canvas(size)?, canvas(size)?);
    let ground = context(&below)?;
    let colour = look.background;
    ground.set_fill_style_str(&format!("rgb({}, {}, {})", colour.0, colour.1, colour.2));
    ground.fill_rect(0.0, 0.0, f64::from(size.width_px), f64::from(size.height_px));
    let target = DrawTarget { size, look: &look };
    plot.with(target, &mut |chart| draw_on(&above, chart, size, &look, &mut RasterBuffers::default()));
    ground.draw_image_with_html_canvas_element(&above, 0.0, 0.0).ok()?;
    let name = format!("{name}.png");
    let take = Closure::once_into_js(move |blob: JsValue| {
        if let Some(blob) = blob.dyn_ref::<Blob>() {
            save_blob(&name, blob);
        }
    });
    below.to_blob(take.unchecked_ref()).ok()
}

/// Saves a plot as SVG: axes and letters are lines and texts, the many points an image.
pub(super) fn save_svg(plot: &dyn ResultsPlot, shown: &HtmlCanvasElement, name: &str) {
    let (size, look) = enlarged(shown);
    plot.with(DrawTarget { size, look: &look }, &mut |chart| {
        let svg = cruncher_plot::svg(chart, size, &look, &|image| encoded(image).unwrap_or_default());
        save(&format!("{name}.svg"), "image/svg+xml", &js_sys::Uint8Array::from(svg.as_bytes()));
    });
}

/// Returns the size of a picture of the shown canvas, and its theme.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a canvas has a size in whole pixels")]
fn enlarged(shown: &HtmlCanvasElement) -> (ChartSize, PlotTheme) {
    let pixels = |length: i32| (f64::from(length) * PIXEL_RATIO).max(1.0) as u32;
    let size = ChartSize { width_px: pixels(shown.client_width()), height_px: pixels(shown.client_height()) };
    (size, PlotTheme { pixel_ratio: PIXEL_RATIO, ..theme() })
}

fn canvas(size: ChartSize) -> Option<HtmlCanvasElement> {
    let canvas: HtmlCanvasElement = document().create_element("canvas").ok()?.dyn_into().ok()?;
    canvas.set_width(size.width_px);
    canvas.set_height(size.height_px);
    Some(canvas)
}

/// Returns an image as a data URI.
fn encoded(image: &RasterImage) -> Option<String> {
    let size =
        ChartSize { width_px: u32::try_from(image.width_px).ok()?, height_px: u32::try_from(image.height_px).ok()? };
    let canvas = canvas(size)?;
    put(&canvas, image, (0.0, 0.0));
    canvas.to_data_url().ok()
}
