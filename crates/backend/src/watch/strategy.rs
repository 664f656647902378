//! Strategies by which a watch reads a study.

use std::collections::BTreeSet;

use cruncher_aws::{Error, s3};
use cruncher_study::batch::Batch;
use cruncher_study::case::CaseRef;
use cruncher_study::case_table::TableRow;
use cruncher_study::heartbeat::Heartbeat;

use super::StudyWatch;
use crate::reading::ReadRequest;

/// A table, with its rows or the reason why it can't be read.
pub(crate) type ReadTable = (s3::ListedObject, Result<Vec<TableRow>, String>);

/// Way in which a watch reads a study. `None` means that there is too much for this strategy.
pub(crate) trait WatchStrategy: Sized {
    /// Number of workers up to which a study can be read.
    const MAX_WORKERS: usize = usize::MAX;

    /// Reads these segments.
    async fn read_segments(watch: &mut StudyWatch<Self>, grown: Vec<ReadRequest>) -> Result<Option<()>, Error>;

    /// Reads these tables.
    async fn read_tables(watch: &StudyWatch<Self>, wanted: Vec<ReadRequest>) -> Result<Vec<ReadTable>, Error>;

    /// Looks at the objects below `data/`, and returns whether anything is new; `None` if they are too many.
    async fn look_at_data(watch: &mut StudyWatch<Self>) -> Result<Option<bool>, Error>;

    /// Returns the number of error documents that are still to be read.
    fn unread_errors(&self) -> usize {
        0
    }

    /// Whether something is under way at `now` that only a listing of the data tells of.
    fn goes_on(&self, _now: f64) -> bool {
        false
    }

    /// Returns workers that are known by other documents than heartbeats.
    fn workers(&self) -> &[Heartbeat] {
        &[]
    }

    /// Returns the cases that are known to be running at `now` by other documents than heartbeats.
    fn running(&self, _now: f64) -> impl Iterator<Item = CaseRef> {
        std::iter::empty()
    }

    /// Whether there may be another queue than the study's.
    fn has_other_queue(&self) -> bool {
        false
    }

    /// Returns batches with cases that another queue than the study's may hold at `now`.
    fn held_elsewhere(&self, _now: f64) -> BTreeSet<Batch> {
        BTreeSet::new()
    }
}
