//! Events of a study that somebody waits for: it ends, it halts, cases fail in a new way.

use std::collections::BTreeSet;

use crate::number_format::thousands;

/// Maximum number of letters of what is told of an event.
const MAX_LETTERS: usize = 300;

/// Maximum number of new ways to fail that are told of a look, one by one.
const MAX_NEW: usize = 3;

/// Event that somebody waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StudyEvent {
    /// No case waits or runs any more.
    Ended,
    /// Workers take no further case until somebody lets them go on, for this reason.
    Halted(String),
    /// Cases fail in a way that was not seen before: exception and message.
    ErrorGroup(String),
}

impl StudyEvent {
    /// Returns its name, for a program: `ended`, `halted`, `error`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Ended => "ended",
            Self::Halted(_) => "halted",
            Self::ErrorGroup(_) => "error",
        }
    }
}

/// What a look at a study says of events.
#[derive(Debug, Clone, Default)]
pub struct EventFacts<'a> {
    /// Number of all cases.
    pub cases: u64,
    /// Number of cases that wait or run.
    pub open: u64,
    /// Reason for which it has halted, if it has.
    pub halted: Option<&'a str>,
    /// Signature and error of each failure; those that are alike may come several times.
    pub failures: Vec<(&'a str, &'a str)>,
}

impl EventFacts<'_> {
    /// Whether there are cases, and all are over.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.cases > 0 && self.open == 0
    }
}

/// Events that are known: what is among them is no news.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownEvents {
    has_ended: bool,
    has_halted: bool,
    /// Signatures of errors.
    signatures: BTreeSet<String>,
}

/// First line: there is a text, also if nothing has happened yet.
const KNOWN: &str = "known";
const ENDED: &str = "ended";
const HALTED: &str = "halted";

impl KnownEvents {
    /// Knows what a look has found.
    #[must_use]
    pub fn of(facts: &EventFacts<'_>) -> Self {
        let mut known = Self::default();
        known.news(facts);
        known
    }

    /// Takes the next look, and returns what is new. A study that goes on can end again.
    pub fn news(&mut self, facts: &EventFacts<'_>) -> Vec<StudyEvent> {
        let mut news = Vec::new();
        for (signature, error) in &facts.failures {
            if self.signatures.insert(word(signature)) {
                news.push(StudyEvent::ErrorGroup((*error).to_owned()));
            }
        }
        if news.len() > MAX_NEW {
            let others = news.len() - (MAX_NEW - 1);
            news.truncate(MAX_NEW - 1);
            news.push(StudyEvent::ErrorGroup(format!(
                "{} others, which the Errors page lists",
                thousands(others as u64)
            )));
        }
        if let Some(reason) = facts.halted.filter(|_| !self.has_halted) {
            news.push(StudyEvent::Halted(reason.to_owned()));
        }
        if facts.is_over() && !self.has_ended {
            news.push(StudyEvent::Ended);
        }
        self.has_halted = facts.halted.is_some();
        self.has_ended = facts.is_over();
        news
    }

    /// Writes them as lines.
    #[must_use]
    pub fn to_text(&self) -> String {
        let states = [(true, KNOWN), (self.has_ended, ENDED), (self.has_halted, HALTED)];
        let states = states.into_iter().filter(|(is_so, _)| *is_so).map(|(_, name)| name);
        states.chain(self.signatures.iter().map(String::as_str)).collect::<Vec<_>>().join("\n")
    }

    /// Reads what [`Self::to_text`] has written.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        let mut known = Self::default();
        for line in text.lines() {
            match line {
                KNOWN => {}
                ENDED => known.has_ended = true,
                HALTED => known.has_halted = true,
                signature => drop(known.signatures.insert(signature.to_owned())),
            }
        }
        known
    }
}

/// Returns a signature as a word that is none of the others of a line: a worker's is of hexadecimal digits, others write anything.
fn word(signature: &str) -> String {
    if !signature.is_empty() && signature.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return signature.to_owned();
    }
    signature.bytes().fold("x".to_owned(), |word, byte| word + &format!("{byte:02x}"))
}

/// Returns a text in one line, for a message to people. A model, a host or a table may have written it: no receiver finds markup
/// or a mention in it.
#[must_use]
pub fn plain_line(text: &str) -> String {
    let letter = |letter: char| match letter {
        '<' => '‹',
        '>' => '›',
        '@' => '＠',
        letter if letter.is_control() => ' ',
        letter => letter,
    };
    let mut line: String = text.chars().map(letter).take(MAX_LETTERS).collect();
    if text.chars().nth(MAX_LETTERS).is_some() {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts<'a>(open: u64, halted: Option<&'a str>, signatures: &[&'a str]) -> EventFacts<'a> {
        let failures = signatures.iter().map(|signature| (*signature, "ValueError: x")).collect();
        EventFacts { cases: 3, open, halted, failures }
    }

    #[test]
    fn each_event_is_told_once() {
        let mut known = KnownEvents::of(&facts(3, None, &["a1"]));
        let error = || StudyEvent::ErrorGroup("ValueError: x".to_owned());
        let halted = || StudyEvent::Halted("20 failed".to_owned());
        for (look, news) in [
            (facts(3, None, &["a1"]), vec![]),
            (facts(2, None, &["a1", "b2", "b2"]), vec![error()]),
            (facts(2, Some("20 failed"), &["a1", "b2"]), vec![halted()]),
            (facts(1, Some("20 failed"), &["a1", "b2"]), vec![]),
            (facts(1, None, &["a1", "b2"]), vec![]),
            (facts(0, None, &["b2", "c3"]), vec![error(), StudyEvent::Ended]),
            (facts(0, None, &["b2", "c3"]), vec![]),
            (facts(1, Some("20 failed"), &[]), vec![halted()]),
            (facts(0, None, &["a1"]), vec![StudyEvent::Ended]),
        ] {
            assert_eq!(known.news(&look), news, "{look:?}");
            known = KnownEvents::from_text(&known.to_text());
        }
    }

    #[test]
    fn very_many_new_ways_to_fail_are_told_as_three() {
        let mut known = KnownEvents::default();
        let names: Vec<String> = (0..2_000).map(|number| number.to_string()).collect();
        let signatures: Vec<&str> = names.iter().map(String::as_str).collect();
        let news = known.news(&facts(3, None, &signatures));
        let told = |text: &str| StudyEvent::ErrorGroup(text.to_owned());
        let others = told("1,998 others, which the Errors page lists");
        assert_eq!(news, [told("ValueError: x"), told("ValueError: x"), others]);
        assert_eq!(KnownEvents::from_text(&known.to_text()).news(&facts(3, None, &signatures)), []);
    }

    #[test]
    fn no_signature_passes_for_a_state() {
        let mut known = KnownEvents::default();
        known.news(&facts(3, None, &["ended", "x\nhalted", "", "00ff"]));
        let mut read = KnownEvents::from_text(&known.to_text());
        assert_eq!(read, known);
        assert_eq!(read.news(&facts(0, None, &["ended"])), [StudyEvent::Ended]);
    }

    #[test]
    fn a_study_without_cases_has_not_ended() {
        let mut known = KnownEvents::default();
        assert_eq!(known.news(&EventFacts::default()), []);
        assert_eq!(known.news(&facts(0, None, &[])), [StudyEvent::Ended]);
    }

    #[test]
    fn a_message_has_no_markup_and_no_mention() {
        assert_eq!(plain_line("<!channel>\n@all \u{7}"), "‹!channel› ＠all  ");
        assert_eq!(plain_line(&"ä".repeat(400)).chars().count(), MAX_LETTERS + 1);
    }
}
