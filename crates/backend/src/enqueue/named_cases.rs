//! The cases that a batch's tables name: those that count, and those that are withdrawn.

use std::collections::{BTreeMap, BTreeSet};

use cruncher_study::batch::Batch;
use cruncher_study::case::CaseId;
use cruncher_study::case_table::read_table;
use cruncher_study::key::DataKey;

use super::EnqueueError;
use crate::administer::control::control;
use crate::fetch::submitted::submissions_of;
use crate::reading::MAX_ROWS_BYTES;
use crate::study::Study;

/// The cases that a batch's tables name.
#[derive(Debug, Default)]
pub(super) struct NamedCases {
    /// Those that count, in the order of the tables.
    pub(super) counted: Vec<CaseId>,
    /// Those whose last submission is withdrawn.
    pub(super) withdrawn: BTreeSet<CaseId>,
}

impl NamedCases {
    /// Reads the tables of a batch; without any, no case is named.
    pub(super) async fn read(study: &Study, batch: &Batch) -> Result<Self, EnqueueError> {
        let control = control(study).await?;
        let mut submissions = submissions_of(study, batch).await?;
        submissions.reverse();
        // Of several tables that name a case the last one tells its submission: whether that is withdrawn decides.
        let (mut order, mut counts) = (Vec::new(), BTreeMap::new());
        for submission in submissions {
            let key = DataKey::Cases(batch.clone(), submission.clone()).key();
            for row in read_table(&study.read_packed(&key, MAX_ROWS_BYTES).await?)? {
                if counts.insert(row.case_id, !control.withdraws(&submission)).is_none() {
                    order.push(row.case_id);
                }
            }
        }
        let (counted, withdrawn): (Vec<_>, Vec<_>) = order.into_iter().partition(|case| counts[case]);
        Ok(Self { counted, withdrawn: withdrawn.into_iter().collect() })
    }
}
