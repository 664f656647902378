//! What a study has cost, and what it will have cost in the end.

use crate::forecast::Forecast;

use super::usage::UNKNOWN_TYPE;
use super::{HOUR_SECS, PriceList, RequestCounts, UsageGrouping, UsageRow, WorkerUsage, usage_rows};

/// What an estimate follows from.
#[derive(Debug)]
pub struct CostInput<'a> {
    /// What workers have used.
    pub usages: &'a [WorkerUsage],
    /// Prices that are known.
    pub prices: &'a PriceList,
    /// A worker is alive that was heard of after this time.
    pub alive_since: f64,
    /// Number of cases with a result, or that failed for good.
    pub finished: u64,
    /// Number of cases that wait or run.
    pub open: u64,
    /// When the open ones will be finished, if that can be known.
    pub forecast: Option<Forecast>,
    /// Requests of who looks, until now.
    pub own_requests: RequestCounts,
}

/// What a study has cost, in dollars.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CostEstimate {
    /// What hosts have cost, as far as their prices are known.
    pub host_dollars: f64,
    /// Instance types that have no price: what their hosts cost isn't in any number here.
    pub unpriced: Vec<String>,
    /// Requests of workers, and of who looks.
    pub requests: RequestCounts,
    /// What these have cost.
    pub request_dollars: f64,
    /// What a finished case has cost; `None` if there is none.
    pub case_dollars: Option<f64>,
    /// What the study will have cost in the end: the lower end of a range, and the upper one if it can be known. `None` if nothing can.
    pub expected_dollars: Option<(f64, Option<f64>)>,
}

impl CostEstimate {
    /// Estimates.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "dollars")]
    pub fn of(input: &CostInput<'_>) -> Self {
        let price = |kind: &str| input.prices.of(kind);
        let rows = usage_rows(input.usages, UsageGrouping::InstanceType, input.alive_since, &price);
        let host_dollars: f64 = rows.iter().filter_map(|row| row.dollars).sum();
        let worker_requests = rows.iter().fold(RequestCounts::default(), |all, row| all.plus(row.requests));
        let requests = worker_requests.plus(input.own_requests);
        let request_dollars = input.prices.requests.dollars(requests);
        let so_far = host_dollars + request_dollars;
        let of_cases = input.prices.requests.dollars(worker_requests);
        let rest_requests = if input.finished > 0 { of_cases / input.finished as f64 * input.open as f64 } else { 0.0 };
        let an_hour: f64 = rows.iter().filter_map(|row| row.dollars_per_hour).sum();
        let after = |secs: f64| so_far + rest_requests + an_hour * secs / HOUR_SECS;
        let expected = |forecast: Forecast| (after(forecast.least_secs), forecast.most_secs.map(after));
        Self {
            host_dollars,
            unpriced: rows.iter().filter(|row| row.dollars.is_none()).map(named).collect(),
            requests,
            request_dollars,
            case_dollars: (input.finished > 0).then(|| so_far / input.finished as f64),
            expected_dollars: if input.open == 0 { Some((so_far, Some(so_far))) } else { input.forecast.map(expected) },
        }
    }

    /// Returns what the study has cost until now, in dollars.
    #[must_use]
    pub const fn so_far_dollars(&self) -> f64 {
        self.host_dollars + self.request_dollars
    }
}

fn named(row: &UsageRow) -> String {
    if row.name == UNKNOWN_TYPE { "hosts whose instance type isn't known".to_owned() } else { row.name.clone() }
}

#[cfg(test)]
mod tests {
    use super::super::usage::tests::{NOW, worker};
    use super::*;

    fn estimate(prices: &[&str], open: u64, forecast: Option<Forecast>) -> CostEstimate {
        let usages = [worker("a", Some("c7i.xlarge"), (-4.0, 0.0), 8), worker("b", None, (-2.0, -1.0), 2)];
        CostEstimate::of(&CostInput {
            usages: &usages,
            prices: &PriceList::parse(prices.iter().copied()).unwrap(),
            alive_since: NOW - 75.0,
            finished: 10,
            open,
            forecast,
            own_requests: RequestCounts { s3_get: 0, s3_put: 0, sqs: 960 },
        })
    }

    fn is_near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn a_study_costs_hosts_and_requests() {
        let half_hour = Forecast { least_secs: 900.0, most_secs: Some(1_800.0) };
        let told = estimate(&["c7i.xlarge=0.2"], 5, Some(half_hour));
        assert_eq!(told.requests, RequestCounts { s3_get: 100, s3_put: 50, sqs: 1_000 });
        let (workers, own) = ((100.0 * 0.4 + 50.0 * 5.0 + 40.0 * 0.5) / 1e6, 960.0 * 0.5 / 1e6);
        assert!(is_near(told.host_dollars, 0.8) && is_near(told.request_dollars, workers + own));
        assert_eq!(told.unpriced, ["hosts whose instance type isn't known"]);
        assert!(is_near(told.case_dollars.unwrap(), (0.8 + workers + own) / 10.0));
        let (least, most) = told.expected_dollars.unwrap();
        let rest = workers / 10.0 * 5.0;
        assert!(
            is_near(least, told.so_far_dollars() + rest + 0.05)
                && is_near(most.unwrap(), told.so_far_dollars() + rest + 0.1)
        );
        let all = estimate(&["c7i.xlarge=0.2", "0.1"], 5, Some(Forecast { most_secs: None, ..half_hour }));
        assert!(all.unpriced.is_empty() && is_near(all.host_dollars, 0.9));
        assert!(all.expected_dollars.is_some_and(|(_, most)| most.is_none()));
        assert_eq!(estimate(&[], 5, None).expected_dollars, None);
        let ended = estimate(&["0.1"], 0, None);
        assert_eq!(ended.expected_dollars, Some((ended.so_far_dollars(), Some(ended.so_far_dollars()))));
    }
}
