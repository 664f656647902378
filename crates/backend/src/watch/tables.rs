//! Tables of cases: read once, and again when they were replaced.

use cruncher_aws::{Error, s3};
use cruncher_study::batch::Batch;
use cruncher_study::case_table::TableRow;
use cruncher_study::key::DataKey;

use super::Watch;
use super::means::Means;
use crate::reading::Wanted;

#[expect(private_bounds, reason = "there are two means, and both are known here")]
impl<M: Means> Watch<M> {
    /// Reads new tables. Where one was replaced, or is gone, all tables of its batch are read again.
    ///
    /// A study has few tables, so they are looked for one by one.
    pub(super) async fn compare_tables(&mut self, listed: Vec<s3::ListedObject>) -> Result<bool, Error> {
        let listed: Vec<_> = listed.into_iter().filter(|object| batch_of_table(&object.key).is_some()).collect();
        let mut stale: Vec<Batch> = Vec::new();
        for (key, etag) in &self.tables {
            if !listed.iter().any(|object| object.key == *key && object.etag == *etag) {
                stale.extend(batch_of_table(key));
            }
        }
        let is_stale = |key: &str| batch_of_table(key).is_some_and(|batch| stale.contains(&batch));
        let is_known = |key: &str| !is_stale(key) && self.tables.iter().any(|(known, _)| known == key);
        let wanted: Vec<Wanted> =
            listed.into_iter().filter(|object| !is_known(&object.key)).map(Wanted::whole).collect();
        let has_changed = !wanted.is_empty() || !stale.is_empty();
        let tables = M::read_tables(self, wanted).await?;
        // Only now: should that fail, the next look must find them stale again.
        self.tables.retain(|(key, _)| !is_stale(key));
        for batch in &stale {
            self.ledger.forget_tables(batch);
        }
        for (object, rows) in tables {
            self.enter_table(object, rows);
        }
        Ok(has_changed)
    }

    pub(super) fn enter_table(&mut self, object: s3::ListedObject, rows: Result<Vec<TableRow>, String>) {
        let Some(batch) = batch_of_table(&object.key) else { return };
        match rows {
            Ok(rows) => {
                self.unreadable.remove(&object.key);
                self.ledger.add_table(&batch, object.last_modified.as_secs_f64(), &rows);
            }
            Err(reason) => self.note_unreadable(object.key.clone(), reason),
        }
        self.tables.push((object.key, object.etag));
    }
}

pub(super) fn batch_of_table(key: &str) -> Option<Batch> {
    match DataKey::parse(key) {
        Some(DataKey::Cases(batch, _)) => Some(batch),
        _ => None,
    }
}
