//! Texts of one line: names of objects, addresses of the page, constraints.

use cruncher_browser::state::route::{BatchChoice, Route};
use cruncher_legacy::{ALL_RUNS_KEY, LegacyComputer, LegacyFolder, LegacyKey, may_be_legacy};
use cruncher_study::batch::Batch;
use cruncher_study::case::CaseId;
use cruncher_study::constraint::{Constraint, NameShape};
use cruncher_study::key::{DataKey, WorkerKey};
use cruncher_study::model::ModelReference;
use cruncher_study::study_events::plain_line;

use super::{kind, said};

pub(super) fn key(input: &[u8]) -> String {
    let text = String::from_utf8_lossy(input);
    let data = DataKey::parse(&text);
    if let Some(key) = &data {
        assert_eq!(key.key(), text, "it is written otherwise");
    }
    let legacy = LegacyKey::parse(&text);
    if let Some(key) = &legacy {
        assert_eq!(LegacyKey::parse(&key.key()).as_ref(), Some(key), "it reads otherwise");
        assert!(may_be_legacy(&text) || text == ALL_RUNS_KEY);
        assert!(data.is_none(), "it is two things");
    }
    let batch = Batch::parse(&text);
    if let Ok(batch) = &batch {
        assert_eq!(batch.as_str(), text);
        let _ = LegacyFolder::of_batch(batch);
    }
    let case = CaseId::parse(&text);
    if let Ok(case) = case {
        assert_eq!(CaseId::parse(&case.to_string()).ok(), Some(case));
    }
    if let Some(case) = CaseId::from_uuid(&text) {
        assert_eq!(CaseId::from_uuid(&case.to_uuid()), Some(case));
    }
    if let Some(folder) = LegacyFolder::parse(&text) {
        let _ = (folder.batch(), folder.has_name());
    }
    let computer = LegacyComputer::parse(&text).map(|computer| computer.host().len().min(2));
    let model = ModelReference::parse_key(&text).map(|(_, file)| file.len().min(2));
    assert!(!plain_line(&text).contains(char::is_control), "a control character is shown");
    kind(&(
        data.is_some(),
        legacy.is_some(),
        WorkerKey::parse(&text).is_some(),
        batch.map(|_| ()),
        case,
        computer,
        model,
    ))
}

pub(super) fn route(input: &[u8]) -> String {
    let text = String::from_utf8_lossy(input);
    let route = Route::parse(&text);
    let written = route.to_string();
    assert_eq!(Route::parse(&written).to_string(), written, "it reads otherwise");
    let choice = BatchChoice::parse(&text);
    if let Some(field) = choice.field() {
        let value = field.strip_prefix("batch=").expect("it is a field");
        assert_eq!(BatchChoice::parse(value), choice, "it reads otherwise");
    }
    let with = choice.written_into(&text);
    kind(&(route.with("select", &text).is_empty(), written.contains('?'), Route::parse(&with).batches.one().is_some()))
}

pub(super) fn constraint(input: &[u8]) -> String {
    let constraint = match Constraint::parse(&String::from_utf8_lossy(input)) {
        Ok(constraint) => constraint,
        Err(error) => return said(&error),
    };
    let written = constraint.to_string();
    let again = Constraint::parse(&written).expect("what was written can be read");
    assert_eq!(again.to_string(), written, "it reads otherwise");
    let names = constraint.names().count();
    let checked = constraint.check(|name| (name.len() < 3).then_some(NameShape::Scalar));
    let bound = constraint.bind(|name, component| Some((name.len() ^ component.unwrap_or(0)) % 3));
    let holds = bound.map(|bound| [[0.0; 3], [1.0, -2.5, f64::MAX]].map(|row| bound.holds(&row)));
    kind(&(names.min(4), checked, holds))
}
