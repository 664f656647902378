//! Tables of cases: read once, and again when they were replaced.

use std::collections::{BTreeMap, BTreeSet};

use cruncher_aws::{Error, s3};
use cruncher_study::batch::Batch;
use cruncher_study::case_table::read_table;
use cruncher_study::key::DataKey;

use super::{MAX_ROWS_BYTES, Watch};
use crate::reading::{Body, Wanted};

impl Watch {
    /// Reads new tables. Where one was replaced, or is gone, all tables of its batch are read again.
    pub(super) async fn read_tables(&mut self, listed: Vec<s3::ListedObject>) -> Result<bool, Error> {
        let listed: BTreeMap<String, s3::ListedObject> =
            listed.into_iter().map(|object| (object.key.clone(), object)).collect();
        let is_stale = |(key, etag): &(&String, &String)| listed.get(*key).is_none_or(|object| object.etag != **etag);
        let stale: BTreeSet<Batch> =
            self.tables.iter().filter(is_stale).filter_map(|(key, _)| batch_of_table(key)).collect();
        let is_wanted = |key: &str| {
            !self.tables.contains_key(key) || batch_of_table(key).is_some_and(|batch| stale.contains(&batch))
        };
        let wanted: Vec<Wanted> =
            listed.into_values().filter(|object| is_wanted(&object.key)).map(Wanted::whole).collect();
        let has_changed = !wanted.is_empty() || !stale.is_empty();
        let read = self.study.read_all(wanted, MAX_ROWS_BYTES).await?;
        for batch in &stale {
            self.ledger.forget_tables(batch);
        }
        self.tables.retain(|key, _| batch_of_table(key).is_some_and(|batch| !stale.contains(&batch)));
        for (object, read) in read {
            self.enter_table(object, read);
        }
        Ok(has_changed)
    }

    fn enter_table(&mut self, object: s3::ListedObject, read: Body) {
        let Some(DataKey::Cases(batch, _)) = DataKey::parse(&object.key) else { return };
        let rows = read.and_then(|body| read_table(&body).map_err(|error| error.to_string()));
        match rows {
            Ok(rows) => {
                self.unreadable.remove(&object.key);
                self.ledger.add_table(&batch, object.last_modified.as_secs_f64(), &rows);
            }
            Err(reason) => self.note_unreadable(object.key.clone(), reason),
        }
        self.tables.insert(object.key, object.etag);
    }
}

fn batch_of_table(key: &str) -> Option<Batch> {
    match DataKey::parse(key) {
        Some(DataKey::Cases(batch, _)) => Some(batch),
        _ => None,
    }
}
