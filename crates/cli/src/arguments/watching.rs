//! The arguments of the commands that look at a study's workers, and their help.

use clap::{Args, ValueEnum};
use cruncher_study::cost::{PriceList, UsageGrouping};
use cruncher_study::utc_time;
use cruncher_study::worker_log::LogLevel;

use super::study;

const AFTER_LOGS: &str = "\
Each worker keeps the last 256 KiB of what it says of itself in the study's bucket: it writes it every minute, and five seconds after
something went wrong. The command reads the logs of all workers, or of those that are named, and prints them as one, by time. A look
reads at most 500 logs and 32 MiB, those that were written to last, and prints the latest 10,000 entries; what is left out is said on
standard error. Control characters are shown as their numbers. What a model prints stands in the documents of its cases, not here.

A time of --since and --until is in UTC, 2026-11-28T14:30 or 2026-11-28, or counts back from now: 90s, 15m, 2h, 3d.

Costs: a request a thousand objects of the workers, and one a log that has changed: about 0.0002 dollars for 500 workers.

Examples:
  cruncher logs prandtl
  cruncher logs prandtl --level warning --since 2h
  cruncher logs prandtl --host node7 --follow
  cruncher logs prandtl --worker 4711-3fa2c1 --json | jq -r '.entries[].text'";

/// Show what workers say of themselves.
#[derive(Debug, Args)]
#[command(after_help = AFTER_LOGS)]
pub(crate) struct LogsArguments {
    /// The study's name
    #[arg(value_parser = study)]
    pub study: String,
    /// Only this worker, by its whole name or as the page calls it
    #[arg(long, value_name = "WORKER")]
    pub worker: Option<String>,
    /// Only the workers of this computer
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
    /// Only entries that matter as much, or more
    #[arg(long, value_enum, default_value_t = LevelOption::Info)]
    pub level: LevelOption,
    /// Only entries of this time or later
    #[arg(long, value_name = "TIME", value_parser = log_time)]
    pub since: Option<LogTime>,
    /// Only entries before this time
    #[arg(long, value_name = "TIME", value_parser = log_time)]
    pub until: Option<LogTime>,
    /// Only entries with this in their text, in capitals or not
    #[arg(long, value_name = "TEXT")]
    pub text: Option<String>,
    /// Go on with what comes, until Ctrl-C
    #[arg(long, conflicts_with = "until")]
    pub follow: bool,
    /// Print a JSON object; with --follow, one a line for each entry
    #[arg(long)]
    pub json: bool,
}

const AFTER_COST: &str = "\
It shows for how long the study's computers were used, how long cases took, and what that and the requests to S3 and SQS come to: until
now, for a finished case, and in the end, as a range. A computer counts from the moment when a worker was attached on it to the last that
was heard of one; workers of earlier versions tell less, and those that were forgotten (`cruncher forget`) nothing. Only workers
and this command count their requests, not pages.

What a computer costs is told by --price, in dollars an hour: for any computer, or for an instance type, as workers tell it. On EC2 they
know theirs; elsewhere the environment variable CRUNCHER_INSTANCE_TYPE tells it. Requests cost what AWS takes for them in us-east-1;
--price s3-get=, s3-put= and sqs= say what a million costs elsewhere. Storage and downloads aren't counted.

--read-prices asks AWS, with your own credentials, which need pricing:GetProducts and ec2:DescribeSpotPriceHistory: what the instance types
cost that workers and computers of fleets tell, of Linux in the study's region, as spot instances where all computers of a type are. What it
is told is kept in the bucket as prices.json, for the page, too, until it is read again. A price that is entered outweighs it.

Examples:
  cruncher cost prandtl --price 0.34
  cruncher cost prandtl --price c7i.2xlarge=0.357 --price lab-pc=0
  cruncher cost prandtl --read-prices
  cruncher cost prandtl --by host --csv > hosts.csv
  cruncher cost prandtl --price 0.34 --json | jq .dollars.expected";

/// Show what a study has used and cost.
#[derive(Debug, Args)]
#[command(after_help = AFTER_COST)]
pub(crate) struct CostArguments {
    /// The study's name
    #[arg(value_parser = study)]
    pub study: String,
    /// What a computer costs an hour in dollars, or one of a type, TYPE=DOLLARS; may be there several times
    #[arg(long = "price", value_name = "PRICE", value_parser = price)]
    pub prices: Vec<String>,
    /// Ask AWS what the instance types cost that workers tell, and keep that in the bucket for all who look
    #[arg(long)]
    pub read_prices: bool,
    /// What the rows of the table stand for
    #[arg(long, value_enum, default_value_t = GroupingOption::Type, value_name = "WHAT")]
    pub by: GroupingOption,
    /// Print the table as CSV
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// Print a JSON object
    #[arg(long)]
    pub json: bool,
}

fn price(text: &str) -> Result<String, String> {
    PriceList::parse([text]).map(|_| text.to_owned())
}

/// What the rows of a table of usage stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GroupingOption {
    /// Instance types
    Type,
    /// Computers
    Host,
    /// Computers with as many vCPUs
    Vcpus,
}

impl From<GroupingOption> for UsageGrouping {
    fn from(option: GroupingOption) -> Self {
        match option {
            GroupingOption::Type => Self::InstanceType,
            GroupingOption::Host => Self::Host,
            GroupingOption::Vcpus => Self::Vcpus,
        }
    }
}

/// How much an entry matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LevelOption {
    /// What happens as it should
    Info,
    /// What went wrong, and is dealt with
    Warning,
    /// What somebody should look at
    Error,
}

impl From<LevelOption> for LogLevel {
    fn from(option: LevelOption) -> Self {
        match option {
            LevelOption::Info => Self::Info,
            LevelOption::Warning => Self::Warning,
            LevelOption::Error => Self::Error,
        }
    }
}

/// A time, or a duration before now, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum LogTime {
    /// Since 1970.
    At(f64),
    /// Before now.
    Ago(f64),
}

impl LogTime {
    /// Returns it in seconds since 1970.
    pub(crate) fn secs(self, now: f64) -> f64 {
        match self {
            Self::At(time) => time,
            Self::Ago(secs) => now - secs,
        }
    }
}

fn log_time(text: &str) -> Result<LogTime, String> {
    let ago = || {
        let unit = text.chars().last()?;
        let secs =
            [('s', 1.0), ('m', 60.0), ('h', 3_600.0), ('d', 86_400.0)].into_iter().find(|(name, _)| *name == unit)?.1;
        let number: f64 = text[..text.len() - 1].parse().ok()?;
        (number.is_finite() && number >= 0.0).then_some(LogTime::Ago(number * secs))
    };
    let time = utc_time::read(text).map(LogTime::At).or_else(ago);
    time.ok_or_else(|| "a time is 2026-11-28T14:30 or 2026-11-28, in UTC, or counts back: 90s, 15m, 2h, 3d".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_one_of_the_calendar_or_counts_back() {
        for (text, expected) in [
            ("2026-09-21T14:13:20Z", LogTime::At(1_790_000_000.0)),
            ("90s", LogTime::Ago(90.0)),
            ("1.5h", LogTime::Ago(5_400.0)),
            ("3d", LogTime::Ago(259_200.0)),
        ] {
            assert_eq!(log_time(text), Ok(expected), "{text}");
        }
        for text in ["", "h", "-1h", "infh", "2x", "ä", "yesterday", "2026-13-01"] {
            assert!(log_time(text).is_err(), "{text}");
        }
    }
}
