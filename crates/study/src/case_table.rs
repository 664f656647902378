//! `cases-<submission>.csv.gz`: the table of cases, before it is compressed.

use crate::case::{CaseId, Parameter};
use crate::design::Case;
use crate::factor::Factor;

/// A table that can't be read.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// It is no CSV.
    #[error("the table of cases is not a CSV file")]
    Csv(#[from] csv::Error),
    /// A column that each table has is missing.
    #[error("the table of cases has no column `{0}`")]
    Column(&'static str),
    /// A row isn't a case.
    #[error("row {row} of the table of cases has no valid `{column}`")]
    Row {
        /// The row's number, from 1, the header not counted.
        row: usize,
        /// The column.
        column: &'static str,
    },
}

/// A row of the table, as far as accounting needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableRow {
    /// The case.
    pub case_id: CaseId,
    /// Its level.
    pub level: u32,
}

/// The table as CSV (RFC 4180): `case_id`, `level`, `replicate`, then one column a factor, or component of a vector.
///
/// # Errors
/// Never for cases of these factors: rows have as many fields as the header.
pub fn write_table(factors: &[Factor], cases: &[Case]) -> Result<Vec<u8>, TableError> {
    let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let fixed = ["case_id", "level", "replicate"].map(str::to_owned);
    table.write_record(fixed.into_iter().chain(factors.iter().flat_map(Factor::columns)))?;
    for case in cases {
        let mut row = vec![case.case_id.to_string(), case.level.to_string(), case.replicate.to_string()];
        for factor in factors {
            match case.parameters.get(&factor.name) {
                Some(Parameter::List(components)) => row.extend(components.iter().map(field)),
                Some(scalar) => row.push(field(scalar)),
                None => row.extend(factor.columns().iter().map(|_| String::new())),
            }
        }
        table.write_record(row)?;
    }
    Ok(table.into_inner().map_err(|failure| csv::Error::from(failure.into_error()))?)
}

fn field(parameter: &Parameter) -> String {
    match parameter {
        Parameter::Text(text) => text.clone(),
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}

/// Reads which cases a table holds, and of which level they are.
///
/// # Errors
/// If it isn't a table of cases; a wrong row is named by its number.
pub fn read_table(table: &[u8]) -> Result<Vec<TableRow>, TableError> {
    let mut table = csv::Reader::from_reader(table);
    let headers = table.headers()?;
    let column = |name| headers.iter().position(|header| header == name).ok_or(TableError::Column(name));
    let (case_id, level) = (column("case_id")?, column("level")?);
    let mut rows = Vec::new();
    let mut record = csv::StringRecord::new();
    while table.read_record(&mut record)? {
        let row = rows.len() + 1;
        let text = |index| record.get(index).unwrap_or_default();
        rows.push(TableRow {
            case_id: CaseId::parse(text(case_id)).ok().ok_or(TableError::Row { row, column: "case_id" })?,
            level: text(level).parse().ok().ok_or(TableError::Row { row, column: "level" })?,
        });
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Parameters;
    use crate::factor::Scale;
    use crate::model::ModelDigest;

    fn factor(name: &str, count: Option<usize>) -> Factor {
        let (unit, note) = (String::new(), String::new());
        Factor { name: name.into(), count, minimum: 0.0, maximum: 1.0, scale: Scale::Linear, unit, note }
    }

    #[test]
    fn a_table_has_one_column_a_component_and_is_read_back() {
        let list = Parameter::List(vec![Parameter::Number(50000.0), Parameter::Integer(2)]);
        let clay = Parameter::Text("stiff, \"grey\" clay".into());
        let parameters = Parameters::from([("c".into(), list), ("soil".into(), clay)]);
        let case_id = CaseId::of(&ModelDigest::of(b""), &parameters, 0);
        let cases = [Case { case_id, level: 3, parameters, replicate: 0 }];
        let table = write_table(&[factor("c", Some(2)), factor("soil", None)], &cases).unwrap();
        assert_eq!(
            String::from_utf8(table.clone()).unwrap(),
            format!(
                "case_id,level,replicate,c[0],c[1],soil\r\n{case_id},3,0,50000.0,2,\"stiff, \"\"grey\"\" clay\"\r\n"
            )
        );
        assert_eq!(read_table(&table).unwrap(), [TableRow { case_id, level: 3 }]);
    }

    #[test]
    fn a_wrong_row_is_named_by_its_number() {
        let good = "9f86d081884c7d659a2feaa0c55ad015";
        let table = format!("case_id,level\n{good},3\n{good},x\n");
        let error = read_table(table.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "row 2 of the table of cases has no valid `level`");
        assert!(matches!(read_table(b"level\n3\n"), Err(TableError::Column("case_id"))));
        assert!(read_table(format!("case_id,level\n{good}\n").as_bytes()).is_err(), "a row that was cut off");
    }
}
