//! The arguments of `cruncher`, and the help that explains them.

mod attaching;
mod control;
mod designs;
mod fleet;
mod pools;
mod results;
mod watching;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use cruncher_backend::administer::keys::KeyHolder;
use cruncher_study::access::Role;
use cruncher_study::batch::Batch;
use cruncher_study::config::check_study_name;

pub(crate) use attaching::AttachScriptArguments;
pub(crate) use control::{
    CancelArguments, DrainArguments, ForgetArguments, HaltingArguments, PauseArguments, RedriveArguments,
    RetryArguments,
};
pub(crate) use designs::{
    CombineArguments, DesignArguments, DesignSource, EnqueueArguments, ModelKindOption, PointsOptions,
};
pub(crate) use fleet::{
    FleetArguments, FleetCommand, FleetShowArguments, FleetSizeArguments, FleetStartArguments, FleetStopArguments,
    PurchaseChoice,
};
pub(crate) use pools::{
    PoolAddArguments, PoolArguments, PoolChoice, PoolCommand, PoolListArguments, PoolRemoveArguments,
};
pub(crate) use results::{ResultsArguments, ResultsDestination, ResultsKind, TableFile, TableFormat};

pub(crate) use watching::{CostArguments, LogsArguments};

/// Runs parameter studies on nothing but an S3 bucket and an SQS queue.
#[derive(Debug, Parser)]
#[command(name = "cruncher", version, arg_required_else_help = true, after_help = OVERVIEW)]
pub(crate) struct Arguments {
    /// The account to work in.
    #[command(flatten)]
    pub account: CloudAccount,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

const OVERVIEW: &str = "\
Examples:
  cruncher demo                           a whole study on this machine, without any account
  cruncher launch prandtl                 a study on AWS, in the account and region of the AWS CLI
  cruncher design footing.json            what a design has, before it is sent anywhere
  cruncher enqueue prandtl footing.json   sends its cases to the workers
  cruncher status prandtl --watch         how far it is
  cruncher pause prandtl                  workers take no further case; `resume` lets them go on
  cruncher results prandtl prandtl-data   its results, in a folder; --table prandtl.csv: as one table
  cruncher freeze prandtl prandtl.html    its page as it is now, in one file
  cruncher clean-up prandtl               when it is over; the results stay

Credentials and region are found as the AWS CLI finds them: environment, profiles, single sign-on, the machine's role.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 ended by Ctrl-C.";

/// The cloud and the account that a command works in.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Account")]
pub(crate) struct CloudAccount {
    /// The region of AWS, such as eu-central-1 [default: that of the AWS CLI]
    #[arg(long, global = true, value_name = "REGION")]
    pub region: Option<String>,
    /// The profile of the AWS CLI whose credentials are used
    #[arg(long, global = true, value_name = "PROFILE")]
    pub profile: Option<String>,
    /// The address of a cloud of one's own that speaks AWS's protocols
    #[arg(long, global = true, value_name = "URL", value_parser = address)]
    pub endpoint_url: Option<String>,
}

/// A command.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create a study: its bucket, queue and users, its page, and the passphrases that open it
    Launch(LaunchArguments),
    /// Bring a study's page and worker up to this version; make new passphrases
    Configure(ConfigureArguments),
    /// Print a link that opens a study's page without a passphrase
    Link(LinkArguments),
    /// Check a design and write its table of cases, without any cloud
    Design(DesignArguments),
    /// Make, list or remove pools: queues for kinds of machines or software
    Pool(PoolArguments),
    /// Send the cases of a design, or of a table, to the workers
    Enqueue(EnqueueArguments),
    /// Make one file of what the cases of a batch came to
    Combine(CombineArguments),
    /// Show how far a study is
    Status(StatusArguments),
    /// Show what workers say of themselves: their logs, as one
    Logs(LogsArguments),
    /// Show what a study has used and cost, and what it will
    Cost(CostArguments),
    /// Print a script by which a cluster's scheduler attaches workers
    AttachScript(AttachScriptArguments),
    /// Let workers finish their case and take no other
    Pause(PauseArguments),
    /// Let workers go on, of a study that was paused or has halted by itself
    Resume(PauseArguments),
    /// Say when a study halts by itself, because its attempts fail
    Halting(HaltingArguments),
    /// Let workers finish their case and end
    Drain(DrainArguments),
    /// Leave cases uncomputed
    Cancel(CancelArguments),
    Retry(RetryArguments),
    Extract(ExtractArguments),
    /// Send the cases of the dead-letter queue again
    Redrive(RedriveArguments),
    /// Show workers that are gone no longer
    Forget(ForgetArguments),
    /// Fetch a study's results
    Results(ResultsArguments),
    /// Write a study's page as it is now into one file
    Freeze(FreezeArguments),
    /// Bring back what was overwritten or deleted
    Restore(RestoreArguments),
    /// Delete a study; its results only on request
    CleanUp(CleanUp),
    Fleet(FleetArguments),
    /// Show a whole study running on this machine, without any account
    Demo(DemoArguments),
    /// Print the licences of Cruncher, and of all that its page and this program are made of
    Licences,
}

/// Checks the address of a cloud.
fn address(url: &str) -> Result<String, String> {
    let host = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://")).unwrap_or_default();
    if host.is_empty() { Err("it starts with http:// or https://".to_owned()) } else { Ok(url.to_owned()) }
}

/// Checks the name of the study that a command is about.
fn study(name: &str) -> Result<String, String> {
    check_study_name(name)?;
    Ok(name.to_owned())
}

const AFTER_LAUNCH: &str = "\
It creates the CloudFormation stack `cruncher-STUDY`: a bucket, a queue of cases, a queue for those that no worker could
finish, and one IAM user a role. That takes about two minutes. Then it prints the address of the study's page, and two
passphrases of six words, by which the page opens:

  viewer's passphrase    for those who look: counts, workers, errors, results
  operator's passphrase  for those who define and send cases, and attach workers

Whoever has one has its rights. The keys lie in the bucket, sealed with them (Argon2id, XChaCha20-Poly1305). `cruncher link`
makes a link that holds a role's key, for whoever shall not type.

With --public-view the viewer's key is published: anyone who finds the page may read everything in the study, models and
results, as often as they like, and AWS charges you for each download (about 0.09 dollars per GB).

Costs: nothing while idle. A study of 100,000 cases costs about a dollar of requests; what is stored in the bucket costs
about 0.02 dollars per GB and month. The computers that workers run on are yours.

Examples:
  cruncher launch prandtl
  cruncher launch prandtl --region eu-central-1 --profile lab
  cruncher launch prandtl --json | jq -r .operator_passphrase

For development: CRUNCHER_DASHBOARD_DIR names a folder whose page is uploaded in place of the one in this program.";

/// Create a study.
#[derive(Debug, Args)]
#[command(after_help = AFTER_LAUNCH)]
pub(crate) struct LaunchArguments {
    /// A name of lower-case letters, digits and hyphens
    #[arg(value_parser = study)]
    pub study: String,
    /// Let anyone look who has the page's address; the downloads are yours to pay
    #[arg(long)]
    pub public_view: bool,
    /// Let the queue take more than 300 requests of a kind in a second, for many hundred workers with short cases
    #[arg(long)]
    pub high_throughput: bool,
    /// Print addresses, passphrases and links as a JSON object
    #[arg(long)]
    pub json: bool,
}

const AFTER_CONFIGURE: &str = "\
Run it after an upgrade of cruncher: it updates the stack, and uploads the page, the worker and the configuration again.
Results, cases and workers are not touched.

Passphrases and links stay valid. They can't be printed again, since AWS shows a key only once: with --rotate-keys every
role, or each of --role, gets a new key, and people a new passphrase. Old passphrases and links are refused from then on. The
study goes on: workers finish their case under the old key and end, and the command waits for them before it deletes that. Attach
them again with the new line of the Attach page. A rotation that was interrupted is finished by the same command.

With --role it asks for the operator's passphrase, or reads it from standard input, since the keys that stay are known only
sealed. If that is empty, operator and workers get new keys, too.

Examples:
  cruncher configure prandtl
  cruncher configure prandtl --rotate-keys
  cruncher configure prandtl --rotate-keys --role viewer              a link was passed on too far
  cruncher configure prandtl --rotate-keys --role worker --now        an attach line leaked: workers are refused at once
  pass show prandtl | cruncher configure prandtl --rotate-keys --role worker";

/// Bring a study up to this version.
#[derive(Debug, Args)]
#[command(after_help = AFTER_CONFIGURE)]
pub(crate) struct ConfigureArguments {
    /// The study's name
    #[arg(value_parser = study)]
    pub study: String,
    /// Make new keys and passphrases; the old ones, and old links, stop working
    #[arg(long)]
    pub rotate_keys: bool,
    #[command(flatten)]
    pub rotation: RotationArguments,
    /// Most that a case may leave in its folder outputs/, in MiB; workers that are attached from now on keep to it [default: as it is, at first 1024]
    #[arg(long, value_name = "MIB")]
    pub outputs_limit_mib: Option<u32>,
    /// Print addresses, and passphrases and links if there are new ones, as a JSON object
    #[arg(long)]
    pub json: bool,
}

/// Whose keys are rotated, and how.
#[derive(Debug, Args)]
pub(crate) struct RotationArguments {
    /// The role that gets a new key; can be repeated [default: all]
    #[arg(long = "role", value_enum, value_name = "ROLE", requires = "rotate_keys")]
    pub roles: Vec<HolderOption>,
    /// Delete the workers' old key at once, though workers have cases: those come back to the queue when their leases end
    #[arg(long, requires = "rotate_keys")]
    pub now: bool,
    /// With a new viewer's key: let anyone look who has the page's address
    #[arg(long, requires = "rotate_keys", conflicts_with = "private_view")]
    pub public_view: bool,
    /// With a new viewer's key: let nobody look any more without a passphrase
    #[arg(long, requires = "rotate_keys")]
    pub private_view: bool,
}

const AFTER_LINK: &str = "\
It asks for the passphrase, or reads it from standard input. The link holds the role's key behind `#`, which no server sees:
pass it on like a password. It ends when that key is rotated. An operator's passphrase makes a viewer's link, too.

Examples:
  cruncher link prandtl --role viewer
  pass show prandtl | cruncher link prandtl --role operator";

/// Print a link that opens a study's page without a passphrase.
#[derive(Debug, Args)]
#[command(after_help = AFTER_LINK)]
pub(crate) struct LinkArguments {
    /// The study's name
    #[arg(value_parser = study)]
    pub study: String,
    /// The rights of whoever opens the link
    #[arg(long, value_enum)]
    pub role: RoleOption,
}

/// Role of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleOption {
    /// Looks
    Viewer,
    /// Defines and sends cases, and attaches workers
    Operator,
}

impl From<RoleOption> for Role {
    fn from(option: RoleOption) -> Self {
        match option {
            RoleOption::Viewer => Self::Viewer,
            RoleOption::Operator => Self::Operator,
        }
    }
}

/// Role that has a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum HolderOption {
    /// Looks
    Viewer,
    /// Defines and sends cases, and attaches workers
    Operator,
    /// Computes cases
    Worker,
}

impl From<HolderOption> for KeyHolder {
    fn from(option: HolderOption) -> Self {
        match option {
            HolderOption::Viewer => Self::Viewer,
            HolderOption::Operator => Self::Operator,
            HolderOption::Worker => Self::Worker,
        }
    }
}

const AFTER_STATUS: &str = "\
It reads the same documents as the study's page, with your own credentials.

Examples:
  cruncher status prandtl
  cruncher status prandtl --watch
  cruncher status prandtl --json | jq .cases.done
  cruncher status prandtl --watch --require-done && cruncher results prandtl prandtl-data
  cruncher status prandtl --watch --exec 'notify-send \"$CRUNCHER_EVENT\" \"$CRUNCHER_MESSAGE\"'

The command of --exec is started by the shell when the study ends (CRUNCHER_EVENT is `ended`), when it halts (`halted`), and when
cases fail in a way that was not seen before (`error`); CRUNCHER_STUDY and CRUNCHER_MESSAGE say the rest.

The exit code is that of the command: 0, whatever became of the cases. With --require-done it is 1 if one isn't done.";

/// Show how far a study is.
#[derive(Debug, Args)]
#[command(after_help = AFTER_STATUS)]
pub(crate) struct StatusArguments {
    /// The study's name
    #[arg(value_parser = study)]
    pub study: String,
    /// Look again every few seconds until no case waits or runs
    #[arg(long)]
    pub watch: bool,
    /// Start this command when the study ends, and at each new group of errors
    #[arg(long, value_name = "COMMAND", requires = "watch")]
    pub exec: Option<String>,
    /// Print a JSON object; with --watch, one a line
    #[arg(long)]
    pub json: bool,
    /// End with exit code 1 unless every case is done
    #[arg(long)]
    pub require_done: bool,
}

const AFTER_FREEZE: &str = "\
The file shows what the study's page shows: overview, errors and results. It needs no key and no network, asks nobody for
anything, opens by a double click, and can be passed on: it says neither where the study is nor how to reach it. It holds
every case's inputs and scalar results; also, for as many cases as 10,000 documents and 64 MiB are, arrays, tracebacks, what the
model printed and on which computer. Pass it on like those. Files of results stay in the bucket.

Costs: a GET a document, 0.004 dollars for 10,000.

Examples:
  cruncher freeze prandtl prandtl.html
  cruncher freeze prandtl prandtl.html --view '#/results?batch=prandtl/coarse'";

/// Write a study's page into a file.
#[derive(Debug, Args)]
#[command(after_help = AFTER_FREEZE)]
pub(crate) struct FreezeArguments {
    /// The study's name
    #[arg(value_parser = study)]
    pub study: String,
    /// The file; one of that name is replaced
    #[arg(value_name = "FILE.html")]
    pub file: PathBuf,
    /// The address of what it shows at first, as the page's *Copy link* gives it [default: the overview]
    #[arg(long, value_name = "ADDRESS")]
    pub view: Option<String>,
}

const AFTER_RESTORE: &str = "\
The bucket keeps what was overwritten or deleted for 30 days, what lies below workers/ for one. Without a version it lists
those of the object; with one it makes that one what counts.

Examples:
  cruncher restore prandtl control.json
  cruncher restore prandtl data/prandtl/done-9f86d081884c7d659a2feaa0c55ad015.json 3HL4kqtJvjVBH40Nrjfkd";

/// Bring back what was overwritten or deleted.
#[derive(Debug, Args)]
#[command(after_help = AFTER_RESTORE)]
pub(crate) struct RestoreArguments {
    /// The study's name
    #[arg(value_parser = study)]
    pub study: String,
    /// The object's key in the bucket
    pub key: String,
    /// The version to bring back
    pub version: Option<String>,
}

const AFTER_CLEAN_UP: &str = "\
It deletes the access keys, so that links and workers are refused, the stack with its queues and users, and the page. The
bucket stays with all results, unless --delete-results is given. An interrupted clean-up can be run again.

Examples:
  cruncher clean-up prandtl
  cruncher clean-up prandtl --delete-results
  cruncher clean-up prandtl --delete-results --bucket cruncher-prandtl-bucket-1x2y   when the stack is gone already";

/// Delete a study.
#[derive(Debug, Args)]
#[command(after_help = AFTER_CLEAN_UP)]
pub(crate) struct CleanUp {
    /// The study's name
    #[arg(value_parser = study)]
    pub study: String,
    /// Delete the bucket, too, with all results
    #[arg(long)]
    pub delete_results: bool,
    /// Don't ask
    #[arg(long)]
    pub yes: bool,
    /// The study's bucket, if its stack is gone and can't tell
    #[arg(long, value_name = "NAME")]
    pub bucket: Option<String>,
}

const AFTER_DEMO: &str = "\
It starts a cloud on this machine (ministack), launches the study `demo` in it as on AWS, sends the example of a strip
footing on layered clay (120 cases), and starts workers with the line that the study's Attach page shows. Nothing leaves
this machine. Ctrl-C ends all of it and leaves nothing behind.

Examples:
  cruncher demo
  cruncher demo --workers 4 --port 9000 --no-browser";

/// Show a study on this machine.
#[derive(Debug, Args)]
#[command(after_help = AFTER_DEMO)]
pub(crate) struct DemoArguments {
    /// The port at which the page is served [default: 8123, or another one if that is taken]
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,
    /// The port at which the cloud listens [default: 8124, or another one if that is taken]
    #[arg(long, value_name = "PORT")]
    pub cloud_port: Option<u16>,
    /// The number of workers to start
    #[arg(long, default_value_t = 2, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=64))]
    pub workers: u32,
    /// Don't open a browser
    #[arg(long)]
    pub no_browser: bool,
}

const AFTER_EXTRACT: &str = "\
Nothing is simulated again. A worker fetches the files that a case has left into `outputs/` and runs the model there: `parameters` are those of
the case, and `result` is what it has returned before. What `result` holds at the end is the case's result from then on. A case in which the
model fails keeps its result; the error stands in its document, in `extracts`.

Before anything is sent you are told from how many cases is extracted, and which are left out: those without a result or files so far, and those
from which the same model has extracted already (--force).

Examples:
  cruncher extract prandtl slopes/2026 peaks.py      finds peaks in the curves that the cases of this batch have left
  cruncher extract prandtl slopes/2026               tells how far that is, and in which cases it failed
  cruncher extract prandtl slopes/2026 peaks.py --withdraw";

/// Run a second model over the files of finished cases
#[derive(Debug, Args)]
#[command(after_help = AFTER_EXTRACT)]
pub(crate) struct ExtractArguments {
    /// The study's name
    #[arg(value_parser = study)]
    pub study: String,
    /// The batch
    #[arg(value_parser = Batch::parse)]
    pub batch: Batch,
    /// The model's file; without it you are told how far the extractions of this batch are
    #[arg(value_name = "MODEL.py")]
    pub model: Option<PathBuf>,
    /// The way workers run it [default: python for .py, else command]
    #[arg(long, value_name = "KIND", requires = "model")]
    pub kind: Option<ModelKindOption>,
    /// Extract also from cases from which this model has extracted already
    #[arg(long, requires = "model")]
    pub force: bool,
    /// Don't ask before cases are sent
    #[arg(long, requires = "model")]
    pub yes: bool,
    /// Extract from no more cases by this model; what was extracted stays
    #[arg(long, requires = "model", conflicts_with_all = ["force", "yes"])]
    pub withdraw: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_study_that_can_not_have_that_name_is_wrong_usage() {
        let error = Arguments::try_parse_from(["cruncher", "launch", "Prandtl!"]).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("can't be the name of a study"), "{error}");
    }
}
