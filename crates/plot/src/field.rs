//! Chart of a response over two factors: the mean of the cases in each cell of a grid.

mod contour;
mod grid;

use crate::axis::{Axis, AxisScale};
use crate::chart::{Chart, ChartSize};
use crate::coverage::{AbsenceReason, PlotCoverage, UnplacedValues};
use crate::frame::{PlotFrame, write_nothing};
use crate::key;
use crate::label::count;
use crate::mask::CaseMask;
use crate::number::{real, whole};
use crate::raster::RasterBuffers;
use crate::scene::{AlphaColour, ChartScene};
use crate::theme::PlotTheme;

pub use grid::{AxisGrid, FieldCells};

/// Minimum and maximum number of cells along an axis that are suggested.
const MIN_CELLS: f64 = 4.0;
const MAX_CELLS: f64 = 48.0;
/// Number of cases that a cell should have.
const CASES_A_CELL: f64 = 12.0;

/// Largest number of which a million have a sum; larger ones are summed up scaled down.
const MAX_SUMMED: f64 = 1e301;
const SUMMED_SCALE: f64 = 1e-16;

/// Contour lines: maximum number, width on the page, opacity.
const MAX_CONTOURS: usize = 7;
const CONTOUR_PX: f64 = 1.0;
const CONTOUR_OPACITY: f64 = 0.85;

/// Minimum number of cases in a cell that a contour passes.
const MIN_CASES_AT_CONTOUR: usize = 3;
/// Maximum standard error of the mean of such a cell, as a share of the way to the next contour, by the spread within all
/// cells: two such means that are a contour apart then differ by twice the standard error of their difference.
const MAX_ERROR_AT_CONTOUR: f64 = 0.35;

/// Columns of values that a field is made of; the i-th case is the i-th number of every slice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FieldValues<'a> {
    /// From left to right.
    pub x: &'a [f64],
    /// From bottom to top.
    pub y: &'a [f64],
    /// The response.
    pub response: &'a [f64],
    /// The cases that count.
    pub selected: CaseMask<'a>,
}

/// Cells between two axes.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldChart {
    /// From left to right.
    pub x: Axis,
    /// From bottom to top.
    pub y: Axis,
    /// The response, as colours.
    pub response: Axis,
    /// Cells from left to right.
    pub columns: usize,
    /// Cells from bottom to top.
    pub rows: usize,
    /// The mean of each cell, row by row from the bottom; not a number for a cell without cases.
    pub means: Vec<f64>,
    /// Number of cases of each cell.
    pub counts: Vec<usize>,
    /// The standard deviation within cells, as a share of the range of the colours; not a number if no cell has two cases.
    spread: f64,
    /// Number of selected cases that are in a cell, and of those that aren't.
    pub(crate) drawn: PlotCoverage,
    absent: AbsenceReason,
}

impl FieldChart {
    /// Takes the means in cells of equal size, of the cases whose responses the axis of colours shows. `columns` and `rows` are
    /// the number that [`FieldChart::suitable_cells`] suggests, or another. On an axis of categories each category has its own
    /// cells.
    #[must_use]
    pub fn of(values: &FieldValues, x: &Axis, y: &Axis, colour: &Axis, (columns, rows): (usize, usize)) -> Self {
        let (columns, rows) = (cells(x, columns), cells(y, rows));
        let (across, upwards) = (x.mapping(real(columns)), y.mapping(real(rows)));
        let (mut sums, mut counts) = (vec![0.0; columns * rows], vec![0; columns * rows]);
        // The sum of the largest numbers overflows, so they are scaled down.
        let scale = if colour.most > MAX_SUMMED { SUMMED_SCALE } else { 1.0 };
        // Squares are taken of shares of the range of the colours, since squares of large numbers overflow, too.
        let (range, mut squares) = (colour.most - colour.least, vec![0.0; columns * rows]);
        let mut drawn = PlotCoverage::default();
        let all = values.x.iter().zip(values.y).zip(values.response).enumerate();
        for (_, ((x, y), response)) in all.filter(|(index, _)| values.selected.contains(*index)) {
            let (right, up) = (across.place(*x), upwards.place(*y));
            let is_inside = (0.0..=real(columns)).contains(&right) && (0.0..=real(rows)).contains(&up);
            if x.is_nan() || y.is_nan() || response.is_nan() {
                drawn.missing += 1;
            } else if is_inside && (colour.least..=colour.most).contains(response) {
                let cell = whole(up).min(rows - 1) * columns + whole(right).min(columns - 1);
                sums[cell] += response * scale;
                let share = (response - colour.least) / range;
                squares[cell] += share * share;
                counts[cell] += 1;
                drawn.shown += 1;
            } else {
                drawn.outside += 1;
            }
        }
        // A cell without cases has the mean 0 / 0, which isn't a number.
        let means: Vec<f64> = sums.iter().zip(&counts).map(|(sum, count)| sum / real(*count) / scale).collect();
        let shares: Vec<f64> = means.iter().map(|mean| (mean - colour.least) / range).collect();
        let spread = spread_within(&squares, &shares, &counts);
        let absent = absent(drawn, values, [x, y, colour]);
        let (x, y, response) = (x.clone(), y.clone(), colour.clone());
        Self { x, y, response, columns, rows, means, counts, spread, drawn, absent }
    }

    /// Returns the number of cells along each axis that suits a number of cases: about twelve cases in each cell.
    #[must_use]
    pub fn suitable_cells(cases: usize) -> usize {
        whole((real(cases) / CASES_A_CELL).sqrt().clamp(MIN_CELLS, MAX_CELLS))
    }

    /// Returns the frame with the places of the axes.
    #[must_use]
    pub fn frame(&self, size: ChartSize, look: &PlotTheme) -> PlotFrame {
        PlotFrame::new(size, look, &self.x, &self.y, key::room_px(Some(&self.response), size, look))
    }

    /// Returns the cell at a pixel, as an index of `means` and `counts`.
    #[must_use]
    pub fn cell_at(&self, frame: &PlotFrame, x_px: f64, y_px: f64) -> Option<usize> {
        let (width, height) = frame.size_px();
        let column = whole((x_px - frame.left_px) / width * real(self.columns)).min(self.columns - 1);
        let row = whole((frame.bottom_px - y_px) / height * real(self.rows)).min(self.rows - 1);
        frame.contains(x_px, y_px).then_some(row * self.columns + column)
    }

    /// Returns the distance from a contour to the next one, as a share of the range of the colours.
    fn way_to_next(&self, levels: &[f64], place: usize) -> f64 {
        let level = |place: usize| levels.get(place).copied();
        let neighbours = [place.checked_sub(1).and_then(level), level(place + 1)];
        let ways = neighbours.into_iter().flatten().map(|other| (other - levels[place]).abs());
        ways.fold(self.response.most - self.response.least, f64::min) / (self.response.most - self.response.least)
    }

    /// Returns the means that are known well enough for contours at the distance `way`; the others aren't numbers.
    fn known_means(&self, way: f64) -> Vec<f64> {
        let is_known = |count: usize| {
            count >= MIN_CASES_AT_CONTOUR && self.spread / real(count).sqrt() <= MAX_ERROR_AT_CONTOUR * way
        };
        let cells = self.means.iter().zip(&self.counts);
        cells.map(|(mean, count)| if is_known(*count) { *mean } else { f64::NAN }).collect()
    }

    /// Draws the lines along which the response is a round value.
    fn draw_contours(&self, frame: &PlotFrame, scene: &mut ChartScene, look: &PlotTheme) {
        let is_named = |axis: &Axis| matches!(axis.scale, AxisScale::Categories(_));
        if is_named(&self.x) || is_named(&self.y) {
            return;
        }
        let (width, height) = frame.size_px();
        let pixel = |(right, up): (f64, f64)| {
            (frame.left_px + right / real(self.columns) * width, frame.bottom_px - up / real(self.rows) * height)
        };
        let ink = AlphaColour::faint(look.background, CONTOUR_OPACITY);
        let levels: Vec<f64> = self.response.ticks(MAX_CONTOURS).major.iter().map(|tick| tick.value).collect();
        for (place, level) in levels.iter().enumerate() {
            for line in contour::lines(&self.known_means(self.way_to_next(&levels, place)), self.columns, *level) {
                scene.path(line.into_iter().map(pixel).collect(), ink, CONTOUR_PX * look.pixel_ratio);
            }
        }
    }
}

/// Returns the standard deviation within cells, of all of them together, from sums of squares, means and counts.
fn spread_within(squares: &[f64], means: &[f64], counts: &[usize]) -> f64 {
    let cells = squares.iter().zip(means).zip(counts).filter(|(_, count)| **count > 1);
    let (mut sum, mut freedom) = (0.0, 0.0);
    for ((squares, mean), count) in cells {
        sum += (squares - real(*count) * mean * mean).max(0.0);
        freedom += real(count - 1);
    }
    // The result is 0 / 0, which isn't a number, if no cell has two cases.
    (sum / freedom).sqrt()
}

/// Returns the reasons why selected cases are in no cell.
fn absent(drawn: PlotCoverage, values: &FieldValues, axes: [&Axis; 3]) -> AbsenceReason {
    let columns = [values.x, values.y, values.response];
    let unplaced = columns.into_iter().zip(axes).map(|(column, axis)| {
        let selected = column.iter().enumerate().filter(|(case, _)| values.selected.contains(*case));
        // The search is left out if no case lies outside: then no value is without a place.
        let is_complete = drawn.outside == 0;
        (UnplacedValues::of(axis, selected.take_while(|_| !is_complete).map(|(_, value)| *value)), axis)
    });
    let unplaced: Vec<(UnplacedValues, &Axis)> = unplaced.collect();
    AbsenceReason::new(drawn, unplaced.iter().map(|(unplaced, axis)| (unplaced, *axis)))
}

fn cells(axis: &Axis, wished: usize) -> usize {
    match &axis.scale {
        AxisScale::Categories(names) => names.len().max(1),
        _ => wished.max(1),
    }
}

impl Chart for FieldChart {
    fn paint(&self, size: ChartSize, look: &PlotTheme, raster: &mut RasterBuffers) {
        let frame = self.frame(size, look);
        frame.begin_image(raster, look);
        let (width, height) = frame.size_px();
        let image = raster.image_mut();
        let edge = |index: usize, cells: usize, length: f64| whole((real(index) / real(cells) * length).round());
        for (cell, mean) in self.means.iter().enumerate().filter(|(_, mean)| !mean.is_nan()) {
            let (column, row) = (cell % self.columns, self.rows - 1 - cell / self.columns);
            let across = edge(column, self.columns, width)..edge(column + 1, self.columns, width);
            let down = edge(row, self.rows, height)..edge(row + 1, self.rows, height);
            image.fill(across, down, look.of_place(self.response.place(*mean)));
        }
    }

    fn scene(&self, size: ChartSize, look: &PlotTheme) -> ChartScene {
        let (frame, mut scene) = (self.frame(size, look), ChartScene::default());
        self.draw_contours(&frame, &mut scene, look);
        frame.rule(&mut scene, look, &self.absent);
        key::draw(Some(&self.response), &mut scene, &frame, size, look);
        if self.drawn.shown == 0 {
            write_nothing(&mut scene, &frame, look);
        }
        scene
    }

    fn summary(&self) -> String {
        let PlotCoverage { shown, outside, missing } = self.drawn;
        let mut parts = vec![format!("{} of {} cases", count(shown), count(shown + outside + missing))];
        let means = || self.means.iter().copied().filter(|mean| !mean.is_nan());
        if let (Some(least), Some(most)) = (means().reduce(f64::min), means().reduce(f64::max)) {
            let (x, y) = (&self.x, &self.y);
            parts.push(format!(": means of {} {}", self.response.label, self.response.range_in_words(least, most)));
            parts.push(format!(", over {} {} and {} {}", x.label, x.shown_in_words(), y.label, y.shown_in_words()));
            let filled = self.counts.iter().filter(|count| **count > 0).count();
            parts.push(format!("; {} of {} cells have cases", count(filled), count(self.counts.len())));
        }
        parts.push(self.absent.words());
        parts.concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{SMALL, USUAL, dark, golden, light, uniform};

    fn field(cases: usize, cells: usize) -> FieldChart {
        let (x, y) = (uniform(cases, 1), uniform(cases, 2));
        let x: Vec<f64> = x.iter().map(|x| 20.0 + 20.0 * x).collect();
        let response: Vec<f64> =
            x.iter().zip(&y).map(|(x, y)| 1e5 * ((x - 33.0) / 8.0).powi(2) + 4e5 * (y - 0.4).powi(2)).collect();
        let values = FieldValues { x: &x, y: &y, response: &response, selected: CaseMask::All };
        let axis = |label, unit, values: &[f64]| Axis::covering(label, unit, AxisScale::Linear, values);
        let (right, up, colour) =
            (axis("friction", "°", &x), axis("dilation", "", &y), axis("end_load", "N", &response));
        FieldChart::of(&values, &right, &up, &colour, (cells, cells))
    }

    #[test]
    fn many_cases_fill_their_cells_and_have_contours() {
        for (name, look) in [("light", light()), ("dark", dark())] {
            insta::assert_snapshot!(name, golden(&field(9_000, FieldChart::suitable_cells(2_000)), USUAL, &look));
        }
    }

    #[test]
    fn where_no_case_is_it_is_empty() {
        insta::assert_snapshot!("few", golden(&field(60, 12), SMALL, &light()));
        insta::assert_snapshot!("single", golden(&field(1, 12), SMALL, &light()));
        insta::assert_snapshot!("empty", golden(&field(0, 12), SMALL, &light()));
    }

    fn contours(field: &FieldChart) -> usize {
        let levels: Vec<f64> = field.response.ticks(MAX_CONTOURS).major.iter().map(|tick| tick.value).collect();
        let lines = |place: usize| {
            contour::lines(&field.known_means(field.way_to_next(&levels, place)), field.columns, levels[place]).len()
        };
        (0..levels.len()).map(lines).sum()
    }

    #[test]
    fn contours_go_only_where_means_are_known() {
        assert!(contours(&field(9_000, 12)) >= 3);
        assert_eq!(contours(&field(13, 4)), 0, "a case a cell");
        let noise = |cases: usize, cells: usize| {
            let (x, y, response) = (uniform(cases, 1), uniform(cases, 2), uniform(cases, 3));
            let values = FieldValues { x: &x, y: &y, response: &response, selected: CaseMask::All };
            let axis = Axis::covering("a", "", AxisScale::Linear, &x);
            FieldChart::of(&values, &axis, &axis, &axis, (cells, cells))
        };
        assert_eq!(contours(&noise(500, 7)), 0, "means of noise differ by chance");
    }

    #[test]
    fn the_spread_within_cells_is_that_of_all_of_them_together() {
        let x = [0.1, 0.2, 0.3, 0.9, 0.8];
        let response = [1.0, 2.0, 3.0, 7.0, 9.0];
        let values = FieldValues { x: &x, y: &x, response: &response, selected: CaseMask::All };
        let axis = Axis { least: 0.0, most: 1.0, ..Axis::covering("a", "", AxisScale::Linear, &[]) };
        let colour = Axis { most: 10.0, ..axis.clone() };
        // (1 + 0 + 1 + 1 + 1) / (2 + 1), as a share of ten.
        let spread = FieldChart::of(&values, &axis, &axis, &colour, (2, 2)).spread;
        assert!((spread - (4.0_f64 / 3.0).sqrt() / 10.0).abs() < 1e-12, "{spread}");
        assert!(FieldChart::of(&values, &axis, &axis, &colour, (90, 90)).spread.is_nan(), "no cell has two");
    }

    #[test]
    fn a_cell_has_the_mean_of_its_cases() {
        let values = FieldValues {
            x: &[0.1, 0.2, 0.9, f64::NAN, 5.0],
            y: &[0.1; 5],
            response: &[1.0, 3.0, 7.0, 1.0, 1.0],
            selected: CaseMask::All,
        };
        let axis = Axis { least: 0.0, most: 1.0, ..Axis::covering("a", "", AxisScale::Linear, &[]) };
        let colour = Axis { most: 7.0, ..axis.clone() };
        let field = FieldChart::of(&values, &axis, &axis, &colour, (2, 2));
        assert_eq!(field.counts, [2, 1, 0, 0]);
        assert_eq!(field.means[..2], [2.0, 7.0]);
        assert!(field.means[2].is_nan());
        assert_eq!(field.drawn, PlotCoverage { shown: 3, outside: 1, missing: 1 });
        let colour = Axis { most: 5.0, ..axis.clone() };
        let trimmed = FieldChart::of(&values, &axis, &axis, &colour, (2, 2));
        assert_eq!(trimmed.drawn, PlotCoverage { shown: 2, outside: 2, missing: 1 }, "one is far outside");
        let frame = field.frame(SMALL, &light());
        assert_eq!(field.cell_at(&frame, frame.right_px - 1.0, frame.bottom_px - 1.0), Some(1));
        assert_eq!(field.cell_at(&frame, frame.right_px - 1.0, frame.top_px - 1.0), None);
    }

    #[test]
    fn values_at_the_ends_of_an_axis_are_in_the_outermost_cells() {
        for (least, most) in [(0.1, 0.7), (-0.3, 1.1), (1e17, 1e17 + 4_096.0), (-1e300, 1e300), (3e-290, 7e-289)] {
            for scale in [AxisScale::Linear, AxisScale::Logarithmic]
                .into_iter()
                .filter(|scale| *scale == AxisScale::Linear || least > 0.0)
            {
                let ends = [least, most];
                let axis = Axis { least, most, ..Axis::covering("a", "", scale, &ends) };
                let values = FieldValues { x: &ends, y: &ends, response: &[1.0, 3.0], selected: CaseMask::All };
                let field = FieldChart::of(
                    &values,
                    &axis,
                    &axis,
                    &Axis::covering("b", "", AxisScale::Linear, &[1.0, 3.0]),
                    (7, 7),
                );
                assert_eq!(field.drawn.shown, 2, "{least} to {most}");
                assert_eq!((field.counts[0], field.counts[48]), (1, 1), "{least} to {most}");
            }
        }
    }

    #[test]
    fn a_penalty_is_no_part_of_a_mean() {
        let values =
            FieldValues { x: &[0.1, 0.2], y: &[0.1, 0.1], response: &[1.0, f64::MAX], selected: CaseMask::All };
        let axis = Axis { least: 0.0, most: 1.0, ..Axis::covering("load", "", AxisScale::Linear, &[]) };
        let field = FieldChart::of(&values, &axis, &axis, &axis, (1, 1));
        assert_eq!((field.means[0], field.drawn.outside), (1.0, 1));
        assert!(field.summary().ends_with("; load of 1 case can't be shown: 1.798×10³⁰⁸"), "{}", field.summary());
    }

    #[test]
    fn categories_have_cells_of_their_own() {
        let names = || ["sand", "clay", "rock"].map(str::to_owned).to_vec();
        let values = FieldValues {
            x: &[0.0, 1.0, 2.0, 2.0],
            y: &[0.0, 1.0, 1.0, 0.0],
            response: &[1.0, 2.0, 3.0, 4.0],
            selected: CaseMask::All,
        };
        let response = Axis::covering("load", "N", AxisScale::Linear, values.response);
        let (x, y) = (Axis::of_categories("soil", names()), Axis::of_categories("rock below", names()));
        let field = FieldChart::of(&values, &x, &y, &response, (99, 99));
        assert_eq!((field.columns, field.rows), (3, 3));
        insta::assert_snapshot!(golden(&field, SMALL, &light()));
    }
}
