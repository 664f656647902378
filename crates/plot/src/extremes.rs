//! Every chart of whatever numbers there can be: nothing stands nowhere, nothing is lost.

use proptest::prelude::*;

use crate::axis::{Axis, Scale};
use crate::chart::{Chart, Size};
use crate::column::Column;
use crate::correlation::{CoefficientEstimate, Correlation, Row};
use crate::curves::{Band, Curve, CurveGaps, Curves, steps};
use crate::drawn::Drawn;
use crate::field::{Field, Values};
use crate::histogram::Bins;
use crate::mask::Mask;
use crate::matrix::Matrix;
use crate::parallel::Parallel;
use crate::raster::Raster;
use crate::samples::light;
use crate::scatter::Scatter;
use crate::sheet::{Mark, Place};
use crate::timeline::{Attempt, Attempts, Outcome, Timeline, time_axis};

/// Numbers that are no measurements, among others that are.
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

/// Columns of as many numbers each: of all kinds, or around one number.
fn columns() -> impl Strategy<Value = Vec<Vec<f64>>> {
    let column = |cases: usize| {
        let one = (number(), prop::collection::vec(0..4_u8, cases)).prop_map(|(number, steps)| {
            steps.into_iter().map(|step| (0..step).fold(number, |value, _| value.next_up())).collect()
        });
        prop_oneof![2 => prop::collection::vec(number(), cases), 1 => one.boxed()]
    };
    (0..40_usize).prop_flat_map(move |cases| prop::collection::vec(column(cases), 4))
}

fn axes(columns: &[Vec<f64>], scale: &Scale) -> Vec<Axis> {
    columns.iter().map(|values| Axis::covering("load", "N", scale.clone(), values)).collect()
}

/// The places of a mark.
fn places(mark: &Mark) -> Vec<Place> {
    match mark {
        Mark::Bar { corner, opposite, .. } => vec![*corner, *opposite],
        Mark::Path { places, .. } | Mark::Shape { places, .. } => places.clone(),
        Mark::Ring { centre, .. } => vec![*centre],
        Mark::Text { at, .. } => vec![*at],
    }
}

/// Charts are painted: that takes its time.
const CASES: u32 = 100;

/// As small as a chart can be read, and smaller.
const SIZES: [Size; 2] = [Size { width_px: 150, height_px: 90 }, Size { width_px: 40, height_px: 30 }];

/// Draws a chart, and looks whether everything stands on it.
fn check(chart: &dyn Chart) -> Result<(), TestCaseError> {
    let (look, mut raster) = (light(), Raster::default());
    for size in SIZES {
        chart.paint(size, &look, &mut raster);
        for mark in chart.sheet(size, &look).marks {
            let is_near = |(x, y): &Place| x.abs() < 1e4 && y.abs() < 1e4;
            prop_assert!(places(&mark).iter().all(is_near), "{:?}", mark);
            if let Mark::Text { text, .. } = &mark {
                prop_assert!(!text.contains("NaN") && !text.contains("inf×"), "{}", text);
            }
        }
    }
    prop_assert!(!chart.summary().contains("NaN"), "{}", chart.summary());
    Ok(())
}

fn sum(drawn: Drawn) -> usize {
    drawn.shown + drawn.outside + drawn.missing
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, ..ProptestConfig::default() })]

    #[test]
    fn points_and_lines_of_any_numbers_are_drawn_or_counted(columns in columns(), selected in prop::collection::vec(any::<bool>(), 40)) {
        let cases = columns[0].len();
        for scale in [Scale::Linear, Scale::Logarithmic, Scale::Time { utc_offset_secs: 0.0 }] {
            let axes = axes(&columns, &scale);
            let all: Vec<Column> = axes.iter().zip(&columns).map(|(axis, values)| Column::new(axis.clone(), values)).collect();
            let drawn = Drawn::of_cases(&all);
            prop_assert_eq!(sum(drawn), cases);
            let can_show = |column: &Column, case: usize| column.axis.can_show(column.values[case]);
            let expected = (0..cases).filter(|case| all.iter().all(|column| can_show(column, *case))).count();
            prop_assert_eq!(drawn.shown, expected, "the axes cover all that can be shown");
            let selected = Mask::Flags(&selected);
            let scatter = Scatter { x: all[0].clone(), y: all[1].clone(), selected, colour: Some(all[2].clone()), pointed_at: Some(0) };
            check(&scatter)?;
            let (x, y) = scatter.frame(SIZES[0], &light()).zoomed(99.0, 50.0, 0.3);
            check(&Scatter { x: Column::new(x, &columns[0]), y: Column::new(y, &columns[1]), ..scatter })?;
            check(&Parallel { columns: all.clone(), selected, brushes: vec![Some((-1e308, 1e308))], pointed_at: Some(0) })?;
            check(&Matrix { columns: all, selected })?;
        }
    }

    #[test]
    fn bars_and_cells_of_any_numbers_are_drawn_or_counted(columns in columns()) {
        for scale in [Scale::Linear, Scale::Logarithmic] {
            let axes = axes(&columns, &scale);
            for (values, axis) in columns.iter().zip(&axes) {
                let bins = Bins::of(values, axis);
                prop_assert_eq!(bins.bars.iter().map(|bar| bar.all).sum::<usize>(), values.iter().filter(|value| axis.can_show(**value)).count());
                check(&bins.histogram(Mask::All))?;
            }
            let values = Values { x: &columns[0], y: &columns[1], response: &columns[2], selected: Mask::All };
            let field = Field::of(&values, &axes[0], &axes[1], &axes[2], (5, 7));
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
        for scale in [Scale::Linear, Scale::Logarithmic] {
            let axis = |values: Vec<f64>| Axis::covering("load", "N", scale.clone(), &values);
            let right = axis(curves.iter().flat_map(|curve| curve.x).copied().collect());
            let up = axis(columns.concat());
            let band = Band::of(&curves, Mask::All, &steps(&curves, &right, 20));
            let gaps = CurveGaps::of(&curves, &right, &up);
            let chart = Curves { curves: &curves, selected: Mask::All, colour: None, x: right, y: up, band: Some(&band), gaps, pointed_at: Some(0) };
            prop_assert_eq!(sum(chart.drawn()), curves.len());
            check(&chart)?;
            let (x, y) = chart.frame(SIZES[0], &light()).zoomed(99.0, 50.0, 0.3);
            check(&Curves { x, y, ..chart })?;
        }
    }

    #[test]
    fn attempts_at_any_time_are_drawn_or_counted(columns in columns()) {
        let attempt = |case: usize| Attempt { lane: case % 3, start: columns[0][case], end: columns[1][case], outcome: Outcome::Failed };
        let attempts = Attempts { count: columns[0].len(), at: &attempt };
        let lanes = ["a", "b"].map(str::to_owned);
        let timeline = Timeline { lanes: &lanes, attempts, x: time_axis(attempts, 3_600.0) };
        prop_assert_eq!(sum(timeline.drawn()), columns[0].len());
        check(&timeline)?;
    }

    #[test]
    fn correlations_of_any_size_are_drawn(columns in columns()) {
        let rows = columns[0].iter().zip(&columns[1]);
        let coefficient = |value: f64, other: f64| CoefficientEstimate { value, interval: (value, other) };
        let row = |(one, other): (&f64, &f64)| Row {
            label: "friction".to_owned(),
            pearson: coefficient(*one, *other),
            spearman: coefficient(*other, *one),
            cases: 3,
            only_ranked: 1,
        };
        check(&Correlation { response: "load".to_owned(), rows: rows.map(row).collect(), needed_cases: 16 })?;
    }
}
