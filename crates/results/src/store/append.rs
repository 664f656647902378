//! Takes the rows of a chunk.

use cruncher_study::case::CaseId;
use cruncher_study::segment::RowOutcome;

use super::column::{Coded, Column};
use super::dictionary::Dictionary;
use super::memory::push;
use super::{DONE, FAILED, MAX_COLUMNS, RETRIED, Store, next_revision};
use crate::chunk::{self, Attempt, Chunk, Value};
use crate::column_id::{ColumnId, Field};

/// What became of the rows of a chunk. The others say no more than what was known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Appended {
    /// How many cases are new.
    pub added: usize,
    /// How many superseded what was known of a case.
    pub superseded: usize,
}

/// What becomes of a row of a chunk: the row of the store that it is written to.
type Target = Option<usize>;

impl Store {
    /// Takes the rows of a chunk. What was appended before may be appended again: it changes nothing.
    pub fn append(&mut self, chunk: &Chunk) -> Appended {
        self.append_rows(chunk, |_| true)
    }

    /// Takes the wanted rows of a chunk, and no factor or response that none of them has a value of.
    pub fn append_of(&mut self, chunk: &Chunk, is_wanted: impl Fn(&Attempt<'_>) -> bool) -> Appended {
        let known = self.named.len();
        let appended = self.append_rows(chunk, is_wanted);
        let new = self.named.split_off(known);
        self.named.extend(new.into_iter().filter(|(_, column)| column.has_values()));
        appended
    }

    fn append_rows(&mut self, chunk: &Chunk, is_wanted: impl Fn(&Attempt<'_>) -> bool) -> Appended {
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
        let sources = self.sources(chunk);
        for ((_, column), source) in self.named.iter_mut().zip(sources) {
            match source {
                Some(source) => write(column, source, &targets, &mut self.dictionary),
                None => forget(column, &targets),
            }
            column.pad(self.case_ids.len());
        }
        self.dropped_values += chunk.dropped_values();
        let added = self.len() - rows;
        if added + superseded + self.named.len() - columns > 0 {
            self.revision = next_revision();
        }
        Appended { added, superseded }
    }

    /// Writes the fixed fields of an attempt, unless what is known of its case is the last word.
    fn take<'a>(&mut self, attempt: &Attempt<'a>, texts: &mut [Recent<'a>; 4]) -> Target {
        let [batches, workers, signatures, errors] = texts;
        let batch = batches.code(attempt.batch.as_str(), &mut self.dictionary);
        let row = match self.find(batch, attempt.case_id) {
            Some(row) if self.is_superseded(row, attempt) => row,
            Some(_) => return None,
            None => self.add(batch, attempt.case_id),
        };
        let worker = workers.code(attempt.worker, &mut self.dictionary);
        let signature = attempt.signature.map_or(0, |text| signatures.code(text, &mut self.dictionary));
        let error = attempt.error.map_or(0, |text| errors.code(text, &mut self.dictionary));
        let state = self.dictionary.enter(state(attempt));
        for (field, value) in [
            (Field::Batch, Coded::code(batch)),
            (Field::Level, Coded::number(f64::from(attempt.level))),
            (Field::Replicate, Coded::number(f64::from(attempt.replicate))),
            (Field::State, Coded::code(state)),
            (Field::Attempt, Coded::number(f64::from(attempt.attempt))),
            (Field::StartTime, Coded::number(attempt.start_time)),
            (Field::EndTime, Coded::number(attempt.end_time)),
            (Field::DurationSecs, Coded::number((attempt.end_time - attempt.start_time).max(0.0))),
            (Field::Worker, Coded::code(worker)),
            (Field::Signature, Coded::code(signature)),
            (Field::Error, Coded::code(error)),
        ] {
            self.fields[field as usize].put(row, value);
        }
        self.put_version(row, attempt.batch);
        Some(row)
    }

    pub(super) fn find(&self, batch: u32, case_id: CaseId) -> Option<usize> {
        let batches = self.field(Field::Batch);
        let is_it = |row: u32| self.case_ids[row as usize] == case_id && batches.code(row as usize) == batch;
        self.index.find(hash(batch, case_id), is_it).map(|row| row as usize)
    }

    fn add(&mut self, batch: u32, case_id: CaseId) -> usize {
        let row = self.case_ids.len();
        push(&mut self.case_ids, case_id);
        self.fields[Field::Batch as usize].put(row, Coded::code(batch));
        let batches = self.fields[Field::Batch as usize].codes();
        let hash_of = |row: u32| hash(batches[row as usize], self.case_ids[row as usize]);
        // 2^32 rows don't fit into a browser.
        self.index.insert(u32::try_from(row).unwrap_or(0), hash_of);
        row
    }

    fn is_superseded(&self, row: usize, attempt: &Attempt<'_>) -> bool {
        let was_done = self.label(self.field(Field::State).code(row)) == DONE;
        let is_done = attempt.outcome == RowOutcome::Done;
        if was_done == is_done { attempt.end_time > self.field(Field::EndTime).number(row) } else { is_done }
    }

    /// The column of the chunk for each factor and response; those that are new are added.
    fn sources<'a>(&mut self, chunk: &'a Chunk) -> Vec<Option<&'a chunk::Column>> {
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
                self.named.push((ColumnId::of(column.part(), column.name()), Column::default()));
                sources.push(None);
            }
            sources[place] = Some(column);
            expected = place + 1;
        }
        sources
    }
}

const fn state(attempt: &Attempt<'_>) -> &'static str {
    match attempt.outcome {
        RowOutcome::Done => DONE,
        RowOutcome::Failed if attempt.is_final => FAILED,
        RowOutcome::Failed => RETRIED,
    }
}

/// An id is a hash already: its first half, and the batch.
pub(super) fn hash(batch: u32, case_id: CaseId) -> u64 {
    let half = case_id.as_bytes().first_chunk().copied().unwrap_or_default();
    u64::from_le_bytes(half) ^ u64::from(batch)
}

fn values(column: &chunk::Column) -> u64 {
    let numbers = column.numbers().iter().filter(|number| !number.is_nan()).count();
    (numbers + column.others().count()) as u64
}

fn write(column: &mut Column, source: &chunk::Column, targets: &[Target], dictionary: &mut Dictionary) {
    let mut others = source.others().peekable();
    for (row, target) in targets.iter().enumerate() {
        let other = others.next_if(|other| other.0 == row);
        let Some(target) = *target else { continue };
        let value = match other {
            Some((_, Value::Text(text))) => Coded::code(dictionary.enter(text)),
            Some((_, Value::Cut(text, chars))) => Coded::code(dictionary.enter_cut(text, chars)),
            Some((_, Value::Flag(flag))) => Coded::code(Dictionary::flag(flag)),
            None => source
                .integer(row)
                .map_or_else(|| Coded::number(source.numbers().get(row).copied().unwrap_or(f64::NAN)), Coded::integer),
        };
        column.put(target, value);
    }
}

/// Takes away what superseded attempts said. Rows that are new have nothing anyway.
fn forget(column: &mut Column, targets: &[Target]) {
    let rows = column.rows();
    targets.iter().flatten().filter(|target| **target < rows).for_each(|target| column.put(*target, Coded::NONE));
}

/// The last text of a field and its code: most often the next one is the same.
struct Recent<'a> {
    text: &'a str,
    code: u32,
}

impl<'a> Recent<'a> {
    const NONE: Self = Self { text: "", code: 0 };

    fn code(&mut self, text: &'a str, dictionary: &mut Dictionary) -> u32 {
        if self.code == 0 || self.text != text {
            *self = Self { text, code: dictionary.enter(text) };
        }
        self.code
    }
}
