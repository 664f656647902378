//! Which entries of the logs are shown. The address says it: `#/fleet?section=logs&level=error&since=1h&host=node7&worker=4711-3fa2c1&text=refused`.

use cruncher_browser::state::route::{Route, decoded, encoded};
use cruncher_study::worker_log::{LogFilter, LogLeftOut, LogLevel};

use super::section::PageSection;

/// Spans of time that are offered: name in the address, name for the reader, seconds.
pub(crate) const SPANS: [(&str, &str, Option<f64>); 5] = [
    ("all", "all there is", None),
    ("15m", "last 15 min", Some(900.0)),
    ("1h", "last hour", Some(3_600.0)),
    ("6h", "last 6 hours", Some(21_600.0)),
    ("1d", "last day", Some(86_400.0)),
];

/// Which entries are shown.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct LogView {
    pub(crate) worker: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) level: LogLevel,
    /// What stands in their texts.
    pub(crate) text: Option<String>,
    /// Place among [`SPANS`].
    pub(crate) span: usize,
}

impl LogView {
    /// Reads an address's fragment. What it doesn't say, or says in a way that nobody understands, isn't asked for.
    pub(crate) fn parse(fragment: &str) -> Self {
        let query = fragment.split_once('?').map_or("", |(_, query)| query);
        let field = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        let text = |name: &str| field(name).and_then(decoded).filter(|text| !text.is_empty());
        let span = field("since").and_then(|since| SPANS.iter().position(|(name, ..)| *name == since));
        Self {
            worker: text("worker"),
            host: text("host"),
            text: text("text"),
            level: field("level").and_then(LogLevel::of_name).unwrap_or_default(),
            span: span.unwrap_or_default(),
        }
    }

    /// Returns the address that says it.
    pub(crate) fn address(&self, route: &Route) -> String {
        let mut address = PageSection::Logs.address(route);
        let mut say = |name: &str, value: &str| {
            address += &["&", name, "=", value].concat();
        };
        if self.level != LogLevel::default() {
            say("level", &self.level.name().to_lowercase());
        }
        if self.span > 0 {
            say("since", SPANS[self.span].0);
        }
        for (name, value) in [("host", &self.host), ("worker", &self.worker), ("text", &self.text)] {
            if let Some(value) = value {
                say(name, &encoded(value));
            }
        }
        address
    }

    /// Returns the filter of the logs, as of `now`.
    pub(crate) fn filter(&self, now: f64) -> LogFilter {
        LogFilter {
            worker: self.worker.clone(),
            host: self.host.clone(),
            level: self.level,
            // To the minute, so that a look a few seconds later asks for the same.
            since: SPANS[self.span].2.map(|secs| ((now - secs) / 60.0).floor() * 60.0),
            until: None,
            text: self.text.clone(),
        }
    }
}

/// Says what isn't shown, a sentence a reason.
pub(crate) fn left_out_words(left_out: &LogLeftOut, hidden: usize) -> Vec<String> {
    let LogLeftOut { entries, logs, without_beginning, unreadable } = left_out;
    let mut words = Vec::new();
    if hidden as u64 + entries > 0 {
        words.push(format!("Earlier entries: {}.", hidden as u64 + entries));
    }
    if *logs > 0 {
        words.push(format!("Logs not read, those written to longest ago: {logs}."));
    }
    if *without_beginning > 0 {
        words.push(format!("Logs whose beginning is gone, beyond their last 256 KiB: {without_beginning}."));
    }
    words.extend(unreadable.iter().map(|(key, why)| format!("{key} can't be read: {why}.")));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_view_is_read_back() {
        let route = Route::parse("#/fleet?batch=soil");
        let some = Some("node7".to_owned());
        for view in [
            LogView::default(),
            LogView { level: LogLevel::Error, span: 2, ..LogView::default() },
            LogView { text: Some("no such & file".to_owned()), ..LogView::default() },
            LogView { host: some.clone(), worker: Some("a&b=c%1 ü".to_owned()), ..LogView::default() },
        ] {
            let address = view.address(&route);
            assert_eq!(LogView::parse(&address), view, "{address}");
            assert_eq!(PageSection::parse(&address), PageSection::Logs);
        }
        for fragment in ["", "#/fleet?section=logs&level=loud&since=yesterday&host=&worker=%zz"] {
            assert_eq!(LogView::parse(fragment), LogView::default(), "{fragment}");
        }
    }

    #[test]
    fn a_span_counts_back_and_what_is_hidden_is_said() {
        let view = LogView { span: 2, ..LogView::default() };
        assert_eq!(view.filter(1_790_000_025.0), view.filter(1_790_000_030.0));
        assert!(
            view.filter(1_790_000_000.0)
                .since
                .is_some_and(|since| (1_789_996_340.0..=1_789_996_400.0).contains(&since))
        );
        assert_eq!(left_out_words(&LogLeftOut::default(), 0), Vec::<String>::new());
        let left_out =
            LogLeftOut { entries: 2, logs: 3, without_beginning: 1, unreadable: vec![("k".into(), "why".into())] };
        assert_eq!(left_out_words(&left_out, 5).len(), 4);
        assert_eq!(left_out_words(&left_out, 5)[0], "Earlier entries: 7.");
    }
}
