//! Small stores for tests.

use cruncher_study::case::CaseId;
use serde_json::{Value, json};

use crate::chunk::Chunk;
use crate::store::ResultStore;

/// Returns the id of a case; ids ascend with their numbers.
pub(crate) fn case_id(number: usize) -> CaseId {
    CaseId::parse(&format!("{number:032x}")).unwrap()
}

/// Returns a store of finished cases with these inputs and results, one for each row.
pub(crate) fn store(rows: &[(Value, Value)]) -> ResultStore {
    let line = |(index, (parameters, result)): (usize, &(Value, Value))| {
        let row = json!({"batch": "a", "case_id": case_id(index), "level": 3, "replicate": 0, "outcome": "done", "attempt": 1,
            "start_time": 1_790_000_000.5, "end_time": 1_790_000_002.0, "parameters": parameters, "result": result});
        [row.to_string(), "\n".to_owned()]
    };
    let text: String = rows.iter().enumerate().flat_map(line).collect();
    let mut store = ResultStore::default();
    store.append(&Chunk::parse("w", text.as_bytes()).chunk);
    assert_eq!(store.len(), rows.len());
    store
}

/// Returns a store with one factor, and one value for each row.
pub(crate) fn factor(name: &str, values: &[Value]) -> ResultStore {
    store(&values.iter().map(|value| (json!({ name: value }), json!({}))).collect::<Vec<_>>())
}
