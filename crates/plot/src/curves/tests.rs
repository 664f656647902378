use super::*;
use crate::axis::AxisScale;
use crate::samples::{SMALL, USUAL, bell, dark, golden, light};
use crate::scene::SceneMark;

/// Load over displacement: stiff first, then level.
fn numbers(number: usize) -> Vec<(Vec<f64>, Vec<f64>)> {
    let (stiffness, strength) = (bell(number, 1), bell(number, 2));
    let curve = |index: usize| {
        let x: Vec<f64> = (0..=40).map(|step| 0.5 * f64::from(step)).collect();
        let (stiffness, strength) = (0.4 + 0.1 * stiffness[index], 5e5 + 1e5 * strength[index]);
        let y = x.iter().map(|x| strength * (1.0 - (-x * stiffness).exp())).collect();
        (x, y)
    };
    (0..number).map(curve).collect()
}

fn curves<'a>(curves: &'a [Curve<'a>], band: Option<&'a CurveBand>) -> CurvesChart<'a> {
    let all = |of: fn(&Curve<'a>) -> &'a [f64]| -> Vec<f64> { curves.iter().flat_map(of).copied().collect() };
    let x = Axis::covering("displacement", "mm", AxisScale::Linear, &all(|curve| curve.x));
    let y = Axis::covering("load", "N", AxisScale::Linear, &all(|curve| curve.y));
    let gaps = CurveGaps::of(curves, &x, &y);
    CurvesChart { curves, selected: CaseMask::All, colour: None, x, y, band, gaps, pointed_at: None }
}

fn views(numbers: &[(Vec<f64>, Vec<f64>)]) -> Vec<Curve<'_>> {
    numbers.iter().map(|(x, y)| Curve { x, y }).collect()
}

#[test]
fn a_few_curves_can_be_followed() {
    let numbers = numbers(12);
    let views = views(&numbers);
    let selected: Vec<bool> = (0..12).map(|index| index % 3 > 0).collect();
    let chart = CurvesChart { selected: CaseMask::Flags(&selected), pointed_at: Some(4), ..curves(&views, None) };
    insta::assert_snapshot!(golden(&chart, SMALL, &light()));
}

#[test]
fn curves_have_the_colour_of_their_value() {
    let numbers = numbers(12);
    let views = views(&numbers);
    let mut values: Vec<f64> = numbers.iter().map(|(_, y)| y[40]).collect();
    values[3] = f64::NAN;
    let axis = Axis::covering("strength", "N", AxisScale::Linear, &values);
    let chart = CurvesChart { colour: Some(PlotColumn::new(axis, &values)), ..curves(&views, None) };
    let is_title = |mark: &SceneMark| matches!(mark, SceneMark::Text { text, .. } if text == "strength, N");
    assert!(chart.scene(USUAL, &light()).marks.iter().any(is_title), "the key stands on the chart");
    let mut raster = RasterBuffers::default();
    chart.paint(USUAL, &light(), &mut raster);
    let (low, high) = (light().of_place(0.0), light().of_place(1.0));
    let has = |colour: crate::RGBColor| {
        let is_near = |one: u8, other: u8| one.abs_diff(other) < 24;
        let is_it =
            |p: &[u8]| p[3] == 255 && is_near(p[0], colour.0) && is_near(p[1], colour.1) && is_near(p[2], colour.2);
        raster.image().rgba.chunks_exact(4).any(is_it)
    };
    assert!(has(low) && has(high));
    assert!(chart.summary().ends_with("; coloured by strength; 1 without a colour"), "{}", chart.summary());
}

#[test]
fn a_band_is_faint_where_some_curves_have_ended() {
    let mut numbers = numbers(600);
    for (index, (x, y)) in numbers.iter_mut().enumerate() {
        let end = if index % 2 == 0 { 41 } else { 20 };
        x.truncate(end);
        y.truncate(end);
    }
    let views = views(&numbers);
    let band = CurveBand::of(&views, CaseMask::All, &steps(&views, &curves(&views, None).x, 60));
    let chart = curves(&views, Some(&band));
    insta::assert_snapshot!("ended", golden(&chart, SMALL, &light()));
    assert!(chart.summary().contains("; at 9.492 mm the median is"), "{}", chart.summary());
    assert!(chart.summary().contains("; fewer elsewhere"));
}

#[test]
fn many_curves_have_a_band() {
    for (name, look) in [("light", light()), ("dark", dark())] {
        let numbers = numbers(600);
        let views = views(&numbers);
        let band = CurveBand::of(&views, CaseMask::All, &steps(&views, &curves(&views, None).x, 60));
        insta::assert_snapshot!(name, golden(&curves(&views, Some(&band)), SMALL, &look));
    }
}

/// A category may have the colour that accents have: a band in it would be taken for that category's.
#[test]
fn beside_coloured_curves_the_band_has_the_colour_of_text() {
    let numbers = numbers(60);
    let views = views(&numbers);
    let band = CurveBand::of(&views, CaseMask::All, &steps(&views, &curves(&views, None).x, 60));
    let values = vec![1.0; 60];
    let axis = Axis::of_categories("soil", vec!["clay".to_owned(), "sand".to_owned()]);
    let colour = PlotColumn::new(axis, &values);
    for (colour, ink) in [(None, light().accent), (Some(colour), light().text)] {
        let chart = CurvesChart { colour, ..curves(&views, Some(&band)) };
        let scene = chart.scene(USUAL, &light());
        let inks = scene.marks.iter().filter_map(|mark| match mark {
            SceneMark::Shape { ink, .. } => Some(ink.colour),
            _ => None,
        });
        assert_eq!(inks.collect::<Vec<_>>(), [ink]);
    }
}

#[test]
fn nothing_is_shown_as_such() {
    insta::assert_snapshot!("empty", golden(&curves(&[], None), SMALL, &light()));
    let single = [Curve { x: &[1.0], y: &[2.0] }];
    assert_eq!(curves(&single, None).drawn(), PlotCoverage { missing: 1, ..PlotCoverage::default() });
    let gaps = [Curve { x: &[1.0, 2.0, 3.0], y: &[2.0, f64::NAN, 2.0] }];
    assert_eq!(curves(&gaps, None).drawn(), PlotCoverage { missing: 1, ..PlotCoverage::default() });
}

#[test]
fn a_part_of_the_curves_is_cut_at_the_edges() {
    let numbers = numbers(60);
    let views = views(&numbers);
    let whole = curves(&views, None);
    let band = CurveBand::of(&views, CaseMask::All, &steps(&views, &whole.x, 60));
    let (x, y) = (whole.x.between(2.9, 3.7), whole.y.between(3.5e5, 4.5e5));
    let chart = CurvesChart { x, y, band: Some(&band), pointed_at: Some(7), ..whole };
    insta::assert_snapshot!(golden(&chart, SMALL, &light()));
}

#[test]
fn a_curve_is_shown_if_it_crosses_the_frame_between_two_points() {
    let views = [Curve { x: &[0.0, 10.0], y: &[0.0, 10.0] }, Curve { x: &[0.0, 10.0], y: &[8.0, 10.0] }];
    let mut chart = curves(&views, None);
    (chart.x, chart.y) = (chart.x.between(4.0, 5.0), chart.y.between(4.0, 5.0));
    assert_eq!(chart.drawn(), PlotCoverage { shown: 1, outside: 1, ..PlotCoverage::default() });
}

#[test]
fn curves_that_pass_through_a_rectangle_are_found() {
    let views = [
        Curve { x: &[0.0, 10.0], y: &[0.0, 10.0] },
        Curve { x: &[0.0, 10.0], y: &[10.0, 0.0] },
        Curve { x: &[0.0, 4.0, 6.0, 10.0], y: &[5.0, f64::NAN, f64::NAN, 5.0] },
        Curve { x: &[0.0, 10.0], y: &[9.0, 9.5] },
    ];
    let chart = curves(&views, None);
    let frame = chart.frame(USUAL, &light());
    let check = |from: Place, to: Place, expected: &[usize]| {
        let pixel = |(x, y): Place| frame.pixel_of(x, y);
        assert_eq!(chart.passing(&frame, pixel(from), pixel(to)), expected, "{from:?} {to:?}");
        assert_eq!(chart.passing(&frame, pixel(to), pixel(from)), expected, "drawn backwards");
    };
    check((4.5, 4.5), (5.5, 5.5), &[0, 1]);
    check((1.0, 0.5), (2.0, 3.0), &[0]);
    check((3.0, -1e9), (3.1, 1e9), &[0, 1, 3]);
    check((4.0, 8.0), (5.0, 8.5), &[]);
    check((-1e9, -1e9), (1e9, 1e9), &[0, 1, 3]);
}

#[test]
fn the_nearest_curve_is_found() {
    let numbers = numbers(12);
    let views = views(&numbers);
    let chart = curves(&views, None);
    let frame = chart.frame(USUAL, &light());
    let place = frame.pixel_of(3.3, views[5].y[6] + 0.6 * (views[5].y[7] - views[5].y[6]));
    assert_eq!(chart.nearest(&frame, place, 4.0, CaseMask::All), Some(5));
    assert_eq!(chart.nearest(&frame, (frame.right_px, frame.bottom_px), 4.0, CaseMask::All), None);
}

#[test]
fn the_summary_has_the_band() {
    let views = [Curve { x: &[0.0, 1.0], y: &[0.0, 2.0] }, Curve { x: &[0.0, 1.0], y: &[0.0, 4.0] }];
    let band = CurveBand::of(&views, CaseMask::All, &[0.0, 1.0]);
    let mut chart = curves(&views, Some(&band));
    (chart.x.least, chart.x.most, chart.y.least, chart.y.most) = (0.0, 1.0, 0.0, 5.0);
    assert_eq!(
        chart.summary(),
        "2 of 2 curves: load from 0 N to 4 N over displacement from 0 mm to 1 mm; at 1 mm the median is 3 N, nine in ten lie \
         between 2.1 N and 3.9 N"
    );
}
