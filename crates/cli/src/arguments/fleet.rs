//! The arguments of `cruncher fleet`, and their help.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::pools::PoolChoice;
use super::study;

const AFTER_FLEET: &str = "\
A fleet is a group of computers of EC2 that serve the study's own queue, or a pool: `cruncher fleet start` makes it, a CloudFormation
stack of its own. It grows with the cases that wait, ends when none are left, and begins again when there are. Each computer runs the install
script, then as many workers as it has cores, without any key: by its role. Nobody can log in. What a set-up prints is on the page Fleet.

Costs: what AWS charges for the computers, their disks and traffic; nothing while there is none. --max-dollars ends a fleet at a limit: its
computers add up hours and price every ten minutes, so that it may be passed by as much.

Examples:
  cruncher fleet start prandtl --type c7i.xlarge --install install.sh --max 10
  cruncher fleet start prandtl --pool gpu --type g6.xlarge --price 0.80 --max-dollars 200
  cruncher fleet show prandtl
  cruncher fleet grow prandtl --by 4
  cruncher fleet stop prandtl";

/// Start, show, size or stop computers of a study in the cloud.
#[derive(Debug, Args)]
#[command(after_help = AFTER_FLEET)]
pub(crate) struct FleetArguments {
    /// What is done.
    #[command(subcommand)]
    pub command: FleetCommand,
}

/// What is done with a fleet.
#[derive(Debug, Subcommand)]
pub(crate) enum FleetCommand {
    /// Make a fleet and start computers; of one that is there, change what is given
    Start(FleetStartArguments),
    /// Show the fleets, their computers, and how far each is
    Show(FleetShowArguments),
    /// Start further computers
    Grow(FleetSizeArguments),
    /// End computers; they give their cases back
    Shrink(FleetSizeArguments),
    /// End all computers of a fleet, and take away all that belongs to it
    Stop(FleetStopArguments),
}

/// How instances are bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PurchaseChoice {
    /// Spare capacity, much cheaper, which may be taken back two minutes after a warning
    Spot,
    /// At the full price
    OnDemand,
}

/// Make a fleet.
#[derive(Debug, Args)]
pub(crate) struct FleetStartArguments {
    /// The study's name
    #[arg(value_parser = study)]
    pub study: String,
    /// The pool that its workers serve [default: the study's own queue]
    #[arg(long, value_name = "NAME", value_parser = PoolChoice::parse)]
    pub pool: Option<PoolChoice>,
    /// A type of instances, such as c7i.xlarge; up to three, of which the cheapest is taken that there is
    #[arg(long = "type", value_name = "TYPE")]
    pub types: Vec<String>,
    /// How instances are bought [default: spot]
    #[arg(long, value_enum)]
    pub purchase: Option<PurchaseChoice>,
    /// A script that is run as root on each computer before workers are attached
    #[arg(long, value_name = "FILE")]
    pub install: Option<PathBuf>,
    /// How many computers there are now [default: 1 of a new fleet; one that is there stays as it is]
    #[arg(long, value_name = "N")]
    pub start: Option<u32>,
    /// How many computers there may be at once [default: 2 of a new fleet; one that is there keeps its own]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=500))]
    pub max: Option<u32>,
    /// How many waiting cases a computer is worth [default: 20]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub cases_per_computer: Option<u32>,
    /// How many workers run for each core, which counts once though it runs two threads [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=16))]
    pub workers_per_core: Option<u32>,
    /// What a computer costs in an hour, in dollars
    #[arg(long, value_name = "DOLLARS")]
    pub price: Option<f64>,
    /// What the fleet may cost in all, in dollars; needs --price
    #[arg(long, value_name = "DOLLARS", requires = "price")]
    pub max_dollars: Option<f64>,
    /// The id of a machine image [default: Amazon Linux 2023 for x86-64]
    #[arg(long, value_name = "AMI")]
    pub image: Option<String>,
}

/// Show the fleets.
#[derive(Debug, Args)]
pub(crate) struct FleetShowArguments {
    /// The study's name
    #[arg(value_parser = study)]
    pub study: String,
    /// Print a JSON object
    #[arg(long)]
    pub json: bool,
}

/// Size a fleet.
#[derive(Debug, Args)]
pub(crate) struct FleetSizeArguments {
    /// The study's name
    #[arg(value_parser = study)]
    pub study: String,
    /// The pool of the fleet [default: the study's own queue]
    #[arg(long, value_name = "NAME", value_parser = PoolChoice::parse)]
    pub pool: Option<PoolChoice>,
    /// By how many computers
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=500))]
    pub by: u32,
}

/// Stop a fleet.
#[derive(Debug, Args)]
pub(crate) struct FleetStopArguments {
    /// The study's name
    #[arg(value_parser = study)]
    pub study: String,
    /// The pool of the fleet [default: the study's own queue]
    #[arg(long, value_name = "NAME", value_parser = PoolChoice::parse)]
    pub pool: Option<PoolChoice>,
}
