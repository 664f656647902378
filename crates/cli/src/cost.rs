//! `cruncher cost`

use cruncher_backend::administer::launch::launch_time;
use cruncher_backend::administer::prices::{PriceReading, keep_prices, kept_prices, read_prices};
use cruncher_backend::study::Study;
use cruncher_backend::watch::StudyWatch;
use cruncher_backend::watch::snapshot::Snapshot;
use cruncher_backend::watch::workers::WorkersWatch;
use cruncher_study::cost::{
    CostEstimate, CostInput, HOUR_SECS, PriceList, ReadPrice, ReadPrices, RequestCounts, UsageGrouping, UsageRow,
    WantedPrice, WorkerUsage, usage_csv, usage_rows,
};
use cruncher_study::heartbeat::SILENT_SECS;
use cruncher_study::number_format::{duration, significant, thousands};
use cruncher_study::utc_time::written;
use serde_json::{Value, json};

use crate::arguments::{CloudAccount, CostArguments};
use crate::cloud;
use crate::failure::CommandFailure;
use crate::output::{note, result, result_part};
use crate::report::forecast;
use crate::status;
use crate::text::{TextAlign, printable, table};

/// Shows what a study has used and cost.
pub(crate) async fn run(account: &CloudAccount, arguments: &CostArguments) -> Result<(), CommandFailure> {
    let mut prices = PriceList::parse(arguments.prices.iter().map(String::as_str)).map_err(CommandFailure::new)?;
    let mut study = cloud::study(cloud::client(account).await?, &arguments.study).await?;
    study.config.launch_time = launch_time(&study.client, &study.config.bucket).await?;
    let snapshot = status::look(&mut StudyWatch::new(study.clone())).await?;
    let mut watch = WorkersWatch::of(study);
    let mut left = usize::MAX;
    watch.look().await?;
    // While workers write there is always something new.
    while (1..left).contains(&watch.unread()) {
        left = watch.unread();
        watch.look().await?;
    }
    let usages = watch.usages();
    if let Some(words) = watch.missing_usages() {
        note(words);
    }
    let (read, failed) = if arguments.read_prices {
        ask_for_prices(watch.study(), &WantedPrice::all(&usages, &watch.setups())).await?
    } else {
        (kept(watch.study()).await, false)
    };
    prices.take_over(read);
    let [s3_get, s3_put, sqs] = watch.study().client.sent_by_price();
    let kinds =
        usage_rows(&usages, UsageGrouping::InstanceType, 0.0, &|_| None).into_iter().map(|row| row.name).collect();
    let report = CostReport {
        rows: usage_rows(&usages, arguments.by.into(), alive_since(&snapshot), &|kind| prices.of(kind)),
        estimate: estimate(&usages, &prices, &snapshot, RequestCounts { s3_get, s3_put, sqs }),
        grouping: arguments.by.into(),
        prices,
        kinds,
    };
    report.print(arguments, &snapshot);
    if failed { Err(CommandFailure::new("AWS told no price.")) } else { Ok(()) }
}

/// Returns the prices that somebody has read. A document that can't be read is none, and is said.
async fn kept(study: &Study) -> ReadPrices {
    kept_prices(study).await.unwrap_or_else(|why| {
        note(format_args!("No price is taken from the bucket: {}.", printable(&why, 300)));
        ReadPrices::default()
    })
}

/// Asks AWS for prices, and keeps what it tells. The output says, too, whether it told none of those that were wanted.
async fn ask_for_prices(study: &Study, wanted: &[WantedPrice]) -> Result<(ReadPrices, bool), CommandFailure> {
    if wanted.is_empty() {
        note("No worker and no computer of a fleet has told its instance type, so no price is asked for.");
    }
    for price in wanted.iter().filter(|price| price.is_mixed) {
        let kind = printable(&price.instance_type, 40);
        note(format_args!(
            "{kind} is used as spot instance and otherwise: the price on demand is taken, the dearer one."
        ));
    }
    let PriceReading { read, missing } = read_prices(study, wanted).await;
    for (kind, why) in &missing {
        note(format_args!("No price of {}: {}.", printable(kind, 40), printable(why, 300)));
    }
    let is_none = read.is_empty() && !missing.is_empty();
    if read.is_empty() {
        return Ok((kept(study).await, is_none));
    }
    // Prices that can't be read now are not replaced by fewer ones.
    let mut all = kept_prices(study).await.map_err(|why| {
        CommandFailure::new(format!("Prices that were read are not kept, since those in the bucket can't be: {why}."))
    })?;
    for price in read {
        all.enter(price);
    }
    keep_prices(study, &all).await?;
    Ok((all, is_none))
}

fn alive_since(snapshot: &Snapshot) -> f64 {
    snapshot.time - SILENT_SECS
}

fn estimate(
    usages: &[WorkerUsage],
    prices: &PriceList,
    snapshot: &Snapshot,
    own_requests: RequestCounts,
) -> CostEstimate {
    CostEstimate::of(&CostInput {
        usages,
        prices,
        alive_since: alive_since(snapshot),
        finished: snapshot.total.done + snapshot.total.failed,
        open: snapshot.total.open(),
        forecast: forecast(snapshot),
        own_requests,
    })
}

/// What is shown.
struct CostReport {
    rows: Vec<UsageRow>,
    estimate: CostEstimate,
    grouping: UsageGrouping,
    prices: PriceList,
    /// Instance types of the hosts, each once.
    kinds: Vec<String>,
}

impl CostReport {
    fn print(&self, arguments: &CostArguments, snapshot: &Snapshot) {
        if arguments.csv {
            result_part(usage_csv(&self.rows, self.grouping, &self.prices));
        } else if arguments.json {
            result(format_args!("{:#}", self.as_json(&arguments.study)));
        } else {
            result_part(self.as_text(&arguments.study, snapshot));
        }
        if !arguments.json && !self.estimate.unpriced.is_empty() {
            let names: Vec<String> = self.estimate.unpriced.iter().take(10).map(|name| printable(name, 60)).collect();
            let names = names.join(", ");
            note(format_args!("Not counted, for want of a price: {names}. --price tells one, --read-prices asks AWS."));
        }
    }

    fn as_text(&self, study: &str, snapshot: &Snapshot) -> String {
        let estimate = &self.estimate;
        let RequestCounts { s3_get, s3_put, sqs } = estimate.requests;
        let cases = thousands(snapshot.total.done + snapshot.total.failed);
        let each = |each: f64| format!(", {} a finished case of {cases}", dollars(each));
        let each = estimate.case_dollars.map(each).unwrap_or_default();
        let end = match estimate.expected_dollars {
            None => "What it will cost can't be told: nobody knows when it will be finished.".to_owned(),
            Some(_) if snapshot.total.open() == 0 => "No case waits or runs.".to_owned(),
            Some((least, Some(most))) => {
                format!("In the end {} to {}, with a chance of nine in ten.", dollars(least), dollars(most))
            }
            Some((least, None)) => format!("In the end {} or more.", dollars(least)),
        };
        let [reads, writes, sqs] = [s3_get, s3_put, sqs].map(thousands);
        let (hosts, requests) = (dollars(estimate.host_dollars), dollars(estimate.request_dollars));
        let until_now = dollars(estimate.so_far_dollars());
        let prices: String = self.read_prices().map(price_line).collect();
        let rows = if self.rows.is_empty() { "No worker was attached.\n".to_owned() } else { self.table() };
        format!(
            "Study {study}: {until_now} until now{each}.\n{end}\nComputers {hosts}, requests {requests}: S3 reads {reads}, S3 writes and \
             lists {writes}, SQS {sqs}.\n{prices}\n{rows}"
        )
    }

    /// Returns the prices that count and weren't entered.
    fn read_prices(&self) -> impl Iterator<Item = &ReadPrice> {
        self.kinds.iter().filter_map(|kind| self.prices.read(kind))
    }

    fn table(&self) -> String {
        let first = match self.grouping {
            UsageGrouping::InstanceType => "instance type",
            UsageGrouping::Host => "host",
            UsageGrouping::Vcpus => "vCPUs",
        };
        let columns = ["hosts", "hours", "vCPU hours", "computing", "attempts", "average", "dollars"]
            .map(|head| (head, TextAlign::Right));
        let columns: Vec<_> = std::iter::once((first, TextAlign::Left)).chain(columns).collect();
        let hours = |secs: f64| format!("{:.2}", secs / HOUR_SECS);
        let row = |row: &UsageRow| {
            vec![
                printable(&row.name, 40),
                thousands(row.hosts),
                hours(row.host_secs),
                row.vcpu_secs.map(hours).unwrap_or_default(),
                row.busy_share().map(|share| format!("{:.0} %", 100.0 * share)).unwrap_or_default(),
                thousands(row.attempts),
                row.average_secs().map(duration).unwrap_or_default(),
                row.dollars.map_or_else(|| "?".to_owned(), dollars),
            ]
        };
        table(&columns, &self.rows.iter().map(row).collect::<Vec<_>>())
    }

    fn as_json(&self, study: &str) -> Value {
        let estimate = &self.estimate;
        let expected = estimate.expected_dollars.map(|(least, most)| json!({"least": least, "most": most}));
        let row = |row: &UsageRow| {
            json!({
                self.grouping.name(): row.name, "hosts": row.hosts, "hosts_alive": row.hosts_alive, "workers": row.workers,
                "host_secs": row.host_secs, "vcpu_secs": row.vcpu_secs, "attached_secs": row.attached_secs,
                "computing_secs": row.computing_secs, "attempts": row.attempts, "done": row.done,
                "average_secs": row.average_secs(), "requests": row.requests, "dollars": row.dollars,
            })
        };
        json!({
            "study": study,
            "dollars": {
                "hosts": estimate.host_dollars, "requests": estimate.request_dollars, "until_now": estimate.so_far_dollars(),
                "finished_case": estimate.case_dollars, "expected": expected,
            },
            "requests": estimate.requests,
            "without_price": estimate.unpriced,
            "read_prices": self.read_prices().map(price_json).collect::<Vec<_>>(),
            "rows": self.rows.iter().map(row).collect::<Vec<_>>(),
        })
    }
}

/// Writes a price that was read, with its source and date, as a line.
fn price_line(price: &ReadPrice) -> String {
    let day: String = written(price.time).chars().take(10).collect();
    let kind = printable(&price.instance_type, 40);
    format!("{kind} costs $ {} an hour {}, read on {day}.\n", price.dollars_per_hour, price.source.words())
}

fn price_json(price: &ReadPrice) -> Value {
    json!({
        "instance_type": price.instance_type, "source": price.source.name(), "dollars_per_hour": price.dollars_per_hour,
        "time": price.time,
    })
}

/// Writes dollars: `$ 12.35`, and small ones with three digits, `$ 0.00123`.
fn dollars(value: f64) -> String {
    if value.abs() >= 0.095 || value == 0.0 { format!("$ {value:.2}") } else { format!("$ {}", significant(value)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_are_exact_to_the_cent_or_to_three_digits() {
        for (value, expected) in [(0.0, "$ 0.00"), (12.345_678, "$ 12.35"), (0.1, "$ 0.10")] {
            assert_eq!(dollars(value), expected);
        }
        assert!(dollars(0.001_234).starts_with("$ 0.00123"), "{}", dollars(0.001_234));
    }
}
