//! Drawing of the preview: the points of a design as a scatter matrix. The worker paints the many points, the page draws frames
//! and names above them.

use cruncher_canvas::{draw_scene, fit, put, theme};
use cruncher_plot::matrix::ScatterMatrix;
use cruncher_plot::{
    Axis, AxisScale, CaseMask, Chart, ChartSize, OKABE_ITO_ON_LIGHT, PlotColumn, PlotTheme, RGBColor, RasterBuffers,
    RasterImage, SEQUENCE,
};
use cruncher_study::axes::DesignAxis;
use leptos::prelude::window;
use web_sys::HtmlCanvasElement;

use super::messages::{AxisLabel, DesignPicture, PictureTarget};

/// Room beside the outermost points, as a share of a dimension's range.
const PADDING: f64 = 0.04;

/// Width that a canvas is taken to have while that isn't known, in pixels of the page.
const USUAL_WIDTH_PX: f64 = 400.0;

/// Maximum width of a canvas for each dimension, in pixels of the page.
pub(super) const MAX_CELL_PX: usize = 150;

/// Returns what a picture for the canvas must look like, in `dimensions` dimensions.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a length of the screen"
)]
pub(super) fn target(canvas: Option<&HtmlCanvasElement>, dimensions: usize) -> PictureTarget {
    // A canvas has no width while another page is shown.
    let width_px = canvas.map(|canvas| canvas.client_width()).filter(|width_px| *width_px > 0).map(f64::from);
    let width_px = width_px.unwrap_or(USUAL_WIDTH_PX).min((dimensions * MAX_CELL_PX) as f64);
    let side_px = (width_px * window().device_pixel_ratio()).round().max(1.0) as u32;
    target_of(ChartSize { width_px: side_px, height_px: side_px }, &theme())
}

fn target_of(size: ChartSize, look: &PlotTheme) -> PictureTarget {
    let channels = |RGBColor(red, green, blue)| [red, green, blue];
    PictureTarget {
        width_px: size.width_px,
        height_px: size.height_px,
        pixel_ratio: look.pixel_ratio,
        data: channels(look.data),
        background: channels(look.background),
    }
}

/// Draws the preview on its canvas. The image is left out if it was painted for a canvas that looked different: then what it must
/// look like is returned.
pub(super) fn draw(
    canvas: &HtmlCanvasElement,
    picture: &DesignPicture,
    (painted_for, image): (&PictureTarget, &RasterImage),
) -> Option<PictureTarget> {
    if canvas.client_height() == 0 || picture.drawn.is_empty() {
        // It will be drawn when it is shown.
        return None;
    }
    let (size, look) = (fit(canvas), theme());
    let target = target_of(size, &look);
    let is_image_right = *painted_for == target;
    if is_image_right {
        put(canvas, image, (0.0, 0.0));
    }
    let axes = picture.drawn.iter().filter_map(|position| picture.axes.get(*position));
    draw_scene(canvas, &matrix(axes.map(|AxisLabel { name, unit }| PlotColumn::new(axis(name, unit), &[]))), &look);
    (!is_image_right).then_some(target)
}

/// Paints points along these axes.
pub(super) fn paint(axes: &[&DesignAxis], target: &PictureTarget) -> RasterBuffers {
    let colour = |[red, green, blue]: [u8; 3]| RGBColor(red, green, blue);
    let (data, background) = (colour(target.data), colour(target.background));
    // All cases are selected, and frames and names are drawn by the page: no other colour is seen.
    let look = PlotTheme {
        data,
        background,
        muted: data,
        grid: data,
        text: data,
        accent: data,
        palette: OKABE_ITO_ON_LIGHT,
        sequence: SEQUENCE,
        pixel_ratio: target.pixel_ratio,
    };
    let columns = axes.iter().map(|own| PlotColumn::new(axis(&own.name, &own.unit), &own.places));
    let size = ChartSize { width_px: target.width_px, height_px: target.height_px };
    let mut raster = RasterBuffers::default();
    matrix(columns).paint(size, &look, &mut raster);
    raster
}

fn matrix<'a>(columns: impl Iterator<Item = PlotColumn<'a>>) -> ScatterMatrix<'a> {
    ScatterMatrix { columns: columns.collect(), selected: CaseMask::All, bar_range: Some((0.0, 1.0)) }
}

/// Returns the axis of a dimension, whose places lie from 0 to 1.
fn axis(name: &str, unit: &str) -> Axis {
    let (label, unit) = (name.to_owned(), unit.to_owned());
    Axis { label, unit, least: -PADDING, most: 1.0 + PADDING, scale: AxisScale::Linear }
}
