//! Chunks of rows from documents that were read one by one.

use cruncher_study::batch::Batch;
use cruncher_study::case::Parameters;
use cruncher_study::cases::DesignCase;
use cruncher_study::outcome::{ErrorDocument, ResultDocument};
use cruncher_study::pool::Pool;
use cruncher_study::segment::RowOutcome;
use serde::de::DeserializeSeed;

use super::Chunk;
use super::attempts::{AttemptColumns, AttemptRow};
use super::column::ColumnPart;
use super::values::NestedValues;
use super::writer::ChunkWriter;

impl Chunk {
    /// Takes the results of these documents, and their inputs; of results only the scalars, as in a segment.
    #[must_use]
    pub fn from_documents<'a>(documents: impl IntoIterator<Item = &'a ResultDocument>) -> Self {
        let mut rows = Rows::default();
        documents.into_iter().for_each(|document| rows.push_result(document));
        rows.finish()
    }

    /// Takes the failed attempts of these documents, and their inputs.
    #[must_use]
    pub fn from_errors<'a>(documents: impl IntoIterator<Item = &'a ErrorDocument>) -> Self {
        let mut rows = Rows::default();
        documents.into_iter().for_each(|document| rows.push_error(document));
        rows.finish()
    }

    /// Takes the inputs of cases that have no outcome yet. The rows' outcomes and times mean nothing.
    pub(crate) fn from_cases(batch: &Batch, cases: impl IntoIterator<Item = DesignCase>) -> Self {
        let mut rows = Rows::default();
        cases.into_iter().for_each(|case| rows.push_case(batch, &case));
        rows.finish()
    }
}

#[derive(Default)]
struct Rows {
    attempts: AttemptColumns,
    writer: ChunkWriter,
}

impl Rows {
    fn push_result(&mut self, document: &ResultDocument) {
        self.write_parameters(&document.parameters);
        // This can't fail: the visitor takes every JSON value.
        let _ = NestedValues::of(&mut self.writer, ColumnPart::Response).deserialize(&document.result);
        self.push(&AttemptRow {
            batch: &document.batch,
            case_id: document.case_id,
            level: document.level,
            replicate: document.replicate,
            outcome: RowOutcome::Done,
            attempt: document.attempt,
            start_time: document.start_time,
            end_time: document.end_time,
            is_final: false,
            is_empty: false,
            files_kib: 0,
            signature: None,
            error: None,
            worker: &document.worker,
            pool: document.pool.as_ref().map(Pool::as_str),
        });
    }

    fn push_error(&mut self, document: &ErrorDocument) {
        self.write_parameters(&document.parameters);
        self.push(&AttemptRow {
            batch: &document.batch,
            case_id: document.case_id,
            level: document.level,
            replicate: 0,
            outcome: RowOutcome::Failed,
            attempt: document.attempt,
            start_time: document.start_time,
            end_time: document.end_time,
            is_final: document.is_final,
            is_empty: false,
            files_kib: 0,
            signature: Some(&document.signature),
            error: Some(&document.summary()),
            worker: &document.worker,
            pool: document.pool.as_ref().map(Pool::as_str),
        });
    }

    fn push_case(&mut self, batch: &Batch, case: &DesignCase) {
        self.write_parameters(&case.parameters);
        self.push(&AttemptRow {
            batch,
            case_id: case.case_id,
            level: case.level,
            replicate: case.replicate,
            outcome: RowOutcome::Failed,
            attempt: 0,
            start_time: 0.0,
            end_time: 0.0,
            is_final: false,
            is_empty: false,
            files_kib: 0,
            signature: None,
            error: None,
            worker: "",
            pool: case.pool.as_ref().map(Pool::as_str),
        });
    }

    fn write_parameters(&mut self, parameters: &Parameters) {
        let _ = serde_json::to_value(parameters)
            .and_then(|parameters| NestedValues::of(&mut self.writer, ColumnPart::Factor).deserialize(parameters));
    }

    fn push(&mut self, attempt: &AttemptRow<'_>) {
        self.attempts.push(attempt);
        self.writer.keep();
    }

    fn finish(self) -> Chunk {
        let (columns, dropped_values) = self.writer.finish();
        Chunk { attempts: self.attempts, columns, dropped_values }
    }
}
