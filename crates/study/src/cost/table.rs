//! The table of usage as a file.

use std::fmt::Write as _;

use super::{HOUR_SECS, PriceList, UsageGrouping, UsageRow};

/// Heads of the columns behind the first, which is named by what the rows stand for.
const COLUMNS: &str = "hosts,hosts_alive,workers,host_hours,vcpu_hours,attached_hours,computing_hours,attempts,done,average_secs,\
                       s3_get,s3_put,sqs,host_dollars,request_dollars";

/// Writes rows as CSV. What isn't known is empty. A name that a spreadsheet would take for a formula has an apostrophe in front.
#[must_use]
pub fn usage_csv(rows: &[UsageRow], grouping: UsageGrouping, prices: &PriceList) -> String {
    let mut csv = format!("{},{COLUMNS}\n", grouping.name());
    for row in rows {
        let UsageRow { hosts, hosts_alive, workers, attempts, done, requests, .. } = row;
        let hours = |secs: f64| secs / HOUR_SECS;
        let optional = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        let (host, attached, computing) = (hours(row.host_secs), hours(row.attached_secs), hours(row.computing_secs));
        let (vcpu, average, dollars) = (row.vcpu_secs.map(hours), row.average_secs(), row.dollars);
        let [vcpu, average, dollars] = [vcpu, average, dollars].map(optional);
        let (gets, puts, sqs) = (requests.s3_get, requests.s3_put, requests.sqs);
        // Writing to a string can't fail.
        let _ = writeln!(
            csv,
            "{},{hosts},{hosts_alive},{workers},{host},{vcpu},{attached},{computing},{attempts},{done},{average},{gets},{puts},{sqs},{dollars},{}",
            quoted(&row.name),
            prices.requests.dollars(*requests),
        );
    }
    csv
}

fn quoted(name: &str) -> String {
    let is_formula = name.starts_with(['=', '+', '-', '@', '\t']);
    let name = if is_formula { format!("'{name}") } else { name.to_owned() };
    if name.contains([',', '"', '\n', '\r', ';']) { format!("\"{}\"", name.replace('"', "\"\"")) } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_a_line_and_no_name_is_a_formula() {
        let row = UsageRow {
            name: "=cmd|\"x\",1".into(),
            hosts: 2,
            host_secs: 5_400.0,
            dollars: Some(0.5),
            ..UsageRow::default()
        };
        let csv = usage_csv(&[row], UsageGrouping::Host, &PriceList::default());
        let (head, line) = csv.trim_end().split_once('\n').unwrap();
        assert!(head.starts_with("host,hosts,"), "{head}");
        assert_eq!(line, "\"'=cmd|\"\"x\"\",1\",2,0,0,1.5,,0,0,0,0,,0,0,0,0.5,0");
        assert_eq!(head.split(',').count(), 16);
    }
}
