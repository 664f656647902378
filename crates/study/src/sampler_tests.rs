use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::case::ParameterValue;
use crate::factor::{FactorScale, FactorValues};

fn factors(count: usize) -> Vec<Factor> {
    let values = FactorValues::Range { minimum: 0.0, maximum: 1.0, scale: FactorScale::Linear };
    vec![Factor { name: "x".into(), count: Some(count), values, unit: String::new(), note: String::new() }]
}

/// Returns the bits of every point, in no order.
fn points(sampler: Sampler, factors: &[Factor]) -> BTreeSet<Vec<u64>> {
    let levels = sampler.sample(factors, 7).unwrap();
    let rows = |level: &LevelPoints| -> Vec<Vec<u64>> {
        (0..level.points.len()).map(|row| level.points.row(row).map(f64::to_bits).collect()).collect()
    };
    levels.iter().flat_map(rows).collect()
}

#[test]
fn every_sampler_is_read_back_from_its_json() {
    for json in [
        r#"{"kind":"random","cases":10}"#,
        r#"{"kind":"latin_hypercube","levels":[3,6]}"#,
        r#"{"kind":"latin_hypercube","cases":10,"optimised":"maximin","doublings":2}"#,
        r#"{"kind":"latin_hypercube","cases":10,"optimised":"centred_discrepancy"}"#,
        r#"{"kind":"sobol","cases":8,"scrambled":false}"#,
        r#"{"kind":"halton","levels":[0,2],"scrambled":true}"#,
        r#"{"kind":"full_grid","steps":5}"#,
        r#"{"kind":"one_at_a_time","steps":3}"#,
        r#"{"kind":"table"}"#,
    ] {
        let sampler: Sampler = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&sampler).unwrap(), json);
    }
}

#[test]
fn json_without_a_size_says_what_is_missing() {
    for (json, reason) in [
        (r#"{"kind":"random"}"#, "either `cases`"),
        (r#"{"kind":"sobol","cases":1,"levels":[1,2]}"#, "either `cases`"),
        (r#"{"kind":"full_grid"}"#, "needs `steps`"),
        (r#"{"kind":"monte_carlo","cases":1}"#, "unknown variant"),
        (r#"{"kind":"sobol","cases":1,"scramble":false}"#, "unknown field `scramble`"),
    ] {
        let error = serde_json::from_str::<Sampler>(json).unwrap_err().to_string();
        assert!(error.contains(reason), "{json}: {error}");
    }
}

#[test]
fn what_can_not_be_sampled_is_refused_before_any_point_is_made() {
    let check = |sampler: Sampler, dimensions| sampler.sample(&factors(dimensions), 0).unwrap_err();
    let cases = |cases| SamplerSize::Cases(cases);
    let levels = |first, last| SamplerSize::Levels { first, last };
    let hypercube = |size, criterion, doublings| Sampler::LatinHypercube { size, criterion, doublings };
    assert_eq!(check(Sampler::Random { size: cases(0) }, 1), SamplerError::NoCase);
    assert_eq!(check(Sampler::Random { size: levels(4, 3) }, 1), SamplerError::Levels(4, 3));
    for size in [cases(1_000_001), levels(3, 19), levels(0, u32::MAX)] {
        assert!(matches!(check(Sampler::Random { size }, 1), SamplerError::TooManyCases { .. }));
        assert!(matches!(check(hypercube(size, None, 0), 1), SamplerError::TooManyCases { .. }));
    }
    assert!(matches!(check(hypercube(cases(1), None, 40), 1), SamplerError::TooManyCases { .. }));
    assert!(matches!(check(Sampler::FullGrid { steps: 10 }, 40), SamplerError::TooManyCases { .. }));
    assert_eq!(check(Sampler::FullGrid { steps: 1 }, 1), SamplerError::Steps(1));
    let maximin = Some(OptimisationCriterion::Maximin);
    assert_eq!(check(hypercube(cases(100_000), maximin, 0), 2), SamplerError::TooManyToOptimise(100_000));
    assert_eq!(check(hypercube(levels(1, 2), None, 1), 2), SamplerError::DoubledLevels);
    let sobol = Sampler::Sobol { size: cases(8), is_scrambled: true };
    assert!(matches!(check(sobol, MAX_SOBOL_DIMENSIONS + 1), SamplerError::TooManyDimensions { .. }));
    assert_eq!(check(Sampler::Table, 1), SamplerError::NoTable);
    for sampler in [Sampler::FullGrid { steps: 999_999_999 }, Sampler::OneAtATime { steps: 999_999_999 }] {
        assert!(matches!(check(sampler, 1), SamplerError::TooManyCases { .. }));
    }
}

#[test]
fn more_numbers_than_there_is_memory_for_are_refused() {
    let sampler = Sampler::Random { size: SamplerSize::Cases(1_000_000) };
    assert_eq!(sampler.points(&factors(100)), Ok(1_000_000));
    let error = sampler.points(&factors(101)).unwrap_err();
    assert_eq!(error, SamplerError::TooManyValues { values: "101,000,000".to_owned() });
    let one = Sampler::Random { size: SamplerSize::Cases(1) };
    for count in [100_001, usize::MAX] {
        let mut factors = factors(count);
        factors.extend(factors.clone());
        assert!(matches!(one.points(&factors), Err(SamplerError::TooManyComponents { .. })));
    }
}

#[test]
fn levels_come_in_order_each_with_a_power_of_two_of_points() {
    for sampler in [
        Sampler::LatinHypercube { size: SamplerSize::Levels { first: 3, last: 6 }, criterion: None, doublings: 0 },
        Sampler::Sobol { size: SamplerSize::Levels { first: 3, last: 6 }, is_scrambled: true },
    ] {
        let levels = sampler.sample(&factors(2), 1).unwrap();
        let sizes: Vec<_> = levels.iter().map(|level| (level.level, level.points.len())).collect();
        assert_eq!(sizes, [(3, 8), (4, 16), (5, 32), (6, 64)], "{sampler:?}");
    }
}

#[test]
fn each_level_of_a_sobol_design_fills_every_interval_of_every_dimension_once() {
    for (first, last, is_scrambled) in [(0, 9, false), (0, 9, true), (3, 6, true), (5, 8, true)] {
        let sampler = Sampler::Sobol { size: SamplerSize::Levels { first, last }, is_scrambled };
        for LevelPoints { level, points } in sampler.sample(&factors(20), 5).unwrap() {
            check_strata(&points, 1 << level);
        }
    }
}

#[test]
fn levels_of_a_sobol_design_have_the_same_points_whichever_is_the_first() {
    let levels = |first, last| Sampler::Sobol { size: SamplerSize::Levels { first, last }, is_scrambled: true };
    let whole = levels(0, 6).sample(&factors(3), 1).unwrap();
    assert_eq!(levels(3, 6).sample(&factors(3), 1).unwrap(), whole[3..]);
}

#[test]
fn choices_and_whole_numbers_of_a_latin_hypercube_come_equally_often() {
    let soils = ["clay", "silt", "sand"].map(|soil| ParameterValue::Text(soil.into()));
    let factor = |name: &str, count, values| Factor {
        name: name.into(),
        count,
        values,
        unit: String::new(),
        note: String::new(),
    };
    let factors = [
        factor("soil", Some(2), FactorValues::Levels(soils.into())),
        factor("n", None, FactorValues::Integers { minimum: -2, maximum: 4 }),
        factor("x", None, FactorValues::Range { minimum: 0.0, maximum: 1.0, scale: FactorScale::Linear }),
    ];
    let hypercube = |size, criterion, doublings| {
        Sampler::LatinHypercube { size, criterion, doublings }.sample(&factors, 3).unwrap()
    };
    let criterion = Some(OptimisationCriterion::CentredDiscrepancy);
    for levels in [
        hypercube(SamplerSize::Cases(100), None, 0),
        hypercube(SamplerSize::Cases(40), criterion, 0),
        hypercube(SamplerSize::Levels { first: 1, last: 6 }, None, 0),
        hypercube(SamplerSize::Cases(11), criterion, 3),
    ] {
        for LevelPoints { points, .. } in levels {
            check_even(&factors[0], points.column(0));
            check_even(&factors[0], points.column(1));
            check_even(&factors[1], points.column(2));
            check_strata(&part_of(&points, 3), u32::try_from(points.len()).unwrap());
        }
    }
}

fn check_even(factor: &Factor, fractions: &[f64]) {
    let levels = usize::try_from(factor.levels().unwrap()).unwrap();
    let mut counts = std::collections::BTreeMap::new();
    for fraction in fractions {
        *counts.entry(serde_json::to_string(&factor.at(*fraction)).unwrap()).or_insert(0) += 1;
    }
    let bounds = fractions.len() / levels..=fractions.len().div_ceil(levels);
    assert!(counts.values().all(|count| bounds.contains(count)), "{counts:?}");
    assert_eq!(counts.len(), levels.min(fractions.len()));
}

fn part_of(points: &UnitPoints, dimension: usize) -> UnitPoints {
    UnitPoints::from_columns(&[points.column(dimension)]).unwrap()
}

/// Checks that each of `count` intervals of equal length of each dimension holds one point.
fn check_strata(points: &UnitPoints, count: u32) {
    assert_eq!(points.len(), count as usize);
    for column in points.columns() {
        let strata: BTreeSet<u64> = column.iter().map(|value| (value * f64::from(count)).floor().to_bits()).collect();
        assert_eq!(strata.len(), count as usize, "of {count} intervals");
    }
}

#[test]
fn whole_numbers_count_as_levels_of_a_grid() {
    let integers = FactorValues::Integers { minimum: 1, maximum: 3 };
    let soils = FactorValues::Levels(vec![ParameterValue::Text("clay".into()), ParameterValue::Text("sand".into())]);
    let factor = |values| Factor { name: "x".into(), count: None, values, unit: String::new(), note: String::new() };
    let grid = Sampler::FullGrid { steps: 9 };
    assert_eq!(grid.points(&[factor(integers), factor(soils)]), Ok(6));
}

fn any_sampler() -> impl Strategy<Value = Sampler> {
    let size = prop_oneof![
        (1..40_u32).prop_map(SamplerSize::Cases),
        (0..3_u32, 0..3_u32).prop_map(|(first, more)| { SamplerSize::Levels { first, last: first + more } })
    ];
    let criterion = prop_oneof![
        Just(None),
        Just(Some(OptimisationCriterion::Maximin)),
        Just(Some(OptimisationCriterion::CentredDiscrepancy))
    ];
    prop_oneof![
        size.clone().prop_map(|size| Sampler::Random { size }),
        (size.clone(), criterion.clone()).prop_map(|(size, criterion)| Sampler::LatinHypercube {
            size,
            criterion,
            doublings: 0
        }),
        (1..20_u32, criterion, 0..3_u32).prop_map(|(cases, criterion, doublings)| Sampler::LatinHypercube {
            size: SamplerSize::Cases(cases),
            criterion,
            doublings
        }),
        (size.clone(), any::<bool>()).prop_map(|(size, is_scrambled)| Sampler::Sobol { size, is_scrambled }),
        (size, any::<bool>()).prop_map(|(size, is_scrambled)| Sampler::Halton { size, is_scrambled }),
        (2..5_u32).prop_map(|steps| Sampler::FullGrid { steps }),
        (2..5_u32).prop_map(|steps| Sampler::OneAtATime { steps }),
    ]
}

proptest! {
    #[test]
    fn a_sampler_chooses_as_many_points_as_it_says(sampler in any_sampler(), dimensions in 1..4_usize) {
        let factors = factors(dimensions);
        let made: usize = sampler.sample(&factors, 3).unwrap().iter().map(|level| level.points.len()).sum();
        prop_assert_eq!(made as u64, sampler.points(&factors).unwrap());
    }

    #[test]
    fn the_same_seed_chooses_the_same_points(sampler in any_sampler(), seed: u64) {
        prop_assert_eq!(sampler.sample(&factors(2), seed), sampler.sample(&factors(2), seed));
    }

    #[test]
    fn an_extended_design_keeps_every_point(sampler in any_sampler(), dimensions in 1..4_usize) {
        let factors = factors(dimensions);
        let extended = sampler.extended().unwrap();
        prop_assert!(points(extended, &factors).is_superset(&points(sampler, &factors)));
        prop_assert!(extended.points(&factors).unwrap() > sampler.points(&factors).unwrap());
    }
}
