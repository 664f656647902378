//! The arguments of `cruncher pool`, and their help.

use clap::{Args, Subcommand};
use cruncher_study::pool::{Pool, PoolError};

use super::study;

/// Choice of a pool; the study's own queue may be chosen, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PoolChoice(Option<Pool>);

impl PoolChoice {
    pub(super) fn parse(name: &str) -> Result<Self, PoolError> {
        Pool::parse_choice(name).map(Self)
    }

    /// Returns the pool; `None` is the study's own queue.
    pub(crate) const fn pool(self) -> Option<Pool> {
        self.0
    }
}

const AFTER_POOL: &str = "\
A pool is a queue of its own beside the study's, for cases that need a kind of machine or software. Cases name theirs, by `--pool` of
`cruncher enqueue`, by `\"pool\"` in a design, or by the column `pool` of a table; a worker takes the cases of one pool only. The study's own
queue is the pool `main`.

Examples:
  cruncher pool add prandtl gpu
  cruncher enqueue prandtl footing.json --pool gpu
  cruncher pool list prandtl
  cruncher pool remove prandtl gpu";

/// Make, list or remove the pools of a study.
#[derive(Debug, Args)]
#[command(after_help = AFTER_POOL)]
pub(crate) struct PoolArguments {
    /// What is done.
    #[command(subcommand)]
    pub command: PoolCommand,
}

/// What is done with pools.
#[derive(Debug, Subcommand)]
pub(crate) enum PoolCommand {
    /// Make a pool: a queue and its dead-letter queue, with the study's settings
    Add(PoolAddArguments),
    /// List the pools, and how many cases each has
    List(PoolListArguments),
    /// Remove a pool whose queues are empty
    Remove(PoolRemoveArguments),
}

/// Make a pool.
///
/// Interrupted, the same command finishes it. Of a pool that is there the queues get the study's settings.
#[derive(Debug, Args)]
pub(crate) struct PoolAddArguments {
    /// The study's name
    #[arg(value_parser = study)]
    pub study: String,
    /// The pool: lower-case letters, digits and hyphens, such as gpu or c5-large
    #[arg(value_name = "NAME", value_parser = Pool::parse)]
    pub pool: Pool,
}

/// List the pools.
#[derive(Debug, Args)]
pub(crate) struct PoolListArguments {
    /// The study's name
    #[arg(value_parser = study)]
    pub study: String,
    /// Print a JSON object
    #[arg(long)]
    pub json: bool,
}

/// Remove a pool.
#[derive(Debug, Args)]
pub(crate) struct PoolRemoveArguments {
    /// The study's name
    #[arg(value_parser = study)]
    pub study: String,
    /// The pool
    #[arg(value_name = "NAME", value_parser = Pool::parse)]
    pub pool: Pool,
    /// Remove it with the cases and dead letters that it has: they are lost
    #[arg(long)]
    pub force: bool,
}
