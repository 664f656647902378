//! Versions of a batch's model: the model files that it was submitted with, one after the other.

use crate::accounting::{CaseCounts, SubmissionAccount};

/// A model file of a batch, and the cases that are computed with it: a case is of exactly one.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelVersion<'a> {
    /// Its place in the order in which versions were submitted for the first time, from 1.
    pub number: usize,
    /// The model's key; empty of submissions whose design isn't known.
    pub model: &'a str,
    /// Its submissions, the last one at the end.
    pub submissions: Vec<&'a SubmissionAccount>,
}

/// The versions of a batch's model, in the order in which they were submitted for the first time.
#[must_use]
pub fn versions(submissions: &[SubmissionAccount]) -> Vec<ModelVersion<'_>> {
    let mut versions: Vec<ModelVersion<'_>> = Vec::new();
    for submission in submissions {
        match versions.iter_mut().find(|version| version.model == submission.model) {
            Some(version) => version.submissions.push(submission),
            None => versions.push(ModelVersion {
                number: versions.len() + 1,
                model: &submission.model,
                submissions: vec![submission],
            }),
        }
    }
    versions
}

impl<'a> ModelVersion<'a> {
    /// The name of the model file; empty if it isn't known.
    #[must_use]
    pub fn file_name(&self) -> &'a str {
        self.model.rsplit('/').next().unwrap_or_default()
    }

    /// What it is called beside other versions: `footing.py version 1`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} version {}", self.file_name(), self.number).trim_start().to_owned()
    }

    /// When it was submitted for the first time.
    #[must_use]
    pub fn submit_time(&self) -> f64 {
        self.submissions[0].time
    }

    /// Its cases that count.
    #[must_use]
    pub fn counted(&self) -> CaseCounts {
        self.sum(|submission| !submission.is_withdrawn)
    }

    /// Its cases that are withdrawn, in the states that they had if they counted.
    #[must_use]
    pub fn withdrawn(&self) -> CaseCounts {
        self.sum(|submission| submission.is_withdrawn)
    }

    fn sum(&self, is_wanted: impl Fn(&SubmissionAccount) -> bool) -> CaseCounts {
        let mut sum = CaseCounts::default();
        self.submissions.iter().filter(|submission| is_wanted(submission)).for_each(|own| sum.add(&own.counts));
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn submission(id: &str, time: f64, model: &str, cases: u64) -> SubmissionAccount {
        let counts = CaseCounts { cases, done: cases, ..CaseCounts::default() };
        let model = if model.is_empty() { String::new() } else { format!("models/{model}/footing.py") };
        SubmissionAccount { model, counts, ..SubmissionAccount::new(id.into(), time, id.starts_with('w')) }
    }

    #[test]
    fn a_version_keeps_its_number_when_its_file_is_sent_again() {
        let submissions = [
            submission("a", 1.0, "00", 8),
            submission("w1", 2.0, "11", 4),
            submission("w2", 3.0, "00", 2),
            submission("b", 4.0, "00", 16),
        ];
        let versions = versions(&submissions);
        let told: Vec<_> = versions
            .iter()
            .map(|version| {
                let ids: Vec<&str> = version.submissions.iter().map(|own| own.id.as_str()).collect();
                (version.name(), ids, version.counted().cases, version.withdrawn().cases)
            })
            .collect();
        let expected = [
            ("footing.py version 1".to_owned(), vec!["a", "w2", "b"], 24, 2),
            ("footing.py version 2".to_owned(), vec!["w1"], 0, 4),
        ];
        assert_eq!(told, expected);
        assert_eq!(versions[1].submit_time().to_bits(), 2.0_f64.to_bits());
    }

    #[test]
    fn submissions_whose_design_is_not_known_are_a_version_without_a_file() {
        let submissions = [submission("a", 1.0, "", 8), submission("b", 2.0, "00", 4), submission("c", 3.0, "", 1)];
        let versions = versions(&submissions);
        assert_eq!(versions.iter().map(ModelVersion::name).collect::<Vec<_>>(), ["version 1", "footing.py version 2"]);
        assert_eq!(versions[0].counted().cases, 9);
        assert!(super::versions(&[]).is_empty());
    }
}
