//! Factors in which failed cases differ from done ones.

use std::collections::BTreeMap;

use cruncher_analysis::largest_difference;
use cruncher_results::column_id::ColumnId;
use cruncher_results::store::{ResultStore, StoreColumn};

use super::responses::is_text;

/// Maximum number of factors that are compared.
const MAX_FACTORS: usize = 200;

/// Returns factors with the difference of their distributions, from 0 (none) to 1 (no value in common): for numbers the largest one
/// between the empirical distributions, for texts half of the sum over all texts. The largest comes first; equal ones stay in order.
pub(crate) fn contrasts(
    store: &ResultStore,
    factors: &[ColumnId],
    failed: &[u32],
    done: &[u32],
) -> Vec<(ColumnId, f64)> {
    let difference = |id: &ColumnId| {
        let column = store.column(id)?;
        if is_text(store, id) {
            return difference_of_texts(column, failed, done);
        }
        let values = |rows: &[u32]| rows.iter().map(|row| column.number(*row as usize)).collect::<Vec<f64>>();
        largest_difference(&values(failed), &values(done))
    };
    let factors = factors.iter().take(MAX_FACTORS);
    let mut found: Vec<(ColumnId, f64)> = factors.map(|id| (id.clone(), difference(id).unwrap_or(0.0))).collect();
    found.sort_by(|one, other| other.1.total_cmp(&one.1));
    found
}

#[expect(clippy::cast_precision_loss, reason = "two digits of it are shown")]
fn difference_of_texts(column: &StoreColumn, failed: &[u32], done: &[u32]) -> Option<f64> {
    let mut shares: BTreeMap<u32, f64> = BTreeMap::new();
    for (rows, sign) in [(failed, 1.0), (done, -1.0)] {
        let codes: Vec<u32> = rows.iter().map(|row| column.code(*row as usize)).filter(|code| *code != 0).collect();
        if codes.is_empty() {
            return None;
        }
        for code in &codes {
            *shares.entry(*code).or_default() += sign / codes.len() as f64;
        }
    }
    Some(shares.values().map(|share| share.abs()).sum::<f64>() / 2.0)
}

#[cfg(test)]
mod tests {
    use cruncher_results::chunk::Chunk;
    use serde_json::{Value, json};

    use super::*;

    fn store(rows: &[Value]) -> ResultStore {
        let line = |(number, parameters): (usize, &Value)| {
            let row = json!({"batch": "a", "case_id": format!("{number:032x}"), "outcome": "done", "start_time": 0, "end_time": 1,
                "parameters": parameters, "result": {}});
            format!("{row}\n")
        };
        let text: String = rows.iter().enumerate().map(line).collect();
        let mut store = ResultStore::default();
        store.append(&Chunk::parse("w", text.as_bytes()).chunk);
        store
    }

    #[test]
    fn the_factor_that_separates_failed_from_done_cases_comes_first() {
        let row = |c: f64, soil: &str, n: i32| json!({"n": n, "c": c, "soil": soil});
        let store = store(&[
            row(1.0, "sand", 1),
            row(2.0, "sand", 2),
            row(8.0, "sand", 1),
            row(9.0, "clay", 2),
            json!({"n": 1, "soil": true}),
        ]);
        let factors: Vec<ColumnId> = store.factors().map(|(id, _)| id.clone()).collect();
        let found = contrasts(&store, &factors, &[2, 3], &[0, 1]);
        let told: Vec<_> = found.iter().map(|(id, difference)| (id.name(), *difference)).collect();
        assert_eq!(told, [("c", 1.0), ("soil", 0.5), ("n", 0.0)]);
        // One that isn't there for any of the failed cases tells nothing.
        let found = contrasts(&store, &factors, &[4], &[0, 1]);
        assert!(found.iter().find(|(id, _)| id.name() == "c").unwrap().1 < f64::EPSILON);
        assert!(contrasts(&store, &factors, &[], &[]).iter().all(|(_, difference)| *difference < f64::EPSILON));
    }
}
