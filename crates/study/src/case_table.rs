//! `cases-<submission>.csv.gz`: the table of cases, before it is compressed.

use crate::case::{CaseId, ParameterValue};
use crate::cases::{DesignCase, DesignCases};
use crate::design::{DesignPoints, RowMark};
use crate::design_document::DesignDocument;
use crate::factor::{Factor, FactorValues};
use crate::import::{field, parse_field};
use crate::pool::Pool;

/// A table that can't be read.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// It is no CSV.
    #[error("the table of cases is not a CSV file")]
    Csv(#[from] csv::Error),
    /// A column that each table has is missing.
    #[error("the table of cases has no column `{0}`")]
    Column(String),
    /// A row isn't a case.
    #[error("row {row} of the table of cases has no valid `{column}`")]
    Row {
        /// The row's number, from 1, the header not counted.
        row: usize,
        /// The column.
        column: &'static str,
    },
    /// A row's id differs from the id that its inputs give.
    #[error("row {0} of the table of cases isn't the case that its `case_id` names")]
    OtherCase(usize),
}

/// The column of a case's pool: the third one, if it is there. An input of that name stands behind the replicate.
const POOL_COLUMN: &str = "pool";

/// A row of the table, as far as accounting needs it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TableRow {
    /// The case.
    pub case_id: CaseId,
    /// Its level.
    pub level: u32,
    /// The pool that it was sent to; `None` is the study's own queue.
    pub pool: Option<Pool>,
}

impl TableRow {
    /// Length of a row, in bytes.
    const BYTES: usize = 20;

    /// Writes rows as bytes: 16 of the case and 4 of its level, little-endian. If any has a pool, those of all follow, 20 bytes
    /// each, and a zero by which that is told.
    #[must_use]
    pub fn to_bytes(rows: &[Self]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(rows.len() * Self::BYTES);
        for row in rows {
            bytes.extend_from_slice(row.case_id.as_bytes());
            bytes.extend_from_slice(&row.level.to_le_bytes());
        }
        if rows.iter().any(|row| row.pool.is_some()) {
            for row in rows {
                bytes.extend_from_slice(&Pool::to_bytes(row.pool));
            }
            bytes.push(0);
        }
        bytes
    }

    /// Reads rows from bytes; `None` if the last row is incomplete.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Vec<Self>> {
        let (rows, rest) = bytes.as_chunks::<{ Self::BYTES }>();
        let (rows, pools) = match rest {
            [] => (rows, None),
            [0] if rows.len().is_multiple_of(2) => {
                let (rows, pools) = rows.split_at(rows.len() / 2);
                (rows, Some(pools))
            }
            _ => return None,
        };
        let row = |(place, row): (usize, &[u8; Self::BYTES])| {
            let (case_id, level) = row.split_first_chunk()?;
            let pool = pools.and_then(|pools| Pool::from_bytes(&pools[place]));
            Some(Self {
                case_id: CaseId::from_bytes(*case_id),
                level: u32::from_le_bytes(level.try_into().ok()?),
                pool,
            })
        };
        rows.iter().enumerate().map(row).collect()
    }
}

/// Writes the table as CSV (RFC 4180): `case_id`, `level`, if any case has a pool `pool`, `replicate`, then one column a factor, or
/// component of a vector.
///
/// # Errors
/// Never for cases of a design: rows have as many fields as the header.
pub fn write_table(cases: &DesignCases) -> Result<Vec<u8>, TableError> {
    write(cases, &["case_id", "level"], |case| vec![case.case_id.to_string(), case.level.to_string()])
}

/// Writes the table without the column `case_id`, for a model that isn't known yet: ids depend on it.
///
/// # Errors
/// Never for cases of a design.
pub fn write_points(cases: &DesignCases) -> Result<Vec<u8>, TableError> {
    write(cases, &["level"], |case| vec![case.level.to_string()])
}

fn write(
    cases: &DesignCases,
    fixed: &[&str],
    start: impl Fn(&DesignCase) -> Vec<String>,
) -> Result<Vec<u8>, TableError> {
    let factors = cases.design().factors();
    let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let have_pools = cases.have_pools();
    let behind: &[&str] = if have_pools { &[POOL_COLUMN, "replicate"] } else { &["replicate"] };
    let fixed = fixed.iter().chain(behind).map(|name| (*name).to_owned());
    table.write_record(fixed.chain(factors.iter().flat_map(Factor::columns)))?;
    for case in cases.iter() {
        let mut row = start(&case);
        if have_pools {
            row.push(case.pool.as_ref().map(Pool::to_string).unwrap_or_default());
        }
        row.push(case.replicate.to_string());
        for factor in factors {
            match case.parameters.get(&factor.name) {
                Some(ParameterValue::List(components)) => row.extend(components.iter().map(field)),
                Some(scalar) => row.push(field(scalar)),
                None => row.extend(factor.columns().iter().map(|_| String::new())),
            }
        }
        table.write_record(row)?;
    }
    Ok(table.into_inner().map_err(|failure| csv::Error::from(failure.into_error()))?)
}

/// Reads the cases of a table, their levels and their pools: the first columns. A row is always one line.
///
/// # Errors
/// If it isn't a table of cases; a wrong row is named by its number.
pub fn read_table(table: &[u8]) -> Result<Vec<TableRow>, TableError> {
    let mut lines = table.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
    let mut header = lines.next().unwrap_or_default().split(|byte| *byte == b',');
    for name in ["case_id", "level"] {
        if header.next() != Some(name.as_bytes()) {
            return Err(TableError::Column(name.to_owned()));
        }
    }
    let have_pools = header.next() == Some(POOL_COLUMN.as_bytes());
    let rows = lines.filter(|line| !line.is_empty()).enumerate();
    rows.map(|(index, line)| {
        let mut fields = line.split(|byte| *byte == b',').map(|field| str::from_utf8(field).unwrap_or_default());
        let wrong = |column| TableError::Row { row: index + 1, column };
        let case_id = fields.next().and_then(|text| CaseId::parse(text).ok()).ok_or_else(|| wrong("case_id"))?;
        let level = fields.next().and_then(|text| text.parse().ok()).ok_or_else(|| wrong("level"))?;
        let pool = if have_pools { fields.next().map(Pool::parse_choice) } else { None };
        let pool = pool.transpose().map_err(|_no_pool| wrong(POOL_COLUMN))?.flatten();
        Ok(TableRow { case_id, level, pool })
    })
    .collect()
}

fn position(headers: &csv::StringRecord, name: &str) -> Result<usize, TableError> {
    headers.iter().position(|header| header == name).ok_or_else(|| TableError::Column(name.to_owned()))
}

fn id_in(record: &csv::StringRecord, index: usize, row: usize) -> Result<CaseId, TableError> {
    let id = record.get(index).and_then(|text| CaseId::parse(text).ok());
    id.ok_or(TableError::Row { row, column: "case_id" })
}

fn number_in(record: &csv::StringRecord, index: usize, row: usize, column: &'static str) -> Result<u32, TableError> {
    record.get(index).and_then(|text| text.parse().ok()).ok_or(TableError::Row { row, column })
}

/// Reads the cases of a submission from its table, each with all of its inputs.
///
/// # Errors
/// If it isn't the table of this design: a column is missing, or a row isn't the case that it names.
pub fn read_cases(document: &DesignDocument, table: &[u8]) -> Result<DesignCases, TableError> {
    let mut table = csv::Reader::from_reader(table);
    let headers = table.headers()?.clone();
    let have_pools = headers.get(2) == Some(POOL_COLUMN);
    // A factor may have the name of a column that stands before all factors.
    let inputs = 3 + usize::from(have_pools);
    let column = |name: &str| position(&headers, name);
    let input = |name: &str| {
        let found = headers.iter().skip(inputs).position(|header| header == name);
        found.map(|place| inputs + place).ok_or_else(|| TableError::Column(name.to_owned()))
    };
    let (case_id, level, replicate) = (column("case_id")?, column("level")?, column("replicate")?);
    let columns = |factor: &Factor| factor.columns().iter().map(|name| input(name)).collect();
    let columns = document.factors.iter().map(columns).collect::<Result<Vec<Vec<usize>>, _>>()?;
    let (mut rows, mut marks, mut case_ids) = (Vec::new(), Vec::new(), Vec::new());
    let mut record = csv::StringRecord::new();
    while table.read_record(&mut record)? {
        let row = rows.len() + 1;
        case_ids.push(id_in(&record, case_id, row)?);
        let level = number_in(&record, level, row, "level")?;
        let pool = Pool::parse_choice(if have_pools { record.get(2).unwrap_or_default() } else { "" });
        let pool = pool.map_err(|_no_pool| TableError::Row { row, column: POOL_COLUMN })?;
        marks.push(RowMark { level, replicate: number_in(&record, replicate, row, "replicate")?, pool });
        let value = |column: &usize| parse_field(record.get(*column).unwrap_or_default());
        let values = document.factors.iter().zip(&columns).map(|(factor, columns)| match factor.components() {
            None => value(&columns[0]),
            Some(_) => ParameterValue::List(columns.iter().map(value).collect()),
        });
        rows.push(values.collect());
    }
    let listed =
        |factor: &Factor| Factor { count: factor.components(), values: FactorValues::Listed, ..factor.clone() };
    let design = DesignPoints::of_rows(document.factors.iter().map(listed).collect(), rows, marks);
    let cases = DesignCases::of(design, &document.model.digest(), 1);
    let other = (0..case_ids.len()).find(|index| cases.len() <= *index || cases.case_id(*index) != case_ids[*index]);
    other.map_or(Ok(cases), |index| Err(TableError::OtherCase(index + 1)))
}

/// Reads a single case of a submission from its table, with all of its inputs; `None` if no row names it.
///
/// # Errors
/// As [`read_cases`], for the case's own row.
pub fn read_case(document: &DesignDocument, table: &[u8], case_id: CaseId) -> Result<Option<DesignCase>, TableError> {
    let mut lines = table.split_inclusive(|byte| *byte == b'\n');
    let header = lines.next().unwrap_or_default();
    let start = format!("{case_id},");
    let Some((index, row)) = lines.enumerate().find(|(_, line)| line.starts_with(start.as_bytes())) else {
        return Ok(None);
    };
    let cases = read_cases(document, &[header, row].concat()).map_err(|error| match error {
        TableError::OtherCase(_) => TableError::OtherCase(index + 1),
        TableError::Row { column, .. } => TableError::Row { row: index + 1, column },
        error => error,
    })?;
    Ok(cases.iter().next())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::design::DesignFile;
    use crate::design_document::Submission;
    use crate::model::{ModelDigest, ModelKind, ModelReference};

    const FILE: &str = r#"{"batch": "b", "model": {"file": "m.py", "kind": "python"}, "replicates": 2,
        "factors": [{"name": "c", "count": 2, "minimum": 0, "maximum": 1},
                    {"name": "n", "levels": [1, 2.5, "2", "a,\"b\"", 4611686018427387905, 18446744073709551615]},
                    {"name": "on", "value": true}, {"name": "depths", "value": [0, 0.5]}],
        "sampler": {"kind": "full_grid", "steps": 2}}"#;

    fn submitted() -> (DesignDocument, DesignCases) {
        let file: DesignFile = serde_json::from_str(FILE).unwrap();
        let digest = ModelDigest::of(b"model");
        let cases = DesignCases::of(file.design().unwrap(), &digest, file.replicates);
        let submission = Submission { id: "00".into(), time: 0.0, by: String::new() };
        (
            DesignDocument::new(&file, &cases, ModelReference::new(&digest, "m.py", ModelKind::Python), &submission),
            cases,
        )
    }

    #[test]
    fn a_table_has_one_column_a_component() {
        let (_, cases) = submitted();
        let table = String::from_utf8(write_table(&cases).unwrap()).unwrap();
        let mut lines = table.split("\r\n");
        assert_eq!(lines.next(), Some("case_id,level,replicate,c[0],c[1],n,on,depths[0],depths[1]"));
        assert_eq!(lines.next(), Some(&*format!("{},0,0,0.0,0.0,1,true,0,0.5", cases.case_id(0))));
    }

    #[test]
    fn every_case_is_read_back_with_its_inputs() {
        let (document, cases) = submitted();
        let table = write_table(&cases).unwrap();
        let again = read_cases(&document, &table).unwrap();
        assert!(again.iter().eq(cases.iter()));
        let rows: Vec<CaseId> = read_table(&table).unwrap().iter().map(|row| row.case_id).collect();
        assert_eq!(rows, cases.iter().map(|case| case.case_id).collect::<Vec<_>>());
    }

    #[test]
    fn a_pool_stands_in_the_third_column_if_a_case_has_one() {
        let file = FILE.replace("\"replicates\": 2", "\"replicates\": 2, \"pool\": \"gpu\"").replace("depths", "pool");
        let file: DesignFile = serde_json::from_str(&file).unwrap();
        let digest = ModelDigest::of(b"model");
        let cases = DesignCases::of(file.design().unwrap(), &digest, file.replicates);
        let model = ModelReference::new(&digest, "m.py", ModelKind::Python);
        let document =
            DesignDocument::new(&file, &cases, model, &Submission { id: "00".into(), time: 0.0, by: String::new() });
        let table = write_table(&cases).unwrap();
        let text = String::from_utf8(table.clone()).unwrap();
        // An input of the same name is another column.
        assert!(text.starts_with("case_id,level,pool,replicate,c[0],c[1],n,on,pool[0],pool[1]\r\n"), "{text}");
        let again = read_cases(&document, &table).unwrap();
        assert!(again.iter().eq(cases.iter()));
        assert_eq!(document.message(again.case(0)).pool, Pool::parse("gpu").ok());
        assert!(read_table(&table).unwrap().iter().all(|row| row.pool == Pool::parse("gpu").ok()));
        let wrong = text.replacen(",gpu,", ",Gpu,", 1);
        assert_eq!(
            read_table(wrong.as_bytes()).unwrap_err().to_string(),
            "row 1 of the table of cases has no valid `pool`"
        );
        assert!(read_cases(&document, wrong.as_bytes()).is_err());
    }

    #[test]
    fn rows_are_kept_as_bytes_with_their_pools() {
        let row = |level, pool| TableRow { case_id: CaseId::from_bytes([7; 16]), level, pool };
        for rows in [
            vec![],
            vec![row(3, None)],
            vec![row(3, None), row(4, None)],
            vec![row(3, Pool::parse("gpu").ok())],
            vec![row(1, None), row(2, Pool::parse("abcdefghij-123456789").ok()), row(3, None)],
        ] {
            let bytes = TableRow::to_bytes(&rows);
            assert_eq!(TableRow::from_bytes(&bytes), Some(rows), "{bytes:?}");
        }
        // Of rows without pools the bytes are those of earlier versions.
        assert_eq!(TableRow::to_bytes(&[row(3, None)]).len(), 20);
        for length in [19, 21, 22, 41 + 20] {
            assert_eq!(TableRow::from_bytes(&vec![0; length]), None, "{length}");
        }
    }

    #[test]
    fn one_case_is_read_without_the_others() {
        let (document, cases) = submitted();
        let table = write_table(&cases).unwrap();
        for case in cases.iter() {
            assert_eq!(read_case(&document, &table, case.case_id).unwrap(), Some(case));
        }
        assert_eq!(read_case(&document, &table, CaseId::from_bytes([7; 16])).unwrap(), None);
        let changed = String::from_utf8(table).unwrap().replace("true", "false");
        let error = read_case(&document, changed.as_bytes(), cases.case_id(2)).unwrap_err();
        assert_eq!(error.to_string(), "row 3 of the table of cases isn't the case that its `case_id` names");
    }

    #[test]
    fn a_row_that_is_another_case_is_noticed() {
        let (document, cases) = submitted();
        let table = String::from_utf8(write_table(&cases).unwrap()).unwrap();
        let changed = table.replacen("0.0,0.0", "0.0,0.1", 1);
        let error = read_cases(&document, changed.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "row 1 of the table of cases isn't the case that its `case_id` names");
    }

    #[test]
    fn a_wrong_row_is_named_by_its_number() {
        let good = "9f86d081884c7d659a2feaa0c55ad015";
        let table = format!("case_id,level\n{good},3\n{good},x\n");
        let error = read_table(table.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "row 2 of the table of cases has no valid `level`");
        assert!(matches!(read_table(b"level\n3\n"), Err(TableError::Column(_))));
        assert!(read_table(format!("case_id,level\n{good}\n").as_bytes()).is_err(), "a row that was cut off");
    }
}
