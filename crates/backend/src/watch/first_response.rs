//! The response that comes first in a batch's results, as the Results page chooses it: the first that has a number.

use std::collections::BTreeMap;

use cruncher_results::chunk::{Chunk, ChunkColumn, ColumnPart};
use cruncher_study::batch::Batch;
use cruncher_study::ledger::Ledger;

/// Enters the rows of a chunk that was written by the time `written`, each with its number of its batch's first response.
pub(super) fn add_rows(ledger: &mut Ledger, chunk: &Chunk, written: f64) {
    let mut columns: BTreeMap<Batch, Option<&ChunkColumn>> = BTreeMap::new();
    for (place, (worker, row)) in chunk.rows().enumerate() {
        if !columns.contains_key(&row.batch) {
            columns.insert(row.batch.clone(), column(chunk, &row.batch, ledger.first_response(&row.batch)));
        }
        let row = row.bounded(written);
        let column = columns.get(&row.batch).copied().flatten();
        let number = |column: &ChunkColumn| column.numbers().get(place).copied().filter(|number| !number.is_nan());
        ledger.add_result(worker, &row, column.and_then(|column| Some((column.name(), number(column)?))));
    }
}

/// Returns the column of a batch's first response: the known one, or else the first with a number.
fn column<'a>(chunk: &'a Chunk, batch: &Batch, known: Option<&str>) -> Option<&'a ChunkColumn> {
    let mut responses = chunk.columns().iter().filter(|column| column.part() == ColumnPart::Response);
    let has_number = |column: &ChunkColumn| {
        let numbers = column.numbers().iter().enumerate().filter(|(_, number)| !number.is_nan());
        numbers.into_iter().any(|(row, _)| chunk.attempt(row).batch == batch)
    };
    match known {
        Some(name) => responses.find(|column| column.name() == name),
        None => responses.find(|column| has_number(column)),
    }
}
