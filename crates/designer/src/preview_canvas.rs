//! Drawing of the preview on its canvas: a triangle of pictures, one for each pair of dimensions, and a histogram at the end of
//! each row.

use cruncher_browser::components::colour::colour;
use cruncher_browser::state::shorten::shortened;
use leptos::prelude::*;
use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

use super::messages::{AxisLabel, DesignPicture};

/// Room between pictures, and around names, in pixels of the style sheet.
const GAP_PX: f64 = 4.0;
const INSET_PX: f64 = 3.0;

/// Width of a canvas that isn't shown yet, in pixels of the style sheet.
const USUAL_WIDTH_PX: f64 = 400.0;

/// Minimum and maximum side of a picture.
const MIN_SIDE_PX: f64 = 40.0;
const MAX_SIDE_PX: f64 = 150.0;

/// Room for the name above a histogram.
const NAME_PX: f64 = 18.0;

/// Returns the side of a picture, in pixels of the screen, if `dimensions` dimensions are drawn on `canvas`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a length of the screen"
)]
pub(super) fn side_px(canvas: Option<&HtmlCanvasElement>, dimensions: usize) -> usize {
    let width_px = canvas.map_or(0.0, |canvas| f64::from(canvas.client_width()));
    // A canvas that isn't shown yet has no width.
    let width_px = if width_px > 0.0 { width_px } else { USUAL_WIDTH_PX };
    let side_px = (width_px / dimensions as f64 - GAP_PX).clamp(MIN_SIDE_PX, MAX_SIDE_PX);
    (side_px * window().device_pixel_ratio()).round().max(1.0) as usize
}

/// Draws `picture`; `pixels` are its pairs, row by row of the lower triangle.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a canvas has a size in whole pixels"
)]
pub(super) fn draw(canvas: &HtmlCanvasElement, picture: &DesignPicture, pixels: &[Vec<u8>]) {
    let ratio = window().device_pixel_ratio();
    let dimensions = picture.drawn.len();
    let width_px = f64::from(canvas.client_width());
    if dimensions == 0 || width_px < 1.0 {
        return;
    }
    let cell_px = (width_px / dimensions as f64 - GAP_PX).clamp(8.0, MAX_SIDE_PX);
    let height_px = dimensions as f64 * (cell_px + GAP_PX);
    canvas.set_width((width_px * ratio) as u32);
    canvas.set_height((height_px * ratio) as u32);
    let _ = web_sys::HtmlElement::style(canvas).set_property("height", &format!("{height_px}px"));
    let Some(context) = context(canvas) else { return };
    let _ = context.scale(ratio, ratio);
    let place = |index: usize| index as f64 * (cell_px + GAP_PX);
    let mut pairs = pixels.iter();
    for row in 0..dimensions {
        for column in 0..row {
            if let Some(pair) = pairs.next() {
                draw_pair(&context, pair, picture.side_px, (place(column), place(row), cell_px));
            }
        }
        let square = (place(row), place(row), cell_px);
        draw_histogram(&context, &picture.histograms[row], square);
        draw_name(&context, &picture.axes[picture.drawn[row]], square);
    }
}

fn context(canvas: &HtmlCanvasElement) -> Option<CanvasRenderingContext2d> {
    canvas.get_context("2d").ok()??.dyn_into().ok()
}

/// A square: left, top, side.
type Square = (f64, f64, f64);

#[expect(clippy::cast_possible_truncation, reason = "a picture has some hundred pixels a side")]
fn draw_pair(context: &CanvasRenderingContext2d, darkness: &[u8], side_px: usize, (left, top, side): Square) {
    let [red, green, blue] = colour("--state-done");
    let mut pixels = Vec::with_capacity(darkness.len() * 4);
    for darkness in darkness {
        pixels.extend([red, green, blue, *darkness]);
    }
    let image = ImageData::new_with_u8_clamped_array(Clamped(&pixels), side_px as u32);
    let (Ok(image), Some(sheet)) = (image, sheet(side_px as u32)) else { return };
    let Some(inner) = self::context(&sheet) else { return };
    let drawn = inner.put_image_data(&image, 0.0, 0.0);
    // This can't fail: a canvas of this document can be drawn on another one.
    let _ =
        drawn.and_then(|()| context.draw_image_with_html_canvas_element_and_dw_and_dh(&sheet, left, top, side, side));
    frame(context, (left, top, side));
}

fn sheet(side_px: u32) -> Option<HtmlCanvasElement> {
    let sheet: HtmlCanvasElement = document().create_element("canvas").ok()?.dyn_into().ok()?;
    sheet.set_width(side_px);
    sheet.set_height(side_px);
    Some(sheet)
}

fn frame(context: &CanvasRenderingContext2d, (left, top, side): Square) {
    let [red, green, blue] = colour("--line");
    context.set_stroke_style_str(&format!("rgb({red}, {green}, {blue})"));
    context.stroke_rect(left + 0.5, top + 0.5, side - 1.0, side - 1.0);
}

#[expect(clippy::cast_precision_loss, reason = "a histogram has some twenty parts")]
fn draw_histogram(context: &CanvasRenderingContext2d, counts: &[u32], (left, top, side): Square) {
    let most = f64::from(counts.iter().copied().max().unwrap_or(0).max(1));
    let bar = side / counts.len().max(1) as f64;
    let [red, green, blue] = colour("--text-faint");
    context.set_fill_style_str(&format!("rgba({red}, {green}, {blue}, 0.45)"));
    for (index, count) in counts.iter().enumerate() {
        let height = f64::from(*count) / most * (side - NAME_PX);
        context.fill_rect(left + index as f64 * bar, top + side - height, (bar - 1.0).max(0.5), height);
    }
    frame(context, (left, top, side));
}

/// Draws the name of a dimension, above its histogram.
fn draw_name(context: &CanvasRenderingContext2d, axis: &AxisLabel, (left, top, side): Square) {
    let [red, green, blue] = colour("--text-faint");
    context.set_fill_style_str(&format!("rgb({red}, {green}, {blue})"));
    context.set_font("11px system-ui, sans-serif");
    context.set_text_baseline("top");
    let fits = |name: &str| context.measure_text(name).is_ok_and(|size| size.width() <= side - 2.0 * INSET_PX);
    let name = shortened(&axis.name, fits);
    // This can't fail: a canvas takes every text.
    let _ = context.fill_text(&name, left + INSET_PX, top + INSET_PX);
}
