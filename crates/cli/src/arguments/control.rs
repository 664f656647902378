//! The arguments of the commands that steer workers, and their help.

use clap::Args;
use cruncher_backend::enqueue::RetryTimeLimit;
use cruncher_study::batch::Batch;
use cruncher_study::case::CaseId;

use super::study;

const AFTER_PAUSE: &str = "\
Workers finish the case that they have, and take no other until `cruncher resume`. One that is waiting for a case at this moment
takes the one that comes within the next 20 seconds. A study that has halted by itself goes on by `cruncher resume`, too.

Examples:
  cruncher pause prandtl
  cruncher resume prandtl";

/// Pause or resume a study.
#[derive(Debug, Args)]
#[command(after_help = AFTER_PAUSE)]
pub(crate) struct PauseArguments {
    /// The study's name
    #[arg(value_parser = study)]
    pub study: String,
}

const AFTER_HALTING: &str = "\
A study whose attempts fail one after the other halts by itself, and so does a worker: it takes no other case until `cruncher resume`,
or *Go on* on the page. It halts if the first N attempts all failed, or if a share of the last N did; attempts that ended before somebody
let it go on don't count, nor those of earlier submissions. A worker judges its own attempts, an open page of an operator and `cruncher
status --watch` those of all workers.

With --files-limit-gib it halts, too, when the files that its cases left in outputs/ have come to more than that: the page and `cruncher
status --watch` add up what workers tell of them. Raise the limit before it goes on: it halts again otherwise.

Examples:
  cruncher halting prandtl                          what holds
  cruncher halting prandtl --first 5                the first 5 failures halt it
  cruncher halting prandtl --last 200 --share 0.5
  cruncher halting prandtl --first 0 --last 0       the same as --never
  cruncher halting prandtl --files-limit-gib 500    files of 500 GiB
  cruncher halting prandtl --default                the first 20, or 8 in 10 of the last 50; any files";

/// Say when a study halts by itself.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HALTING)]
pub(crate) struct HaltingArguments {
    /// The study's name
    #[arg(value_parser = study)]
    pub study: String,
    /// That many attempts that fail before any other has a result; 0 for never
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    pub first: Option<u32>,
    /// Number of latest attempts of which a share may fail; 0 for any share
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    pub last: Option<u32>,
    /// The share of them that halts it, above 0 and up to 1
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub share: Option<f64>,
    /// Size of all cases' files beyond which it halts, in GiB
    #[arg(long, value_name = "GIB", value_parser = gib_as_bytes, conflicts_with = "no_files_limit")]
    pub files_limit_gib: Option<u64>,
    /// The size of all cases' files doesn't halt it
    #[arg(long)]
    pub no_files_limit: bool,
    /// Failures never halt it
    #[arg(long, conflicts_with_all = ["first", "last", "share", "default"])]
    pub never: bool,
    /// The numbers that hold where nothing was said
    #[arg(long, conflicts_with_all = ["first", "last", "share"])]
    pub default: bool,
}

/// Returns GiB in bytes.
fn gib_as_bytes(text: &str) -> Result<u64, String> {
    let gib = text.parse::<f64>().ok().filter(|gib| (MIN_GIB..=MAX_GIB).contains(gib));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 2^60")]
    let bytes = gib.map(|gib| (gib * 1_073_741_824.0) as u64);
    bytes.ok_or_else(|| format!("a limit is a number of GiB, from {MIN_GIB} to {MAX_GIB}"))
}

/// Least and largest limit of the size of all cases' files, in GiB.
const MIN_GIB: f64 = 0.001;
const MAX_GIB: f64 = 1_000_000.0;

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse::<f64>().ok().filter(|share| *share > 0.0 && *share <= 1.0);
    share.ok_or_else(|| "a share is a number above 0 and up to 1".to_owned())
}

const AFTER_REDRIVE: &str = "\
The dead-letter queue holds cases that were handed out again and again, and that no worker came to an end with. Find the reason
first, in the logs of the workers. Messages that are no cases stay there.

Examples:
  cruncher redrive prandtl";

/// Send the cases of the dead-letter queue again.
#[derive(Debug, Args)]
#[command(after_help = AFTER_REDRIVE)]
pub(crate) struct RedriveArguments {
    /// The study's name
    #[arg(value_parser = study)]
    pub study: String,
}

const AFTER_FORGET: &str = "\
Workers that have ended, or weren't heard of for three minutes, are no longer shown: their heartbeats are deleted. Results, rows and
logs stay. One that is only without network shows itself again.

Examples:
  cruncher forget prandtl";

/// Forget workers that are gone.
#[derive(Debug, Args)]
#[command(after_help = AFTER_FORGET)]
pub(crate) struct ForgetArguments {
    /// The study's name
    #[arg(value_parser = study)]
    pub study: String,
}

const AFTER_DRAIN: &str = "\
A worker that is drained finishes the case that it has, says so in its heartbeat, and ends. It is attached again by the line of the
Attach page.

Examples:
  cruncher drain prandtl 4711-3fa2c1          the worker that the page calls so
  cruncher drain prandtl --host node7         all workers of a computer
  cruncher drain prandtl --all
  cruncher drain prandtl --host node7 --undo  those that haven't ended yet go on";

/// Let workers finish their case and end.
#[derive(Debug, Args)]
#[command(after_help = AFTER_DRAIN)]
pub(crate) struct DrainArguments {
    /// The study's name
    #[arg(value_parser = study)]
    pub study: String,
    /// Workers, each by its whole name or as the page calls it
    #[arg(value_name = "WORKER", required_unless_present_any = ["hosts", "all"])]
    pub workers: Vec<String>,
    /// All workers of this computer; may be there several times
    #[arg(long = "host", value_name = "HOST")]
    pub hosts: Vec<String>,
    /// All workers
    #[arg(long, conflicts_with_all = ["workers", "hosts"])]
    pub all: bool,
    /// Take it back
    #[arg(long)]
    pub undo: bool,
}

const AFTER_CANCEL: &str = "\
Cases that are cancelled aren't computed: a worker that receives one deletes its message, and one that is running is ended within ten
seconds. A result that came before that counts as done.

With --undo they may be computed again, as long as the queue has their messages. Those whose messages are deleted count as lost:
`cruncher enqueue STUDY DESIGN --again` sends them.

Examples:
  cruncher cancel prandtl --batch prandtl/by-hand
  cruncher cancel prandtl --case 86e1c36cbb4bcb11a9c45b8e2c7f5a04
  cruncher cancel prandtl --batch prandtl/by-hand --undo";

/// Cancel cases.
#[derive(Debug, Args)]
#[command(after_help = AFTER_CANCEL)]
pub(crate) struct CancelArguments {
    /// The study's name
    #[arg(value_parser = study)]
    pub study: String,
    /// All cases of this batch; may be there several times
    #[arg(long = "batch", value_name = "BATCH", value_parser = batch, required_unless_present = "cases")]
    pub batches: Vec<Batch>,
    /// This case, by the 32 digits of its id; may be there several times
    #[arg(long = "case", value_name = "CASE", value_parser = case)]
    pub cases: Vec<CaseId>,
    /// Take it back
    #[arg(long)]
    pub undo: bool,
}

fn batch(name: &str) -> Result<Batch, String> {
    Batch::parse(name).map_err(|error| error.to_string())
}

fn case(id: &str) -> Result<CaseId, String> {
    CaseId::parse(id).map_err(|_no_id| "a case's id has 32 hexadecimal digits".to_owned())
}

const AFTER_RETRY: &str = "\
Cases are sent again as a submission of their own, with their model and inputs, and begin with their first attempt. A case that has a
result isn't computed again, unless --force says so. One that somebody else sends again at the same moment is sent once.

Cases of the dead-letter queue are sent again by `cruncher redrive`.

Examples:
  cruncher retry prandtl --failed
  cruncher retry prandtl --failed --batch prandtl/by-hand --attempts 5
  cruncher retry prandtl --signature 3f2a9c0d1e5b7788       one group of errors
  cruncher retry prandtl --lost
  cruncher retry prandtl --case 86e1c36cbb4bcb11a9c45b8e2c7f5a04 --time-limit 3600";

/// Send cases again that failed, are lost or were cancelled.
#[derive(Debug, Args)]
#[command(after_help = AFTER_RETRY)]
#[command(group = clap::ArgGroup::new("which").required(true).multiple(true).args(["failed", "lost", "cancelled", "signatures", "cases"]))]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command")]
pub(crate) struct RetryArguments {
    /// The study's name
    #[arg(value_parser = study)]
    pub study: String,
    /// All cases that have failed for good
    #[arg(long)]
    pub failed: bool,
    /// All cases that are lost
    #[arg(long)]
    pub lost: bool,
    /// All cases that were cancelled
    #[arg(long)]
    pub cancelled: bool,
    /// Failed cases of this group of errors, by its signature; may be there several times
    #[arg(long = "signature", value_name = "SIGNATURE")]
    pub signatures: Vec<String>,
    /// This case, by the 32 digits of its id; may be there several times
    #[arg(long = "case", value_name = "CASE", value_parser = case)]
    pub cases: Vec<CaseId>,
    /// Only cases of this batch and those below it
    #[arg(long, value_name = "BATCH", value_parser = batch)]
    pub batch: Option<Batch>,
    /// Number of attempts, in place of the earlier one
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    pub attempts: Option<u32>,
    /// Time that a case may take, in seconds, in place of the earlier one; `none` for as long as it takes
    #[arg(long, value_name = "SECS", value_parser = time_limit, default_value = "", hide_default_value = true)]
    pub time_limit: RetryTimeLimit,
    /// Compute cases although they have a result, which the new one replaces
    #[arg(long, requires = "cases")]
    pub force: bool,
}

fn time_limit(text: &str) -> Result<RetryTimeLimit, String> {
    RetryTimeLimit::parse(text).ok_or_else(|| "a time limit is a number of seconds above 0, or `none`".to_owned())
}
