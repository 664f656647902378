//! Plot of an array of each case as a curve.

use std::cell::RefCell;

use cruncher_plot::curves::{Curve, CurveBand, CurveGaps, CurvesChart, steps};
use cruncher_plot::{Axis, AxisScale, CaseMask, Chart, PlotColumn, PlotFrame};
use cruncher_results::curves::{CaseCurve, CurveAbscissa};
use cruncher_study::number_format::counted;
use leptos::prelude::*;

use super::{REACH_PX, in_words};
use crate::columns::{plotted, shown};
use crate::curves::{CurveReader, name_of};
use crate::results_state::SelectedRows;
use crate::surface::{BrushRectangle, DrawTarget, Place, PlotHit, PlotZoom, ResultsPlot};

/// Number of places at which the band is computed.
const BAND_STEPS: usize = 120;

/// Minimum number of curves in a band: fewer curves can all be seen.
const MIN_IN_BAND: usize = 10;

/// Plot of an array of each case as a curve, and of the band in which most of them are.
pub(crate) struct CurvePlot {
    reader: CurveReader,
    /// The part that is shown: least and most to the right, then upwards.
    zoom: RwSignal<Option<[f64; 4]>>,
    last: RefCell<Option<(Of, Computed)>>,
}

/// Input of a computation, which is made anew when this changes.
#[derive(PartialEq)]
struct Of {
    cases: usize,
    pair: (CurveAbscissa, String),
    /// Selection once it has settled: the band of many curves takes longer than a step of a brush may.
    selected: SelectedRows,
}

/// Result of a computation, for many drawings.
struct Computed {
    x: Axis,
    y: Axis,
    band: Option<CurveBand>,
    gaps: CurveGaps,
}

impl CurvePlot {
    pub(crate) fn new(reader: CurveReader) -> Self {
        let zoom = RwSignal::new(None);
        // Other arrays have other values, so the zoom doesn't fit them.
        Effect::new(move || {
            reader.pair.track();
            zoom.set(None);
        });
        Self { reader, zoom, last: RefCell::new(None) }
    }

    fn with_chart<T>(&self, look: impl FnOnce(&CurvesChart, &[CaseCurve]) -> T) -> Option<T> {
        let state = self.reader.state;
        let pair = self.reader.pair.get()?;
        let (selected, settled) = (state.selected.get(), state.settled.get());
        let pointed_at = state.pointed_at.get();
        let curve_set = self.reader.curve_set.read();
        let found: Vec<CaseCurve> = curve_set.curves(&pair.0, &pair.1).collect();
        let curves: Vec<Curve> = found.iter().map(|CaseCurve { x, y, .. }| Curve { x, y }).collect();
        let flags =
            |selected: &SelectedRows| -> Vec<bool> { found.iter().map(|curve| selected.contains(curve.row)).collect() };
        let in_colour = flags(&selected);
        let of = Of { cases: curve_set.len(), pair, selected: settled };
        let mut last = self.last.borrow_mut();
        if last.as_ref().is_none_or(|(known, _)| *known != of) {
            let computed = Computed::of(&of.pair, &curves, &flags(&of.selected));
            self.reader.tell_parts(computed.band.as_ref().is_some_and(CurveBand::has_parts));
            *last = Some((of, computed));
        }
        let (_, computed) = last.as_ref()?;
        let colour = self.colour(&found);
        let (mut x, mut y) = (computed.x.clone(), computed.y.clone());
        if let Some([left, right, bottom, top]) = self.zoom.get() {
            (x, y) = (x.between(left, right), y.between(bottom, top));
        }
        let chart = CurvesChart {
            curves: &curves,
            selected: CaseMask::Flags(&in_colour),
            colour: colour.as_ref().map(|(axis, values)| PlotColumn::new(axis.clone(), values)),
            x,
            y,
            band: computed.band.as_ref(),
            gaps: computed.gaps,
            pointed_at: pointed_at.and_then(|row| found.binary_search_by_key(&row, |curve| curve.row).ok()),
        };
        Some(look(&chart, &found))
    }

    /// Returns the axis of the curves' colour, and its value for the case of each curve; `None` if nothing colours them.
    fn colour(&self, found: &[CaseCurve]) -> Option<(Axis, Vec<f64>)> {
        let state = self.reader.state;
        let id = shown(state)?.colour?;
        Some(state.data.with(|store| {
            let column = plotted(state, store, &id);
            let value = |curve: &CaseCurve| column.values.get(curve.row).copied().unwrap_or(f64::NAN);
            (column.axis.clone(), found.iter().map(value).collect())
        }))
    }
}

impl Computed {
    fn of((along, array): &(CurveAbscissa, String), curves: &[Curve], selected: &[bool]) -> Self {
        let axis = |label: &str, values: fn(&Curve) -> Vec<f64>| {
            let ends: Vec<f64> = curves.iter().flat_map(values).collect();
            Axis::covering(label, "", AxisScale::Linear, &ends)
        };
        let label = match along {
            CurveAbscissa::Index => "index",
            CurveAbscissa::Array(_) => name_of(along),
        };
        let (x, y) = (axis(label, |curve| ends(curve.x)), axis(array, |curve| ends(curve.y)));
        let in_band = selected.iter().filter(|is_selected| **is_selected).count();
        let places = || steps(curves, &x, BAND_STEPS);
        let band =
            (in_band >= MIN_IN_BAND).then(|| only_of_many(CurveBand::of(curves, CaseMask::Flags(selected), &places())));
        let gaps = CurveGaps::of(curves, &x, &y);
        Self { x, y, band, gaps }
    }
}

/// Returns the band without the places that only a few curves reach: those say nothing of the others.
fn only_of_many(mut band: CurveBand) -> CurveBand {
    for (place, count) in band.counts.iter_mut().enumerate().filter(|(_, count)| **count < MIN_IN_BAND) {
        *count = 0;
        for values in [&mut band.low, &mut band.median, &mut band.high] {
            values[place] = f64::NAN;
        }
    }
    band
}

/// Returns the least and the largest finite number; empty if there are none.
fn ends(values: &[f64]) -> Vec<f64> {
    let numbers = || values.iter().copied().filter(|value| value.is_finite());
    numbers().reduce(f64::min).into_iter().chain(numbers().reduce(f64::max)).collect()
}

impl ResultsPlot for CurvePlot {
    fn with(&self, _paper: DrawTarget, show: &mut dyn FnMut(&dyn Chart)) {
        self.with_chart(|curves, _| show(curves));
    }

    fn track(&self) {
        self.reader.state.view.track();
        self.reader.state.selected.track();
        self.reader.state.pointed_at.track();
        self.reader.curve_set.track();
        self.reader.pair.track();
        self.zoom.track();
        self.reader.state.settled.track();
    }

    fn brush(&self, target: DrawTarget, BrushRectangle { from, to }: BrushRectangle) -> Option<BrushRectangle> {
        let state = self.reader.state;
        let (brush, cases) = self.with_chart(|curves, found| {
            let frame = curves.frame(target.size, target.look);
            let (from, to) = (frame.inside(from), frame.inside(to));
            let passing = curves.passing(&frame, from, to);
            let cases = state.data.with(|store| {
                let ids = store.case_ids();
                passing.into_iter().filter_map(|place| ids.get(found.get(place)?.row).copied()).collect()
            });
            (BrushRectangle { from, to }, cases)
        })?;
        state.select_cases(cases);
        Some(brush)
    }

    fn find(&self, target: DrawTarget, at: Place) -> Option<PlotHit> {
        let reach_px = REACH_PX / 2.0 * target.look.pixel_ratio;
        let row = self.with_chart(|curves, found| {
            let frame = curves.frame(target.size, target.look);
            let among = |mask| curves.nearest(&frame, at, reach_px, mask);
            let nearest = among(curves.selected).or_else(|| among(CaseMask::All))?;
            found.get(nearest).map(|curve| curve.row)
        })??;
        let state = self.reader.state;
        let shown = shown(state)?;
        let words = state.data.with(|store| in_words(state, store, row, [&shown.response, &shown.factor]));
        Some(PlotHit { words, row: Some(row) })
    }

    fn press(&self, target: DrawTarget, at: Place) {
        if let Some(row) = self.find(target, at).and_then(|found| found.row) {
            self.reader.state.opened.set(Some(row));
        }
    }

    fn frame(&self, target: DrawTarget) -> Option<PlotFrame> {
        self.with_chart(|curves, _| curves.frame(target.size, target.look))
    }

    fn zoom(&self) -> PlotZoom {
        PlotZoom::of(self.zoom.get())
    }

    fn show_range(&self, (x, y): (Axis, Axis)) {
        self.zoom.set(Some([x.least, x.most, y.least, y.most]));
    }

    fn reset(&self) {
        self.zoom.set(None);
    }

    fn hint(&self) -> &'static str {
        "Drag to select the cases whose curves pass there, press a curve to open its case, drag with the shift key or use the arrow keys to move, plus and minus or Ctrl and the wheel to zoom, 0 to show everything, Escape to select nothing."
    }
}

/// Tells what is drawn.
pub(crate) fn legend(reader: CurveReader) -> String {
    let Some((x, y)) = reader.pair.get() else { return String::new() };
    let selected = reader.state.settled.get();
    let curve_set = reader.curve_set.read();
    let (mut of, mut all) = (0_u64, 0_u64);
    for curve in curve_set.curves(&x, &y) {
        all += 1;
        of += u64::from(selected.contains(curve.row));
    }
    let curves = counted(of, "curve", "curves");
    let muted = match all - of {
        0 => String::new(),
        muted => format!(", {} not selected", counted(muted, "curve is", "curves are")),
    };
    let none = match (reader.results() as u64).saturating_sub(all) {
        0 => String::new(),
        without => format!(", {} none", counted(without, "result that was read has", "results that were read have")),
    };
    if of < MIN_IN_BAND as u64 {
        format!("{curves}{muted}{none}")
    } else {
        let parts = if reader.has_parts.get() {
            format!(", faint where some have ended, as far as {MIN_IN_BAND} reach")
        } else {
            String::new()
        };
        format!("Median and 5–95 % of {curves}{parts}{muted}{none}")
    }
}
