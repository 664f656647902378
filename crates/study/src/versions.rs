//! Versions of a batch's model: the model files that it was submitted with, one after the other. Versions are numbered across
//! the whole study: a file that two batches were submitted with has the same number in both, and different files of one name
//! have different numbers.

use crate::accounting::{BatchAccount, CaseCounts, SubmissionAccount};

/// A model file of a batch, and the cases that are computed with it: a case belongs to exactly one.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelVersion<'a> {
    /// Its number among the study's model files of this name, from 1.
    pub number: usize,
    /// The model's key; empty for submissions whose design isn't known.
    pub model: &'a str,
    /// Its submissions, the last one at the end.
    pub submissions: Vec<&'a SubmissionAccount>,
}

/// Returns the versions of a batch's model, in the order in which they were submitted for the first time.
#[must_use]
pub fn versions(submissions: &[SubmissionAccount]) -> Vec<ModelVersion<'_>> {
    let mut versions: Vec<ModelVersion<'_>> = Vec::new();
    for submission in submissions {
        match versions.iter_mut().find(|version| version.model == submission.model) {
            Some(version) => version.submissions.push(submission),
            None => versions.push(ModelVersion {
                number: submission.version,
                model: &submission.model,
                submissions: vec![submission],
            }),
        }
    }
    versions
}

/// Whether versions of a batch's model have to be told apart: it has several, other batches have other ones of the same name,
/// or cases are withdrawn. `all` are the study's batches.
#[must_use]
pub fn has_versions(account: &BatchAccount, all: &[BatchAccount]) -> bool {
    if account.submissions.is_empty() {
        return account.counts.withdrawn > 0;
    }
    let own = versions(&account.submissions);
    let is_other = |other: &SubmissionAccount| {
        own.iter().any(|own| own.number != other.version && own.file_name() == file_name(&other.model))
    };
    account.counts.withdrawn > 0 || own.len() > 1 || all.iter().flat_map(|account| &account.submissions).any(is_other)
}

/// Returns the number of each model's version, for keys in the order of their submissions: files with one name are counted in
/// that order, from 1, and a file that comes again keeps its number.
pub fn version_numbers<'a>(models: impl Iterator<Item = &'a str>) -> Vec<usize> {
    let mut known: Vec<&str> = Vec::new();
    let number_of = |model| {
        let place = known.iter().position(|other| *other == model).unwrap_or_else(|| {
            known.push(model);
            known.len() - 1
        });
        known[..=place].iter().filter(|other| file_name(other) == file_name(model)).count()
    };
    models.map(number_of).collect()
}

/// The name of a model's file.
fn file_name(model: &str) -> &str {
    model.rsplit('/').next().unwrap_or_default()
}

impl<'a> ModelVersion<'a> {
    /// The name of the model file; empty if it isn't known.
    #[must_use]
    pub fn file_name(&self) -> &'a str {
        file_name(self.model)
    }

    /// Its name beside other versions: `footing.py version 1`.
    #[must_use]
    pub fn name(&self) -> String {
        match self.file_name() {
            "" => "unknown model".to_owned(),
            name => format!("{name} version {}", self.number),
        }
    }

    /// Time when it was submitted for the first time.
    #[must_use]
    pub fn submit_time(&self) -> f64 {
        self.submissions[0].time
    }

    /// Its cases that count.
    #[must_use]
    pub fn counted(&self) -> CaseCounts {
        self.sum(|submission| !submission.is_withdrawn)
    }

    /// Its cases that are withdrawn, in the states that they would have if they counted.
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
    use crate::batch::Batch;

    fn submission(id: &str, time: f64, model: &str, cases: u64) -> SubmissionAccount {
        let counts = CaseCounts { cases, done: cases, ..CaseCounts::default() };
        let (version, model) = match model.split_once('/') {
            Some((content, _)) => (content.parse().unwrap(), format!("models/{model}")),
            None => (1, String::new()),
        };
        SubmissionAccount { model, version, counts, ..SubmissionAccount::new(id.into(), time, id.starts_with('w')) }
    }

    fn account(batch: &str, models: &[&str]) -> BatchAccount {
        let submissions = models.iter().map(|model| submission("a", 1.0, model, 8)).collect();
        BatchAccount { submissions, ..BatchAccount::new(Batch::parse(batch).unwrap()) }
    }

    #[test]
    fn submissions_with_one_file_are_one_version() {
        let submissions = [
            submission("a", 1.0, "1/footing.py", 8),
            submission("w1", 2.0, "3/footing.py", 4),
            submission("w2", 3.0, "1/footing.py", 2),
            submission("b", 4.0, "1/footing.py", 16),
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
            ("footing.py version 3".to_owned(), vec!["w1"], 0, 4),
        ];
        assert_eq!(told, expected);
        assert_eq!(versions[1].submit_time().to_bits(), 2.0_f64.to_bits());
    }

    #[test]
    fn submissions_whose_design_is_not_known_are_a_version_without_a_file() {
        let submissions =
            [submission("a", 1.0, "", 8), submission("b", 2.0, "1/footing.py", 4), submission("c", 3.0, "", 1)];
        let versions = versions(&submissions);
        assert_eq!(
            versions.iter().map(ModelVersion::name).collect::<Vec<_>>(),
            ["unknown model", "footing.py version 1"]
        );
        assert_eq!(versions[0].counted().cases, 9);
        assert!(super::versions(&[]).is_empty());
    }

    #[test]
    fn a_file_keeps_its_number_and_each_name_has_its_own() {
        let models = ["00/slope.py", "11/beam.py", "22/slope.py", "00/slope.py", "33/slope.py", ""];
        assert_eq!(version_numbers(models.into_iter()), [1, 1, 2, 1, 3, 1]);
    }

    #[test]
    fn versions_are_told_apart_within_a_batch_and_between_batches() {
        let told = |all: &[BatchAccount]| all.iter().map(|account| has_versions(account, all)).collect::<Vec<_>>();
        let (soil, clay, rock) = ("soil", "clay", "rock");
        let slope = account(soil, &["1/slope.py"]);
        assert_eq!(
            told(&[slope.clone(), account(clay, &["1/slope.py", "1/slope.py"]), account(rock, &[])]),
            [false; 3]
        );
        assert_eq!(told(&[slope.clone(), account(clay, &["1/beam.py"])]), [false; 2]);
        assert_eq!(
            told(&[slope.clone(), account(clay, &["2/slope.py"]), account(rock, &["1/beam.py"])]),
            [true, true, false]
        );
        assert_eq!(told(&[slope.clone(), account(clay, &["1/beam.py", "2/beam.py"])]), [false, true]);
        let withdrawn = CaseCounts { withdrawn: 1, ..CaseCounts::default() };
        assert_eq!(told(&[BatchAccount { counts: withdrawn, ..slope }]), [true]);
    }
}
