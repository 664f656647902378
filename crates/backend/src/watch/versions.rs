//! Versions of models, for those who receive rows: rows tell neither the version of a case nor whether it is withdrawn.

use cruncher_results::case_versions::CaseVersions;
use cruncher_study::accounting::{BatchAccount, SubmissionAccount};
use cruncher_study::case::CaseId;
use cruncher_study::versions::{ModelVersion, has_versions, versions};

use super::snapshot::Snapshot;
use super::{FullStrategy, StudyWatch};

/// Versions that were told last, by batch: submission, model, its version, number of cases, and whether they are withdrawn.
pub(super) type ToldVersions = Vec<Vec<(String, String, usize, u64, bool)>>;

impl StudyWatch<FullStrategy> {
    /// Passes on which version each case has, if that has changed.
    pub(super) fn tell_versions(&mut self, snapshot: &Snapshot) {
        let told = |own: &SubmissionAccount| {
            (own.id.clone(), own.model.clone(), own.version, own.counts.cases, own.is_withdrawn)
        };
        let wanted: Vec<&BatchAccount> =
            snapshot.batches.iter().filter(|account| has_versions(account, &snapshot.batches)).collect();
        let now: ToldVersions = wanted.iter().map(|account| account.submissions.iter().map(told).collect()).collect();
        if now == self.strategy.told_versions {
            return;
        }
        let mut versions = CaseVersions::default();
        for account in wanted {
            self.add_versions(account, &mut versions);
        }
        self.strategy.cache.rows(&versions.to_bytes());
        self.strategy.told_versions = now;
    }

    fn add_versions(&self, account: &BatchAccount, to: &mut CaseVersions) {
        let cases = self.ledger.cases_of_submissions(&account.batch);
        let cases_of = |version: &ModelVersion, is_withdrawn| -> Vec<CaseId> {
            let submissions = version.submissions.iter().filter(|own| own.is_withdrawn == is_withdrawn);
            submissions.filter_map(|own| cases.get(own.id.as_str())).flatten().copied().collect()
        };
        for version in versions(&account.submissions) {
            for is_withdrawn in [false, true] {
                let cases = cases_of(&version, is_withdrawn);
                if !cases.is_empty() {
                    to.add(&account.batch, version.name(), is_withdrawn, cases);
                }
            }
        }
    }
}
