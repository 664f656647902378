//! The title of the tab, which is all that is seen of a page in the background.

use cruncher_backend::watch::snapshot::Snapshot;
use cruncher_study::number_format::thousands;

/// Returns the title of a page of the study `name`, with what a reader who does something else wants to know in front.
#[must_use]
pub fn title(page: &str, name: &str, snapshot: Option<&Snapshot>) -> String {
    let said = snapshot.map(|snapshot| {
        let facts = snapshot.event_facts();
        let failed = snapshot.total.failed + snapshot.total.dead;
        let failed = (failed > 0).then(|| format!("{} failed", thousands(failed)));
        let state = if facts.halted.is_some() {
            Some("‖ halted".to_owned())
        } else if facts.is_over() {
            Some(if failed.is_some() { "over" } else { "✓ done" }.to_owned())
        } else {
            snapshot.control.paused.then(|| "‖ paused".to_owned())
        };
        failed.into_iter().chain(state).collect::<Vec<_>>().join(", ")
    });
    match said.filter(|said| !said.is_empty()) {
        Some(said) => format!("({said}) {page} · {name} · Cruncher"),
        None => format!("{page} · {name} · Cruncher"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cruncher_study::accounting::CaseCounts;
    use cruncher_study::halting::StudyHalt;

    fn told(cases: u64, done: u64, failed: u64, change: impl Fn(&mut Snapshot)) -> String {
        let total = CaseCounts { cases, done, failed, queued: cases - done - failed, ..CaseCounts::default() };
        let mut snapshot = Snapshot { total, ..Snapshot::default() };
        change(&mut snapshot);
        title("Overview", "soil", Some(&snapshot))
    }

    #[test]
    fn a_title_tells_what_matters_first() {
        assert_eq!(title("Overview", "soil", None), "Overview · soil · Cruncher");
        let unchanged = |_: &mut Snapshot| {};
        let paused = |snapshot: &mut Snapshot| snapshot.control.paused = true;
        let halted = |snapshot: &mut Snapshot| snapshot.control.halted = Some(StudyHalt::default());
        for (title, said) in [
            (told(0, 0, 0, unchanged), ""),
            (told(9, 3, 0, unchanged), ""),
            (told(9, 3, 3, unchanged), "(3 failed) "),
            (told(9, 9, 0, unchanged), "(✓ done) "),
            (told(9, 6, 3, unchanged), "(3 failed, over) "),
            (told(9, 6, 0, paused), "(‖ paused) "),
            (told(9, 6, 1, halted), "(1 failed, ‖ halted) "),
        ] {
            assert_eq!(title, format!("{said}Overview · soil · Cruncher"));
        }
    }
}
