//! Parser of a segment's text, which reads straight into columns.

use std::fmt;

use cruncher_study::batch::Batch;
use cruncher_study::case::CaseId;
use cruncher_study::pool::Pool;
use cruncher_study::segment::RowOutcome;
use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::attempts::{AttemptColumns, AttemptRow};
use super::column::ColumnPart;
use super::values::{NestedValues, TextAppender};
use super::writer::ChunkWriter;
use super::{Chunk, ParsedSegment};

impl Chunk {
    /// Reads the whole lines of a segment. A last line without its end is left for the next time, and blank lines are skipped.
    ///
    /// A line that is no row is only counted: it is no text in UTF-8, no JSON object, lacks one of `batch`, `case_id`, `outcome`,
    /// `start_time` and `end_time`, one of the fixed fields is of another type, or a field that is read is there twice.
    #[must_use]
    pub fn parse(worker: &str, text: &[u8]) -> ParsedSegment {
        let read_bytes = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let mut reader = Reader::default();
        let mut unreadable = 0;
        for line in text[..read_bytes].split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
            unreadable += usize::from(reader.read(worker, line).is_err());
        }
        let (columns, dropped_values) = reader.writer.finish();
        ParsedSegment { chunk: Self { attempts: reader.attempts, columns, dropped_values }, unreadable, read_bytes }
    }
}

#[derive(Default)]
struct Reader {
    attempts: AttemptColumns,
    writer: ChunkWriter,
    /// The batch of the row before, which is most often that of this one, too.
    batch: Option<Batch>,
    text: String,
    /// The texts of the row that were cut, by their names, with the number of characters of each.
    cuts: Vec<(String, u32)>,
}

impl Reader {
    fn read(&mut self, worker: &str, line: &[u8]) -> serde_json::Result<()> {
        self.cuts.clear();
        // Of fields that aren't kept, nobody would see it.
        std::str::from_utf8(line).map_err(serde::de::Error::custom)?;
        let mut deserializer = serde_json::Deserializer::from_slice(line);
        let row = Row { reader: self, fields: Fields::default() }.deserialize(&mut deserializer);
        let row = row.and_then(|fields| deserializer.end().map(|()| fields));
        match row.and_then(|fields| self.keep(worker, &fields)) {
            Ok(()) => {
                self.mark_cuts();
                self.writer.keep();
            }
            Err(error) => {
                self.writer.discard();
                return Err(error);
            }
        }
        Ok(())
    }

    /// Marks the texts that were cut, once the whole row is read: the field that names them may stand anywhere in it.
    fn mark_cuts(&mut self) {
        for (name, chars) in self.cuts.drain(..) {
            self.writer.name = name;
            self.writer.cut(chars);
        }
    }

    fn keep(&mut self, worker: &str, fields: &Fields) -> serde_json::Result<()> {
        self.attempts.push(&AttemptRow {
            batch: self.batch.as_ref().filter(|_| fields.has(BATCH)).ok_or_else(no_row)?,
            case_id: fields.case_id.ok_or_else(no_row)?,
            level: fields.level,
            replicate: fields.replicate,
            outcome: fields.outcome.ok_or_else(no_row)?,
            attempt: fields.attempt,
            start_time: fields.start_time.ok_or_else(no_row)?,
            end_time: fields.end_time.ok_or_else(no_row)?,
            is_final: fields.is_final,
            is_empty: fields.is_empty,
            files_kib: fields.files_kib,
            signature: fields.signature.as_deref(),
            error: fields.error.as_deref(),
            worker,
            pool: fields.pool.as_ref().map(Pool::as_str),
        });
        Ok(())
    }
}

/// Fields of the row that were read until now; the reader holds its batch.
#[derive(Default)]
struct Fields {
    seen: u32,
    case_id: Option<CaseId>,
    level: u32,
    replicate: u32,
    outcome: Option<RowOutcome>,
    attempt: u32,
    start_time: Option<f64>,
    end_time: Option<f64>,
    is_final: bool,
    is_empty: bool,
    files_kib: u32,
    signature: Option<String>,
    error: Option<String>,
    pool: Option<Pool>,
}

impl Fields {
    const fn has(&self, field: usize) -> bool {
        self.seen & 1 << field != 0
    }
}

/// The fixed fields, then the two that have values of their own, the texts among these that were cut, and what only some rows have.
const NAMES: [&str; 17] = [
    "batch",
    "case_id",
    "level",
    "replicate",
    "outcome",
    "attempt",
    "start_time",
    "end_time",
    "final",
    "signature",
    "error",
    "parameters",
    "result",
    "cut",
    "empty",
    "pool",
    "files_kib",
];
const BATCH: usize = 0;
const PARAMETERS: usize = 11;
const RESULT: usize = 12;
const CUT: usize = 13;
const EMPTY: usize = 14;
const POOL: usize = 15;
const FILES_KIB: usize = 16;

struct Row<'a> {
    reader: &'a mut Reader,
    fields: Fields,
}

impl<'de> DeserializeSeed<'de> for Row<'_> {
    type Value = Fields;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Fields, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Row<'_> {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a row of a segment")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut row: A) -> Result<Fields, A::Error> {
        let mut expected = BATCH;
        while let Some(field) = row.next_key_seed(Field { expected })? {
            let is_known = field < NAMES.len();
            if is_known && self.fields.has(field) {
                return Err(no_row());
            }
            self.fields.seen |= 1 << field;
            self.read(field, &mut row)?;
            expected = field + 1;
        }
        Ok(self.fields)
    }
}

impl Row<'_> {
    fn read<'de, A: MapAccess<'de>>(&mut self, field: usize, row: &mut A) -> Result<(), A::Error> {
        let fields = &mut self.fields;
        match field {
            BATCH => self.read_batch(row)?,
            1 => fields.case_id = Some(CaseId::parse(self.reader.read_text(row)?).ok().ok_or_else(no_row)?),
            2 => fields.level = row.next_value()?,
            3 => fields.replicate = row.next_value()?,
            4 => fields.outcome = Some(outcome(self.reader.read_text(row)?)?),
            5 => fields.attempt = row.next_value()?,
            6 => fields.start_time = Some(row.next_value()?),
            7 => fields.end_time = Some(row.next_value()?),
            8 => fields.is_final = row.next_value()?,
            9 => fields.signature = row.next_value()?,
            10 => fields.error = row.next_value()?,
            PARAMETERS => row.next_value_seed(NestedValues::of(&mut self.reader.writer, ColumnPart::Factor))?,
            RESULT => row.next_value_seed(NestedValues::of(&mut self.reader.writer, ColumnPart::Response))?,
            CUT => row.next_value_seed(Cuts(&mut self.reader.cuts))?,
            EMPTY => fields.is_empty = row.next_value()?,
            // What is none is as if it weren't there.
            FILES_KIB => fields.files_kib = row.next_value()?,
            POOL => fields.pool = pool(row.next_value()?),
            _ => drop(row.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }

    fn read_batch<'de, A: MapAccess<'de>>(&mut self, row: &mut A) -> Result<(), A::Error> {
        self.reader.read_text(row)?;
        if self.reader.batch.as_ref().is_none_or(|batch| batch.as_str() != self.reader.text) {
            self.reader.batch = Some(Batch::parse(&self.reader.text).ok().ok_or_else(no_row)?);
        }
        Ok(())
    }
}

impl Reader {
    fn read_text<'de, A: MapAccess<'de>>(&mut self, row: &mut A) -> Result<&str, A::Error> {
        self.text.clear();
        row.next_value_seed(TextAppender(&mut self.text))?;
        Ok(&self.text)
    }
}

/// Reads the texts that were cut: an object of lengths in characters.
struct Cuts<'a>(&'a mut Vec<(String, u32)>);

impl<'de> DeserializeSeed<'de> for Cuts<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Cuts<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("lengths of texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut lengths: A) -> Result<(), A::Error> {
        let mut name = String::new();
        while lengths.next_key_seed(TextAppender(&mut name))?.is_some() {
            self.0.push((std::mem::take(&mut name), lengths.next_value()?));
        }
        Ok(())
    }
}

/// Returns the error of a line that is no row. Such a line is only counted: a reason would be code for the page.
fn no_row<E: Error>() -> E {
    E::custom("no row of a segment")
}

/// Reads a pool, whose name needs no escape. What is none is as if it weren't there.
fn pool(written: &RawValue) -> Option<Pool> {
    Pool::parse(written.get().strip_prefix('"')?.strip_suffix('"')?).ok()
}

fn outcome<E: Error>(text: &str) -> Result<RowOutcome, E> {
    match text {
        "done" => Ok(RowOutcome::Done),
        "failed" => Ok(RowOutcome::Failed),
        _ => Err(no_row()),
    }
}

/// Reads the name of a field as its place in [`NAMES`], or as their number if it is another one.
struct Field {
    expected: usize,
}

impl<'de> DeserializeSeed<'de> for Field {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Field {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<usize, E> {
        let is_it = |place: &usize| NAMES[*place] == name;
        let expected = self.expected.min(NAMES.len());
        Ok((expected..NAMES.len()).chain(0..expected).find(is_it).unwrap_or(NAMES.len()))
    }
}
