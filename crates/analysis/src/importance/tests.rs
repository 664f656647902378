use std::f64::consts::{PI, TAU};

use proptest::prelude::*;

use super::super::checks::{all, assert_close, numbers, pairs};
use super::super::correlation::pearson;
use super::super::float;
use super::*;

fn shares(factors: &[Vec<f64>], response: &[f64]) -> Vec<VarianceShare> {
    let factors: Vec<FactorColumn> = factors.iter().map(|column| FactorColumn::Numbers(column)).collect();
    let found = importances(&factors, response, &all(response.len()));
    found.into_iter().map(|importance| importance.share.unwrap()).collect()
}

fn columns(count: usize) -> Vec<Vec<f64>> {
    (1..4).map(|seed| numbers(seed, count)).collect()
}

fn response(columns: &[Vec<f64>], model: impl Fn(f64, f64, f64) -> f64) -> Vec<f64> {
    (0..columns[0].len()).map(|row| model(columns[0][row], columns[1][row], columns[2][row])).collect()
}

#[track_caller]
fn check(found: &[VarianceShare], expected: [f64; 3], tolerance: f64) {
    for (share, expected) in found.iter().zip(expected) {
        assert!((share.value - expected).abs() < tolerance, "{found:?}");
        assert_eq!(share.stands_out(), expected > 0.0, "{found:?}");
    }
}

#[test]
fn a_linear_model_is_shared_by_the_squares_of_its_coefficients() {
    for (count, tolerance) in [(300, 0.06), (3_000, 0.02), (100_000, 0.004)] {
        let factors = columns(count);
        let sum = response(&factors, |first, second, third| 3.0 * first + 2.0 * second + third);
        check(&shares(&factors, &sum), [9.0 / 14.0, 4.0 / 14.0, 1.0 / 14.0], tolerance);
    }
}

/// S1 = 0.3139, S2 = 0.4424 and S3 = 0: Ishigami and Homma (1990), with a = 7 and b = 0.1.
#[test]
fn the_function_of_ishigami_has_its_known_shares() {
    for (count, tolerance) in [(1_000, 0.05), (10_000, 0.015), (100_000, 0.005)] {
        let factors = columns(count);
        let angle = |number: f64| number * TAU - PI;
        let ishigami = response(&factors, |first, second, third| {
            let bent = 1.0 + 0.1 * angle(third).powi(4);
            bent * angle(first).sin() + 7.0 * angle(second).sin().powi(2)
        });
        check(&shares(&factors, &ishigami), [0.3139, 0.4424, 0.0], tolerance);
    }
}

#[test]
fn noise_explains_nothing_on_average_and_stands_out_in_some_five_of_a_hundred_studies() {
    for (count, kind) in [(30, FactorKind::Ordered), (30, FactorKind::Categorical), (400, FactorKind::Ordered)] {
        let (mut exceeded, mut total) = (0, 0.0);
        for study in 0..2_000 {
            let factor: Vec<f64> = match kind {
                FactorKind::Ordered => numbers(2 * study, count),
                FactorKind::Categorical => numbers(2 * study, count).iter().map(|x| (x * 3.0).floor()).collect(),
            };
            let ranking = ColumnRanking::of(&factor, &all(count));
            let share = importance(&ranking, kind, &numbers(2 * study + 1, count)).share.unwrap();
            exceeded += u32::from(share.stands_out());
            total += share.value;
        }
        // Five standard deviations of the count are 2.4 %.
        assert!((52..148).contains(&exceeded), "{count} {kind:?}: {exceeded}");
        assert!(total / 2_000.0 < 0.07, "{count} {kind:?}: {total}");
    }
}

/// Shares of the variance in a slope's response: two numbers, a choice of two and three numbers.
const SHARES: [f64; 6] = [0.31, 0.25, 0.16, 0.06, 0.06, 0.06];

/// Draws a random design of that model, with noise that has the rest of the variance.
fn slope(seed: u64, count: usize) -> (Vec<Vec<f64>>, Vec<f64>) {
    let mut columns: Vec<Vec<f64>> = (0..8).map(|column| numbers(8 * seed + column, count)).collect();
    for value in &mut columns[2] {
        *value = (2.0 * *value).floor();
    }
    let variances = [1.0 / 12.0, 1.0 / 12.0, 0.25, 1.0 / 12.0, 1.0 / 12.0, 1.0 / 12.0];
    let rest: f64 = 1.0 - SHARES.iter().sum::<f64>();
    let value = |row: usize| {
        let known = SHARES.iter().zip(variances).zip(&columns);
        let known: f64 = known.map(|((share, variance), column)| (share / variance).sqrt() * column[row]).sum();
        known + (rest * 6.0).sqrt() * (columns[6][row] - columns[7][row])
    };
    let response = (0..count).map(value).collect();
    columns.truncate(6);
    (columns, response)
}

fn kind(column: usize) -> FactorKind {
    if column == 2 { FactorKind::Categorical } else { FactorKind::Ordered }
}

/// Share explained by means of classes alone, an earlier method.
fn by_classes(ranking: &ColumnRanking, kind: FactorKind, response: &[f64]) -> f64 {
    let places = ranking.paired(response);
    let most = if kind == FactorKind::Ordered { class_count(places.len()) } else { places.len() };
    let ends = class_ends(ranking.ties(&places).map(<[u32]>::len), places.len(), most);
    let ordered = places.iter().map(|place| response[*place as usize]).collect();
    class_means(&CentredValues::of(ordered).unwrap(), &ends).adjusted()
}

#[test]
fn ranges_hold_the_truth_in_nine_of_ten_studies_and_errors_are_smaller_than_those_of_classes() {
    const STUDIES: u64 = 400;
    for count in [40, 80] {
        let (mut held, mut error, mut error_of_classes, mut sum) = ([0; 6], 0.0, 0.0, 0.0);
        for study in 0..STUDIES {
            let (columns, response) = slope(study, count);
            for (factor, column) in columns.iter().enumerate() {
                let ranking = ColumnRanking::of(column, &all(count));
                let share = importance(&ranking, kind(factor), &response).told().unwrap();
                let truth = SHARES[factor];
                held[factor] += u32::from(share.range.0 <= truth && truth <= share.range.1);
                error += (share.value - truth).abs();
                error_of_classes += (by_classes(&ranking, kind(factor), &response) - truth).abs();
                sum += share.value;
            }
        }
        let mean = sum / float(usize::try_from(STUDIES).unwrap());
        for held in held {
            assert!((320..=388).contains(&held), "{count}: {held} of {STUDIES}");
        }
        assert!(error < 0.87 * error_of_classes, "{count}: {error} instead of {error_of_classes}");
        assert!((0.85..1.1).contains(&mean), "{count}: {mean}");
    }
}

#[test]
fn a_share_is_no_less_than_what_pearsons_coefficient_says() {
    for study in 0..200 {
        let (columns, response) = slope(study, 40);
        for column in &columns {
            let rows = all(40);
            let share = importances(&[FactorColumn::Numbers(column)], &response, &rows)[0].share.unwrap();
            let square = pearson(column, &response, &rows).value.unwrap().powi(2);
            let adjusted = 1.0 - (1.0 - square) * 39.0 / 38.0;
            assert!(share.value >= adjusted - 1e-9, "{share:?} instead of {adjusted}");
        }
    }
}

#[test]
fn shares_that_add_up_to_more_than_all_say_whether_chance_did_it() {
    let of = |shares: &[(f64, f64)]| {
        let share = |(value, from): &(f64, f64)| VarianceShare {
            value: *value,
            range: (*from, 1.0),
            fit: FactorFit::StraightLine,
        };
        ShareSum::of(&shares.iter().map(share).collect::<Vec<_>>())
    };
    assert_eq!(of(&[(0.6, 0.4), (0.42, 0.2)]), ShareSum::Within);
    assert_eq!(of(&[(0.6, 0.4), (0.6, 0.4)]), ShareSum::AboveByChance);
    assert_eq!(of(&[(0.9, 0.85), (0.9, 0.85)]), ShareSum::Above);
    assert_eq!(of(&[]), ShareSum::Within);
    // Two factors that are nearly the same explain the same variance.
    let first = numbers(1, 200);
    let second: Vec<f64> = numbers(2, 200).iter().zip(&first).map(|(other, first)| first + 0.2 * other).collect();
    let factors = [FactorColumn::Numbers(&first), FactorColumn::Numbers(&second)];
    let shares: Vec<_> = importances(&factors, &first, &all(200)).iter().filter_map(FactorImportance::told).collect();
    assert_eq!(ShareSum::of(&shares), ShareSum::Above);
}

/// By hand: the means are 2, 5 and 8, the sum of squares between is 54, within 6, and 1 - (6 / 6) / (60 / 8) = 13 / 15.
#[test]
fn categories_are_classes() {
    let codes = [7.0, 0.0, 3.0, 7.0, 0.0, 3.0, 7.0, 0.0, 3.0, f64::NAN, 3.0];
    let response = [1.0, 4.0, 7.0, 2.0, 5.0, 8.0, 3.0, 6.0, 9.0, 100.0, f64::NAN];
    let found = importances(&[FactorColumn::Categories(&codes)], &response, &all(11))[0];
    assert_eq!((found.pairs, found.left_out), (9, 2));
    assert_close(found.share.unwrap().value, 13.0 / 15.0, 1e-14);
    assert_eq!(found.share.unwrap().fit, FactorFit::ClassMeans(3));
}

#[test]
fn a_number_with_few_values_has_a_class_each() {
    let factor: Vec<f64> = numbers(8, 1_000).iter().map(|x| (x * 5.0).floor()).collect();
    let square: Vec<f64> = factor.iter().map(|x| (x - 2.0) * (x - 2.0)).collect();
    let found = importances(&[FactorColumn::Numbers(&factor)], &square, &all(1_000))[0];
    assert_eq!(found.share.unwrap().fit, FactorFit::ClassMeans(5));
    assert_close(found.share.unwrap().value, 1.0, 1e-12);
}

#[test]
fn classes_are_of_equal_counts_as_far_as_equal_values_allow() {
    assert_eq!(class_ends([1; 10].into_iter(), 10, 3), [4, 7, 10]);
    assert_eq!(class_ends([5, 1, 1, 3].into_iter(), 10, 5), [5, 6, 10]);
    assert_eq!(class_ends([9, 1].into_iter(), 10, 10), [9, 10]);
    assert_eq!(class_ends([].into_iter(), 0, 1), [0; 0]);
    for (pairs, classes) in [(0, 1), (5, 1), (6, 2), (27, 9), (100, 13), (1_000, 30), (100_000, 100)] {
        assert_eq!(class_count(pairs), classes, "{pairs} pairs");
    }
}

#[test]
fn what_cannot_be_divided_has_no_share() {
    let (steps, constant) = (numbers(1, 30), vec![0.1; 30]);
    for (factor, response) in [
        (FactorColumn::Numbers(&steps), &constant[..]),
        (FactorColumn::Numbers(&constant), &steps),
        (FactorColumn::Categories(&steps), &steps),
        (FactorColumn::Numbers(&steps[..5]), &steps),
        (FactorColumn::Numbers(&[]), &steps),
    ] {
        assert_eq!(importances(&[factor], response, &all(30))[0].share, None, "{factor:?}");
    }
    assert_eq!(importances(&[FactorColumn::Numbers(&steps)], &steps, &[])[0].share, None);
}

#[test]
fn a_share_is_told_once_its_range_is_narrower_than_half_of_the_variance() {
    let few =
        |count: usize| importances(&[FactorColumn::Numbers(&numbers(1, count))], &numbers(2, count), &all(count))[0];
    assert!(few(25).share.is_some() && few(25).told().is_none() && few(25).has_too_few());
    assert_eq!((few(25).needed_pairs, few(26).told()), (26, few(26).share));
    let widest = |parameters: usize, pairs: usize| -> f64 {
        let fit = FactorFit::ClassMeans(parameters + 1);
        let width = |step: u32| {
            let (from, to) = share_range(&ExplainedSquares { fit, share: f64::from(step) / 20.0, pairs });
            to - from
        };
        (0..20).map(width).fold(0.0, f64::max)
    };
    assert!(widest(1, 20) > MAX_TOLD_RANGE);
    for (classes, needed) in [(2, 26), (3, 28), (10, 42), (40, 120)] {
        assert_eq!(needed_pairs(classes), needed, "{classes}");
        let widest = widest(classes - 1, needed);
        assert!(widest < MAX_TOLD_RANGE, "{classes}: {widest}");
    }
    // A class a case says nothing, however many cases there are.
    let each: Vec<f64> = (0..40).map(f64::from).collect();
    let found = importances(&[FactorColumn::Categories(&each)], &numbers(2, 40), &all(40))[0];
    assert!(found.has_too_few() && found.needed_pairs == 120, "{found:?}");
}

#[test]
fn a_small_spread_around_a_large_value_is_seen() {
    let factors = columns(3_000);
    let sum = response(&factors, |first, second, third| 1e9 + (3.0 * first + 2.0 * second + third) * 1e-3);
    check(&shares(&factors, &sum), [9.0 / 14.0, 4.0 / 14.0, 1.0 / 14.0], 0.02);
}

proptest! {
    #[test]
    fn order_origin_and_units_do_not_matter(pairs in pairs(), turn in 0..60_usize, scale in 0.1..10.0_f64) {
        let (x, y): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
        let (moved, scaled): (Vec<f64>, Vec<f64>) = pairs.iter().map(|(x, y)| (x / 8.0 + 3.0, 7.0 - scale * y)).unzip();
        let mut rows = all(x.len());
        rows.rotate_left(turn.min(x.len()));
        let found = importances(&[FactorColumn::Numbers(&x), FactorColumn::Categories(&x)], &y, &all(x.len()));
        let other = importances(&[FactorColumn::Numbers(&moved), FactorColumn::Categories(&moved)], &scaled, &rows);
        for (found, other) in found.iter().zip(&other) {
            prop_assert_eq!((found.pairs, found.left_out), (other.pairs, other.left_out));
            prop_assert_eq!(found.share.is_some(), other.share.is_some());
            if let (Some(found), Some(other)) = (found.share, other.share) {
                prop_assert!((found.value - other.value).abs() < 1e-9);
                prop_assert!((0.0..=1.0).contains(&found.value));
                prop_assert!(found.range.0 <= found.value && found.value <= found.range.1 && found.range.1 <= 1.0);
            }
        }
    }
}
