//! Shares of a batch's cases by model version and design, if its model was replaced or its design extended.

use std::fmt;

use cruncher_study::accounting::{BatchAccount, CaseCounts, SubmissionAccount};
use cruncher_study::control::StudyControl;
use cruncher_study::number_format::{counted, thousands};
use cruncher_study::versions::{ModelVersion, versions};

use crate::state::bar::parts;

/// Some cases of a batch, in words, and what can be done with them.
#[derive(Debug, PartialEq)]
pub struct VersionShare {
    pub words: String,
    pub offer: Option<VersionOffer>,
}

/// Offer to an operator: an action on the cases of a version, and what that means.
#[derive(Debug, PartialEq)]
pub struct VersionOffer {
    pub act: VersionAct,
    /// Version or design that the offer is about: `version 1`, `the design sent 16:40`.
    pub of: String,
    /// Submissions of the version, or the design.
    pub submissions: Vec<String>,
    pub meaning: String,
}

/// Action on a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionAct {
    Withdraw,
    CountAgain,
}

/// Change of the submissions that count, as the page asks the designer's program for it. As text it has a line for the act and
/// one for each submission.
#[derive(Debug, Clone, PartialEq)]
pub struct VersionChange {
    pub act: VersionAct,
    pub submissions: Vec<String>,
}

impl fmt::Display for VersionChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}", self.act.name(), self.submissions.join("\n"))
    }
}

impl VersionChange {
    /// Reads the text that [`fmt::Display`] has written.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let name = lines.next()?;
        let act = [VersionAct::Withdraw, VersionAct::CountAgain].into_iter().find(|act| act.name() == name)?;
        Some(Self { act, submissions: lines.map(str::to_owned).collect() })
    }

    /// Applies the change.
    pub fn apply(&self, control: &mut StudyControl) {
        match self.act {
            VersionAct::Withdraw => control.withdrawn_submissions.extend(self.submissions.iter().cloned()),
            VersionAct::CountAgain => control.withdrawn_submissions.retain(|id| !self.submissions.contains(id)),
        }
    }
}

impl VersionAct {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Withdraw => "Withdraw",
            Self::CountAgain => "Count again",
        }
    }
}

/// Maximum number of earlier designs of the latest model that are named.
const MAX_DESIGNS: usize = 4;

/// Returns the shares of a batch's cases, those of the latest design in front. If all cases are of one design, that is told only
/// if it is asked for by `tells_one`. `clock` puts a time into words.
pub fn shares(account: &BatchAccount, tells_one: bool, clock: &dyn Fn(f64) -> String) -> Vec<VersionShare> {
    let submissions = &account.submissions;
    let counted = submissions.iter().rfind(|own| !own.is_withdrawn);
    let Some(latest) = counted.or(submissions.last()) else { return Vec::new() };
    let versions = versions(submissions);
    let has_several = versions.len() > 1;
    let mut shares = Vec::new();
    let mut add = |words, offer| shares.push(VersionShare { words, offer });
    let mut named = 0;
    let (current, others): (Vec<&ModelVersion>, Vec<&ModelVersion>) =
        versions.iter().rev().partition(|version| version.model == latest.model);
    for version in current.into_iter().chain(others) {
        let (counts, withdrawn) = (version.counted(), version.withdrawn());
        let name = format!("{}, sent {}", version.name(), clock(version.submit_time()));
        named += counts.cases;
        if version.model == latest.model {
            for share in designs(version, latest, has_several, clock) {
                add(share.words, share.offer);
            }
        } else if counts.cases > 0 {
            let offer = version_offer(VersionAct::Withdraw, version, &versions);
            add(format!("{} of {name} ({})", thousands(counts.cases), states(&counts)), Some(offer));
        }
        if withdrawn.cases > 0 {
            let mut offer = version_offer(VersionAct::CountAgain, version, &versions);
            let name = if has_several { name } else { withdrawn_designs(version, clock) };
            if !has_several {
                name.clone_into(&mut offer.of);
            }
            let cases = thousands(withdrawn.cases);
            add(format!("{cases} of {name}, withdrawn and not counted ({})", states(&withdrawn)), Some(offer));
        }
    }
    let unnamed = account.counts.cases.saturating_sub(named);
    if unnamed > 0 {
        add(format!("{} that no design names", thousands(unnamed)), None);
    }
    if tells_one || shares.len() > 1 || account.counts.withdrawn > 0 { shares } else { Vec::new() }
}

/// Returns the shares of the latest design and the ones before it, of the latest model, as far as their cases count.
fn designs(
    version: &ModelVersion,
    latest: &SubmissionAccount,
    has_other_versions: bool,
    clock: &dyn Fn(f64) -> String,
) -> Vec<VersionShare> {
    let counted: Vec<_> =
        version.submissions.iter().rev().filter(|own| own.counts.cases > 0 && !own.is_withdrawn).collect();
    let is_only = version.submissions.len() == 1;
    let share = |design: &&&SubmissionAccount| {
        let (cases, time) = (thousands(design.counts.cases), clock(design.time));
        let (words, of, more) = if design.id == latest.id && is_only && !has_other_versions {
            (format!("{cases} of the design sent {time}"), "the design".to_owned(), "")
        } else if design.id == latest.id {
            let name = if has_other_versions { format!(", {}, sent {time}", version.name()) } else { String::new() };
            let more = if is_only { "" } else { " Cases that an earlier design has, too, go with it." };
            (format!("{cases} of the latest design{name}"), "the latest design".to_owned(), more)
        } else {
            let words = format!("{cases} of an earlier design, sent {time} ({})", states(&design.counts));
            (words, format!("the design sent {time}"), " A design that extends it loses these points.")
        };
        let act = VersionAct::Withdraw;
        let meaning = format!("{}{more}", meaning(act, &design.counts));
        VersionShare { words, offer: Some(VersionOffer { act, of, submissions: vec![design.id.clone()], meaning }) }
    };
    let mut shares: Vec<_> = counted.iter().take(MAX_DESIGNS + 1).map(share).collect();
    let unnamed: u64 = counted.iter().skip(MAX_DESIGNS + 1).map(|design| design.counts.cases).sum();
    if unnamed > 0 {
        shares.push(VersionShare { words: format!("{} of designs before", thousands(unnamed)), offer: None });
    }
    shares
}

/// Names the withdrawn designs of a model: `the design sent 16:40`.
fn withdrawn_designs(version: &ModelVersion, clock: &dyn Fn(f64) -> String) -> String {
    let mut withdrawn = version.submissions.iter().filter(|own| own.counts.cases > 0 && own.is_withdrawn);
    match (withdrawn.next(), withdrawn.count()) {
        (Some(design), 0) => format!("the design sent {}", clock(design.time)),
        (_, others) => format!("{} designs", others + 1),
    }
}

/// Returns the offer of an act on a version, one of the batch's `versions`.
fn version_offer(act: VersionAct, version: &ModelVersion, versions: &[ModelVersion]) -> VersionOffer {
    let counts = match act {
        VersionAct::Withdraw => version.counted(),
        VersionAct::CountAgain => version.withdrawn(),
    };
    let is_one_model = versions.iter().all(|other| other.file_name() == version.file_name());
    let of =
        if is_one_model && !version.model.is_empty() { format!("version {}", version.number) } else { version.name() };
    let submissions = version.submissions.iter().map(|own| own.id.clone()).collect();
    VersionOffer { act, of, submissions, meaning: meaning(act, &counts) }
}

/// Says what it means to withdraw these cases, or to count them again.
fn meaning(act: VersionAct, counts: &CaseCounts) -> String {
    let cases = counted(counts.cases, "case", "cases");
    let (waiting, running) = (thousands(counts.queued), thousands(counts.running));
    // If the queue is empty, the cases that waited in it are lost.
    let open = thousands(counts.queued + counts.lost);
    let sentences = match act {
        VersionAct::Withdraw => vec![
            (true, format!("{cases} won't be counted, nor their errors and results shown.")),
            (counts.queued > 0, format!("What waits won't be computed: {waiting}.")),
            (counts.running > 0, format!("What runs is stopped: {running}.")),
            (true, "Documents stay in the bucket, so they can be counted again.".to_owned()),
            (
                counts.queued > 0,
                "What workers have taken from the queue by then is lost, until it is sent again.".to_owned(),
            ),
        ],
        VersionAct::CountAgain => vec![
            (true, format!("{cases} will be counted again, with their errors and results.")),
            (
                counts.queued + counts.lost > 0,
                format!(
                    "Without either: {open}. What workers have taken from the queue meanwhile is lost, until it is sent again."
                ),
            ),
        ],
    };
    let meant: Vec<String> = sentences.into_iter().filter(|(is_so, _)| *is_so).map(|(_, sentence)| sentence).collect();
    meant.join(" ")
}

/// Returns the number of cases in each state: `8 done, 2 failed`.
fn states(counts: &CaseCounts) -> String {
    let parts = parts(counts).into_iter().filter(|part| part.cases > 0);
    parts.map(|part| format!("{} {}", thousands(part.cases), part.look.name)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use cruncher_study::batch::Batch;

    use super::*;

    fn submission(id: &str, model: &str, counts: CaseCounts) -> SubmissionAccount {
        let time = f64::from(id.as_bytes()[0]);
        let is_withdrawn = id.ends_with('w');
        let version = if model == "00" { 1 } else { 2 };
        let model = format!("models/{model}/footing.py");
        SubmissionAccount { id: id.into(), time, model, version, counts, is_withdrawn }
    }

    fn done(cases: u64) -> CaseCounts {
        CaseCounts { cases, done: cases, ..CaseCounts::default() }
    }

    /// Returns the shares of a batch with these submissions, and with `unnamed` cases that no submission names.
    fn told(submissions: Vec<SubmissionAccount>, unnamed: u64) -> Vec<VersionShare> {
        let mut counts = done(unnamed);
        for own in &submissions {
            *(if own.is_withdrawn { &mut counts.withdrawn } else { &mut counts.cases }) += own.counts.cases;
        }
        let account = BatchAccount { counts, submissions, ..BatchAccount::new(Batch::parse("b").unwrap()) };
        shares(&account, false, &|time| format!("at {time}"))
    }

    fn words(shares: &[VersionShare]) -> Vec<&str> {
        shares.iter().map(|share| share.words.as_str()).collect()
    }

    #[test]
    fn twenty_four_of_twenty_six_for_a_design_of_sixteen_explains_itself() {
        let old = CaseCounts { cases: 10, done: 7, failed: 2, queued: 1, ..CaseCounts::default() };
        let shares = told(vec![submission("a", "00", old), submission("b", "11", done(16))], 0);
        let expected = [
            "16 of the latest design, footing.py version 2, sent at 98",
            "10 of footing.py version 1, sent at 97 (7 done, 1 queued, 2 failed)",
        ];
        assert_eq!(words(&shares), expected);
        let offer = shares[0].offer.as_ref().unwrap();
        assert_eq!((offer.of.as_str(), offer.submissions.as_slice()), ("the latest design", &["b".to_owned()][..]));
        assert!(offer.meaning.starts_with("16 cases won't be counted") && !offer.meaning.contains("earlier design"));
        let offer = shares[1].offer.as_ref().unwrap();
        assert_eq!(
            (offer.act, offer.of.as_str(), offer.submissions.as_slice()),
            (VersionAct::Withdraw, "version 1", &["a".to_owned()][..])
        );
        assert!(
            offer.meaning.starts_with("10 cases won't be counted")
                && offer.meaning.contains("What waits won't be computed: 1.")
        );
    }

    #[test]
    fn a_change_is_asked_for_as_text_and_made() {
        let change =
            |act, ids: &[&str]| VersionChange { act, submissions: ids.iter().copied().map(str::to_owned).collect() };
        let mut control = StudyControl::default();
        for (act, ids, left) in [
            (VersionAct::Withdraw, &["00aa", "00bb"][..], &["00aa", "00bb"][..]),
            (VersionAct::CountAgain, &["00aa", "00cc"], &["00bb"]),
        ] {
            let change = change(act, ids);
            assert_eq!(VersionChange::parse(&change.to_string()), Some(change.clone()));
            change.apply(&mut control);
            assert!(control.withdrawn_submissions.iter().eq(left), "{control:?}");
        }
        assert_eq!(VersionChange::parse("Delete\n00aa"), None);
        assert_eq!(VersionChange::parse(""), None);
    }

    #[test]
    fn what_is_withdrawn_is_offered_back_with_what_may_be_lost() {
        let old = CaseCounts { cases: 4, done: 2, queued: 2, ..CaseCounts::default() };
        let shares = told(vec![submission("aw", "00", old), submission("b", "11", done(16))], 0);
        assert_eq!(
            words(&shares)[1],
            "4 of footing.py version 1, sent at 97, withdrawn and not counted (2 done, 2 queued)"
        );
        let offer = shares[1].offer.as_ref().unwrap();
        assert_eq!(offer.act, VersionAct::CountAgain);
        assert!(offer.meaning.contains("Without either: 2. What workers have taken"), "{}", offer.meaning);
    }

    #[test]
    fn a_batch_of_one_design_says_nothing_and_an_extended_one_what_is_older() {
        assert_eq!(told(Vec::new(), 5), []);
        assert_eq!(told(vec![submission("a", "00", done(0)), submission("b", "00", done(16))], 0), []);
        let shares = told(vec![submission("a", "00", done(8)), submission("b", "00", done(16))], 3);
        assert_eq!(
            words(&shares),
            ["16 of the latest design", "8 of an earlier design, sent at 97 (8 done)", "3 that no design names"]
        );
        let offer = shares[1].offer.as_ref().unwrap();
        assert_eq!((offer.of.as_str(), offer.submissions.as_slice()), ("the design sent at 97", &["a".to_owned()][..]));
        assert!(offer.meaning.ends_with("A design that extends it loses these points."), "{}", offer.meaning);
        let latest = shares[0].offer.as_ref().unwrap();
        assert!(latest.meaning.ends_with("Cases that an earlier design has, too, go with it."), "{}", latest.meaning);
        assert!(shares[2].offer.is_none());
        let shares = told(vec![submission("aw", "00", done(8)), submission("b", "00", done(16))], 0);
        assert_eq!(words(&shares)[1], "8 of the design sent at 97, withdrawn and not counted (8 done)");
        assert_eq!(shares[1].offer.as_ref().unwrap().of, "the design sent at 97");
        let two =
            vec![submission("aw", "00", done(8)), submission("bw", "00", done(4)), submission("c", "00", done(1))];
        assert_eq!(words(&told(two, 0))[1], "12 of 2 designs, withdrawn and not counted (12 done)");
        let many: Vec<_> = ('a'..='g').map(|id| submission(&id.to_string(), "00", done(1))).collect();
        let shares = told(many, 0);
        assert_eq!((shares.len(), words(&shares)[5]), (6, "2 of designs before"));
    }

    #[test]
    fn a_design_that_was_sent_by_mistake_is_withdrawn_and_the_one_before_is_the_latest_again() {
        let shares = told(vec![submission("a", "00", done(8)), submission("bw", "00", done(16))], 0);
        let expected = ["8 of the latest design", "16 of the design sent at 98, withdrawn and not counted (16 done)"];
        assert_eq!(words(&shares), expected);
        let shares = told(vec![submission("a", "00", done(8)), submission("bw", "11", done(16))], 0);
        assert_eq!(words(&shares)[0], "8 of the latest design, footing.py version 1, sent at 97");
        let shares = told(vec![submission("aw", "00", done(8))], 0);
        assert_eq!(words(&shares), ["8 of the design sent at 97, withdrawn and not counted (8 done)"]);
    }

    #[test]
    fn a_single_design_is_told_where_it_may_be_one_too_many() {
        let only = |tells_one| {
            let counts = done(8);
            let submissions = vec![submission("a", "00", counts)];
            let account = BatchAccount { counts, submissions, ..BatchAccount::new(Batch::parse("b").unwrap()) };
            shares(&account, tells_one, &|time| format!("at {time}"))
        };
        assert_eq!(only(false), []);
        assert_eq!(words(&only(true)), ["8 of the design sent at 97"]);
        assert_eq!(only(true)[0].offer.as_ref().unwrap().of, "the design");
    }

    #[test]
    fn a_version_has_its_file_name_where_batches_have_several() {
        let other = SubmissionAccount { model: "models/22/slope.py".into(), ..submission("a", "00", done(2)) };
        let shares = told(vec![other, submission("b", "11", done(16))], 0);
        assert_eq!(shares[1].offer.as_ref().unwrap().of, "slope.py version 1");
    }

    #[test]
    fn a_model_that_was_sent_again_is_the_current_one_and_its_withdrawn_cases_are_told() {
        let submissions =
            vec![submission("aw", "00", done(10)), submission("b", "11", done(4)), submission("c", "00", done(16))];
        let shares = told(submissions, 0);
        let expected = [
            "16 of the latest design, footing.py version 1, sent at 99",
            "10 of footing.py version 1, sent at 97, withdrawn and not counted (10 done)",
            "4 of footing.py version 2, sent at 98 (4 done)",
        ];
        assert_eq!(words(&shares), expected);
    }
}
