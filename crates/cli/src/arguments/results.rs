//! The arguments of `cruncher results`, and their help.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::builder::{PathBufValueParser, TypedValueParser as _};
use clap::{Args, ValueEnum};
use cruncher_backend::fetch::download::ObjectKind;
use cruncher_results::export::csv::TimeFormat;
use cruncher_study::batch::Batch;

use super::study;

const AFTER_RESULTS: &str = "\
Everything below `data/` in the study's bucket becomes a file, as it is stored:

  DIR/BATCH/done-CASE.json          a result: inputs, outputs, the worker, the times, what was printed
  DIR/BATCH/error-CASE.json         the last failed attempt of a case
  DIR/BATCH/files/CASE/...          files that a case produced
  DIR/BATCH/design-SUBMISSION.json  factors, sampler, seed, model
  DIR/BATCH/cases-SUBMISSION.csv.gz the table of cases

The same command again, also after Ctrl-C or a crash, fetches only what is new or has changed: what has another size than
its object, or is older. A file stands under its name once it is complete. Nothing is deleted in DIR. A key that can't be the
name of a file there is left out, and named.

With --table, one file instead, a row for each case that is done or has failed for good:

  FILE.csv      fields of the case, factors with their units, responses; times in UTC, as 2026-09-21T14:13:20.500Z
  FILE.parquet  the same with types, and with attempt, signature and error of failures; a missing value is null
  FILE.npz      for numpy.load: X (factors) and Y (responses), a row for each case that is done, NaN where there is no number;
                X_names, Y_names, case_ids

Integers of 64 bits are exact in .csv and .parquet; arrays of floats hold the nearest ones, and the columns are named. Texts are
whole in both: those of more than 1,000 characters are read from the documents of their cases, a request a case.

A name of a response with a comma stands alone or in double quotes, and a double quote in those is two: '\"load, kN\",settlement'.
--responses may be there several times.

It is read from the rows that workers write, and the study's queue, as the page does: few requests, else no request a case. A FILE
that is there already is replaced, at once and as a whole.

Costs: a GET a file, 0.04 dollars for 100,000; data that leaves AWS costs about 0.09 dollars per GB beyond 100 GB a month.

Examples:
  cruncher results prandtl prandtl-data
  cruncher results prandtl prandtl-data --only results
  cruncher results prandtl prandtl-data --batch prandtl/level-03 --only results,errors
  cruncher results prandtl --table prandtl.csv
  cruncher results prandtl --table prandtl.npz --responses end_load,settlement
  cruncher results prandtl --table prandtl.csv --responses '\"load, kN\",settlement'
  cruncher results prandtl prandtl-data --bucket cruncher-prandtl-bucket-1x2y   when the stack is gone already

Exit codes: 0 everything is there, but what is named as left out; 1 failed, or some could not be had; 2 wrong usage; 130 ended
by Ctrl-C.";

/// Fetch a study's results.
#[derive(Debug, Args)]
// Clap would put flattened arguments before the study.
#[command(after_help = AFTER_RESULTS, override_usage = "cruncher results [OPTIONS] <STUDY> <DIR>\n       cruncher results [OPTIONS] <STUDY> --table <FILE>")]
pub(crate) struct ResultsArguments {
    /// The study's name
    #[arg(value_parser = study)]
    pub study: String,
    /// The destination.
    #[command(flatten)]
    pub destination: ResultsDestination,
    /// Fetch this batch and the batches below it [default: all]
    #[arg(long, value_name = "NAME", value_parser = Batch::parse)]
    pub batch: Option<Batch>,
    /// Fetch these only, joined by commas
    #[arg(long, value_name = "WHAT", value_delimiter = ',', conflicts_with = "table")]
    pub only: Vec<ResultsKind>,
    /// The study's bucket, if its stack is gone and can't tell
    #[arg(long, value_name = "NAME", conflicts_with = "table")]
    pub bucket: Option<String>,
    /// The table has these responses only, in this order, joined by commas; a name with a comma in double quotes [default: all]
    #[arg(long, value_name = "NAMES", conflicts_with = "folder")]
    pub responses: Vec<String>,
    /// Times in a .csv file: in UTC by ISO 8601, or in seconds since 1970, as in the other files
    #[arg(long, value_name = "HOW", conflicts_with = "folder", default_value = "iso")]
    pub times: TimesAs,
    /// The header of a .csv file has names alone, as the other files have: `width` for `width [m]`
    #[arg(long, conflicts_with = "folder")]
    pub plain_names: bool,
    /// Texts of a .csv file stand as they are, as in a .parquet file; by default one that a spreadsheet would take for a formula has
    /// an apostrophe in front
    #[arg(long, conflicts_with = "folder")]
    pub exact_texts: bool,
}

/// The notation of times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TimesAs {
    /// 2026-09-21T14:13:20.500Z
    Iso,
    /// 1790000000.5
    Seconds,
}

impl From<TimesAs> for TimeFormat {
    fn from(times: TimesAs) -> Self {
        match times {
            TimesAs::Iso => Self::Iso,
            TimesAs::Seconds => Self::Secs,
        }
    }
}

/// Destination of results: one of these.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct ResultsDestination {
    /// The folder that the files go into; it is made if need be
    #[arg(value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// The file that one table of all cases goes into: *.csv, *.npz or *.parquet
    #[arg(long, value_name = "FILE", value_parser = PathBufValueParser::new().try_map(TableFile::of))]
    pub table: Option<TableFile>,
}

/// A file for a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableFile {
    /// The path.
    pub path: PathBuf,
    /// The format, by the end of its name.
    pub format: TableFormat,
}

/// Format of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TableFormat {
    /// Comma-separated values.
    Csv,
    /// Arrays for `NumPy`.
    Npz,
    /// Apache Parquet.
    Parquet,
}

impl TableFile {
    fn of(path: PathBuf) -> Result<Self, String> {
        let ending = path.extension().and_then(OsStr::to_str).unwrap_or_default().to_ascii_lowercase();
        let format = match ending.as_str() {
            "csv" => TableFormat::Csv,
            "npz" => TableFormat::Npz,
            "parquet" => TableFormat::Parquet,
            _ => return Err("the name of a table ends in .csv, .npz or .parquet".to_owned()),
        };
        Ok(Self { path, format })
    }
}

/// A kind of objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ResultsKind {
    /// Results of cases
    Results,
    /// Failures of cases
    Errors,
    /// Files that cases produced
    Files,
    /// Designs and tables of cases
    Designs,
}

impl ResultsKind {
    /// Returns the kind by which objects are distinguished.
    pub(crate) const fn kind(self) -> ObjectKind {
        match self {
            Self::Results => ObjectKind::Result,
            Self::Errors => ObjectKind::Error,
            Self::Files => ObjectKind::File,
            Self::Designs => ObjectKind::Design,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_name_says_what_is_written() {
        for (path, format) in
            [("a/b.csv", TableFormat::Csv), ("b.NPZ", TableFormat::Npz), ("b.csv.parquet", TableFormat::Parquet)]
        {
            assert_eq!(TableFile::of(path.into()), Ok(TableFile { path: path.into(), format }));
        }
        for path in ["b", "csv", ".csv", "b.csv.gz", "b.xlsx", "a.csv/b"] {
            assert!(TableFile::of(path.into()).is_err_and(|error| error.contains(".csv, .npz or .parquet")), "{path}");
        }
    }
}
