//! The arguments of the commands that are about a design, and their help.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use cruncher_study::batch::Batch;
use cruncher_study::combination::CombinedInputs;
use cruncher_study::import::{DecimalMark, NumberReading, PercentSign};
use cruncher_study::model::ModelKind;
use cruncher_study::model_document::ResultRow;

use super::pools::PoolChoice;
use super::study;

/// A design or a table of cases, with options beside it.
#[derive(Debug, Args)]
pub(crate) struct DesignSource {
    /// A design as JSON, or a table of cases as CSV or JSON
    #[arg(value_name = "DESIGN.json|CASES.csv", required_unless_present = "points")]
    pub design: Option<PathBuf>,
    /// A script in Python whose `get_points()` returns the cases, in place of a design or table
    #[arg(long, value_name = "POINTS.py", conflicts_with_all = ["design", "decimal_mark", "percent"])]
    pub points: Option<PathBuf>,
    /// How the script is run.
    #[command(flatten)]
    pub points_options: PointsOptions,
    /// The model's file, or a folder with all that it needs [default: the one that the design holds, or names, beside it]
    #[arg(long, value_name = "FILE|FOLDER")]
    pub model: Option<PathBuf>,
    /// The file of the folder that is run [default: main.py, run.py or model.py, the only .py, or what its model.json says]
    #[arg(long, value_name = "FILE")]
    pub main: Option<String>,
    /// Another file of the folder whose placeholders are filled; can be repeated
    #[arg(long = "template", value_name = "FILE")]
    pub templates: Vec<String>,
    /// The way workers run the model of a table [default: python for .py, else command]
    #[arg(long, value_name = "KIND", conflicts_with = "command")]
    pub kind: Option<ModelKindOption>,
    /// A command line as the model, such as 'julia wrapper.jl --seed {{seed}}' [default: the column `command` of a table]
    #[arg(long, value_name = "LINE", conflicts_with = "model")]
    pub command: Option<String>,
    /// Let a shell run the command: for pipes, variables and the like
    #[arg(long)]
    pub shell: bool,
    /// The file that the command leaves its result in: JSON, or a CSV [default: result.json]
    #[arg(long, value_name = "PATH")]
    pub result_file: Option<String>,
    /// The row of that CSV which is the result [default: last]
    #[arg(long, value_name = "ROW")]
    pub result_row: Option<ResultRowOption>,
    /// The file whose last line tells how far the command has come: `0.4 mesh refined`
    #[arg(long, value_name = "PATH")]
    pub progress_file: Option<String>,
    /// Take lines such as `progress 0.4 mesh refined` of the command's output for its progress
    #[arg(long, conflicts_with = "progress_file")]
    pub progress_output: bool,
    /// The batch that the cases belong to [default: the design's]; a table needs it to be enqueued
    #[arg(long, value_name = "NAME", value_parser = Batch::parse)]
    pub batch: Option<Batch>,
    /// The separator of decimals in a table [default: the one that its numbers show]
    #[arg(long, value_name = "MARK")]
    pub decimal_mark: Option<DecimalMarkOption>,
    /// The meaning of `5%` in a table: `fraction` is 0.05, `number` is 5
    #[arg(long, value_name = "MEANING")]
    pub percent: Option<PercentMeaning>,
}

/// How a script of points is run.
#[derive(Debug, Args)]
pub(crate) struct PointsOptions {
    /// The Python that runs the script of --points
    #[arg(long, value_name = "PROGRAM", default_value = if cfg!(windows) { "python" } else { "python3" })]
    pub python: PathBuf,
    /// The maximum duration of `get_points()`, in seconds
    #[arg(long, value_name = "SECS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=86400))]
    pub points_time_limit: u64,
}

impl DesignSource {
    /// Returns the file that is named: design, table or script.
    pub(crate) fn path(&self) -> &Path {
        self.design.as_deref().or(self.points.as_deref()).unwrap_or(Path::new(""))
    }

    /// Returns the options on reading a table.
    pub(crate) fn reading(&self) -> NumberReading {
        let decimal_mark = self.decimal_mark.map(|mark| match mark {
            DecimalMarkOption::Point => DecimalMark::Point,
            DecimalMarkOption::Comma => DecimalMark::Comma,
        });
        let percent = self.percent.map(|meaning| match meaning {
            PercentMeaning::Fraction => PercentSign::Fraction,
            PercentMeaning::Number => PercentSign::Number,
        });
        NumberReading { decimal_mark, percent }
    }
}

/// Separator of decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DecimalMarkOption {
    /// As in 1.5
    Point,
    /// As in 1,5
    Comma,
}

/// Meaning of a per cent sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PercentMeaning {
    /// 5% is 0.05
    Fraction,
    /// 5% is 5
    Number,
}

/// Row of a CSV.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ResultRowOption {
    /// The first below the header
    First,
    /// The last
    Last,
}

impl From<ResultRowOption> for ResultRow {
    fn from(row: ResultRowOption) -> Self {
        match row {
            ResultRowOption::First => Self::First,
            ResultRowOption::Last => Self::Last,
        }
    }
}

/// Way in which a worker runs a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ModelKindOption {
    /// Executed by the worker's own Python
    Python,
    /// Started as a process
    Command,
}

impl From<ModelKindOption> for ModelKind {
    fn from(kind: ModelKindOption) -> Self {
        match kind {
            ModelKindOption::Python => Self::Python,
            ModelKindOption::Command => Self::Command,
        }
    }
}

const AFTER_DESIGN: &str = "\
It needs no study and no account. A design is a JSON file with the batch, the model's file, the factors and a sampler; the
same seed gives the same cases everywhere. A table has one column a factor, and `name[0]`, `name[1]` … for a vector.

The ids of cases depend on the model's content. If its file isn't there, the columns `level` and `replicate` and the values
are written without them.

Examples:
  cruncher design footing.json
  cruncher design footing.json --csv - | head
  cruncher design cases.csv --model footing.py --csv cases-with-ids.csv
  cruncher design seeds.csv --command 'julia wrapper.jl --seed {{seed}}' --result-file result.csv
  cruncher design pasted.tsv --decimal-mark comma
  cruncher design --points points.py --csv - | head";

/// Check a design.
#[derive(Debug, Args)]
#[command(after_help = AFTER_DESIGN)]
pub(crate) struct DesignArguments {
    /// The design to be checked.
    #[command(flatten)]
    pub source: DesignSource,
    /// Write the table of cases as CSV; `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Write the table of cases as a JSON array; `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

const AFTER_ENQUEUE: &str = "\
It looks at the study first and says what it would send: cases that have a result in this batch, and those that were sent
before and still wait or run, are left out. On a terminal it asks before it sends. The queue hands the levels out in order.

With --points, get_points() of a script returns the cases: objects with names, tuples with names, a table of pandas, or lists,
which a list `names` in the script names; without it each list is the vector `point`. It has to return the same points each
time: a script that draws random numbers sets a seed.

Ctrl-C pauses. The same command again, also after a crash, goes on where the last one ended, and no case is computed twice;
with --cancel it takes back what was not sent. What that needs is kept in $XDG_STATE_HOME/cruncher, by default
~/.local/state/cruncher (Windows: %LOCALAPPDATA%\\cruncher).

With --combine one file is made of all results when every case is done. There is no server: the first who looks then with a key that
may send has it made, an open page of an operator, or cruncher status.
A design file names its script in its field `combine`.

With --first it sends a few cases, waits for their results, shows them, and asks whether to send the rest. Where nobody can
be asked it says the command that does it; with --yes the rest is sent if each of the first has a result.

Examples:
  cruncher enqueue prandtl footing.json
  cruncher enqueue prandtl footing.json --first 5
  cruncher enqueue prandtl cases.csv --model footing.py --batch prandtl/by-hand
  cruncher enqueue prandtl --points points.py --model footing.py --batch prandtl/mesh
  cruncher enqueue prandtl --points points.py --model footing.py --batch prandtl/mesh --combine combine.py
  cruncher enqueue prandtl jobdetails.csv --batch runs     (its column `command` is run)
  cruncher enqueue prandtl footing.json --yes --json | jq .sent

Exit codes: 0 sent, held after the first, or nothing to send; 1 failed; 2 wrong usage; 130 paused by Ctrl-C.";

/// Send the cases of a design.
#[derive(Debug, Args)]
#[command(after_help = AFTER_ENQUEUE)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option that is typed or not")]
pub(crate) struct EnqueueArguments {
    /// The study's name
    #[arg(value_parser = study)]
    pub study: String,
    /// The design to be sent.
    #[command(flatten)]
    pub source: DesignSource,
    /// Send N cases first, and show their results before the rest is sent
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub first: Option<u32>,
    /// Send those again that were sent before and have come to no end
    #[arg(long)]
    pub again: bool,
    /// Send every case, and compute those again that have a result
    #[arg(long)]
    pub force: bool,
    /// Send all cases to this pool, in place of the one that the design names; `main` is the study's own queue
    #[arg(long, value_name = "NAME", value_parser = PoolChoice::parse)]
    pub pool: Option<PoolChoice>,
    /// Have a worker make one file of all results when the batch is complete, by this script in Python
    #[arg(long, value_name = "COMBINE.py")]
    pub combine: Option<PathBuf>,
    /// Combine the files that the cases left, in place of their results
    #[arg(long, requires = "combine")]
    pub combine_files: bool,
    /// What the combined file's name ends with [default: as the script says]
    #[arg(long, value_name = "ENDING", requires = "combine")]
    pub file_extension: Option<String>,
    /// Don't ask
    #[arg(long)]
    pub yes: bool,
    /// Take back what an interrupted enqueueing of this design has not sent
    #[arg(long, conflicts_with_all = ["first", "again", "yes"])]
    pub cancel: bool,
    /// Print what was done as a JSON object
    #[arg(long)]
    pub json: bool,
}

const AFTER_COMBINE: &str = "\
The script has a function combine(files, output), which writes one file of many, and says what that file's name ends with:

  file_extension = \"csv\"

  def combine(files, output):
      ...

It runs on a worker, as a case of the batch BATCH/combined. `files` are paths of the results, one JSON document a case, in the order
of the design; with --of files, of all that the cases left in their folder of files. The file is shown on the Results page.

Without --now it waits until every case of the batch is done. With it, it takes what is there, and says how many are missing.
The same script for the same files is sent once.

Examples:
  cruncher combine prandtl mesh combine.py
  cruncher combine prandtl mesh combine.py --now
  cruncher combine prandtl mesh combine_data.py --of files --file-extension h5

Exit codes: 0 sent, or done before; 1 failed, or the batch will not be complete; 2 wrong usage; 130 ended by Ctrl-C.";

/// Combine what the cases of a batch came to.
#[derive(Debug, Args)]
#[command(after_help = AFTER_COMBINE)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option that is typed or not")]
pub(crate) struct CombineArguments {
    /// The study's name
    #[arg(value_parser = study)]
    pub study: String,
    /// The batch whose cases are combined
    #[arg(value_parser = Batch::parse)]
    pub batch: Batch,
    /// The script, a file in Python with a function `combine(files, output)`
    #[arg(value_name = "COMBINE.py", required_unless_present = "never")]
    pub script: Option<PathBuf>,
    /// Don't combine the batch by itself when it is complete, as its design asks for
    #[arg(long, conflicts_with_all = ["script", "now", "force", "file_extension", "time_limit"])]
    pub never: bool,
    /// What is combined: the results of the cases, or the files that they left
    #[arg(long, value_name = "WHAT", default_value = "results")]
    pub of: CombinedOption,
    /// What the file's name ends with [default: as the script says]
    #[arg(long, value_name = "ENDING")]
    pub file_extension: Option<String>,
    /// Don't wait until every case is done
    #[arg(long)]
    pub now: bool,
    /// The maximum duration of the script, in seconds [default: none]
    #[arg(long, value_name = "SECS", value_parser = positive_secs)]
    pub time_limit: Option<f64>,
    /// The number of attempts
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub attempts: u32,
    /// The pool whose workers combine [default: the study's own queue]
    #[arg(long, value_name = "NAME", value_parser = PoolChoice::parse)]
    pub pool: Option<PoolChoice>,
    /// Combine again what was combined before
    #[arg(long)]
    pub force: bool,
    /// Print what was done as a JSON object
    #[arg(long)]
    pub json: bool,
}

fn positive_secs(text: &str) -> Result<f64, String> {
    let secs = text.parse().ok().filter(|secs: &f64| secs.is_finite() && *secs > 0.0);
    secs.ok_or_else(|| "it is a number of seconds above 0".to_owned())
}

/// Documents that are combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CombinedOption {
    /// The result documents
    Results,
    /// The files that cases left
    Files,
}

impl From<CombinedOption> for CombinedInputs {
    fn from(of: CombinedOption) -> Self {
        match of {
            CombinedOption::Results => Self::Results,
            CombinedOption::Files => Self::Files,
        }
    }
}
