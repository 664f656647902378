use super::*;

fn range(name: &str, minimum: f64, maximum: f64, scale: FactorScale) -> Factor {
    factor(name, FactorValues::Range { minimum, maximum, scale })
}

fn factor(name: &str, values: FactorValues) -> Factor {
    Factor { name: name.into(), count: None, values, unit: String::new(), note: String::new() }
}

#[test]
fn a_range_reaches_from_its_minimum_to_its_maximum() {
    for (scale, middle) in [(FactorScale::Linear, 50.5), (FactorScale::Log, 10.0)] {
        let factor = range("c", 1.0, 100.0, scale);
        for (fraction, expected) in [(0.0, 1.0), (0.5, middle), (1.0, 100.0)] {
            let value = factor.value(&[fraction]).as_number().unwrap();
            assert!((value - expected).abs() < 1e-12 * expected, "{scale:?} {fraction}: {value}");
        }
        assert_eq!(factor.value(&[1.0]), ParameterValue::Number(100.0), "the end itself");
    }
}

#[test]
fn whole_numbers_and_levels_are_taken_equally_often() {
    let integers = factor("n", FactorValues::Integers { minimum: -1, maximum: 2 });
    let levels = factor(
        "soil",
        FactorValues::Levels(["clay", "silt", "sand", "rock"].map(|s| ParameterValue::Text(s.into())).into()),
    );
    let taken = |factor: &Factor| -> Vec<String> {
        (0..8).map(|eighth| serde_json::to_string(&factor.value(&[f64::from(eighth) / 8.0])).unwrap()).collect()
    };
    assert_eq!(taken(&integers), ["-1", "-1", "0", "0", "1", "1", "2", "2"]);
    assert_eq!(taken(&levels).join(","), r#""clay","clay","silt","silt","sand","sand","rock","rock""#);
    assert_eq!(integers.value(&[1.0]), ParameterValue::Integer(2), "the last part takes its end");
}

#[test]
fn the_widest_range_of_whole_numbers_does_not_overflow() {
    let widest = factor("n", FactorValues::Integers { minimum: i64::MIN, maximum: i64::MAX });
    assert_eq!(widest.value(&[0.0]), ParameterValue::Integer(i64::MIN));
    assert!(widest.check().is_ok());
}

#[test]
fn a_fixed_value_takes_no_dimension() {
    let fixed = factor("width", FactorValues::Fixed(ParameterValue::Number(2.0)));
    assert_eq!(fixed.dimensions(), 0);
    assert_eq!(fixed.value(&[]), ParameterValue::Number(2.0));
    let vector = factor(
        "depths",
        FactorValues::Fixed(ParameterValue::List(vec![ParameterValue::Integer(0), ParameterValue::Integer(1)])),
    );
    assert_eq!(vector.columns(), ["depths[0]", "depths[1]"]);
}

#[test]
fn every_kind_of_factor_is_read_back_from_its_json() {
    for json in [
        r#"{"name":"c","count":5,"minimum":50000.0,"maximum":500000.0,"unit":"Pa","note":"cohesion"}"#,
        r#"{"name":"k","minimum":1e-9,"maximum":0.0001,"scale":"log"}"#,
        r#"{"name":"n","minimum":1,"maximum":5,"integer":true}"#,
        r#"{"name":"soil","levels":["clay",2,2.5,true]}"#,
        r#"{"name":"width","value":2.0}"#,
        r#"{"name":"depths","value":[0.0,0.5]}"#,
        r#"{"name":"x","count":2}"#,
    ] {
        let factor: Factor = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&factor).unwrap(), json);
    }
}

#[test]
fn json_that_names_two_kinds_of_values_is_refused() {
    for (json, reason) in [
        (r#"{"name":"c","minimum":1}"#, "must have either"),
        (r#"{"name":"c","minimum":1,"maximum":2,"levels":[1]}"#, "must have either"),
        (r#"{"name":"c","minimum":"a","maximum":2}"#, "must have numbers"),
        (r#"{"name":"c","minimum":1.5,"maximum":2,"integer":true}"#, "must be whole numbers"),
        (r#"{"name":"c","levels":[[1]]}"#, "has a list among"),
    ] {
        let error = serde_json::from_str::<Factor>(json).unwrap_err().to_string();
        assert!(error.contains(reason) && error.contains("`c`"), "{json}: {error}");
    }
}

#[test]
fn what_can_not_be_sampled_is_named() {
    let check = |factors: &[Factor]| check_factors(factors).unwrap_err();
    assert!(matches!(check(&[range("", 0.0, 1.0, FactorScale::Linear)]), FactorError::NoName));
    assert!(matches!(check(&[range("1c", 0.0, 1.0, FactorScale::Linear)]), FactorError::Name(_)));
    assert!(matches!(check(&[range("lambda", 0.0, 1.0, FactorScale::Linear)]), FactorError::Keyword(_)));
    assert!(matches!(check(&[range("level", 0.0, 1.0, FactorScale::Linear)]), FactorError::Reserved(_)));
    assert!(matches!(check(&[range("c", 2.0, 1.0, FactorScale::Linear)]), FactorError::Range { .. }));
    assert!(matches!(check(&[range("c", f64::NAN, 1.0, FactorScale::Linear)]), FactorError::Range { .. }));
    for (minimum, maximum) in [(f64::MIN, f64::MAX), (-1e308, 1e308)] {
        assert_eq!(check(&[range("c", minimum, maximum, FactorScale::Linear)]), FactorError::TooWide("c".to_owned()));
    }
    assert!(matches!(check(&[range("c", f64::NEG_INFINITY, 1.0, FactorScale::Linear)]), FactorError::Range { .. }));
    assert!(matches!(check(&[range("c", 0.0, 1.0, FactorScale::Log)]), FactorError::LogOfZero(_)));
    let integers = factor("n", FactorValues::Integers { minimum: 2, maximum: 2 });
    assert!(matches!(check(&[integers]), FactorError::Range { .. }));
    assert!(matches!(check(&[factor("n", FactorValues::Levels(Vec::new()))]), FactorError::NoLevel(_)));
    let twice = vec![ParameterValue::Integer(1), ParameterValue::Integer(1)];
    assert!(matches!(check(&[factor("n", FactorValues::Levels(twice))]), FactorError::RepeatedLevel { .. }));
    let twice = range("c", 0.0, 1.0, FactorScale::Linear);
    assert!(matches!(check(&[twice.clone(), twice.clone()]), FactorError::Duplicate(_)));
    assert!(matches!(check(&[Factor { count: Some(0), ..twice }]), FactorError::EmptyVector(_)));
}
