//! Where failures of a group occur, in words.

use cruncher_study::error_groups::host_of;
use cruncher_study::number_format::thousands;

/// Maximum number of computers that are named.
const MAX_NAMED: usize = 4;

/// Where failures occur.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ErrorSpread {
    /// In words, with the names of the computers.
    pub(crate) words: String,
    /// Whether it points at a cause: one computer of several.
    pub(crate) is_telling: bool,
}

/// Compares the workers and computers of failures with all that have computed something. Both lists are in order and name each once.
pub(crate) fn spread(workers: &[&str], hosts: &[&str], all_workers: &[&str]) -> ErrorSpread {
    let mut all_hosts: Vec<&str> = all_workers.iter().map(|worker| host_of(worker)).collect();
    all_hosts.sort_unstable();
    all_hosts.dedup();
    let is_telling = hosts.len() == 1 && all_hosts.len() > 1;
    let named = hosts.iter().take(MAX_NAMED).copied().collect::<Vec<_>>().join(", ");
    let more = hosts.len().saturating_sub(MAX_NAMED);
    let named = if more > 0 { format!("{named} and {more} more") } else { named };
    let (some, all) = (workers.len(), all_workers.len());
    let words = match (is_telling, some, all) {
        (_, 0, _) => String::new(),
        (true, ..) => format!("on one host only: {named}"),
        (_, _, 0 | 1) => format!("on {named}"),
        (_, some, all) if some >= all => format!("on every worker: {named}"),
        (_, some, all) => format!("on {} of {} workers: {named}", thousands(some as u64), thousands(all as u64)),
    };
    ErrorSpread { words, is_telling }
}

/// Returns the share of all failures in words: `62 % of all failures`; nothing if there are no others.
pub(crate) fn share(own: usize, all: usize) -> Option<String> {
    #[expect(clippy::cast_precision_loss, reason = "two digits of it are shown")]
    let percent = 100.0 * own as f64 / all.max(1) as f64;
    let percent = if percent < 1.0 { "less than 1".to_owned() } else { format!("{percent:.0}") };
    (own < all).then(|| format!("{percent} % of all failures"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(workers: &[&str], all: &[&str], words: &str) {
        let mut own: Vec<&str> = workers.iter().map(|worker| host_of(worker)).collect();
        own.dedup();
        let found = spread(workers, &own, all);
        assert_eq!(found.words.as_str(), words, "{workers:?} of {all:?}");
        assert_eq!(found.is_telling, words.contains("one host"));
    }

    #[test]
    fn one_computer_of_several_is_pointed_at() {
        let all = ["a_linux_1-00", "a_linux_2-00", "b_windows_1-00", "c_macos_1-00"];
        check(&all[..2], &all, "on one host only: a");
        check(&all, &all, "on every worker: a, b, c");
        check(&all[1..3], &all, "on 2 of 4 workers: a, b");
        check(&all[..1], &all[..2], "on 1 of 2 workers: a");
        check(&all[..1], &all[..1], "on a");
        check(&[], &[], "");
    }

    #[test]
    fn names_of_another_form_are_computers_of_their_own() {
        check(&["w"], &["w", "x"], "on one host only: w");
        check(&["_linux_1"], &["_linux_1"], "on _linux_1");
        let all: Vec<String> = (0..9).map(|number| format!("node{number}_linux_1-00")).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        check(&all, &all, "on every worker: node0, node1, node2, node3 and 5 more");
    }

    #[test]
    fn a_share_is_of_all_failures() {
        assert_eq!(share(3, 3), None);
        assert_eq!(share(2, 3).as_deref(), Some("67 % of all failures"));
        assert_eq!(share(1, 3_000).as_deref(), Some("less than 1 % of all failures"));
    }
}
