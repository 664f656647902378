//! Chart of one value against another, with a point for each case.

use crate::axis::Axis;
use crate::chart::{Chart, ChartSize};
use crate::column::PlotColumn;
use crate::coverage::{AbsenceReason, PlotCoverage, uncoloured};
use crate::frame::{PlotFrame, write_nothing};
use crate::key;
use crate::label::count;
use crate::mask::CaseMask;
use crate::number::{extent, real, whole};
use crate::raster::{PlotPoints, RasterBuffers};
use crate::scene::{ChartScene, Place};
use crate::theme::PlotTheme;

/// Radius of the ring around the point that is pointed at, on the page.
const RING_PX: f64 = 6.0;

/// Points between two axes.
#[derive(Debug, Clone, PartialEq)]
pub struct ScatterChart<'a> {
    /// From left to right.
    pub x: PlotColumn<'a>,
    /// From bottom to top.
    pub y: PlotColumn<'a>,
    /// The points in colour; the others lie below them.
    pub selected: CaseMask<'a>,
    /// The column that gives points their colour, if there is one.
    pub colour: Option<PlotColumn<'a>>,
    /// A point with a ring around it.
    pub pointed_at: Option<usize>,
}

impl ScatterChart<'_> {
    /// Returns the frame with the places of the axes.
    #[must_use]
    pub fn frame(&self, size: ChartSize, look: &PlotTheme) -> PlotFrame {
        PlotFrame::new(size, look, &self.x.axis, &self.y.axis, key::room_px(self.colour_axis(), size, look))
    }

    /// Returns the point nearest to a pixel, if one is within `reach_px`. The first of several at the same distance is
    /// returned.
    #[must_use]
    pub fn nearest(&self, frame: &PlotFrame, (x_px, y_px): Place, reach_px: f64, among: CaseMask) -> Option<usize> {
        let (width, height) = frame.size_px();
        let (right, down) = (x_px - frame.left_px - 0.5, y_px - frame.top_px - 0.5);
        let (mut nearest, mut least) = (None, reach_px * reach_px);
        for (index, column, row) in self.points().pixels((whole(width), whole(height))) {
            let distance = (real(column) - right).powi(2) + (real(row) - down).powi(2);
            if (distance < least || nearest.is_none() && distance <= least) && among.contains(index) {
                (nearest, least) = (Some(index), distance);
            }
        }
        nearest
    }

    fn points(&self) -> PlotPoints<'_> {
        PlotPoints { x: self.x.places(), y: self.y.places(), selected: self.selected, colour: self.colour.as_ref() }
    }

    /// Returns the points that are shown.
    fn shown(&self) -> impl Iterator<Item = (usize, f64, f64)> {
        self.points().pixels((1, 1)).map(|(index, ..)| (index, self.x.values[index], self.y.values[index]))
    }

    /// Counts the selected points among those that are shown.
    fn selected(&self) -> usize {
        self.shown().filter(|(index, ..)| self.selected.contains(*index)).count()
    }

    /// Counts the points that are shown, and those that aren't.
    fn drawn(&self) -> PlotCoverage {
        PlotCoverage::of_cases([&self.x, &self.y])
    }

    fn absent(&self) -> AbsenceReason {
        let columns = [Some(&self.x), Some(&self.y), self.colour.as_ref()];
        let shown = self.points().pixels((1, 1)).map(|(index, ..)| index);
        AbsenceReason::of_columns(self.drawn(), columns.into_iter().flatten())
            .with(uncoloured(self.colour.as_ref(), shown))
    }

    fn colour_axis(&self) -> Option<&Axis> {
        self.colour.as_ref().map(|column| &column.axis)
    }
}

impl Chart for ScatterChart<'_> {
    fn paint(&self, size: ChartSize, look: &PlotTheme, raster: &mut RasterBuffers) {
        let frame = self.frame(size, look);
        frame.begin_image(raster, look);
        raster.paint_points(&self.points(), look);
    }

    fn scene(&self, size: ChartSize, look: &PlotTheme) -> ChartScene {
        let (frame, mut scene) = (self.frame(size, look), ChartScene::default());
        frame.rule(&mut scene, look, &self.absent());
        key::draw(self.colour_axis(), &mut scene, &frame, size, look);
        let pointed_at = self.pointed_at.and_then(|index| Some((self.x.values.get(index)?, self.y.values.get(index)?)));
        if let Some((x, y)) = pointed_at {
            let (x, y) = frame.pixel_of(*x, *y);
            if frame.contains(x, y) {
                scene.ring((x, y), RING_PX * look.pixel_ratio, look.accent, 2.0 * look.hairline_px());
            }
        }
        if self.points().pixels((1, 1)).next().is_none() {
            write_nothing(&mut scene, &frame, look);
        }
        scene
    }

    fn summary(&self) -> String {
        let PlotCoverage { shown, outside, missing } = self.drawn();
        let (x, y) = (&self.x.axis, &self.y.axis);
        let mut parts = vec![format!("{} of {} cases", count(shown), count(shown + outside + missing))];
        if let (Some(right), Some(up)) =
            (extent(self.shown().map(|(_, x, _)| x)), extent(self.shown().map(|(.., y)| y)))
        {
            let (right, up) = (x.range_in_words(right.0, right.1), y.range_in_words(up.0, up.1));
            parts.push(format!(": {} {up} against {} {right}", y.label, x.label));
        }
        if self.selected != CaseMask::All {
            parts.push(format!("; {} selected", count(self.selected())));
        }
        parts.extend(self.colour_axis().map(|axis| format!("; coloured by {}", axis.label)));
        parts.push(self.absent().words());
        parts.concat()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::axis::AxisScale;
    use crate::samples::{SMALL, USUAL, bell, dark, golden, light, uniform};
    use crate::scene::SceneMark;

    fn scatter<'a>(x: &'a [f64], y: &'a [f64]) -> ScatterChart<'a> {
        let column =
            |name, unit, values| PlotColumn::new(Axis::covering(name, unit, AxisScale::Linear, values), values);
        let (x, y) = (column("friction", "°", x), column("end_load", "N", y));
        ScatterChart { x, y, selected: CaseMask::All, colour: None, pointed_at: None }
    }

    fn cloud(number: usize) -> (Vec<f64>, Vec<f64>) {
        let (x, noise) = (bell(number, 1), bell(number, 2));
        let y = x.iter().zip(noise).map(|(x, noise)| 5e5 + 2e5 * x + 1e5 * noise).collect();
        (x.iter().map(|x| 30.0 + 5.0 * x).collect(), y)
    }

    #[test]
    fn a_few_points_are_dots() {
        let (x, y) = cloud(40);
        insta::assert_snapshot!(golden(&ScatterChart { pointed_at: Some(7), ..scatter(&x, &y) }, USUAL, &light()));
    }

    #[test]
    fn many_points_are_a_cloud() {
        let (x, y) = cloud(30_000);
        let selected: Vec<bool> = x.iter().map(|x| *x > 31.0).collect();
        let mut scatter = scatter(&x, &y);
        scatter.selected = CaseMask::Flags(&selected);
        insta::assert_snapshot!(golden(&scatter, SMALL, &light()));
    }

    #[test]
    fn values_give_colours() {
        let (x, y) = cloud(25_000);
        let values: Vec<f64> = x.iter().map(|x| (x / 8.0).exp()).collect();
        let axis = Axis::covering("settlement", "mm", AxisScale::Logarithmic, &values);
        let mut scatter = scatter(&x, &y);
        scatter.colour = Some(PlotColumn::new(axis, &values));
        insta::assert_snapshot!(golden(&scatter, SMALL, &dark()));
    }

    #[test]
    fn categories_have_names_and_colours() {
        let x: Vec<f64> = uniform(60, 9).iter().map(|share| if *share < 0.4 { 0.0 } else { 2.0 }).collect();
        let names = ["sand", "clay", "weathered granite of the north"].map(str::to_owned);
        let y: Vec<f64> = uniform(60, 3).iter().map(|share| 10_f64.powf(6.0 * share - 3.0)).collect();
        let up = Axis::covering("permeability", "m/s", AxisScale::Logarithmic, &y);
        let scatter = ScatterChart {
            x: PlotColumn::new(Axis::of_categories("soil", names.to_vec()), &x),
            y: PlotColumn::new(up, &y),
            selected: CaseMask::All,
            colour: Some(PlotColumn::new(Axis::of_categories("soil", names.to_vec()), &x)),
            pointed_at: None,
        };
        insta::assert_snapshot!(golden(&scatter, SMALL, &dark()));
    }

    #[test]
    fn nothing_and_one_point_are_shown_as_such() {
        insta::assert_snapshot!("empty", golden(&scatter(&[], &[]), SMALL, &light()));
        insta::assert_snapshot!("single", golden(&scatter(&[31.0], &[4.2e9]), SMALL, &light()));
    }

    #[test]
    fn what_is_not_shown_is_counted() {
        let x = [20.0, 30.0, f64::NAN, 30.0, f64::INFINITY];
        let y = [1.0, 1e3, 5.0, -2.0, 7.0];
        let mut scatter = scatter(&x, &y);
        let up = Axis { least: 1.0, most: 1e3, scale: AxisScale::Logarithmic, ..scatter.y.axis };
        scatter.x = PlotColumn::new(Axis { least: 20.0, most: 40.0, ..scatter.x.axis }, &x);
        scatter.y = PlotColumn::new(up, &y);
        assert_eq!(scatter.drawn(), PlotCoverage { shown: 2, outside: 2, missing: 1 });
        assert_eq!(
            scatter.summary(),
            "2 of 5 cases: end_load from 1 N to 1,000 N against friction from 20 ° to 30 °; 2 outside of what is shown; 1 \
             without a value; friction of 1 case can't be shown: inf; end_load of 1 case has no logarithm: −2"
        );
    }

    #[test]
    fn what_has_no_colour_of_its_own_is_counted() {
        let x = [1.0, 2.0, 3.0, 4.0, 5.0, f64::NAN];
        let check = |axis: Axis, values: &[f64], expected: &str| {
            let scatter = ScatterChart { colour: Some(PlotColumn::new(axis, values)), ..scatter(&x, &x) };
            assert_eq!(scatter.absent().note(), expected);
            let marks = scatter.scene(USUAL, &light()).marks;
            let is_note =
                |mark: &SceneMark| matches!(mark, SceneMark::Text { text, .. } if text.starts_with("1 without"));
            assert!(marks.iter().any(is_note), "it stands on the chart");
        };
        let axis = |scale| Axis { least: 1.0, most: 3.0, ..Axis::covering("load", "", scale, &[]) };
        let values = [0.0, 3.0, 9.0, f64::MAX, f64::NAN, 9.0];
        let linear = "1 without a value, 2 beyond the colours, 2 without a colour, load 1.798×10³⁰⁸ can't be shown";
        check(axis(AxisScale::Linear), &values, linear);
        let logarithmic = "1 without a value, 2 beyond the colours, 2 without a colour, load 0 can't be shown";
        check(axis(AxisScale::Logarithmic), &values, logarithmic);
        let names = Axis::of_categories("soil", vec!["sand".to_owned(), "clay".to_owned()]);
        check(names, &[0.0, 1.0, 7.0, f64::NAN, 1.0, 1.0], "1 without a value, 2 without a colour");
    }

    #[test]
    fn the_nearest_point_is_found() {
        let (x, y) = cloud(30_000);
        let scatter = scatter(&x, &y);
        let frame = scatter.frame(USUAL, &light());
        let nearest = |x_px, y_px, among| scatter.nearest(&frame, (x_px, y_px), 8.0, among);
        let (x_px, y_px) = frame.pixel_of(x[123], y[123]);
        let found = nearest(x_px, y_px, CaseMask::All).unwrap();
        let there = frame.pixel_of(x[found], y[found]);
        assert!((there.0 - x_px).hypot(there.1 - y_px) < 1.5);
        assert_eq!(nearest(frame.left_px, frame.top_px, CaseMask::All), None);
        assert_eq!(nearest(x_px, y_px, CaseMask::Flags(&[])), None);
    }

    fn pixels(raster: &RasterBuffers, colour: crate::RGBColor) -> usize {
        let is_it = |pixel: &&[u8]| *pixel == [colour.0, colour.1, colour.2, 255];
        raster.image().rgba.chunks_exact(4).filter(is_it).count()
    }

    #[test]
    fn a_pixel_of_many_points_has_their_mean_and_their_majority() {
        let x = vec![0.5; 30_001];
        let values: Vec<f64> = (0..30_001).map(|index| f64::from(index % 2)).collect();
        let axis = Axis { least: 0.0, most: 1.0, ..Axis::covering("", "", AxisScale::Linear, &values) };
        let mut scatter = scatter(&x, &x);
        scatter.colour = Some(PlotColumn::new(axis, &values));
        let (look, mut raster) = (light(), RasterBuffers::default());
        scatter.paint(SMALL, &look, &mut raster);
        assert_eq!(pixels(&raster, look.of_place(0.5)), 1);
        let codes: Vec<f64> = (0..30_001).map(|index| f64::from(index % 2 * 3)).collect();
        let names = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
        scatter.colour = Some(PlotColumn::new(Axis::of_categories("", names), &codes));
        scatter.paint(SMALL, &look, &mut raster);
        assert_eq!(pixels(&raster, look.palette[0]), 1, "15,001 zeros");
    }

    proptest! {
        #[test]
        fn every_point_is_counted_once(points in prop::collection::vec((prop::num::f64::ANY, -2.0..2.0_f64), 0..200), least in -1.0..0.0_f64) {
            let (x, y): (Vec<f64>, Vec<f64>) = points.into_iter().unzip();
            for scale in [AxisScale::Linear, AxisScale::Logarithmic] {
                let mut scatter = scatter(&x, &y);
                let least = if scale == AxisScale::Linear { least } else { 0.1 };
                scatter.y = PlotColumn::new(Axis { least, most: 1.0, scale, ..scatter.y.axis }, &y);
                let drawn = scatter.drawn();
                prop_assert_eq!(drawn.shown + drawn.outside + drawn.missing, x.len());
                prop_assert_eq!(drawn.shown, scatter.points().pixels((9, 9)).count());
            }
        }
    }
}
