//! Painting of the lines: one by one as long as they are few, otherwise as a flow from axis to axis.

use super::{ParallelAxes, ParallelCoordinates};
use crate::column::PlotColumn;
use crate::mask::CaseMask;
use crate::number::{real, whole};
use crate::raster::{ImageLayer, RasterBuffers};
use crate::theme::PlotTheme;

/// Maximum number of lines that are drawn one by one.
const MAX_LINES: usize = 2_000;

/// Maximum number of bins of an axis if there are more lines,
const MAX_BINS: f64 = 256.0;
/// and maximum number of squares of bins in all: their cost doesn't depend on the number of lines.
const MAX_SQUARES: f64 = 180_000.0;

pub(super) fn paint(chart: &ParallelCoordinates, axes: &ParallelAxes, look: &PlotTheme, raster: &mut RasterBuffers) {
    let (Some(first), Some(last)) = (axes.x_px.first(), axes.x_px.last()) else { return raster.empty() };
    raster.begin_at((*first, axes.top_px), (last - first, axes.bottom_px - axes.top_px));
    if chart.cases() <= MAX_LINES {
        raster.begin_lines();
        draw_lines(chart, axes, raster);
        raster.shade_lines(look);
    } else {
        draw_flows(chart, axes, raster);
        raster.shade_flows(look);
    }
}

fn draw_lines(chart: &ParallelCoordinates, axes: &ParallelAxes, raster: &mut RasterBuffers) {
    let places = |index: usize| -> Vec<f64> {
        let PlotColumn { axis, values, .. } = &chart.columns[index];
        values.iter().map(|value| axis.place(*value)).collect()
    };
    let is_shown = |place: f64| (0.0..=1.0).contains(&place);
    let pixel = |index: usize, place: f64| (axes.x_px[index] - axes.x_px[0], axes.y_px(place) - axes.top_px);
    for right in 1..chart.columns.len() {
        let (from, to) = (places(right - 1), places(right));
        for (case, (from, to)) in
            from.into_iter().zip(to).enumerate().filter(|(_, (from, to))| is_shown(*from) && is_shown(*to))
        {
            raster.count_line(layer(chart.selected, case), pixel(right - 1, from), pixel(right, to));
        }
    }
}

fn layer(selected: CaseMask, case: usize) -> ImageLayer {
    if selected.contains(case) { ImageLayer::Data } else { ImageLayer::Muted }
}

fn draw_flows(chart: &ParallelCoordinates, axes: &ParallelAxes, raster: &mut RasterBuffers) {
    let pairs = real(chart.columns.len().max(2) - 1);
    let bins = (MAX_SQUARES / pairs).sqrt().min(MAX_BINS).min(axes.bottom_px - axes.top_px);
    let bins = whole(bins).max(2);
    let layers: Vec<ImageLayer> = (0..chart.cases()).map(|case| layer(chart.selected, case)).collect();
    raster.begin_flows(bins);
    for right in 1..chart.columns.len() {
        let px = |index: usize| whole(axes.x_px[index] - axes.x_px[0]);
        let (from, to) = (chart.columns[right - 1].places(), chart.columns[right].places());
        let lines = from.each().zip(to.each()).zip(&layers).filter(|((from, to), _)| from.is_shown() && to.is_shown());
        let lines = lines.map(|((from, to), layer)| (from.part(bins), to.part(bins), *layer));
        raster.add_flow(lines, px(right - 1)..px(right));
    }
}
