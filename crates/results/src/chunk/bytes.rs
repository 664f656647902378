//! Encoding of a chunk as bytes, so that a browser can keep it: little-endian, columns as they are in memory.

use cruncher_study::batch::Batch;
use cruncher_study::case::CaseId;

use super::attempts::{AttemptColumns, BATCH, ENDINGS, ERROR, POOL, SIGNATURE, WORDS, WORKER};
use super::column::{ChunkColumn, ColumnPart, TEXTS};
use super::{Chunk, MAX_COLUMNS};
use crate::number::Rest;

/// First bytes of an encoded chunk. The last two are the version.
pub(super) const MAGIC: &[u8; 8] = b"crchnk04";

impl Chunk {
    /// Encodes the chunk as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let (attempts, mut out) = (&self.attempts, Vec::with_capacity(self.len() * 8 * (self.columns.len() + 6)));
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&self.dropped_values.to_le_bytes());
        write_word(&mut out, self.len());
        attempts.case_ids.iter().for_each(|id| out.extend_from_slice(id.as_bytes()));
        out.extend_from_slice(&attempts.endings);
        write_numbers(&mut out, &attempts.start_times);
        write_numbers(&mut out, &attempts.end_times);
        write_texts(&mut out, attempts.batches.iter().map(Batch::as_str));
        for texts in [&attempts.workers, &attempts.signatures, &attempts.errors, &attempts.pools] {
            write_texts(&mut out, texts.iter().map(String::as_str));
        }
        attempts.words.iter().for_each(|words| write_words(&mut out, words));
        write_word(&mut out, self.columns.len());
        self.columns.iter().for_each(|column| write_column(&mut out, column));
        out
    }

    /// Decodes a chunk; `None` if the bytes are of another version or damaged.
    ///
    /// It takes memory in proportion to the bytes, whatever they hold.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut input = Input(bytes);
        if input.take(MAGIC.len())? != MAGIC {
            return None;
        }
        let dropped_values = u64::from_le_bytes(*input.take(8)?.as_array()?);
        let attempts = input.attempts()?;
        let mut columns = Vec::new();
        for _ in 0..input.count().filter(|count| *count <= MAX_COLUMNS)? {
            columns.push(input.column(attempts.len())?);
        }
        input.0.is_empty().then_some(Self { attempts, columns, dropped_values })
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a chunk has fewer than 2^32 rows, texts and bytes of a text")]
fn write_word(out: &mut Vec<u8>, word: usize) {
    out.extend_from_slice(&(word as u32).to_le_bytes());
}

fn write_numbers(out: &mut Vec<u8>, numbers: &[f64]) {
    for number in numbers {
        out.extend_from_slice(&number.to_le_bytes());
    }
}

/// Writes words: 0 and one word if all are the same, which they often are, or 1 and all of them.
fn write_words(out: &mut Vec<u8>, words: &[u32]) {
    let first = words.first().copied().unwrap_or_default();
    let are_equal = words.iter().all(|word| *word == first);
    out.push(u8::from(!are_equal));
    let words = if are_equal { &[first] } else { words };
    for word in words {
        out.extend_from_slice(&word.to_le_bytes());
    }
}

fn write_texts<'a>(out: &mut Vec<u8>, texts: impl ExactSizeIterator<Item = &'a str>) {
    write_word(out, texts.len());
    texts.for_each(|text| write_text(out, text));
}

fn write_text(out: &mut Vec<u8>, text: &str) {
    write_word(out, text.len());
    out.extend_from_slice(text.as_bytes());
}

fn write_column(out: &mut Vec<u8>, column: &ChunkColumn) {
    out.push(u8::from(column.part == ColumnPart::Response));
    write_text(out, &column.name);
    write_word(out, column.numbers.len());
    write_numbers(out, &column.numbers);
    write_word(out, column.rests.len());
    column.rests.iter().for_each(|rest| out.extend_from_slice(&rest.to_le_bytes()));
    write_texts(out, column.texts.iter().map(String::as_str));
    for pairs in [&column.others, &column.cuts] {
        write_word(out, pairs.len());
        for (row, word) in pairs {
            out.extend_from_slice(&row.to_le_bytes());
            out.extend_from_slice(&word.to_le_bytes());
        }
    }
}

/// The bytes that are left to be read.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(taken)
    }

    fn word(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(*self.take(4)?.as_array()?))
    }

    fn count(&mut self) -> Option<usize> {
        Some(self.word()? as usize)
    }

    fn numbers(&mut self, count: usize) -> Option<Vec<f64>> {
        let (numbers, _) = self.take(count.checked_mul(8)?)?.as_chunks();
        Some(numbers.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect())
    }

    fn all_words(&mut self, count: usize) -> Option<Vec<u32>> {
        let (words, _) = self.take(count.checked_mul(4)?)?.as_chunks();
        Some(words.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect())
    }

    /// Reads as many words as there are rows, all below `end`. The bytes of each row's id were read before.
    fn words(&mut self, rows: usize, end: usize) -> Option<Vec<u32>> {
        let words = match self.take(1)? {
            [0] => vec![self.all_words(1)?[0]; rows],
            [1] => self.all_words(rows)?,
            _ => return None,
        };
        words.iter().all(|word| (*word as usize) < end).then_some(words)
    }

    fn text(&mut self) -> Option<String> {
        let bytes = self.count()?;
        str::from_utf8(self.take(bytes)?).ok().map(str::to_owned)
    }

    fn texts(&mut self) -> Option<Vec<String>> {
        let mut texts = Vec::new();
        for _ in 0..self.count()? {
            texts.push(self.text()?);
        }
        Some(texts)
    }
}

impl Input<'_> {
    fn attempts(&mut self) -> Option<AttemptColumns> {
        let rows = self.count()?;
        let (case_ids, _) = self.take(rows.checked_mul(16)?)?.as_chunks();
        let case_ids = case_ids.iter().map(|bytes| CaseId::from_bytes(*bytes)).collect();
        let endings = self.take(rows)?.to_vec();
        let (start_times, end_times) = (self.numbers(rows)?, self.numbers(rows)?);
        let mut batches = Vec::new();
        for path in self.texts()? {
            batches.push(Batch::try_from(path).ok()?);
        }
        let (workers, signatures, errors, pools) = (self.texts()?, self.texts()?, self.texts()?, self.texts()?);
        let mut ends = [usize::MAX; WORDS];
        (ends[BATCH], ends[WORKER]) = (batches.len(), workers.len());
        (ends[SIGNATURE], ends[ERROR], ends[POOL]) = (signatures.len() + 1, errors.len() + 1, pools.len() + 1);
        let mut words = [const { Vec::new() }; WORDS];
        for (words, end) in words.iter_mut().zip(ends) {
            *words = self.words(rows, end)?;
        }
        let are_endings = endings.iter().all(|ending| *ending <= ENDINGS);
        let attempts = AttemptColumns {
            batches,
            workers,
            signatures,
            errors,
            pools,
            case_ids,
            start_times,
            end_times,
            endings,
            words,
        };
        are_endings.then_some(attempts)
    }

    fn column(&mut self, rows: usize) -> Option<ChunkColumn> {
        let part = match self.take(1)? {
            [0] => ColumnPart::Factor,
            [1] => ColumnPart::Response,
            _ => return None,
        };
        let name = self.text()?;
        let count = self.count().filter(|count| *count <= rows)?;
        let (numbers, rests, texts) = (self.numbers(count)?, self.rests(count)?, self.texts()?);
        let others = self.pairs(rows)?;
        let has_number = |row: u32| numbers.get(row as usize).is_some_and(|number| !number.is_nan());
        if others.iter().any(|(row, code)| has_number(*row) || *code as usize >= texts.len() + TEXTS as usize) {
            return None;
        }
        let cuts = self.pairs(rows)?;
        let is_text =
            |row: u32| others.binary_search_by_key(&row, |other| other.0).is_ok_and(|at| others[at].1 >= TEXTS);
        cuts.iter().all(|(row, _)| is_text(*row)).then_some(ChunkColumn {
            part,
            name,
            numbers,
            rests,
            others,
            texts,
            cuts,
        })
    }

    fn rests(&mut self, most: usize) -> Option<Vec<Rest>> {
        let count = self.count().filter(|count| *count <= most)?;
        let (rests, _) = self.take(count * size_of::<Rest>())?.as_chunks();
        Some(rests.iter().map(|bytes| Rest::from_le_bytes(*bytes)).collect())
    }

    /// Reads rows in order, with a word for each.
    fn pairs(&mut self, rows: usize) -> Option<Vec<(u32, u32)>> {
        let (mut pairs, mut next_row) = (Vec::new(), 0);
        for _ in 0..self.count()? {
            let (row, word) = (self.word()?, self.word()?);
            let place = row as usize;
            if place < next_row || place >= rows {
                return None;
            }
            next_row = place + 1;
            pairs.push((row, word));
        }
        Some(pairs)
    }
}
