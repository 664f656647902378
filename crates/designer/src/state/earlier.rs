//! Descriptions of designs that were submitted earlier.

use cruncher_study::design_document::DesignDocument;
use cruncher_study::number_format::{counted, thousands};
use cruncher_study::versions::version_numbers;

/// Describes a design in a list: `5 cases of a design of 24 · slope.py version 2`. `designs` are all that were submitted, in
/// any order.
pub(crate) fn facts(design: &DesignDocument, designs: &[DesignDocument]) -> String {
    let cases = counted(cases(design), "case", "cases");
    let whole = whole(design).map(|whole| format!(" of a design of {}", thousands(whole))).unwrap_or_default();
    let version = version(design, designs).map(|number| format!(" version {number}")).unwrap_or_default();
    format!("{cases}{whole} · {}{version}", design.model.label())
}

/// Describes the cases of other versions of the model in a batch; `None` if there are none. `designs` are all that were
/// submitted, and `design` is the one that is to be.
pub(crate) fn of_other_models(design: &DesignDocument, designs: &[DesignDocument]) -> Option<String> {
    let is_other = |other: &&DesignDocument| other.batch == design.batch && other.model.key != design.model.key;
    let others: Vec<&DesignDocument> = designs.iter().filter(is_other).collect();
    let (first, more) = others.split_first()?;
    // Designs share cases: the number of cases is known only if there is a single design.
    let (cases, stay) = match (more.is_empty(), cases(first)) {
        (true, 1) => ("1 case".to_owned(), "stays"),
        (true, count) => (counted(count, "case", "cases"), "stay"),
        (false, _) => ("Cases".to_owned(), "stay"),
    };
    let name = design.model.file_name();
    let is_of_same_name = others.iter().all(|other| other.model.file_name() == name);
    let is_one_model = others.iter().all(|other| other.model.key == first.model.key);
    let of = match (is_of_same_name, is_one_model) {
        (true, true) => format!("an earlier {name}"),
        (true, false) => format!("earlier versions of {name}"),
        (false, _) => "earlier models".to_owned(),
    };
    Some(format!("{cases} of {of} {stay} in this batch. {WITHDRAWN_LATER}."))
}

/// Advice on cases that stay.
const WITHDRAWN_LATER: &str = "After sending, they can be withdrawn on the Overview";

/// Describes the cases of other designs of the same model in a batch: `others` cases stay beside the `own` ones of the design
/// that is to be submitted, and `done` of them are done. `None` if there are no others. It is meant for a batch without cases
/// of other models.
pub(crate) fn of_other_designs(others: u64, done: u64, own: u64) -> Option<String> {
    let stay =
        counted(others, "other case of this model stays in this batch", "other cases of this model stay in this batch");
    let all = thousands(others + own);
    let (done, extend) = match done {
        // Points without a result aren't worth keeping.
        0 => ("none".to_owned(), ""),
        done => (thousands(done), "; to keep them as a part of one design, open it by Earlier … and extend it instead"),
    };
    (others > 0).then(|| format!("{stay}, {done} of them done: {all} in all. {WITHDRAWN_LATER}{extend}."))
}

fn cases(design: &DesignDocument) -> u64 {
    design.levels.iter().map(|level| level.cases).sum()
}

/// Returns the number of cases that the design had before those that weren't sent were withdrawn; `None` if none were, or if
/// there are constraints, since the points that they leave out aren't known here.
fn whole(design: &DesignDocument) -> Option<u64> {
    let points = design.sampler?.points(&design.factors).ok()?;
    let whole = points.checked_mul(u64::from(design.replicates))?;
    (design.constraints.is_empty() && whole > cases(design)).then_some(whole)
}

/// Returns the version of a design's model, by number; `None` if the study has only one.
fn version(design: &DesignDocument, designs: &[DesignDocument]) -> Option<usize> {
    let name = design.model.file_name();
    let mut same_name: Vec<&DesignDocument> =
        designs.iter().filter(|other| other.model.file_name() == name && cases(other) > 0).collect();
    same_name.sort_by(|one, other| one.submit_time.total_cmp(&other.submit_time));
    let models: Vec<&str> = same_name.iter().map(|other| other.model.key.as_str()).collect();
    let numbers = version_numbers(models.iter().copied());
    let place = models.iter().position(|model| *model == design.model.key)?;
    numbers.iter().any(|number| *number > 1).then(|| numbers[place])
}

#[cfg(test)]
mod tests {
    use cruncher_study::constraint::Constraint;

    use super::*;

    fn design(batch: &str, model: &str, time: u32, cases: u32) -> DesignDocument {
        let json = serde_json::json!({
            "v": 1, "submission": "0123456789abcdef", "batch": batch, "submit_time": time, "max_attempts": 3,
            "model": {"key": format!("models/{model}"), "kind": "python"}, "levels": [{"level": 0, "cases": cases}],
            "factors": [{"name": "a", "minimum": 1.0, "maximum": 2.0}],
            "sampler": {"kind": "latin_hypercube", "cases": 12}, "replicates": 2,
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_design_is_named_with_its_version_and_its_whole_size() {
        let designs =
            [design("b", "11/slope.py", 3, 24), design("b", "00/slope.py", 2, 5), design("c", "00/slope.py", 1, 1)];
        let told = |index: usize| facts(&designs[index], &designs);
        assert_eq!(told(0), "24 cases · slope.py version 2");
        assert_eq!(told(1), "5 cases of a design of 24 · slope.py version 1");
        assert_eq!(told(2), "1 case of a design of 24 · slope.py version 1", "it is the same file");
        assert_eq!(facts(&designs[1], &designs[1..]), "5 cases of a design of 24 · slope.py", "there is only one");
        let constrained =
            DesignDocument { constraints: vec![Constraint::parse("a < 2").unwrap()], ..designs[1].clone() };
        assert_eq!(facts(&constrained, &designs), "5 cases · slope.py version 1");
    }

    #[test]
    fn cases_of_other_models_in_the_batch_are_told() {
        let now = design("b", "11/slope.py", 9, 24);
        let told = |designs: &[DesignDocument]| of_other_models(&now, designs);
        assert_eq!(told(&[design("b", "11/slope.py", 1, 5), design("c", "00/slope.py", 2, 5)]), None);
        let (five, one) = (design("b", "00/slope.py", 1, 5), design("b", "22/other.py", 2, 1));
        let expected =
            "5 cases of an earlier slope.py stay in this batch. After sending, they can be withdrawn on the Overview.";
        assert_eq!(told(std::slice::from_ref(&five)).as_deref(), Some(expected));
        let expected =
            "1 case of earlier models stays in this batch. After sending, they can be withdrawn on the Overview.";
        assert_eq!(told(std::slice::from_ref(&one)).as_deref(), Some(expected));
        let expected =
            "Cases of earlier models stay in this batch. After sending, they can be withdrawn on the Overview.";
        assert_eq!(told(&[five.clone(), one]).as_deref(), Some(expected));
        let expected = "Cases of earlier versions of slope.py stay in this batch. After sending, they can be withdrawn on the Overview.";
        assert_eq!(told(&[five, design("b", "33/slope.py", 2, 1)]).as_deref(), Some(expected));
    }

    #[test]
    fn other_designs_of_the_model_are_told_and_extended_only_where_something_is_done() {
        assert_eq!(of_other_designs(0, 0, 24), None);
        let failed = of_other_designs(5, 0, 64).unwrap();
        assert!(failed.starts_with("5 other cases of this model stay in this batch, none of them done: 69 in all."));
        assert!(!failed.contains("extend"), "{failed}");
        let done = of_other_designs(10, 8, 20).unwrap();
        assert!(done.contains("8 of them done: 30 in all.") && done.ends_with("extend it instead."), "{done}");
    }
}
