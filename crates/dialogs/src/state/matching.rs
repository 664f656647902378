//! Search in the entries of the palette.

use cruncher_browser::state::dialog_request::PaletteEntry;

/// How well an entry fits what was typed, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// Its words begin with what was typed.
    Start,
    /// Each typed word is the beginning of one of its words.
    Words,
    /// Each typed word stands somewhere in it.
    Inside,
    /// The typed letters stand in it in this order.
    Letters,
}

/// Returns the places of the entries that fit `typed`, the best first; among those that fit alike the ones chosen lately are
/// first, then the order of the entries holds. Every entry fits nothing.
pub(crate) fn found(entries: &[PaletteEntry], typed: &str, recent: &[String]) -> Vec<usize> {
    let typed = typed.trim().to_lowercase();
    let mut found: Vec<(Fit, usize, usize)> = Vec::new();
    for (place, entry) in entries.iter().enumerate() {
        if let Some(fit) = fit(&entry.label.to_lowercase(), &entry.kind.to_lowercase(), &typed) {
            let key = recent_key(entry);
            let age = recent.iter().position(|recent| *recent == key).unwrap_or(recent.len());
            found.push((fit, age, place));
        }
    }
    found.sort_unstable();
    found.into_iter().map(|(_, _, place)| place).collect()
}

/// Returns the line by which an entry is remembered.
pub(crate) fn recent_key(entry: &PaletteEntry) -> String {
    format!("{} {}", entry.kind, entry.label)
}

fn fit(label: &str, kind: &str, typed: &str) -> Option<Fit> {
    if label.starts_with(typed) {
        return Some(Fit::Start);
    }
    let words: Vec<&str> = label.split(|letter: char| !letter.is_alphanumeric()).chain([kind]).collect();
    let mut parts = typed.split_whitespace();
    if parts.clone().all(|part| words.iter().any(|word| word.starts_with(part))) {
        return Some(Fit::Words);
    }
    if parts.all(|part| label.contains(part)) {
        return Some(Fit::Inside);
    }
    let mut rest = label.chars();
    let mut letters = typed.chars().filter(|letter| !letter.is_whitespace());
    letters.all(|letter| rest.any(|other| other == letter)).then_some(Fit::Letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(labels: &[&str]) -> Vec<PaletteEntry> {
        labels.iter().map(|label| PaletteEntry::new("Page", label, "")).collect()
    }

    fn labels(known: &[&str], typed: &str, recent: &[&str]) -> Vec<String> {
        let known = entries(known);
        let recent: Vec<String> = recent.iter().map(|label| format!("Page {label}")).collect();
        found(&known, typed, &recent).into_iter().map(|place| known[place].label.clone()).collect()
    }

    const KNOWN: [&str; 6] =
        ["Overview", "Errors", "Retry failed cases", "soil/level-03", "node7_linux", "Pause the study"];

    #[test]
    fn the_best_fit_is_first() {
        for (typed, expected) in [
            ("err", &["Errors"][..]),
            ("re", &["Retry failed cases", "Overview"]),
            ("fail re", &["Retry failed cases"]),
            ("LEVEL", &["soil/level-03"]),
            ("03", &["soil/level-03"]),
            ("inux", &["node7_linux"]),
            ("pst", &["Pause the study"]),
            ("o", &["Overview", "Errors", "soil/level-03", "node7_linux"]),
            ("ü", &[]),
        ] {
            assert_eq!(labels(&KNOWN, typed, &[]), expected, "{typed}");
        }
    }

    #[test]
    fn without_a_text_all_are_there_and_what_was_chosen_lately_is_first() {
        assert_eq!(labels(&KNOWN, " ", &[]), KNOWN);
        assert_eq!(labels(&KNOWN, "", &["node7_linux", "Errors"])[..3], ["node7_linux", "Errors", "Overview"]);
        // It doesn't stand before what fits better.
        assert_eq!(labels(&KNOWN, "e", &["node7_linux"])[0], "Errors");
    }

    #[test]
    fn a_kind_is_a_word_too() {
        assert_eq!(labels(&KNOWN, "page err", &[]), ["Errors"]);
    }
}
