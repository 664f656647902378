//! States and inputs of cases without a row, for those who receive rows.

use std::collections::{BTreeMap, BTreeSet};

use cruncher_aws::Error;
use cruncher_results::case_states::CaseStates;
use cruncher_results::designed_cases::DesignedCases;
use cruncher_study::accounting::CaseState;
use cruncher_study::batch::Batch;
use cruncher_study::case::{CaseId, CaseRef};
use cruncher_study::key::DataKey;

use super::snapshot::Snapshot;
use super::strategy::WatchStrategy;
use super::{FullStrategy, StudyWatch};
use crate::enqueue::{EnqueueError, EnqueuePlan};

/// States that were told last, by batch, in the order of the cases.
pub(super) type ToldStates = BTreeMap<Batch, Vec<(CaseId, CaseState)>>;

impl StudyWatch<FullStrategy> {
    /// Returns the cases that the last look has found in a state that no result tells: failed, dead, lost, cancelled, queued or running.
    #[must_use]
    pub fn cases_in(&self, state: CaseState) -> Vec<CaseRef> {
        if state == CaseState::Failed {
            let failed = self.ledger.counted_failures(&self.control.content).filter(|(_, failure)| failure.is_final);
            return failed.map(|(case, _)| case.clone()).collect();
        }
        let of_batch = |(batch, told): (&Batch, &Vec<(CaseId, CaseState)>)| {
            let own = told.iter().filter(|(_, own)| *own == state);
            own.map(|(case, _)| (batch.clone(), *case)).collect::<Vec<_>>()
        };
        self.strategy.told_states.iter().flat_map(of_batch).collect()
    }

    /// Returns the failed cases with this error signature, as the last look has found them.
    #[must_use]
    pub fn failed_with(&self, signature: &str) -> Vec<CaseRef> {
        let failed = self.ledger.counted_failures(&self.control.content);
        let own = failed.filter(|(_, failure)| failure.is_final && failure.signature == signature);
        own.map(|(case, _)| case.clone()).collect()
    }

    /// Returns the cases with this id, one a batch.
    #[must_use]
    pub fn cases_with_id(&self, case: CaseId) -> Vec<CaseRef> {
        self.ledger.cases_with_id(case)
    }

    /// Whether a case has failed, is dead or lost, or was called off: it changes its state no more by itself.
    #[must_use]
    pub fn is_at_rest(&self, case: &CaseRef) -> bool {
        let told = self.strategy.told_states.get(&case.0);
        let place = told.and_then(|told| Some((told, told.binary_search_by(|(own, _)| own.cmp(&case.1)).ok()?)));
        match place {
            Some((told, place)) => matches!(told[place].1, CaseState::Dead | CaseState::Lost | CaseState::Cancelled),
            None => self.ledger.finish_of(case).is_none(),
        }
    }

    /// Passes on the states that no row tells, as far as they have changed.
    pub(super) fn tell_states(&mut self, snapshot: &Snapshot) {
        let now = snapshot.time;
        let running = self.running(&snapshot.workers, now);
        let held_elsewhere = self.strategy.held_elsewhere(now);
        let filled = self.filled_pools(now);
        let states = self.ledger.untold_states(&self.accounting_input(now, (&running, &held_elsewhere, &filled)));
        let changes = changes(&self.strategy.told_states, &states);
        if !changes.is_empty() {
            self.strategy.cache.rows(&changes.to_bytes());
        }
        self.strategy.told_states = states;
    }

    /// Passes on the inputs of cases that have no row, as their tables name them: of each submission once, and of none in whose
    /// batch every case has a row.
    ///
    /// # Errors
    /// If a request fails.
    pub async fn tell_inputs(&mut self) -> Result<(), Error> {
        for (key, etag) in self.tables.clone() {
            let Some(DataKey::Cases(batch, submission)) = DataKey::parse(&key) else { continue };
            let is_told = self.strategy.told_inputs.contains(&(key.clone(), etag.clone()));
            if is_told || !self.strategy.told_states.contains_key(&batch) {
                continue;
            }
            match EnqueuePlan::read_back(&self.study, &batch, &submission).await {
                Ok(plan) => self.strategy.cache.rows(&DesignedCases::of(&batch, plan.cases()).to_bytes()),
                Err(EnqueueError::Aws(error)) if !error.is_not_found() => return Err(error),
                // A table without its design, or one that can't be read: its cases are there without their inputs.
                Err(error) => self.note_unreadable(DataKey::Design(batch, submission).key(), error.to_string()),
            }
            self.strategy.told_inputs.insert((key, etag));
        }
        Ok(())
    }
}

/// Returns what has changed from one to the other. Both are in the order of the cases.
fn changes(before: &ToldStates, now: &ToldStates) -> CaseStates {
    let mut changes = CaseStates::default();
    let batches: BTreeSet<&Batch> = before.keys().chain(now.keys()).collect();
    for batch in batches {
        let (before, now) = (states_of(before, batch), states_of(now, batch));
        let mut old = before.iter().peekable();
        for (case, state) in now {
            while let Some((gone, _)) = old.next_if(|(other, _)| other < case) {
                changes.add(batch, *gone, None);
            }
            let known = old.next_if(|(other, _)| other == case);
            if known.is_none_or(|(_, known)| known != state) {
                changes.add(batch, *case, Some(*state));
            }
        }
        old.for_each(|(gone, _)| changes.add(batch, *gone, None));
    }
    changes
}

fn states_of<'a>(states: &'a ToldStates, batch: &Batch) -> &'a [(CaseId, CaseState)] {
    states.get(batch).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(cases: &[(u8, CaseState)]) -> ToldStates {
        let batch = Batch::parse("soil").unwrap();
        BTreeMap::from([(batch, cases.iter().map(|(id, state)| (CaseId::from_bytes([*id; 16]), *state)).collect())])
    }

    #[test]
    fn only_what_has_changed_is_told() {
        use CaseState::{Done, Queued, Running};
        let check = |before: &[(u8, CaseState)], now: &[(u8, CaseState)], expected: &[(u8, &str)]| {
            let changes = changes(&told(before), &told(now));
            let parts = changes.parts().iter();
            let mut found: Vec<(u8, &str)> = parts
                .flat_map(|part| part.cases.iter().map(|case| (case.as_bytes()[0], part.state.as_str())))
                .collect();
            found.sort_unstable();
            assert_eq!(found, expected, "{before:?} {now:?}");
        };
        check(&[], &[(1, Queued), (2, Running)], &[(1, "queued"), (2, "running")]);
        check(&[(1, Queued), (2, Running)], &[(1, Queued), (2, Running)], &[]);
        check(
            &[(1, Queued), (2, Running), (9, Queued)],
            &[(1, Running), (3, Done)],
            &[(1, "running"), (2, ""), (3, "done"), (9, "")],
        );
        check(&[(1, Queued)], &[], &[(1, "")]);
    }
}
