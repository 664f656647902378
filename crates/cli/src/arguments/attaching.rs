//! The arguments of `cruncher attach-script`, and its help.

use std::path::PathBuf;

use clap::Args;

use super::study;

const AFTER_ATTACH_SCRIPT: &str = "\
With --slurm it prints a script for `sbatch`: an array of workers, of which some run at once. It holds no secret. With --key-file it asks for
the operator's passphrase, or reads it from standard input, and writes the worker's key into a file that nobody else can read; each
node has to see it. The same file serves containers (`docker run --env-file`) and Kubernetes (`kubectl create secret --from-env-file`):
examples/workers has a Dockerfile, and files for Kubernetes and AWS Batch.

A worker ends when it is drained (`cruncher drain STUDY --all`), or when Slurm says so, two minutes before its time is over or by `scancel`: it
gives its case back, which another worker takes. Python has to be there, 3.6 or later.

Examples:
  cruncher attach-script prandtl --slurm --key-file ~/.cruncher/prandtl.key > prandtl.sbatch
  sbatch prandtl.sbatch
  cruncher attach-script prandtl --slurm --workers 500 --at-once 64 > prandtl.sbatch
  cruncher attach-script prandtl --key-file prandtl.env";

/// Print a script by which a cluster's scheduler attaches workers.
#[derive(Debug, Args)]
#[command(after_help = AFTER_ATTACH_SCRIPT)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true).args(["slurm", "key_file"]))]
pub(crate) struct AttachScriptArguments {
    /// The study's name
    #[arg(value_parser = study)]
    pub study: String,
    /// Print a script for Slurm's sbatch
    #[arg(long)]
    pub slurm: bool,
    /// Write the worker's key into this file, which nobody else can read
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// The number of entries of the array
    #[arg(long, default_value_t = 100, value_name = "N", requires = "slurm", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub workers: u32,
    /// The number of entries that run at once
    #[arg(long, default_value_t = 20, value_name = "N", requires = "slurm", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub at_once: u32,
    /// The number of processors of an entry, and of its workers
    #[arg(long, default_value_t = 1, value_name = "N", requires = "slurm", value_parser = clap::value_parser!(u32).range(1..=1_024))]
    pub cpus: u32,
}
