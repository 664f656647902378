use super::*;
use crate::cases::DesignCases;
use crate::design_document::{DesignDocument, Submission};
use crate::model::{ModelDigest, ModelReference};

fn file(more: &str) -> DesignFile {
    let json = format!(
        r#"{{"batch": "b", "model": {{"file": "m.py", "kind": "python"}}, "seed": 1,
            "factors": [{{"name": "c", "count": 5, "minimum": 50000.0, "maximum": 500000.0, "unit": "Pa"}},
                        {{"name": "width", "minimum": 1, "maximum": 2}}], {more}}}"#
    );
    serde_json::from_str(&json).unwrap()
}

fn levels(first: u32, last: u32) -> DesignFile {
    file(&format!(r#""sampler": {{"kind": "latin_hypercube", "levels": [{first}, {last}]}}"#))
}

fn cases(file: &DesignFile) -> DesignCases {
    DesignCases::of(file.design().unwrap(), &ModelDigest::of(b"model"), file.replicates)
}

#[test]
fn a_design_file_is_read_back() {
    let file = file(
        r#""sampler": {"kind": "sobol", "cases": 8}, "constraints": ["c[0] <= c[1]"], "replicates": 2, "time_limit_secs": 60.0"#,
    );
    let again: DesignFile = serde_json::from_slice(&serde_json::to_vec(&file).unwrap()).unwrap();
    assert_eq!(again, file);
}

#[test]
fn cases_of_a_level_stand_together_by_pool() {
    let file = file(
        r#""sampler": {"kind": "table"}, "table": {"columns": [{"name": "c", "count": 5}, {"name": "width"}],
           "rows": [[[1, 1, 1, 1, 1], 1], [[1, 1, 1, 1, 1], 2], [[1, 1, 1, 1, 1], 3], [[1, 1, 1, 1, 1], 4]],
           "levels": [1, 1, 1, 0], "pools": ["gpu", null, "gpu", "cpu"]}"#,
    );
    let all = cases(&file);
    let found: Vec<_> = all.iter().map(|case| (case.level, case.pool.map(String::from))).collect();
    let gpu = || Some("gpu".to_owned());
    assert_eq!(found, [(0, Some("cpu".to_owned())), (1, None), (1, gpu()), (1, gpu())]);
    assert_eq!((all.row(0), all.row(2), all.have_pools()), (4, 1, true));
    let twice = DesignFile { pool: Pool::parse("cpu").ok(), ..file };
    assert_eq!(twice.check(), Err(DesignError::PoolTwice));
    let sampled = DesignFile { pool: Pool::parse("cpu").ok(), ..levels(1, 2) };
    assert!(cases(&sampled).iter().all(|case| case.pool == Pool::parse("cpu").ok()));
    let ids = |file: &DesignFile| cases(file).iter().map(|case| case.case_id).collect::<Vec<_>>();
    assert_eq!(ids(&sampled), ids(&levels(1, 2)), "a pool is no input");
}

#[test]
fn the_same_design_has_the_same_cases_next_time() {
    assert_eq!(cases(&levels(2, 3)), cases(&levels(2, 3)));
    let other = DesignCases::of(levels(2, 3).design().unwrap(), &ModelDigest::of(b"other"), 1);
    assert_ne!(cases(&levels(2, 3)).case_id(0), other.case_id(0), "another model makes other cases");
}

#[test]
fn replicates_are_cases_of_their_own() {
    let three = DesignFile { replicates: 3, ..levels(2, 2) };
    assert_eq!(three.check(), Ok(12));
    let cases = cases(&three);
    assert_eq!((cases.len(), cases.duplicates()), (12, 0));
    assert_eq!(cases.iter().map(|case| case.replicate).take(4).collect::<Vec<_>>(), [0, 1, 2, 0]);
    assert_eq!(cases.case(0).parameters, cases.case(2).parameters);
}

#[test]
fn a_point_that_comes_twice_is_one_case() {
    let json = r#"{"batch": "b", "model": {"file": "m.py", "kind": "python"},
        "factors": [{"name": "n", "minimum": 1, "maximum": 2, "integer": true}],
        "sampler": {"kind": "latin_hypercube", "levels": [1, 3]}}"#;
    let cases = cases(&serde_json::from_str(json).unwrap());
    assert_eq!((cases.len(), cases.duplicates()), (2, 12));
    assert_eq!(cases.levels().len(), 1, "all of them in the first level");
}

#[test]
fn points_that_do_not_meet_the_constraints_are_left_out() {
    let all = file(r#""sampler": {"kind": "sobol", "cases": 512}"#);
    let some =
        DesignFile { constraints: vec![serde_json::from_str(r#""c[0] + 1e5*width <= c[1]""#).unwrap()], ..all.clone() };
    let (all, some) = (all.design().unwrap(), some.design().unwrap());
    assert_eq!(some.len() as u64 + some.left_out(), 512);
    let meets = |design: &DesignPoints, row: usize| {
        let parameters = design.parameters(row);
        let ParameterValue::List(c) = &parameters["c"] else { panic!("a vector") };
        let number = |value: &ParameterValue| value.as_number().unwrap();
        number(&c[0]) + 1e5 * number(&parameters["width"]) <= number(&c[1])
    };
    assert!((0..some.len()).all(|row| meets(&some, row)));
    assert_eq!((0..all.len()).filter(|row| meets(&all, *row)).count(), some.len());
}

#[test]
fn a_design_that_can_not_become_cases_says_why() {
    let check = |file: DesignFile| file.check().unwrap_err().to_string();
    let constrained = |text: &str| DesignFile {
        constraints: vec![serde_json::from_str(&format!("{text:?}")).unwrap()],
        ..levels(0, 1)
    };
    for (file, reason) in [
        (levels(4, 3), "the first level, 4, is above the last, 3"),
        (levels(3, 19), "more than 1,000,000"),
        (DesignFile { factors: Vec::new(), ..levels(0, 1) }, "the design has no factor"),
        (DesignFile { max_attempts: 0, ..levels(0, 1) }, "at least one attempt"),
        (DesignFile { replicates: 0, ..levels(0, 1) }, "at least one"),
        (DesignFile { replicates: 1_000_000, ..levels(0, 1) }, "more than 1,000,000"),
        (DesignFile { time_limit_secs: Some(0.0), ..levels(0, 1) }, "the time limit is 0 s"),
        (constrained("depth <= 3"), "`depth"),
        (constrained("c <= 3"), "`c"),
    ] {
        let error = check(file);
        assert!(error.contains(reason), "{reason}: {error}");
    }
    assert_eq!(constrained("width >= 3").design(), Err(DesignError::NothingLeft));
}

#[test]
fn an_imported_table_is_a_design() {
    let json = r#"{"batch": "b", "model": {"file": "m.py", "kind": "python"},
        "factors": [{"name": "c", "unit": "Pa"}, {"name": "width", "value": 2.0}], "sampler": {"kind": "table"},
        "table": {"columns": [{"name": "soil"}, {"name": "c", "count": 2}],
                  "rows": [["clay", [1.0, 2.0]], ["sand", [3.0, 4]]], "levels": [4, 3]}}"#;
    let file: DesignFile = serde_json::from_str(json).unwrap();
    let cases = cases(&file);
    let first = cases.case(0);
    assert_eq!((first.level, &first.parameters["soil"]), (3, &ParameterValue::Text("sand".into())), "levels in order");
    assert_eq!(
        first.parameters["c"],
        ParameterValue::List(vec![ParameterValue::Number(3.0), ParameterValue::Integer(4)])
    );
    assert_eq!(first.parameters["width"], ParameterValue::Number(2.0), "fixed factors apply to every row");
    assert_eq!(cases.design().factors()[1].unit, "Pa");
    let without = DesignFile { table: None, ..file.clone() };
    assert_eq!(without.check(), Err(SamplerError::NoTable.into()));
    let table = file.table.clone().unwrap();
    let mut ragged = table.clone();
    ragged.rows[1].pop();
    let wrong =
        |table: ImportedTable| DesignFile { table: Some(table), ..file.clone() }.check().unwrap_err().to_string();
    assert_eq!(wrong(ragged), "row 2 of the design's table: it has 1 value for 2 columns");
    let short = ImportedTable { levels: Some(vec![1]), ..table.clone() };
    assert_eq!(wrong(short), "row 2 of the design's table: it has no level: `levels` has one for each row");
    for (column, value, why) in [
        (0, ParameterValue::List(vec![]), "`soil` is a list, but the column has no `count`"),
        (1, ParameterValue::List(vec![ParameterValue::Integer(1)]), "`c` has 1 component instead of 2"),
        (
            1,
            ParameterValue::Number(0.5),
            "`c` is a single value, but the column has `\"count\": 2`: write a list of 2 in brackets",
        ),
    ] {
        let mut table = table.clone();
        table.rows[0][column] = value;
        assert_eq!(wrong(table), format!("row 1 of the design's table: {why}"));
    }
}

#[test]
fn what_was_submitted_says_all_that_the_design_file_says() {
    let file = file(r#""sampler": {"kind": "latin_hypercube", "levels": [3, 6]}, "force": true, "max_attempts": 5"#);
    let submission = Submission { id: "00f1e2d3c4b5a697".into(), time: 1.0, by: "me".into() };
    let model = ModelReference::new(&ModelDigest::of(b"model"), "m.py", ModelKind::Python);
    let cases = cases(&file);
    let document = DesignDocument::new(&file, &cases, model, &submission);
    let sizes: Vec<_> = document.levels.iter().map(|size| (size.level, size.cases)).collect();
    assert_eq!(sizes, [(3, 8), (4, 16), (5, 32), (6, 64)]);
    let again: DesignDocument = serde_json::from_slice(&serde_json::to_vec(&document).unwrap()).unwrap();
    assert_eq!(again, document);
    assert!(document.message(cases.case(0)).force);
}

#[test]
fn a_factor_without_values_is_refused_where_no_table_has_them() {
    let misspelt = serde_json::from_str::<Factor>(r#"{"name": "friction", "min": 20, "max": 40}"#);
    assert!(misspelt.unwrap_err().to_string().contains("unknown field `min`"));
    let mut file = levels(1, 2);
    file.factors.push(serde_json::from_str(r#"{"name": "friction"}"#).unwrap());
    let error = file.check().unwrap_err();
    assert_eq!(error, FactorError::NoValues("friction".to_owned()).into());
    assert_eq!(
        error.to_string(),
        "`friction` has no values: give it `minimum` and `maximum`, or `levels`, or a `value`"
    );
}

#[test]
fn a_vector_that_no_table_can_have_is_refused_whatever_its_values() {
    for values in [r#""minimum": 0, "maximum": 1"#, r#""value": 1"#] {
        let mut file = levels(1, 2);
        let factor = format!(r#"{{"name": "x", "count": 1000000000, {values}}}"#);
        file.factors.push(serde_json::from_str(&factor).unwrap());
        let error = file.check().unwrap_err();
        assert!(matches!(error, DesignError::Sampler(SamplerError::TooManyComponents { .. })), "{error}");
    }
}

#[test]
fn a_replicate_beyond_all_numbers_is_named() {
    let file = |replicate: u32, replicates| {
        let json = format!(
            r#""sampler": {{"kind": "table"}}, "replicates": {replicates}, "table": {{"columns": [{{"name": "x"}}],
            "rows": [[1.0], [2.0]], "replicates": [0, {replicate}]}}"#
        );
        DesignFile { factors: Vec::new(), ..file(&json) }
    };
    assert_eq!(file(1_000_000, 2).check(), Ok(4));
    assert_eq!(cases(&file(1_000_000, 2)).case(3).replicate, 2_000_001);
    for (replicate, replicates) in [(u32::MAX, 1), (1 << 31, 2), (5, 1 << 30)] {
        assert_eq!(file(replicate, replicates).check(), Err(DesignError::Replicate { row: 2, replicate }));
    }
    let unchecked = file(u32::MAX, 1);
    let design = DesignPoints::listed(unchecked.all_factors().unwrap(), unchecked.table.as_ref().unwrap());
    let all = DesignCases::of(design, &ModelDigest::of(b"model"), 1);
    assert_eq!(all.case(1).replicate, u32::MAX, "a table in the bucket may have it");
}

#[test]
fn a_grid_has_the_values_that_somebody_would_type() {
    let json = r#"{"batch": "b", "model": {"file": "m.py", "kind": "python"}, "sampler": {"kind": "full_grid", "steps": 9},
        "factors": [{"name": "porosity", "count": 1, "minimum": 0.1, "maximum": 0.9}], "constraints": ["porosity[0] >= 0.3"]}"#;
    let sampled = cases(&serde_json::from_str(json).unwrap());
    let typed = (3..=9).map(|tenth| format!("[[0.{tenth}]]")).collect::<Vec<_>>().join(", ");
    let json = format!(
        r#"{{"batch": "b", "model": {{"file": "m.py", "kind": "python"}}, "sampler": {{"kind": "table"}},
            "table": {{"columns": [{{"name": "porosity", "count": 1}}], "rows": [{typed}]}}}}"#
    );
    let typed = cases(&serde_json::from_str(&json).unwrap());
    let ids = |cases: &DesignCases| cases.iter().map(|case| case.case_id).collect::<Vec<_>>();
    assert_eq!(ids(&sampled), ids(&typed), "the same values are the same cases, and a constraint sees them");
}

#[test]
fn a_command_line_stands_in_a_design_as_its_document() {
    let design = |model: &str| {
        let json = format!(
            r#"{{"batch": "b", "model": {model}, "factors": [{{"name": "seed", "minimum": 1, "maximum": 9, "integer": true}}],
                "sampler": {{"kind": "random", "cases": 3}}}}"#
        );
        serde_json::from_str::<DesignFile>(&json)
    };
    let file = design(r#"{"kind": "command_line", "command": "run {{seed}}", "result": {"file": "r.csv"}}"#).unwrap();
    assert_eq!((file.model.file.as_str(), file.model.kind), ("model.json", ModelKind::CommandLine));
    let text = r#"{"command":"run {{seed}}","kind":"command_line","result":{"file":"r.csv","row":"last"},"v":1}"#;
    assert_eq!(file.model.text.as_deref(), Some(text));
    let again: DesignFile = serde_json::from_str(&serde_json::to_string(&file).unwrap()).unwrap();
    assert_eq!(again, file);
    assert!(serde_json::to_string(&file).unwrap().contains(r#""command":"run {{seed}}""#));
    for (model, words) in [
        (r#"{"kind": "command_line"}"#, "its model has no `command`"),
        (r#"{"kind": "command_line", "command": ""}"#, "its model: `command` is missing or empty"),
        (r#"{"kind": "command_line", "command": "a", "file": "a.py"}"#, "needs neither `file` nor `text`"),
        (r#"{"kind": "python"}"#, "its model has no `file`"),
    ] {
        let error = design(model).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}
