use cruncher_study::case::ParameterValue;
use cruncher_study::combination::CombinedInputs;
use cruncher_study::factor::FactorValues;

use super::factor::FactorKind;
use super::*;

fn cohesion() -> FactorDraft {
    FactorDraft {
        name: "cohesion_array".into(),
        minimum: "5e4".into(),
        maximum: "5e5".into(),
        count: "5".into(),
        unit: "Pa".into(),
        ..FactorDraft::default()
    }
}

fn draft() -> DesignDraft {
    DesignDraft {
        factors: vec![cohesion()],
        model: "footing.py".into(),
        batch: "footing".into(),
        ..DesignDraft::default()
    }
}

fn check(draft: &DesignDraft, place: FormPlace, text: &str) {
    let complaints = draft.read().unwrap_err();
    let found = complaints.iter().find(|complaint| complaint.place == place);
    let found = found.unwrap_or_else(|| panic!("nothing at {place:?}: {complaints:?}"));
    assert!(found.text.contains(text), "{place:?}: {}", found.text);
}

fn check_factor(factor: FactorDraft, field: FactorField, text: &str) {
    check(&DesignDraft { factors: vec![factor], ..draft() }, FormPlace::Factor(0, field), text);
}

#[test]
fn a_form_that_is_filled_in_is_a_design() {
    let file = draft().read().unwrap();
    assert_eq!(file.check(), Ok(64));
    assert_eq!(file.factors[0].columns().len(), 5);
}

#[test]
fn every_field_of_a_factor_says_what_is_wrong_with_it() {
    let kind = |kind| FactorDraft { kind, ..cohesion() };
    check_factor(FactorDraft { name: String::new(), ..cohesion() }, FactorField::Name, "no name");
    check_factor(FactorDraft { name: "c-1".into(), ..cohesion() }, FactorField::Name, "not a name in Python");
    check_factor(FactorDraft { name: "lambda".into(), ..cohesion() }, FactorField::Name, "word of Python");
    check_factor(FactorDraft { minimum: "6e5".into(), ..cohesion() }, FactorField::Maximum, "isn't below its maximum");
    check_factor(FactorDraft { minimum: String::new(), ..cohesion() }, FactorField::Minimum, "is needed here");
    check_factor(FactorDraft { minimum: "2,5".into(), ..cohesion() }, FactorField::Minimum, "write a point");
    let thousands = "write 20000, or 20.0 if the comma is a decimal mark";
    check_factor(FactorDraft { minimum: "20,000".into(), ..cohesion() }, FactorField::Minimum, thousands);
    let decimals = "write -1234, or -1.234 if";
    check_factor(FactorDraft { minimum: "-1,234".into(), ..cohesion() }, FactorField::Minimum, decimals);
    check_factor(FactorDraft { minimum: "1,234,000".into(), ..cohesion() }, FactorField::Minimum, "write 1234000");
    check_factor(FactorDraft { minimum: "0,500".into(), ..cohesion() }, FactorField::Minimum, "write a point");
    check_factor(FactorDraft { maximum: "inf".into(), ..cohesion() }, FactorField::Maximum, "isn't a number");
    check_factor(FactorDraft { minimum: "clay".into(), ..cohesion() }, FactorField::Minimum, "for texts take the kind");
    check_factor(FactorDraft { minimum: "0".into(), ..kind(FactorKind::LogRange) }, FactorField::Minimum, "above 0");
    check_factor(
        FactorDraft { minimum: "1.5".into(), ..kind(FactorKind::Integers) },
        FactorField::Minimum,
        "whole number",
    );
    check_factor(FactorDraft { count: "0".into(), ..cohesion() }, FactorField::Count, "no vector length from 1");
    check_factor(kind(FactorKind::Levels), FactorField::Levels, "no level");
    check_factor(
        FactorDraft { levels: "1, a".into(), ..kind(FactorKind::Levels) },
        FactorField::Levels,
        "`a` isn't a number",
    );
    check_factor(FactorDraft { levels: "a, b, a".into(), ..kind(FactorKind::Choices) }, FactorField::Levels, "twice");
    for quoted in [r#""clay", "silt""#, "clay, 'silt'"] {
        let choices = FactorDraft { levels: quoted.into(), ..kind(FactorKind::Choices) };
        check_factor(choices, FactorField::Levels, "the quotes would be a part of the text: write ");
    }
    check_factor(kind(FactorKind::Fixed), FactorField::Value, "is needed here");
    let seed = "18446744073709551616".to_owned();
    check_factor(FactorDraft { value: seed.clone(), ..kind(FactorKind::Fixed) }, FactorField::Value, "64 bits");
    check_factor(
        FactorDraft { levels: format!("1, -{seed}"), ..kind(FactorKind::Levels) },
        FactorField::Levels,
        "64 bits",
    );
}

#[test]
fn a_number_that_may_be_meant_as_thousands_is_said_as_it_is_understood() {
    let told = |kind, minimum: &str, maximum: &str| {
        FactorDraft { kind, minimum: minimum.into(), maximum: maximum.into(), ..cohesion() }.understood()
    };
    let both = ["The minimum -1.250 is -1.25", "The maximum 200.000 is 200"];
    assert_eq!(told(FactorKind::Range, "-1.250", " 200.000 "), both);
    assert_eq!(told(FactorKind::Integers, "1", "20.000"), ["The maximum 20.000 is 20"]);
    for plain in ["0.500", "200.00", "200.125", "2000.000", "2e3", "200000", "1.0e0", ""] {
        assert_eq!(told(FactorKind::LogRange, plain, "1"), [""; 0], "{plain}");
    }
    assert_eq!(told(FactorKind::Fixed, "1.000", "2.000"), [""; 0]);
}

#[test]
fn every_other_field_says_what_is_wrong_with_it() {
    let twice = DesignDraft { factors: vec![cohesion(), cohesion()], ..draft() };
    check(&twice, FormPlace::Factor(1, FactorField::Name), "two factors are named");
    check(&DesignDraft { factors: Vec::new(), ..draft() }, FormPlace::Factors, "no factor");
    check(&DesignDraft { cases: "0".into(), ..draft() }, FormPlace::Cases, "at least one");
    check(&DesignDraft { cases: "many".into(), ..draft() }, FormPlace::Cases, "no whole number");
    check(&DesignDraft { cases: "1,000,001".into(), ..draft() }, FormPlace::Cases, "lower its size, or split it");
    let levels = |first: &str, last: &str| DesignDraft {
        sized_by: SizedBy::Levels,
        first_level: first.into(),
        last_level: last.into(),
        ..draft()
    };
    check(&levels("4", "3"), FormPlace::Levels, "above the last");
    check(&levels("3", "99999999"), FormPlace::Levels, "lower its size");
    check(
        &DesignDraft { method: SamplingMethod::FullGrid, steps: "1".into(), ..draft() },
        FormPlace::Steps,
        "at least 2",
    );
    check(
        &DesignDraft { method: SamplingMethod::FullGrid, steps: "100".into(), ..draft() },
        FormPlace::Steps,
        "10,000,000,000 cases",
    );
    check(&DesignDraft { seed: "-1".into(), ..draft() }, FormPlace::Seed, "no whole number");
    check(&DesignDraft { replicates: "0".into(), ..draft() }, FormPlace::Replicates, "at least one");
    check(&DesignDraft { replicates: "100000".into(), ..draft() }, FormPlace::Replicates, "lower its size");
    check(&DesignDraft { model: String::new(), ..draft() }, FormPlace::Model, "choose the model file");
    check(&DesignDraft { batch: String::new(), ..draft() }, FormPlace::Batch, "name the batch");
    check(&DesignDraft { batch: "../x".into(), ..draft() }, FormPlace::Batch, "can't be a part");
    check(&DesignDraft { max_attempts: "0".into(), ..draft() }, FormPlace::MaxAttempts, "at least one attempt");
    check(&DesignDraft { time_limit_minutes: "soon".into(), ..draft() }, FormPlace::TimeLimit, "no number of minutes");
}

#[test]
fn all_complaints_are_made_at_once() {
    let empty = DesignDraft::default().read().unwrap_err();
    assert!(empty.len() >= 4, "{empty:?}");
}

#[test]
fn a_preview_needs_neither_model_nor_batch() {
    let draft = DesignDraft { model: String::new(), batch: String::new(), ..draft() };
    assert!(draft.points().is_ok());
}

#[test]
fn a_table_needs_no_factor() {
    let draft = DesignDraft { source: PointsSource::Table, factors: vec![FactorDraft::default()], ..draft() };
    assert_eq!(draft.read().unwrap().sampler, Sampler::Table);
}

#[test]
fn a_design_file_comes_back_from_its_draft() {
    for sampler in [
        r#"{"kind":"latin_hypercube","levels":[3,6]}"#,
        r#"{"kind":"latin_hypercube","cases":10,"optimised":"maximin","doublings":2}"#,
        r#"{"kind":"sobol","cases":8,"scrambled":false}"#,
        r#"{"kind":"halton","cases":8,"scrambled":true}"#,
        r#"{"kind":"random","cases":8}"#,
        r#"{"kind":"full_grid","steps":3}"#,
        r#"{"kind":"one_at_a_time","steps":3}"#,
    ] {
        let json = format!(
            r#"{{"batch": "a/b", "model": {{"file": "m.py", "kind": "python"}}, "seed": 7, "replicates": 2, "max_attempts": 4,
                "time_limit_secs": 90, "force": true, "sampler": {sampler},
                "factors": [{{"name": "c", "count": 2, "minimum": 50000.5, "maximum": 5e5, "unit": "Pa", "note": "top"}},
                            {{"name": "k", "minimum": 1e-9, "maximum": 1e-4, "scale": "log"}},
                            {{"name": "n", "minimum": 1, "maximum": 3, "integer": true}},
                            {{"name": "a", "levels": [1, 2.5]}},
                            {{"name": "seed", "levels": [4611686018427387905, 18446744073709551615]}},
                            {{"name": "key", "value": 9223372036854775808}}, {{"name": "s", "levels": ["clay", true]}},
                            {{"name": "w", "value": 2}}, {{"name": "d", "value": [0, 0.5]}}]}}"#
        );
        let file: DesignFile = serde_json::from_str(&json).unwrap();
        assert_eq!(DesignDraft::of(&file).read(), Ok(file));
    }
}

#[test]
fn a_draft_that_was_kept_comes_back() {
    let json = serde_json::to_vec(&draft()).unwrap();
    assert_eq!(serde_json::from_slice::<DesignDraft>(&json).unwrap(), draft());
    assert_eq!(serde_json::from_slice::<DesignDraft>(b"{}").unwrap(), DesignDraft::default(), "of an earlier version");
}

#[test]
fn every_value_of_a_design_file_comes_back_from_its_draft() {
    for json in [
        r#"{"name": "a", "value": "5"}"#,
        r#"{"name": "a", "value": 5}"#,
        r#"{"name": "a", "value": 5.0}"#,
        r#"{"name": "a", "value": "true"}"#,
        r#"{"name": "a", "value": "wet, or dry"}"#,
        r#"{"name": "a", "value": ""}"#,
        r#"{"name": "a", "value": "[1"}"#,
        r#"{"name": "a", "value": [0.5]}"#,
        r#"{"name": "a", "value": [0, "x", 1.5]}"#,
        r#"{"name": "a", "levels": [1, 2.5]}"#,
        r#"{"name": "a", "levels": ["1", "2"]}"#,
        r#"{"name": "a", "levels": [1, "fine"]}"#,
        r#"{"name": "a", "levels": [true, "true"]}"#,
        r#"{"name": "a", "levels": ["sand, wet", "clay"]}"#,
    ] {
        let factor = serde_json::from_str(json).unwrap();
        let draft = FactorDraft::of(&factor);
        assert_eq!(draft.read(), Ok(factor), "{json} as {draft:?}");
    }
    assert_eq!(FactorDraft::of(&serde_json::from_str(r#"{"name": "a", "value": [0, 1]}"#).unwrap()).value, "0, 1");
}

#[test]
fn a_wrong_constraint_and_a_wrong_level_are_told_where_they_stand() {
    let constraints = vec!["cohesion_array[0] < 1e5".into(), " cohesion_array[1]<friction ".into()];
    check(&DesignDraft { constraints, ..draft() }, FormPlace::Constraint(1), "no factor `friction`");
    let levels = DesignDraft { sized_by: SizedBy::Levels, first_level: "x".into(), ..draft() };
    check(&levels, FormPlace::FirstLevel, "no whole number");
}

#[test]
fn what_is_hidden_beside_a_table_does_not_count() {
    let draft = DesignDraft { source: PointsSource::Table, seed: "x".into(), replicates: "3".into(), ..draft() };
    assert_eq!(draft.read().unwrap().replicates, 1);
}

#[test]
fn a_design_is_saved_as_far_as_it_stands_there() {
    let unsent = DesignDraft { model: String::new(), batch: "a b".into(), time_limit_minutes: "2".into(), ..draft() };
    assert!(unsent.read().is_err());
    let saved = unsent.saved().unwrap();
    assert_eq!((saved.max_attempts, saved.time_limit_secs), (3, Some(120.0)));
    assert_eq!(draft().saved(), draft().read(), "all of it, if all is right");
    assert!(DesignDraft { cases: "0".into(), ..draft() }.saved().is_err());
}

#[test]
fn a_factor_is_renamed_wherever_it_stands() {
    let constraints = vec![
        "cohesoin[0] <= 2*cohesoin[1]".to_owned(),
        "my_cohesoin < cohesoin2 + cohesoin".to_owned(),
        "é≤cohesoin".to_owned(),
        String::new(),
    ];
    let misspelt = FactorDraft { name: " cohesoin ".into(), ..cohesion() };
    let mut draft = DesignDraft { factors: vec![FactorDraft::named("depth"), misspelt], constraints, ..draft() };
    draft.rename_factor("cohesoin", "cohesion");
    assert_eq!(draft.factors.iter().map(|factor| factor.name.as_str()).collect::<Vec<_>>(), ["depth", "cohesion"]);
    let expected = ["cohesion[0] <= 2*cohesion[1]", "my_cohesoin < cohesoin2 + cohesion", "é≤cohesion", ""];
    assert_eq!(draft.constraints, expected);
}

#[test]
fn a_whole_number_may_be_written_with_an_exponent() {
    let factor = FactorDraft {
        kind: FactorKind::Integers,
        minimum: "-1e3".into(),
        maximum: "2e6".into(),
        count: "2.0".into(),
        ..cohesion()
    };
    let read = factor.read().unwrap();
    assert_eq!((read.values, read.count), (FactorValues::Integers { minimum: -1_000, maximum: 2_000_000 }, Some(2)));
    let file =
        DesignDraft { cases: "1.6e3".into(), seed: "1e18".into(), replicates: "2e0".into(), ..draft() }.read().unwrap();
    assert_eq!((file.check(), file.seed), (Ok(3_200), 1_000_000_000_000_000_000));
    check(&DesignDraft { cases: "1.55e1".into(), ..draft() }, FormPlace::Cases, "no whole number");
    // In a list it stays a float, as in Python.
    let levels = FactorDraft { kind: FactorKind::Levels, levels: "2e6".into(), ..cohesion() };
    assert_eq!(levels.read().unwrap().values, FactorValues::Levels(vec![ParameterValue::Number(2e6)]));
}

#[test]
fn a_number_of_cases_is_that_of_the_design_also_after_it_was_doubled() {
    let mut draft = DesignDraft { cases: "20".into(), doublings: "1".into(), ..draft() };
    assert_eq!(draft.read().unwrap().check(), Ok(40));
    draft.set_cases("24".into());
    assert_eq!(draft.read().unwrap().check(), Ok(24));
}

#[test]
fn choices_without_commas_are_said_to_be_one() {
    let understood =
        |levels: &str| FactorDraft { kind: FactorKind::Choices, levels: levels.into(), ..cohesion() }.understood();
    assert_eq!(understood("clay sand silt"), ["This is one choice, `clay sand silt`: choices are separated by commas"]);
    assert_eq!((understood("clay, soft sand"), understood("clay")), (vec![], vec![]));
}

#[test]
fn the_script_that_combines_stays_with_the_draft_and_goes_with_the_design() {
    let code = "def combine(files, output):\n    pass\n";
    let script = |text: Option<&str>, extension: Option<&str>| CombineFile {
        file: "combine.py".into(),
        text: text.map(str::to_owned),
        of: CombinedInputs::Files,
        file_extension: extension.map(str::to_owned),
    };
    let with = |combine: CombineFile| DesignDraft { combine: Some(combine), ..draft() };
    let file = with(script(Some(code), Some(" .csv "))).read().unwrap();
    assert_eq!(file.combine.as_deref(), Some(&script(Some(code), Some("csv"))));
    assert_eq!(DesignDraft::of(&file).combine.as_ref(), file.combine.as_deref());
    let kept = serde_json::to_string(&DesignDraft::of(&file)).unwrap();
    assert_eq!(serde_json::from_str::<DesignDraft>(&kept).unwrap().combine.as_ref(), file.combine.as_deref());
    check(&with(script(None, Some("csv"))), FormPlace::Combine, "choose combine.py again");
    check(&with(script(Some(code), Some(" "))), FormPlace::Combine, "doesn't say what the file's name ends with");
    // It is saved as it stands.
    assert!(with(script(None, None)).saved().unwrap().combine.is_some());
}
