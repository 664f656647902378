//! `cruncher results`: what can be typed behind it, and its help.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use cruncher_backend::download::Kind;
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

Costs: a GET a file, 0.04 dollars for 100,000; data that leaves AWS costs about 0.09 dollars per GB beyond 100 GB a month.

Examples:
  cruncher results prandtl prandtl-data
  cruncher results prandtl prandtl-data --only results
  cruncher results prandtl prandtl-data --batch prandtl/level-03 --only results,errors
  cruncher results prandtl prandtl-data --bucket cruncher-prandtl-bucket-1x2y   when the stack is gone already

Exit codes: 0 everything is there, but what is named as left out; 1 failed, or some could not be had; 2 wrong usage; 130 ended
by Ctrl-C.";

/// Fetch a study's results.
#[derive(Debug, Args)]
// What is flattened in would stand before the study.
#[command(after_help = AFTER_RESULTS, override_usage = "cruncher results [OPTIONS] <STUDY> <DIR>")]
pub(crate) struct Results {
    /// The study's name
    #[arg(value_parser = study)]
    pub study: String,
    /// Where they go.
    #[command(flatten)]
    pub destination: Destination,
    /// Fetch this batch and the batches below it [default: all]
    #[arg(long, value_name = "NAME", value_parser = Batch::parse)]
    pub batch: Option<Batch>,
    /// Fetch these only, joined by commas
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    pub only: Vec<Only>,
    /// The study's bucket, when its stack is gone and can't tell
    #[arg(long, value_name = "NAME")]
    pub bucket: Option<String>,
}

/// Where results go: to one of these.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Destination {
    /// The folder that the files go into; it is made if need be
    #[arg(value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

/// A kind of objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Only {
    /// What cases resulted in
    Results,
    /// What cases failed with
    Errors,
    /// What cases produced
    Files,
    /// Designs and tables of cases
    Designs,
}

impl Only {
    /// The same, as objects are told apart.
    pub(crate) const fn kind(self) -> Kind {
        match self {
            Self::Results => Kind::Result,
            Self::Errors => Kind::Error,
            Self::Files => Kind::File,
            Self::Designs => Kind::Design,
        }
    }
}
