//! What a watch reads with.

use cruncher_aws::{Error, s3};
use cruncher_study::case_table::TableRow;

use super::Watch;
use crate::reading::Wanted;

/// A table, and its rows or why it can't be read.
pub(crate) type ReadTable = (s3::ListedObject, Result<Vec<TableRow>, String>);

/// What a watch reads with. What is none is too much for it.
pub(crate) trait Means: Sized {
    /// Reads these segments.
    async fn read_segments(watch: &mut Watch<Self>, grown: Vec<Wanted>) -> Result<Option<()>, Error>;

    /// Reads these tables.
    async fn read_tables(watch: &Watch<Self>, wanted: Vec<Wanted>) -> Result<Vec<ReadTable>, Error>;

    /// Looks at what lies below `data/`, and says whether anything is new.
    async fn look_at_data(watch: &mut Watch<Self>) -> Result<Option<bool>, Error>;
}
