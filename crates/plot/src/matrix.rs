//! Matrix of every value against every other: a triangle of small clouds, with the distribution of each value at the end of its
//! row.

use crate::chart::{Chart, ChartSize};
use crate::column::{PLACES, PlotColumn};
use crate::coverage::{AbsenceReason, PlotCoverage};
use crate::label::count;
use crate::mask::CaseMask;
use crate::number::{real, whole};
use crate::raster::{PlotPoints, RasterBuffers};
use crate::scene::{ChartScene, HorizontalAnchor, VerticalAnchor};
use crate::text::{TEXT_PX, fitted, fitted_title};
use crate::theme::PlotTheme;

/// Lengths on the page, in its pixels.
const GAP_PX: f64 = 4.0;
const INSET_PX: f64 = 4.0;
const NAME_PX: f64 = TEXT_PX + 7.0;
/// Usual number of parts of a distribution, and the least one.
const BINS: usize = 20;
const MIN_BINS: usize = 8;
/// Width above which a bar has a gap beside it.
const MIN_BAR_PX: f64 = 4.0;
/// Share of the distance between two values that a bar takes.
const LEVEL_SHARE: f64 = 0.7;

/// Cases by all of their values.
#[derive(Debug, Clone, PartialEq)]
pub struct ScatterMatrix<'a> {
    /// The values that are shown, from the upper left to the lower right.
    pub columns: Vec<PlotColumn<'a>>,
    /// The cases in colour; the others lie below them.
    pub selected: CaseMask<'a>,
    /// The range of values that the bars of a distribution divide, the same in every column; `None` for the range that the values
    /// of each column cover.
    pub bar_range: Option<(f64, f64)>,
}

/// A cell, in whole pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Cell {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
}

impl ScatterMatrix<'_> {
    /// Returns the column and the row of the cell at a pixel, as indices of the axes; on the diagonal they are equal.
    #[must_use]
    pub fn cell_at(&self, size: ChartSize, look: &PlotTheme, x_px: f64, y_px: f64) -> Option<(usize, usize)> {
        let cells = (0..self.columns.len()).flat_map(|row| (0..=row).map(move |column| (column, row)));
        let contains = |cell: &Cell| {
            (cell.left..cell.left + cell.width).contains(&x_px) && (cell.top..cell.top + cell.height).contains(&y_px)
        };
        cells.into_iter().find(|(column, row)| contains(&self.cell(*column, *row, size, look)))
    }

    /// Writes which cases aren't shown, beside the first cell.
    fn write_note(&self, scene: &mut ChartScene, size: ChartSize, look: &PlotTheme) {
        let (text_px, right) = (TEXT_PX * look.pixel_ratio, f64::from(size.width_px));
        let taken = self.cell(0, 0, size, look).width;
        let note = fitted(&self.absent().note(), text_px, right - taken - 2.0 * look.px(INSET_PX));
        if !note.is_empty() {
            scene.text(
                &note,
                (right, look.px(INSET_PX)),
                (HorizontalAnchor::End, VerticalAnchor::Top),
                look.text,
                text_px,
            );
        }
    }

    fn absent(&self) -> AbsenceReason {
        AbsenceReason::of_columns(PlotCoverage::of_cases(&self.columns), &self.columns)
    }

    fn cell(&self, column: usize, row: usize, size: ChartSize, look: &PlotTheme) -> Cell {
        let (number, gap) = (real(self.columns.len().max(1)), look.px(GAP_PX));
        let edge = |index: usize, length: u32| (real(index) * (f64::from(length) + gap) / number).round();
        let length = |index: usize, length: u32| (edge(index + 1, length) - edge(index, length) - gap).max(1.0);
        let (left, top) = (edge(column, size.width_px), edge(row, size.height_px));
        Cell { left, top, width: length(column, size.width_px), height: length(row, size.height_px) }
    }

    /// Paints the distribution of all cases in grey, and before it that of the selected ones.
    fn paint_bars(&self, column: &PlotColumn, cell: Cell, look: &PlotTheme, raster: &mut RasterBuffers) {
        let bars = Bars::of(column, self.bar_range, cell.width / look.pixel_ratio);
        let [all, selected] = self.counts(column, &bars);
        let most = real(all.iter().copied().max().unwrap_or(0).max(1));
        let room = (cell.height - look.px(NAME_PX)).max(1.0);
        let gap = if cell.width / real(bars.len()) > MIN_BAR_PX * look.pixel_ratio { look.hairline_px() } else { 0.0 };
        let bottom = whole(cell.top + cell.height);
        for (counts, colour) in [(all, look.muted), (selected, look.data)] {
            for (bar, number) in counts.into_iter().enumerate().filter(|(_, number)| *number > 0) {
                let pixel = |place: f64| whole(cell.left + (place / real(PLACES) * cell.width).round().min(cell.width));
                let (from, to) = bars.sides(bar);
                let height = whole((real(number) / most * room).round().max(1.0));
                let columns = pixel(from)..whole(real(pixel(to)) - gap).max(pixel(from) + 1);
                raster.image_mut().fill(columns, bottom - height..bottom, colour);
            }
        }
    }

    /// Counts the cases of each bar, and the selected ones among them.
    fn counts(&self, column: &PlotColumn, bars: &Bars) -> [Vec<usize>; 2] {
        let (mut all, mut selected) = (vec![0; bars.len()], vec![0; bars.len()]);
        for (case, place) in column.places().each().enumerate().filter(|(_, place)| place.is_shown()) {
            let bar = bars.find(place.index(), column.values[case]);
            all[bar] += 1;
            selected[bar] += usize::from(self.selected.contains(case));
        }
        [all, selected]
    }
}

/// The bars of a distribution.
enum Bars<'a> {
    /// One for each place.
    Levels { levels: &'a [u16], width: f64 },
    /// Equal parts of the range of places that the values cover.
    Covered { least: usize, span: usize, parts: usize },
    /// Equal parts of a range of values, which begins and ends at places of the axis.
    Given { range: (f64, f64), places: (f64, f64), parts: usize },
}

impl<'a> Bars<'a> {
    /// Makes bars of a column in a cell of this width on the page. In a given range, each of them is seen by itself.
    fn of(column: &'a PlotColumn, range: Option<(f64, f64)>, width_px: f64) -> Self {
        let places = column.places();
        let place = |value| (column.axis.place(value) * real(PLACES)).clamp(0.0, real(PLACES));
        let given = range.map(|(least, most)| (place(least), place(most)));
        if let Some(levels) = places.levels() {
            let widest = given.map_or(real(PLACES / BINS), |(least, most)| (most - least) / 2.0);
            let nearest = levels.windows(2).map(|pair| f64::from(pair[1] - pair[0])).fold(widest, f64::min);
            return Self::Levels { levels, width: LEVEL_SHARE * nearest };
        }
        // Evenly spread values, as those of a design, look even if each part can have as many.
        let most = if range.is_some() { whole(width_px / (MIN_BAR_PX + 1.0)).clamp(MIN_BINS, BINS) } else { BINS };
        let parts = (MIN_BINS..=most).rev().find(|parts| places.shown().is_multiple_of(*parts)).unwrap_or(most);
        if let (Some(range), Some(places)) = (range, given) {
            return Self::Given { range, places, parts };
        }
        // Of parts of the whole axis the first and the last would be half empty.
        let (least, most) = places.extent();
        Self::Covered { least, span: most - least + 1, parts }
    }

    fn len(&self) -> usize {
        match self {
            Self::Levels { levels, .. } => levels.len(),
            Self::Covered { parts, .. } | Self::Given { parts, .. } => *parts,
        }
    }

    /// Returns the bar that a value belongs to, which stands at a place.
    fn find(&self, place: usize, value: f64) -> usize {
        match self {
            Self::Levels { levels, .. } => levels.partition_point(|level| usize::from(*level) < place),
            Self::Covered { least, span, parts } => (place - least) * parts / span,
            Self::Given { range: (least, most), parts, .. } => {
                // Values outside of the range belong to its first or last part.
                whole((value - least) / (most - least) * real(*parts)).min(parts - 1)
            }
        }
    }

    /// Returns the beginning and the end of a bar, in places of the axis.
    fn sides(&self, bar: usize) -> (f64, f64) {
        match self {
            Self::Levels { levels, width } => {
                let middle = f64::from(levels[bar]);
                ((middle - width / 2.0).max(0.0), middle + width / 2.0)
            }
            Self::Given { places: (least, most), parts, .. } => {
                let side = |bar: usize| least + (most - least) * real(bar) / real(*parts);
                (side(bar), side(bar + 1))
            }
            Self::Covered { least, span, parts } => {
                let side = |bar: usize| real(*least) + real(span * bar) / real(*parts);
                (side(bar), side(bar + 1))
            }
        }
    }
}

impl Chart for ScatterMatrix<'_> {
    fn paint(&self, size: ChartSize, look: &PlotTheme, raster: &mut RasterBuffers) {
        raster.begin_at((0.0, 0.0), (f64::from(size.width_px), f64::from(size.height_px)));
        for row in 0..self.columns.len() {
            for column in 0..row {
                let cell = self.cell(column, row, size, look);
                let corner = (whole(cell.left), whole(cell.top));
                let (x, y) = (self.columns[column].places(), self.columns[row].places());
                let points = PlotPoints { x, y, selected: self.selected, colour: None };
                raster.paint_small(&points, corner, (cell.width, cell.height), look);
            }
            self.paint_bars(&self.columns[row], self.cell(row, row, size, look), look, raster);
        }
    }

    fn scene(&self, size: ChartSize, look: &PlotTheme) -> ChartScene {
        let (mut scene, line) = (ChartScene::default(), look.hairline_px());
        let text_px = TEXT_PX * look.pixel_ratio;
        for (row, PlotColumn { axis, .. }) in self.columns.iter().enumerate() {
            for column in 0..=row {
                let Cell { left, top, width, height } = self.cell(column, row, size, look);
                let (right, bottom) = (left + width, top + height);
                scene.bar((left, top), (right, top + line), look.grid);
                scene.bar((left, bottom - line), (right, bottom), look.grid);
                scene.bar((left, top), (left + line, bottom), look.grid);
                scene.bar((right - line, top), (right, bottom), look.grid);
            }
            let cell = self.cell(row, row, size, look);
            let name = fitted_title(axis, text_px, cell.width - 2.0 * look.px(INSET_PX));
            let at = (cell.left + look.px(INSET_PX), cell.top + look.px(INSET_PX));
            scene.text(&name, at, (HorizontalAnchor::Start, VerticalAnchor::Top), look.text, text_px);
        }
        self.write_note(&mut scene, size, look);
        scene
    }

    fn summary(&self) -> String {
        let PlotCoverage { shown, outside, missing } = PlotCoverage::of_cases(&self.columns);
        let names: Vec<&str> = self.columns.iter().map(|column| column.axis.label.as_str()).collect();
        let of_all = count(shown + outside + missing);
        format!("{} of {of_all} cases by {}{}", count(shown), names.join(", "), self.absent().words())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::axis::{Axis, AxisScale};
    use crate::samples::{SMALL, USUAL, bell, dark, golden, light, uniform};

    fn columns(cases: usize) -> Vec<Vec<f64>> {
        let (a, b) = (uniform(cases, 1), bell(cases, 2));
        let load = a.iter().zip(&b).map(|(a, b)| 5e5 * a + 1e5 * b).collect();
        vec![a, b.iter().map(|b| 10_f64.powf(*b)).collect(), load, bell(cases, 3)]
    }

    fn matrix<'a>(columns: &'a [Vec<f64>], selected: CaseMask<'a>) -> ScatterMatrix<'a> {
        let names = [("friction", "°"), ("permeability", "m/s"), ("end_load", "N"), ("dilation", "")];
        let scale = |index: usize| if index == 1 { AxisScale::Logarithmic } else { AxisScale::Linear };
        let axis = |index: usize| Axis::covering(names[index].0, names[index].1, scale(index), &columns[index]);
        let columns = (0..4).map(|index| PlotColumn::new(axis(index), &columns[index])).collect();
        ScatterMatrix { columns, selected, bar_range: None }
    }

    #[test]
    fn every_pair_has_its_cloud() {
        for (name, cases, look, size) in [("few", 40, light(), SMALL), ("many", 5_000, dark(), USUAL)] {
            let columns = columns(cases);
            let selected: Vec<bool> = columns[0].iter().map(|friction| *friction > 0.7).collect();
            insta::assert_snapshot!(name, golden(&matrix(&columns, CaseMask::Flags(&selected)), size, &look));
        }
    }

    #[test]
    fn nothing_is_a_triangle_of_names() {
        let columns = columns(0);
        let matrix = matrix(&columns, CaseMask::All);
        insta::assert_snapshot!("empty", golden(&matrix, SMALL, &light()));
        assert_eq!(matrix.summary(), "0 of 0 cases by friction, permeability, end_load, dilation");
    }

    #[test]
    fn an_even_design_has_even_bars() {
        let points: Vec<f64> = (0..64).map(|point| (f64::from(point) + f64::from(point % 7) / 7.0) / 64.0).collect();
        let axis = Axis { least: -0.04, most: 1.04, ..Axis::covering("a", "", AxisScale::Linear, &[]) };
        let columns = vec![PlotColumn::new(axis, &points)];
        let matrix = ScatterMatrix { columns, selected: CaseMask::All, bar_range: Some((0.0, 1.0)) };
        let bars = Bars::of(&matrix.columns[0], matrix.bar_range, 100.0);
        assert_eq!(matrix.counts(&matrix.columns[0], &bars)[0], [4; 16]);
    }

    #[test]
    fn a_cell_is_found() {
        let columns = columns(0);
        let matrix = matrix(&columns, CaseMask::All);
        let at = |x, y| matrix.cell_at(SMALL, &light(), x, y);
        assert_eq!(
            [at(1.0, 1.0), at(1.0, 239.0), at(359.0, 239.0), at(359.0, 1.0)],
            [Some((0, 0)), Some((0, 3)), Some((3, 3)), None]
        );
    }
}
