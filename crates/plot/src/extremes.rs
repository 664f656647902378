//! Tests of every chart with extreme numbers: each mark has a place, and no value is lost.

use proptest::prelude::*;

use crate::axis::{Axis, AxisScale};
use crate::chart::{Chart, ChartSize};
use crate::column::PlotColumn;
use crate::correlation::{CoefficientEstimate, CorrelationChart, CorrelationRow};
use crate::coverage::PlotCoverage;
use crate::curves::{Curve, CurveBand, CurveGaps, CurvesChart, steps};
use crate::field::{FieldChart, FieldValues};
use crate::histogram::HistogramBins;
use crate::mask::CaseMask;
use crate::matrix::ScatterMatrix;
use crate::parallel::ParallelCoordinates;
use crate::raster::RasterBuffers;
use crate::samples::light;
use crate::scatter::ScatterChart;
use crate::scene::{Place, SceneMark};
use crate::timeline::{TimelineAttempt, TimelineAttempts, TimelineChart, TimelineOutcome, time_axis};

/// Generates numbers that are no measurements, among others that are.
fn number() -> impl Strategy<Value = f64> {
    let odd = [
        0.0,
        -0.0,
        1.0,
        1.0_f64.next_up(),
        1e17,
        1e17 + 16.0,
        1e300,
        1e308,
        f64::MAX,
        f64::MIN,
        f64::MIN_POSITIVE,
        f64::from_bits(1),
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
    ];
    prop_oneof![
        2 => -1e3..1e3_f64,
        1 => (-5..5_i8).prop_map(f64::from),
        1 => 1.8e9..1.81e9_f64,
        1 => prop::num::f64::ANY,
        2 => prop::sample::select(odd.to_vec()),
    ]
}

/// Generates columns of equal length: of numbers of all kinds, or of numbers around one.
fn columns() -> impl Strategy<Value = Vec<Vec<f64>>> {
    let column = |cases: usize| {
        let one = (number(), prop::collection::vec(0..4_u8, cases)).prop_map(|(number, steps)| {
            steps.into_iter().map(|step| (0..step).fold(number, |value, _| value.next_up())).collect()
        });
        prop_oneof![2 => prop::collection::vec(number(), cases), 1 => one.boxed()]
    };
    (0..40_usize).prop_flat_map(move |cases| prop::collection::vec(column(cases), 4))
}

fn axes(columns: &[Vec<f64>], scale: &AxisScale) -> Vec<Axis> {
    columns.iter().map(|values| Axis::covering("load", "N", scale.clone(), values)).collect()
}

/// Returns the places of a mark.
fn places(mark: &SceneMark) -> Vec<Place> {
    match mark {
        SceneMark::Bar { corner, opposite, .. } => vec![*corner, *opposite],
        SceneMark::Path { places, .. } | SceneMark::Shape { places, .. } => places.clone(),
        SceneMark::Ring { centre, .. } => vec![*centre],
        SceneMark::Text { at, .. } => vec![*at],
    }
}

/// Number of cases of a property: painting charts takes time.
const CASES: u32 = 100;

/// A size at which a chart can just be read, and a smaller one.
const SIZES: [ChartSize; 2] = [ChartSize { width_px: 150, height_px: 90 }, ChartSize { width_px: 40, height_px: 30 }];

/// Draws a chart, and checks that every mark stands on or near it.
fn check(chart: &dyn Chart) -> Result<(), TestCaseError> {
    let (look, mut raster) = (light(), RasterBuffers::default());
    for size in SIZES {
        chart.paint(size, &look, &mut raster);
        for mark in chart.scene(size, &look).marks {
            let is_near = |(x, y): &Place| x.abs() < 1e4 && y.abs() < 1e4;
            prop_assert!(places(&mark).iter().all(is_near), "{:?}", mark);
            if let SceneMark::Text { text, .. } = &mark {
                prop_assert!(!text.contains("NaN") && !text.contains("inf×"), "{}", text);
            }
        }
    }
    prop_assert!(!chart.summary().contains("NaN"), "{}", chart.summary());
    Ok(())
}

fn sum(drawn: PlotCoverage) -> usize {
    drawn.shown + drawn.outside + drawn.missing
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, ..ProptestConfig::default() })]

    #[test]
    fn points_and_lines_of_any_numbers_are_drawn_or_counted(columns in columns(), selected in prop::collection::vec(any::<bool>(), 40)) {
        let cases = columns[0].len();
        for scale in [AxisScale::Linear, AxisScale::Logarithmic, AxisScale::Time { utc_offset_secs: 0.0 }] {
            let axes = axes(&columns, &scale);
            let all: Vec<PlotColumn> = axes.iter().zip(&columns).map(|(axis, values)| PlotColumn::new(axis.clone(), values)).collect();
            let drawn = PlotCoverage::of_cases(&all);
            prop_assert_eq!(sum(drawn), cases);
            let can_show = |column: &PlotColumn, case: usize| column.axis.can_show(column.values[case]);
            let expected = (0..cases).filter(|case| all.iter().all(|column| can_show(column, *case))).count();
            prop_assert_eq!(drawn.shown, expected, "the axes cover all that can be shown");
            let selected = CaseMask::Flags(&selected);
            let scatter = ScatterChart { x: all[0].clone(), y: all[1].clone(), selected, colour: Some(all[2].clone()), pointed_at: Some(0) };
            check(&scatter)?;
            let (x, y) = scatter.frame(SIZES[0], &light()).zoomed(99.0, 50.0, 0.3);
            check(&ScatterChart { x: PlotColumn::new(x, &columns[0]), y: PlotColumn::new(y, &columns[1]), ..scatter })?;
            check(&ParallelCoordinates { columns: all.clone(), selected, brushes: vec![Some((-1e308, 1e308))], pointed_at: Some(0) })?;
            check(&ScatterMatrix { columns: all.clone(), selected, bar_range: Some((-1.0, 1.0)) })?;
            check(&ScatterMatrix { columns: all, selected, bar_range: None })?;
        }
    }

    #[test]
    fn bars_and_cells_of_any_numbers_are_drawn_or_counted(columns in columns()) {
        for scale in [AxisScale::Linear, AxisScale::Logarithmic] {
            let axes = axes(&columns, &scale);
            for (values, axis) in columns.iter().zip(&axes) {
                let bins = HistogramBins::of(values, axis);
                prop_assert_eq!(bins.bars.iter().map(|bar| bar.all).sum::<usize>(), values.iter().filter(|value| axis.can_show(**value)).count());
                check(&bins.histogram(CaseMask::All))?;
            }
            let values = FieldValues { x: &columns[0], y: &columns[1], response: &columns[2], selected: CaseMask::All };
            let field = FieldChart::of(&values, &axes[0], &axes[1], &axes[2], (5, 7));
            prop_assert!(field.means.iter().all(|mean| !mean.is_infinite()));
            prop_assert!(field.counts.iter().zip(&field.means).all(|(count, mean)| (*count > 0) != mean.is_nan()));
            prop_assert_eq!(sum(field.drawn), columns[0].len());
            prop_assert_eq!(field.drawn.shown, field.counts.iter().sum::<usize>());
            check(&field)?;
        }
    }

    #[test]
    fn curves_of_any_numbers_are_drawn_or_counted(columns in columns(), is_index in any::<bool>()) {
        let index: Vec<f64> = (0..40).map(f64::from).collect();
        let x = |column: usize| if is_index { &index[..columns[column].len()] } else { &columns[column][..] };
        let curves: Vec<Curve> = (0..4).map(|column| Curve { x: x((column + 1) % 4), y: &columns[column] }).collect();
        for scale in [AxisScale::Linear, AxisScale::Logarithmic] {
            let axis = |values: Vec<f64>| Axis::covering("load", "N", scale.clone(), &values);
            let right = axis(curves.iter().flat_map(|curve| curve.x).copied().collect());
            let up = axis(columns.concat());
            let band = CurveBand::of(&curves, CaseMask::All, &steps(&curves, &right, 20));
            let gaps = CurveGaps::of(&curves, &right, &up);
            let chart = CurvesChart { curves: &curves, selected: CaseMask::All, colour: None, x: right, y: up, band: Some(&band), gaps, pointed_at: Some(0) };
            prop_assert_eq!(sum(chart.drawn()), curves.len());
            check(&chart)?;
            let (x, y) = chart.frame(SIZES[0], &light()).zoomed(99.0, 50.0, 0.3);
            check(&CurvesChart { x, y, ..chart })?;
        }
    }

    #[test]
    fn attempts_at_any_time_are_drawn_or_counted(columns in columns()) {
        let attempt = |case: usize| TimelineAttempt { lane: case % 3, start: columns[0][case], end: columns[1][case], outcome: TimelineOutcome::Failed, is_selected: true };
        let attempts = TimelineAttempts { count: columns[0].len(), at: &attempt };
        let lanes = ["a", "b"].map(str::to_owned);
        let timeline = TimelineChart { lanes: &lanes, attempts, x: time_axis(attempts, 3_600.0) };
        prop_assert_eq!(sum(timeline.drawn()), columns[0].len());
        check(&timeline)?;
    }

    #[test]
    fn correlations_of_any_size_are_drawn(columns in columns()) {
        let rows = columns[0].iter().zip(&columns[1]);
        let coefficient = |value: f64, other: f64| CoefficientEstimate { value, interval: (value, other) };
        let row = |(one, other): (&f64, &f64)| CorrelationRow {
            label: "friction".to_owned(),
            pearson: coefficient(*one, *other),
            spearman: coefficient(*other, *one),
            cases: 3,
            only_ranked: 1,
        };
        check(&CorrelationChart { response: "load".to_owned(), rows: rows.map(row).collect(), needed_cases: 16, unordered: Vec::new() })?;
    }
}
