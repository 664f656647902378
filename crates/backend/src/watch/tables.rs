//! Tables of cases: read once, and again when they were replaced. Designs are read for their models if there are several.

use cruncher_aws::{Error, s3};
use cruncher_study::batch::Batch;
use cruncher_study::case_table::TableRow;
use cruncher_study::key::DataKey;
use cruncher_study::ledger::SubmittedModel;
use serde::Deserialize;

use super::StudyWatch;
use super::strategy::WatchStrategy;
use crate::reading::{MAX_DOCUMENT_BYTES, ReadRequest, parse};

/// Part of a design that is read: reading the whole of it would be much code for the page.
#[derive(Deserialize)]
struct DesignHead {
    submit_time: f64,
    model: ModelHead,
}

#[derive(Deserialize)]
struct ModelHead {
    key: String,
}

#[expect(private_bounds, reason = "there are two strategies, and both are known here")]
impl<M: WatchStrategy> StudyWatch<M> {
    /// Reads new tables, and the designs that tell versions of a model apart. If a table was replaced, or is gone, all tables
    /// of its batch are read again.
    pub(super) async fn compare_tables(&mut self, listed: Vec<s3::ListedObject>) -> Result<bool, Error> {
        let (listed, designs): (Vec<_>, Vec<_>) =
            listed.into_iter().partition(|object| batch_of_table(&object.key).is_some());
        // A listing is in the order of its keys, and so are the tables that are known.
        let is_same = |(key, etag): &(String, String)| {
            let place = listed.binary_search_by(|object| object.key.cmp(key));
            place.is_ok_and(|place| listed[place].etag == *etag)
        };
        let stale = self.tables.iter().filter(|table| !is_same(table));
        let stale: Vec<Batch> = stale.filter_map(|(key, _)| batch_of_table(key)).collect();
        let is_stale = |key: &str| batch_of_table(key).is_some_and(|batch| stale.contains(&batch));
        let is_known = |object: &s3::ListedObject| !is_stale(&object.key) && self.place_of_table(&object.key).is_ok();
        let wanted: Vec<ReadRequest> =
            listed.iter().filter(|object| !is_known(object)).cloned().map(ReadRequest::whole).collect();
        let has_changed = !wanted.is_empty() || !stale.is_empty();
        let tables = M::read_tables(self, wanted).await?;
        // Only now are they forgotten: should reading fail, the next look must find them stale again.
        self.tables.retain(|(key, _)| !is_stale(key));
        for batch in &stale {
            self.ledger.forget_tables(batch);
        }
        for (object, rows) in tables {
            self.enter_table(object, rows);
        }
        Ok(has_changed | self.read_designs(designs).await?)
    }

    /// Reads those of these designs that are wanted, and returns whether there were any.
    async fn read_designs(&mut self, mut listed: Vec<s3::ListedObject>) -> Result<bool, Error> {
        let wanted: Vec<String> = self.ledger.wanted_designs(&self.control.content).iter().map(DataKey::key).collect();
        listed.retain(|object| wanted.contains(&object.key));
        let wanted: Vec<ReadRequest> = listed.into_iter().map(ReadRequest::whole).collect();
        let has_news = !wanted.is_empty();
        for (object, read) in self.study.read_all(wanted, MAX_DOCUMENT_BYTES).await? {
            let Some(DataKey::Design(batch, submission)) = DataKey::parse(&object.key) else { continue };
            let head = parse::<DesignHead>(read);
            let model = head.map(|head| SubmittedModel { key: head.model.key, submit_time: head.submit_time });
            if let Err(reason) = &model {
                self.note_unreadable(object.key, reason.clone());
            }
            self.ledger.add_model(&batch, &submission, model.ok());
        }
        Ok(has_news)
    }

    pub(super) fn enter_table(&mut self, object: s3::ListedObject, rows: Result<Vec<TableRow>, String>) {
        let Some(DataKey::Cases(batch, submission)) = DataKey::parse(&object.key) else { return };
        match rows {
            Ok(rows) => {
                self.unreadable.remove(&object.key);
                self.ledger.add_table(&batch, &submission, object.last_modified.as_secs_f64(), &rows);
            }
            Err(reason) => self.note_unreadable(object.key.clone(), reason),
        }
        match self.place_of_table(&object.key) {
            Ok(place) => self.tables[place].1 = object.etag,
            Err(place) => self.tables.insert(place, (object.key, object.etag)),
        }
    }

    /// Returns the place of a table that was read, or where it belongs.
    fn place_of_table(&self, key: &str) -> Result<usize, usize> {
        self.tables.binary_search_by(|(known, _)| known.as_str().cmp(key))
    }
}

pub(super) fn batch_of_table(key: &str) -> Option<Batch> {
    match DataKey::parse(key) {
        Some(DataKey::Cases(batch, _)) => Some(batch),
        _ => None,
    }
}
