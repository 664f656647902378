//! Charts, lines and images on a canvas.

use cruncher_plot::{Chart, ChartSize, LineOutcome, PlotTheme, RGBColor, RasterBuffers, RasterImage, SceneLine};
use leptos::prelude::window;
use plotters::prelude::IntoDrawingArea;
use plotters_canvas::CanvasBackend;
use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

/// A place, in pixels of the canvas from its upper left corner.
type Place = (f64, f64);

/// Returns the size of a canvas, in its pixels.
#[must_use]
pub fn size_of(canvas: &HtmlCanvasElement) -> ChartSize {
    ChartSize { width_px: canvas.width(), height_px: canvas.height() }
}

/// Gives the canvas as many pixels as are seen, empties it, and returns its size.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a canvas has a size in whole pixels")]
#[must_use]
pub fn fit(canvas: &HtmlCanvasElement) -> ChartSize {
    let ratio = window().device_pixel_ratio();
    let pixels = |length: i32| (f64::from(length) * ratio).round().max(1.0) as u32;
    let size = ChartSize { width_px: pixels(canvas.client_width()), height_px: pixels(canvas.client_height()) };
    if size == size_of(canvas) {
        if let Some(context) = context(canvas) {
            context.clear_rect(0.0, 0.0, f64::from(size.width_px), f64::from(size.height_px));
        }
    } else {
        canvas.set_width(size.width_px);
        canvas.set_height(size.height_px);
    }
    size
}

/// Returns the drawing context of a canvas; `None` if the browser has none.
#[must_use]
pub fn context(canvas: &HtmlCanvasElement) -> Option<CanvasRenderingContext2d> {
    canvas.get_context("2d").ok()??.dyn_into().ok()
}

/// Draws a chart on an empty canvas.
#[expect(clippy::cast_precision_loss, reason = "an image has some thousand pixels a side")]
pub fn draw_on(
    canvas: &HtmlCanvasElement,
    chart: &dyn Chart,
    size: ChartSize,
    look: &PlotTheme,
    raster: &mut RasterBuffers,
) {
    chart.paint(size, look, raster);
    let image = raster.image();
    put(canvas, image, (image.left_px as f64, image.top_px as f64));
    draw_scene(canvas, chart, look);
}

/// Draws a chart without its image: axes, letters, bars and lines.
pub fn draw_scene(canvas: &HtmlCanvasElement, chart: &dyn Chart, look: &PlotTheme) {
    if let Some(backend) = CanvasBackend::with_canvas_object(canvas.clone()) {
        // A canvas takes every drawing.
        let draw_line = |line: &SceneLine| draw_line(canvas, line).map_or(LineOutcome::Left, |()| LineOutcome::Done);
        let _ = cruncher_plot::draw(chart, &backend.into_drawing_area(), look, &draw_line);
    }
}

/// Draws a line between pixels.
fn draw_line(canvas: &HtmlCanvasElement, line: &SceneLine) -> Option<()> {
    let context = context(canvas)?;
    let RGBColor(red, green, blue) = line.colour;
    let colour = format!("rgba({red},{green},{blue},{})", line.opacity);
    context.begin_path();
    line.places.iter().for_each(|(x, y)| context.line_to(*x, *y));
    if let Some(width_px) = line.width_px {
        context.set_stroke_style_str(&colour);
        context.set_line_width(f64::from(width_px));
        context.stroke();
    } else {
        context.set_fill_style_str(&colour);
        context.fill();
    }
    Some(())
}

/// Puts an image on a canvas, as it is.
#[expect(clippy::cast_possible_truncation, reason = "an image has some thousand pixels a side")]
pub fn put(canvas: &HtmlCanvasElement, image: &RasterImage, at: Place) {
    if image.rgba.is_empty() {
        return;
    }
    let pixels = ImageData::new_with_u8_clamped_array(Clamped(&image.rgba), image.width_px as u32);
    if let (Ok(pixels), Some(context)) = (pixels, context(canvas)) {
        // A canvas takes every image.
        let _ = context.put_image_data(&pixels, at.0, at.1);
    }
}
