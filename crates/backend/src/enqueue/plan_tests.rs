use cruncher_study::design::ModelFile;
use cruncher_study::isolation::CaseIsolation;
use cruncher_study::model::ModelKind;

use super::*;
use crate::testing::{design, submission};

fn plan(json: &str) -> Result<EnqueuePlan, EnqueueError> {
    EnqueuePlan::new(&design(json), b"model", &submission())
}

#[test]
fn the_bound_is_above_every_message_and_not_far_above() {
    let plan = plan(
        r#"[{"name": "a", "count": 3, "minimum": -1e300, "maximum": 1e-300}, {"name": "n", "minimum": -9000000000000000000,
            "maximum": 9000000000000000000, "integer": true}, {"name": "l", "levels": ["clay", "so \"called\" sand", true]},
            {"name": "f", "value": [1, 2.5, "x"]}]"#,
    );
    let plan = plan.unwrap();
    for place in 0..plan.len() {
        let size_bytes = plan.message(place).body().len();
        assert!(size_bytes <= plan.longest_bytes() && size_bytes + 150 > plan.longest_bytes(), "{size_bytes}");
    }
}

#[test]
fn a_case_that_is_too_large_is_named_by_its_number() {
    let fixed = |length: usize| {
        format!(r#"[{{"name": "a", "minimum": 0, "maximum": 1}}, {{"name": "t", "value": "{}"}}]"#, "x".repeat(length))
    };
    assert!(plan(&fixed(260_000)).is_ok());
    let error = plan(&fixed(MAX_MESSAGE_BYTES)).unwrap_err();
    assert!(matches!(error, EnqueueError::CaseTooLarge { number: 1, size_bytes } if size_bytes > MAX_MESSAGE_BYTES));
    let text = "x".repeat(MAX_MESSAGE_BYTES);
    let levels = format!(r#"[{{"name": "a", "minimum": 0, "maximum": 1}}, {{"name": "t", "levels": ["{text}", 0]}}]"#);
    let mut file = design(&levels);
    file.sampler = serde_json::from_str(r#"{"kind": "full_grid", "steps": 2}"#).unwrap();
    let too_large = EnqueuePlan::new(&file, b"model", &submission()).unwrap_err();
    assert!(matches!(too_large, EnqueueError::CaseTooLarge { .. }), "{too_large}");
}

#[test]
fn a_file_name_that_can_not_be_in_a_key_is_refused() {
    for (name, expected) in [
        ("footing.py", true),
        ("my model (2).py", true),
        ("modèle.py", true),
        ("", false),
        ("..", false),
        ("a/b.py", false),
        ("a\\b.py", false),
        ("a\nb", false),
    ] {
        let mut file = design(r#"[{"name": "a", "minimum": 0, "maximum": 1}]"#);
        file.model = ModelFile { file: name.to_owned(), kind: ModelKind::Python, text: None };
        assert_eq!(EnqueuePlan::new(&file, b"model", &submission()).is_ok(), expected, "{name}");
    }
}

#[test]
fn the_digest_knows_cases_and_settings_but_not_the_submission() {
    let file = design(r#"[{"name": "a", "minimum": 0, "maximum": 1}]"#);
    let of = |file: &DesignFile, model: &[u8], submission: &Submission| {
        let plan = EnqueuePlan::new(file, model, submission).unwrap();
        (plan.digest().to_owned(), plan.key("bucket"))
    };
    let first = of(&file, b"model", &submission());
    assert_eq!((first.0.len(), first.1.len()), (64, 32));
    assert_eq!(of(&file, b"model", &Submission { id: "1".repeat(16), ..submission() }), first);
    assert_ne!(of(&file, b"another", &submission()), first);
    assert_ne!(of(&DesignFile { seed: 2, ..file.clone() }, b"model", &submission()), first);
    assert_ne!(of(&DesignFile { max_attempts: 1, ..file.clone() }, b"model", &submission()), first);
    assert_ne!(of(&DesignFile { isolation: CaseIsolation::Case, ..file.clone() }, b"model", &submission()), first);
    // That of a plan from before there was isolation: its sending goes on.
    assert_eq!(first.0, "3ece89965b22ca88b747ec00bf1d49df88cc4e6bd01324825c67dbd5d0010073");
    let elsewhere = EnqueuePlan::new(&file, b"model", &submission()).unwrap().key("another");
    assert_ne!(elsewhere, first.1);
}

#[test]
fn more_attempts_than_the_queue_hands_a_case_out_are_refused() {
    let plan = plan(r#"[{"name": "a", "minimum": 0, "maximum": 1}]"#).unwrap();
    for max_receives in [None, Some(3), Some(4)] {
        assert!(plan.check_attempts(max_receives).is_ok(), "{max_receives:?}");
    }
    let error = plan.check_attempts(Some(2)).unwrap_err().to_string();
    assert!(error.starts_with("a case is handed out 2 times at most in this study, which is too few for 3"), "{error}");
}

#[test]
fn places_know_their_levels() {
    let plan = crate::testing::levelled_plan();
    let levels: Vec<u32> = (0..plan.len()).map(|place| plan.level_of(place)).collect();
    assert_eq!(levels, [1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3]);
}

#[test]
fn commands_that_can_not_be_started_are_refused_before_anything_is_written() {
    let file = |document: &str| {
        let json = format!(
            r#"{{"batch": "b", "model": {document}, "sampler": {{"kind": "table"}},
                "table": {{"columns": [{{"name": "command"}}], "rows": [["a b"], ["a 'b"]]}}}}"#
        );
        serde_json::from_str::<DesignFile>(&json).unwrap()
    };
    let plan = |document: &str| {
        let file = file(document);
        let model = file.model.text.clone().unwrap();
        EnqueuePlan::new(&file, model.as_bytes(), &submission()).map(|plan| plan.document().model.clone())
    };
    let error = plan(r#"{"kind": "command_line", "command": "{{command}}"}"#).unwrap_err();
    assert!(matches!(error, EnqueueError::Command { number: 2, .. }), "{error}");
    let model = plan(r#"{"kind": "command_line", "command": "sh -c {{command}}"}"#).unwrap();
    assert!(model.key.ends_with("/model.json") && model.kind == ModelKind::CommandLine, "{model:?}");
    let error =
        EnqueuePlan::new(&file(r#"{"kind": "command_line", "command": "a"}"#), b"{}", &submission()).unwrap_err();
    assert!(matches!(error, EnqueueError::ModelDocument(_)), "{error}");
}
