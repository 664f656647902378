//! Fixed fields, which each row has, by column.

use cruncher_study::batch::Batch;
use cruncher_study::case::CaseId;
use cruncher_study::segment::{RowNumbers, RowOutcome, SegmentRow};

use super::texts::{clip, find_recent, intern, last_place};

/// The fixed fields of one row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AttemptRow<'a> {
    /// The case's batch.
    pub batch: &'a Batch,
    /// The case.
    pub case_id: CaseId,
    /// The case's level.
    pub level: u32,
    /// The number of the replicate.
    pub replicate: u32,
    /// The outcome of the attempt.
    pub outcome: RowOutcome,
    /// The number of the attempt, from 1; 0 if the row doesn't say.
    pub attempt: u32,
    /// Time of its beginning, in seconds since 1970.
    pub start_time: f64,
    /// Time of its end, in seconds since 1970.
    pub end_time: f64,
    /// Whether no attempt is left, after a failure.
    pub is_final: bool,
    /// Whether the model returned nothing, after a success, if the worker's row says so.
    pub is_empty: bool,
    /// Size of the case's files together, after a success, in KiB.
    pub files_kib: u32,
    /// The error signature, which groups this failure with others like it.
    pub signature: Option<&'a str>,
    /// The exception and its message.
    pub error: Option<&'a str>,
    /// The worker.
    pub worker: &'a str,
    /// The pool, if it isn't the study's own queue.
    pub pool: Option<&'a str>,
}

impl AttemptRow<'_> {
    /// Returns the row in the ledger's form.
    #[must_use]
    pub fn to_row(&self) -> SegmentRow {
        SegmentRow {
            batch: self.batch.clone(),
            case_id: self.case_id,
            level: self.level,
            outcome: self.outcome,
            start_time: self.start_time,
            end_time: self.end_time,
            is_final: self.is_final,
            is_empty: self.is_empty,
            files_kib: self.files_kib,
            signature: self.signature.map(str::to_owned),
            error: self.error.map(str::to_owned),
            numbers: RowNumbers::default(),
        }
    }
}

/// The fixed fields of all rows. Texts are places in dictionaries; the place of a text that may be missing is one more, and 0
/// stands for none.
#[derive(Debug, Clone, Default)]
pub(super) struct AttemptColumns {
    pub(super) batches: Vec<Batch>,
    pub(super) workers: Vec<String>,
    pub(super) signatures: Vec<String>,
    pub(super) errors: Vec<String>,
    pub(super) pools: Vec<String>,
    pub(super) case_ids: Vec<CaseId>,
    pub(super) start_times: Vec<f64>,
    pub(super) end_times: Vec<f64>,
    pub(super) endings: Vec<u8>,
    pub(super) words: [Vec<u32>; WORDS],
}

/// Number of fields that are a number or a place in a dictionary.
pub(super) const WORDS: usize = 9;

/// The places of these fields in `words`.
pub(super) const BATCH: usize = 0;
pub(super) const WORKER: usize = 1;
pub(super) const SIGNATURE: usize = 2;
pub(super) const ERROR: usize = 3;
const LEVEL: usize = 4;
const REPLICATE: usize = 5;
const ATTEMPT: usize = 6;
pub(super) const POOL: usize = 7;
const FILES_KIB: usize = 8;

/// The bits of an ending.
const DONE: u8 = 1;
const FINAL: u8 = 2;
const EMPTY: u8 = 4;
pub(super) const ENDINGS: u8 = DONE | FINAL | EMPTY;

impl AttemptColumns {
    pub(super) const fn len(&self) -> usize {
        self.case_ids.len()
    }

    pub(super) fn get(&self, row: usize) -> AttemptRow<'_> {
        let word = |field: usize| self.words[field][row];
        let optional = |texts, field| word(field).checked_sub(1).map(|place| text_at(texts, place));
        AttemptRow {
            batch: &self.batches[word(BATCH) as usize],
            case_id: self.case_ids[row],
            level: word(LEVEL),
            replicate: word(REPLICATE),
            outcome: if self.endings[row] & DONE == 0 { RowOutcome::Failed } else { RowOutcome::Done },
            attempt: word(ATTEMPT),
            start_time: self.start_times[row],
            end_time: self.end_times[row],
            is_final: self.endings[row] & FINAL != 0,
            is_empty: self.endings[row] & EMPTY != 0,
            files_kib: word(FILES_KIB),
            signature: optional(&self.signatures, SIGNATURE),
            error: optional(&self.errors, ERROR),
            worker: text_at(&self.workers, word(WORKER)),
            pool: optional(&self.pools, POOL),
        }
    }

    pub(super) fn push(&mut self, row: &AttemptRow<'_>) {
        let optional = |texts, text: Option<&str>| text.map_or(0, |text| intern(texts, &clip(text).0) + 1);
        let signature = optional(&mut self.signatures, row.signature);
        let error = optional(&mut self.errors, row.error);
        let pool = optional(&mut self.pools, row.pool);
        let worker = intern(&mut self.workers, &clip(row.worker).0);
        let batch = self.intern_batch(row.batch);
        let words = [batch, worker, signature, error, row.level, row.replicate, row.attempt, pool, row.files_kib];
        self.words.iter_mut().zip(words).for_each(|(column, word)| column.push(word));
        let bits = [(row.outcome == RowOutcome::Done, DONE), (row.is_final, FINAL), (row.is_empty, EMPTY)];
        self.endings.push(bits.iter().filter(|(is_set, _)| *is_set).map(|(_, bit)| bit).sum());
        self.case_ids.push(row.case_id);
        self.start_times.push(row.start_time);
        self.end_times.push(row.end_time);
    }

    fn intern_batch(&mut self, batch: &Batch) -> u32 {
        let place = find_recent(&self.batches, |known| known == batch);
        place.unwrap_or_else(|| {
            self.batches.push(batch.clone());
            last_place(&self.batches)
        })
    }
}

fn text_at(texts: &[String], place: u32) -> &str {
    &texts[place as usize]
}
