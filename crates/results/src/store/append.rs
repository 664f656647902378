//! Appending the rows of a chunk to a store.

use cruncher_study::case::CaseId;
use cruncher_study::pool::MAIN_POOL;
use cruncher_study::segment::RowOutcome;

use super::column::{CodedValue, StoreColumn};
use super::dictionary::TextDictionary;
use super::memory::push;
use super::{DONE, FAILED, MAX_COLUMNS, RETRIED, ResultStore, next_revision};
use crate::chunk::{self, AttemptRow, Chunk, NonNumber};
use crate::column_id::{CaseField, ColumnId};

/// Counts of a chunk's rows by their effect. The other rows add nothing to what was known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AppendReport {
    /// Number of new cases.
    pub added: usize,
    /// Number of rows that superseded an earlier outcome of their case.
    pub superseded: usize,
}

/// Row of the store that a row of a chunk is written to, if it is.
pub(super) type Target = Option<usize>;

impl ResultStore {
    /// Takes the rows of a chunk. Rows that were appended before may be appended again: they change nothing.
    pub fn append(&mut self, chunk: &Chunk) -> AppendReport {
        self.append_rows(chunk, |_| true)
    }

    /// Takes the wanted rows of a chunk, and only new factors and responses of which one of them has a value.
    pub fn append_of(&mut self, chunk: &Chunk, is_wanted: impl Fn(&AttemptRow<'_>) -> bool) -> AppendReport {
        let known = self.named.len();
        let appended = self.append_rows(chunk, is_wanted);
        let new = self.named.split_off(known);
        self.named.extend(new.into_iter().filter(|(_, column)| column.has_values()));
        appended
    }

    fn append_rows(&mut self, chunk: &Chunk, is_wanted: impl Fn(&AttemptRow<'_>) -> bool) -> AppendReport {
        let (rows, columns) = (self.len(), self.named.len());
        let mut texts = [const { Recent::NONE }; 4];
        let mut superseded = 0;
        let targets: Vec<Target> = (0..chunk.len())
            .map(|row| {
                let attempt = chunk.attempt(row);
                let target = is_wanted(&attempt).then(|| self.take(&attempt, &mut texts))??;
                superseded += usize::from(target < rows);
                Some(target)
            })
            .collect();
        self.write_values(chunk, &targets);
        let added = self.len() - rows;
        if added + superseded + self.named.len() - columns > 0 {
            self.revision = next_revision();
        }
        AppendReport { added, superseded }
    }

    /// Writes factors and responses of the chunk's rows.
    pub(super) fn write_values(&mut self, chunk: &Chunk, targets: &[Target]) {
        let sources = self.sources(chunk);
        for ((_, column), source) in self.named.iter_mut().zip(sources) {
            match source {
                Some(source) => write(column, source, targets, &mut self.dictionary),
                None => forget(column, targets),
            }
            column.pad(self.case_ids.len());
        }
        self.dropped_values += chunk.dropped_values();
    }

    /// Writes the fixed fields of an attempt, unless its case has an outcome that it doesn't supersede.
    fn take<'a>(&mut self, attempt: &AttemptRow<'a>, texts: &mut [Recent<'a>; 4]) -> Target {
        let [batches, workers, signatures, errors] = texts;
        let batch = batches.code(attempt.batch.as_str(), &mut self.dictionary);
        let row = match self.find(batch, attempt.case_id) {
            Some(row) if self.is_superseded(row, attempt) => {
                self.keep_superseded(batch, row);
                row
            }
            Some(row) => {
                self.keep_other(batch, row, attempt);
                return None;
            }
            None => self.add(batch, attempt.case_id),
        };
        let worker = workers.code(attempt.worker, &mut self.dictionary);
        let signature = attempt.signature.map_or(0, |text| signatures.code(text, &mut self.dictionary));
        let error = attempt.error.map_or(0, |text| errors.code(text, &mut self.dictionary));
        let pool = self.pool_code(attempt.pool);
        let state = self.dictionary.enter(state(attempt));
        for (field, value) in [
            (CaseField::Batch, CodedValue::code(batch)),
            (CaseField::Level, CodedValue::number(f64::from(attempt.level))),
            (CaseField::Replicate, CodedValue::number(f64::from(attempt.replicate))),
            (CaseField::State, CodedValue::code(state)),
            (CaseField::Attempt, CodedValue::number(f64::from(attempt.attempt))),
            (CaseField::StartTime, CodedValue::number(attempt.start_time)),
            (CaseField::EndTime, CodedValue::number(attempt.end_time)),
            (CaseField::DurationSecs, CodedValue::number((attempt.end_time - attempt.start_time).max(0.0))),
            (CaseField::Worker, CodedValue::code(worker)),
            (CaseField::Pool, CodedValue::code(pool)),
            (CaseField::Signature, CodedValue::code(signature)),
            (CaseField::Error, CodedValue::code(error)),
        ] {
            self.fields[field as usize].put(row, value);
        }
        self.put_version(row, attempt.batch);
        Some(row)
    }

    /// Returns the code of a pool; 0 for the study's own queue as long as no case names a pool. From the first one on every row has one.
    pub(super) fn pool_code(&mut self, pool: Option<&str>) -> u32 {
        let Some(pool) = pool else { return self.main_pool };
        if self.main_pool == 0 {
            self.main_pool = self.dictionary.enter(MAIN_POOL);
            for row in 0..self.case_ids.len() {
                self.fields[CaseField::Pool as usize].put(row, CodedValue::code(self.main_pool));
            }
        }
        self.dictionary.enter(pool)
    }

    pub(super) fn find(&self, batch: u32, case_id: CaseId) -> Option<usize> {
        let batches = self.field(CaseField::Batch);
        let is_it = |row: u32| self.case_ids[row as usize] == case_id && batches.code(row as usize) == batch;
        self.index.find(hash(batch, case_id), is_it).map(|row| row as usize)
    }

    pub(super) fn add(&mut self, batch: u32, case_id: CaseId) -> usize {
        let row = self.case_ids.len();
        push(&mut self.case_ids, case_id);
        self.fields[CaseField::Batch as usize].put(row, CodedValue::code(batch));
        let batches = self.fields[CaseField::Batch as usize].codes();
        let hash_of = |row: u32| hash(batches[row as usize], self.case_ids[row as usize]);
        // More than 2^32 rows don't fit into a browser.
        self.index.insert(u32::try_from(row).unwrap_or(0), hash_of);
        row
    }

    fn is_superseded(&self, row: usize, attempt: &AttemptRow<'_>) -> bool {
        let known = self.field(CaseField::EndTime).number(row);
        if known.is_nan() {
            // Until now only a table has named the case.
            return true;
        }
        let was_done = self.label(self.field(CaseField::State).code(row)) == DONE;
        let is_done = attempt.outcome == RowOutcome::Done;
        if was_done == is_done { attempt.end_time > known } else { is_done }
    }

    /// Returns the column of the chunk for each factor and response; new ones are added.
    fn sources<'a>(&mut self, chunk: &'a Chunk) -> Vec<Option<&'a chunk::ChunkColumn>> {
        let mut sources = vec![None; self.named.len()];
        let mut expected = 0;
        for column in chunk.columns() {
            let is_it = |place: &usize| self.named[*place].0.is(column.part(), column.name());
            let place = (expected..self.named.len()).chain(0..expected).find(is_it);
            let place = place.unwrap_or(self.named.len());
            if place == MAX_COLUMNS {
                self.dropped_values += values(column);
                continue;
            }
            if place == self.named.len() {
                self.named.push((ColumnId::of(column.part(), column.name()), StoreColumn::default()));
                sources.push(None);
            }
            sources[place] = Some(column);
            expected = place + 1;
        }
        sources
    }
}

const fn state(attempt: &AttemptRow<'_>) -> &'static str {
    match attempt.outcome {
        RowOutcome::Done => DONE,
        RowOutcome::Failed if attempt.is_final => FAILED,
        RowOutcome::Failed => RETRIED,
    }
}

/// Hashes an id, which is a hash already: its first half, and the batch.
pub(super) fn hash(batch: u32, case_id: CaseId) -> u64 {
    let half = case_id.as_bytes().first_chunk().copied().unwrap_or_default();
    u64::from_le_bytes(half) ^ u64::from(batch)
}

fn values(column: &chunk::ChunkColumn) -> u64 {
    let numbers = column.numbers().iter().filter(|number| !number.is_nan()).count();
    (numbers + column.others().count()) as u64
}

fn write(column: &mut StoreColumn, source: &chunk::ChunkColumn, targets: &[Target], dictionary: &mut TextDictionary) {
    let mut others = source.others().peekable();
    for (row, target) in targets.iter().enumerate() {
        let other = others.next_if(|other| other.0 == row);
        let Some(target) = *target else { continue };
        let value = match other {
            Some((_, NonNumber::Text(text))) => CodedValue::code(dictionary.enter(text)),
            Some((_, NonNumber::Cut(text, chars))) => CodedValue::code(dictionary.enter_cut(text, chars)),
            Some((_, NonNumber::Flag(flag))) => CodedValue::code(TextDictionary::flag(flag)),
            None => source.integer(row).map_or_else(
                || CodedValue::number(source.numbers().get(row).copied().unwrap_or(f64::NAN)),
                CodedValue::integer,
            ),
        };
        column.put(target, value);
    }
}

/// Removes the values of superseded attempts. New rows have none anyway.
fn forget(column: &mut StoreColumn, targets: &[Target]) {
    let rows = column.rows();
    targets.iter().flatten().filter(|target| **target < rows).for_each(|target| column.put(*target, CodedValue::NONE));
}

/// The last text of a field and its code: most often the next one is the same.
struct Recent<'a> {
    text: &'a str,
    code: u32,
}

impl<'a> Recent<'a> {
    const NONE: Self = Self { text: "", code: 0 };

    fn code(&mut self, text: &'a str, dictionary: &mut TextDictionary) -> u32 {
        if self.code == 0 || self.text != text {
            *self = Self { text, code: dictionary.enter(text) };
        }
        self.code
    }
}
