//! How the cost is shown. The address says it: `#/fleet?section=cost&by=host&price=0.34,c7i.2xlarge=0.357`, the price percent-encoded.

use cruncher_browser::state::route::{Route, decoded, encoded};
use cruncher_study::cost::{CostEstimate, HOUR_SECS, PriceList, ReadPrice, UsageGrouping, UsageRow};
use cruncher_study::number_format::{duration, thousands};
use cruncher_study::shown_text::visible;

use super::section::PageSection;

/// Maximum number of types that are named in a line.
const MAX_NAMED: usize = 10;

/// How the cost is shown.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct CostView {
    pub(crate) by: UsageGrouping,
    /// Prices as they were entered, separated by commas.
    pub(crate) price: String,
}

impl CostView {
    /// Reads an address's fragment.
    pub(crate) fn parse(fragment: &str) -> Self {
        let query = fragment.split_once('?').map_or("", |(_, query)| query);
        let field = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        let by = field("by").and_then(|by| UsageGrouping::ALL.into_iter().find(|grouping| grouping.name() == by));
        Self { by: by.unwrap_or_default(), price: field("price").and_then(decoded).unwrap_or_default() }
    }

    /// Returns the address that says it.
    pub(crate) fn address(&self, route: &Route) -> String {
        let mut address = PageSection::Cost.address(route);
        if self.by != UsageGrouping::default() {
            address += &["&by=", self.by.name()].concat();
        }
        if !self.price.is_empty() {
            address += &["&price=", &encoded(&self.price)].concat();
        }
        address
    }

    /// Returns the prices that were entered.
    pub(crate) fn prices(&self) -> Result<PriceList, String> {
        PriceList::parse(self.price.split([',', ';']).map(str::trim).filter(|price| !price.is_empty()))
    }
}

/// Returns what a grouping is called.
pub(crate) const fn grouping_name(grouping: UsageGrouping) -> &'static str {
    match grouping {
        UsageGrouping::InstanceType => "Instance type",
        UsageGrouping::Host => "Host",
        UsageGrouping::Vcpus => "vCPUs",
    }
}

/// Heads of the columns of numbers.
pub(crate) const COLUMNS: [&str; 7] = ["Hosts", "Hours", "vCPU hours", "Computing", "Attempts", "Average", "Dollars"];

/// Returns a row's numbers as they are shown; what isn't known is a dash.
pub(crate) fn cells(row: &UsageRow) -> [String; 7] {
    let hours = |secs: f64| format!("{:.2}", secs / HOUR_SECS);
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
    [
        thousands(row.hosts),
        hours(row.host_secs),
        or_dash(row.vcpu_secs.map(hours)),
        or_dash(row.busy_share().map(|share| format!("{:.0} %", 100.0 * share))),
        thousands(row.attempts),
        or_dash(row.average_secs().map(duration)),
        or_dash(row.dollars.map(dollars)),
    ]
}

/// Returns the parts of a row's bar, of 100 that the longest has: the whole of it, and the share that was spent on cases.
pub(crate) fn bar(row: &UsageRow, rows: &[UsageRow]) -> (f64, f64) {
    let longest = rows.iter().map(|row| row.host_secs).fold(0.0, f64::max);
    let whole = if longest > 0.0 { 100.0 * row.host_secs / longest } else { 0.0 };
    (whole, whole * row.busy_share().unwrap_or(0.0).clamp(0.0, 1.0))
}

/// Writes dollars: `$12.35`, and small ones with five decimals, `$0.00123`.
pub(crate) fn dollars(value: f64) -> String {
    if value >= 0.095 || value == 0.0 { format!("${value:.2}") } else { format!("${value:.5}") }
}

/// Says what a type costs, who says so, and since when.
pub(crate) fn price_words(price: &ReadPrice) -> String {
    let day: String = cruncher_study::utc_time::written(price.time).chars().take(10).collect();
    format!(
        "{}: ${} an hour {}, read on {day}.",
        visible(&price.instance_type),
        price.dollars_per_hour,
        price.source.words()
    )
}

/// Names the first of many types of computers, and says how many there are beside.
pub(crate) fn named(types: &[String]) -> String {
    let mut names: Vec<String> = types.iter().take(MAX_NAMED).map(|name| visible(name)).collect();
    if let more @ 1.. = types.len().saturating_sub(MAX_NAMED) {
        names.push(format!("and {} more", thousands(more as u64)));
    }
    names.join(", ")
}

/// Returns the figures above the table: each with its name. `is_known` says whether anybody could tell what is still open.
pub(crate) fn figures(estimate: &CostEstimate, is_known: bool) -> Vec<(&'static str, String)> {
    // What has no price is in no sum.
    let sum =
        |value: f64| if estimate.unpriced.is_empty() { dollars(value) } else { format!("at least {}", dollars(value)) };
    let end = match estimate.expected_dollars {
        Some((least, Some(most))) if dollars(least) == dollars(most) => sum(least),
        Some((least, Some(_))) if !estimate.unpriced.is_empty() => sum(least),
        Some((least, Some(most))) => format!("{} to {}", dollars(least), dollars(most)),
        Some((least, None)) => format!("{} or more", dollars(least)),
        None if is_known => "can't be told yet".to_owned(),
        None => "cruncher cost tells it".to_owned(),
    };
    vec![
        ("Until now", sum(estimate.so_far_dollars())),
        ("A finished case", estimate.case_dollars.map_or_else(|| "none yet".to_owned(), sum)),
        ("In the end", end),
        ("Requests", dollars(estimate.request_dollars)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_view_is_read_back() {
        let route = Route::parse("#/fleet");
        for by in UsageGrouping::ALL {
            for price in ["", "0.34", "0.34, c7i.2xlarge=0.357", "ü&="] {
                let view = CostView { by, price: price.to_owned() };
                assert_eq!(CostView::parse(&view.address(&route)), view);
            }
        }
        assert_eq!(CostView::parse("#/fleet?section=cost&by=colour&price=%"), CostView::default());
        let prices = CostView { price: "0.1, c7i=0.2".into(), ..CostView::default() }.prices().unwrap();
        assert_eq!((prices.of("x"), prices.of("c7i")), (Some(0.1), Some(0.2)));
        assert!(CostView { price: "cheap".into(), ..CostView::default() }.prices().is_err());
    }

    #[test]
    fn types_without_a_price_are_named_and_the_rest_counted() {
        let types = |count: usize| (0..count).map(|number| format!("t{number}")).collect::<Vec<_>>();
        assert_eq!(named(&types(2)), "t0, t1");
        assert!(named(&types(10)).ends_with(", t9"));
        assert!(named(&types(12)).ends_with(", t9, and 2 more"));
        assert_eq!(named(&["a\u{202e}b".to_owned()]), "a\\u{202e}b");
    }

    #[test]
    fn rows_have_cells_and_bars() {
        let row = |hours: f64| UsageRow {
            hosts: 1,
            host_secs: hours * HOUR_SECS,
            attached_secs: hours * HOUR_SECS,
            computing_secs: hours * HOUR_SECS / 4.0,
            ..UsageRow::default()
        };
        let rows = [row(8.0), row(2.0)];
        assert_eq!(cells(&rows[1]), ["1", "2.00", "–", "25 %", "0", "–", "–"].map(str::to_owned));
        assert_eq!((bar(&rows[0], &rows), bar(&rows[1], &rows)), ((100.0, 25.0), (25.0, 6.25)));
        assert_eq!((dollars(0.0), dollars(12.346)), ("$0.00".to_owned(), "$12.35".to_owned()));
        assert_eq!(figures(&CostEstimate::default(), true)[2].1, "can't be told yet");
        assert_eq!(figures(&CostEstimate::default(), true)[1].1, "none yet");
        let partly = CostEstimate {
            unpriced: vec!["lab-pc".into()],
            expected_dollars: Some((1.0, Some(2.0))),
            ..CostEstimate::default()
        };
        let told: Vec<String> = figures(&partly, true).into_iter().map(|(_, value)| value).collect();
        assert_eq!(told, ["at least $0.00", "none yet", "at least $1.00", "$0.00"]);
    }
}
